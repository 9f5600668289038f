// SPDX-License-Identifier: GPL-2.0-only
/* mm/stage2.c: who is invalidated, in which order and with what result; refusals. */
#include <string.h>

#include "fake/fake.h"
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/stage2.h>

#define RW (PROT_READ | PROT_WRITE)

static struct stage2 s2;
static size_t free_before_init;
static int smmu_result;
static bool mapped_at_inval;		/* was the watched IPA still mapped when a TLB was invalidated? */
static u64 watched;
static size_t free_at_inval;

int smmu_s2_inval(u16 vmid, ipaddr_t start, u64 size)
{
	fake_record("smmu", vmid, start.ipa, size);
	return smmu_result;
}

/* Reads without the lock, which the operation that is being watched holds. */
static void watch(const struct fake_call *call)
{
	int level;

	(void)call;
	mapped_at_inval |= pte_valid(pgtable_lookup(&s2.table, watched, &level));
	free_at_inval = page_pool_free();
}

static int setup(void **state)
{
	(void)state;
	fake_memory_init(MIB(8));
	free_before_init = page_pool_free();
	smmu_result = 0;
	assert_int_equal(stage2_init(&s2, 7), 0);
	fake_call_count = 0;
	fake_on_call = NULL;
	mapped_at_inval = false;
	return 0;
}

static void vttbr_has_vmid_and_root(void **state)
{
	u64 vttbr = stage2_vttbr(&s2);

	(void)state;
	assert_int_equal(vttbr >> 48, 7);
	assert_int_equal(vttbr & GENMASK(47, 0), hyp_pa(s2.table.root).pa);
	assert_int_equal(hyp_pa(s2.table.root).pa % (2 * PAGE_SIZE), 0);
}

static void unmap_invalidates_cpus_then_smmus(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(MIB(64)), pa(GIB(1)), MIB(4), RW), 0);
	assert_int_equal(fake_call_count, 0);
	watched = MIB(64);
	fake_on_call = watch;
	assert_int_equal(stage2_unmap(&s2, ipa(MIB(64)), MIB(4)), 0);
	assert_int_equal(fake_call_count, 2);
	assert_string_equal(fake_calls[0].name, "tlb_inval_s2_range");
	assert_int_equal(fake_calls[0].arg[0], stage2_vttbr(&s2));
	assert_int_equal(fake_calls[0].arg[1], MIB(64));
	assert_int_equal(fake_calls[0].arg[2], MIB(4));
	assert_string_equal(fake_calls[1].name, "smmu");
	assert_int_equal(fake_calls[1].arg[0], 7);
	assert_int_equal(fake_calls[1].arg[1], MIB(64));
	assert_int_equal(fake_calls[1].arg[2], MIB(4));
	assert_false(mapped_at_inval);
}

static void split_invalidates_the_whole_block_first(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(MIB(64)), pa(GIB(1)), MIB(2), RW), 0);
	watched = MIB(65);
	fake_on_call = watch;
	assert_int_equal(stage2_unmap(&s2, ipa(MIB(64)), PAGE_SIZE), 0);
	assert_int_equal(fake_call_count, 4);
	assert_int_equal(fake_calls[1].arg[1], MIB(64));
	assert_int_equal(fake_calls[1].arg[2], MIB(2));
	assert_int_equal(fake_calls[3].arg[2], PAGE_SIZE);
}

static void smmu_that_does_not_answer(void **state)
{
	size_t left;

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(0), pa(GIB(1)), MIB(2) + PAGE_SIZE, RW), 0);
	smmu_result = -EIO;
	left = page_pool_free();
	assert_int_equal(stage2_unmap(&s2, ipa(0), MIB(2) + PAGE_SIZE), -EIO);
	assert_int_equal(page_pool_free(), left);
	stage2_exit(&s2);
	assert_true(page_pool_free() <= left);
	assert_non_null(strstr(fake_log, "VMID 7"));
}

static void exit_invalidates_all_and_frees_all(void **state)
{
	size_t left;

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(PAGE_SIZE), pa(GIB(1)), GIB(1), RW), 0);
	watched = PAGE_SIZE;
	fake_on_call = watch;
	left = page_pool_free();
	stage2_exit(&s2);
	/* the tables went to the pool after the last invalidation, not before */
	assert_false(mapped_at_inval);
	assert_int_equal(free_at_inval, left);
	assert_int_equal(fake_call_count, 2);
	assert_string_equal(fake_calls[0].name, "tlb_inval_s2_range");
	assert_int_equal(fake_calls[0].arg[2], BIT(S2_IPA_BITS));
	assert_int_equal(fake_calls[1].arg[2], ~0UL);
	assert_int_equal(page_pool_free(), free_before_init);
}

static void lookup_says_what_is_there(void **state)
{
	paddr_t out;
	u32 prot;

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(GIB(1)), pa(MIB(6)), MIB(2), PROT_READ), 0);
	assert_int_equal(stage2_map(&s2, ipa(GIB(1) + MIB(2)), pa(0x9000000), PAGE_SIZE, RW | PROT_DEVICE), 0);
	assert_true(stage2_find(&s2, ipa(GIB(1) + 0x12345), &out, &prot));
	assert_int_equal(out.pa, MIB(6) + 0x12345);
	assert_int_equal(prot, PROT_READ);
	assert_true(stage2_find(&s2, ipa(GIB(1) + MIB(2) + 8), &out, &prot));
	assert_int_equal(out.pa, 0x9000008);
	assert_int_equal(prot, RW | PROT_DEVICE);
	assert_false(stage2_find(&s2, ipa(GIB(1) + MIB(2) + PAGE_SIZE), &out, &prot));
	assert_false(stage2_find(&s2, ipa(0), &out, &prot));
	assert_false(stage2_find(&s2, ipa(BIT(40)), &out, &prot));
	assert_false(stage2_find(&s2, ipa(~0UL), &out, &prot));
}

static void wrong_ranges_are_refused(void **state)
{
	static const struct { u64 start, size; } wrong[] = {
		{ 0, 0 }, { 1, PAGE_SIZE }, { 0, 1 }, { BIT(40), PAGE_SIZE }, { BIT(40) - PAGE_SIZE, 2 * PAGE_SIZE },
		{ PAGE_SIZE, ~(u64)(PAGE_SIZE - 1) }, { ~(u64)(PAGE_SIZE - 1), PAGE_SIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(stage2_map(&s2, ipa(wrong[i].start), pa(0), wrong[i].size, RW), -EINVAL);
		assert_int_equal(stage2_unmap(&s2, ipa(wrong[i].start), wrong[i].size), -EINVAL);
	}
	assert_int_equal(stage2_map(&s2, ipa(0), pa(8), PAGE_SIZE, RW), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa(0), pa(BIT(48)), PAGE_SIZE, RW), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa(0), pa(BIT(48) - PAGE_SIZE), 2 * PAGE_SIZE, RW), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa(0), pa(~(u64)(PAGE_SIZE - 1)), 2 * PAGE_SIZE, RW), -EINVAL);
	assert_int_equal(s2.table.pages, 0);
	/* the last page that there is */
	assert_int_equal(stage2_map(&s2, ipa(BIT(40) - PAGE_SIZE), pa(0), PAGE_SIZE, RW), 0);
	assert_int_equal(stage2_unmap(&s2, ipa(0), BIT(40)), 0);
}

/* As a cell's life uses it: two ranges of the root, taken and given back again and again, with no page in the pool. */
static void ranges_come_back_without_memory(void **state)
{
	const ipaddr_t one = ipa(GIB(1) + MIB(1)), two = ipa(GIB(1) + MIB(32) + PAGE_SIZE);

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa(GIB(1)), pa(GIB(1)), GIB(1), RW), 0);
	assert_int_equal(stage2_unmap(&s2, one, MIB(16)), 0);
	assert_int_equal(stage2_unmap(&s2, two, MIB(16)), 0);
	fake_pool_squeeze(0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(stage2_map(&s2, two, pa(two.ipa), MIB(16), RW), 0);
		assert_int_equal(stage2_map(&s2, one, pa(one.ipa), MIB(16), RW), 0);
		assert_int_equal(stage2_unmap(&s2, one, MIB(16)), 0);
		assert_int_equal(stage2_unmap(&s2, two, MIB(16)), 0);
	}
	fake_pool_release();
	stage2_exit(&s2);
	assert_int_equal(page_pool_free(), free_before_init);
}

static void init_without_memory(void **state)
{
	struct stage2 other;

	(void)state;
	fake_pool_squeeze(0);
	assert_int_equal(stage2_init(&other, 9), -ENOMEM);
	fake_pool_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(vttbr_has_vmid_and_root, setup),
		cmocka_unit_test_setup(unmap_invalidates_cpus_then_smmus, setup),
		cmocka_unit_test_setup(split_invalidates_the_whole_block_first, setup),
		cmocka_unit_test_setup(smmu_that_does_not_answer, setup),
		cmocka_unit_test_setup(exit_invalidates_all_and_frees_all, setup),
		cmocka_unit_test_setup(lookup_says_what_is_there, setup),
		cmocka_unit_test_setup(wrong_ranges_are_refused, setup),
		cmocka_unit_test_setup(ranges_come_back_without_memory, setup),
		cmocka_unit_test_setup(init_without_memory, setup),
	};

	return cmocka_run_group_tests_name("stage2", tests, NULL, NULL);
}
