/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An ivshmem device as peer 0 sees it, with inmates/demos/ivshmem as peer 1: registers, when its interrupt comes and when
 * not, what stays where it is; then `mib=` MiB through the link and back.
 */
#include <inmate/gic.h>
#include <inmate/ivshmem.h>
#include <inmate/ktap.h>
#include <inmate/link.h>
#include <inmate/mmu.h>
#include <inmate/pattern.h>
#include <inmate/pci.h>
#include <inmate/timer.h>
#include <inmate/fdt.h>

#define PEER		1
#define CHUNK		65536
#define WAIT_US		5000000
#define PATIENCE_US	500000
#define QUIET_US	20000
#define STATUS_INTX	BIT(19)		/* of the command register's upper half */

static struct ivshmem dev;
static struct link link;
static struct pattern sent, expected;
static u64 out[CHUNK / 8], in[CHUNK / 8];
static u32 state = 0x100;

static u32 reg(u32 offset)
{
	return ivshmem_read(&dev, offset);
}

/* The peer's state follows ours: a change that we can cause. */
static bool make_peer_change(void)
{
	u64 end = timer_ticks() + timer_us(WAIT_US);

	ivshmem_set_state(&dev, ++state);
	while (ivshmem_state(&dev, PEER) != state + 1)
		if (timer_ticks() > end)
			return false;
	timer_delay_us(QUIET_US);
	return true;
}

static bool peer_comes(void)
{
	u64 end = timer_ticks() + timer_us(WAIT_US);

	while (!ivshmem_state(&dev, PEER))
		if (timer_ticks() > end)
			return false;
	return true;
}

static void check_registers(void)
{
	bool zero = true;

	ktap_ok(reg(IVSHMEM_POSITION) == 0 && reg(IVSHMEM_MAX_PEERS) == 2, "we are peer 0 of 2");
	for (u32 at = IVSHMEM_PEER_STATE + 8; at < IVSHMEM_REGISTERS; at += 4) {
		ivshmem_write(&dev, at, ~0u);
		zero &= !reg(at);
	}
	ktap_ok(zero && !reg(IVSHMEM_DOORBELL) && !reg(0x18), "what is not there reads as zero");
	ivshmem_write(&dev, IVSHMEM_POSITION, 1);
	ivshmem_write(&dev, IVSHMEM_MAX_PEERS, 9);
	ivshmem_write(&dev, IVSHMEM_PEER_STATE + 4 * PEER, 77);
	ktap_ok(reg(IVSHMEM_POSITION) == 0 && reg(IVSHMEM_MAX_PEERS) == 2 && ivshmem_state(&dev, PEER) != 77,
		"what cannot be written stays");
	ivshmem_write(&dev, IVSHMEM_INTR_MASK, ~0u);
	ktap_ok(reg(IVSHMEM_INTR_MASK) == 1, "the mask has one bit");
	ivshmem_write(&dev, IVSHMEM_STATE, 0x87654321);
	ktap_ok(reg(IVSHMEM_STATE) == 0x87654321 && ivshmem_state(&dev, 0) == 0x87654321, "the state has 32 bits");
}

static void check_interrupt(void)
{
	u32 command, before;

	make_peer_change();
	before = dev.interrupts;
	ktap_ok(make_peer_change() && dev.interrupts == before + 1, "a change of the peer's state: one interrupt");
	ivshmem_unmask(&dev, false);
	before = dev.interrupts;
	ktap_ok(make_peer_change() && dev.interrupts == before, "masked: none");
	ivshmem_unmask(&dev, true);
	timer_delay_us(QUIET_US);
	ktap_ok(dev.interrupts == before + 1 && !reg(IVSHMEM_INTR_STATUS), "unmasked: it comes, and reading the status ended it");

	command = pci_read32(dev.bdf, PCI_COMMAND) & 0xffff;
	pci_write32(dev.bdf, PCI_COMMAND, command | PCI_COMMAND_INTX_OFF);
	before = dev.interrupts;
	ktap_ok(make_peer_change() && dev.interrupts == before && pci_read32(dev.bdf, PCI_COMMAND) & STATUS_INTX,
		"INTx disabled: none, and the function's status shows it");
	pci_write32(dev.bdf, PCI_COMMAND, command);
	timer_delay_us(QUIET_US);
	ktap_ok(dev.interrupts == before + 1 && !(pci_read32(dev.bdf, PCI_COMMAND) & STATUS_INTX), "enabled: it comes");

	before = dev.interrupts;
	for (u32 peer = 0; peer < 0x10000; peer += peer < 16 ? 1 : 0x555)
		for (u32 vector = peer == PEER; vector < 4; vector++)
			ivshmem_write(&dev, IVSHMEM_DOORBELL, peer << 16 | vector);
	timer_delay_us(QUIET_US);
	ktap_ok(dev.interrupts == before, "doorbells of ourselves, of nobody, with vectors that are not there: none");
}

/* Where the BARs are is not ours to say. */
static void check_bars(void)
{
	volatile u64 *memory = (volatile u64 *)dev.memory;
	u64 word = memory[dev.size / 8 - 1];
	bool same = true;

	ktap_ok(dev.size >= 4096 && !(dev.size & (dev.size - 1)) && !(dev.memory & (dev.size - 1)),
		"the memory's size is a power of two, and it is aligned to that");
	for (u32 bar = 0; bar < 6; bar++) {
		u32 before = pci_read32(dev.bdf, PCI_BAR + 4 * bar);

		pci_write32(dev.bdf, PCI_BAR + 4 * bar, (u32)ram_base);
		same &= memory[dev.size / 8 - 1] == word && reg(IVSHMEM_MAX_PEERS) == 2;
		pci_write32(dev.bdf, PCI_BAR + 4 * bar, before);
	}
	ktap_ok(same && pci_bar(dev.bdf, 2) == dev.memory, "BARs stay where they are, whatever is written to them");
}

/* Sends what there is room for, takes what is there. */
static bool move(u64 *left_out, u64 *left_in, u32 *at, bool *good)
{
	s32 wrote = 0, got = 0;

	if (*left_out) {
		if (*at == CHUNK)
			pattern_fill(&sent, out, CHUNK / 8);
		*at %= CHUNK;
		wrote = link_write(&link, (u8 *)out + *at, CHUNK - *at);
		*at += wrote > 0 ? (u32)wrote : 0;
	}
	got = link_read(&link, in, CHUNK);
	*good &= wrote >= 0 && got >= 0 && got % 8 == 0;
	for (s32 i = 0; i < got / 8; i++) {
		u64 word;

		pattern_fill(&expected, &word, 1);
		*good &= in[i] == ~word;
	}
	*left_out -= *good ? (u64)wrote : 0;
	*left_in -= *good ? (u64)got : 0;
	if ((wrote || got) && link_peer_sleeps(&link))
		ivshmem_ring(&dev, PEER);
	return wrote || got;
}

static bool connect(void)
{
	u64 end = timer_ticks() + timer_us(WAIT_US);
	bool fresh, up = false;

	if (!link_init(&link, (void *)dev.memory, dev.size, dev.peers, dev.id, PEER, (u32)timer_ticks()))
		return false;
	while (!up && timer_ticks() < end) {
		u32 seen = dev.interrupts;

		up = link_up(&link, &fresh);
		ivshmem_ring(&dev, PEER);
		if (!up)
			ivshmem_wait(&dev, seen, timer_ticks() + timer_us(QUIET_US));
	}
	return up;
}

static void check_link(u64 mib)
{
	u64 left_out = mib << 20, left_in = left_out, end;
	bool good = connect(), waited = false;
	u32 at = CHUNK, seen, missed = 0;

	ktap_ok(good, "the link comes up");
	end = timer_ticks() + timer_us(WAIT_US);
	while (good && left_in && timer_ticks() < end) {
		seen = dev.interrupts;
		link_sleeps(&link, true);
		if (move(&left_out, &left_in, &at, &good)) {
			end = timer_ticks() + timer_us(WAIT_US);
			missed += waited;
			waited = false;
		} else {
			ivshmem_wait(&dev, seen, timer_ticks() + timer_us(PATIENCE_US));
			waited = dev.interrupts == seen;
		}
		link_sleeps(&link, false);
	}
	ktap_ok(good && !left_in && sent.sum == expected.sum && sent.order == expected.order,
		"%lu MiB there and back, sum %lx %lx, %lu bytes missing", mib, expected.sum, expected.order, left_in);
	ktap_ok(!missed, "it was told each time that something moved (%u times not)", missed);
	ktap_ok(link.full && !link.errors, "the ring was full %lu times", link.full);
}

int main(void)
{
	ktap_begin("ivshmem");
	if (ktap_ok(ivshmem_init(&dev, 0), "there is a device") && ktap_ok(peer_comes(), "and a peer")) {
		check_registers();
		check_interrupt();
		check_bars();
		check_link(boot_arg("mib", 16));
	}
	ktap_end();
	return 0;
}
