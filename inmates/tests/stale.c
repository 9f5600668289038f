/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I4, no stale data: all memory that the loader did not fill is zero when the cell starts. Then it is filled
 * with a pattern, which the harness (or the next cell, this very program) must not find once the cell is
 * destroyed.
 */
#include <inmate/fdt.h>
#include <inmate/ktap.h>
#include <inmate/mmu.h>
#include <inmate/smccc.h>

#define PATTERN		0x5ca1ab1edeadbea7ULL	/* in memory little-endian */
#define MESSAGES	8

static bool is_loaded(u64 address)
{
	u64 dtb = (u64)fdt_blob();

	return (address >= (u64)image_start && address < (u64)image_end) ||
	       (dtb && address + 8 > dtb && address < dtb + fdt_size());
}

static u64 count_stale(void)
{
	u64 stale = 0;

	for (u64 at = ram_base; at < ram_base + ram_size; at += 8) {
		u64 value = *(volatile u64 *)at;

		if (!value || is_loaded(at))
			continue;
		if (stale++ < MESSAGES)
			printf("# 0x%lx has 0x%016lx\n", at, value);
	}
	return stale;
}

int main(void)
{
	u64 stale;

	ktap_begin("stale: memory is clear at the start");
	if (!in_cell()) {
		ktap_skip("bare machine", "all memory is zero");
		ktap_end();
		return 0;
	}
	stale = count_stale();
	ktap_ok(!stale, "all memory but image and device tree is zero (%lu words are not)", stale);
	for (u64 at = ram_base; at < ram_base + ram_size; at += 8)
		if (!is_loaded(at))
			*(volatile u64 *)at = PATTERN;
	ktap_ok(*(volatile u64 *)(ram_base + ram_size - 8) == PATTERN, "all memory is filled");
	ktap_end();
	return 0;
}
