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
