/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* More than one CPU. CPUs are numbered in the order of the device tree; 0 is the one that booted. */
#ifndef INMATE_SMP_H
#define INMATE_SMP_H

#include <inmate/fault.h>

#define CPU_MAX		8
#define STACK_SIZE	16384

struct cpu {
	u64 stack_top;		/* first two: used by start.S */
	void (*entry)(struct cpu *cpu);
	u32 index;
	volatile bool running;	/* entry was called */
	bool armed;		/* see fault.h */
	bool executing;		/* armed for a call: resume at x30 */
	struct fault fault;
	u64 gicr;
};

extern struct cpu cpus[CPU_MAX];

struct cpu *this_cpu(void);
/* CPUs in the device tree, and the affinity of one. */
u32 cpu_count(void);
u64 cpu_mpidr(u32 index);
/*
 * Starts a CPU with stack, MMU, vectors and its part of the GIC up; when fn returns it is switched off.
 * PSCI's result.
 */
s32 cpu_start(u32 index, void (*fn)(struct cpu *cpu));

#endif
