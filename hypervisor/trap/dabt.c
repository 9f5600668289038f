/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data aborts at stage 2: accesses to emulated registers. Only the forms with a syndrome (one general register, no
 * write-back) can be emulated; all others to such a place are accesses to nowhere.
 */
#include <asm/esr.h>
#include <asm/sysreg.h>
#include <hyp/mutate.h>
#include <hyp/trap.h>

#define SRT_ZERO	31

static u64 sign_extend(u64 value, u32 size)
{
	u32 shift = 64 - 8 * size;

	return (u64)((s64)(value << shift) >> shift);
}

static void write_back(struct guest_regs *regs, u64 esr, const struct mmio_access *access)
{
	u32 reg = FIELD_GET(ISS_SRT, esr);
	u64 value = access->value;

	if (access->size < 8)
		value &= (1ULL << (8 * access->size)) - 1;
	if (unlikely(esr & ISS_SSE))
		value = sign_extend(value, access->size);
	if (!(esr & ISS_SF))
		value = (u32)value;
	if (reg != SRT_ZERO)
		regs->x[reg] = value;
}

/*
 * An abort of ordinary memory: nothing is there, or another CPU's break-before-make is under way in that block and the
 * lookup, which waits for its end, finds it again.
 */
static enum trap_result memory_abort(struct cpu *cpu, u64 esr, ipaddr_t address)
{
	u32 want = esr & ISS_WNR && !(esr & (ISS_S1PTW | ISS_CM)) ? PROT_WRITE : PROT_READ;
	u64 left;
	u32 prot;
	paddr_t out;

	if (address.ipa != ~0ULL && stage2_lookup(&cpu->cell->s2, address, &out, &prot, &left) && (prot & want) &&
	    !(esr & ISS_S1PTW && prot & PROT_DEVICE))
		return TRAP_AGAIN;
	return TRAP_FAULT;
}

enum trap_result trap_dabt(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	ipaddr_t address = fault_ipa(esr);
	const struct mmio_region *region = mmio_find(&cpu->cell->mmio, address.ipa);
	struct mmio_access access;
	u32 reg;

	if (unlikely(!region))
		return memory_abort(cpu, esr, address);
	access.size = 1u << FIELD_GET(ISS_SAS, esr);
	access.offset = address.ipa - region->start;
	if (unlikely((esr & (ISS_ISV | ISS_CM | ISS_S1PTW)) != ISS_ISV || !IS_ALIGNED(access.offset, access.size)))
		return TRAP_FAULT;
	access.write = esr & ISS_WNR;
	access.value = 0;
	reg = FIELD_GET(ISS_SRT, esr);
	if (access.write && reg != SRT_ZERO)
		access.value = access.size == 8 ? regs->x[reg] : regs->x[reg] & ((1ULL << (8 * access.size)) - 1);
	if (unlikely(!region->fn(cpu, region->ctx, &access)))
		return TRAP_FAULT;
	if (!access.write)
		write_back(regs, esr, &access);
	return TRAP_NEXT;
}
