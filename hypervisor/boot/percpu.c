/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPUs: bring-up, parking, cross calls. A CPU either runs its cell or is parked here in EL2 with interrupts masked,
 * asleep until another CPU's request and SGI wake it.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/timer.h>
#include <hyp/boot.h>
#include <hyp/cell.h>
#include <hyp/hyp_map.h>
#include <hyp/printk.h>

#define CPU_ON_TIMEOUT_US	1000000
#define PARK_TIMEOUT_US		1000000	/* a CPU answers at once, but QEMU on a busy host may not run it */

struct cpu cpus[CFG_MAX_CPUS];
u32 cpu_count;

int percpu_init(const struct cfg_system *sys)
{
	const char *problem = arch_cpu_init();

	if (problem) {
		pr_err("cpu 0: %s", problem);
		return -EINVAL;
	}
	for (u32 i = 0; i < sys->cpu_count; i++) {
		void *stack = hyp_map_stack(i);

		if (!stack)
			return -ENOMEM;
		cpus[i].id = i;
		cpus[i].mpidr = cfg_cpus(sys)[i].mpidr;
		cpus[i].stack_top = (u64)stack;
	}
	if (cpus[0].mpidr != arch_mpidr()) {
		pr_err("this CPU has MPIDR 0x%lx, the system config's first CPU 0x%lx", arch_mpidr(), cpus[0].mpidr);
		return -EINVAL;
	}
	cpu_count = sys->cpu_count;
	cpus[0].state = CPU_PARKED;
	arch_set_this_cpu(&cpus[0]);
	return 0;
}

int percpu_start_others(const struct cfg_system *sys)
{
	u64 entry = hyp_pa(secondary_entry).pa;

	dsb_ish();
	for (u32 i = 1; i < cpu_count; i++) {
		u64 deadline = timer_deadline_us(CPU_ON_TIMEOUT_US);
		s64 err = arch_firmware_call(PSCI_CPU_ON_64, cpus[i].mpidr, entry, (u64)&cpus[i]);

		while (!err && __atomic_load_n(&cpus[i].state, __ATOMIC_ACQUIRE) == CPU_ABSENT && !timer_passed(deadline))
			cpu_relax();	/* WFE could sleep past the deadline */
		if (cpus[i].state == CPU_ABSENT)
			pr_err("cpu %u (MPIDR 0x%lx) does not start: PSCI says %ld", i, cpus[i].mpidr, err);
	}
	return 0;
}

void secondary_main(struct cpu *cpu)
{
	const char *problem;

	arch_set_this_cpu(cpu);
	problem = arch_cpu_init();
	if (problem || gic_cpu_init(cpu)) {
		pr_err("cpu %u cannot be used: %s", cpu->id, problem ? problem : "its interrupt controller does not answer");
		arch_halt();
	}
	cpu_park(cpu);
}

/* Asleep in EL2. Runs on an empty stack, so that a request can be taken from any depth. */
static void park_loop(struct cpu *cpu)
{
	__atomic_store_n(&cpu->state, CPU_PARKED, __ATOMIC_RELEASE);
	for (;;) {
		wait_for_interrupt();
		gic_handle_irq(cpu);
	}
}

void cpu_park(struct cpu *cpu)
{
	vgic_cpu_park(cpu);
	arch_guest_leave();
	/*
	 * A start that was asked for before the park is void. In one step: who sees that the park was taken may ask for the
	 * next start, which must not get lost, and none of the old ones may come to life behind its back.
	 */
	if (__atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE) & CPU_REQ_PARK)
		__atomic_and_fetch(&cpu->requests, ~(CPU_REQ_PARK | CPU_REQ_START | CPU_REQ_RESTART), __ATOMIC_ACQ_REL);
	arch_call_fresh(park_loop, cpu);
}

void cpu_run(struct cpu *cpu)
{
	struct cell *cell = cpu->cell;

	if (!(__atomic_fetch_and(&cpu->requests, ~CPU_REQ_START, __ATOMIC_ACQ_REL) & CPU_REQ_START))
		cpu_park(cpu);
	arch_guest_reset(stage2_vttbr(&cell->s2), cpu->vmpidr, cell->config->flags & CFG_CELL_AARCH32);
	vgic_cpu_reset(cpu);
	cpu->exits[HC_EXIT_OTHER]++;
	__atomic_store_n(&cpu->state, CPU_RUNNING, __ATOMIC_RELEASE);
	vgic_sync(cpu);		/* what others raised before, not knowing that it would run */
	vsmmu_sync(cpu);
	cell_watch_start(cpu);
	arch_guest_enter(cpu->start_entry, cpu->start_arg);
}

void cpu_request(struct cpu *cpu, u32 requests)
{
	__atomic_or_fetch(&cpu->requests, requests, __ATOMIC_ACQ_REL);
	gic_send_hyp_sgi(cpu);
}

int cpu_park_sync(struct cpu *cpu)
{
	u64 deadline = timer_deadline_us(PARK_TIMEOUT_US);

	cpu_request(cpu, CPU_REQ_PARK);
	/* the time is taken first, for this CPU may be the one that did not run */
	for (bool late = false; __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) != CPU_PARKED ||
	     (__atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE) & CPU_REQ_PARK); late = timer_passed(deadline)) {
		if (late) {
			pr_err("cpu %u does not answer the request to leave cell %s", cpu->id,
			       cpu->cell ? cpu->cell->name : "(none)");
			return -EIO;
		}
		cpu_relax();
	}
	return 0;
}

void cpu_answer_vgic(struct cpu *cpu)
{
	__atomic_and_fetch(&cpu->requests, ~CPU_REQ_VGIC, __ATOMIC_ACQ_REL);
	if (cpu->state == CPU_RUNNING)
		vgic_sync(cpu);
}

void cpu_handle_requests(struct cpu *cpu)
{
	u32 requests = __atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE);

	if (requests & CPU_REQ_HALT)
		arch_halt();
	if (requests & CPU_REQ_PARK)
		cpu_park(cpu);
	if (requests & CPU_REQ_VGIC)
		cpu_answer_vgic(cpu);
	if (requests & CPU_REQ_VSMMU) {
		__atomic_and_fetch(&cpu->requests, ~CPU_REQ_VSMMU, __ATOMIC_ACQ_REL);
		if (cpu->state == CPU_RUNNING)
			vsmmu_sync(cpu);
	}
	if (requests & CPU_REQ_RESTART) {
		__atomic_and_fetch(&cpu->requests, ~CPU_REQ_RESTART, __ATOMIC_ACQ_REL);
		boot_restart(cpu);
	}
	if ((requests & CPU_REQ_START) && cpu->state == CPU_PARKED)
		cpu_run(cpu);
}
