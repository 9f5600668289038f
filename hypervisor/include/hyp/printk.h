/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formatted output and the hypervisor's log: a ring of text lines in memory, echoed to the early UART as long as no cell
 * has that, and again when the hypervisor panics.
 */
#ifndef HYP_PRINTK_H
#define HYP_PRINTK_H

#include <stdarg.h>
#include <hyp/types.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/*
 * %c %s %d %u and %x with the l, ll and z length modifiers; %u and %x also with a width, padded with blanks or, after
 * '0', with zeros; %% . Always terminates.
 * Returns the bytes that a large enough buffer would have got, without the NUL.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* One line (no newline needed) into the log. Any CPU, any context; takes the log lock. */
void log_print(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define pr_err(...)	log_print(LOG_ERROR, __VA_ARGS__)
#define pr_warn(...)	log_print(LOG_WARN, __VA_ARGS__)
#define pr_info(...)	log_print(LOG_INFO, __VA_ARGS__)

/*
 * A budget for messages that guests can cause: so many lines a second, and where that is not enough, in 2, 4, ... 32
 * seconds; the first line after a pause tells how many were left out. One per source, so that one cell cannot silence
 * another, nor push its messages out of the ring soon. Zero-initialised is valid.
 */
struct log_limit {
	u64 window;		/* start, in counter ticks */
	u32 used;
	u32 dropped;
	u32 shift;		/* of the window's length */
};
bool log_allowed(struct log_limit *limit);

extern enum log_level log_threshold;	/* what is less important is left out */
extern bool log_echo;			/* to the UART */
/* Copies log text from `position` on into buf. Returns bytes, *next = position to go on from. */
size_t log_read(u64 position, char *buf, size_t size, u64 *next);
u64 log_end(void);

/* The hypervisor's own invariant is broken: says so on the UART, stops this CPU and asks the others to stop. */
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define ASSERT(cond) do { if (unlikely(!(cond))) panic("%s:%d: %s", __FILE__, __LINE__, #cond); } while (0)

#endif
