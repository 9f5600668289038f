// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of emulated devices, without hardware behind them: as a guest sees them, and that the hardware does not. */
#include "gic_guest.h"
#include "../../hypervisor/gic/gic_local.h"

static void soft_spi(u32 self, u32 holder)
{
	enable(0, SPI_SOFT, holder);
	model_soft_line(self, &model_root, true);
	model_soft_line(self, &model_root, true);
	model_settle();
	assert_int_equal(rd(self, GICD_ISPENDR, SPI_SOFT), BIT32(SPI_SOFT));
	assert_int_equal(model_guest_ack(holder), SPI_SOFT);
	assert_int_equal(rd(self, GICD_ISACTIVER, SPI_SOFT), BIT32(SPI_SOFT));
	model_soft_line(holder, &model_root, true);	/* still, says the device when its handler looks */
	model_guest_eoi(holder, SPI_SOFT);
	model_settle();
	assert_int_equal(model_guest_ack(holder), SPI_SOFT);
	model_soft_line(holder, &model_root, true);
	model_soft_line(holder, &model_root, false);
	model_guest_eoi(holder, SPI_SOFT);
	expect_nothing(holder);
	assert_int_equal(rd(self, GICD_ISPENDR, SPI_SOFT) | rd(self, GICD_ISACTIVER, SPI_SOFT), 0);
	assert_false(model_spi[SPI_SOFT].enabled);
}

static void soft_own(void **state) { soft_spi(0, 0); }
static void soft_others(void **state) { soft_spi(0, 2); }

/* It waits for all that a hardware interrupt waits for. */
static void soft_waits(void **state)
{
	model_soft_line(0, &model_root, true);
	expect_nothing(0);
	enable(0, SPI_SOFT, 1);
	expect_nothing(0);
	model_gicd(0, GICD_IROUTER + 8 * SPI_SOFT, 8, true, 2);
	wr(0, GICD_ICENABLER, SPI_SOFT);
	expect_nothing(1);
	expect_nothing(2);
	assert_int_equal(rd(0, GICD_ISPENDR, SPI_SOFT), BIT32(SPI_SOFT));
	model_gicd(0, GICD_CTLR, 4, true, 0);
	wr(0, GICD_ISENABLER, SPI_SOFT);
	expect_nothing(2);
	model_gicd(0, GICD_CTLR, 4, true, GROUPS);
	model_settle();
	expect_nothing(0);
	expect_nothing(1);
	expect_taken(2, SPI_SOFT);
}

static void soft_registers(void **state)
{
	assert_int_equal(model_gicd(0, GICD_IROUTER + 8 * SPI_SOFT, 8, false, 0), 0);
	enable(0, SPI_SOFT, 1);
	assert_int_equal(model_gicd(0, GICD_IROUTER + 8 * SPI_SOFT, 8, false, 0), 1);
	assert_int_equal(rd(0, GICD_ISENABLER, SPI_SOFT), BIT32(SPI_SOFT));
	set_priority(0, SPI_SOFT, 0x58);
	assert_int_equal(model_gicd(0, GICD_IPRIORITYR + SPI_SOFT, 1, false, 0), 0x58);
	set_edge(0, SPI_SOFT);
	assert_int_equal(model_gicd(0, GICD_ICFGR + SPI_SOFT / 16 * 4, 4, false, 0) & BIT(SPI_SOFT % 16 * 2 + 1), 0);
	wr(0, GICD_ISPENDR, SPI_SOFT);
	model_settle();
	expect_taken(1, SPI_SOFT);
	wr(1, GICD_ISPENDR, SPI_SOFT);
	wr(1, GICD_ICPENDR, SPI_SOFT);
	expect_nothing(1);
	model_soft_line(0, &model_root, true);
	model_settle();
	assert_int_equal(model_guest_ack(1), SPI_SOFT);
	wr(0, GICD_ICACTIVER, SPI_SOFT);
	model_settle();
	assert_int_equal(rd(0, GICD_ISACTIVER, SPI_SOFT), 0);
}

static void soft_among_many(void **state)
{
	enable(0, SPI_SOFT, 0);
	set_priority(0, SPI_SOFT, 0xf8);
	model_soft_line(0, &model_root, true);
	for (u32 i = 0; i < MODEL_LRS; i++) {
		enable(0, 16 + i, 0);
		model_ppi_line(0, 16 + i, true);
		model_settle();
	}
	assert_int_equal(model_lrs_with(0, SPI_SOFT), 0);	/* the least urgent has made room */
	for (u32 i = 0; i < MODEL_LRS; i++) {
		u32 ppi = model_guest_ack(0);

		model_ppi_line(0, ppi, false);
		model_guest_eoi(0, ppi);
		model_settle();
	}
	expect_taken(0, SPI_SOFT);
}

/* The other cell's has the number of a hardware interrupt of the root cell. */
static void soft_stays_in_cell(void **state)
{
	assert_int_equal(model_create_other(), 0);
	enable(0, SPI_ROOT, 1);
	set_priority(0, SPI_ROOT, 0x40);
	enable(3, SPI_ROOT, 0);
	set_priority(3, SPI_ROOT, 0xf8);
	set_edge(3, SPI_ROOT);
	assert_int_equal(model_spi[SPI_ROOT].route, 1);
	assert_int_equal(model_spi[SPI_ROOT].priority, gic_guest_priority(0x40));
	model_soft_line(0, &model_other, true);			/* as input, from the root cell */
	expect_nothing(0);
	expect_nothing(1);
	assert_int_equal(model_guest_ack(3), SPI_ROOT);
	model_line(SPI_ROOT, true);
	model_settle();
	model_soft_line(0, &model_other, false);		/* not for this CPU to say: its own interrupt stays */
	model_guest_eoi(3, SPI_ROOT);
	wr(3, GICD_ICPENDR, SPI_ROOT);
	wr(3, GICD_ICACTIVER, SPI_ROOT);
	wr(3, GICD_ICENABLER, SPI_ROOT);
	model_settle();
	model_line(SPI_ROOT, false);
	assert_true(model_spi[SPI_ROOT].enabled);
	expect_taken(1, SPI_ROOT);
	expect_nothing(3);
	model_soft_line(0, &model_other, true);
	wr(3, GICD_ISENABLER, SPI_ROOT);
	model_settle();
	model_destroy_other();					/* pending in a list register */
	assert_int_equal(model_create_other(), 0);
	enable(3, SPI_ROOT, 0);
	expect_nothing(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(soft_own), CASE(soft_others), CASE(soft_waits), CASE(soft_registers), CASE(soft_among_many),
		CASE(soft_stays_in_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
