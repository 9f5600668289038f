/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contract: device register access. asm/io.h provides, as static inline with one access of exactly that width and no
 * reordering against other device accesses of the same device:
 *   u8/u16/u32/u64 mmio_readN(const volatile void *addr)
 *   void mmio_writeN(volatile void *addr, uN value)
 * On the host the fake turns them into calls: u64 fake_mmio_read(addr, bytes), void fake_mmio_write(addr, bytes, value).
 * A driver that hands memory to a device orders it with dsb_ishst() (or dsb_sy()) first.
 */
#ifndef ARCH_IO_H
#define ARCH_IO_H
#include <asm/io.h>
#endif
