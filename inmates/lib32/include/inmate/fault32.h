/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exceptions of AArch32. While armed, an undefined instruction or an abort is noted and the instruction skipped; others,
 * and all while not armed, end the inmate with a report.
 */
#ifndef INMATE_FAULT32_H
#define INMATE_FAULT32_H

#include <inmate/types.h>

enum { FAULT_RESET, FAULT_UNDEF, FAULT_SVC, FAULT_PREFETCH, FAULT_DATA };

struct fault32 {
	u32 count, kind;		/* since fault32_arm(); FAULT_* of the last one */
	u32 pc, spsr;
	u32 status, address;		/* of aborts: DFSR and DFAR, or IFSR and IFAR */
};

/* `resume`: where to go on after a fetch that failed; 0: fetches are not expected to fail */
void fault32_arm(u32 resume);
const struct fault32 *fault32_disarm(void);

#endif
