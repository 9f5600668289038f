/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * percpu: one struct cpu per physical CPU. A CPU belongs to one cell or is parked in EL2; it never switches cells
 * without going through the parked state, so its guest state stays in the hardware's registers.
 */
#ifndef HYP_PERCPU_H
#define HYP_PERCPU_H

#include <abi/config.h>
#include <abi/hypercall.h>
#include <arch/cpu.h>
#include <hyp/printk.h>
#include <hyp/types.h>
#include <hyp/vgic.h>

/* Requests to another CPU; set atomically, then a cross-call SGI. Done when the target clears the bit. */
#define CPU_REQ_PARK	(1u << 0)	/* leave the cell and wait in EL2 */
#define CPU_REQ_VGIC	(1u << 1)	/* vgic_sync() */
#define CPU_REQ_START	(1u << 2)	/* a parked CPU: enter `cell` at start_entry */
#define CPU_REQ_HALT	(1u << 3)	/* the hypervisor panicked */
#define CPU_REQ_VSMMU	(1u << 4)	/* vsmmu_sync() */
#define CPU_REQ_RESTART	(1u << 5)	/* a parked CPU: start its cell over, see boot_restart() */

enum cpu_state {
	CPU_ABSENT,		/* did not come up */
	CPU_PARKED,		/* in EL2, waiting for a request; not running guest code */
	CPU_RUNNING,		/* in its cell */
};

/* The general registers of the guest on exit, at the top of the EL2 stack. ELR, SPSR etc. stay in system registers. */
struct guest_regs {
	u64 x[32];	/* x[31] is the zero register: zero on each exit, and writing to it has no effect */
};

struct cpu {
	u64 stack_top;			/* first: used by the vectors */
	u32 id;				/* index into the system config's CPUs */
	u32 state;			/* enum cpu_state */
	u64 mpidr;			/* affinity bits of the physical MPIDR_EL1 */
	u32 requests;			/* CPU_REQ_*, atomic */
	struct cell *cell;		/* the owner; NULL: nobody's */
	u32 vcpu;			/* index in the owner's numbering */
	bool on;			/* PSCI state inside the cell */
	u64 vmpidr;
	u64 start_entry, start_arg;
	struct vgic_cpu vgic;
	u64 exits[HC_EXITS];
	void *gicr;			/* its redistributor's registers */
};

extern struct cpu cpus[CFG_MAX_CPUS];
extern u32 cpu_count;

/* Enters the cell that a START request names, or parks. The boot CPU's last step; also from a parked CPU. */
void cpu_run(struct cpu *cpu) __attribute__((noreturn));
/* The calling CPU leaves its cell, if it is in one, and waits in EL2 for requests. */
void cpu_park(struct cpu *cpu) __attribute__((noreturn));

/* Sets request bits and sends the cross call. */
void cpu_request(struct cpu *cpu, u32 requests);
/* Asks for PARK and waits until the CPU is parked. -EIO after 100 ms: the CPU is lost. */
int cpu_park_sync(struct cpu *cpu);
/* From a cross call or at the end of any exit: acts on the requests of this CPU. PARK does not return. */
void cpu_handle_requests(struct cpu *cpu);
/* CPU_REQ_VGIC of the calling CPU alone: also while it waits for a lock in a trap. */
void cpu_answer_vgic(struct cpu *cpu);

#endif
