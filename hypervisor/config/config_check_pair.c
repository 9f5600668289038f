// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of two cell configs against each other: what one has the other must not have (I1, I2, I5). The
 * root cell is the exception: it lends what it has. Arrays ascend, so equal elements are found by merging.
 */
#include <hyp/string.h>

#include "check.h"

typedef bool (*mem_rule)(const struct cfg_mem *a, const struct cfg_mem *b);

/* The first of the `a_count` elements of one cell that another has too; a_count: none. */
static u32 find_common(key_fn key, const struct cfg_cell *a, u32 a_count, const struct cfg_cell *b,
		       u32 b_count)
{
	u32 i = 0, j = 0;

	while (i < a_count && j < b_count) {
		if (key(a, i) == key(b, j))
			return i;
		if (key(a, i) < key(b, j))
			i++;
		else
			j++;
	}
	return a_count;
}

static bool pair_names(struct check *c, const struct cfg_cell *other)
{
	const char *name = c->cell->name;

	return need(c, strcmp(name, other->name) != 0, "name '%s' belongs to another cell", name);
}

static bool pair_cpus(struct check *c, const struct cfg_cell *other)
{
	const struct cfg_cell_cpu *a = cfg_cell_cpus(c->cell), *b = cfg_cell_cpus(other);

	for (u32 i = 0; i < c->cell->cpu_count; i++) {
		for (u32 j = 0; j < other->cpu_count; j++) {
			if (a[i].cpu == b[j].cpu)
				return refuse(c, "cpu %u belongs to cell %s", a[i].cpu, other->name);
		}
	}
	return true;
}

static bool pair_irqs(struct check *c, const struct cfg_cell *other)
{
	u32 count = c->cell->irq_count;
	u32 i = find_common(irq_key, c->cell, count, other, other->irq_count);
	const struct cfg_irq *irq = &cfg_cell_irqs(c->cell)[i];

	return need(c, i == count, "irq %u belongs to cell %s", irq->intid, other->name);
}

static bool pair_streams(struct check *c, const struct cfg_cell *other)
{
	u32 count = c->cell->stream_count;
	u32 i = find_common(stream_key, c->cell, count, other, other->stream_count);
	const struct cfg_stream *stream = &cfg_cell_streams(c->cell)[i];

	return need(c, i == count, "stream 0x%x of smmu %u belongs to cell %s", stream->sid, stream->smmu,
		    other->name);
}

static bool pair_functions(struct check *c, const struct cfg_cell *other)
{
	u32 count = c->cell->pci_count;
	u32 i = find_common(function_key, c->cell, count, other, other->pci_count);
	const struct cfg_pci_dev *dev = &cfg_cell_pci(c->cell)[i];

	return need(c, i == count, "PCI function " BDF_FMT " of host %u belongs to cell %s",
		    BDF_ARGS(dev->bdf), dev->host, other->name);
}

/* Both say "shared", and of the very same range. */
static bool is_shared(const struct cfg_mem *a, const struct cfg_mem *b)
{
	return (a->flags & b->flags & CFG_MEM_SHARED) && a->pa == b->pa && a->size == b->size;
}

/* With the root cell: each region is lent as a whole or was never the root's. */
static bool is_lent(const struct cfg_mem *a, const struct cfg_mem *of_root)
{
	return span_inside(a->pa, a->size, of_root->pa, of_root->size);
}

static bool pair_mem(struct check *c, const struct cfg_cell *other, mem_rule may_overlap, const char *how)
{
	const struct cfg_mem *a = cfg_cell_mem(c->cell), *b = cfg_cell_mem(other);

	for (u32 n = 0; n < c->cell->mem_count * other->mem_count; n++) {
		u32 i = n / other->mem_count, j = n % other->mem_count;

		if (span_overlaps(a[i].pa, a[i].size, b[j].pa, b[j].size) && !may_overlap(&a[i], &b[j]))
			return refuse(c, "memory[%u] '%s': pa 0x%lx size 0x%lx %s '%s' of %s", i, a[i].name,
				      a[i].pa, a[i].size, how, b[j].name, other->name);
	}
	return true;
}

static bool pair_bars(struct check *c, const struct cfg_cell *other)
{
	u32 theirs = other->pci_count * CFG_PCI_BARS;

	c->array = "pci";
	for (u32 n = 0; n < c->cell->pci_count * CFG_PCI_BARS * theirs; n++) {
		const struct cfg_bar *a = bar_slot(c->cell, n / theirs), *b = bar_slot(other, n % theirs);

		c->index = n / theirs / CFG_PCI_BARS;
		c->bar = n / theirs % CFG_PCI_BARS + 1;
		if (span_overlaps(a->pa, cfg_bar_span(a), b->pa, cfg_bar_span(b)))
			return refuse(c, "pa 0x%lx with size 0x%lx overlaps a BAR of cell %s", a->pa, a->size,
				      other->name);
	}
	return true;
}

static bool pair_root(struct check *c, const struct cfg_cell *other)
{
	struct check reversed = { .cell = other, .err = c->err };
	bool root = is_root(c->cell);

	return need(c, !root || !is_root(other), "flags 0x%x: the root cell is %s already", c->cell->flags,
		    other->name) &&
	       pair_names(c, other) &&
	       (root ? pair_mem(&reversed, c->cell, is_lent, "partly in") :
		       pair_mem(c, other, is_lent, "partly in"));
}

int config_check_pair(const struct cfg_cell *cell, const struct cfg_cell *other, struct cfg_error *err)
{
	struct check c = { .cell = cell, .err = err };
	bool good;

	if ((cell->flags | other->flags) & CFG_CELL_ROOT)
		good = pair_root(&c, other);
	else
		good = pair_names(&c, other) && pair_cpus(&c, other) && pair_irqs(&c, other) &&
		       pair_streams(&c, other) && pair_functions(&c, other) &&
		       pair_mem(&c, other, is_shared, "overlaps") && pair_bars(&c, other);
	return good ? 0 : -EBUSY;
}
