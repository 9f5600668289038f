/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trapped system registers of AArch64. SGI generation is emulated; what cells do not get, but what software touches
 * without asking (PMU, debug, OS lock, activity monitors, trace filter), reads as zero and ignores writes; everything
 * else is undefined.
 */
#include <asm/sysreg.h>
#include <hyp/trap.h>

#define ISS_OP0		GENMASK(21, 20)
#define ISS_OP2		GENMASK(19, 17)
#define ISS_OP1		GENMASK(16, 14)
#define ISS_CRN		GENMASK(13, 10)
#define ISS_RT		GENMASK(9, 5)
#define ISS_CRM		GENMASK(4, 1)
#define ISS_READ	BIT(0)

/* the register alone: the ISS without Rt and direction */
#define REG_MASK	(ISS_OP0 | ISS_OP1 | ISS_OP2 | ISS_CRN | ISS_CRM)
#define REG(op0, op1, crn, crm, op2)						\
	(FIELD_PREP(ISS_OP0, op0) | FIELD_PREP(ISS_OP1, op1) | FIELD_PREP(ISS_CRN, crn) |	\
	 FIELD_PREP(ISS_CRM, crm) | FIELD_PREP(ISS_OP2, op2))
#define REG_ICC_SGI1R	REG(3, 0, 12, 11, 5)
#define REG_ICC_ASGI1R	REG(3, 0, 12, 11, 6)
#define REG_ICC_SGI0R	REG(3, 0, 12, 11, 7)

struct absent {
	u32 mask, value;
};

#define GROUP(fields, ...)	{ .mask = (fields), .value = REG(__VA_ARGS__) & (fields) }

/* Read-as-zero, write-ignored. */
static const struct absent absent[] = {
	GROUP(ISS_OP0 | ISS_OP1, 2, 0, 0, 0, 0),			/* debug */
	GROUP(ISS_OP0 | ISS_OP1, 2, 1, 0, 0, 0),			/* trace */
	GROUP(ISS_OP0 | ISS_OP1, 2, 3, 0, 0, 0),			/* debug, of EL0 */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 14, 0),	/* PMINTENSET, PMINTENCLR, PMMIR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 9, 0, 0),		/* PMCR ... PMOVSSET */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 14, 0, 0),		/* PMEVCNTR<n>, PMEVTYPER<n>, PMCCFILTR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN, 3, 3, 13, 0, 0),		/* activity monitors */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 9, 0),	/* statistical profiling */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 9, 10, 0),
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 5, 3, 0),	/* error records: ERRIDR, ERRSELR */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 5, 4, 0),	/* ERX* */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 5, 5, 0),
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 10, 4, 0),	/* LORegions */
	GROUP(ISS_OP0 | ISS_OP1 | ISS_CRN | ISS_CRM, 3, 0, 10, 5, 0),	/* memory partitioning */
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
