// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables. An operation is a loop over the entries that decide about its range, which find() and find_next() look up.
 *
 * Tables are added and stay until pgtable_clear(), also when they are empty. So what was unmapped can be mapped again as
 * it was without memory: where an entry was covered in part there is a table below it.
 */
#include <arch/barrier.h>
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/pgtable.h>
#include <hyp/printk.h>

#define ENTRIES		(PAGE_SIZE / sizeof(pte_t))

static pte_t *table_of(pte_t pte)
{
	return hyp_va(pte_addr(pte));
}

/* The root may be several tables long; those below are one. */
static size_t index_of(const struct pgtable *table, int level, u64 addr)
{
	size_t entries = level == table->start_level ? ENTRIES * table->root_pages : ENTRIES;

	return (addr >> pte_level_shift(level)) & (entries - 1);
}

/* The entry that decides about the address: a leaf or an invalid one, and its level. */
static pte_t *find(const struct pgtable *table, u64 addr, int *level)
{
	pte_t *entries = table->root;

	for (*level = table->start_level; ; (*level)++) {
		pte_t *pte = entries + index_of(table, *level, addr);

		if (!pte_is_table(*pte, *level))
			return pte;
		entries = table_of(*pte);
	}
}

/* The same for where the last entry ends: mostly the next one of its page. The first time there is no last one. */
static pte_t *find_next(const struct pgtable *table, pte_t *last, u64 addr, int *level)
{
	bool same_table = last && !IS_ALIGNED((uintptr_t)(last + 1), PAGE_SIZE);

	return same_table && !pte_is_table(last[1], *level) ? last + 1 : find(table, addr, level);
}

/* Where what an entry of that level says about [addr, end) is over. */
static u64 next_boundary(u64 addr, u64 end, int level)
{
	u64 next = ALIGN_DOWN(addr, pte_level_size(level)) + pte_level_size(level);

	return MIN(next, end);
}

static u64 root_size(const struct pgtable *table)
{
	return table->root_pages * ENTRIES * pte_level_size(table->start_level);
}

/* Input addresses start at 0 in stage 2 and at EL2 alike: there is one VA range. */
static void check_range(const struct pgtable *table, u64 start, u64 size)
{
	u64 limit = root_size(table);

	ASSERT(IS_ALIGNED(start | size, PAGE_SIZE) && start < limit && size <= limit - start);
}

static void *table_take(struct pgtable *table)
{
	void *page = page_alloc(1, 1);

	table->pages += !!page;
	return page;
}

/* The contents are complete before a walker can find the table. */
static void publish(pte_t *pte, void *page)
{
	dsb_ishst();
	WRITE_ONCE(*pte, pte_table(hyp_pa(page)));
}

/* Can a leaf at this level be the first of [addr, end), to `out`? A page always can. */
static bool fits(int level, u64 addr, u64 end, paddr_t out)
{
	return pte_block_allowed(level) && end - addr >= pte_level_size(level) && IS_ALIGNED(addr | out.pa, pte_level_size(level));
}

/* Tables down to where the leaves of [start, end) will stand; nothing may be there yet. */
static int populate(struct pgtable *table, u64 start, u64 end, paddr_t out)
{
	pte_t *pte = NULL;
	int level = 0;

	for (u64 addr = start; addr < end; addr = next_boundary(addr, end, level)) {
		pte = find_next(table, pte, addr, &level);
		if (pte_valid(*pte))
			return -EBUSY;
		while (!fits(level, addr, end, pa_add(out, addr - start))) {
			pte_t *entries = table_take(table);

			if (!entries)
				return -ENOMEM;
			publish(pte, entries);
			pte = entries + index_of(table, ++level, addr);
		}
	}
	return 0;
}

int pgtable_map(struct pgtable *table, u64 start, paddr_t out, u64 size, u32 prot)
{
	pte_t *pte = NULL;
	int level = 0, err;

	check_range(table, start, size);
	ASSERT(IS_ALIGNED(out.pa, PAGE_SIZE));
	err = populate(table, start, start + size, out);
	if (err)
		return err;
	for (u64 addr = start; addr < start + size; addr = next_boundary(addr, start + size, level)) {
		pte = find_next(table, pte, addr, &level);
		WRITE_ONCE(*pte, pte_leaf(table->stage, pa_add(out, addr - start), level, prot));
	}
	dsb_ishst();
	isb();
	return 0;
}

pte_t pgtable_lookup(const struct pgtable *table, u64 addr, int *level)
{
	return READ_ONCE(*find(table, addr, level));
}

pte_t *pgtable_entry(struct pgtable *table, u64 addr, u64 size)
{
	int level;

	check_range(table, addr, size);
	return populate(table, addr, addr + size, pa(addr)) ? NULL : find(table, addr, &level);
}

/*
 * Replaces a leaf by a table of smaller ones that say the same. False: no memory. An SMMU that does not confirm here
 * will not confirm the range either, of which this is the block.
 */
static bool split(struct pgtable *table, pte_t *pte, int level, u64 addr)
{
	u64 block = pte_level_size(level), part = pte_level_size(level + 1);
	pte_t *entries = table_take(table);

	if (!entries)
		return false;
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i] = pte_part(*pte, level + 1, i * part);
	WRITE_ONCE(*pte, 0);
	dsb_ishst();
	(void)table->inval(table, ALIGN_DOWN(addr, block), block);
	publish(pte, entries);
	return true;
}

/* Splits until no leaf reaches across addr. */
static bool split_at(struct pgtable *table, u64 addr)
{
	int level;

	while (addr < root_size(table)) {
		pte_t *pte = find(table, addr, &level);

		if (!pte_valid(*pte) || IS_ALIGNED(addr, pte_level_size(level)))
			break;
		if (!split(table, pte, level, addr))
			return false;
	}
	return true;
}

int pgtable_unmap(struct pgtable *table, u64 start, u64 size)
{
	pte_t *pte = NULL;
	int level = 0;

	check_range(table, start, size);
	if (!split_at(table, start) || !split_at(table, start + size))
		return -ENOMEM;
	for (u64 addr = start; addr < start + size; addr = next_boundary(addr, start + size, level)) {
		pte = find_next(table, pte, addr, &level);
		WRITE_ONCE(*pte, 0);
	}
	dsb_ishst();
	return table->inval(table, start, size);
}

/*
 * Clears all entries; what tables there were below is put into the list. Walkers may still hold a pointer to one, so it
 * must stay harmless until the invalidation: its entries are clear, and the link in its first word is page aligned, thus
 * an invalid entry. Recursion is at most four deep, one per level.
 */
static void cut_off(pte_t *entries, size_t count, int level, void **dead)
{
	for (size_t i = 0; i < count; i++) {
		pte_t pte = entries[i];

		WRITE_ONCE(entries[i], 0);
		if (!pte_is_table(pte, level))
			continue;
		cut_off(table_of(pte), ENTRIES, level + 1, dead);
		*(void **)table_of(pte) = *dead;
		*dead = table_of(pte);
	}
}

int pgtable_clear(struct pgtable *table)
{
	void *dead = NULL, *page;
	int err;

	cut_off(table->root, ENTRIES * table->root_pages, table->start_level, &dead);
	dsb_ishst();
	err = table->inval(table, 0, root_size(table));
	if (err)
		return err;
	while ((page = dead)) {
		dead = *(void **)page;
		page_free(page, 1);
	}
	table->pages = 0;
	return 0;
}
