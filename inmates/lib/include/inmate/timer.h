/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The generic timer: counter, the virtual timer (INTID 27) and the physical one (INTID 30). */
#ifndef INMATE_TIMER_H
#define INMATE_TIMER_H

#include <inmate/arch.h>

#define TIMER_ENABLE	BIT(0)
#define TIMER_MASK	BIT(1)
#define TIMER_STATUS	BIT(2)

static inline u64 timer_ticks(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static inline u64 timer_hz(void) { return read_sysreg(cntfrq_el0); }
static inline u64 timer_us(u64 us) { return us * timer_hz() / 1000000; }

void timer_delay_us(u64 us);
/* Fires at that counter value, until stopped or set again. */
void vtimer_set(u64 ticks);
void vtimer_stop(void);
void ptimer_set(u64 ticks);
void ptimer_stop(void);

#endif
