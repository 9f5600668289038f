/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs of cells. A CPU changes its owner only while it is parked in EL2 and switched off in the PSCI sense, under
 * cell_lock.
 */
#include <arch/barrier.h>
#include <hyp/cell.h>
#include <hyp/string.h>

static int check_free(const struct cpu *cpu, struct hc_error *err)
{
	if (cpu->state == CPU_ABSENT)
		return hc_fail(err, -EBUSY, "cpu %u did not start at boot", cpu->id);
	if (cpu->cell && !cpu->cell->is_root)
		return hc_fail(err, -EBUSY, "cpu %u belongs to cell %s", cpu->id, cpu->cell->name);
	if (cpu->on || __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) != CPU_PARKED)
		return hc_fail(err, -EBUSY, "cpu %u is in use by the root cell: take it offline first", cpu->id);
	return 0;
}

static void leave(struct cpu *cpu)
{
	struct cell *cell = cpu->cell;

	if (!cell)
		return;
	cell->vcpu[cpu->vcpu] = NULL;
	for (u32 i = 0; i < HC_EXITS; i++)
		cell->info.exits[i] += cpu->exits[i];
	cell->info.irqs_injected += cpu->vgic.injected;
	memset(cpu->exits, 0, sizeof(cpu->exits));
	cpu->vgic.injected = 0;
	cpu->cell = NULL;
}

/* It gets the place that the cell's config has for it, if that has one; not if it did not start at boot. */
static void join(struct cpu *cpu, struct cell *cell)
{
	const struct cfg_cell_cpu *place = cfg_cell_cpus(cell->config);

	for (u32 i = 0; i < cell->vcpus; i++) {
		if (place[i].cpu != cpu->id || cpu->state == CPU_ABSENT)
			continue;
		cpu->vcpu = i;
		cpu->vmpidr = place[i].vmpidr;
		cpu->on = false;
		vgic_cpu_clear(cpu);
		cpu->cell = cell;
		cell->vcpu[i] = cpu;
	}
}

int cell_cpus_take(struct cell *cell, struct hc_error *err)
{
	const struct cfg_cell_cpu *want = cfg_cell_cpus(cell->config);
	u32 count = cell->config->cpu_count;

	if ((cell->config->flags & CFG_CELL_AARCH32) && arch_lacks_aarch32)
		return hc_fail(err, -EINVAL, "cell %s is AArch32, which EL1 of this machine's CPUs cannot execute", cell->name);
	for (u32 i = 0; i < count; i++) {
		/* the root cell starts on the CPU that is building it */
		int busy = cell->is_root ? 0 : check_free(&cpus[want[i].cpu], err);

		if (busy)
			return busy;
	}
	cell->vcpus = count;
	for (u32 i = 0; i < count; i++) {
		leave(&cpus[want[i].cpu]);
		join(&cpus[want[i].cpu], cell);
	}
	return 0;
}

void cell_cpus_give_back(struct cell *cell)
{
	struct cell *root = root_cell();

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (!cpu)
			continue;
		leave(cpu);
		if (root)
			join(cpu, root);
	}
}

bool cell_cpu_on(struct cpu *target, u64 entry, u64 arg)
{
	bool off = false;

	if (!__atomic_compare_exchange_n(&target->on, &off, true, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	target->start_entry = entry;
	target->start_arg = arg;
	cpu_request(target, CPU_REQ_START);
	return true;
}

void cell_cpu_off(struct cpu *cpu)
{
	/* whoever sees it off may switch it on again at once: the request waits until it is parked */
	__atomic_store_n(&cpu->on, false, __ATOMIC_RELEASE);
	cpu_park(cpu);
}

/* Asleep, and nothing that was asked of it is left to wake it. */
static bool is_asleep(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) == CPU_PARKED && !cpu->on &&
	       !__atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE);
}

/* Once each: nobody can switch one on again, as that takes cell_lock, too. */
int cell_park_all(struct cell *cell)
{
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (!cpu || is_asleep(cpu))
			continue;
		if (cpu_park_sync(cpu))
			return -EIO;
		cpu->on = false;
	}
	return 0;
}

/* Whoever has the lock may be waiting for this very CPU: its requests are answered meanwhile. */
void cell_lock_from_trap(struct cpu *cpu)
{
	while (!spin_trylock(&cell_lock)) {
		u32 requests = __atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE);

		if (requests & CPU_REQ_PARK)
			cell_cpu_off(cpu);
		if (requests & CPU_REQ_VGIC)
			cpu_answer_vgic(cpu);
		cpu_relax();
	}
}
