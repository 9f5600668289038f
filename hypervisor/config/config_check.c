// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of a system config. A config is outside input: sizes are checked before any array is touched,
 * ranges before they are added up, what is not explicitly allowed is refused. Pure: also runs on the host.
 */
#include <hyp/printk.h>
#include <hyp/string.h>

#include "check.h"

#define HYP_ALIGN	MIB(2)
#define SMMU_FRAME	KIB(64)
#define SMMU_MIN_SIZE	(2 * SMMU_FRAME)
#define UART_SIZE	KIB(4)
#define LOG_LEVEL_MAX	3
#define BUSES		256
#define PAYLOAD_ALIGN	16	/* what copy_poc() needs of both addresses */
#define PAYLOAD_ROUND	128	/* and to which it rounds the size up */

bool refuse(struct check *c, const char *fmt, ...)
{
	const size_t size = sizeof(c->err->text);
	char *text = c->err->text;
	va_list args;
	int at = 0;

	if (c->array)
		at = snprintf(text, size, "%s[%u]", c->array, c->index);
	if (c->name)
		at += snprintf(text + at, size - at, " '%s'", c->name);
	if (c->array)
		at += snprintf(text + at, size - at, ": ");
	if (c->bar)
		at += snprintf(text + at, size - at, "bar[%u]: ", c->bar - 1);
	va_start(args, fmt);
	vsnprintf(text + at, size - at, fmt, args);
	va_end(args);
	return false;
}

bool check_each(struct check *c, const char *array, u32 count, bool (*rules)(struct check *c, u32 i))
{
	bool good = true;

	c->array = array;
	for (u32 i = 0; i < count && good; i++) {
		c->index = i;
		c->name = NULL;
		good = rules(c, i);
	}
	c->array = c->name = NULL;
	return good;
}

bool check_header(struct check *c, const struct cfg_header *hdr, size_t bytes, u32 kind, u32 fixed, u32 max)
{
	return need(c, IS_ALIGNED((uintptr_t)hdr, 8), "header: the config is not 8-byte aligned in memory") &&
	       need(c, bytes >= fixed, "header: %zu bytes are fewer than the %u of the fixed part", bytes, fixed) &&
	       need(c, hdr->magic == CFG_MAGIC, "header: magic 0x%lx is not 0x%llx", hdr->magic, CFG_MAGIC) &&
	       need(c, hdr->revision == CFG_REVISION, "header: revision %u is not %u", hdr->revision, CFG_REVISION) &&
	       need(c, hdr->kind == kind, "header: kind %u is not %u", hdr->kind, kind) &&
	       need(c, hdr->size >= fixed && hdr->size <= max, "header: size %u is not within %u to %u", hdr->size, fixed, max) &&
	       need(c, hdr->size <= bytes, "header: size %u is more than the %zu bytes given", hdr->size, bytes) &&
	       need(c, !hdr->reserved, "header: reserved 0x%x is not 0", hdr->reserved);
}

bool check_count(struct check *c, const char *name, u32 count, u32 min, u32 max)
{
	return need(c, count >= min && count <= max, "%s %u is not within %u to %u", name, count, min, max);
}

bool check_span(struct check *c, const char *name, u64 start, u64 align, u64 size, u64 unit, u32 bits)
{
	return need(c, span_fits(start, align, size, BIT(bits)) && IS_ALIGNED(size, unit),
		    "%s 0x%lx with size 0x%lx is not 0x%lx aligned, of whole 0x%lx and within %u bits", name, start, size,
		    align, unit, bits);
}

bool name_char_print(char c)
{
	return c > ' ' && c <= '~' && c != '\'';
}

bool name_valid(const char *name, size_t size, bool (*valid)(char c))
{
	size_t len = strnlen(name, size);

	for (size_t i = 0; i < size; i++) {
		if (i < len ? !valid(name[i]) : name[i])
			return false;
	}
	return len > 0 && len < size;
}

void find_owned(struct check *c)
{
	const struct cfg_system *sys = c->sys;
	const struct cfg_pci_host *host = cfg_pci_hosts(sys);
	const struct cfg_smmu *smmu = cfg_smmus(sys);
	struct span *at = c->owned;

	*at++ = (struct span){ "the hypervisor's memory", sys->hyp_base, sys->hyp_size };
	*at++ = (struct span){ "the GIC distributor", sys->gicd_base, GIC_FRAME };
	*at++ = (struct span){ "the GIC redistributors", sys->gicr_base, sys->gicr_size };
	for (u32 i = 0; i < sys->smmu_count; i++)
		*at++ = (struct span){ "SMMU registers", smmu[i].base, smmu[i].size };
	for (u32 i = 0; i < sys->pci_count; i++)
		*at++ = (struct span){ "PCI configuration space", host[i].ecam_base, host[i].ecam_size };
	c->owned_count = (u32)(at - c->owned);
}

const struct span *span_find(const struct span *spans, u32 count, u64 start, u64 size)
{
	for (u32 i = 0; i < count; i++) {
		if (span_overlaps(start, size, spans[i].start, spans[i].size))
			return &spans[i];
	}
	return NULL;
}

/* ---- sizes, before any array is touched ---- */

static bool check_counts(struct check *c)
{
	const struct cfg_system *sys = c->sys;

	return check_count(c, "cpu_count", sys->cpu_count, 1, CFG_MAX_CPUS) &&
	       check_count(c, "area_count", sys->area_count, 0, CFG_MAX_AREAS) &&
	       check_count(c, "smmu_count", sys->smmu_count, 0, CFG_MAX_SMMUS) &&
	       check_count(c, "pci_count", sys->pci_count, 0, CFG_MAX_PCI_HOSTS) &&
	       check_count(c, "payload_count", sys->payload_count, 0, CFG_MAX_PAYLOADS) &&
	       check_count(c, "cell_count", sys->cell_count, 0, CFG_MAX_CELLS);
}

/* Of the n-th cell config, when the sizes of those before it are checked; with their number, the end. */
static u64 cell_offset(const struct cfg_system *sys, u32 n)
{
	return (uintptr_t)cfg_system_cell(sys, n) - (uintptr_t)sys;
}

static bool check_cell_size(struct check *c, u32 i)
{
	const struct cfg_cell *cell = cfg_system_cell(c->sys, i);
	u64 left = c->sys->hdr.size - cell_offset(c->sys, i), min = sizeof(*cell);

	return need(c, left >= min, "%lu bytes are left for it, fewer than %lu", left, min) &&
	       need(c, cell->hdr.size >= min && cell->hdr.size <= left && cell->hdr.size % 8 == 0,
		    "size %u is not a multiple of 8 within %lu to %lu", cell->hdr.size, min, left);
}

static bool check_sizes(struct check *c)
{
	const struct cfg_system *sys = c->sys;
	u64 end = cell_offset(sys, 0);
	bool good = need(c, end <= sys->hdr.size, "header: size %u is less than the %lu bytes of the arrays", sys->hdr.size, end) &&
		    check_each(c, "cells", sys->cell_count, check_cell_size);

	end = good ? cell_offset(sys, sys->cell_count) : 0;
	return good && need(c, end == sys->hdr.size, "header: size %u is not the %lu bytes of the arrays and cells",
			    sys->hdr.size, end);
}

/* ---- the machine ---- */

static bool is_ppi(u32 intid)
{
	return intid >= PPI_FIRST && intid < SPI_FIRST;
}

static bool check_choices(struct check *c)
{
	const struct cfg_system *sys = c->sys;

	return need(c, name_valid(sys->name, sizeof(sys->name), name_char_print),
		    "name: not 1 to %u visible characters, padded with zeros", CL_NAME_LEN - 1) &&
	       need(c, sys->root_exit <= CFG_ROOT_EXIT_HALT, "root_exit %u is unknown", sys->root_exit) &&
	       need(c, sys->log_level <= LOG_LEVEL_MAX, "log_level %lu is more than %u", sys->log_level, LOG_LEVEL_MAX) &&
	       need(c, is_ppi(sys->maintenance_irq), "maintenance_irq %u is not a PPI (16 to 31)", sys->maintenance_irq) &&
	       need(c, is_ppi(sys->timer_irq), "timer_irq %u is not a PPI (16 to 31)", sys->timer_irq) &&
	       need(c, sys->timer_irq != sys->maintenance_irq, "timer_irq %u is the maintenance_irq too", sys->timer_irq);
}

static bool check_placement(struct check *c)
{
	const struct cfg_system *sys = c->sys;
	u64 gicr_size = sys->gicr_size;

	return check_span(c, "hyp_base", sys->hyp_base, HYP_ALIGN, sys->hyp_size, PAGE_SIZE, PA_BITS) &&
	       check_span(c, "gicd_base", sys->gicd_base, GIC_FRAME, GIC_FRAME, GIC_FRAME, PA_BITS) &&
	       check_span(c, "gicr_base", sys->gicr_base, GIC_FRAME, gicr_size, GICR_CPU_SIZE, PA_BITS) &&
	       need(c, gicr_size >= sys->cpu_count * GICR_CPU_SIZE, "gicr_size 0x%lx is less than 128 KiB for each of %u CPUs",
		    gicr_size, sys->cpu_count);
}

static bool check_cpu(struct check *c, u32 i)
{
	const struct cfg_cpu *cpu = cfg_cpus(c->sys);
	u64 mpidr = cpu[i].mpidr;
	bool good = need(c, !(mpidr & ~MPIDR_AFFINITY), "mpidr 0x%lx has more than affinity bits", mpidr);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, mpidr != cpu[j].mpidr, "mpidr 0x%lx is that of cpus[%u] too", mpidr, j);
	return good;
}

static bool check_smmu(struct check *c, u32 i)
{
	const struct cfg_smmu *smmu = &cfg_smmus(c->sys)[i];
	const u32 irqs[] = { smmu->eventq_irq, smmu->priq_irq, smmu->sync_irq, smmu->gerror_irq };
	bool good = check_span(c, "base", smmu->base, SMMU_FRAME, smmu->size, PAGE_SIZE, PA_BITS) &&
		    need(c, smmu->size >= SMMU_MIN_SIZE, "size 0x%lx is less than 128 KiB", smmu->size);

	for (u32 n = 0; n < ARRAY_SIZE(irqs) && good; n++)
		good = need(c, !irqs[n] || is_spi(irqs[n]), "irq %u is not an SPI (32 to 1019) or 0", irqs[n]);
	return good;
}

/* A StreamID is a bus number, device and function: behind one SMMU two hosts must not share bus numbers. */
static bool hosts_alike(const struct cfg_pci_host *a, const struct cfg_pci_host *b)
{
	return a->smmu == b->smmu && span_overlaps(a->bus_first, a->ecam_size / ECAM_BUS_SIZE,
						   b->bus_first, b->ecam_size / ECAM_BUS_SIZE);
}

static bool check_host(struct check *c, u32 i)
{
	const struct cfg_pci_host *hosts = cfg_pci_hosts(c->sys), *host = &hosts[i];
	u64 size = host->ecam_size, buses = size / ECAM_BUS_SIZE;
	bool good = check_span(c, "ecam_base", host->ecam_base, ECAM_BUS_SIZE, size, ECAM_BUS_SIZE, PA_BITS) &&
		    need(c, host->bus_first < BUSES && host->bus_first + buses <= BUSES,
			 "bus_first %u and ecam_size 0x%lx go beyond bus 255", host->bus_first, size) &&
		    need(c, host->smmu < c->sys->smmu_count, "smmu %u does not exist", host->smmu);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, !hosts_alike(host, &hosts[j]), "shares buses with pci_hosts[%u] of smmu %u", j, host->smmu);
	return good;
}

static bool check_owned(struct check *c)
{
	bool good = true;

	find_owned(c);
	for (u32 i = 0; i < c->owned_count && good; i++) {
		const struct span *a = &c->owned[i], *b = span_find(c->owned, i, a->start, a->size);

		good = need(c, !b, "%s at 0x%lx overlap %s at 0x%lx", a->what, a->start, b->what, b->start);
	}
	return good;
}

static bool check_uart(struct check *c)
{
	u64 base = c->sys->uart_base;
	const struct span *hit = span_find(c->owned, c->owned_count, base, UART_SIZE);

	return !base || (check_span(c, "uart_base", base, PAGE_SIZE, UART_SIZE, UART_SIZE, PA_BITS) &&
			 need(c, !hit, "uart_base 0x%lx overlaps %s at 0x%lx", base, hit->what, hit->start));
}

/* ---- areas ---- */

static bool check_area(struct check *c, u32 i)
{
	const struct cfg_area *areas = cfg_areas(c->sys), *area = &areas[i];
	const struct span *hit = span_find(c->owned, c->owned_count, area->base, area->size);
	bool ram = area->flags & CFG_AREA_RAM, pci = area->flags & CFG_AREA_PCI;
	u64 base = area->base, size = area->size;
	bool good = need(c, !(area->flags & ~CFG_AREA_FLAGS), "flags 0x%lx has unknown bits", area->flags) &&
		    check_span(c, "base", base, PAGE_SIZE, size, PAGE_SIZE, PA_BITS) &&
		    need(c, !ram || !pci, "flags 0x%lx say both RAM and PCI window", area->flags);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, !span_overlaps(base, size, areas[j].base, areas[j].size), "base 0x%lx overlaps areas[%u]", base, j);
	/* In other areas a cell has what its config says; here the root cell chooses at run time. */
	return good && need(c, !pci || !hit, "PCI window at 0x%lx overlaps %s at 0x%lx", base, hit->what, hit->start);
}

/* ---- the cells of this system ---- */

static bool check_cell(struct check *c, u32 i)
{
	const struct cfg_cell *cell = cfg_system_cell(c->sys, i);
	struct hc_error inner;
	bool good;

	if (config_check_cell(cell, cell->hdr.size, c->sys, &inner))
		return refuse(c, "%s", inner.text);
	c->name = cell->name;
	good = need(c, !is_root(cell) || !i, "flags 0x%x: only the first can be the root cell", cell->flags) &&
	       need(c, cell->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT), "flags 0x%x: neither the root cell nor started at boot",
		    cell->flags);
	for (u32 j = 0; j < i && good; j++)
		good = need(c, !config_check_pair(cell, cfg_system_cell(c->sys, j), &inner), "%s", inner.text);
	return good;
}

/* ---- payloads ---- */

static u64 payload_span(const struct cfg_payload *payload)
{
	return ALIGN_UP(payload->size, PAYLOAD_ROUND);
}

static bool payloads_overlap(const struct cfg_payload *a, const struct cfg_payload *b)
{
	return a->cell == b->cell && span_overlaps(a->ipa, payload_span(a), b->ipa, payload_span(b));
}

static bool check_payload(struct check *c, u32 i)
{
	const struct cfg_payload *payloads = cfg_payloads(c->sys), *payload = &payloads[i];
	u64 hyp_size = c->sys->hyp_size, span = payload_span(payload);
	u64 offset = payload->offset, size = payload->size, ipa = payload->ipa;
	bool good = need(c, payload->cell < c->sys->cell_count, "cell %lu does not exist", payload->cell) &&
		    need(c, size && size <= CFG_PAYLOAD_MAX_SIZE, "size 0x%lx is not within 1 to 4 GiB", size) &&
		    need(c, offset && IS_ALIGNED(offset, PAGE_SIZE), "offset 0x%lx is 0 or not page aligned", offset) &&
		    need(c, span_fits(offset, PAGE_SIZE, span, hyp_size),
			 "offset 0x%lx size 0x%lx ends after hyp_size 0x%lx", offset, size, hyp_size) &&
		    check_span(c, "ipa", ipa, PAYLOAD_ALIGN, span, PAYLOAD_ROUND, IPA_BITS) &&
		    need(c, ram_around(cfg_system_cell(c->sys, (u32)payload->cell), ipa, span),
			 "ipa 0x%lx with size 0x%lx is not inside RAM of cells[%lu]", ipa, size, payload->cell);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, !payloads_overlap(payload, &payloads[j]), "ipa 0x%lx overlaps payloads[%u]", ipa, j);
	return good;
}

int config_check_system(const void *blob, size_t bytes, struct hc_error *err)
{
	const struct cfg_system *sys = blob;
	struct check c = { .sys = sys, .err = err };
	/* Each relies on what those before it have proved. */
	bool good = check_header(&c, blob, bytes, CFG_KIND_SYSTEM, sizeof(*sys), CFG_MAX_SIZE) &&
		    check_counts(&c) &&
		    check_sizes(&c) &&
		    check_choices(&c) &&
		    check_placement(&c) &&
		    check_each(&c, "cpus", sys->cpu_count, check_cpu) &&
		    check_each(&c, "smmus", sys->smmu_count, check_smmu) &&
		    check_each(&c, "pci_hosts", sys->pci_count, check_host) &&
		    check_owned(&c) &&
		    check_uart(&c) &&
		    check_each(&c, "areas", sys->area_count, check_area) &&
		    check_each(&c, "cells", sys->cell_count, check_cell) &&
		    check_each(&c, "payloads", sys->payload_count, check_payload);

	return good ? 0 : -EINVAL;
}
