/* SPDX-License-Identifier: GPL-2.0-only */
/* Pending and active: how they are set, cleared and combined, by registers and by the CPU interface. */
#include "parts.h"

struct source {
	const char *name;
	u32 intid;
	bool edge;
};

static u64 bit_at(u32 reg, u32 intid)
{
	return mmio_read32(gic_word(reg, intid)) >> intid % 32 & 1;
}

static void set_at(u32 reg, u32 intid)
{
	mmio_write32(gic_word(reg, intid), 1u << intid % 32);
	settle();
}

/* Pending, active, what the CPU interface has for us. */
static void see_state(const struct source *source, const char *when)
{
	u32 intid = source->intid;

	settle();
	see(bit_at(GICD_ISPENDR, intid) << 20 | bit_at(GICD_ISACTIVER, intid) << 16 | highest_pending(), "state %s: %s",
	    source->name, when);
}

static void prepare(const struct source *source)
{
	if (source->intid >= INTID_SPI)
		mmio_write64(gicd_base + GICD_IROUTER + 8 * source->intid, self_affinity());
	set_at(GICD_ICENABLER, source->intid);
	if (source->intid >= 16)
		gic_set_edge(source->intid, source->edge);
	gic_set_priority(source->intid, GIC_PRIO_DEFAULT);
	mmio_write32(gic_word(GICD_IGROUPR, source->intid),
		     mmio_read32(gic_word(GICD_IGROUPR, source->intid)) | 1u << source->intid % 32);
	see_state(source, "idle");
}

static void pend_and_clear(const struct source *source)
{
	u32 intid = source->intid;

	set_at(GICD_ISPENDR, intid);
	see_state(source, "set pending while disabled");
	set_at(GICD_ICPENDR, intid);
	see_state(source, "cleared while disabled");
	set_at(GICD_ISPENDR, intid);
	set_at(GICD_ISENABLER, intid);
	see_state(source, "set pending, then enabled");
	set_at(GICD_ICENABLER, intid);
	see_state(source, "disabled while pending");
	set_at(GICD_ISENABLER, intid);
	see_state(source, "enabled again");
	set_at(GICD_ICPENDR, intid);
	see_state(source, "cleared while enabled");
}

static void take_and_end(const struct source *source)
{
	u32 intid = source->intid;

	set_at(GICD_ISPENDR, intid);
	see(gic_ack(), "state %s: acknowledged", source->name);
	see_state(source, "after the acknowledge");
	see(running_priority(), "state %s: running priority", source->name);
	set_at(GICD_ISPENDR, intid);
	see_state(source, "set pending while active");
	set_at(GICD_ICPENDR, intid);
	see_state(source, "cleared while active");
	set_at(GICD_ISPENDR, intid);
	gic_eoi(intid);
	see_state(source, "ended while pending");
	see(gic_ack(), "state %s: acknowledged again", source->name);
	set_at(GICD_ICENABLER, intid);
	see_state(source, "disabled while active");
	gic_eoi(intid);
	see_state(source, "ended while disabled");
	see(running_priority(), "state %s: running priority at the end", source->name);
	set_at(GICD_ISENABLER, intid);
}

static void activate_by_register(const struct source *source)
{
	u32 intid = source->intid;

	set_at(GICD_ISPENDR, intid);
	see(gic_ack(), "state %s: acknowledged for ICACTIVER", source->name);
	set_at(GICD_ICACTIVER, intid);
	see_state(source, "made inactive");
	see(running_priority(), "state %s: running priority of the inactive one", source->name);
	gic_eoi(intid);
	see_state(source, "EOI of the inactive one");
	see(running_priority(), "state %s: running priority after that EOI", source->name);
	set_at(GICD_ISACTIVER, intid);
	see_state(source, "made active");
	set_at(GICD_ISPENDR, intid);
	see_state(source, "made active, set pending");
	set_at(GICD_ICACTIVER, intid);
	see_state(source, "made inactive, still pending");
	set_at(GICD_ICPENDR, intid);
	see_state(source, "cleared at the end");
}

/* Made active by the register, ended as if it had been acknowledged. */
static void end_what_was_not_taken(const struct source *source)
{
	u32 intid = source->intid;

	set_ctlr(ICC_CTLR_SPLIT);
	set_at(GICD_ISACTIVER, intid);
	deactivate(intid);
	see_state(source, "made active by ISACTIVER, DIR");
	set_ctlr(0);
	set_at(GICD_ICACTIVER, intid);
	set_at(GICD_ICENABLER, intid);
	set_at(GICD_ICPENDR, intid);
	see_state(source, "end");
}

void check_states(void)
{
	const struct source sources[] = {
		{ "SGI", SGI_TEST, true }, { "level PPI", 23, false }, { "edge PPI", 23, true },
		{ "timer PPI", INTID_PTIMER, false }, { "level SPI", edu.irq, false }, { "edge SPI", edu.irq, true },
		{ "UART SPI", uart_irq, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		prepare(&sources[i]);
		pend_and_clear(&sources[i]);
		take_and_end(&sources[i]);
		activate_by_register(&sources[i]);
		end_what_was_not_taken(&sources[i]);
	}
	mmio_write32(gicr_base() + GICR_SGI + GICD_ISENABLER, 0xffff);
	ktap_ok(highest_pending() == NOTHING && running_priority() == 0xff, "nothing is left pending or running");
}

/* ---- a line that software can raise and lower: the device's ---- */

static void set_line(bool up)
{
	mmio_write32(edu.regs + (up ? EDU_IRQ_RAISE : EDU_IRQ_ACK), 1);
	settle();
}

static void check_line(const struct source *source)
{
	u32 intid = source->intid;

	prepare(source);
	set_line(true);
	see_state(source, "line up, disabled");
	set_at(GICD_ICPENDR, intid);
	see_state(source, "line up, cleared");
	set_line(false);
	see_state(source, "line down, disabled");
	set_at(GICD_ICPENDR, intid);
	set_at(GICD_ISENABLER, intid);
	set_line(true);
	see_state(source, "line up");
	see(gic_ack(), "state %s: line up, acknowledged", source->name);
	see_state(source, "line up, active");
	gic_eoi(intid);
	see_state(source, "line up, ended");
	if (gic_ack() == intid) {
		set_line(false);
		see_state(source, "line down, active");
		gic_eoi(intid);
		see_state(source, "line down, ended");
	}
	set_line(false);
	see_state(source, "line at rest");
	set_line(true);
	set_line(false);
	see_state(source, "line was up and is down");
	see(gic_ack(), "state %s: line was up, acknowledged", source->name);
	gic_eoi(intid);
	see_state(source, "line at rest at the end");
	set_at(GICD_ICENABLER, intid);
	set_at(GICD_ICPENDR, intid);
}

/* Split EOI of a level-triggered interrupt: silent until it is deactivated, whatever its line does. */
static void check_split_line(const struct source *source)
{
	u32 intid = source->intid;

	prepare(source);
	set_at(GICD_ISENABLER, intid);
	set_ctlr(ICC_CTLR_SPLIT);
	for (u32 stays = 0; stays < 2; stays++) {
		set_line(true);
		see(gic_ack(), "state split %u: acknowledged", stays);
		gic_eoi(intid);
		see_state(source, stays ? "line stays, dropped" : "line falls, dropped");
		set_line(stays);
		see(gic_ack(), "state split %u: before the end", stays);
		deactivate(intid);
		see_state(source, stays ? "line stays, deactivated" : "line falls, deactivated");
	}
	see(gic_ack(), "state split: acknowledged again");
	set_line(false);
	gic_eoi(intid);
	deactivate(intid);
	set_ctlr(0);
	see_state(source, "at the end");
	set_at(GICD_ICENABLER, intid);
}

static volatile u32 came, came_intid;

static void note(u32 intid, void *context)
{
	came++;
	came_intid = intid;
}

/* Each by GICR_ISPENDR0, as an edge; as a handler takes it. */
static void check_all_ppis(void)
{
	for (u32 intid = 16; intid < INTID_SPI; intid++) {
		u32 before = came;

		irq_handler(intid, note, NULL);
		gic_set_edge(intid, true);
		gic_set_priority(intid, GIC_PRIO_DEFAULT);
		set_at(GICD_ISENABLER, intid);
		set_at(GICD_ISPENDR, intid);
		irq_enable();
		settle();
		irq_disable();
		see(came == before + 1 && came_intid == intid, "PPI %u is taken", intid);
		set_at(GICD_ICENABLER, intid);
		gic_set_edge(intid, false);
		irq_handler(intid, NULL, NULL);
	}
}

void check_lines(void)
{
	const struct source level = { "level line", edu.irq, false }, edge = { "edge line", edu.irq, true };
	const struct source split = { "split", edu.irq, false };

	check_line(&level);
	check_line(&edge);
	check_split_line(&split);
	gic_set_edge(edu.irq, false);
	check_all_ppis();
}
