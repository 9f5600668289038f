// SPDX-License-Identifier: GPL-2.0-only
/* What else must be equal, besides what transactions do: registers, interrupts, records, and what is outstanding. */
#include <string.h>

#include "refine.h"

/* What the ideal has written since the last comparison. */
static struct record { u64 ipa, data[4]; size_t count; } records[64];
static u32 record_count;

bool compare_record(u64 ipa, const void *from, size_t bytes)
{
	struct record *r = &records[record_count];

	if (record_count == ARRAY_SIZE(records))
		return false;
	record_count++;
	r->ipa = ipa;
	r->count = bytes;
	memset(r->data, 0, sizeof(r->data));
	memcpy(r->data, from, bytes);
	return true;
}

static const struct { u32 offset, mask; } compared[] = {
	{ 0x20, ~0u }, { 0x24, ~0u }, { 0x28, 0xfff }, { 0x2c, 7 }, { 0x44, 1u << 20 | 1u << 31 }, { 0x50, 7 }, { 0x54, 7 },
	{ 0x60, 0xd }, { 0x64, 0xd }, { 0x80, ~0u }, { 0x84, ~0u }, { 0x88, ~0u }, { 0x90, ~0u }, { 0x94, ~0u },
	{ 0x98, ~0u }, { 0x9c, 0xfffff }, { 0xa0, ~0u }, { 0xa4, ~0u }, { 0x100a8, ~0u }, { 0x100ac, ~0u },
	{ 0xc0, ~0u }, { 0xc4, ~0u }, { 0x100c8, ~0u }, { 0x100cc, ~0u },
};

static void check_registers(struct guest *g)
{
	for (u32 i = 0; i < ARRAY_SIZE(compared); i++) {
		u32 offset = compared[i].offset, mask = compared[i].mask;
		u32 real = (u32)world_read(g, offset, 4), ideal = ideal_read_register(g, offset);

		if ((real ^ ideal) & mask)
			found("guest %u, register 0x%x: 0x%x, the guest's own SMMU has 0x%x", g->index, offset, real, ideal);
	}
	if ((g->ideal.gerror ^ g->ideal.gerrorn) & 1 &&
	    (world_read(g, 0x9c, 4) >> 24 & 0x7f) != g->ideal.cons_err)
		found("guest %u: CMDQ_CONS.ERR is %u, should be %u", g->index, (u32)world_read(g, 0x9c, 4) >> 24 & 0x7f,
		      g->ideal.cons_err);
	/* one more for a queue that was not empty disturbs nobody */
	if ((g->real_irqs ^ g->ideal_irqs) & ~(g->real_irqs & (IRQ_EVENTQ | IRQ_PRIQ)))
		found("guest %u: interrupts 0x%x, the guest's own SMMU made 0x%x", g->index, g->real_irqs, g->ideal_irqs);
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

void check_records(struct guest *g)
{
	for (u32 i = 0; i < record_count; i++) {
		const struct record *r = &records[i];
		const u64 *should = r->data;
		u64 is[4] = { 0 };

		memcpy(is, world_memory(g, r->ipa, r->count, false), r->count);
		if (memcmp(is, should, 24) || (is[3] ^ should[3]) & ~(r->count < 32 ? 0 : fetch_address_mask((u8)should[0])))
			found("guest %u: record %016llx %016llx %016llx %016llx, should be %016llx %016llx %016llx %016llx",
			      g->index, (unsigned long long)is[0], (unsigned long long)is[1], (unsigned long long)is[2],
			      (unsigned long long)is[3], (unsigned long long)should[0], (unsigned long long)should[1],
			      (unsigned long long)should[2], (unsigned long long)should[3]);
	}
	record_count = 0;
}

/* ---- what is outstanding ---- */

static bool has_stall(const struct smmu_model *m, u32 sid, u16 stag)
{
	for (u32 i = 0; i < MODEL_STALLS; i++)
		if (m->stall[i].used && m->stall[i].txn.sid == sid && m->stall[i].stag == stag)
			return true;
	return false;
}

/* The same transactions wait in both machines. */
static void check_stalls(struct guest *g)
{
	for (u32 i = 0; i < MODEL_STALLS; i++) {
		const struct model_stall *real = &g->real->stall[i], *ideal = &g->ideal.stall[i];

		for (u32 n = 0; n < STREAMS; n++) {
			if (real->used && real->txn.sid == g->sid[n] && !has_stall(&g->ideal, g->vsid[n], real->stag))
				found("guest %u: STAG 0x%x is still stalled", g->index, real->stag);
			if (ideal->used && ideal->txn.sid == g->vsid[n] && !has_stall(g->real, g->sid[n], ideal->stag))
				found("guest %u: STAG 0x%x is not stalled any more", g->index, ideal->stag);
		}
	}
}

static bool same_translation(struct guest *g, const struct model_atc *real, const struct model_atc *ideal)
{
	u64 out = world_trusts(g) ? world_pa(g, ideal->out) : ideal->out;

	return real->ssid == ideal->ssid && real->ssv == ideal->ssv && real->va == ideal->va && real->write == ideal->write &&
	       real->out == out;
}

/* A device keeps nothing that the guest has told it to forget. */
static void check_atc(struct guest *g)
{
	for (u32 i = 0; i < g->real->atc_count; i++) {
		const struct model_atc *real = &g->real->atc[i];
		u32 stream, n = 0;

		if (world_owner(g->real, real->sid, &stream) != g)
			continue;
		while (n < g->ideal.atc_count && (g->ideal.atc[n].sid != g->vsid[stream] ||
						  !same_translation(g, real, &g->ideal.atc[n])))
			n++;
		if (n == g->ideal.atc_count && !g->lost)
			found("guest %u: the device of stream 0x%x has kept 0x%llx, SSID %d", g->index, real->sid,
			      (unsigned long long)real->va, real->ssv ? (int)real->ssid : -1);
		counts.ats_granted++;
	}
}

static void check_answers(struct guest *g)
{
	for (u32 i = 0; i < ARRAY_SIZE(g->real_answers); i++)
		if (g->real_answers[i] != g->ideal_answers[i])
			found("guest %u: %u page requests were answered with %u, should be %u", g->index, g->real_answers[i], i,
			      g->ideal_answers[i]);
}

void check_state(struct guest *g)
{
	check_registers(g);
	check_stalls(g);
	check_atc(g);
	check_answers(g);
}
