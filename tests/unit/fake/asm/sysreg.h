/* SPDX-License-Identifier: GPL-2.0-only */
/* The fake architecture's system registers, by name; a test defines the two functions to give them values. */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include <hyp/bits.h>

u64 fake_sysreg_read(const char *name);
void fake_sysreg_write(const char *name, u64 value);

#define sysreg_read(name)		fake_sysreg_read(#name)
#define sysreg_write(name, value)	fake_sysreg_write(#name, (value))

#endif
