/* SPDX-License-Identifier: GPL-2.0-only */
/* The fake architecture's device registers: each access is a call that the test or model answers. */
#ifndef ASM_IO_H
#define ASM_IO_H

#include <hyp/types.h>

u64 fake_mmio_read(const volatile void *addr, unsigned int bytes);
void fake_mmio_write(volatile void *addr, unsigned int bytes, u64 value);

static inline u8 mmio_read8(const volatile void *addr) { return (u8)fake_mmio_read(addr, 1); }
static inline u16 mmio_read16(const volatile void *addr) { return (u16)fake_mmio_read(addr, 2); }
static inline u32 mmio_read32(const volatile void *addr) { return (u32)fake_mmio_read(addr, 4); }
static inline u64 mmio_read64(const volatile void *addr) { return fake_mmio_read(addr, 8); }
static inline void mmio_write8(volatile void *addr, u8 value) { fake_mmio_write(addr, 1, value); }
static inline void mmio_write16(volatile void *addr, u16 value) { fake_mmio_write(addr, 2, value); }
static inline void mmio_write32(volatile void *addr, u32 value) { fake_mmio_write(addr, 4, value); }
static inline void mmio_write64(volatile void *addr, u64 value) { fake_mmio_write(addr, 8, value); }

#endif
