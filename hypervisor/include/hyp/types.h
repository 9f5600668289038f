/* SPDX-License-Identifier: GPL-2.0-only */
/* The basic types. Freestanding: only headers that come with every compiler. */
#ifndef HYP_TYPES_H
#define HYP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/* What nearly every interface is about. */
struct cell;
struct cpu;
struct cfg_system;
struct hc_error;

#define KIB(n)	((u64)(n) << 10)
#define MIB(n)	((u64)(n) << 20)
#define GIB(n)	((u64)(n) << 30)

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096UL
#define PAGE_MASK	(~(u64)(PAGE_SIZE - 1))

#endif
