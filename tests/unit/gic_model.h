/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A GICv3 with four CPUs for tests of gic/: distributor, redistributors, CPU interfaces with four list registers, and
 * the guests' side of these. The real gic/ runs on it. Two cells: `model_root` has CPUs 0 to 3 and SPIs, `model_other`
 * takes CPU 3 and some of the SPIs when model_create_other() is called.
 *
 * The model watches: model_breach is set to a sentence when something happens that real hardware leaves unpredictable,
 * or when an interrupt of one cell is touched on behalf of another.
 */
#ifndef GIC_MODEL_H
#define GIC_MODEL_H

#include <hyp/cell.h>

extern u32 fake_cpu;

#define MODEL_CPUS	4
#define MODEL_LRS	4
#define MODEL_INTIDS	128
#define MODEL_MAINTENANCE 25

#define SPI_ROOT	40	/* root's for ever */
#define SPI_SHARED	41	/* root's, until the other cell takes it */
#define SPI_OTHER	70	/* in the other cell's config alone */
#define SPI_SOFT	44	/* of root's emulated device; the other's has the number of SPI_ROOT */
#define SPI_HYP		90
#define SPI_NOBODY	100

struct model_irq {
	bool enabled, pending, active, edge, line;
	u8 priority;
	u64 route;
};

struct model_cpu {
	struct model_irq local[32];
	u64 lr[MODEL_LRS];
	u64 hcr, vmcr;
	u32 mask;
	bool irqs_off;			/* the guest holds interrupts back: model_guest_take() is not called for it */
};

extern struct model_irq model_spi[MODEL_INTIDS];
extern struct model_cpu model_cpu[MODEL_CPUS];
extern struct cell model_root, model_other;
extern bool model_other_exists;
extern char model_breach[200];
extern u32 model_handled;		/* runs of SPI_HYP's handler */

/* A started machine: GIC probed, root cell on CPUs 0 to 2, CPU 3 parked and off. */
void model_start(void);
int model_create_other(void);		/* and starts it on CPU 3 */
void model_run(u32 cpu);			/* as PSCI CPU_ON and CPU_OFF do */
void model_park(u32 cpu);
void model_destroy_other(void);

/* The line of a level-triggered interrupt, or a pulse of an edge-triggered one. */
void model_line(u32 spi, bool level);
void model_ppi_line(u32 cpu, u32 ppi, bool level);
/* Takes physical interrupts at EL2 on all CPUs until there are no more to take. */
void model_settle(void);

/* What the guest on that CPU does: acknowledges the most urgent interrupt of its list registers (1023: none); EOI
 * with EOImode = 0; one access to the distributor or, with GICR, to redistributor `frame` (RD and SGI pages). */
u32 model_guest_ack(u32 cpu);
void model_guest_eoi(u32 cpu, u32 intid);
u64 model_gicd(u32 cpu, u32 offset, u32 size, bool write, u64 value);
u64 model_gicr(u32 cpu, u32 frame, u32 offset, u32 size, bool write, u64 value);
bool model_access(u32 cpu, bool redist, u64 offset, u32 size, bool write, u64 *value);
u32 model_lrs_with(u32 cpu, u32 intid);	/* how many list registers have it */
/* Looks at all state; sets model_breach. */
void model_check(void);

/* The line of an emulated device, which `cpu` sees to. */
static inline void model_soft_line(u32 cpu, struct cell *cell, bool level)
{
	fake_cpu = cpu;
	vgic_set_line(cell, (u32)cell->config->uart_irq, level);
}

#endif
