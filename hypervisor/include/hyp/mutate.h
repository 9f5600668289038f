/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutations: deliberate breaches of an invariant, compiled in by tests only (make MUTATION=<name>), to prove that a
 * test can fail. A normal build has CONFIG_MUTATION 0, every MUTATE() is the constant false and leaves no code.
 */
#ifndef HYP_MUTATE_H
#define HYP_MUTATE_H

enum mutation {
	MUTATION_NONE,
	MUTATION_S2_KEEP_ROOT,		/* I1: a cell's memory stays mapped in the root cell */
	MUTATION_SMMU_BYPASS,		/* I2: unowned streams bypass instead of aborting */
	MUTATION_STE_WRONG_ROOT,	/* I2, I3: a stream gets the running CPU's cell's tables */
	MUTATION_NO_CPU_TLBI,		/* I4: no CPU TLB invalidation on unmap */
	MUTATION_NO_SMMU_TLBI,		/* I4: no SMMU TLB invalidation on unmap */
	MUTATION_NO_SCRUB,		/* I4: memory is handed on as it is */
	MUTATION_NO_CFGI,		/* STE changes are not announced */
	MUTATION_GICD_NO_FILTER,	/* I5: writes to the distributor reach other cells' SPIs */
	MUTATION_SGI_ANY_CPU,		/* I5: an SGI reaches CPUs of other cells */
	MUTATION_PANIC_ON_FAULT,	/* I6: a stray guest access stops the hypervisor */
	MUTATION_PCI_NO_FILTER,		/* I2: configuration space of all functions is reachable */
	MUTATION_STE_ONE_WRITE,		/* an STE is written in one go without sync steps */
	MUTATION_CHECK_NO_OVERLAP,	/* I1: config_check accepts overlapping regions */
};

#ifndef CONFIG_MUTATION
#define CONFIG_MUTATION MUTATION_NONE
#endif

#define MUTATE(name)	(CONFIG_MUTATION == MUTATION_##name)

#endif
