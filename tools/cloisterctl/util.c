// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors, files, numbers and names.
 */
#include <abi/comm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ctl.h"

int refuse(struct oops *oops, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(oops->text, sizeof(oops->text), format, args);
	va_end(args);
	return -1;
}

static int read_all(int fd, const char *path, uint8_t *to, size_t size, struct oops *oops)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = read(fd, to + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse(oops, "%s cannot be read: %s", path, strerror(errno));
		if (!got)
			return refuse(oops, "%s became shorter while it was read", path);
		done += got;
	}
	return 0;
}

int read_file(const char *path, struct bytes *bytes, struct oops *oops)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	uint8_t *data = NULL;
	int ret = -1;

	if (fd < 0)
		return refuse(oops, "%s cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		refuse(oops, "%s is not a file", path);
	else if ((uint64_t)status.st_size > CELLFILE_MAX_SIZE)
		refuse(oops, "%s is larger than 4 GiB", path);
	else if (!(data = malloc(status.st_size + 1)))
		refuse(oops, "%s needs %lld bytes, which are not free", path, (long long)status.st_size);
	else
		ret = read_all(fd, path, data, status.st_size, oops);
	close(fd);
	if (ret) {
		free(data);
		return ret;
	}
	*bytes = (struct bytes){ data, status.st_size };
	return 0;
}

void free_bytes(struct bytes *bytes)
{
	free((void *)bytes->data);
	*bytes = (struct bytes){ NULL, 0 };
}

/* Decimal, or hexadecimal with 0x; with K, M or G behind it. */
int parse_number(const char *text, uint64_t *value)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t result;
	char *end;
	int shift = 0;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	result = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		end++;
	}
	if (errno || *end || result > UINT64_MAX >> shift)
		return -1;
	*value = result << shift;
	return 0;
}

bool is_file_name(const char *text)
{
	return strpbrk(text, "./") != NULL;
}

const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		"unknown", "created", "loaded", "running", "stopped", "failed", "destroying",
	};

	return names[state < ARRAY_SIZE(names) ? state : 0];
}

const char *reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[HC_REASON_NONE] = "none",
		[HC_REASON_MEMORY] = "access to an address where it has nothing",
		[HC_REASON_EXECUTE] = "instruction fetch where it may not execute",
		[HC_REASON_PANIC] = "its own panic",
		[HC_REASON_OFF] = "it switched itself off",
		[HC_REASON_RESET] = "it reset itself",
		[HC_REASON_SERROR] = "an SError",
		[HC_REASON_WATCHDOG] = "no heartbeat in the time of its watchdog",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

const char *comm_name(uint32_t comm_state)
{
	static const char *const names[] = {
		[COMM_STATE_STARTING] = "starting", [COMM_STATE_RUNNING] = "running", [COMM_STATE_STOPPED] = "stopped",
	};

	return comm_state < ARRAY_SIZE(names) ? names[comm_state] : "unknown";
}

void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

const char *cpu_list(uint64_t cpus, char *buffer, size_t size)
{
	size_t used = 0;
	int first, last;

	buffer[0] = '\0';
	for (first = 0; first < 64; first = last + 1) {
		last = first;
		if (!(cpus >> first & 1))
			continue;
		while (last < 63 && (cpus >> (last + 1) & 1))
			last++;
		used += snprintf(buffer + used, size - used, first == last ? "%s%d" : "%s%d-%d", used ? "," : "", first,
				 last);
		if (used >= size)
			break;
	}
	return buffer;
}

uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ull + time.tv_nsec / 1000000;
}

void pause_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}
