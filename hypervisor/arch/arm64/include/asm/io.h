/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device register access of arm64; see arch/io.h. Base register only: an access with write-back has no syndrome, and
 * a hypervisor below us could not emulate it.
 */
#ifndef ASM_IO_H
#define ASM_IO_H

#include <hyp/types.h>

#define MMIO_ACCESSORS(bits, load, store, reg)						\
static inline u##bits mmio_read##bits(const volatile void *addr)			\
{											\
	u##bits value;									\
											\
	__asm__ volatile(load " %" reg "0, [%1]" : "=r" (value) : "r" (addr) : "memory");	\
	return value;									\
}											\
static inline void mmio_write##bits(volatile void *addr, u##bits value)		\
{											\
	__asm__ volatile(store " %" reg "0, [%1]" : : "r" (value), "r" (addr) : "memory");	\
}

MMIO_ACCESSORS(8, "ldrb", "strb", "w")
MMIO_ACCESSORS(16, "ldrh", "strh", "w")
MMIO_ACCESSORS(32, "ldr", "str", "w")
MMIO_ACCESSORS(64, "ldr", "str", "x")

#endif
