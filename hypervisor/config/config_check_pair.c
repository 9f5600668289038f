// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of two cell configs against each other: what one has the other must not have (I1, I2, I5). The
 * root cell is the exception: it lends what it has. Arrays ascend, so equal elements are found by merging.
 */
#include <hyp/string.h>

#include "check.h"

typedef bool (*range_rule)(const struct cfg_mem *a, const struct cfg_mem *b);

/* The first of the `a_count` elements of one cell that another has too; a_count: none. */
static u32 find_common(key_fn key, const struct cfg_cell *a, u32 a_count, const struct cfg_cell *b, u32 b_count)
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

	/* checked names end in nothing but zeros */
	return need(c, memcmp(name, other->name, CL_NAME_LEN) != 0, "name '%s' belongs to another cell", name);
}

static bool pair_cpus(struct check *c, const struct cfg_cell *other)
{
	const struct cfg_cell_cpu *a = cfg_cell_cpus(c->cell), *b = cfg_cell_cpus(other);
	u32 count = other->cpu_count;
	bool good = true;

	for (u32 n = 0; n < c->cell->cpu_count * count && good; n++)
		good = need(c, a[n / count].cpu != b[n % count].cpu, "cpu %lu belongs to cell %s", a[n / count].cpu, other->name);
	return good;
}

static bool pair_irqs(struct check *c, const struct cfg_cell *other)
{
	u32 count = c->cell->irq_count;
	u32 i = find_common(irq_key, c->cell, count, other, other->irq_count);
	const struct cfg_irq *irq = &cfg_cell_irqs(c->cell)[i];

	return need(c, i == count, "irq %lu belongs to cell %s", irq->intid, other->name);
}

static bool pair_streams(struct check *c, const struct cfg_cell *other)
{
	u32 count = c->cell->stream_count;
	u32 i = find_common(stream_key, c->cell, count, other, other->stream_count);
	const struct cfg_stream *stream = &cfg_cell_streams(c->cell)[i];

	return need(c, i == count, "stream 0x%x of smmu %u belongs to cell %s", stream->sid, stream->smmu, other->name);
}

/* Both say "shared", and of the very same range. */
static bool is_shared(const struct cfg_mem *a, const struct cfg_mem *b)
{
	return (a->flags & b->flags & CFG_MEM_SHARED) && a->pa == b->pa && a->size == b->size;
}

/* With the root cell: each region is lent as a whole or was never the root's. What that shares it does not lend. */
static bool is_lent(const struct cfg_mem *a, const struct cfg_mem *of_root)
{
	return of_root->flags & CFG_MEM_SHARED ? is_shared(a, of_root) : span_inside(a->pa, a->size, of_root->pa, of_root->size);
}

static bool pair_ranges(struct check *c, const struct cfg_cell *other, range_rule may_overlap, const char *how)
{
	struct cfg_mem a, b;

	for (u32 i = 0; cfg_cell_range(c->cell, i, &a); i++) {
		for (u32 j = 0; cfg_cell_range(other, j, &b); j++) {
			if (span_overlaps(a.pa, a.size, b.pa, b.size) && !may_overlap(&a, &b))
				return refuse(c, "%s: pa 0x%lx size 0x%lx %s '%s' of %s", a.name, a.pa, a.size, how, b.name,
					      other->name);
		}
	}
	return true;
}

/* The ends of one channel agree on how many there are, and each knows which it is. */
static bool pair_ivshmem(struct check *c, const struct cfg_cell *other)
{
	u32 count = other->ivshmem_count;
	bool good = true;

	for (u32 n = 0; n < c->cell->ivshmem_count * count && good; n++) {
		const struct cfg_ivshmem *a = &cfg_cell_ivshmem(c->cell)[n / count], *b = &cfg_cell_ivshmem(other)[n % count];
		bool apart = cfg_ivshmem_mem(c->cell, n / count)->pa != cfg_ivshmem_mem(other, n % count)->pa;

		good = need(c, apart || (a->id != b->id && a->peers == b->peers),
			    "ivshmem[%u]: id %u of %u peers, and cell %s on the same memory has id %u of %u", n / count, a->id,
			    a->peers, other->name, b->id, b->peers);
	}
	return good;
}

int config_check_pair(const struct cfg_cell *cell, const struct cfg_cell *other, struct hc_error *err)
{
	/* of two of which one is the root cell, that is the other */
	const struct cfg_cell *a = is_root(cell) ? other : cell, *b = is_root(cell) ? cell : other;
	struct check c = { .cell = a, .err = err };
	bool good = need(&c, !is_root(a), "flags 0x%x: the root cell is %s already", a->flags, b->name) && pair_names(&c, b) &&
		    (is_root(b) ? pair_ranges(&c, b, is_lent, "is not lent or shared as a whole by") :
		     pair_cpus(&c, b) && pair_irqs(&c, b) && pair_streams(&c, b) && pair_ranges(&c, b, is_shared, "overlaps")) &&
		    pair_ivshmem(&c, b);

	return good ? 0 : -EBUSY;
}
