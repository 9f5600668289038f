// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SMMU and hostile tables: stream table entries, first-level descriptors, context descriptors and stage-1
 * tables. At first there are working stage-1 tables, but neither a stream nor a context. Events name the cell's own
 * StreamIDs.
 */
#include <string.h>

#include "vsmmu_rig.h"

/* Pages of the cell's RAM, as tests/model/refine_guest.c uses them. */
enum { PAGE_STRTAB = 0, PAGE_L1 = 1, PAGE_L2 = 2, PAGE_CDS = 6, PAGE_CD_L1 = 8, PAGE_TABLES = 10 };
#define TABLES		6
#define EVENTQ_ENTRIES	32
#define CONTEXT		(25ULL | 1ULL << 30 | 1ULL << 31 | 4ULL << 32 | 1ULL << 41 | 1ULL << 45 | 1ULL << 46)

static u64 base;		/* of what pointers say: of a cell that wants stage 2 forgotten, where its RAM really is */



static u64 pointer(u64 page)
{
	return base + page % PAGES * PAGE_SIZE;
}

/* A number as it is, or one that differs from a good one in one bit, or the good one. */
static u64 value(u32 shape, u64 good)
{
	switch (shape % 4) {
	case 0:
		return take(8);
	case 1:
		return good ^ 1ULL << take(1) % 64;
	default:
		return good;
	}
}

static void stream_entry(struct guest *g)
{
	static const u8 configs[] = { 5, 5, 4, 0, 1, 6, 7, 2 };
	u32 shape = (u32)take(1);
	u64 good = 1 | (u64)configs[take(1) % ARRAY_SIZE(configs)] << 1 | pointer(PAGE_CDS + (shape >> 3 & 1));
	u64 at = page_ipa(g, shape & 4 ? PAGE_STRTAB : PAGE_L2) + (shape & 0x10 ? g->vsid[shape >> 5 & 1] : take(1)) * 64;

	rig_put(g, at + 8, value(shape >> 6, 0));
	rig_put(g, at, value(shape, good));
}

static void links(struct guest *g)
{
	u32 shape = (u32)take(1);

	/* the hypervisor reads the stream table */
	if (shape & 4)
		rig_put(g, page_ipa(g, PAGE_L1) + (shape >> 3 & 3) * 8,
			value(shape, page_ipa(g, PAGE_L2) | 1 << (shape >> 5 & 1) | 5));
	else
		rig_put(g, page_ipa(g, PAGE_CD_L1) + (shape >> 3 & 3) * 8, value(shape, pointer(PAGE_CDS + (shape >> 5 & 1)) | 1));
}

static void context(struct guest *g)
{
	u32 shape = (u32)take(1);
	u64 at = page_ipa(g, PAGE_CDS + (shape >> 2 & 1)) + (shape >> 3 & 7) * 64;

	rig_put(g, at + 8, value(shape >> 6, pointer(PAGE_TABLES + (shape >> 6 & 1))));
	rig_put(g, at + 24, 0xff44);
	rig_put(g, at, value(shape, CONTEXT | (u64)(1 + (shape >> 7)) << 48));
}

static void table_entry(struct guest *g)
{
	u32 shape = (u32)take(1), level = (shape >> 2) % TABLES;
	u64 target = pointer(level < 4 ? PAGE_TABLES + 2 + level / 2 * 2 + (shape >> 5 & 1) : take(1)) | 0x443;

	rig_put(g, page_ipa(g, PAGE_TABLES + level) + (shape >> 6) * 8, value(shape, target));
}

static void memory(struct guest *g)
{
	u64 at = page_ipa(g, choose(PAGES)) + take(1) * 16;

	rig_put(g, at, take(8));
}

/* The cell's driver reads its events. */
static void events(struct guest *g)
{
	u32 prod = (u32)world_read(g, REG_EVENTQ_PROD, 4), cons = (u32)world_read(g, REG_EVENTQ_CONS, 4);
	u64 base = world_read(g, REG_EVENTQ_BASE, 8) & QUEUE_PAGE;

	for (; (prod ^ cons) % (2 * EVENTQ_ENTRIES); cons++) {
		u64 *event = world_memory(g, base + (u64)(cons % EVENTQ_ENTRIES) * 32, 32, false);
		u32 sid = event ? (u32)(event[0] >> 32) : g->vsid[0];

		if (sid != g->vsid[0] && sid != g->vsid[1])
			found("an event of StreamID 0x%x, which the cell does not have", sid);
	}
	world_write(g, REG_EVENTQ_CONS, 4, prod);
}

static void settle(struct guest *g)
{
	rig_settle();
	events(g);
	rig_settle();
	if (world_read(g, REG_GERROR, 4) != world_read(g, REG_GERRORN, 4))
		rig_recover(g);
	rig_settle();
}

static void invalidate(struct guest *g)
{
	rig_invalidate_all(g);
	settle(g);
}

static void move(const struct guest *g, u64 *entry)
{
	if (*entry)
		*entry += base - g->ram;
}

/* Linear or two-level, as the first byte of the input says. */
static struct guest *start(const u8 *data, size_t size)
{
	struct guest *g = rig_start(data, size);
	u32 shape;

	rig_step("start");
	shape = (u32)take(1);
	base = shape & 0x20 ? page_pa(g, 0) : g->ram;
	for (u32 at = 0; at < TABLES * PAGE_SIZE; at += 8)
		move(g, world_memory(g, page_ipa(g, PAGE_TABLES) + at, 8, true));
	for (u32 page = PAGE_STRTAB; page < PAGE_TABLES; page++) {
		if (page <= PAGE_L2 || page >= PAGE_CDS)
			memset(world_memory(g, page_ipa(g, page), PAGE_SIZE, true), 0, PAGE_SIZE);
	}
	world_write(g, REG_CR0, 4, 0);
	rig_settle();
	world_write(g, REG_STRTAB_BASE, 8, page_ipa(g, shape & 1 ? PAGE_L1 : PAGE_STRTAB));
	world_write(g, REG_STRTAB_CFG, 4, (shape & 1) << 16 | 6 << 6 | (shape >> 1 & 15));
	world_write(g, REG_CR0, 4, CR0_ON);
	settle(g);
	invalidate(g);
	return g;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct rig_action steps[] = {
		{ "stream table entry", stream_entry }, { "link of tables", links }, { "context descriptor", context },
		{ "stage-1 table", table_entry }, { "invalidation", invalidate }, { "DMA", rig_dma }, { "stage 2", rig_stage2 },
		{ "memory", memory },
	};
	struct guest *g = start(data, size);

	while (rig_step("tables")) {
		rig_act(g, &steps[choose(ARRAY_SIZE(steps))]);
		settle(g);
	}
	return 0;
}
