// SPDX-License-Identifier: GPL-2.0-only
/* The ideal SMMU of each guest, and what it means that the real machine refines it; see refine.h. */
#include <stdio.h>
#include <string.h>

#include "refine.h"

struct probe probes[PROBES];

/* ---- the ideal ---- */

/* What it has written since the last comparison. */
static struct record { u64 ipa; u8 bytes[32]; size_t count; } records[64];
static u32 record_count;
static struct guest *current;		/* whose ideal runs */

static bool ideal_read(u64 ipa, void *to, size_t bytes)
{
	const void *from = world_memory(current, ipa, bytes, false);

	if (from)
		memcpy(to, from, bytes);
	return from;
}

static bool ideal_write(u64 ipa, const void *from, size_t bytes)
{
	struct record *r = &records[record_count];

	if (!world_memory(current, ipa, bytes, true) || record_count == ARRAY_SIZE(records))
		return false;
	record_count++;
	r->ipa = ipa;
	r->count = bytes;
	memcpy(r->bytes, from, bytes);
	return true;
}

static void ideal_complain(const char *what)
{
	if (strncmp(what, "model:", 6))
		found("the ideal SMMU of cell %u complains: %s", current->index, what);
	current->lost = true;
}

static void ideal_irq(struct smmu_model *m, bool gerror)
{
	(void)m;
	current->ideal_irqs |= gerror ? IRQ_GERROR : IRQ_EVENTQ;
}

static void ideal_signal(struct smmu_model *m, const u64 *cmd)
{
	(void)m;
	if ((cmd[0] & 0xff) == 0x46 && (cmd[0] >> 12 & 3) == 1)
		current->ideal_irqs |= IRQ_SYNC;
}

static void ideal_before_command(struct smmu_model *m)
{
	(void)m;
	probes_fill_ideal(current);
}

/* It has what the emulated one says that it has. */
void ideal_init(struct guest *g)
{
	struct smmu_model *m = &g->ideal;

	smmu_model_init(m);
	for (u32 i = 0; i < 6; i++)
		m->idr[i] = (u32)world_read(g, i * 4, 4);
	m->guest = true;
	m->mem_read = ideal_read;
	m->mem_write = ideal_write;
	m->complain = ideal_complain;
	m->irq = ideal_irq;
	m->signal = ideal_signal;
	m->before_command = ideal_before_command;
	for (u32 i = 0; i < STREAMS; i++)
		smmu_model_watch(m, g->vsid[i]);
	g->lost = false;
	g->ideal_irqs = g->real_irqs = 0;
}

void ideal_write_register(struct guest *g, u64 offset, u32 bytes, u64 value)
{
	current = g;
	smmu_model_write(&g->ideal, offset, bytes, value);
}

u32 ideal_read_register(struct guest *g, u64 offset)
{
	current = g;
	return (u32)smmu_model_read(&g->ideal, offset, 4);
}

static u32 ideal_outcomes(struct guest *g, const struct model_txn *txn, struct model_outcome *out)
{
	current = g;
	return smmu_model_possible(&g->ideal, txn, out, OUTCOMES);
}

static u32 real_outcomes(const struct probe *p, struct model_outcome *out)
{
	struct model_txn txn = p->txn;

	txn.sid = p->guest->sid[p->stream];
	return smmu_model_possible(&models[0], &txn, out, OUTCOMES);
}

/* ---- probes ---- */

void probes_choose(void)
{
	for (u32 i = 0; i < PROBES; i++) {
		struct probe *p = &probes[i];

		p->guest = &guests[pick(CELLS)];
		p->txn = guest_transaction(p->guest, &p->stream);
	}
}

void probes_fill_ideal(struct guest *g)
{
	struct model_outcome out[OUTCOMES];
	struct guest *before = current;

	for (u32 i = 0; i < PROBES && g->running; i++)
		if (probes[i].guest == g)
			ideal_outcomes(g, &probes[i].txn, out);
	current = before;
}

static const char *result_name(const struct model_outcome *o)
{
	static const char *const names[] = { "aborts", "translates", "bypasses", "stalls", "is dropped" };

	return names[o->result];
}

void check_i2(void)
{
	struct model_outcome out[OUTCOMES];

	for (u32 i = 0; i < PROBES; i++) {
		struct probe *p = &probes[i];
		u32 count = real_outcomes(p, out);

		for (u32 n = 0; n < count; n++) {
			const struct model_outcome *o = &out[n];

			if (o->result == MODEL_BYPASS)
				found("I2: stream 0x%x bypasses at 0x%llx", p->guest->sid[p->stream],
				      (unsigned long long)p->txn.address);
			if (o->result == MODEL_TRANSLATED && !world_may_reach(p->guest, o->pa, p->txn.write))
				found("I2: stream 0x%x of cell %u can %s 0x%llx at 0x%llx", p->guest->sid[p->stream],
				      p->guest->index, p->txn.write ? "write" : "read", (unsigned long long)o->pa,
				      (unsigned long long)p->txn.address);
		}
	}
	if (machine_complaint[0])
		found("the hypervisor breaks a rule: %s", machine_complaint);
}

/* ---- refinement of one outcome ---- */

/* An IPA that the ideal lets pass, behind the cell's stage 2. */
static bool match_passed(struct guest *g, const struct model_txn *txn, const struct model_outcome *real,
			 const struct model_outcome *ideal)
{
	u64 out;

	if (world_translate(g, ideal->pa, txn->write, &out))
		return real->result == MODEL_TRANSLATED && real->pa == out && real->attr == ideal->attr;
	return real->result == MODEL_ABORT && real->s2 && real->class == CLASS_INPUT &&
	       real->ipa == (ideal->pa & 0xffffffffff000ULL);
}

/* The ideal could not fetch: in the real machine that is a fault of stage 2. */
static bool match_fetch(const struct model_outcome *real, const struct model_outcome *ideal)
{
	u32 class = ideal->event == EVENT_CD_FETCH ? CLASS_CD : CLASS_TABLE;

	return real->result == MODEL_ABORT && real->s2 && real->class == class &&
	       real->ipa == (ideal->ipa & ~0xfffULL);
}

static bool match(const struct probe *p, const struct model_outcome *real, const struct model_outcome *ideal)
{
	bool off = !(p->guest->ideal.cr0 & 1);

	/* what a device says to be translated is refused more often: the check is always on */
	if (p->txn.translated && real->result == MODEL_ABORT)
		return true;
	if (ideal->result == MODEL_TRANSLATED || ideal->result == MODEL_BYPASS) {
		/* with SMMUEN = 0 a SubstreamID is ignored by an SMMU, but not by a stage-2 entry */
		if (off && p->txn.ssv && real->event == EVENT_BAD_SUBSTREAMID)
			return true;
		return match_passed(p->guest, &p->txn, real, ideal);
	}
	if (real->result == MODEL_TRANSLATED || real->result == MODEL_BYPASS)
		return false;
	switch (ideal->event) {
	case EVENT_CD_FETCH:
	case EVENT_WALK_EABT:
		return match_fetch(real, ideal);
	case EVENT_STE_FETCH:
	case EVENT_BAD_STREAMID:
		return real->result == MODEL_ABORT && real->event == EVENT_BAD_STE;
	case 0:
		/* RECINVSID = 0, and no entry for the stream: the emulation drops the record of an invalid one */
		if (real->result == MODEL_ABORT && real->event == EVENT_BAD_STE && !(p->guest->ideal.cr2 & 2))
			return true;
	}
	return real->result == ideal->result && real->event == ideal->event && !real->s2;
}

static void describe(const char *who, const struct model_outcome *out, u32 count)
{
	for (u32 i = 0; i < count; i++)
		printf("  %s: %s, pa 0x%llx, attributes 0x%x, event 0x%02x, s2 %d, class %u, ipa 0x%llx\n", who,
		       result_name(&out[i]), (unsigned long long)out[i].pa, out[i].attr, out[i].event, out[i].s2,
		       out[i].class, (unsigned long long)out[i].ipa);
}

/* For a failure: all that an SMMU may have cached of a stream. */
static void describe_stream(const char *who, struct smmu_model *m, u32 sid)
{
	const struct model_stream *s = model_stream(m, sid);

	printf("  %s: STRTAB_BASE 0x%llx, _CFG 0x%x, CR0 0x%x\n", who, (unsigned long long)m->strtab_base, m->strtab_cfg,
	       m->cr0);
	for (u32 i = 0; i < s->ste_count; i++)
		printf("  %s: STE %016llx %016llx\n", who, (unsigned long long)s->ste[i].dw[0],
		       (unsigned long long)s->ste[i].dw[1]);
	for (u32 i = 0; i < s->cd_count; i++)
		printf("  %s: %s %u: %016llx %016llx %016llx %016llx\n", who, s->cd[i].pointer ? "CDs from" : "CD",
		       s->cd[i].ssid, (unsigned long long)s->cd[i].cd.dw[0], (unsigned long long)s->cd[i].cd.dw[1],
		       (unsigned long long)s->cd[i].cd.dw[2], (unsigned long long)s->cd[i].cd.dw[3]);
}

/* And of a translation. */
static void describe_tlb(const char *who, const struct smmu_model *m, u64 va)
{
	for (u32 i = 0; i < m->tlb1_count; i++) {
		const struct model_tlb1 *t = &m->tlb1[i];

		if (va - t->from < t->bytes)
			printf("  %s: %s at level %d, VMID %u, ASID %u%s, attributes 0x%x -> 0x%llx\n", who,
			       t->table ? "table" : "leaf", t->level, t->vmid, t->asid, t->global ? " global" : "",
			       t->attr, (unsigned long long)t->out);
	}
}

static void check_probe(struct probe *p)
{
	struct model_outcome real[OUTCOMES], ideal[OUTCOMES];
	u32 ideals = ideal_outcomes(p->guest, &p->txn, ideal), reals = real_outcomes(p, real), i;

	for (u32 n = 0; n < reals && !p->guest->lost; n++) {
		for (i = 0; i < ideals && !match(p, &real[n], &ideal[i]); i++)
			;
		if (i < ideals)
			continue;
		describe("real", &real[n], 1);
		describe("ideal", ideal, ideals);
		describe_stream("real", &models[0], p->guest->sid[p->stream]);
		describe_stream("ideal", &p->guest->ideal, p->txn.sid);
		describe_tlb("real", &models[0], p->txn.address);
		describe_tlb("ideal", &p->guest->ideal, p->txn.address);
		found("cell %u, stream 0x%x, %s%s of 0x%llx, SSID %d: not what the guest's own SMMU would do",
		      p->guest->index, p->txn.sid, p->txn.translated ? "translated " : "",
		      p->txn.write ? "write" : "read", (unsigned long long)p->txn.address,
		      p->txn.ssv ? (int)p->txn.ssid : -1);
	}
}

void check_refinement(void)
{
	struct model_outcome out[OUTCOMES];

	/* streams share caches: what one probe brings in, another may use */
	for (u32 i = 0; i < 2 * CELLS; i++)
		probes_fill_ideal(&guests[i % CELLS]);
	for (u32 i = 0; i < PROBES; i++) {
		if (probes[i].guest->running) {
			check_probe(&probes[i]);
			continue;
		}
		for (u32 n = real_outcomes(&probes[i], out); n--;)
			if (out[n].result != MODEL_ABORT)
				found("a stream of cell %u, which is not running, is not stopped", probes[i].guest->index);
	}
}

/* ---- registers and records ---- */

static const struct { u32 offset, mask; } compared[] = {
	{ 0x20, ~0u }, { 0x24, ~0u }, { 0x28, 0xfff }, { 0x2c, 7 }, { 0x44, 1u << 20 | 1u << 31 }, { 0x50, 7 }, { 0x54, 7 },
	{ 0x60, 0xd }, { 0x64, 0xd }, { 0x80, ~0u }, { 0x84, ~0u }, { 0x88, ~0u }, { 0x90, ~0u }, { 0x94, ~0u },
	{ 0x98, ~0u }, { 0x9c, 0xfffff }, { 0xa0, ~0u }, { 0xa4, ~0u }, { 0x100a8, ~0u }, { 0x100ac, ~0u },
};

void check_registers(struct guest *g)
{
	current = g;
	for (u32 i = 0; i < ARRAY_SIZE(compared); i++) {
		u32 offset = compared[i].offset, mask = compared[i].mask;
		u32 real = (u32)world_read(g, offset, 4), ideal = (u32)smmu_model_read(&g->ideal, offset, 4);

		if ((real ^ ideal) & mask)
			found("cell %u, register 0x%x: 0x%x, the guest's own SMMU has 0x%x", g->index, offset, real, ideal);
	}
	if ((g->ideal.gerror ^ g->ideal.gerrorn) & 1 &&
	    (world_read(g, 0x9c, 4) >> 24 & 0x7f) != g->ideal.cons_err)
		found("cell %u: CMDQ_CONS.ERR is %u, should be %u", g->index, (u32)world_read(g, 0x9c, 4) >> 24 & 0x7f,
		      g->ideal.cons_err);
	/* one more for what has been told already disturbs nobody */
	if ((g->real_irqs ^ g->ideal_irqs) & ~(g->real_irqs & (IRQ_EVENTQ | IRQ_GERROR)))
		found("cell %u: interrupts 0x%x, the guest's own SMMU made 0x%x", g->index, g->real_irqs, g->ideal_irqs);
	g->ideal_irqs = g->real_irqs = 0;
}

/*
 * Where something could not be fetched. Stage 2 tells the page only, and of a stream table entry nothing: it was the
 * hypervisor that could not read it.
 */
static u64 fetch_address_mask(u8 type)
{
	if (type == EVENT_STE_FETCH)
		return ~0ULL;
	return type == EVENT_CD_FETCH || type == EVENT_WALK_EABT ? 0xfff : 0;
}

static void check_records(struct guest *g)
{
	for (u32 i = 0; i < record_count; i++) {
		const struct record *r = &records[i];
		const u64 *is = world_memory(g, r->ipa, r->count, false), *should = (const u64 *)r->bytes;

		if (memcmp(is, should, 24) || (is[3] ^ should[3]) & ~fetch_address_mask((u8)should[0]))
			found("cell %u: record %016llx %016llx %016llx %016llx, should be %016llx %016llx %016llx %016llx",
			      g->index, (unsigned long long)is[0], (unsigned long long)is[1], (unsigned long long)is[2],
			      (unsigned long long)is[3], (unsigned long long)should[0], (unsigned long long)should[1],
			      (unsigned long long)should[2], (unsigned long long)should[3]);
	}
	record_count = 0;
}

/* ---- a transaction that happens ---- */

/* What the guest must be told of it. */
static struct model_outcome visible(const struct model_outcome *ideal)
{
	struct model_outcome o = *ideal;

	/* an IPA that leads nowhere: for data the guest is told nothing */
	if (o.result == MODEL_TRANSLATED || o.result == MODEL_BYPASS)
		o.event = 0;
	return o;
}

/* Which of the ideal's outcomes it is; `count` if it could be several with different records. */
static u32 only_match(const struct probe *p, const struct model_outcome *real, const struct model_outcome *ideal, u32 count)
{
	u32 found_at = count;

	for (u32 i = 0; i < count; i++) {
		if (!match(p, real, &ideal[i]))
			continue;
		if (found_at < count && visible(&ideal[i]).event != visible(&ideal[found_at]).event)
			return count;
		found_at = i;
	}
	return found_at;
}

void dma(struct guest *g)
{
	struct probe p = { .guest = g };
	struct model_outcome real[OUTCOMES], ideal[OUTCOMES], chosen;
	struct model_txn txn;
	u32 ideals, reals, i, n;

	if (!g->running)
		return;
	p.txn = guest_transaction(g, &p.stream);
	p.txn.translated = false;
	probes[0] = p;
	probes_fill_ideal(g);
	ideals = ideal_outcomes(g, &p.txn, ideal);
	reals = real_outcomes(&p, real);
	if (g->lost || !reals)
		return;
	check_probe(&p);
	n = pick(reals);
	i = only_match(&p, &real[n], ideal, ideals);
	if (g->lost || i == ideals)
		return;
	/* the record of a stalled transaction waits for room: when it then comes is up to the SMMU */
	if (real[n].result == MODEL_STALLED &&
	    ((g->ideal.cr0 & 5) != 5 || model_queue_used(&g->ideal.evtq) >= model_queue_size(&g->ideal.evtq)))
		return;
	txn = p.txn;
	txn.sid = g->sid[p.stream];
	chosen = visible(&ideal[i]);
	g->ideal.next_stag = models[0].next_stag;
	current = g;
	smmu_model_take(&g->ideal, &p.txn, &chosen);
	smmu_model_take(&models[0], &txn, &real[n]);
	world_settle();
	check_records(g);
}
