// SPDX-License-Identifier: GPL-2.0-only
/*
 * The redistributors of a cell, in the order of its own CPU numbers, at most one per CPU of its config. One whose CPU
 * was given away is still there for GICR_TYPER, else RAZ/WI. A CPU may access another's, as the architecture allows.
 */
#include <hyp/config.h>
#include "vgic_local.h"

static u64 redist_typer(const struct cell *cell, u32 vcpu)
{
	u64 vmpidr = cfg_cell_cpus(cell->config)[vcpu].vmpidr;
	u64 aff = (vmpidr & 0xffffff) | FIELD_GET(MPIDR_AFF3, vmpidr) << 24;

	return FIELD_PREP(GICR_TYPER_AFF, aff) | FIELD_PREP(GICR_TYPER_NUMBER, vcpu) |
	       (vcpu == cell->vcpus - 1 ? GICR_TYPER_LAST : 0);
}

/* A virtual CPU interface has nothing to flush: it is asleep as soon as it is told to. */
static void access_waker(struct cpu *target, struct mmio_access *access)
{
	if (!access->write)
		access->value = target->vgic.waker;
	else
		target->vgic.waker = access->value & GICR_WAKER_SLEEP ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0;
}

static bool rd_frame(struct cell *cell, u32 vcpu, struct cpu *target, struct mmio_access *access)
{
	u64 offset = access->offset & (GICR_SGI_FRAME - 1);

	if ((offset & ~4ULL) == GICR_TYPER && access->size >= 4 && !access->write)
		access->value = vgic_get64(redist_typer(cell, vcpu), access);
	if (access->size != 4)
		return true;
	if (offset == GICR_WAKER && target)
		access_waker(target, access);
	if (access->write)
		return true;
	if (offset == GICR_CTLR && target)
		access->value = mmio_read32((char *)target->gicr + GICR_CTLR) & GICR_CTLR_RWP;
	else if (offset == GICR_IIDR)
		access->value = VGIC_IIDR;
	else if (offset >= GIC_ID_REGS)
		access->value = vgic_id_register(offset - GIC_ID_REGS);
	return true;
}

/* What is not a register of bits: GICR_IPRIORITYR<n>, GICR_ICFGR0 (read only: SGIs are what they are), GICR_ICFGR1. */
static bool sgi_frame_rest(struct cpu *self, struct vgic_word *word, struct mmio_access *access, u64 offset)
{
	if (offset - GICD_IPRIORITYR < 32)
		return vgic_access_priority(self, word, access);
	if (offset == GICD_ICFGR + 4 || (offset == GICD_ICFGR && !access->write))
		return vgic_access_config(self, word, access);
	return true;
}

bool vgic_redist_access(struct cpu *self, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;
	u64 vcpu = access->offset / GICR_SIZE, offset = access->offset & (GICR_SGI_FRAME - 1);
	struct cpu *target;

	if (unlikely(vcpu >= cell->vcpus))
		return false;
	target = READ_ONCE(cell->vcpu[vcpu]);
	if (!(access->offset & GICR_SGI_FRAME))
		return rd_frame(cell, (u32)vcpu, target, access);
	if (unlikely(!target))
		return true;
	if (offset - GICD_IGROUPR >= GICD_IPRIORITYR - GICD_IGROUPR)
		return sgi_frame_rest(self, &target->vgic.local, access, offset);
	/* word 0 alone: the others are the distributor's */
	return (offset & 0x7f) || vgic_access_bits(self, &target->vgic.local, access);
}
