/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fixed-size types for the binary interfaces, the same in the hypervisor, the Linux driver, the host tools and the
 * inmates. Each of them has a <stdint.h> or, in the kernel, <linux/types.h>.
 */
#ifndef CLOISTER_ABI_TYPES_H
#define CLOISTER_ABI_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
typedef __u8 cl_u8;
typedef __u16 cl_u16;
typedef __u32 cl_u32;
typedef __u64 cl_u64;
#else
#include <stdint.h>
typedef uint8_t cl_u8;
typedef uint16_t cl_u16;
typedef uint32_t cl_u32;
typedef uint64_t cl_u64;
#endif

#define CL_NAME_LEN	32	/* bytes of a name, with its terminating NUL */

#endif
