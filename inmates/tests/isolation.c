/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I1: the CPU reaches only what the cell has. Reads, writes and jumps to other addresses are external aborts
 * (a cell with `on_fault: abort`), of any width, and nothing is read. The victims' bytes are checked by the
 * harness.
 */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/ktap.h>
#include <inmate/mmu.h>
#include <inmate/smccc.h>

#include "victims.h"

#define PATTERN		0xbadc0dedfeedfaceULL
#define STAGE2_TOP	(1ULL << 40)
#define UPPER_HALF	(1ULL << 39)
#define FSC_EXTERNAL_WALK	0x14	/* + level */

extern u64 level0[];

/* Our own UART may be one of the victims. */
static bool is_ours(u64 address)
{
	return address == uart_base || (address >= ram_base && address - ram_base < ram_size);
}

static void check_reads(const struct victim *victim)
{
	for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
		u64 value = 0;
		bool done = try_read(victim->address, bytes, &value);

		ktap_ok(!done && fault_is_external(last_fault()) && !value, "read %u bytes of %s at 0x%lx", bytes,
			victim->what, victim->address);
	}
}

static void check_writes(const struct victim *victim)
{
	for (u32 bytes = 1; bytes <= 8; bytes *= 2)
		ktap_ok(!try_write(victim->address, bytes, PATTERN) && fault_is_external(last_fault()),
			"write %u bytes of %s at 0x%lx", bytes, victim->what, victim->address);
}

/*
 * Through a cacheable mapping, as a cell would reach for memory: loads, stores, exclusives, pairs, fetches.
 */
static void check_cached(const struct victim *victim)
{
	u64 a = victim->address, x = 0, y = 0;

	mmu_map(a, 1, MEM_NORMAL);
	fault_arm();
	asm volatile("ldp %0, %1, [%2]" : "+r"(x), "+r"(y) : "r"(a) : "memory");
	ktap_ok(fault_disarm()->count == 1 && !x && !y, "load a pair from %s", victim->what);
	fault_arm();
	asm volatile("stp %0, %0, [%1]" : : "r"(PATTERN), "r"(a) : "memory");
	ktap_ok(fault_disarm()->count == 1, "store a pair to %s", victim->what);
	fault_arm();
	asm volatile("ldxr %0, [%1]" : "+r"(x) : "r"(a) : "memory");
	ktap_ok(fault_disarm()->count == 1 && !x, "exclusive load from %s", victim->what);
	fault_arm();
	asm volatile("dc zva, %0" : : "r"(a) : "memory");
	ktap_ok(fault_disarm()->count == 1, "dc zva on %s", victim->what);
	fault_arm();
	asm volatile("dc civac, %0" : : "r"(a) : "memory");
	ktap_ok(fault_disarm()->count <= 1, "dc civac on %s does no harm", victim->what);
	ktap_ok(!try_execute(a) && fault_is_external(last_fault()), "jump to %s", victim->what);
	mmu_map(a, 1, MEM_DEVICE);
}

/*
 * A stage-1 table in memory that is not ours: the walk is an access too. level0[1] covers 512 GiB to 1 TiB.
 */
static void check_walk(void)
{
	u64 old = level0[1], value = 0, fsc;
	bool done;

	*(volatile u64 *)&level0[1] = victims[0].address | 3;
	asm volatile("dsb sy; tlbi vmalle1; dsb sy; isb" : : : "memory");
	done = try_read(UPPER_HALF, 8, &value);
	fsc = FIELD_GET(ESR_FSC, last_fault()->esr);
	*(volatile u64 *)&level0[1] = old;
	asm volatile("dsb sy; tlbi vmalle1; dsb sy; isb" : : : "memory");
	ktap_ok(!done && !value && (fsc == FSC_EXTERNAL || (fsc & ~3ULL) == FSC_EXTERNAL_WALK),
		"a walk of page tables in %s (fault status 0x%lx)", victims[0].what, fsc);
}

static void check_edges(void)
{
	u64 value;

	ktap_ok(try_read(ram_base, 8, &value), "the first bytes of our memory are ours");
	ktap_ok(try_read(ram_base + ram_size - 8, 8, &value), "the last bytes of our memory are ours");
	ktap_ok(!try_read(ram_base + ram_size, 8, &value) && fault_is_external(last_fault()),
		"the byte behind our memory is not");
	ktap_ok(!try_read(ram_base - 8, 8, &value) && fault_is_external(last_fault()), "nor the one before");
	ktap_ok(!try_read(STAGE2_TOP - 8, 8, &value) && fault_is_external(last_fault()), "nor the last of all addresses");
}

int main(void)
{
	ktap_begin("isolation: accesses of the CPU to what the cell does not have");
	if (!in_cell()) {
		ktap_skip("bare machine", "isolation");
		ktap_end();
		return 0;
	}
	check_edges();
	check_walk();
	for (u32 i = 0; i < ARRAY_SIZE(victims); i++) {
		if (is_ours(victims[i].address))
			continue;
		check_reads(&victims[i]);
		check_writes(&victims[i]);
		if (victims[i].ram)
			check_cached(&victims[i]);
	}
	ktap_end();
	return 0;
}
