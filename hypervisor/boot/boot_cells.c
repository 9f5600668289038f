/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells that start with the machine: the root cell and those with `boot: true`, from the payloads of the image. */
#include <arch/timer.h>
#include <hyp/boot.h>
#include <hyp/cell.h>
#include <hyp/printk.h>

#define RESET_TIMEOUT_US	300000

static void copy_payloads(struct cell *cell, u32 number)
{
	const struct cfg_payload *payload = cfg_payloads(system_config);

	for (u32 i = 0; i < system_config->payload_count; i++) {
		if (payload[i].cell != number)
			continue;
		if (!cell_mem_write(cell, payload[i].ipa, image_payload(payload[i].offset), payload[i].size, 0))
			panic("payload %u does not fit into cell %s", i, cell->name);
	}
}

/* The functions of a cell may need up to 100 ms to come out of reset. */
static void run(struct cell *cell)
{
	const struct cfg_cell *config = cell->config;
	u64 deadline = timer_deadline_us(RESET_TIMEOUT_US);
	s64 result;

	do
		result = cell_run(cell, config->entry, config->dtb_ipa);
	while (result == -EAGAIN && !timer_passed(deadline));
	if (result)
		panic("cell %s cannot start at 0x%llx (error %lld)", cell->name, (unsigned long long)config->entry,
		      -(long long)result);
}

void boot_cells(void)
{
	struct hc_error err = { "" };

	spin_lock(&cell_lock);
	for (u32 i = 0; i < system_config->cell_count; i++) {
		const struct cfg_cell *config = cfg_system_cell(system_config, i);
		s64 id = cell_build(config, &err);

		if (id < 0)
			panic("cell %s of the system config: %s", config->name, err.text);
		copy_payloads(cells[id], i);
		if (config->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT))
			run(cells[id]);
	}
	spin_unlock(&cell_lock);
}
