/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile peer, for ever or for `rounds=`, after which it resets itself: nonsense in the links, doorbells of everybody
 * with every vector and states at full speed, every register of the device and of its configuration space at every
 * width. `which=` is a set of attacks (bits), `storm=` how many doorbells one has.
 */
#include <inmate/console.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/ivshmem.h>
#include <inmate/link.h>
#include <inmate/pci.h>
#include <inmate/random.h>
#include <inmate/smccc.h>

#define JUMPS		2000
#define PAGE		4096
#define ALL		0x1f

static struct ivshmem dev;
static struct link links[8];
static u64 storms;

static void write_any(u64 address, u32 size, u64 value)
{
	try_write(address, size, value);
	try_read(address, size, &value);
}

/* Each of them may look plausible, or not. */
static void spoil(struct link *l, u32 peer)
{
	volatile u32 *half = (volatile u32 *)l->mine;

	for (u32 i = 0; i < sizeof(struct link_half) / 4; i++)
		half[i] = random_below(4) ? (u32)random64() : l->theirs->tail + (u32)random_below(l->size + 2);
	if (random_below(8))
		l->mine->session = 0x1000 + peer;
	if (random_below(8))
		l->mine->ack = l->theirs->session;
	l->mine->sleeps = 1;
}

static void jump(void)
{
	for (u32 i = 0; i < JUMPS * dev.peers; i++) {
		u32 peer = i % dev.peers;

		if (peer == dev.id || peer >= ARRAY_SIZE(links))
			continue;
		spoil(&links[peer], peer);
		if (i / dev.peers % 64 == 0)
			ivshmem_ring(&dev, peer);
	}
}

static void storm(void)
{
	for (u32 i = 0; i < storms; i++)
		ivshmem_write(&dev, IVSHMEM_DOORBELL, i % (dev.peers + 2) << 16);
	for (u32 i = 0; i < storms / 4; i++)
		ivshmem_write(&dev, IVSHMEM_DOORBELL, (u32)random64());
}

static void change_states(void)
{
	for (u32 i = 0; i < storms; i++)
		ivshmem_write(&dev, IVSHMEM_STATE, i);
}

static void write_registers(void)
{
	for (u32 size = 1; size <= 8; size *= 2)
		for (u32 at = 0; at < IVSHMEM_REGISTERS; at += at < 0x100 ? 1 : 61)
			write_any(dev.regs + at, size, random64());
}

/* Of all functions of the host bridge, there or not: BARs, command, pointers to capabilities. */
static void write_configuration(void)
{
	u64 ecam = ecam_base;

	for (u32 function = 0; function < 256; function += function < 16 ? 1 : 37)
		for (u32 size = 1; size <= 8; size *= 2)
			for (u32 at = 0; at < PAGE; at += at < 0x80 ? 1 : 123)
				write_any(ecam + function * PAGE + at, size, random64());
	pci_write32(dev.bdf, PCI_COMMAND, PCI_COMMAND_MEMORY);
}

int main(void)
{
	u64 which = boot_arg("which", ALL), rounds = boot_arg("rounds", ~0ULL);

	storms = boot_arg("storm", 20000);
	random_seed(boot_arg("seed", 1));
	if (!ivshmem_init(&dev, 0))
		machine_panic(1);
	ivshmem_unmask(&dev, false);
	for (u32 peer = 0; peer < dev.peers && peer < ARRAY_SIZE(links); peer++)
		if (peer != dev.id)
			link_init(&links[peer], (void *)dev.memory, dev.size, dev.peers, dev.id, peer, 1);
	for (u64 round = 1; round <= rounds; round++) {
		if (which & 1)
			jump();
		if (which & 2)
			storm();
		if (which & 4)
			change_states();
		if (which & 8)
			write_registers();
		if (which & 16)
			write_configuration();
		printf("ivshmem-attack: round %lu\n", round);
	}
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	return 0;
}
