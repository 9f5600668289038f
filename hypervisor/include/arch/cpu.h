/* SPDX-License-Identifier: GPL-2.0-only */
/* Contract: what a CPU of the architecture must do for the hypervisor. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <hyp/addr.h>
#include <hyp/bits.h>

/* EL2 configuration that does not depend on a cell: traps, timers, features, vectors. Each CPU, once. Returns a
 * sentence when this CPU cannot be used (too small a PA range, say), NULL when all is well. */
const char *arch_cpu_init(void);

/* Affinity fields of the calling CPU's MPIDR_EL1. */
#define MPIDR_AFFINITY	(GENMASK(39, 32) | GENMASK(23, 0))
u64 arch_mpidr(void);
/* One of the CPUs that came up has an EL1 that cannot be AArch32. */
extern bool arch_lacks_aarch32;
/* The EL1 state of a CPU after a warm reset, and the cell's identity and stage 2: VTTBR_EL2, VMPIDR_EL2. */
void arch_guest_reset(u64 vttbr, u64 vmpidr, bool aarch32);
/* No cell's tables in use on this CPU any more. */
void arch_guest_leave(void);
/*
 * Enters EL1 with x0 = arg and every other general and SIMD register zero. The stack is empty then. AArch32: r0 and r2 are
 * the halves of arg and r1 is ~0, as in the Arm boot protocol; bit 0 of entry says T32.
 */
void arch_guest_enter(u64 entry, u64 arg) __attribute__((noreturn));

/* Continues in fn on an empty stack of the calling CPU; what was on it is gone. */
void arch_call_fresh(void (*fn)(struct cpu *), struct cpu *cpu) __attribute__((noreturn));

/* Loads the final EL2 stage-1 root, with write-implies-never-execute from then on. The code that runs and its stack must
 * be mapped alike in both. */
void arch_hyp_switch(paddr_t root);

struct cpu *this_cpu(void);
void arch_set_this_cpu(struct cpu *cpu);

/* Firmware calls (PSCI by SMC, for this hypervisor's own needs). */
#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SYSTEM_RESET	0x84000009u
#define PSCI_CPU_ON_64		0xc4000003u
s64 arch_firmware_call(u32 function, u64 a1, u64 a2, u64 a3);
/* The entry point for other CPUs; they arrive there with the address of their struct cpu in x0. */
extern char secondary_entry[];

/* Stops this CPU for ever. */
void arch_halt(void) __attribute__((noreturn));

#endif
