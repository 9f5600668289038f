/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits and fields. A hardware field is one mask, used through FIELD_GET and FIELD_PREP only. */
#ifndef HYP_BITS_H
#define HYP_BITS_H

#include <hyp/types.h>

#define BIT(n)			(1ULL << (n))
#define GENMASK(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))

/* The mask must be a constant: its lowest bit is then found at compile time. */
#define FIELD_GET(mask, value)	(((u64)(value) & (mask)) >> __builtin_ctzll(mask))
#define FIELD_PREP(mask, value)	(((u64)(value) << __builtin_ctzll(mask)) & (mask))
#define FIELD_MAX(mask)		((u64)(mask) >> __builtin_ctzll(mask))

#define ALIGN_UP(x, a)		(((x) + ((a) - 1)) & ~((u64)(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((u64)(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((u64)(a) - 1)) == 0)

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)		((a) < (b) ? (a) : (b))
#define MAX(a, b)		((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

/* For each bit that is set in 32 of them, the lowest first. */
#define for_each_bit(i, bits) for (u32 left_ = (bits), i; left_ && (i = (u32)__builtin_ctz(left_), true); left_ &= left_ - 1)

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * 1 or 0, whether a bool option of Kconfig is set: a defined one is 1, which makes the helper macro insert an argument.
 */
#define IS_ENABLED(option)		IS_ENABLED_1(option)
#define IS_ENABLED_1(value)		IS_ENABLED_2(IS_ENABLED_ARG_##value)
#define IS_ENABLED_2(arg_or_junk)	IS_ENABLED_3(arg_or_junk 1, 0)
#define IS_ENABLED_3(ignored, result, ...)	result
#define IS_ENABLED_ARG_1		0,

/* One access that the compiler neither tears, repeats nor drops. */
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

#endif
