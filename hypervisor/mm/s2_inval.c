// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one way to make a live stage-2 entry go away (I4): first the TLBs of all CPUs, then those of the
 * SMMUs, each with completion. The callers have made the entries invalid and hold the table's lock.
 */
#include <arch/pte.h>
#include <arch/tlb.h>
#include <hyp/bits.h>
#include <hyp/mutate.h>
#include <hyp/stage2.h>

static s2_inval_fn smmu_inval;		/* set once at boot; NULL: no SMMU yet, or none at all */

void s2_inval_register(s2_inval_fn smmu)
{
	smmu_inval = smmu;
}

int s2_inval(u64 vttbr, ipaddr_t start, u64 size)
{
	if (!MUTATE(NO_CPU_TLBI))
		tlb_inval_s2_range(vttbr, start, size);
	if (!smmu_inval || MUTATE(NO_SMMU_TLBI))
		return 0;
	return smmu_inval((u16)FIELD_GET(VTTBR_VMID, vttbr), start, size < BIT(S2_IPA_BITS) ? size : ~0ULL);
}
