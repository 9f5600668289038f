/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of the vGIC. */
#ifndef VGIC_LOCAL_H
#define VGIC_LOCAL_H

#include <hyp/cell.h>
#include <hyp/mutate.h>
#include "gic_local.h"

/* ---- vgic_regs.c ---- */
bool vgic_dist_access(struct cpu *self, void *ctx, struct mmio_access *access);
bool vgic_redist_access(struct cpu *self, void *ctx, struct mmio_access *access);
/* Triggers of those of `bits` in one half of the word. Cell lock held. */
void vgic_set_config(struct vgic_word *word, u32 half, u32 bits, u32 value);

/* ---- vgic_spi.c ---- */
/* Routes an SPI of the cell to where its GICD_IROUTER says, as far as that CPU is there. Cell lock held. */
void vgic_route(struct cell *cell, u32 intid);
struct cpu *vgic_target(const struct cell *cell, u32 intid);	/* where that is */
void vgic_route_all(struct cell *cell);		/* all of them; takes the lock */

/* ---- vgic_lr.c ---- */
static inline struct vgic_word *vgic_word(struct cpu *cpu, u32 intid)
{
	return intid < GIC_SPI_FIRST ? &cpu->vgic.local : &cpu->cell->vgic.spi[intid / 32];
}

/* What of the word may be signalled: enabled, in a group that is enabled. */
static inline u32 vgic_signalled(const struct vgic_word *word, u32 ctlr)
{
	return word->enabled & ((ctlr & GICD_CTLR_GRP1 ? word->group1 : 0) | (ctlr & GICD_CTLR_GRP0 ? ~word->group1 : 0));
}

static inline bool vgic_runs(struct cpu *cpu, const struct cell *cell)
{
	return cpu && READ_ONCE(cpu->cell) == cell && __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) == CPU_RUNNING;
}

/*
 * Which of `bits` of the word, each of which is in one list register at most, are in those of self's cell. Other CPUs
 * are asked for what the calling CPU does not have; what one of them may have that does not answer counts as active. No
 * lock may be held.
 */
struct vgic_held vgic_find(struct cpu *self, const struct vgic_word *word, u32 bits);
/*
 * Bits of the word stop being pending (LR_PENDING) or active (LR_ACTIVE) in list registers, or neither (0), wherever they
 * are, and all that may not be signalled leaves these: of the calling CPU at once, of others soon, which are only
 * disturbed for what it does not have itself.
 */
void vgic_drop(struct cpu *self, const struct vgic_word *word, u32 bits, u64 state);
/* Soft interrupts of the word become pending, and the CPU that takes them is told of those that are. */
void vgic_raise(struct cpu *self, struct cpu *target, struct vgic_word *word, u32 bits);
/* Asks another CPU to vgic_sync(); the ticket is for vgic_wait(). */
u32 vgic_ask(struct cpu *other);
/* -EIO: no answer in time. The calling CPU answers others while it waits. No lock of the vGIC may be held. */
int vgic_wait(struct cpu *self, struct cpu *other, u32 ticket, u64 timeout_us);

#endif
