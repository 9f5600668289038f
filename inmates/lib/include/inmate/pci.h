/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PCI configuration space by ECAM, bus 0 of each host bridge. Functions are named by a number: host bridge (in the order of
 * the device tree) << 16 | bus << 8 | device << 3 | function.
 */
#ifndef INMATE_PCI_H
#define INMATE_PCI_H

#include <inmate/types.h>

#define PCI_ID			0x00
#define PCI_COMMAND		0x04
#define PCI_HEADER_TYPE		0x0e
#define PCI_BAR			0x10
#define PCI_INTERRUPT_PIN	0x3d
#define PCI_COMMAND_MEMORY	BIT(1)
#define PCI_COMMAND_MASTER	BIT(2)
#define PCI_COMMAND_INTX_OFF	BIT(10)
#define PCI_NONE		0xffffffffu
#define PCI_SEGMENT		0x10000u	/* from one host bridge to the next */

extern u64 ecam_base, ecam_size;	/* of the first host bridge; 0: there is no PCI */

void pci_init(void);
u32 pci_read32(u32 bdf, u32 reg);
void pci_write32(u32 bdf, u32 reg, u32 value);
u8 pci_read8(u32 bdf, u32 reg);
/* The first function with that vendor and device, or PCI_NONE; and the n-th, from 0. */
u32 pci_find(u16 vendor, u16 device);
u32 pci_find_nth(u16 vendor, u16 device, u32 n);
/*
 * Address of a memory BAR as the CPU sees it. Places it first when nobody has (a bare machine without
 * firmware). 0: none.
 */
u64 pci_bar(u32 bdf, u32 bar);
/* Decoding and bus mastering on. */
void pci_enable(u32 bdf);
/* INTID of its INTx pin, from the interrupt map; 0: none. */
u32 pci_irq(u32 bdf);

#endif
