// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a physical address again and again, from one CPU and without any system call, so that the translation stays
 * in that CPU's TLB. Says whether it became unreachable: a page that was taken away must be, at once (I4).
 *
 *   mem-probe CPU ADDRESS SECONDS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096

static sigjmp_buf stopped;

static void on_signal(int number)
{
	siglongjmp(stopped, number);
}

static uint64_t counter(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
	return value;
}

static uint64_t counter_hz(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

static const volatile uint32_t *map(uint64_t address)
{
	int fd = open("/dev/mem", O_RDONLY | O_SYNC | O_CLOEXEC);
	void *page;

	if (fd < 0)
		return NULL;
	page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, address & ~(uint64_t)(PAGE - 1));
	return page == MAP_FAILED ? NULL : page;
}

int main(int argc, char **argv)
{
	const volatile uint32_t *word;
	uint64_t end;
	cpu_set_t cpus;

	if (argc != 4) {
		fprintf(stderr, "Usage: mem-probe CPU ADDRESS SECONDS\n"
			"Reads a physical address from that CPU until it cannot or the time is over, and says which.\n");
		return argc == 2 ? 0 : 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	word = map(strtoull(argv[2], NULL, 0));
	if (!word || sched_setaffinity(0, sizeof(cpus), &cpus)) {
		perror("mem-probe");
		return 2;
	}
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	end = counter() + strtoull(argv[3], NULL, 0) * counter_hz();
	if (sigsetjmp(stopped, 1)) {
		printf("mem-probe: %s became unreachable\n", argv[2]);
		return 0;
	}
	while (counter() < end)
		(void)*word;
	printf("mem-probe: %s is still reachable\n", argv[2]);
	return 1;
}
