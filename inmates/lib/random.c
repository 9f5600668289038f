/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* xorshift64*. */
#include <inmate/random.h>

static u64 state = 1;

void random_seed(u64 seed)
{
	state = seed ? seed : 1;
}

u64 random64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}
