/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell's trapped regions: a handful, sorted by address. */
#include <hyp/errno.h>
#include <hyp/mmio.h>

int mmio_add(struct mmio_table *table, ipaddr_t start, u64 size, mmio_fn fn, void *ctx)
{
	u32 at = 0;

	if (table->count == MMIO_MAX_REGIONS)
		return -ENOMEM;
	if (!size || start.ipa + size < start.ipa)
		return -EINVAL;
	while (at < table->count && table->region[at].start < start.ipa)
		at++;
	if (at > 0 && table->region[at - 1].start + table->region[at - 1].size > start.ipa)
		return -EINVAL;
	if (at < table->count && start.ipa + size > table->region[at].start)
		return -EINVAL;
	for (u32 i = table->count; i > at; i--)
		table->region[i] = table->region[i - 1];
	table->region[at] = (struct mmio_region){ start.ipa, size, fn, ctx };
	table->count++;
	return 0;
}
