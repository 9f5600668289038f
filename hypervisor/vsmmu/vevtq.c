// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events. The CPU that reads the physical event queue leaves them in a ring and asks a CPU of the cell to go on: so it
 * is the cell's own time that a storm of its events takes, and its memory is written only by a CPU that is in it.
 */
#include <hyp/string.h>
#include "vsmmu_local.h"

bool vevtq_receive(struct smmu_domain *domain, u32 smmu, const struct smmu_event *event)
{
	struct vsmmu *v = vsmmu_find(container_of(domain, struct cell, dma), smmu);
	bool room;

	if (!v)
		return false;
	spin_lock(&v->ring_lock);
	room = v->head - v->tail < VSMMU_EVENTS;
	if (room)
		v->ring[v->head++ % VSMMU_EVENTS] = *event;
	else
		v->lost = true;
	spin_unlock(&v->ring_lock);
	vsmmu_kick(v);
	return room;
}

static bool ring_first(struct vsmmu *v, struct smmu_event *event)
{
	bool there;

	spin_lock(&v->ring_lock);
	there = v->head != v->tail;
	if (there)
		*event = v->ring[v->tail % VSMMU_EVENTS];
	spin_unlock(&v->ring_lock);
	return there;
}

static void ring_drop(struct vsmmu *v)
{
	spin_lock(&v->ring_lock);
	v->tail++;
	spin_unlock(&v->ring_lock);
}

static bool ring_lost(struct vsmmu *v)
{
	bool lost;

	spin_lock(&v->ring_lock);
	lost = v->lost;
	v->lost = false;
	spin_unlock(&v->ring_lock);
	return lost;
}

/*
 * A fault of stage 2: the cell has pointed the SMMU at what is not its memory. To an SMMU without stage 2 that is an
 * external abort. About the transaction itself, that one is told by its device.
 */
static bool abort_instead(struct smmu_event *event)
{
	u64 class = FIELD_GET(EVT1_CLASS, event->dw[1]);

	event->dw[3] &= GENMASK(51, 12);
	if (class == EVT_CLASS_CD) {
		event->dw[0] = (event->dw[0] & ~EVT0_TYPE) | EVT_F_CD_FETCH;
		event->dw[1] = 0;
		event->dw[2] = 0;
	} else if (class == EVT_CLASS_TT) {
		event->dw[0] = (event->dw[0] & ~EVT0_TYPE) | EVT_F_WALK_EABT;
		event->dw[1] &= ~(EVT1_S2 | EVT1_CLASS | EVT1_STALL | EVT1_STAG);
		event->dw[1] |= FIELD_PREP(EVT1_CLASS, EVT_CLASS_IN);
	}
	return class != EVT_CLASS_IN;
}

/* What an SMMU records about a stream of its owner; the rest is about tables of ours. */
static bool is_for_cell(const struct vsmmu *v, u32 type)
{
	switch (type) {
	case EVT_C_BAD_STREAMID:
		return vreg_get(v, SMMU_CR2) & CR2_RECINVSID;
	case EVT_F_VMS_FETCH:
		return false;
	default:
		return true;
	}
}

/* As the cell is to see it; false: not at all. */
static bool translate(struct vsmmu *v, struct smmu_event *event)
{
	u32 sid = (u32)FIELD_GET(EVT0_SID, event->dw[0]), type = (u32)FIELD_GET(EVT0_TYPE, event->dw[0]), n = 0;
	u32 count = v->cell->config->stream_count;
	const struct cfg_stream *stream = NULL;

	while (n < count && !((stream = vsmmu_stream(v, n)) && stream->sid == sid))
		n++;
	if (n == count || type == EVT_F_STE_FETCH)
		return false;
	if (type == EVT_C_BAD_STE && v->wrong[n])
		type = v->wrong[n];
	event->dw[0] = (event->dw[0] & ~(EVT0_SID | EVT0_TYPE)) | FIELD_PREP(EVT0_SID, stream->vsid) |
		       FIELD_PREP(EVT0_TYPE, type);
	if (type >= EVT_F_TRANSLATION && type <= EVT_F_PERMISSION && (event->dw[1] & EVT1_S2))
		return abort_instead(event);
	return is_for_cell(v, type);
}

static void overflow(struct vsmmu *v)
{
	u32 prod = vreg_get(v, SMMU_EVENTQ_PROD), cons = vreg_get(v, SMMU_EVENTQ_CONS);

	if (!((prod ^ cons) & EVENTQ_OVERFLOW))
		vreg_set(v, SMMU_EVENTQ_PROD, prod ^ (u32)EVENTQ_OVERFLOW);
}

/* One entry more, if the queue takes one. False: a stalled transaction, whose event waits until there is room. */
static bool put(struct vsmmu *v, const struct smmu_event *event, bool *written)
{
	struct vqueue q = vreg_queue(v, SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, v->config->eventq_log2);
	bool stalled = event->dw[1] & EVT1_STALL, on = vreg_get(v, SMMU_CR0) & CR0_EVENTQEN;

	if (on && vqueue_used(&q) >= 1u << q.log2) {
		if (!stalled)
			overflow(v);
		return !stalled;
	}
	if (!on)
		return !stalled;
	if (!guest_write(v->cell, vqueue_at(&q, q.prod, sizeof(*event)), event, sizeof(*event))) {
		vreg_gerror(v, GERROR_EVENTQ_ABT_ERR);
		return true;
	}
	dmb_ish();
	vreg_set(v, SMMU_EVENTQ_PROD, (vreg_get(v, SMMU_EVENTQ_PROD) & (u32)EVENTQ_OVERFLOW) | vqueue_next(&q, q.prod, 1));
	*written = true;
	return true;
}

void vevtq_deliver(struct vsmmu *v)
{
	bool enabled = vreg_get(v, SMMU_CR0) & CR0_SMMUEN, written = false;
	struct smmu_event event;

	for (u32 i = 0; i < VSMMU_EVENTS && ring_first(v, &event); i++) {
		bool stalled = event.dw[1] & EVT1_STALL;

		if (!enabled && stalled)
			break;
		if (enabled && translate(v, &event) && !put(v, &event, &written))
			break;
		ring_drop(v);
	}
	if (ring_lost(v) && (vreg_get(v, SMMU_CR0) & CR0_EVENTQEN))
		overflow(v);
	if (written && (vreg_get(v, SMMU_IRQ_CTRL) & IRQ_CTRL_EVENTQ))
		vsmmu_raise(v, v->config->eventq_irq);
}
