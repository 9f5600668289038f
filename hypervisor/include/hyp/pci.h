/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci: configuration space. ecam.c is the hardware; vpci.c is what a cell sees: its own functions only, everything
 * else absent (reads all ones, writes ignored), and of its own functions only what cannot hurt others.
 */
#ifndef HYP_PCI_H
#define HYP_PCI_H

#include <abi/config.h>
#include <hyp/errno.h>
#include <hyp/spinlock.h>

struct cell;

/* Per cell, embedded there. */
struct vpci {
	spinlock_t lock;		/* guards multi-step changes of a function's configuration */
	u32 count;
	struct vpci_dev *dev;		/* from the page pool, sorted by (host, vbdf) */
	u32 pages;
};

/* Maps the ECAM regions; all functions found get Bus Master and decoding off. Boot CPU. */
int pci_init(const struct cfg_system *sys);

/*
 * Registers the cell's ECAM region with its mmio table. For the root cell: BARs as the guest programs them, within
 * the PCI areas that are not for cells. For others: checks id and BAR sizes of each function against the config,
 * takes it from the root cell, quiesces and resets it, places its BARs. -EINVAL or -EIO with err filled; nothing changed.
 */
int vpci_cell_init(struct cell *cell, struct hc_error *err);
/* Its functions are quiesced (Bus Master and decode off, FLR if there), BARs cleared, visible to the root cell again. */
void vpci_cell_exit(struct cell *cell);
/* Before each start: functions quiesced and reset, BARs placed. When the cell stops: quiesced. */
void vpci_cell_reset(struct cell *cell);

#endif
