// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event queue: what the SMMU refused, attributed by StreamID to the owner. Its interrupt is an edge when the queue
 * becomes non-empty, so a handler that leaves entries behind must ask for its next run itself.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <arch/timer.h>
#include <hyp/errno.h>
#include <hyp/gic.h>
#include <hyp/percpu.h>
#include "smmu_internal.h"

int evtq_init(struct smmu *smmu, u32 log2)
{
	int err = smmu_queue_alloc(&smmu->evtq, log2, sizeof(struct smmu_event));

	if (err)
		return err;
	smmu_write64(smmu, SMMU_EVENTQ_BASE, smmu_queue_base(&smmu->evtq));
	smmu_write32(smmu, SMMU_EVENTQ_PROD, 0);
	smmu_write32(smmu, SMMU_EVENTQ_CONS, 0);
	return 0;
}

static const char *event_text(u32 type)
{
	static const char *const text[] = {
		[EVT_F_UUT] = "unsupported transaction",
		[EVT_C_BAD_STREAMID] = "StreamID out of range",
		[EVT_F_STE_FETCH] = "external abort on stream table entry",
		[EVT_C_BAD_STE] = "no valid stream table entry",
		[EVT_F_BAD_ATS_TREQ] = "ATS request refused",
		[EVT_F_STREAM_DISABLED] = "stream disabled",
		[EVT_F_TRANSL_FORBIDDEN] = "translated transaction refused",
		[EVT_C_BAD_SUBSTREAMID] = "SubstreamID out of range",
		[EVT_F_CD_FETCH] = "external abort on context descriptor",
		[EVT_C_BAD_CD] = "bad context descriptor",
		[EVT_F_WALK_EABT] = "external abort on table walk",
		[EVT_F_TRANSLATION] = "translation fault",
		[EVT_F_ADDR_SIZE] = "address size fault",
		[EVT_F_ACCESS] = "access flag fault",
		[EVT_F_PERMISSION] = "permission fault",
		[EVT_F_TLB_CONFLICT] = "TLB conflict",
		[EVT_F_CFG_CONFLICT] = "configuration cache conflict",
		[EVT_F_VMS_FETCH] = "external abort on VMS",
	};

	return type < ARRAY_SIZE(text) && text[type] ? text[type] : "unknown event";
}

/* Of what stage 2 allows. Faults of a cell's own stage 1 are its own business. */
static bool event_is_violation(const struct smmu_domain *domain, const struct smmu_event *event)
{
	u64 type = FIELD_GET(EVT0_TYPE, event->dw[0]);

	return domain->event ? evt_is_stage2(event->dw[0], event->dw[1]) :
			       type >= EVT_F_TRANSLATION && type <= EVT_F_PERMISSION;
}

/* A stalled transaction that nobody will answer is aborted. */
static void event_to_owner(struct smmu *smmu, struct smmu_domain *domain, const struct smmu_event *event)
{
	struct smmu_cmd cmd = {
		.dw[0] = FIELD_PREP(CMD0_OP, CMD_RESUME) | FIELD_PREP(CMD_RESUME0_ACTION, RESUME_ABORT) |
			 (event->dw[0] & EVT0_SID),
		.dw[1] = FIELD_PREP(CMD_RESUME1_STAG, FIELD_GET(EVT1_STAG, event->dw[1])),
	};

	if (!domain->event(domain, smmu->index, event, false) && (event->dw[1] & EVT1_STALL) && smmu->stall)
		cmdq_run(smmu, &cmd, 1);
}

/* A domain can have streams behind several SMMUs, each with its own lock: hence the atomic counts. */
static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void event_owned(struct smmu *smmu, struct smmu_domain *domain, const struct smmu_event *event)
{
	struct smmu_stats *stats = &domain->stats;
	u32 type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]), sid = (u32)FIELD_GET(EVT0_SID, event->dw[0]);
	bool read = event->dw[1] & EVT1_RNW;

	if (domain->event)
		event_to_owner(smmu, domain, event);
	if (!event_is_violation(domain, event)) {
		count(&stats->other_events);
		if (!domain->event && log_allowed(&stats->log))
			pr_warn("cell %s: event 0x%02x of stream 0x%x (smmu %u): %s", domain->name, type, sid,
				smmu->index, event_text(type));
		return;
	}
	count(read ? &stats->read_violations : &stats->write_violations);
	stats->last_address = event->dw[2];
	stats->last_sid = sid;
	stats->last_smmu = smmu->index;
	if (log_allowed(&stats->log))
		pr_warn("cell %s: DMA %s violation by stream 0x%x (smmu %u) at address 0x%llx: %s at stage 2",
			domain->name, read ? "read" : "write", sid, smmu->index, (unsigned long long)event->dw[2],
			event_text(type));
}

static void event_unowned(struct smmu *smmu, const struct smmu_event *event)
{
	u32 type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]);

	smmu->unowned_events++;
	if (log_allowed(&smmu->unowned_log))
		pr_warn("smmu %u: event 0x%02x of stream 0x%x, which no cell owns: %s", smmu->index, type,
			(u32)FIELD_GET(EVT0_SID, event->dw[0]), event_text(type));
}

/* More than the limit within one second: true, once. */
static bool event_storms(struct smmu_stream *stream)
{
	u64 now = timer_ticks();

	if (!smmu_storm_limit || stream->silenced)
		return false;
	if (now - stream->window >= timer_hz()) {
		stream->window = now;
		stream->window_events = 0;
	}
	return ++stream->window_events > smmu_storm_limit;
}

/* Streams that nobody ever claimed get an entry when they first misbehave, or they could storm for ever. */
static struct smmu_stream *event_stream(struct smmu *smmu, u32 sid)
{
	if (smmu_storm_limit && strtab_need(smmu, sid))
		return NULL;
	return strtab_stream(smmu, sid);
}

static void event_handle(struct smmu *smmu, const struct smmu_event *event)
{
	u32 sid = (u32)FIELD_GET(EVT0_SID, event->dw[0]);
	struct smmu_stream *stream = event_stream(smmu, sid);

	if (stream && stream->domain)
		event_owned(smmu, stream->domain, event);
	else
		event_unowned(smmu, event);
	if (!stream || !event_storms(stream))
		return;
	/* once a second, however often its owner lets it speak again */
	if (stream->window_events == smmu_storm_limit + 1)
		pr_warn("smmu %u: stream 0x%x of %s%s causes more than %u events a second: it aborts silently from now on",
			smmu->index, sid, stream->domain ? "cell " : "nobody",
			stream->domain ? stream->domain->name : "", smmu_storm_limit);
	if (strtab_silence(smmu, sid))
		pr_err("smmu %u: stream 0x%x could not be silenced", smmu->index, sid);
}

bool evtq_drain(struct smmu *smmu, u32 max)
{
	struct smmu_queue *q = &smmu->evtq;
	const struct smmu_event *entries = q->entries;
	u32 prod = smmu_read32(smmu, SMMU_EVENTQ_PROD), overflow = prod & (u32)EVENTQ_OVERFLOW;
	u32 acknowledged = smmu_read32(smmu, SMMU_EVENTQ_CONS) & (u32)EVENTQ_OVERFLOW;

	if (overflow != acknowledged && log_allowed(&smmu->error_log))
		pr_warn("smmu %u: the event queue overflowed, events were lost", smmu->index);
	/* entries are read after PROD ... */
	dsb_sy();
	q->prod = queue_pointer(q, prod);
	for (; q->cons != q->prod && max; max--) {
		struct smmu_event event = entries[queue_index(q, q->cons)];

		q->cons = queue_pointer(q, q->cons + 1);
		event_handle(smmu, &event);
	}
	/* ... and before CONS gives their places back */
	dsb_sy();
	smmu_write32(smmu, SMMU_EVENTQ_CONS, q->cons | overflow);
	/* What came while the queue was not empty made no edge; it is seen here, or makes one. */
	return queue_pointer(q, smmu_read32(smmu, SMMU_EVENTQ_PROD)) != q->cons;
}

void evtq_irq(struct smmu *smmu)
{
	bool more;

	spin_lock(&smmu->lock);
	more = evtq_drain(smmu, EVTQ_BATCH);
	spin_unlock(&smmu->lock);
	if (more)
		gic_set_pending(smmu->eventq_irq);
}
