/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Other CPUs, by PSCI CPU_ON. */
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>

void start_secondary(void);
void start_cpu(struct cpu *cpu) __attribute__((noreturn));

struct cpu cpus[CPU_MAX];
char stacks[CPU_MAX][STACK_SIZE] __attribute__((aligned(16)));

struct cpu *this_cpu(void)
{
	return (struct cpu *)read_sysreg(tpidr_el1);
}

u32 cpu_count(void)
{
	int node = -1;
	u32 count = 0;

	while ((node = fdt_with_string(node, "device_type", "cpu")) >= 0)
		count++;
	return count ? count : 1;
}

u64 cpu_mpidr(u32 index)
{
	int node = fdt_with_string(-1, "device_type", "cpu");
	const void *reg;
	u32 bytes;

	while (node >= 0 && index--)
		node = fdt_with_string(node, "device_type", "cpu");
	reg = fdt_prop(node, "reg", &bytes);
	return reg ? fdt_number(reg, 0, bytes / 4) : 0;
}

s32 cpu_start(u32 index, void (*fn)(struct cpu *cpu))
{
	struct cpu *cpu;

	if (index >= CPU_MAX)
		return PSCI_INVALID_PARAMETERS;
	cpu = &cpus[index];
	cpu->index = index;
	cpu->stack_top = (u64)stacks[index] + STACK_SIZE;
	cpu->entry = fn;
	cpu->running = false;
	dsb();
	return psci(PSCI_CPU_ON, cpu_mpidr(index), (u64)start_secondary, (u64)cpu);
}

/* From start.S, on the new CPU. */
void start_cpu(struct cpu *cpu)
{
	gic_cpu_init();
	irq_enable();
	cpu->running = true;
	cpu->entry(cpu);
	irq_disable();
	psci(PSCI_CPU_OFF, 0, 0, 0);
	while (true)
		wfi();
}
