// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accessors into a checked config: its arrays follow one another behind the fixed part, without padding,
 * because the size of each element is a multiple of 8.
 */
#include <hyp/config.h>

_Static_assert(sizeof(struct cfg_cpu) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_area) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_smmu) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_pci_host) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_payload) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_cell_cpu) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_irq) % 8 == 0, "array element");
_Static_assert(sizeof(struct cfg_stream) % 8 == 0, "array element");

const struct cfg_cpu *cfg_cpus(const struct cfg_system *sys)
{
	return (const struct cfg_cpu *)(sys + 1);
}

const struct cfg_area *cfg_areas(const struct cfg_system *sys)
{
	return (const struct cfg_area *)(cfg_cpus(sys) + sys->cpu_count);
}

const struct cfg_smmu *cfg_smmus(const struct cfg_system *sys)
{
	return (const struct cfg_smmu *)(cfg_areas(sys) + sys->area_count);
}

const struct cfg_pci_host *cfg_pci_hosts(const struct cfg_system *sys)
{
	return (const struct cfg_pci_host *)(cfg_smmus(sys) + sys->smmu_count);
}

const struct cfg_payload *cfg_payloads(const struct cfg_system *sys)
{
	return (const struct cfg_payload *)(cfg_pci_hosts(sys) + sys->pci_count);
}

const struct cfg_cell *cfg_system_cell(const struct cfg_system *sys, u32 n)
{
	const u8 *at = (const u8 *)(cfg_payloads(sys) + sys->payload_count);

	while (n--)
		at += ((const struct cfg_cell *)at)->hdr.size;
	return (const struct cfg_cell *)at;
}

const struct cfg_cell_cpu *cfg_cell_cpus(const struct cfg_cell *cell)
{
	return (const struct cfg_cell_cpu *)(cell + 1);
}

const struct cfg_mem *cfg_cell_mem(const struct cfg_cell *cell)
{
	return (const struct cfg_mem *)(cfg_cell_cpus(cell) + cell->cpu_count);
}

const struct cfg_irq *cfg_cell_irqs(const struct cfg_cell *cell)
{
	return (const struct cfg_irq *)(cfg_cell_mem(cell) + cell->mem_count);
}

const struct cfg_stream *cfg_cell_streams(const struct cfg_cell *cell)
{
	return (const struct cfg_stream *)(cfg_cell_irqs(cell) + cell->irq_count);
}

const struct cfg_pci_dev *cfg_cell_pci(const struct cfg_cell *cell)
{
	return (const struct cfg_pci_dev *)(cfg_cell_streams(cell) + cell->stream_count);
}

const struct cfg_area *cfg_area_around(const struct cfg_system *sys, u64 start, u64 size)
{
	const struct cfg_area *area = cfg_areas(sys);

	if (!size || start + size < start)
		return NULL;
	for (u32 i = 0; i < sys->area_count; i++, area++) {
		if (start >= area->base && start + size <= area->base + area->size)
			return area;
	}
	return NULL;
}
