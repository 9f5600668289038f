/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stage2: a cell's stage-2 tables, walked by its CPUs and by the SMMU alike (I3).
 */
#ifndef HYP_STAGE2_H
#define HYP_STAGE2_H

#include <hyp/pgtable.h>
#include <hyp/spinlock.h>

struct stage2 {
	struct pgtable table;
	u16 vmid;
	spinlock_t lock;
};

/* An empty table for that VMID. -ENOMEM. */
int stage2_init(struct stage2 *s2, u16 vmid);
/* Frees all tables. No CPU and no stream may use it any more; ends with an invalidation of the whole VMID. */
void stage2_exit(struct stage2 *s2);

u64 stage2_vttbr(const struct stage2 *s2);

/*
 * Ranges below are page aligned, not empty and below 1 << S2_IPA_BITS, `out` fits an entry; else -EINVAL,
 * nothing changed.
 */

/*
 * Maps [start, start+size) to `out` with PROT_* permissions, with the largest blocks that alignment allows.
 * Page aligned. The range must be unmapped. -ENOMEM, or -EBUSY when something is mapped there; then nothing
 * has changed. What stage2_unmap() took away can be mapped again as it was without memory: tables stay.
 */
int stage2_map(struct stage2 *s2, ipaddr_t start, paddr_t out, u64 size, u32 prot);

/*
 * Unmaps a range (holes are allowed) and returns when no CPU or SMMU TLB holds a translation of it any more.
 * Blocks that stick out are split, break-before-make. -ENOMEM: no translation has changed; -EIO: the SMMU
 * did not confirm, the range is unmapped but must not be handed on. A second call invalidates once more and
 * tells whether it worked then.
 */
int stage2_unmap(struct stage2 *s2, ipaddr_t start, u64 size);

/*
 * What the IPA translates to. False: nothing. The caller holds the lock: no break-before-make is under way then, and as
 * long as it does no entry goes away.
 */
bool stage2_find(const struct stage2 *s2, ipaddr_t address, paddr_t *out, u32 *prot);

/*
 * smmu/ provides this (mm/ does not include it). Drops what each SMMU has cached of the range for that VMID, with
 * completion; size ~0: of the whole VMID. -EIO: an SMMU did not complete in time.
 */
int smmu_s2_inval(u16 vmid, ipaddr_t start, u64 size);

#endif
