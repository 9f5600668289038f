/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PSCI 1.1 for cells: each cell switches its own CPUs and itself, by the affinities that it sees. Both calling
 * conventions; only the functions that have addresses or affinities exist in two widths.
 */
#include <hyp/printk.h>
#include <hyp/trap.h>

#define PSCI_VERSION		0x84000000u
#define PSCI_CPU_SUSPEND	0x84000001u
#define PSCI_CPU_OFF		0x84000002u
#define PSCI_CPU_ON		0x84000003u
#define PSCI_AFFINITY_INFO	0x84000004u
#define PSCI_MIGRATE_INFO_TYPE	0x84000006u
#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SYSTEM_RESET	0x84000009u
#define PSCI_FEATURES		0x8400000au
#define SMCCC_VERSION		0x80000000u
#define PSCI_64			0x40000000u

#define PSCI_1_1		0x10001
#define PSCI_NO_MIGRATION	2	/* no Trusted OS that would have to migrate */

#define PSCI_SUCCESS		0
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_INVALID_ADDRESS	(-9)

#define AFFINITY_ON		0
#define AFFINITY_OFF		1
#define AFFINITY_FIELDS		(GENMASK(39, 32) | GENMASK(23, 0))

static struct cpu *find_vcpu(struct cell *cell, u64 affinity)
{
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (cpu && cpu->vmpidr == affinity)
			return cpu;
	}
	return NULL;
}

static s64 cpu_on(struct cpu *cpu, u64 affinity, u64 entry, u64 context)
{
	struct cpu *target = find_vcpu(cpu->cell, affinity);
	u64 left;
	u32 prot;
	paddr_t out;

	if (!target || target->state == CPU_ABSENT)
		return PSCI_INVALID_PARAMETERS;
	if (!stage2_lookup(&cpu->cell->s2, ipa(entry), &out, &prot, &left) || !(prot & PROT_EXEC))
		return PSCI_INVALID_ADDRESS;
	return cell_cpu_on(target, entry, context) ? PSCI_SUCCESS : PSCI_ALREADY_ON;
}

static s64 affinity_info(struct cpu *cpu, u64 affinity, u64 level)
{
	struct cpu *target = find_vcpu(cpu->cell, affinity & AFFINITY_FIELDS);

	if (level != 0 || !target)
		return PSCI_INVALID_PARAMETERS;
	return __atomic_load_n(&target->on, __ATOMIC_ACQUIRE) ? AFFINITY_ON : AFFINITY_OFF;
}

static s64 features(u32 function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case SMCCC_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | PSCI_64:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | PSCI_64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | PSCI_64:
		return PSCI_SUCCESS;
	}
	return PSCI_NOT_SUPPORTED;
}

s64 psci_call(struct guest_regs *regs, struct cpu *cpu, u32 function)
{
	u64 mask = function & PSCI_64 ? ~0ULL : 0xffffffffULL;
	u64 a1 = regs->x[1] & mask, a2 = regs->x[2] & mask, a3 = regs->x[3] & mask;

	switch (function) {
	case PSCI_VERSION:
		return PSCI_1_1;
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | PSCI_64:
		/* a standby state that something wakes at once; the guest's own WFI is not trapped and costs nothing */
		return PSCI_SUCCESS;
	case PSCI_CPU_OFF:
		cell_cpu_off(cpu);
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | PSCI_64:
		return cpu_on(cpu, a1, a2, a3);
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | PSCI_64:
		return affinity_info(cpu, a1, a2);
	case PSCI_MIGRATE_INFO_TYPE:
		return PSCI_NO_MIGRATION;
	case PSCI_SYSTEM_OFF:
		cell_fail_current(cpu, HC_REASON_OFF, 0);
	case PSCI_SYSTEM_RESET:
		cell_fail_current(cpu, HC_REASON_RESET, 0);
	case PSCI_FEATURES:
		return features(a1);
	}
	return PSCI_NOT_SUPPORTED;
}
