// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/log.c: what one source can do to the log. However many messages it causes, others' stay readable for as long as is
 * written in printk.h, and what is left out is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "fake/fake.h"
#include <arch/cpu.h>
#include <arch/timer.h>
#include <hyp/percpu.h>
#include <hyp/printk.h>
#include <hyp/string.h>
#include <hyp/uart.h>

#define SECOND	1000000ULL	/* ticks of the fake timer */
#define BURST	10
#define LONGEST	32		/* seconds of a window */
#define RING	(128 << 10)

static char uart[4 * RING];
static size_t uart_used;

void uart_write(const char *text, size_t bytes)
{
	assert_true(uart_used + bytes < sizeof(uart));
	memcpy(uart + uart_used, text, bytes);
	uart_used += bytes;
}

void arch_halt(void)
{
	fail_msg("halt");
	abort();
}

void cpu_request(struct cpu *cpu, u32 requests)
{
	fail_msg("a request");
}

static int setup(void **state)
{
	log_echo = false;
	log_threshold = LOG_INFO;
	uart_used = 0;
	fake_ticks += 1000 * SECOND;
	return 0;
}

/* All that the ring has, from a position on; *position moves. */
static const char *rest(u64 *position)
{
	static char buffer[RING + 1];
	size_t used = 0, bytes;

	while ((bytes = log_read(*position, buffer + used, RING - used, position)))
		used += bytes;
	buffer[used] = 0;
	return buffer;
}

static u32 count_of(const char *text, const char *word)
{
	u32 n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

static void format(void **state)
{
	u64 position = log_end();

	fake_ticks = 12345678 + 2000 * SECOND;
	pr_err("one %u", 1u);
	pr_warn("two");
	pr_info("three");
	log_print(LOG_DEBUG, "four");
	assert_non_null(strstr(rest(&position), "[ 2012.345678] E one 1\n[ 2012.34"));
	position -= 1;
	assert_non_null(strstr(rest(&position), "\n"));
	assert_int_equal(position, log_end());
}

static void long_line(void **state)
{
	char text[1000];
	u64 position = log_end();

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	pr_err("%s", text);
	pr_err("next");
	assert_int_equal(count_of(rest(&position), "\n"), 2);
}

/* A flood of an hour, a message each millisecond: at most a burst in each of the longest windows, and a line that counts. */
static void flood(void **state)
{
	struct log_limit limit = { 0 };
	u64 position = log_end(), begin = fake_ticks, passed = 0, told = 0;
	const char *text;

	while (fake_ticks - begin < 3600 * SECOND) {
		if (log_allowed(&limit)) {
			pr_warn("flood");
			passed++;
		}
		fake_ticks += 1000;
	}
	text = rest(&position);
	assert_true(passed >= 3600 / LONGEST * BURST);
	assert_true(passed <= (3600 / LONGEST + 6) * BURST);
	assert_int_equal(count_of(text, "flood"), passed);
	while ((text = strstr(text, "W (")))
		told += strtoul(text += 3, NULL, 10);
	assert_true(told + limit.dropped + passed > 3500000);
}

static void quiet_again(void **state)
{
	struct log_limit limit = { 0 };
	u32 i;

	for (i = 0; i < 100000; i++, fake_ticks += 1000)
		log_allowed(&limit);
	fake_ticks += LONGEST * SECOND;
	assert_true(log_allowed(&limit));	/* counts what was dropped */
	fake_ticks += LONGEST * SECOND;
	for (i = 0; i < 20; i++) {		/* as if it had never flooded */
		assert_true(log_allowed(&limit));
		fake_ticks += SECOND / 9;
	}
	assert_int_equal(limit.dropped, 0);
}

static void others(void **state)
{
	struct log_limit loud = { 0 }, quiet = { 0 };
	u64 position = log_end();

	pr_info("before");
	for (u32 i = 0; i < 600000; i++, fake_ticks += 1000) {
		if (log_allowed(&loud))
			pr_warn("cell loud: cpu 3: write at IPA 0x12345678, where it has nothing (PC 0x40001234)");
		if (i % 60000 == 59999 && log_allowed(&quiet))
			pr_info("quiet");
	}
	assert_int_equal(count_of(rest(&position), "quiet"), 10);
	position -= MIN(position, (u64)RING);
	assert_non_null(strstr(rest(&position), "before"));	/* ten minutes ago */
}

static void echo(void **state)
{
	pr_info("not this");
	log_echo = true;
	pr_info("this");
	uart[uart_used] = 0;
	assert_null(strstr(uart, "not this"));
	assert_non_null(strstr(uart, "I this\n"));
}

#define TEST(name)	cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(format), TEST(long_line), TEST(flood), TEST(quiet_again), TEST(others), TEST(echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
