/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data aborts at stage 2: accesses to emulated registers. Only those by one general register can be emulated; all others
 * to such a place are accesses to nowhere.
 */
#include <asm/esr.h>
#include <asm/sysreg.h>
#include <hyp/trap.h>

/* An aligned, zero-extending access of 32 bits by one register to where nothing is mapped: nearly all there are. */
#define ISS_SHAPE	(ISS_ISV | ISS_SAS | ISS_SSE | ISS_CM | ISS_S1PTW | FSC_TYPE)
#define SHAPE_WORD	(ISS_ISV | FIELD_PREP(ISS_SAS, 2) | FIELD_PREP(FSC_TYPE, FSC_TRANSLATION))

/* Loads and stores with write-back have no syndrome. */
#define INSN_WRITE_BACK	0x38000400
#define INSN_FIXED	0x3f200400
#define INSN_SIZE	GENMASK(31, 30)
#define INSN_SIGNED	BIT(23)
#define INSN_LOAD	GENMASK(23, 22)
#define INSN_SIGNED_32	INSN_LOAD
#define INSN_RN		GENMASK(9, 5)
#define INSN_RT		GENMASK(4, 0)
#define INSN_STEP(insn)	((s64)((u64)(insn) << 43) >> 55)	/* bits 20:12, with their sign */

static inline u64 zero_extend(u64 value, u32 size)
{
	u32 shift = 64 - 8 * size;

	return value << shift >> shift;
}

/* By the sign, to 32 or 64 bits. */
static u64 sign_extend(u64 value, u32 size, u64 esr)
{
	u32 shift = 64 - 8 * size;

	return (u64)((s64)(value << shift) >> shift) & (esr & ISS_SF ? ~0ULL : ~0u);
}

/*
 * An abort of ordinary memory: nothing is there, or another CPU's break-before-make is under way in that block and the
 * lookup, which waits for its end, finds it again.
 */
static enum trap_result memory_abort(struct cpu *cpu, u64 esr, ipaddr_t address)
{
	u32 want = esr & ISS_WNR && !(esr & (ISS_S1PTW | ISS_CM)) ? PROT_WRITE : PROT_READ;
	bool walks_device = esr & ISS_S1PTW && cell_has(cpu->cell, address, PROT_DEVICE);

	return !walks_device && cell_has(cpu->cell, address, want) ? TRAP_AGAIN : TRAP_FAULT;
}

/*
 * The syndrome that such an instruction would have: compilers make them of loops over registers. Another CPU of the cell may have
 * changed it since it aborted; the address is what the hardware says.
 */
static u64 syndrome(u64 esr, u32 insn)
{
	u64 rn = FIELD_GET(INSN_RN, insn), rt = FIELD_GET(INSN_RT, insn);

	if ((insn & INSN_FIXED) != INSN_WRITE_BACK || rn == 31 || rn == rt || !(insn & INSN_LOAD) != !!(esr & ISS_WNR))
		return esr;
	esr &= ~(ISS_SAS | ISS_SSE | ISS_SRT | ISS_SF);
	esr |= ISS_ISV | FIELD_PREP(ISS_SAS, FIELD_GET(INSN_SIZE, insn)) | FIELD_PREP(ISS_SRT, rt);
	if (insn & INSN_SIGNED)
		esr |= ISS_SSE | ((insn & INSN_LOAD) == INSN_SIGNED_32 ? 0 : ISS_SF);
	sysreg_write(esr_el2, esr);		/* emulate() looks there */
	return esr;
}

/* `size` and `sign` are constants in the frequent case. */
static inline __attribute__((always_inline)) enum trap_result
emulate(struct guest_regs *regs, struct cpu *cpu, u64 esr, const struct mmio_region *region, u64 offset, u32 size,
	bool sign)
{
	struct mmio_access access = { .offset = offset, .size = size };

	if (esr & ISS_WNR) {
		access.write = 1;
		access.value = zero_extend(regs->x[FIELD_GET(ISS_SRT, esr)], size);
		return likely(region->fn(cpu, region->ctx, &access)) ? TRAP_NEXT : TRAP_FAULT;
	}
	if (unlikely(!region->fn(cpu, region->ctx, &access)))
		return TRAP_FAULT;
	/* read again rather than kept across the call */
	esr = sysreg_read(esr_el2);
	access.value = sign ? sign_extend(access.value, size, esr) : zero_extend(access.value, size);
	return trap_set_reg(regs, FIELD_GET(ISS_SRT, esr), access.value);
}

/*
 * The other shapes, and what is not emulated at all. What has a permission fault is mapped: memory, or emulated
 * registers that the cell may read but not write. The guest's tables tell then where it is, which takes some time.
 */
static __attribute__((noinline, cold)) enum trap_result
uncommon(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	ipaddr_t address = fault_ipa(esr);
	const struct mmio_region *region = mmio_find(&cpu->cell->mmio, address.ipa);
	enum trap_result result;
	u32 insn = 0, size;

	if (!region)
		return memory_abort(cpu, esr, address);
	if (!(esr & (ISS_ISV | ISS_CM | ISS_S1PTW))) {
		insn = fault_instruction(cpu->cell);
		esr = syndrome(esr, insn);
	}
	size = 1u << FIELD_GET(ISS_SAS, esr);
	if ((esr & (ISS_ISV | ISS_CM | ISS_S1PTW)) != ISS_ISV || !IS_ALIGNED(address.ipa, size))
		return TRAP_FAULT;
	result = emulate(regs, cpu, esr, region, address.ipa - region->start, size, esr & ISS_SSE);
	if (!insn || result > TRAP_NEXT_REG)
		return result;
	regs->x[FIELD_GET(INSN_RN, insn)] += (u64)INSN_STEP(insn);
	return TRAP_NEXT_REG;
}

enum trap_result trap_dabt(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	ipaddr_t address = fault_hpfar();
	const struct mmio_region *region = mmio_find(&cpu->cell->mmio, address.ipa);

	if (unlikely(!region || (esr & ISS_SHAPE) != SHAPE_WORD || !IS_ALIGNED(address.ipa, 4)))
		return uncommon(regs, cpu, esr);
	return emulate(regs, cpu, esr, region, address.ipa - region->start, 4, false);
}
