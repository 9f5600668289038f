// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plan of a load: pieces of memory and where they go. It is complete and checked before the first byte is written.
 */
#include <stdio.h>
#include <string.h>
#include "ctl.h"

typedef unsigned long long ull;

int plan_add(struct plan *plan, const struct piece *piece, struct oops *oops)
{
	if (plan->count == PLAN_MAX)
		return refuse(oops, "there are more than %u pieces to load", PLAN_MAX);
	if (piece->size > UINT64_MAX - piece->zero || piece->span < piece->size + piece->zero ||
	    piece->ipa > UINT64_MAX - piece->span)
		return refuse(oops, "%s: %#llx bytes at %#llx do not fit into the address space", piece->what,
			      (ull)piece->span, (ull)piece->ipa);
	plan->pieces[plan->count++] = *piece;
	return 0;
}

static const struct cfg_mem *region_at(const struct config_view *config, uint64_t ipa)
{
	const struct cfg_mem *mem = config->mem;
	uint32_t i;

	for (i = 0; i < config->cell->mem_count; i++)
		if (ipa >= mem[i].ipa && ipa - mem[i].ipa < mem[i].size)
			return &mem[i];
	return NULL;
}

static int check_piece(const struct piece *piece, const struct config_view *config, struct oops *oops)
{
	const struct cfg_mem *mem = region_at(config, piece->ipa);
	int length;

	if (!mem)
		return refuse(oops, "%s goes to %#llx, where cell %s has no memory", piece->what, (ull)piece->ipa,
			      config->cell->name);
	length = (int)strnlen(mem->name, sizeof(mem->name));
	if (!(mem->flags & CFG_MEM_LOAD))
		return refuse(oops, "%s goes to %#llx, in region %.*s of cell %s, which has no flag load", piece->what,
			      (ull)piece->ipa, length, mem->name, config->cell->name);
	if (piece->span > mem->size - (piece->ipa - mem->ipa))
		return refuse(oops, "%s needs %#llx bytes at %#llx, but region %.*s of cell %s has only %#llx from there",
			      piece->what, (ull)piece->span, (ull)piece->ipa, length, mem->name, config->cell->name,
			      (ull)(mem->size - (piece->ipa - mem->ipa)));
	return 0;
}

static bool overlap(const struct piece *a, const struct piece *b)
{
	return a->ipa < b->ipa + b->span && b->ipa < a->ipa + a->span;
}

static int check_overlaps(const struct plan *plan, struct oops *oops)
{
	const struct piece *a, *b;

	for (a = plan->pieces; a < plan->pieces + plan->count; a++)
		for (b = plan->pieces; b < a; b++)
			if (overlap(a, b))
				return refuse(oops, "%s [%#llx, %#llx) overlaps %s [%#llx, %#llx)", a->what,
					      (ull)a->ipa, (ull)(a->ipa + a->span), b->what, (ull)b->ipa,
					      (ull)(b->ipa + b->span));
	return 0;
}

int plan_check(const struct plan *plan, const struct config_view *config, struct oops *oops)
{
	uint32_t i, bits = config->cell->flags & CFG_CELL_AARCH32 ? 32 : 64;
	const struct cfg_mem *mem;

	if (plan->bits && plan->bits != bits)
		return refuse(oops, "the image is for %u-bit Arm, but cell %s executes AArch%u: see arch in its config", plan->bits,
			      config->cell->name, bits);
	for (i = 0; i < plan->count; i++)
		if (check_piece(&plan->pieces[i], config, oops))
			return -1;
	if (check_overlaps(plan, oops))
		return -1;
	if (!plan->has_entry)
		return 0;
	mem = region_at(config, plan->entry);
	if (!mem || !(mem->flags & CFG_MEM_EXECUTE))
		return refuse(oops, "the entry %#llx is outside of the executable memory of cell %s", (ull)plan->entry,
			      config->cell->name);
	return 0;
}

int plan_default_base(const struct config_view *config, uint64_t *ipa, struct oops *oops)
{
	const uint32_t wanted = CFG_MEM_LOAD | CFG_MEM_EXECUTE;
	uint32_t i;

	for (i = 0; i < config->cell->mem_count; i++)
		if ((config->mem[i].flags & wanted) == wanted) {
			*ipa = config->mem[i].ipa;
			return 0;
		}
	return refuse(oops, "cell %s has no executable region with flag load to put an image into", config->cell->name);
}

static int add_blob(struct plan *plan, const char *what, struct bytes bytes, uint64_t ipa, struct oops *oops)
{
	struct piece piece = { .ipa = ipa, .data = bytes.data, .size = bytes.size, .span = bytes.size };

	snprintf(piece.what, sizeof(piece.what), "%s", what);
	return plan_add(plan, &piece, oops);
}

static int add_section(struct plan *plan, const struct cell_file *cell, uint32_t index, bool with_image,
		       struct oops *oops)
{
	static const enum image_kind kinds[] = {
		[CELLFILE_ELF] = IMAGE_ELF, [CELLFILE_ARM64_IMAGE] = IMAGE_ARM64, [CELLFILE_RAW] = IMAGE_RAW,
	};
	const struct cellfile_section *section = &cell->sections[index];
	struct bytes bytes = cellfile_section_bytes(cell, index);
	char what[28];

	switch (section->kind) {
	case CELLFILE_CONFIG:
		return 0;
	case CELLFILE_DTB:
		plan->has_arg = true;
		plan->arg = section->ipa;
		return add_blob(plan, "the device tree", bytes, section->ipa, oops);
	case CELLFILE_DATA:
		snprintf(what, sizeof(what), "section %u", index);
		return add_blob(plan, what, bytes, section->ipa, oops);
	default:
		return with_image ? plan_image(plan, kinds[section->kind], bytes, section->ipa, oops) : 0;
	}
}

int plan_cell_file(struct plan *plan, const struct cell_file *cell, bool with_image, struct oops *oops)
{
	uint32_t i;

	for (i = 0; i < cell->section_count; i++)
		if (add_section(plan, cell, i, with_image, oops))
			return -1;
	if (with_image && cell->entry != CELLFILE_ENTRY_IMAGE) {
		plan->has_entry = true;
		plan->entry = cell->entry;
	}
	return 0;
}
