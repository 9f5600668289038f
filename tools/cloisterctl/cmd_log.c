// SPDX-License-Identifier: GPL-2.0-only
/* log: what the hypervisor has to say. */
#include <stdio.h>
#include "ctl.h"

#define POLL_MS	50

/* JSON is an array, or, of what has no end, a line for each. */
struct output {
	const struct options *options;
	bool any;
};

static void print_json(struct output *output, const struct log_line *line)
{
	if (!output->options->follow)
		printf("%s  ", output->any ? ",\n" : "\n");
	output->any = true;
	if (line->text) {
		printf("{\"time\": %llu.%06llu, \"level\": \"%s\", \"text\": ", (unsigned long long)line->us / 1000000,
		       (unsigned long long)line->us % 1000000, level_names[line->level]);
		print_json_string(line->text);
		printf("}");
	} else {
		printf("{\"lost\": %llu}", (unsigned long long)line->lost);
	}
	if (output->options->follow)
		printf("\n");
}

static void print_line(void *context, const struct log_line *line)
{
	struct output *output = context;

	if (line->text && line->level > (unsigned int)output->options->level)
		return;
	if (output->options->json)
		print_json(output, line);
	else if (line->text)
		printf("%s\n", line->whole);
	else
		printf("(%llu bytes were overwritten before they could be read)\n", (unsigned long long)line->lost);
}

int cmd_log(int fd, const struct options *options, struct oops *oops)
{
	struct output output = { .options = options };
	struct log_reader reader = { .print = print_line, .context = &output };
	char buffer[CLOISTER_READ_MAX];
	uint64_t position = 0;
	bool array = options->json && !options->follow;
	long size;

	if (array)
		printf("[");
	do {
		size = device_read(fd, CLOISTER_LOG_READ, 0, buffer, &position, oops);
		if (size < 0)
			return -1;
		log_feed(&reader, buffer, size, position);
		if (options->follow && fflush(stdout))
			return refuse(oops, "the output cannot be written");
		if (options->follow && !size)
			pause_ms(POLL_MS);
	} while (options->follow || size == sizeof(buffer));	/* one that is written to without end has its end here */
	if (array)
		printf("\n]\n");
	return 0;
}
