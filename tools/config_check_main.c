// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypervisor's config check as a program for the host: config_check SYSTEM [CELL...]. The system is checked, each
 * cell against it, and all cells against each other and those of the system. Each problem is a line
 * "<file>: <sentence>"; the exit status is 1 when there was one, 2 when a file cannot be read.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyp/config.h>

#define CELLS_MAX	(2 * CFG_MAX_CELLS)

struct file {
	const char *name;
	void *data;
	size_t bytes;
};

struct known {
	const char *file;
	const struct cfg_cell *cell;
};

static struct known known[CELLS_MAX];
static u32 known_count;
static int problems;

static void report(const char *file, const struct hc_error *err)
{
	printf("%s: %s\n", file, err->text);
	problems++;
}

static struct file read_file(const char *name)
{
	struct file file = { name, NULL, 0 };
	FILE *stream = fopen(name, "rb");

	/* one byte more than any config may have, so that a longer file is seen to be too long */
	file.data = calloc(1, CFG_MAX_SIZE + 8);
	if (!stream || !file.data) {
		fprintf(stderr, "%s: cannot be read\n", name);
		exit(2);
	}
	file.bytes = fread(file.data, 1, CFG_MAX_SIZE + 1, stream);
	fclose(stream);
	return file;
}

static void add_cell(const char *file, const struct cfg_cell *cell)
{
	struct hc_error err;

	for (u32 i = 0; i < known_count; i++)
		if (config_check_pair(cell, known[i].cell, &err))
			report(file, &err);
	if (known_count < CELLS_MAX)
		known[known_count++] = (struct known){ file, cell };
}

static void add_system_cells(const char *file, const struct cfg_system *sys)
{
	for (u32 i = 0; i < sys->cell_count; i++)
		known[known_count++] = (struct known){ file, cfg_system_cell(sys, i) };
}

static int usage(FILE *to)
{
	fprintf(to, "usage: config_check SYSTEM [CELL...]\n"
		"Runs the hypervisor's own check on a compiled system config and on cell configs (not .cell files).\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct hc_error err;
	struct file system;

	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout);
	system = read_file(argv[1]);
	if (config_check_system(system.data, system.bytes, &err)) {
		report(system.name, &err);
		return 1;
	}
	add_system_cells(system.name, system.data);
	for (int i = 2; i < argc; i++) {
		struct file cell = read_file(argv[i]);

		if (config_check_cell(cell.data, cell.bytes, system.data, &err))
			report(cell.name, &err);
		else
			add_cell(cell.name, cell.data);
	}
	return problems ? 1 : 0;
}
