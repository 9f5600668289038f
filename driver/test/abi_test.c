// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries to break the driver's ioctls from user space: every wrong argument must be refused with the error of
 * Documentation/driver-abi.md, and nothing may have changed. Runs in the root cell and prints KTAP; needs no cell to
 * exist, and touches none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <abi/config.h>
#include "cloister_ioctl.h"

#define TESTS		14
#define NO_CELL		63
#define FUZZ_ROUNDS	20000

static int fd;
static int number, failures;
static const char *problem;

#define EXPECT(condition)	do { if (!(condition) && !problem) problem = #condition; } while (0)

static void report(const char *name)
{
	if (problem)
		printf("# %s: expected %s, errno %d (%s)\n", name, problem, errno, strerror(errno));
	printf("%sok %d - %s\n", problem ? "not " : "", ++number, name);
	failures += problem != NULL;
	problem = NULL;
}

static int error_of(int file, unsigned long request, void *argument)
{
	return ioctl(file, request, argument) ? errno : 0;
}

static unsigned long resized(unsigned long request, unsigned int size)
{
	return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size);
}

static void unknown_commands(void)
{
	struct cloister_version version = { .head.size = sizeof(version) };

	EXPECT(error_of(fd, _IOWR(CLOISTER_IOC_TYPE, 127, version), &version) == ENOTTY);
	EXPECT(error_of(fd, _IOWR(CLOISTER_IOC_TYPE, 255, version), &version) == ENOTTY);
	EXPECT(error_of(fd, _IOWR(0xc0, 0, version), &version) == ENOTTY);
	EXPECT(error_of(fd, _IOR(CLOISTER_IOC_TYPE, 0, version), &version) == ENOTTY);
	EXPECT(error_of(fd, 0, &version) == ENOTTY);
	report("unknown commands");
}

static void sizes(void)
{
	struct { struct cloister_version version; unsigned int more; } longer = { 0 };
	struct cloister_version version = { .head.size = sizeof(version) };

	EXPECT(error_of(fd, CLOISTER_VERSION, &version) == 0);
	EXPECT(version.abi >> 16 == CLOISTER_ABI_MAJOR);
	version.head.size--;
	EXPECT(error_of(fd, CLOISTER_VERSION, &version) == EINVAL);
	EXPECT(error_of(fd, resized(CLOISTER_VERSION, 8), &version) == EINVAL);
	EXPECT(error_of(fd, resized(CLOISTER_VERSION, 0), &version) == EINVAL);
	longer.version.head.size = sizeof(longer);
	EXPECT(error_of(fd, resized(CLOISTER_VERSION, sizeof(longer)), &longer) == 0);
	longer.more = 1;
	EXPECT(error_of(fd, resized(CLOISTER_VERSION, sizeof(longer)), &longer) == E2BIG);
	report("sizes of arguments");
}

static void flags_and_reserved(void)
{
	struct cloister_version version = { .head = { sizeof(version), 1 } };
	struct cloister_start start = { .head = { sizeof(start), 4 }, .id = NO_CELL };
	struct cloister_op op = { .head = { sizeof(op), 0 }, .id = NO_CELL, .reserved = 1 };
	struct cloister_load load = { .head = { sizeof(load), 0 }, .id = NO_CELL, .reserved = 1 };

	EXPECT(error_of(fd, CLOISTER_VERSION, &version) == EINVAL);
	EXPECT(error_of(fd, CLOISTER_CELL_START, &start) == EINVAL);
	start.head.flags = 0;
	start.reserved = 1;
	EXPECT(error_of(fd, CLOISTER_CELL_START, &start) == EINVAL);
	EXPECT(error_of(fd, CLOISTER_CELL_ENTRY, &start) == EINVAL);
	EXPECT(error_of(fd, CLOISTER_CELL_STOP, &op) == EINVAL);
	EXPECT(error_of(fd, CLOISTER_CELL_DESTROY, &op) == EINVAL);
	EXPECT(error_of(fd, CLOISTER_CELL_LOAD, &load) == EINVAL);
	report("unknown flags and reserved fields");
}

static void bad_pointers(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cloister_op *op = page;
	struct cloister_read read = { .head.size = sizeof(read), .size = 16, .data = 8 };

	EXPECT(error_of(fd, CLOISTER_VERSION, NULL) == EFAULT);
	EXPECT(error_of(fd, CLOISTER_VERSION, (void *)-64) == EFAULT);
	op->head.size = sizeof(*op);
	op->id = NO_CELL;
	mprotect(page, 4096, PROT_READ);
	EXPECT(error_of(fd, CLOISTER_CELL_DESTROY, op) == EFAULT);	/* and not ENOENT: checked first */
	munmap(page, 4096);
	EXPECT(error_of(fd, CLOISTER_LOG_READ, &read) == EFAULT);
	report("arguments that cannot be read or written");
}

static void read_only(void)
{
	struct cloister_version version = { .head.size = sizeof(version) };
	struct cloister_create create = { .head.size = sizeof(create) };
	struct cloister_op op = { .head.size = sizeof(op), .id = NO_CELL };
	int file = open(CLOISTER_DEVICE, O_RDONLY);

	EXPECT(file >= 0);
	EXPECT(error_of(file, CLOISTER_VERSION, &version) == 0);
	EXPECT(error_of(file, CLOISTER_CELL_CREATE, &create) == EACCES);
	EXPECT(error_of(file, CLOISTER_CELL_STOP, &op) == EACCES);
	EXPECT(error_of(file, CLOISTER_CELL_DESTROY, &op) == EACCES);
	close(file);
	report("a file that is open for reading only");
}

static int create(const void *config, cl_u32 size, char *sentence)
{
	struct cloister_create argument = {
		.head.size = sizeof(argument), .config = (uintptr_t)config, .config_size = size,
	};
	int code = error_of(fd, CLOISTER_CELL_CREATE, &argument);

	strcpy(sentence, argument.error.text);
	return code;
}

static void config_sizes(void)
{
	static unsigned char bytes[CFG_MAX_CELL_SIZE + 8];
	char sentence[sizeof(struct hc_error)];

	EXPECT(create(bytes, 0, sentence) == EINVAL);
	EXPECT(create(bytes, sizeof(struct cfg_cell) - 1, sentence) == EINVAL && sentence[0]);
	EXPECT(create(bytes, CFG_MAX_CELL_SIZE + 1, sentence) == EINVAL && sentence[0]);
	EXPECT(create(bytes, 0xffffffff, sentence) == EINVAL);
	EXPECT(create((void *)8, 1024, sentence) == EFAULT);
	EXPECT(create(bytes, 1024, sentence) == EINVAL && strstr(sentence, "not a cell config"));
	report("sizes of configs");
}

static struct cfg_cell empty_config(void)
{
	return (struct cfg_cell){
		.hdr = { CFG_MAGIC, CFG_REVISION, CFG_KIND_CELL, sizeof(struct cfg_cell), 0, 0 }, .name = "test",
	};
}

static void config_structure(void)
{
	struct cfg_cell config = empty_config();
	char sentence[sizeof(struct hc_error)];

	config.cpu_count = 0xffffffff;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && sentence[0]);
	config.cpu_count = 1;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "counts need"));
	config = empty_config();
	config.hdr.revision++;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "revision"));
	config = empty_config();
	config.hdr.size += 8;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "bytes"));
	config = empty_config();
	config.flags = CFG_CELL_ROOT;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "root"));
	report("structure of configs");
}

static void config_names(void)
{
	struct cfg_cell config = empty_config();
	char sentence[sizeof(struct hc_error)];

	strcpy(config.name, "../x");
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "character 1"));
	config.name[0] = '\0';
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "empty"));
	memset(config.name, 'a', sizeof(config.name));
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && strstr(sentence, "no end"));
	report("names of cells");
}

static void config_cpus(void)
{
	struct { struct cfg_cell cell; struct cfg_cell_cpu cpu; } config = { .cell = empty_config() };
	char sentence[sizeof(struct hc_error)];

	config.cell.hdr.size = sizeof(config);
	config.cell.cpu_count = 1;
	config.cpu.cpu = 0xffffffff;
	EXPECT(create(&config, sizeof(config), sentence) == EINVAL && sentence[0]);
	report("a CPU that does not exist");
}

static void missing_cells(void)
{
	struct cloister_start start = { .head.size = sizeof(start), .id = NO_CELL };
	struct cloister_op op = { .head.size = sizeof(op), .id = 0xffffffff };
	struct cloister_load load = { .head.size = sizeof(load), .id = NO_CELL, .size = 1 };
	struct cloister_cell_info info = { .head.size = sizeof(info), .id = NO_CELL };
	struct cloister_find find = { .head.size = sizeof(find), .name = "nobody" };

	EXPECT(error_of(fd, CLOISTER_CELL_START, &start) == ENOENT && start.error.text[0]);
	EXPECT(error_of(fd, CLOISTER_CELL_STOP, &op) == ENOENT && op.error.text[0]);
	EXPECT(error_of(fd, CLOISTER_CELL_DESTROY, &op) == ENOENT);
	EXPECT(error_of(fd, CLOISTER_CELL_LOAD, &load) == ENOENT);
	EXPECT(error_of(fd, CLOISTER_CELL_INFO, &info) == ENOENT);
	EXPECT(error_of(fd, CLOISTER_CELL_FIND, &find) == ENOENT);
	memset(find.name, 'a', sizeof(find.name));
	EXPECT(error_of(fd, CLOISTER_CELL_FIND, &find) == EINVAL);
	report("cells that do not exist");
}

static void root_cell(void)
{
	struct cloister_start start = { .head.size = sizeof(start) };
	struct cloister_op op = { .head.size = sizeof(op) };
	struct cloister_load load = { .head.size = sizeof(load), .size = 1 };
	struct cloister_config config = { .head.size = sizeof(config) };

	EXPECT(error_of(fd, CLOISTER_CELL_START, &start) == EPERM);
	EXPECT(error_of(fd, CLOISTER_CELL_STOP, &op) == EPERM && strstr(op.error.text, "root cell"));
	EXPECT(error_of(fd, CLOISTER_CELL_DESTROY, &op) == EPERM);
	EXPECT(error_of(fd, CLOISTER_CELL_LOAD, &load) == EPERM);
	EXPECT(error_of(fd, CLOISTER_CELL_CONFIG, &config) == ENODATA);
	report("the root cell");
}

static void cpu_counters(void)
{
	struct cloister_cpu_info cpu = { .head.size = sizeof(cpu) };
	cl_u32 n;

	EXPECT(error_of(fd, CLOISTER_CELL_CPU, &cpu) == 0 && cpu.info.cpu == 0 && cpu.info.on == 1);
	EXPECT(cpu.info.exits[HC_EXIT_IRQ] && cpu.info.irqs_injected);
	for (n = CFG_MAX_CPUS; n; n *= 2) {
		cpu.n = n;
		EXPECT(error_of(fd, CLOISTER_CELL_CPU, &cpu) == EINVAL);
	}
	cpu.id = NO_CELL;
	EXPECT(error_of(fd, CLOISTER_CELL_CPU, &cpu) == ENOENT);
	cpu.head.flags = 1;
	EXPECT(error_of(fd, CLOISTER_CELL_CPU, &cpu) == EINVAL);
	report("counters of CPUs");
}

static void reads(void)
{
	static char buffer[2 * CLOISTER_READ_MAX];
	struct cloister_read read = { .head.size = sizeof(read), .data = (uintptr_t)buffer };

	EXPECT(error_of(fd, CLOISTER_LOG_READ, &read) == EINVAL);	/* no room */
	read.size = sizeof(buffer);
	EXPECT(error_of(fd, CLOISTER_LOG_READ, &read) == 0 && read.size > 0 && read.size <= CLOISTER_READ_MAX);
	read.position = ~0ULL;
	read.size = sizeof(buffer);
	EXPECT(error_of(fd, CLOISTER_LOG_READ, &read) == 0 && read.size == 0);
	read.id = 1;
	EXPECT(error_of(fd, CLOISTER_LOG_READ, &read) == EINVAL);
	report("reading the log");
}

/* Random structs for all commands, with ids of no cell; the result may be any error, the kernel must live. */
static void random_arguments(void)
{
	static const unsigned long requests[] = {
		CLOISTER_VERSION, CLOISTER_SYSTEM_INFO, CLOISTER_CELL_CREATE, CLOISTER_CELL_LOAD, CLOISTER_CELL_ENTRY,
		CLOISTER_CELL_START, CLOISTER_CELL_STOP, CLOISTER_CELL_DESTROY, CLOISTER_CELL_INFO, CLOISTER_CELL_CONFIG,
		CLOISTER_CELL_CONSOLE, CLOISTER_CELL_INPUT, CLOISTER_LOG_READ, CLOISTER_CELL_FIND, CLOISTER_CELL_CPU,
	};
	unsigned char argument[1024];
	int i, k;

	srand(1);
	for (i = 0; i < FUZZ_ROUNDS; i++) {
		unsigned long request = requests[rand() % (sizeof(requests) / sizeof(requests[0]))];
		struct cloister_op *op = (void *)argument;

		for (k = 0; k < (int)sizeof(argument); k++)
			argument[k] = rand() % 3 ? 0 : rand();
		op->head.size = rand() % 8 ? _IOC_SIZE(request) : (unsigned int)rand();
		op->head.flags = rand() % 4 ? 0 : rand();
		op->id |= NO_CELL;
		if (_IOC_NR(request) != _IOC_NR(CLOISTER_VERSION) && _IOC_NR(request) != _IOC_NR(CLOISTER_SYSTEM_INFO))
			EXPECT(error_of(fd, request, argument) != 0 || request == CLOISTER_LOG_READ);
		else
			error_of(fd, request, argument);
	}
	report("random arguments");
}

int main(void)
{
	fd = open(CLOISTER_DEVICE, O_RDWR);
	printf("TAP version 14\n1..%d\n", TESTS);
	if (fd < 0) {
		printf("Bail out! %s cannot be opened: %s\n", CLOISTER_DEVICE, strerror(errno));
		return 1;
	}
	unknown_commands();
	sizes();
	flags_and_reserved();
	bad_pointers();
	read_only();
	config_sizes();
	config_structure();
	config_names();
	config_cpus();
	missing_cells();
	root_cell();
	cpu_counters();
	reads();
	random_arguments();
	return failures != 0;
}
