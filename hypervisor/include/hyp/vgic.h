/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgic: what a cell sees of the GICv3: distributor and redistributors trapped and filtered (I5), the CPU interface
 * direct in hardware (ICV_*), SGIs trapped and translated by the cell's own affinities. INTIDs are the same inside and
 * outside, so most accesses become one masked access of the hardware.
 */
#ifndef HYP_VGIC_H
#define HYP_VGIC_H

#include <hyp/gic.h>
#include <hyp/spinlock.h>

#define VGIC_SPI_WORDS		32	/* 32 x 32 INTIDs; word n as GICD_ISENABLER<n>; word 0 unused */
#define VGIC_MAX_LRS		16
#define VGIC_SOFT_END		64	/* soft interrupts are of word 0 of a CPU and of word 1 of a cell */

/* 32 INTIDs: SPIs of a cell, or the SGIs and PPIs of one CPU. Bits are changed under the cell's lock. */
struct vgic_word {
	u32 owned;			/* hardware interrupts that the cell has now */
	u32 soft;			/* SGIs, interrupts of emulated devices: there, but no business of the hardware */
	u32 pending;			/* atomic: of these, what is to inject; set by other CPUs too */
	u32 enabled;			/* as the cell wrote, whatever its GICD_CTLR says */
	u32 group1;			/* GICD_IGROUPR */
	u32 config[2];			/* GICD_ICFGR */
	u32 latched;			/* atomic: hardware interrupts that GICD_ISPENDR made pending, perhaps some time ago */
	u32 n;				/* INTIDs 32*n.. */
	struct cpu *target;		/* whose SGIs and PPIs; NULL: SPIs */
	u8 *priority;			/* of the first of them: GICD_IPRIORITYR */
	void *frame;			/* hardware registers that have the bits of word n at GICD_ISENABLER + 4n etc. */
};

/* Interrupts of one word in list registers, as the guest sees them. */
struct vgic_held {
	u32 pending;
	u32 active;
};

/* Per cell, embedded there. */
struct vgic_cell {
	spinlock_t lock;		/* guards ctlr, the words, ownership while a masked access is under way */
	u32 ctlr;			/* GICD_CTLR group enables as the cell wrote them */
	struct vgic_word spi[VGIC_SPI_WORDS];
	u8 priority[32 * VGIC_SPI_WORDS];	/* GICD_IPRIORITYR, SPIs */
	u64 irouter[32 * VGIC_SPI_WORDS];	/* GICD_IROUTER as the cell wrote it: virtual affinity, IRM */
};

/*
 * Per CPU, embedded there. Only the CPU itself can see its list registers. Another one that needs something of them
 * raises asked (a ticket), after setting bits in drop, and sends a cross call; the CPU acts in vgic_sync(),
 * publishes a copy of its list registers, and answers with that ticket.
 */
struct vgic_cpu {
	struct vgic_word local;		/* SGIs and PPIs */
	u8 priority[32];		/* GICR_IPRIORITYR */
	u8 soft_lr[VGIC_SOFT_END];	/* list register where that soft interrupt was put last */
	u64 sgi_target;			/* an ICC_SGI1R_EL1 with this CPU as its only target */
	u32 waker;			/* GICR_WAKER */
	u32 lr_mask;			/* list registers of the hardware */
	u64 injected;			/* statistics */
	u32 asked, answered;		/* tickets, atomic */
	struct vgic_held drop[VGIC_SPI_WORDS];	/* atomic: no longer to be so in a list register */
	u64 lr_copy[VGIC_MAX_LRS];
};

/* The cell's distributor and redistributor regions, and its SPIs: taken from the root cell if that has them now
 * (disabled, not pending, not active), or from nobody. Needs config, is_root, vcpus. -EINVAL, -ENOMEM from
 * mmio_add(); -EIO: the GIC or a CPU of the root cell does not answer. Nothing is taken then. Under cell_lock, after
 * the cell's CPUs were taken from the root cell: no CPU of that uses their redistributors any more when this returns. */
int vgic_cell_init(struct cell *cell, struct hc_error *err);
/* Its SPIs disabled and inactive; those of the root cell's config return to it. No CPU runs the cell. */
void vgic_cell_exit(struct cell *cell);
/* All state as after a reset; before each start of the cell, with no CPU of it running. */
void vgic_cell_reset(struct cell *cell);

/* Once per CPU, at boot. -EINVAL: too few list registers. */
int vgic_cpu_init(struct cpu *cpu);
/* SGIs and PPIs as after a reset, and nothing left of what others asked that CPU for: it has got another owner, or one
 * that starts anew, and does not run. */
void vgic_cpu_clear(struct cpu *cpu);
/* On the CPU itself, just before it enters a cell: ICH_* and ICV state. SGIs and PPIs are as other CPUs of the cell left
 * them, which may have set them up, or have sent some; vgic_sync() when it counts as running takes them over. */
void vgic_cpu_reset(struct cpu *cpu);
/* On the CPU itself, when it leaves a cell: empties list registers, vgic_cpu_clear(); an SPI that it held pending
 * becomes pending in the distributor again, one that it had active inactive. */
void vgic_cpu_park(struct cpu *cpu);
/* A physical interrupt of the running cell was acknowledged (and dropped) on this CPU. */
void vgic_inject_hw(struct cpu *cpu, u32 intid);
/* The list registers have room again: gic_handler of the maintenance interrupt. */
void vgic_underflow(struct cpu *cpu, void *ctx);
/* This CPU got a cross call: take over what is pending and whatever other CPUs asked for. */
void vgic_sync(struct cpu *cpu);
/* The line of an emulated device: a soft SPI of the cell. Up: any CPU; down: without effect but on a CPU of the cell. */
void vgic_set_line(struct cell *cell, u32 intid, bool up);
/* A write of ICC_SGI1R_EL1 (group 1), ICC_SGI0R_EL1 or ICC_ASGI1R_EL1 (not). */
void vgic_send_sgi(struct cpu *cpu, u64 value, bool group1);

#endif
