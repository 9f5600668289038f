// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walker. walk() goes through all entries that a range touches, top down, and lets a small visitor look
 * at each; the operations are sequences of walks.
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
	/* for cut_off() */
	void *dead;			/* tables, which a walker may still be reading, linked through their first words */
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

int pgtable_map(struct pgtable *table, u64 start, paddr_t out, u64 size, u32 prot)
{
	struct walk w = { .table = table, .visit = populate, .start = start, .out = out, .prot = prot };
	int err;

	check_range(table, start, size);
	ASSERT(IS_ALIGNED(out.pa, PAGE_SIZE));
	err = walk(&w, start, size);
	if (err)
		return err;
	w.visit = fill;
	(void)walk(&w, start, size);
	dsb_ishst();
	isb();
	return 0;
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
	int level;

	check_range(table, addr, size);
	return walk(&w, addr, size) ? NULL : find(table, addr, &level);
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
	struct walk w = { .table = table, .visit = clear };

	check_range(table, start, size);
	if (!split_at(table, start) || !split_at(table, start + size))
		return -ENOMEM;
	(void)walk(&w, start, size);
	dsb_ishst();
	return table->inval(table, start, size);
}

/*
 * Walkers may still hold a pointer to the table, so it must stay harmless until the invalidation: its entries are clear,
 * and the link in its first word is page aligned, thus an invalid entry.
 */
static void cut_off(struct walk *walk, pte_t *pte)
{
	void **page = (void **)table_of(*pte);

	WRITE_ONCE(*pte, 0);
	*page = walk->dead;
	walk->dead = page;
}

int pgtable_clear(struct pgtable *table)
{
	struct walk w = { .table = table, .visit = clear, .leave = cut_off };
	int err;

	(void)walk(&w, 0, root_size(table));
	dsb_ishst();
	err = table->inval(table, 0, root_size(table));
	if (err)
		return err;
	while (w.dead) {
		void *page = w.dead;

		w.dead = *(void **)page;
		page_free(page, 1);
	}
	table->pages = 0;
	return 0;
}
