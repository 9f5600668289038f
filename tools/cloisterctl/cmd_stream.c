// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing what cells and the hypervisor wrote; and the command for the latter: log.
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

int stream_copy(int fd, unsigned long request, uint32_t id, uint64_t *position, bool follow, const char *what, struct oops *oops)
{
	uint8_t buffer[CLOISTER_READ_MAX];

	for (;;) {
		struct cloister_read read = {
			.head.size = sizeof(read), .id = id, .size = sizeof(buffer), .data = (uintptr_t)buffer,
			.position = *position,
		};

		if (device_call(fd, request, &read, NULL, oops, "read %s", what))
			return -1;
		if (write_out(buffer, read.size, oops))
			return -1;
		*position = read.position;
		if (follow ? read.size : read.size == sizeof(buffer))	/* one that writes without end has its end here */
			continue;
		if (!follow)
			return 0;
		pause_ms(POLL_MS);
	}
}

int cmd_log(int fd, const struct options *options, struct oops *oops)
{
	uint64_t position = 0;

	return stream_copy(fd, CLOISTER_LOG_READ, 0, &position, options->follow, "the hypervisor's log", oops);
}
