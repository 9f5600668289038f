/* SPDX-License-Identifier: GPL-2.0-only */
/* Barriers of arm64; see arch/barrier.h. */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

static inline void dsb_ish(void) { __asm__ volatile("dsb ish" ::: "memory"); }
static inline void dsb_ishst(void) { __asm__ volatile("dsb ishst" ::: "memory"); }
static inline void dsb_sy(void) { __asm__ volatile("dsb sy" ::: "memory"); }
static inline void dmb_ish(void) { __asm__ volatile("dmb ish" ::: "memory"); }
static inline void isb(void) { __asm__ volatile("isb" ::: "memory"); }
static inline void cpu_relax(void) { __asm__ volatile("yield" ::: "memory"); }
static inline void send_event(void) { __asm__ volatile("sev" ::: "memory"); }
static inline void wait_for_interrupt(void) { __asm__ volatile("dsb sy\n\twfi" ::: "memory"); }

#endif
