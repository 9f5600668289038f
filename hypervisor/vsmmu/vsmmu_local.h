/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of vsmmu/ share. Everything runs on a CPU of the cell, in a trap or a cross call, or under cell_lock;
 * but vevtq_receive(), which runs wherever the physical event queue is read.
 *
 * Guest memory is read and written by guest_read() and guest_write(), each datum once (I8). All loops are bounded by the
 * cell's config, or by VSMMU_BATCH (I7).
 */
#ifndef VSMMU_LOCAL_H
#define VSMMU_LOCAL_H

#include <hyp/cell.h>
#include "../smmu/smmu_regs.h"

#define VSMMU_BATCH	64	/* commands of a cell per trap */
#define VSMMU_EVENTS	64	/* that wait for a CPU of the cell */
#define VSMMU_REG_PAGES	2

struct vevent {
	struct smmu_event event;	/* or a page request */
	bool page_request;
};

struct vsmmu {
	/* the register pages first: the cell reads them, and nothing else of this, without an exit */
	_Alignas(PAGE_SIZE) u32 regs[VSMMU_REG_PAGES * PAGE_SIZE / sizeof(u32)];
	struct cell *cell;
	const struct cfg_vsmmu *config;
	spinlock_t lock;		/* guards all of this but the ring; order: cell_lock, this one, stage2.lock */
	u32 hw_idr0;			/* of the physical SMMU; what the cell is offered stands in its own */
	struct vste_wrong {		/* by index in the config: why the stream has no entry; vste_wrong() */
		u64 address;		/* that could not be read */
		u32 type;		/* of event; 0: it has one */
	} wrong[CFG_MAX_STREAMS];

	/* head and what it adds belong to the holder of the physical SMMU's lock, tail and what it drops to that of ours */
	u32 head, tail;			/* free-running: written, read */
	bool lost;			/* since the last delivery the ring was full */
	struct vevent ring[VSMMU_EVENTS];
};

/* The emulated SMMU of the cell that stands for that physical one; NULL: none. */
struct vsmmu *vsmmu_find(struct cell *cell, u32 smmu);
#define for_each_vsmmu(v, cell) \
	for (struct vsmmu *v = (cell)->vsmmu; v && v < (cell)->vsmmu + (cell)->config->vsmmu_count; v++)
/* For each stream of the cell behind this SMMU. */
#define for_each_vstream(v, s) \
	for (const struct cfg_stream *s = cfg_cell_streams((v)->cell->config), *end_ = s + (v)->cell->config->stream_count; \
	     s < end_; s++) \
		if (s->smmu == (v)->config->smmu)
/* The one with this physical StreamID; NULL: none. */
const struct cfg_stream *vsmmu_stream(const struct vsmmu *v, u64 sid);
/* An interrupt of the cell's becomes pending; 0: none. Not one that the cell has given away. */
void vsmmu_raise(const struct vsmmu *v, u32 intid);
/* Asks the CPUs of the cell for vsmmu_sync(). After a change under a lock that vsmmu_sync() takes. */
void vsmmu_kick(const struct vsmmu *v);

/* ---- vregs.c ---- */

void vreg_reset(struct vsmmu *v);
bool vreg_access(struct cpu *cpu, void *ctx, struct mmio_access *access);
void vreg_set(struct vsmmu *v, u32 offset, u32 value);
/* GERROR bits become active. */
void vreg_gerror(struct vsmmu *v, u32 bits);

static inline u32 vreg_index(u32 offset)
{
	return (offset / SMMU_PAGE1 * (u32)PAGE_SIZE + offset % SMMU_PAGE1) / sizeof(u32);
}

static inline u32 vreg_get(const struct vsmmu *v, u32 offset) { return READ_ONCE(v->regs[vreg_index(offset)]); }

static inline u64 vreg_get64(const struct vsmmu *v, u32 offset)
{
	return vreg_get(v, offset) | (u64)vreg_get(v, offset + 4) << 32;
}

/* What the cell is offered: its SMMU_IDR0, which only we can write. */
static inline bool vreg_offers(const struct vsmmu *v, u64 idr0) { return vreg_get(v, SMMU_IDR0) & idr0; }
static inline u64 vreg_stall_model(const struct vsmmu *v) { return FIELD_GET(IDR0_STALL_MODEL, vreg_get(v, SMMU_IDR0)); }

/* All these bits of CR0 are on, and none of these errors waits to be acknowledged. */
static inline bool vreg_running(const struct vsmmu *v, u32 cr0, u32 errors)
{
	return !(~vreg_get(v, SMMU_CR0) & cr0) && !((vreg_get(v, SMMU_GERROR) ^ vreg_get(v, SMMU_GERRORN)) & errors);
}

/* A queue of the cell: its registers, decoded. */
struct vqueue {
	u64 base;
	u32 log2;
	u32 prod, cons;			/* index and wrap bit */
};

/* CONS follows PROD. */
struct vqueue vreg_queue(const struct vsmmu *v, u32 base, u32 prod, u32 log2_max);

static inline u32 vqueue_used(const struct vqueue *q) { return queue_pointer(q->log2, q->prod - q->cons); }
static inline bool vqueue_full(const struct vqueue *q) { return vqueue_used(q) >= 1u << q->log2; }
/* The base counts from the queue's own size on; entries are 16 or 32 bytes, and a queue is 32 at least. */
static inline ipaddr_t vqueue_at(const struct vqueue *q, u32 pointer, u32 bytes)
{
	return ipa(ALIGN_DOWN(q->base, MAX((u64)bytes << q->log2, 32ULL)) + (u64)queue_index(q->log2, pointer) * bytes);
}

/* ---- vste.c ---- */

static inline struct vste_wrong *vste_wrong(struct vsmmu *v, const struct cfg_stream *stream)
{
	return &v->wrong[stream - cfg_cell_streams(v->cell->config)];
}

/* The stream becomes what the cell's registers and tables say now. -EIO: the SMMU did not confirm. */
int vste_update(struct vsmmu *v, const struct cfg_stream *stream);
void vste_update_all(struct vsmmu *v);

/* ---- vcmdq.c ---- */

/* Up to VSMMU_BATCH commands; asks for vsmmu_sync() when more are there. Lock held. */
void vcmdq_run(struct vsmmu *v);

/* ---- vevtq.c ---- */

/* smmu_domain.event */
bool vevtq_receive(struct smmu_domain *domain, u32 smmu, const struct smmu_event *event, bool page_request);
/* What was received is forgotten. Lock held, as with the next. */
void vevtq_reset(struct vsmmu *v);
/* What was received, into the cell's queues. */
void vevtq_deliver(struct vsmmu *v);

#endif
