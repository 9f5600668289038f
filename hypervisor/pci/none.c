// SPDX-License-Identifier: GPL-2.0-only
/* A build without PCI: no cell can have a function, and configuration space is in no cell's map. */
#include <hyp/cell.h>
#include <hyp/printk.h>

int pci_init(const struct cfg_system *sys)
{
	return 0;
}

int vpci_cell_init(struct cell *cell, struct hc_error *err)
{
	return 0;
}

void vpci_cell_exit(struct cell *cell)
{
}

int vpci_cell_reset(struct cell *cell)
{
	return 0;
}
