// SPDX-License-Identifier: GPL-2.0-only
/* arch/arm64/pte.c: entries against values worked out by hand from the architecture, and the round trip of all words. */
#include "fake/fake.h"
#include <arch/pte.h>
#include <hyp/bits.h>

#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static void known_values(void **state)
{
	(void)state;
	/* stage 2: AF, inner shareable, MemAttr 1111, S2AP 11, executable */
	assert_int_equal(pte_leaf(PTE_S2, pa(0x40000000), 1, RWX), 0x400007fd);
	assert_int_equal(pte_leaf(PTE_S2, pa(0x40200000), 2, RWX), 0x402007fd);
	assert_int_equal(pte_leaf(PTE_S2, pa(0x40201000), 3, RWX), 0x402017ff);
	/* read-only and XN */
	assert_int_equal(pte_leaf(PTE_S2, pa(0x1000), 3, PROT_READ), 0x004000000000177fULL);
	/* Device-nGnRE: MemAttr 0001; executable is refused */
	assert_int_equal(pte_leaf(PTE_S2, pa(0x9000000), 3, RWX | PROT_DEVICE), 0x00400000090007c7ULL);
	/* EL2: AttrIndx 0, AP[1] (RES1), AP[2] = read-only, XN */
	assert_int_equal(pte_leaf(PTE_HYP, pa(0x40200000), 3, PROT_READ | PROT_EXEC), 0x402007c3);
	assert_int_equal(pte_leaf(PTE_HYP, pa(0x40200000), 2, PROT_READ | PROT_WRITE), 0x0040000040200741ULL);
	assert_int_equal(pte_leaf(PTE_HYP, pa(0x9050000), 3, PROT_READ | PROT_WRITE | PROT_DEVICE), 0x0040000009050747ULL);
	assert_int_equal(pte_table(pa(0x40300000)), 0x40300003);
}

static void round_trip_of_every_word(void **state)
{
	static const u64 outs[] = { 0, 0x40000000, 0xffffc0000000ULL };

	(void)state;
	for (int level = 1; level <= 3; level++) {
		for (u32 prot = 0; prot < 16; prot++) {
			u32 want = prot & PROT_DEVICE ? prot & ~PROT_EXEC : prot;

			for (size_t i = 0; i < ARRAY_SIZE(outs); i++) {
				pte_t s2 = pte_leaf(PTE_S2, pa(outs[i]), level, prot);
				pte_t hyp = pte_leaf(PTE_HYP, pa(outs[i]), level, prot);

				assert_true(pte_valid(s2) && pte_valid(hyp));
				assert_false(pte_is_table(s2, level) || pte_is_table(hyp, level));
				assert_int_equal(pte_addr(s2).pa, outs[i]);
				assert_int_equal(pte_addr(hyp).pa, outs[i]);
				assert_int_equal(pte_s2_prot(s2), want);
			}
		}
	}
}

static void kinds_by_level(void **state)
{
	(void)state;
	assert_false(pte_valid(0));
	assert_false(pte_is_table(0, 1));
	for (int level = 0; level < 3; level++)
		assert_true(pte_is_table(pte_table(pa(0x1000)), level));
	assert_false(pte_is_table(pte_leaf(PTE_S2, pa(0x1000), 3, RWX), 3));
	assert_false(pte_block_allowed(0));
	assert_true(pte_block_allowed(1) && pte_block_allowed(2) && pte_block_allowed(3));
	/* a link between pages in a table's first word must look invalid to a walker */
	assert_false(pte_valid(0x0000400000201000ULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(round_trip_of_every_word),
		cmocka_unit_test(kinds_by_level),
	};

	return cmocka_run_group_tests_name("pte", tests, NULL, NULL);
}
