// SPDX-License-Identifier: GPL-2.0-only
/* A cell's view of configuration space, on a model that watches every write to the hardware. */
#include "fake/fake.h"
#include "pci_model.h"
#include <hyp/errno.h>

static bool other_exists;

static u32 rd(struct cell *cell, u32 bdf, u32 reg)
{
	return (u32)model_access(cell, other_exists, (bdf << 12) + reg, 4, false, 0);
}

static void wr(struct cell *cell, u32 bdf, u32 reg, u32 size, u64 value)
{
	model_access(cell, other_exists, (bdf << 12) + reg, size, true, value);
}

static u32 hw(u32 bdf, u32 reg)
{
	return model_reg(model_find(bdf), reg);
}

static int start(void **state)
{
	(void)state;
	other_exists = false;
	model_start();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	model_allow(NULL, other_exists);
	if (other_exists)
		vpci_cell_exit(&model_other);
	vpci_cell_exit(&model_root);
	if (model_breach)
		fail_msg("breach: %s", model_breach);
	return 0;
}

static void create_other(void)
{
	struct hc_error err = { "" };

	model_allow(NULL, false);
	if (vpci_cell_init(&model_other, &err))
		fail_msg("refused: %s", err.text);
	other_exists = true;
	model_allow(NULL, true);
}

static void wait_ready(void)
{
	for (u32 i = 0; i < 3 && vpci_cell_reset(&model_other) == -EAGAIN; i++)
		fake_ticks += 200000;
	assert_int_equal(vpci_cell_reset(&model_other), 0);
}

static void test_foreign_absent(void **state)
{
	(void)state;
	for (u32 size = 1; size <= 8; size *= 2) {
		u64 ones = size == 8 ? ~0UL : (1UL << 8 * size) - 1;

		assert_int_equal(model_access(&model_root, false, MODEL_FOREIGN << 12, size, false, 0), ones);
		assert_int_equal(model_access(&model_root, false, 0xf8 << 12, size, false, 0), ones);
		wr(&model_root, MODEL_FOREIGN, PCI_COMMAND & ~(size - 1), size, ~0UL);
	}
	assert_int_equal(hw(MODEL_FOREIGN, PCI_COMMAND) & 0xffff, 0);
}

static void test_widths(void **state)
{
	(void)state;
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_ID), 0x11e81234);
	assert_int_equal(model_access(&model_root, false, (MODEL_EDU << 12) + 2, 2, false, 0), 0x11e8);
	assert_int_equal(model_access(&model_root, false, (MODEL_EDU << 12) + 1, 1, false, 0), 0x12);
	assert_int_equal(model_access(&model_root, false, MODEL_EDU << 12, 8, false, 0), 0x0010000011e81234);
	wr(&model_root, MODEL_EDU, PCI_INTERRUPT, 1, 0x25);
	assert_int_equal(hw(MODEL_EDU, PCI_INTERRUPT), 0x25);
	wr(&model_root, MODEL_NVME, PCI_BAR0, 8, 0x0000000020000000);
	assert_int_equal(hw(MODEL_NVME, PCI_BAR0), 0x20000004);
}

static void test_root_bars(void **state)
{
	(void)state;
	/* sized as Linux does, with decoding off */
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, ~0u);
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_BAR0), 0xfff00000);
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x40000000);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MEM | PCI_COMMAND_MASTER);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & 0xffff, PCI_COMMAND_MASTER);
	assert_non_null(strstr(fake_log, "PCI function 0x10: COMMAND 0x"));
	/* the window for the BARs of cells is not for the root cell */
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x3e000000);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & PCI_COMMAND_MEM, 0);
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x10000000);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & PCI_COMMAND_MEM, PCI_COMMAND_MEM);
	/* moving while it decodes: inside yes, outside no */
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x10100000);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x10100000);
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x3df80000);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x3df00000);
	wr(&model_root, MODEL_EDU, PCI_BAR0 + 3, 1, 0x48);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x3df00000);
}

static void test_root_rom(void **state)
{
	(void)state;
	wr(&model_root, MODEL_PM, PCI_BAR0, 4, 0x10000000);
	wr(&model_root, MODEL_PM, PCI_ROM_FUNCTION, 4, 0x48000001);
	wr(&model_root, MODEL_PM, PCI_COMMAND, 2, PCI_COMMAND_MEM | PCI_COMMAND_IO);
	assert_int_equal(hw(MODEL_PM, PCI_COMMAND) & 3, PCI_COMMAND_IO);
	wr(&model_root, MODEL_PM, PCI_ROM_FUNCTION, 4, 0x48000000);
	wr(&model_root, MODEL_PM, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_PM, PCI_COMMAND) & 3, PCI_COMMAND_MEM);
	wr(&model_root, MODEL_PM, PCI_ROM_FUNCTION, 1, 1);
	assert_int_equal(hw(MODEL_PM, PCI_ROM_FUNCTION), 0x48000000);
}

static void test_bridge(void **state)
{
	(void)state;
	wr(&model_root, MODEL_BRIDGE, PCI_BAR0, 4, 0x10000000);
	wr(&model_root, MODEL_BRIDGE, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_COMMAND) & 2, 0);		/* open at 0 to 1 MiB after reset */
	wr(&model_root, MODEL_BRIDGE, PCI_MEM_WINDOW, 4, 0x11f01100);
	wr(&model_root, MODEL_BRIDGE, PCI_PREF_WINDOW, 4, 0x0000fff0);
	wr(&model_root, MODEL_BRIDGE, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_COMMAND) & 2, 2);
	wr(&model_root, MODEL_BRIDGE, PCI_MEM_WINDOW, 4, 0x3e001100);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_MEM_WINDOW), 0x11f01100);
	wr(&model_root, MODEL_BRIDGE, PCI_PREF_LIMIT_HIGH, 4, 1);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_PREF_LIMIT_HIGH), 0);
	wr(&model_root, MODEL_BRIDGE, PCI_BUSES, 4, 0x00010100);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_BUSES), 0x00010100);
	wr(&model_root, MODEL_BRIDGE, PCI_BUSES, 4, 0x00020100);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_BUSES), 0x00010100);
	wr(&model_root, MODEL_BRIDGE, PCI_BUSES, 4, 0x00010000);
	assert_int_equal(hw(MODEL_BRIDGE, PCI_BUSES), 0x00010100);
	wr(&model_root, MODEL_BRIDGE, PCI_INTERRUPT + 2, 2, 0x0048);	/* VGA range: no; bus reset: yes */
	assert_int_equal(hw(MODEL_BRIDGE, PCI_INTERRUPT) >> 16, 0x0040);
}

static void test_capabilities(void **state)
{
	(void)state;
	assert_int_equal(rd(&model_root, MODEL_NVME, PCI_CAP_POINTER), 0x60);
	assert_int_equal(rd(&model_root, MODEL_NVME, 0x60), 0x00038001);
	assert_int_equal(rd(&model_root, MODEL_NVME, 0x80), 0x00020010);
	assert_int_equal(rd(&model_root, MODEL_NVME, 0x100), 0x18000000);
	assert_int_equal(rd(&model_root, MODEL_NVME, 0x180), 0x00010003);
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_CAP_POINTER), 0);
	assert_int_equal(rd(&model_root, MODEL_EDU, 0x100), 0);
	wr(&model_root, MODEL_NVME, 0x40, 4, ~0u);
	wr(&model_root, MODEL_NVME, 0x158, 4, ~0u);
	wr(&model_root, MODEL_NVME, 0x1a4, 4, ~0u);
	wr(&model_root, MODEL_EDU, 0x42, 2, 1);
	assert_int_equal(hw(MODEL_NVME, 0x40), 0x00006011);
	assert_int_equal(hw(MODEL_NVME, 0x158), 0);
	assert_int_equal(hw(MODEL_NVME, 0x1a4), 0);
	assert_int_equal(hw(MODEL_EDU, 0x40), 0x00800005);
	wr(&model_root, MODEL_NVME, 0x88, 2, 0x7fff);		/* Phantom Functions and Aux Power stay off */
	assert_int_equal(hw(MODEL_NVME, 0x88) & 0xffff, 0x79ff);
}

/* A capability list that loops ends nevertheless. */
static void test_looping_caps(void **state)
{
	(void)state;
	model_find(MODEL_EDU)->value[0x40 / 4] = 0x4005;
	model_find(MODEL_PM)->value[0x40 / 4] = 0x00034001;
	model_find(MODEL_NVME)->value[0x1a0 / 4] = 0x1001000f;
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_CAP_POINTER), 0);
	assert_int_equal(rd(&model_root, MODEL_PM, 0x40) & 0xff, 1);
	assert_int_equal(rd(&model_root, MODEL_NVME, 0x180) & 0xffff, 3);
}

static void test_status_w1c(void **state)
{
	(void)state;
	model_find(MODEL_EDU)->value[PCI_COMMAND / 4] |= 0xf9000000;
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND), 0xf9100004);
	wr(&model_root, MODEL_EDU, PCI_COMMAND + 2, 2, 0x8000);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND), 0x79100004);
}

static void test_lent(void **state)
{
	(void)state;
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x10000000);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MEM | PCI_COMMAND_MASTER);
	create_other();
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & 0xffff, 0);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x3e000000);
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_ID), ~0u);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	assert_int_equal(rd(&model_other, 0x18, PCI_ID), ~0u);
	assert_int_equal(rd(&model_other, 0x08, PCI_ID), 0x11e81234);
	model_allow(NULL, true);
	vpci_cell_exit(&model_other);
	other_exists = false;
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_ID), 0x11e81234);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & 0xffff, 0);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0);
}

static void test_fixed_bars(void **state)
{
	(void)state;
	create_other();
	wait_ready();
	assert_int_equal(rd(&model_other, 0x08, PCI_BAR0), 0x10000000);
	wr(&model_other, 0x08, PCI_BAR0, 4, ~0u);
	assert_int_equal(rd(&model_other, 0x08, PCI_BAR0), 0xfff00000);
	wr(&model_other, 0x08, PCI_BAR0, 4, 0x48000000);
	assert_int_equal(rd(&model_other, 0x08, PCI_BAR0), 0x10000000);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x3e000000);
	/* 64 bits */
	assert_int_equal(rd(&model_other, 0x00, PCI_BAR0), 0x11000004);
	wr(&model_other, 0x00, PCI_BAR0, 8, ~0UL);
	assert_int_equal(rd(&model_other, 0x00, PCI_BAR0), 0xffffc004);
	assert_int_equal(rd(&model_other, 0x00, PCI_BAR0 + 4), 0xffffffff);
	/* I/O BARs and the ROM are not there; I/O decoding never comes on */
	wr(&model_other, 0x10, PCI_BAR0 + 4, 4, ~0u);
	wr(&model_other, 0x10, PCI_ROM_FUNCTION, 4, ~0u);
	assert_int_equal(rd(&model_other, 0x10, PCI_BAR0 + 4), 0);
	assert_int_equal(rd(&model_other, 0x10, PCI_ROM_FUNCTION), 0);
	wr(&model_other, 0x10, PCI_COMMAND, 2, 0xffff);
	assert_int_equal(hw(MODEL_PM, PCI_COMMAND) & 0xffff, 0x0546);
}

/* A function that lost its BARs (its own reset) has them back before it decodes again. */
static void test_self_reset(void **state)
{
	(void)state;
	create_other();
	wait_ready();
	model_reset(model_find(MODEL_EDU));
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0);
	wr(&model_other, 0x08, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	assert_int_equal(hw(MODEL_EDU, PCI_BAR0), 0x3e000000);
	assert_int_equal(hw(MODEL_EDU, PCI_COMMAND) & 2, 2);
}

static void test_resets(void **state)
{
	(void)state;
	create_other();
	assert_int_equal(model_find(MODEL_NVME)->resets, 1);
	assert_int_equal(hw(MODEL_PM, 0x44) & 3, 3);
	assert_int_equal(rd(&model_other, 0x00, PCI_ID), PCI_RETRY_STATUS);
	assert_int_equal(rd(&model_other, 0x00, PCI_COMMAND), ~0u);
	assert_int_equal(vpci_cell_reset(&model_other), -EAGAIN);
	wait_ready();
	assert_int_equal(hw(MODEL_PM, 0x44) & 3, 0);
	assert_int_equal(model_find(MODEL_PM)->resets, 1);
	assert_int_equal(hw(MODEL_NVME, PCI_BAR0), 0x3e200004);
	assert_int_equal(rd(&model_other, 0x00, PCI_ID), 0x00101b36);
	/* used: reset again when it stops; unused: not */
	wr(&model_other, 0x00, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	model_allow(NULL, true);
	assert_int_equal(vpci_cell_reset(&model_other), -EAGAIN);
	assert_int_equal(model_find(MODEL_NVME)->resets, 2);
	assert_int_equal(model_find(MODEL_PM)->resets, 1);
	/* the reset goes with the function */
	vpci_cell_exit(&model_other);
	other_exists = false;
	assert_int_equal(rd(&model_root, MODEL_NVME, PCI_ID), PCI_RETRY_STATUS);
	fake_ticks += 200000;
	assert_int_equal(rd(&model_root, MODEL_NVME, PCI_ID), 0x00101b36);
}

static void expect_refused(const char *sentence)
{
	static struct model_function before[MODEL_FUNCTIONS];
	struct hc_error err = { "" };

	model_allow(NULL, false);
	memcpy(before, model, sizeof(model));
	assert_int_not_equal(vpci_cell_init(&model_other, &err), 0);
	if (!strstr(err.text, sentence))
		fail_msg("\"%s\" does not contain \"%s\"", err.text, sentence);
	assert_memory_equal(before, model, sizeof(model));
	assert_null(model_other.vpci.dev);
	assert_int_equal(rd(&model_root, MODEL_EDU, PCI_ID), 0x11e81234);
}

static void test_refused(void **state)
{
	struct cfg_pci_dev *edu = &layout.other.pci[1];

	(void)state;
	wr(&model_root, MODEL_EDU, PCI_BAR0, 4, 0x10000000);
	wr(&model_root, MODEL_EDU, PCI_COMMAND, 2, PCI_COMMAND_MEM);
	edu->id = 0x11e81235;
	expect_refused("PCI function 00:02.0 of host 0 has not the ID");
	edu->id = 0;
	edu->bar[0].size = 0x200000;
	expect_refused("PCI function 0x10: BAR 0 has 0x100000 bytes (32 bits), not 0x200000");
	edu->bar[0].size = 0x100000;
	edu->bar[0].flags = CFG_BAR_64;
	expect_refused("BAR 0 has 0x100000 bytes (32 bits)");
	edu->bar[0] = (struct cfg_bar){ 0 };
	expect_refused("BAR 0 has 0x100000 bytes (32 bits), not 0x0");
	edu->bdf = 0x30;
	expect_refused("PCI function 00:06.0 of host 0 does not answer");
	edu->bdf = MODEL_BRIDGE;
	expect_refused("is a bridge");
	edu->bdf = MODEL_EDU;
	model_find(MODEL_EDU)->value[0x40 / 4] = 0x00000014;
	expect_refused("Enhanced Allocation");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_foreign_absent, start, finish),
		cmocka_unit_test_setup_teardown(test_widths, start, finish),
		cmocka_unit_test_setup_teardown(test_root_bars, start, finish),
		cmocka_unit_test_setup_teardown(test_root_rom, start, finish),
		cmocka_unit_test_setup_teardown(test_bridge, start, finish),
		cmocka_unit_test_setup_teardown(test_capabilities, start, finish),
		cmocka_unit_test_setup_teardown(test_looping_caps, start, finish),
		cmocka_unit_test_setup_teardown(test_status_w1c, start, finish),
		cmocka_unit_test_setup_teardown(test_lent, start, finish),
		cmocka_unit_test_setup_teardown(test_fixed_bars, start, finish),
		cmocka_unit_test_setup_teardown(test_self_reset, start, finish),
		cmocka_unit_test_setup_teardown(test_resets, start, finish),
		cmocka_unit_test_setup_teardown(test_refused, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
