// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives QEMU's edu device from the root cell's user space, through sysfs: its DMA engine shows what a device of this
 * cell can reach. Addresses are what the device puts on the bus, so IPAs of the root cell.
 *
 *   edu-dma test                copies a page of own memory to the device and back
 *   edu-dma write ADDRESS       the device writes 16 bytes a5 there
 *   edu-dma read ADDRESS        the device reads 16 bytes from there; they are printed
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define EDU_ID		"0x1234 0x11e8"
#define EDU_REGS	4096		/* bytes of BAR 0 that are used here */
#define EDU_SOURCE	0x80
#define EDU_DESTINATION	0x88
#define EDU_COUNT	0x90
#define EDU_COMMAND	0x98
#define EDU_RUN		1
#define EDU_TO_MEMORY	2
#define EDU_BUFFER	0x40000

#define PCI_COMMAND	4
#define PCI_MEMORY_MASTER 0x0006

#define PAGE		4096
#define POKE		16
#define TIMEOUT_S	10

static volatile uint8_t *regs;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "edu-dma: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static int open_or_die(const char *directory, const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static int is_edu(const char *device)
{
	char id[32] = "";
	int length = 0;

	for (int i = 0; i < 2; i++) {
		int fd = open_or_die(device, i ? "device" : "vendor", O_RDONLY);
		int n = read(fd, id + length, sizeof(id) - 1 - length);

		close(fd);
		if (n <= 0)
			return 0;
		length += n;
		id[length - 1] = i ? 0 : ' ';
	}
	return !strcmp(id, EDU_ID);
}

/* Finds the device, lets it decode memory and be a bus master, and maps its registers. */
static void open_edu(void)
{
	uint16_t command = PCI_MEMORY_MASTER;
	const char *device = NULL;
	glob_t found;
	int fd;

	if (!glob("/sys/bus/pci/devices/*", 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc && !device; i++)
			if (is_edu(found.gl_pathv[i]))
				device = found.gl_pathv[i];
	if (!device)
		die("there is no edu device here");
	fd = open_or_die(device, "config", O_RDWR);
	if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		die("%s/config: %s", device, strerror(errno));
	close(fd);
	fd = open_or_die(device, "resource0", O_RDWR | O_SYNC);
	regs = mmap(NULL, EDU_REGS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (regs == MAP_FAILED)
		die("%s/resource0: %s", device, strerror(errno));
	close(fd);
}

/* A locked page, and its address for a device of the root cell (IPA = PA, no IOMMU in sight). */
static uint8_t *own_page(uint64_t *address)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = open_or_die("/proc/self", "pagemap", O_RDONLY);
	uint64_t entry;

	if (page == MAP_FAILED || mlock(page, PAGE))
		die("no memory: %s", strerror(errno));
	page[0] = 0;
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		die("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	*address = (entry & ((1ULL << 55) - 1)) * PAGE;
	if (!*address)
		die("/proc/self/pagemap hides addresses: not root?");
	return page;
}

static uint64_t reg_read(unsigned int offset)
{
	return *(volatile uint64_t *)(regs + offset);
}

static void reg_write(unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(regs + offset) = value;
}

static void transfer(uint64_t source, uint64_t destination, uint64_t count, uint64_t command)
{
	time_t end = time(NULL) + TIMEOUT_S;

	__sync_synchronize();
	reg_write(EDU_SOURCE, source);
	reg_write(EDU_DESTINATION, destination);
	reg_write(EDU_COUNT, count);
	reg_write(EDU_COMMAND, command | EDU_RUN);
	while (reg_read(EDU_COMMAND) & EDU_RUN) {
		if (time(NULL) > end)
			die("the device did not finish in %d s", TIMEOUT_S);
		usleep(1000);
	}
	__sync_synchronize();
}

static void to_device(uint64_t address, uint64_t count)
{
	transfer(address, EDU_BUFFER, count, 0);
}

static void to_memory(uint64_t address, uint64_t count)
{
	transfer(EDU_BUFFER, address, count, EDU_TO_MEMORY);
}

static int test(uint8_t *page, uint64_t address)
{
	for (int i = 0; i < PAGE; i++)
		page[i] = i * 13 + (i >> 8) + getpid();
	to_device(address, PAGE);
	memset(page, 0, PAGE);
	to_memory(address, PAGE);
	for (int i = 0; i < PAGE; i++)
		if (page[i] != (uint8_t)(i * 13 + (i >> 8) + getpid()))
			die("byte %d of the page at 0x%llx came back wrong", i, (unsigned long long)address);
	printf("edu-dma: %d bytes to the device and back: ok\n", PAGE);
	return 0;
}

static int poke_write(uint8_t *page, uint64_t address, uint64_t victim)
{
	memset(page, 0xa5, POKE);
	to_device(address, POKE);
	to_memory(victim, POKE);
	printf("edu-dma: wrote to 0x%llx\n", (unsigned long long)victim);
	return 0;
}

static int poke_read(uint8_t *page, uint64_t address, uint64_t victim)
{
	memset(page, 0x5a, POKE);
	to_device(address, POKE);
	to_device(victim, POKE);
	memset(page, 0, POKE);
	to_memory(address, POKE);
	printf("edu-dma: read from 0x%llx:", (unsigned long long)victim);
	for (int i = 0; i < POKE; i++)
		printf(" %02x", page[i]);
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t address, victim = argc == 3 ? strtoull(argv[2], NULL, 0) : 0;
	uint8_t *page;

	if (!(argc == 2 && !strcmp(argv[1], "test")) &&
	    !(argc == 3 && (!strcmp(argv[1], "write") || !strcmp(argv[1], "read")))) {
		fprintf(stderr, "Usage: edu-dma test | write ADDRESS | read ADDRESS\n"
			"Drives the edu device by its registers: own memory to it and back, or 16 bytes to or from any address.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	open_edu();
	page = own_page(&address);
	if (argc == 2)
		return test(page, address);
	return argv[1][0] == 'w' ? poke_write(page, address, victim) : poke_read(page, address, victim);
}
