/* SPDX-License-Identifier: GPL-2.0-only */
/* The GIC's CPU interface, as functions that a model answers (tests/unit/gic_model.c). */
#ifndef ASM_GIC_SYSREG_H
#define ASM_GIC_SYSREG_H

#include <hyp/types.h>

u32 icc_acknowledge(void);
void icc_drop_priority(u32 intid);
void icc_deactivate(u32 intid);
void icc_set_mask(u32 priority);
void icc_send_sgi(u64 value);
bool icc_enable(u32 mask);
u64 ich_vtr(void);
u32 ich_free(void);
void ich_set_hcr(u64 value);
void ich_set_vmcr(u64 value);
void ich_clear_active(u32 bits);
u64 ich_read_lr(u32 n);
void ich_write_lr(u32 n, u64 value);

#endif
