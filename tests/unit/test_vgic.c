// SPDX-License-Identifier: GPL-2.0-only
/* The real gic/ on a model of a GICv3: what guests see, what they get, and that each keeps to its own (I5). */
#include "gic_guest.h"
#include <hyp/errno.h>

#define PPI_TIMER	27

/* A write of ICC_SGI1R_EL1, or of ICC_SGI0R_EL1. */
static void send(u32 cpu, u64 value, bool group1)
{
	fake_cpu = cpu;
	vgic_send_sgi(&cpus[cpu], value, group1);
}

static void pulse(u32 spi)
{
	model_line(spi, true);
	model_line(spi, false);
	model_settle();
}

/* ---- delivery ---- */

static void level_spi(void **state)
{
	enable(0, SPI_ROOT, 1);
	model_line(SPI_ROOT, true);
	model_settle();
	expect_nothing(0);
	expect_taken(1, SPI_ROOT);
	model_settle();				/* the line is still asserted */
	assert_int_equal(model_guest_ack(1), SPI_ROOT);
	model_line(SPI_ROOT, false);
	model_guest_eoi(1, SPI_ROOT);
	expect_nothing(1);
}

static void edge_spi(void **state)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, 0);
	pulse(SPI_ROOT);
	assert_int_equal(model_guest_ack(0), SPI_ROOT);
	pulse(SPI_ROOT);			/* while it is active: once more, afterwards */
	expect_nothing(0);
	model_guest_eoi(0, SPI_ROOT);
	model_settle();
	expect_taken(0, SPI_ROOT);
	expect_nothing(0);
}

static void timer_ppi(void **state)
{
	enable(1, PPI_TIMER, 0);
	model_ppi_line(0, PPI_TIMER, true);
	model_ppi_line(1, PPI_TIMER, true);
	model_settle();
	expect_nothing(0);
	assert_int_equal(model_guest_ack(1), PPI_TIMER);
	model_ppi_line(1, PPI_TIMER, false);
	model_guest_eoi(1, PPI_TIMER);
	expect_nothing(1);
}

static void group_enables(void **state)
{
	wr(0, GICD_ISENABLER, SPI_ROOT);
	wr(0, GICD_ISENABLER, PPI_TIMER);
	model_line(SPI_ROOT, true);
	model_ppi_line(0, PPI_TIMER, true);
	expect_nothing(0);
	assert_int_equal(rd(0, GICD_ISENABLER, SPI_ROOT), BIT32(SPI_ROOT));
	wr(0, GICD_IGROUPR, SPI_ROOT);
	model_gicd(0, GICD_CTLR, 4, true, GICD_CTLR_GRP0);
	model_settle();
	expect_taken(0, PPI_TIMER);
	model_ppi_line(0, PPI_TIMER, false);
	expect_nothing(0);
	model_gicd(0, GICD_CTLR, 4, true, GICD_CTLR_GRP1);
	model_settle();
	assert_true(model_cpu[0].lr[0] & LR_GROUP1 || model_cpu[0].lr[1] & LR_GROUP1);
	expect_taken(0, SPI_ROOT);
	assert_int_equal(model_gicd(0, GICD_CTLR, 4, false, 0), GICD_CTLR_GRP1 | GICD_CTLR_ARE | GICD_CTLR_DS);
}

/* Where a GIC with two security states has the same things for Secure software. */
static void secure_view(void **state)
{
	struct cfg_cell *config = (struct cfg_cell *)model_root.config;

	config->flags = CFG_CELL_GIC_SECURE;
	assert_int_equal(model_gicd(0, GICD_CTLR, 4, false, 0), GICD_CTLR_ARE | GICD_CTLR_ARE_NS);
	wr(0, GICD_ISENABLER, SPI_ROOT);
	wr(0, GICD_ISENABLER, PPI_TIMER);
	wr(0, GICD_IGROUPR, SPI_ROOT);
	assert_int_equal(rd(0, GICD_IGROUPR, SPI_ROOT), 0);
	assert_int_equal(rd(0, GICD_IGRPMODR, SPI_ROOT), 0);
	wr(0, GICD_IGRPMODR, SPI_ROOT);
	wr(0, GICD_IGRPMODR, PPI_TIMER);
	assert_int_equal(rd(0, GICD_IGRPMODR, SPI_ROOT), BIT32(SPI_ROOT));
	assert_int_equal(rd(0, GICD_IGRPMODR, PPI_TIMER), BIT32(PPI_TIMER));
	wr(0, GICD_IGRPMODR, SPI_OTHER);
	assert_int_equal(rd(0, GICD_IGRPMODR, SPI_OTHER), 0);
	model_line(SPI_ROOT, true);
	model_gicd(0, GICD_CTLR, 4, true, GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	expect_nothing(0);
	model_gicd(0, GICD_CTLR, 4, true, GICD_CTLR_GRP1S | GICD_CTLR_ARE);
	model_settle();
	assert_true(model_cpu[0].lr[0] & LR_GROUP1);
	expect_taken(0, SPI_ROOT);
	assert_int_equal(model_gicd(0, GICD_CTLR, 4, false, 0), GICD_CTLR_GRP1S | GICD_CTLR_ARE | GICD_CTLR_ARE_NS);
	config->flags = 0;
	assert_int_equal(rd(0, GICD_IGRPMODR, SPI_ROOT), 0);
	wr(0, GICD_IGRPMODR, SPI_ROOT);
	assert_int_equal(rd(0, GICD_IGROUPR, SPI_ROOT), BIT32(SPI_ROOT));
}

static void hypervisor_spi(void **state)
{
	model_spi[SPI_HYP].pending = true;
	model_settle();
	assert_int_equal(model_handled, 1);
	assert_false(model_spi[SPI_HYP].active);
	gic_set_pending(SPI_HYP);
	model_settle();
	assert_int_equal(model_handled, 2);
	assert_true(gic_is_hyp(SPI_HYP));
	assert_int_equal(gic_request(SPI_HYP, NULL, NULL, &cpus[0], true), -EINVAL);
}

/* ---- pending, active, enable bits of what is in list registers ---- */

static void state_of_held(u32 reader, u32 holder)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, holder);
	pulse(SPI_ROOT);
	assert_int_equal(rd(reader, GICD_ISPENDR, SPI_ROOT), BIT32(SPI_ROOT));
	assert_int_equal(rd(reader, GICD_ISACTIVER, SPI_ROOT), 0);
	wr(reader, GICD_ISPENDR, SPI_ROOT);		/* it is already */
	assert_int_equal(model_guest_ack(holder), SPI_ROOT);
	assert_int_equal(rd(reader, GICD_ISPENDR, SPI_ROOT), 0);
	assert_int_equal(rd(reader, GICD_ISACTIVER, SPI_ROOT), BIT32(SPI_ROOT));
	model_guest_eoi(holder, SPI_ROOT);
	assert_int_equal(rd(reader, GICD_ISACTIVER, SPI_ROOT), 0);
	expect_nothing(holder);
}

static void state_of_own(void **state) { state_of_held(0, 0); }
static void state_of_others(void **state) { state_of_held(0, 2); }

static void clear_pending(u32 writer, u32 holder)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, holder);
	pulse(SPI_ROOT);
	wr(writer, GICD_ICPENDR, SPI_ROOT);
	expect_nothing(holder);
	assert_false(model_spi[SPI_ROOT].active);
	pulse(SPI_ROOT);
	expect_taken(holder, SPI_ROOT);
}

static void clear_pending_own(void **state) { clear_pending(0, 0); }
static void clear_pending_others(void **state) { clear_pending(1, 2); }

static void disable_held(u32 writer, u32 holder)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, holder);
	pulse(SPI_ROOT);
	wr(writer, GICD_ICENABLER, SPI_ROOT);
	if (writer != holder)
		assert_true(model_gicd(writer, GICD_CTLR, 4, false, 0) & GICD_CTLR_RWP);
	expect_nothing(holder);
	assert_false(model_gicd(writer, GICD_CTLR, 4, false, 0) & GICD_CTLR_RWP);
	assert_int_equal(rd(writer, GICD_ISPENDR, SPI_ROOT), BIT32(SPI_ROOT));
	assert_int_equal(rd(writer, GICD_ISACTIVER, SPI_ROOT), 0);
	wr(writer, GICD_ISENABLER, SPI_ROOT);
	model_settle();
	expect_taken(holder, SPI_ROOT);
	expect_nothing(holder);
}

static void disable_own(void **state) { disable_held(0, 0); }
static void disable_others(void **state) { disable_held(0, 1); }

static void deactivate(u32 writer, u32 holder)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, holder);
	pulse(SPI_ROOT);
	wr(writer, GICD_ICACTIVER, SPI_ROOT);		/* not active, but pending: nothing happens */
	model_settle();
	assert_int_equal(model_guest_ack(holder), SPI_ROOT);
	wr(writer, GICD_ICACTIVER, SPI_ROOT);
	model_settle();
	assert_false(model_spi[SPI_ROOT].active);
	pulse(SPI_ROOT);
	expect_taken(holder, SPI_ROOT);
}

static void deactivate_own(void **state) { deactivate(0, 0); }
static void deactivate_others(void **state) { deactivate(0, 1); }

static void set_active(void **state)
{
	enable(0, SPI_ROOT, 0);
	wr(0, GICD_ISACTIVER, SPI_ROOT);
	assert_int_equal(rd(0, GICD_ISACTIVER, SPI_ROOT), BIT32(SPI_ROOT));
	model_line(SPI_ROOT, true);
	expect_nothing(0);
	wr(0, GICD_ICACTIVER, SPI_ROOT);
	model_settle();
	expect_taken(0, SPI_ROOT);
}

/* ---- more than there are list registers ---- */

static void overflow_keeps_order(void **state)
{
	static const u32 ppi[] = { 16, 17, 18, 19, 20, 21, 22 };

	for (u32 i = 0; i < ARRAY_SIZE(ppi); i++) {
		enable(0, ppi[i], 0);
		set_priority(0, ppi[i], (u8)(0xe0 - 0x20 * i));		/* each more urgent than the one before */
		model_ppi_line(0, ppi[i], true);
		model_settle();
	}
	for (u32 i = ARRAY_SIZE(ppi); i-- > 0; ) {
		model_settle();
		assert_int_equal(model_guest_ack(0), ppi[i]);
		model_ppi_line(0, ppi[i], false);
		model_guest_eoi(0, ppi[i]);
	}
	expect_nothing(0);
	assert_int_equal(model_cpu[0].mask, GIC_PRIO_OPEN);
}

static void overflow_of_sgis(void **state)
{
	u32 seen = 0;

	model_gicd(0, GICD_CTLR, 4, true, GROUPS);
	model_gicr(0, 0, KIB(64) + GICD_ISENABLER, 4, true, 0xffff);
	for (u32 i = 0; i < 16; i++)
		send(0, FIELD_PREP(SGIR_INTID, i) | 1, true);
	for (u32 i = 0; i < 16; i++) {
		u32 sgi = model_guest_ack(0);

		assert_true(sgi < 16 && !(seen & BIT(sgi)));
		seen |= (u32)BIT(sgi);
		model_guest_eoi(0, sgi);
		model_settle();
	}
	expect_nothing(0);
}

/* Made pending by software, it has no line that would make it so again. */
static void latched_level_survives(void **state)
{
	enable(0, SPI_ROOT, 0);
	wr(0, GICD_ISPENDR, SPI_ROOT);
	model_settle();
	wr(0, GICD_ICENABLER, SPI_ROOT);
	expect_nothing(0);
	assert_int_equal(rd(0, GICD_ISPENDR, SPI_ROOT), BIT32(SPI_ROOT));
	wr(0, GICD_ISENABLER, SPI_ROOT);
	model_settle();
	expect_taken(0, SPI_ROOT);
	wr(0, GICD_ISPENDR, SPI_ROOT);
	model_settle();
	wr(0, GICD_ICPENDR, SPI_ROOT);
	model_line(SPI_ROOT, true);
	model_settle();
	model_line(SPI_ROOT, false);
	wr(0, GICD_ICENABLER, SPI_ROOT);		/* the latch was cleared, and its line is down */
	expect_nothing(0);
	assert_int_equal(rd(0, GICD_ISPENDR, SPI_ROOT), 0);
}

static void active_ones_hold_back(void **state)
{
	for (u32 i = 0; i < MODEL_LRS; i++) {
		enable(0, 16 + i, 0);
		model_ppi_line(0, 16 + i, true);
		model_settle();
		assert_int_equal(model_guest_ack(0), 16 + i);
		model_ppi_line(0, 16 + i, false);
	}
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, 0);
	pulse(SPI_ROOT);
	expect_nothing(0);
	assert_int_equal(rd(0, GICD_ISPENDR, SPI_ROOT), BIT32(SPI_ROOT));
	for (u32 i = 0; i < MODEL_LRS - 1; i++)
		model_guest_eoi(0, 16 + i);
	model_settle();
	expect_taken(0, SPI_ROOT);
}

/* ---- SGIs ---- */

static void enable_sgi(u32 cpu, u32 sgi)
{
	model_gicd(cpu, GICD_CTLR, 4, true, GROUPS);
	wr(cpu, GICD_ISENABLER, sgi);
}

/* Each more urgent than the one before, and nothing happens later but their ends. */
static void evicted_sgis_come_back(void **state)
{
	for (u32 i = 0; i < 8; i++) {
		enable_sgi(0, i);
		set_priority(0, i, (u8)(0xf0 - 0x10 * i));
		send(0, FIELD_PREP(SGIR_INTID, i) | 1, true);
	}
	for (u32 i = 8; i-- > 0; ) {
		model_settle();
		expect_taken(0, i);
	}
	expect_nothing(0);
	assert_int_equal(model_cpu[0].mask, GIC_PRIO_OPEN);
}

static void sgi_to_self_and_others(void **state)
{
	for (u32 i = 0; i < 3; i++)
		enable_sgi(i, 5);
	send(0, FIELD_PREP(SGIR_INTID, 5) | 5, true);
	model_settle();
	assert_int_equal(model_guest_ack(0), 5);
	assert_int_equal(model_guest_ack(1), 1023);
	expect_taken(2, 5);
	send(0, FIELD_PREP(SGIR_INTID, 5) | 1, true);	/* once more, while it is active */
	assert_int_equal(model_lrs_with(0, 5), 1);
	assert_int_equal(rd(0, GICD_ISPENDR, 5), BIT32(5));
	assert_int_equal(rd(0, GICD_ISACTIVER, 5), BIT32(5));
	model_guest_eoi(0, 5);
	expect_taken(0, 5);
	send(0, FIELD_PREP(SGIR_INTID, 5) | SGIR_IRM, true);
	model_settle();
	expect_nothing(0);
	expect_taken(1, 5);
	expect_taken(2, 5);
}

static void sgi_by_set_pending(void **state)
{
	enable_sgi(1, 7);
	model_gicr(0, 1, KIB(64) + GICD_ISPENDR, 4, true, BIT(7));	/* another CPU's redistributor */
	model_settle();
	assert_int_equal(model_gicr(0, 1, KIB(64) + GICD_ISPENDR, 4, false, 0), BIT(7));
	model_gicr(0, 1, KIB(64) + GICD_ICPENDR, 4, true, BIT(7));
	expect_nothing(1);
	wr(1, GICD_ISPENDR, 7);
	wr(1, GICD_ICENABLER, 7);
	expect_nothing(1);
	assert_int_equal(rd(1, GICD_ISPENDR, 7), BIT32(7));
	wr(1, GICD_ISENABLER, 7);
	expect_taken(1, 7);
}

static void sgi_group(void **state)
{
	enable_sgi(0, 3);
	wr(0, GICD_IGROUPR, 3);
	send(0, FIELD_PREP(SGIR_INTID, 3) | 1, false);
	expect_nothing(0);
	send(0, FIELD_PREP(SGIR_INTID, 3) | 1, true);
	expect_taken(0, 3);
}

static void sgi_stays_in_cell(void **state)
{
	assert_int_equal(model_create_other(), 0);
	for (u32 cpu = 0; cpu < 4; cpu++)
		for (u32 sgi = 0; sgi < 16; sgi++)
			enable_sgi(cpu, sgi);
	for (u64 aff = 0; aff < 4; aff++)
		send(0, FIELD_PREP(SGIR_INTID, 4) | 0xfff8 | aff << 16, true);
	send(0, FIELD_PREP(SGIR_INTID, 4) | SGIR_IRM, true);
	expect_nothing(3);
	send(3, FIELD_PREP(SGIR_INTID, 6) | SGIR_IRM, true);
	send(3, FIELD_PREP(SGIR_INTID, 6) | 0xffff, true);
	expect_taken(3, 6);
	expect_nothing(0);
}

/* ---- cells ---- */

static void only_own_spis(void **state)
{
	assert_int_equal(model_create_other(), 0);
	for (u32 cpu = 0; cpu < 4; cpu += 3) {
		model_gicd(cpu, GICD_CTLR, 4, true, GROUPS);
		for (u32 reg = GICD_IGROUPR; reg < GICD_IPRIORITYR; reg += 4)
			model_gicd(cpu, reg, 4, true, 0xffffffff);
		for (u32 reg = GICD_IPRIORITYR; reg < GICD_IGRPMODR; reg += 4)
			model_gicd(cpu, reg, 4, true, 0xffffffff);
		for (u32 intid = 0; intid < MODEL_INTIDS; intid++)
			model_gicd(cpu, GICD_IROUTER + 8 * intid, 8, true, ~0ULL);
	}
	assert_int_equal(model_gicd(0, GICD_ISENABLER + 4, 4, false, 0), 0);	/* ICENABLER came after */
	model_gicd(0, GICD_ISENABLER + 4, 4, true, ~0u);
	assert_int_equal(model_gicd(0, GICD_ISENABLER + 4, 4, false, 0), BIT32(SPI_ROOT) | BIT32(SPI_SOFT));
	model_gicd(3, GICD_ISENABLER + 4, 4, true, ~0u);
	assert_int_equal(model_gicd(3, GICD_ISENABLER + 4, 4, false, 0), BIT32(SPI_SHARED) | BIT32(SPI_ROOT));
	assert_int_equal(model_gicd(0, GICD_IPRIORITYR + SPI_SHARED, 1, false, 0), 0);
	assert_int_equal(model_gicd(3, GICD_IPRIORITYR + SPI_SHARED, 1, false, 0), 0xf8);
	assert_int_equal(model_gicd(0, GICD_IROUTER + 8 * SPI_SHARED, 8, false, 0), 0);
	for (u32 intid = SPI_ROOT; intid < MODEL_INTIDS; intid++)
		wr(0, GICD_ICACTIVER, intid);
	model_gicr(0, 0, KIB(64) + GICD_ISENABLER, 4, true, 0xffffffff);
	assert_int_equal(model_gicr(0, 0, KIB(64) + GICD_ISENABLER, 4, false, 0),
			 0xffffffff & ~(BIT(25) | BIT(26) | BIT(28)));
}

/* An SPI that root's CPUs hold in every state goes to another cell. */
static void taken_while_held(u32 holder, bool active)
{
	set_edge(0, SPI_SHARED);
	enable(0, SPI_SHARED, holder);
	pulse(SPI_SHARED);
	if (active)
		assert_int_equal(model_guest_ack(holder), SPI_SHARED);
	assert_int_equal(model_create_other(), 0);
	assert_int_equal(model_lrs_with(holder, SPI_SHARED), 0);
	assert_false(model_spi[SPI_SHARED].enabled || model_spi[SPI_SHARED].pending || model_spi[SPI_SHARED].active);
	enable(3, SPI_SHARED, 0);
	model_line(SPI_SHARED, true);
	model_settle();
	assert_int_equal(model_guest_ack(3), SPI_SHARED);
	model_guest_eoi(holder, SPI_SHARED);		/* root ends what it has begun: no effect */
	assert_true(model_spi[SPI_SHARED].active);
	model_line(SPI_SHARED, false);
	model_destroy_other();
	assert_false(model_spi[SPI_SHARED].enabled || model_spi[SPI_SHARED].pending || model_spi[SPI_SHARED].active);
	assert_true(model_spi[SPI_SHARED].edge);	/* as root has it */
	enable(0, SPI_SHARED, 1);
	pulse(SPI_SHARED);
	expect_taken(1, SPI_SHARED);
}

static void taken_while_pending(void **state) { taken_while_held(0, false); }
static void taken_while_active(void **state) { taken_while_held(0, true); }
static void taken_from_other_cpu(void **state) { taken_while_held(2, false); }
static void taken_while_active_elsewhere(void **state) { taken_while_held(2, true); }

static void lost_cpu_answers(void **state)
{
	cpus[1].cell = NULL;	/* its list registers are nobody's: it must not be waited for */
	assert_int_equal(model_create_other(), 0);
	cpus[1].cell = &model_root;
}

static void parking_leaves_nothing(void **state)
{
	set_edge(0, SPI_ROOT);
	enable(0, SPI_ROOT, 2);
	enable(2, PPI_TIMER, 0);
	enable_sgi(2, 1);
	pulse(SPI_ROOT);
	model_ppi_line(2, PPI_TIMER, true);
	model_settle();
	send(2, FIELD_PREP(SGIR_INTID, 1) | 4, true);
	vgic_cpu_park(&cpus[2]);
	cpus[2].state = CPU_PARKED;
	for (u32 i = 0; i < MODEL_LRS; i++)
		assert_int_equal(model_cpu[2].lr[i], 0);
	assert_int_equal(model_cpu[2].hcr, 0);
	assert_false(model_cpu[2].local[PPI_TIMER].enabled || model_cpu[2].local[PPI_TIMER].active);
	assert_true(model_spi[SPI_ROOT].pending && !model_spi[SPI_ROOT].active);
	model_settle();					/* a parked CPU takes none */
	assert_true(model_spi[SPI_ROOT].pending);
	model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT, 8, true, 1);
	model_settle();
	expect_taken(1, SPI_ROOT);
}

/* What others do to a CPU of their cell that is off is there when it starts; not when another cell starts on it. */
static void set_up_while_off(void **state)
{
	model_gicr(0, 3, KIB(64) + GICD_IGROUPR, 4, true, BIT32(5));
	model_gicr(0, 3, KIB(64) + GICD_ISENABLER, 4, true, BIT32(5) | BIT32(PPI_TIMER));
	model_gicr(0, 3, KIB(64) + GICD_IPRIORITYR + 5, 1, true, 0x48);
	model_gicd(0, GICD_CTLR, 4, true, GROUPS);
	send(0, FIELD_PREP(SGIR_INTID, 5) | 8, true);
	assert_int_equal(model_gicr(0, 3, KIB(64) + GICD_ISPENDR, 4, false, 0), BIT32(5));
	assert_true(model_cpu[3].local[PPI_TIMER].enabled);
	model_run(3);
	assert_int_equal(model_gicr(3, 3, KIB(64) + GICD_IPRIORITYR + 5, 1, false, 0), 0x48);
	expect_taken(3, 5);
	model_ppi_line(3, PPI_TIMER, true);
	model_settle();
	assert_int_equal(model_guest_ack(3), PPI_TIMER);
	model_ppi_line(3, PPI_TIMER, false);
	model_guest_eoi(3, PPI_TIMER);
	model_park(3);
	assert_int_equal(model_gicr(0, 3, KIB(64) + GICD_ISENABLER, 4, false, 0), 0);
	model_gicr(0, 3, KIB(64) + GICD_ISENABLER, 4, true, 0xffff | BIT32(PPI_TIMER));
	send(0, FIELD_PREP(SGIR_INTID, 5) | 8, true);
	assert_int_equal(model_create_other(), 0);
	assert_int_equal(rd(3, GICD_ISENABLER, 5) | rd(3, GICD_ISENABLER, PPI_TIMER) | rd(3, GICD_ISPENDR, 5), 0);
	assert_false(model_cpu[3].local[PPI_TIMER].enabled);
	enable_sgi(3, 5);
	expect_nothing(3);
}

static void routes_follow_cpus(void **state)
{
	enable(0, SPI_ROOT, 3);
	assert_int_equal(model_spi[SPI_ROOT].route, 3);
	assert_int_equal(model_create_other(), 0);
	assert_int_equal(model_spi[SPI_ROOT].route, 0);		/* not to the other cell */
	assert_int_equal(model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT, 8, false, 0), 3);
	model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT, 8, true, BIT(31));
	assert_int_equal(model_spi[SPI_ROOT].route, 0);
	model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT, 8, true, 0xff00000003);
	assert_int_equal(model_spi[SPI_ROOT].route, 0);
	model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT + 4, 4, true, 0);
	model_destroy_other();
	fake_cpu = 3;
	vgic_cpu_reset(&cpus[3]);
	assert_int_equal(model_spi[SPI_ROOT].route, 3);
}

/* ---- registers ---- */

static void identification(void **state)
{
	u64 typer = model_gicd(0, GICD_TYPER, 4, false, 0);

	assert_int_equal(FIELD_GET(GICD_TYPER_ITLINES, typer), MODEL_INTIDS / 32 - 1);
	assert_int_equal(typer & (BIT(10) | BIT(16) | BIT(17) | BIT(18)), 0);	/* one state, no MBIS, LPIs, DVIS */
	assert_int_equal(model_gicd(0, GIC_PIDR2, 4, false, 0), 0x3b);
	for (u32 i = 0; i < 4; i++) {
		assert_int_equal(model_gicr(0, i, GIC_PIDR2, 4, false, 0), 0x3b);
		typer = model_gicr(0, i, GICR_TYPER, 8, false, 0);
		assert_int_equal(FIELD_GET(GICR_TYPER_AFF, typer), i);
		assert_int_equal(!!(typer & GICR_TYPER_LAST), i == 3);
		assert_int_equal(typer & 0xb, 0);				/* no LPIs */
		assert_int_equal(model_gicr(0, i, GICR_TYPER + 4, 4, false, 0), i);
	}
	assert_int_equal(model_gicr(0, 0, GICR_WAKER, 4, false, 0), GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP);
	model_gicr(0, 0, GICR_WAKER, 4, true, 0);
	assert_int_equal(model_gicr(0, 0, GICR_WAKER, 4, false, 0), 0);
}

static void other_widths_do_nothing(void **state)
{
	model_gicd(0, GICD_CTLR, 4, true, GROUPS);
	model_gicd(0, WORD(GICD_ISENABLER, SPI_ROOT), 8, true, ~0ULL);
	model_gicd(0, WORD(GICD_ISENABLER, SPI_ROOT) + 1, 1, true, 0xff);
	assert_int_equal(rd(0, GICD_ISENABLER, SPI_ROOT), 0);
	wr(0, GICD_ISENABLER, SPI_ROOT);
	assert_int_equal(model_gicd(0, WORD(GICD_ISENABLER, SPI_ROOT), 2, false, 0), 0);
	model_gicd(0, GICD_IPRIORITYR + SPI_ROOT, 4, true, 0xa5a5a5a5);
	assert_int_equal(model_gicd(0, GICD_IPRIORITYR + SPI_ROOT, 4, false, 0), 0xa0a0);
	assert_int_equal(model_gicd(0, GICD_IPRIORITYR + SPI_ROOT, 2, false, 0), 0);
	assert_int_equal(model_gicd(0, GICD_IROUTER + 8 * SPI_ROOT, 2, false, 0), 0);
}

static void lost_redistributor(void **state)
{
	u64 value = 0;

	assert_int_equal(model_create_other(), 0);
	assert_int_equal(FIELD_GET(GICR_TYPER_AFF, model_gicr(0, 3, GICR_TYPER, 8, false, 0)), 3);
	assert_int_equal(model_gicr(0, 3, GICR_WAKER, 4, false, 0), 0);
	model_gicr(0, 3, KIB(64) + GICD_ISENABLER, 4, true, ~0u);
	assert_int_equal(model_cpu[3].local[PPI_TIMER].enabled, false);
	assert_false(model_access(3, true, KIB(128), 4, false, &value));	/* it has one CPU */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(level_spi), CASE(edge_spi), CASE(timer_ppi), CASE(group_enables), CASE(hypervisor_spi),
		CASE(state_of_own), CASE(state_of_others), CASE(clear_pending_own), CASE(clear_pending_others),
		CASE(disable_own), CASE(disable_others), CASE(deactivate_own), CASE(deactivate_others), CASE(set_active),
		CASE(overflow_keeps_order), CASE(overflow_of_sgis), CASE(latched_level_survives),
		CASE(active_ones_hold_back), CASE(evicted_sgis_come_back),
		CASE(sgi_to_self_and_others), CASE(sgi_by_set_pending), CASE(sgi_group), CASE(sgi_stays_in_cell),
		CASE(secure_view),
		CASE(only_own_spis), CASE(taken_while_pending), CASE(taken_while_active), CASE(taken_from_other_cpu),
		CASE(taken_while_active_elsewhere), CASE(lost_cpu_answers), CASE(parking_leaves_nothing),
		CASE(set_up_while_off), CASE(routes_follow_cpus), CASE(identification),
		CASE(other_widths_do_nothing), CASE(lost_redistributor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
