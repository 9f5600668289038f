/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* AArch32: takes the place of lib/include/inmate/arch.h, with system registers by their names of AArch64. */
#ifndef INMATE_ARCH_H
#define INMATE_ARCH_H

#include <inmate/types.h>

/* Each register as MRC and MCR, or MRRC and MCRR, have it; the operand is a u64. */
#define SYSREG_cntfrq_el0(narrow, wide)		narrow("p15, 0, %Q0, c14, c0, 0")
#define SYSREG_cntp_ctl_el0(narrow, wide)	narrow("p15, 0, %Q0, c14, c2, 1")
#define SYSREG_cntv_ctl_el0(narrow, wide)	narrow("p15, 0, %Q0, c14, c3, 1")
#define SYSREG_cntp_cval_el0(narrow, wide)	wide("p15, 2, %Q0, %R0, c14")
#define SYSREG_cntv_cval_el0(narrow, wide)	wide("p15, 3, %Q0, %R0, c14")
#define SYSREG_cntpct_el0(narrow, wide)		wide("p15, 0, %Q0, %R0, c14")
#define SYSREG_cntvct_el0(narrow, wide)		wide("p15, 1, %Q0, %R0, c14")
#define SYSREG_mpidr_el1(narrow, wide)		narrow("p15, 0, %Q0, c0, c0, 5")
#define SYSREG_sctlr_el1(narrow, wide)		narrow("p15, 0, %Q0, c1, c0, 0")
#define SYSREG_tpidr_el1(narrow, wide)		narrow("p15, 0, %Q0, c13, c0, 4")
#define SYSREG_icc_pmr_el1(narrow, wide)	narrow("p15, 0, %Q0, c4, c6, 0")
#define SYSREG_icc_iar1_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 0")
#define SYSREG_icc_eoir1_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 1")
#define SYSREG_icc_bpr1_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 3")
#define SYSREG_icc_ctlr_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 4")
#define SYSREG_icc_sre_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 5")
#define SYSREG_icc_igrpen1_el1(narrow, wide)	narrow("p15, 0, %Q0, c12, c12, 7")
#define SYSREG_icc_sgi1r_el1(narrow, wide)	wide("p15, 0, %Q0, %R0, c12")

#define SYSREG_MRC(operands)	"mrc " operands "\n\tmov %R0, #0"
#define SYSREG_MRRC(operands)	"mrrc " operands
#define SYSREG_MCR(operands)	"mcr " operands
#define SYSREG_MCRR(operands)	"mcrr " operands
#define read_sysreg(reg) ({ u64 value_; asm volatile(SYSREG_##reg(SYSREG_MRC, SYSREG_MRRC) : "=r"(value_) : : "memory"); value_; })
#define write_sysreg(value, reg) asm volatile(SYSREG_##reg(SYSREG_MCR, SYSREG_MCRR) : : "r"((u64)(value)) : "memory")

static inline void isb(void) { asm volatile("isb" : : : "memory"); }
static inline void dsb(void) { asm volatile("dsb sy" : : : "memory"); }
static inline void wfi(void) { asm volatile("dsb sy\n\twfi" : : : "memory"); }

static inline void irq_enable(void) { asm volatile("cpsie i" : : : "memory"); }
static inline void irq_disable(void) { asm volatile("cpsid i" : : : "memory"); }

/* One load or store of exactly that width, which an emulator can decode; 64 bits are two of them. */
static inline u8 mmio_read8(u64 address)
{
	u32 value;

	asm volatile("ldrb %0, [%1]" : "=r"(value) : "r"((u32)address) : "memory");
	return value;
}

static inline u32 mmio_read32(u64 address)
{
	u32 value;

	asm volatile("ldr %0, [%1]" : "=r"(value) : "r"((u32)address) : "memory");
	return value;
}

static inline u64 mmio_read64(u64 address)
{
	u64 low = mmio_read32(address);

	return (u64)mmio_read32(address + 4) << 32 | low;
}

static inline void mmio_write8(u64 address, u8 value)
{
	asm volatile("strb %0, [%1]" : : "r"(value), "r"((u32)address) : "memory");
}

static inline void mmio_write32(u64 address, u32 value)
{
	asm volatile("str %0, [%1]" : : "r"(value), "r"((u32)address) : "memory");
}

static inline void mmio_write64(u64 address, u64 value)
{
	mmio_write32(address, (u32)value);
	mmio_write32(address + 4, (u32)(value >> 32));
}

#endif
