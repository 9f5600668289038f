// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell console: prints what a cell wrote, or types to it; from a terminal, to a terminal, both until the escape character.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "ctl.h"

#define POLL_MS		20
#define PATIENCE	50	/* polls for a cell that takes nothing: a second */
#define ESCAPE		0x1d	/* Ctrl-] */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static int no_console(struct oops *oops)
{
	return refuse(oops, "the cell has no console that can be read from here: its config gives it none");
}

long console_type(int fd, uint32_t id, const char *text, size_t size, struct oops *oops)
{
	struct cloister_input input = {
		.head.size = sizeof(input), .id = id, .data = (uintptr_t)text,
		.size = size < CLOISTER_INPUT_MAX ? size : CLOISTER_INPUT_MAX,
	};

	if (!device_call(fd, CLOISTER_CELL_INPUT, &input, NULL, oops, "type to the cell's console"))
		return input.size;
	return errno == EAGAIN ? 0 : errno == ENODATA ? no_console(oops) : -1;
}

static int send_text(int fd, uint32_t id, const char *text, struct oops *oops)
{
	size_t left = strlen(text);
	int patience = PATIENCE;

	while (left) {
		long done = console_type(fd, id, text, left, oops);

		if (done < 0 || (!done && !patience--))
			return -1;
		if (!done)
			pause_ms(POLL_MS);
		else
			patience = PATIENCE;
		text += done;
		left -= done;
	}
	return 0;
}

static int print(int fd, uint32_t id, uint64_t *position, bool follow, struct oops *oops)
{
	if (!stream_copy(fd, id, position, follow, oops))
		return 0;
	return errno == ENODATA ? no_console(oops) : -1;
}

/* What was typed and is not the cell's yet; what does not fit is lost, as with any UART that nobody reads. */
struct keys {
	char text[256];
	size_t used;
};

/* False: the escape character, or there is nobody any more. */
static bool read_keys(struct keys *keys)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char text[sizeof(keys->text)];
	const char *escape;
	ssize_t size;

	if (poll(&input, 1, POLL_MS) <= 0)
		return !ended;
	size = read(STDIN_FILENO, text, sizeof(text));
	if (size <= 0)
		return false;
	escape = memchr(text, ESCAPE, size);
	if (escape)
		size = escape - text;
	if ((size_t)size > sizeof(keys->text) - keys->used)
		size = sizeof(keys->text) - keys->used;
	memcpy(keys->text + keys->used, text, size);
	keys->used += size;
	return !escape;
}

static int converse(int fd, uint32_t id, struct oops *oops)
{
	struct keys keys = { .used = 0 };
	uint64_t position = 0;
	bool more = true;
	long done;

	while (more) {
		if (print(fd, id, &position, false, oops))
			return -1;
		more = read_keys(&keys);
		done = keys.used ? console_type(fd, id, keys.text, keys.used, oops) : 0;
		if (done < 0)
			return -1;
		keys.used -= done;
		memmove(keys.text, keys.text + done, keys.used);
	}
	return 0;
}

/* Each key goes to the cell as it is; lines that come from it still get their carriage return. */
static int attach(int fd, uint32_t id, const char *name, struct oops *oops)
{
	struct termios before, raw;
	int result;

	if (tcgetattr(STDIN_FILENO, &before))
		return refuse(oops, "the terminal cannot be set up: %s", strerror(errno));
	raw = before;
	cfmakeraw(&raw);
	raw.c_oflag = before.c_oflag;
	fprintf(stderr, "cell %s: Ctrl-] ends\n", name);
	signal(SIGTERM, end);
	signal(SIGHUP, end);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	result = converse(fd, id, oops);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fprintf(stderr, "\n");
	return result;
}

int cmd_console(int fd, const struct options *options, struct oops *oops)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	uint64_t position = 0;
	uint32_t id;

	if (device_find(fd, options->argv[0], &id, oops))
		return -1;
	if (options->send && send_text(fd, id, options->send, oops))
		return -1;
	if (options->pty && console_pty(fd, id, options->argv[0], oops))
		return errno == ENODATA ? no_console(oops) : -1;
	if (options->pty)
		return 0;
	if (options->send && !options->follow)
		return 0;
	if (terminal && !options->follow)
		return attach(fd, id, options->argv[0], oops);
	return print(fd, id, &position, options->follow, oops);
}
