// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's ioctls, and what their failures mean in words.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "ctl.h"

int device_open(struct oops *oops)
{
	int fd = open(CLOISTER_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return refuse(oops, "there is no " CLOISTER_DEVICE ": load the module `cloister` in the root cell first");
	if (errno == EACCES || errno == EPERM)
		return refuse(oops, CLOISTER_DEVICE " is for root only");
	return refuse(oops, CLOISTER_DEVICE " cannot be opened: %s", strerror(errno));
}

static const char *reason(int code)
{
	switch (code) {
	case ENOENT:
		return "there is no such cell";
	case ENODATA:
		return "it was not made from here, so its config is not known";
	case ENOTTY:
	case E2BIG:
		return "the driver is older than cloisterctl and does not know that";
	case EINVAL:
		return "the driver or the hypervisor refuses the arguments";
	case ENOMEM:
		return "there is no memory left";
	case EAGAIN:
		return "it does not take more just now";
	default:
		return strerror(code);
	}
}

int device_call(int fd, unsigned long request, void *argument, const struct hc_error *error, struct oops *oops,
		const char *doing, ...)
{
	char what[96];
	va_list args;
	int code;

	if (!ioctl(fd, request, argument))
		return 0;
	code = errno;
	va_start(args, doing);
	vsnprintf(what, sizeof(what), doing, args);
	va_end(args);
	if (error && error->text[0])
		refuse(oops, "cannot %s: %.*s", what, (int)sizeof(error->text), error->text);
	else
		refuse(oops, "cannot %s: %s", what, reason(code));
	errno = code;
	return -1;
}

int device_find(int fd, const char *name, uint32_t *id, struct oops *oops)
{
	struct cloister_find find = { .head.size = sizeof(find) };

	if (strlen(name) >= sizeof(find.name))
		return refuse(oops, "there is no cell %s: names have at most %zu characters", name,
			      sizeof(find.name) - 1);
	memcpy(find.name, name, strlen(name));
	if (ioctl(fd, CLOISTER_CELL_FIND, &find)) {
		if (errno == ENOENT)
			return refuse(oops, "there is no cell %s", name);
		return refuse(oops, "cannot look up cell %s: %s", name, reason(errno));
	}
	*id = find.id;
	return 0;
}

int device_info(int fd, uint32_t id, struct cloister_cell_info *info, struct oops *oops)
{
	memset(info, 0, sizeof(*info));
	info->head.size = sizeof(*info);
	info->id = id;
	return device_call(fd, CLOISTER_CELL_INFO, info, NULL, oops, "read the state of cell number %u", id);
}

int device_system(int fd, struct hc_system_info *info, struct oops *oops)
{
	struct cloister_system_info system = { .head.size = sizeof(system) };

	if (device_call(fd, CLOISTER_SYSTEM_INFO, &system, NULL, oops, "ask the hypervisor about the system"))
		return -1;
	*info = system.info;
	return 0;
}

long device_read(int fd, unsigned long request, uint32_t id, void *buffer, uint64_t *position, struct oops *oops)
{
	struct cloister_read read = {
		.head.size = sizeof(read), .id = id, .size = CLOISTER_READ_MAX, .data = (uintptr_t)buffer, .position = *position,
	};

	if (device_call(fd, request, &read, NULL, oops, "read %s",
			request == CLOISTER_LOG_READ ? "the hypervisor's log" : "the cell's console"))
		return -1;
	*position = read.position;
	return read.size;
}

int device_cpu(int fd, uint32_t id, uint32_t n, struct hc_cpu_info *info, struct oops *oops)
{
	struct cloister_cpu_info cpu = { .head.size = sizeof(cpu), .id = id, .n = n };

	if (device_call(fd, CLOISTER_CELL_CPU, &cpu, NULL, oops, "read the counters of a CPU of cell number %u", id))
		return errno == EINVAL ? 0 : errno == ENODATA ? 2 : -1;
	*info = cpu.info;
	return 1;
}

int device_config(int fd, uint32_t id, const char *name, void *buffer, struct config_view *view, struct oops *oops)
{
	struct cloister_config request = {
		.head.size = sizeof(request), .id = id, .size = CFG_MAX_CELL_SIZE, .data = (uintptr_t)buffer,
	};

	if (device_call(fd, CLOISTER_CELL_CONFIG, &request, NULL, oops, "read the config of cell %s", name))
		return -1;
	return config_view((struct bytes){ buffer, request.size }, view, oops);
}
