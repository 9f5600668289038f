/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of the vGIC. */
#ifndef VGIC_LOCAL_H
#define VGIC_LOCAL_H

#include <hyp/cell.h>
#include <hyp/mmio.h>
#include <hyp/mutate.h>
#include "gic_local.h"

/* GICD_IIDR, GICR_IIDR: JEP106 code of Arm, whose GIC architecture this is */
#define VGIC_IIDR	0x43b

/* ---- vgic_bits.c ---- */
/*
 * Accesses by `self` to the word's registers: GICD_IGROUPR to GICD_ICACTIVER; GICD_IPRIORITYR; GICD_ICFGR. The cell is
 * self's. An access that is not as wide as the register is RAZ/WI; all return true.
 */
bool vgic_access_bits(struct cpu *self, struct vgic_word *word, struct mmio_access *access);
bool vgic_access_priority(struct cpu *self, struct vgic_word *word, struct mmio_access *access);
bool vgic_access_config(struct cpu *self, struct vgic_word *word, struct mmio_access *access);
/* Hardware enables what is enabled in a group that is enabled. Cell lock held. */
void vgic_apply_enables(struct cell *cell, const struct vgic_word *word);
/* PIDR and CIDR registers; offset from GIC_ID_REGS. */
u32 vgic_id_register(u64 offset);
/* A read of part of a 64-bit register, and a write to part of it; size 4 or 8. */
u64 vgic_get64(u64 value, const struct mmio_access *access);
u64 vgic_put64(u64 value, const struct mmio_access *access);

/* ---- vgic_dist.c ---- */
/* Routes all SPIs of the cell to where its GICD_IROUTERs say, as far as these CPUs are there. */
void vgic_route_all(struct cell *cell);

/* ---- vgic_redist.c ---- */
bool vgic_redist_access(struct cpu *self, void *ctx, struct mmio_access *access);

/* ---- vgic_lr.c ---- */
/* Interrupts of one word that sit in a CPU's list registers, as the guest sees them. */
struct vgic_held {
	u32 pending;
	u32 active;
};

static inline struct vgic_word *vgic_word(struct cpu *cpu, u32 intid)
{
	return intid < GIC_SPI_FIRST ? &cpu->vgic.local : &cpu->cell->vgic.spi[intid / 32];
}

/* What of the word may be signalled: enabled, in a group that is enabled. */
static inline u32 vgic_signalled(const struct vgic_word *word, u32 ctlr)
{
	return word->enabled & ((ctlr & GICD_CTLR_GRP1 ? word->group1 : 0) | (ctlr & GICD_CTLR_GRP0 ? ~word->group1 : 0));
}

/* The calling CPU's own. */
struct vgic_held vgic_own_lrs(struct cpu *cpu, u32 n);
/* Of another CPU of the cell, by asking it. False: no answer in time. No lock may be held. */
bool vgic_other_lrs(struct cpu *self, struct cpu *other, u32 n, struct vgic_held *held);
/* Interrupts that must not be in list registers (not the cell's, not enabled) leave these. The calling CPU's own. */
void vgic_recheck(struct cpu *cpu);
/* Bits of word n stop being pending / active in the calling CPU's list registers. */
void vgic_lr_clear(struct cpu *cpu, u32 n, u32 mask);
void vgic_lr_deactivate(struct cpu *cpu, u32 n, u32 mask);
/* SGIs become pending for a CPU of the cell. */
void vgic_sgi_raise(struct cpu *self, struct cpu *target, u32 sgis);
/* Asks another CPU to vgic_sync(); the ticket is for vgic_wait(). */
u32 vgic_ask(struct cpu *other);
/* -EIO: no answer in time. The calling CPU answers others while it waits. No lock of the vGIC may be held. */
int vgic_wait(struct cpu *self, struct cpu *other, u32 ticket, u64 timeout_us);

static inline bool vgic_runs(struct cpu *cpu, const struct cell *cell)
{
	return cpu && READ_ONCE(cpu->cell) == cell && __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) == CPU_RUNNING;
}

#endif
