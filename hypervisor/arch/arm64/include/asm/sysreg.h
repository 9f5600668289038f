/* SPDX-License-Identifier: GPL-2.0-only */
/* System registers by name, or by S<op0>_<op1>_C<n>_C<m>_<op2> where the assembler does not know the name. */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include <hyp/bits.h>

#define HCR_RW		BIT(31)		/* EL1 is AArch64 */
#define SPSR_EL1H	0x3c5		/* AArch64 EL1, with its own stack pointer, everything masked */

/* two levels, so that a name can be a macro */
#define sysreg_read(name)	sysreg_read_(name)
#define sysreg_write(name, value) sysreg_write_(name, value)

#define sysreg_read_(name) ({						\
	u64 value_;							\
	__asm__ volatile("mrs %0, " #name : "=r" (value_) :: "memory");	\
	value_;								\
})
#define sysreg_write_(name, value) do {					\
	u64 new_value_ = (value);						\
	__asm__ volatile("msr " #name ", %x0" :: "rZ" (new_value_) : "memory");	\
} while (0)

/* Zero to each register of a list in one string. */
#define sysreg_clear(names) __asm__ volatile(".irp name, " names "\n\tmsr \\name, xzr\n\t.endr" ::: "memory")

#endif
