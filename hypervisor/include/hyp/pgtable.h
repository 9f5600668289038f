/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgtable: page tables, of EL2 stage 1 (hyp_map.c) and stage 2 (stage2.c) alike. A change prepares (allocates
 * all tables, may fail, changes no translation) and then commits (cannot fail). The owner of a table
 * serialises.
 *
 * Addresses are input addresses (VA or IPA) and must be inside what the root covers; addresses and sizes are
 * page aligned.
 */
#ifndef HYP_PGTABLE_H
#define HYP_PGTABLE_H

#include <arch/pte.h>
#include <hyp/page_pool.h>

struct pgtable {
	pte_t *root;
	int start_level;
	u32 root_pages;			/* concatenated tables at the start level */
	enum pte_stage stage;
	u32 pages;			/* tables in use, without the root */
	/*
	 * Drops all cached translations and table pointers of the range, everywhere, with completion. Called
	 * with the entries already invalid: before a new valid one replaces them, and before tables are freed.
	 * An error means that a walker may still use them. NULL where nothing is ever unmapped.
	 */
	int (*inval)(struct pgtable *table, u64 addr, u64 size);
};

/* Maps to `out` with the largest leaves that alignment and the tables that are there allow. -ENOMEM, or -EBUSY: something
 * is mapped there already; then no translation has changed. Cannot run out of memory where unmap took away the same. */
int pgtable_map(struct pgtable *table, u64 start, paddr_t out, u64 size, u32 prot);
/* Unmaps; leaves that stick out are split, break-before-make. -ENOMEM: no translation has changed. Another error is
 * inval's: the range is unmapped. */
int pgtable_unmap(struct pgtable *table, u64 start, u64 size);
/* The entry that decides about the address: a leaf or an invalid one, and its level. */
pte_t pgtable_lookup(const struct pgtable *table, u64 addr, int *level);
/*
 * The invalid entry where a leaf of that size (of a level, aligned) at addr would stand; tables are made
 * down to there. The caller writes it from now on: the range is out of bounds for the functions here. NULL:
 * no memory.
 */
pte_t *pgtable_entry(struct pgtable *table, u64 addr, u64 size);
/* Frees all tables but the root, which is empty then. An error is inval's: the tables are lost, for a walker may still
 * read them. */
int pgtable_clear(struct pgtable *table);

#endif
