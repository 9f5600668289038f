// SPDX-License-Identifier: GPL-2.0-only
/* The loop and the command line of the refinement test; see refine.h. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refine.h"
#include <hyp/mutate.h>

#define ACTIONS_PER_RUN	2000		/* then a new machine, from the next seed */

const char *doing = "start";
static u64 first_seed, action;
bool mutant;
struct counts counts;
static int without = -1;

/* Defects of commands, as the physical SMMU gets them: a field of commands with these opcodes is wrong. */
static const struct defect {
	const char *name;
	u32 first, last;		/* opcodes */
	u32 word;
	u64 flip;
} defects[] = {
	{ "vmid", 0x10, 0x13, 0, 1ULL << 33 }, { "s2-vmid", 0x28, 0x2a, 0, 1ULL << 33 },
	{ "asid", 0x11, 0x12, 0, 1ULL << 48 }, { "sid", 0x03, 0x06, 0, 1ULL << 32 },
	{ "ssid", 0x05, 0x05, 0, 1ULL << 12 }, { "address", 0x12, 0x13, 1, 1ULL << 12 },
	{ "ipa", 0x2a, 0x2a, 1, 1ULL << 12 },
};
static const struct defect *defect;

/* Those of mutate.h that this test must catch. */
#define MUTATIONS(X) X(SMMU_BYPASS) X(STE_WRONG_ROOT) X(NO_CFGI) X(STE_ONE_WRITE) X(NO_SMMU_TLBI) X(S2_NO_STAGE1_TLBI) \
		     X(S2_STAGE1_TLBI_FIRST) X(S2_NO_ATC_INV) X(VSMMU_NO_STAGE2) X(VSMMU_ANY_STREAM) X(VSMMU_ANY_VMID) \
		     X(VSMMU_ANY_STE) X(VSMMU_ANY_COMMAND) X(VSMMU_NO_CFGI_CD) X(VSMMU_NO_TLBI) X(VSMMU_FOLD_ASID) \
		     X(VSMMU_KEEP_STAGE1) X(VSMMU_KEEP_STALLED) X(VSMMU_REAL_SID) X(VSMMU_UNBOUNDED) X(VSMMU_ONE_CPU) \
		     X(VSMMU_READ_TWICE)
#define MUTATION_NAME(name) { #name, MUTATION_##name },
static const struct { const char *name; int value; } mutations[] = { MUTATIONS(MUTATION_NAME) };
int model_mutation;

static void alter(u64 *cmd)
{
	u32 op = cmd[0] & 0xff;

	if (op >= defect->first && op <= defect->last)
		cmd[defect->word] ^= defect->flip;
}

void found(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("%s --seed %llu, action %llu (%s): ", mutant ? "caught:" : "FAILED:", (unsigned long long)first_seed,
	       (unsigned long long)action, doing);
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(mutant ? 0 : 1);
}

static void on_call(const struct fake_call *call)
{
	(void)call;
	check_i2();
}

static void start(struct home *h)
{
	doing = "start";
	world_start(h);
	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS)
		guest_init(&guests[i]);
}

/* Stopped, destroyed, made anew: with all that its devices may still do. */
static void restart(struct home *h)
{
	doing = "stop";
	if (h->running)
		world_stop(h);
	probes_choose();
	check_i2();
	check_refinement();
	start(h);
}

/* A device may forget at any time what it was told; so the caches do not fill up. */
static void forget(void)
{
	for (u32 i = 0; i < GUESTS; i++)
		if (guests[i].ideal.atc_count > MODEL_ATC / 2 || guests[i].real->atc_count > MODEL_ATC / 2)
			guests[i].real->atc_count = 0;
	for (u32 i = 0; i < GUESTS; i++)
		if (!guests[i].real->atc_count)
			guests[i].ideal.atc_count = 0;
}

static void act(void)
{
	struct guest *g = &guests[pick(GUESTS)];

	forget();
	probes_choose();
	for (u32 i = 0; i < GUESTS; i++)
		probes_fill_ideal(&guests[i]);
	if (one_in(400) || g->lost)
		restart(g->home);
	else
		guest_act(g);
	world_settle();
	for (u32 i = 0; i < GUESTS; i++)
		probes_fill_ideal(&guests[i]);
	for (u32 i = 0; i < GUESTS; i++)
		if (guests[i].home->running && !guests[i].lost)
			check_state(&guests[i]);
	check_i2();
	check_refinement();
	fake_call_count = 0;
}

/* Stall, split stages or trust, ranges, a table of one level: each may be there or not. */
static void vary(struct smmu_model *m)
{
	smmu_model_make_full(m);
	m->idr[0] |= one_in(3) ? 1u << 11 : 0;			/* NS1ATS */
	m->idr[0] |= one_in(4) ? 2u << 24 : 0;			/* STALL_MODEL: forced */
	m->idr[3] &= one_in(4) ? ~(1u << 10) : ~0u;		/* RIL */
	m->idr[0] &= one_in(4) ? ~(3u << 27) : ~0u;		/* ST_LEVEL */
}

/* Even seeds: what QEMU's SMMU has. Odd ones: all of it. */
static void new_machine(void)
{
	const struct cfg_system *sys;

	machine_hook = NULL;
	fake_on_call = NULL;
	sys = machine_init(MACHINE_SMMUS, 0);
	for (u32 i = 0; i < MACHINE_SMMUS; i++) {
		if (first_seed & 1)
			vary(&models[i]);
		models[i].slow = pick(3);
		if (without >= 0)
			models[i].ignore[without] = true;
		models[i].alter = defect ? alter : NULL;
	}
	world_init(first_seed & 1);
	if (smmu_init(sys))
		found("smmu_init fails: %s", fake_log);
	for (u32 i = 0; i < CELLS; i++)
		start(&homes[i]);
	machine_hook = check_i2;
	fake_on_call = on_call;
}

static void run(u64 with, u64 actions)
{
	first_seed = with;
	world_seed = with * 0x9e3779b97f4a7c15ULL + 1;
	action = 0;
	doing = "start";
	new_machine();
	for (action = 1; action <= actions; action++)
		act();
}

/* What never happened was not tested. */
static void print_counts(u64 actions)
{
#define COUNT_NAME(name) { #name, offsetof(struct counts, name) },
	static const struct { const char *name; size_t at; } names[] = { COUNTS(COUNT_NAME) };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		u64 count = *(const u64 *)((const u8 *)&counts + names[i].at);

		printf("%s%s %llu", i ? ", " : "", names[i].name, (unsigned long long)count);
		if (!count && actions >= 100000) {
			printf("\n");
			found("%s: the random programs never come to that", names[i].name);
		}
	}
	printf("\n");
}

static const struct defect *defect_named(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(defects); i++)
		if (!strcmp(defects[i].name, name))
			return &defects[i];
	fprintf(stderr, "refine: no defect '%s'; there are", name);
	for (u32 i = 0; i < ARRAY_SIZE(defects); i++)
		fprintf(stderr, " %s", defects[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

/* Without a name: lists them. */
static void mutate(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(mutations); i++) {
		if (!name)
			printf("%s\n", mutations[i].name);
		else if (!strcmp(mutations[i].name, name))
			model_mutation = mutations[i].value;
	}
	if (name && !model_mutation) {
		fprintf(stderr, "refine: no mutation '%s'; --list shows them\n", name);
		exit(2);
	}
}

static void usage(void)
{
	printf("usage: refine [--seed N] [--actions N] [--mutation NAME | --without OPCODE | --wrong FIELD] [--list]\n"
	       "Random programs of two cells on the emulated SMMU, compared with an SMMU of each cell's own.\n"
	       "Each seed is good for %u actions; then the next one is used. A failure prints its seed.\n"
	       "With a defect, it succeeds if that is caught.\n"
	       "  --mutation NAME    a defect of hypervisor/include/hyp/mutate.h; --list shows those that it can do\n"
	       "  --without OPCODE   a defect: commands with this opcode have no effect on the physical SMMU\n"
	       "  --wrong FIELD      a defect: the physical SMMU gets commands with a wrong vmid, s2-vmid, asid, sid, ssid,\n"
	       "                     address or ipa\n",
	       ACTIONS_PER_RUN);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "actions", required_argument, NULL, 'n' },
		{ "mutation", required_argument, NULL, 'm' }, { "list", no_argument, NULL, 'l' },
		{ "without", required_argument, NULL, 'w' }, { "wrong", required_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	u64 base = 1, actions = 20000, left;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 's')
			base = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			actions = strtoull(optarg, NULL, 0);
		else if (c == 'w')
			without = (int)strtoul(optarg, NULL, 0) & 0xff;
		else if (c == 'x')
			defect = defect_named(optarg);
		else if (c == 'm')
			mutate(optarg);
		else if (c == 'l') {
			mutate(NULL);
			return 0;
		} else {
			usage();
			return c == 'h' ? 0 : 2;
		}
	}
	left = actions;
	mutant = model_mutation || defect || without >= 0;
	for (u64 with = base; left; with++) {
		u64 n = MIN(left, ACTIONS_PER_RUN);

		run(with, n);
		left -= n;
	}
	if (!mutant)
		print_counts(actions);
	printf("%llu actions from seed %llu: %s\n", (unsigned long long)actions, (unsigned long long)base,
	       mutant ? "the defect was NOT caught" : "passed");
	return mutant;
}
