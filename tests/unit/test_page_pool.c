// SPDX-License-Identifier: GPL-2.0-only
/* mm/page_pool.c: against a plain array of owners under random use, at its limits, and against wrong use. */
#include <stdlib.h>
#include <string.h>

#include "fake/fake.h"
#include <hyp/page_pool.h>

#define PAGES 700			/* more than one word of the bitmap, no multiple of 64 */

struct owned { u8 *first; size_t count; };

static bool is_zero(const u8 *p, size_t bytes)
{
	return p[0] == 0 && memcmp(p, p + 1, bytes - 1) == 0;
}

static void random_use_never_overlaps(void **state)
{
	struct owned owned[64] = { 0 };
	u8 *arena = fake_memory_init(PAGES * PAGE_SIZE);
	size_t free_at_start = page_pool_free();
	u64 seed = 3;

	(void)state;
	assert_int_equal(page_pool_total(), PAGES);
	for (int step = 0; step < 20000; step++) {
		struct owned *o = &owned[fake_random(&seed) % 64];
		size_t align = 1UL << fake_random(&seed) % 5;
		size_t before = page_pool_free();

		if (o->first) {
			for (size_t i = 0; i < o->count * PAGE_SIZE; i += 512)
				assert_int_equal(o->first[i], (u8)(o - owned + 1));
			page_free(o->first, o->count);
			assert_int_equal(page_pool_free(), before + o->count);
			o->first = NULL;
			continue;
		}
		o->count = 1 + fake_random(&seed) % 20;
		o->first = page_alloc(o->count, align);
		if (!o->first)
			continue;
		assert_int_equal(page_pool_free(), before - o->count);
		assert_true(o->first >= arena && o->first + o->count * PAGE_SIZE <= arena + PAGES * PAGE_SIZE);
		assert_int_equal(hyp_pa(o->first).pa % (align * PAGE_SIZE), 0);
		assert_true(is_zero(o->first, o->count * PAGE_SIZE));
		memset(o->first, (int)(o - owned + 1), o->count * PAGE_SIZE);
	}
	for (size_t i = 0; i < 64; i++) {
		if (owned[i].first)
			page_free(owned[i].first, owned[i].count);
	}
	assert_int_equal(page_pool_free(), free_at_start);
}

static void gives_every_page_and_then_none(void **state)
{
	size_t n = 0;

	(void)state;
	fake_memory_init(PAGES * PAGE_SIZE);
	while (page_alloc(1, 1))
		n++;
	assert_int_equal(n, PAGES - 1);		/* one page holds the bitmap */
	assert_int_equal(page_pool_free(), 0);
	assert_null(page_alloc(1, 512));
}

static void all_of_it_in_one_piece(void **state)
{
	u8 *all;

	(void)state;
	fake_memory_init(PAGES * PAGE_SIZE);
	assert_null(page_alloc(PAGES, 1));
	assert_null(page_alloc(SIZE_MAX, 1));
	all = page_alloc(PAGES - 1, 1);
	assert_non_null(all);
	page_free(all + 5 * PAGE_SIZE, 2);
	assert_null(page_alloc(3, 1));
	assert_ptr_equal(page_alloc(2, 1), all + 5 * PAGE_SIZE);
}

/* The pool starts behind the image, so at an address that is aligned to a page only, or not even that. */
static void aligns_physically(void **state)
{
	u8 *arena = fake_memory_init(PAGES * PAGE_SIZE), *block;

	(void)state;
	page_pool_init(arena + 3 * PAGE_SIZE + 100, (PAGES - 3) * PAGE_SIZE - 100);
	assert_ptr_equal(page_pool_start(), arena + 4 * PAGE_SIZE);
	assert_int_equal(page_pool_total(), PAGES - 4);
	block = page_alloc(2, 128);
	assert_non_null(block);
	assert_int_equal(hyp_pa(block).pa % (128 * PAGE_SIZE), 0);
}

static void wrong_use_panics(void **state)
{
	u8 *page;

	(void)state;
	fake_memory_init(PAGES * PAGE_SIZE);
	page = page_alloc(1, 1);
	page_free(page, 1);
	expect_panic(page_free(page, 1));	/* leaves the pool locked */
	fake_memory_init(PAGES * PAGE_SIZE);
	page = page_alloc(1, 1);
	expect_panic(page_free(page + 8, 1));
	expect_panic(page_free((void *)8, 1));
	expect_panic(page_alloc(0, 1));
	expect_panic(page_alloc(1, 3));
}

static void linear_map_has_bounds(void **state)
{
	u8 *arena = fake_memory_init(PAGES * PAGE_SIZE);

	(void)state;
	assert_int_equal(hyp_pa(arena).pa, FAKE_PA_BASE);
	assert_ptr_equal(hyp_va(pa(FAKE_PA_BASE + 0x1234)), arena + 0x1234);
	assert_int_equal(hyp_pa(arena + PAGES * PAGE_SIZE - 1).pa, FAKE_PA_BASE + PAGES * PAGE_SIZE - 1);
	expect_panic(hyp_pa(arena - 1));
	expect_panic(hyp_pa(arena + PAGES * PAGE_SIZE));
	expect_panic(hyp_va(pa(FAKE_PA_BASE - 1)));
	expect_panic(hyp_va(pa(FAKE_PA_BASE + PAGES * PAGE_SIZE)));
	expect_panic(hyp_va(pa(~0UL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use_never_overlaps),
		cmocka_unit_test(gives_every_page_and_then_none),
		cmocka_unit_test(all_of_it_in_one_piece),
		cmocka_unit_test(aligns_physically),
		cmocka_unit_test(wrong_use_panics),
		cmocka_unit_test(linear_map_has_bounds),
	};

	return cmocka_run_group_tests_name("page_pool", tests, NULL, NULL);
}
