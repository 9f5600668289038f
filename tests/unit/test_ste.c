// SPDX-License-Identifier: GPL-2.0-only
/*
 * smmu/ste.c: the builders field by field, and the writer over all pairs of entries. At each sync, and for every order
 * in which the stores before it may become visible, the entry must act as the old one, as the new one or, where no
 * hitless way exists, as an invalid one. "Acts as" is written down here again, not taken from the writer.
 */
#include <string.h>

#include "fake/fake.h"
#include <arch/pte.h>
#include "../../hypervisor/smmu/smmu_internal.h"

#define VTTBR_A		(FIELD_PREP(VTTBR_VMID, 3) | 0x41234000)
#define VTTBR_B		(FIELD_PREP(VTTBR_VMID, 9) | 0x45678000)

/* ---- builders ---- */

static void stage2_fields_come_from_vtcr_and_vttbr(void **state)
{
	struct ste ste = ste_s2(s2_vtcr(), VTTBR_A, 4);

	(void)state;
	/* V, Config = 0b110 */
	assert_int_equal(ste.dw[0], 1 | 6 << 1);
	/* MEV, SHCFG = use incoming; EATS and STRW 0 */
	assert_int_equal(ste.dw[1], 1ULL << 19 | 1ULL << 44);
	/* S2VMID 3, T0SZ 24, SL0 1, IR0 1, OR0 1, SH0 3, TG 0, PS 4 (44 bits), AA64, AFFD, R; not S, not PTW */
	assert_int_equal(ste.dw[2], 3 | 24ULL << 32 | 1ULL << 38 | 1ULL << 40 | 1ULL << 42 | 3ULL << 44 | 4ULL << 48 |
			 1ULL << 51 | 1ULL << 53 | 1ULL << 58);
	assert_int_equal(ste.dw[3], 0x41234000);
	for (int i = 4; i < 8; i++)
		assert_int_equal(ste.dw[i], 0);
}

static void output_size_is_what_both_can(void **state)
{
	u64 vtcr48 = (s2_vtcr() & ~VTCR_PS) | FIELD_PREP(VTCR_PS, 5);

	(void)state;
	assert_int_equal(FIELD_GET(STE2_S2PS, ste_s2(vtcr48, VTTBR_A, 4).dw[2]), 4);
	assert_int_equal(FIELD_GET(STE2_S2PS, ste_s2(vtcr48, VTTBR_A, 5).dw[2]), 5);
	assert_int_equal(FIELD_GET(STE2_S2PS, ste_s2(vtcr48, VTTBR_A, 6).dw[2]), 5);
	assert_int_equal(FIELD_GET(STE2_S2PS, ste_s2(s2_vtcr(), VTTBR_A, 0).dw[2]), 0);
}

static void nested_takes_stage_1_fields_only(void **state)
{
	struct ste s2 = ste_s2(s2_vtcr(), VTTBR_A, 4), ste = ste_s1_s2(&s2, ~0ULL, ~0ULL);

	(void)state;
	/* Config 0b111, and of a hostile dword 0: S1Fmt, S1ContextPtr, S1CDMax */
	assert_int_equal(ste.dw[0], 1 | 7 << 1 | 3 << 4 | 0xfffffffffffc0 | 0x1fULL << 59);
	/* S1DSS, S1CIR, S1COR, S1CSH, S1STALLD, EATS on top of stage 2's; no STRW, S2FWB, SHCFG of the cell's */
	assert_int_equal(ste.dw[1], s2.dw[1] | 0xff | 1 << 27 | 3ULL << 28);
	assert_int_equal(ste.dw[2], s2.dw[2] | 1ULL << 54);
	assert_int_equal(ste.dw[3], s2.dw[3]);
}

static void abort_and_invalid(void **state)
{
	(void)state;
	assert_int_equal(ste_abort().dw[0], 1);
	assert_int_equal(ste_invalid().dw[0], 0);
	for (int i = 1; i < 8; i++)
		assert_int_equal(ste_abort().dw[i] | ste_invalid().dw[i], 0);
}

/* ---- the writer ---- */

/* What the SMMU makes of an entry: everything that it does not look at is cleared. */
static struct ste meaning(struct ste ste)
{
	u32 config = (ste.dw[0] >> 1) & 7;
	struct ste m = { 0 };

	if (!(ste.dw[0] & 1))
		return m;
	m.dw[0] = ste.dw[0] & 0xf;
	if (config == 0)
		return m;
	m.dw[1] = ste.dw[1];
	if (config & 1)
		m.dw[0] = ste.dw[0];
	else
		m.dw[1] &= ~(0xffULL | 1 << 27);
	if (config & 2) {
		m.dw[2] = ste.dw[2] & (config & 1 ? ~0ULL : ~(1ULL << 54));
		m.dw[3] = ste.dw[3];
	}
	return m;
}

static bool same(struct ste a, struct ste b)
{
	return !memcmp(&a, &b, sizeof(a));
}

static struct {
	struct ste slot, seen, old, new;
	int syncs, fail_at;
	bool invalid;
} w;

static void look(const struct ste *at)
{
	struct ste m = meaning(*at);

	if (same(m, meaning(w.old)) || same(m, meaning(w.new)))
		return;
	assert_true(same(m, ste_invalid()));
	w.invalid = true;
}

static int on_sync(void *ctx)
{
	/* every subset of the stores since the last sync */
	for (u32 mask = 0; mask < 256; mask++) {
		struct ste mix = w.slot;

		for (int i = 0; i < 8; i++)
			if (mask & 1u << i)
				mix.dw[i] = w.seen.dw[i];
		look(&mix);
	}
	w.seen = w.slot;
	assert_ptr_equal(ctx, &w);
	return ++w.syncs == w.fail_at ? -5 : 0;
}

static int change(struct ste old, struct ste new)
{
	int err;

	memset(&w, 0, sizeof(w));
	w.slot = w.seen = w.old = old;
	w.new = new;
	err = ste_write(&w.slot, &new, on_sync, &w);
	assert_true(same(w.slot, new));
	/* nothing was stored after the last sync */
	assert_true(same(w.slot, w.seen));
	return err;
}

static void expect(struct ste old, struct ste new, int syncs, bool through_invalid)
{
	assert_int_equal(change(old, new), 0);
	assert_int_equal(w.syncs, syncs);
	assert_int_equal(w.invalid, through_invalid);
}

static void number_of_syncs(void **state)
{
	struct ste off = ste_invalid(), abort = ste_abort(), s2 = ste_s2(s2_vtcr(), VTTBR_A, 4);
	struct ste other = ste_s2(s2_vtcr(), VTTBR_B, 4), nested = ste_s1_s2(&s2, 0x7000, 0x5d);
	struct ste dss = ste_s1_s2(&s2, 0x7000, 0x5e), both = ste_s1_s2(&s2, 0x9000, 0x5e);

	(void)state;
	expect(abort, abort, 0, false);
	expect(off, abort, 1, false);
	expect(abort, off, 1, false);
	expect(abort, s2, 2, false);
	expect(s2, abort, 2, false);
	expect(off, s2, 2, false);
	expect(s2, off, 2, false);
	expect(s2, nested, 2, false);
	expect(nested, s2, 2, false);
	expect(nested, abort, 2, false);
	expect(nested, dss, 1, false);
	expect(nested, both, 3, true);
	expect(s2, other, 3, true);
}

static void random_entries(void **state)
{
	static const u8 configs[] = { 0, 4, 5, 6, 7 };
	u64 seed = 11;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct ste ste[2] = { 0 };

		for (int e = 0; e < 2; e++) {
			for (int i = 0; i < 4; i++)
				ste[e].dw[i] = fake_random(&seed) & fake_random(&seed);
			ste[e].dw[0] = (ste[e].dw[0] & ~0xfULL) | (fake_random(&seed) % 4 != 0) |
				       configs[fake_random(&seed) % ARRAY_SIZE(configs)] << 1;
			if (fake_random(&seed) % 2)
				ste[e].dw[1] = ste[0].dw[1], ste[e].dw[2] = ste[0].dw[2];
			/* a driver leaves what is not looked at 0 in one entry of two */
			if (fake_random(&seed) % 2)
				ste[e] = meaning(ste[e]);
		}
		assert_int_equal(change(ste[0], ste[1]), 0);
	}
}

static void goes_on_after_a_failed_sync_and_says_so(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.slot = w.seen = w.old = ste_s2(s2_vtcr(), VTTBR_A, 4);
	w.new = ste_abort();
	w.fail_at = 1;
	assert_int_equal(ste_write(&w.slot, &w.new, on_sync, &w), -5);
	assert_true(same(w.slot, w.new));
	assert_int_equal(w.syncs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage2_fields_come_from_vtcr_and_vttbr),
		cmocka_unit_test(output_size_is_what_both_can),
		cmocka_unit_test(nested_takes_stage_1_fields_only),
		cmocka_unit_test(abort_and_invalid),
		cmocka_unit_test(number_of_syncs),
		cmocka_unit_test(random_entries),
		cmocka_unit_test(goes_on_after_a_failed_sync_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
