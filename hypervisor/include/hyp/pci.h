/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci: configuration space. ecam.c is the hardware; vpci.c is what a cell sees: its own functions only, everything
 * else absent (reads all ones, writes ignored), and of its own functions only what cannot hurt others.
 */
#ifndef HYP_PCI_H
#define HYP_PCI_H

#include <abi/config.h>
#include <hyp/spinlock.h>

struct vpci_dev;

struct ivshmem_list;

/* Per device of a cell, embedded there (ivshmem.c). */
struct ivshmem {
	struct cell *cell;
	const struct cfg_ivshmem *config;
	const struct cfg_mem *mem;	/* what is shared */
	struct ivshmem_list *list;	/* in which its peers are found; its lock guards what follows */
	struct ivshmem *next;
	u32 header[16];			/* configuration space */
	u32 mask, status, state;	/* registers */
};

/* Per cell, embedded there. */
struct vpci {
	spinlock_t lock;		/* guards the functions' registers and dev[]; below cell_lock, above the log */
	u32 count;
	struct vpci_dev *dev;		/* from the page pool, in the order of the config */
	u32 pages;
};

/* Maps the ECAM regions; all functions found get Bus Master and decoding off. Boot CPU. */
int pci_init(const struct cfg_system *sys);

/*
 * Registers the cell's ECAM region with its mmio table. For the root cell: BARs as the guest programs them, within
 * the PCI areas that are not for cells. For others: checks id and BAR sizes of each function against the config,
 * takes it from the root cell, quiesces it and starts its reset. -EINVAL, -EIO or -ENOMEM with err filled; nothing
 * changed. Under cell_lock, as all of these.
 */
int vpci_cell_init(struct cell *cell, struct hc_error *err);
/* Its functions are quiesced (Bus Master and decode off, reset started), visible to the root cell again. */
void vpci_cell_exit(struct cell *cell);
/*
 * When the cell stops, and again before each start: functions quiesced, their reset started if they were used. Never
 * waits: 0 when all are reset and have their BARs, else -EAGAIN (a reset takes up to 100 ms): call again before the
 * start. Whoever accesses a function earlier reads the Request Retry Status, as after any reset.
 */
int vpci_cell_reset(struct cell *cell);

/* Devices of a cell that runs on nobody's list. -EINVAL, -ENOMEM with err filled. Under cell_lock, as all of these. */
int ivshmem_cell_init(struct cell *cell, struct hc_error *err);
/* Its devices as after a reset, and its peers can reach it; between vgic_cell_reset() and the start of its first CPU. */
void ivshmem_attach(struct cell *cell);
/* Its peers see it leave and reach it no more when this returns: before what its interrupts need is taken from it. */
void ivshmem_detach(struct cell *cell);

#endif
