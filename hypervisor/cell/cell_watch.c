// SPDX-License-Identifier: GPL-2.0-only
/*
 * Communication pages (abi/comm.h) and watchdogs. A watchdog is the EL2 timer of the CPU that the cell started on: its
 * interrupt is EL2's whatever the guest masks, and goes on while that CPU is switched off.
 */
#include <abi/comm.h>
#include <arch/timer.h>
#include <hyp/cell.h>
#include <hyp/gic.h>

#define BUSY_US		1000	/* to look again when somebody has the lock */

s64 cell_request(struct cell *cell, u64 request, u64 b)
{
	u64 page = cell->config->comm_ipa;

	cell->asked = request == COMM_REQUEST_STOP;
	return page && cell_mem_write(cell, page + offsetof(struct comm_page, request), &request, sizeof(u32), 0) ? 0 : -EEMPTY;
}

void cell_watch_start(const struct cpu *cpu)
{
	if (!cpu->vcpu)
		timer_alarm(cpu->cell->config->watchdog_ms * 1000ULL);
}

static bool beats(struct cell *cell)
{
	u64 before = cell->heartbeat;

	return guest_read(cell, ipa(cell->config->comm_ipa + offsetof(struct comm_signs, heartbeat)), &cell->heartbeat,
			  sizeof(cell->heartbeat)) && cell->heartbeat != before;
}

/* Once per period. The cell does not wait for the lock, which a management call may have: the dog comes back. */
static void watch(struct cpu *cpu, void *ctx)
{
	struct cell *cell;

	timer_alarm(BUSY_US);
	if (!spin_trylock(&cell_lock))
		return;
	cell = cpu->cell;
	timer_alarm(0);
	if (cell && cell->state == HC_STATE_RUNNING && cell->config->watchdog_ms) {
		if (!cpu->vcpu && !beats(cell))
			cell_fail_locked(cpu, HC_REASON_WATCHDOG, cell->heartbeat);
		cell_watch_start(cpu);
	}
	spin_unlock(&cell_lock);
}

int cell_watch_init(const struct cfg_system *sys)
{
	return gic_request(sys->timer_irq, watch, NULL, this_cpu(), false);
}
