/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: a ring of text. Positions count bytes since boot, so a reader sees what it missed. Lines carry the time in
 * seconds and the level; they are echoed to the UART as long as no cell has that.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/timer.h>
#include <hyp/bits.h>
#include <hyp/percpu.h>
#include <hyp/printk.h>
#include <hyp/ring.h>
#include <hyp/spinlock.h>
#include <hyp/string.h>
#include <hyp/uart.h>

#define LOG_SIZE	KIB(128)
#define LINE_MAX	256
#define LIMIT_BURST	10		/* lines of one source in a window: a second, */
#define LIMIT_SHIFT	5		/* and up to 2^5 of them as long as more lines come than that */

static char text[LOG_SIZE] __attribute__((section(".bss.uncleared")));	/* only what was written is read */
static struct ring ring = { .text = text, .size = LOG_SIZE };
static spinlock_t lock;
enum log_level log_threshold = LOG_INFO;
bool log_echo;
static bool panicked;

static void put(const char *line, size_t bytes)
{
	ring_put(&ring, line, bytes);
	if (log_echo)
		uart_write(line, bytes);
}

static void format_line(char *line, enum log_level level, const char *fmt, va_list args)
{
	static const char letters[] = "EWID";
	u64 us = timer_ticks() / MAX(timer_hz() / 1000000, 1);
	size_t n;

	n = snprintf(line, LINE_MAX, "[%5llu.%06llu] %c ", (unsigned long long)(us / 1000000),
		     (unsigned long long)(us % 1000000), letters[level]);
	vsnprintf(line + n, LINE_MAX - n - 1, fmt, args);
	n = strlen(line);
	line[n] = '\n';
	line[n + 1] = 0;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX + 1];
	va_list args;

	if (level > log_threshold)
		return;
	va_start(args, fmt);
	format_line(line, level, fmt, args);
	va_end(args);
	spin_lock(&lock);
	put(line, strlen(line));
	spin_unlock(&lock);
}

bool log_allowed(struct log_limit *limit)
{
	u64 now = timer_ticks();

	if (!limit->window || now - limit->window >= timer_hz() << limit->shift) {
		limit->shift = limit->dropped ? MIN(limit->shift + 1, LIMIT_SHIFT) : 0;
		limit->window = now;
		limit->used = 0;
		if (limit->dropped)
			pr_warn("(%u messages of the next line's source were left out)", limit->dropped);
		limit->dropped = 0;
	}
	if (limit->used >= LIMIT_BURST) {
		limit->dropped++;
		return false;
	}
	limit->used++;
	return true;
}

u64 log_end(void)
{
	return READ_ONCE(ring.end);
}

size_t log_read(u64 position, char *buf, size_t size, u64 *next)
{
	return ring_read(&ring, &lock, position, buf, size, next);
}

void panic(const char *fmt, ...)
{
	char line[LINE_MAX + 1];
	va_list args;

	/* no locks from here on: their holder may be the one that panics */
	if (__atomic_exchange_n(&panicked, true, __ATOMIC_ACQ_REL))
		arch_halt();
	va_start(args, fmt);
	format_line(line, LOG_ERROR, fmt, args);
	va_end(args);
	log_echo = true;
	put("PANIC: ", 7);
	put(line, strlen(line));
	for (u32 i = 0; i < cpu_count; i++) {
		if (&cpus[i] != this_cpu())
			cpu_request(&cpus[i], CPU_REQ_HALT);
	}
	arch_halt();
}
