/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smmu: the physical SMMUv3s. Every stream aborts until a domain owns it (I2). A stream is the pair (SMMU index, SID).
 * Callers serialise stream changes by the cell lock; the driver's own lock per SMMU guards its command queue.
 */
#ifndef HYP_SMMU_H
#define HYP_SMMU_H

#include <abi/config.h>
#include <hyp/stage2.h>
#include <hyp/printk.h>

/* The last DMA violation of a domain, and counts. Written by the CPU that drains the event queue. */
struct smmu_stats {
	u64 read_violations;
	u64 write_violations;
	u64 other_events;
	u64 last_address;
	u32 last_sid;
	u32 last_smmu;
	struct log_limit log;
};

/* As the architecture lays them out in memory. */
struct smmu_cmd {
	u64 dw[2];
};

struct smmu_event {
	u64 dw[4];
};

/* Who owns streams: one per cell, embedded there. */
struct smmu_domain {
	const char *name;		/* the cell's, for messages */
	const struct stage2 *s2;
	struct smmu_stats stats;
	/*
	 * What its streams caused, for an owner that has SMMUs of its own; NULL: it has none. A page request is the first
	 * two doublewords. Called with that SMMU's lock held. False: nobody will answer what waits for an answer.
	 */
	bool (*event)(struct smmu_domain *domain, u32 smmu, const struct smmu_event *event, bool page_request);
};

/*
 * GBPA.ABORT of every SMMU first; then each is probed and checked against the CPU's stage 2 (I3), gets tables with every
 * stream aborting, then queues, then SMMUEN, then interrupts (so after gic_init()). They go to the calling CPU.
 * 0, or -EINVAL, -EIO, -ENOMEM with a message: then do not go on. Boot CPU, once.
 */
int smmu_init(const struct cfg_system *sys);

/* Gives a stream an owner; it aborts still. -EINVAL: out of range. -EBUSY: *owner says who has it. -ENOMEM. -EIO. */
int smmu_stream_claim(u32 smmu, u32 sid, struct smmu_domain *domain, const struct smmu_domain **owner);
/*
 * abort -> stage 2 with the domain's tables, and back. Returns when the SMMU acts so (CFGI + SYNC). -EINVAL: not the
 * domain's; no effect, as with the next. -EIO: the SMMU did not confirm, it may act either way. A blocked stream's events
 * are all counted, its translations gone. Attaching again ends a storm's silence.
 */
int smmu_stream_attach(u32 smmu, u32 sid, const struct smmu_domain *domain);
int smmu_stream_block(u32 smmu, u32 sid, const struct smmu_domain *domain);
/*
 * block, then no owner. -EIO: not confirmed; that SMMU counts as failed, nobody can claim the stream any more, and each
 * later invalidation for the domain's VMID fails, so that its memory and tables are not handed on.
 */
int smmu_stream_release(u32 smmu, u32 sid, const struct smmu_domain *domain);

/* ---- for the owner's own SMMU ---- */

enum smmu_stream_mode {
	SMMU_STREAM_ABORT,		/* records nothing */
	SMMU_STREAM_INVALID,		/* records C_BAD_STE */
	SMMU_STREAM_BYPASS,		/* stage 2 alone */
	SMMU_STREAM_STAGE1,		/* stage 1 as in `dw`, on top of stage 2 */
};

/*
 * What the owner of an attached stream wants it to be, within stage 2. Of the first two doublewords of its own STE only
 * stage-1 fields and EATS are taken, and for BYPASS attribute overrides. Ends with CFGI_STE and SYNC even when nothing differs, so
 * that the SMMU has read the stream's CDs anew. -EINVAL: not an attached stream of the domain; no effect. -EIO.
 */
int smmu_stream_configure(u32 smmu, u32 sid, const struct smmu_domain *domain, enum smmu_stream_mode mode, const u64 *dw);
/*
 * Runs commands that the caller has checked, and a CMD_SYNC. Those about a stream that is not an attached one of the
 * domain are left out. 0, or CERROR_* of one that was not done; -EIO.
 */
int smmu_run(u32 smmu, const struct smmu_domain *domain, const struct smmu_cmd *cmds, u32 count);
/* CMD_PRI_RESP to an entry of the page request queue. */
struct smmu_cmd smmu_pri_response(const u64 *request, u32 response);
/* SMMU_IDR0 to SMMU_AIDR, by offset; without PRI where the hardware's queue of page requests is not in use. */
u32 smmu_id_register(u32 smmu, u32 offset);

/* Events of streams that nobody owns. */
u64 smmu_unowned_events(void);
/* GERROR.SFM or a wedged queue was seen: isolation of DMA can't be vouched for any more. */
bool smmu_failed(void);

#endif
