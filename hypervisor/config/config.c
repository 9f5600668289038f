// SPDX-License-Identifier: GPL-2.0-only
/* What is looked up in a checked config. */
#include <hyp/config.h>

const struct cfg_cell *cfg_system_cell(const struct cfg_system *sys, u32 n)
{
	const u8 *at = (const u8 *)(cfg_payloads(sys) + sys->payload_count);

	while (n--)
		at += ((const struct cfg_cell *)at)->hdr.size;
	return (const struct cfg_cell *)at;
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

u32 cfg_cell_soft(const struct cfg_cell *cell)
{
	const struct cfg_ivshmem *dev = cfg_cell_ivshmem(cell);
	u32 bits = cell->uart_irq ? 1u << cell->uart_irq % 32 : 0;

	for (u32 i = 0; i < cell->ivshmem_count; i++)
		bits |= 1u << dev[i].irq % 32;
	return bits;
}

bool cfg_cell_range(const struct cfg_cell *cell, u32 n, struct cfg_mem *range)
{
	const struct cfg_bar *bar;

	if (n < cell->mem_count) {
		*range = cfg_cell_mem(cell)[n];
		return true;
	}
	n -= cell->mem_count;
	if (n >= cell->pci_count * CFG_PCI_BARS)
		return false;
	bar = &cfg_cell_pci(cell)[n / CFG_PCI_BARS].bar[n % CFG_PCI_BARS];
	*range = (struct cfg_mem){ "a BAR", bar->pa, bar->ipa, cfg_bar_span(bar), CFG_MEM_READ | CFG_MEM_WRITE | CFG_MEM_IO };
	return true;
}
