// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queues that the SMMU writes, each entry attributed by StreamID to its owner: events, for what it refused, and page
 * requests of devices that ask before they use (ATS and PRI). Their interrupts are edges when a queue becomes non-empty,
 * so a handler that leaves entries behind must ask for its next run itself.
 */
#include <arch/barrier.h>
#include <arch/timer.h>
#include <hyp/gic.h>
#include "smmu_internal.h"

/* By type. */
static const char *const event_text[] = {
	[0x01] = "unsupported transaction",
	[0x02] = "StreamID out of range",
	[0x03] = "external abort on stream table entry",
	[0x04] = "no valid stream table entry",
	[0x05] = "ATS request refused",
	[0x06] = "stream disabled",
	[0x07] = "translated transaction refused",
	[0x08] = "SubstreamID out of range",
	[0x09] = "external abort on context descriptor",
	[0x0a] = "bad context descriptor",
	[0x0b] = "external abort on table walk",
	[0x10] = "translation fault",
	[0x11] = "address size fault",
	[0x12] = "access flag fault",
	[0x13] = "permission fault",
	[0x20] = "TLB conflict",
	[0x21] = "configuration cache conflict",
	[0x25] = "external abort on VMS",
};

/* A stalled transaction that nobody will answer is aborted. */
static void event_to_owner(struct smmu *smmu, struct smmu_domain *domain, const struct smmu_event *event)
{
	if (!domain->event(domain, smmu->index, event, false) && (event->dw[1] & EVT1_STALL) && smmu_stalls(smmu))
		cmdq_one(smmu, cmd_about(CMD_RESUME, (u32)FIELD_GET(EVT0_SID, event->dw[0])) |
			 FIELD_PREP(CMD_RESUME0_ACTION, RESUME_ABORT), event->dw[1] & EVT1_STAG);
}

/* A domain can have streams behind several SMMUs, each with its own lock: hence the atomic counts. */
static void event_owned(struct smmu *smmu, struct smmu_domain *domain, const struct smmu_event *event)
{
	struct smmu_stats *stats = &domain->stats;
	u32 type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]), sid = (u32)FIELD_GET(EVT0_SID, event->dw[0]);
	bool read = event->dw[1] & EVT1_RNW, fault = type >= EVT_F_TRANSLATION && type <= EVT_F_PERMISSION;

	if (domain->event)
		event_to_owner(smmu, domain, event);
	/* faults of a cell's own stage 1 are its own business, not violations of what stage 2 allows */
	if (!fault || (domain->event && !evt_is_stage2(event->dw[0], event->dw[1]))) {
		__atomic_fetch_add(&stats->other_events, 1, __ATOMIC_RELAXED);
		if (!domain->event && log_allowed(&stats->log))
			pr_warn("cell %s: event 0x%02x of stream 0x%x (smmu %u): %s", domain->name, type, sid,
				smmu->index, SMMU_TEXT(event_text, type));
		return;
	}
	__atomic_fetch_add(read ? &stats->read_violations : &stats->write_violations, 1, __ATOMIC_RELAXED);
	stats->last_address = event->dw[2];
	stats->last_sid = sid;
	stats->last_smmu = smmu->index;
	if (log_allowed(&stats->log))
		pr_warn("cell %s: DMA %s violation by stream 0x%x (smmu %u) at address 0x%llx: %s at stage 2",
			domain->name, read ? "read" : "write", sid, smmu->index, (unsigned long long)event->dw[2],
			SMMU_TEXT(event_text, type));
}

static void event_unowned(struct smmu *smmu, const struct smmu_event *event)
{
	u32 type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]);

	smmu->unowned_events++;
	if (log_allowed(&smmu->unowned_log))
		pr_warn("smmu %u: event 0x%02x of stream 0x%x, which no cell owns: %s", smmu->index, type,
			(u32)FIELD_GET(EVT0_SID, event->dw[0]), SMMU_TEXT(event_text, type));
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

static void event_handle(struct smmu *smmu, const struct smmu_event *event)
{
	u32 sid = (u32)FIELD_GET(EVT0_SID, event->dw[0]);
	struct smmu_stream *stream;

	/* one that nobody ever claimed gets an entry when it first misbehaves, or it could storm for ever */
	if (smmu_storm_limit)
		strtab_need(smmu, sid);
	stream = strtab_stream(smmu, sid);
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
	if (strtab_silence(stream))
		pr_err("smmu %u: stream 0x%x could not be silenced", smmu->index, sid);
}

/* ---- page requests ---- */

struct smmu_cmd smmu_pri_response(const u64 *request, u32 response)
{
	/* a refusal has no PASID */
	bool ssv = (request[0] & PRI0_SSV) && response == PRI_RESP_SUCCESS;

	return (struct smmu_cmd){
		.dw[0] = cmd_about(CMD_PRI_RESP, (u32)FIELD_GET(PRI0_SID, request[0])) |
			 (ssv ? CMD0_SSV | FIELD_PREP(CMD0_SSID, FIELD_GET(PRI0_SSID, request[0])) : 0),
		.dw[1] = (request[1] & PRI1_INDEX) | FIELD_PREP(CMD_PRI1_RESP, response),
	};
}

/*
 * Its owner's to answer; one that nobody will answer is answered here, or the device would wait for ever. Failure is for
 * good; where an owner has no room just now, the device shall ask again.
 */
static void request_handle(struct smmu *smmu, const struct smmu_event *request)
{
	struct smmu_stream *stream = strtab_stream(smmu, (u32)FIELD_GET(PRI0_SID, request->dw[0]));
	struct smmu_domain *domain = stream ? stream->domain : NULL;
	struct smmu_cmd answer = smmu_pri_response(request->dw, domain && domain->event ? PRI_RESP_SUCCESS : PRI_RESP_FAILURE);

	if (domain && domain->event && domain->event(domain, smmu->index, request, true))
		return;
	if (pri_needs_answer(request->dw[0]))
		cmdq_run(smmu, NULL, &answer, 1);
}

/* ---- both queues ---- */

bool smmu_queue_waits(const struct smmu_queue *q)
{
	return queue_pointer(q->log2, smmu_read32(q->smmu, q->prod_reg)) != q->cons;
}

void smmu_queue_drain(struct smmu_queue *q, u32 max)
{
	struct smmu *smmu = q->smmu;
	bool events = q == &smmu->evtq;
	u32 prod = smmu_read32(smmu, q->prod_reg), overflow = prod & (u32)QUEUE_OVERFLOW;
	u32 acknowledged = smmu_read32(smmu, q->prod_reg + 4) & (u32)QUEUE_OVERFLOW;

	if (overflow != acknowledged && log_allowed(&smmu->error_log))
		pr_warn("smmu %u: the %s queue overflowed, %s", smmu->index, events ? "event" : "page request",
			events ? "events were lost" : "the SMMU answers itself");
	/* entries are read after PROD ... */
	dsb_sy();
	q->prod = queue_pointer(q->log2, prod);
	for (; q->cons != q->prod && max; max--) {
		const u64 *dw = (u64 *)q->entries + queue_index(q->log2, q->cons) * (events ? 4 : 2);
		struct smmu_event entry = { { dw[0], dw[1], events ? dw[2] : 0, events ? dw[3] : 0 } };

		q->cons = queue_pointer(q->log2, q->cons + 1);
		(events ? event_handle : request_handle)(smmu, &entry);
	}
	/* ... and before CONS gives their places back */
	dsb_sy();
	smmu_write32(smmu, q->prod_reg + 4, q->cons | overflow);
}

void smmu_queue_irq(struct cpu *cpu, void *queue)
{
	struct smmu_queue *q = queue;
	bool more;

	spin_lock(&q->smmu->lock);
	smmu_queue_drain(q, QUEUE_BATCH);
	/* What came while the queue was not empty made no edge; it is seen here, or makes one. */
	more = smmu_queue_waits(q);
	spin_unlock(&q->smmu->lock);
	if (more)
		gic_set_pending(q->irq);
}
