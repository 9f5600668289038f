/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What picolibc asks of the machine: a stdout, memory for its heap, and the thread pointer, behind which its errno is. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <inmate/console.h>

#define HEAP_SIZE	(1 << 20)
#define TLS_SIZE	256		/* the 16 bytes that the ABI has first, and what the library declares */

void *sbrk(ptrdiff_t bytes);

static char heap[HEAP_SIZE] __attribute__((aligned(16)));
static char tls[TLS_SIZE] __attribute__((aligned(16)));

static int put(char c, FILE *file)
{
	static char line[128];		/* so that what one program says in a line is one piece */
	static size_t used;

	line[used++] = c;
	if (c == '\n' || used == sizeof(line)) {
		console_write(line, used);
		used = 0;
	}
	return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &console;

void *sbrk(ptrdiff_t bytes)
{
	static ptrdiff_t used;

	if (used + bytes < 0 || used + bytes > HEAP_SIZE) {
		errno = ENOMEM;
		return (void *)-1;
	}
	used += bytes;
	return heap + used - bytes;
}

/* What main() calls first. */
void libc_init(void)
{
	asm volatile("msr tpidr_el0, %0" : : "r"((uintptr_t)tls));
}
