// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's stage 2, with everything of it that may be cached. The walks are of the 4 KiB granule: the hypervisor
 * uses no other. It also fetches what is behind stage 2: descriptors and stage-1 tables of a guest.
 */
#include <string.h>

#include "smmu_model.h"

#define ADDRESS		0xffffffffff000ULL
#define STE_S2PTW	(1ULL << 54)
#define STE_S2R		(1ULL << 58)

static const unsigned int sizes[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

void model_s2_setup(struct model_walk *w)
{
	uint64_t dw2 = w->ste->dw[2];
	unsigned int sl0 = (unsigned int)model_field(dw2, 39, 38);
	unsigned int oas = sizes[model_field(w->m->idr[5], 2, 0)], ps = sizes[model_field(dw2, 50, 48)];

	w->vmid = w->m->idr[0] & 1 ? (uint16_t)dw2 : 0;
	w->s2 = w->m->idr[0] & 1 && model_field(w->ste->dw[0], 3, 1) & 2;
	w->out_bits = oas;
	if (!w->s2)
		return;
	w->out_bits = ps < oas ? ps : oas;
	w->ipa_bits = 64 - (unsigned int)model_field(dw2, 37, 32);
	w->level = 2 - (int)sl0;
	w->index_bits = w->ipa_bits - (12 + 9 * (unsigned int)(3 - w->level));
	/* S2AA64 = 1, the 4 KiB granule, a start level that fits (at most 16 tables side by side), a size in range */
	w->s2_bad = !(dw2 & 1ULL << 51) || model_field(dw2, 47, 46) || sl0 == 3 || w->ipa_bits > oas ||
		    w->ipa_bits < 32 || w->index_bits > 13 || w->index_bits < 1;
	if (w->s2_bad)
		w->m->complain("the SMMU can see an ill-formed stage-2 entry");
}

/* One lookup: its results are collected, each once. */
struct lookup {
	struct model_walk *w;
	uint64_t ipa;
	bool dropped;
	struct model_s2 *results;
	unsigned int count;
};

static void result(struct lookup *l, struct model_s2 r)
{
	for (unsigned int i = 0; i < l->count; i++) {
		const struct model_s2 *o = &l->results[i];

		if (o->pa == r.pa && o->bytes == r.bytes && o->event == r.event && o->read == r.read &&
		    o->write == r.write && o->device == r.device)
			return;
	}
	if (l->count == MODEL_RESULTS)
		l->w->m->complain("model: too many results of stage 2");
	else
		l->results[l->count++] = r;
}

static void cache(struct lookup *l, const struct model_tlb *new)
{
	struct smmu_model *m = l->w->m;

	for (unsigned int i = 0; i < m->tlb_count; i++) {
		struct model_tlb *t = &m->tlb[i];

		if (t->ipa != new->ipa || t->size != new->size || t->pa != new->pa || t->vmid != new->vmid ||
		    t->level != new->level || t->table != new->table || t->read != new->read ||
		    t->write != new->write || t->memattr != new->memattr)
			continue;
		/* fetched anew after the invalidation was consumed: it stays */
		t->drop &= l->dropped;
		return;
	}
	if (m->tlb_count == MODEL_TLB) {
		m->complain("model: TLB full");
		return;
	}
	m->tlb[m->tlb_count] = *new;
	m->tlb[m->tlb_count++].drop = l->dropped;
}

static void leaf(struct lookup *l, const struct model_tlb *t)
{
	result(l, (struct model_s2){ .pa = t->pa + (l->ipa - t->ipa), .bytes = t->size, .read = t->read,
				     .write = t->write, .device = t->memattr < 4 });
}

static void fault(struct lookup *l, uint8_t event)
{
	result(l, (struct model_s2){ .event = event });
}

static void walk_from(struct lookup *l, int level, uint64_t table, unsigned int index_bits)
{
	struct model_walk *w = l->w;
	unsigned int shift = 12 + 9 * (unsigned int)(3 - level);
	uint64_t size = 1ULL << shift, index = (l->ipa >> shift) & ((1ULL << index_bits) - 1), desc;
	struct model_tlb t = { .ipa = l->ipa & ~(size - 1), .size = size, .vmid = w->vmid, .level = (int8_t)level };

	if (!w->m->mem_read(table + index * 8, &desc, 8)) {
		/* the tables are the hypervisor's: a walk that leaves them read a half-written entry */
		w->m->complain("the SMMU walks where no table is");
		fault(l, EVENT_WALK_EABT);
		return;
	}
	t.pa = desc & ADDRESS & 0xffffffffffffULL;
	if (!(desc & 1) || (!(desc & 2) && (level == 3 || level == 0))) {
		fault(l, EVENT_TRANSLATION);
		return;
	}
	if (t.pa >> w->out_bits) {
		fault(l, EVENT_ADDR_SIZE);
		return;
	}
	if (level < 3 && desc & 2) {
		t.table = true;
		t.level = (int8_t)(level + 1);
		cache(l, &t);
		walk_from(l, level + 1, t.pa, 9);
		return;
	}
	t.read = desc & 1u << 6;
	t.write = desc & 1u << 7;
	t.memattr = (uint8_t)model_field(desc, 5, 2);
	cache(l, &t);
	leaf(l, &t);
}

/* From what is cached, and from the root. */
unsigned int model_s2(struct model_walk *w, uint64_t ipa, struct model_s2 *results)
{
	struct lookup l = { .w = w, .ipa = ipa, .results = results };
	unsigned int cached = w->m->tlb_count;

	if (!w->s2) {
		results[0] = (struct model_s2){ .pa = ipa, .bytes = 1ULL << 52, .read = true, .write = true };
		return 1;
	}
	if (ipa >> w->ipa_bits) {
		fault(&l, EVENT_TRANSLATION);
		return l.count;
	}
	for (unsigned int i = 0; i < cached; i++) {
		struct model_tlb t = w->m->tlb[i];

		if (t.vmid != w->vmid || ipa < t.ipa || ipa - t.ipa >= t.size)
			continue;
		/* what is fetched through a pointer that an invalidation has hit goes with it */
		l.dropped = t.drop;
		if (t.table)
			walk_from(&l, t.level, t.pa, 9);
		else
			leaf(&l, &t);
		l.dropped = false;
	}
	walk_from(&l, w->level, w->ste->dw[3] & 0xffffffffffff0ULL, w->index_bits);
	return l.count;
}

void model_s2_fault(struct model_walk *w, uint64_t ipa, unsigned int class, uint8_t event)
{
	if (event >= EVENT_TRANSLATION && !(w->ste->dw[2] & STE_S2R))
		model_outcome(w, MODEL_ABORT, 0, 0);
	else
		model_add(w, (struct model_outcome){ .result = MODEL_ABORT, .event = event, .s2 = true,
						     .class = (uint8_t)class, .ipa = ipa & ADDRESS });
}

/* The class of a walk is what it was to translate. */
static void fetch_abort(struct model_walk *w, uint64_t ipa, unsigned int class)
{
	struct model_outcome cd = { .result = MODEL_ABORT, .event = EVENT_CD_FETCH, .ipa = ipa };
	struct model_outcome walk = { .result = MODEL_ABORT, .event = EVENT_WALK_EABT, .class = CLASS_INPUT, .ipa = ipa };

	model_add(w, class == CLASS_CD ? cd : walk);
}

void model_fetch(struct model_walk *w, uint64_t ipa, size_t bytes, unsigned int class, model_got got, void *ctx)
{
	struct model_s2 results[MODEL_RESULTS];
	unsigned int count = model_s2(w, ipa, results);
	uint64_t data[8];

	for (unsigned int i = 0; i < count; i++) {
		const struct model_s2 *r = &results[i];

		if (r->event)
			model_s2_fault(w, ipa, class, r->event);
		else if (!r->read || (r->device && w->s2 && w->ste->dw[2] & STE_S2PTW))
			model_s2_fault(w, ipa, class, EVENT_PERMISSION);
		else if (w->m->mem_read(r->pa, data, bytes))
			got(w, ctx, data);
		else
			fetch_abort(w, ipa, class);
	}
}

void model_end(struct model_walk *w, uint64_t ipa)
{
	struct model_s2 results[MODEL_RESULTS];
	unsigned int count;

	if (w->s2_bad)
		return;
	count = model_s2(w, ipa, results);
	for (unsigned int i = 0; i < count; i++) {
		const struct model_s2 *r = &results[i];

		if (r->event)
			model_s2_fault(w, ipa, CLASS_INPUT, r->event);
		else if (w->txn->write ? !r->write : !r->read)
			model_s2_fault(w, ipa, CLASS_INPUT, EVENT_PERMISSION);
		else
			model_outcome(w, w->s2 ? MODEL_TRANSLATED : MODEL_BYPASS, r->pa, 0);
	}
}
