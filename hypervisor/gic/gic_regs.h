/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of the GICv3 (Arm IHI 0069): distributor, redistributor, list registers. One mask per field. */
#ifndef GIC_REGS_H
#define GIC_REGS_H

#include <hyp/bits.h>

/*
 * Distributor. The registers of SGIs and PPIs have the same offsets from a redistributor's SGI frame as those of
 * INTIDs 0 to 31 would have here, so one piece of code serves both.
 */
#define GICD_SIZE		KIB(64)
#define GICD_CTLR		0x0000
#define   GICD_CTLR_GRP0	BIT(0)		/* DS=1; EnableGrp1 without affinity routing in the Non-secure view */
#define   GICD_CTLR_GRP1	BIT(1)		/* DS=1; EnableGrp1A in the Non-secure view */
#define   GICD_CTLR_ARE		BIT(4)
#define   GICD_CTLR_GRP1S	BIT(2)		/* in the Secure view of two security states */
#define   GICD_CTLR_ARE_NS	BIT(5)		/* likewise, and BIT(4) is ARE_S */
#define   GICD_CTLR_DS		BIT(6)
#define   GICD_CTLR_RWP		BIT(31)
#define GICD_TYPER		0x0004
#define   GICD_TYPER_ITLINES	GENMASK(4, 0)
#define   GICD_TYPER_IDBITS	GENMASK(23, 19)
#define   GICD_TYPER_A3V	BIT(24)
#define   GICD_TYPER_NO1N	BIT(25)
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
#define GICD_IGRPMODR		0x0d00
#define GICD_IROUTER		0x6000		/* MPIDR_AFF; 8 bytes for each INTID; 0 to 31 are reserved */
#define   GICD_IROUTER_IRM	BIT(31)
#define GIC_ID_REGS		0xffd0		/* PIDR4 to CIDR3, the same in both frames */
#define GIC_PIDR2		0xffe8
#define   GIC_PIDR2_ARCH	GENMASK(7, 4)

/* Redistributor: RD frame, then SGI frame */
#define GICR_SGI_FRAME		KIB(64)
#define GICR_SIZE		KIB(128)
#define GICR_SIZE_V4		KIB(256)	/* with the frames for virtual LPIs */
#define GICR_CTLR		0x0000
#define   GICR_CTLR_RWP		BIT(3)
#define GICR_IIDR		0x0004
#define GICR_TYPER		0x0008
#define   GICR_TYPER_VLPIS	BIT(1)
#define   GICR_TYPER_LAST	BIT(4)
#define   GICR_TYPER_NUMBER	GENMASK(23, 8)
#define   GICR_TYPER_AFF	GENMASK(63, 32)
#define GICR_WAKER		0x0014
#define   GICR_WAKER_SLEEP	BIT(1)
#define   GICR_WAKER_ASLEEP	BIT(2)

/* Affinity as MPIDR_EL1 has it */
#define MPIDR_AFF0		GENMASK(7, 0)
#define MPIDR_AFF1		GENMASK(15, 8)
#define MPIDR_AFF2		GENMASK(23, 16)
#define MPIDR_AFF3		GENMASK(39, 32)
#define MPIDR_AFF		(GENMASK(39, 32) | GENMASK(23, 0))

/* ICC_SGI1R_EL1, ICC_SGI0R_EL1, ICC_ASGI1R_EL1 */
#define SGIR_TARGETS		GENMASK(15, 0)
#define SGIR_AFF1		GENMASK(23, 16)
#define SGIR_INTID		GENMASK(27, 24)
#define SGIR_AFF2		GENMASK(39, 32)
#define SGIR_IRM		BIT(40)
#define SGIR_RS			GENMASK(47, 44)
#define SGIR_AFF3		GENMASK(55, 48)
#define SGIR_AFFINITY		(SGIR_AFF1 | SGIR_AFF2 | SGIR_AFF3 | SGIR_RS)

/* ICH_LR<n>_EL2 */
#define LR_VINTID		GENMASK(31, 0)
#define LR_PINTID		GENMASK(44, 32)
#define LR_PRIORITY		GENMASK(55, 48)
#define LR_GROUP1		BIT(60)
#define LR_HW			BIT(61)
#define LR_PENDING		BIT(62)
#define LR_ACTIVE		BIT(63)

#define ICH_HCR_EN		BIT(0)
#define ICH_HCR_UIE		BIT(1)
#define ICH_VTR_LRS		GENMASK(4, 0)	/* less one */
#define ICH_VTR_PREBITS		GENMASK(28, 26)	/* less one */
#define ICH_VMCR_FIQEN		BIT(3)

#endif
