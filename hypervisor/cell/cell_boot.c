/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells that start with the machine: the root cell and those with `boot: true`, from the payloads of the image. */
#include <hyp/boot.h>
#include <hyp/cell.h>
#include <hyp/printk.h>

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

void cell_boot_all(void)
{
	struct hc_error err = { "" };

	spin_lock(&cell_lock);
	for (u32 i = 0; i < system_config->cell_count; i++) {
		const struct cfg_cell *config = cfg_system_cell(system_config, i);
		s64 id = cell_build(config, &err);

		if (id < 0)
			panic("cell %s of the system config: %s", config->name, err.text);
		copy_payloads(cells[id], i);
		if (!(config->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT)))
			continue;
		if (cell_run(cells[id], config->entry, config->dtb_ipa))
			panic("cell %s cannot start at 0x%llx", config->name, (unsigned long long)config->entry);
	}
	spin_unlock(&cell_lock);
}
