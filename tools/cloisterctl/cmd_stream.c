// SPDX-License-Identifier: GPL-2.0-only
/*
 * What cells and the hypervisor print: cell console, log.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "ctl.h"

#define POLL_MS	50

static int write_out(const uint8_t *data, size_t size, struct oops *oops)
{
	ssize_t done;

	for (; size; data += done, size -= done) {
		done = write(STDOUT_FILENO, data, size);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return refuse(oops, "the output cannot be written: %s", strerror(errno));
	}
	return 0;
}

static int no_console(struct oops *oops)
{
	return refuse(oops, "the cell has no console that can be read from here: its config gives it none");
}

/* Prints what there is from the oldest byte kept; with `follow`, then what comes. */
static int copy_stream(int fd, unsigned long request, uint32_t id, bool follow, const char *what, struct oops *oops)
{
	uint8_t buffer[CLOISTER_READ_MAX];
	uint64_t position = 0;

	for (;;) {
		struct cloister_read read = {
			.head.size = sizeof(read), .id = id, .size = sizeof(buffer), .data = (uintptr_t)buffer,
			.position = position,
		};

		if (device_call(fd, request, &read, NULL, oops, "read %s", what))
			return errno == ENODATA ? no_console(oops) : -1;
		if (write_out(buffer, read.size, oops))
			return -1;
		position = read.position;
		if (read.size)
			continue;
		if (!follow)
			return 0;
		pause_ms(POLL_MS);
	}
}

static int send_text(int fd, uint32_t id, const char *text, struct oops *oops)
{
	size_t left = strlen(text);

	while (left) {
		struct cloister_input input = {
			.head.size = sizeof(input), .id = id, .data = (uintptr_t)text,
			.size = left < CLOISTER_INPUT_MAX ? left : CLOISTER_INPUT_MAX,
		};

		if (device_call(fd, CLOISTER_CELL_INPUT, &input, NULL, oops, "type to the cell's console"))
			return errno == ENODATA ? no_console(oops) : -1;
		text += input.size;
		left -= input.size;
	}
	return 0;
}

int cmd_console(int fd, const struct options *options, struct oops *oops)
{
	uint32_t id;

	if (device_find(fd, options->argv[0], &id, oops))
		return -1;
	if (options->send) {
		if (send_text(fd, id, options->send, oops))
			return -1;
		if (!options->follow)
			return 0;
	}
	return copy_stream(fd, CLOISTER_CELL_CONSOLE, id, options->follow, "the cell's console", oops);
}

int cmd_log(int fd, const struct options *options, struct oops *oops)
{
	return copy_stream(fd, CLOISTER_LOG_READ, 0, options->follow, "the hypervisor's log", oops);
}
