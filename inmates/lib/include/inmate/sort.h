/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For distributions of what was measured. */
#ifndef INMATE_SORT_H
#define INMATE_SORT_H

#include <inmate/types.h>

/* Ascending. */
void sort(u64 *values, u32 count);

#endif
