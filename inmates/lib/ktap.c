/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* KTAP output. */
#include <inmate/ktap.h>

static u32 done, failed;

void ktap_begin(const char *what)
{
	done = 0;
	failed = 0;
	printf("TAP version 14\n# %s\n", what);
}

bool ktap_ok(bool pass, const char *format, ...)
{
	va_list args;

	failed += !pass;
	printf("%sok %u - ", pass ? "" : "not ", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return pass;
}

void ktap_skip(const char *why, const char *format, ...)
{
	va_list args;

	printf("ok %u - ", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
}

void ktap_end(void)
{
	printf("1..%u\n# %u failed\n", done, failed);
}
