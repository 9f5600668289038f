/* SPDX-License-Identifier: GPL-2.0-only */
/* More than one CPU: PSCI CPU_ON, AFFINITY_INFO and CPU_OFF, SGIs between the CPUs, an SPI routed to each. */
#include <inmate/edu.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#define SGI_PING	1
#define SGI_OFF		2
#define WAIT_US		5000000
#define ON		0
#define OFF		1

static volatile u32 pings[CPU_MAX], spis[CPU_MAX];
static volatile bool leave[CPU_MAX];
static struct edu edu;

static void ping(u32 intid, void *context)
{
	pings[this_cpu()->index]++;
}

static void off(u32 intid, void *context)
{
	leave[this_cpu()->index] = true;
}

static void spi(u32 intid, void *context)
{
	spis[this_cpu()->index]++;
}

static void secondary(struct cpu *cpu)
{
	irq_disable();			/* no interrupt is lost between the check and the WFI */
	while (!leave[cpu->index]) {
		wfi();
		irq_enable();
		irq_disable();
	}
}

/* Waits until *value is not `old` any more. */
static bool wait_change(volatile u32 *value, u32 old)
{
	u64 deadline = timer_ticks() + timer_us(WAIT_US);

	while (*value == old)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

static bool wait_state(u32 cpu, s32 state)
{
	u64 deadline = timer_ticks() + timer_us(WAIT_US);

	while (psci(PSCI_AFFINITY_INFO, cpu_mpidr(cpu), 0, 0) != state)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

static bool wait_running(u32 cpu)
{
	u64 deadline = timer_ticks() + timer_us(WAIT_US);

	while (!cpus[cpu].running)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

static void check_spi(u32 cpu)
{
	if (!edu.irq)
		return;
	irq_handler(edu.irq, spi, NULL);
	gic_enable(edu.irq);
	mmio_write64(gicd_base + GICD_IROUTER + edu.irq * 8, cpu_mpidr(cpu));
	gic_set_pending(edu.irq);
	ktap_ok(wait_change(&spis[cpu], 0), "an SPI routed to cpu %u", cpu);
}

static void check_cpu(u32 cpu)
{
	ktap_ok(psci(PSCI_AFFINITY_INFO, cpu_mpidr(cpu), 0, 0) == OFF, "cpu %u is off", cpu);
	leave[cpu] = false;
	spis[cpu] = 0;
	ktap_ok(cpu_start(cpu, secondary) == 0 && wait_running(cpu), "cpu %u starts", cpu);
	ktap_ok(psci(PSCI_AFFINITY_INFO, cpu_mpidr(cpu), 0, 0) == ON, "cpu %u is on", cpu);
	ktap_ok(cpu_start(cpu, secondary) == PSCI_ALREADY_ON, "it cannot be started twice");
	pings[cpu] = 0;
	gic_send_sgi(SGI_PING, cpu_mpidr(cpu));
	ktap_ok(wait_change(&pings[cpu], 0), "an SGI to cpu %u", cpu);
	write_sysreg(1ULL << 40 | SGI_PING << 24, icc_sgi1r_el1);
	isb();
	ktap_ok(wait_change(&pings[cpu], 1) && !pings[0], "an SGI to everyone but self");
	check_spi(cpu);
	gic_send_sgi(SGI_OFF, cpu_mpidr(cpu));
	ktap_ok(wait_state(cpu, OFF), "cpu %u goes off", cpu);
}

int main(void)
{
	u32 count = cpu_count();

	ktap_begin("smp: CPUs of one cell");
	irq_handler(SGI_PING, ping, NULL);
	irq_handler(SGI_OFF, off, NULL);
	edu_init(&edu);
	if (count < 2)
		ktap_skip("one CPU", "other CPUs");
	for (u32 cpu = 1; cpu < count && cpu < CPU_MAX; cpu++)
		for (u32 round = 0; round < 2; round++)
			check_cpu(cpu);
	ktap_end();
	return 0;
}
