// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell console --pty: a cell's console as a pseudo terminal of the root cell's Linux, for programs that know terminals.
 * Either side waits for the other: what the cell has no room for stays in the terminal, and so does what nobody reads there;
 * of the rest the hypervisor keeps the last part.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "ctl.h"

#define POLL_MS	20

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

struct bridge {
	int fd, master;
	uint32_t id;
	uint64_t position;
	char out[CLOISTER_READ_MAX], in[CLOISTER_INPUT_MAX];
	size_t out_size, out_done, in_size;
};

static int to_terminal(struct bridge *bridge, struct oops *oops)
{
	ssize_t done;
	long size;

	if (bridge->out_done == bridge->out_size) {
		size = device_read(bridge->fd, CLOISTER_CELL_CONSOLE, bridge->id, bridge->out, &bridge->position, oops);
		if (size < 0)
			return -1;
		bridge->out_size = size;
		bridge->out_done = 0;
	}
	if (bridge->out_done == bridge->out_size)
		return 0;
	done = write(bridge->master, bridge->out + bridge->out_done, bridge->out_size - bridge->out_done);
	if (done < 0 && errno != EAGAIN && errno != EINTR)
		return refuse(oops, "the pseudo terminal cannot be written: %s", strerror(errno));
	bridge->out_done += done > 0 ? done : 0;
	return 0;
}

static int to_cell(struct bridge *bridge, struct oops *oops)
{
	ssize_t got = 0;
	long done;

	if (bridge->in_size < sizeof(bridge->in))
		got = read(bridge->master, bridge->in + bridge->in_size, sizeof(bridge->in) - bridge->in_size);
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return refuse(oops, "the pseudo terminal cannot be read: %s", strerror(errno));
	bridge->in_size += got > 0 ? got : 0;
	if (!bridge->in_size)
		return 0;
	done = console_type(bridge->fd, bridge->id, bridge->in, bridge->in_size, oops);
	if (done < 0)
		return -1;
	bridge->in_size -= done;
	memmove(bridge->in, bridge->in + done, bridge->in_size);
	return 0;
}

static int run(struct bridge *bridge, struct oops *oops)
{
	while (!ended) {
		struct pollfd master = { .fd = bridge->master };
		bool more;

		if (to_terminal(bridge, oops) || to_cell(bridge, oops))
			return -1;
		more = bridge->out_done < bridge->out_size;
		master.events = (more ? POLLOUT : 0) | (bridge->in_size ? 0 : POLLIN);
		/* what the terminal took at once may not have been all */
		if (more || !bridge->out_size || bridge->in_size)
			poll(&master, 1, POLL_MS);
	}
	return 0;
}

/* Its other side is held open here, too, lest it end with each program that closes it. */
static int open_pair(int *master, int *slave, struct oops *oops)
{
	struct termios raw;

	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*master >= 0 && !grantpt(*master) && !unlockpt(*master))
		*slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || tcgetattr(*slave, &raw))
		return refuse(oops, "there is no pseudo terminal: %s (is devpts mounted on /dev/pts?)", strerror(errno));
	cfmakeraw(&raw);
	tcsetattr(*slave, TCSANOW, &raw);
	return 0;
}

int console_pty(int fd, uint32_t id, const char *name, struct oops *oops)
{
	static struct bridge bridge;
	char link[PATH_MAX];
	int slave, result;

	bridge = (struct bridge){ .fd = fd, .id = id };
	signal(SIGINT, end);
	signal(SIGTERM, end);
	signal(SIGHUP, end);
	/* a cell without a console is refused before anything can be seen */
	if (device_read(fd, CLOISTER_CELL_CONSOLE, id, bridge.out, &bridge.position, oops) < 0 ||
	    open_pair(&bridge.master, &slave, oops))
		return -1;
	bridge.position = 0;
	mkdir("/run", 0755);
	mkdir("/run/cloister", 0700);
	snprintf(link, sizeof(link), "/run/cloister/%s.pty", name);
	unlink(link);
	if (symlink(ptsname(bridge.master), link))
		return refuse(oops, "%s cannot be made: %s", link, strerror(errno));
	printf("%s\n", ptsname(bridge.master));
	fflush(stdout);
	result = run(&bridge, oops);
	unlink(link);
	return result;
}
