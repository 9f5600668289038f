// SPDX-License-Identifier: GPL-2.0-only
/* The model's stalled transactions, address translation services of devices (ATS), and page requests (PRI). */
#include <string.h>

#include "smmu_model.h"

enum { RESUME_TERM = 0, RESUME_RETRY = 1 };
enum { STALL_AND_TERM = 0, TERM_ONLY = 1, STALL_FORCED = 2 };
#define CD_S	(1ULL << 44)
#define CD_A	(1ULL << 46)
#define S1STALLD (1ULL << 27)

/* ---- stall ---- */

bool model_stall_model_ok(const struct smmu_model *m, const struct model_ste *ste, const struct model_cd *cd)
{
	unsigned int model = (unsigned int)model_field(m->idr[0], 25, 24);
	bool stall = cd->dw[0] & CD_S;

	if (stall && (model == TERM_ONLY || (model == STALL_AND_TERM && ste->dw[1] & S1STALLD)))
		return false;
	if (!stall && model == STALL_FORCED)
		return false;
	/* TERM_MODEL: terminated transactions can only abort */
	return !(m->idr[0] & 1u << 26) || cd->dw[0] & CD_A;
}

uint32_t model_stall(struct smmu_model *m, const struct model_txn *txn)
{
	for (unsigned int i = 0; i < MODEL_STALLS; i++) {
		if (m->stall[i].used)
			continue;
		m->stall[i] = (struct model_stall){ true, m->next_stag++, *txn };
		return 1u << 31 | m->stall[i].stag;
	}
	m->complain("model: too many stalled transactions");
	return 0;
}

/* False: no such transaction; then the command has no effect. The device issues a retried one again. */
bool model_resume(struct smmu_model *m, const uint64_t *cmd)
{
	for (unsigned int i = 0; i < MODEL_STALLS; i++) {
		struct model_stall *s = &m->stall[i];

		if (!s->used || s->txn.sid != cmd[0] >> 32 || s->stag != (cmd[1] & 0xffff))
			continue;
		s->used = false;
		return true;
	}
	return false;
}

void model_stall_term(struct smmu_model *m, uint32_t sid)
{
	for (unsigned int i = 0; i < MODEL_STALLS; i++)
		if (m->stall[i].txn.sid == sid)
			m->stall[i].used = false;
}

/* ---- ATS ---- */

static void atc_add(struct smmu_model *m, const struct model_txn *txn, const struct model_outcome *o)
{
	struct model_atc new;

	memset(&new, 0, sizeof(new));
	new.sid = txn->sid;
	new.ssid = txn->ssid;
	new.ssv = txn->ssv;
	new.read = !txn->write;
	new.write = txn->write;
	new.va = txn->address & ~0xfffULL;
	new.size = 0x1000;
	new.out = o->pa & ~0xfffULL;
	for (unsigned int i = 0; i < m->atc_count; i++) {
		struct model_atc old = m->atc[i];

		old.drop = false;
		if (!memcmp(&old, &new, sizeof(new))) {
			m->atc[i].drop = false;
			return;
		}
	}
	if (m->atc_count == MODEL_ATC)
		m->complain("model: ATC full");
	else
		m->atc[m->atc_count++] = new;
}

/*
 * What a device is told depends on EATS: with split stages the IPA, for its translated transactions still pass stage 2.
 * The walk is the same without stage 2: as if the entry had stage 1 alone, its tables still behind stage 2.
 */
unsigned int smmu_model_ats_request(struct smmu_model *m, const struct model_txn *txn, struct model_outcome *out,
				    unsigned int max)
{
	struct model_stream *s = model_stream(m, txn->sid);
	unsigned int count = 0, refusing = 0;
	bool full = false;

	if (!s || !max)
		return 0;
	if (!(m->cr0 & 1) || !(m->idr[0] & 1u << 10)) {
		out[0] = (struct model_outcome){ .result = MODEL_ABORT };
		return 1;
	}
	model_observe(m);
	for (unsigned int i = 0; i < s->ste_count; i++) {
		unsigned int eats = (unsigned int)model_field(s->ste[i].dw[1], 29, 28);
		/* it is about translating: an entry that aborts or bypasses has none */
		bool none = eats == 0 || eats == 3 || !(s->ste[i].dw[0] & 1) || !(model_field(s->ste[i].dw[0], 3, 1) & 3);

		refusing += none;
		full |= !none && eats == 1;
	}
	if (refusing < s->ste_count)
		count = smmu_model_possible(m, txn, out, max - 1);
	for (unsigned int i = 0; i < count; i++) {
		struct model_outcome o = out[i];

		/* a fault is the device's to ask about by PRI: not recorded, nothing stalls */
		if (o.result != MODEL_TRANSLATED && o.result != MODEL_BYPASS)
			o = (struct model_outcome){ .result = MODEL_ABORT, .event = o.event < 0x10 ? o.event : 0, .s2 = o.s2 };
		else if (!full)
			o.pa = model_stage1_output(m, txn, o.pa);
		out[i] = o;
		if (o.result != MODEL_ABORT)
			atc_add(m, txn, &o);
	}
	if (refusing || !s->ste_count)
		out[count++] = (struct model_outcome){ .result = MODEL_ABORT, .event = EVENT_BAD_ATS_TREQ };
	return count;
}

/* The IPA that led to this PA: by the entries that are cached now, for the walk has just been made. */
uint64_t model_stage1_output(struct smmu_model *m, const struct model_txn *txn, uint64_t pa)
{
	for (unsigned int i = 0; i < m->tlb1_count; i++) {
		const struct model_tlb1 *t = &m->tlb1[i];
		uint64_t at = txn->address - t->from;

		if (!t->table && at < t->bytes && t->out + at == pa)
			return t->ipa + at;
	}
	return txn->address;
}

void model_atc_inv(struct smmu_model *m, const uint64_t *cmd)
{
	unsigned int log2 = (unsigned int)model_field(cmd[1], 5, 0);
	uint64_t start = cmd[1] & ~0xfffULL, span = log2 >= 52 ? 0 : 0x1000ULL << log2;
	bool ssv = cmd[0] & 1u << 11, global = cmd[0] & 1u << 9;

	for (unsigned int i = 0; i < m->atc_count; i++) {
		struct model_atc *a = &m->atc[i];

		if (a->sid != cmd[0] >> 32 || (span && (a->va & ~(span - 1)) != (start & ~(span - 1))))
			continue;
		if (a->ssv ? global || (ssv && a->ssid == model_field(cmd[0], 31, 12)) : !ssv)
			a->drop = true;
	}
}

/* ---- PRI ---- */

bool smmu_model_page_request(struct smmu_model *m, const struct model_txn *txn, uint16_t group, bool last)
{
	uint64_t entry[2] = { txn->sid | (uint64_t)txn->ssid << 32, (txn->address & ~0xfffULL) | (group & 0x1ff) };

	entry[0] |= (uint64_t)txn->priv << 58 | (uint64_t)txn->inst << 59 | 1ULL << (txn->write ? 61 : 60);
	entry[0] |= (uint64_t)last << 62 | (uint64_t)txn->ssv << 63;
	/* once it has overflowed, nothing is written until that is acknowledged */
	if ((m->cr0 & 3) != 3 || (m->priq.prod ^ m->priq.cons) >> 31 & 1)
		return false;
	return model_queue_push(m, &m->priq, entry, sizeof(entry));
}
