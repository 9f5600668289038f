/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Repeatable random numbers (xorshift64*) for the fuzzing inmates; the seed is bootargs' `seed=`. */
#ifndef INMATE_RANDOM_H
#define INMATE_RANDOM_H

#include <inmate/types.h>

void random_seed(u64 seed);
u64 random64(void);
static inline u64 random_below(u64 limit) { return random64() % limit; }

#endif
