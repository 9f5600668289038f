/* SPDX-License-Identifier: GPL-2.0-only */
/* Contract: data-cache maintenance by address, to the point of coherency; includes the DSB at the end. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <hyp/types.h>

void dcache_clean(const void *va, size_t size);
/* Clears whole pages of Normal memory. */
void zero_pages(void *va, size_t size);
/* Clears whole pages (va and size page aligned) and cleans them to the point of coherency. */
void zero_pages_poc(void *va, size_t size);
/* Copies and cleans the destination to the point of coherency; both 16-byte aligned, size rounded up to 128.
 * Not on a CPU that runs a guest: its SIMD registers are used. */
void copy_poc(void *dst, const void *src, size_t size);
/* After code was written: the instruction caches of all CPUs. */
void icache_inval_all(void);

#endif
