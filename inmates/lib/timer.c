/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Both EL1 timers. */
#include <inmate/timer.h>

void timer_delay_us(u64 us)
{
	u64 start = timer_ticks(), ticks = timer_us(us);

	while (timer_ticks() - start < ticks)
		;
}

void vtimer_set(u64 ticks)
{
	write_sysreg(ticks, cntv_cval_el0);
	write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
	isb();
}

void vtimer_stop(void)
{
	write_sysreg(0, cntv_ctl_el0);
	isb();
}

void ptimer_set(u64 ticks)
{
	write_sysreg(ticks, cntp_cval_el0);
	write_sysreg(TIMER_ENABLE, cntp_ctl_el0);
	isb();
}

void ptimer_stop(void)
{
	write_sysreg(0, cntp_ctl_el0);
	isb();
}
