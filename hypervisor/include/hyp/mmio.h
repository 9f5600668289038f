/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmio: the IPA ranges of a cell whose accesses are emulated. A sorted table, filled while the cell is built, read
 * without a lock while it runs.
 */
#ifndef HYP_MMIO_H
#define HYP_MMIO_H

#include <abi/config.h>
#include <hyp/addr.h>

/* One access of 1, 2, 4 or 8 bytes, naturally aligned, not crossing the region's end. */
struct mmio_access {
	u64 offset;		/* bytes from the region's start */
	u64 value;		/* to write (upper bits zero), or the result of a read (0 on entry) */
	u32 size;
	u32 write;		/* 1 or 0 */
};

/*
 * Emulates one access of `cpu`, which is the calling CPU, in bounded time. True: done. False: not an access that this
 * device has; the caller treats it as an access to nowhere. Anything RAZ/WI is "done".
 */
typedef bool (*mmio_fn)(struct cpu *cpu, void *ctx, struct mmio_access *access);

#define MMIO_MAX_REGIONS (5 + CFG_MAX_SMMUS)	/* GIC, ECAM, UART, ivshmem, SMMUs */

struct mmio_region {
	u64 start;		/* IPA */
	u64 size;
	mmio_fn fn;
	void *ctx;
};

struct mmio_table {
	u32 count;
	struct mmio_region region[MMIO_MAX_REGIONS + 1];	/* one of size 0 ends it */
};

/* -EINVAL: overlaps a region. -ENOMEM: table full. Only while no CPU runs the cell. */
int mmio_add(struct mmio_table *table, ipaddr_t start, u64 size, mmio_fn fn, void *ctx);

/* The region that holds the address; NULL: none. In the header, for it stands in the path of every emulated access. */
static inline const struct mmio_region *mmio_find(const struct mmio_table *table, u64 address)
{
	const struct mmio_region *region = table->region;

	while (address - region->start >= region->size) {
		if (!region->size)
			return NULL;
		region++;
	}
	return region;
}

#endif
