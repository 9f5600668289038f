// SPDX-License-Identifier: GPL-2.0-only
/* A build without IVSHMEM: memory can be shared, but there are no devices for it. */
#include <hyp/cell.h>
#include <hyp/printk.h>

int ivshmem_cell_init(struct cell *cell, struct hc_error *err)
{
	u32 count = cell->config->ivshmem_count;

	return count ? hc_fail(err, -EINVAL, "ivshmem_count %u: this hypervisor was built without IVSHMEM", count) : 0;
}

void ivshmem_attach(struct cell *cell)
{
}

void ivshmem_detach(struct cell *cell)
{
}
