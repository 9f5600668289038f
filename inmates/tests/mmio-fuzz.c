/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I6: random accesses to everything that the hypervisor emulates: distributor, redistributors, PCI
 * configuration space; all widths, unaligned, pairs, exclusives, cache maintenance. Each is emulated or an
 * exception here; the hypervisor, and this cell's timer, must go on. For a cell with `on_fault: abort`.
 * bootargs: seed=, rounds=, force=1 (bare machine too).
 */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/pci.h>
#include <inmate/random.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define ROUNDS		20000
#define GICD_SIZE	0x10000
#define MARGIN		64		/* also a little beyond the end */

static volatile u32 ticks;

static void tick(u32 intid, void *context)
{
	ticks++;
	vtimer_stop();
}

static void odd_access(u64 address, u32 kind, u64 value)
{
	u64 other = ~value, status;

	switch (kind) {
	case 0:
		asm volatile("ldp %0, %1, [%2]" : "+r"(value), "+r"(other) : "r"(address) : "memory");
		break;
	case 1:
		asm volatile("stp %0, %1, [%2]" : : "r"(value), "r"(other), "r"(address) : "memory");
		break;
	case 2:
		asm volatile("ldxr %0, [%1]" : "+r"(value) : "r"(address) : "memory");
		break;
	case 3:
		asm volatile("ldxr %w0, [%2]\n stxr %w0, %1, [%2]" : "=&r"(status) : "r"(value), "r"(address) : "memory");
		break;
	case 4:
		asm volatile("ldr %w0, [%1], #4" : "=&r"(value), "+r"(address) : : "memory");
		break;
	case 5:
		asm volatile("str %w1, [%0, #-4]!" : "+r"(address) : "r"(value) : "memory");
		break;
	case 6:
		asm volatile("ldrsb %0, [%1]" : "+r"(value) : "r"(address) : "memory");
		break;
	case 7:
		asm volatile("ldrsw %0, [%1]" : "+r"(value) : "r"(address) : "memory");
		break;
	case 8:
		asm volatile("ldar %w0, [%1]" : "+r"(value) : "r"(address) : "memory");
		break;
	case 9:
		asm volatile("stlr %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 10:
		asm volatile("dc civac, %0" : : "r"(address) : "memory");
		break;
	case 11:
		asm volatile("dc zva, %0" : : "r"(address) : "memory");
		break;
	default:
		asm volatile("prfm pldl1keep, [%0]\n ldr wzr, [%0]" : : "r"(address) : "memory");
	}
}

static u32 fuzz(u64 base, u64 size, u32 rounds, bool aligned_only)
{
	u32 faults = 0;

	for (u32 i = 0; i < rounds; i++) {
		u64 address = base + random_below(size + MARGIN);
		u32 kind = random_below(24), bytes = 1u << random_below(4);

		if (aligned_only || random_below(4))
			address = ALIGN_DOWN(address, bytes);
		if (kind < 13) {
			fault_arm();
			odd_access(address, kind, random64());
			faults += fault_disarm()->count;
		} else if (kind < 18) {
			faults += !try_read(address, bytes, NULL);
		} else {
			faults += !try_write(address, bytes, random64());
		}
	}
	return faults;
}

static void check(const char *what, u64 base, u64 size, u32 rounds)
{
	u32 faults;

	if (!base || !size) {
		ktap_skip("not there", "%s", what);
		return;
	}
	irq_disable();
	faults = fuzz(base, size, rounds, false);
	irq_enable();
	ktap_ok(true, "%u accesses to %s at 0x%lx (%u exceptions)", rounds, what, base, faults);
}

/* After all that, a normal use of the GIC works again. */
static void check_timer(void)
{
	irq_disable();
	for (u32 intid = INTID_SPI; intid < 1020; intid += 32) {
		mmio_write32(gic_word(GICD_ICENABLER, intid), 0xffffffff);
		mmio_write32(gic_word(GICD_ICPENDR, intid), 0xffffffff);
		mmio_write32(gic_word(GICD_ICACTIVER, intid), 0xffffffff);
	}
	mmio_write32(gicr_base() + GICR_SGI + GICD_ICPENDR, 0xffffffff);
	mmio_write32(gicr_base() + GICR_SGI + GICD_ICACTIVER, 0xffffffff);
	gic_init();
	gic_cpu_init();
	irq_handler(INTID_VTIMER, tick, NULL);
	gic_enable(INTID_VTIMER);
	irq_enable();
	ticks = 0;
	vtimer_set(timer_ticks() + timer_us(1000));
	for (u64 deadline = timer_ticks() + timer_us(2000000); !ticks && timer_ticks() < deadline;)
		;
	ktap_ok(ticks == 1, "the timer interrupt comes afterwards");
}

int main(void)
{
	u64 seed = boot_arg("seed", 0x1234567);
	u32 rounds = boot_arg("rounds", ROUNDS);

	random_seed(seed);
	ktap_begin("mmio-fuzz: random accesses to emulated devices");
	printf("# seed=%lu rounds=%u\n", seed, rounds);
	if (!in_cell() && !boot_arg("force", 0)) {
		ktap_skip("bare machine", "random accesses");
		ktap_end();
		return 0;
	}
	check("the distributor", gicd_base, GICD_SIZE, rounds);
	check("the redistributor", gicr_region, GICR_STRIDE, rounds);
	check("PCI configuration space", ecam_base, ecam_size, rounds);
	check("PCI bus 0", ecam_base, ecam_size ? 0x100000 : 0, rounds);
	check_timer();
	ktap_end();
	return 0;
}
