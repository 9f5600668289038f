/* SPDX-License-Identifier: GPL-2.0-only */
/* Both timers, what WFI and WFE wait for, and SIMD registers across interrupts. */
#include "parts.h"

#define FAR		(1ULL << 40)	/* ticks */
#define ALL_CTL		(TIMER_ENABLE | TIMER_MASK | TIMER_STATUS)
#define ROUNDS		40
#define SLEEP_US	2000

struct timer {
	const char *name;
	u32 intid;
	u64 (*count)(void);
	void (*set_ctl)(u64 value);
	u64 (*ctl)(void);
	void (*set_cval)(u64 value);
	u64 (*cval)(void);
	void (*set_tval)(u64 value);
	u64 (*tval)(void);
};

#define TIMER(letter, counter)									\
static u64 letter##_count(void) { isb(); return read_sysreg(counter); }				\
static void letter##_set_ctl(u64 value) { write_sysreg(value, cnt##letter##_ctl_el0); isb(); }	\
static u64 letter##_ctl(void) { isb(); return read_sysreg(cnt##letter##_ctl_el0); }		\
static void letter##_set_cval(u64 value) { write_sysreg(value, cnt##letter##_cval_el0); isb(); }	\
static u64 letter##_cval(void) { isb(); return read_sysreg(cnt##letter##_cval_el0); }		\
static void letter##_set_tval(u64 value) { write_sysreg(value, cnt##letter##_tval_el0); isb(); }	\
static u64 letter##_tval(void) { isb(); return read_sysreg(cnt##letter##_tval_el0); }

TIMER(v, cntvct_el0)
TIMER(p, cntpct_el0)

#define TIMER_OF(letter) letter##_count, letter##_set_ctl, letter##_ctl, letter##_set_cval, letter##_cval, letter##_set_tval, \
			 letter##_tval
static const struct timer timers[] = {
	{ "virtual", INTID_VTIMER, TIMER_OF(v) }, { "physical", INTID_PTIMER, TIMER_OF(p) },
};

static void see_line(const struct timer *timer, const char *when)
{
	settle();
	see(timer->ctl() << 16 | gic_is_pending(timer->intid) << 12 | gic_is_active(timer->intid) << 8 |
	    (highest_pending() == timer->intid) << 4, "timer %s: %s", timer->name, when);
}

static void check_compare(const struct timer *timer)
{
	u64 now = timer->count();

	timer->set_ctl(ALL_CTL & ~TIMER_STATUS);
	timer->set_cval(now + FAR);
	see_line(timer, "far, masked");
	timer->set_ctl(~0ULL);
	see_line(timer, "all bits of CTL");
	see(timer->cval() - now, "timer %s: CVAL reads back", timer->name);
	timer->set_tval(0x1000000);
	see(timer->cval() - now > 0x1000000 && timer->cval() - now < 0x10000000, "timer %s: TVAL sets CVAL", timer->name);
	see((u32)timer->tval() <= 0x1000000, "timer %s: TVAL counts down", timer->name);
	timer->set_tval(0xffffffff80000000);
	see_line(timer, "TVAL most negative");
	see((s64)(timer->cval() - timer->count()) < 0, "timer %s: negative TVAL is in the past", timer->name);
	see(timer->tval() >> 31, "timer %s: TVAL's upper half reads as zero", timer->name);
	timer->set_tval(0x7fffffff);
	see_line(timer, "TVAL most positive");
	timer->set_cval(~0ULL);
	see_line(timer, "CVAL all ones");
	timer->set_cval(0);
	see_line(timer, "CVAL zero, masked");
	timer->set_ctl(0);
	see_line(timer, "off");
}

/* The line into the redistributor, which is level. */
static void check_line(const struct timer *timer)
{
	gic_disable(timer->intid);
	timer->set_cval(0);
	timer->set_ctl(TIMER_ENABLE);
	see_line(timer, "due, disabled in the GIC");
	mmio_write32(gic_word(GICD_ICPENDR, timer->intid), 1u << timer->intid);
	see_line(timer, "due, ICPENDR");
	timer->set_ctl(ALL_CTL);
	see_line(timer, "masked again");
	timer->set_ctl(TIMER_ENABLE);
	gic_enable(timer->intid);
	see_line(timer, "due, enabled");
	see(gic_ack(), "timer %s: acknowledged", timer->name);
	see_line(timer, "active");
	gic_eoi(timer->intid);
	see_line(timer, "ended, still due");
	see(gic_ack(), "timer %s: acknowledged again", timer->name);
	timer->set_ctl(0);
	see_line(timer, "active, off");
	gic_eoi(timer->intid);
	see_line(timer, "ended, off");
	timer->set_ctl(TIMER_ENABLE);
	settle();
	timer->set_ctl(0);
	see_line(timer, "was due while enabled");
	see(gic_ack(), "timer %s: was due, acknowledged", timer->name);
	gic_eoi(timer->intid);
	timer->set_cval(timer->count() + timer_us(1000));
	timer->set_ctl(TIMER_ENABLE);
	ktap_ok(reached(highest_pending() == timer->intid) && timer->ctl() == (TIMER_ENABLE | TIMER_STATUS),
		"the %s timer comes at its time", timer->name);
	timer->set_ctl(0);
	gic_disable(timer->intid);
	gic_eoi(gic_ack());
}

void check_timers(void)
{
	u64 apart = p_count() - v_count();

	see(read_sysreg(cntfrq_el0), "CNTFRQ");
	see(read_sysreg(cntkctl_el1), "CNTKCTL");
	write_sysreg(0x3ff, cntkctl_el1);
	see(read_sysreg(cntkctl_el1), "CNTKCTL write 3ff");
	write_sysreg(0, cntkctl_el1);
	see((s64)apart > -(s64)timer_us(1000000) && (s64)apart < (s64)timer_us(1000000), "both counters are the same");
	for (u32 i = 0; i < ARRAY_SIZE(timers); i++) {
		check_compare(&timers[i]);
		check_line(&timers[i]);
	}
}

/* ---- WFI and WFE ---- */

/* WFI may end early; interrupts are masked by PSTATE.I. */
static bool sleep_until_pending(u32 intid)
{
	u64 end = timer_ticks() + timer_us(LIMIT_US);

	while (highest_pending() != intid && timer_ticks() < end)
		wfi();
	return highest_pending() == intid;
}

static void check_sleep(const struct timer *timer)
{
	u64 start = timer->count();

	gic_enable(timer->intid);
	timer->set_cval(start + timer_us(SLEEP_US));
	timer->set_ctl(TIMER_ENABLE);
	ktap_ok(sleep_until_pending(timer->intid) && timer->count() >= start + timer_us(SLEEP_US),
		"WFI with PSTATE.I set: the %s timer wakes", timer->name);
	wfi();
	wfi();
	ktap_ok(highest_pending() == timer->intid, "WFI with an interrupt pending goes on");
	timer->set_ctl(0);
	gic_eoi(gic_ack());

	/* one that the mask holds back, then one that it does not */
	gic_set_priority(SGI_TEST, 0xa0);
	gic_set_priority(timer->intid, 0x40);
	set_pmr(0x80);
	gic_send_sgi(SGI_TEST, self_affinity());
	timer->set_cval(timer->count() + timer_us(SLEEP_US));
	timer->set_ctl(TIMER_ENABLE);
	ktap_ok(sleep_until_pending(timer->intid), "WFI with the mask at 0x80: the %s timer of priority 0x40 wakes", timer->name);
	timer->set_ctl(0);
	gic_eoi(gic_ack());
	set_pmr(0xff);
	settle();
	ktap_ok(gic_ack() == SGI_TEST, "and the SGI of priority 0xa0 was held back");
	gic_eoi(SGI_TEST);
	gic_set_priority(timer->intid, GIC_PRIO_DEFAULT);
	gic_disable(timer->intid);
}

static volatile u32 ticks[2];

static void tick(u32 intid, void *context)
{
	u64 next = timer_ticks() + timer_us(200);

	ticks[intid == INTID_PTIMER]++;
	if (intid == INTID_VTIMER)
		vtimer_set(next);
	else
		ptimer_set(next);
}

/* As an idle loop does it: WFI with interrupts on, and the handlers do the rest. */
static void check_idle(void)
{
	for (u32 i = 0; i < 2; i++) {
		ticks[i] = 0;
		irq_handler(timers[i].intid, tick, NULL);
		gic_enable(timers[i].intid);
	}
	vtimer_set(timer_ticks());
	ptimer_set(timer_ticks());
	irq_enable();
	for (u64 end = timer_ticks() + timer_us(LIMIT_US); (ticks[0] < ROUNDS || ticks[1] < ROUNDS) && timer_ticks() < end;)
		wfi();
	irq_disable();
	vtimer_stop();
	ptimer_stop();
	gic_eoi(gic_ack());
	gic_eoi(gic_ack());
	ktap_ok(ticks[0] >= ROUNDS && ticks[1] >= ROUNDS, "an idle loop takes the ticks of both timers");
}

/* Critical sections by the priority mask with PSTATE.I clear: the ticks of one timer wait, those of the other do not. */
static void check_sections(void)
{
	u32 inside = 0, urgent;

	ticks[0] = ticks[1] = 0;
	for (u32 i = 0; i < 2; i++)
		gic_enable(timers[i].intid);
	gic_set_priority(INTID_VTIMER, 0xa0);
	gic_set_priority(INTID_PTIMER, 0x40);
	vtimer_set(timer_ticks());
	ptimer_set(timer_ticks());
	irq_enable();
	for (u32 round = 0; round < ROUNDS; round++) {
		u32 before;

		set_pmr(0xa0);
		before = ticks[0];
		urgent = ticks[1];
		(void)reached(ticks[1] >= urgent + 2);
		mmio_read32(gicd_base + GICD_CTLR);		/* exits do not open it */
		inside += ticks[0] - before;
		set_pmr(0xff);
		(void)reached(ticks[0] > before);
	}
	irq_disable();
	vtimer_stop();
	ptimer_stop();
	settle();
	for (u64 intid = gic_ack(); intid != NOTHING; intid = gic_ack())
		gic_eoi(intid);
	ktap_ok(!inside && ticks[0] >= ROUNDS && ticks[1] >= 2 * ROUNDS,
		"%u critical sections by ICC_PMR_EL1 are kept (%u ticks inside), and more urgent ticks come", ROUNDS, inside);
	for (u32 i = 0; i < 2; i++) {
		gic_set_priority(timers[i].intid, GIC_PRIO_DEFAULT);
		gic_disable(timers[i].intid);
	}
}

void check_waiting(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(timers); i++)
		check_sleep(&timers[i]);
	check_idle();
	check_sections();
	asm volatile("sevl; wfe; sev; wfe" : : : "memory");
	ktap_ok(true, "WFE ends after SEVL and after SEV");
	vtimer_set(timer_ticks() + timer_us(SLEEP_US));
	gic_enable(INTID_VTIMER);
	see((u32)psci(PSCI_CPU_SUSPEND, 0, 0, 0), "PSCI CPU_SUSPEND to standby");
	ktap_ok(reached(highest_pending() == INTID_VTIMER), "CPU_SUSPEND to standby comes back with a timer");
	vtimer_stop();
	gic_eoi(gic_ack());
	gic_disable(INTID_VTIMER);
	ktap_ok(running_priority() == 0xff, "nothing runs after waiting");
}

/* ---- SIMD ---- */

static volatile u32 uses;
static volatile bool handler_fine;

/* A handler that saves what it uses, as an RTOS with lazy or full saving does. */
static void use_simd(u32 intid, void *context)
{
	u64 saved[SIMD_WORDS] __attribute__((aligned(16)));

	simd_save(saved);
	simd_fill(~uses);
	gic_send_sgi(SGI_OTHER, self_affinity());	/* exits between the instructions that use them */
	mmio_read32(gicd_base + GICD_CTLR);
	psci(PSCI_VERSION, 0, 0, 0);
	handler_fine = handler_fine && simd_holds(~uses);
	simd_restore(saved);
	uses++;
	vtimer_set(timer_ticks() + timer_us(100));
}

static void ignore(u32 intid, void *context)
{
}

void check_simd(void)
{
	const u64 seed = 0x123456789abcdef;
	bool fine = true;

	irq_handler(INTID_VTIMER, use_simd, NULL);
	irq_handler(SGI_OTHER, ignore, NULL);
	gic_enable(INTID_VTIMER);
	uses = 0;
	handler_fine = true;
	simd_fill(seed);
	vtimer_set(timer_ticks());
	irq_enable();
	for (u64 end = timer_ticks() + timer_us(LIMIT_US); uses < ROUNDS && fine && timer_ticks() < end;)
		fine = simd_holds(seed);
	irq_disable();
	vtimer_stop();
	settle();
	for (u64 intid = gic_ack(); intid != NOTHING; intid = gic_ack())
		gic_eoi(intid);
	gic_disable(INTID_VTIMER);
	ktap_ok(fine && uses >= ROUNDS, "SIMD registers, FPCR and FPSR survive %u interrupts whose handlers use them", ROUNDS);
	ktap_ok(handler_fine, "and they survive exits in the handlers");
}
