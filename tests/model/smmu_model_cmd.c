// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's command queue. An invalidation is only guaranteed to have happened when a later CMD_SYNC is consumed; so
 * commands mark what they hit, and the sync drops it.
 */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum { OP_PREFETCH_CONFIG = 0x01, OP_PREFETCH_ADDR = 0x02, OP_CFGI_STE = 0x03, OP_CFGI_RANGE = 0x04, OP_CFGI_CD = 0x05,
       OP_CFGI_CD_ALL = 0x06, OP_NH_ALL = 0x10, OP_NH_ASID = 0x11, OP_NH_VA = 0x12, OP_NH_VAA = 0x13,
       OP_S12_VMALL = 0x28, OP_S2_IPA = 0x2a, OP_NSNH_ALL = 0x30, OP_ATC_INV = 0x40, OP_PRI_RESP = 0x41,
       OP_RESUME = 0x44, OP_STALL_TERM = 0x45, OP_SYNC = 0x46 };
enum { CERROR_ILL = 1, CERROR_ABT = 2 };
#define ANY	-1
#define SID	0xffffffff00000000ULL
#define SSID	0x00000000fffff000ULL
#define VMID	0x0000ffff00000000ULL
#define ASID	0xffff000000000000ULL
#define RANGE	0x0000000001f1f000ULL		/* NUM and SCALE */
#define ADDRESS	0xfffffffffffff000ULL

/* Bits that the hypervisor must leave 0; a guest's are ignored. */
static void reserved_bits(struct smmu_model *m, const uint64_t *cmd, uint64_t mask0, uint64_t mask1)
{
	char text[128];

	if (m->guest || (!(cmd[0] & ~(mask0 | 0xff)) && !(cmd[1] & ~mask1)))
		return;
	snprintf(text, sizeof(text), "command with reserved bits: %016llx %016llx", (unsigned long long)cmd[0],
		 (unsigned long long)cmd[1]);
	m->complain(text);
}

/* ---- configuration ---- */

static void cfgi(struct smmu_model *m, uint32_t first, uint64_t count, bool leaf)
{
	for (unsigned int i = 0; i < m->stream_count; i++) {
		struct model_stream *s = &m->streams[i];

		if (s->sid < first || s->sid - first >= count)
			continue;
		memset(s->ste_drop, 1, s->ste_count);
		s->lost_drop = true;
		if (!leaf)
			memset(s->l1_drop, 1, s->l1_count);
		for (unsigned int n = 0; n < s->cd_count; n++)
			s->cd[n].drop = true;
	}
}

static void cfgi_cd(struct smmu_model *m, const uint64_t *cmd, bool all)
{
	uint32_t ssid = (uint32_t)model_field(cmd[0], 31, 12);
	bool leaf = cmd[1] & 1;

	/* out of range: it may do nothing */
	if (!all && ssid >> model_ssid_bits(m))
		return;
	for (unsigned int i = 0; i < m->stream_count; i++) {
		struct model_stream *s = &m->streams[i];

		if (s->sid != cmd[0] >> 32)
			continue;
		for (unsigned int n = 0; n < s->cd_count; n++) {
			struct model_cached_cd *cd = &s->cd[n];
			unsigned int split = (cd->base & 0x30) == 0x20 ? 10 : 6;
			bool hit = cd->pointer ? !leaf && cd->ssid == ssid >> split << split : cd->ssid == ssid;

			cd->drop |= all || hit;
		}
	}
}

/* ---- translations ---- */

/* Leaves and table pointers of stage 2 that translate something in the range. */
static void tlbi(struct smmu_model *m, int vmid, uint64_t ipa, uint64_t size, bool leaf_only)
{
	for (unsigned int i = 0; i < m->tlb_count; i++) {
		struct model_tlb *t = &m->tlb[i];
		bool hit = t->ipa < ipa + size && ipa < t->ipa + t->size;

		if ((vmid == ANY || t->vmid == vmid) && (hit || size == ~0ULL) && !(t->table && leaf_only))
			t->drop = true;
	}
}

struct range { uint64_t start, last; unsigned int ttl; };

static const struct range everything = { 0, ~0ULL, 0 };

/* And of stage 1, with what is behind them. An ASID does not protect nor reach global entries, unless `global`. */
static void tlbi1(struct smmu_model *m, int vmid, int asid, bool global, const struct range *r, bool leaf_only)
{
	for (unsigned int i = 0; i < m->tlb1_count; i++) {
		struct model_tlb1 *t = &m->tlb1[i];
		bool mine = asid == ANY || (t->global ? global : t->asid == asid);

		if ((vmid != ANY && t->vmid != vmid) || !mine || (t->table && leaf_only))
			continue;
		if (t->va > r->last || t->va + (t->size - 1) < r->start || (r->ttl && !t->table && t->level != (int)r->ttl))
			continue;
		t->drop = true;
	}
}

static bool has_range(const struct smmu_model *m)
{
	return m->idr[3] & 1u << 10;
}

/* The range of a TLBI by address; without range support, or with TG = 0, it is one address. */
static struct range range(struct smmu_model *m, const uint64_t *cmd)
{
	static const unsigned int granules[] = { 12, 12, 14, 16 };
	unsigned int tg = (unsigned int)model_field(cmd[1], 11, 10), num = (unsigned int)model_field(cmd[0], 16, 12);
	unsigned int scale = (unsigned int)model_field(cmd[0], 24, 20), ttl = (unsigned int)model_field(cmd[1], 9, 8);
	uint64_t pages = 1, start = cmd[1] & ADDRESS;
	struct range r = { start, 0, 0 };

	if (has_range(m) && tg) {
		pages = (uint64_t)(num + 1) << scale;
		r.ttl = tg == 2 && ttl == 1 ? 0 : ttl;
		r.start &= ~0ULL << granules[tg];
	} else {
		/* ignored; the hypervisor's own commands leave them 0 */
		if ((num || scale || ttl) && !m->guest)
			m->complain("TLBI: NUM, SCALE or TTL without TG");
		tg = 0;
	}
	r.last = r.start + (pages << granules[tg]) - 1;
	if (r.last < r.start)
		r.last = ~0ULL;
	return r;
}

static void tlbi_s2_ipa(struct smmu_model *m, const uint64_t *cmd)
{
	struct range r = range(m, cmd);

	reserved_bits(m, cmd, VMID | (has_range(m) ? RANGE : 0), 0xffffffffff001 | (has_range(m) ? 0xf00 : 0));
	if (model_field(cmd[1], 11, 10) > 1)
		m->complain("TLBI_S2_IPA: TG is not the granule of the tables");
	tlbi(m, (int)model_field(cmd[0], 47, 32), r.start, r.last - r.start + 1, cmd[1] & 1);
}

/* TLBI_NH_*. An SMMU without stage 2 has one VMID. */
static void tlbi_nh(struct smmu_model *m, const uint64_t *cmd)
{
	unsigned int op = (unsigned int)(cmd[0] & 0xff);
	int vmid = m->idr[0] & 1 ? (int)model_field(cmd[0], 47, 32) : 0;
	int asid = op == OP_NH_ALL || op == OP_NH_VAA ? ANY : (int)model_field(cmd[0], 63, 48);
	bool by_va = op == OP_NH_VA || op == OP_NH_VAA;
	struct range r = by_va ? range(m, cmd) : everything;

	if (asid != ANY && !(m->idr[0] & 1u << 12))
		asid &= 0xff;
	reserved_bits(m, cmd, VMID | (asid == ANY ? 0 : ASID) | (by_va && has_range(m) ? RANGE : 0),
		      by_va ? ADDRESS | (has_range(m) ? 0xf01 : 1) : 0);
	tlbi1(m, vmid, asid, by_va, &r, by_va && cmd[1] & 1);
}

static void tlbi_vmall(struct smmu_model *m, int vmid)
{
	tlbi(m, vmid, 0, ~0ULL, false);
	tlbi1(m, vmid, ANY, true, &everything, false);
}

/* ---- dispatch ---- */

/* A granule with neither a range nor a level; a block at level 1 of 16 KiB tables does not exist, so that is no level. */
static bool range_reserved(const struct smmu_model *m, const uint64_t *cmd)
{
	unsigned int tg = (unsigned int)model_field(cmd[1], 11, 10), ttl = (unsigned int)model_field(cmd[1], 9, 8);

	return has_range(m) && tg && !(cmd[0] & RANGE) && (!ttl || (tg == 2 && ttl == 1));
}

static bool exists(const struct smmu_model *m, const uint64_t *cmd)
{
	bool s1 = m->idr[0] & 2, s2 = m->idr[0] & 1;

	/* SSec: only in the Secure queue */
	if (cmd[0] & 1u << 10)
		return false;
	switch (cmd[0] & 0xff) {
	case OP_NH_ALL: case OP_NH_ASID: case OP_CFGI_CD: case OP_CFGI_CD_ALL:
		return s1;
	case OP_S12_VMALL: case OP_S2_IPA:
		return s2;
	case OP_ATC_INV:
		return m->idr[0] & 1u << 10;
	case OP_PRI_RESP:
		return m->idr[0] & 1u << 16 && model_field(cmd[1], 13, 12) != 3;
	case OP_NH_VA: case OP_NH_VAA:
		return s1 && !range_reserved(m, cmd);
	case OP_RESUME: case OP_STALL_TERM:
		return model_field(m->idr[0], 25, 24) != 1;
	case OP_SYNC:
		return model_field(cmd[0], 13, 12) != 3;
	}
	return true;
}

static void signal(struct smmu_model *m, const uint64_t *cmd)
{
	if (m->signal)
		m->signal(m, cmd);
}

/* False: not a command of this SMMU. */
static bool execute(struct smmu_model *m, const uint64_t *cmd)
{
	uint32_t sid = (uint32_t)(cmd[0] >> 32);
	uint64_t span;

	if (!exists(m, cmd))
		return false;
	if (m->ignore[cmd[0] & 0xff])
		return true;
	switch (cmd[0] & 0xff) {
	case OP_PREFETCH_CONFIG:
	case OP_PREFETCH_ADDR:
		return true;
	case OP_CFGI_STE:
		reserved_bits(m, cmd, SID, 1);
		cfgi(m, sid, 1, cmd[1] & 1);
		return true;
	case OP_CFGI_RANGE:
		reserved_bits(m, cmd, SID, 0x1f);
		span = 2ULL << model_field(cmd[1], 4, 0);
		cfgi(m, (uint32_t)(sid & ~(span - 1)), span, false);
		return true;
	case OP_CFGI_CD:
		reserved_bits(m, cmd, SID | SSID, 1);
		cfgi_cd(m, cmd, false);
		return true;
	case OP_CFGI_CD_ALL:
		reserved_bits(m, cmd, SID, 0);
		cfgi_cd(m, cmd, true);
		return true;
	case OP_NH_ALL: case OP_NH_ASID: case OP_NH_VA: case OP_NH_VAA:
		tlbi_nh(m, cmd);
		return true;
	case OP_S12_VMALL:
		reserved_bits(m, cmd, VMID, 0);
		tlbi_vmall(m, (int)model_field(cmd[0], 47, 32));
		return true;
	case OP_S2_IPA:
		tlbi_s2_ipa(m, cmd);
		return true;
	case OP_NSNH_ALL:
		reserved_bits(m, cmd, 0, 0);
		tlbi_vmall(m, ANY);
		return true;
	case OP_ATC_INV:
		reserved_bits(m, cmd, SID | SSID | 0xa00, ADDRESS | 0x3f);
		model_atc_inv(m, cmd);
		return true;
	case OP_PRI_RESP:
		reserved_bits(m, cmd, SID | SSID | 0x800, 0x31ff);
		signal(m, cmd);
		return true;
	case OP_RESUME:
		reserved_bits(m, cmd, SID | 0x3000, 0xffff);
		if (model_resume(m, cmd))
			signal(m, cmd);
		return true;
	case OP_STALL_TERM:
		reserved_bits(m, cmd, SID, 0);
		model_stall_term(m, sid);
		signal(m, cmd);
		return true;
	case OP_SYNC:
		reserved_bits(m, cmd, 0, 0);
		model_sync(m);
		signal(m, cmd);
		return true;
	}
	return false;
}

static void stop(struct smmu_model *m, uint32_t code)
{
	m->cons_err = code;
	model_gerror(m, 0);
}

static bool injected(unsigned int *count)
{
	return *count && --*count == 0;
}

/* Consumes one command; false: nothing to do, or stopped. */
static bool step(struct smmu_model *m)
{
	struct model_queue *q = &m->cmdq;
	uint32_t size = model_queue_size(q);
	uint64_t cmd[2];

	if (!(m->cr0 & 8) || m->stuck || ((m->gerror ^ m->gerrorn) & 1) || q->cons == q->prod)
		return false;
	if (m->inject_abt) {
		m->inject_abt--;
		stop(m, CERROR_ABT);
		return false;
	}
	if (m->before_command)
		m->before_command(m);
	if (!m->mem_read(model_queue_base(q, 16) + (q->cons & (size - 1)) * 16, cmd, sizeof(cmd))) {
		if (!m->guest)
			m->complain("the command queue is not in memory");
		stop(m, CERROR_ABT);
		return false;
	}
	if (m->alter)
		m->alter(cmd);
	if (injected(&m->inject_ill) || !execute(m, cmd)) {
		stop(m, CERROR_ILL);
		return false;
	}
	model_observe(m);
	m->commands++;
	m->opcodes[cmd[0] & 0xff]++;
	m->syncs += (cmd[0] & 0xff) == OP_SYNC;
	q->cons = (q->cons + 1) & (2 * size - 1);
	return true;
}

void model_commands_run(struct smmu_model *m, unsigned int max)
{
	while (max-- && step(m))
		;
}
