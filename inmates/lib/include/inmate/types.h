/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fixed-size types and small helpers of the inmates. */
#ifndef INMATE_TYPES_H
#define INMATE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define BIT(n)			(1ULL << (n))
#define GENMASK(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))
#define FIELD_GET(mask, value)	(((u64)(value) & (mask)) >> __builtin_ctzll(mask))
#define FIELD_PREP(mask, value)	(((u64)(value) << __builtin_ctzll(mask)) & (mask))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)		(((x) + ((a) - 1)) & ~((u64)(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((u64)(a) - 1))

#endif
