// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walker. walk() goes through all entries that a range touches, top down, and lets a small visitor look
 * at each; the operations are sequences of walks.
 *
 * Invariants: a table that hangs in the tree holds at least one valid entry, but for those of
 * pgtable_entry(), so no empty table keeps a block from being used.
 */
#include <arch/barrier.h>
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/pgtable.h>
#include <hyp/printk.h>

#define ENTRIES		(PAGE_SIZE / sizeof(pte_t))

#define LAST_LEVEL	3

struct walk {
	struct pgtable *table;
	/*
	 * The part [addr, end) of what the entry covers is in the range. Not 0 ends the walk with that
	 * result.
	 */
	int (*visit)(struct walk *walk, pte_t *pte, int level, u64 addr, u64 end);
	/* After a table's entries were visited: the entry that points to it. May be NULL. */
	void (*leave)(struct walk *walk, pte_t *pte);

	/* for the visitors of map */
	u64 start;
	paddr_t out;
	u32 prot;
	/* for prune() */
	struct page_reserve dead;	/* tables cut off, which a walker may still be reading */
};

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

static u64 next_boundary(u64 addr, u64 end, int level)
{
	u64 next = ALIGN_DOWN(addr, pte_level_size(level)) + pte_level_size(level);

	return MIN(next, end);
}

/* Recursion is at most four deep, one per level. */
static int walk_level(struct walk *walk, pte_t *entries, int level, u64 addr, u64 end)
{
	pte_t *pte = entries + index_of(walk->table, level, addr);

	for (u64 next; addr < end; addr = next, pte++) {
		int err;

		next = next_boundary(addr, end, level);
		err = walk->visit(walk, pte, level, addr, next);
		if (err)
			return err;
		if (level == LAST_LEVEL || !pte_is_table(*pte, level))
			continue;
		err = walk_level(walk, table_of(*pte), level + 1, addr, next);
		if (err)
			return err;
		if (walk->leave)
			walk->leave(walk, pte);
	}
	return 0;
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

static int walk(struct walk *walk, u64 start, u64 size)
{
	return walk_level(walk, walk->table->root, walk->table->start_level, start, start + size);
}

/* ---- memory for tables ---- */

/* From the pool as long as it has pages, so that the promised ones stay; zeroed. */
static void *table_take(struct pgtable *table)
{
	void *page;

	(void)page_reserve_fill(table->reserve, table->promised + 1);
	page = page_reserve_take(table->reserve);
	if (page)
		table->pages++;
	return page;
}

/* Ends an operation: what the reserve has above its promise goes back to the pool. */
static void trim(struct pgtable *table)
{
	page_reserve_trim(table->reserve, table->promised);
}

/* The contents are complete before a walker can find the table. */
static void publish(pte_t *pte, void *page)
{
	dsb_ishst();
	WRITE_ONCE(*pte, pte_table(hyp_pa(page)));
}

/* Entries of that level that the range covers in whole and that one leaf can do. */
static u64 whole_leaves(int level, u64 start, u64 end, paddr_t out)
{
	u64 leaf = pte_level_size(level);
	u64 first = ALIGN_UP(start, leaf), last = ALIGN_DOWN(end, leaf);

	if (!pte_block_allowed(level) || !IS_ALIGNED(out.pa - start, leaf) || first >= last)
		return 0;
	return (last - first) >> pte_level_shift(level);
}

/* Each entry that the range touches takes a table, unless it is a leaf in whole. */
u32 pgtable_worst_case(const struct pgtable *table, u64 start, paddr_t out, u64 size)
{
	u64 end = start + size;
	u64 count = 0;

	for (int level = table->start_level; size && level < LAST_LEVEL; level++) {
		unsigned int shift = pte_level_shift(level);

		count += ((end - 1) >> shift) - (start >> shift) + 1 - whole_leaves(level, start, end, out);
	}
	return (u32)count;
}

/* ---- cutting off tables ---- */

static bool is_empty(const pte_t *entries)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (pte_valid(entries[i]))
			return false;
	}
	return true;
}

/*
 * Cuts a table off when it is empty. Walkers may still hold a pointer to it, so it must stay harmless until
 * the invalidation: the list's link in its first word is page aligned, thus an invalid entry.
 */
static void prune(struct walk *walk, pte_t *pte)
{
	pte_t *entries = table_of(*pte);

	if (!is_empty(entries))
		return;
	WRITE_ONCE(*pte, 0);
	page_reserve_give(&walk->dead, entries);
}

/* Invalidates the range; only then the tables that were cut off may be used again. */
static int retire(struct walk *walk, u64 start, u64 size)
{
	struct pgtable *table = walk->table;
	int err;

	dsb_ishst();
	err = table->inval(table, start, size);
	if (err)
		return err;
	table->pages -= walk->dead.count;
	while (walk->dead.count)
		page_reserve_give(table->reserve, page_reserve_take(&walk->dead));
	return 0;
}

/* ---- map ---- */

static paddr_t out_of(const struct walk *walk, u64 addr)
{
	return pa_add(walk->out, addr - walk->start);
}

/* Can one leaf at this level do [addr, end)? */
static bool fits(const struct walk *walk, int level, u64 addr, u64 end)
{
	return pte_block_allowed(level) && end - addr == pte_level_size(level) &&
	       IS_ALIGNED(out_of(walk, addr).pa, pte_level_size(level));
}

static int populate(struct walk *walk, pte_t *pte, int level, u64 addr, u64 end)
{
	void *page;

	if (pte_valid(*pte))
		return pte_is_table(*pte, level) ? 0 : -EBUSY;
	if (level == LAST_LEVEL || fits(walk, level, addr, end))
		return 0;
	page = table_take(walk->table);
	if (!page)
		return -ENOMEM;
	publish(pte, page);
	return 0;
}

static int fill(struct walk *walk, pte_t *pte, int level, u64 addr, u64 end)
{
	if (level == LAST_LEVEL || !pte_is_table(*pte, level))
		WRITE_ONCE(*pte, pte_leaf(walk->table->stage, out_of(walk, addr), level, walk->prot));
	return 0;
}

static int visit_nothing(struct walk *walk, pte_t *pte, int level, u64 addr, u64 end)
{
	return 0;
}

int pgtable_map(struct pgtable *table, u64 start, paddr_t out, u64 size, u32 prot)
{
	struct walk w = { .table = table, .start = start, .out = out, .prot = prot };
	int err;

	check_range(table, start, size);
	ASSERT(IS_ALIGNED(out.pa, PAGE_SIZE));
	w.visit = populate;
	err = walk(&w, start, size);
	if (err)
		goto err_populate;
	w.visit = fill;
	(void)walk(&w, start, size);
	trim(table);
	dsb_ishst();
	isb();
	return 0;

err_populate:
	w.visit = visit_nothing;
	w.leave = prune;
	(void)walk(&w, start, size);
	if (w.dead.count)
		(void)retire(&w, start, size);
	trim(table);
	return err;
}

/* ---- unmap ---- */

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

pte_t pgtable_lookup(const struct pgtable *table, u64 addr, int *level)
{
	return READ_ONCE(*find(table, addr, level));
}

pte_t *pgtable_entry(struct pgtable *table, u64 addr, u64 size)
{
	struct walk w = { .table = table, .visit = populate };
	int level, err;

	check_range(table, addr, size);
	err = walk(&w, addr, size);
	trim(table);
	return err ? NULL : find(table, addr, &level);
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

static int clear(struct walk *walk, pte_t *pte, int level, u64 addr, u64 end)
{
	if (!pte_is_table(*pte, level))
		WRITE_ONCE(*pte, 0);
	return 0;
}

int pgtable_unmap(struct pgtable *table, u64 start, u64 size)
{
	struct walk w = { .table = table, .visit = clear, .leave = prune };
	int err = -ENOMEM;

	check_range(table, start, size);
	if (split_at(table, start) && split_at(table, start + size)) {
		(void)walk(&w, start, size);
		err = retire(&w, start, size);
	}
	trim(table);
	return err;
}

int pgtable_clear(struct pgtable *table)
{
	return pgtable_unmap(table, 0, root_size(table));
}
