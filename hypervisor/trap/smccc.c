/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HVC and SMC: the SMC Calling Convention. Cloister answers PSCI, the Arm architecture calls that tell what there is,
 * and its own range; everything else is NOT_SUPPORTED. No call of a guest ever reaches the firmware as it is.
 */
#include <asm/esr.h>
#include <hyp/trap.h>

#define SMCCC_ARCH_FEATURES	0x80000001u
#define SMCCC_1_1		0x10001

#define FN_64			BIT(30)
#define FN_OWNER		GENMASK(29, 24)
#define OWNER_ARCH		0
#define OWNER_STANDARD		4	/* PSCI lives here */
#define OWNER_HYPERVISOR	6

static s64 arch_call(struct guest_regs *regs, u32 function)
{
	u32 asked = regs->x[1];

	if (function == SMCCC_VERSION)
		return SMCCC_1_1;
	return function == SMCCC_ARCH_FEATURES && (asked == SMCCC_VERSION || asked == function) ? 0 : NOT_SUPPORTED;
}

static inline s64 call(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	u32 function = regs->x[0];

	/* the immediate must be 0 for an SMCCC call */
	if (unlikely(esr & ISS_IMMEDIATE))
		return NOT_SUPPORTED;
	switch (FIELD_GET(FN_OWNER, function)) {
	case OWNER_STANDARD:
		return psci_call(regs, cpu, function);
	case OWNER_HYPERVISOR:
		return hypercall(regs, cpu, function);
	case OWNER_ARCH:
		return arch_call(regs, function);
	}
	return NOT_SUPPORTED;
}

enum trap_result trap_hvc(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	regs->x[0] = call(regs, cpu, esr);
	return TRAP_AGAIN;		/* ELR is behind an HVC already */
}

enum trap_result trap_smc(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	regs->x[0] = call(regs, cpu, esr);
	return TRAP_NEXT;
}

/* AArch32 has the low halves of the registers and the 32-bit functions; Cloister's own, but for the UID, are those of AArch64. */
enum trap_result trap_call32(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	u32 function = regs->x[0];

	for (u32 i = 0; i < 8; i++)
		regs->x[i] = (u32)regs->x[i];
	if (FIELD_GET(FN_OWNER, function) == OWNER_HYPERVISOR && function != HC_CALL_UID)
		regs->x[0] |= FN_64;
	regs->x[0] = function & FN_64 ? NOT_SUPPORTED : call(regs, cpu, esr);
	return FIELD_GET(ESR_EC, esr) == EC_HVC32 ? TRAP_AGAIN : TRAP_NEXT;
}
