/* SPDX-License-Identifier: GPL-2.0-only */
/* SGIs in every pattern, and two CPUs: switched on and off, waking each other, sharing interrupts and SIMD. */
#include "parts.h"

#define OTHER		1		/* the second CPU */
#define SGI_STOP	15
#define SGI_PING	1
#define SGI_PONG	2
#define CYCLES		20
#define PINGS		300
#define COUNTS		2000
#define PPI_FREE	23

#define IRM		BIT(40)
#define LIST(bits)	(u64)(bits)
#define SGI(n)		((u64)(n) << 24)

static volatile u32 taken[2][16], shared_taken[2];
static volatile bool stop, flag;
static struct entry entry __attribute__((aligned(64)));

static u64 other_frame(void)
{
	return gicr_region + GICR_STRIDE + GICR_SGI;
}

static void count_sgi(u32 intid, void *context)
{
	taken[this_cpu()->index][intid]++;
	if (intid == SGI_STOP)
		stop = true;
}

static void count_shared(u32 intid, void *context)
{
	if (intid == edu.irq)
		mmio_write32(edu.regs + EDU_IRQ_ACK, 0xffffffff);
	dsb();		/* who sees the count may raise the line again, which must not be acknowledged with this one */
	shared_taken[this_cpu()->index]++;
}

static void idle(struct cpu *cpu)
{
	irq_disable();
	while (!stop) {
		wfi();
		irq_enable();
		irq_disable();
	}
}

static bool is_off(void)
{
	return psci(PSCI_AFFINITY_INFO, cpu_mpidr(OTHER), 0, 0) == 1;
}

static bool start_other(void (*fn)(struct cpu *cpu))
{
	stop = false;
	return cpu_start(OTHER, fn) == 0 && reached(cpus[OTHER].running);
}

static bool stop_other(void)
{
	gic_send_sgi(SGI_STOP, cpu_mpidr(OTHER));
	return reached(is_off());
}

/* ---- who gets it: with SGIs disabled everywhere they stay pending where they went ---- */

static void see_pattern(const char *state, const char *name, u64 value)
{
	u32 count = cpu_count();

	write_sysreg(value, icc_sgi1r_el1);
	settle();
	see((count > 1 ? (u64)(mmio_read32(other_frame() + GICD_ISPENDR) & 0xffff) << 16 : 0) |
	    (mmio_read32(gicr_base() + GICR_SGI + GICD_ISPENDR) & 0xffff), "sgi (%s): %s", state, name);
	mmio_write32(gicr_base() + GICR_SGI + GICD_ICPENDR, 0xffff);
	if (count > 1)
		mmio_write32(other_frame() + GICD_ICPENDR, 0xffff);
	settle();
}

static void see_patterns(const char *state)
{
	static const struct { const char *name; u64 value; } patterns[] = {
		{ "0 to CPU 0", SGI(0) | LIST(1) }, { "15 to CPU 0", SGI(15) | LIST(1) }, { "7 to CPU 1", SGI(7) | LIST(2) },
		{ "3 to both", SGI(3) | LIST(3) }, { "4 to all 16", SGI(4) | LIST(0xffff) },
		{ "5 to the upper 14", SGI(5) | LIST(0xfffc) }, { "6 to none", SGI(6) },
		{ "8 to all others", SGI(8) | IRM }, { "9 to all others, with a list", SGI(9) | IRM | LIST(1) },
		{ "10 to Aff1 1", SGI(10) | BIT(16) | LIST(3) }, { "11 to Aff2 1", SGI(11) | BIT(32) | LIST(3) },
		{ "12 to Aff3 1", SGI(12) | BIT(48) | LIST(3) }, { "13 to all others, with Aff1", SGI(13) | IRM | BIT(16) },
		{ "14 to both, RES0 bits set", SGI(14) | LIST(3) | 0xff000000f0000000 },
	};

	mmio_write32(gicr_base() + GICR_SGI + GICD_ICENABLER, 0xffff);
	if (cpu_count() > 1) {
		mmio_write32(other_frame() + GICD_ICENABLER, 0xffff);
		mmio_write32(other_frame() + GICD_IGROUPR, 0xffffffff);
	}
	for (u32 i = 0; i < ARRAY_SIZE(patterns); i++)
		see_pattern(state, patterns[i].name, patterns[i].value);
	mmio_write32(gicr_base() + GICR_SGI + GICD_ISENABLER, 0xffff);
	if (cpu_count() > 1)
		mmio_write32(other_frame() + GICD_ISENABLER, 0xffff);
}

void check_sgi_patterns(void)
{
	see_patterns("one CPU on");
}

/* ---- on and off ---- */

static void see_entry(const char *when)
{
	entry = (struct entry){ 0 };
	asm volatile("dc civac, %0\n dc civac, %1\n dsb sy" : : "r"(&entry), "r"((u64)&entry + 64) : "memory");
	see((u32)psci(PSCI_CPU_ON, cpu_mpidr(OTHER), (u64)note_entry, (u64)&entry), "CPU_ON (%s)", when);
	ktap_ok(reached(((volatile struct entry *)&entry)->done) && reached(is_off()), "a CPU starts and goes off (%s)", when);
	ktap_ok(entry.x0 == (u64)&entry, "it finds its argument in x0 (%s)", when);
	see(entry.level, "entry (%s): CurrentEL", when);
	see(entry.daif, "entry (%s): DAIF", when);
	see(entry.sctlr, "entry (%s): SCTLR", when);
	see(entry.spsel, "entry (%s): SPSel", when);
	see(entry.mpidr, "entry (%s): MPIDR", when);
	see(entry.cpacr, "entry (%s): CPACR", when);
	see(entry.ctkctl, "entry (%s): CNTKCTL", when);
	see(entry.cntv, "entry (%s): CNTV_CTL", when);
	see(entry.cntp, "entry (%s): CNTP_CTL", when);
}

static void cycle(void)
{
	bool starts = true, answers = true, arrives = true, ends = true;

	for (u32 i = 0; i < CYCLES; i++) {
		taken[OTHER][SGI_PING] = 0;
		stop = false;
		starts &= is_off() && cpu_start(OTHER, idle) == 0;
		gic_send_sgi(SGI_PING, cpu_mpidr(OTHER));	/* before it runs, or has set up its GIC */
		starts &= reached(cpus[OTHER].running) && psci(PSCI_AFFINITY_INFO, cpu_mpidr(OTHER), 0, 0) == 0;
		answers &= psci(PSCI_CPU_ON, cpu_mpidr(OTHER), (u64)note_entry, 0) == PSCI_ALREADY_ON;
		arrives &= reached(taken[OTHER][SGI_PING]);
		ends &= stop_other();
	}
	ktap_ok(starts, "%u times CPU_ON", CYCLES);
	ktap_ok(answers, "CPU_ON of a CPU that is on is refused");
	ktap_ok(arrives, "an SGI to a CPU that is just starting is not lost");
	ktap_ok(ends, "%u times CPU_OFF", CYCLES);
}

/* Set up by another CPU while it is off. */
static void see_kept(void)
{
	u64 frame = other_frame();

	mmio_write32(frame + GICD_ICENABLER, 0xffffffff);
	mmio_write32(frame + GICD_IGROUPR, 0xffffffff);
	mmio_write32(frame + GICD_ISENABLER, 1u << PPI_FREE | 0xff);
	mmio_write8(frame + GICD_IPRIORITYR + PPI_FREE, 0x70);
	mmio_write32(frame + GICD_ISPENDR, 1u << 9);
	see(mmio_read32(frame + GICD_ISENABLER), "redistributor of a CPU that is off: ISENABLER0");
	see_entry("redistributor set up before");
	see(mmio_read32(frame + GICD_ISENABLER), "redistributor after CPU_ON and CPU_OFF: ISENABLER0");
	see(mmio_read32(frame + GICD_IGROUPR) >> PPI_FREE & 1, "redistributor after CPU_ON and CPU_OFF: IGROUPR0");
	see(mmio_read8(frame + GICD_IPRIORITYR + PPI_FREE), "redistributor after CPU_ON and CPU_OFF: IPRIORITYR");
	see(mmio_read32(frame + GICD_ISPENDR), "redistributor after CPU_ON and CPU_OFF: ISPENDR0");
	mmio_write32(frame + GICD_ICPENDR, 1u << 9);
}

/* ---- while both run ---- */

static void check_live_sgis(void)
{
	bool all = true;

	for (u32 sgi = 0; sgi < SGI_STOP; sgi++) {
		u32 own = taken[0][sgi], others = taken[OTHER][sgi];

		write_sysreg(SGI(sgi) | LIST(3), icc_sgi1r_el1);
		isb();
		all &= reached(taken[0][sgi] == own + 1 && taken[OTHER][sgi] == others + 1);
		write_sysreg(SGI(sgi) | IRM, icc_sgi1r_el1);
		isb();
		all &= reached(taken[OTHER][sgi] == others + 2) && taken[0][sgi] == own + 1;
	}
	ktap_ok(all, "SGIs 0 to 14 to both and to all others");
}

/* Each waits in WFI for the other: no wake-up may be lost. */
static void pong(u32 intid, void *context)
{
	count_sgi(intid, context);
	gic_send_sgi(SGI_PONG, cpu_mpidr(0));
}

static void check_ping_pong(void)
{
	u64 end = timer_ticks() + timer_us(4 * LIMIT_US);
	u32 i;

	irq_handler(SGI_PING, pong, NULL);
	irq_disable();
	for (i = 0; i < PINGS && timer_ticks() < end; i++) {
		u32 before = taken[0][SGI_PONG];

		gic_send_sgi(SGI_PING, cpu_mpidr(OTHER));
		vtimer_set(end);
		while (taken[0][SGI_PONG] == before && timer_ticks() < end) {
			wfi();
			irq_enable();
			irq_disable();
		}
	}
	vtimer_stop();
	irq_enable();
	irq_handler(SGI_PING, count_sgi, NULL);
	ktap_ok(i == PINGS, "%u SGIs there and back between two idle loops (%s)", PINGS, i == PINGS ? "all" : "lost");
}

static void check_shared(u32 cpu)
{
	u32 before = shared_taken[cpu];
	bool fine;

	mmio_write64(gicd_base + GICD_IROUTER + 8 * edu.irq, cpu_mpidr(cpu));
	for (u32 i = 0; i < 4; i++)
		mmio_write32(edu.regs + EDU_IRQ_RAISE, 1), fine = reached(shared_taken[cpu] == before + i + 1);
	ktap_ok(fine && shared_taken[cpu] == before + 4, "a level SPI routed to CPU %u", cpu);
	before = shared_taken[cpu];
	gic_set_pending(edu.irq);
	ktap_ok(reached(shared_taken[cpu] == before + 1), "and by GICD_ISPENDR");
}

/* Pending and disabled, it goes where it is routed when it is enabled. */
static void check_moved(void)
{
	u32 before = shared_taken[OTHER], own = shared_taken[0];

	mmio_write64(gicd_base + GICD_IROUTER + 8 * edu.irq, cpu_mpidr(0));
	gic_disable(edu.irq);
	gic_set_pending(edu.irq);
	mmio_write64(gicd_base + GICD_IROUTER + 8 * edu.irq, cpu_mpidr(OTHER));
	mmio_write32(gic_word(GICD_ISENABLER, edu.irq), 1u << edu.irq % 32);
	ktap_ok(reached(shared_taken[OTHER] == before + 1) && shared_taken[0] == own,
		"an SPI that is routed elsewhere while pending");
}

/* A CPU may use another's redistributor. */
static void check_other_redistributor(void)
{
	u64 frame = other_frame();
	u32 before = shared_taken[OTHER];

	irq_handler(PPI_FREE, count_shared, NULL);
	mmio_write32(frame + GICD_ICFGR + 4, mmio_read32(frame + GICD_ICFGR + 4) | 2u << PPI_FREE % 16 * 2);
	mmio_write32(frame + GICD_ISENABLER, 1u << PPI_FREE);
	mmio_write32(frame + GICD_ISPENDR, 1u << PPI_FREE);
	ktap_ok(reached(shared_taken[OTHER] == before + 1), "a PPI of CPU 1, made pending by CPU 0");
	see(mmio_read32(frame + GICD_ISENABLER), "CPU 1's ISENABLER0, seen by CPU 0");
	see(mmio_read32(frame + GICD_ISPENDR), "CPU 1's ISPENDR0, seen by CPU 0");
	mmio_write32(frame + GICD_ICENABLER, 1u << PPI_FREE);
}

/* ---- what the other CPU does ---- */

/* Ends what CPU 0 has acknowledged. */
static void deactivate_there(struct cpu *cpu)
{
	set_ctlr(ICC_CTLR_SPLIT);
	deactivate(edu.irq);
	settle();
	flag = true;
	idle(cpu);
}

static void see_deactivated_elsewhere(void)
{
	irq_disable();
	mmio_write64(gicd_base + GICD_IROUTER + 8 * edu.irq, cpu_mpidr(0));
	mmio_write32(gic_word(GICD_ISENABLER, edu.irq), 1u << edu.irq % 32);
	set_ctlr(ICC_CTLR_SPLIT);
	gic_set_pending(edu.irq);
	settle();
	gic_eoi(gic_ack());
	flag = false;
	ktap_ok(gic_is_active(edu.irq) && start_other(deactivate_there) && reached(flag), "CPU 1 deactivates");
	see(gic_is_active(edu.irq), "an SPI of CPU 0 after DIR by CPU 1");
	deactivate(edu.irq);
	set_ctlr(0);
	gic_disable(edu.irq);
	irq_enable();
	ktap_ok(!gic_is_active(edu.irq) && stop_other(), "CPU 1 goes off");
}

static void wait_for_event(struct cpu *cpu)
{
	while (!stop) {
		while (!flag && !stop)
			asm volatile("wfe" : : : "memory");
		flag = false;
		dsb();
		asm volatile("sev" : : : "memory");
	}
}

static void check_events(void)
{
	bool fine = start_other(wait_for_event);

	for (u32 i = 0; i < PINGS && fine; i++) {
		flag = true;
		dsb();
		asm volatile("sev" : : : "memory");
		fine = reached(!flag);
	}
	ktap_ok(fine, "WFE and SEV between CPUs");
	ktap_ok(stop_other(), "CPU 1 goes off");
}

static bool simd_fine[2];
static u32 lock;
static volatile u32 counter;

/* With WFE where another has it, which the release of the lock ends. */
static void locked_count(void)
{
	u32 value, failed;

	asm volatile("sevl\n"
		     "1: wfe\n ldaxr %w0, [%2]\n cbnz %w0, 1b\n stxr %w1, %w3, [%2]\n cbnz %w1, 1b"
		     : "=&r"(value), "=&r"(failed) : "r"(&lock), "r"(1) : "memory");
	counter++;
	asm volatile("stlr wzr, [%0]" : : "r"(&lock) : "memory");
}

static void count_and_fill(struct cpu *cpu)
{
	const u64 seed = 0xfedcba9876543210 + cpu->index;
	bool fine = true;

	simd_fill(seed);
	for (u32 i = 0; i < COUNTS; i++) {
		locked_count();
		if (i % 16 == 0)
			gic_send_sgi(SGI_PONG, cpu_mpidr(!cpu->index));
		fine = fine && simd_holds(seed);
	}
	simd_fine[cpu->index] = fine;
	if (cpu->index)
		idle(cpu);
}

static void check_locks(void)
{
	counter = 0;
	ktap_ok(start_other(count_and_fill), "CPU 1 starts");
	count_and_fill(this_cpu());
	ktap_ok(reached(counter == 2 * COUNTS), "a lock with WFE: %u of %u", counter, 2 * COUNTS);
	ktap_ok(stop_other(), "CPU 1 goes off");
	ktap_ok(simd_fine[0] && simd_fine[OTHER], "SIMD registers of both survive SGIs");
}

void check_cpus(void)
{
	if (cpu_count() < 2) {
		ktap_skip("one CPU", "two CPUs");
		return;
	}
	for (u32 sgi = 0; sgi < 16; sgi++)
		irq_handler(sgi, count_sgi, NULL);
	irq_handler(edu.irq, count_shared, NULL);
	see_entry("first");
	see_entry("again");
	see_kept();
	irq_enable();
	cycle();
	ktap_ok(start_other(idle), "CPU 1 starts");
	irq_disable();
	see_patterns("two CPUs on");
	irq_enable();
	check_live_sgis();
	check_ping_pong();
	gic_enable(edu.irq);
	check_shared(0);
	check_shared(OTHER);
	check_moved();
	check_other_redistributor();
	gic_disable(edu.irq);
	ktap_ok(stop_other(), "CPU 1 goes off");
	check_events();
	check_locks();
	see_deactivated_elsewhere();
}
