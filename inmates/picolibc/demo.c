// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with a C library, picolibc as Debian packages it, in a cell: formatted output with floating point, the heap,
 * errno, and the library's own sorting, while the timer interrupts all of it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/timer.h>

#define TICK_US		500
#define NUMBERS		2000
#define BLOCKS		64

void libc_init(void);

static volatile u32 ticks;

static void tick(u32 intid, void *context)
{
	ticks++;
	vtimer_set(timer_ticks() + timer_us(TICK_US));
}

static void prints(const char *expected, const char *format, ...)
{
	char text[80];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ktap_ok(!strcmp(text, expected), "%s is \"%s\"", format, text);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Square roots of numbers out of order; sorted, they are those in order. */
static bool sorts(void)
{
	double *numbers = malloc(NUMBERS * sizeof(*numbers));
	bool good = numbers;

	for (u32 i = 0; numbers && i < NUMBERS; i++)
		numbers[i] = sqrt(i * 7919u % NUMBERS);
	if (numbers)
		qsort(numbers, NUMBERS, sizeof(*numbers), compare);
	for (u32 i = 0; good && i < NUMBERS; i++)
		good = fabs(numbers[i] * numbers[i] - i) < 1e-9;
	free(numbers);
	return good;
}

/* Blocks of many sizes, each with its own bytes, freed in another order than they were taken in. */
static bool heap_works(void)
{
	char *block[BLOCKS];
	bool good = true;

	for (u32 i = 0; i < BLOCKS; i++) {
		block[i] = malloc(1 + 37 * i);
		good = good && block[i];
		if (block[i])
			memset(block[i], (int)i, 1 + 37 * i);
	}
	for (u32 n = 0; n < BLOCKS; n++) {
		u32 i = n * 29 % BLOCKS;

		for (u32 at = 0; block[i] && at < 1 + 37 * i; at++)
			good = good && block[i][at] == (char)i;
		free(block[i]);
	}
	return good;
}

int main(void)
{
	char *end, *much;
	u32 before;

	libc_init();
	irq_handler(INTID_VTIMER, tick, NULL);
	gic_enable(INTID_VTIMER);
	vtimer_set(timer_ticks() + timer_us(TICK_US));
	ktap_begin("picolibc");
	prints("3.1416 2.50e+10 -0.1", "%.4f %.2e %g", 3.14159265, 2.5e10, -0.1);
	prints("  42|42  |0x2a|deadbeefcafe", "%4d|%-4d|%#x|%llx", 42, 42, 42, 0xdeadbeefcafeULL);
	prints("cell 7 of nine", "%s %u %.2s %c%s", "cell", 7u, "office", 'n', "ine");
	ktap_ok(strtod("-12.75e1 rest", &end) == -127.5 && !strcmp(end, " rest"), "strtod reads a number and stops behind it");
	errno = 0;
	much = malloc(1 << 30);
	ktap_ok(!much && errno == ENOMEM, "a gigabyte is refused, and errno says why");
	free(much);
	before = ticks;
	for (u32 round = 0; round < 20; round++) {
		if (!sorts() || !heap_works()) {
			ktap_ok(false, "round %u", (unsigned int)round);
			break;
		}
	}
	ktap_ok(ticks > before, "the timer interrupted it");
	ktap_ok(sorts() && heap_works(), "%u numbers sorted, %u blocks intact", NUMBERS, BLOCKS);
	ktap_end();
	return 0;
}
