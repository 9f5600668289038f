/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits of a guest, dispatched by exception class. What no handler emulates ends in one place, not_emulated(): an
 * architected exception for the guest, or the end of that cell. Never the end of the hypervisor (I6).
 */
#include <asm/esr.h>
#include <asm/sysreg.h>
#include <hyp/mutate.h>
#include <hyp/printk.h>
#include <hyp/trap.h>

/* 4 bytes, or 2 of a T32 instruction */
static void skip_instruction(u64 esr)
{
	sysreg_write(elr_el2, sysreg_read(elr_el2) + 2 + 2 * FIELD_GET(ESR_IL, esr));
}

/* A fetch from an IPA without execute permission, or the fetch met a break-before-make of another CPU. */
static enum trap_result trap_iabt(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	return cell_has(cpu->cell, fault_ipa(esr), PROT_EXEC) ? TRAP_AGAIN : TRAP_FAULT;
}

static enum trap_result trap_unknown(struct guest_regs *regs, struct cpu *cpu, u64 esr)
{
	return TRAP_UNDEF;
}

struct trap_class {
	enum trap_result (*handle)(struct guest_regs *regs, struct cpu *cpu, u64 esr);
	u64 exit;		/* HC_EXIT_* */
};

#pragma GCC diagnostic ignored "-Woverride-init"	/* first all, then those that are known */
static const struct trap_class classes[EC_MAX + 1] = {
	[0 ... EC_MAX]			= { trap_unknown, HC_EXIT_OTHER },
	[EC_CP15_32 ... EC_CP14_32]	= { trap_coprocessor, HC_EXIT_SYSREG },
	[EC_HVC32 ... EC_SMC32]		= { trap_call32, HC_EXIT_SMCCC },
	[EC_HVC64]			= { trap_hvc, HC_EXIT_SMCCC },
	[EC_SMC64]			= { trap_smc, HC_EXIT_SMCCC },
	[EC_SYSREG]			= { trap_sysreg, HC_EXIT_SYSREG },
	[EC_IABT_LOWER]			= { trap_iabt, HC_EXIT_FAULT },
	[EC_DABT_LOWER]			= { trap_dabt, HC_EXIT_MMIO },
};

/* An access to nowhere: an external abort where the config wants that, else the end of the cell. */
static void access_fault(struct cpu *cpu, u64 esr)
{
	struct cell *cell = cpu->cell;
	bool fetch = FIELD_GET(ESR_EC, esr) == EC_IABT_LOWER;
	u64 address = fault_ipa(esr).ipa;

	__atomic_fetch_add(&cell->info.mmio_violations, 1, __ATOMIC_RELAXED);
	if (IS_ENABLED(CONFIG_STATS) && !fetch) {
		cpu->exits[HC_EXIT_MMIO]--;
		cpu->exits[HC_EXIT_FAULT]++;
	}
	if (MUTATE(PANIC_ON_FAULT))
		panic("cell %s: access to IPA 0x%lx", cell->name, address);
	if (!(cell->config->flags & (CFG_CELL_ROOT | CFG_CELL_INJECT_ABORT)))
		cell_fail_current(cpu, fetch ? HC_REASON_EXECUTE : HC_REASON_MEMORY, address);
	if (log_allowed(&cell->log))
		pr_warn("cell %s: cpu %u: %s at IPA 0x%lx, where it has nothing (PC 0x%lx)", cell->name, cpu->id,
			fetch ? "fetch" : esr & ISS_WNR ? "write" : "read", address, sysreg_read(elr_el2));
	inject_abort(sysreg_read(far_el2), fetch);
}

static __attribute__((noinline, cold)) void not_emulated(enum trap_result result)
{
	if (result == TRAP_UNDEF)
		inject_undef();
	else
		access_fault(this_cpu(), sysreg_read(esr_el2));
}

u64 trap_sync(struct guest_regs *regs, struct cpu *cpu)
{
	u64 esr = sysreg_read(esr_el2);
	const struct trap_class *class = &classes[FIELD_GET(ESR_EC, esr)];
	enum trap_result result;

	if (IS_ENABLED(CONFIG_STATS))
		cpu->exits[class->exit]++;
	result = class->handle(regs, cpu, esr);
	/* ESR_EL2 is read again rather than kept: nothing here lives across the call */
	if (likely(result <= TRAP_NEXT_REG)) {
		skip_instruction(sysreg_read(esr_el2));
		return result;
	}
	if (unlikely(result != TRAP_AGAIN))
		not_emulated(result);
	return 0;
}

void trap_irq(struct cpu *cpu)
{
	if (IS_ENABLED(CONFIG_STATS))
		cpu->exits[HC_EXIT_IRQ]++;
	gic_handle_irq(cpu);
}

/* An SError that a guest's access caused comes late and cannot be attributed better than to the cell that ran. */
void trap_serror(struct guest_regs *regs, struct cpu *cpu)
{
	cell_fail_current(cpu, HC_REASON_SERROR, sysreg_read(esr_el2));
}

void trap_hyp(u64 kind, u64 esr, u64 elr, u64 far)
{
	static const char *const names[] = { "synchronous", "IRQ", "FIQ", "SError" };

	panic("%s exception at EL2: ESR 0x%lx, PC 0x%lx, address 0x%lx", names[kind & 3], esr, elr, far);
}
