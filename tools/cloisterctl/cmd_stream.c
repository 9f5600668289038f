// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing what a cell wrote.
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

int stream_copy(int fd, uint32_t id, uint64_t *position, bool follow, struct oops *oops)
{
	uint8_t buffer[CLOISTER_READ_MAX];
	long size;

	for (;;) {
		size = device_read(fd, CLOISTER_CELL_CONSOLE, id, buffer, position, oops);
		if (size < 0 || write_out(buffer, size, oops))
			return -1;
		if (follow ? size : size == sizeof(buffer))	/* one that writes without end has its end here */
			continue;
		if (!follow)
			return 0;
		pause_ms(POLL_MS);
	}
}
