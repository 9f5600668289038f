/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an RTOS sees: it sleeps, and a timer or its device wakes it. How long after the compare value, or after the store
 * that makes the device interrupt, does the handler read the counter? The handlers are those of the library: all
 * registers are saved, the interrupt is acknowledged and looked up first, as an RTOS would.
 *
 * The virtual timer and the physical one take turns, and each is set while the other is still to come: there is always one
 * within SLOT_US. tests/bench/realtime.py says what that is good for where CPUs take turns.
 *
 * bootargs: rounds= (samples of each series), batches= (0: for ever), delay= (milliseconds before the first). Lines:
 * "realtime <batch> <series> min <n> median <n> p99 <n> max <n> ns", then "realtime-batch <batch> late <n>": how often a
 * timer was so late that its next one had passed.
 */
#include <inmate/console.h>
#include <inmate/edu.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/random.h>
#include <inmate/smccc.h>
#include <inmate/sort.h>
#include <inmate/timer.h>

#define ROUNDS		10000u
#define WARM_UP		32u		/* samples that do not count */
#define SLOT_US		50		/* from one timer to the other */
#define SPREAD_US	20		/* the virtual one comes so much later at most: not in step with anything */
#define NS		1000000000ULL

enum { VTIMER, PTIMER, DEVICE, SERIES };

static const char *const names[SERIES] = { "vtimer", "ptimer", "spi" };
static u64 latency[SERIES][ROUNDS];
static volatile u32 taken[SERIES];	/* with the first ones, that do not count */
static u32 rounds, late;
static u64 due[SERIES];
static volatile bool raise;		/* time for the device's turn */
static struct edu edu;
extern u64 start_ticks;

static void note(u32 series, u64 now)
{
	u32 n = taken[series]++;

	if (n >= WARM_UP && n < WARM_UP + rounds)
		latency[series][n - WARM_UP] = now - due[series];
}

/* In the future, whatever happened. */
static u64 after(u64 then, u64 us)
{
	u64 now = timer_ticks(), next = then + timer_us(us);

	if (next > now + timer_us(SLOT_US) / 4)
		return next;
	late++;
	return now + timer_us(us);
}

static void vtimer_interrupt(u32 intid, void *context)
{
	note(VTIMER, timer_ticks());
	due[VTIMER] = after(due[PTIMER], SLOT_US + random64() % SPREAD_US);
	vtimer_set(due[VTIMER]);
}

/* Both counters are the same, see main(). */
static void ptimer_interrupt(u32 intid, void *context)
{
	note(PTIMER, timer_ticks());
	due[PTIMER] = after(due[VTIMER], SLOT_US);
	ptimer_set(due[PTIMER]);
	raise = true;
}

static void device_interrupt(u32 intid, void *context)
{
	note(DEVICE, timer_ticks());
	mmio_write32(edu.regs + EDU_IRQ_ACK, ~0u);
}

static bool series_is_complete(u32 series)
{
	return taken[series] >= WARM_UP + rounds || (series == DEVICE && !edu.irq);
}

static void sleep(void)
{
	irq_disable();
	if (!raise)
		wfi();
	irq_enable();
	isb();
	if (!raise)
		return;
	raise = false;
	if (!edu.irq)
		return;
	due[DEVICE] = timer_ticks();
	mmio_write32(edu.regs + EDU_IRQ_RAISE, 1);
}

static void measure(void)
{
	u64 start = timer_ticks() + timer_us(1000);

	for (u32 i = 0; i < SERIES; i++)
		taken[i] = 0;
	late = 0;
	due[VTIMER] = start;
	due[PTIMER] = start + timer_us(SLOT_US);
	vtimer_set(due[VTIMER]);
	ptimer_set(due[PTIMER]);
	while (!series_is_complete(VTIMER) || !series_is_complete(PTIMER) || !series_is_complete(DEVICE))
		sleep();
	vtimer_stop();
	ptimer_stop();
	raise = false;
}

static u64 ns(u64 ticks) { return ticks * NS / timer_hz(); }

static void print(u32 batch)
{
	for (u32 i = 0; i < SERIES; i++) {
		if (i == DEVICE && !edu.irq)
			continue;
		sort(latency[i], rounds);
		printf("realtime %u %s min %lu median %lu p99 %lu max %lu ns\n", batch, names[i], ns(latency[i][0]),
		       ns(latency[i][rounds / 2]), ns(latency[i][rounds - 1 - rounds / 100]), ns(latency[i][rounds - 1]));
	}
	printf("realtime-batch %u late %u\n", batch, late);
}

int main(void)
{
	u64 batches = boot_arg("batches", 1);

	rounds = boot_arg("rounds", ROUNDS);
	if (rounds > ROUNDS || !rounds)
		rounds = ROUNDS;
	printf("bench-machine %s counter %lu\nbench-start %lu\n", in_cell() ? "cell" : "bare", timer_hz(), start_ticks);
	if (read_sysreg(cntpct_el0) - timer_ticks() + timer_us(1000) > timer_us(2000))
		printf("bench-wrong the virtual counter is not the physical one\n");
	irq_handler(INTID_VTIMER, vtimer_interrupt, NULL);
	irq_handler(INTID_PTIMER, ptimer_interrupt, NULL);
	gic_enable(INTID_VTIMER);
	gic_enable(INTID_PTIMER);
	if (edu_init(&edu) && edu.irq)
		irq_handler(edu.irq, device_interrupt, NULL);
	timer_delay_us(boot_arg("delay", 0) * 1000);
	for (u32 batch = 0; !batches || batch < batches; batch++) {
		measure();
		print(batch);
	}
	printf("bench-done\n");
	return 0;
}
