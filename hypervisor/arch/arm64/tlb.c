// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLB maintenance from EL2. The instructions for stage 2 act on the VMID in VTTBR_EL2, so it may have to be another
 * one for a moment; EL2 itself does not use it, and its guest does not run meanwhile.
 */
#include <arch/barrier.h>
#include <arch/tlb.h>
#include <asm/sysreg.h>
#include <hyp/bits.h>

/* Above this, one invalidation of the whole VMID costs less than the pages one by one. */
#define RANGE_MAX_PAGES		512

/* The address operand of TLBI by IPA or VA counts 4 KiB pages. */
#define TLBI_IPA		GENMASK(35, 0)
#define TLBI_VA			GENMASK(43, 0)

/*
 * By IPA only stage-2 entries go; entries that combine both stages are found by VA, which nobody knows, so all of
 * stage 1 has to go, after the stage-2 entries that it could be refilled from.
 */
void tlb_inval_s2_range(u64 vttbr, ipaddr_t start, u64 size)
{
	u64 first = start.ipa >> PAGE_SHIFT, pages = DIV_ROUND_UP(size, PAGE_SIZE);
	u64 running = sysreg_read(vttbr_el2);

	dsb_ish();	/* page-table writes before it are visible to walks after it */
	sysreg_write(vttbr_el2, vttbr);
	isb();
	if (pages > RANGE_MAX_PAGES) {
		__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	} else {
		for (u64 page = first; page < first + pages; page++)
			__asm__ volatile("tlbi ipas2e1is, %0" :: "r" (FIELD_PREP(TLBI_IPA, page)) : "memory");
		dsb_ish();
		__asm__ volatile("tlbi vmalle1is" ::: "memory");
	}
	dsb_ish();
	sysreg_write(vttbr_el2, running);
	isb();
}

void tlb_inval_hyp_local(const void *va, size_t pages)
{
	u64 first = (uintptr_t)va >> PAGE_SHIFT;

	dsb_ish();
	for (u64 page = first; page < first + pages; page++)
		__asm__ volatile("tlbi vae2, %0" :: "r" (FIELD_PREP(TLBI_VA, page)) : "memory");
	dsb_ish();
	isb();
}
