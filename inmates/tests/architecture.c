/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What software at EL1 can see of the GIC, the timers, PSCI, the ID registers and what waits: the same program on a bare
 * machine and in a cell (tests/boot/test_architecture.py). Interrupts are masked; what is pending is looked at by the
 * CPU interface's registers, so nothing here depends on time.
 */
#include <inmate/arch.h>
#include "architecture/parts.h"

struct edu edu;

void see(u64 value, const char *format, ...)
{
	va_list args;

	printf("see ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" -> %lx\n", value);
}

void see_outcome(u64 value, const char *what)
{
	const struct fault *fault = fault_disarm();

	if (fault->count)
		printf("see %s -> exception %x\n", what, (u32)FIELD_GET(ESR_EC, fault->esr));
	else
		see(value, "%s", what);
}

void settle(void)
{
	dsb();
	isb();
	timer_delay_us(SETTLE_US);
}

int main(void)
{
	irq_disable();
	ktap_begin("architecture: as on a bare machine");
	edu_init(&edu);
	gic_disable(edu.irq);
	check_redistributor();
	check_distributor();
	check_states();
	check_interface();
	check_lines();
	check_timers();
	check_waiting();
	check_simd();
	check_identity();
	check_hidden();
	check_caches();
	check_firmware();
	check_sgi_patterns();
	check_cpus();
	ktap_end();
	return 0;
}
