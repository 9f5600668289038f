/* SPDX-License-Identifier: GPL-2.0-only */
/* What the root cell may know of cells and of the machine. */
#include <hyp/cell.h>
#include <hyp/string.h>

static void fill_cpus(const struct cell *cell, struct hc_cell_info *info)
{
	for (u32 i = 0; i < cell->vcpus; i++) {
		const struct cpu *cpu = cell->vcpu[i];

		if (!cpu)
			continue;
		info->cpu_count++;
		info->cpus |= BIT(cpu->id);
		for (u32 e = 0; e < HC_EXITS; e++)
			info->exits[e] += cpu->exits[e];
		info->irqs_injected += cpu->vgic.injected;
	}
}

static u64 ram_bytes(const struct cfg_cell *config)
{
	const struct cfg_mem *mem = cfg_cell_mem(config);
	u64 bytes = 0;

	for (u32 i = 0; i < config->mem_count; i++) {
		if (!(mem[i].flags & CFG_MEM_IO))
			bytes += mem[i].size;
	}
	return bytes;
}

void cell_info(struct cell *cell, struct hc_cell_info *info)
{
	*info = cell->info;
	memcpy(info->name, cell->name, sizeof(info->name));
	info->id = cell->id;
	info->state = cell->state;
	info->memory = ram_bytes(cell->config);
	info->table_pages = cell->s2.table.root_pages + cell->s2.table.pages;
	info->dma_read_violations = cell->dma.stats.read_violations;
	info->dma_write_violations = cell->dma.stats.write_violations;
	info->dma_other_events = cell->dma.stats.other_events;
	info->last_dma_address = cell->dma.stats.last_address;
	info->last_dma_sid = cell->dma.stats.last_sid;
	info->last_dma_smmu = cell->dma.stats.last_smmu;
	info->dma_untrusted = cell->config->stream_count && smmu_failed();
	fill_cpus(cell, info);
	if (cell->state == HC_STATE_RUNNING && cell->config->comm_ipa)
		guest_read(cell, ipa(cell->config->comm_ipa), &info->comm, sizeof(info->comm));
}

s64 cell_cpu_info(const struct cell *cell, u64 n, struct hc_cpu_info *info)
{
	const struct cpu *cpu = n < cell->vcpus ? cell->vcpu[n] : NULL;

	if (!cpu)
		return n < cell->vcpus ? -EEMPTY : -EINVAL;
	*info = (struct hc_cpu_info){ .cpu = cpu->id, .on = cpu->on, .irqs_injected = cpu->vgic.injected };
	memcpy(info->exits, cpu->exits, sizeof(info->exits));
	return 0;
}

void system_info(struct hc_system_info *info)
{
	memset(info, 0, sizeof(*info));
	info->version = HC_VERSION_MAJOR << 16 | HC_VERSION_MINOR;
	info->cpu_count = cpu_count;
	info->board = system_config->hdr.board;
	info->pool_pages = page_pool_total();
	info->pool_free = page_pool_free();
	info->cell_max = CFG_MAX_CELLS;
	for (u32 id = 0; id < CFG_MAX_CELLS; id++) {
		if (cells[id]) {
			info->cell_count++;
			info->cells |= BIT(id);
		}
	}
	info->unowned_events = smmu_unowned_events();
	info->log_end = log_end();
	memcpy(info->name, system_config->name, sizeof(info->name));
	snprintf(info->build, sizeof(info->build), "%s", CLOISTER_BUILD);
}
