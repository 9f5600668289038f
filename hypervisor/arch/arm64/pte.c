// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMSAv8-64 entries, 4 KiB granule: EL2 stage 1 (one VA range, no VHE) and stage 2. Pure, so that the host runs it too.
 */
#include <arch/pte.h>
#include <hyp/bits.h>

/* both stages */
#define PTE_VALID		BIT(0)
#define PTE_TABLE		BIT(1)		/* levels 0-2: table; level 3: page, and 0 is reserved */
#define PTE_SH			GENMASK(9, 8)
#define PTE_SH_INNER		3
#define PTE_AF			BIT(10)
#define PTE_ADDR		GENMASK(47, 12)
#define PTE_XN			BIT(54)

/* EL2 stage 1 */
#define PTE_S1_ATTR		GENMASK(4, 2)	/* index into MAIR_EL2, see MAIR_VALUE in asm/entry.h */
#define MAIR_INDEX_NORMAL	0
#define MAIR_INDEX_DEVICE	1
#define PTE_S1_AP1		BIT(6)		/* RES1 where there is no EL0 */
#define PTE_S1_AP_RO		BIT(7)

/* stage 2 */
#define PTE_S2_ATTR		GENMASK(5, 2)
#define PTE_S2_ATTR_NORMAL	0xf		/* write-back, inner and outer: leaves the guest's choice as it is */
#define PTE_S2_ATTR_DEVICE	0x1		/* Device-nGnRE */
#define PTE_S2_AP_READ		BIT(6)
#define PTE_S2_AP_WRITE		BIT(7)

bool pte_valid(pte_t pte)
{
	return pte & PTE_VALID;
}

bool pte_is_table(pte_t pte, int level)
{
	return level < 3 && (pte & PTE_VALID) && (pte & PTE_TABLE);
}

pte_t pte_table(paddr_t next)
{
	return (next.pa & PTE_ADDR) | PTE_TABLE | PTE_VALID;
}

static pte_t hyp_attributes(u32 prot)
{
	u32 index = prot & PROT_DEVICE ? MAIR_INDEX_DEVICE : MAIR_INDEX_NORMAL;

	return FIELD_PREP(PTE_S1_ATTR, index) | PTE_S1_AP1 | (prot & PROT_WRITE ? 0 : PTE_S1_AP_RO);
}

static pte_t s2_attributes(u32 prot)
{
	u32 attr = prot & PROT_DEVICE ? PTE_S2_ATTR_DEVICE : PTE_S2_ATTR_NORMAL;

	return FIELD_PREP(PTE_S2_ATTR, attr) | (prot & PROT_READ ? PTE_S2_AP_READ : 0) |
	       (prot & PROT_WRITE ? PTE_S2_AP_WRITE : 0);
}

/* Device memory is never executable: a speculative fetch would be an access that nobody asked for. */
pte_t pte_leaf(enum pte_stage stage, paddr_t out, int level, u32 prot)
{
	pte_t pte = (out.pa & PTE_ADDR) | PTE_AF | PTE_VALID | FIELD_PREP(PTE_SH, PTE_SH_INNER);

	pte |= stage == PTE_HYP ? hyp_attributes(prot) : s2_attributes(prot);
	if (!(prot & PROT_EXEC) || (prot & PROT_DEVICE))
		pte |= PTE_XN;
	if (level == 3)
		pte |= PTE_TABLE;
	return pte;
}

paddr_t pte_addr(pte_t pte)
{
	return pa(pte & PTE_ADDR);
}

pte_t pte_part(pte_t block, int level, u64 offset)
{
	return block + offset + (level == 3 ? PTE_TABLE : 0);
}

u32 pte_s2_prot(pte_t pte)
{
	return (pte & PTE_S2_AP_READ ? PROT_READ : 0) | (pte & PTE_S2_AP_WRITE ? PROT_WRITE : 0) |
	       (FIELD_GET(PTE_S2_ATTR, pte) == PTE_S2_ATTR_DEVICE ? PROT_DEVICE : 0) | (pte & PTE_XN ? 0 : PROT_EXEC);
}
