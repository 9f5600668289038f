// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of two cell configs against each other: what one has the other must not have (I1, I2, I5). The
 * root cell is the exception: it lends what it has. Arrays ascend, so equal elements are found by merging.
 */
#include <hyp/string.h>

#include "check.h"

#define claimed(err, fmt, ...)	(check_fail(err, fmt, __VA_ARGS__), -EBUSY)

static int pair_names(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	if (strcmp(cell->name, other->name) == 0)
		return claimed(err, "name '%s' belongs to another cell", cell->name);
	return 0;
}

static int pair_cpus(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_cell_cpu *a = cfg_cell_cpus(cell), *b = cfg_cell_cpus(other);

	for (u32 i = 0; i < cell->cpu_count; i++) {
		for (u32 j = 0; j < other->cpu_count; j++) {
			if (a[i].cpu == b[j].cpu)
				return claimed(err, "cpu %u belongs to cell %s", a[i].cpu, other->name);
		}
	}
	return 0;
}

static int pair_irqs(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_irq *a = cfg_cell_irqs(cell), *b = cfg_cell_irqs(other);

	for (u32 i = 0, j = 0; i < cell->irq_count && j < other->irq_count; ) {
		if (a[i].intid == b[j].intid)
			return claimed(err, "irq %u belongs to cell %s", a[i].intid, other->name);
		if (a[i].intid < b[j].intid)
			i++;
		else
			j++;
	}
	return 0;
}

static u64 stream_key(const struct cfg_stream *stream)
{
	return (u64)stream->smmu << 32 | stream->sid;
}

static int pair_streams(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_stream *a = cfg_cell_streams(cell), *b = cfg_cell_streams(other);

	for (u32 i = 0, j = 0; i < cell->stream_count && j < other->stream_count; ) {
		if (stream_key(&a[i]) == stream_key(&b[j]))
			return claimed(err, "stream 0x%x of smmu %u belongs to cell %s", a[i].sid, a[i].smmu,
				       other->name);
		if (stream_key(&a[i]) < stream_key(&b[j]))
			i++;
		else
			j++;
	}
	return 0;
}

static u64 function_key(const struct cfg_pci_dev *dev)
{
	return (u64)dev->host << 32 | dev->bdf;
}

static int pair_functions(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_pci_dev *a = cfg_cell_pci(cell), *b = cfg_cell_pci(other);

	for (u32 i = 0, j = 0; i < cell->pci_count && j < other->pci_count; ) {
		if (function_key(&a[i]) == function_key(&b[j]))
			return claimed(err, "PCI function " BDF_FMT " of host %u belongs to cell %s",
				       BDF_ARGS(a[i].bdf), a[i].host, other->name);
		if (function_key(&a[i]) < function_key(&b[j]))
			i++;
		else
			j++;
	}
	return 0;
}

/* Both say "shared", and of the very same range. */
static bool mem_shared(const struct cfg_mem *a, const struct cfg_mem *b)
{
	return (a->flags & b->flags & CFG_MEM_SHARED) && a->pa == b->pa && a->size == b->size;
}

static int pair_mem(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_mem *a = cfg_cell_mem(cell), *b = cfg_cell_mem(other);

	for (u32 i = 0; i < cell->mem_count; i++) {
		for (u32 j = 0; j < other->mem_count; j++) {
			if (span_overlaps(a[i].pa, a[i].size, b[j].pa, b[j].size) &&
			    !mem_shared(&a[i], &b[j]))
				return claimed(err,
					       "memory[%u] '%s': pa 0x%lx size 0x%lx overlaps '%s' of %s",
					       i, a[i].name, a[i].pa, a[i].size, b[j].name, other->name);
		}
	}
	return 0;
}

static int pair_bar(const struct cfg_bar *bar, u32 i, u32 b, const struct cfg_cell *other,
		    struct cfg_error *err)
{
	const struct cfg_pci_dev *dev = cfg_cell_pci(other);

	for (u32 n = 0; n < other->pci_count * CFG_PCI_BARS; n++) {
		const struct cfg_bar *theirs = &dev[n / CFG_PCI_BARS].bar[n % CFG_PCI_BARS];

		if (theirs->size &&
		    span_overlaps(bar->pa, cfg_bar_span(bar), theirs->pa, cfg_bar_span(theirs)))
			return claimed(err,
				       "pci[%u]: bar[%u]: pa 0x%lx with size 0x%lx overlaps a BAR of cell %s",
				       i, b, bar->pa, bar->size, other->name);
	}
	return 0;
}

static int pair_bars(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	const struct cfg_pci_dev *dev = cfg_cell_pci(cell);

	for (u32 n = 0; n < cell->pci_count * CFG_PCI_BARS; n++) {
		u32 i = n / CFG_PCI_BARS, b = n % CFG_PCI_BARS;

		if (dev[i].bar[b].size && pair_bar(&dev[i].bar[b], i, b, other, err))
			return -EBUSY;
	}
	return 0;
}

/* With the root cell: each region is lent as a whole or was never the root's. */
static int pair_mem_root(const struct cfg_cell *cell, const struct cfg_cell *root, struct cfg_error *err)
{
	const struct cfg_mem *a = cfg_cell_mem(cell), *b = cfg_cell_mem(root);

	for (u32 i = 0; i < cell->mem_count; i++) {
		for (u32 j = 0; j < root->mem_count; j++) {
			if (span_overlaps(a[i].pa, a[i].size, b[j].pa, b[j].size) &&
			    !span_inside(a[i].pa, a[i].size, b[j].pa, b[j].size))
				return claimed(err,
					       "memory[%u] '%s': pa 0x%lx size 0x%lx partly in '%s' of %s",
					       i, a[i].name, a[i].pa, a[i].size, b[j].name, root->name);
		}
	}
	return 0;
}

int config_check_pair(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	typedef int (*check_fn)(const struct cfg_cell *, const struct cfg_cell *, struct cfg_error *);
	static const check_fn strict[] = {
		pair_names, pair_cpus, pair_irqs, pair_streams, pair_functions, pair_mem, pair_bars,
	};

	if (cell->flags & other->flags & CFG_CELL_ROOT)
		return claimed(err, "flags 0x%x: the root cell is %s already", cell->flags, other->name);
	if (cell->flags & CFG_CELL_ROOT)
		return pair_names(cell, other, err) ? : pair_mem_root(other, cell, err);
	if (other->flags & CFG_CELL_ROOT)
		return pair_names(cell, other, err) ? : pair_mem_root(cell, other, err);
	for (u32 i = 0; i < ARRAY_SIZE(strict); i++) {
		int result = strict[i](cell, other, err);

		if (result)
			return result;
	}
	return 0;
}
