// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SMMU model itself (tests/model/smmu_model*.c): stage 1 in all granules, context descriptors, what is cached until
 * which invalidation, records, stall, ATS, PRI. Other tests rely on it, so it is pinned down here.
 */
#include "smmu_model_rig.h"

/* ---- stage 1 ---- */

static void walks_all_granules(void **state)
{
	static const struct { u32 granule, va_bits, level; } cases[] = {
		{ 12, 39, 3 }, { 12, 48, 3 }, { 12, 39, 2 }, { 12, 39, 1 }, { 12, 32, 2 }, { 12, 25, 3 },
		{ 14, 36, 3 }, { 14, 47, 3 }, { 14, 47, 2 }, { 16, 42, 3 }, { 16, 42, 2 }, { 16, 48, 3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 g = cases[i].granule, bits = cases[i].va_bits;
		u64 size = 1ULL << (g + (g - 3) * (3 - cases[i].level));
		u64 va = (0x155555555555ULL & ((1ULL << bits) - 1)) & ~(size - 1), out = 0x5ULL << 40;

		setup(state);
		put_cd(0, cd_flags(g, bits), ROOT);
		map_at(g, bits, va, out, cases[i].level, RW);
		expect_pa(at(va), out);
		expect_pa(at(va + size - 1, .write = true), out + size - 1);
		assert_int_equal(at(va).attr, 0xff);
		if (va + size < 1ULL << bits)
			expect_event(at(va + size), 0x10);
		expect_event(at(1ULL << bits), 0x10);
		expect_event(at(~0ULL << bits), 0x10);
	}
}

static void the_upper_half_has_its_own_tables(void **state)
{
	u64 flags = (cd_flags(12, 39) & ~(1ULL << 30)) | 1ULL << 22 | 25ULL << 16 | 1ULL << 39;

	(void)state;
	/* TG1 = 01 would be 16 KiB */
	flags ^= 3ULL << 22;
	put_cd(0, flags, ROOT);
	memory[CDTAB / 8 + 2] = ROOT;
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	expect_pa(at(0x1234), 0x42234);
	expect_pa(at(0xffffff8000001234), 0x42234);
	/* TBI1: the top byte is ignored there, but not below */
	expect_pa(at(0x12ffff8000001234), 0x42234);
	expect_event(at(0x1200000000001234), 0x10);
}

static void permissions_and_flags(void **state)
{
	(void)state;
	put_cd(0, cd_flags(12, 39), ROOT);
	map_at(12, 39, 0x1000, 0x41000, 3, RW | RO);
	map_at(12, 39, 0x2000, 0x42000, 3, RW & ~USER);
	map_at(12, 39, 0x3000, 0x43000, 3, RW & ~AF);
	map_at(12, 39, 0x4000, 1ULL << 45, 3, RW);
	map_at(12, 39, 0x5000, 0x45000, 3, RW | 1ULL << 54);
	expect_pa(at(0x1000), 0x41000);
	expect_event(at(0x1000, .write = true), 0x13);
	expect_event(at(0x2000), 0x13);
	expect_pa(at(0x2000, .priv = true, .write = true), 0x42000);
	expect_event(at(0x3000), 0x12);
	expect_event(at(0x4000), 0x11);
	expect_event(at(0x5000, .inst = true), 0x13);
	expect_pa(at(0x5000), 0x45000);
	/* APTable[1] of the level-2 entry: no writes below */
	memory[TABLES / 8] |= 1ULL << 62;
	command(0x10, 0);
	sync();
	expect_event(at(0x5000, .write = true), 0x13);
}

/* ---- context descriptors ---- */

static void substreams_linear(void **state)
{
	(void)state;
	put_ste(5, 3, 2);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	put_cd(0, cd_flags(12, 39), ROOT);
	put_cd(6, cd_flags(12, 39), ROOT);
	expect_pa(at(0x1000), 0x42000);
	expect_pa(at(0x1000, .ssv = true, .ssid = 6), 0x42000);
	expect_event(at(0x1000, .ssv = true, .ssid = 5), 0x0a);
	expect_event(at(0x1000, .ssv = true, .ssid = 8), 0x08);
	/* S1DSS = 2: SubstreamID 0 is for transactions without one */
	expect_event(at(0x1000, .ssv = true, .ssid = 0), 0x06);
}

static void s1dss(void **state)
{
	(void)state;
	put_ste(5, 3, 0);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	put_cd(0, cd_flags(12, 39), ROOT);
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	expect_event(at(0x1000), 0x06);
	expect_pa(at(0x1000, .ssv = true), 0x42000);
	put_ste(5, 3, 1);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	assert_int_equal(at(0x1234).result, MODEL_BYPASS);
	expect_pa(at(0x1234), 0x1234);
}

static void substreams_two_level(void **state)
{
	(void)state;
	put_ste(5, 8, 2);
	memory[(STRTAB + SID * 64) / 8] |= 1 << 4;
	command(0x03 | (u64)SID << 32, 0);
	sync();
	memory[CDTAB / 8 + 1] = 0x4000 | 1;
	memory[0x4080 / 8 + 1] = ROOT;
	memory[0x4080 / 8] = cd_flags(12, 39);
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	expect_pa(at(0x1000, .ssv = true, .ssid = 66), 0x42000);
	expect_event(at(0x1000, .ssv = true, .ssid = 10), 0x08);
	/* leaf only: the pointer stays */
	memory[CDTAB / 8 + 1] = 0;
	command(0x05 | 66 << 12 | (u64)SID << 32, 1);
	sync();
	assert_int_equal(at(0x1000, .ssv = true, .ssid = 7).event, 0x08);
	assert_true(possible(0) > 0);
	{
		struct model_txn txn = { .sid = SID, .address = 0x1000, .ssv = true, .ssid = 66 };
		struct model_outcome out[32];

		assert_int_equal(outcomes(&txn, out), 2);
		command(0x05 | 66 << 12 | (u64)SID << 32, 0);
		sync();
		assert_int_equal(outcomes(&txn, out), 1);
	}
}

static void a_context_is_cached(void **state)
{
	(void)state;
	put_cd(0, cd_flags(12, 39), ROOT);
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	expect_pa(at(0x1000), 0x42000);
	put_cd(0, 0, 0);
	assert_int_equal(possible(0x1000), 2);
	command(0x05 | 1 << 12 | (u64)SID << 32, 0);	/* another one's */
	command(0x06 | (u64)(SID + 1) << 32, 0);
	sync();
	assert_int_equal(possible(0x1000), 2);
	command(0x05 | (u64)SID << 32, 1);
	assert_int_equal(possible(0x1000), 2);		/* not before the sync */
	sync();
	expect_event(at(0x1000), 0x0a);
}

/* ---- caches of translations ---- */

static void unmapped_but_cached(void)
{
	setup(NULL);
	put_cd(0, cd_flags(12, 39), ROOT);
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	map_at(12, 39, 0x2000, 0x43000, 3, RW & ~NG);
	expect_pa(at(0x1000), 0x42000);
	expect_pa(at(0x2000), 0x43000);
	map_at(12, 39, 0x1000, 0, 3, 0);
	memory[(TABLES + 0x10000) / 8 + 1] = 0;
	memory[(TABLES + 0x10000) / 8 + 2] = 0;
	assert_int_equal(possible(0x1000), 2);
	assert_int_equal(possible(0x2000), 2);
}

static void invalidations_of_stage_1(void **state)
{
	static const struct { u64 dw0, dw1; u32 first, second; } cases[] = {
		{ 0x10, 0, 1, 1 },			/* all */
		{ 0x11 | ASID << 48, 0, 1, 2 },		/* by ASID: not what is global */
		{ 0x11 | 1ULL << 48, 0, 2, 2 },
		{ 0x12 | ASID << 48, 0x1000, 1, 2 },
		{ 0x12 | ASID << 48, 0x2001, 2, 1 },	/* by address: also what is global */
		{ 0x12 | 1ULL << 48, 0x1000, 2, 2 },
		{ 0x13, 0x1001, 1, 2 },			/* any ASID */
		{ 0x13 | 1 << 12, 0x1400, 1, 1 },	/* two pages */
		{ 0x13 | 1 << 12, 0x1700, 1, 1 },	/* of level 3 */
		{ 0x13 | 1 << 12, 0x1600, 2, 2 },	/* of level 2 */
		{ 0x13 | 1 << 20, 0x2400, 2, 1 },
		{ 0x30, 0, 1, 1 },
		{ 0x28 | 1ULL << 32, 0, 2, 2 },		/* another VMID */
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		unmapped_but_cached();
		command(cases[i].dw0, cases[i].dw1);
		sync();
		assert_int_equal(possible(0x1000), cases[i].first);
		assert_int_equal(possible(0x2000), cases[i].second);
	}
}

static void both_stages(void **state)
{
	struct model_outcome o;

	(void)state;
	nested();
	expect_pa(at(0x1010), 0xfe010);
	/* the page goes away in stage 2; the entry of both stages stays until stage 1 is invalidated, too */
	*s2_entry(0x42000) = 0;
	command(0x2a | VMID << 32, 0x42000);
	sync();
	assert_int_equal(possible(0x1010), 2);
	command(0x10 | VMID << 32, 0);
	sync();
	o = at(0x1010, .write = true);
	expect_event(o, 0x10);
	assert_true(o.s2);
	assert_int_equal(o.class, CLASS_INPUT);
	assert_int_equal(o.ipa, 0x42000);
	/* and the tables themselves */
	*s2_entry(ROOT) = 0;
	command(0x28 | VMID << 32, 0);
	sync();
	o = at(0x1000);
	assert_int_equal(o.class, CLASS_TABLE);
	assert_int_equal(o.ipa, ROOT);
	*s2_entry(CDTAB) = 0;
	command(0x06 | (u64)SID << 32, 0);
	command(0x28 | VMID << 32, 0);
	sync();
	o = at(0x1000);
	assert_int_equal(o.class, CLASS_CD);
	assert_int_equal(o.ipa, CDTAB);
}

static void a_sync_belongs_between_the_stages(void **state)
{
	(void)state;
	nested();
	m.slow = 1;
	expect_pa(at(0x1010), 0xfe010);
	*s2_entry(0x42000) = 0;
	command(0x2a | VMID << 32, 0x42000);
	command(0x10 | VMID << 32, 0);
	smmu_model_read(&m, 0x9c, 4);
	smmu_model_read(&m, 0x9c, 4);
	/* stage 2 may still be cached as it was: what is filled from it now stays */
	assert_int_equal(possible(0x1010), 2);
	sync();
	smmu_model_read(&m, 0x9c, 4);
	assert_int_equal(possible(0x1010), 2);
	m.slow = 0;
	command(0x10 | VMID << 32, 0);
	sync();
	assert_int_equal(possible(0x1010), 1);
}

/* ---- records ---- */

static void records_have_all_fields(void **state)
{
	struct model_txn txn = { .sid = SID, .ssid = 9, .ssv = true, .write = true, .priv = true, .address = 0x123456 };
	struct model_outcome out[32];

	(void)state;
	put_ste(5, 4, 0);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	put_cd(9, cd_flags(12, 39), ROOT);
	assert_int_equal(outcomes(&txn, out), 1);
	smmu_model_take(&m, &txn, out);
	assert_int_equal(m.evtq.prod, 1);
	assert_int_equal(irqs, 1);
	assert_int_equal(memory[EVTQ / 8], 0x10 | 1 << 11 | 9 << 12 | (u64)SID << 32);
	assert_int_equal(memory[EVTQ / 8 + 1], 2ULL << 40 | 1ULL << 33);
	assert_int_equal(memory[EVTQ / 8 + 2], 0x123456);
	for (u32 i = 0; i < 8; i++)
		smmu_model_take(&m, &txn, out);
	assert_int_equal(m.evtq.prod, 8 | 1u << 31);
	assert_int_equal(m.events_lost, 1);
}

static void entries_outside_memory(void **state)
{
	(void)state;
	put_cd(0, cd_flags(12, 39), ROOT);
	memory[ROOT / 8] = MEMORY | 3;
	expect_event(at(0x1000), 0x0b);
	memory[(STRTAB + SID * 64) / 8] = MEMORY | 5 << 1 | 1;
	command(0x03 | (u64)SID << 32, 0);
	sync();
	expect_event(at(0x1000), 0x09);
	smmu_model_write(&m, 0x20, 4, 0xc);
	smmu_model_write(&m, 0x80, 8, MEMORY);
	smmu_model_write(&m, 0x20, 4, 0xd);
	command(0x04, 31);
	sync();
	expect_event(at(0x1000), 0x03);
	assert_int_equal(at(0x1000).ipa, MEMORY + SID * 64);
}

/* ---- stall, ATS, PRI ---- */

static void stall_and_resume(void **state)
{
	struct model_txn txn = { .sid = SID, .address = 0x5000 };
	struct model_outcome out[32];

	(void)state;
	put_cd(0, cd_flags(12, 39) | 1ULL << 44, ROOT);
	assert_int_equal(outcomes(&txn, out), 1);
	assert_int_equal(out[0].result, MODEL_STALLED);
	smmu_model_take(&m, &txn, out);
	smmu_model_take(&m, &txn, out);
	assert_int_equal(memory[EVTQ / 8 + 5] & 0xffffffff, 1u << 31 | 1);
	command(0x44 | 1 << 12 | (u64)(SID + 1) << 32, 1);	/* not its stream */
	assert_true(m.stall[1].used);
	command(0x44 | 1 << 12 | (u64)SID << 32, 1);
	assert_false(m.stall[1].used);
	command(0x45 | (u64)SID << 32, 0);
	assert_false(m.stall[0].used);
	/* S1STALLD makes such a CD illegal */
	put_ste(5, 0, 1 << 27);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	expect_event(at(0x5000), 0x0a);
}

static void ats_split_and_full(void **state)
{
	struct model_txn txn = { .sid = SID, .address = 0x1000 };
	struct model_outcome out[32];

	(void)state;
	nested();
	assert_int_equal(smmu_model_ats_request(&m, &txn, out, 32), 1);
	expect_event(out[0], 0x05);
	expect_event(at(0x42000, .translated = true), 0x07);
	put_ste(7, 0, 2 << 28);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	/* the device gets the IPA, and may use it; another address must pass stage 2 as well */
	assert_int_equal(smmu_model_ats_request(&m, &txn, out, 32), 1);
	assert_int_equal(out[0].pa, 0x42000);
	assert_int_equal(m.atc_count, 1);
	expect_pa(at(0x42000, .translated = true), 0xfe000);
	expect_event(at(0x90000, .translated = true), 0x10);
	command(0x40 | (u64)SID << 32, 0x2000);
	sync();
	assert_int_equal(m.atc_count, 1);
	command(0x40 | (u64)SID << 32, 52);
	sync();
	assert_int_equal(m.atc_count, 0);
	put_ste(7, 0, 1 << 28);
	command(0x03 | (u64)SID << 32, 0);
	sync();
	assert_int_equal(at(0x90000, .translated = true).result, MODEL_BYPASS);
}

static void page_requests(void **state)
{
	struct model_txn txn = { .sid = SID, .ssid = 2, .ssv = true, .write = true, .address = 0x7000 };

	(void)state;
	assert_true(smmu_model_page_request(&m, &txn, 3, true));
	assert_int_equal(memory[PRIQ / 8], SID | 2ULL << 32 | 1ULL << 61 | 1ULL << 62 | 1ULL << 63);
	assert_int_equal(memory[PRIQ / 8 + 1], 0x7003);
	assert_true(smmu_model_page_request(&m, &txn, 3, true));
	assert_false(smmu_model_page_request(&m, &txn, 3, true));
	assert_int_equal(m.priq.prod >> 31, 1);
	/* after an overflow all are refused until it is acknowledged */
	smmu_model_write(&m, 0x100cc, 4, 2);
	assert_false(smmu_model_page_request(&m, &txn, 3, true));
	smmu_model_write(&m, 0x100cc, 4, 2 | 1u << 31);
	assert_true(smmu_model_page_request(&m, &txn, 3, true));
}

/* ---- a guest's registers ---- */

static void errors_stop_the_queue(void **state)
{
	(void)state;
	irqs = 0;
	command(0x46 | 3 << 12, 0);
	assert_int_equal(irqs, 1);
	assert_int_equal(smmu_model_read(&m, 0x9c, 4), 1 << 24);
	assert_int_equal(smmu_model_read(&m, 0x60, 4), 1);
	memory[CMDQ / 8] = 0x46;
	smmu_model_write(&m, 0x64, 4, 1);
	assert_int_equal(smmu_model_read(&m, 0x9c, 4) & 0xfffff, 1);
}

static void writes_while_enabled_are_ignored(void **state)
{
	(void)state;
	smmu_model_write(&m, 0x80, 8, 0x8000);
	smmu_model_write(&m, 0x90, 4, 0x8000);
	smmu_model_write(&m, 0x88, 4, 3);
	smmu_model_write(&m, 0x28, 4, 3);
	assert_int_equal(smmu_model_read(&m, 0x80, 8), STRTAB);
	assert_int_equal(smmu_model_read(&m, 0x90, 4), CMDQ | 8);
	assert_int_equal(smmu_model_read(&m, 0x88, 4), 4);
	assert_int_equal(smmu_model_read(&m, 0x28, 4), 0);
	smmu_model_write(&m, 0x20, 4, 0);
	smmu_model_write(&m, 0x94, 4, 0x40000001);
	assert_int_equal(smmu_model_read(&m, 0x90, 8), 0x4000000100000000 | CMDQ | 8);
	smmu_model_write(&m, 0x90, 4, 31);
	assert_int_equal(smmu_model_read(&m, 0x90, 4), 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(walks_all_granules, setup),
		cmocka_unit_test_setup(the_upper_half_has_its_own_tables, setup),
		cmocka_unit_test_setup(permissions_and_flags, setup),
		cmocka_unit_test_setup(substreams_linear, setup),
		cmocka_unit_test_setup(s1dss, setup),
		cmocka_unit_test_setup(substreams_two_level, setup),
		cmocka_unit_test_setup(a_context_is_cached, setup),
		cmocka_unit_test_setup(invalidations_of_stage_1, setup),
		cmocka_unit_test_setup(both_stages, setup),
		cmocka_unit_test_setup(a_sync_belongs_between_the_stages, setup),
		cmocka_unit_test_setup(records_have_all_fields, setup),
		cmocka_unit_test_setup(entries_outside_memory, setup),
		cmocka_unit_test_setup(stall_and_resume, setup),
		cmocka_unit_test_setup(ats_split_and_full, setup),
		cmocka_unit_test_setup(page_requests, setup),
		cmocka_unit_test_setup(errors_stop_the_queue, setup),
		cmocka_unit_test_setup(writes_while_enabled_are_ignored, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
