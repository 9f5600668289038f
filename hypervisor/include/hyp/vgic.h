/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgic: what a cell sees of the GICv3: distributor and redistributors trapped and filtered (I5), the CPU interface
 * direct in hardware (ICV_*), SGIs trapped and translated by the cell's own affinities. INTIDs are the same inside and
 * outside, so most accesses become one masked access of the hardware.
 */
#ifndef HYP_VGIC_H
#define HYP_VGIC_H

#include <abi/config.h>
#include <hyp/gic.h>
#include <hyp/spinlock.h>

struct cell;
struct cpu;

#define VGIC_SPI_WORDS		32	/* 32 x 32 INTIDs; word n as GICD_ISENABLER<n>; word 0 unused */

/* Per cell: struct vgic_cell and per CPU: struct vgic_cpu are defined by the vGIC below, embedded in cell and cpu. */
struct vgic_cell {
	spinlock_t lock;
	u32 ctlr;			/* GICD_CTLR group enables as the cell wrote them */
	u32 spi_owned[VGIC_SPI_WORDS];	/* SPIs that the cell has now */
	u32 spi_enabled[VGIC_SPI_WORDS];/* as the cell wrote, whatever ctlr says */
	u32 group1[VGIC_SPI_WORDS];	/* GICD_IGROUPR */
	u8 priority[GIC_INTIDS];	/* GICD_IPRIORITYR, SPIs */
	u64 irouter[GIC_INTIDS];	/* GICD_IROUTER as the cell wrote it: virtual affinity, IRM */
};

struct vgic_cpu {
	u32 sgi_pending;		/* atomic: SGIs 0..15 to inject, set by other CPUs of the cell too */
	u32 enabled;			/* GICR_ISENABLER0: SGIs and PPIs */
	u32 group1;			/* GICR_IGROUPR0 */
	u32 lr_count;			/* list registers of the hardware */
	u8 priority[32];		/* GICR_IPRIORITYR */
	u64 overflow[GIC_INTIDS / 64 + 1];	/* acknowledged physical interrupts that found no list register */
	bool overflowed;
	u64 injected;			/* statistics */
};

/* The cell's distributor and redistributor regions, and its SPIs: taken from the root cell if that has them now
 * (disabled, not pending, not active, routed nowhere), or from nobody. Cannot fail after mmio_add() succeeded. */
int vgic_cell_init(struct cell *cell);
/* Its SPIs back to disabled and inactive; those of the root cell's config return to it. No CPU runs the cell. */
void vgic_cell_exit(struct cell *cell);
/* All state as after a reset; before each start of the cell, with no CPU of it running. */
void vgic_cell_reset(struct cell *cell);

/* On the CPU itself, just before it enters a cell: ICH_* and ICV state, PPIs and SGIs as after a reset. */
void vgic_cpu_reset(struct cpu *cpu);
/* On the CPU itself, when it leaves a cell: empties list registers, deactivates its PPIs, and SPIs that it held. */
void vgic_cpu_park(struct cpu *cpu);

/* A physical interrupt of the running cell was acknowledged (and dropped) on this CPU. */
void vgic_inject_hw(struct cpu *cpu, u32 intid);
/* This CPU got a cross call: take over sgi_pending and whatever other CPUs asked for. */
void vgic_sync(struct cpu *cpu);
/* A write of ICC_SGI1R_EL1 (group 1), ICC_SGI0R_EL1 or ICC_ASGI1R_EL1. */
void vgic_send_sgi(struct cpu *cpu, u64 value, bool group1);

#endif
