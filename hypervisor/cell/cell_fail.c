/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a cell by its own doing: a fault, a panic, or a request to be switched off. */
#include <asm/sysreg.h>
#include <hyp/cell.h>

#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SYSTEM_RESET	0x84000009u

static const char *const reason_names[] = {
	[HC_REASON_NONE] = "none", [HC_REASON_MEMORY] = "access to memory that it does not have",
	[HC_REASON_EXECUTE] = "fetch from memory that it may not execute", [HC_REASON_TRAP] = "unexpected exception",
	[HC_REASON_PANIC] = "its own panic", [HC_REASON_OFF] = "switched itself off",
	[HC_REASON_RESET] = "asked for a reset", [HC_REASON_SERROR] = "SError", [HC_REASON_HARDWARE] = "hardware",
};

static bool others_run(const struct cell *cell)
{
	for (u32 id = 0; id < CFG_MAX_CELLS; id++) {
		if (cells[id] && cells[id] != cell && cells[id]->state == HC_STATE_RUNNING)
			return true;
	}
	return false;
}

/* The machine goes down with the root cell if the config says so, or when nobody else is using it. */
static void maybe_end_machine(const struct cell *cell, u32 reason)
{
	if (!cell->is_root || (system_config->root_exit != CFG_ROOT_EXIT_HALT && others_run(cell)))
		return;
	if (reason == HC_REASON_OFF)
		arch_firmware_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	if (reason == HC_REASON_RESET)
		arch_firmware_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static void record(struct cell *cell, u32 reason, u64 info)
{
	cell->info.reason = reason;
	cell->info.info = info;
	cell->info.pc = sysreg_read(elr_el2);
	cell->info.esr = sysreg_read(esr_el2);
	cell->state = reason == HC_REASON_OFF || reason == HC_REASON_RESET ? HC_STATE_STOPPED : HC_STATE_FAILED;
	pr_warn("cell %s: %s: %s (0x%llx) at PC 0x%llx", cell->name,
		cell->state == HC_STATE_STOPPED ? "stopped" : "failed", reason_names[reason], (unsigned long long)info,
		(unsigned long long)cell->info.pc);
}

void cell_fail_current(struct cpu *cpu, u32 reason, u64 info)
{
	struct cell *cell = cpu->cell;

	cell_lock_from_trap(cpu);
	if (cell->state == HC_STATE_RUNNING) {
		maybe_end_machine(cell, reason);
		record(cell, reason, info);
		for (u32 i = 0; i < cell->vcpus; i++) {
			if (cell->vcpu[i] && cell->vcpu[i] != cpu)
				cpu_request(cell->vcpu[i], CPU_REQ_PARK);
		}
		if (cell_streams_block(cell))
			pr_err("cell %s: an SMMU did not confirm that its streams are blocked", cell->name);
	}
	spin_unlock(&cell_lock);
	cell_cpu_off(cpu);
}
