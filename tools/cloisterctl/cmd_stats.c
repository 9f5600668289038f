// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell stats: counters of cells and of their CPUs, all of one cell or a table of all; with --watch how many a second. What
 * is printed is in Documentation/statistics.md.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ctl.h"

typedef unsigned long long ull;

struct counter {
	const char *name;
	const char *text;
	size_t offset;
};

#define COUNTER(name, field, text)	{ name, text, offsetof(struct hc_cell_info, field) }

static const struct counter counters[] = {
	COUNTER("starts", starts, "times started"),
	COUNTER("exits_hypercall", exits[HC_EXIT_HYPERCALL], "exits: hypercalls"),
	COUNTER("exits_smccc", exits[HC_EXIT_SMCCC], "exits: PSCI and other SMCCC calls"),
	COUNTER("exits_mmio", exits[HC_EXIT_MMIO], "exits: trapped MMIO"),
	COUNTER("exits_sysreg", exits[HC_EXIT_SYSREG], "exits: system registers"),
	COUNTER("exits_irq", exits[HC_EXIT_IRQ], "exits: interrupts"),
	COUNTER("exits_fault", exits[HC_EXIT_FAULT], "exits: faults"),
	COUNTER("exits_other", exits[HC_EXIT_OTHER], "exits: others"),
	COUNTER("irqs_injected", irqs_injected, "interrupts injected"),
	COUNTER("dma_read_violations", dma_read_violations, "DMA reads stopped"),
	COUNTER("dma_write_violations", dma_write_violations, "DMA writes stopped"),
	COUNTER("dma_other_events", dma_other_events, "other SMMU events"),
	COUNTER("dma_untrusted", dma_untrusted, "DMA isolation lost (SMMU failed)"),
	COUNTER("smmu_commands", smmu_commands, "commands to its own SMMUs"),
	COUNTER("smmu_events", smmu_events, "events from its own SMMUs"),
	COUNTER("mmio_violations", mmio_violations, "CPU accesses to nowhere"),
	COUNTER("table_pages", table_pages, "pages of tables"),
};

static const char *const exit_names[] = { "hypercall", "smccc", "mmio", "sysreg", "irq", "fault", "other" };

/* What was read at one time. */
struct sample {
	struct hc_cell_info info;
	uint32_t cpus;
	struct hc_cpu_info cpu[CFG_MAX_CPUS];
};

struct samples {
	uint64_t ms;
	uint32_t count;
	struct sample cells[CFG_MAX_CELLS];
};

static int take_sample(int fd, uint32_t id, struct sample *sample, struct oops *oops)
{
	struct cloister_cell_info cell;
	int got = 1;
	uint32_t n;

	if (device_info(fd, id, &cell, oops))
		return -1;
	sample->info = cell.info;
	sample->cpus = 0;
	for (n = 0; got > 0 && n < CFG_MAX_CPUS; n++) {
		got = device_cpu(fd, id, n, &sample->cpu[sample->cpus], oops);
		sample->cpus += got == 1;
	}
	return got < 0 ? -1 : 0;
}

/* Of the named cell, or of all; one that vanishes between two questions is left out. */
static int take_samples(int fd, const struct options *options, struct samples *samples, struct oops *oops)
{
	struct hc_system_info system;
	uint32_t id;

	samples->ms = now_ms();
	samples->count = options->argc;
	if (options->argc)
		return device_find(fd, options->argv[0], &id, oops) || take_sample(fd, id, &samples->cells[0], oops) ? -1 : 0;
	if (device_system(fd, &system, oops))
		return -1;
	for (id = 0; id < CFG_MAX_CELLS; id++)
		if (system.cells >> id & 1 && !take_sample(fd, id, &samples->cells[samples->count], oops))
			samples->count++;
	return 0;
}

/* ---- JSON ---- */

static uint64_t value(const struct hc_cell_info *info, const struct counter *counter)
{
	uint64_t result;

	memcpy(&result, (const char *)info + counter->offset, sizeof(result));
	return result;
}

static void json_cpu(const struct hc_cpu_info *cpu)
{
	size_t i;

	printf("{\"cpu\": %u, \"on\": %s", cpu->cpu, cpu->on ? "true" : "false");
	for (i = 0; i < ARRAY_SIZE(exit_names); i++)
		printf(", \"exits_%s\": %llu", exit_names[i], (ull)cpu->exits[i]);
	printf(", \"irqs_injected\": %llu}", (ull)cpu->irqs_injected);
}

static void json_cell(const struct sample *sample)
{
	const struct hc_cell_info *info = &sample->info;
	size_t i;

	printf("{\"name\": ");
	print_json_string(info->name);
	printf(", \"id\": %u, \"state\": \"%s\"", info->id, state_name(info->state));
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		printf(", \"%s\": %llu", counters[i].name, (ull)value(info, &counters[i]));
	printf(", \"last_dma\": {\"smmu\": %u, \"sid\": %u, \"address\": \"0x%llx\"}, \"cpus\": [", info->last_dma_smmu,
	       info->last_dma_sid, (ull)info->last_dma_address);
	for (i = 0; i < sample->cpus; i++) {
		printf("%s", i ? ", " : "");
		json_cpu(&sample->cpu[i]);
	}
	printf("]}");
}

static void json_all(const struct samples *samples)
{
	uint32_t i;

	printf("[");
	for (i = 0; i < samples->count; i++) {
		printf("%s", i ? ", " : "");
		json_cell(&samples->cells[i]);
	}
	printf("]\n");
}

/* ---- the table ---- */

/* Two samples, the earlier one NULL when it has none: then they are counts, not rates. */
struct span {
	const void *before, *now;
	uint64_t ms;
};

static uint64_t field(const void *from, size_t offset)
{
	uint64_t result = 0;

	if (from)
		memcpy(&result, (const char *)from + offset, sizeof(result));
	return result;
}

/* Since then, or a second; a counter that began anew counts from 0. */
static double change(const struct span *span, size_t offset)
{
	uint64_t now = field(span->now, offset), before = field(span->before, offset);

	if (before > now)
		before = 0;
	return span->ms ? (double)(now - before) * 1000 / (double)span->ms : (double)now;
}

/* In six columns, one of them blank. */
static void print_number(double number)
{
	static const char units[] = " kMGTP";
	size_t unit;

	if (number > 0 && number < 9.95 && number != (double)(int)number) {
		printf(" %5.1f", number);
		return;
	}
	if (number < 99999.5) {
		printf(" %5.0f", number);
		return;
	}
	for (unit = 0; number >= 9999.5 && unit < sizeof(units) - 2; unit++)
		number /= 1000;
	printf(" %4.0f%c", number, units[unit]);
}

static void print_exits(const struct span *span, size_t exits, size_t injected)
{
	static const unsigned int order[] = { HC_EXIT_MMIO, HC_EXIT_SYSREG, HC_EXIT_IRQ, HC_EXIT_FAULT, HC_EXIT_OTHER };
	size_t i;

	print_number(change(span, exits + HC_EXIT_HYPERCALL * sizeof(uint64_t)) +
		     change(span, exits + HC_EXIT_SMCCC * sizeof(uint64_t)));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		print_number(change(span, exits + order[i] * sizeof(uint64_t)));
	print_number(change(span, injected));
}

static void print_row(const struct sample *before, const struct sample *now, uint64_t ms, const char *eol)
{
	struct span span = { before ? &before->info : NULL, &now->info, ms };
	char name[16];
	uint32_t i, k;

	printf("%-11.11s %-7.7s", now->info.name, state_name(now->info.state));
	print_exits(&span, offsetof(struct hc_cell_info, exits), offsetof(struct hc_cell_info, irqs_injected));
	print_number(change(&span, offsetof(struct hc_cell_info, dma_read_violations)) +
		     change(&span, offsetof(struct hc_cell_info, dma_write_violations)));
	print_number(change(&span, offsetof(struct hc_cell_info, smmu_commands)));
	print_number(change(&span, offsetof(struct hc_cell_info, dma_other_events)));
	printf("%s", eol);
	for (i = 0; i < now->cpus; i++) {
		span = (struct span){ NULL, &now->cpu[i], ms };
		for (k = 0; before && k < before->cpus; k++)
			if (before->cpu[k].cpu == now->cpu[i].cpu)
				span.before = &before->cpu[k];
		snprintf(name, sizeof(name), "  cpu %u", now->cpu[i].cpu);
		printf("%-11s %-7s", name, now->cpu[i].on ? "on" : "off");
		print_exits(&span, offsetof(struct hc_cpu_info, exits), offsetof(struct hc_cpu_info, irqs_injected));
		printf("%s", eol);
	}
}

static const struct sample *find(const struct samples *samples, const struct hc_cell_info *info)
{
	uint32_t i;

	for (i = 0; samples && i < samples->count; i++)
		if (samples->cells[i].info.id == info->id && !strcmp(samples->cells[i].info.name, info->name))
			return &samples->cells[i];
	return NULL;
}

static void print_table(const struct samples *before, const struct samples *now, const char *eol)
{
	uint64_t ms = before ? now->ms - before->ms : 0;
	uint32_t i;

	printf("%-11s %-7s CALLS  MMIO  SYSR   IRQ FAULT OTHER   INJ DMA-V   CMD EVENT%s", before ? "PER SECOND" : "NAME", "STATE",
	       eol);
	for (i = 0; i < now->count; i++)
		print_row(find(before, &now->cells[i].info), &now->cells[i], ms, eol);
}

/* ---- all of one cell ---- */

static void print_cell(const struct sample *sample)
{
	const struct hc_cell_info *info = &sample->info;
	static struct samples alone;
	size_t i;

	printf("cell %s: %s\n", info->name, state_name(info->state));
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		printf("  %-36s %12llu\n", counters[i].text, (ull)value(info, &counters[i]));
	if (info->dma_read_violations || info->dma_write_violations)
		printf("  last DMA stopped: stream %#x of SMMU %u at 0x%llx\n", info->last_dma_sid, info->last_dma_smmu,
		       (ull)info->last_dma_address);
	alone.count = 1;
	alone.cells[0] = *sample;
	print_table(NULL, &alone, "\n");
}

/* On a terminal each table takes the place of the one before; elsewhere a blank line is between them. */
static int watch(int fd, const struct options *options, struct samples *samples, struct oops *oops)
{
	bool terminal = isatty(STDOUT_FILENO);
	uint64_t n;

	for (n = 0; !options->count || n < options->count; n++) {
		struct samples *now = &samples[(n + 1) % 2], *before = &samples[n % 2];

		pause_ms(options->interval);
		if (take_samples(fd, options, now, oops))
			return -1;
		if (options->json) {
			json_all(now);
		} else {
			printf("%s", terminal ? "\033[H" : n ? "\n" : "");
			print_table(before, now, terminal ? "\033[K\n" : "\n");
			printf("%s", terminal ? "\033[J" : "");
		}
		if (fflush(stdout))
			return refuse(oops, "the output cannot be written");
	}
	return 0;
}

int cmd_stats(int fd, const struct options *options, struct oops *oops)
{
	static struct samples samples[2];

	if (take_samples(fd, options, &samples[0], oops))
		return -1;
	if (options->watch)
		return watch(fd, options, samples, oops);
	if (!options->json && options->argc) {
		print_cell(&samples[0].cells[0]);
	} else if (!options->json) {
		print_table(NULL, &samples[0], "\n");
	} else if (options->argc) {
		json_cell(&samples[0].cells[0]);
		printf("\n");
	} else {
		json_all(&samples[0]);
	}
	return 0;
}
