/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage-1 tables: 4 KiB granule, 40 bits, blocks of 1 GiB and 2 MiB, and pages. */
#include <inmate/arch.h>
#include <inmate/fdt.h>
#include <inmate/mmu.h>

#define ENTRIES		512
#define LEVEL0_USED	2		/* 40 bits */
#define BLOCK1		(1ULL << 30)
#define BLOCK2		(1ULL << 21)
#define PAGE		(1ULL << 12)
#define MAP_LIMIT	(LEVEL0_USED * ENTRIES * BLOCK1)
#define MORE_TABLES	24

#define PTE_VALID	BIT(0)
#define PTE_TABLE	BIT(1)
#define PTE_ATTR	GENMASK(4, 2)
#define PTE_SH		GENMASK(9, 8)
#define PTE_AF		BIT(10)
#define PTE_ADDRESS	GENMASK(47, 12)
#define PTE_XN		GENMASK(54, 53)

#define RAM_DEFAULT_SIZE	(32ULL << 20)

u64 ram_base, ram_size;

u64 level0[ENTRIES] __attribute__((aligned(4096)));
static u64 level1[LEVEL0_USED * ENTRIES] __attribute__((aligned(4096)));
static u64 more[MORE_TABLES][ENTRIES] __attribute__((aligned(4096)));	/* of levels 2 and 3 */
static u32 more_used;

static u64 block_entry(u64 address, enum mem_type type)
{
	u64 entry = address | PTE_VALID | PTE_AF | FIELD_PREP(PTE_SH, 3);

	switch (type) {
	case MEM_NORMAL:
		return entry | FIELD_PREP(PTE_ATTR, 1);
	case MEM_UNCACHED:
		return entry | FIELD_PREP(PTE_ATTR, 2) | PTE_XN;
	case MEM_DEVICE:
		return entry | FIELD_PREP(PTE_ATTR, 0) | PTE_XN;
	default:
		return 0;
	}
}

static void flush(void)
{
	asm volatile("dsb sy; tlbi vmalle1is; dsb sy; isb" : : : "memory");
}

/* Break before make. */
static void set_entry(u64 *entry, u64 value)
{
	*(volatile u64 *)entry = 0;
	flush();
	*(volatile u64 *)entry = value;
	dsb();
	isb();
}

/* The table below that entry, made from its block if there is none; its own entries are `step` apart. */
static u64 *split(u64 *entry, u64 step)
{
	u64 low = step == PAGE ? PTE_TABLE : 0, *table;		/* the same bit says "page" at level 3 */

	if ((*entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE))
		return (u64 *)(*entry & PTE_ADDRESS);
	if (more_used == MORE_TABLES)
		return NULL;
	table = more[more_used++];
	for (u64 i = 0; i < ENTRIES; i++)
		table[i] = *entry ? (*entry + i * step) | low : 0;
	dsb();
	set_entry(entry, (u64)table | PTE_VALID | PTE_TABLE);
	return table;
}

bool mmu_map(u64 start, u64 size, enum mem_type type)
{
	u64 end = ALIGN_UP(start + size, BLOCK2);
	u64 at = ALIGN_DOWN(start, BLOCK2);

	while (at < end && at < MAP_LIMIT) {
		u64 *table;

		if (at % BLOCK1 == 0 && end - at >= BLOCK1) {
			set_entry(&level1[at / BLOCK1], block_entry(at, type));
			at += BLOCK1;
			continue;
		}
		table = split(&level1[at / BLOCK1], BLOCK2);
		if (!table)
			return false;
		set_entry(&table[at % BLOCK1 / BLOCK2], block_entry(at, type));
		at += BLOCK2;
	}
	return true;
}

bool mmu_map_pages(u64 start, u64 size, enum mem_type type)
{
	for (u64 at = ALIGN_DOWN(start, PAGE); at < start + size && at < MAP_LIMIT; at += PAGE) {
		u64 *table, entry;

		if (at % BLOCK2 == 0 && start + size - at >= BLOCK2) {
			if (!mmu_map(at, BLOCK2, type))
				return false;
			at += BLOCK2 - PAGE;
			continue;
		}
		table = split(&level1[at / BLOCK1], BLOCK2);
		if (table)
			table = split(&table[at % BLOCK1 / BLOCK2], PAGE);
		if (!table)
			return false;
		entry = block_entry(at, type);
		set_entry(&table[at % BLOCK2 / PAGE], entry ? entry | PTE_TABLE : 0);
	}
	return true;
}

/* The memory node that we were loaded into; without one, the least that a cell has. */
static void find_ram(void)
{
	int node = -1;
	u64 base, size;

	ram_base = ALIGN_DOWN((u64)image_start, BLOCK2);
	ram_size = RAM_DEFAULT_SIZE;
	while ((node = fdt_with_string(node, "device_type", "memory")) >= 0)
		for (u32 n = 0; fdt_reg(node, n, &base, &size); n++)
			if (base <= (u64)image_start && (u64)image_start - base < size) {
				ram_base = base;
				ram_size = size;
				return;
			}
}

void mmu_init(void)
{
	for (u64 i = 0; i < LEVEL0_USED; i++)
		level0[i] = (u64)&level1[i * ENTRIES] | PTE_VALID | PTE_TABLE;
	for (u64 i = 0; i < LEVEL0_USED * ENTRIES; i++)
		level1[i] = block_entry(i * BLOCK1, MEM_DEVICE);
	find_ram();
	mmu_map(ram_base, ram_size, MEM_NORMAL);
}
