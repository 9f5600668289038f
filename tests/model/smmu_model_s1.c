// SPDX-License-Identifier: GPL-2.0-only
/* The model's stage 1: a CD's two table trees, granules of 4, 16 and 64 KiB, and what may be cached of both stages. */
#include <string.h>

#include "smmu_model.h"

#define CD_EPD(high)	(1ULL << ((high) ? 30 : 14))
#define CD_V		(1ULL << 31)
#define CD_AFFD		(1ULL << 35)
#define CD_WXN		(1ULL << 36)
#define CD_PAN		(1ULL << 40)
#define CD_AA64		(1ULL << 41)
#define CD_S		(1ULL << 44)
#define CD_R		(1ULL << 45)
#define CD_A		(1ULL << 46)

#define DESC_AF		(1ULL << 10)
#define DESC_NG		(1ULL << 11)
#define ALLOW(write, priv, inst)	(1u << ((inst) << 2 | (priv) << 1 | (write)))

static const unsigned int sizes[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

/* One walk: the state between two tables. */
struct step {
	uint16_t asid;
	unsigned int granule, va_bits, out_bits;
	uint64_t va;
	int level;
	uint64_t table;
	unsigned int index_bits;
	uint8_t table_attrs;			/* bits 63:59 of all table entries so far */
	bool dropped;
};

static bool stall(const struct model_walk *w)
{
	return w->cd->dw[0] & CD_S;
}

static void fault(struct model_walk *w, uint8_t event)
{
	bool record = w->cd->dw[0] & CD_R;

	if (stall(w)) {
		model_outcome(w, MODEL_STALLED, 0, event);
		return;
	}
	model_outcome(w, w->cd->dw[0] & CD_A ? MODEL_ABORT : MODEL_ZERO, 0, record ? event : 0);
}

/* ---- permissions ---- */

static uint8_t allowed(const struct model_walk *w, uint64_t desc, uint8_t attrs)
{
	bool user = desc & 1u << 6 && !(attrs & 4), writable = !(desc & 1u << 7) && !(attrs & 8);
	bool uxn = desc & 1ULL << 54 || attrs & 2, pxn = desc & 1ULL << 53 || attrs & 1 || (user && writable);
	uint64_t flags = w->cd->dw[0];
	bool priv_data = !(user && flags & CD_PAN);
	unsigned int bits = 0;

	if (flags & CD_WXN && writable)
		uxn = pxn = true;
	bits |= user ? ALLOW(0, 0, 0) : 0;
	bits |= user && writable ? ALLOW(1, 0, 0) : 0;
	bits |= priv_data ? ALLOW(0, 1, 0) : 0;
	bits |= priv_data && writable ? ALLOW(1, 1, 0) : 0;
	bits |= user && !uxn ? ALLOW(0, 0, 1) : 0;
	bits |= !pxn ? ALLOW(0, 1, 1) : 0;
	return (uint8_t)bits;
}

/* ---- the cache ---- */

static void cache(struct model_walk *w, const struct model_tlb1 *new)
{
	struct smmu_model *m = w->m;

	for (unsigned int i = 0; i < m->tlb1_count; i++) {
		struct model_tlb1 old = m->tlb1[i];

		old.drop = new->drop;
		if (memcmp(&old, new, sizeof(old)))
			continue;
		m->tlb1[i].drop &= new->drop;
		return;
	}
	if (m->tlb1_count == MODEL_TLB)
		m->complain("model: TLB of stage 1 full");
	else
		m->tlb1[m->tlb1_count++] = *new;
}

static void use_leaf(struct model_walk *w, const struct step *s, const struct model_tlb1 *t)
{
	const struct model_txn *txn = w->txn;

	if (!(t->allowed & ALLOW(txn->write, txn->priv, txn->inst)))
		fault(w, EVENT_PERMISSION);
	else if (txn->write ? !t->write2 : !t->read2)
		model_s2_fault(w, t->ipa + (s->va - t->from), CLASS_INPUT, EVENT_PERMISSION);
	else
		model_add(w, (struct model_outcome){ .result = MODEL_TRANSLATED, .attr = t->attr,
						     .pa = t->out + (s->va - t->from) });
}

/* ---- the walk ---- */

static void walk(struct model_walk *w, struct step *s);

static struct model_tlb1 entry(const struct model_walk *w, const struct step *s, uint64_t size)
{
	struct model_tlb1 t;

	memset(&t, 0, sizeof(t));
	t.va = t.from = s->va & ~(size - 1);
	t.size = t.bytes = size;
	t.vmid = w->vmid;
	t.asid = s->asid;
	t.granule = (uint8_t)s->granule;
	t.drop = s->dropped;
	return t;
}

/* A leaf of stage 1: with each stage 2 that is possible behind it, it can be cached in one piece. */
static void leaf(struct model_walk *w, const struct step *s, uint64_t desc, uint64_t size)
{
	struct model_tlb1 t = entry(w, s, size);
	struct model_s2 results[MODEL_RESULTS];
	uint64_t ipa = (desc & 0xfffffffff000ULL & ~(size - 1)) + (s->va & (size - 1));
	unsigned int count = model_s2(w, ipa, results), index = (unsigned int)model_field(desc, 4, 2);

	t.level = (int8_t)s->level;
	t.global = !(desc & DESC_NG);
	t.allowed = allowed(w, desc, s->table_attrs);
	t.attr = (uint16_t)((w->cd->dw[3] >> (8 * index) & 0xff) | model_field(desc, 9, 8) << 8);
	for (unsigned int i = 0; i < count; i++) {
		const struct model_s2 *r = &results[i];

		/* stage 1 decides first */
		if (!(t.allowed & ALLOW(w->txn->write, w->txn->priv, w->txn->inst))) {
			fault(w, EVENT_PERMISSION);
			continue;
		}
		if (r->event) {
			model_s2_fault(w, ipa, CLASS_INPUT, r->event);
			continue;
		}
		t.bytes = r->bytes < size ? r->bytes : size;
		t.from = s->va & ~(t.bytes - 1);
		t.out = r->pa & ~(t.bytes - 1);
		t.ipa = ipa & ~(t.bytes - 1);
		t.read2 = r->read;
		t.write2 = r->write;
		cache(w, &t);
		use_leaf(w, s, &t);
	}
}

static bool block_level(const struct step *s)
{
	return s->level == 2 || (s->level == 1 && s->granule == 12);
}

static void got_descriptor(struct model_walk *w, void *ctx, const uint64_t *data)
{
	const struct step *s = ctx;
	unsigned int shift = s->granule + (s->granule - 3) * (unsigned int)(3 - s->level);
	bool table = s->level < 3 && *data & 2;
	uint64_t size = 1ULL << shift, address = *data & 0xffffffffffffULL & ~((1ULL << s->granule) - 1);
	struct step next = *s;
	struct model_tlb1 t;

	if (!(*data & 1) || (s->level == 3 && !(*data & 2)) || (!table && s->level < 3 && !block_level(s))) {
		fault(w, EVENT_TRANSLATION);
	} else if ((table ? address : address & ~(size - 1)) >> s->out_bits) {
		fault(w, EVENT_ADDR_SIZE);
	} else if (table) {
		t = entry(w, s, size);
		t.table = true;
		t.level = (int8_t)(s->level + 1);
		t.out = next.table = address;
		t.table_attrs = next.table_attrs |= (uint8_t)(*data >> 59);
		cache(w, &t);
		next.level++;
		next.index_bits = s->granule - 3;
		walk(w, &next);
	} else if (!(*data & DESC_AF) && !(w->cd->dw[0] & CD_AFFD)) {
		fault(w, EVENT_ACCESS);
	} else {
		leaf(w, s, *data, size);
	}
}

static void walk(struct model_walk *w, struct step *s)
{
	unsigned int shift = s->granule + (s->granule - 3) * (unsigned int)(3 - s->level);
	uint64_t index = (s->va >> shift) & ((1ULL << s->index_bits) - 1);

	model_fetch(w, s->table + index * 8, 8, CLASS_TABLE, got_descriptor, s);
}

static void walk_cached(struct model_walk *w, const struct step *s)
{
	unsigned int cached = w->m->tlb1_count;

	for (unsigned int i = 0; i < cached; i++) {
		struct model_tlb1 t = w->m->tlb1[i];
		struct step from = *s;

		if (t.vmid != w->vmid || (!t.global && t.asid != s->asid) || t.granule != s->granule ||
		    s->va - t.from >= t.bytes)
			continue;
		if (!t.table) {
			use_leaf(w, s, &t);
			continue;
		}
		from.level = t.level;
		from.table = t.out;
		from.table_attrs = t.table_attrs;
		from.index_bits = s->granule - 3;
		from.dropped = t.drop;
		walk(w, &from);
	}
}

/* ---- the context ---- */

static bool cd_good(const struct model_walk *w)
{
	uint64_t dw0 = w->cd->dw[0];

	return dw0 & CD_V && dw0 & CD_AA64 && !(dw0 & 1u << 15) && model_stall_model_ok(w->m, w->ste, w->cd);
}

/* The granule's encodings differ between TG0 and TG1. */
static unsigned int granule(uint64_t dw0, bool high)
{
	static const unsigned int tg0[] = { 12, 16, 14, 0 }, tg1[] = { 0, 14, 12, 16 };

	return high ? tg1[model_field(dw0, 23, 22)] : tg0[model_field(dw0, 7, 6)];
}

void model_translate_s1(struct model_walk *w)
{
	uint64_t dw0 = w->cd->dw[0], va = w->txn->address, above, ips;
	bool high = va >> 55 & 1;
	struct step s = { 0 };
	unsigned int levels;

	if (!cd_good(w)) {
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_CD);
		return;
	}
	if (dw0 & 1ULL << (high ? 39 : 38))
		va = (uint64_t)((int64_t)(va << 8) >> 8);
	s.va = va;
	s.asid = (uint16_t)(dw0 >> 48);
	if (!(w->m->idr[0] & 1u << 12))
		s.asid &= 0xff;
	s.granule = granule(dw0, high);
	s.va_bits = 64 - (unsigned int)(high ? model_field(dw0, 21, 16) : model_field(dw0, 5, 0));
	ips = sizes[model_field(dw0, 34, 32)];
	s.out_bits = (unsigned int)(ips < sizes[model_field(w->m->idr[5], 2, 0)] ? ips :
				    sizes[model_field(w->m->idr[5], 2, 0)]);
	if (dw0 & CD_EPD(high)) {
		fault(w, EVENT_TRANSLATION);
		return;
	}
	/* a size out of range: illegal, or a fault */
	if (!s.granule || s.va_bits > 48 || s.va_bits < 25) {
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_CD);
		fault(w, EVENT_TRANSLATION);
		return;
	}
	above = high ? ~0ULL << s.va_bits : 0;
	if ((va & ~0ULL << s.va_bits) != above) {
		fault(w, EVENT_TRANSLATION);
		return;
	}
	levels = (s.va_bits - s.granule + s.granule - 4) / (s.granule - 3);
	s.level = 4 - (int)levels;
	s.index_bits = s.va_bits - s.granule - (levels - 1) * (s.granule - 3);
	s.table = w->cd->dw[high ? 2 : 1] & 0xffffffffffff0ULL & ~((8ULL << s.index_bits) - 1);
	if (s.table >> s.out_bits) {
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_CD);
		return;
	}
	walk_cached(w, &s);
	walk(w, &s);
}
