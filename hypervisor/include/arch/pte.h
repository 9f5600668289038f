/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contract: the format of page-table entries, 4 KiB granule, levels 0 to 3, for EL2 stage 1 and for stage 2.
 * Only arch/ knows the bits; mm/ walks.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <hyp/addr.h>

typedef u64 pte_t;

#define PTE_OUT_BITS	48		/* of an output address; higher ones have no place in an entry */

/* Permissions and memory type of a mapping, the same words for both stages. */
#define PROT_READ	(1u << 0)
#define PROT_WRITE	(1u << 1)
#define PROT_EXEC	(1u << 2)
#define PROT_DEVICE	(1u << 3)	/* Device-nGnRE; otherwise Normal write-back, inner shareable */

enum pte_stage { PTE_HYP, PTE_S2 };

static inline unsigned int pte_level_shift(int level) { return 12 + 9 * (3 - level); }
static inline u64 pte_level_size(int level) { return 1ULL << pte_level_shift(level); }
static inline bool pte_block_allowed(int level) { return level >= 1; }	/* may a leaf stand at this level? */

bool pte_valid(pte_t pte);
bool pte_is_table(pte_t pte, int level);	/* valid and a pointer to the next level */
pte_t pte_table(paddr_t next);
pte_t pte_leaf(enum pte_stage stage, paddr_t out, int level, u32 prot);
paddr_t pte_addr(pte_t pte);			/* of a leaf (level-aligned) or of the next table */
/* The leaf at that level which says what a larger one above it says about `offset` bytes behind its start. */
pte_t pte_part(pte_t block, int level, u64 offset);
u32 pte_s2_prot(pte_t pte);			/* the permissions of a leaf of stage 2 */

/*
 * Geometry of every cell's stage 2, one for the machine (I3): 40-bit IPA, 4 KiB granule, the walk starts at level 1
 * with two concatenated tables (8 KiB, 8 KiB aligned).
 */
#define S2_IPA_BITS	40
#define S2_START_LEVEL	1
#define S2_ROOT_PAGES	2
#define VTCR_T0SZ	GENMASK(5, 0)
#define VTCR_SL0	GENMASK(7, 6)
#define VTCR_IRGN0	GENMASK(9, 8)
#define VTCR_ORGN0	GENMASK(11, 10)
#define VTCR_SH0	GENMASK(13, 12)
#define VTCR_PS		GENMASK(18, 16)
#define VTTBR_BADDR	GENMASK(47, 1)
#define VTTBR_VMID	GENMASK(63, 48)

/* VTCR_EL2 for this machine, the value of every CPU; the SMMU's STE fields are derived from it. */
u64 s2_vtcr(void);

#endif
