// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/string.c and lib/vsnprintf.c against the C library's. Compiled with fake/rename.h: the plain names are the
 * hypervisor's, (memcpy)-like calls through the table below are the C library's.
 */
#include "fake/fake.h"
#include <hyp/printk.h>
#include <hyp/string.h>

#undef vsnprintf
#undef snprintf
#undef memcmp
static int (*const libc_snprintf)(char *, size_t, const char *, ...) = snprintf;
static int (*const libc_memcmp)(const void *, const void *, size_t) = memcmp;
#define vsnprintf hyp_vsnprintf
#define snprintf hyp_snprintf
#define memcmp hyp_memcmp

#define AREA 256

static void fill(u8 *area, u64 *seed)
{
	for (size_t i = 0; i < AREA; i++)
		area[i] = (u8)fake_random(seed);
}

/* Every alignment of both sides, every small size; nothing beside the destination changes. */
static void copies_and_sets_exactly(void **state)
{
	u8 src[AREA], dst[AREA], want[AREA];
	u64 seed = 1;

	(void)state;
	for (size_t d = 0; d < 16; d++) {
		for (size_t n = 0; n < 100; n++) {
			size_t s = (n * 7 + d * 3) % 16;

			fill(src, &seed);
			fill(dst, &seed);
			for (size_t i = 0; i < AREA; i++)
				want[i] = i >= d && i < d + n ? src[s + i - d] : dst[i];
			assert_ptr_equal(memcpy(dst + d, src + s, n), dst + d);
			assert_int_equal(libc_memcmp(dst, want, AREA), 0);

			for (size_t i = d; i < d + n; i++)
				want[i] = (u8)n;
			assert_ptr_equal(memset(dst + d, (int)(n | 0x100), n), dst + d);
			assert_int_equal(libc_memcmp(dst, want, AREA), 0);
		}
	}
}

static void compares(void **state)
{
	(void)state;
	assert_int_equal(memcmp("abc", "abd", 2), 0);
	assert_true(memcmp("abc", "abd", 3) < 0);
	assert_true(memcmp("a\xff", "a\x01", 2) > 0);
	assert_int_equal(memcmp("x", "y", 0), 0);
	assert_int_equal(strlen(""), 0);
	assert_int_equal(strlen("cell"), 4);
	assert_int_equal(strnlen("cell", 3), 3);
	assert_int_equal(strnlen("cell", 9), 4);
}

/* The same format and arguments must give the same text and length as the C library's, at every buffer size. */
#define same(fmt, ...) do {								\
	char ours[128], theirs[128];							\
	for (size_t size = 0; size <= 100; size++) {					\
		memset(ours, '#', sizeof(ours));					\
		memset(theirs, '#', sizeof(theirs));					\
		assert_int_equal(snprintf(ours, size, fmt, ##__VA_ARGS__),		\
				 libc_snprintf(theirs, size, fmt, ##__VA_ARGS__));	\
		assert_int_equal(libc_memcmp(ours, theirs, sizeof(ours)), 0);		\
	}										\
} while (0)

static void formats_like_the_c_library(void **state)
{
	(void)state;
	same("plain");
	same("%%|%c|", 'x');
	same("%s|%s|%s|", "cell", "", "rtos0");
	same("%d %d %d %d|", 0, 7, -7, (int)0x80000000);
	same("%u %8u|%08u|%2u", 4000000000u, 1u, 3u, 1234u);
	same("%x %8x|%08x|%016llx", 0xbeefu, 1u, 0xabcu, 0x123456789abcdefULL);
	same("%ld %lu %lx %zu %zx %zd", -5L, 5UL, 0xffffffffffUL, (size_t)9, (size_t)0xa0, (ssize_t)-3);
	same("%lld %llu %llx", (long long)INT64_MIN, 18446744073709551615ULL, 18446744073709551615ULL);
	same("cell %s: sid 0x%x wrote 0x%016llx", "rtos0", 0x10u, 0x48000000ULL);
}

static void odd_formats_stay_harmless(void **state)
{
	char buf[32];
	const char *volatile fmt = "%q|%s|%";	/* volatile: not checked by the compiler */
	const char *volatile none = NULL;

	(void)state;
	snprintf(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	assert_int_equal(snprintf(buf, sizeof(buf), fmt, "a"), 5);
	assert_string_equal(buf, "%q|a|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_and_sets_exactly),
		cmocka_unit_test(compares),
		cmocka_unit_test(formats_like_the_c_library),
		cmocka_unit_test(odd_formats_stay_harmless),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
