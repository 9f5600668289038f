// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SMMU and hostile writes to its registers: any offset, width and value, in any order, with commands, DMA
 * and ends of the cell between them. What is reserved reads as zero, identification never changes, acknowledgements are
 * true, and while SMMUEN = 0 it is GBPA that decides.
 */
#include <string.h>

#include "vsmmu_rig.h"

#define REGISTERS	0x20000
#define PAGE1		0x10000
#define IDS		7		/* words: IDR0 to IDR5, IIDR; AIDR is one more */

static u32 ids[IDS + 1];

static u32 get(struct guest *g, u64 offset)
{
	return (u32)world_read(g, offset, 4);
}

static void write_register(struct guest *g)
{
	static const u32 known[] = { 0x20, 0x28, 0x2c, 0x44, 0x50, 0x64, 0x80, 0x84, 0x88, 0x90, 0x94, 0x98, 0x9c, 0xa0, 0xa4,
				     0x100a8, 0x100ac, 0xc0, 0xc4, 0x100c8, 0x100cc, 0x60, 0x24, 0x00, 0x04, 0x14, 0x68, 0xb0 };
	u64 offset = choose(4) ? known[choose(ARRAY_SIZE(known))] : take(4) % REGISTERS;
	u32 bytes = 1u << (choose(4) ? 2 + choose(2) : choose(4));

	world_write(g, offset & ~(u64)(bytes - 1), bytes, take(bytes));
}

static void command(struct guest *g)
{
	u64 dw0 = take(8);

	world_write(g, REG_CMDQ_PROD, 4, rig_queue(g, get(g, REG_CMDQ_PROD), dw0, take(2)));
}

static void memory(struct guest *g)
{
	u64 at = g->ram + choose(PAGES) * PAGE_SIZE + take(1) * 8;

	rig_put(g, at, take(8));
}

static void restart(struct guest *g)
{
	rig_restart(g->home);
}

static bool is_register(u32 offset)
{
	static const struct {
		u32 first, last;
	} there[] = {
		{ 0x00, 0x28 }, { 0x2c, 0x2c }, { 0x44, 0x44 }, { 0x50, 0x54 }, { 0x60, 0x64 }, { 0x80, 0x88 }, { 0x90, 0xa4 },
		{ 0xc0, 0xc4 }, { 0x100a8, 0x100ac }, { 0x100c8, 0x100cc },
	};

	for (u32 i = 0; i < ARRAY_SIZE(there); i++) {
		if (offset >= there[i].first && offset <= there[i].last)
			return true;
	}
	return false;
}

static void check_reserved(struct guest *g, u32 first)
{
	for (u32 offset = first; offset < first + PAGE_SIZE; offset += 4) {
		if (!is_register(offset) && get(g, offset))
			found("reserved register 0x%x reads 0x%x", offset, get(g, offset));
	}
}

static void check_identity(struct guest *g)
{
	for (u32 i = 0; i <= IDS; i++) {
		if (get(g, 4 * i) != ids[i])
			found("identification register 0x%x has changed to 0x%x", 4 * i, get(g, 4 * i));
	}
	if (get(g, REG_CR0ACK) != get(g, REG_CR0) || get(g, REG_IRQ_CTRLACK) != get(g, REG_IRQ_CTRL))
		found("CR0 0x%x is acknowledged by 0x%x, IRQ_CTRL 0x%x by 0x%x", get(g, REG_CR0), get(g, REG_CR0ACK),
		      get(g, REG_IRQ_CTRL), get(g, REG_IRQ_CTRLACK));
}

/* SMMUEN = 0: stage 2 alone, or nothing. */
static void check_disabled(struct guest *g)
{
	struct model_txn txn = { .address = g->ram + DATA_PAGE * PAGE_SIZE, .sid = g->sid[0] };
	bool abort = get(g, REG_GBPA) >> 20 & 1 || g->access[DATA_PAGE] != SURE;
	struct model_outcome out[OUTCOMES];
	u32 count = smmu_model_possible(g->real, &txn, out, OUTCOMES);

	for (u32 i = 0; i < count; i++) {
		if (abort ? out[i].result != MODEL_ABORT
			  : out[i].result != MODEL_TRANSLATED || out[i].pa != page_pa(g, DATA_PAGE))
			found("SMMUEN = 0, GBPA 0x%x: result %d", get(g, REG_GBPA), out[i].result);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct rig_action steps[] = {
		{ "register", write_register }, { "DMA", rig_dma }, { "register", write_register }, { "command", command },
		{ "register", write_register }, { "memory", memory }, { "register", write_register }, { "stage 2", rig_stage2 },
		{ "register", write_register }, { "recovery", rig_recover },
	};
	static const struct rig_action again = { "restart", restart };
	struct guest *g = rig_start(data, size);

	for (u32 i = 0; i <= IDS; i++)
		ids[i] = get(g, 4 * i);
	while (rig_step("registers")) {
		u32 n = (u32)take(1);

		rig_act(g, n == 0xff ? &again : &steps[n % ARRAY_SIZE(steps)]);
		rig_settle();
		check_identity(g);
		if (!(get(g, REG_CR0) & 1))
			check_disabled(g);
	}
	check_reserved(g, 0);
	check_reserved(g, PAGE1);
	return 0;
}
