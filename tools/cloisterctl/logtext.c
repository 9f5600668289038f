// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypervisor's log as lines: "[   12.345678] W cell rtos0: ...". It comes in pieces of any size, and where a reader was
 * too slow a part is missing.
 */
#include <stdio.h>
#include <string.h>
#include "ctl.h"

const char *const level_names[LEVELS] = { "error", "warning", "info", "debug" };

int level_number(const char *name)
{
	int level;

	for (level = 0; level < LEVELS; level++)
		if (!strcmp(name, level_names[level]) || (name[0] == level_names[level][0] && !name[1]))
			return level;
	return -1;
}

static bool parse(const char *whole, struct log_line *line)
{
	static const char letters[] = "EWID";
	unsigned long long seconds, us;
	const char *letter;
	char found;
	int length = 0;

	if (sscanf(whole, "[%llu.%6llu] %c %n", &seconds, &us, &found, &length) != 3 || !length)
		return false;
	letter = strchr(letters, found);
	if (!letter || !*letter)
		return false;
	*line = (struct log_line){
		.level = letter - letters, .us = seconds * 1000000 + us, .text = whole + length, .whole = whole,
	};
	return true;
}

/* One that is not like the others came with a panic: that is important. */
static void end_line(struct log_reader *reader)
{
	struct log_line line;

	reader->line[reader->used] = '\0';
	if (!parse(reader->line, &line)) {
		line = (struct log_line){ .level = LEVEL_ERROR, .text = reader->line, .whole = reader->line };
		if (reader->cut)
			line.text = NULL;
	}
	if (line.text)
		reader->print(reader->context, &line);
	reader->used = 0;
	reader->cut = false;
}

static void skip(struct log_reader *reader, uint64_t to)
{
	struct log_line line = { .lost = to - reader->position };

	if (reader->position)
		reader->print(reader->context, &line);
	reader->used = 0;
	reader->cut = true;
}

void log_feed(struct log_reader *reader, const char *text, size_t size, uint64_t end)
{
	size_t i;

	if (end - size > reader->position)
		skip(reader, end - size);
	for (i = 0; i < size; i++) {
		if (text[i] == '\n')
			end_line(reader);
		else if (reader->used < sizeof(reader->line) - 1)
			reader->line[reader->used++] = text[i];
	}
	reader->position = end;
}
