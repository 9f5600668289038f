// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell list, show, and version. Addresses are strings in JSON, because its numbers may be doubles.
 */
#include <stdio.h>
#include <string.h>
#include "ctl.h"

typedef unsigned long long ull;

static void print_size(uint64_t bytes)
{
	if (bytes >= 1u << 20 && bytes % (1u << 20) == 0)
		printf("%llu MiB", (ull)(bytes >> 20));
	else
		printf("%llu KiB", (ull)(bytes >> 10));
}

/* ---- list ---- */

static void list_json(const struct cloister_cell_info *cell, bool first)
{
	const struct hc_cell_info *info = &cell->info;
	char cpus[128];

	printf("%s\n  {\"name\": ", first ? "" : ",");
	print_json_string(info->name);
	printf(", \"id\": %u, \"state\": \"%s\", \"cpus\": \"%s\", \"memory\": %llu, \"root\": %s, \"managed\": %s}",
	       cell->id, state_name(info->state), cpu_list(info->cpus, cpus, sizeof(cpus)), (ull)info->memory,
	       cell->cell_flags & CLOISTER_CELL_ROOT ? "true" : "false",
	       cell->cell_flags & CLOISTER_CELL_MANAGED ? "true" : "false");
}

static void list_text(const struct cloister_cell_info *cell, bool first)
{
	const struct hc_cell_info *info = &cell->info;
	char cpus[128];

	if (first)
		printf("%-20s %3s  %-10s %-10s %s\n", "NAME", "ID", "STATE", "CPUS", "MEMORY");
	printf("%-20s %3u  %-10s %-10s ", info->name, cell->id, state_name(info->state),
	       cpu_list(info->cpus, cpus, sizeof(cpus)));
	print_size(info->memory);
	printf("\n");
}

/* A cell that vanishes between the two questions is left out. */
int cmd_list(int fd, const struct options *options, struct oops *oops)
{
	struct cloister_cell_info cell;
	struct hc_system_info system;
	bool first = true;
	uint32_t id;

	if (device_system(fd, &system, oops))
		return -1;
	if (options->json)
		printf("[");
	for (id = 0; id < 64; id++) {
		if (!(system.cells >> id & 1) || device_info(fd, id, &cell, oops))
			continue;
		if (options->json)
			list_json(&cell, first);
		else
			list_text(&cell, first);
		first = false;
	}
	if (options->json)
		printf("\n]\n");
	return 0;
}

/* ---- show ---- */

static void show_region(const struct cfg_mem *mem, bool json)
{
	static const char letters[] = "rwxdlis";
	char flags[sizeof(letters)];
	unsigned int i;

	for (i = 0; i < sizeof(letters) - 1; i++)
		flags[i] = mem->flags >> i & 1 ? letters[i] : '-';
	flags[i] = '\0';
	if (json)
		printf("{\"name\": \"%.*s\", \"ipa\": \"0x%llx\", \"pa\": \"0x%llx\", \"size\": %llu, \"flags\": \"%s\"}",
		       (int)sizeof(mem->name), mem->name, (ull)mem->ipa, (ull)mem->pa, (ull)mem->size, flags);
	else
		printf("  memory    %-16.*s ipa %#-12llx pa %#-12llx size %#-11llx %s\n", (int)sizeof(mem->name),
		       mem->name, (ull)mem->ipa, (ull)mem->pa, (ull)mem->size, flags);
}

static void show_function(const struct cfg_pci_dev *dev, bool json)
{
	char name[24];

	snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", dev->host, dev->bdf >> 8 & 0xff, dev->bdf >> 3 & 0x1f,
		 dev->bdf & 7);
	printf(json ? "\"%s\"" : "  function  %s\n", name);
}

static void show_config_json(const struct config_view *config)
{
	const struct cfg_cell *cell = config->cell;
	uint32_t i;

	printf(",\n  \"regions\": [");
	for (i = 0; i < cell->mem_count; i++) {
		printf("%s", i ? ", " : "");
		show_region(&config->mem[i], true);
	}
	printf("],\n  \"interrupts\": [");
	for (i = 0; i < cell->irq_count; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)config->irqs[i].intid);
	printf("],\n  \"streams\": [");
	for (i = 0; i < cell->stream_count; i++)
		printf("%s{\"smmu\": %u, \"sid\": %u}", i ? ", " : "", config->streams[i].smmu, config->streams[i].sid);
	printf("],\n  \"functions\": [");
	for (i = 0; i < cell->pci_count; i++) {
		printf("%s", i ? ", " : "");
		show_function(&config->pci[i], true);
	}
	printf("]");
}

static void show_config_text(const struct config_view *config)
{
	const struct cfg_cell *cell = config->cell;
	uint32_t i;

	for (i = 0; i < cell->mem_count; i++)
		show_region(&config->mem[i], false);
	for (i = 0; i < cell->irq_count; i++)
		printf("  interrupt %llu\n", (unsigned long long)config->irqs[i].intid);
	for (i = 0; i < cell->stream_count; i++)
		printf("  stream    %#x of SMMU %u\n", config->streams[i].sid, config->streams[i].smmu);
	for (i = 0; i < cell->pci_count; i++)
		show_function(&config->pci[i], false);
}

static void show_info_json(const struct cloister_cell_info *cell)
{
	const struct hc_cell_info *info = &cell->info;
	char cpus[128];

	printf("{\n  \"name\": ");
	print_json_string(info->name);
	printf(",\n  \"id\": %u,\n  \"state\": \"%s\",\n  \"cpus\": \"%s\",\n  \"memory\": %llu,\n", cell->id,
	       state_name(info->state), cpu_list(info->cpus, cpus, sizeof(cpus)), (ull)info->memory);
	printf("  \"starts\": %llu,\n  \"entry\": \"0x%llx\",\n  \"arg\": \"0x%llx\",\n", (ull)info->starts,
	       (ull)cell->entry, (ull)cell->arg);
	if (info->comm.version)
		printf("  \"comm\": {\"state\": \"%s\", \"heartbeat\": %llu},\n", comm_name(info->comm.state),
		       (ull)info->comm.heartbeat);
	printf("  \"reason\": {\"code\": %u, \"text\": \"%s\", \"info\": \"0x%llx\", \"pc\": \"0x%llx\", "
	       "\"esr\": \"0x%llx\"}", info->reason, reason_name(info->reason), (ull)info->info, (ull)info->pc,
	       (ull)info->esr);
}

static void show_info_text(const struct cloister_cell_info *cell)
{
	const struct hc_cell_info *info = &cell->info;
	char cpus[128];

	printf("cell %s, number %u: %s\n  cpus      %s\n  memory    ", info->name, cell->id, state_name(info->state),
	       cpu_list(info->cpus, cpus, sizeof(cpus)));
	print_size(info->memory);
	printf(", %llu pages of tables\n  started   %llu times\n", (ull)info->table_pages, (ull)info->starts);
	if (cell->cell_flags & CLOISTER_CELL_MANAGED)
		printf("  entry     0x%llx, x0 0x%llx\n", (ull)cell->entry, (ull)cell->arg);
	if (info->comm.version)
		printf("  comm      %s, heartbeat %llu\n", comm_name(info->comm.state), (ull)info->comm.heartbeat);
	if (info->reason != HC_REASON_NONE)
		printf("  reason    %s: 0x%llx, pc 0x%llx, esr 0x%llx\n", reason_name(info->reason), (ull)info->info,
		       (ull)info->pc, (ull)info->esr);
}

int cmd_show(int fd, const struct options *options, struct oops *oops)
{
	_Alignas(8) static uint8_t buffer[CFG_MAX_CELL_SIZE];
	const char *name = options->argv[0];
	struct cloister_cell_info cell;
	struct config_view config;
	bool managed;
	uint32_t id;

	if (device_find(fd, name, &id, oops) || device_info(fd, id, &cell, oops))
		return -1;
	managed = cell.cell_flags & CLOISTER_CELL_MANAGED;
	if (managed && device_config(fd, id, name, buffer, &config, oops))
		return -1;
	if (options->json)
		show_info_json(&cell);
	else
		show_info_text(&cell);
	if (managed && options->json)
		show_config_json(&config);
	else if (managed)
		show_config_text(&config);
	if (options->json)
		printf("\n}\n");
	return 0;
}

/* ---- version ---- */

static void version_json(const struct cloister_version *version, const struct hc_system_info *system)
{
	printf("{\n  \"cloisterctl\": \"%u.%u\",\n  \"driver\": \"%u.%u\",\n  \"hypervisor\": \"%u.%u\",\n  \"build\": ",
	       CLOISTER_ABI_MAJOR, CLOISTER_ABI_MINOR, version->abi >> 16, version->abi & 0xffff,
	       version->hypervisor >> 16, version->hypervisor & 0xffff);
	print_json_string(system->build);
	printf(",\n  \"system\": ");
	print_json_string(system->name);
	printf(",\n  \"board\": \"0x%llx\",\n  \"cpus\": %u,\n  \"cells\": %u,\n  \"cells_max\": %u,\n",
	       (ull)system->board, system->cpu_count, system->cell_count, system->cell_max);
	printf("  \"pool_pages\": %llu,\n  \"pool_free\": %llu,\n  \"unowned_dma_events\": %llu\n}\n",
	       (ull)system->pool_pages, (ull)system->pool_free, (ull)system->unowned_events);
}

static void version_text(const struct cloister_version *version, const struct hc_system_info *system)
{
	printf("cloisterctl %u.%u, driver %u.%u, hypervisor %u.%u (%s)\n", CLOISTER_ABI_MAJOR, CLOISTER_ABI_MINOR,
	       version->abi >> 16, version->abi & 0xffff, version->hypervisor >> 16, version->hypervisor & 0xffff,
	       system->build);
	printf("system %s: %u CPUs, %u of %u cells, %llu of %llu pages free, %llu DMA events of unowned streams\n",
	       system->name, system->cpu_count, system->cell_count, system->cell_max, (ull)system->pool_free,
	       (ull)system->pool_pages, (ull)system->unowned_events);
}

int cmd_version(int fd, const struct options *options, struct oops *oops)
{
	struct cloister_version version = { .head.size = sizeof(version) };
	struct hc_system_info system;

	if (device_call(fd, CLOISTER_VERSION, &version, NULL, oops, "ask the driver for its version") ||
	    device_system(fd, &system, oops))
		return -1;
	if (options->json)
		version_json(&version, &system);
	else
		version_text(&version, &system);
	return 0;
}
