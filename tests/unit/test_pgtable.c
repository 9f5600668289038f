// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm/pgtable.c with the real arm64 entries, against a plain array of pages. What a table means is read by a walker of
 * the test's own, from the architecture's description. The area lies across the boundary of the two concatenated root
 * tables.
 */
#include <stdlib.h>
#include <string.h>

#include "fake/fake.h"
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/pgtable.h>

#define AREA_START	GIB(511)
#define AREA_PAGES	(GIB(3) / PAGE_SIZE)
#define POOL_BYTES	MIB(16)
#define RWX		(PROT_READ | PROT_WRITE | PROT_EXEC)

/* ---- the walker of the test ---- */

/* The entry at a level for an address; NULL when the walk ends above it. */
static u64 *entry_at(const struct pgtable *t, u64 addr, int level)
{
	u64 *entry = (u64 *)t->root + (addr >> 30);

	for (int l = 1; l < level; l++) {
		if ((*entry & 3) != 3)
			return NULL;
		entry = (u64 *)hyp_va(pa(*entry & 0xfffffffff000ULL)) + ((addr >> (30 - 9 * l)) & 511);
	}
	return entry;
}

/* Level of the leaf, 0 for none. */
static int translate(const struct pgtable *t, u64 addr, u64 *out, u32 *prot)
{
	for (int level = 1; level <= 3; level++) {
		u64 pte = *entry_at(t, addr, level);
		u64 offset = addr & ((1ULL << (12 + 9 * (3 - level))) - 1);

		if (!(pte & 1))
			return 0;
		if (level < 3 && (pte & 2))
			continue;
		assert_true(level < 3 || (pte & 2));			/* 0b01 is reserved at level 3 */
		assert_int_equal(pte & 0xfffffffff000ULL & (offset | ((1ULL << (12 + 9 * (3 - level))) - 1)), 0);
		assert_int_equal(pte >> 8 & 7, 7);			/* AF, inner shareable */
		*out = (pte & 0xfffffffff000ULL) | offset;
		*prot = (pte >> 6 & 1 ? PROT_READ : 0) | (pte >> 7 & 1 ? PROT_WRITE : 0) | (pte >> 54 & 1 ? 0 : PROT_EXEC) |
			((pte >> 2 & 15) == 1 ? PROT_DEVICE : 0);
		return level;
	}
	return 0;
}

/* ---- the model ---- */

static u64 *model;			/* out | prot by page; 0: nothing */
static struct pgtable table;
static u64 seed;

static u64 *model_at(u64 addr) { return &model[(addr - AREA_START) / PAGE_SIZE]; }

/* The whole area: every page of the model against the leaf or hole that the walker finds there. */
static void check_area(void)
{
	u64 addr = AREA_START;

	while (addr < AREA_START + AREA_PAGES * PAGE_SIZE) {
		u64 out = 0, step;
		u32 prot = 0;
		int level = translate(&table, addr, &out, &prot), hole = 1;

		while (!level && hole < 3 && (*entry_at(&table, addr, hole) & 1))
			hole++;
		step = 1ULL << (12 + 9 * (3 - (level ? level : hole)));
		for (u64 i = 0; i < step; i += PAGE_SIZE) {
			u64 want = level ? (out + i) | prot : 0;

			if (*model_at(addr + i) != want)
				fail_msg("0x%llx: 0x%llx instead of 0x%llx", (unsigned long long)(addr + i),
					 (unsigned long long)want, (unsigned long long)*model_at(addr + i));
		}
		addr += step;
	}
}

/* ---- break-before-make ---- */

struct seen { u64 addr, pte; int level; bool broken; };
static struct seen *seen;
static size_t seen_count;
static int inval_result;
static u32 inval_count;

static void remember(const u64 *entries, int count, int level, u64 addr)
{
	for (int i = 0; i < count; i++, addr += 1ULL << (12 + 9 * (3 - level))) {
		if (!(entries[i] & 1))
			continue;
		seen[seen_count++] = (struct seen){ addr, entries[i], level, false };
		assert_true(seen_count < AREA_PAGES);
		if (level < 3 && (entries[i] & 2))
			remember(hyp_va(pa(entries[i] & 0xfffffffff000ULL)), 512, level + 1, addr);
	}
}

static void snapshot(void)
{
	seen_count = 0;
	inval_count = 0;
	remember(table.root, 1024, 1, 0);
}

/* A table that was cut off must hold nothing valid: a walker may still look into it. */
static void check_dead_table(const struct seen *s)
{
	const u64 *entries = hyp_va(pa(s->pte & 0xfffffffff000ULL));

	for (int i = 0; i < 512; i++)
		assert_false(entries[i] & 1);
}

static int test_inval(struct pgtable *t, u64 addr, u64 size)
{
	inval_count++;
	for (size_t i = 0; i < seen_count; i++) {
		struct seen *s = &seen[i];
		u64 bytes = 1ULL << (12 + 9 * (3 - s->level));
		u64 *now;

		if (s->addr + bytes <= addr || s->addr >= addr + size)
			continue;
		now = entry_at(t, s->addr, s->level);
		if (now && (*now & 1))
			continue;
		s->broken = true;
		if (!now || s->level == 3 || !(s->pte & 2))
			continue;
		check_dead_table(s);
	}
	return inval_result;
}

/* Every entry that changed while valid was invalid at an invalidation in between, and so was every one that went. */
static void check_breaks(void)
{
	for (size_t i = 0; i < seen_count; i++) {
		const struct seen *s = &seen[i];
		const u64 *now = entry_at(&table, s->addr, s->level);

		if ((!now || *now != s->pte) && !s->broken)
			fail_msg("level %d, 0x%llx: changed without break-before-make", s->level, (unsigned long long)s->addr);
	}
}

/* ---- operations on both ---- */

static void map(u64 start, u64 out, u64 size, u32 prot)
{
	bool busy = false;
	int err;

	for (u64 i = 0; i < size; i += PAGE_SIZE)
		busy |= *model_at(start + i) != 0;
	snapshot();
	err = pgtable_map(&table, start, pa(out), size, prot);
	assert_int_equal(err, busy ? -EBUSY : 0);
	check_breaks();
	for (u64 i = 0; !err && i < size; i += PAGE_SIZE)
		*model_at(start + i) = (out + i) | prot;
}

static void unmap(u64 start, u64 size)
{
	snapshot();
	assert_int_equal(pgtable_unmap(&table, start, size), 0);
	assert_true(inval_count >= 1);
	check_breaks();
	memset(model_at(start), 0, size / PAGE_SIZE * sizeof(u64));
}

static void clear(void)
{
	assert_int_equal(pgtable_clear(&table), 0);
	assert_int_equal(table.pages, 0);
	memset(model, 0, AREA_PAGES * sizeof(*model));
}

static u64 below(u64 n) { return fake_random(&seed) % n; }

/* A range inside the area, small or large, often at the boundaries of blocks. */
static void random_range(u64 *start, u64 *size, u64 largest)
{
	static const u64 units[] = { PAGE_SIZE, PAGE_SIZE, MIB(2), GIB(1) };
	u64 unit;

	do {
		unit = units[below(4)];
		*start = AREA_START + below(AREA_PAGES * PAGE_SIZE / unit) * unit;
		unit = units[below(4)];
		*size = (1 + below(unit == PAGE_SIZE ? 600 : 3)) * unit;
		if (below(4) == 0)
			*size += PAGE_SIZE;
	} while (*size > largest || *start + *size > AREA_START + AREA_PAGES * PAGE_SIZE);
}

static void random_step(void)
{
	static const u32 prots[] = { RWX, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE | PROT_DEVICE,
				     PROT_READ | PROT_EXEC };
	u64 start, size, out;

	switch (below(5)) {
	case 0:		/* 1 GiB blocks possible */
		random_range(&start, &size, GIB(3));
		map(start, start - AREA_START, size, prots[below(5)]);
		break;
	case 1:		/* 2 MiB blocks possible */
		random_range(&start, &size, GIB(2));
		out = (start & (MIB(2) - 1)) + (1 + below(500)) * MIB(2);
		map(start, out, size, prots[below(5)]);
		break;
	case 2:		/* pages only */
		random_range(&start, &size, MIB(6));
		map(start, (start ^ PAGE_SIZE) & (GIB(8) - 1), size, prots[below(5)]);
		break;
	default:
		random_range(&start, &size, GIB(3));
		unmap(start, size);
	}
}

/* ---- tests ---- */

static int setup(void **state)
{
	(void)state;
	fake_memory_init(POOL_BYTES);
	free(model);
	free(seen);
	model = calloc(AREA_PAGES, sizeof(*model));
	seen = calloc(AREA_PAGES, sizeof(*seen));
	table = (struct pgtable){
		.root = page_alloc(2, 2), .start_level = 1, .root_pages = 2, .stage = PTE_S2,
		.inval = test_inval,
	};
	inval_result = 0;
	return !model || !seen || !table.root;
}

static void random_operations_match_the_model(void **state)
{
	size_t free_at_start = page_pool_free();

	(void)state;
	for (seed = 1; seed < 1000000; seed += 250000) {
		u64 run = seed;

		for (int step = 0; step < 400; step++) {
			random_step();
			assert_int_equal(page_pool_free(), free_at_start - table.pages);
			if (step % 16 == 0)
				check_area();
		}
		check_area();
		clear();
		assert_int_equal(page_pool_free(), free_at_start);
		seed = run;
	}
}

/* On an empty table: no leaf where the next larger one would have done. */
static void leaves_are_the_largest_possible(void **state)
{
	(void)state;
	seed = 7;
	for (int step = 0; step < 60; step++) {
		u64 start, size, out, shift = (u64[]){ PAGE_SIZE, MIB(2), GIB(1) }[below(3)];

		random_range(&start, &size, shift == PAGE_SIZE ? MIB(8) : GIB(3));
		out = (start & (GIB(1) - 1)) + below(3) * shift;
		map(start, out, size, RWX);
		for (u64 addr = start, o; addr < start + size; ) {
			u32 prot;
			int level = translate(&table, addr, &o, &prot);
			u64 bytes = 1ULL << (12 + 9 * (3 - level)), larger = bytes << 9;
			u64 base = addr & ~(larger - 1);

			assert_true(level > 0 && (addr & (bytes - 1)) == 0);
			if (level > 1 && base >= start && base + larger <= start + size)
				assert_true((out + base - start) % larger != 0);
			addr += bytes;
		}
		clear();
	}
}

static void known_choices(void **state)
{
	int level;

	(void)state;
	map(GIB(511), GIB(4), GIB(2), RWX);		/* two 1 GiB leaves, one in each root table */
	assert_int_equal(table.pages, 0);
	assert_true(pte_valid(pgtable_lookup(&table, GIB(512) + 5, &level)));
	assert_int_equal(level, 1);
	unmap(GIB(511) + MIB(4), PAGE_SIZE);		/* 1 GiB -> 512 of 2 MiB, one of them -> 512 pages */
	assert_int_equal(table.pages, 2);
	assert_false(pte_valid(pgtable_lookup(&table, GIB(511) + MIB(4), &level)));
	assert_int_equal(level, 3);
	assert_true(pte_valid(pgtable_lookup(&table, GIB(511) + MIB(6), &level)));
	assert_int_equal(level, 2);
	check_area();
}

/* The parts of a split block have all its bits. */
static void split_keeps_all_bits(void **state)
{
	(void)state;
	for (u32 prot = 1; prot < 16; prot++) {
		u64 before, after;

		map(GIB(511), GIB(4), GIB(1), prot & PROT_DEVICE ? prot & ~PROT_EXEC : prot);
		before = *entry_at(&table, GIB(511), 1);
		unmap(GIB(511), PAGE_SIZE);
		after = *entry_at(&table, GIB(511) + MIB(2), 2);
		assert_int_equal(after, before + MIB(2));
		after = *entry_at(&table, GIB(511) + PAGE_SIZE, 3);
		assert_int_equal(after, (before | 2) + PAGE_SIZE);
		clear();
	}
}

/*
 * One operation with every number of pages left: -ENOMEM and the same translations, until it succeeds. Returns the tables
 * that there are then.
 */
static u32 exhaust(int (*op)(void))
{
	for (u32 left = 0; ; left++) {
		u32 pages = table.pages;
		int err;

		fake_pool_squeeze(left);
		snapshot();
		err = op();
		check_breaks();
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(page_pool_free() + table.pages, left + pages);
			check_area();
		}
		fake_pool_release();
		if (!err)
			return table.pages;
	}
}

static int op_map_pages(void) { return pgtable_map(&table, GIB(512) - MIB(3), pa(GIB(2) + PAGE_SIZE), MIB(6), RWX); }
static int op_map_blocks(void) { return pgtable_map(&table, GIB(512) - PAGE_SIZE, pa(GIB(2) - PAGE_SIZE), GIB(1), RWX); }
static int op_unmap_middle(void) { return pgtable_unmap(&table, GIB(511) + PAGE_SIZE, PAGE_SIZE); }
static int op_unmap_across(void) { return pgtable_unmap(&table, GIB(512) - PAGE_SIZE, 2 * PAGE_SIZE); }
static int op_unmap_2m(void) { return pgtable_unmap(&table, GIB(511) + MIB(2), MIB(4)); }

static void exhaustion_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(exhaust(op_map_pages), 2 + 4);		/* both 1 GiB, four 2 MiB regions touched */
	clear();
	assert_int_equal(exhaust(op_map_blocks), 2 + 2);
	clear();
	map(GIB(511), GIB(4), GIB(2), RWX);
	assert_int_equal(exhaust(op_unmap_middle), 2);		/* both ends in one block: tables shared */
	clear();
	map(GIB(511), GIB(4), GIB(2), RWX);
	assert_int_equal(exhaust(op_unmap_across), 4);
	clear();
	map(GIB(511), GIB(4), GIB(2), RWX);
	assert_int_equal(exhaust(op_unmap_2m), 1);
}

/* What was unmapped is mapped again as it was with an empty pool, whatever its neighbours are. */
static void what_was_unmapped_comes_back(void **state)
{
	(void)state;
	for (seed = 1; seed < 60 * 1000; seed += 1000) {
		u64 start, size, out, run = seed;

		random_range(&start, &size, GIB(1));
		out = (start & (GIB(1) - 1)) + (below(2) ? GIB(1) : MIB(2));
		if (size < MIB(8) && below(3) == 0)
			out ^= PAGE_SIZE;
		if (below(2)) {		/* as in the root cell: at first it is a part of something larger */
			map(AREA_START, 0, AREA_PAGES * PAGE_SIZE, RWX);
			out = start - AREA_START;
		} else {
			map(start, out, size, RWX);
		}
		unmap(start, size);
		fake_pool_squeeze(0);
		for (int i = 0; i < 3; i++) {
			map(start, out, size, RWX);
			check_area();
			unmap(start, size);
		}
		fake_pool_release();
		clear();
		seed = run;
	}
}

/* An SMMU does not answer: unmapped, the error is passed on, and the tables that it may read are not used again. */
static void failed_invalidation_keeps_the_tables(void **state)
{
	size_t left;

	(void)state;
	map(AREA_START, MIB(2) + PAGE_SIZE, MIB(2), RWX);
	left = page_pool_free();
	inval_result = -EIO;
	assert_int_equal(pgtable_unmap(&table, AREA_START, MIB(2)), -EIO);
	memset(model, 0, AREA_PAGES * sizeof(*model));
	check_area();
	assert_int_equal(page_pool_free(), left);
	/* splitting goes on, so that the neighbours stay mapped */
	inval_result = 0;
	map(AREA_START, GIB(4), GIB(1), RWX);
	inval_result = -EIO;
	assert_int_equal(pgtable_unmap(&table, AREA_START, PAGE_SIZE), -EIO);
	*model_at(AREA_START) = 0;
	check_area();
	left = page_pool_free();
	assert_int_equal(pgtable_clear(&table), -EIO);
	assert_int_equal(page_pool_free(), left);
}

static void clear_frees_all(void **state)
{
	size_t left = page_pool_free();

	(void)state;
	seed = 11;
	for (int i = 0; i < 50; i++)
		random_step();
	clear();
	check_area();
	assert_int_equal(page_pool_free(), left);
}

static void wrong_use_panics(void **state)
{
	(void)state;
	expect_panic(pgtable_map(&table, 1, pa(0), PAGE_SIZE, RWX));
	expect_panic(pgtable_map(&table, 0, pa(1), PAGE_SIZE, RWX));
	expect_panic(pgtable_map(&table, BIT(40), pa(0), PAGE_SIZE, RWX));
	expect_panic(pgtable_map(&table, BIT(40) - PAGE_SIZE, pa(0), 2 * PAGE_SIZE, RWX));
	expect_panic(pgtable_unmap(&table, 0, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(random_operations_match_the_model, setup),
		cmocka_unit_test_setup(leaves_are_the_largest_possible, setup),
		cmocka_unit_test_setup(known_choices, setup),
		cmocka_unit_test_setup(split_keeps_all_bits, setup),
		cmocka_unit_test_setup(exhaustion_changes_nothing, setup),
		cmocka_unit_test_setup(what_was_unmapped_comes_back, setup),
		cmocka_unit_test_setup(failed_invalidation_keeps_the_tables, setup),
		cmocka_unit_test_setup(clear_frees_all, setup),
		cmocka_unit_test_setup(wrong_use_panics, setup),
	};

	return cmocka_run_group_tests_name("pgtable", tests, NULL, NULL);
}
