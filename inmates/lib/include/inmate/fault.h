/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exceptions that are expected. Between fault_arm() and fault_disarm() a synchronous exception or SError of
 * this CPU is noted, and the instruction skipped. Any other exception ends the inmate with a report.
 */
#ifndef INMATE_FAULT_H
#define INMATE_FAULT_H

#include <inmate/types.h>

#define ESR_EC			GENMASK(31, 26)
#define ESR_ISS			GENMASK(24, 0)
#define ESR_FSC			GENMASK(5, 0)
#define EC_UNKNOWN		0x00
#define EC_HVC			0x16
#define EC_SMC			0x17
#define EC_SYSREG		0x18
#define EC_SVE			0x19
#define EC_SME			0x1d
#define EC_IABT			0x21
#define EC_DABT			0x25
#define FSC_EXTERNAL		0x10
#define FSC_ALIGNMENT		0x21

/* General registers and state at an exception, as vectors.S lays them out. */
struct trap_frame {
	u64 x[31];
	u64 elr;
	u64 spsr;
	u64 esr;
	u64 far;
	u64 pad;
};

struct fault {
	u32 count;		/* exceptions since fault_arm() */
	bool serror;		/* the last one was an SError */
	u64 esr, far, elr;	/* of the last one */
};

void fault_arm(void);
/* What happened; valid until the next fault_arm(). */
const struct fault *fault_disarm(void);

/* One access of 1, 2, 4 or 8 bytes. True: it was done, false: it faulted. */
bool try_read(u64 address, u32 bytes, u64 *value);
bool try_write(u64 address, u32 bytes, u64 value);
/* Calls that address. True: it came back without an exception. */
bool try_execute(u64 address);
/* The fault of the last try_...() that returned false. */
const struct fault *last_fault(void);
/* It was a synchronous external abort, as accesses to nothing cause. */
bool fault_is_external(const struct fault *fault);

#endif
