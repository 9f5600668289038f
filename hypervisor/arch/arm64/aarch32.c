// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests in AArch32: instructions with a condition, T32's IT blocks, and exceptions for AArch32 EL1, whose modes have
 * link registers of their own and whose vectors and fault registers are others.
 */
#include <asm/esr.h>
#include <asm/sysreg.h>
#include <hyp/mutate.h>
#include <hyp/trap.h>

/* SPSR_EL2 */
#define SPSR_FLAGS	GENMASK(31, 28)
#define SPSR_IT_LOW	GENMASK(26, 25)
#define SPSR_IT_HIGH	GENMASK(15, 10)
#define SPSR_A		BIT(8)
#define SPSR_I		BIT(7)
#define SPSR_T		BIT(5)
#define SPSR_MODE	GENMASK(3, 0)
/* what an exception leaves alone: NZCVQ, DIT, SSBS, PAN, GE, A, F */
#define SPSR_KEPT	(GENMASK(31, 27) | GENMASK(24, 22) | GENMASK(19, 16) | SPSR_A | BIT(6))
enum { MODE_FIQ = 0x11, MODE_IRQ = 0x12, MODE_SVC = 0x13, MODE_ABT = 0x17, MODE_UND = 0x1b };

#define SCTLR_V		BIT(13)
#define SCTLR_TE	BIT(30)
#define TTBCR_EAE	BIT(31)
/* an external abort, in the formats of short and of long descriptors */
enum { FSR_SHORT = 0x008, FSR_LONG = 0x210 };

/* Bit n: of the flags N, Z, C, V with value n */
enum { N = 0xff00, Z = 0xf0f0, C = 0xcccc, V = 0xaaaa, N_IS_V = 0xaa55, ANY = 0xffff };

/* Link registers of the modes as AArch64 sees them; the stack pointer is the next one. */
static const u8 links[16] = { [MODE_IRQ & 15] = 16, [MODE_SVC & 15] = 18, [MODE_ABT & 15] = 20, [MODE_UND & 15] = 22 };

static u64 it_state(u64 spsr)
{
	return FIELD_GET(SPSR_IT_HIGH, spsr) << 2 | FIELD_GET(SPSR_IT_LOW, spsr);
}

/* A CPU may trap an instruction before it looks at the condition; one of T32 need not be told in the syndrome. */
static bool condition_holds(u64 esr, u64 spsr)
{
	/* of each condition, and with the next number its opposite */
	static const u16 holds[] = { Z, C, N, V, C & ~Z, N_IS_V, N_IS_V & ~Z, ANY };
	u64 ec = FIELD_GET(ESR_EC, esr), it = it_state(spsr);
	u64 condition = esr & ISS_CV ? FIELD_GET(ISS_COND, esr) : it >> 4;

	if (ec > EC_SMC32 || ec == EC_HVC32 || condition == 15 || !(it || esr & ISS_CV))
		return true;
	return (holds[condition >> 1] >> FIELD_GET(SPSR_FLAGS, spsr) ^ condition) & 1;
}

/* Behind the instruction: the next one's condition, or the end of the block. */
static u64 next_in_block(u64 spsr)
{
	u64 it = it_state(spsr);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (spsr & ~(SPSR_IT_HIGH | SPSR_IT_LOW)) | FIELD_PREP(SPSR_IT_HIGH, it >> 2) | FIELD_PREP(SPSR_IT_LOW, it);
}

/* QEMU (10.0) has the number of the instruction in the syndrome of an abort, not that of AArch64's view. */
static u64 banked(u64 reg, u64 mode)
{
	if (mode == (MODE_FIQ & 15) && reg >= 8 && reg <= 14)
		return reg + 16;
	return links[mode] && (reg == 13 || reg == 14) ? links[mode] + 14 - reg : reg;
}

u64 trap_sync32(struct guest_regs *regs, struct cpu *cpu)
{
	u64 esr = sysreg_read(esr_el2), next = sysreg_read(elr_el2) + 2 + 2 * FIELD_GET(ESR_IL, esr);

	if (FIELD_GET(ESR_EC, esr) == EC_DABT_LOWER)
		sysreg_write(esr_el2, (esr & ~ISS_SRT) |
			     FIELD_PREP(ISS_SRT, banked(FIELD_GET(ISS_SRT, esr), FIELD_GET(SPSR_MODE, sysreg_read(spsr_el2)))));
	if (condition_holds(esr, sysreg_read(spsr_el2)))
		trap_sync(regs, cpu);
	else
		sysreg_write(elr_el2, next);
	if (sysreg_read(elr_el2) == next && !MUTATE(AARCH32_STUCK_IT))
		sysreg_write(spsr_el2, next_in_block(sysreg_read(spsr_el2)));
	return TRAP_NEXT_REG;	/* the link registers of the modes are among x19 to x29 */
}

/* DFSR is ESR_EL1; DFAR and IFAR are the halves of FAR_EL1. A fault register that this exception has not is free to change. */
void aarch32_enter_exception(u64 esr)
{
	struct guest_regs *regs = (struct guest_regs *)this_cpu()->stack_top - 1;
	u64 spsr = sysreg_read(spsr_el2), pc = sysreg_read(elr_el2), sctlr = sysreg_read(sctlr_el1);
	u64 fsr = sysreg_read(tcr_el1) & TTBCR_EAE ? FSR_LONG : FSR_SHORT;
	u64 mode = MODE_ABT | SPSR_A, vector = FIELD_GET(ESR_EC, esr) == EC_IABT_LOWER ? 0x0c : 0x10;

	if (FIELD_GET(ESR_EC, esr) == EC_UNKNOWN) {
		mode = MODE_UND;
		vector = 0x04;
		sysreg_write(spsr_und, spsr);
		regs->x[links[MODE_UND & 15]] = pc + (spsr & SPSR_T ? 2 : 4);
	} else {
		sysreg_write(spsr_abt, spsr);
		regs->x[links[MODE_ABT & 15]] = pc + (vector == 0x0c ? 4 : 8);
		sysreg_write(far_el1, sysreg_read(far_el1) << 32 | (u32)sysreg_read(far_el1));
		sysreg_write(ifsr32_el2, fsr);
		sysreg_write(esr_el1, fsr | (esr & ISS_WNR) << 5);	/* WnR */
	}
	sysreg_write(elr_el2, (sctlr & SCTLR_V ? 0xffff0000 : sysreg_read(vbar_el1)) + vector);
	sysreg_write(spsr_el2, (spsr & SPSR_KEPT) | mode | SPSR_I | FIELD_PREP(SPSR_T, FIELD_GET(SCTLR_TE, sctlr)));
}
