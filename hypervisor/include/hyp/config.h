/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config: accessors into a checked config, and the check itself. Both are pure: they touch nothing but their
 * arguments, and are compiled for the host too (tools, unit tests, fuzzing).
 */
#ifndef HYP_CONFIG_H
#define HYP_CONFIG_H

#include <abi/config.h>
#include <abi/hypercall.h>
#include <hyp/types.h>

/*
 * The arrays behind the fixed part, in ABI order, each where the one before it ends; without padding, because the
 * size of each element is a multiple of 8. Only valid on a config that was checked.
 */
#define CFG_ARRAY(accessor, element, config, place) \
	_Static_assert(sizeof(struct element) % 8 == 0, "array element"); \
	static inline const struct element *accessor(const struct config *cfg) { return (const void *)(place); }

CFG_ARRAY(cfg_cpus, cfg_cpu, cfg_system, cfg + 1)
CFG_ARRAY(cfg_areas, cfg_area, cfg_system, cfg_cpus(cfg) + cfg->cpu_count)
CFG_ARRAY(cfg_smmus, cfg_smmu, cfg_system, cfg_areas(cfg) + cfg->area_count)
CFG_ARRAY(cfg_pci_hosts, cfg_pci_host, cfg_system, cfg_smmus(cfg) + cfg->smmu_count)
CFG_ARRAY(cfg_payloads, cfg_payload, cfg_system, cfg_pci_hosts(cfg) + cfg->pci_count)

CFG_ARRAY(cfg_cell_cpus, cfg_cell_cpu, cfg_cell, cfg + 1)
CFG_ARRAY(cfg_cell_mem, cfg_mem, cfg_cell, cfg_cell_cpus(cfg) + cfg->cpu_count)
CFG_ARRAY(cfg_cell_irqs, cfg_irq, cfg_cell, cfg_cell_mem(cfg) + cfg->mem_count)
CFG_ARRAY(cfg_cell_streams, cfg_stream, cfg_cell, cfg_cell_irqs(cfg) + cfg->irq_count)
CFG_ARRAY(cfg_cell_pci, cfg_pci_dev, cfg_cell, cfg_cell_streams(cfg) + cfg->stream_count)
CFG_ARRAY(cfg_cell_vsmmus, cfg_vsmmu, cfg_cell, cfg_cell_pci(cfg) + cfg->pci_count)
CFG_ARRAY(cfg_cell_ivshmem, cfg_ivshmem, cfg_cell, cfg_cell_vsmmus(cfg) + cfg->vsmmu_count)

/* The n-th cell config inside a system config; walks from the first. */
const struct cfg_cell *cfg_system_cell(const struct cfg_system *sys, u32 n);

/* The one area in which all of [start, start + size) lies; NULL: none, or the range is empty or wraps. */
const struct cfg_area *cfg_area_around(const struct cfg_system *sys, u64 start, u64 size);

/* The interrupts of the cell's emulated devices, but for SMMUs: bit n is INTID 32 + n. */
u32 cfg_cell_soft(const struct cfg_cell *cell);

/* What an ivshmem device shares. */
static inline const struct cfg_mem *cfg_ivshmem_mem(const struct cfg_cell *cell, u32 n)
{
	return &cfg_cell_mem(cell)[cfg_cell_ivshmem(cell)[n].mem];
}

/* Bytes of address space that a BAR takes in stage 2: whole pages, so that nothing else shares its page. */
static inline u64 cfg_bar_span(const struct cfg_bar *bar)
{
	return bar->size && bar->size < PAGE_SIZE ? PAGE_SIZE : bar->size;
}

/*
 * The n-th range that a cell maps: memory regions, then the pages of BARs (size 0: a slot without one); false behind the
 * last.
 */
bool cfg_cell_range(const struct cfg_cell *cell, u32 n, struct cfg_mem *range);

/* For messages, as people write it. */
#define BDF_FMT		"%02x:%02x.%x"
#define BDF_ARGS(bdf)	((bdf) >> 8), ((bdf) >> 3 & 0x1f), ((bdf) & 7)

/*
 * Checks the whole blob: magic, revision, kind, that size is exactly right (before any array is touched), reserved
 * bytes, unknown flags, every field's range, every relation between fields, and for a system config each cell inside
 * it and all of them against each other. `bytes` is what the caller has in memory. Returns 0 or -EINVAL with the first
 * problem in `err`: a sentence that names the field, its index and its value, e.g. "memory[1] 'ram': ipa 0x40000800 is not
 * page aligned". Bounded by the CFG_MAX_* constants.
 */
int config_check_system(const void *blob, size_t bytes, struct hc_error *err);

/* One cell config against a checked system config (not against the cells that exist: see config_check_pair). */
int config_check_cell(const void *blob, size_t bytes, const struct cfg_system *sys, struct hc_error *err);

/*
 * Two checked cell configs that shall exist at the same time: same name, CPU, memory, SPI, stream or function.
 * -EBUSY with "cpu 2 belongs to cell rtos0" in `err`, where `other` is the one that is there already. When `other` is
 * the root cell, CPUs, SPIs, streams, functions and memory may overlap: creating a cell takes them from it; memory then
 * must lie wholly inside one of the root's regions or wholly outside all of them.
 */
int config_check_pair(const struct cfg_cell *cell, const struct cfg_cell *other, struct hc_error *err);

#endif
