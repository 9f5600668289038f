// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell create, load, start, stop, destroy.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctl.h"

#define POLL_MS	50

/* A .cell file in memory; release with free_bytes(&..., .file). */
static int open_cell_file(const char *path, struct cell_file *cell, struct oops *oops)
{
	struct bytes file;
	struct oops why;

	if (read_file(path, &file, oops))
		return -1;
	if (!cellfile_parse(file, cell, &why))
		return 0;
	free_bytes(&file);
	return refuse(oops, "%s cannot be used: %s", path, why.text);
}

int cmd_create(int fd, const struct options *options, struct oops *oops)
{
	struct cloister_create create = { .head.size = sizeof(create) };
	struct cell_file cell;
	int ret;

	if (open_cell_file(options->argv[0], &cell, oops))
		return -1;
	create.config = (uintptr_t)cell.config;
	create.config_size = cell.config->hdr.size;
	ret = device_call(fd, CLOISTER_CELL_CREATE, &create, &create.error, oops, "create cell %s", cell.config->name);
	if (!ret)
		printf("cell %s created, number %u\n", cell.config->name, create.id);
	free_bytes(&cell.file);
	return ret;
}

/* ---- load ---- */

static int write_bytes(int fd, uint32_t id, const struct piece *piece, uint64_t ipa, const uint8_t *data, uint64_t size,
		       struct oops *oops)
{
	struct cloister_load load = {
		.head.size = sizeof(load), .id = id, .ipa = ipa, .data = (uintptr_t)data, .size = size,
	};

	if (!size)
		return 0;
	return device_call(fd, CLOISTER_CELL_LOAD, &load, &load.error, oops, "load %s", piece->what);
}

static int write_plan(int fd, uint32_t id, const struct plan *plan, struct oops *oops)
{
	const struct piece *piece;

	for (piece = plan->pieces; piece < plan->pieces + plan->count; piece++)
		if (write_bytes(fd, id, piece, piece->ipa, piece->data, piece->size, oops) ||
		    write_bytes(fd, id, piece, piece->ipa + piece->size, NULL, piece->zero, oops))
			return -1;
	return 0;
}

static int remember_entry(int fd, uint32_t id, const struct plan *plan, struct oops *oops)
{
	struct cloister_start start = {
		.head.size = sizeof(start), .id = id, .entry = plan->entry, .arg = plan->arg,
	};

	start.head.flags = (plan->has_entry ? CLOISTER_START_ENTRY : 0) | (plan->has_arg ? CLOISTER_START_ARG : 0);
	if (!start.head.flags)
		return 0;
	return device_call(fd, CLOISTER_CELL_ENTRY, &start, &start.error, oops, "set the entry");
}

static int add_image(struct plan *plan, const struct config_view *config, struct bytes image,
		     const struct options *options, struct oops *oops)
{
	enum image_kind kind = image_kind(image);
	uint64_t base = options->address;

	if (options->has_address && kind == IMAGE_ELF)
		return refuse(oops, "--addr cannot be used with an ELF image, whose segments say where they go");
	if (!options->has_address && kind != IMAGE_ELF && plan_default_base(config, &base, oops))
		return -1;
	return plan_image(plan, kind, image, base, oops);
}

/* What is to be loaded: `file` may be NULL, `image` may be empty, not both. */
static int make_plan(struct plan *plan, const struct config_view *config, const struct cell_file *file,
		     const struct bytes *image, const struct options *options, struct oops *oops)
{
	memset(plan, 0, sizeof(*plan));
	if (file && plan_cell_file(plan, file, !image->data, oops))
		return -1;
	if (image->data && add_image(plan, config, *image, options, oops))
		return -1;
	if (!plan->count)
		return refuse(oops, "there is nothing to load: the file has neither a device tree nor an image");
	return plan_check(plan, config, oops);
}

/* Unless the cell is loaded already, its memory is cleared: there is no device tree for x0 to point at. */
static int forget_arg(int fd, uint32_t id, struct plan *plan, struct oops *oops)
{
	struct cloister_cell_info info;

	if (device_info(fd, id, &info, oops))
		return -1;
	if (info.info.state == HC_STATE_LOADED)
		return 0;
	plan->has_arg = true;
	plan->arg = 0;
	fprintf(stderr, "cloisterctl: cell %s gets no device tree: for that, load its .cell file first\n",
		info.info.name);
	return 0;
}

static int load_into(int fd, const char *name, const struct cell_file *file, const struct bytes *image,
		     const struct options *options, struct oops *oops)
{
	_Alignas(8) static uint8_t buffer[CFG_MAX_CELL_SIZE];
	struct config_view config;
	struct plan plan;
	uint64_t total = 0;
	uint32_t id, i;

	if (device_find(fd, name, &id, oops) || device_config(fd, id, name, buffer, &config, oops))
		return -1;
	if (file && (file->config->hdr.size != config.cell->hdr.size ||
		     memcmp(file->config, config.cell, config.cell->hdr.size)))
		return refuse(oops, "cell %s was created from another config than the one in %s; destroy it and create "
			      "it again", name, options->argv[0]);
	if (make_plan(&plan, &config, file, image, options, oops))
		return -1;
	if (!file && forget_arg(fd, id, &plan, oops))
		return -1;
	if (write_plan(fd, id, &plan, oops) || remember_entry(fd, id, &plan, oops))
		return -1;
	for (i = 0; i < plan.count; i++)
		total += plan.pieces[i].size;
	printf("cell %s loaded, %llu bytes", name, (unsigned long long)total);
	if (plan.has_entry)
		printf(", entry 0x%llx", (unsigned long long)plan.entry);
	printf("\n");
	return 0;
}

int cmd_load(int fd, const struct options *options, struct oops *oops)
{
	const char *first = options->argv[0];
	struct bytes image = { NULL, 0 };
	struct cell_file file;
	int ret;

	if (options->argc < 2 && (!is_file_name(first) || options->has_address))
		return refuse(oops, "there is no image to load: give a .cell file, or a cell's name and an image");
	if (options->argc > 1 && read_file(options->argv[1], &image, oops))
		return -1;
	if (!is_file_name(first)) {
		ret = load_into(fd, first, NULL, &image, options, oops);
	} else {
		ret = open_cell_file(first, &file, oops);
		if (!ret) {
			ret = load_into(fd, file.config->name, &file, &image, options, oops);
			free_bytes(&file.file);
		}
	}
	free_bytes(&image);
	return ret;
}

/* ---- start, stop, destroy ---- */

static int wait_for_end(int fd, uint32_t id, const struct options *options, struct oops *oops)
{
	uint64_t waited = 0;
	struct cloister_cell_info info;

	do {
		if (device_info(fd, id, &info, oops))
			return -1;
		if (info.info.state != HC_STATE_RUNNING)
			break;
		if (options->has_timeout && waited >= options->timeout * 1000)
			return refuse(oops, "cell %s still runs after %llu seconds", info.info.name,
				      (unsigned long long)options->timeout);
		pause_ms(POLL_MS);
		waited += POLL_MS;
	} while (true);
	if (info.info.state == HC_STATE_FAILED)
		return refuse(oops, "cell %s failed: %s (0x%llx) at 0x%llx", info.info.name,
			      reason_name(info.info.reason), (unsigned long long)info.info.info,
			      (unsigned long long)info.info.pc);
	printf("cell %s is %s: %s\n", info.info.name, state_name(info.info.state), reason_name(info.info.reason));
	return 0;
}

int cmd_start(int fd, const struct options *options, struct oops *oops)
{
	struct cloister_start start = {
		.head.size = sizeof(start), .entry = options->entry, .arg = options->arg,
	};
	const char *name = options->argv[0];

	start.head.flags = (options->has_entry ? CLOISTER_START_ENTRY : 0) |
			   (options->has_arg ? CLOISTER_START_ARG : 0);
	if (device_find(fd, name, &start.id, oops) ||
	    device_call(fd, CLOISTER_CELL_START, &start, &start.error, oops, "start cell %s", name))
		return -1;
	printf("cell %s started\n", name);
	fflush(stdout);
	return options->wait ? wait_for_end(fd, start.id, options, oops) : 0;
}

static int simple(int fd, const char *name, unsigned long request, const char *verb, const char *done,
		  struct oops *oops)
{
	struct cloister_op op = { .head.size = sizeof(op) };

	if (device_find(fd, name, &op.id, oops) ||
	    device_call(fd, request, &op, &op.error, oops, "%s cell %s", verb, name))
		return -1;
	printf("cell %s %s\n", name, done);
	return 0;
}

int cmd_stop(int fd, const struct options *options, struct oops *oops)
{
	return simple(fd, options->argv[0], CLOISTER_CELL_STOP, "stop", "stopped", oops);
}

int cmd_destroy(int fd, const struct options *options, struct oops *oops)
{
	return simple(fd, options->argv[0], CLOISTER_CELL_DESTROY, "destroy", "destroyed", oops);
}
