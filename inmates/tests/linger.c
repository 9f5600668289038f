/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I4, no stale translation: CPU and device write a pattern to all of the cell's memory, without end. The
 * harness stops and destroys the cell in the middle: from then on the pattern must turn up nowhere in that
 * memory, although the device may have a transfer under way (it takes 100 ms) and the TLBs were full of the
 * cell's translations.
 */
#include <inmate/edu.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/mmu.h>
#include <inmate/string.h>

#define CPU_PATTERN	0x11ffe7ed0ddba115UL
#define PAGE		4096
#define BLOCK		1024		/* bytes of a transfer */

static struct edu edu;
static u64 buffer[BLOCK / 8] __attribute__((aligned(64)));

static bool is_loaded(u64 page)
{
	u64 dtb = ALIGN_DOWN((u64)fdt_blob(), PAGE);

	return (page + PAGE > (u64)image_start && page < (u64)image_end) ||
	       (dtb && page >= dtb && page < (u64)fdt_blob() + fdt_size());
}

/* One word of each page: every translation is used, over and over. */
static void write_pages(void)
{
	for (u64 page = ram_base; page < ram_base + ram_size; page += PAGE)
		if (!is_loaded(page))
			*(volatile u64 *)page = CPU_PATTERN;
}

/* Always a transfer under way, each to the next page. */
static u64 next_transfer(u64 page)
{
	if (!edu.regs || edu_dma_busy(&edu))
		return page;
	do
		page = page + PAGE < ram_base + ram_size ? page + PAGE : ram_base;
	while (is_loaded(page));
	edu_dma_start(&edu, page + PAGE - BLOCK, 0, BLOCK, true, false);
	return page;
}

int main(void)
{
	u64 page = ram_base, last = page;
	u32 transfers = 0;

	if (edu_init(&edu)) {
		for (u32 i = 0; i < ARRAY_SIZE(buffer); i++)
			buffer[i] = EDU_ATTACK_PATTERN;
		edu_dma(&edu, (u64)buffer, 0, BLOCK, false, false);
	}
	printf("linger: writing, cpu %lx, device %lx\n", CPU_PATTERN, edu.regs ? EDU_ATTACK_PATTERN : 0);
	while (true) {
		write_pages();
		page = next_transfer(page);
		if (page != last && ++transfers % 10 == 0)
			printf("linger: %u transfers\n", transfers);
		last = page;
	}
}
