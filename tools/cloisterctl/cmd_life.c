// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell create, load, start, stop, destroy, restart, watch.
 */
#include <abi/comm.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctl.h"

#define POLL_MS		20
#define WATCH_MS	200
#define ANSWER_MS	5000		/* for a cell that is asked to stop */
#define WARDS_MAX	64

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

/* What was loaded last into a cell, as arguments of `load`, one a line: for `restart`. */
static void memory_path(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/run/cloister/%s", name);
}

/* That it cannot be remembered is no reason to fail: `restart` says so when it is asked. */
static void remember(const char *name, const struct options *options)
{
	char path[PATH_MAX], full[PATH_MAX];
	FILE *file;
	int i;

	mkdir("/run", 0755);
	mkdir("/run/cloister", 0700);
	memory_path(name, path);
	unlink(path);
	if (options->has_address)
		return;
	file = fopen(path, "w");
	if (!file)
		return;
	for (i = 0; i < options->argc; i++)
		fprintf(file, "%s\n", is_file_name(options->argv[i]) && realpath(options->argv[i], full) ? full : options->argv[i]);
	fclose(file);
}

static int load_cell_file(int fd, const struct bytes *image, const struct options *options, struct oops *oops)
{
	struct cell_file file;
	int ret;

	if (open_cell_file(options->argv[0], &file, oops))
		return -1;
	ret = load_into(fd, file.config->name, &file, image, options, oops);
	if (!ret)
		remember(file.config->name, options);
	free_bytes(&file.file);
	return ret;
}

int cmd_load(int fd, const struct options *options, struct oops *oops)
{
	const char *first = options->argv[0];
	struct bytes image = { NULL, 0 };
	int ret;

	if (options->argc < 2 && (!is_file_name(first) || options->has_address))
		return refuse(oops, "there is no image to load: give a .cell file, or a cell's name and an image");
	if (options->argc > 1 && read_file(options->argv[1], &image, oops))
		return -1;
	if (is_file_name(first)) {
		ret = load_cell_file(fd, &image, options, oops);
	} else {
		ret = load_into(fd, first, NULL, &image, options, oops);
		if (!ret)
			remember(first, options);
	}
	free_bytes(&image);
	return ret;
}

/* ---- start, stop, destroy ---- */

static bool is_time_up(const struct options *options, uint64_t begin, uint64_t otherwise)
{
	return now_ms() - begin >= (options->has_timeout ? options->timeout : otherwise);
}

static int ended(const struct hc_cell_info *info, struct oops *oops)
{
	return refuse(oops, "cell %s %s: %s (0x%llx) at 0x%llx", info->name, info->state == HC_STATE_FAILED ? "failed" :
		      "does not run any more", reason_name(info->reason), (unsigned long long)info->info,
		      (unsigned long long)info->pc);
}

static int wait_until_up(int fd, uint32_t id, const struct options *options, struct oops *oops)
{
	uint64_t begin = now_ms();
	struct cloister_cell_info info;

	for (;;) {
		if (device_info(fd, id, &info, oops))
			return -1;
		if (info.info.state != HC_STATE_RUNNING)
			return ended(&info.info, oops);
		if (info.info.comm.version == COMM_VERSION && info.info.comm.state == COMM_STATE_RUNNING)
			break;
		if (is_time_up(options, begin, UINT64_MAX))
			return refuse(oops, "cell %s has not said that it is up for %llu ms; it goes on", info.info.name,
				      (unsigned long long)options->timeout);
		pause_ms(POLL_MS);
	}
	printf("cell %s is up\n", info.info.name);
	return 0;
}

/* Whether it can say that it is up is asked before it is started. */
static int check_can_wait(int fd, uint32_t id, const char *name, struct oops *oops)
{
	_Alignas(8) static uint8_t buffer[CFG_MAX_CELL_SIZE];
	struct config_view config;

	if (device_config(fd, id, name, buffer, &config, oops))
		return -1;
	return config.cell->comm_ipa ? 0 : refuse(oops, "cell %s has no communication page (`comm: true` in its config), so "
						  "--wait would wait for ever", name);
}

static int start(int fd, const char *name, const struct options *options, struct oops *oops)
{
	struct cloister_start start = {
		.head.size = sizeof(start), .entry = options->entry, .arg = options->arg,
	};

	start.head.flags = (options->has_entry ? CLOISTER_START_ENTRY : 0) |
			   (options->has_arg ? CLOISTER_START_ARG : 0);
	if (device_find(fd, name, &start.id, oops) ||
	    (options->wait && check_can_wait(fd, start.id, name, oops)) ||
	    device_call(fd, CLOISTER_CELL_START, &start, &start.error, oops, "start cell %s", name))
		return -1;
	printf("cell %s started\n", name);
	fflush(stdout);
	return options->wait ? wait_until_up(fd, start.id, options, oops) : 0;
}

int cmd_start(int fd, const struct options *options, struct oops *oops)
{
	return start(fd, options->argv[0], options, oops);
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

static bool answered(const struct hc_cell_info *info)
{
	return info->state != HC_STATE_RUNNING || info->comm.state == COMM_STATE_STOPPED;
}

/* Asks, and waits for the answer. What the cell has to say to that is all the same to whoever stops it then. */
static int ask_to_stop(int fd, struct cloister_cell_info *info, const struct options *options, struct oops *oops)
{
	struct cloister_op op = { .head = { sizeof(op), CLOISTER_STOP_ASK }, .id = info->id };
	uint64_t begin = now_ms();

	if (device_call(fd, CLOISTER_CELL_STOP, &op, &op.error, oops, "ask cell %s to stop", info->info.name))
		return -1;
	do {
		pause_ms(POLL_MS);
		if (device_info(fd, info->id, info, oops))
			return -1;
	} while (!answered(&info->info) && !is_time_up(options, begin, ANSWER_MS));
	if (!answered(&info->info))
		fprintf(stderr, "cloisterctl: cell %s was asked to stop and has not answered; it is forced to\n", info->info.name);
	return 0;
}

static int stop(int fd, const char *name, const struct options *options, struct oops *oops)
{
	struct cloister_cell_info info;
	uint32_t id;

	if (device_find(fd, name, &id, oops) || device_info(fd, id, &info, oops))
		return -1;
	if (!options->force && info.info.state == HC_STATE_RUNNING && info.info.comm.version == COMM_VERSION &&
	    ask_to_stop(fd, &info, options, oops))
		return -1;
	if (info.info.state != HC_STATE_STOPPED || info.info.reason == HC_REASON_NONE)
		return simple(fd, name, CLOISTER_CELL_STOP, "stop", "stopped", oops);
	printf("cell %s stopped: %s\n", name, reason_name(info.info.reason));
	return 0;
}

int cmd_stop(int fd, const struct options *options, struct oops *oops)
{
	return stop(fd, options->argv[0], options, oops);
}

int cmd_destroy(int fd, const struct options *options, struct oops *oops)
{
	return simple(fd, options->argv[0], CLOISTER_CELL_DESTROY, "destroy", "destroyed", oops);
}

/* ---- restart, watch ---- */

/* The arguments of the last `load` of that cell into `options`; the strings are in `text`. */
static int recall(const char *name, char *argv[2], char text[2][PATH_MAX], struct options *options, struct oops *oops)
{
	char path[PATH_MAX];
	FILE *file;

	memory_path(name, path);
	file = fopen(path, "r");
	if (!file)
		return refuse(oops, "it is not known what was loaded into cell %s: give its .cell file", name);
	options->argv = argv;
	for (options->argc = 0; options->argc < 2 && fgets(text[options->argc], PATH_MAX, file); options->argc++) {
		text[options->argc][strcspn(text[options->argc], "\n")] = '\0';
		argv[options->argc] = text[options->argc];
	}
	fclose(file);
	return options->argc ? 0 : refuse(oops, "%s is empty", path);
}

static int name_of(const char *path, char name[CL_NAME_LEN], struct oops *oops)
{
	struct cell_file file;

	if (open_cell_file(path, &file, oops))
		return -1;
	memcpy(name, file.config->name, CL_NAME_LEN);
	free_bytes(&file.file);
	return 0;
}

int cmd_restart(int fd, const struct options *options, struct oops *oops)
{
	static char text[2][PATH_MAX];
	char name[CL_NAME_LEN], *argv[2];
	struct options load = *options;
	struct cloister_cell_info info;
	uint32_t id;

	if (!is_file_name(options->argv[0]))
		snprintf(name, sizeof(name), "%s", options->argv[0]);
	else if (name_of(options->argv[0], name, oops))
		return -1;
	if (options->argc == 1 && !is_file_name(options->argv[0]) && recall(name, argv, text, &load, oops))
		return -1;
	if (device_find(fd, name, &id, oops) || device_info(fd, id, &info, oops))
		return -1;
	if (info.info.state == HC_STATE_RUNNING && stop(fd, name, options, oops))
		return -1;
	return cmd_load(fd, &load, oops) || start(fd, name, options, oops) ? -1 : 0;
}

/* A cell that `watch` looks after. */
struct ward {
	char *path;
	char name[CL_NAME_LEN];
	uint32_t policy, limit, seconds, restarts;
	uint64_t begin;			/* of the time in which `restarts` are counted */
	bool given_up;
};

static int open_ward(struct ward *ward, char *path, struct oops *oops)
{
	struct cell_file file;

	if (open_cell_file(path, &file, oops))
		return -1;
	*ward = (struct ward){ .path = path, .policy = file.config->restart, .limit = file.config->restart_limit,
			       .seconds = file.config->restart_seconds };
	memcpy(ward->name, file.config->name, sizeof(ward->name));
	free_bytes(&file.file);
	if (ward->policy == CFG_RESTART_NEVER)
		return refuse(oops, "the config of cell %s says `restart: never`", ward->name);
	return 0;
}

/* Stopped without a reason was stopped from here; so was what switched itself off when it was asked to stop. */
static bool wants_restart(const struct ward *ward, const struct hc_cell_info *info)
{
	if (info->state == HC_STATE_STOPPED && info->reason == HC_REASON_OFF)
		return ward->policy == CFG_RESTART_ALWAYS && !info->info;
	return info->state == HC_STATE_FAILED || (info->state == HC_STATE_STOPPED && info->reason != HC_REASON_NONE);
}

static bool may_restart(struct ward *ward)
{
	if (now_ms() - ward->begin >= ward->seconds * 1000ull) {
		ward->begin = now_ms();
		ward->restarts = 0;
	}
	return ward->restarts++ < ward->limit;
}

/* What goes wrong with one of them is said, and the others are looked after. */
static void look_after(int fd, struct ward *ward)
{
	struct options load = { .argc = 1, .argv = &ward->path };
	struct cloister_cell_info info;
	struct oops oops;
	uint32_t id;

	if (device_find(fd, ward->name, &id, &oops) || device_info(fd, id, &info, &oops) || !wants_restart(ward, &info.info)) {
		ward->given_up = false;
		return;
	}
	if (ward->given_up)
		return;
	ended(&info.info, &oops);
	printf("%s\n", oops.text);
	ward->given_up = !may_restart(ward);
	if (ward->given_up)
		printf("cell %s is left alone: it was restarted %u times in %u seconds\n", ward->name, ward->limit, ward->seconds);
	else if (cmd_load(fd, &load, &oops) || start(fd, ward->name, &load, &oops))
		fprintf(stderr, "cloisterctl: %s\n", oops.text);
	fflush(stdout);
}

int cmd_watch(int fd, const struct options *options, struct oops *oops)
{
	static struct ward wards[WARDS_MAX];
	int i;

	for (i = 0; i < options->argc; i++)
		if (open_ward(&wards[i], options->argv[i], oops))
			return -1;
	for (;;) {
		for (i = 0; i < options->argc; i++)
			look_after(fd, &wards[i]);
		pause_ms(WATCH_MS);
	}
}
