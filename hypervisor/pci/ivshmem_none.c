// SPDX-License-Identifier: GPL-2.0-only
/* A build without IVSHMEM: memory can be shared, but there are no devices for it. */
#include <hyp/cell.h>
#include <hyp/printk.h>

int ivshmem_cell_init(struct cell *cell, struct hc_error *err)
{
	return 0;
}

void ivshmem_attach(struct cell *cell)
{
}

void ivshmem_detach(struct cell *cell)
{
}
