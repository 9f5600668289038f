/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the neighbours cost: how late the virtual timer fires, and how long an interrupt of its own device takes, over and
 * over. One line for each batch, of `rounds=` in bootargs; the harness compares those of a quiet machine with those of a
 * machine under attack.
 */
#include <inmate/console.h>
#include <inmate/edu.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/random.h>
#include <inmate/sort.h>
#include <inmate/timer.h>

#define ROUNDS		1000u
#define SHORTEST_US	100
#define SPREAD_US	400
#define TIMEOUT_US	10000000	/* it is lost */

static struct edu edu;
static volatile u64 taken;		/* counter value in the handler; 0: not yet */
static u64 lateness[ROUNDS];
static u64 rounds;

static void timer_interrupt(u32 intid, void *context)
{
	taken = timer_ticks();
	vtimer_stop();
}

static void device_interrupt(u32 intid, void *context)
{
	taken = timer_ticks();
	mmio_write32(edu.regs + EDU_IRQ_ACK, ~0u);
}

static u64 wait_taken(u64 due)
{
	u64 deadline = due + timer_us(TIMEOUT_US);

	while (!taken)
		if (timer_ticks() > deadline)
			return timer_us(TIMEOUT_US);
	return taken - due;
}

static u64 timer_round(void)
{
	u64 due = timer_ticks() + timer_us(SHORTEST_US + random64() % SPREAD_US);

	taken = 0;
	vtimer_set(due);
	return wait_taken(due);
}

static u64 device_round(void)
{
	u64 due;

	taken = 0;
	due = timer_ticks();
	mmio_write32(edu.regs + EDU_IRQ_RAISE, 1);
	return wait_taken(due);
}

static u64 ns(u64 ticks) { return ticks * 1000000000 / timer_hz(); }

static void batch(const char *what, u32 number, u64 (*round)(void))
{
	for (u32 i = 0; i < rounds; i++)
		lateness[i] = round();
	sort(lateness, rounds);
	printf("latency %u: %s min %lu median %lu max %lu ns\n", number, what, ns(lateness[0]), ns(lateness[rounds / 2]),
	       ns(lateness[rounds - 1]));
}

int main(void)
{
	rounds = boot_arg("rounds", ROUNDS);
	if (rounds > ROUNDS || !rounds)
		rounds = ROUNDS;
	irq_handler(INTID_VTIMER, timer_interrupt, NULL);
	gic_enable(INTID_VTIMER);
	if (edu_init(&edu) && edu.irq)
		irq_handler(edu.irq, device_interrupt, NULL);
	for (u32 number = 0;; number++) {
		batch("timer", number, timer_round);
		if (edu.irq)
			batch("device", number, device_round);
	}
}
