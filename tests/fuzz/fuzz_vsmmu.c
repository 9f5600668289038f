// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SMMU fed by a hostile cell: any register write, any bytes in its stream table, descriptors, stage-1
 * tables and queues, any command, DMA at any time. The real vsmmu/ and smmu/ run on the model (tests/model); whatever
 * the cell does, I2 holds for its own and for another cell's streams, and the physical SMMU is driven by the rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refine.h"

const char *doing = "start";

static const u8 *input;
static size_t left;
static u64 seed;			/* not 0: choices that are not the input's, always the same */

static u64 take(u32 bytes)
{
	u64 value = 0;

	for (u32 i = 0; i < bytes && left; i++, left--)
		value |= (u64)*input++ << (8 * i);
	return value;
}

u32 pick(u32 n)
{
	if (seed)
		return (u32)(fake_random(&seed) >> 20) % n;
	return (u32)take(n > 256 ? 4 : 1) % n;
}

bool one_in(u32 n)
{
	return !pick(n);
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

static void on_call(const struct fake_call *call)
{
	(void)call;
	check_i2();
}

static void settle(struct guest *g)
{
	static const char capacity[] = "model:";

	world_settle();
	/* the model counts up to so many possibilities; more is no mistake of the hypervisor */
	if (!strncmp(machine_complaint, capacity, sizeof(capacity) - 1))
		machine_complaint[0] = 0;
	check_i2();
	g->lost = false;
	fake_call_count = 0;
}

static void write_register(struct guest *g)
{
	static const u32 known[] = { 0x20, 0x28, 0x2c, 0x44, 0x50, 0x64, 0x80, 0x84, 0x88, 0x90, 0x94, 0x98, 0x9c, 0xa0, 0xa4,
				     0x100a8, 0x100ac, 0xc0, 0x100c8, 0x100cc, 0x68, 0xb0 };
	u64 offset = pick(4) ? known[pick(ARRAY_SIZE(known))] : pick(0x20000);
	u32 bytes = 1u << pick(4);

	doing = "register";
	world_write(g, offset & ~(u64)(bytes - 1), bytes, take(bytes));
}

static void write_memory(struct guest *g)
{
	u64 *at = world_memory(g, RAM_IPA + pick(16) * PAGE_SIZE + pick(64) * 8, 8, true);

	doing = "memory";
	if (at)
		*at = take(8);
}

/* A command where the queue is, whatever its registers say now. */
static void write_command(struct guest *g)
{
	u32 prod = (u32)world_read(g, 0x98, 4);
	u64 base = world_read(g, 0x90, 8) & 0xfffffffffffe0ULL, index = prod & 0x7f;
	u64 *at = world_memory(g, base + index * 16, 16, true);

	doing = "command";
	if (!at)
		return;
	at[0] = take(pick(2) ? 8 : 5);
	at[1] = take(pick(2) ? 8 : 2);
	world_write(g, 0x98, 4, (prod + 1) & 0xff);
}

static void transaction(struct guest *g)
{
	struct model_outcome out[OUTCOMES];
	struct model_txn txn = guest_transaction(g, &(u32){ 0 });
	u32 count;

	doing = "DMA";
	txn.sid = g->sid[pick(STREAMS)];
	count = smmu_model_possible(&models[0], &txn, out, OUTCOMES);
	if (count)
		smmu_model_take(&models[0], &txn, &out[pick(count)]);
}

static void start(void)
{
	const struct cfg_system *sys;

	machine_hook = NULL;
	fake_on_call = NULL;
	doing = "start";
	sys = machine_init(1, 0);
	smmu_model_make_full(&models[0]);
	world_init();
	if (smmu_init(sys))
		found("smmu_init fails: %s", fake_log);
	for (u32 i = 0; i < CELLS; i++) {
		world_start(&guests[i]);
		guest_init(&guests[i]);
	}
	machine_hook = check_i2;
	fake_on_call = on_call;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (*const acts[])(struct guest *) = {
		write_register, write_memory, write_memory, write_command, write_command, write_command, transaction,
	};

	u64 probe_seed = 1;

	input = data;
	left = size;
	seed = 1;
	start();
	while (left) {
		struct guest *g = &guests[0];

		seed = probe_seed;
		probes_choose();
		probe_seed = seed;
		seed = 0;
		acts[pick(ARRAY_SIZE(acts))](g);
		settle(g);
	}
	return 0;
}
