/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell's trapped regions: a handful, sorted by address. */
#include <hyp/errno.h>
#include <hyp/mmio.h>

int mmio_add(struct mmio_table *table, ipaddr_t start, u64 size, mmio_fn fn, void *ctx)
{
	struct mmio_region *region = table->region;
	u32 at;

	if (table->count == MMIO_MAX_REGIONS)
		return -ENOMEM;
	if (!size || start.ipa + size < start.ipa)
		return -EINVAL;
	for (u32 i = 0; i < table->count; i++) {
		if (start.ipa < region[i].start + region[i].size && region[i].start < start.ipa + size)
			return -EINVAL;
	}
	for (at = table->count++; at && region[at - 1].start > start.ipa; at--)
		region[at] = region[at - 1];
	region[at] = (struct mmio_region){ start.ipa, size, fn, ctx };
	return 0;
}
