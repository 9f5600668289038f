// SPDX-License-Identifier: GPL-2.0-only
/* The fake architecture; see fake.h. All weak, so that a test can have its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include <arch/barrier.h>
#include <arch/cache.h>
#include <arch/io.h>
#include <arch/pte.h>
#include <arch/timer.h>
#include <arch/tlb.h>
#include <asm/sysreg.h>
#include <hyp/percpu.h>
#include <hyp/printk.h>

#define WEAK __attribute__((weak))

struct fake_call fake_calls[FAKE_CALLS_MAX];
u32 fake_call_count;
void (*fake_on_call)(const struct fake_call *call);
char fake_log[65536];
u32 fake_cpu;
u64 fake_ticks;
jmp_buf fake_panic_env;
bool fake_panic_expected;
char fake_panic_text[256];

u64 fake_random(u64 *state)
{
	u64 x = *state ? *state : 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

void fake_record(const char *name, u64 a, u64 b, u64 c)
{
	struct fake_call *call = &fake_calls[fake_call_count % FAKE_CALLS_MAX];

	*call = (struct fake_call){ name, { a, b, c } };
	fake_call_count++;
	if (fake_on_call)
		fake_on_call(call);
}

/* ---- arch/ ---- */

WEAK void fake_barrier(const char *kind) { (void)kind; }
WEAK void fake_wait(void) { }
WEAK u64 fake_sysreg_read(const char *name) { (void)name; return 0; }
WEAK void fake_sysreg_write(const char *name, u64 value) { (void)name; (void)value; }

WEAK u64 fake_mmio_read(const volatile void *addr, unsigned int bytes)
{
	fail_msg("unexpected read of %u bytes at %p", bytes, (void *)(uintptr_t)addr);
	return 0;
}

WEAK void fake_mmio_write(volatile void *addr, unsigned int bytes, u64 value)
{
	fail_msg("unexpected write of %u bytes at %p: %llx", bytes, (void *)(uintptr_t)addr, (unsigned long long)value);
}

WEAK u64 timer_ticks(void) { return fake_ticks++; }
WEAK u64 timer_hz(void) { return 1000000; }
WEAK u64 timer_deadline_us(u64 us) { return timer_ticks() + us; }

WEAK void tlb_inval_s2_range(u64 vttbr, ipaddr_t start, u64 size) { fake_record(__func__, vttbr, start.ipa, size); }
WEAK void tlb_inval_hyp_local(const void *va, size_t pages) { fake_record(__func__, (uintptr_t)va, pages, 0); }

WEAK void dcache_clean(const void *va, size_t size) { fake_record(__func__, (uintptr_t)va, size, 0); }
WEAK void icache_inval_all(void) { fake_record(__func__, 0, 0, 0); }
WEAK void zero_pages(void *va, size_t size) { memset(va, 0, size); }

WEAK void zero_pages_poc(void *va, size_t size)
{
	memset(va, 0, size);
	fake_record(__func__, (uintptr_t)va, size, 0);
}

WEAK void copy_poc(void *dst, const void *src, size_t size)
{
	memcpy(dst, src, (size + 127) & ~(size_t)127);
	fake_record(__func__, (uintptr_t)dst, (uintptr_t)src, size);
}

/* 40-bit IPA, start level 1, write-back inner-shareable walks, 4 KiB granule, 44-bit PA */
WEAK u64 s2_vtcr(void)
{
	return BIT(31) | FIELD_PREP(VTCR_T0SZ, 64 - S2_IPA_BITS) | FIELD_PREP(VTCR_SL0, 1) | FIELD_PREP(VTCR_IRGN0, 1) |
	       FIELD_PREP(VTCR_ORGN0, 1) | FIELD_PREP(VTCR_SH0, 3) | FIELD_PREP(VTCR_PS, 4);
}

/* ---- stand-ins for boot/ and lib/printk.c ---- */

WEAK struct cpu cpus[CFG_MAX_CPUS];
WEAK u32 cpu_count = 4;
WEAK struct cpu *this_cpu(void)
{
	cpus[fake_cpu].id = fake_cpu;
	return &cpus[fake_cpu];
}

WEAK void log_print(enum log_level level, const char *fmt, ...)
{
	size_t used = strlen(fake_log);
	va_list args;

	(void)level;
	va_start(args, fmt);
	vsnprintf(fake_log + used, sizeof(fake_log) - used - 1, fmt, args);
	va_end(args);
	strcat(fake_log, "\n");
}

WEAK bool log_allowed(struct log_limit *limit) { (void)limit; return true; }

WEAK void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fake_panic_text, sizeof(fake_panic_text), fmt, args);
	va_end(args);
	if (fake_panic_expected) {
		fake_panic_expected = false;
		longjmp(fake_panic_env, 1);
	}
	fail_msg("panic: %s", fake_panic_text);
	abort();
}
