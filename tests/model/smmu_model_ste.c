// SPDX-License-Identifier: GPL-2.0-only
/* The model's stream table, with everything of it that may be cached, and what a transaction may do by it. */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum { CONFIG_ABORT = 0, CONFIG_BYPASS = 4, CONFIG_S1 = 1, CONFIG_S2 = 2 };	/* the last two: bits, besides BYPASS */
enum { S1DSS_TERMINATE = 0, S1DSS_BYPASS = 1, S1DSS_SSID0 = 2 };
enum { EATS_NONE = 0, EATS_FULL = 1, EATS_SPLIT = 2 };	/* 3 acts like none */
#define S1STALLD	(1ULL << 27)

static void driver_fault(struct smmu_model *m, const char *what)
{
	if (!m->guest)
		m->complain(what);
}

/* ---- stream table ---- */

static bool two_level(const struct smmu_model *m)
{
	return model_field(m->strtab_cfg, 17, 16) == 1;
}

static unsigned int table_bits(const struct smmu_model *m)
{
	unsigned int log2 = (unsigned int)model_field(m->strtab_cfg, 5, 0);
	unsigned int sidsize = (unsigned int)model_field(m->idr[1], 5, 0);

	return log2 < sidsize ? log2 : sidsize;
}

bool model_sid_in_table(const struct smmu_model *m, uint32_t sid)
{
	return ((uint64_t)sid >> table_bits(m)) == 0;
}

/* Aligned to the size of the (first-level) table as LOG2SIZE has it, also beyond SIDSIZE; at least to 64 bytes. */
static uint64_t table_base(const struct smmu_model *m)
{
	unsigned int split = (unsigned int)model_field(m->strtab_cfg, 10, 6), bits = (unsigned int)model_field(m->strtab_cfg, 5, 0);
	unsigned int log2 = !two_level(m) ? bits + 6 : bits > split + 3 ? bits - split + 3 : 6;

	return log2 > 51 ? 0 : (m->strtab_base & 0xfffffffffffc0ULL) & ~((1ULL << log2) - 1);
}

/* Where the STE is, by that first-level entry; 0: the entry does not cover it. */
static uint64_t ste_address(const struct smmu_model *m, uint32_t sid, uint64_t l1)
{
	unsigned int split = (unsigned int)model_field(m->strtab_cfg, 10, 6);
	unsigned int span = (unsigned int)model_field(l1, 4, 0);
	uint32_t index = sid & ((1u << split) - 1);

	if (!two_level(m))
		return table_base(m) + sid * 64ULL;
	if (!span || span > split + 1 || index >= 1u << (span - 1))
		return 0;
	return (l1 & 0xfffffffffffc0ULL) + index * 64ULL;
}

static uint64_t l1_address(const struct smmu_model *m, uint32_t sid)
{
	return table_base(m) + (sid >> model_field(m->strtab_cfg, 10, 6)) * 8ULL;
}

/* False: it cannot be read. Of a linear table it is 0. */
static bool l1_read(struct smmu_model *m, uint32_t sid, uint64_t *l1)
{
	*l1 = 0;
	return !two_level(m) || m->mem_read(l1_address(m, sid), l1, 8);
}

/* An entry could not be read. */
static void lose(struct smmu_model *m, struct model_stream *s, uint64_t at)
{
	s->lost = at;
	s->lost_drop = false;
	driver_fault(m, "the stream table is not in memory");
}

static void add_l1(struct smmu_model *m, struct model_stream *s, uint64_t l1)
{
	for (unsigned int i = 0; i < s->l1_count; i++)
		if (s->l1[i] == l1) {
			s->l1_drop[i] = false;
			return;
		}
	if (s->l1_count == MODEL_VARIANTS)
		m->complain("model: too many first-level entries");
	else {
		s->l1_drop[s->l1_count] = false;
		s->l1[s->l1_count++] = l1;
	}
}

static void add_ste(struct smmu_model *m, struct model_stream *s, const struct model_ste *ste)
{
	for (unsigned int i = 0; i < s->ste_count; i++)
		if (!memcmp(&s->ste[i], ste, sizeof(*ste))) {
			s->ste_drop[i] = false;
			return;
		}
	if (s->ste_count == MODEL_VARIANTS)
		m->complain("model: too many entries");
	else {
		s->ste_drop[s->ste_count] = false;
		s->ste[s->ste_count++] = *ste;
	}
}

/* Until a barrier each doubleword may be seen old or new, independently of the others. */
static void add_mixes(struct smmu_model *m, struct model_stream *s, const struct model_ste *old,
		      const struct model_ste *now)
{
	unsigned int differ = 0, mask;

	for (unsigned int i = 0; i < 8; i++)
		differ |= (unsigned int)(old->dw[i] != now->dw[i]) << i;
	mask = differ;
	do {
		struct model_ste mix = *now;

		for (unsigned int i = 0; i < 8; i++)
			if (mask & 1u << i)
				mix.dw[i] = old->dw[i];
		add_ste(m, s, &mix);
		mask = (mask - 1) & differ;
	} while (mask != differ);
}

static bool has_live_s2(const struct model_ste *ste)
{
	return ste->dw[0] & 1 && model_field(ste->dw[0], 3, 1) & 2;
}

/* S2PTW is about walks of stage 1: without that, it may change. */
static uint64_t unused_dw2(const struct model_ste *old, const struct model_ste *now)
{
	return model_field(old->dw[0] & now->dw[0], 3, 1) & CONFIG_S1 ? 0 : 1ULL << 54;
}

static void observe_stream(struct smmu_model *m, struct model_stream *s, bool barrier)
{
	struct model_ste now;
	uint64_t l1, at;

	if (!l1_read(m, s->sid, &l1)) {
		lose(m, s, l1_address(m, s->sid));
		return;
	}
	at = ste_address(m, s->sid, l1);
	if (two_level(m))
		add_l1(m, s, l1);
	if (!at)
		return;
	if (!m->mem_read(at, &now, sizeof(now))) {
		lose(m, s, at);
		return;
	}
	if (m->guest) {
		add_ste(m, s, &now);
		return;
	}
	if (at != s->ste_pa)
		s->visible = now;
	if (has_live_s2(&s->visible) && has_live_s2(&now) &&
	    ((s->visible.dw[2] ^ now.dw[2]) & ~unused_dw2(&s->visible, &now) || s->visible.dw[3] != now.dw[3]))
		m->complain("doubleword 2 or 3 of a live entry is changed in place");
	add_mixes(m, s, &s->visible, &now);
	s->ste_pa = at;
	if (barrier)
		s->visible = now;
}

static void observe(struct smmu_model *m, bool barrier)
{
	if (!(m->cr0 & 1))
		return;
	for (unsigned int i = 0; i < m->stream_count; i++)
		if (model_sid_in_table(m, m->streams[i].sid))
			observe_stream(m, &m->streams[i], barrier);
}

void model_observe(struct smmu_model *m)
{
	observe(m, m->in_order);
}

void smmu_model_barrier(struct smmu_model *m)
{
	observe(m, true);
}

static void sync_stream(struct model_stream *s)
{
	if (s->lost_drop)
		s->lost = 0;
	s->lost_drop = false;
	for (unsigned int n = s->ste_count; n--;)
		if (s->ste_drop[n]) {
			s->ste[n] = s->ste[--s->ste_count];
			s->ste_drop[n] = s->ste_drop[s->ste_count];
		}
	for (unsigned int n = s->l1_count; n--;)
		if (s->l1_drop[n]) {
			s->l1[n] = s->l1[--s->l1_count];
			s->l1_drop[n] = s->l1_drop[s->l1_count];
		}
	for (unsigned int n = s->cd_count; n--;)
		if (s->cd[n].drop)
			s->cd[n] = s->cd[--s->cd_count];
}

void model_sync(struct smmu_model *m)
{
	for (unsigned int i = 0; i < m->stream_count; i++)
		sync_stream(&m->streams[i]);
	for (unsigned int n = m->tlb_count; n--;)
		if (m->tlb[n].drop)
			m->tlb[n] = m->tlb[--m->tlb_count];
	for (unsigned int n = m->tlb1_count; n--;)
		if (m->tlb1[n].drop)
			m->tlb1[n] = m->tlb1[--m->tlb1_count];
	for (unsigned int n = m->atc_count; n--;)
		if (m->atc[n].drop)
			m->atc[n] = m->atc[--m->atc_count];
	model_observe(m);
}

/* At SMMUEN nothing may translate or bypass, and nothing of earlier times may be cached. */
void model_check_enable(struct smmu_model *m)
{
	uint32_t sids = 1u << table_bits(m), step = two_level(m) ? 1u << model_field(m->strtab_cfg, 10, 6) : 1;

	if (m->guest)
		return;
	if (!table_base(m) || !table_bits(m))
		m->complain("SMMUEN without a stream table");
	if (!m->opcodes[0x04] || !m->opcodes[0x30] || !m->syncs)
		m->complain("SMMUEN before CFGI_ALL, TLBI_NSNH_ALL and CMD_SYNC");
	for (uint32_t sid = 0; sid < sids; sid += step) {
		uint64_t l1, at, dw0[8];

		if (!l1_read(m, sid, &l1))
			driver_fault(m, "the stream table is not in memory");
		at = ste_address(m, sid, l1);
		for (uint32_t i = 0; at && i < step; i++)
			if (m->mem_read(at + i * 64ULL, dw0, 64) && dw0[0] & 1 && model_field(dw0[0], 3, 1)) {
				m->complain("SMMUEN while a stream does not abort");
				return;
			}
	}
}

/* ---- outcomes ---- */

void model_add(struct model_walk *w, struct model_outcome o)
{
	for (unsigned int i = 0; i < w->count; i++) {
		const struct model_outcome *p = &w->out[i];

		if (p->result == o.result && p->pa == o.pa && p->event == o.event && p->class == o.class &&
		    p->s2 == o.s2 && p->attr == o.attr && p->ipa == o.ipa)
			return;
	}
	if (w->count == w->max)
		w->m->complain("model: too many outcomes");
	else
		w->out[w->count++] = o;
}

void model_outcome(struct model_walk *w, enum model_result result, uint64_t pa, uint8_t event)
{
	model_add(w, (struct model_outcome){ .result = result, .pa = pa, .event = event,
					     .class = event >= EVENT_TRANSLATION ? CLASS_INPUT : 0 });
}

/* The fields of stage 1 that make an entry illegal. */
static bool s1_good(const struct smmu_model *m, const struct model_ste *ste)
{
	unsigned int cdmax = (unsigned int)model_field(ste->dw[0], 63, 59);
	unsigned int format = (unsigned int)model_field(ste->dw[0], 5, 4);

	if (ste->dw[1] & S1STALLD && model_field(m->idr[0], 25, 24))
		return false;
	/* without substreams the field is ignored; reserved values of S1Fmt and S1DSS act like 0 */
	if (!cdmax || !model_ssid_bits(m))
		return true;
	return cdmax <= model_ssid_bits(m) && (!format || format == 3 || m->idr[0] & 1u << 19);
}

static bool ste_good(const struct smmu_model *m, const struct model_ste *ste)
{
	unsigned int config = (unsigned int)model_field(ste->dw[0], 3, 1);
	unsigned int eats = (unsigned int)model_field(ste->dw[1], 29, 28);

	if ((config & CONFIG_S2 && !(m->idr[0] & 1)) || (config & CONFIG_S1 && !(m->idr[0] & 2)))
		return false;
	/* ATS is about translating: an entry that bypasses has none */
	if (m->idr[0] & 1u << 10 && config & (CONFIG_S1 | CONFIG_S2) && eats == EATS_SPLIT && (config != 7 || m->idr[0] & 1u << 11))
		return false;
	return !(config & CONFIG_S1) || s1_good(m, ste);
}

/* A translated transaction of ATS: the tables are not walked, or stage 2 alone. */
static void translated(struct model_walk *w)
{
	unsigned int eats = (unsigned int)model_field(w->ste->dw[1], 29, 28);

	if (eats == EATS_SPLIT)
		model_end(w, w->txn->address);
	else if (eats == EATS_FULL)
		model_outcome(w, MODEL_BYPASS, w->txn->address, 0);
	else
		model_outcome(w, MODEL_ABORT, 0, EVENT_TRANSL_FORBIDDEN);
}

static void stage1(struct model_walk *w)
{
	const struct model_txn *txn = w->txn;
	unsigned int cdmax = (unsigned int)model_field(w->ste->dw[0], 63, 59);
	unsigned int s1dss = (unsigned int)model_field(w->ste->dw[1], 1, 0);

	if (!model_ssid_bits(w->m))
		cdmax = 0;
	if (txn->ssv && (!cdmax || txn->ssid >> cdmax))
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_SUBSTREAMID);
	else if (txn->ssv && !txn->ssid && s1dss == S1DSS_SSID0)
		model_outcome(w, MODEL_ABORT, 0, EVENT_STREAM_DISABLED);
	else if (txn->ssv || !cdmax || s1dss == S1DSS_SSID0)
		model_contexts(w, txn->ssv ? txn->ssid : 0);
	else if (s1dss == S1DSS_BYPASS)
		model_end(w, txn->address);
	else
		model_outcome(w, MODEL_ABORT, 0, EVENT_STREAM_DISABLED);
}

static void translate(struct model_walk *w)
{
	unsigned int config = (unsigned int)model_field(w->ste->dw[0], 3, 1);

	if (!(w->ste->dw[0] & 1)) {
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_STE);
		return;
	}
	if (!(config & CONFIG_BYPASS)) {
		model_outcome(w, MODEL_ABORT, 0, 0);
		/* 1 to 3 are reserved: as 0, or illegal */
		if (config != CONFIG_ABORT)
			model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_STE);
		return;
	}
	model_s2_setup(w);
	if (!ste_good(w->m, w->ste) || w->s2_bad)
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_STE);
	else if (w->txn->translated)
		translated(w);
	else if (config & CONFIG_S1)
		stage1(w);
	else if (w->txn->ssv)
		model_outcome(w, MODEL_ABORT, 0, EVENT_BAD_SUBSTREAMID);
	else
		model_end(w, w->txn->address);
}

struct model_stream *model_stream(struct smmu_model *m, uint32_t sid)
{
	for (unsigned int i = 0; i < m->stream_count; i++)
		if (m->streams[i].sid == sid)
			return &m->streams[i];
	m->complain("model: a stream that is not watched");
	return NULL;
}

/* What the entries of its stream let it do. */
static void by_stream(struct model_walk *w)
{
	struct smmu_model *m = w->m;
	struct model_stream *s = w->stream = model_stream(m, w->txn->sid);
	uint8_t nowhere = m->cr2 & 2 ? EVENT_BAD_STREAMID : 0;
	unsigned int seen;

	if (!s)
		return;
	if (!model_sid_in_table(m, s->sid)) {
		model_outcome(w, MODEL_ABORT, 0, nowhere);
		if (m->guest)
			return;
	}
	model_observe(m);
	if (s->lost)
		model_add(w, (struct model_outcome){ .result = MODEL_ABORT, .event = EVENT_STE_FETCH, .ipa = s->lost });
	for (unsigned int i = 0; i < s->l1_count; i++)
		if (!ste_address(m, s->sid, s->l1[i]))
			model_outcome(w, MODEL_ABORT, 0, nowhere);
	/* what one entry or descriptor brings into the caches can be used with another: until there is nothing new */
	do {
		seen = w->count + m->tlb1_count + m->tlb_count + s->cd_count;
		for (unsigned int i = 0; i < s->ste_count; i++) {
			w->ste = &s->ste[i];
			w->ste_dropped = s->ste_drop[i];
			translate(w);
		}
	} while (s->ste_count + s->cd_count > 2 && seen != w->count + m->tlb1_count + m->tlb_count + s->cd_count);
}

unsigned int smmu_model_possible(struct smmu_model *m, const struct model_txn *txn, struct model_outcome *out,
				 unsigned int max)
{
	struct model_walk w = { .m = m, .txn = txn, .out = out, .max = max };
	bool aborts = m->gbpa & 1u << 20;

	if (!(m->cr0 & 1))
		model_outcome(&w, aborts || txn->translated ? MODEL_ABORT : MODEL_BYPASS,
			      aborts || txn->translated ? 0 : txn->address, 0);
	else if (txn->translated && (!(m->idr[0] & 1u << 10)))
		model_outcome(&w, MODEL_ABORT, 0, EVENT_TRANSL_FORBIDDEN);
	else if (txn->translated && !(m->cr0 & 1u << 4))
		model_outcome(&w, MODEL_BYPASS, txn->address, 0);
	else
		by_stream(&w);
	return w.count;
}

unsigned int smmu_model_outcomes(struct smmu_model *m, uint32_t sid, uint64_t address, bool write,
				 struct model_outcome *out, unsigned int max)
{
	struct model_txn txn = { .sid = sid, .address = address, .write = write };

	return smmu_model_possible(m, &txn, out, max);
}

void smmu_model_take(struct smmu_model *m, const struct model_txn *txn, const struct model_outcome *o)
{
	uint32_t stall = 0;

	if (o->result == MODEL_STALLED)
		stall = model_stall(m, txn);
	if (o->event)
		model_event(m, txn, o, stall);
}

struct model_outcome smmu_model_dma(struct smmu_model *m, uint32_t sid, uint64_t address, bool write, unsigned int n)
{
	struct model_txn txn = { .sid = sid, .address = address, .write = write };
	struct model_outcome out[64];
	unsigned int count = smmu_model_possible(m, &txn, out, 64);
	struct model_outcome chosen = count ? out[n % count] : (struct model_outcome){ .result = MODEL_ABORT };

	smmu_model_take(m, &txn, &chosen);
	return chosen;
}
