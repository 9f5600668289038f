// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parser of .cell files (abi/cellfile.h) and of the arrays of a cell config (abi/config.h). The bytes are not trusted.
 */
#include <string.h>
#include "ctl.h"

static int check_header(const struct cellfile_header *header, uint64_t size, struct oops *oops)
{
	if (header->magic != CELLFILE_MAGIC)
		return refuse(oops, "it is not a .cell file: it does not start with the right magic number");
	if (header->revision != CELLFILE_REVISION)
		return refuse(oops, "it is a .cell file of revision %u, this program knows %u; compile it again",
			      header->revision, CELLFILE_REVISION);
	if (header->size != size)
		return refuse(oops, "it is truncated or has bytes behind its end: it says %llu bytes, but has %llu",
			      (unsigned long long)header->size, (unsigned long long)size);
	if (!header->section_count || header->section_count > CELLFILE_MAX_SECTIONS)
		return refuse(oops, "it says that it has %u sections; 1 to %u are possible", header->section_count,
			      CELLFILE_MAX_SECTIONS);
	if (header->reserved)
		return refuse(oops, "a reserved field of its header is not zero");
	return 0;
}

/* In bounds, aligned, behind the one before (which ended at `*end`). */
static int check_section(const struct cellfile_section *section, uint32_t index, uint64_t file_size, uint64_t *end,
			 struct oops *oops)
{
	if (section->kind < CELLFILE_CONFIG || section->kind > CELLFILE_DATA)
		return refuse(oops, "section %u has kind %u, which this program does not know", index, section->kind);
	if (section->reserved)
		return refuse(oops, "section %u: a reserved field is not zero", index);
	if (!section->size || section->offset % CELLFILE_ALIGN || section->offset < *end ||
	    section->offset > file_size || section->size > file_size - section->offset)
		return refuse(oops, "section %u is empty, misaligned, overlaps another or ends outside of the file",
			      index);
	*end = section->offset + section->size;
	return 0;
}

static bool is_image(uint32_t kind)
{
	return kind == CELLFILE_ELF || kind == CELLFILE_ARM64_IMAGE || kind == CELLFILE_RAW;
}

static int check_kinds(const struct cell_file *cell, struct oops *oops)
{
	uint32_t configs = 0, dtbs = 0, images = 0, i;

	for (i = 0; i < cell->section_count; i++) {
		configs += cell->sections[i].kind == CELLFILE_CONFIG;
		dtbs += cell->sections[i].kind == CELLFILE_DTB;
		images += is_image(cell->sections[i].kind);
	}
	if (configs != 1 || dtbs > 1 || images > 1)
		return refuse(oops, "it has %u configs, %u device trees and %u images; one config, and at most one of "
			      "the others, is right", configs, dtbs, images);
	return 0;
}

static int find_config(struct cell_file *cell, uint64_t board, struct oops *oops)
{
	struct config_view view;
	uint32_t i;

	for (i = 0; cell->sections[i].kind != CELLFILE_CONFIG; i++)
		;
	if (config_view(cellfile_section_bytes(cell, i), &view, oops))
		return -1;
	if (view.cell->hdr.board != board)
		return refuse(oops, "its header and its config are for different boards");
	cell->config = view.cell;
	return 0;
}

int cellfile_parse(struct bytes file, struct cell_file *cell, struct oops *oops)
{
	struct cellfile_header header;
	uint64_t end;
	uint32_t i;

	if (file.size < sizeof(header))
		return refuse(oops, "it is not a .cell file: it has only %llu bytes", (unsigned long long)file.size);
	memcpy(&header, file.data, sizeof(header));
	if (check_header(&header, file.size, oops))
		return -1;
	end = sizeof(header) + header.section_count * sizeof(cell->sections[0]);
	if (end > file.size)
		return refuse(oops, "it is truncated inside its section table");
	memset(cell, 0, sizeof(*cell));
	cell->file = file;
	cell->entry = header.entry;
	cell->section_count = header.section_count;
	memcpy(cell->sections, file.data + sizeof(header), end - sizeof(header));
	for (i = 0; i < cell->section_count; i++)
		if (check_section(&cell->sections[i], i, file.size, &end, oops))
			return -1;
	if (end != file.size)
		return refuse(oops, "it has bytes behind its last section");
	if (check_kinds(cell, oops))
		return -1;
	return find_config(cell, header.board, oops);
}

struct bytes cellfile_section_bytes(const struct cell_file *cell, uint32_t index)
{
	const struct cellfile_section *section = &cell->sections[index];

	return (struct bytes){ cell->file.data + section->offset, section->size };
}

/* ---- the config ---- */

static int check_counts(const struct cfg_cell *cell, struct oops *oops)
{
	uint64_t size = sizeof(*cell);

	size += (uint64_t)cell->cpu_count * sizeof(struct cfg_cell_cpu);
	size += (uint64_t)cell->mem_count * sizeof(struct cfg_mem);
	size += (uint64_t)cell->irq_count * sizeof(struct cfg_irq);
	size += (uint64_t)cell->stream_count * sizeof(struct cfg_stream);
	size += (uint64_t)cell->pci_count * sizeof(struct cfg_pci_dev);
	size += (uint64_t)cell->vsmmu_count * sizeof(struct cfg_vsmmu);
	size += (uint64_t)cell->ivshmem_count * sizeof(struct cfg_ivshmem);
	if (size != cell->hdr.size)
		return refuse(oops, "the counts of its config need %llu bytes, but the config has %u",
			      (unsigned long long)size, cell->hdr.size);
	return 0;
}

int config_view(struct bytes blob, struct config_view *view, struct oops *oops)
{
	const struct cfg_cell *cell = (const void *)blob.data;

	if (blob.size < sizeof(*cell) || blob.size > CFG_MAX_CELL_SIZE)
		return refuse(oops, "its config has %llu bytes; %zu to %u are possible", (unsigned long long)blob.size,
			      sizeof(*cell), CFG_MAX_CELL_SIZE);
	if (cell->hdr.magic != CFG_MAGIC || cell->hdr.kind != CFG_KIND_CELL)
		return refuse(oops, "its config is not the config of a cell");
	if (cell->hdr.revision != CFG_REVISION)
		return refuse(oops, "its config has revision %u, this program knows %u; compile it again",
			      cell->hdr.revision, CFG_REVISION);
	if (cell->hdr.size != blob.size)
		return refuse(oops, "its config says %u bytes, but has %llu", cell->hdr.size,
			      (unsigned long long)blob.size);
	if (!memchr(cell->name, '\0', sizeof(cell->name)) || !cell->name[0])
		return refuse(oops, "the cell's name in its config is empty or has no end");
	if (check_counts(cell, oops))
		return -1;
	view->cell = cell;
	view->cpus = (const void *)(cell + 1);
	view->mem = (const void *)(view->cpus + cell->cpu_count);
	view->irqs = (const void *)(view->mem + cell->mem_count);
	view->streams = (const void *)(view->irqs + cell->irq_count);
	view->pci = (const void *)(view->streams + cell->stream_count);
	return 0;
}
