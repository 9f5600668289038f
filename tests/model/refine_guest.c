// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guests of the refinement test do. They start from tables that work and then change everything at random,
 * mostly to something sensible, for in a heap of nonsense nothing is translated: most of the time a guest is tame. A
 * wild one makes all mistakes more often. See refine.h.
 */
#include <string.h>

#include "refine_tables.h"

enum { R_CR0 = 0x20, R_CR2 = 0x2c, R_GBPA = 0x44, R_IRQ_CTRL = 0x50, R_GERRORN = 0x64, R_STRTAB_BASE = 0x80,
       R_STRTAB_CFG = 0x88, R_CMDQ_BASE = 0x90, R_CMDQ_PROD = 0x98, R_CMDQ_CONS = 0x9c, R_EVENTQ_BASE = 0xa0,
       R_PRIQ_BASE = 0xc0, R_EVENTQ_PROD = 0x100a8, R_EVENTQ_CONS = 0x100ac, R_PRIQ_PROD = 0x100c8, R_PRIQ_CONS = 0x100cc };
#define CMDQ_LOG2	7
#define EVTQ_LOG2	5
#define PRIQ_LOG2	2

static const u64 vas[] = { 0, 0x1000, 0x2000, 0x3000, 0x200000, 0x221000, 0x40020000, 0x40021000, 0x10000, 0x4000,
			   0x8000000000, 0xffffff8000001000 };
#define TAME_VAS	8		/* what the tables map */
static const u32 ssids[] = { 0, 1, 2, 3, 65, 70, 5000 };

/* ---- registers, for both machines ---- */

static bool has_pri(const struct guest *g)
{
	return g->ideal.idr[0] & 1u << 16;
}

static void reg(struct guest *g, u64 offset, u32 bytes, u64 value)
{
	probes_fill_ideal(g);
	guest_plan_race(g);
	ideal_write_register(g, offset, bytes, value);
	probes_fill_ideal(g);
	/* what it was to read because of the write, it reads now */
	ideal_read_register(g, offset);
	world_write(g, offset, bytes, value);
	world_settle();
}

static u32 reg_get(struct guest *g, u64 offset)
{
	return (u32)ideal_read_register(g, offset);
}

static void driver_setup(struct guest *g)
{
	bool two_level = g->ideal.idr[0] >> 27 & 1 && pick(2);
	u64 junk = one_in(4) ? 0x20 : 0;	/* below the alignment of tables and queues */

	reg(g, R_CR0, 4, 0);
	if ((g->ideal.gerror ^ g->ideal.gerrorn) & 0xd)
		reg(g, R_GERRORN, 4, reg_get(g, 0x60));
	reg(g, R_STRTAB_BASE, 8, page_ipa(g, two_level ? P_STRTAB_L1 : P_STRTAB) | (two_level ? 0 : junk << 1));
	reg(g, R_STRTAB_CFG, 4, two_level ? 1 << 16 | 6 << 6 | (6 + pick(3)) : 4 + pick(3));
	reg(g, R_CMDQ_BASE, 8, page_ipa(g, P_CMDQ) | CMDQ_LOG2 | junk);
	reg(g, R_CMDQ_PROD, 4, 0);
	reg(g, R_CMDQ_CONS, 4, 0);
	reg(g, R_EVENTQ_BASE, 8, page_ipa(g, P_EVTQ) | EVTQ_LOG2 | junk);
	reg(g, R_EVENTQ_PROD, 4, 0);
	reg(g, R_EVENTQ_CONS, 4, 0);
	if (has_pri(g)) {
		reg(g, R_PRIQ_BASE, 8, page_ipa(g, P_PRIQ) | PRIQ_LOG2 | junk);
		reg(g, R_PRIQ_PROD, 4, 0);
		reg(g, R_PRIQ_CONS, 4, 0);
	}
	reg(g, R_CR2, 4, pick(2) ? 2 : 0);
	reg(g, R_IRQ_CTRL, 4, has_pri(g) ? 7 : 5);
	reg(g, R_CR0, 4, 0xd | (has_pri(g) ? 2 : 0) | (has_ats(g) && pick(2) ? 0x10 : 0));
}

/* ---- commands ---- */

static void range_fields(struct guest *g, u64 *cmd)
{
	u64 tg = 1 + pick(3);

	cmd[1] = (vas[pick(ARRAY_SIZE(vas))] & ~0xfffULL) | pick(2);
	/* without a granule these are ignored, also by an SMMU that has ranges */
	if (one_in(4)) {
		cmd[0] |= (u64)pick(32) << 12 | (u64)pick(32) << 20;
		cmd[1] |= (u64)pick(4) << 8;
		return;
	}
	if (!(g->ideal.idr[3] & 1u << 10) || pick(2))
		return;
	/* TTL 1 is no level of the 16 KiB granule */
	cmd[0] |= (u64)(1 + pick(4)) << 12 | (u64)pick(2) << 20;
	cmd[1] |= tg << 10 | (u64)(one_in(3) ? 2 + pick(2) : 0) << 8;
}

/* Mostly one that waits. */
static void resume(struct guest *g, u64 *cmd, u64 sid)
{
	cmd[0] = (pick(4) ? 0x44 | (u64)pick(3) << 12 : 0x45) | sid << 32;
	if ((cmd[0] & 0xff) == 0x45)
		return;
	cmd[1] = (g->real->next_stag - 1 - pick(4)) & 0xffff;
	for (u32 i = 0; i < MODEL_STALLS; i++) {
		const struct model_stall *stall = &g->ideal.stall[i];

		if (!stall->used || !pick(3))
			continue;
		cmd[0] = 0x44 | (u64)pick(3) << 12 | (u64)(one_in(8) ? sid : stall->txn.sid) << 32;
		cmd[1] = stall->stag;
	}
}

static void command(struct guest *g, u64 *cmd)
{
	u64 sid = one_in(8) ? pick(32) : g->vsid[pick(STREAMS)], ssid = ssids[pick(ARRAY_SIZE(ssids))];
	u64 asid = 1 + pick(2);

	cmd[1] = 0;
	counts.commands++;
	switch (pick(22)) {
	case 0: case 1: case 2: cmd[0] = 0x03 | sid << 32; cmd[1] = pick(2); return;
	case 3: cmd[0] = 0x04 | sid << 32; cmd[1] = pick(6); return;
	case 4: cmd[0] = 0x04 | sid << 32; cmd[1] = 31; return;
	case 5: case 6: cmd[0] = 0x05 | ssid << 12 | sid << 32; cmd[1] = pick(2); return;
	case 7: cmd[0] = 0x06 | sid << 32; return;
	case 8: cmd[0] = pick(2) ? 0x10 : 0x30; cmd[0] |= cmd[0] == 0x10 ? (u64)pick(4) << 32 : 0; return;
	case 9: case 10: cmd[0] = 0x11 | asid << 48 | (u64)pick(4) << 32; return;
	case 11: case 12: cmd[0] = 0x12 | asid << 48 | (u64)pick(4) << 32; range_fields(g, cmd); return;
	case 13: cmd[0] = 0x13 | (u64)pick(4) << 32; range_fields(g, cmd); return;
	case 14: cmd[0] = (1 + pick(2)) | sid << 32; return;
	case 15:
		if (!one_in(6))
			break;
		counts.refused_commands++;
		cmd[0] = (u64[]){ 0, 0x20, 0x28, 0x2a, 0x40, 0x41, 0x50, 0xff, 0x46 | 3 << 12, 0x03 | 1 << 10 }[pick(10)];
		return;
	case 16:
		if ((g->ideal.idr[0] >> 24 & 3) == 1)
			break;
		resume(g, cmd, sid);
		return;
	case 17:
		if (!has_ats(g))
			break;
		cmd[0] = 0x40 | sid << 32 | ssid << 12 | (u64)pick(2) << 11 | (u64)pick(2) << 9;
		cmd[1] = (vas[pick(ARRAY_SIZE(vas))] & ~0xfffULL) | (pick(2) ? 52 : pick(10));
		return;
	case 18:
		if (!has_pri(g))
			break;
		cmd[0] = 0x41 | sid << 32 | ssid << 12 | (u64)pick(2) << 11;
		cmd[1] = pick(512) | (u64)(one_in(30) ? 3 : pick(3)) << 12;
		return;
	}
	cmd[0] = 0x46 | (u64)pick(3) << 12;
}

static bool queue_works(struct guest *g)
{
	return g->ideal.cr0 & 8 && !((g->ideal.gerror ^ g->ideal.gerrorn) & 1) && g->ideal.cmdq.prod == g->ideal.cmdq.cons &&
	       (g->ideal.cmdq.base & ~0xfffULL) == page_ipa(g, P_CMDQ);
}

/* A command into the queue, its doorbell later. */
static void queue(struct guest *g, u32 *prod, const u64 *cmd)
{
	u32 size = 1u << (g->ideal.cmdq.base & 0x1f);

	put(g, P_CMDQ, (*prod & (size - 1)) * 16, cmd[0]);
	put(g, P_CMDQ, (*prod & (size - 1)) * 16 + 8, cmd[1]);
	*prod = (*prod + 1) & (2 * size - 1);
}

static void commands(struct guest *g, u32 count)
{
	u32 prod = g->ideal.cmdq.prod;
	u64 cmd[2];

	if (!queue_works(g))
		return;
	while (count--) {
		command(g, cmd);
		queue(g, &prod, cmd);
	}
	cmd[0] = 0x46;
	cmd[1] = 0;
	if (pick(4))
		queue(g, &prod, cmd);
	reg(g, R_CMDQ_PROD, 4, prod);
}

/* More TLB maintenance at a time than a batch keeps apart. */
static void burst(struct guest *g)
{
	u32 prod = g->ideal.cmdq.prod, count = 33 + pick(24);
	bool mixed = pick(2);
	u64 asid = 1 + pick(2), cmd[2], sync[2] = { 0x46, 0 };

	if (!queue_works(g))
		return;
	while (count--) {
		cmd[0] = (u64)(0x11 + pick(2)) | (mixed ? 1 + (u64)pick(2) : asid) << 48;
		cmd[1] = (cmd[0] & 0xff) == 0x12 ? vas[pick(ARRAY_SIZE(vas))] & ~0xfffULL : 0;
		queue(g, &prod, cmd);
	}
	queue(g, &prod, sync);
	counts.bursts++;
	reg(g, R_CMDQ_PROD, 4, prod);
}

/* As a driver that has changed something: everything that it could have been. */
static void invalidate_all(struct guest *g)
{
	static const u64 all[][2] = { { 0x04, 31 }, { 0x46, 0 }, { 0x30, 0 }, { 0x46, 0 } };
	u32 prod = g->ideal.cmdq.prod;

	if (!queue_works(g))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		queue(g, &prod, all[i]);
	reg(g, R_CMDQ_PROD, 4, prod);
}

/* As a driver changes a context, or a mapping: with just the commands that this takes, in one go. */
static void change_properly(struct guest *g)
{
	u32 n = pick(STREAMS), prod = g->ideal.cmdq.prod;
	u64 sid = (u64)g->vsid[n] << 32, asid = 1 + pick(2), sync[2] = { 0x46, 0 };
	u64 first[2] = { 0x06 | sid, 0 }, second[2] = { 0x11 | asid << 48, 0 };

	if (!queue_works(g))
		return;
	switch (pick(3)) {
	case 0:
		put_context(g, P_CDS + pick(2), pick(4));
		break;
	case 1:
		put_stream(g, P_STRTAB + 2 * pick(2), g->vsid[n]);
		first[0] = 0x03 | sid;
		break;
	case 2:
		put_entry(g);
		first[0] = 0x12 | asid << 48;
		first[1] = vas[pick(ARRAY_SIZE(vas))] & ~0xfffULL;
		break;
	}
	queue(g, &prod, first);
	queue(g, &prod, sync);
	queue(g, &prod, second);
	queue(g, &prod, sync);
	reg(g, R_CMDQ_PROD, 4, prod);
}

/* ---- actions ---- */

static void registers(struct guest *g)
{
	static const u16 any[] = { R_CR2, R_STRTAB_BASE, R_STRTAB_BASE + 4, R_STRTAB_CFG, R_CMDQ_BASE, R_EVENTQ_BASE, 0x28 };

	switch (pick(8)) {
	case 0: reg(g, R_CR0, 4, pick(32)); return;
	case 1: reg(g, R_CR0, 4, g->ideal.cr0 ^ 1); return;
	case 2: reg(g, R_GBPA, 4, 1u << 31 | (u64)pick(2) << 20); return;
	case 3:
		reg(g, R_EVENTQ_CONS, 4, reg_get(g, R_EVENTQ_PROD));
		reg(g, R_PRIQ_CONS, 4, reg_get(g, R_PRIQ_PROD));
		return;
	case 4: reg(g, R_GERRORN, 4, reg_get(g, 0x60)); return;
	case 5: reg(g, R_IRQ_CTRL, 4, pick(8) & (has_pri(g) ? 7 : 5)); return;
	case 6:
		/* while it is enabled, nothing of this has an effect */
		if ((g->ideal.cr0 & 0xd) == 0xd)
			reg(g, any[pick(ARRAY_SIZE(any))], 4, pick(~0u));
		return;
	}
	driver_setup(g);
}

static void stage2(struct guest *g)
{
	u32 page = one_in(4) ? pick(PAGES) : P_DATA + pick(24);

	if (g->access[page] == SURE)
		world_unmap(g, page);
	else
		world_map(g, page, pick(4));
}

/* At most a few pages stay away for long, and none of those that hold queues. */
static void stage2_repair(struct guest *g)
{
	for (u32 page = 0; page < PAGES; page++)
		if (g->access[page] == NONE && (page < P_DATA || pick(2)))
			world_map(g, page, true);
}

static void clean_slate(struct guest *g)
{
	for (u32 i = 0; i < 16; i++) {
		put_stream(g, P_STRTAB, i);
		put_stream(g, P_STRTAB_L2, i);
		put_context(g, P_CDS, i % 8);
		put_context(g, P_CDS + 1, i % 8);
	}
	for (u32 i = 0; i < STREAMS; i++) {
		put_stream(g, P_STRTAB, g->vsid[i]);
		put_stream(g, P_STRTAB_L2, g->vsid[i]);
	}
	put_links(g, true);
	for (u32 i = 0; i < 60; i++)
		put_entry(g);
	for (u32 i = 0; i < 2; i++) {
		put(g, P_L1A + i, 0, page_ipa(g, P_L2A + i) | 3);
		put(g, P_L2A + i, 0, page_ipa(g, P_L3A + i) | 3);
	}
}

/* A driver that has started anew, or one that has gone mad. */
static void change_mood(struct guest *g)
{
	g->tame = pick(4);
	if (!g->tame)
		return;
	/* what stage 2 has regained may have been seen with the old tables */
	for (u32 i = 0; i < GUESTS; i++)
		probes_fill_ideal(&guests[i]);
	clean_slate(g);
	invalidate_all(g);
}

/* What another CPU of the cell is about to write into an entry, while the hypervisor reads. */
static struct {
	struct guest *guest;		/* NULL: nothing */
	u32 page;
	u64 offset, dw[2];
} race;

static void race_put(struct guest *g, const u64 *dw)
{
	put(g, race.page, race.offset + 8, dw[1]);
	put(g, race.page, race.offset, dw[0]);
	/* with any access it may be seen */
	ideal_read_register(g, R_CR0);
	probes_fill_ideal(g);
}

void guest_foresee(struct guest *g)
{
	const u64 *at = words(g, race.page, race.offset);
	u64 old[2];

	if (race.guest != g || !at)
		return;
	memcpy(old, at, sizeof(old));
	race_put(g, race.dw);
	race_put(g, old);
}

void guest_plan_race(struct guest *g)
{
	race.guest = NULL;
	race.page = P_STRTAB + 2 * pick(2);
	race.offset = g->vsid[pick(STREAMS)] * 64;
	if (!g->home->running || !(g->ideal.cr0 & 1) || !one_in(3))
		return;
	make_stream(g, race.dw);
	race.guest = g;
	guest_foresee(g);
}

void guest_race(struct guest *g)
{
	if (race.guest != g)
		return;
	counts.races++;
	race.guest = NULL;
	/* it may have seen the old entry, too */
	ideal_read_register(g, R_CR0);
	probes_fill_ideal(g);
	race_put(g, race.dw);
}

void guest_init(struct guest *g)
{
	g->tame = pick(4);
	clean_slate(g);
	driver_setup(g);
}

void guest_act(struct guest *g)
{
	u32 what = pick(100);

	/* its driver does not leave it like that for long */
	if (((g->ideal.cr0 & 0xd) != 0xd || (g->ideal.gerror ^ g->ideal.gerrorn) & 0xd) && one_in(3)) {
		doing = "recovery";
		driver_setup(g);
		return;
	}
	if (what < 8) {
		doing = "stream table entry";
		put_stream(g, P_STRTAB + 2 * pick(2), g->vsid[pick(STREAMS)]);
	} else if (what < 18) {
		doing = "context descriptor";
		put_context(g, P_CDS + pick(2), pick(8));
	} else if (what < 20) {
		doing = "links of tables";
		put_links(g, !wrong(g, 2));
	} else if (what < 36) {
		doing = "stage-1 table";
		put_entry(g);
	} else if (what < 46) {
		doing = "proper change";
		change_properly(g);
	} else if (what < 60) {
		doing = "commands";
		if (one_in(12))
			burst(g);
		else
			commands(g, one_in(20) ? 100 : 1 + pick(6));
	} else if (what < 66) {
		doing = "invalidate all";
		invalidate_all(g);
	} else if (what < 83) {
		doing = "DMA";
		dma(g);
	} else if (what < 86) {
		doing = "page request";
		page_request(g);
	} else if (what < 92) {
		doing = "registers";
		registers(g);
	} else if (what < 97) {
		doing = "stage 2";
		stage2(g);
	} else {
		doing = "repair";
		stage2_repair(g);
		if ((g->ideal.cr0 & 0xd) != 0xd || (g->ideal.gerror ^ g->ideal.gerrorn) & 1)
			driver_setup(g);
		if (one_in(4))
			change_mood(g);
	}
}

/* What its entry says at this moment. */
static bool substreams(struct guest *g, u32 vsid)
{
	const u64 *ste = words(g, g->ideal.strtab_cfg >> 16 & 3 ? P_STRTAB_L2 : P_STRTAB, vsid * 64);

	return ste && *ste >> 59;
}

/* An index of ssids[]; 0 is that of transactions without one. */
static u32 substream(const struct guest *g)
{
	return wrong(g, 1) ? pick(ARRAY_SIZE(ssids)) : 1 + pick(3);
}

struct model_txn guest_transaction(struct guest *g, u32 *stream)
{
	u32 places = wrong(g, 1) ? ARRAY_SIZE(vas) : TAME_VAS;
	struct model_txn txn = { .address = vas[pick(places)] + 8 * pick(32), .write = pick(2) };

	*stream = pick(STREAMS);
	txn.sid = g->vsid[*stream];
	txn.ssv = substreams(g, txn.sid) ? pick(2) : wrong(g, 3);
	txn.ssid = txn.ssv ? ssids[substream(g)] : 0;
	txn.priv = one_in(4);
	txn.inst = !txn.write && one_in(8);
	/* devices that use addresses of stage 2 without having been told them */
	txn.translated = has_ats(g) && !world_trusts(g) && one_in(10);
	if (txn.translated) {
		txn.address = page_ipa(g, pick(PAGES));
		counts.ats_used++;
	}
	return txn;
}
