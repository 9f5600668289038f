/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PSCI 1.1 for cells: each cell switches its own CPUs and itself, by the affinities that it sees. Both calling
 * conventions; only the functions that have addresses or affinities exist in two widths.
 */
#include <hyp/trap.h>

#define PSCI_BASE		0x84000000u
#define PSCI_64			0x40000000u

#define PSCI_1_1		0x10001
#define PSCI_NO_MIGRATION	2	/* no Trusted OS that would have to migrate */

#define PSCI_SUCCESS		0
#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_INVALID_ADDRESS	(-9)

#define SUSPEND_STATE		GENMASK(16, 0)	/* of the CPU alone: StateType, StateID */

#define AFFINITY_ON		0
#define AFFINITY_OFF		1

static struct cpu *find_vcpu(struct cell *cell, u64 affinity)
{
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (cpu && cpu->vmpidr == affinity)
			return cpu;
	}
	return NULL;
}

/* A standby state that something wakes at once; the guest's own WFI is not trapped and costs nothing. */
static s64 psci_cpu_suspend(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	return regs->x[1] & mask & ~SUSPEND_STATE ? PSCI_INVALID_PARAMETERS : PSCI_SUCCESS;
}

static s64 psci_cpu_off(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	cell_cpu_off(cpu);
}

/*
 * Under cell_lock, so that neither a cell that is being stopped nor a CPU that is being given away wakes up meanwhile:
 * who has the lock parks this CPU instead of waiting for it.
 */
static s64 psci_cpu_on(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	u64 entry = regs->x[2] & mask;
	struct cpu *target;

	cell_lock_from_trap(cpu);
	SPIN_HELD(&cell_lock);
	target = find_vcpu(cpu->cell, regs->x[1] & mask);
	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (cpu->cell->state != HC_STATE_RUNNING)
		return PSCI_DENIED;
	if (!cell_has(cpu->cell, ipa(entry), PROT_EXEC))
		return PSCI_INVALID_ADDRESS;
	return cell_cpu_on(target, entry, regs->x[3] & mask) ? PSCI_SUCCESS : PSCI_ALREADY_ON;
}

static s64 psci_affinity_info(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	struct cpu *target = find_vcpu(cpu->cell, regs->x[1] & mask & MPIDR_AFFINITY);

	if ((regs->x[2] & mask) != 0 || !target)
		return PSCI_INVALID_PARAMETERS;
	/* on its way to sleep it is still on: who is told OFF may give it to another cell at once */
	return __atomic_load_n(&target->on, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&target->state, __ATOMIC_ACQUIRE) == CPU_RUNNING ? AFFINITY_ON : AFFINITY_OFF;
}

static s64 psci_system_end(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	cell_fail_current(cpu, (u32)regs->x[0] == PSCI_SYSTEM_OFF ? HC_REASON_OFF : HC_REASON_RESET, 0);
}

static s64 psci_features(const struct guest_regs *regs, struct cpu *cpu, u64 mask);

/* `mask` cuts the arguments to what the calling convention of the call has. */
struct psci_fn {
	s64 (*call)(const struct guest_regs *regs, struct cpu *cpu, u64 mask);
	s32 answer;		/* where there is nothing to call */
	bool wide;		/* has a 64-bit form too */
};

static const struct psci_fn functions[] = {
	[0x0] = { .answer = PSCI_1_1 },
	[0x1] = { psci_cpu_suspend, .wide = true },
	[0x2] = { psci_cpu_off },
	[0x3] = { psci_cpu_on, .wide = true },
	[0x4] = { psci_affinity_info, .wide = true },
	[0x5] = { .answer = NOT_SUPPORTED, .wide = true },
	[0x6] = { .answer = PSCI_NO_MIGRATION },
	[0x7] = { .answer = NOT_SUPPORTED, .wide = true },
	[0x8] = { psci_system_end },
	[0x9] = { psci_system_end },
	[0xa] = { psci_features },
};

static const struct psci_fn *find(u32 function)
{
	u32 number = function & ~PSCI_64;
	const struct psci_fn *fn = &functions[number - PSCI_BASE];

	return number - PSCI_BASE >= ARRAY_SIZE(functions) || (function & PSCI_64 && !fn->wide) ? NULL : fn;
}

static s64 psci_features(const struct guest_regs *regs, struct cpu *cpu, u64 mask)
{
	const struct psci_fn *fn = find(regs->x[1]);

	return (u32)regs->x[1] == SMCCC_VERSION || (fn && fn->answer != NOT_SUPPORTED) ? PSCI_SUCCESS : NOT_SUPPORTED;
}

s64 psci_call(struct guest_regs *regs, struct cpu *cpu, u32 function)
{
	const struct psci_fn *fn = find(function);

	if (unlikely(!fn))
		return NOT_SUPPORTED;
	return fn->call ? fn->call(regs, cpu, function & PSCI_64 ? ~0ULL : ~0u) : fn->answer;
}
