// SPDX-License-Identifier: GPL-2.0-only
/* Stage 2 of one cell: a page table and its lock. */
#include <arch/tlb.h>
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include <hyp/printk.h>
#include <hyp/stage2.h>

/*
 * The one way to make a live stage-2 entry go away (I4): first the TLBs of all CPUs, then those of the SMMUs, each with
 * completion. The entries are invalid already, and the lock is held.
 */
static int inval(struct pgtable *table, u64 addr, u64 size)
{
	const struct stage2 *s2 = container_of(table, struct stage2, table);

	if (!MUTATE(NO_CPU_TLBI))
		tlb_inval_s2_range(stage2_vttbr(s2), ipa(addr), size);
	if (MUTATE(NO_SMMU_TLBI))
		return 0;
	return smmu_s2_inval(s2->vmid, ipa(addr), size < BIT(S2_IPA_BITS) ? size : ~0ULL);
}

int stage2_init(struct stage2 *s2, u16 vmid)
{
	pte_t *root = page_alloc(S2_ROOT_PAGES, S2_ROOT_PAGES);

	if (!root)
		return -ENOMEM;
	*s2 = (struct stage2){
		.table = {
			.root = root,
			.start_level = S2_START_LEVEL,
			.root_pages = S2_ROOT_PAGES,
			.stage = PTE_S2,
			.inval = inval,
		},
		.vmid = vmid,
	};
	return 0;
}

/*
 * When an SMMU does not confirm, it may go on reading the old tables for ever: then their memory is lost on
 * purpose.
 */
void stage2_exit(struct stage2 *s2)
{
	SPIN_GUARD(&s2->lock);
	if (pgtable_clear(&s2->table))
		pr_err("stage 2 of VMID %u: not invalidated, its tables stay allocated", s2->vmid);
	else
		page_free(s2->table.root, S2_ROOT_PAGES);
	s2->table.root = NULL;
}

u64 stage2_vttbr(const struct stage2 *s2)
{
	return FIELD_PREP(VTTBR_VMID, s2->vmid) | FIELD_PREP(VTTBR_BADDR, hyp_pa(s2->table.root).pa >> 1);
}

static bool in_range(ipaddr_t start, u64 size)
{
	return size && IS_ALIGNED(start.ipa | size, PAGE_SIZE) && start.ipa < BIT(S2_IPA_BITS) &&
	       size <= BIT(S2_IPA_BITS) - start.ipa;
}

int stage2_map(struct stage2 *s2, ipaddr_t start, paddr_t out, u64 size, u32 prot)
{
	if (!in_range(start, size) || !IS_ALIGNED(out.pa, PAGE_SIZE) || out.pa > BIT(PTE_OUT_BITS) - size)
		return -EINVAL;
	SPIN_GUARD(&s2->lock);
	return pgtable_map(&s2->table, start.ipa, out, size, prot);
}

int stage2_unmap(struct stage2 *s2, ipaddr_t start, u64 size)
{
	if (!in_range(start, size))
		return -EINVAL;
	SPIN_GUARD(&s2->lock);
	return pgtable_unmap(&s2->table, start.ipa, size);
}

bool stage2_find(const struct stage2 *s2, ipaddr_t address, paddr_t *out, u32 *prot)
{
	int level;
	pte_t pte;

	if (address.ipa >= BIT(S2_IPA_BITS))
		return false;
	pte = pgtable_lookup(&s2->table, address.ipa, &level);
	if (!pte_valid(pte))
		return false;
	*out = pa_add(pte_addr(pte), address.ipa & (pte_level_size(level) - 1));
	*prot = pte_s2_prot(pte);
	return true;
}
