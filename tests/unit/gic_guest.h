/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest does, for the tests of gic/ on the model. */
#ifndef GIC_GUEST_H
#define GIC_GUEST_H

#include "fake/fake.h"
#include "gic_model.h"
#include "../../hypervisor/gic/gic_regs.h"

#define GROUPS		3
#define BIT32(intid)	((u32)BIT((intid) % 32))
#define WORD(reg, intid) ((reg) + (intid) / 32 * 4)

static inline u32 rd(u32 cpu, u32 reg, u32 intid)
{
	if (intid < 32)
		return (u32)model_gicr(cpu, cpus[cpu].vcpu, KIB(64) + reg, 4, false, 0) & BIT32(intid);
	return (u32)model_gicd(cpu, WORD(reg, intid), 4, false, 0) & BIT32(intid);
}

static inline void wr(u32 cpu, u32 reg, u32 intid)
{
	if (intid < 32)
		model_gicr(cpu, cpus[cpu].vcpu, KIB(64) + reg, 4, true, BIT32(intid));
	else
		model_gicd(cpu, WORD(reg, intid), 4, true, BIT32(intid));
}

static inline void set_priority(u32 cpu, u32 intid, u8 priority)
{
	if (intid < 32)
		model_gicr(cpu, cpus[cpu].vcpu, KIB(64) + GICD_IPRIORITYR + intid, 1, true, priority);
	else
		model_gicd(cpu, GICD_IPRIORITYR + intid, 1, true, priority);
}

static inline void set_edge(u32 cpu, u32 intid)
{
	u64 old = model_gicd(cpu, GICD_ICFGR + intid / 16 * 4, 4, false, 0);

	model_gicd(cpu, GICD_ICFGR + intid / 16 * 4, 4, true, old | BIT(intid % 16 * 2 + 1));
}

/* Enabled, Group 1, routed to that vCPU. */
static inline void enable(u32 cpu, u32 intid, u32 vcpu)
{
	model_gicd(cpu, GICD_CTLR, 4, true, GROUPS);
	if (intid >= 32)
		model_gicd(cpu, GICD_IROUTER + 8 * intid, 8, true, vcpu);
	wr(cpu, GICD_ISENABLER, intid);
}

static inline void expect_taken(u32 cpu, u32 intid)
{
	assert_int_equal(model_guest_ack(cpu), intid);
	model_guest_eoi(cpu, intid);
}

static inline void expect_nothing(u32 cpu)
{
	model_settle();
	assert_int_equal(model_guest_ack(cpu), 1023);
}

static inline int start(void **state)
{
	(void)state;
	fake_log[0] = 0;
	model_start();
	return 0;
}

static inline int finish(void **state)
{
	(void)state;
	model_settle();
	model_check();
	if (model_breach[0])
		fail_msg("breach: %s", model_breach);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)

#endif
