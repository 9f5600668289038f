/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake architecture, and stand-ins for modules that most tests do not look at. Everything in fake.c is weak: a
 * test that cares about a function defines its own. Calls of maintenance functions are recorded in order.
 *
 * Do not include <errno.h> in tests: the hypervisor has its own values (hyp/errno.h).
 */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hyp/types.h>

/* One recorded call of arch/tlb.h or arch/cache.h: its name and arguments. */
struct fake_call {
	const char *name;
	u64 arg[3];
};
#define FAKE_CALLS_MAX 8192
extern struct fake_call fake_calls[FAKE_CALLS_MAX];
extern u32 fake_call_count;		/* set to 0 to forget */
/* Called at each recorded call, so that a test can look at the state in that moment. NULL: nobody. */
extern void (*fake_on_call)(const struct fake_call *call);
void fake_record(const char *name, u64 a, u64 b, u64 c);

/* The text of all log_print() lines, each ended by '\n'. Set [0] = 0 to forget. */
extern char fake_log[65536];

extern u32 fake_cpu;			/* index of the CPU that this_cpu() returns */
extern u64 fake_ticks;			/* timer_ticks(): one more with each call */

/*
 * expect_panic(statement): the statement must call panic(); a panic() elsewhere fails the test. What the panic said
 * is in fake_panic_text.
 */
extern jmp_buf fake_panic_env;
extern bool fake_panic_expected;
extern char fake_panic_text[256];
#define expect_panic(statement) do {						\
	fake_panic_expected = true;						\
	if (!setjmp(fake_panic_env)) {						\
		statement;							\
		fail_msg("no panic: %s", #statement);				\
	}									\
	fake_panic_expected = false;						\
} while (0)

/* A repeatable sequence of numbers (xorshift). */
u64 fake_random(u64 *state);

/* ---- memory.c, for tests that link page_pool.c ---- */

#define FAKE_PA_BASE	0x40200000UL
/* A page pool over fresh host memory that looks like [FAKE_PA_BASE, FAKE_PA_BASE + bytes); again: a new one. */
void *fake_memory_init(size_t bytes);
/* Takes pages out of the pool until only `left` are free, and gives them back. */
void fake_pool_squeeze(size_t left);
void fake_pool_release(void);

#endif
