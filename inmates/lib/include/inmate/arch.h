/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* AArch64: system registers, barriers, device accesses, interrupt masking. */
#ifndef INMATE_ARCH_H
#define INMATE_ARCH_H

#include <inmate/types.h>

#define read_sysreg(reg) ({ u64 value_; asm volatile("mrs %0, " #reg : "=r"(value_) : : "memory"); value_; })
#define write_sysreg(value, reg) asm volatile("msr " #reg ", %0" : : "r"((u64)(value)) : "memory")

static inline void isb(void) { asm volatile("isb" : : : "memory"); }
static inline void dsb(void) { asm volatile("dsb sy" : : : "memory"); }
static inline void wfi(void) { asm volatile("dsb sy; wfi" : : : "memory"); }

static inline void irq_enable(void) { asm volatile("msr daifclr, #2" : : : "memory"); }
static inline void irq_disable(void) { asm volatile("msr daifset, #2" : : : "memory"); }

/* One load or store of exactly that width, which an emulator can decode. */
static inline u8 mmio_read8(u64 address)
{
	u8 value;

	asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline u16 mmio_read16(u64 address)
{
	u16 value;

	asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline u32 mmio_read32(u64 address)
{
	u32 value;

	asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline u64 mmio_read64(u64 address)
{
	u64 value;

	asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write8(u64 address, u8 value)
{
	asm volatile("strb %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write16(u64 address, u16 value)
{
	asm volatile("strh %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write32(u64 address, u32 value)
{
	asm volatile("str %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write64(u64 address, u64 value)
{
	asm volatile("str %x0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

#endif
