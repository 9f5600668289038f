/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU set-up at EL2, and the state in which a guest's CPU starts. The ID registers are not trapped, so whatever they
 * announce must work at EL1; what a cell must not have (PMU, debug, trace, SPE) is trapped and emulated as absent.
 */
#include <arch/cpu.h>
#include <arch/barrier.h>
#include <arch/pte.h>
#include <asm/sysreg.h>

#define HCR_VM		BIT(0)
#define HCR_SWIO	BIT(1)
#define HCR_PTW		BIT(2)
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_AMO		BIT(5)
#define HCR_TSC		BIT(19)
#define HCR_TIDCP	BIT(20)
#define HCR_TACR	BIT(21)
#define HCR_TLOR	BIT(35)
#define HCR_TERR	BIT(36)
#define HCR_PAUTH	(BIT(41) | BIT(40))	/* API, APK */
/* invalidate by set/way also cleans (SWIO): it cannot drop another cell's data from a shared cache */
#define HCR_GUEST	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | \
			 HCR_TLOR | HCR_TERR)

#define CPTR_TZ		BIT(8)
#define CPTR_TSM	BIT(12)
#define CPTR_TTA	BIT(20)
#define CPTR_TAM	BIT(30)
#define CPTR_RES1	0x33ffULL

/* PMU, debug, OS lock, trace, SPE: all to EL2 */
#define MDCR_HPMN	GENMASK(4, 0)
#define MDCR_TPM	(BIT(6) | BIT(5))	/* and TPMCR */
#define MDCR_TDA	GENMASK(11, 9)		/* and TDOSA, TDRA */
#define MDCR_TPMS	BIT(14)
#define MDCR_TTRF	BIT(19)
#define MDCR_GUEST	(MDCR_TPM | MDCR_TDA | MDCR_TPMS | MDCR_TTRF)

#define CNTHCTL_EL1PC	3ULL			/* counter and timer */

#define MPIDR_RES1	BIT(31)

/* SPSR_EL2, everything masked: Supervisor mode, AArch32 */
#define SPSR_SVC	0x1d3
#define SPSR_T_SHIFT	5

#define PFR0_EL1	GENMASK(7, 4)
#define PFR0_SVE	GENMASK(35, 32)
#define PFR0_MPAM	GENMASK(43, 40)
#define PFR0_AMU	GENMASK(47, 44)
#define PFR1_SME	GENMASK(27, 24)
#define ISAR1_APA	GENMASK(7, 4)
#define ISAR1_API	GENMASK(11, 8)
#define ISAR2_APA3	GENMASK(15, 12)
#define ISAR2_MOPS	GENMASK(19, 16)
#define MMFR0_PARANGE	GENMASK(3, 0)
#define MMFR0_FGT	GENMASK(59, 56)
#define MMFR1_HCX	GENMASK(43, 40)
#define MMFR3_TCRX	GENMASK(3, 0)
#define MMFR3_SCTLRX	GENMASK(7, 4)
#define DFR0_PMUVER	GENMASK(11, 8)

#define HCRX_EL2	S3_4_C1_C2_2
#define HCRX_SMPME	BIT(5)
#define HCRX_MSCEN	BIT(11)
#define HCRX_TCR2EN	BIT(14)
#define HCRX_SCTLR2EN	BIT(15)
#define HFGRTR_EL2	S3_4_C1_C1_4
#define HFGWTR_EL2	S3_4_C1_C1_5
/* bits with inverted sense that belong to features a guest may see: 1 means "do not trap" */
#define HFG_SME		(BIT(55) | BIT(54))	/* nTPIDR2_EL0, nSMPRI_EL1 */
#define MPAM2_EL2	S3_4_C10_C5_0
#define MPAM2_TRAP	(BIT(49) | BIT(48))	/* MPAM0_EL1, MPAM1_EL1 */
#define ISAR2_EL1	S3_0_C0_C6_2
#define MMFR3_EL1	S3_0_C0_C7_3
#define ZCR_EL2		S3_4_C1_C2_0
#define SMCR_EL2	S3_4_C1_C2_6
#define SMCR_FA64	BIT(31)
#define VEC_LEN_MAX	15ULL

#define S2_PS_40	2

extern char hyp_vectors[];

bool arch_lacks_aarch32;

/* entry.S */
void arch_drop_serror(void);
void arch_enter(u64 x0, u64 x1, u64 x2) __attribute__((noreturn));
void arch_clear_predicates(void);

static bool has(u64 id, u64 field)
{
	u64 value = FIELD_GET(field, id);

	return value && value != 0xf;
}

u64 s2_vtcr(void)
{
	u64 ps = FIELD_GET(MMFR0_PARANGE, sysreg_read(id_aa64mmfr0_el1));

	return FIELD_PREP(VTCR_T0SZ, 64 - S2_IPA_BITS) | FIELD_PREP(VTCR_SL0, 1) | FIELD_PREP(VTCR_IRGN0, 1) |
	       FIELD_PREP(VTCR_ORGN0, 1) | FIELD_PREP(VTCR_SH0, 3) | FIELD_PREP(VTCR_PS, MIN(ps, 5)) | BIT(31);
}

/* Features that EL2 must switch on for EL1, as far as this CPU has them. */
static void enable_features(void)
{
	u64 pfr0 = sysreg_read(id_aa64pfr0_el1), pfr1 = sysreg_read(id_aa64pfr1_el1);
	u64 isar2 = sysreg_read(ISAR2_EL1), mmfr3 = sysreg_read(MMFR3_EL1);
	u64 cptr = CPTR_RES1 | CPTR_TTA;
	u64 hcrx = 0;

	if (has(pfr0, PFR0_AMU))
		cptr |= CPTR_TAM;
	if (has(pfr0, PFR0_MPAM))
		sysreg_write(MPAM2_EL2, MPAM2_TRAP);
	if (has(pfr0, PFR0_SVE))
		cptr &= ~CPTR_TZ;
	if (has(pfr1, PFR1_SME))
		cptr &= ~CPTR_TSM;
	sysreg_write(cptr_el2, cptr);
	isb();
	if (has(pfr0, PFR0_SVE))
		sysreg_write(ZCR_EL2, VEC_LEN_MAX);
	if (has(pfr1, PFR1_SME)) {
		sysreg_write(SMCR_EL2, SMCR_FA64 | VEC_LEN_MAX);
		hcrx |= HCRX_SMPME;
	}
	if (has(sysreg_read(id_aa64mmfr0_el1), MMFR0_FGT)) {
		u64 sme = has(pfr1, PFR1_SME) ? HFG_SME : 0;

		sysreg_write(HFGRTR_EL2, sme);
		sysreg_write(HFGWTR_EL2, sme);
		/* HFGITR, HDFGRTR, HDFGWTR */
		sysreg_clear("s3_4_c1_c1_6, s3_4_c3_c1_4, s3_4_c3_c1_5");
	}
	if (has(isar2, ISAR2_MOPS))
		hcrx |= HCRX_MSCEN;
	if (has(mmfr3, MMFR3_TCRX))
		hcrx |= HCRX_TCR2EN;
	if (has(mmfr3, MMFR3_SCTLRX))
		hcrx |= HCRX_SCTLR2EN;
	if (has(sysreg_read(id_aa64mmfr1_el1), MMFR1_HCX))
		sysreg_write(HCRX_EL2, hcrx);
}

const char *arch_cpu_init(void)
{
	u64 isar1 = sysreg_read(id_aa64isar1_el1), hcr = HCR_GUEST, hpmn = 0;

	if (FIELD_GET(MMFR0_PARANGE, sysreg_read(id_aa64mmfr0_el1)) < S2_PS_40)
		return "its physical address range is below 40 bits, which every cell's stage 2 needs";
	arch_lacks_aarch32 |= FIELD_GET(PFR0_EL1, sysreg_read(id_aa64pfr0_el1)) != 2;
	sysreg_write(vbar_el2, (u64)hyp_vectors);
	if (has(sysreg_read(id_aa64dfr0_el1), DFR0_PMUVER))
		hpmn = FIELD_GET(GENMASK(15, 11), sysreg_read(pmcr_el0));
	sysreg_write(mdcr_el2, MDCR_GUEST | FIELD_PREP(MDCR_HPMN, hpmn));
	enable_features();
	sysreg_clear("hstr_el2, cntvoff_el2, cnthp_ctl_el2");
	sysreg_write(cnthctl_el2, CNTHCTL_EL1PC);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vtcr_el2, s2_vtcr());
	/* no allocation tags: they would have to be cleared with the memory that they belong to */
	if (has(isar1, ISAR1_APA) || has(isar1, ISAR1_API) || has(sysreg_read(ISAR2_EL1), ISAR2_APA3))
		hcr |= HCR_PAUTH;
	sysreg_write(hcr_el2, hcr);
	isb();
	return NULL;
}

u64 arch_mpidr(void)
{
	return sysreg_read(mpidr_el1) & MPIDR_AFFINITY;
}

/* What features add to the state of EL1 and EL0. The vectors themselves are cleared at the entry. */
static void reset_features(void)
{
	u64 pfr0 = sysreg_read(id_aa64pfr0_el1), pfr1 = sysreg_read(id_aa64pfr1_el1), hcr = sysreg_read(hcr_el2);
	u64 mmfr3 = sysreg_read(MMFR3_EL1);

	if (has(pfr1, PFR1_SME)) {
		sysreg_clear("s3_3_c4_c2_2");	/* SVCR: out of streaming mode, ZA off; its next user finds it zero */
		/* SMCR_EL1, SMPRI_EL1, TPIDR2_EL0 */
		sysreg_clear("s3_0_c1_c2_6, s3_0_c1_c2_4, s3_3_c13_c0_5");
	}
	if (has(pfr0, PFR0_SVE)) {
		sysreg_clear("s3_0_c1_c2_0");	/* ZCR_EL1 */
		arch_clear_predicates();
	}
	if (hcr & HCR_PAUTH)			/* APIA, APIB, APDA, APDB, APGA: low, high */
		sysreg_clear("s3_0_c2_c1_0, s3_0_c2_c1_1, s3_0_c2_c1_2, s3_0_c2_c1_3, s3_0_c2_c2_0, s3_0_c2_c2_1, "
			     "s3_0_c2_c2_2, s3_0_c2_c2_3, s3_0_c2_c3_0, s3_0_c2_c3_1");
	if (has(mmfr3, MMFR3_TCRX))
		sysreg_clear("s3_0_c2_c0_3");	/* TCR2_EL1 */
	if (has(mmfr3, MMFR3_SCTLRX))
		sysreg_clear("s3_0_c1_c0_3");	/* SCTLR2_EL1 */
}

void arch_guest_reset(u64 vttbr, u64 vmpidr, bool aarch32)
{
	arch_drop_serror();
	reset_features();
	sysreg_write(vttbr_el2, vttbr);
	sysreg_write(vmpidr_el2, vmpidr | MPIDR_RES1);
	sysreg_write(hcr_el2, (sysreg_read(hcr_el2) & ~HCR_RW) | (aarch32 ? 0 : HCR_RW));
	sysreg_write(sctlr_el1, aarch32 ? 0x00c50838 : 0x30d00800);
	sysreg_clear("cpacr_el1, ttbr0_el1, ttbr1_el1, tcr_el1, mair_el1, amair_el1, vbar_el1, contextidr_el1, esr_el1, "
		     "far_el1, afsr0_el1, afsr1_el1, par_el1, elr_el1, spsr_el1, sp_el0, sp_el1, tpidr_el0, tpidrro_el0, "
		     "tpidr_el1, csselr_el1, cntkctl_el1, cntv_ctl_el0, cntv_cval_el0, cntp_ctl_el0, cntp_cval_el0, "
		     "mdscr_el1");
	if (!arch_lacks_aarch32)
		sysreg_clear("dacr32_el2, ifsr32_el2, fpexc32_el2, dbgvcr32_el2, spsr_abt, spsr_und, spsr_irq, spsr_fiq");
	sysreg_write(icc_sre_el1, 7);	/* where it can be changed */
	isb();
	/* a TLB may still hold what this CPU translated for another cell's tables of the same VMID number */
	__asm__ volatile("tlbi vmalls12e1\n\tic iallu" ::: "memory");
	__asm__ volatile("dsb nsh" ::: "memory");
	isb();
}

void arch_guest_enter(u64 entry, u64 arg)
{
	bool aarch32 = !(sysreg_read(hcr_el2) & HCR_RW);

	sysreg_write(elr_el2, entry);
	sysreg_write(spsr_el2, aarch32 ? SPSR_SVC | (entry & 1) << SPSR_T_SHIFT : SPSR_EL1H);
	arch_enter(arg, aarch32 ? ~0u : 0, aarch32 ? arg >> 32 : 0);
}

void arch_guest_leave(void)
{
	sysreg_clear("cntv_ctl_el0, cntp_ctl_el0, vttbr_el2");
	isb();
	arch_drop_serror();
}

struct cpu *this_cpu(void)
{
	return (struct cpu *)sysreg_read(tpidr_el2);
}

void arch_set_this_cpu(struct cpu *cpu)
{
	sysreg_write(tpidr_el2, (u64)cpu);
}
