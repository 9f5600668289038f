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
	MUTATION_SMMU_BYPASS,		/* I2: streams bypass, owned or not */
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
	MUTATION_S2_NO_STAGE1_TLBI,	/* I4: combined entries survive an unmap */
	MUTATION_S2_STAGE1_TLBI_FIRST,	/* I4: they go before the entries of stage 2 that they can be made of anew */
	MUTATION_VSMMU_NO_STAGE2,	/* I2: stage 1 of a cell without stage 2 below it */
	MUTATION_VSMMU_ANY_STREAM,	/* I2: commands of a cell reach other cells' streams */
	MUTATION_VSMMU_ANY_VMID,	/* TLB maintenance has the VMID that the cell wrote */
	MUTATION_VSMMU_ANY_STE,		/* entries of a cell are not checked */
	MUTATION_VSMMU_ANY_COMMAND,	/* illegal commands are ignored */
	MUTATION_VSMMU_NO_CFGI_CD,	/* CDs stay cached */
	MUTATION_VSMMU_NO_TLBI,		/* translations stay cached */
	MUTATION_VSMMU_FOLD_ASID,	/* many invalidations become one, of the first one's ASID only */
	MUTATION_VSMMU_KEEP_STAGE1,	/* SMMUEN = 0 changes nothing */
	MUTATION_VSMMU_KEEP_STALLED,	/* stalled transactions outlive their stream */
	MUTATION_VSMMU_REAL_SID,	/* events have the physical StreamID */
	MUTATION_VSMMU_UNBOUNDED,	/* I7: a doorbell runs the whole queue */
	MUTATION_VSMMU_ONE_CPU,		/* one CPU is asked for events, whether or not it stays */
	MUTATION_VSMMU_READ_TWICE,	/* I8: an entry is read again after it was checked */
	MUTATION_AARCH32_STUCK_IT,	/* an IT block does not go on behind a trapped instruction */
	MUTATION_S2_NO_ATC_INV,		/* I4: devices keep translations of what was unmapped */
	MUTATION_VGIC_SOFT_ROUTE,	/* I5: the route of an emulated device's interrupt reaches the hardware */
	MUTATION_IVSHMEM_ANY_PEER,	/* doorbells and states reach cells that do not share the memory */
	MUTATION_IVSHMEM_KEEP_STATE,	/* a cell that ended is a peer still */
};

#ifndef CONFIG_MUTATION
#define CONFIG_MUTATION MUTATION_NONE
#endif

#define MUTATE(name)	(CONFIG_MUTATION == MUTATION_##name)

#endif
