// SPDX-License-Identifier: GPL-2.0-only
/* The model's stream table and stage-2 walk, with everything that may be cached; see smmu_model.h. */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum { EVENT_BAD_STREAMID = 0x02, EVENT_STE_FETCH = 0x03, EVENT_BAD_STE = 0x04, EVENT_WALK_EABT = 0x0b,
       EVENT_TRANSLATION = 0x10, EVENT_ADDR_SIZE = 0x11, EVENT_PERMISSION = 0x13 };
enum { CONFIG_ABORT = 0, CONFIG_BYPASS = 4, CONFIG_S2 = 6 };
#define ADDRESS		0xffffffffff000ULL

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

static uint64_t table_base(const struct smmu_model *m)
{
	return m->strtab_base & 0xfffffffffffc0ULL;
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

static uint64_t l1_read(struct smmu_model *m, uint32_t sid)
{
	uint64_t l1 = 0;

	if (two_level(m) && !m->mem_read(table_base(m) + (sid >> model_field(m->strtab_cfg, 10, 6)) * 8ULL, &l1, 8))
		m->complain("the first level of the stream table is not in memory");
	return l1;
}

static void add_l1(struct smmu_model *m, struct model_stream *s, uint64_t l1)
{
	for (unsigned int i = 0; i < s->l1_count; i++)
		if (s->l1[i] == l1)
			return;
	if (s->l1_count == MODEL_VARIANTS)
		m->complain("model: too many first-level entries");
	else
		s->l1[s->l1_count++] = l1;
}

static void add_ste(struct smmu_model *m, struct model_stream *s, const struct model_ste *ste)
{
	for (unsigned int i = 0; i < s->ste_count; i++)
		if (!memcmp(&s->ste[i], ste, sizeof(*ste)))
			return;
	if (s->ste_count == MODEL_VARIANTS)
		m->complain("model: too many entries");
	else
		s->ste[s->ste_count++] = *ste;
}

/* Until a barrier each doubleword may be seen old or new, independently of the others. */
static void add_mixes(struct smmu_model *m, struct model_stream *s, const struct model_ste *old,
		      const struct model_ste *now)
{
	for (unsigned int mask = 0; mask < 256; mask++) {
		struct model_ste mix = *now;
		bool useful = true;

		for (unsigned int i = 0; i < 8; i++) {
			if (!(mask & 1u << i))
				continue;
			useful &= old->dw[i] != now->dw[i];
			mix.dw[i] = old->dw[i];
		}
		if (useful)
			add_ste(m, s, &mix);
	}
}

static bool has_live_s2(const struct model_ste *ste)
{
	return ste->dw[0] & 1 && model_field(ste->dw[0], 3, 1) & 2;
}

static void observe_stream(struct smmu_model *m, struct model_stream *s, bool barrier)
{
	uint64_t l1 = l1_read(m, s->sid), at = ste_address(m, s->sid, l1);
	struct model_ste now;

	if (two_level(m))
		add_l1(m, s, l1);
	if (!at)
		return;
	if (!m->mem_read(at, &now, sizeof(now))) {
		m->complain("the stream table is not in memory");
		return;
	}
	if (at != s->ste_pa)
		s->visible = now;
	if (has_live_s2(&s->visible) && has_live_s2(&now) &&
	    (s->visible.dw[2] != now.dw[2] || s->visible.dw[3] != now.dw[3]))
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

void model_sync(struct smmu_model *m)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < m->stream_count; i++) {
		struct model_stream *s = &m->streams[i];

		if (s->drop_ste)
			s->ste_count = 0;
		if (s->drop_l1)
			s->l1_count = 0;
		s->drop_ste = s->drop_l1 = false;
	}
	for (unsigned int i = 0; i < m->tlb_count; i++)
		if (!m->tlb[i].drop)
			m->tlb[kept++] = m->tlb[i];
	m->tlb_count = kept;
	model_observe(m);
}

/* At SMMUEN nothing may translate or bypass, and nothing of earlier times may be cached. */
void model_check_enable(struct smmu_model *m)
{
	uint32_t sids = 1u << table_bits(m), step = two_level(m) ? 1u << model_field(m->strtab_cfg, 10, 6) : 1;

	if (!table_base(m) || !table_bits(m))
		m->complain("SMMUEN without a stream table");
	if (!m->opcodes[0x04] || !m->opcodes[0x30] || !m->syncs)
		m->complain("SMMUEN before CFGI_ALL, TLBI_NSNH_ALL and CMD_SYNC");
	for (uint32_t sid = 0; sid < sids; sid += step) {
		uint64_t at = ste_address(m, sid, l1_read(m, sid)), dw0[8];

		for (uint32_t i = 0; at && i < step; i++)
			if (m->mem_read(at + i * 64ULL, dw0, 64) && dw0[0] & 1 && model_field(dw0[0], 3, 1)) {
				m->complain("SMMUEN while a stream does not abort");
				return;
			}
	}
}

/* ---- stage 2 ---- */

struct walk {
	struct smmu_model *m;
	uint64_t ipa;
	uint16_t vmid;
	unsigned int out_bits;
	bool write, dropped;
	struct model_outcome *out;
	unsigned int count, max;
};

static void outcome(struct walk *w, enum model_result result, uint64_t pa, uint8_t event)
{
	for (unsigned int i = 0; i < w->count; i++)
		if (w->out[i].result == result && w->out[i].pa == pa && w->out[i].event == event)
			return;
	if (w->count == w->max)
		w->m->complain("model: too many outcomes");
	else
		w->out[w->count++] = (struct model_outcome){ result, pa, event };
}

static void cache(struct walk *w, const struct model_tlb *new)
{
	struct smmu_model *m = w->m;

	for (unsigned int i = 0; i < m->tlb_count; i++) {
		struct model_tlb *t = &m->tlb[i];

		if (t->ipa != new->ipa || t->size != new->size || t->pa != new->pa || t->vmid != new->vmid ||
		    t->level != new->level || t->table != new->table || t->read != new->read || t->write != new->write)
			continue;
		/* fetched anew after the invalidation was consumed: it stays */
		t->drop &= w->dropped;
		return;
	}
	if (m->tlb_count == MODEL_TLB) {
		m->complain("model: TLB full");
		return;
	}
	m->tlb[m->tlb_count] = *new;
	m->tlb[m->tlb_count++].drop = w->dropped;
}

static void leaf(struct walk *w, const struct model_tlb *t)
{
	bool allowed = w->write ? t->write : t->read;

	outcome(w, allowed ? MODEL_TRANSLATED : MODEL_ABORT, allowed ? t->pa + (w->ipa - t->ipa) : 0,
		allowed ? 0 : EVENT_PERMISSION);
}

static void walk_from(struct walk *w, int level, uint64_t table, unsigned int index_bits)
{
	unsigned int shift = 12 + 9 * (unsigned int)(3 - level);
	uint64_t size = 1ULL << shift, index = (w->ipa >> shift) & ((1ULL << index_bits) - 1), desc;
	struct model_tlb t = { .ipa = w->ipa & ~(size - 1), .size = size, .vmid = w->vmid, .level = (int8_t)level };

	if (!w->m->mem_read(table + index * 8, &desc, 8)) {
		/* the tables are the hypervisor's: a walk that leaves them read a half-written entry */
		w->m->complain("the SMMU walks where no table is");
		outcome(w, MODEL_ABORT, 0, EVENT_WALK_EABT);
		return;
	}
	t.pa = desc & ADDRESS & 0xffffffffffffULL;
	if (!(desc & 1) || (!(desc & 2) && (level == 3 || level == 0))) {
		outcome(w, MODEL_ABORT, 0, EVENT_TRANSLATION);
		return;
	}
	if (t.pa >> w->out_bits) {
		outcome(w, MODEL_ABORT, 0, EVENT_ADDR_SIZE);
		return;
	}
	if (level < 3 && desc & 2) {
		t.table = true;
		t.level = (int8_t)(level + 1);
		cache(w, &t);
		walk_from(w, level + 1, t.pa, 9);
		return;
	}
	t.read = desc & 1u << 6;
	t.write = desc & 1u << 7;
	cache(w, &t);
	leaf(w, &t);
}

/* From what is cached, and from the root. */
static void walk_all(struct walk *w, int level, uint64_t root, unsigned int index_bits)
{
	unsigned int cached = w->m->tlb_count;

	for (unsigned int i = 0; i < cached; i++) {
		struct model_tlb t = w->m->tlb[i];

		if (t.vmid != w->vmid || w->ipa < t.ipa || w->ipa - t.ipa >= t.size)
			continue;
		/* what is fetched through a pointer that an invalidation has hit goes with it */
		w->dropped = t.drop;
		if (t.table)
			walk_from(w, t.level, t.pa, 9);
		else
			leaf(w, &t);
		w->dropped = false;
	}
	walk_from(w, level, root, index_bits);
}

static void translate_s2(struct walk *w, const struct model_ste *ste)
{
	static const unsigned int sizes[] = { 32, 36, 40, 42, 44, 48, 52, 52 };
	uint64_t dw2 = ste->dw[2];
	unsigned int ipa_bits = 64 - (unsigned int)model_field(dw2, 37, 32);
	unsigned int sl0 = (unsigned int)model_field(dw2, 39, 38);
	unsigned int oas = sizes[model_field(w->m->idr[5], 2, 0)], ps = sizes[model_field(dw2, 50, 48)];
	int level = 2 - (int)sl0;
	unsigned int index_bits = ipa_bits - (12 + 9 * (unsigned int)(3 - level));

	/* S2AA64 = 1, the 4 KiB granule, a start level that fits (at most 16 tables side by side), a size in range */
	if (!(dw2 & 1ULL << 51) || model_field(dw2, 47, 46) || sl0 == 3 || ipa_bits > oas || ipa_bits < 32 ||
	    index_bits > 13 || index_bits < 1) {
		w->m->complain("the SMMU can see an ill-formed stage-2 entry");
		outcome(w, MODEL_ABORT, 0, EVENT_BAD_STE);
		return;
	}
	if (w->ipa >> ipa_bits) {
		outcome(w, MODEL_ABORT, 0, EVENT_TRANSLATION);
		return;
	}
	w->vmid = (uint16_t)dw2;
	w->out_bits = ps < oas ? ps : oas;
	walk_all(w, level, ste->dw[3] & 0xffffffffffff0ULL, index_bits);
}

static void translate(struct walk *w, const struct model_ste *ste)
{
	unsigned int config = (unsigned int)model_field(ste->dw[0], 3, 1);

	if (!(ste->dw[0] & 1))
		outcome(w, MODEL_ABORT, 0, EVENT_BAD_STE);
	else if (config == CONFIG_BYPASS)
		outcome(w, MODEL_BYPASS, w->ipa, 0);
	else if (config == CONFIG_S2)
		translate_s2(w, ste);
	else
		outcome(w, MODEL_ABORT, 0, config == CONFIG_ABORT ? 0 : EVENT_BAD_STE);
}

unsigned int smmu_model_outcomes(struct smmu_model *m, uint32_t sid, uint64_t address, bool write,
				 struct model_outcome *out, unsigned int max)
{
	struct walk w = { .m = m, .ipa = address, .write = write, .out = out, .max = max };
	struct model_stream *s = m->streams;

	if (!(m->cr0 & 1)) {
		outcome(&w, m->gbpa & 1u << 20 ? MODEL_ABORT : MODEL_BYPASS, m->gbpa & 1u << 20 ? 0 : address, 0);
		return w.count;
	}
	while (s < m->streams + m->stream_count && s->sid != sid)
		s++;
	if (s == m->streams + m->stream_count) {
		m->complain("model: a stream that is not watched");
		return 0;
	}
	if (!model_sid_in_table(m, sid))
		outcome(&w, MODEL_ABORT, 0, m->cr2 & 2 ? EVENT_BAD_STREAMID : 0);
	model_observe(m);
	for (unsigned int i = 0; i < s->l1_count; i++)
		if (!ste_address(m, sid, s->l1[i]))
			outcome(&w, MODEL_ABORT, 0, m->cr2 & 2 ? EVENT_BAD_STREAMID : 0);
	for (unsigned int i = 0; i < s->ste_count; i++)
		translate(&w, &s->ste[i]);
	return w.count;
}

struct model_outcome smmu_model_dma(struct smmu_model *m, uint32_t sid, uint64_t address, bool write, unsigned int n)
{
	struct model_outcome out[64];
	unsigned int count = smmu_model_outcomes(m, sid, address, write, out, 64);
	struct model_outcome chosen = count ? out[n % count] : (struct model_outcome){ MODEL_ABORT, 0, 0 };

	if (chosen.event)
		model_event(m, chosen.event, sid, address, write);
	return chosen;
}
