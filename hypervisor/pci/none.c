/* SPDX-License-Identifier: GPL-2.0-only */
/* A build without PCI: no cell has functions, and configuration space is mapped nowhere. */
#include <hyp/cell.h>

int pci_init(const struct cfg_system *sys)
{
	return 0;
}

int vpci_cell_init(struct cell *cell, struct hc_error *err)
{
	if (!cell->config->pci_count)
		return 0;
	snprintf(err->text, sizeof(err->text), "this hypervisor was built without PCI");
	return -EINVAL;
}

void vpci_cell_exit(struct cell *cell)
{
}

void vpci_cell_reset(struct cell *cell)
{
}
