// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of a cell's PCI functions: each is on a bus of its host, has its stream with it (else its DMA
 * would be nobody's), and its BARs lie where no other function decodes.
 */
#include "check.h"

#define BUS_SIZE	256	/* functions a bus: 32 devices of 8 */
#define FUNCTION_SIZE	KIB(4)	/* of configuration space */
#define BAR_MIN_SIZE	16
#define BAR_LIMIT_32	(1ULL << 32)

static bool has_stream(const struct cfg_cell *cell, u32 smmu, u32 sid)
{
	const struct cfg_stream *stream = cfg_cell_streams(cell);

	for (u32 i = 0; i < cell->stream_count; i++) {
		if (stream[i].smmu == smmu && stream[i].sid == sid)
			return true;
	}
	return false;
}

/* As the cell sees it. Bridges hold real bus numbers, so the root cell, which may own them, sees these. */
static int check_virtual(const struct cfg_cell *cell, const struct cfg_pci_dev *devs, u32 i,
			 struct cfg_error *err)
{
	const struct cfg_pci_dev *dev = &devs[i];

	if ((cell->flags & CFG_CELL_ROOT) && dev->vbdf != dev->bdf)
		return check_fail(err, "pci[%u]: vbdf 0x%x is not the bdf 0x%x, as the root cell needs", i,
				  dev->vbdf, dev->bdf);
	if (!span_fits(dev->vbdf * FUNCTION_SIZE, FUNCTION_SIZE, cell->ecam_size))
		return check_fail(err, "pci[%u]: vbdf 0x%x is beyond the ecam_size 0x%lx", i, dev->vbdf,
				  cell->ecam_size);
	for (u32 j = 0; j < i; j++) {
		if (dev->vbdf == devs[j].vbdf)
			return check_fail(err, "pci[%u]: vbdf 0x%x is that of pci[%u] too", i, dev->vbdf, j);
	}
	return 0;
}

static int check_function(const struct cfg_cell *cell, const struct cfg_system *sys, u32 i,
			  struct cfg_error *err)
{
	const struct cfg_pci_dev *devs = cfg_cell_pci(cell), *dev = &devs[i];
	const struct cfg_pci_host *host;
	u32 bus = dev->bdf / BUS_SIZE;

	if (dev->host >= sys->pci_count)
		return check_fail(err, "pci[%u]: host %u does not exist", i, dev->host);
	host = &cfg_pci_hosts(sys)[dev->host];
	if (bus < host->bus_first || bus - host->bus_first >= host->ecam_size / ECAM_BUS_SIZE)
		return check_fail(err, "pci[%u]: bdf 0x%x is not on a bus of host %u", i, dev->bdf,
				  dev->host);
	if (!(cell->flags & CFG_CELL_ROOT) && bus != host->bus_first)
		return check_fail(err,
				  "pci[%u]: bdf 0x%x is behind a bridge, not on the root bus %u",
				  i, dev->bdf, host->bus_first);
	if (i && (dev->host < dev[-1].host || (dev->host == dev[-1].host && dev->bdf <= dev[-1].bdf)))
		return check_fail(err, "pci[%u]: bdf 0x%x of host %u is not above that of pci[%u]", i,
				  dev->bdf, dev->host, i - 1);
	if (!has_stream(cell, host->smmu, dev->bdf))
		return check_fail(err, "pci[%u]: function " BDF_FMT " has no stream with sid 0x%x of smmu %u",
				  i, BDF_ARGS(dev->bdf), dev->bdf, host->smmu);
	return check_virtual(cell, devs, i, err);
}

int check_cell_pci(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	for (u32 i = 0; i < cell->pci_count; i++) {
		if (check_function(cell, sys, i, err))
			return -EINVAL;
	}
	return 0;
}

/* ---- BARs ---- */

static int check_bar_shape(const struct cfg_pci_dev *dev, u32 i, u32 b, struct cfg_error *err)
{
	const struct cfg_bar *bar = &dev->bar[b];
	bool wide = bar->flags & CFG_BAR_64;
	u64 span = cfg_bar_span(bar);

	if (bar->flags & ~CFG_BAR_FLAGS)
		return check_fail(err, "pci[%u]: bar[%u]: flags 0x%x has unknown bits", i, b, bar->flags);
	if (bar->reserved)
		return check_fail(err, "pci[%u]: bar[%u]: reserved 0x%x is not 0", i, b, bar->reserved);
	if (!power_of_two(bar->size) || bar->size < BAR_MIN_SIZE)
		return check_fail(err, "pci[%u]: bar[%u]: size 0x%lx is not a power of two of at least 16", i,
				  b, bar->size);
	if (!IS_ALIGNED(bar->pa, span) || !span_fits(bar->pa, span, wide ? PA_LIMIT : BAR_LIMIT_32))
		return check_fail(err, "pci[%u]: bar[%u]: pa 0x%lx is not aligned to 0x%lx within %u bits",
				  i, b, bar->pa, span, wide ? 48 : 32);
	if (!IS_ALIGNED(bar->ipa, span) || !span_fits(bar->ipa, span, wide ? IPA_LIMIT : BAR_LIMIT_32))
		return check_fail(err, "pci[%u]: bar[%u]: ipa 0x%lx is not aligned to 0x%lx within %u bits",
				  i, b, bar->ipa, span, wide ? 40 : 32);
	if (wide && (b + 1 == CFG_PCI_BARS || dev->bar[b + 1].size))
		return check_fail(err,
				  "pci[%u]: bar[%u]: flags 0x%x say 64-bit, but the next slot is not free",
				  i, b, bar->flags);
	return 0;
}

static int check_bar_place(const struct cfg_system *sys, const struct cfg_bar *bar, u32 i, u32 b,
			   struct cfg_error *err)
{
	const u32 wanted = CFG_AREA_PCI | CFG_AREA_CELLS;
	const struct cfg_area *area = cfg_area_around(sys, bar->pa, cfg_bar_span(bar));

	if (!area || (area->flags & wanted) != wanted)
		return check_fail(err,
				  "pci[%u]: bar[%u]: pa 0x%lx size 0x%lx is not in a PCI window for cells",
				  i, b, bar->pa, bar->size);
	return 0;
}

static int check_bar_ipa(const struct cfg_cell *cell, const struct cfg_bar *bar, u32 i, u32 b,
			 struct cfg_error *err)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell);
	u64 span = cfg_bar_span(bar);

	for (u32 j = 0; j < WINDOWS; j++) {
		struct owned window = cell_window(cell, j);

		if (window.size && span_overlaps(bar->ipa, span, window.start, window.size))
			return check_fail(err, "pci[%u]: bar[%u]: ipa 0x%lx overlaps %s 0x%lx",
					  i, b, bar->ipa, window.what, window.start);
	}
	for (u32 j = 0; j < cell->mem_count; j++) {
		if (span_overlaps(bar->ipa, span, mem[j].ipa, mem[j].size))
			return check_fail(err, "pci[%u]: bar[%u]: ipa 0x%lx overlaps memory[%u] '%s'",
					  i, b, bar->ipa, j, mem[j].name);
	}
	return 0;
}

/* Against the BARs before it, in the order of functions and slots. */
static int check_bar_others(const struct cfg_pci_dev *devs, u32 i, u32 b, struct cfg_error *err)
{
	const struct cfg_bar *bar = &devs[i].bar[b];
	u64 span = cfg_bar_span(bar);

	for (u32 n = 0; n < i * CFG_PCI_BARS + b; n++) {
		u32 k = n / CFG_PCI_BARS, c = n % CFG_PCI_BARS;
		const struct cfg_bar *other = &devs[k].bar[c];

		if (!other->size)
			continue;
		if (span_overlaps(bar->pa, span, other->pa, cfg_bar_span(other)))
			return check_fail(err, "pci[%u]: bar[%u]: pa 0x%lx overlaps bar[%u] of pci[%u]", i, b,
					  bar->pa, c, k);
		if (span_overlaps(bar->ipa, span, other->ipa, cfg_bar_span(other)))
			return check_fail(err, "pci[%u]: bar[%u]: ipa 0x%lx overlaps bar[%u] of pci[%u]", i,
					  b, bar->ipa, c, k);
	}
	return 0;
}

static int check_bar(const struct cfg_cell *cell, const struct cfg_system *sys, u32 i, u32 b,
		     struct cfg_error *err)
{
	const struct cfg_pci_dev *dev = &cfg_cell_pci(cell)[i];
	const struct cfg_bar *bar = &dev->bar[b];

	if (!bar->size) {
		if (bar->pa || bar->ipa || bar->flags || bar->reserved)
			return check_fail(err, "pci[%u]: bar[%u]: size is 0, but other fields are not", i, b);
		return 0;
	}
	if (cell->flags & CFG_CELL_ROOT)
		return check_fail(err,
				  "pci[%u]: bar[%u]: size 0x%lx: the root cell places BARs itself",
				  i, b, bar->size);
	if (check_bar_shape(dev, i, b, err) ||
	    check_bar_place(sys, bar, i, b, err) ||
	    check_bar_ipa(cell, bar, i, b, err))
		return -EINVAL;
	return check_bar_others(cfg_cell_pci(cell), i, b, err);
}

int check_cell_bars(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	for (u32 i = 0; i < cell->pci_count; i++) {
		for (u32 b = 0; b < CFG_PCI_BARS; b++) {
			if (check_bar(cell, sys, i, b, err))
				return -EINVAL;
		}
	}
	return 0;
}
