/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gic: the GICv3 hardware. The hypervisor owns distributor and redistributors. Every interrupt is physical Group 1,
 * taken at EL2 (HCR_EL2.IMO), acknowledged there, and dropped in priority (ICC_CTLR_EL1.EOImode = 1); a cell's EOI
 * deactivates it through the list register's HW bit.
 *
 * Priorities: all guest interrupts are physical priority GIC_PRIO_GUEST whatever the guest programs (its values live
 * in the vGIC and the list registers); the hypervisor's own are GIC_PRIO_HYP, higher.
 */
#ifndef HYP_GIC_H
#define HYP_GIC_H

#include <abi/config.h>
#include <hyp/addr.h>

#define GIC_SGI_HYP		15	/* the one physical SGI in use: the hypervisor's cross call */
#define GIC_SPI_FIRST		32
#define GIC_INTIDS		1020
#define GIC_INTID_NONE		1020	/* 1020..1023: nothing to acknowledge */

struct cpu;

/* Checks GICD_PIDR2/GICD_TYPER/ID registers against the config, disables and deactivates every SPI, all Group 1,
 * routed to nobody. 0 or -EINVAL with a message. Boot CPU, once. */
int gic_init(const struct cfg_system *sys);
/* This CPU's redistributor and CPU interface (system registers at EL2, ICH_* too). */
int gic_cpu_init(struct cpu *cpu);

/* INTIDs that the distributor implements (highest + 1). */
u32 gic_intids(void);

void gic_send_hyp_sgi(struct cpu *target);

/* An SPI or PPI of the hypervisor's own: registers the handler, sets GIC_PRIO_HYP, enables it. SPIs go to `cpu`.
 * The handler runs on the CPU that took it, interrupts masked, in bounded time; deactivation follows it. */
typedef void (*gic_handler)(struct cpu *cpu, void *ctx);
int gic_request(u32 intid, gic_handler fn, void *ctx, struct cpu *cpu, bool edge);
/* Makes such an SPI pending again: for a handler that stopped at its bound and has more to do. */
void gic_set_pending(u32 intid);
/* True when gic_request() took it, so no cell can have it. */
bool gic_is_hyp(u32 intid);

/* An IRQ (or FIQ) exit: acknowledges and dispatches everything pending, to the hypervisor or to the vGIC; at most a
 * fixed number per exit. Called from the vectors with the guest's caller-saved registers saved. */
void gic_handle_irq(struct cpu *cpu);

#endif
