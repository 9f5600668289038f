// SPDX-License-Identifier: GPL-2.0-only
/* Chance, the same for the same seed. A unit test, where the same has to happen always, has its own instead. */
#include "refine.h"
#include "fake/fake.h"

u64 world_seed;

u32 pick(u32 n)
{
	return (u32)(fake_random(&world_seed) >> 20) % n;
}

bool one_in(u32 n)
{
	return !pick(n);
}
