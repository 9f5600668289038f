/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contract: CPU TLB maintenance. All of these include the DSBs before and after, and the ISB; they may be called with
 * any VMID, the running one or not. Page-table writes before the call are visible to walkers after it.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <hyp/addr.h>

/* All stage-2 entries of that VMID for [ipa, ipa+size), and the combined stage-1+2 entries made from them; broadcast. */
void tlb_inval_s2_range(u64 vttbr, ipaddr_t start, u64 size);
/* EL2 stage-1 entries of that many pages from the one that holds va; of this CPU only. */
void tlb_inval_hyp_local(const void *va, size_t pages);

#endif
