// SPDX-License-Identifier: GPL-2.0-only
/*
 * I2 under random use: the real smmu/ and mm/stage2 on two SMMU models. Two cells claim, attach, map, unmap, block and
 * release; at every point where another observer could look (each register access, barrier and TLB call, so also
 * between the steps of an STE update or an unmap) everything that any stream's transaction may do by then is compared
 * with what its owner is allowed. When nothing is under way, allowed transactions must also succeed.
 *
 * --mutant: the build has a defect (CONFIG_MUTATION); exit status 0 when it was caught, with the sentence. --without
 * makes a defect of another kind: commands of one kind have no effect, as if the driver did not issue them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include <hyp/errno.h>
#include <hyp/page_pool.h>

#define CELLS		2
#define SIDS		4		/* per SMMU: two share a leaf of the stream table, two do not */
#define SLOTS		6		/* ranges that a cell may map */
#define STORM		0

static const u32 sids[SIDS] = { 0x10, 0x11, 0x123, 0xffff };

/* What may be mapped: pages, blocks of 2 MiB and ranges that make a block split. */
static const struct range {
	u64 ipa, size;
} ranges[SLOTS] = {
	{ 0x40000000, 0x1000 }, { 0x40001000, 0x3000 }, { 0x40200000, 0x200000 },
	{ 0x40400000, 0x400000 }, { 0x80000000, 0x40000000 }, { 0xfffffff000, 0x1000 },
};

enum access { NONE = 0, MAYBE = 1, SURE = 2 };	/* a transaction: must abort, may go either way, must succeed */

static struct cell_state {
	struct stage2 s2;
	struct smmu_domain domain;
	/* per range; a part can be unmapped alone: first page and the rest */
	enum access access[SLOTS][2];
	u64 out[SLOTS];
	u32 prot[SLOTS];
} cell[CELLS];

static struct stream_state {
	int owner;				/* -1: nobody */
	enum access access;
} stream[MACHINE_SMMUS][SIDS];

static u64 seed, first_seed, steps, step;
static const char *doing = "start";
static bool mutant;
static int without = -1;			/* opcode */

static u32 pick(u32 n)
{
	return (u32)(fake_random(&seed) >> 20) % n;
}

static __attribute__((noreturn, format(printf, 1, 2))) void found(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("%s seed %llu step %llu (%s): ", mutant ? "caught:" : "FAILED:", (unsigned long long)first_seed,
	       (unsigned long long)step, doing);
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(mutant ? 0 : 1);
}

/* ---- the check ---- */

struct expected {
	enum access access;
	u64 pa;
};

static struct expected expect(u32 smmu, u32 n, u64 address, bool write)
{
	const struct stream_state *st = &stream[smmu][n];
	const struct cell_state *c = &cell[st->owner < 0 ? 0 : st->owner];
	struct expected e = { NONE, 0 };

	for (u32 r = 0; r < SLOTS && st->owner >= 0; r++) {
		u64 at = address - ranges[r].ipa;

		if (at >= ranges[r].size || !(c->prot[r] & (write ? PROT_WRITE : PROT_READ)))
			continue;
		e.access = MIN(st->access, c->access[r][at >= PAGE_SIZE]);
		e.pa = c->out[r] + at;
	}
	return e;
}

static void check_one(u32 smmu, u32 n, u64 address, bool write)
{
	struct expected e = expect(smmu, n, address, write);
	struct model_outcome out[64];
	unsigned int count = smmu_model_outcomes(&models[smmu], sids[n], address, write, out, 64);

	for (unsigned int i = 0; i < count; i++) {
		if (out[i].result == MODEL_BYPASS)
			found("stream 0x%x (smmu %u) bypasses", sids[n], smmu);
		if (out[i].result == MODEL_TRANSLATED && (e.access == NONE || out[i].pa != e.pa))
			found("stream 0x%x (smmu %u) of %s can %s 0x%llx at 0x%llx, allowed is %s", sids[n], smmu,
			      stream[smmu][n].owner < 0 ? "nobody" : cell[stream[smmu][n].owner].domain.name,
			      write ? "write" : "read", (unsigned long long)out[i].pa, (unsigned long long)address,
			      e.access == NONE ? "nothing" : "something else");
		if (out[i].result == MODEL_ABORT && e.access == SURE)
			found("stream 0x%x (smmu %u) aborts at 0x%llx with event 0x%02x, but is allowed", sids[n], smmu,
			      (unsigned long long)address, out[i].event);
	}
}

static void check_all(void)
{
	for (u32 smmu = 0; smmu < MACHINE_SMMUS; smmu++)
		for (u32 n = 0; n < SIDS; n++)
			for (u32 r = 0; r < SLOTS; r++) {
				u64 last = ranges[r].ipa + ranges[r].size - 0x10;

				check_one(smmu, n, ranges[r].ipa, pick(2));
				check_one(smmu, n, last, pick(2));
			}
	if (machine_complaint[0])
		found("the driver breaks a rule: %s", machine_complaint);
}

static void on_call(const struct fake_call *call)
{
	(void)call;
	check_all();
}

/* ---- actions ---- */

static void must(int err)
{
	if (err)
		found("unexpected error %d; log: %s", err, fake_log);
}

static void act_claim(u32 smmu, u32 n, u32 who)
{
	struct stream_state *st = &stream[smmu][n];
	const struct smmu_domain *owner;
	int err;

	doing = "claim";
	err = smmu_stream_claim(smmu, sids[n], &cell[who].domain, &owner);
	if (st->owner >= 0 && (err != -EBUSY || owner != &cell[st->owner].domain))
		found("a second claim is not refused");
	if (st->owner >= 0)
		return;
	must(err);
	st->owner = (int)who;
}

static void act_attach(u32 smmu, u32 n)
{
	struct stream_state *st = &stream[smmu][n];

	doing = "attach";
	if (st->owner < 0)
		return;
	if (st->access == NONE)
		st->access = MAYBE;
	/* it is the CPU of the other cell that does this */
	machine_vttbr = stage2_vttbr(&cell[!st->owner].s2);
	must(smmu_stream_attach(smmu, sids[n], &cell[st->owner].domain));
	st->access = SURE;
}

static void act_block(u32 smmu, u32 n, bool release)
{
	struct stream_state *st = &stream[smmu][n];

	doing = release ? "release" : "block";
	if (st->owner < 0)
		return;
	st->access = MIN(st->access, MAYBE);
	must((release ? smmu_stream_release : smmu_stream_block)(smmu, sids[n], &cell[st->owner].domain));
	st->access = NONE;
	if (release)
		st->owner = -1;
}

static void act_map(u32 who, u32 r)
{
	struct cell_state *c = &cell[who];

	doing = "map";
	if (c->access[r][0] != NONE || c->access[r][1] != NONE)
		return;
	/* aligned as the IPA is, so that blocks can be used, or by a page only */
	c->out[r] = (ranges[r].ipa & (MIB(2) - 1)) + GIB(1 + pick(3)) + MIB(2) * pick(100) + (pick(3) ? 0 : PAGE_SIZE);
	if (ranges[r].size >= GIB(1))
		c->out[r] &= ~(GIB(1) - 1);
	c->prot[r] = pick(4) ? PROT_READ | PROT_WRITE : PROT_READ;
	c->access[r][0] = c->access[r][1] = MAYBE;
	must(stage2_map(&c->s2, ipa(ranges[r].ipa), pa(c->out[r]), ranges[r].size, c->prot[r]));
	c->access[r][0] = c->access[r][1] = SURE;
}

/* All of it; or only its first page or only the rest, which splits blocks. */
static void act_unmap(u32 who, u32 r)
{
	struct cell_state *c = &cell[who];
	u32 from = pick(3) == 0, to = from ? 1 : pick(2);
	u64 start = from ? PAGE_SIZE : 0, end = to ? ranges[r].size : PAGE_SIZE;
	enum access before[2] = { c->access[r][0], c->access[r][1] };

	doing = "unmap";
	if (start >= end)
		return;
	/* break-before-make: while a block is split, all of it may abort */
	for (u32 i = 0; i < 2; i++)
		c->access[r][i] = MIN(c->access[r][i], MAYBE);
	must(stage2_unmap(&c->s2, ipa(ranges[r].ipa + start), end - start));
	for (u32 i = 0; i < 2; i++)
		c->access[r][i] = i >= from && i <= to ? NONE : before[i];
}

/* The cell is destroyed and made anew: its tables' memory goes back, its VMID is used again. */
static void act_remake(u32 who)
{
	struct cell_state *c = &cell[who];

	for (u32 smmu = 0; smmu < MACHINE_SMMUS; smmu++)
		for (u32 n = 0; n < SIDS; n++)
			if (stream[smmu][n].owner == (int)who)
				act_block(smmu, n, true);
	doing = "remake";
	memset(c->access, 0, sizeof(c->access));
	stage2_exit(&c->s2);
	must(stage2_init(&c->s2, (u16)(who + 1)));
}

static void act(void)
{
	u32 smmu = pick(MACHINE_SMMUS), n = pick(SIDS), who = pick(CELLS), what = pick(100);

	if (what < 15)
		act_claim(smmu, n, who);
	else if (what < 40)
		act_attach(smmu, n);
	else if (what < 47)
		act_block(smmu, n, false);
	else if (what < 55)
		act_block(smmu, n, true);
	else if (what < 75)
		act_map(who, pick(SLOTS));
	else if (what < 95)
		act_unmap(who, pick(SLOTS));
	else if (what < 97)
		act_remake(who);
	else
		smmu_model_dma(&models[smmu], sids[n], ranges[pick(SLOTS)].ipa, pick(2), pick(8));
	machine_irqs(4);
	doing = "rest";
	check_all();
}

/* ---- one run ---- */

static void run(u64 with)
{
	const struct cfg_system *sys = machine_init(MACHINE_SMMUS, STORM);

	seed = with * 0x9e3779b97f4a7c15ULL + 1;
	first_seed = with;
	step = 0;
	memset(cell, 0, sizeof(cell));
	for (u32 smmu = 0; smmu < MACHINE_SMMUS; smmu++) {
		for (u32 n = 0; n < SIDS; n++) {
			smmu_model_watch(&models[smmu], sids[n]);
			stream[smmu][n] = (struct stream_state){ .owner = -1 };
		}
		models[smmu].slow = pick(3);
		if (without >= 0)
			models[smmu].ignore[without] = true;
		/* the second one: now and then without TLBI by range, now and then with a linear table */
		models[smmu].idr[3] &= smmu && pick(2) ? ~(1u << 10) : ~0u;
		models[smmu].idr[0] &= smmu && pick(2) ? ~(3u << 27) : ~0u;
	}
	must(smmu_init(sys));
	for (u32 i = 0; i < CELLS; i++) {
		must(stage2_init(&cell[i].s2, (u16)(i + 1)));
		cell[i].domain = (struct smmu_domain){ .name = i ? "cell1" : "cell0", .s2 = &cell[i].s2 };
	}
	machine_hook = check_all;
	fake_on_call = on_call;
	for (step = 1; step <= steps; step++)
		act();
	fake_on_call = NULL;
	machine_hook = NULL;
}

static void usage(void)
{
	printf("usage: smmu_random [--seed N] [--runs N] [--steps N] [--mutant] [--without OPCODE]\n"
	       "Random use of the SMMU driver on the model; run k uses seed N + k. A failure prints its seed.\n"
	       "  --mutant           succeed only if the defect in this build is caught\n"
	       "  --without OPCODE   a defect: commands with this opcode have no effect\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "runs", required_argument, NULL, 'r' },
		{ "steps", required_argument, NULL, 'n' }, { "mutant", no_argument, NULL, 'm' },
		{ "without", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	u64 base = 1, runs = 10;
	int c;

	steps = 200;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 's')
			base = strtoull(optarg, NULL, 0);
		else if (c == 'r')
			runs = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 0);
		else if (c == 'w')
			without = (int)strtoul(optarg, NULL, 0) & 0xff;
		else if (c == 'm')
			mutant = true;
		else {
			usage();
			return c == 'h' ? 0 : 2;
		}
	}
	for (u64 k = 0; k < runs; k++)
		run(base + k);
	printf("%llu runs of %llu steps from seed %llu: %s\n", (unsigned long long)runs, (unsigned long long)steps,
	       (unsigned long long)base, mutant ? "the defect was NOT caught" : "passed");
	return mutant;
}
