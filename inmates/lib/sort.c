/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shell sort: short, and fast enough. */
#include <inmate/sort.h>

void sort(u64 *values, u32 count)
{
	for (u32 gap = count / 2; gap; gap /= 2)
		for (u32 i = gap; i < count; i++) {
			u64 value = values[i];
			u32 at = i;

			for (; at >= gap && values[at - gap] > value; at -= gap)
				values[at] = values[at - gap];
			values[at] = value;
		}
}
