/* SPDX-License-Identifier: GPL-2.0-only */
/* What the hardware half of gic/ lets the vGIC use. */
#ifndef GIC_LOCAL_H
#define GIC_LOCAL_H

#include <arch/io.h>
#include <hyp/gic.h>
#include <hyp/percpu.h>
#include "gic_regs.h"

struct gic {
	void *dist;
	void *redist;			/* all redistributors */
	u64 redist_size;
	u32 intids;			/* implemented; a multiple of 32, or GIC_INTIDS */
	u32 guest_ppis;			/* PPIs that a cell's CPU can have */
	u32 guest_typer;		/* GICD_TYPER as a cell sees it */
};
extern struct gic gic;

/* Where the registers of an INTID of that CPU are: see gic_regs.h on the common layout. */
static inline void *gic_frame(const struct cpu *cpu, u32 intid)
{
	return intid < GIC_SPI_FIRST ? (char *)cpu->gicr + GICR_SGI_FRAME : gic.dist;
}

/* The 32-bit register of bits for INTIDs 32*n.. at `reg` (GICD_ISENABLER etc.) */
static inline u32 gic_read_bits(const void *frame, u32 reg, u32 n)
{
	return mmio_read32((const char *)frame + reg + 4 * n);
}

static inline void gic_write_bits(void *frame, u32 reg, u32 n, u32 value)
{
	mmio_write32((char *)frame + reg + 4 * n, value);
}

static inline void gic_set_priority(void *frame, u32 intid, u8 priority)
{
	mmio_write8((char *)frame + GICD_IPRIORITYR + intid, priority);
}

static inline void gic_route(u32 spi, u64 mpidr)
{
	mmio_write64((char *)gic.dist + GICD_IROUTER + 8 * spi, mpidr & MPIDR_AFF);
}

/* The physical priority that stands for a guest's. */
static inline u8 gic_guest_priority(u8 priority)
{
	return (u8)(GIC_PRIO_GUEST + (priority >> 2));
}

/* Affinity as GICR_TYPER has it, of one that is as MPIDR_EL1 has it. */
static inline u64 gic_affinity(u64 mpidr)
{
	return (mpidr & GENMASK(23, 0)) | FIELD_GET(MPIDR_AFF3, mpidr) << 24;
}

/* The CPU with that affinity as the only target of an ICC_SGI1R_EL1. */
static inline u64 gic_sgi_target(u64 mpidr)
{
	u64 aff0 = FIELD_GET(MPIDR_AFF0, mpidr);

	return FIELD_PREP(SGIR_TARGETS, BIT(aff0 & 15)) | FIELD_PREP(SGIR_RS, aff0 >> 4) |
	       FIELD_PREP(SGIR_AFF1, FIELD_GET(MPIDR_AFF1, mpidr)) |
	       FIELD_PREP(SGIR_AFF2, FIELD_GET(MPIDR_AFF2, mpidr)) |
	       FIELD_PREP(SGIR_AFF3, FIELD_GET(MPIDR_AFF3, mpidr));
}

/* GICD_ICFGR<n>, the bits in mask; returns what these are then (some are fixed). */
u32 gic_set_config(void *frame, u32 n, u32 mask, u32 value);
/* Disabled, neither pending nor active, and so for every CPU when it returns. -EIO: the GIC does not answer. */
int gic_quiesce(void *frame, u32 n, u32 mask);

#endif
