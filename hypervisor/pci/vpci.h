/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function as a cell sees it; shared by vpci.c (cells), vpci_dev.c (probe, reset, placing) and vpci_regs.c
 * (which register may be written).
 */
#ifndef PCI_VPCI_H
#define PCI_VPCI_H

#include <arch/io.h>
#include <hyp/cell.h>

#include "pci_regs.h"

#define VPCI_EXT_CAPS	8	/* visible extended capabilities that are shown */

struct vpci_bar {
	u64 size;		/* as found in hardware; 0: none, I/O, or the upper half of the one before */
	bool wide;		/* 64 bits */
};

struct vpci_ext {
	u16 offset, next;	/* of a visible extended capability */
};

struct vpci_dev {
	const struct cfg_pci_dev *config;
	struct cell *cell;		/* its owner; the root cell keeps its entry while it is lent */
	u8 *regs;			/* configuration space; NULL: on no bus of its host */
	bool probed;			/* the fields from here to ext_count are valid */
	u32 type;			/* PCI_TYPE_* */
	u32 bars;			/* BAR slots of that type */
	struct vpci_bar bar[CFG_PCI_BARS];
	u64 rom_size;
	u64 caps;			/* bit per dword: a visible capability begins there */
	u8 next[PCI_CONVENTIONAL_END / 4];	/* the pointer to the next visible one, by offset / 4 */
	u8 pm, express, af;		/* offsets, 0: none */
	struct vpci_ext ext[VPCI_EXT_CAPS];
	u32 ext_count;

	u32 sizing;			/* bit per slot: all ones were written, the size is read back */
	bool lent;			/* root cell's entry: another cell has the function */
	bool used;			/* written to by the owner since the last reset */
	bool wake;			/* in D3hot as part of a reset; D0 comes next */
	u64 ready_at;			/* ticks, after a reset: no access may reach it before; 0: none is under way */
};

static inline u32 vpci_hw_read(const struct vpci_dev *dev, u32 reg)
{
	return mmio_read32(dev->regs + reg);
}

static inline void vpci_hw_write(const struct vpci_dev *dev, u32 reg, u32 value)
{
	mmio_write32(dev->regs + reg, value);
}

static inline u32 rom_register(const struct vpci_dev *dev)
{
	return dev->type == PCI_TYPE_BRIDGE ? PCI_ROM_BRIDGE : PCI_ROM_FUNCTION;
}

/* What an access of configuration space is made of: `value` in the `lanes` of a dword; of a read the dword. */
typedef u32 (*vpci_dword)(void *ctx, u64 offset, u32 value, u32 lanes, bool write);

static inline void vpci_config_access(struct mmio_access *access, vpci_dword dword, void *ctx)
{
	u64 at = access->offset & ~3ULL, result;
	u32 shift = 8 * (access->offset % 4);
	u64 lanes = ~0ULL >> (64 - 8 * access->size) << shift, value = access->value << shift;

	result = dword(ctx, at, (u32)value, (u32)lanes, access->write);
	if (access->size == 8)
		result |= (u64)dword(ctx, at + 4, (u32)(value >> 32), ~0u, access->write) << 32;
	if (!access->write)
		access->value = (result & lanes) >> shift;
}

/* ---- ecam.c ---- */

/* Configuration space of a function; NULL: not on a bus of that host. */
u8 *pci_function(u32 host, u32 bdf);

/* Says what is wrong with a function; the value is `result`. */
#define vpci_dev_fail(dev, err, result, what) \
	hc_fail(err, result, "PCI function " BDF_FMT " of host %u " what, BDF_ARGS((dev)->config->bdf), (dev)->config->host)

/* ---- vpci_dev.c: callers hold the owner's vpci lock or the function is not reachable yet ---- */

/* Reads type, BAR sizes and capabilities; leaves it as it was. -EIO: absent. -EINVAL: cannot be had. */
int vpci_dev_probe(struct vpci_dev *dev, struct hc_error *err);
/* Bus Master, decoding and the ROM off; starts a reset if the function was used. Does not wait. */
void vpci_dev_quiesce(struct vpci_dev *dev);
/* True when no reset is under way (any more): then the BARs are placed (the root cell's: cleared). */
bool vpci_dev_ready(struct vpci_dev *dev);
/* Writes the BARs; decoding is off. */
void vpci_dev_place(const struct vpci_dev *dev);

/* ---- vpci_regs.c ---- */

/* One dword of the cell's view; `lanes` has 0xff in each byte that is written. */
u32 vpci_dev_read(const struct vpci_dev *dev, u32 reg);
void vpci_dev_write(struct vpci_dev *dev, u32 reg, u32 value, u32 lanes);

#endif
