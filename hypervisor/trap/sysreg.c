/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trapped system registers. SGI generation is emulated; what cells do not get, but what software touches
 * without asking (PMU, debug, OS lock, activity monitors, trace filter), reads as zero and ignores writes; everything
 * else is undefined.
 */
#include <asm/esr.h>
#include <hyp/trap.h>

#define ISS_OP0		GENMASK(21, 20)
#define ISS_OP2		GENMASK(19, 17)
#define ISS_OP1		GENMASK(16, 14)
#define ISS_OP1_HIGH	BIT(16)			/* of EL2 and above */
#define ISS_CRN		GENMASK(13, 10)
#define ISS_RT		GENMASK(9, 5)
#define ISS_CRM		GENMASK(4, 1)
#define ISS_CRM_PAIR	GENMASK(4, 2)		/* an even one and the next */
#define ISS_READ	BIT(0)
/* of MCRR and MRRC */
#define ISS_OPC1	GENMASK(19, 16)
#define ISS_RT2		GENMASK(14, 10)

/* the register alone: the ISS without Rt and direction */
#define REG_MASK	(ISS_OP0 | ISS_OP1 | ISS_OP2 | ISS_CRN | ISS_CRM)
#define REG(op0, op1, crn, crm, op2)						\
	(FIELD_PREP(ISS_OP0, op0) | FIELD_PREP(ISS_OP1, op1) | FIELD_PREP(ISS_CRN, crn) |	\
	 FIELD_PREP(ISS_CRM, crm) | FIELD_PREP(ISS_OP2, op2))
#define REG_ICC_SGI1R	REG(3, 0, 12, 11, 5)
#define REG_ICC_ASGI1R	REG(3, 0, 12, 11, 6)
#define REG_ICC_SGI0R	REG(3, 0, 12, 11, 7)

#define GROUP(fields, ...)	{ .mask = (fields), .value = REG(__VA_ARGS__) & (fields) }

/* Read-as-zero, write-ignored. */
static const struct {
	u32 mask, value;
} absent[] = {
	GROUP(ISS_OP0 | ISS_OP1_HIGH, 2, 0, 0, 0, 0),			/* debug, trace, debug of EL0 */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 14, 0),	/* PMINTENSET, PMINTENCLR, PMMIR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 9, 0, 0),		/* PMCR ... PMOVSSET */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 14, 0, 0),		/* PMEVCNTR<n>, PMEVTYPER<n>, PMCCFILTR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 13, 0, 0),		/* activity monitors */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 9, 0),	/* statistical profiling */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 10, 0),
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 5, 3, 0),	/* error records: ERRIDR, ERRSELR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM_PAIR, 3, 0, 5, 4, 0),	/* ERX* */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM_PAIR, 3, 0, 10, 4, 0),	/* LORegions, memory partitioning */
	GROUP(REG_MASK, 3, 0, 1, 2, 1),					/* TRFCR */
	GROUP(REG_MASK, 3, 0, 1, 0, 1),					/* ACTLR: TACR */
};

enum trap_result trap_sysreg(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	u64 reg = esr & (REG_MASK | ISS_READ);

	if (reg == REG_ICC_SGI1R || reg == REG_ICC_SGI0R || reg == REG_ICC_ASGI1R) {
		vgic_send_sgi(cpu, regs->x[FIELD_GET(ISS_RT, esr)], reg == REG_ICC_SGI1R);
		return TRAP_NEXT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		if ((esr & absent[i].mask) == absent[i].value)
			return esr & ISS_READ ? trap_set_reg(regs, FIELD_GET(ISS_RT, esr), 0) : TRAP_NEXT;
	}
	return TRAP_UNDEF;
}

/* MCRR and MRRC: SGIs; all else that is trapped is absent. */
static enum trap_result trap_cp15_64(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	u64 *low = &regs->x[FIELD_GET(ISS_RT, esr)], *high = &regs->x[FIELD_GET(ISS_RT2, esr)];

	if (esr & ISS_READ)
		*low = *high = 0;
	if ((esr & ISS_READ) || FIELD_GET(ISS_CRM, esr) != 12)
		return TRAP_NEXT;
	regs->x[31] = *high << 32 | (u32)*low;		/* as AArch64 writes it, by a register that is not kept */
	return trap_sysreg(regs, cpu, REG(3, 0, 12, 11, 5 + FIELD_GET(ISS_OPC1, esr)) | ISS_RT);
}

/*
 * AArch32. MCR and MRC are encoded as in AArch64, but for op0, whose place has the condition, and op1 of what EL0 may be
 * given: the PMU (CRn 9 and 14) and activity monitors (13).
 */
enum trap_result trap_coprocessor(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	u64 ec = FIELD_GET(ESR_EC, esr), iss = (esr & ~ISS_OP0) | FIELD_PREP(ISS_OP0, ec == EC_CP15_32 ? 3 : 2);

	if (ec == EC_CP15_64)
		return trap_cp15_64(regs, cpu, esr);
	if (!(esr & ISS_OP1) && BIT(FIELD_GET(ISS_CRN, esr)) & (BIT(9) | BIT(13) | BIT(14)))
		iss |= FIELD_PREP(ISS_OP1, 3);
	return trap_sysreg(regs, cpu, iss);
}
