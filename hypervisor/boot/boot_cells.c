// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells that start with the machine, and may start over: the root cell and those with `boot: true`, from the payloads of
 * the image. Their ids are their places in the system config, for they are built first.
 */
#include <hyp/boot.h>
#include <hyp/cell.h>
#include <hyp/printk.h>

#define COPY_BATCH	KIB(64)

static bool has_all(struct cell *cell, u64 from, u64 bytes)
{
	for (u64 at = ALIGN_DOWN(from, PAGE_SIZE); at < from + bytes; at += PAGE_SIZE) {
		if (!cell_has(cell, ipa(at), 0))
			return false;
	}
	return true;
}

/*
 * A batch; -EAGAIN: more is left. What the root cell has given away in the meantime is not written to. Where it got to is
 * the cell's work_region and work_done.
 */
static s64 copy_payloads(struct cell *cell)
{
	for (; cell->work_region < system_config->payload_count; cell->work_region++, cell->work_done = 0) {
		const struct cfg_payload *now = &cfg_payloads(system_config)[cell->work_region];
		u64 done = cell->work_done, to = now->ipa + done, bytes = MIN(now->size - done, COPY_BATCH - to % COPY_BATCH);

		if (now->cell != cell->id || !bytes)
			continue;
		if (!has_all(cell, to, bytes) || !cell_mem_write(cell, to, __hyp_start + now->offset + done, bytes, 0))
			return -EFAULT;
		cell->work_done += bytes;
		return -EAGAIN;
	}
	return 0;
}

/* The functions of a cell may need up to 100 ms to come out of reset: -EAGAIN. */
static s64 load_and_run(struct cell *cell)
{
	s64 result = copy_payloads(cell);

	if (!result)
		result = cell_run(cell, cell->config->entry, cell->config->dtb_ipa);
	if (result != -EAGAIN)
		cell->work_region = 0;
	return result;
}

static s64 restart_step(struct cell *cell)
{
	s64 result;

	if (!cell || cell->state == HC_STATE_RUNNING)
		return 0;
	if (cell->state == HC_STATE_LOADED)
		return load_and_run(cell);
	result = cell_loadable(cell, 0, 0);
	return result ? result : -EAGAIN;
}

/* Step by step without the lock in between: others have their cells to look after, and perhaps this one. */
void boot_restart(struct cpu *cpu)
{
	s64 result;

	do {
		cell_lock_from_trap(cpu);
		result = restart_step(cpu->cell);
		spin_unlock(&cell_lock);
	} while (result == -EAGAIN);
	if (result)
		pr_err("cpu %u: its cell cannot start again (error %ld)", cpu->id, -result);
}

void boot_cells(void)
{
	struct hc_error err = { "" };
	s64 result;

	spin_lock(&cell_lock);
	for (u32 i = 0; i < system_config->cell_count; i++) {
		const struct cfg_cell *config = cfg_system_cell(system_config, i);

		if (cell_build(config, &err) < 0)
			panic("cell %s of the system config: %s", config->name, err.text);
		do
			result = load_and_run(cells[i]);
		while (result == -EAGAIN);
		if (result)
			panic("cell %s cannot be loaded and started (error %ld)", config->name, -result);
	}
	spin_unlock(&cell_lock);
}
