/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake architecture's barriers. A test that wants to know of them defines fake_barrier(); cpu_relax() and
 * wait_for_interrupt() call fake_wait(), so that a model can make progress while the code under test polls.
 */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

void fake_barrier(const char *kind);
void fake_wait(void);

static inline void dsb_ish(void) { fake_barrier("dsb ish"); }
static inline void dsb_ishst(void) { fake_barrier("dsb ishst"); }
static inline void dsb_sy(void) { fake_barrier("dsb sy"); }
static inline void dmb_ish(void) { fake_barrier("dmb ish"); }
static inline void isb(void) { fake_barrier("isb"); }
static inline void cpu_relax(void) { fake_wait(); }
static inline void send_event(void) { fake_barrier("sev"); }
static inline void wait_for_interrupt(void) { fake_wait(); }

#endif
