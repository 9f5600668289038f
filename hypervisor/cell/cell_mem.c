/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has which bytes (I1, I4). Memory of a new cell leaves the root cell's stage 2, and every TLB, before it enters the
 * cell's; it comes back after the cell's tables are gone from all TLBs and the bytes are cleared. The two checked configs
 * say who may have what; they do not overlap, so no other record is kept.
 */
#include <arch/cache.h>
#include <hyp/cell.h>
#include <hyp/hyp_map.h>
#include <hyp/mutate.h>
#include <hyp/string.h>

#define SCRUB_BATCH	MIB(1)		/* one hypercall's worth */

#define for_each_range(cfg, n, range) \
	for (u32 n = 0; cfg_cell_range(cfg, n, range); n++) \
		if ((range)->size)

_Static_assert(CFG_MEM_READ == PROT_READ && CFG_MEM_WRITE == PROT_WRITE && CFG_MEM_EXECUTE == PROT_EXEC, "prot_of()");

static u32 prot_of(u64 flags)
{
	return ((u32)flags & (PROT_READ | PROT_WRITE | PROT_EXEC)) | (flags & CFG_MEM_IO ? PROT_DEVICE : 0);
}

/* The region of the cell in which that byte is; NULL: none. */
static const struct cfg_mem *region_at(const struct cell *cell, u64 address)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell->config);

	for (u32 i = 0; i < cell->config->mem_count; i++) {
		if (address - mem[i].pa < mem[i].size)
			return &mem[i];
	}
	return NULL;
}

void cell_mem_echo(void)
{
	bool owned = false;

	for (u32 id = 0; id < CFG_MAX_CELLS; id++)
		owned |= cells[id] && region_at(cells[id], system_config->uart_base);
	log_echo = !owned;
}

/* Where the root cell has it, if the root cell is not the one that asks; NULL otherwise. */
static const struct cfg_mem *root_region(const struct cell *cell, const struct cfg_mem *range)
{
	struct cell *root = root_cell();

	return root && root != cell ? region_at(root, range->pa) : NULL;
}

/* Another cell shares the range; its end is near when it is being destroyed, but it is not over. */
static bool is_shared(const struct cell *cell, const struct cfg_mem *range, bool or_ends)
{
	for (u32 id = 0; range->flags & CFG_MEM_SHARED && id < CFG_MAX_CELLS; id++) {
		const struct cell *other = cells[id];
		const struct cfg_mem *theirs;

		if (!other || other == cell || (!or_ends && other->state == HC_STATE_DESTROYING))
			continue;
		theirs = region_at(other, range->pa);
		if (theirs && theirs->flags & CFG_MEM_SHARED)
			return true;
	}
	return false;
}

/* Does the root cell lose the range to `cell`, or get it back from it? Only to the first and from the last of those. */
static bool leaves_root(const struct cell *cell, const struct cfg_mem *range)
{
	return root_region(cell, range) && !is_shared(cell, range, true) && !MUTATE(S2_KEEP_ROOT);
}

/* This cannot fail: the root cell keeps the tables that it was mapped with. */
static void return_range(struct cell *cell, const struct cfg_mem *range)
{
	struct stage2 *s2;

	if (!leaves_root(cell, range))
		return;
	s2 = &root_cell()->s2;
	if (stage2_map(s2, ipa(range->pa), pa(range->pa), range->size, prot_of(root_region(cell, range)->flags)))
		panic("cell %s: 0x%lx cannot go back to the root cell", cell->name, range->pa);
}

static int take_range(struct cell *cell, const struct cfg_mem *range)
{
	int err = leaves_root(cell, range) ? stage2_unmap(&root_cell()->s2, ipa(range->pa), range->size) : 0;

	if (err == -ENOMEM)
		return err;
	if (!err)
		err = stage2_map(&cell->s2, ipa(range->ipa), pa(range->pa), range->size, prot_of(range->flags));
	/* also when an SMMU did not confirm: nobody else has had it yet */
	if (err)
		return_range(cell, range);
	return err;
}

static void return_ranges(struct cell *cell, u32 end)
{
	struct cfg_mem range;

	for_each_range(cell->config, n, &range) {
		if (n < end)
			return_range(cell, &range);
	}
}

int cell_mem_take(struct cell *cell, struct hc_error *err)
{
	struct cfg_mem range;

	for_each_range(cell->config, n, &range) {
		int result = take_range(cell, &range);

		if (!result)
			continue;
		stage2_exit(&cell->s2);
		return_ranges(cell, n);
		return hc_fail(err, result, result == -ENOMEM ?
			       "the page pool is too small for the tables of memory 0x%lx, size 0x%lx" :
			       "memory 0x%lx, size 0x%lx, cannot be taken from the root cell: an SMMU does not answer",
			       range.pa, range.size);
	}
	return 0;
}

void cell_mem_give_back(struct cell *cell)
{
	return_ranges(cell, ~0u);
}

/* Of cells that share and end at the same time each clears. */
static bool is_private_ram(const struct cell *cell, const struct cfg_mem *mem)
{
	return !(mem->flags & CFG_MEM_IO) && !is_shared(cell, mem, false);
}

/* Clears up to a window of one region; how much was done. */
static u64 scrub_piece(const struct cfg_mem *mem, u64 done, u64 budget)
{
	u64 start = mem->pa + done;
	u64 bytes = MIN(MIN(mem->size - done, budget), HYP_WINDOW_SIZE - (start & (HYP_WINDOW_SIZE - 1)));

	if (!MUTATE(NO_SCRUB)) {
		zero_pages_poc(hyp_window_map(pa(start), bytes), bytes);
		hyp_window_unmap();
	}
	return bytes;
}

int cell_scrub(struct cell *cell)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell->config);
	u64 budget = SCRUB_BATCH;

	for (; cell->work_region < cell->config->mem_count; cell->work_region++, cell->work_done = 0) {
		const struct cfg_mem *region = &mem[cell->work_region];

		while (is_private_ram(cell, region) && cell->work_done < region->size) {
			u64 bytes;

			if (!budget)
				return -EAGAIN;
			bytes = scrub_piece(region, cell->work_done, budget);
			cell->work_done += bytes;
			budget -= bytes;
		}
	}
	cell->work_region = 0;
	return 0;
}

static const struct cfg_mem *find_mem(const struct cell *cell, u64 address, size_t bytes, u32 flags)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell->config);

	for (u32 i = 0; i < cell->config->mem_count; i++) {
		if (address >= mem[i].ipa && address - mem[i].ipa < mem[i].size &&
		    mem[i].size - (address - mem[i].ipa) >= bytes && (mem[i].flags & flags) == flags)
			return &mem[i];
	}
	return NULL;
}

/*
 * Copies and cleans to the point of coherency: whole lines by the fast way where alignment allows, the rest by bytes. At
 * boot, that is: on a CPU that runs a cell the SIMD registers are the cell's, and writing the low part of one of SVE's
 * clears the rest.
 */
static void copy_clean(u8 *to, const u8 *from, u64 bytes)
{
	bool can = this_cpu()->state != CPU_RUNNING && IS_ALIGNED((u64)to | (u64)from, 16);
	u64 fast = can ? ALIGN_DOWN(bytes, 128) : 0;

	if (fast)
		copy_poc(to, from, fast);
	if (fast == bytes)
		return;
	memcpy(to + fast, from + fast, bytes - fast);
	dcache_clean(to + fast, bytes - fast);
}

bool cell_mem_write(struct cell *cell, u64 to, const void *from, size_t bytes, u32 flags)
{
	const struct cfg_mem *mem = find_mem(cell, to, bytes, flags);
	const u8 *source = from;
	u64 address;

	if (!mem || (mem->flags & CFG_MEM_IO))
		return false;
	address = mem->pa + (to - mem->ipa);
	while (bytes) {
		u64 piece = MIN(bytes, HYP_WINDOW_SIZE - (address & (HYP_WINDOW_SIZE - 1)));
		void *window = hyp_window_map(pa(address), piece);

		copy_clean(window, source, piece);
		hyp_window_unmap();
		address += piece;
		source += piece;
		bytes -= piece;
	}
	return true;
}
