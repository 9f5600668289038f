/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SMMUv3 registers, in-memory structures and commands, in the names of the architecture (IHI 0070). A field is one
 * mask, followed by its values. Only what this driver uses.
 */
#ifndef SMMU_REGS_H
#define SMMU_REGS_H

#include <hyp/bits.h>

/* ---- register page 0 ---- */

#define SMMU_IDR0		0x00
#define IDR0_S2P		BIT(0)
#define IDR0_S1P		BIT(1)
#define IDR0_TTF_AARCH32	BIT(2)		/* the two bits of TTF */
#define IDR0_TTF_AARCH64	BIT(3)
#define IDR0_COHACC		BIT(4)
#define IDR0_HTTU		GENMASK(7, 6)
#define IDR0_ATS		BIT(10)
#define IDR0_NS1ATS		BIT(11)		/* no split-stage ATS */
#define IDR0_ASID16		BIT(12)
#define IDR0_SEV		BIT(14)
#define IDR0_PRI		BIT(16)
#define IDR0_CD2L		BIT(19)
#define IDR0_STALL_MODEL	GENMASK(25, 24)
#define STALL_MODEL_BOTH	0		/* 2: stalling is forced */
#define STALL_MODEL_NONE	1
#define IDR0_TERM_MODEL		BIT(26)
#define IDR0_TTENDIAN		GENMASK(22, 21)
#define IDR0_TTENDIAN_BIG	3
#define IDR0_ST_LEVEL		GENMASK(28, 27)
#define IDR0_ST_LEVEL_2		1

#define SMMU_IDR1		0x04
#define IDR1_SIDSIZE		GENMASK(5, 0)
#define IDR1_SSIDSIZE		GENMASK(10, 6)
#define IDR1_PRIQS		GENMASK(15, 11)
#define IDR1_EVENTQS		GENMASK(20, 16)
#define IDR1_CMDQS		GENMASK(25, 21)
#define IDR1_ATTR_PERMS_OVR	BIT(26)
#define IDR1_ATTR_TYPES_OVR	BIT(27)
#define IDR1_PRESET		GENMASK(30, 29)	/* TABLES_PRESET, QUEUES_PRESET */

#define SMMU_IDR3		0x0c
#define IDR3_RIL		BIT(10)
#define IDR3_STAGE1		(GENMASK(14, 9) | BIT(2))	/* PTWNNC, E0PD, BBML, RIL, STT, HAD */

#define SMMU_IDR5		0x14
#define IDR5_OAS		GENMASK(2, 0)	/* encoded as PARange */
#define IDR5_GRAN4K		BIT(4)
#define IDR5_GRAN		GENMASK(6, 4)
#define IDR5_VAX		GENMASK(11, 10)
#define IDR5_STALL_MAX		GENMASK(31, 16)

#define SMMU_IIDR		0x18
#define SMMU_AIDR		0x1c
#define AIDR_MINOR		GENMASK(3, 0)

#define SMMU_CR0		0x20		/* CR0ACK follows */
#define CR0_SMMUEN		BIT(0)
#define CR0_EVENTQEN		BIT(2)
#define CR0_CMDQEN		BIT(3)
#define CR0_PRIQEN		BIT(1)
#define CR0_ATSCHK		BIT(4)		/* translated requests are checked */

#define SMMU_CR1		0x28
#define CR1_QUEUE		GENMASK(5, 0)	/* QUEUE_SH, QUEUE_OC, QUEUE_IC */
#define CR1_TABLE		GENMASK(11, 6)	/* the same of tables */
#define CR1_COHERENT		0x35		/* inner shareable, write-back, write-back */

#define SMMU_CR2		0x2c
#define CR2_RECINVSID		BIT(1)		/* record C_BAD_STREAMID */
#define CR2_PTM			BIT(2)		/* take no part in broadcast TLB maintenance */

#define SMMU_GBPA		0x44
#define GBPA_ABORT		BIT(20)
#define GBPA_UPDATE		BIT(31)

#define SMMU_IRQ_CTRL		0x50		/* IRQ_CTRLACK follows */
#define IRQ_CTRL_GERROR		BIT(0)
#define IRQ_CTRL_PRIQ		BIT(1)
#define IRQ_CTRL_EVENTQ		BIT(2)

#define SMMU_GERROR		0x60
#define SMMU_GERRORN		0x64
#define GERROR_CMDQ_ERR		BIT(0)
#define GERROR_EVENTQ_ABT_ERR	BIT(2)
#define GERROR_PRIQ_ABT_ERR	BIT(3)
#define GERROR_SFM_ERR		BIT(8)
#define SMMU_GERROR_IRQ_CFG0	0x68

#define SMMU_STRTAB_BASE	0x80
#define STRTAB_BASE_RA		BIT(62)
#define STRTAB_BASE_ADDR	GENMASK(51, 6)
#define SMMU_STRTAB_BASE_CFG	0x88
#define STRTAB_CFG_LOG2SIZE	GENMASK(5, 0)
#define STRTAB_CFG_SPLIT	GENMASK(10, 6)
#define STRTAB_CFG_FMT		GENMASK(17, 16)
#define STRTAB_FMT_2LEVEL	1

#define SMMU_CMDQ_BASE		0x90
#define SMMU_CMDQ_PROD		0x98
#define SMMU_CMDQ_CONS		0x9c
#define CMDQ_CONS_ERR		GENMASK(30, 24)
#define CERROR_NONE		0
#define CERROR_ILL		1
#define CERROR_ABT		2
#define CERROR_ATC_INV_SYNC	3

#define SMMU_EVENTQ_BASE	0xa0
#define SMMU_EVENTQ_IRQ_CFG0	0xb0
#define SMMU_PRIQ_BASE		0xc0
#define SMMU_PRIQ_IRQ_CFG0	0xd0
#define QUEUE_BASE_RWA		BIT(62)
#define QUEUE_BASE_ADDR		GENMASK(51, 5)
#define QUEUE_BASE_LOG2SIZE	GENMASK(4, 0)

/* ---- register page 1 ---- */

#define SMMU_PAGE1		0x10000
#define SMMU_EVENTQ_PROD	(SMMU_PAGE1 + 0xa8)
#define SMMU_EVENTQ_CONS	(SMMU_PAGE1 + 0xac)
#define QUEUE_OVERFLOW		BIT(31)		/* OVFLG in PROD, OVACKFLG in CONS */
#define SMMU_PRIQ_PROD		(SMMU_PAGE1 + 0xc8)
#define SMMU_PRIQ_CONS		(SMMU_PAGE1 + 0xcc)
#define SMMU_REGS_SIZE		(2 * SMMU_PAGE1)

/* ---- stream table ---- */

#define L1STD_SPAN		GENMASK(4, 0)	/* 2^(SPAN-1) entries; 0: invalid */
#define L1STD_L2PTR		GENMASK(51, 6)

/* doubleword 0 */
#define STE0_V			BIT(0)
#define STE0_CONFIG		GENMASK(3, 1)
#define STE_CONFIG_ABORT	0
#define STE_CONFIG_BYPASS	4
#define STE_CONFIG_S1		5
#define STE_CONFIG_S2		6
#define STE_CONFIG_S1_S2	7
#define STE_CONFIG_HAS_S1	BIT(0)		/* bits of CONFIG's value */
#define STE_CONFIG_HAS_S2	BIT(1)
#define STE0_S1FMT		GENMASK(5, 4)
#define STE_S1FMT_LINEAR	0
#define STE_S1FMT_RESERVED	3
#define STE0_S1CONTEXTPTR	GENMASK(51, 6)
#define STE0_S1CDMAX		GENMASK(63, 59)
/* doubleword 1 */
#define STE1_S1DSS		GENMASK(1, 0)
#define STE1_S1CIR		GENMASK(3, 2)
#define STE1_S1COR		GENMASK(5, 4)
#define STE1_S1CSH		GENMASK(7, 6)
#define STE1_MEV		BIT(19)
#define STE1_S1STALLD		BIT(27)
#define STE1_EATS		GENMASK(29, 28)
#define STE_EATS_FULL		1
#define STE_EATS_SPLIT		2
#define STE1_MEMATTR		GENMASK(40, 32)	/* with MTCFG and ALLOCCFG */
#define STE1_SHCFG		GENMASK(45, 44)
#define STE1_SHCFG_INCOMING	1
#define STE1_PERMS		GENMASK(51, 48)	/* INSTCFG and PRIVCFG */
#define STE1_OVERRIDES		(STE1_MEMATTR | STE1_SHCFG | STE1_PERMS)
/* doubleword 2; bits 50:32 are VTCR_EL2[18:0] */
#define STE2_S2VMID		GENMASK(15, 0)
#define STE2_VTCR		GENMASK(50, 32)
#define STE2_S2PS		GENMASK(50, 48)
#define STE2_S2AA64		BIT(51)
#define STE2_S2AFFD		BIT(53)
#define STE2_S2PTW		BIT(54)
#define STE2_S2R		BIT(58)
/* doubleword 3 */
#define STE3_S2TTB		GENMASK(51, 4)

/* ---- commands ---- */

#define CMD0_OP			GENMASK(7, 0)
#define CMD_PREFETCH_CONFIG	0x01
#define CMD_PREFETCH_ADDR	0x02
#define CMD_CFGI_STE		0x03
#define CMD_CFGI_STE_RANGE	0x04
#define CMD_CFGI_CD		0x05
#define CMD_CFGI_CD_ALL		0x06
#define CMD_TLBI_NH_ALL		0x10
#define CMD_TLBI_NH_ASID	0x11
#define CMD_TLBI_NH_VA		0x12
#define CMD_TLBI_NH_VAA		0x13
#define CMD_TLBI_S12_VMALL	0x28
#define CMD_TLBI_S2_IPA		0x2a
#define CMD_TLBI_NSNH_ALL	0x30
#define CMD_ATC_INV		0x40
#define CMD_PRI_RESP		0x41
#define CMD_RESUME		0x44
#define CMD_STALL_TERM		0x45
#define CMD_SYNC		0x46

#define CMD0_SSEC		BIT(10)		/* of a Secure stream */
#define CMD0_SSV		BIT(11)
#define CMD0_SSID		GENMASK(31, 12)
#define CMD_CFGI0_SID		GENMASK(63, 32)
#define CMD1_LEAF		BIT(0)
#define CMD1_ADDR		GENMASK(63, 12)
#define CMD_CFGI1_RANGE		GENMASK(4, 0)	/* 2^(RANGE+1) streams */
#define CFGI_RANGE_ALL		31
#define CMD_TLBI0_NUM		GENMASK(16, 12)
#define CMD_TLBI0_SCALE		GENMASK(24, 20)
#define CMD_TLBI0_VMID		GENMASK(47, 32)
#define CMD_TLBI1_TG		GENMASK(11, 10)
#define CMD_TLBI_TG_4K		1
#define CMD_TLBI_TG_16K		2
#define CMD_TLBI0_ASID		GENMASK(63, 48)
#define CMD_TLBI1_TTL		GENMASK(9, 8)
#define CMD_ATC0_GLOBAL		BIT(9)
#define CMD_ATC1_SIZE		GENMASK(5, 0)
#define ATC_SIZE_ALL		52
#define CMD_PRI1_RESP		GENMASK(13, 12)
#define PRI_RESP_FAILURE	0
#define PRI_RESP_SUCCESS	2
#define PRI_RESP_RESERVED	3
#define CMD_RESUME0_ACTION	GENMASK(13, 12)	/* retry, or abort */
#define RESUME_ABORT		2
#define CMD_SYNC0_CS		GENMASK(13, 12)
#define SYNC_CS_IRQ		1
#define SYNC_CS_SEV		2
#define SYNC_CS_RESERVED	3

/* ---- page requests ---- */

#define PRI0_SID		GENMASK(31, 0)
#define PRI0_SSID		GENMASK(51, 32)
#define PRI0_ACCESS		GENMASK(61, 60)	/* wanted; 0 with PRI0_SSV: a marker, no request */
#define PRI0_LAST		BIT(62)
#define PRI0_SSV		BIT(63)
#define PRI1_INDEX		GENMASK(8, 0)	/* in CMD_PRI_RESP too */

/* ---- events ---- */

#define EVT0_TYPE		GENMASK(7, 0)
#define EVT0_SID		GENMASK(63, 32)
#define EVT1_RNW		BIT(35)		/* 1: read */
#define EVT1_STAG		GENMASK(15, 0)	/* in CMD_RESUME too */
#define EVT1_STALL		BIT(31)
#define EVT1_S2			BIT(39)
#define EVT1_CLASS		GENMASK(41, 40)
#define EVT_CLASS_CD		0		/* what was being fetched: a CD, */
#define EVT_CLASS_TT		1		/* a stage-1 descriptor, */
#define EVT_CLASS_IN		2		/* or nothing: the transaction itself */
#define EVT_C_BAD_STREAMID	0x02
#define EVT_F_STE_FETCH		0x03
#define EVT_C_BAD_STE		0x04
#define EVT_F_CD_FETCH		0x09
#define EVT_F_WALK_EABT		0x0b
#define EVT_F_TRANSLATION	0x10
#define EVT_F_PERMISSION	0x13
#define EVT_F_CFG_CONFLICT	0x21

/* Of PROD or CONS of a queue of 2^log2 entries: without the wrap bit, and with it. */
static inline u32 queue_index(u32 log2, u32 pointer) { return pointer & ((1u << log2) - 1); }
static inline u32 queue_pointer(u32 log2, u32 value) { return value & ((2u << log2) - 1); }

/* The first doubleword of a command about a stream, or a VMID: both have the same place. */
static inline u64 cmd_about(u64 op, u32 id) { return FIELD_PREP(CMD0_OP, op) | FIELD_PREP(CMD_CFGI0_SID, id); }

/* About translations of a VMID. */
static inline bool cmd_is_tlbi(u64 dw0) { return FIELD_GET(CMD0_OP, dw0) - CMD_TLBI_NH_ALL <= CMD_TLBI_NH_VAA - CMD_TLBI_NH_ALL; }

/*
 * A fault of stage 2. One that was met on the way to a CD or to a stage-1 descriptor can be nothing else; QEMU 10 leaves
 * the S2 bit out of some of these.
 */
static inline bool evt_is_stage2(u64 dw0, u64 dw1)
{
	u64 type = FIELD_GET(EVT0_TYPE, dw0);

	return type >= EVT_F_TRANSLATION && type <= EVT_F_PERMISSION &&
	       ((dw1 & EVT1_S2) || FIELD_GET(EVT1_CLASS, dw1) != EVT_CLASS_IN);
}

/* Only the last request of a group is answered, and none of the markers that stop a PASID. */
static inline bool pri_needs_answer(u64 dw0)
{
	return (dw0 & PRI0_LAST) && ((dw0 & PRI0_ACCESS) || !(dw0 & PRI0_SSV));
}

#endif
