/* SPDX-License-Identifier: GPL-2.0-only */
/* The smallest test: says hello on the console that the cell has, counts timer interrupts, and goes on. */
#include <inmate/console.h>
#include <inmate/gic.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define PERIOD_US	500000

static volatile u32 ticks;

static void tick(u32 intid, void *context)
{
	ticks++;
	vtimer_set(timer_ticks() + timer_us(PERIOD_US));
}

int main(void)
{
	u32 seen = 0;

	printf("hello: mpidr 0x%lx, %s console, %s\n", read_sysreg(mpidr_el1), uart_base ? "uart" : "hypercall",
	       in_cell() ? "in a cell" : "bare machine");
	irq_handler(INTID_VTIMER, tick, NULL);
	gic_enable(INTID_VTIMER);
	vtimer_set(timer_ticks() + timer_us(PERIOD_US));
	while (true) {
		if (ticks != seen) {
			seen = ticks;
			printf("hello: tick %u\n", seen);
		}
		wfi();
	}
}
