// SPDX-License-Identifier: GPL-2.0-only
/* The model's context descriptors: which one a transaction uses, where it is, and which may be cached. */
#include <string.h>

#include "smmu_model.h"

enum { FORMAT_LINEAR = 0, FORMAT_4K = 1, FORMAT_64K = 2 };
#define STE_S1_FIELDS	0xf80ffffffffffff0ULL		/* S1CDMax, S1ContextPtr, S1Fmt */

struct context {
	uint64_t base;
	uint32_t ssid;
	bool dropped;				/* reached through something that an invalidation has hit */
};

unsigned int model_ssid_bits(const struct smmu_model *m)
{
	return (unsigned int)model_field(m->idr[1], 10, 6);
}

static unsigned int format(const struct model_walk *w)
{
	unsigned int fmt = (unsigned int)model_field(w->ste->dw[0], 5, 4);

	return model_ssid_bits(w->m) && model_field(w->ste->dw[0], 63, 59) && fmt != 3 ? fmt : FORMAT_LINEAR;
}

static unsigned int split(const struct model_walk *w)
{
	return format(w) == FORMAT_64K ? 10 : 6;
}

static void keep(struct model_walk *w, const struct context *c, bool pointer, uint32_t ssid, const uint64_t *data)
{
	struct model_stream *s = w->stream;
	struct model_cached_cd new = { .base = c->base, .ssid = ssid, .pointer = pointer, .drop = c->dropped };

	memcpy(&new.cd, data, pointer ? 8 : 64);
	for (unsigned int i = 0; i < s->cd_count; i++) {
		struct model_cached_cd *o = &s->cd[i];

		if (o->base != new.base || o->ssid != ssid || o->pointer != pointer ||
		    memcmp(&o->cd, &new.cd, sizeof(new.cd)))
			continue;
		o->drop &= c->dropped;
		return;
	}
	if (s->cd_count == MODEL_CDS)
		w->m->complain("model: too many context descriptors");
	else
		s->cd[s->cd_count++] = new;
}

static void got_cd(struct model_walk *w, void *ctx, const uint64_t *data)
{
	const struct context *c = ctx;

	keep(w, c, false, c->ssid, data);
}

static void through(struct model_walk *w, struct context *c, uint64_t pointer)
{
	uint32_t index = c->ssid & ((1u << split(w)) - 1);

	if (pointer & 1)
		model_fetch(w, (pointer & 0xffffffffff000ULL) + index * 64ULL, 64, CLASS_CD, got_cd, c);
	else
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_SUBSTREAMID);
}

static void got_pointer(struct model_walk *w, void *ctx, const uint64_t *data)
{
	const struct context *c = ctx;

	keep(w, c, true, c->ssid >> split(w) << split(w), data);
}

/* Takes in all that can be read now. */
static void read_all(struct model_walk *w, struct context *c)
{
	uint64_t table = w->ste->dw[0] & 0xfffffffffffc0ULL;
	unsigned int count;

	if (format(w) == FORMAT_LINEAR) {
		model_fetch(w, table + c->ssid * 64ULL, 64, CLASS_CD, got_cd, c);
		return;
	}
	model_fetch(w, table + (c->ssid >> split(w)) * 8ULL, 8, CLASS_CD, got_pointer, c);
	count = w->stream->cd_count;
	for (unsigned int i = 0; i < count; i++) {
		struct model_cached_cd p = w->stream->cd[i];

		if (!p.pointer || p.base != c->base || p.ssid >> split(w) != c->ssid >> split(w))
			continue;
		c->dropped = p.drop || w->ste_dropped;
		through(w, c, p.cd.dw[0]);
		c->dropped = w->ste_dropped;
	}
}

void model_contexts(struct model_walk *w, uint32_t ssid)
{
	struct context c = { .base = w->ste->dw[0] & STE_S1_FIELDS, .ssid = ssid, .dropped = w->ste_dropped };
	unsigned int count;

	if (w->s2_bad)
		return;
	read_all(w, &c);
	count = w->stream->cd_count;
	for (unsigned int i = 0; i < count; i++) {
		struct model_cached_cd cached = w->stream->cd[i];

		if (cached.pointer || cached.base != c.base || cached.ssid != ssid)
			continue;
		w->cd = &cached.cd;
		model_translate_s1(w);
		w->cd = NULL;
	}
}
