/* SPDX-License-Identifier: GPL-2.0-only */
/* trap: exits of the guest, by exception class. "This cell" exists here and nowhere below. */
#ifndef HYP_TRAP_H
#define HYP_TRAP_H

#include <hyp/cell.h>

#define SMCCC_VERSION	0x80000000u
#define NOT_SUPPORTED	(-1)	/* of the SMC Calling Convention and of PSCI */

/* A handler's verdict. */
enum trap_result {
	TRAP_NEXT = 0,	/* emulated: go on behind the instruction */
	TRAP_NEXT_REG = 1,	/* the same, and one of x19 to x29 in the guest's registers was written */
	TRAP_AGAIN,	/* state is set; do not touch ELR */
	TRAP_UNDEF,	/* the guest gets an Undefined Instruction exception */
	TRAP_FAULT,	/* of aborts: not emulated; the cell fails, or an abort is injected */
};

/* From vectors.S. Returns whether x19 to x29 must be loaded from `regs` again. */
u64 trap_sync(struct guest_regs *regs, struct cpu *cpu);
u64 trap_sync32(struct guest_regs *regs, struct cpu *cpu);
void trap_irq(struct cpu *cpu);
void trap_serror(struct guest_regs *regs, struct cpu *cpu);
void trap_hyp(u64 kind, u64 esr, u64 elr, u64 far) __attribute__((noreturn));	/* EL2's own exceptions */

/* Writes a general register of the guest as the result of the instruction that was emulated. */
static inline enum trap_result trap_set_reg(struct guest_regs *regs, u64 reg, u64 value)
{
	regs->x[reg] = value;
	return reg < 19 ? TRAP_NEXT : TRAP_NEXT_REG;
}

enum trap_result trap_hvc(struct guest_regs *regs, struct cpu *cpu, u64 esr);
enum trap_result trap_smc(struct guest_regs *regs, struct cpu *cpu, u64 esr);
enum trap_result trap_call32(struct guest_regs *regs, struct cpu *cpu, u64 esr);
enum trap_result trap_sysreg(struct guest_regs *regs, struct cpu *cpu, u64 esr);
enum trap_result trap_coprocessor(struct guest_regs *regs, struct cpu *cpu, u64 esr);
enum trap_result trap_dabt(struct guest_regs *regs, struct cpu *cpu, u64 esr);
s64 psci_call(struct guest_regs *regs, struct cpu *cpu, u32 function);
s64 hypercall(struct guest_regs *regs, struct cpu *cpu, u32 function);

/* Exceptions for the guest's EL1, AArch64 or AArch32. */
void inject_undef(void);
void inject_abort(u64 address, bool instruction);
/* The same in AArch32, for the exception that AArch64 describes so, with the address in FAR_EL1. */
void aarch32_enter_exception(u64 esr);

#endif
