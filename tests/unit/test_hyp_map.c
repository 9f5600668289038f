// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm/hyp_map.c: what EL2 can reach and how, read from the tables by a walker of the test's own. The linker's symbols
 * point into the fake memory, whose VA stands for HYP_VA_BASE.
 */
#include <stdio.h>

#include "fake/fake.h"
#include <arch/pte.h>
#include <hyp/bits.h>
#include <hyp/hyp_map.h>
#include <hyp/percpu.h>

#define REGION		MIB(8)
#define POOL_OFFSET	(MIB(2) + 5 * PAGE_SIZE)

/* The image, at the start of the region: 3 pages of text, 2 of rodata, 4 of data. */
static u8 region[REGION] __attribute__((aligned(MIB(2))));
__asm__(".globl __text_start, __text_end, __rodata_start, __rodata_end, hyp_data_start, __data_end\n"
	".set __text_start, region\n"
	".set __text_end, region + 3 * 4096\n"
	".set __rodata_start, region + 3 * 4096\n"
	".set __rodata_end, region + 5 * 4096\n"
	".set hyp_data_start, region + 5 * 4096\n"
	".set __data_end, region + 9 * 4096\n");

static paddr_t switched_to;
void arch_hyp_switch(paddr_t root);
void arch_hyp_switch(paddr_t root) { switched_to = root; }

/* Level of the leaf, -1 for none; in bits: out, writable, executable, device. */
static int translate(u64 va, u64 *out, bool *write, bool *exec, bool *device)
{
	u64 entries = hyp_root.pa;

	for (int level = 0; level <= 3; level++) {
		unsigned int shift = 12 + 9 * (3 - level);
		u64 pte = ((u64 *)hyp_va(pa(entries)))[(va >> shift) & 511];

		if (!(pte & 1))
			return -1;
		entries = pte & 0xfffffffff000ULL;
		if (level < 3 && (pte & 2))
			continue;
		*out = entries | (va & ((1ULL << shift) - 1));
		*write = !(pte >> 7 & 1);
		*exec = !(pte >> 54 & 1);
		*device = (pte >> 2 & 7) == 1;
		return level;
	}
	return -1;
}

static int setup(void **state)
{
	(void)state;
	hyp_linear_init(pa(FAKE_PA_BASE), REGION, FAKE_PA_BASE - (uintptr_t)region);
	page_pool_init(region + POOL_OFFSET, REGION - POOL_OFFSET);
	fake_cpu = 0;
	fake_call_count = 0;
	return hyp_map_init();
}

static void check(u64 va, u64 want, bool write, bool exec, bool device)
{
	bool w, x, d;
	u64 out;

	assert_true(translate(va, &out, &w, &x, &d) >= 0);
	assert_int_equal(out, want);
	assert_int_equal(w, write);
	assert_int_equal(x, exec);
	assert_int_equal(d, device);
	assert_false(w && x);
}

static void check_nothing(u64 va)
{
	bool w, x, d;
	u64 out;

	assert_int_equal(translate(va, &out, &w, &x, &d), -1);
}

/* Every page of the region, and nothing beside it. */
static void own_memory_is_write_xor_execute(void **state)
{
	(void)state;
	assert_int_equal(switched_to.pa, hyp_root.pa);
	for (u64 offset = 0; offset < REGION; offset += PAGE_SIZE) {
		bool data = offset >= 5 * PAGE_SIZE && offset < 9 * PAGE_SIZE;

		check((uintptr_t)region + offset, FAKE_PA_BASE + offset, data || offset >= POOL_OFFSET,
		      offset < 3 * PAGE_SIZE, false);
	}
	check_nothing((uintptr_t)region - PAGE_SIZE);
	check_nothing((uintptr_t)region + REGION);
}

static void large_parts_are_blocks(void **state)
{
	bool w, x, d;
	u64 out;

	(void)state;
	assert_int_equal(translate((uintptr_t)region + MIB(4), &out, &w, &x, &d), 2);
	assert_int_equal(translate((uintptr_t)region + MIB(2), &out, &w, &x, &d), 3);
}

static void devices_are_mapped_with_gaps(void **state)
{
	u64 uart = (uintptr_t)hyp_map_mmio(pa(0x9000000), PAGE_SIZE);
	u64 odd = (uintptr_t)hyp_map_mmio(pa(0x9050010), 0x20000);
	u64 ecam = (uintptr_t)hyp_map_mmio(pa(0x4010000000), MIB(256));
	bool w, x, d;
	u64 out;

	(void)state;
	check(uart, 0x9000000, true, false, true);
	check(odd, 0x9050010, true, false, true);
	check(odd + 0x20000 - 4, 0x907000c, true, false, true);
	check(ecam + MIB(255), 0x4010000000 + MIB(255), true, false, true);
	assert_int_equal(translate(ecam, &out, &w, &x, &d), 2);
	check_nothing(uart - PAGE_SIZE);
	check_nothing(uart + PAGE_SIZE);
	check_nothing(odd + 0x21000);
	check_nothing(ecam - PAGE_SIZE);
	check_nothing(ecam + MIB(256));
	assert_null(hyp_map_mmio(pa(0), 0));
	assert_null(hyp_map_mmio(pa(~0UL - 10), 100));
	assert_null(hyp_map_mmio(pa(0), GIB(65)));
}

static void stacks_have_guard_pages(void **state)
{
	(void)state;
	for (unsigned int cpu = 0; cpu < CFG_MAX_CPUS; cpu++) {
		u64 top = (uintptr_t)hyp_map_stack(cpu);
		bool w, x, d;
		u64 out;

		for (u64 va = top - HYP_STACK_SIZE; va < top; va += PAGE_SIZE) {
			assert_true(translate(va, &out, &w, &x, &d) == 3);
			assert_true(w && !x && !d);
			assert_true(out >= FAKE_PA_BASE + POOL_OFFSET && out < FAKE_PA_BASE + REGION);
		}
		check_nothing(top - HYP_STACK_SIZE - 1);
		check_nothing(top);
	}
}

static void windows_show_what_was_asked_and_no_more(void **state)
{
	static const struct { u64 start, size; } cases[] = {
		{ 0x58000000, 1 }, { 0x58000ffc, 8 }, { 0x58001008, 0x2ff8 }, { 0x581ff000, PAGE_SIZE },
		{ 0x58000000, MIB(2) - 1 }, { 0x58000000, MIB(2) }, { 0xffffe00000, MIB(2) }, { 0x58100000, MIB(1) },
	};

	(void)state;
	for (fake_cpu = 0; fake_cpu < CFG_MAX_CPUS; fake_cpu += 5) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			u64 start = cases[i].start, size = cases[i].size;
			u64 va = (uintptr_t)hyp_window_map(pa(start), size);
			u64 first = va & PAGE_MASK, end = ALIGN_UP(va + size, PAGE_SIZE);

			for (u64 a = first; a < end; a += PAGE_SIZE)
				check(a, (start & PAGE_MASK) + (a - first), true, false, false);
			check(va, start, true, false, false);
			check_nothing(first - 1);
			check_nothing(end);
			fake_call_count = 0;
			hyp_window_unmap();
			for (u64 a = first; a < end; a += PAGE_SIZE)
				check_nothing(a);
			assert_int_equal(fake_call_count, 1);
			assert_string_equal(fake_calls[0].name, "tlb_inval_hyp_local");
			assert_int_equal(fake_calls[0].arg[0], va);
			assert_int_equal(fake_calls[0].arg[1], size == MIB(2) ? 1 : (end - first) / PAGE_SIZE);
		}
	}
}

static void windows_of_two_cpus_do_not_meet(void **state)
{
	void *a, *b;

	(void)state;
	a = hyp_window_map(pa(0x58000000), MIB(2));
	fake_cpu = 1;
	b = hyp_window_map(pa(0x60000000), MIB(2));
	check((uintptr_t)a + MIB(1), 0x58000000 + MIB(1), true, false, false);
	check((uintptr_t)b + MIB(1), 0x60000000 + MIB(1), true, false, false);
	hyp_window_unmap();
	check((uintptr_t)a, 0x58000000, true, false, false);
	fake_cpu = 0;
	hyp_window_unmap();
}

static void wrong_use_of_a_window_panics(void **state)
{
	(void)state;
	expect_panic(hyp_window_unmap());
	expect_panic(hyp_window_map(pa(0x58000000), 0));
	expect_panic(hyp_window_map(pa(0x58000000), MIB(2) + 1));
	expect_panic(hyp_window_map(pa(0x581fffff), 2));
	hyp_window_map(pa(0x58000000), 1);
	expect_panic(hyp_window_map(pa(0x58000000), 1));
	hyp_window_unmap();
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	fake_pool_squeeze(0);
	assert_null(hyp_map_stack(0));
	assert_null(hyp_map_mmio(pa(0x9000000), PAGE_SIZE));
	assert_int_equal(hyp_map_init(), -12);
	fake_pool_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(own_memory_is_write_xor_execute, setup),
		cmocka_unit_test_setup(large_parts_are_blocks, setup),
		cmocka_unit_test_setup(devices_are_mapped_with_gaps, setup),
		cmocka_unit_test_setup(stacks_have_guard_pages, setup),
		cmocka_unit_test_setup(windows_show_what_was_asked_and_no_more, setup),
		cmocka_unit_test_setup(windows_of_two_cpus_do_not_meet, setup),
		cmocka_unit_test_setup(wrong_use_of_a_window_panics, setup),
		cmocka_unit_test_setup(no_memory_is_an_error, setup),
	};

	return cmocka_run_group_tests_name("hyp_map", tests, NULL, NULL);
}
