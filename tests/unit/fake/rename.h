/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the test of lib/string.c and lib/vsnprintf.c only: the hypervisor's functions get names of their own beside the
 * C library's. Included first, for all sources of that test.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define memcpy		hyp_memcpy
#define memset		hyp_memset
#define memcmp		hyp_memcmp
#define strlen		hyp_strlen
#define strnlen		hyp_strnlen
#define snprintf	hyp_snprintf
#define vsnprintf	hyp_vsnprintf

#include <hyp/printk.h>
#include <hyp/string.h>
