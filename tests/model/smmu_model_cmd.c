// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's command queue. An invalidation is only guaranteed to have happened when a later CMD_SYNC is consumed; so
 * commands mark what they hit, and the sync drops it.
 */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum { OP_CFGI_STE = 0x03, OP_CFGI_RANGE = 0x04, OP_NSNH_ALL = 0x30, OP_S12_VMALL = 0x28, OP_S2_IPA = 0x2a,
       OP_SYNC = 0x46 };
enum { CERROR_ILL = 1, CERROR_ABT = 2 };

static bool reserved_bits(struct smmu_model *m, const uint64_t *cmd, uint64_t mask0, uint64_t mask1)
{
	char text[128];

	if (!(cmd[0] & ~(mask0 | 0xff)) && !(cmd[1] & ~mask1))
		return true;
	snprintf(text, sizeof(text), "command with reserved bits: %016llx %016llx", (unsigned long long)cmd[0],
		 (unsigned long long)cmd[1]);
	m->complain(text);
	return false;
}

static void cfgi(struct smmu_model *m, uint32_t first, uint64_t count, bool leaf)
{
	for (unsigned int i = 0; i < m->stream_count; i++) {
		struct model_stream *s = &m->streams[i];

		if (s->sid < first || s->sid - first >= count)
			continue;
		s->drop_ste = true;
		s->drop_l1 |= !leaf;
	}
}

/* Leaves and table pointers that translate something in the range. */
static void tlbi(struct smmu_model *m, int vmid, uint64_t ipa, uint64_t size, bool leaf_only)
{
	for (unsigned int i = 0; i < m->tlb_count; i++) {
		struct model_tlb *t = &m->tlb[i];
		bool hit = t->ipa < ipa + size && ipa < t->ipa + t->size;

		if ((vmid < 0 || t->vmid == vmid) && hit && !(t->table && leaf_only))
			t->drop = true;
	}
}

static void tlbi_s2_ipa(struct smmu_model *m, const uint64_t *cmd)
{
	unsigned int tg = (unsigned int)model_field(cmd[1], 11, 10), num = (unsigned int)model_field(cmd[0], 16, 12);
	unsigned int scale = (unsigned int)model_field(cmd[0], 24, 20), ttl = (unsigned int)model_field(cmd[1], 9, 8);
	bool ril = m->idr[3] & 1u << 10;
	uint64_t pages = 1;

	reserved_bits(m, cmd, 0xffff00000000 | (ril ? 0x1f1f000 : 0), 0xffffffffff001 | (ril ? 0xf00 : 0));
	if (ril && tg) {
		if (tg != 1)
			m->complain("TLBI_S2_IPA: TG is not the granule of the tables");
		if (!num && !scale && !ttl)
			m->complain("TLBI_S2_IPA: TG with NUM, SCALE and TTL all 0 is reserved");
		pages = (uint64_t)(num + 1) << scale;
	} else if (num || scale || ttl) {
		m->complain("TLBI_S2_IPA: NUM, SCALE or TTL without TG");
	}
	tlbi(m, (int)model_field(cmd[0], 47, 32), cmd[1] & 0xffffffffff000, pages << 12, cmd[1] & 1);
}

/* False: not a command of this SMMU. */
static bool execute(struct smmu_model *m, const uint64_t *cmd)
{
	uint32_t sid = (uint32_t)(cmd[0] >> 32);
	uint64_t span;

	if (m->ignore[cmd[0] & 0xff])
		return true;
	switch (cmd[0] & 0xff) {
	case OP_CFGI_STE:
		reserved_bits(m, cmd, 0xffffffff00000000, 1);
		cfgi(m, sid, 1, cmd[1] & 1);
		return true;
	case OP_CFGI_RANGE:
		reserved_bits(m, cmd, 0xffffffff00000000, 0x1f);
		span = 2ULL << model_field(cmd[1], 4, 0);
		cfgi(m, (uint32_t)(sid & ~(span - 1)), span, false);
		return true;
	case OP_S12_VMALL:
		reserved_bits(m, cmd, 0xffff00000000, 0);
		tlbi(m, (int)model_field(cmd[0], 47, 32), 0, ~0ULL, false);
		return true;
	case OP_S2_IPA:
		tlbi_s2_ipa(m, cmd);
		return true;
	case OP_NSNH_ALL:
		reserved_bits(m, cmd, 0, 0);
		tlbi(m, -1, 0, ~0ULL, false);
		return true;
	case OP_SYNC:
		reserved_bits(m, cmd, 0, 0);
		model_sync(m);
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
	uint32_t size = 1u << model_field(q->base, 4, 0);
	uint64_t cmd[2];

	if (!(m->cr0 & 8) || m->stuck || ((m->gerror ^ m->gerrorn) & 1) || q->cons == q->prod)
		return false;
	if (m->inject_abt) {
		m->inject_abt--;
		stop(m, CERROR_ABT);
		return false;
	}
	if (!m->mem_read((q->base & 0xfffffffffffe0) + (q->cons & (size - 1)) * 16, cmd, sizeof(cmd))) {
		m->complain("the command queue is not in memory");
		return false;
	}
	if (injected(&m->inject_ill) || !execute(m, cmd)) {
		stop(m, CERROR_ILL);
		return false;
	}
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
