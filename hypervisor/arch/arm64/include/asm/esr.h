/* SPDX-License-Identifier: GPL-2.0-only */
/* ESR_EL2 and what belongs to a fault. */
#ifndef ASM_ESR_H
#define ASM_ESR_H

#include <asm/sysreg.h>
#include <hyp/addr.h>
#include <hyp/bits.h>

#define ESR_EC		GENMASK(31, 26)
#define ESR_IL		BIT(25)

/* exception classes: of AArch32, of AArch64, of both */
enum {
	EC_UNKNOWN = 0x00, EC_CP15_32 = 0x03, EC_CP15_64 = 0x04, EC_CP14_32 = 0x05, EC_HVC32 = 0x12, EC_SMC32 = 0x13,
	EC_HVC64 = 0x16, EC_SMC64 = 0x17, EC_SYSREG = 0x18,
	EC_IABT_LOWER = 0x20, EC_DABT_LOWER = 0x24, EC_MAX = 63,
};

/* ISS of AArch32's conditional instructions */
#define ISS_CV		BIT(24)
#define ISS_COND	GENMASK(23, 20)

/* ISS of HVC and SMC */
#define ISS_IMMEDIATE	GENMASK(15, 0)

/* ISS of a data abort */
#define ISS_ISV		BIT(24)
#define ISS_SAS		GENMASK(23, 22)
#define ISS_SSE		BIT(21)
#define ISS_SRT		GENMASK(20, 16)
#define ISS_SF		BIT(15)
#define ISS_CM		BIT(8)
#define ISS_S1PTW	BIT(7)
#define ISS_WNR		BIT(6)
#define FSC_TYPE	GENMASK(5, 2)
#define FSC_TRANSLATION	1
#define FSC_PERMISSION	3
#define FSC_EXTERNAL	0x10

/* The abort is one of those of which HPFAR_EL2 does not tell the IPA. */
static inline bool fault_has_no_ipa(u64 esr)
{
	return FIELD_GET(FSC_TYPE, esr) == FSC_PERMISSION && !(esr & ISS_S1PTW);
}

/* The IPA of any other abort that this CPU just took. */
static inline ipaddr_t fault_hpfar(void)
{
	/* HPFAR_EL2 has bits 51:12 of the IPA from bit 4 on, zeros below, and nothing of use above */
	return ipa(sysreg_read(hpfar_el2) << 8 | (sysreg_read(far_el2) & ~PAGE_MASK));
}

/* The IPA of any abort; ~0 when there is no telling (the guest changed its tables meanwhile). */
ipaddr_t fault_ipa(u64 esr);

/* The A64 instruction that aborted, if the cell has not changed it meanwhile; 0: it is not there, or not A64. */
struct cell;
u32 fault_instruction(struct cell *cell);

#endif
