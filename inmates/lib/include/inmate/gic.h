/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The GICv3: distributor, this CPU's redistributor, CPU interface by system registers. Everything is Group 1.
 */
#ifndef INMATE_GIC_H
#define INMATE_GIC_H

#include <inmate/arch.h>

#define GICD_CTLR		0x0000
#define GICD_TYPER		0x0004
#define GICD_IIDR		0x0008
#define GICD_IGROUPR		0x0080
#define GICD_ISENABLER		0x0100
#define GICD_ICENABLER		0x0180
#define GICD_ISPENDR		0x0200
#define GICD_ICPENDR		0x0280
#define GICD_ISACTIVER		0x0300
#define GICD_ICACTIVER		0x0380
#define GICD_IPRIORITYR		0x0400
#define GICD_ITARGETSR		0x0800
#define GICD_ICFGR		0x0c00
#define GICD_SGIR		0x0f00
#define GICD_IROUTER		0x6000
#define GIC_PIDR2		0xffe8
#define GICR_CTLR		0x0000
#define GICR_TYPER		0x0008
#define GICR_WAKER		0x0014
#define GICR_SGI		0x10000		/* second frame: SGIs and PPIs, registers as in the distributor */
#define GICR_STRIDE		0x20000

#define GICD_CTLR_GRP1		BIT(1)
#define GICD_CTLR_ARE		BIT(4)
#define GICD_CTLR_RWP		BIT(31)
#define GICR_WAKER_SLEEP	BIT(1)
#define GICR_WAKER_CHILDREN	BIT(2)
#define GICR_TYPER_LAST		BIT(4)
#define GICR_TYPER_AFFINITY	GENMASK(63, 32)

#define GIC_PRIO_DEFAULT	0xa0
#define INTID_VTIMER		27
#define INTID_PTIMER		30
#define INTID_SPI		32
#define INTID_NONE		1020	/* 1020 to 1023: nothing to acknowledge */

extern u64 gicd_base;		/* the distributor */
extern u64 gicr_region;		/* the first redistributor */

typedef void (*irq_fn)(u32 intid, void *context);

/* The distributor, once; then each CPU its redistributor and CPU interface. */
void gic_init(void);
void gic_cpu_init(void);
/* The calling CPU's redistributor. */
u64 gicr_base(void);

/* A handler for that INTID, called with interrupts masked; NULL: none. Does not enable it. */
void irq_handler(u32 intid, irq_fn fn, void *context);
void gic_enable(u32 intid);
void gic_disable(u32 intid);
void gic_set_pending(u32 intid);
bool gic_is_pending(u32 intid);
bool gic_is_active(u32 intid);
void gic_set_edge(u32 intid, bool edge);
void gic_set_priority(u32 intid, u8 priority);
/* To the CPU with that affinity (MPIDR_EL1's fields): the value of ICC_SGI1R_EL1, and its write. */
u64 gic_sgi1r(u32 sgi, u64 mpidr);
void gic_send_sgi(u32 sgi, u64 mpidr);
/* Base of the bank of registers `reg` (ISENABLER...) that holds that INTID, and its word. */
u64 gic_word(u32 reg, u32 intid);

static inline u64 gic_ack(void) { return read_sysreg(icc_iar1_el1); }
static inline void gic_eoi(u64 intid) { write_sysreg(intid, icc_eoir1_el1); }

#endif
