// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives QEMU's edu device from the root cell's user space through VFIO, so behind stage 1 of the cell's own SMMU: the
 * device reaches the pages that were mapped for it, at the addresses they were mapped at, and only as long as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The device: registers in BAR 0, of 32 bits below EDU_SOURCE and of 64 bits from there on. */
#define EDU_ID		0x00
#define EDU_ID_MASK	0x000000ff
#define EDU_ID_VALUE	0x000000ed
#define EDU_STATUS	0x24
#define EDU_DMA_ENDED	0x100
#define EDU_ACKNOWLEDGE	0x64
#define EDU_SOURCE	0x80
#define EDU_DESTINATION	0x88
#define EDU_COUNT	0x90
#define EDU_COMMAND	0x98
#define EDU_RUN		1
#define EDU_TO_MEMORY	2
#define EDU_INTERRUPT	4
#define EDU_BUFFER	0x40000

#define PCI_COMMAND	4
#define PCI_MEMORY_MASTER 0x0006

#define PAGE		4096
#define WORD		4		/* the device moves as many bytes at a time: a fault on them is one event */
#define IOVA		0x7654321000ULL	/* an address that neither memory nor any device has */
#define OWN_IOVA	0x6543210000ULL	/* another one, for those who want nothing to be at IOVA */
#define TIMEOUT_MS	10000

static const char usage[] =
	"Usage: vfio-edu [--device ADDRESS] COMMAND\n"
	"Drives QEMU's edu device through VFIO. The device has to be alone in its IOMMU group.\n"
	"\n"
	"  bind            gives the device to vfio-pci\n"
	"  release         takes it away from vfio-pci: Linux's own drivers can have it\n"
	"  test            DMA both ways with one page mapped at 0x7654321000, then without it, then with another page there\n"
	"  hold FILE       maps the first page of FILE at the same address, DMA both ways until the program is killed\n"
	"  write ADDRESS   the device writes 4 bytes to an address that this program did not map\n"
	"  read ADDRESS    the device reads 4 bytes from there\n"
	"\n"
	"  --device ADDRESS   of the device on its bus (default: 0000:00:02.0)\n"
	"  -h, --help         this text\n";

static const char *device = "0000:00:02.0";

/* What VFIO gave. */
static int container, device_fd, interrupt;
static volatile uint8_t *regs;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "vfio-edu: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("vfio-edu: ");
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}

/* ---- drivers ---- */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* The last part of a link in the device's directory of sysfs; empty where there is none. */
static const char *device_link(const char *name)
{
	static char target[256];
	char path[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", device);
	if (access(path, F_OK))
		die("there is no device %s", device);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = 0;
	return strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
}

/* Lets the device's driver go and Linux choose again: the driver of that name only, or ("\n") whatever fits. */
static void choose_driver(const char *name)
{
	char path[256];

	if (*device_link("driver")) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", device);
		write_file(path, device);
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", device);
	write_file(path, name);
	write_file("/sys/bus/pci/drivers_probe", device);
}

static void bind(void)
{
	choose_driver("vfio-pci");
	if (strcmp(device_link("driver"), "vfio-pci"))
		die("vfio-pci did not take %s: see the kernel's log", device);
	say("%s is vfio-pci's", device);
}

static void release(void)
{
	if (strcmp(device_link("driver"), "vfio-pci"))
		die("%s is not vfio-pci's, but %s", device, *device_link("driver") ? "another driver's" : "nobody's");
	choose_driver("\n");
	say("%s is no longer vfio-pci's", device);
}

/* ---- VFIO ---- */

static void open_container(void)
{
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		die("/dev/vfio/vfio: %s", strerror(errno));
	if (ioctl(container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		die("VFIO of this kernel has another version than %d", VFIO_API_VERSION);
	if (ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1)
		die("VFIO of this kernel has no IOMMU of type 1 (vfio_iommu_type1 is not loaded)");
}

/* Puts the device's group into the container, which attaches the device to an empty address space. */
static void open_group(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[32];
	int group;

	if (!*device_link("iommu_group"))
		die("%s has no IOMMU group", device);
	snprintf(path, sizeof(path), "/dev/vfio/%s", device_link("iommu_group"));
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		die("%s, the group of %s: %s", path, device, strerror(errno));
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) || !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		die("%s: not all devices of the group are VFIO's", path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		die("%s: VFIO_GROUP_SET_CONTAINER: %s", path, strerror(errno));
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("VFIO_SET_IOMMU: %s%s", strerror(errno), errno != EPERM ? "" :
		    ": interrupts by MSI are not isolated (see allow_unsafe_interrupts of vfio_iommu_type1)");
	device_fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device);
	if (device_fd < 0)
		die("%s: VFIO_GROUP_GET_DEVICE_FD: %s", device, strerror(errno));
}

static struct vfio_region_info region(unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("%s: VFIO_DEVICE_GET_REGION_INFO of region %u: %s", device, index, strerror(errno));
	return info;
}

static void open_registers(void)
{
	struct vfio_region_info bar = region(VFIO_PCI_BAR0_REGION_INDEX);
	struct vfio_region_info config = region(VFIO_PCI_CONFIG_REGION_INDEX);
	uint16_t command = PCI_MEMORY_MASTER;

	if (pwrite(device_fd, &command, sizeof(command), config.offset + PCI_COMMAND) != sizeof(command))
		die("%s: its command register cannot be written: %s", device, strerror(errno));
	regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device_fd, bar.offset);
	if (regs == MAP_FAILED)
		die("%s: BAR 0 cannot be mapped: %s", device, strerror(errno));
}

/* VFIO masks INTx whenever it comes; it is ours to unmask it. */
static void set_interrupt(uint32_t flags, const int *fd)
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} request = {
		.set = {
			.argsz = sizeof(request.set) + (fd ? sizeof(*fd) : 0),
			.flags = flags,
			.index = VFIO_PCI_INTX_IRQ_INDEX,
			.count = 1,
		},
		.fd = fd ? *fd : 0,
	};

	if (ioctl(device_fd, VFIO_DEVICE_SET_IRQS, &request))
		die("%s: VFIO_DEVICE_SET_IRQS %#x for INTx: %s", device, flags, strerror(errno));
}

static void map(void *page, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)page,
		.iova = iova,
		.size = PAGE,
	};

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &request))
		die("VFIO_IOMMU_MAP_DMA of a page at %#llx: %s", (unsigned long long)iova, strerror(errno));
}

static void unmap(uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap request = { .argsz = sizeof(request), .iova = iova, .size = PAGE };

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request) || request.size != PAGE)
		die("VFIO_IOMMU_UNMAP_DMA of a page at %#llx: %s", (unsigned long long)iova, strerror(errno));
}

/* ---- the device ---- */

static uint32_t reg_read32(unsigned int offset)
{
	return *(volatile uint32_t *)(regs + offset);
}

static void reg_write32(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(regs + offset) = value;
}

static uint64_t reg_read64(unsigned int offset)
{
	return *(volatile uint64_t *)(regs + offset);
}

static void reg_write64(unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(regs + offset) = value;
}

/* A DMA of the one who had the device before may still run; the memory it aims at is no longer mapped. */
static void wait_idle(void)
{
	for (int ms = 0; reg_read64(EDU_COMMAND) & EDU_RUN; ms++) {
		if (ms == TIMEOUT_MS)
			die("%s is busy for more than %d ms", device, TIMEOUT_MS);
		usleep(1000);
	}
	reg_write32(EDU_ACKNOWLEDGE, reg_read32(EDU_STATUS));
}

static void open_edu(void)
{
	open_container();
	open_group();
	open_registers();
	if ((reg_read32(EDU_ID) & EDU_ID_MASK) != EDU_ID_VALUE)
		die("%s is not an edu device: its ID register reads %#x", device, reg_read32(EDU_ID));
	wait_idle();
	interrupt = eventfd(0, EFD_CLOEXEC);
	if (interrupt < 0)
		die("eventfd: %s", strerror(errno));
	set_interrupt(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, &interrupt);
}

static void wait_interrupt(void)
{
	struct pollfd waiting = { .fd = interrupt, .events = POLLIN };
	uint64_t count;

	if (poll(&waiting, 1, TIMEOUT_MS) != 1)
		die("no interrupt of %s in %d ms", device, TIMEOUT_MS);
	if (read(interrupt, &count, sizeof(count)) != sizeof(count) || count != 1)
		die("%s: the end of one DMA gave %llu interrupts", device, (unsigned long long)count);
	if (reg_read32(EDU_STATUS) != EDU_DMA_ENDED)
		die("%s: an interrupt with status %#x", device, reg_read32(EDU_STATUS));
	reg_write32(EDU_ACKNOWLEDGE, EDU_DMA_ENDED);
	set_interrupt(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, NULL);
}

static void transfer(uint64_t source, uint64_t destination, uint64_t count, uint64_t command)
{
	reg_write64(EDU_SOURCE, source);
	reg_write64(EDU_DESTINATION, destination);
	reg_write64(EDU_COUNT, count);
	__sync_synchronize();
	reg_write64(EDU_COMMAND, command | EDU_INTERRUPT | EDU_RUN);
	wait_interrupt();
	__sync_synchronize();
}

static void to_device(uint64_t iova, uint64_t count)
{
	transfer(iova, EDU_BUFFER, count, 0);
}

static void to_memory(uint64_t iova, uint64_t count)
{
	transfer(EDU_BUFFER, iova, count, EDU_TO_MEMORY);
}

/* ---- commands ---- */

static uint8_t *new_page(void)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED)
		die("no memory: %s", strerror(errno));
	return page;
}

/* Bytes that depend on the round, and are not those of another process. */
static uint8_t pattern(unsigned int round, unsigned int i)
{
	return i * 13 + (i >> 8) + round * 31 + getpid() * 7 + 1;
}

static void fill(uint8_t *page, unsigned int round)
{
	for (int i = 0; i < PAGE; i++)
		page[i] = pattern(round, i);
}

static void compare(const uint8_t *page, unsigned int round, const char *what)
{
	for (int i = 0; i < PAGE; i++)
		if (page[i] != pattern(round, i))
			die("%s: byte %d is %#04x, not %#04x", what, i, page[i], pattern(round, i));
}

/* The beginning of the page, which is mapped at IOVA, goes into the device and comes back. */
static void round_trip(uint8_t *page, int size, unsigned int round)
{
	fill(page, round);
	to_device(IOVA, size);
	memset(page, 0, size);
	to_memory(IOVA, size);
	compare(page, round, "the mapped page");
}

/* Both directions at IOVA with nothing there; the device's buffer has other bytes than the page that was there. */
static void reach_nothing(const uint8_t *page, unsigned int round)
{
	uint8_t *other = new_page();

	to_memory(IOVA, WORD);
	compare(page, round, "the device wrote to a page after its unmap");
	to_device(IOVA, WORD);
	map(other, IOVA);
	to_memory(IOVA, WORD);
	if (!memcmp(other, page, WORD))
		die("the device read a page after its unmap");
	unmap(IOVA);
	munmap(other, PAGE);
}

static void test(void)
{
	uint8_t *first = new_page(), *second = new_page();

	map(first, IOVA);
	round_trip(first, PAGE, 0);
	say("%d bytes to the device and back, with interrupts: ok", PAGE);
	unmap(IOVA);
	fill(first, 1);
	reach_nothing(first, 1);
	say("the page is out of reach after its unmap: ok");
	map(second, IOVA);
	round_trip(second, PAGE, 2);
	compare(first, 1, "the device wrote to the page that was mapped there before");
	say("another page at the same address: ok");
}

static void __attribute__((noreturn)) hold(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	uint8_t *page;

	if (fd < 0 || ftruncate(fd, PAGE))
		die("%s: %s", path, strerror(errno));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (page == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	map(page, IOVA);
	for (unsigned int round = 0;; round++) {
		round_trip(page, WORD, round);
		if (!round)
			say("DMA runs");
	}
}

/* The device's buffer first gets bytes from a page at OWN_IOVA, which is the only one that is mapped. */
static void poke(const char *direction, const char *number)
{
	char *end;
	uint64_t address = strtoull(number, &end, 0);
	uint8_t *page = new_page();

	if (!*number || *end || (address & ~(PAGE - 1ULL)) == OWN_IOVA)
		die("%s: expected an address, and not one of the page at %#llx, which is mapped", number, OWN_IOVA);
	fill(page, 0);
	map(page, OWN_IOVA);
	to_device(OWN_IOVA, WORD);
	if (*direction == 'w')
		to_memory(address, WORD);
	else
		to_device(address, WORD);
	say("%s at %#llx", direction, (unsigned long long)address);
}

static void __attribute__((noreturn)) refuse_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static void run(const char *command, const char *argument)
{
	if (!strcmp(command, "bind") && !argument) {
		bind();
	} else if (!strcmp(command, "release") && !argument) {
		release();
	} else if (!strcmp(command, "test") && !argument) {
		open_edu();
		test();
	} else if (!strcmp(command, "hold") && argument) {
		open_edu();
		hold(argument);
	} else if ((!strcmp(command, "write") || !strcmp(command, "read")) && argument) {
		open_edu();
		poke(command, argument);
	} else {
		refuse_usage();
	}
}

int main(int argc, char **argv)
{
	argc--;
	argv++;
	if (argc && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")))
		return fputs(usage, stdout) < 0;
	if (argc >= 2 && !strcmp(argv[0], "--device")) {
		device = argv[1];
		argc -= 2;
		argv += 2;
	}
	if (argc < 1 || argc > 2)
		refuse_usage();
	run(argv[0], argc == 2 ? argv[1] : NULL);
	return 0;
}
