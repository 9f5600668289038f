/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An SMMUv3 with stage 1, in the names of the architecture (IHI 0070): registers, queues, stream table, context
 * descriptors, translation tables. One thing at a time, waiting by polling; what it needs is taken from free RAM.
 * Tests do what a driver never would, so everything can also be written by hand.
 */
#ifndef INMATE_SMMU_H
#define INMATE_SMMU_H

#include <inmate/types.h>

/* ---- registers ---- */

#define SMMU_IDR0		0x00
#define IDR0_S2P		BIT(0)
#define IDR0_S1P		BIT(1)
#define IDR0_TTF		GENMASK(3, 2)
#define IDR0_COHACC		BIT(4)
#define IDR0_HYP		BIT(9)
#define IDR0_ATS		BIT(10)
#define IDR0_MSI		BIT(13)
#define IDR0_SEV		BIT(14)
#define IDR0_PRI		BIT(16)
#define IDR0_STALL_MODEL	GENMASK(25, 24)
#define STALL_MODEL_NONE	1
#define IDR0_ST_LEVEL		GENMASK(28, 27)
#define SMMU_IDR1		0x04
#define IDR1_SIDSIZE		GENMASK(5, 0)
#define IDR1_SSIDSIZE		GENMASK(10, 6)
#define IDR1_EVENTQS		GENMASK(20, 16)
#define IDR1_CMDQS		GENMASK(25, 21)
#define SMMU_IDR3		0x0c
#define IDR3_RIL		BIT(10)
#define SMMU_IDR5		0x14
#define IDR5_OAS		GENMASK(2, 0)
#define IDR5_GRAN4K		BIT(4)
#define IDR5_GRAN64K		BIT(6)
#define SMMU_IIDR		0x18
#define SMMU_AIDR		0x1c
#define SMMU_CR0		0x20
#define SMMU_CR0ACK		0x24
#define CR0_SMMUEN		BIT(0)
#define CR0_PRIQEN		BIT(1)
#define CR0_EVENTQEN		BIT(2)
#define CR0_CMDQEN		BIT(3)
#define SMMU_CR1		0x28
#define CR1_CACHED		0xd75		/* tables and queues: inner shareable, write-back */
#define SMMU_CR2		0x2c
#define CR2_RECINVSID		BIT(1)
#define CR2_PTM			BIT(2)
#define SMMU_GBPA		0x44
#define GBPA_ABORT		BIT(20)
#define GBPA_UPDATE		BIT(31)
#define SMMU_IRQ_CTRL		0x50
#define SMMU_IRQ_CTRLACK	0x54
#define IRQ_CTRL_GERROR		BIT(0)
#define IRQ_CTRL_EVENTQ		BIT(2)
#define SMMU_GERROR		0x60
#define SMMU_GERRORN		0x64
#define GERROR_CMDQ_ERR		BIT(0)
#define GERROR_EVENTQ_ABT_ERR	BIT(2)
#define SMMU_GERROR_IRQ_CFG0	0x68
#define SMMU_GERROR_IRQ_CFG1	0x70
#define SMMU_STRTAB_BASE	0x80
#define SMMU_STRTAB_BASE_CFG	0x88
#define STRTAB_CFG_LOG2SIZE	GENMASK(5, 0)
#define STRTAB_CFG_SPLIT	GENMASK(10, 6)
#define STRTAB_CFG_2LEVEL	BIT(16)
#define SMMU_CMDQ_BASE		0x90
#define QUEUE_LOG2SIZE		GENMASK(4, 0)
#define QUEUE_ADDR		GENMASK(51, 5)
#define SMMU_CMDQ_PROD		0x98
#define SMMU_CMDQ_CONS		0x9c
#define CMDQ_CONS_RD		GENMASK(19, 0)
#define CMDQ_CONS_ERR		GENMASK(30, 24)
#define CERROR_NONE		0
#define CERROR_ILL		1
#define CERROR_ABT		2
#define SMMU_EVENTQ_BASE	0xa0
#define SMMU_EVENTQ_IRQ_CFG0	0xb0
#define SMMU_EVENTQ_IRQ_CFG1	0xb8
#define SMMU_PRIQ_BASE		0xc0
#define SMMU_SECURE		0x8000		/* the secure registers' half of page 0 */
#define SMMU_PAGE1		0x10000
#define SMMU_EVENTQ_PROD	0x100a8
#define SMMU_EVENTQ_CONS	0x100ac
#define EVENTQ_OVERFLOW		BIT(31)
#define SMMU_SIZE		0x20000

/* ---- stream table entries: 8 doublewords ---- */

#define STE_WORDS		8
#define STE0_V			BIT(0)
#define STE0_CONFIG		GENMASK(3, 1)
#define STE_ABORT		0
#define STE_BYPASS		4
#define STE_S1			5
#define STE_S2			6
#define STE_S1_S2		7
#define STE0_S1FMT		GENMASK(5, 4)
#define STE0_S1CONTEXTPTR	GENMASK(51, 6)
#define STE0_S1CDMAX		GENMASK(63, 59)
#define STE1_S1DSS		GENMASK(1, 0)
#define STE1_S1_CACHED		0xd4		/* CDs: inner shareable, write-back */
#define STE1_S1STALLD		BIT(27)
#define STE1_EATS		GENMASK(29, 28)
#define STE1_STRW		GENMASK(31, 30)
#define STE1_ATTRIBUTES		GENMASK(51, 32)	/* MemAttr, MTCFG, ALLOCCFG, SHCFG, NSCFG, PRIVCFG, INSTCFG */
#define STE1_SHCFG_INCOMING	BIT(44)
#define L1STD_SPAN		GENMASK(4, 0)
#define L1STD_L2PTR		GENMASK(51, 6)

/* ---- context descriptors: 8 doublewords ---- */

#define CD_WORDS		8
#define CD0_T0SZ		GENMASK(5, 0)
#define CD0_TG0			GENMASK(7, 6)
#define CD_TG0_4K		0
#define CD_TG0_64K		1
#define CD0_CACHED		0x3500		/* walks: inner shareable, write-back */
#define CD0_EPD1		BIT(30)
#define CD0_V			BIT(31)
#define CD0_IPS			GENMASK(34, 32)
#define CD0_AA64		BIT(41)
#define CD0_S			BIT(44)
#define CD0_R			BIT(45)		/* record faults */
#define CD0_A			BIT(46)		/* abort, not RAZ/WI */
#define CD0_ASET		BIT(47)
#define CD0_ASID		GENMASK(63, 48)
#define CD1_TTB0		GENMASK(51, 4)
#define CD3_MAIR		0xff04		/* 0: Device-nGnRE, 1: Normal write-back */

/* ---- translation table descriptors ---- */

#define SMMU_PTE_VALID		BIT(0)
#define SMMU_PTE_TABLE		BIT(1)		/* a table; at the last level a page */
#define SMMU_PTE_NORMAL		BIT(2)		/* attribute 1 of CD3_MAIR */
#define SMMU_PTE_EL0		BIT(6)
#define SMMU_PTE_RO		BIT(7)
#define SMMU_PTE_SH		GENMASK(9, 8)
#define SMMU_PTE_AF		BIT(10)
#define SMMU_PTE_NG		BIT(11)
#define SMMU_PTE_ADDR		GENMASK(47, 12)
/* a page that the device may read and write */
#define SMMU_PTE_PAGE		(SMMU_PTE_VALID | SMMU_PTE_TABLE | SMMU_PTE_NORMAL | SMMU_PTE_EL0 | SMMU_PTE_SH | \
				 SMMU_PTE_AF | SMMU_PTE_NG)

/* ---- commands: 2 doublewords ---- */

#define CMD0_OP			GENMASK(7, 0)
#define CMD_PREFETCH_CONFIG	0x01
#define CMD_PREFETCH_ADDR	0x02
#define CMD_CFGI_STE		0x03
#define CMD_CFGI_STE_RANGE	0x04		/* with CFGI_ALL's range: everything */
#define CMD_CFGI_CD		0x05
#define CMD_CFGI_CD_ALL		0x06
#define CMD_TLBI_NH_ALL		0x10
#define CMD_TLBI_NH_ASID	0x11
#define CMD_TLBI_NH_VA		0x12
#define CMD_TLBI_NH_VAA		0x13
#define CMD_TLBI_EL3_ALL	0x18
#define CMD_TLBI_EL3_VA		0x1a
#define CMD_TLBI_EL2_ALL	0x20
#define CMD_TLBI_EL2_ASID	0x21
#define CMD_TLBI_EL2_VA		0x22
#define CMD_TLBI_EL2_VAA	0x23
#define CMD_TLBI_S12_VMALL	0x28
#define CMD_TLBI_S2_IPA		0x2a
#define CMD_TLBI_NSNH_ALL	0x30
#define CMD_ATC_INV		0x40
#define CMD_PRI_RESP		0x41
#define CMD_RESUME		0x44
#define CMD_STALL_TERM		0x45
#define CMD_SYNC		0x46
#define CMD0_SSEC		BIT(10)
#define CMD0_SSV		BIT(11)
#define CMD0_SSID		GENMASK(31, 12)
#define CMD0_SID		GENMASK(63, 32)
#define CMD0_VMID		GENMASK(47, 32)
#define CMD0_ASID		GENMASK(63, 48)
#define CMD1_LEAF		BIT(0)
#define CMD1_VA			GENMASK(63, 12)
#define CFGI_RANGE_ALL		31
#define SYNC0_CS		GENMASK(13, 12)
#define SYNC_CS_NONE		0
#define SYNC_CS_IRQ		1
#define SYNC_CS_SEV		2

/* ---- events: 4 doublewords ---- */

#define EVT0_TYPE		GENMASK(7, 0)
#define EVT0_SSV		BIT(11)
#define EVT0_SSID		GENMASK(31, 12)
#define EVT0_SID		GENMASK(63, 32)
#define EVT1_STAG		GENMASK(15, 0)
#define EVT1_STALL		BIT(31)
#define EVT1_PNU		BIT(33)
#define EVT1_IND		BIT(34)
#define EVT1_RNW		BIT(35)
#define EVT1_S2			BIT(39)
#define EVT1_CLASS		GENMASK(41, 40)
#define EVT_CLASS_CD		0
#define EVT_CLASS_TT		1
#define EVT_CLASS_IN		2
#define EVT_C_BAD_STREAMID	0x02
#define EVT_F_STE_FETCH		0x03
#define EVT_C_BAD_STE		0x04
#define EVT_C_BAD_SUBSTREAMID	0x08
#define EVT_F_CD_FETCH		0x09
#define EVT_C_BAD_CD		0x0a
#define EVT_F_WALK_EABT		0x0b
#define EVT_F_TRANSLATION	0x10
#define EVT_F_ADDR_SIZE		0x11
#define EVT_F_ACCESS		0x12
#define EVT_F_PERMISSION	0x13

struct smmu_event { u64 word[4]; };

/* An SMMU. The queues can be replaced while they are off. */
struct smmu {
	u64 regs;
	u32 idr0, idr1, idr5;
	u32 event_irq, error_irq, sync_irq;		/* INTIDs, 0: none */
	volatile u32 event_irqs, error_irqs, sync_irqs;	/* taken */
	u64 *commands, *events;
	u32 command_log2, event_log2;			/* sizes of the queues, in entries */
	u32 command_prod, event_cons;			/* with wrap bit */
	u64 *streams;					/* its stream table: linear, or the first level */
	u32 stream_log2, split;				/* split 0: linear */
};

/* Translation tables of one address space. */
struct smmu_space {
	u64 *root;
	u32 granule, bits;		/* log2 of the page size; bits of an input address */
	u32 asid;
	u32 ips;			/* output size as CD.IPS */
};

/* Zeroed memory from behind the program, never given back; NULL: there is no more. */
void *smmu_alloc(u64 bytes, u64 align);

/* The n-th "arm,smmu-v3" of the device tree, with queues of 2^8 entries; off. False: there is none. */
bool smmu_find(struct smmu *smmu, u32 n);
/* The StreamID of a PCI function, from the device tree's iommu-map. */
u32 smmu_stream_of(u32 bdf);
u32 smmu_read(const struct smmu *smmu, u32 reg);
void smmu_write(const struct smmu *smmu, u32 reg, u32 value);
void smmu_write64(const struct smmu *smmu, u32 reg, u64 value);
/* Writes CR0 and waits for CR0ACK; false: it did not follow. */
bool smmu_control(const struct smmu *smmu, u32 cr0);
/* What is not translated because the SMMU is off: aborted or passed on. */
bool smmu_bypass_abort(const struct smmu *smmu, bool abort);

/* Everything from the struct into the registers, queues empty, caches invalidated, interrupts and SMMU on. */
bool smmu_enable(struct smmu *smmu);
/* The queues' registers, and the queues on; the part of it that a test does by itself after playing with them. */
bool smmu_queues_on(struct smmu *smmu);
bool smmu_disable(struct smmu *smmu);

/* ---- stream table ---- */

/* Room for 2^log2 streams, all invalid. With split: two levels, second ones of 2^split entries made on demand. */
bool smmu_streams(struct smmu *smmu, u32 log2, u32 split);
/* The entry of a stream; NULL: outside of the table, or out of memory. */
u64 *smmu_stream(struct smmu *smmu, u32 sid);
/* Replaces an entry: invalid first, then the new one, each with CFGI_STE and a sync. */
bool smmu_set_stream(struct smmu *smmu, u32 sid, const u64 *ste);
void smmu_ste_s1(u64 *ste, const u64 *cd);
void smmu_ste_config(u64 *ste, u32 config);
void smmu_cd(u64 *cd, const struct smmu_space *space);

/* ---- translation tables ---- */

/* An empty address space; granule 12 or 16. */
bool smmu_space_init(const struct smmu *smmu, struct smmu_space *space, u32 granule, u32 bits, u32 asid);
/* The last-level entry of an address, with tables made on the way; NULL: out of memory. */
u64 *smmu_pte(struct smmu_space *space, u64 iova);
/* Maps one page. No invalidation: there must have been nothing. */
bool smmu_map(struct smmu_space *space, u64 iova, u64 address, u64 flags);

/* ---- commands and events ---- */

/* Appends one command; false: no room within a second. */
bool smmu_command(struct smmu *smmu, u64 word0, u64 word1);
/* Appends without telling the SMMU; smmu_ring() does. */
void smmu_queue_command(struct smmu *smmu, u64 word0, u64 word1);
void smmu_ring(struct smmu *smmu);
/* Waits until all is consumed; false: an error or nothing for 2 s. */
bool smmu_drain(struct smmu *smmu);
/* CMD_SYNC and smmu_drain(). */
bool smmu_sync(struct smmu *smmu);
bool smmu_command_sync(struct smmu *smmu, u64 word0, u64 word1);
/* GERROR bits that are active. */
u32 smmu_errors(const struct smmu *smmu);
/* CERROR_* of a queue that stopped; CERROR_NONE: it did not. */
u32 smmu_command_error(const struct smmu *smmu);
/* Makes the command at which the queue stopped a CMD_SYNC, and acknowledges: the queue goes on behind it. */
void smmu_command_skip(struct smmu *smmu);
void smmu_acknowledge(const struct smmu *smmu, u32 errors);
/* Takes an event; false: there is none. */
bool smmu_next_event(struct smmu *smmu, struct smmu_event *event);
u32 smmu_drop_events(struct smmu *smmu);

#endif
