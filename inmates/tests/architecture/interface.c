/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPU interface: priorities, the mask, groups, split EOI, and how software mistreats it. */
#include "parts.h"

#define GRP0_ENABLE	BIT(0)
#define INTERRUPTS	8		/* that wait or are active at once */

static void send(u32 sgi)
{
	gic_send_sgi(sgi, self_affinity());
	settle();
}

#define see_readback(name, reg, ...) do {						\
	static const u64 values_[] = { __VA_ARGS__ };					\
	u64 old_ = read_sysreg(reg);							\
	see(old_, "icc " name);								\
	for (u32 i_ = 0; i_ < ARRAY_SIZE(values_); i_++) {				\
		write_sysreg(values_[i_], reg);						\
		isb();									\
		see(read_sysreg(reg), "icc " name " write %lx", values_[i_]);		\
	}										\
	write_sysreg(old_, reg);							\
	isb();										\
} while (0)

static void check_registers(void)
{
	see_readback("PMR", icc_pmr_el1, 0, 0x01, 0x08, 0x57, 0xf0, 0xff, 0xffffffff);
	see_readback("BPR0", icc_bpr0_el1, 0, 1, 2, 3, 4, 5, 6, 7);
	see_readback("BPR1", icc_bpr1_el1, 0, 1, 2, 3, 4, 5, 6, 7);
	see_readback("CTLR", icc_ctlr_el1, 0, 1, 2, 3, 0x40, 0xffffffff);
	see_readback("IGRPEN0", icc_igrpen0_el1, 0, 1, 0xffffffff);
	see_readback("IGRPEN1", icc_igrpen1_el1, 0, 1, 0xffffffff);
	see_readback("SRE", icc_sre_el1, 0, 7, 0xffffffff);
	see(read_sysreg(icc_ap0r0_el1), "icc AP0R0");
	see(read_sysreg(icc_ap1r0_el1), "icc AP1R0");
	see(running_priority(), "icc RPR");
	see(highest_pending(), "icc HPPIR1");
	see(read_sysreg(icc_hppir0_el1), "icc HPPIR0");
	see(gic_ack(), "icc IAR1 of nothing");
	see(read_sysreg(icc_iar0_el1), "icc IAR0 of nothing");
	write_sysreg(2, icc_ctlr_el1);
	write_sysreg(3, icc_bpr1_el1);
	isb();
	see(read_sysreg(icc_ctlr_el1), "icc CTLR split");
	see(read_sysreg(icc_bpr1_el1), "icc BPR1 with split");
	set_ctlr(1);
	see(read_sysreg(icc_bpr1_el1), "icc BPR1 with CBPR");
	set_ctlr(0);
	write_sysreg(0, icc_bpr1_el1);
}

/* Critical sections by ICC_PMR_EL1. */
static void check_mask(void)
{
	static const u8 masks[] = { 0xff, 0xf8, 0xa8, 0xa0, 0x98, 0x50, 0x08, 0 };

	gic_set_priority(SGI_TEST, 0xa0);
	gic_set_priority(SGI_OTHER, 0x50);
	for (u32 i = 0; i < ARRAY_SIZE(masks); i++) {
		set_pmr(masks[i]);
		send(SGI_TEST);
		see(read_sysreg(isr_el1), "pmr %x: ISR_EL1", masks[i]);
		see(highest_pending(), "pmr %x: HPPIR1", masks[i]);
		see(gic_ack(), "pmr %x: IAR1", masks[i]);
		see(gic_is_pending(SGI_TEST), "pmr %x: still pending", masks[i]);
		send(SGI_OTHER);
		see(read_sysreg(isr_el1), "pmr %x: ISR_EL1 with a more urgent one", masks[i]);
		see(highest_pending(), "pmr %x: HPPIR1 with a more urgent one", masks[i]);
		set_pmr(0xff);
		for (u32 n = 0; n < 2; n++) {
			u64 intid = gic_ack();

			see(intid, "pmr %x: unmasked, %u", masks[i], n);
			gic_eoi(intid);
			settle();
		}
		if (gic_is_active(SGI_TEST))
			gic_eoi(SGI_TEST);
		ktap_ok(running_priority() == 0xff && !gic_is_pending(SGI_TEST) && !gic_is_active(SGI_TEST),
			"mask 0x%x: all was taken in the end", masks[i]);
	}
}

/* One interrupts the other, if its group priority is more urgent. */
static void check_preemption(void)
{
	for (u32 point = 0; point < 8; point++) {
		write_sysreg(point, icc_bpr1_el1);
		gic_set_priority(SGI_TEST, 0xa0);
		gic_set_priority(SGI_OTHER, 0x90);
		send(SGI_TEST);
		see(gic_ack(), "bpr %u: first", point);
		send(SGI_OTHER);
		see(read_sysreg(isr_el1), "bpr %u: ISR_EL1", point);
		see(running_priority(), "bpr %u: running", point);
		see(gic_ack(), "bpr %u: second", point);
		see(running_priority(), "bpr %u: running then", point);
		see(read_sysreg(icc_ap1r0_el1), "bpr %u: AP1R0", point);
		if (gic_is_active(SGI_OTHER))
			gic_eoi(SGI_OTHER);
		gic_eoi(SGI_TEST);
		settle();
		if (gic_ack() == SGI_OTHER)
			gic_eoi(SGI_OTHER);
		ktap_ok(running_priority() == 0xff, "binary point %u: both were taken", point);
	}
	write_sysreg(0, icc_bpr1_el1);
	isb();
}

/* A priority that changes while the interrupt waits. */
static void check_changed_priority(void)
{
	set_pmr(0x80);
	gic_set_priority(SGI_TEST, 0xa0);
	send(SGI_TEST);
	gic_set_priority(SGI_TEST, 0x40);
	settle();
	see(gic_ack(), "priority changed while pending: IAR1");
	see(running_priority(), "priority changed while pending: RPR");
	set_pmr(0xff);
	if (gic_is_pending(SGI_TEST))
		gic_ack();
	gic_eoi(SGI_TEST);
	gic_set_priority(SGI_TEST, GIC_PRIO_DEFAULT);
	ktap_ok(running_priority() == 0xff, "nothing runs");
}

static void check_split(void)
{
	set_ctlr(ICC_CTLR_SPLIT);
	send(1);
	send(2);
	see(gic_ack(), "split: first");
	gic_eoi(1);
	see(running_priority(), "split: priority dropped");
	send(1);
	see(gic_ack(), "split: second, the first being active");
	gic_eoi(2);
	settle();
	see(gic_ack(), "split: both active");
	see(gic_is_active(1) << 1 | gic_is_active(2), "split: active bits");
	deactivate(1);
	see(gic_is_active(1) << 1 | gic_is_active(2), "split: the first is deactivated first");
	settle();
	see(gic_ack(), "split: it was pending, and comes again");
	gic_eoi(1);
	deactivate(2);
	deactivate(1);
	see(gic_is_active(1) << 1 | gic_is_active(2), "split: all are deactivated");
	deactivate(1);
	deactivate(INTID_PTIMER);
	deactivate(NOTHING);
	send(1);
	see(gic_ack(), "split: after DIR of what was not active");
	gic_eoi(1);
	deactivate(1);
	set_ctlr(0);
	fault_arm();
	write_sysreg(3, icc_dir_el1);
	see_outcome(running_priority(), "split: DIR without it");
	ktap_ok(highest_pending() == NOTHING && running_priority() == 0xff, "split EOI leaves nothing behind");
}

/* EOI of what is not active. */
static void check_inactive(void)
{
	static const u32 intids[] = { 0, SGI_TEST, INTID_VTIMER, INTID_SPI + 1, INTID_NONE, NOTHING };

	for (u32 i = 0; i < ARRAY_SIZE(intids); i++) {
		gic_eoi(intids[i]);
		write_sysreg(intids[i], icc_eoir0_el1);
		isb();
		see(running_priority(), "EOI of inactive %u: running priority", intids[i]);
		send(SGI_TEST);
		see(gic_ack(), "EOI of inactive %u: the next", intids[i]);
		see(gic_ack(), "EOI of inactive %u: none behind it", intids[i]);
		gic_eoi(SGI_TEST);
		see(running_priority(), "EOI of inactive %u: at the end", intids[i]);
	}
}

/* More at once than a virtual interface has list registers. */
static void check_many(void)
{
	u32 taken = 0, ended = 0;

	for (u32 i = 0; i < INTERRUPTS; i++) {
		gic_set_priority(i, 0xf0 - 16 * i);
		gic_send_sgi(i, self_affinity());
	}
	settle();
	for (u32 i = 0; i < INTERRUPTS; i++) {
		u64 intid = gic_ack();

		see(intid, "many waiting: %u", i);
		gic_eoi(intid);
		settle();
	}
	for (u32 i = 0; i < INTERRUPTS; i++) {
		send(i);
		see(gic_ack(), "many nested: %u", i);
		taken += running_priority() == 0xf0 - 16 * i;
	}
	for (u32 i = INTERRUPTS; i--; ended += running_priority() == (i ? 0x100 - 16 * i : 0xff)) {
		if (!gic_is_active(i))
			continue;
		gic_eoi(i);
		settle();
	}
	see(taken, "many nested: levels");
	/* what could not be taken yet comes now */
	for (u64 intid = gic_ack(); intid != NOTHING; intid = gic_ack()) {
		gic_eoi(intid);
		settle();
	}
	ktap_ok(running_priority() == 0xff && highest_pending() == NOTHING, "all of %u interrupts were taken", INTERRUPTS);
	for (u32 i = 0; i < INTERRUPTS; i++)
		gic_set_priority(i, GIC_PRIO_DEFAULT);
}

/* Group 0 is FIQ, with registers of its own. */
static void check_groups(void)
{
	u64 group = gic_word(GICD_IGROUPR, SGI_TEST), sgi = gic_sgi1r(SGI_TEST, self_affinity());
	u32 old = mmio_read32(group), ctlr = mmio_read32(gicd_base + GICD_CTLR);

	for (u32 kind = 0; kind < 3; kind++) {
		for (u32 in_group = 0; in_group < 2; in_group++) {
			mmio_write32(group, in_group ? old : old & ~(1u << SGI_TEST));
			if (kind == 0)
				write_sysreg(sgi, icc_sgi1r_el1);
			else if (kind == 1)
				write_sysreg(sgi, icc_sgi0r_el1);
			else
				write_sysreg(sgi, icc_asgi1r_el1);
			settle();
			see(gic_is_pending(SGI_TEST), "groups: SGI of group %u by register %u", in_group, kind);
			mmio_write32(gic_word(GICD_ICPENDR, SGI_TEST), 1u << SGI_TEST);
		}
	}
	mmio_write32(group, old & ~(1u << SGI_TEST));
	for (u32 enables = 0; enables < 4; enables++) {
		mmio_write32(gicd_base + GICD_CTLR, enables & 1 ? ctlr | GRP0_ENABLE : ctlr & ~GRP0_ENABLE);
		write_sysreg(enables >> 1, icc_igrpen0_el1);
		write_sysreg(sgi, icc_sgi0r_el1);
		settle();
		see(read_sysreg(isr_el1), "groups: enables %u, ISR_EL1", enables);
		see(read_sysreg(icc_hppir0_el1), "groups: enables %u, HPPIR0", enables);
		see(highest_pending(), "groups: enables %u, HPPIR1", enables);
		see(gic_ack(), "groups: enables %u, IAR1", enables);
		see(read_sysreg(icc_iar0_el1), "groups: enables %u, IAR0", enables);
		see(running_priority(), "groups: enables %u, RPR", enables);
		if (gic_is_active(SGI_TEST))
			write_sysreg(SGI_TEST, icc_eoir0_el1);
		mmio_write32(gic_word(GICD_ICPENDR, SGI_TEST), 1u << SGI_TEST);
	}
	write_sysreg(0, icc_igrpen0_el1);
	mmio_write32(gicd_base + GICD_CTLR, ctlr);
	mmio_write32(group, old);
	write_sysreg(0, icc_igrpen1_el1);
	send(SGI_TEST);
	see(read_sysreg(isr_el1), "groups: IGRPEN1 0, ISR_EL1");
	see(highest_pending(), "groups: IGRPEN1 0, HPPIR1");
	write_sysreg(1, icc_igrpen1_el1);
	settle();
	see(gic_ack(), "groups: IGRPEN1 1 again");
	gic_eoi(SGI_TEST);
	ktap_ok(running_priority() == 0xff, "nothing runs after groups were changed");
}

void check_interface(void)
{
	check_registers();
	check_mask();
	check_preemption();
	check_changed_priority();
	check_split();
	check_inactive();
	check_many();
	check_groups();
}
