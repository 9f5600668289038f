// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events. The CPU that reads the physical event queue leaves them in a ring and asks a CPU of the cell to go on: so it
 * is the cell's own time that a storm of its events takes, and its memory is written only by a CPU that is in it.
 */
#include <hyp/mutate.h>
#include "vsmmu_local.h"

bool vevtq_receive(struct smmu_domain *domain, u32 smmu, const struct smmu_event *event, bool page_request)
{
	struct vsmmu *v = vsmmu_find(container_of(domain, struct cell, dma), smmu);
	bool room;

	if (!v)
		return false;
	room = v->head - __atomic_load_n(&v->tail, __ATOMIC_ACQUIRE) < VSMMU_EVENTS;
	if (room) {
		v->ring[v->head % VSMMU_EVENTS] = (struct vevent){ *event, page_request };
		__atomic_store_n(&v->head, v->head + 1, __ATOMIC_RELEASE);
	} else if (!page_request) {
		WRITE_ONCE(v->lost, true);
	}
	vsmmu_kick(v);
	return room;
}

void vevtq_reset(struct vsmmu *v)
{
	__atomic_store_n(&v->tail, READ_ONCE(v->head), __ATOMIC_RELEASE);
	WRITE_ONCE(v->lost, false);
}

/*
 * A fault of stage 2: the cell has pointed the SMMU at what is not its memory. To an SMMU without stage 2 that is an
 * external abort. About the transaction itself, that one is told by its device.
 */
static bool abort_instead(struct smmu_event *event)
{
	u64 class = FIELD_GET(EVT1_CLASS, event->dw[1]);

	event->dw[0] = (event->dw[0] & ~EVT0_TYPE) | (class == EVT_CLASS_CD ? EVT_F_CD_FETCH : EVT_F_WALK_EABT);
	event->dw[3] &= GENMASK(51, 12);
	if (class == EVT_CLASS_CD) {
		event->dw[1] = 0;
		event->dw[2] = 0;
	} else {
		event->dw[1] &= ~(EVT1_S2 | EVT1_CLASS | EVT1_STALL | EVT1_STAG);
		event->dw[1] |= FIELD_PREP(EVT1_CLASS, EVT_CLASS_IN);
	}
	return class != EVT_CLASS_IN;
}

/*
 * What an SMMU records about a stream of its owner. An external abort has a physical address, perhaps of a table of ours;
 * and what is not known is not passed on.
 */
static bool is_for_cell(const struct vsmmu *v, struct smmu_event *event, u32 type)
{
	if (type == EVT_F_CD_FETCH || type == EVT_F_WALK_EABT) {
		event->dw[1] &= ~EVT1_S2;
		event->dw[3] = 0;
	}
	if (type == EVT_C_BAD_STREAMID)
		return vreg_get(v, SMMU_CR2) & CR2_RECINVSID;
	return type <= EVT_F_CFG_CONFLICT;
}

/* As the cell is to see it; false: not at all. */
static bool translate(struct vsmmu *v, struct smmu_event *event)
{
	u32 type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]);
	const struct cfg_stream *stream = vsmmu_stream(v, FIELD_GET(EVT0_SID, event->dw[0]));

	if (!stream || type == EVT_F_STE_FETCH)
		return false;
	if (type == EVT_C_BAD_STE && vste_wrong(v, stream)->type) {
		type = vste_wrong(v, stream)->type;
		event->dw[3] = vste_wrong(v, stream)->address;
	}
	event->dw[0] = (event->dw[0] & ~(EVT0_SID | EVT0_TYPE)) | FIELD_PREP(EVT0_TYPE, type) |
		       FIELD_PREP(EVT0_SID, MUTATE(VSMMU_REAL_SID) ? stream->sid : stream->vsid);
	if (evt_is_stage2(event->dw[0], event->dw[1]))
		return abort_instead(event);
	return is_for_cell(v, event, type);
}

/* ---- into the cell's queues ---- */

struct kind {
	u32 base, prod;		/* registers; CONS follows PROD */
	u32 bytes;		/* of an entry */
	u32 abort;		/* in GERROR: its memory is not there */
	u32 enable;		/* in CR0: with SMMUEN */
	u32 irq;		/* in IRQ_CTRL */
};

static const struct kind events = {
	SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, sizeof(struct smmu_event), GERROR_EVENTQ_ABT_ERR, CR0_EVENTQEN | CR0_SMMUEN,
	IRQ_CTRL_EVENTQ,
};
static const struct kind requests = {
	SMMU_PRIQ_BASE, SMMU_PRIQ_PROD, sizeof(struct smmu_cmd), GERROR_PRIQ_ABT_ERR, CR0_PRIQEN | CR0_SMMUEN,
	IRQ_CTRL_PRIQ,
};

static bool overflowed(const struct vsmmu *v, const struct kind *k)
{
	return (vreg_get(v, k->prod) ^ vreg_get(v, k->prod + 4)) & QUEUE_OVERFLOW;
}

static void overflow(struct vsmmu *v, const struct kind *k)
{
	if (!overflowed(v, k))
		vreg_set(v, k->prod, vreg_get(v, k->prod) ^ (u32)QUEUE_OVERFLOW);
}

static struct vqueue queue(const struct vsmmu *v, const struct kind *k)
{
	return vreg_queue(v, k->base, k->prod, k == &events ? v->config->eventq_log2 : v->config->priq_log2);
}

/* *written: of which queues, as in IRQ_CTRL. */
static bool put(struct vsmmu *v, const struct kind *k, const struct vqueue *q, const void *entry, u32 *written)
{
	if (!guest_write(v->cell, vqueue_at(q, q->prod, k->bytes), entry, k->bytes)) {
		vreg_gerror(v, k->abort);
		return false;
	}
	dmb_ish();
	vreg_set(v, k->prod, (vreg_get(v, k->prod) & (u32)QUEUE_OVERFLOW) | queue_pointer(q->log2, q->prod + 1));
	*written |= k->irq;
	__atomic_fetch_add(&v->cell->info.smmu_events, 1, __ATOMIC_RELAXED);
	return true;
}

/* False: the event of a stalled transaction, which waits for room; SMMUEN = 0 has ended it. */
static bool deliver_event(struct vsmmu *v, struct smmu_event *event, u32 *written)
{
	struct vqueue q = queue(v, &events);
	bool on = vreg_running(v, events.enable, events.abort);

	if ((event->dw[1] & EVT1_STALL) && (vreg_get(v, SMMU_CR0) & CR0_SMMUEN) && (!on || vqueue_full(&q)))
		return false;
	if (!on || !translate(v, event))
		return true;
	if (vqueue_full(&q))
		overflow(v, &events);
	else
		put(v, &events, &q, event, written);
	return true;
}

/* The last request of a group is answered in any case: by the cell, or as an SMMU does that has nowhere to put it. */
static void deliver_request(struct vsmmu *v, const struct smmu_event *request, u32 *written)
{
	struct vqueue q = queue(v, &requests);
	bool on = vreg_running(v, requests.enable, requests.abort);
	bool room = !overflowed(v, &requests) && !vqueue_full(&q);
	struct smmu_cmd answer = smmu_pri_response(request->dw, on && !room ? PRI_RESP_SUCCESS : PRI_RESP_FAILURE);
	const struct cfg_stream *stream = vsmmu_stream(v, FIELD_GET(PRI0_SID, request->dw[0]));
	u64 own[2] = { (request->dw[0] & ~PRI0_SID) | (stream ? stream->vsid : 0), request->dw[1] };

	if (on && room && stream && put(v, &requests, &q, own, written))
		return;
	if (on && !room)
		overflow(v, &requests);
	if (pri_needs_answer(request->dw[0]))
		smmu_run(v->config->smmu, &v->cell->dma, &answer, 1);
}

void vevtq_deliver(struct vsmmu *v)
{
	u32 written = 0;

	for (u32 i = 0; i < VSMMU_EVENTS && v->tail != __atomic_load_n(&v->head, __ATOMIC_ACQUIRE); i++) {
		struct vevent next = v->ring[v->tail % VSMMU_EVENTS];

		if (next.page_request)
			deliver_request(v, &next.event, &written);
		else if (!deliver_event(v, &next.event, &written))
			break;
		__atomic_store_n(&v->tail, v->tail + 1, __ATOMIC_RELEASE);
	}
	if (READ_ONCE(v->lost)) {
		WRITE_ONCE(v->lost, false);
		if (vreg_running(v, events.enable, events.abort))
			overflow(v, &events);
	}
	written &= vreg_get(v, SMMU_IRQ_CTRL);
	if (written & IRQ_CTRL_EVENTQ)
		vsmmu_raise(v, v->config->eventq_irq);
	if (written & IRQ_CTRL_PRIQ)
		vsmmu_raise(v, v->config->priq_irq);
}
