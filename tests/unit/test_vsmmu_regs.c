// SPDX-License-Identifier: GPL-2.0-only
/* All registers of the emulated SMMU, and all that is not one, in each width, disabled and enabled. */
#include "vsmmu_unit_rig.h"

/* ---- registers ---- */

static const struct { u32 offset, mask, guard; bool pri; } registers[] = {
	/* what is guarded by CR0 bits of `guard` can be written only while all of them are 0 */
	{ 0x20, 0x1f, 0, false }, { 0x28, 0xfff, 0xf, false }, { 0x2c, 0x6, 1, false }, { 0x44, 0, 0, false },
	{ 0x50, 0x7, 0, false }, { 0x64, 0x10d, 0, false }, { 0x80, 0xffffffc0, 1, false }, { 0x84, 0x400fffff, 1, false },
	{ 0x88, 0x307ff, 1, false }, { 0x90, ~0u, 8, false }, { 0x94, 0x400fffff, 8, false }, { 0x98, 0xfffff, 0, false },
	{ 0x9c, 0x7f0fffff, 8, false }, { 0xa0, ~0u, 4, false }, { 0xa4, 0x400fffff, 4, false },
	{ 0x100a8, 0x800fffff, 4, false }, { 0x100ac, 0x800fffff, 0, false }, { 0xc0, ~0u, 2, true },
	{ 0xc4, 0x400fffff, 2, true }, { 0x100c8, 0x800fffff, 2, true }, { 0x100cc, 0x800fffff, 0, true },
};

static bool is_register(u32 offset)
{
	for (u32 i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].offset == offset)
			return true;
	return false;
}

/* A write that must not have any effect. */
static void no_effect(u32 offset, u32 bytes, u64 value)
{
	world_write(g, offset, bytes, value);
	if (changed() != ~0u)
		fail_msg("a write of %u bytes to 0x%x changes 0x%x", bytes, offset, changed());
}

/* Disabled, and with everything on. */
static void registers_state(u32 kind, bool on)
{
	if (on)
		start(kind);
	else
		start_with(kind, 0);
	if (on && kind == FULL)
		set(SMMU_CR0, 0x1f);
	take_snapshot();
}

static void all_that_is_not_a_register_ignores_writes(void **state)
{
	(void)state;
	for (u32 run = 0; run < 4; run++) {
		registers_state(run & 1, run & 2);
		for (u32 offset = 0; offset < SMMU_REGS_SIZE; offset += 4) {
			if (is_register(offset))
				continue;
			no_effect(offset, 4, ~0ULL);
			no_effect(offset, 4, 0);
			if (offset % 8 == 0 && !is_register(offset + 4)) {
				no_effect(offset, 8, ~0ULL);
				no_effect(offset, 8, 0);
			}
		}
	}
}

static void other_widths_have_no_effect(void **state)
{
	(void)state;
	for (u32 run = 0; run < 4; run++) {
		registers_state(run & 1, run & 2);
		for (u32 i = 0; i < 2 * PAGE_SIZE; i++) {
			u32 offset = i / PAGE_SIZE * SMMU_PAGE1 + i % PAGE_SIZE;

			no_effect(offset, 1, ~0ULL);
			no_effect(offset, 2, ~0ULL);
			if (offset % 4) {
				no_effect(offset, 4, ~0ULL);
				no_effect(offset, 8, ~0ULL);
			}
		}
	}
}

/* Reads come to the emulation only where no page is mapped, and say 0. */
static void behind_the_pages_is_nothing(void **state)
{
	const struct mmio_region *region;

	(void)state;
	start(FULL);
	region = mmio_find(&g->home->cell.mmio, v->config->ipa);
	for (u32 offset = 0; offset < SMMU_REGS_SIZE; offset += 4) {
		struct mmio_access access = { .offset = offset, .size = 4 };

		if (offset % SMMU_PAGE1 < PAGE_SIZE)
			continue;
		assert_true(region->fn(g->home->cell.vcpu[0], region->ctx, &access));
		assert_int_equal(access.value, 0);
		assert_false(cell_has(&g->home->cell, ipa(v->config->ipa + offset), PROT_READ));
	}
}

static u32 mask_of(u32 i, u32 kind)
{
	u32 mask = registers[i].mask;

	if (kind == PLAIN && registers[i].offset == 0x20)
		return mask & ~0x12u;
	return kind == PLAIN && registers[i].offset == 0x50 ? mask & ~2u : mask;
}

static void registers_take_what_they_have(void **state)
{
	(void)state;
	for (u32 kind = PLAIN; kind <= FULL; kind++) {
		for (u32 i = 0; i < ARRAY_SIZE(registers); i++) {
			start_with(kind, 0);
			set(registers[i].offset, ~0u);
			assert_int_equal(get(registers[i].offset) & ~(registers[i].offset == 0x44 ? 1u << 20 : 0),
					 mask_of(i, kind));
			set(registers[i].offset, 0);
			assert_int_equal(get(registers[i].offset), registers[i].offset == 0x44 ? 1u << 20 : 0);
		}
	}
}

/* One bit of CR0 at a time, so that no register is guarded by another's. */
static void registers_are_guarded(void **state)
{
	(void)state;
	for (u32 bit = 1; bit <= 8; bit <<= 1) {
		for (u32 i = 0; i < ARRAY_SIZE(registers); i++) {
			u32 offset = registers[i].offset, before;

			if (offset == 0x20 || offset == 0x44 || offset == 0x28 || offset == 0x98 || offset == 0x64)
				continue;
			start_with(FULL, 0);
			set(0x20, bit);
			assert_int_equal(get(0x24), bit);
			before = get(offset);
			set(offset, ~0u);
			if (get(offset) != (registers[i].guard & bit ? before : registers[i].mask))
				fail_msg("CR0 0x%x: register 0x%x becomes 0x%x", bit, offset, get(offset));
		}
		start_with(FULL, 0);
		set(0x20, bit);
		set(0x28, ~0u);
		assert_int_equal(get(0x28), bit == 1 ? 0x3f : 0xfc0);
	}
}

static void wide_registers_are_two_words(void **state)
{
	static const u32 wide[] = { SMMU_STRTAB_BASE, SMMU_CMDQ_BASE, SMMU_EVENTQ_BASE, SMMU_PRIQ_BASE };
	const u64 value = 0x4123456789abcdefULL;

	(void)state;
	start_with(FULL, 0);
	for (u32 i = 0; i < ARRAY_SIZE(wide); i++) {
		u64 mask = 0x400fffff00000000ULL | (i ? ~0u : 0xffffffc0);

		set64(wide[i], value);
		assert_int_equal(world_read(g, wide[i], 8), value & mask);
		set(wide[i] + 4, 0);
		assert_int_equal(world_read(g, wide[i], 8), value & mask & ~0u);
		set(wide[i], 0);
		set(wide[i] + 4, value >> 32);
		assert_int_equal(world_read(g, wide[i], 8), value & mask & ~0ULL << 32);
	}
	/* a doorbell and the CONS next to it */
	start(PLAIN);
	queue(CMD_SYNC, 0);
	set64(SMMU_CMDQ_PROD, prod | 0x55ULL << 32);
	assert_int_equal(get(SMMU_CMDQ_CONS), prod);
}

static void gbpa_takes_effect_with_update_only(void **state)
{
	(void)state;
	start_with(PLAIN, 0);
	set(SMMU_GBPA, GBPA_ABORT);
	assert_int_equal(get(SMMU_GBPA), 0);
	assert_int_equal(FIELD_GET(STE0_CONFIG, physical()->dw[0]), STE_CONFIG_S2);
	set(SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
	assert_int_equal(get(SMMU_GBPA), GBPA_ABORT);
	assert_int_equal(FIELD_GET(STE0_CONFIG, physical()->dw[0]), STE_CONFIG_ABORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_that_is_not_a_register_ignores_writes, teardown),
		cmocka_unit_test_teardown(other_widths_have_no_effect, teardown),
		cmocka_unit_test_teardown(behind_the_pages_is_nothing, teardown),
		cmocka_unit_test_teardown(registers_take_what_they_have, teardown),
		cmocka_unit_test_teardown(registers_are_guarded, teardown),
		cmocka_unit_test_teardown(wide_registers_are_two_words, teardown),
		cmocka_unit_test_teardown(gbpa_takes_effect_with_update_only, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
