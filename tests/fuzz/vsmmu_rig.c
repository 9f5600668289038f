// SPDX-License-Identifier: GPL-2.0-only
/* See vsmmu_rig.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsmmu_rig.h"

#define CMDQ_ENTRIES	128		/* as tests/model/refine_guest.c sets it up */

const char *doing = "start";

bool mutant;
struct counts counts;

static const u8 *input;
static size_t left;

u64 take(u32 bytes)
{
	u64 value = 0;

	for (u32 i = 0; i < bytes && left; i++, left--)
		value |= (u64)*input++ << (8 * i);
	return value;
}

u32 choose(u32 n)
{
	return (u32)take(1) % n;
}

void found(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", doing);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

/* ---- steps ---- */

static void on_call(const struct fake_call *call)
{
	(void)call;
	check_i2();
}

void rig_restart(struct home *h)
{
	void (*hook)(void) = machine_hook;

	machine_hook = NULL;
	fake_on_call = NULL;
	if (h->running)
		world_stop(h);
	world_start(h);
	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS)
		guest_init(&guests[i]);
	machine_hook = hook;
	fake_on_call = hook ? on_call : NULL;
}

struct guest *rig_start(const u8 *data, size_t size)
{
	const struct cfg_system *sys;

	machine_hook = NULL;
	fake_on_call = NULL;
	doing = "start";
	world_seed = 1;
	sys = machine_init(MACHINE_SMMUS, 0);
	for (u32 i = 0; i < MACHINE_SMMUS; i++)
		smmu_model_make_full(&models[i]);
	world_init(true);
	if (smmu_init(sys))
		found("smmu_init fails: %s", fake_log);
	for (u32 i = 0; i < CELLS; i++)
		rig_restart(&homes[i]);
	machine_hook = check_i2;
	fake_on_call = on_call;
	input = data;
	left = size;
	return &guests[0];
}

bool rig_step(const char *what)
{
	probes_choose();
	guest_plan_race(&guests[0]);
	doing = what;
	return left;
}

void rig_act(struct guest *g, const struct rig_action *action)
{
	doing = action->name;
	action->act(g);
}

void rig_settle(void)
{
	static const char capacity[] = "model:";

	world_settle();
	/* the model counts up to so many possibilities; more is no mistake of the hypervisor */
	if (!strncmp(machine_complaint, capacity, sizeof(capacity) - 1))
		machine_complaint[0] = 0;
	check_i2();
	for (u32 i = 0; i < GUESTS; i++)
		guests[i].lost = false;
	fake_call_count = 0;
}

/* ---- what a cell and its devices do ---- */

void rig_dma(struct guest *g)
{
	struct model_outcome out[OUTCOMES];
	struct model_txn txn = guest_transaction(g, &(u32){ 0 });
	u32 count;

	txn.sid = g->sid[choose(STREAMS)];
	count = smmu_model_possible(g->real, &txn, out, OUTCOMES);
	if (count)
		smmu_model_take(g->real, &txn, &out[pick(count)]);
}

void rig_stage2(struct guest *g)
{
	u32 page = choose(PAGES);

	if (g->access[page] == SURE)
		world_unmap(g, page);
	else
		world_map(g, page, choose(4));
}

void rig_put(struct guest *g, u64 ipa, u64 value)
{
	u64 *at = world_memory(g, ipa & ~7ULL, 8, true);

	if (at)
		*at = value;
}

u32 rig_queue(struct guest *g, u32 prod, u64 dw0, u64 dw1)
{
	u64 at = (world_read(g, REG_CMDQ_BASE, 8) & QUEUE_PAGE) + (u64)(prod % CMDQ_ENTRIES) * 16;

	rig_put(g, at, dw0);
	rig_put(g, at + 8, dw1);
	return (prod + 1) % (2 * CMDQ_ENTRIES);
}

void rig_invalidate_all(struct guest *g)
{
	static const u64 all[][2] = { { 0x04, 31 }, { 0x46, 0 }, { 0x30, 0 }, { 0x46, 0 } };
	u32 prod = (u32)world_read(g, REG_CMDQ_PROD, 4);

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		prod = rig_queue(g, prod, all[i][0], all[i][1]);
	world_write(g, REG_CMDQ_PROD, 4, prod);
}

void rig_recover(struct guest *g)
{
	world_write(g, REG_CR0, 4, CR0_ON & ~8u);
	world_write(g, REG_CMDQ_PROD, 4, 0);
	world_write(g, REG_CMDQ_CONS, 4, 0);
	world_write(g, REG_GERRORN, 4, world_read(g, REG_GERROR, 4));
	world_write(g, REG_CR0, 4, CR0_ON);
}
