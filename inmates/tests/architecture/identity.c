/* SPDX-License-Identifier: GPL-2.0-only */
/* ID registers, what is hidden or of higher levels, cache and TLB maintenance. */
#include "parts.h"

#define LINE	64

void check_identity(void)
{
	read_fault(midr_el1);
	read_fault(revidr_el1);
	read_fault(mpidr_el1);
	read_fault(aidr_el1);
	read_fault(currentel);
	read_fault(id_aa64pfr0_el1);
	read_fault(id_aa64pfr1_el1);
	read_fault(s3_0_c0_c4_4);		/* ID_AA64ZFR0 */
	read_fault(s3_0_c0_c4_5);		/* ID_AA64SMFR0 */
	read_fault(id_aa64dfr0_el1);
	read_fault(id_aa64dfr1_el1);
	read_fault(id_aa64afr0_el1);
	read_fault(id_aa64afr1_el1);
	read_fault(id_aa64isar0_el1);
	read_fault(id_aa64isar1_el1);
	read_fault(s3_0_c0_c6_2);		/* ID_AA64ISAR2 */
	read_fault(id_aa64mmfr0_el1);
	read_fault(id_aa64mmfr1_el1);
	read_fault(s3_0_c0_c7_2);		/* ID_AA64MMFR2 */
	read_fault(id_pfr0_el1);
	read_fault(id_pfr1_el1);
	read_fault(id_dfr0_el1);
	read_fault(id_afr0_el1);
	read_fault(id_mmfr0_el1);
	read_fault(id_mmfr1_el1);
	read_fault(id_mmfr2_el1);
	read_fault(id_mmfr3_el1);
	read_fault(id_isar0_el1);
	read_fault(id_isar5_el1);
	read_fault(mvfr0_el1);
	read_fault(mvfr1_el1);
	read_fault(mvfr2_el1);
	read_fault(ctr_el0);
	read_fault(dczid_el0);
	read_fault(clidr_el1);
	for (u64 select = 0; select < 3; select++) {
		write_sysreg(select, csselr_el1);
		isb();
		see(read_sysreg(ccsidr_el1), "CCSIDR of %lx", select);
	}
	write_sysreg(0, csselr_el1);
}

static void check_debug(void)
{
	read_fault(mdscr_el1);
	read_fault(mdccsr_el0);
	read_fault(mdrar_el1);
	read_fault(oslsr_el1);
	read_fault(osdlr_el1);
	read_fault(dbgprcr_el1);
	read_fault(dbgauthstatus_el1);
	read_fault(dbgclaimset_el1);
	write_fault(0, oslar_el1);
	read_fault(dbgbvr0_el1);
	read_fault(dbgbcr0_el1);
	read_fault(dbgwvr0_el1);
	read_fault(dbgwcr0_el1);
	write_fault(0xff0, dbgbvr0_el1);
	see(read_sysreg(dbgbvr0_el1), "dbgbvr0_el1 after that");
	write_sysreg(0, dbgbvr0_el1);
	write_fault(0x1000, mdscr_el1);
	write_sysreg(0, mdscr_el1);
}

static void check_pmu(void)
{
	read_fault(pmcr_el0);
	read_fault(pmceid0_el0);
	read_fault(pmccntr_el0);
	read_fault(pmuserenr_el0);
	read_fault(pmovsset_el0);
	read_fault(pmintenset_el1);
	read_fault(pmevcntr0_el0);
	write_fault(0, pmcr_el0);
	write_fault(0x8000000f, pmcntenset_el0);
	read_fault(pmcntenset_el0);
	write_fault(0x8000000f, pmcntenclr_el0);
	write_fault(0, pmselr_el0);
	write_fault(0x11, pmxevtyper_el0);
	read_fault(pmxevtyper_el0);
}

/* Undefined at EL1, whatever is above. */
static void check_higher(void)
{
	read_fault(hcr_el2);
	read_fault(vbar_el2);
	read_fault(elr_el2);
	read_fault(sctlr_el2);
	read_fault(vttbr_el2);
	read_fault(cntvoff_el2);
	read_fault(cnthctl_el2);
	read_fault(vmpidr_el2);
	read_fault(s3_4_c12_c9_5);		/* ICC_SRE_EL2 */
	read_fault(s3_4_c12_c11_0);		/* ICH_HCR_EL2 */
	read_fault(s3_4_c12_c12_0);		/* ICH_LR0_EL2 */
	read_fault(scr_el3);
	read_fault(s3_6_c12_c12_7);		/* ICC_IGRPEN1_EL3 */
	read_fault(s3_7_c14_c2_1);		/* CNTPS_CTL */
	write_fault(0, hcr_el2);
	run_fault("tlbi alle1", 0);
	run_fault("tlbi ipas2e1, %0", 0);
	run_fault("at s12e1r, %0", 0);
	run_fault("smc #0", 0);
	run_fault("hlt #0xf000", 0);
}

void check_hidden(void)
{
	check_debug();
	check_pmu();
	check_higher();
	read_fault(actlr_el1);
	write_fault(0, actlr_el1);
	read_fault(afsr0_el1);
	read_fault(afsr1_el1);
	read_fault(amair_el1);
	read_fault(s3_1_c11_c0_2);		/* Cortex-A57: L2CTLR */
	read_fault(s3_1_c11_c0_3);		/* L2ECTLR */
	read_fault(s3_1_c15_c0_0);		/* L2ACTLR */
	read_fault(s3_1_c15_c2_0);		/* CPUACTLR */
	read_fault(s3_1_c15_c2_1);		/* CPUECTLR */
	read_fault(s3_1_c15_c2_2);		/* CPUMERRSR */
	read_fault(s3_1_c15_c3_0);		/* CBAR */
	read_fault(s3_0_c15_c0_0);		/* of no known CPU */
	read_fault(s3_0_c5_c3_0);		/* ERRIDR, of a later architecture */
	read_fault(s3_0_c10_c4_7);		/* LORID */
	read_fault(s3_3_c13_c2_0);		/* AMCR */
	read_fault(s3_0_c1_c2_0);		/* ZCR */
	read_fault(s3_3_c2_c4_0);		/* RNDR */
}

static u64 buffer[4 * LINE / 8] __attribute__((aligned(LINE)));

static bool buffer_is(u64 value)
{
	for (u32 i = 0; i < ARRAY_SIZE(buffer); i++)
		if (((volatile u64 *)buffer)[i] != value + i)
			return false;
	return true;
}

static void fill_buffer(u64 value)
{
	for (u32 i = 0; i < ARRAY_SIZE(buffer); i++)
		((volatile u64 *)buffer)[i] = value + i;
}

/* Every set and way that CCSIDR_EL1 announces, as old boot code does it. */
#define for_each_set_way(instruction) do {								\
	for (u64 level_ = 0; level_ < 2; level_++) {							\
		u64 geometry_, ways_, sets_, line_;							\
		write_sysreg(level_ << 1, csselr_el1);							\
		isb();											\
		geometry_ = read_sysreg(ccsidr_el1);							\
		line_ = (geometry_ & 7) + 4;								\
		ways_ = geometry_ >> 3 & 0x3ff;								\
		sets_ = geometry_ >> 13 & 0x7fff;							\
		for (u64 set_ = 0; set_ <= sets_; set_ += 64)						\
			for (u64 way_ = 0; way_ <= ways_; way_++)					\
				asm volatile(instruction : : "r"((ways_ ? way_ << (__builtin_clz((u32)ways_)) : 0) |	\
								 set_ << line_ | level_ << 1) : "memory");	\
	}												\
	write_sysreg(0, csselr_el1);									\
	dsb();												\
} while (0)

void check_caches(void)
{
	fill_buffer(1);
	for_each_set_way("dc csw, %0");
	ktap_ok(buffer_is(1), "DC CSW keeps what is in memory");
	fill_buffer(2);
	for_each_set_way("dc cisw, %0");
	ktap_ok(buffer_is(2), "DC CISW keeps what is in memory");
	for_each_set_way("dc isw, %0");
	ktap_ok(buffer_is(2), "DC ISW after it keeps what is in memory");
	run_fault("dc cvac, %0", buffer);
	run_fault("dc cvau, %0", buffer);
	run_fault("dc civac, %0", buffer);
	run_fault("dc ivac, %0", buffer);
	run_fault("ic ivau, %0", buffer);
	run_fault("ic iallu", 0);
	run_fault("ic ialluis", 0);
	ktap_ok(buffer_is(2), "maintenance by address keeps what is in memory");
	run_fault("dc zva, %0", buffer);
	see(buffer[0] | buffer[LINE / 8 - 1], "DC ZVA has cleared");
	run_fault("tlbi vmalle1", 0);
	run_fault("tlbi vmalle1is", 0);
	run_fault("tlbi vae1is, %0", (u64)buffer >> 12);
	run_fault("tlbi vaale1is, %0", (u64)buffer >> 12);
	run_fault("tlbi aside1is, %0", 0);
	run_fault("at s1e1r, %0", buffer);
	isb();
	see(read_sysreg(par_el1) & 0x1fff, "PAR_EL1 of memory");
	see((read_sysreg(par_el1) & GENMASK(47, 12)) == ALIGN_DOWN((u64)buffer, 4096), "PAR_EL1 has the address");
	asm volatile("at s1e1r, %0; isb" : : "r"(1ULL << 41) : "memory");
	see(read_sysreg(par_el1), "PAR_EL1 of nothing");
}
