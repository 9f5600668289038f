// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of a cell's PCI functions: each is on a bus of its host, has its stream with it (else its DMA
 * would be nobody's), and its BARs lie where no other function decodes. And no stream without its function.
 */
#include "check.h"

#define BUS_SIZE	256	/* functions a bus: 32 devices of 8 */
#define FUNCTION_SIZE	KIB(4)	/* of configuration space */
#define BAR_MIN_SIZE	16
#define BAR_BITS_32	32

static bool is_on_host(const struct cfg_pci_host *host, u32 bdf)
{
	u32 bus = bdf / BUS_SIZE;

	return bus >= host->bus_first && bus - host->bus_first < host->ecam_size / ECAM_BUS_SIZE;
}

/* Only the root cell has functions behind bridges: it has the bridges, and hands out the bus numbers. */
static bool check_place(struct check *c, const struct cfg_pci_dev *dev, u32 i)
{
	const struct cfg_pci_host *host = &cfg_pci_hosts(c->sys)[dev->host];
	u64 stream = (u64)host->smmu << 32 | dev->bdf;

	return need(c, is_on_host(host, dev->bdf), "bdf 0x%x is not on a bus of host %u", dev->bdf, dev->host) &&
	       need(c, is_root(c->cell) || dev->bdf / BUS_SIZE == host->bus_first,
		    "bdf 0x%x is behind a bridge, not on the root bus %u", dev->bdf, host->bus_first) &&
	       need(c, !i || function_key(c->cell, i) > function_key(c->cell, i - 1),
		    "bdf 0x%x of host %u is not above that of pci[%u]", dev->bdf, dev->host, i - 1) &&
	       need(c, has_key(stream_key, c->cell, c->cell->stream_count, stream),
		    "function " BDF_FMT " has no stream with sid 0x%x of smmu %u", BDF_ARGS(dev->bdf), dev->bdf, host->smmu);
}

/* As the cell sees it. Bridges hold real bus numbers, so the root cell, which may own them, sees these. */
static bool check_virtual(struct check *c, const struct cfg_pci_dev *dev)
{
	return need(c, !is_root(c->cell) || dev->vbdf == dev->bdf,
		    "vbdf 0x%x is not the bdf 0x%x, as the root cell needs", dev->vbdf, dev->bdf) &&
	       need(c, span_fits(dev->vbdf * FUNCTION_SIZE, FUNCTION_SIZE, FUNCTION_SIZE, c->cell->ecam_size),
		    "vbdf 0x%x is beyond the ecam_size 0x%lx", dev->vbdf, c->cell->ecam_size);
}

static bool check_function(struct check *c, u32 i)
{
	const struct cfg_pci_dev *devs = cfg_cell_pci(c->cell), *dev = &devs[i];
	bool good = need(c, dev->host < c->sys->pci_count, "host %u does not exist", dev->host) &&
		    check_place(c, dev, i) && check_virtual(c, dev);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, dev->vbdf != devs[j].vbdf, "vbdf 0x%x is that of pci[%u] too", dev->vbdf, j);
	return good;
}

/* The StreamID of a function that the cell does not have would be one whose DMA somebody else controls. */
static bool check_stream(struct check *c, u32 i)
{
	const struct cfg_stream *stream = &cfg_cell_streams(c->cell)[i];
	const struct cfg_pci_host *host = cfg_pci_hosts(c->sys);

	for (u32 j = 0; j < c->sys->pci_count; j++) {
		if (host[j].smmu == stream->smmu && is_on_host(&host[j], stream->sid) &&
		    !has_key(function_key, c->cell, c->cell->pci_count, (u64)j << 32 | stream->sid))
			return refuse(c, "sid 0x%x of smmu %u is that of function " BDF_FMT
				      ", which the cell does not have", stream->sid, stream->smmu, BDF_ARGS(stream->sid));
	}
	return true;
}

/* ---- BARs ---- */

static bool check_bar_shape(struct check *c, const struct cfg_bar *bar)
{
	bool wide = bar->flags & CFG_BAR_64;
	u64 span = cfg_bar_span(bar);

	return need(c, !(bar->flags & ~CFG_BAR_FLAGS), "flags 0x%lx has unknown bits", bar->flags) &&
	       need(c, power_of_two(bar->size) && bar->size >= BAR_MIN_SIZE,
		    "size 0x%lx is not a power of two of at least 16", bar->size) &&
	       check_span(c, "pa", bar->pa, span, span, span, wide ? PA_BITS : BAR_BITS_32) &&
	       check_span(c, "ipa", bar->ipa, span, span, span, wide ? IPA_BITS : BAR_BITS_32);
}

static bool check_bar_place(struct check *c, const struct cfg_bar *bar)
{
	const u32 wanted = CFG_AREA_PCI | CFG_AREA_CELLS;
	const struct cfg_area *area = cfg_area_around(c->sys, bar->pa, cfg_bar_span(bar));

	return need(c, area && (area->flags & wanted) == wanted,
		    "pa 0x%lx size 0x%lx is not in a PCI window for cells", bar->pa, bar->size);
}

static bool check_bar(struct check *c, const struct cfg_pci_dev *dev, u32 slot)
{
	const struct cfg_bar *bar = &dev->bar[slot];
	bool next_free = slot + 1 < CFG_PCI_BARS && !dev->bar[slot + 1].size;

	if (!bar->size)
		return need(c, !bar->pa && !bar->ipa && !bar->flags, "size is 0, but other fields are not");
	return need(c, !is_root(c->cell), "size 0x%lx: the root cell places BARs itself", bar->size) &&
	       check_bar_shape(c, bar) &&
	       need(c, !(bar->flags & CFG_BAR_64) || next_free,
		    "flags 0x%lx say 64-bit, but the next slot is not free", bar->flags) &&
	       check_bar_place(c, bar);
}

static bool check_bars(struct check *c, u32 i)
{
	for (c->bar = 1; c->bar <= CFG_PCI_BARS; c->bar++) {
		if (!check_bar(c, &cfg_cell_pci(c->cell)[i], c->bar - 1))
			return false;
	}
	c->bar = 0;
	return true;
}

bool check_pci(struct check *c)
{
	const struct cfg_cell *cell = c->cell;

	return check_each(c, "pci", cell->pci_count, check_function) &&
	       (is_root(cell) || check_each(c, "streams", cell->stream_count, check_stream)) &&
	       check_each(c, "pci", cell->pci_count, check_bars);
}
