/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions between EL2 and EL1: where a guest's abort happened, and how one is given to it. */
#include <arch/barrier.h>
#include <asm/esr.h>
#include <asm/sysreg.h>
#include <hyp/trap.h>

#define PAR_F		BIT(0)
#define PAR_PA		GENMASK(51, 12)
#define SPSR_EL		GENMASK(3, 2)
#define SPSR_SP		BIT(0)
#define SPSR_AARCH32	BIT(4)

enum { VECTOR_EL1_SP0 = 0x000, VECTOR_EL1_SPX = 0x200, VECTOR_EL0_64 = 0x400, VECTOR_EL0_32 = 0x600 };

/* Where the guest's own tables have an address now. */
static ipaddr_t translate(u64 va)
{
	u64 saved = sysreg_read(par_el1), par;

	__asm__ volatile("at s1e1r, %0" :: "r" (va));
	isb();
	par = sysreg_read(par_el1);
	sysreg_write(par_el1, saved);
	if (par & PAR_F)
		return ipa(~0ULL);
	return ipa((par & PAR_PA) | (va & ~PAGE_MASK));
}

ipaddr_t fault_ipa(u64 esr)
{
	return fault_has_no_ipa(esr) ? translate(sysreg_read(far_el2)) : fault_hpfar();
}

u32 fault_instruction(struct cell *cell)
{
	u32 insn;

	if ((sysreg_read(spsr_el2) & SPSR_AARCH32) || !guest_read(cell, translate(sysreg_read(elr_el2)), &insn, sizeof(insn)))
		return 0;
	return insn;
}

/* As the architecture takes an exception to EL1 from the state that SPSR_EL2 holds. */
static void enter_el1_exception(u64 esr)
{
	u64 spsr = sysreg_read(spsr_el2), vector;

	if (!(sysreg_read(hcr_el2) & HCR_RW)) {
		aarch32_enter_exception(esr);
		return;
	}
	if (spsr & SPSR_AARCH32)
		vector = VECTOR_EL0_32;
	else if (FIELD_GET(SPSR_EL, spsr) == 0)
		vector = VECTOR_EL0_64;
	else
		vector = spsr & SPSR_SP ? VECTOR_EL1_SPX : VECTOR_EL1_SP0;
	sysreg_write(esr_el1, esr);
	sysreg_write(elr_el1, sysreg_read(elr_el2));
	sysreg_write(spsr_el1, spsr);
	sysreg_write(elr_el2, sysreg_read(vbar_el1) + vector);
	sysreg_write(spsr_el2, SPSR_EL1H);
}

void inject_undef(void)
{
	enter_el1_exception(FIELD_PREP(ESR_EC, EC_UNKNOWN) | ESR_IL);
}

void inject_abort(u64 address, bool instruction)
{
	u64 spsr = sysreg_read(spsr_el2), ec = instruction ? EC_IABT_LOWER : EC_DABT_LOWER;
	u64 write = instruction ? 0 : sysreg_read(esr_el2) & ISS_WNR;

	if (!(spsr & SPSR_AARCH32) && FIELD_GET(SPSR_EL, spsr) != 0)
		ec |= 1;		/* from the same exception level */
	sysreg_write(far_el1, address);
	enter_el1_exception(FIELD_PREP(ESR_EC, ec) | ESR_IL | write | FSC_EXTERNAL);
}
