// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of a system config. A config is outside input: sizes are checked before any array is touched,
 * ranges before they are added up, what is not explicitly allowed is refused. Pure: also runs on the host.
 */
#include <hyp/printk.h>
#include <hyp/string.h>

#include "check.h"

#define HYP_ALIGN	MIB(2)
#define GIC_FRAME	KIB(64)
#define SMMU_FRAME	KIB(64)
#define SMMU_MIN_SIZE	(2 * SMMU_FRAME)
#define PPI_FIRST	16
#define LOG_LEVEL_MAX	3
#define PAYLOAD_ALIGN	16	/* what copy_poc() needs of both addresses */
#define PAYLOAD_ROUND	128	/* and to which it rounds the size up */

int check_fail(struct cfg_error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

int check_header(const struct cfg_header *hdr, size_t bytes, u32 kind, u32 fixed, u32 max,
		 struct cfg_error *err)
{
	if (!IS_ALIGNED((uintptr_t)hdr, 8))
		return check_fail(err, "header: the config is not 8-byte aligned in memory");
	if (bytes < fixed)
		return check_fail(err, "header: %zu bytes are fewer than the %u of the fixed part", bytes,
				  fixed);
	if (hdr->magic != CFG_MAGIC)
		return check_fail(err, "header: magic 0x%lx is not 0x%llx", hdr->magic, CFG_MAGIC);
	if (hdr->revision != CFG_REVISION)
		return check_fail(err, "header: revision %u is not %u", hdr->revision, CFG_REVISION);
	if (hdr->kind != kind)
		return check_fail(err, "header: kind %u is not %u", hdr->kind, kind);
	if (hdr->size < fixed || hdr->size > max)
		return check_fail(err, "header: size %u is not within %u to %u", hdr->size, fixed, max);
	if (hdr->size > bytes)
		return check_fail(err, "header: size %u is more than the %zu bytes given", hdr->size, bytes);
	if (hdr->reserved)
		return check_fail(err, "header: reserved 0x%x is not 0", hdr->reserved);
	return 0;
}

int check_counts(const struct check_count *count, u32 n, struct cfg_error *err)
{
	for (; n--; count++) {
		if (count->value < count->min || count->value > count->max)
			return check_fail(err, "%s %u is not within %u to %u", count->name, count->value,
					  count->min, count->max);
	}
	return 0;
}

bool name_char_strict(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool name_char_print(char c)
{
	return c > ' ' && c <= '~' && c != '\'';
}

bool name_valid(const char *name, size_t size, bool (*valid)(char c))
{
	size_t len = strnlen(name, size);
	size_t i;

	if (len == 0 || len == size)
		return false;
	for (i = 0; i < len; i++) {
		if (!valid(name[i]))
			return false;
	}
	for (; i < size; i++) {
		if (name[i])
			return false;
	}
	return true;
}

u32 owned_count(const struct cfg_system *sys)
{
	return 3 + sys->smmu_count + sys->pci_count;
}

struct owned owned_get(const struct cfg_system *sys, u32 n)
{
	const struct cfg_pci_host *host = cfg_pci_hosts(sys);
	const struct cfg_smmu *smmu = cfg_smmus(sys);

	if (n == 0)
		return (struct owned){ "the hypervisor's memory", sys->hyp_base, sys->hyp_size };
	if (n == 1)
		return (struct owned){ "the GIC distributor", sys->gicd_base, GICD_SIZE };
	if (n == 2)
		return (struct owned){ "the GIC redistributors", sys->gicr_base, sys->gicr_size };
	n -= 3;
	if (n < sys->smmu_count)
		return (struct owned){ "SMMU registers", smmu[n].base, smmu[n].size };
	n -= sys->smmu_count;
	return (struct owned){ "PCI configuration space", host[n].ecam_base, host[n].ecam_size };
}

bool owned_overlap(const struct cfg_system *sys, u64 start, u64 size, struct owned *hit)
{
	for (u32 i = 0; i < owned_count(sys); i++) {
		*hit = owned_get(sys, i);
		if (span_overlaps(start, size, hit->start, hit->size))
			return true;
	}
	return false;
}

/* ---- sizes, before any array is touched ---- */

static u64 system_arrays_end(const struct cfg_system *sys)
{
	return sizeof(*sys) +
	       (u64)sys->cpu_count * sizeof(struct cfg_cpu) +
	       (u64)sys->area_count * sizeof(struct cfg_area) +
	       (u64)sys->smmu_count * sizeof(struct cfg_smmu) +
	       (u64)sys->pci_count * sizeof(struct cfg_pci_host) +
	       (u64)sys->payload_count * sizeof(struct cfg_payload);
}

static int check_sizes(const struct cfg_system *sys, struct cfg_error *err)
{
	const struct check_count counts[] = {
		{ "cpu_count", sys->cpu_count, 1, CFG_MAX_CPUS },
		{ "area_count", sys->area_count, 0, CFG_MAX_AREAS },
		{ "smmu_count", sys->smmu_count, 0, CFG_MAX_SMMUS },
		{ "pci_count", sys->pci_count, 0, CFG_MAX_PCI_HOSTS },
		{ "payload_count", sys->payload_count, 0, CFG_MAX_PAYLOADS },
		{ "cell_count", sys->cell_count, 0, CFG_MAX_CELLS },
	};
	u64 end = system_arrays_end(sys);

	if (check_counts(counts, ARRAY_SIZE(counts), err))
		return -EINVAL;
	if (end > sys->hdr.size)
		return check_fail(err, "header: size %u is less than the %lu bytes of the arrays",
				  sys->hdr.size, end);

	for (u32 i = 0; i < sys->cell_count; i++) {
		const struct cfg_cell *cell = (const struct cfg_cell *)((const u8 *)sys + end);
		u64 left = sys->hdr.size - end;

		if (left < sizeof(*cell))
			return check_fail(err, "cells[%u]: %lu bytes are left for it, fewer than %zu", i,
					  left, sizeof(*cell));
		if (cell->hdr.size < sizeof(*cell) || cell->hdr.size > left || cell->hdr.size % 8)
			return check_fail(err,
					  "cells[%u]: size %u is not a multiple of 8 within %zu to %lu",
					  i, cell->hdr.size, sizeof(*cell), left);
		end += cell->hdr.size;
	}
	if (end != sys->hdr.size)
		return check_fail(err, "header: size %u is not the %lu bytes of the arrays and cells",
				  sys->hdr.size, end);
	return 0;
}

/* ---- the machine ---- */

static int check_choices(const struct cfg_system *sys, struct cfg_error *err)
{
	if (!name_valid(sys->name, sizeof(sys->name), name_char_print))
		return check_fail(err, "name: not 1 to %u visible characters, padded with zeros",
				  CL_NAME_LEN - 1);
	if (sys->root_exit > CFG_ROOT_EXIT_HALT)
		return check_fail(err, "root_exit %u is unknown", sys->root_exit);
	if (sys->log_level > LOG_LEVEL_MAX)
		return check_fail(err, "log_level %u is more than %u", sys->log_level, LOG_LEVEL_MAX);
	if (sys->maintenance_irq < PPI_FIRST || sys->maintenance_irq >= SPI_FIRST)
		return check_fail(err, "maintenance_irq %u is not a PPI (16 to 31)", sys->maintenance_irq);
	if (sys->timer_irq < PPI_FIRST || sys->timer_irq >= SPI_FIRST)
		return check_fail(err, "timer_irq %u is not a PPI (16 to 31)", sys->timer_irq);
	if (sys->timer_irq == sys->maintenance_irq)
		return check_fail(err, "timer_irq %u is the maintenance_irq too", sys->timer_irq);
	return 0;
}

static int check_uart(const struct cfg_system *sys, struct cfg_error *err)
{
	struct owned hit;

	if (sys->uart_kind == CFG_UART_NONE && sys->uart_base)
		return check_fail(err, "uart_base 0x%lx is given, but uart_kind is 0 (none)", sys->uart_base);
	if (sys->uart_kind == CFG_UART_NONE)
		return 0;
	if (sys->uart_kind != CFG_UART_PL011)
		return check_fail(err, "uart_kind %u is unknown", sys->uart_kind);
	if (!IS_ALIGNED(sys->uart_base, PAGE_SIZE) || !span_fits(sys->uart_base, UART_SIZE, PA_LIMIT))
		return check_fail(err, "uart_base 0x%lx is not page aligned within 48 bits", sys->uart_base);
	if (owned_overlap(sys, sys->uart_base, UART_SIZE, &hit))
		return check_fail(err, "uart_base 0x%lx overlaps %s at 0x%lx", sys->uart_base, hit.what,
				  hit.start);
	return 0;
}

static int check_placement(const struct cfg_system *sys, struct cfg_error *err)
{
	if (!IS_ALIGNED(sys->hyp_base, HYP_ALIGN))
		return check_fail(err, "hyp_base 0x%lx is not 2 MiB aligned", sys->hyp_base);
	if (!IS_ALIGNED(sys->hyp_size, PAGE_SIZE) || !span_fits(sys->hyp_base, sys->hyp_size, PA_LIMIT))
		return check_fail(err, "hyp_size 0x%lx is 0, not page aligned or ends beyond 48 bits",
				  sys->hyp_size);
	if (!IS_ALIGNED(sys->gicd_base, GIC_FRAME) || !span_fits(sys->gicd_base, GICD_SIZE, PA_LIMIT))
		return check_fail(err, "gicd_base 0x%lx is not 64 KiB aligned within 48 bits",
				  sys->gicd_base);
	if (!IS_ALIGNED(sys->gicr_base, GIC_FRAME) || !span_fits(sys->gicr_base, sys->gicr_size, PA_LIMIT))
		return check_fail(err, "gicr_base 0x%lx is not 64 KiB aligned within 48 bits",
				  sys->gicr_base);
	if (!IS_ALIGNED(sys->gicr_size, GICR_CPU_SIZE) || sys->gicr_size < sys->cpu_count * GICR_CPU_SIZE)
		return check_fail(err, "gicr_size 0x%lx is not a multiple of 128 KiB for at least %u CPUs",
				  sys->gicr_size, sys->cpu_count);
	return 0;
}

static int check_cpus(const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_cpu *cpu = cfg_cpus(sys);

	for (u32 i = 0; i < sys->cpu_count; i++) {
		if (cpu[i].mpidr & ~MPIDR_AFFINITY)
			return check_fail(err, "cpus[%u]: mpidr 0x%lx has more than affinity bits", i,
					  cpu[i].mpidr);
		for (u32 j = 0; j < i; j++) {
			if (cpu[i].mpidr == cpu[j].mpidr)
				return check_fail(err, "cpus[%u]: mpidr 0x%lx is that of cpus[%u] too", i,
						  cpu[i].mpidr, j);
		}
	}
	return 0;
}

static int check_smmu_irq(u32 i, const char *field, u32 intid, struct cfg_error *err)
{
	if (intid && (intid < SPI_FIRST || intid >= SPI_END))
		return check_fail(err, "smmus[%u]: %s %u is not an SPI (32 to 1019) or 0", i, field, intid);
	return 0;
}

static int check_smmus(const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_smmu *smmu = cfg_smmus(sys);

	for (u32 i = 0; i < sys->smmu_count; i++, smmu++) {
		if (!IS_ALIGNED(smmu->base, SMMU_FRAME) || !span_fits(smmu->base, smmu->size, PA_LIMIT))
			return check_fail(err, "smmus[%u]: base 0x%lx is not 64 KiB aligned within 48 bits",
					  i, smmu->base);
		if (!IS_ALIGNED(smmu->size, PAGE_SIZE) || smmu->size < SMMU_MIN_SIZE)
			return check_fail(err, "smmus[%u]: size 0x%lx is not whole pages of at least 128 KiB",
					  i, smmu->size);
		if (check_smmu_irq(i, "eventq_irq", smmu->eventq_irq, err) ||
		    check_smmu_irq(i, "priq_irq", smmu->priq_irq, err) ||
		    check_smmu_irq(i, "sync_irq", smmu->sync_irq, err) ||
		    check_smmu_irq(i, "gerror_irq", smmu->gerror_irq, err))
			return -EINVAL;
	}
	return 0;
}

/* A StreamID is a bus number, device and function: behind one SMMU two hosts must not share bus numbers. */
static bool hosts_alike(const struct cfg_pci_host *a, const struct cfg_pci_host *b)
{
	return a->smmu == b->smmu && span_overlaps(a->bus_first, a->ecam_size / ECAM_BUS_SIZE,
						   b->bus_first, b->ecam_size / ECAM_BUS_SIZE);
}

static int check_pci_hosts(const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_pci_host *hosts = cfg_pci_hosts(sys);

	for (u32 i = 0; i < sys->pci_count; i++) {
		const struct cfg_pci_host *host = &hosts[i];

		if (!IS_ALIGNED(host->ecam_base, ECAM_BUS_SIZE) ||
		    !span_fits(host->ecam_base, host->ecam_size, PA_LIMIT))
			return check_fail(err,
					  "pci_hosts[%u]: ecam_base 0x%lx is not MiB aligned in 48 bits",
					  i, host->ecam_base);
		if (!IS_ALIGNED(host->ecam_size, ECAM_BUS_SIZE))
			return check_fail(err, "pci_hosts[%u]: ecam_size 0x%lx is not 1 MiB per bus", i,
					  host->ecam_size);
		if (host->bus_first > 255 || host->bus_first + host->ecam_size / ECAM_BUS_SIZE > 256)
			return check_fail(err,
					  "pci_hosts[%u]: bus_first %u and ecam_size 0x%lx go beyond bus 255",
					  i, host->bus_first, host->ecam_size);
		if (host->smmu >= sys->smmu_count)
			return check_fail(err, "pci_hosts[%u]: smmu %u does not exist", i, host->smmu);
		for (u32 j = 0; j < i; j++) {
			if (hosts_alike(host, &hosts[j]))
				return check_fail(err,
						  "pci_hosts[%u]: shares buses with pci_hosts[%u] of smmu %u",
						  i, j, host->smmu);
		}
	}
	return 0;
}

static int check_owned(const struct cfg_system *sys, struct cfg_error *err)
{
	for (u32 i = 0; i < owned_count(sys); i++) {
		struct owned a = owned_get(sys, i);

		for (u32 j = 0; j < i; j++) {
			struct owned b = owned_get(sys, j);

			if (span_overlaps(a.start, a.size, b.start, b.size))
				return check_fail(err, "%s at 0x%lx overlap %s at 0x%lx", a.what, a.start,
						  b.what, b.start);
		}
	}
	return 0;
}

/* ---- areas ---- */

static int check_area(const struct cfg_system *sys, u32 i, struct cfg_error *err)
{
	const struct cfg_area *areas = cfg_areas(sys), *area = &areas[i];
	struct owned hit;

	if (area->flags & ~CFG_AREA_FLAGS)
		return check_fail(err, "areas[%u]: flags 0x%x has unknown bits", i, area->flags);
	if (area->reserved)
		return check_fail(err, "areas[%u]: reserved 0x%x is not 0", i, area->reserved);
	if (!IS_ALIGNED(area->base, PAGE_SIZE))
		return check_fail(err, "areas[%u]: base 0x%lx is not page aligned", i, area->base);
	if (!IS_ALIGNED(area->size, PAGE_SIZE) || !span_fits(area->base, area->size, PA_LIMIT))
		return check_fail(err, "areas[%u]: size 0x%lx is 0, not page aligned or ends beyond 48 bits",
				  i, area->size);
	if ((area->flags & CFG_AREA_RAM) && (area->flags & CFG_AREA_PCI))
		return check_fail(err, "areas[%u]: flags 0x%x say both RAM and PCI window", i, area->flags);
	for (u32 j = 0; j < i; j++) {
		if (span_overlaps(area->base, area->size, areas[j].base, areas[j].size))
			return check_fail(err, "areas[%u]: base 0x%lx overlaps areas[%u]", i, area->base, j);
	}
	/* In other areas a cell has what its config says; here the root cell chooses at run time. */
	if ((area->flags & CFG_AREA_PCI) && owned_overlap(sys, area->base, area->size, &hit))
		return check_fail(err, "areas[%u]: PCI window at 0x%lx overlaps %s at 0x%lx", i, area->base,
				  hit.what, hit.start);
	return 0;
}

static int check_areas(const struct cfg_system *sys, struct cfg_error *err)
{
	for (u32 i = 0; i < sys->area_count; i++) {
		if (check_area(sys, i, err))
			return -EINVAL;
	}
	return 0;
}

/* ---- the cells of this system ---- */

static int check_cell_role(const struct cfg_cell *cell, u32 i, struct cfg_error *err)
{
	if ((cell->flags & CFG_CELL_ROOT) && i)
		return check_fail(err,
				  "cells[%u] '%s': flags 0x%x: only the first can be the root cell",
				  i, cell->name, cell->flags);
	if (!(cell->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT)))
		return check_fail(err,
				  "cells[%u] '%s': flags 0x%x: neither the root cell nor started at boot",
				  i, cell->name, cell->flags);
	return 0;
}

static int check_cells(const struct cfg_system *sys, struct cfg_error *err)
{
	struct cfg_error inner;

	for (u32 i = 0; i < sys->cell_count; i++) {
		const struct cfg_cell *cell = cfg_system_cell(sys, i);

		if (config_check_cell(cell, cell->hdr.size, sys, &inner))
			return check_fail(err, "cells[%u]: %s", i, inner.text);
		if (check_cell_role(cell, i, err))
			return -EINVAL;
		for (u32 j = 0; j < i; j++) {
			if (config_check_pair(cell, cfg_system_cell(sys, j), &inner))
				return check_fail(err, "cells[%u] '%s': %s", i, cell->name, inner.text);
		}
	}
	return 0;
}

/* ---- payloads ---- */

static u64 payload_span(const struct cfg_payload *payload)
{
	return ALIGN_UP(payload->size, PAYLOAD_ROUND);
}

static int check_payload_target(const struct cfg_system *sys, u32 i, struct cfg_error *err)
{
	const struct cfg_payload *payloads = cfg_payloads(sys), *payload = &payloads[i];
	u64 span = payload_span(payload);

	if (!IS_ALIGNED(payload->ipa, PAYLOAD_ALIGN) || !span_fits(payload->ipa, span, IPA_LIMIT))
		return check_fail(err, "payloads[%u]: ipa 0x%lx is not 16-byte aligned within 40 bits", i,
				  payload->ipa);
	if (!ram_around(cfg_system_cell(sys, payload->cell), payload->ipa, span))
		return check_fail(err,
				  "payloads[%u]: ipa 0x%lx with size 0x%lx is not inside RAM of cells[%u]",
				  i, payload->ipa, payload->size, payload->cell);
	for (u32 j = 0; j < i; j++) {
		if (payloads[j].cell == payload->cell &&
		    span_overlaps(payload->ipa, span, payloads[j].ipa, payload_span(&payloads[j])))
			return check_fail(err, "payloads[%u]: ipa 0x%lx overlaps payloads[%u]", i,
					  payload->ipa, j);
	}
	return 0;
}

static int check_payloads(const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_payload *payload = cfg_payloads(sys);

	for (u32 i = 0; i < sys->payload_count; i++, payload++) {
		if (payload->cell >= sys->cell_count)
			return check_fail(err, "payloads[%u]: cell %u does not exist", i, payload->cell);
		if (payload->reserved)
			return check_fail(err, "payloads[%u]: reserved 0x%x is not 0", i, payload->reserved);
		if (!payload->size || payload->size > CFG_PAYLOAD_MAX_SIZE)
			return check_fail(err, "payloads[%u]: size 0x%lx is not within 1 to 4 GiB", i,
					  payload->size);
		if (!payload->offset || !IS_ALIGNED(payload->offset, PAGE_SIZE))
			return check_fail(err, "payloads[%u]: offset 0x%lx is 0 or not page aligned", i,
					  payload->offset);
		if (!span_fits(payload->offset, payload_span(payload), sys->hyp_size))
			return check_fail(err,
					  "payloads[%u]: offset 0x%lx size 0x%lx ends after hyp_size 0x%lx",
					  i, payload->offset, payload->size, sys->hyp_size);
		if (check_payload_target(sys, i, err))
			return -EINVAL;
	}
	return 0;
}

int config_check_system(const void *blob, size_t bytes, struct cfg_error *err)
{
	/* Each relies on what those before it have proved. */
	static int (*const checks[])(const struct cfg_system *sys, struct cfg_error *err) = {
		check_sizes, check_choices, check_placement, check_cpus, check_smmus, check_pci_hosts,
		check_owned, check_uart, check_areas, check_cells, check_payloads,
	};

	if (check_header(blob, bytes, CFG_KIND_SYSTEM, sizeof(struct cfg_system), CFG_MAX_SIZE, err))
		return -EINVAL;
	for (u32 i = 0; i < ARRAY_SIZE(checks); i++) {
		if (checks[i](blob, err))
			return -EINVAL;
	}
	return 0;
}
