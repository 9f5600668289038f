/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hyp_map: EL2 stage 1. W^X throughout: text read-execute, rodata read-only, everything else never
 * executable; each CPU's stack lies between two unmapped guard pages; guest memory is mapped only through a
 * CPU's window, while in use.
 */
#ifndef HYP_HYP_MAP_H
#define HYP_HYP_MAP_H

#include <hyp/addr.h>
#include <hyp/page_pool.h>

/*
 * The VA layout. The image is linked at HYP_VA_BASE (hyp.lds) and the hypervisor's whole region is mapped
 * there linearly, up to 64 GiB; all of it is under one level-0 entry.
 */
#define HYP_VA_BASE		0x0000400000000000ULL
#define HYP_VA_MMIO		(HYP_VA_BASE + GIB(64))
#define HYP_VA_MMIO_END		(HYP_VA_BASE + GIB(128))
#define HYP_VA_STACKS		HYP_VA_MMIO_END
#define HYP_VA_WINDOWS		(HYP_VA_STACKS + MIB(512))

#define HYP_WINDOW_SIZE		MIB(2)

/*
 * Replaces the boot mapping by the final one. Boot CPU, once, after page_pool_init(). What lies between the
 * image and the pool (the packed config and payloads) is read-only afterwards. -ENOMEM.
 */
int hyp_map_init(void);
/* Root of the final table, for entry.S and the other CPUs. */
extern paddr_t hyp_root;

/* Device registers, for ever. NULL: out of address space or pages. Boot only. */
void *hyp_map_mmio(paddr_t base, size_t size);

/*
 * A stack of HYP_STACK_SIZE for that CPU, with guard pages; returns its top, NULL without memory. Boot
 * CPU.
 */
#define HYP_STACK_SIZE		KIB(16)
void *hyp_map_stack(unsigned int cpu);

/*
 * The calling CPU's window onto up to HYP_WINDOW_SIZE of any RAM: Normal write-back, read-write, never
 * executable. `size` counts from `start`, which need not be aligned, but start + size must not pass the next
 * 2 MiB boundary of PA. One at a time per CPU: a second map without unmap panics. Cannot fail. Takes time by
 * the page, but a whole aligned HYP_WINDOW_SIZE is as cheap as one page.
 */
void *hyp_window_map(paddr_t start, size_t size);
void hyp_window_unmap(void);

#endif
