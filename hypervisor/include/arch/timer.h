/* SPDX-License-Identifier: GPL-2.0-only */
/* Contract: the generic counter, and deadlines made of it. Time-outs are in time, never in spins. */
#ifndef ARCH_TIMER_H
#define ARCH_TIMER_H

#include <hyp/types.h>

u64 timer_ticks(void);			/* CNTPCT */
u64 timer_hz(void);
u64 timer_deadline_us(u64 us);		/* ticks at which `us` from now are over */
void timer_alarm(u64 us);		/* the calling CPU's EL2 timer interrupt comes so much later; 0: never */
static inline bool timer_passed(u64 deadline) { return (s64)(timer_ticks() - deadline) >= 0; }

#endif
