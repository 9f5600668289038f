// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts the root cell's Linux anew without a reset of the machine: the running kernel shuts its devices down and jumps.
 * The new one gets what the first one had: its place in memory, its device tree, its initramfs at the same address.
 *
 *   kexec IMAGE INITRAMFS
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE		4096UL
#define CHUNK		(1UL << 20)	/* bytes read at a time: files in sysfs do not tell their size */
#define ALIGNMENT	(2UL << 20)	/* what the kernel's boot protocol asks for */
#define IMAGE_SIZE	16		/* offset in the kernel's header of how much memory it takes, bss and all */
#define IMAGE_HEADER	64

/* What the kernel jumps to with the MMU off: puts the device tree's address where the new kernel expects it. */
extern const char entry_code[], entry_end[];
asm(	".pushsection .rodata\n"
	".globl	entry_code, entry_end\n"
	".balign	8\n"
	"entry_code:\n"
	"	ldr	x0, 1f\n"
	"	ldr	x4, 2f\n"
	"	mov	x1, xzr\n"
	"	mov	x2, xzr\n"
	"	mov	x3, xzr\n"
	"	br	x4\n"
	"1:	.quad	0\n"		/* device tree */
	"2:	.quad	0\n"		/* kernel */
	"entry_end:\n"
	".popsection\n");

enum { KERNEL, INITRD, TREE, ENTRY, SEGMENTS };

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "kexec: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static void read_file(struct kexec_segment *segment, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = NULL;
	size_t size = 0;
	ssize_t part;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	do {
		data = realloc(data, size + CHUNK);
		if (!data)
			die("%s: no memory for it", path);
		part = read(fd, data + size, CHUNK);
		if (part < 0)
			die("%s: %s", path, strerror(errno));
		size += part;
	} while (part > 0);
	close(fd);
	segment->buf = data;
	segment->bufsz = size;
	segment->memsz = round_up(size, PAGE);
}

/* A property of /chosen of one or two cells. */
static uint64_t chosen(const char *name)
{
	struct kexec_segment value;
	char path[128];
	uint32_t word;
	uint64_t address;

	snprintf(path, sizeof(path), "/proc/device-tree/chosen/%s", name);
	read_file(&value, path);
	if (value.bufsz == sizeof(word)) {
		memcpy(&word, value.buf, sizeof(word));
		return be32toh(word);
	}
	if (value.bufsz != sizeof(address))
		die("%s has %zu bytes, not one or two cells", path, value.bufsz);
	memcpy(&address, value.buf, sizeof(address));
	return be64toh(address);
}

/* The running kernel is at the beginning of memory, so that is where the next one goes. */
static uint64_t memory_base(void)
{
	FILE *map = fopen("/proc/iomem", "r");
	unsigned long long base;
	char line[128];

	while (map && fgets(line, sizeof(line), map)) {
		if (!strstr(line, "System RAM") || sscanf(line, "%llx-", &base) != 1)
			continue;
		fclose(map);
		return base;
	}
	die("/proc/iomem names no System RAM");
}

static void place(struct kexec_segment *segment, uint64_t address)
{
	segment->mem = (void *)address;
}

static void place_kernel(struct kexec_segment *kernel)
{
	uint64_t size;

	if (kernel->bufsz < IMAGE_HEADER)
		die("a kernel of %zu bytes has no header", kernel->bufsz);
	memcpy(&size, (const char *)kernel->buf + IMAGE_SIZE, sizeof(size));
	kernel->memsz = round_up(le64toh(size), PAGE);
	place(kernel, memory_base());
}

static void place_initrd(struct kexec_segment *initrd)
{
	uint64_t start = chosen("linux,initrd-start"), end = chosen("linux,initrd-end");

	if (initrd->bufsz != end - start)
		die("the initramfs has %zu bytes, the device tree says %llu", initrd->bufsz, (unsigned long long)(end - start));
	place(initrd, start);
}

static uint64_t end_of_both(const struct kexec_segment *a, const struct kexec_segment *b)
{
	uint64_t end_a = (uintptr_t)a->mem + a->memsz, end_b = (uintptr_t)b->mem + b->memsz;

	return end_a > end_b ? end_a : end_b;
}

static void make_entry(struct kexec_segment *entry, const struct kexec_segment *tree, const struct kexec_segment *kernel)
{
	size_t size = entry_end - entry_code;
	uint64_t targets[] = {(uintptr_t)tree->mem, (uintptr_t)kernel->mem};
	char *code = malloc(size);

	if (!code)
		die("no memory");
	memcpy(code, entry_code, size);
	memcpy(code + size - sizeof(targets), targets, sizeof(targets));
	entry->buf = code;
	entry->bufsz = size;
	entry->memsz = PAGE;
	place(entry, (uintptr_t)tree->mem + tree->memsz);
}

int main(int argc, char **argv)
{
	struct kexec_segment segments[SEGMENTS];

	if (argc != 3)
		die("usage: kexec IMAGE INITRAMFS");
	read_file(&segments[KERNEL], argv[1]);
	read_file(&segments[INITRD], argv[2]);
	read_file(&segments[TREE], "/sys/firmware/fdt");
	place_kernel(&segments[KERNEL]);
	place_initrd(&segments[INITRD]);
	place(&segments[TREE], round_up(end_of_both(&segments[KERNEL], &segments[INITRD]), ALIGNMENT));
	make_entry(&segments[ENTRY], &segments[TREE], &segments[KERNEL]);
	if (syscall(SYS_kexec_load, segments[ENTRY].mem, (unsigned long)SEGMENTS, segments, KEXEC_ARCH_AARCH64))
		die("the kernel refuses to load it: %s", strerror(errno));
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	die("the kernel refuses to start it: %s", strerror(errno));
}
