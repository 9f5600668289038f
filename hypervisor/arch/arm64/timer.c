/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic timer's counter as the hypervisor's clock; see arch/timer.h. */
#include <arch/timer.h>
#include <asm/sysreg.h>

u64 timer_ticks(void)
{
	return sysreg_read(cntpct_el0);
}

u64 timer_hz(void)
{
	return sysreg_read(cntfrq_el0);
}

u64 timer_deadline_us(u64 us)
{
	return timer_ticks() + us * timer_hz() / 1000000 + 1;
}

void timer_alarm(u64 us)
{
	sysreg_write(cnthp_cval_el2, timer_deadline_us(us));
	sysreg_write(cnthp_ctl_el2, us != 0);
}
