// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 TLB maintenance of the SMMUs, called by mm/stage2.c after the CPUs' own (I4). An SMMU can hold translations of
 * a VMID only while it has an attached stream with it: the count rises before the first such STE is installed, and
 * falls after the last was removed and the whole VMID invalidated.
 */
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include "smmu_internal.h"

#define TLBI_BATCH	32	/* commands; beyond, the whole VMID is cheaper */

/*
 * The commands for a range of pages; 0: too many. Without range support, one for each page; with it, for 5 bits of the
 * count at a time from the lowest, (NUM + 1) << SCALE pages. TTL is 0: leaves of any level.
 */
static u32 tlbi_range(const struct smmu *smmu, struct smmu_cmd *cmds, u16 vmid, u64 address, u64 pages)
{
	bool ranges = smmu->idr3 & IDR3_RIL;
	u32 n = 0;

	while (pages) {
		u32 scale = ranges ? (u32)__builtin_ctzll(pages) : 0;
		u32 num = ranges ? (u32)(pages >> scale) & (u32)FIELD_MAX(CMD_TLBI0_NUM) : 1;
		u64 step = (u64)num << scale;

		if (n == TLBI_BATCH)
			return 0;
		/* TG = 0: no range. NUM and SCALE and TTL all 0 are reserved with a TG. */
		cmds[n++] = (struct smmu_cmd){
			.dw[0] = cmd_about(CMD_TLBI_S2_IPA, vmid) | FIELD_PREP(CMD_TLBI0_NUM, num - 1) |
				 FIELD_PREP(CMD_TLBI0_SCALE, scale),
			.dw[1] = (address & CMD1_ADDR) | (step > 1 ? FIELD_PREP(CMD_TLBI1_TG, CMD_TLBI_TG_4K) : 0),
		};
		pages -= step;
		address += step << PAGE_SHIFT;
	}
	return n;
}

/*
 * With stage 2 alone, invalidation by IPA reaches all that is cached. Entries of stage 1 have both stages combined and
 * are not found by IPA.
 */
static int inval_one(struct smmu *smmu, u16 vmid, u64 address, u64 pages)
{
	struct smmu_cmd cmds[TLBI_BATCH];
	u64 stage1 = cmd_about(CMD_TLBI_NH_ALL, vmid);
	u32 n = pages ? tlbi_range(smmu, cmds, vmid, address, pages) : 0;
	int err;

	if (!n)
		return cmdq_one(smmu, cmd_about(CMD_TLBI_S12_VMALL, vmid), 0);
	if (MUTATE(S2_STAGE1_TLBI_FIRST))
		cmdq_one(smmu, stage1, 0);
	err = cmdq_run(smmu, NULL, cmds, n);
	if (MUTATE(S2_NO_STAGE1_TLBI) || MUTATE(S2_STAGE1_TLBI_FIRST))
		return err;
	/* after a SYNC, lest a walk makes a combined entry anew from one of stage 2 that is still there */
	if (!err && smmu->vmid_stage1[vmid & 0xff])
		err = cmdq_one(smmu, stage1, 0);
	return err;
}

int smmu_s2_inval(u16 vmid, ipaddr_t start, u64 size)
{
	u64 first = ALIGN_DOWN(start.ipa, PAGE_SIZE);
	u64 pages = size == ~0ULL ? 0 : (ALIGN_UP(start.ipa + size, PAGE_SIZE) - first) >> PAGE_SHIFT;
	int err = 0;

	if (!size)
		return 0;
	for (u32 i = 0; i < smmu_count; i++) {
		struct smmu *smmu = &smmus[i];

		spin_lock(&smmu->lock);
		if (smmu->vmid_streams[vmid & 0xff] &&
		    (inval_one(smmu, vmid, first, pages) || strtab_atc_inv(smmu, vmid)))
			err = -EIO;
		spin_unlock(&smmu->lock);
	}
	return err;
}
