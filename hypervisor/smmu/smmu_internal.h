/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of smmu/ share. One lock per SMMU guards everything in its struct: queues, stream table, owners. It
 * is held for at most one bounded batch: commands and their CMD_SYNC (time-out CMDQ_TIMEOUT_US), or QUEUE_BATCH events.
 */
#ifndef SMMU_INTERNAL_H
#define SMMU_INTERNAL_H

#include <arch/io.h>
#include <hyp/smmu.h>
#include <hyp/spinlock.h>
#include "smmu_regs.h"

#define SMMU_TIMEOUT_US		100000	/* a register that must acknowledge */
#define CMDQ_TIMEOUT_US		100000	/* one batch; a healthy SMMU needs microseconds */
#define QUEUE_BATCH		64	/* events or page requests handled per interrupt */
#define QUEUE_MAX_LOG2		8	/* entries; more would only delay the notice of trouble */
#define SID_BITS_MAX		20	/* bounds the first-level tables to 128 KiB each */

/* Streams come in leaves of 64: one page of STEs, one second-level table, one array of owners. */
#define LEAF_BITS		6
#define LEAF_STREAMS		(1u << LEAF_BITS)

struct cpu;

struct ste {
	u64 dw[8];
};

/* prod and cons are kept as the registers have them: index, and above it the wrap bit. */
struct smmu_queue {
	struct smmu *smmu;
	void *entries;
	u32 log2;
	u32 prod_reg;			/* that of CONS follows it */
	u32 irq;			/* 0: none */
	u32 prod;
	u32 cons;
};

struct smmu_stream {
	struct smmu *smmu;
	u32 sid;
	u32 window_events;
	u64 window;			/* storm detection: start of the current second, in counter ticks */
	struct ste *ste;
	struct smmu_domain *domain;	/* NULL: nobody's */
	bool attached;			/* counted in vmid_streams */
	bool ats;			/* its device may cache translations */
	bool silenced;			/* stormed: Config=abort until the next attach */
};

struct smmu {
	u32 index;			/* in the system config, for messages */
	u8 *regs;
	spinlock_t lock;
	u32 sid_bits;
	u32 oas;			/* IDR5_OAS */
	u32 idr0, idr1, idr3;		/* without PRI where its queue is not in use */
	bool two_level;
	bool failed;			/* isolation can't be vouched for: wedged queue or SFM */
	bool full_ats;			/* some device keeps, or has kept, translations of both stages */
	u32 cerror;			/* CERROR_* of the last command that was refused */
	struct smmu_queue cmdq;
	struct smmu_queue evtq;
	struct smmu_queue priq;		/* in use where devices can ask for pages */
	void *table;			/* two-level: the first level of the stream table, doublewords; else all STEs */
	struct smmu_stream **leaf;	/* by SID >> LEAF_BITS; only ever added */
	u16 vmid_streams[256];		/* attached streams by VMID; 0: nothing can be cached */
	bool vmid_stage1[256];		/* one of them has, or had, stage 1 */
	u64 unowned_events;
	struct log_limit unowned_log;	/* streams of nobody */
	struct log_limit error_log;	/* the SMMU's own errors */
};

/* What a number that the SMMU reports means. */
#define SMMU_TEXT(texts, n) ((n) < ARRAY_SIZE(texts) && (texts)[n] ? (texts)[n] : "unknown")

extern struct smmu smmus[CFG_MAX_SMMUS];
extern u32 smmu_count;
extern u32 smmu_storm_limit;

static inline u32 smmu_read32(const struct smmu *smmu, u32 reg) { return mmio_read32(smmu->regs + reg); }
static inline void smmu_write32(struct smmu *smmu, u32 reg, u32 value) { mmio_write32(smmu->regs + reg, value); }
static inline void smmu_write64(struct smmu *smmu, u32 reg, u64 value) { mmio_write64(smmu->regs + reg, value); }

/* Faults can stall transactions. */
static inline bool smmu_stalls(const struct smmu *smmu)
{
	return FIELD_GET(IDR0_STALL_MODEL, smmu->idr0) != STALL_MODEL_NONE;
}

/* ---- ste.c: pure builders, and the one writer ---- */

/* Records C_BAD_STE. */
static inline struct ste ste_invalid(void) { return (struct ste){ 0 }; }
/* Records nothing. */
static inline struct ste ste_abort(void) { return (struct ste){ { STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_ABORT) } }; }
/* Stage 2 alone, from what the CPUs use for the same tables; addresses limited to what the SMMU has. */
struct ste ste_s2(u64 vtcr, u64 vttbr, u32 oas);
/* `s2` with the attribute overrides of the cell's own dw1. */
struct ste ste_bypass(const struct ste *s2, u64 dw1);
/* Stage 1 of the cell's own on top of `s2`; of its dw0 and dw1 only stage-1 fields and EATS are taken. */
struct ste ste_s1_s2(const struct ste *s2, u64 dw0, u64 dw1);

typedef int (*ste_sync_fn)(void *ctx);
/*
 * Makes *slot equal to *target. At each moment the SMMU sees the old entry, the new one, or an invalid one; `sync`
 * announces each step (CFGI_STE + CMD_SYNC; 0 or -EIO). Goes on after a failed one, and returns -EIO then.
 */
int ste_write(struct ste *slot, const struct ste *target, ste_sync_fn sync, void *ctx);

/* ---- strtab.c ---- */

int strtab_init(struct smmu *smmu);
/* NULL: never claimed, or out of range. */
struct smmu_stream *strtab_stream(struct smmu *smmu, u32 sid);
/* Makes the table reach that SID. -EINVAL: no such StreamID. -ENOMEM. -EIO. Lock held. */
int strtab_need(struct smmu *smmu, u32 sid);
/* Devices of that VMID forget what they have cached, where that includes stage 2. Lock held. */
int strtab_atc_inv(struct smmu *smmu, u16 vmid);
/* Config=abort for a stream that storms, owned or not. Lock held. */
int strtab_silence(struct smmu_stream *stream);

/* ---- cmdq.c; lock held ---- */

/*
 * Runs those of the commands that the domain may give (NULL: all), and a CMD_SYNC; returns after completion. -EIO: not
 * (all) done, reported.
 */
int cmdq_run(struct smmu *smmu, const struct smmu_domain *domain, const struct smmu_cmd *cmds, u32 count);
int cmdq_one(struct smmu *smmu, u64 dw0, u64 dw1);
/* GERROR.CMDQ_ERR is active: reports, makes the queue runnable again, acknowledges. -EIO: a command was not done. */
int cmdq_recover(struct smmu *smmu);

/* ---- evtq.c ---- */

/* At most `max` events or page requests. Lock held. */
void smmu_queue_drain(struct smmu_queue *q, u32 max);
/* More are there. */
bool smmu_queue_waits(const struct smmu_queue *q);
void smmu_queue_irq(struct cpu *cpu, void *queue);

/* ---- smmu.c ---- */

/* "isolation of DMA can't be vouched for": once per SMMU, loud. */
void smmu_set_failed(struct smmu *smmu, const char *why);

#endif
