// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SMMU and a hostile stream of commands: any bytes, any StreamID, PROD set anywhere, memory and stage 2
 * changing below it. What is not in the architecture for such an SMMU is CERROR_ILL; a doorbell does a bounded number.
 */
#include "vsmmu_rig.h"

#define BATCH		64		/* VSMMU_BATCH */
#define QUEUE		128
#define ERROR_ILL	1

static const u8 known[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x41, 0x44, 0x45, 0x46 };

static bool is_known(u64 op)
{
	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i] == op)
			return true;
	}
	return false;
}

/* Sixteen bytes of which some fields make sense, as the first byte says. */
static void command(struct guest *g, u64 *cmd)
{
	u32 shape = (u32)take(1);

	cmd[0] = take(shape & 1 ? 8 : 4);
	cmd[1] = take(shape & 2 ? 8 : 2);
	if (shape & 4)
		cmd[0] = (cmd[0] & ~0xffULL) | known[(cmd[0] & 0xff) % ARRAY_SIZE(known)];
	if (shape & 8)
		cmd[0] = (cmd[0] & 0xffffffff) | (u64)g->vsid[shape >> 4 & 1] << 32;
	if (shape & 0x20)
		cmd[0] = (cmd[0] & ~0x400ULL) | (cmd[0] & 0xff00000000000000ULL);
}

static u32 consumed(struct guest *g, u32 from)
{
	return ((u32)world_read(g, REG_CMDQ_CONS, 4) - from) & 0xff;
}

static void doorbell(struct guest *g, u32 prod)
{
	u32 before = (u32)world_read(g, REG_CMDQ_CONS, 4);

	world_write(g, REG_CMDQ_PROD, 4, prod);
	if (consumed(g, before) > BATCH)
		found("I7: a doorbell did %u commands", consumed(g, before));
}

static bool idle(struct guest *g)
{
	return world_read(g, REG_CR0, 4) == CR0_ON && world_read(g, REG_GERROR, 4) == world_read(g, REG_GERRORN, 4) &&
	       !consumed(g, (u32)world_read(g, REG_CMDQ_PROD, 4));
}

/* One that the architecture does not have, alone in a queue that can be read. */
static void check_illegal(struct guest *g, const u64 *cmd)
{
	bool illegal = !is_known(cmd[0] & 0xff) || (cmd[0] & 0x30ff) == 0x3046;

	if (illegal && (world_read(g, REG_CMDQ_CONS, 4) >> 24 & 0x7f) != ERROR_ILL)
		found("command 0x%llx is not refused", (unsigned long long)cmd[0]);
}

static void commands(struct guest *g)
{
	u32 prod = (u32)world_read(g, REG_CMDQ_PROD, 4), count = 1 + choose(8);
	u64 base = world_read(g, REG_CMDQ_BASE, 8) & QUEUE_PAGE, cmd[2];
	bool alone = count == 1 && idle(g) && world_memory(g, base, PAGE_SIZE, true);

	for (u32 i = 0; i < count; i++) {
		command(g, cmd);
		prod = rig_queue(g, prod, cmd[0], cmd[1]);
	}
	doorbell(g, prod);
	rig_settle();
	if (alone)
		check_illegal(g, cmd);
}

/* One command in all places of the queue. */
static void fill(struct guest *g)
{
	u64 cmd[2];

	command(g, cmd);
	for (u32 i = 0; i < QUEUE; i++)
		rig_queue(g, i, cmd[0], cmd[1]);
}

/* What was left in the queue, again, and any number of it. */
static void jump(struct guest *g)
{
	doorbell(g, (u32)world_read(g, REG_CMDQ_PROD, 4) + (u32)take(1));
}

static void memory(struct guest *g)
{
	u64 at = g->ram + choose(16) * PAGE_SIZE + take(1) * 8;

	rig_put(g, at, take(8));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct rig_action steps[] = {
		{ "commands", commands }, { "DMA", rig_dma }, { "jump", jump }, { "commands", commands }, { "memory", memory },
		{ "recovery", rig_recover }, { "stage 2", rig_stage2 }, { "fill", fill },
	};
	struct guest *g = rig_start(data, size);

	while (rig_step("commands")) {
		rig_act(g, &steps[choose(ARRAY_SIZE(steps))]);
		rig_settle();
	}
	return 0;
}
