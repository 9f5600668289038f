// SPDX-License-Identifier: GPL-2.0-only
/* The ideal SMMU of each guest, and what it means that the real machine refines it; see refine.h. */
#include <stdio.h>
#include <string.h>

#include "refine.h"

struct probe probes[PROBES];

/* ---- the ideal ---- */

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
	return world_memory(current, ipa, bytes, true) && compare_record(ipa, from, bytes);
}

static void ideal_complain(const char *what)
{
	if (strncmp(what, "model:", 6))
		found("the ideal SMMU of cell %u complains: %s", current->index, what);
	current->lost = true;
}

static void ideal_irq(struct smmu_model *m, enum model_irq which)
{
	static const u32 bit[] = { IRQ_EVENTQ, IRQ_PRIQ, IRQ_GERROR };

	(void)m;
	current->ideal_irqs |= bit[which];
}

static void answer(u32 *answers, const u64 *cmd)
{
	answers[cmd[1] >> 12 & 3]++;
}

static void ideal_signal(struct smmu_model *m, const u64 *cmd)
{
	(void)m;
	if ((cmd[0] & 0xff) == 0x46 && (cmd[0] >> 12 & 3) == 1)
		current->ideal_irqs |= IRQ_SYNC;
	for (u32 i = 0; i < STREAMS && (cmd[0] & 0xff) == 0x41; i++)
		if (cmd[0] >> 32 == current->vsid[i])
			answer(current->ideal_answers, cmd);
	counts.resumed += (cmd[0] & 0xff) == 0x44;
}

/* The physical SMMU tells a device something. */
static void real_signal(struct smmu_model *m, const u64 *cmd)
{
	struct guest *g;
	u32 stream;

	if ((cmd[0] & 0xff) != 0x41)
		return;
	g = world_owner(m, (u32)(cmd[0] >> 32), &stream);
	if (!g)
		found("an answer to a page request of stream 0x%x, which nobody owns", (u32)(cmd[0] >> 32));
	answer(g->real_answers, cmd);
	counts.page_answers++;
}

static void ideal_before_command(struct smmu_model *m)
{
	struct guest *g = current;

	(void)m;
	probes_fill_ideal(g);
	guest_foresee(g);
	current = g;
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
	g->real->signal = real_signal;
	g->lost = false;
	g->ideal_irqs = g->real_irqs = 0;
	memset(g->ideal_answers, 0, sizeof(g->ideal_answers));
	memset(g->real_answers, 0, sizeof(g->real_answers));
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

static u32 outcomes(const struct probe *p, struct smmu_model *m, u32 sid, struct model_outcome *out)
{
	struct model_txn txn = p->txn;

	txn.sid = sid;
	return p->ats ? smmu_model_ats_request(m, &txn, out, OUTCOMES) : smmu_model_possible(m, &txn, out, OUTCOMES);
}

static u32 ideal_outcomes(const struct probe *p, struct model_outcome *out)
{
	current = p->guest;
	return outcomes(p, &p->guest->ideal, p->txn.sid, out);
}

static u32 real_outcomes(const struct probe *p, struct model_outcome *out)
{
	return outcomes(p, p->guest->real, p->guest->sid[p->stream], out);
}

/* ---- probes ---- */

void probes_choose(void)
{
	for (u32 i = 0; i < PROBES; i++) {
		struct probe *p = &probes[i];

		p->guest = &guests[pick(GUESTS)];
		p->txn = guest_transaction(p->guest, &p->stream);
		p->ats = !p->txn.translated && one_in(4);
	}
}

/* Until nothing new comes: what one probe has brought into the TLB, a global entry, another may use. */
void probes_fill_ideal(struct guest *g)
{
	struct model_outcome out[OUTCOMES];
	struct guest *before = current;
	u32 known;

	do {
		known = g->ideal.tlb1_count;
		for (u32 i = 0; i < PROBES && g->home->running; i++)
			if (probes[i].guest == g)
				ideal_outcomes(&probes[i], out);
	} while (g->ideal.tlb1_count != known);
	current = before;
}

static const char *result_name(const struct model_outcome *o)
{
	static const char *const names[] = { "aborts", "translates", "bypasses", "stalls", "is dropped" };

	return names[o->result];
}

static void check_reach(const struct probe *p, const struct model_outcome *o)
{
	if (o->result == MODEL_BYPASS)
		found("I2: stream 0x%x bypasses at 0x%llx", p->guest->sid[p->stream], (unsigned long long)p->txn.address);
	/* with split stages a device is told IPAs, and what it does with them is checked */
	if (o->result == MODEL_TRANSLATED && (!p->ats || world_trusts(p->guest)) &&
	    !world_may_reach(p->guest, o->pa, p->txn.write))
		found("I2: stream 0x%x of guest %u can %s 0x%llx at 0x%llx%s", p->guest->sid[p->stream], p->guest->index,
		      p->txn.write ? "write" : "read", (unsigned long long)o->pa, (unsigned long long)p->txn.address,
		      p->ats ? " (ATS)" : "");
}

/* What a trusted device was told it uses without asking again. */
static void check_devices(struct smmu_model *m)
{
	for (u32 i = 0; i < m->atc_count && m->idr[0] & 1u << 11; i++) {
		const struct model_atc *a = &m->atc[i];
		struct guest *g;
		u32 stream;

		g = world_owner(m, a->sid, &stream);
		if (!g || !world_may_reach(g, a->out, a->write))
			found("I2: the device of stream 0x%x can %s 0x%llx by ATS", a->sid, a->write ? "write" : "read",
			      (unsigned long long)a->out);
		counts.ats_trusted++;
	}
}

void check_i2(void)
{
	struct model_outcome out[OUTCOMES];

	for (u32 i = 0; i < PROBES; i++)
		for (u32 n = real_outcomes(&probes[i], out); n--;)
			check_reach(&probes[i], &out[n]);
	for (u32 i = 0; i < MACHINE_SMMUS; i++)
		check_devices(&models[i]);
	counts.i2_checks++;
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

/* What a device is told. Refused without a record, or a translation: of stage 1 alone, or of both. */
static bool match_ats(const struct probe *p, const struct model_outcome *real, const struct model_outcome *ideal)
{
	bool granted = ideal->result != MODEL_ABORT, there;
	u64 out = 0;

	if (!granted)
		return real->result == MODEL_ABORT;
	there = world_translate(p->guest, ideal->pa, p->txn.write, &out);
	if (real->result == MODEL_ABORT)
		return !there && real->s2;
	return real->pa == (world_trusts(p->guest) ? out : ideal->pa);
}

static bool match(const struct probe *p, const struct model_outcome *real, const struct model_outcome *ideal)
{
	bool off = !(p->guest->ideal.cr0 & 1);

	if (p->ats)
		return match_ats(p, real, ideal);
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
	for (u32 i = 0; i < count && !mutant; i++)
		printf("  %s: %s, pa 0x%llx, attributes 0x%x, event 0x%02x, s2 %d, class %u, ipa 0x%llx\n", who,
		       result_name(&out[i]), (unsigned long long)out[i].pa, out[i].attr, out[i].event, out[i].s2,
		       out[i].class, (unsigned long long)out[i].ipa);
}

/* For a failure: all that an SMMU may have cached of a stream. */
static void describe_stream(const char *who, struct smmu_model *m, u32 sid)
{
	const struct model_stream *s = model_stream(m, sid);

	if (mutant)
		return;
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
	for (u32 i = 0; i < m->tlb1_count && !mutant; i++) {
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
	u32 ideals = ideal_outcomes(p, ideal), reals = real_outcomes(p, real), i;

	for (u32 n = 0; n < reals && !p->guest->lost; n++) {
		for (i = 0; i < ideals && !match(p, &real[n], &ideal[i]); i++)
			;
		if (i < ideals)
			continue;
		if (p->guest->lost)
			return;
		describe("real", &real[n], 1);
		describe("ideal", ideal, ideals);
		describe_stream("real", p->guest->real, p->guest->sid[p->stream]);
		describe_stream("ideal", &p->guest->ideal, p->txn.sid);
		describe_tlb("real", p->guest->real, p->txn.address);
		describe_tlb("ideal", &p->guest->ideal, p->txn.address);
		found("guest %u, stream 0x%x, %s%s of 0x%llx, SSID %d: not what the guest's own SMMU would do",
		      p->guest->index, p->txn.sid, p->txn.translated ? "translated " : p->ats ? "ATS " : "",
		      p->txn.write ? "write" : "read", (unsigned long long)p->txn.address,
		      p->txn.ssv ? (int)p->txn.ssid : -1);
	}
}

void check_refinement(void)
{
	struct model_outcome out[OUTCOMES];

	/* streams share caches: what one probe brings in, another may use */
	for (u32 i = 0; i < 2 * GUESTS; i++)
		probes_fill_ideal(&guests[i % GUESTS]);
	for (u32 i = 0; i < PROBES; i++) {
		if (probes[i].guest->home->running) {
			check_probe(&probes[i]);
			continue;
		}
		for (u32 n = real_outcomes(&probes[i], out); n--;)
			if (out[n].result != MODEL_ABORT)
				found("a stream of guest %u, whose cell is not running, is not stopped", probes[i].guest->index);
	}
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

/* The record of a stalled transaction waits for room: when it then comes is up to the SMMU. */
static bool can_stall(const struct guest *g)
{
	u32 stalled = 0;

	for (u32 i = 0; i < MODEL_STALLS; i++)
		stalled += g->real->stall[i].used;
	return stalled < MODEL_STALLS && (g->ideal.cr0 & 5) == 5 && !((g->ideal.gerror ^ g->ideal.gerrorn) & 4) &&
	       model_queue_used(&g->ideal.evtq) < model_queue_size(&g->ideal.evtq);
}

static void count_outcome(const struct model_txn *txn, enum model_result result)
{
	counts.translated += result == MODEL_TRANSLATED;
	counts.aborted += result == MODEL_ABORT || result == MODEL_ZERO;
	counts.stalled += result == MODEL_STALLED;
	counts.substreams += result == MODEL_TRANSLATED && txn->ssid;
}

void dma(struct guest *g)
{
	struct probe p = { .guest = g };
	struct model_outcome real[OUTCOMES], ideal[OUTCOMES], chosen;
	struct model_txn txn;
	u32 ideals, reals, i, n;

	p.txn = guest_transaction(g, &p.stream);
	p.txn.translated = false;
	probes[0] = p;
	probes_fill_ideal(g);
	ideals = ideal_outcomes(&p, ideal);
	reals = real_outcomes(&p, real);
	if (g->lost || !reals)
		return;
	check_probe(&p);
	n = pick(reals);
	i = only_match(&p, &real[n], ideal, ideals);
	if (g->lost || i == ideals || (real[n].result == MODEL_STALLED && !can_stall(g)))
		return;
	txn = p.txn;
	txn.sid = g->sid[p.stream];
	chosen = visible(&ideal[i]);
	count_outcome(&txn, real[n].result);
	g->ideal.next_stag = g->real->next_stag;
	current = g;
	smmu_model_take(&g->ideal, &p.txn, &chosen);
	smmu_model_take(g->real, &txn, &real[n]);
	world_settle();
	check_records(g);
}

/* What the ideal answers itself: failure if nothing can be written, success if there is no room. */
static void ideal_page_request(struct guest *g, const struct model_txn *txn, u16 group, bool last)
{
	bool room = model_queue_used(&g->ideal.priq) < model_queue_size(&g->ideal.priq) &&
		    !((g->ideal.priq.prod ^ g->ideal.priq.cons) >> 31);

	current = g;
	if (smmu_model_page_request(&g->ideal, txn, group, last)) {
		counts.page_requests++;
		return;
	}
	counts.refused_requests++;
	g->ideal_answers[(g->ideal.cr0 & 3) == 3 && !room ? 2 : 0] += last;
}

void page_request(struct guest *g)
{
	u32 stream;
	u16 group = (u16)pick(512);
	bool last = pick(3);
	struct model_txn txn = guest_transaction(g, &stream);

	if (!(g->ideal.idr[0] & 1u << 16))
		return;
	ideal_page_request(g, &txn, group, last);
	txn.sid = g->sid[stream];
	if (!smmu_model_page_request(g->real, &txn, group, last))
		found("a page request of stream 0x%x does not reach the hypervisor", txn.sid);
	world_settle();
	check_records(g);
}
