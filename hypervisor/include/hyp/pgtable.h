/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgtable: the one walker, for EL2 stage 1 (hyp_map.c) and stage 2 (stage2.c). A change prepares (allocates all
 * tables, may fail, changes no translation) and then commits (cannot fail).
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
	struct page_reserve *reserve;	/* new tables come from here and empty ones return to it */
	u32 pages;			/* tables in use, without the root */
	/* break-before-make: called with the entry already invalid, before a new valid entry replaces it */
	int (*inval)(struct pgtable *table, u64 addr, u64 size);
};

/* See pgtable.c for the operations; only mm/ uses them. */

#endif
