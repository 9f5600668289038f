/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_pool: the hypervisor's own 4 KiB pages, for page tables, SMMU structures and cells. It is the memory
 * behind the image inside [hyp_base, hyp_base + hyp_size), linearly mapped at EL2, never visible to a cell.
 */
#ifndef HYP_PAGE_POOL_H
#define HYP_PAGE_POOL_H

#include <hyp/addr.h>

/*
 * Hands the whole pages in [start, start + bytes) to the pool; linearly mapped. Called once, before other
 * CPUs run.
 */
void page_pool_init(void *start, size_t bytes);

/*
 * `count` adjacent pages, the first aligned to `align` pages (a power of two) in PA and VA; zeroed.
 * NULL: not available. Any CPU; takes the pool lock.
 */
void *page_alloc(size_t count, size_t align);
void page_free(void *first, size_t count);
size_t page_pool_total(void);
size_t page_pool_free(void);
/* Where the pool's memory starts; it ends with the hypervisor's region. */
void *page_pool_start(void);

/*
 * The linear map of the hypervisor's own memory, and nothing else: hyp_pa() and hyp_va() panic for other
 * addresses. hyp_linear_init() comes first of all: [base, base + size) is the region, pa_minus_va what the
 * map adds.
 */
void hyp_linear_init(paddr_t base, size_t size, u64 pa_minus_va);
paddr_t hyp_pa(const void *va);
void *hyp_va(paddr_t address);

#endif
