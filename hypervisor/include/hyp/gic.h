/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gic: the GICv3 hardware. The hypervisor owns distributor and redistributors. Every interrupt is physical Group 1,
 * taken at EL2 (HCR_EL2.IMO), acknowledged there, and dropped in priority (ICC_CTLR_EL1.EOImode = 1); a cell's EOI
 * deactivates it through the list register's HW bit.
 *
 * Priorities: what a guest programs is squeezed into the physical range [GIC_PRIO_GUEST, 0xc0), order kept; the
 * hypervisor's own interrupts are above. So a mask of GIC_PRIO_GUEST lets these alone through: that is how a parked
 * CPU, and one whose list registers are full, is shielded without anything being acknowledged and lost.
 */
#ifndef HYP_GIC_H
#define HYP_GIC_H

#include <abi/config.h>
#include <hyp/addr.h>

#define GIC_SGI_HYP		15	/* the one physical SGI in use: the hypervisor's cross call */
#define GIC_PPI_FIRST		16
#define GIC_SPI_FIRST		32
#define GIC_INTIDS		1020

#define GIC_PRIO_HYP		0x40
#define GIC_PRIO_GUEST		0x80	/* the most urgent that a guest can have */
#define GIC_PRIO_OPEN		0xf0	/* as a mask: everything passes */

/* Checks GICD_PIDR2/GICD_TYPER/ID registers against the config, disables and deactivates every SPI, all Group 1,
 * routed to the boot CPU; then gic_cpu_init(). 0 or -EINVAL with a message. Boot CPU, once. */
int gic_init(const struct cfg_system *sys);
/* The calling CPU's redistributor and CPU interface (system registers at EL2, ICH_* too). */
int gic_cpu_init(struct cpu *cpu);

void gic_send_hyp_sgi(struct cpu *target);

/* An SPI or PPI of the hypervisor's own: registers the handler, sets GIC_PRIO_HYP, enables it. SPIs go to `cpu`; a PPI
 * is enabled on the calling CPU, and on each CPU whose gic_cpu_init() comes later.
 * The handler runs on the CPU that took it, interrupts masked, in bounded time; deactivation follows it. */
typedef void (*gic_handler)(struct cpu *cpu, void *ctx);
int gic_request(u32 intid, gic_handler fn, void *ctx, struct cpu *cpu, bool edge);
/* Makes such an SPI pending again: for a handler that stopped at its bound and has more to do. */
void gic_set_pending(u32 intid);
/* True when gic_request() took it, so no cell can have it. */
bool gic_is_hyp(u32 intid);

/* An IRQ (or FIQ) exit: acknowledges one interrupt and hands it to the hypervisor or to the vGIC. What else is pending
 * takes the next exit, so an exit is bounded. Called from the vectors with the guest's caller-saved registers saved;
 * does not return when the interrupt is a request to park. */
void gic_handle_irq(struct cpu *cpu);

#endif
