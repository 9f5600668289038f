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

static void rd_frame(struct cell *cell, u32 vcpu, struct cpu *target, struct mmio_access *access)
{
	u64 offset = access->offset & (GICR_SGI_FRAME - 1);

	if ((offset & ~4ULL) == GICR_TYPER && access->size >= 4 && !access->write)
		access->value = vgic_get64(redist_typer(cell, vcpu), access);
	if (access->size != 4)
		return;
	if (offset == GICR_WAKER && target)
		access_waker(target, access);
	if (access->write)
		return;
	if (offset == GICR_CTLR && target)
		access->value = mmio_read32((char *)target->gicr + GICR_CTLR) & GICR_CTLR_RWP;
	else if (offset == GICR_IIDR)
		access->value = VGIC_IIDR;
	else if (offset >= GIC_ID_REGS)
		access->value = vgic_id_register(offset - GIC_ID_REGS);
}

static void sgi_frame(struct cpu *self, struct cpu *target, struct mmio_access *access)
{
	u64 offset = access->offset & (GICR_SGI_FRAME - 1);
	struct vgic_word *word = &target->vgic.local;

	switch (offset) {
	case GICD_IGROUPR:
	case GICD_ISENABLER:
	case GICD_ICENABLER:
	case GICD_ISPENDR:
	case GICD_ICPENDR:
	case GICD_ISACTIVER:
	case GICD_ICACTIVER:
		vgic_access_bits(self, word, access);
		break;
	case GICD_IPRIORITYR ... GICD_IPRIORITYR + 31:
		vgic_access_priority(self, word, access);
		break;
	case GICD_ICFGR:
		if (access->write)	/* SGIs are what they are */
			break;
		/* fall through */
	case GICD_ICFGR + 4:
		vgic_access_config(self, word, access);
		break;
	}
}

bool vgic_redist_access(struct cpu *self, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;
	u32 vcpu = (u32)(access->offset / GICR_SIZE);
	struct cpu *target;

	if (vcpu >= cell->vcpus)
		return false;
	target = READ_ONCE(cell->vcpu[vcpu]);
	if (!(access->offset & GICR_SGI_FRAME))
		rd_frame(cell, vcpu, target, access);
	else if (target)
		sgi_frame(self, target, access);
	return true;
}
