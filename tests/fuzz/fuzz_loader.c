// SPDX-License-Identifier: GPL-2.0-only
/*
 * cloisterctl's parsers: whatever the bytes are, nothing outside of them is read, and what a plan that passes the check
 * would write is inside of the input and of a LOAD region.
 */
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

static const struct {
	struct cfg_cell cell;
	struct cfg_mem mem;
} config = {
	.cell = { .hdr = { CFG_MAGIC, CFG_REVISION, CFG_KIND_CELL, sizeof(config), 0, 0 }, .name = "fuzz", .mem_count = 1 },
	.mem = { "ram", 0, 0x40000000, 0x1000000, CFG_MEM_READ | CFG_MEM_EXECUTE | CFG_MEM_LOAD },
};

static void check_plan(const struct plan *plan, const struct config_view *view, const uint8_t *data, size_t size)
{
	const struct piece *piece;
	struct oops oops;

	if (plan_check(plan, view, &oops))
		return;
	for (piece = plan->pieces; piece < plan->pieces + plan->count; piece++)
		if (piece->size && (piece->data < data || piece->data + piece->size > data + size))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct config_view view;
	struct cell_file cell;
	struct plan plan = { 0 };
	struct oops oops;
	uint8_t *aligned;

	if (config_view((struct bytes){ (const void *)&config, sizeof(config) }, &view, &oops))
		abort();
	if (!plan_image(&plan, image_kind(bytes), bytes, 0x40000000, &oops))
		check_plan(&plan, &view, data, size);

	aligned = malloc(size + 1);
	memcpy(aligned, data, size);
	memset(&plan, 0, sizeof(plan));
	if (!cellfile_parse((struct bytes){ aligned, size }, &cell, &oops) &&
	    !config_view((struct bytes){ (const void *)cell.config, cell.config->hdr.size }, &view, &oops) &&
	    !plan_cell_file(&plan, &cell, true, &oops))
		check_plan(&plan, &view, aligned, size);
	free(aligned);
	return 0;
}
