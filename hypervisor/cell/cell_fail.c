/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a cell by its own doing: a fault, a panic, or a request to be switched off. */
#include <arch/timer.h>
#include <asm/sysreg.h>
#include <hyp/cell.h>

static const char *const reason_names[] = {
	[HC_REASON_NONE] = "none", [HC_REASON_MEMORY] = "access to memory that it does not have",
	[HC_REASON_EXECUTE] = "fetch from memory that it may not execute",
	[HC_REASON_PANIC] = "its own panic", [HC_REASON_OFF] = "switched itself off",
	[HC_REASON_RESET] = "asked for a reset", [HC_REASON_SERROR] = "SError",
	[HC_REASON_WATCHDOG] = "no heartbeat",
};

static bool others_run(const struct cell *cell)
{
	for (u32 id = 0; id < CFG_MAX_CELLS; id++) {
		if (cells[id] && cells[id] != cell && cells[id]->state == HC_STATE_RUNNING)
			return true;
	}
	return false;
}

/* The machine goes down with the root cell if the config says so, and with the last cell, unless that one failed. */
static void maybe_end_machine(const struct cell *cell, u32 reason)
{
	bool halt = system_config->root_exit == CFG_ROOT_EXIT_HALT, last = !others_run(cell);

	if (!last && !(halt && cell->is_root))
		return;
	pr_warn("%s: the machine %s", last ? "no cell runs any more" : "the root cell has ended",
		halt || cell->state == HC_STATE_STOPPED ? "goes down with it" : "waits, as the last one failed");
	if (halt || cell->state == HC_STATE_STOPPED)
		arch_firmware_call(reason == HC_REASON_RESET ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
}

/* What the image holds is started over from there; other cells are the root cell's to load. */
static bool may_restart(struct cell *cell, u32 reason)
{
	const struct cfg_cell *config = cell->config;

	if (!(config->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT)) || (reason == HC_REASON_OFF && cell->asked) ||
	    config->restart < (reason == HC_REASON_OFF ? CFG_RESTART_ALWAYS : CFG_RESTART_ON_FAILURE))
		return false;
	if (timer_passed(cell->restart_end)) {
		cell->restart_end = timer_deadline_us(config->restart_seconds * 1000000ULL);
		cell->restarts = 0;
	}
	return cell->restarts++ < config->restart_limit;
}

static void record(struct cell *cell, u32 reason, u64 info)
{
	cell->info.reason = reason;
	cell->info.info = info;
	cell->info.pc = sysreg_read(elr_el2);
	cell->info.esr = sysreg_read(esr_el2);
	cell->state = reason == HC_REASON_OFF || reason == HC_REASON_RESET ? HC_STATE_STOPPED : HC_STATE_FAILED;
	if (log_allowed(&cell->life))
		pr_warn("cell %s: %s: %s (0x%lx) at PC 0x%lx", cell->name,
			cell->state == HC_STATE_STOPPED ? "stopped" : "failed", reason_names[reason], info, cell->info.pc);
}

void cell_fail_current(struct cpu *cpu, u32 reason, u64 info)
{
	cell_lock_from_trap(cpu);
	cell_fail_locked(cpu, reason, info);
}

void cell_fail_locked(struct cpu *cpu, u32 reason, u64 info)
{
	struct cell *cell = cpu->cell;
	bool again = false;

	if (cell->state == HC_STATE_RUNNING) {
		again = may_restart(cell, reason);
		record(cell, reason, reason == HC_REASON_OFF ? cell->asked : info);
		if (!again)
			maybe_end_machine(cell, reason);
		for (u32 i = 0; i < cell->vcpus; i++) {
			if (cell->vcpu[i] && cell->vcpu[i] != cpu)
				cpu_request(cell->vcpu[i], CPU_REQ_PARK);
		}
		ivshmem_detach(cell);
		if (cell_streams_block(cell))
			pr_err("cell %s: an SMMU did not confirm that its streams are blocked", cell->name);
	}
	spin_unlock(&cell_lock);
	if (again)
		cpu_request(cpu, CPU_REQ_RESTART);	/* once it is parked */
	cell_cpu_off(cpu);
}
