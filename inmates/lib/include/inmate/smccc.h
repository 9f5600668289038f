/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls to firmware and hypervisor: SMCCC, PSCI, and Cloister's hypercalls (abi/hypercall.h). */
#ifndef INMATE_SMCCC_H
#define INMATE_SMCCC_H

#include <abi/hypercall.h>
#include <inmate/types.h>

struct smccc { u64 x[8]; };	/* arguments and results in x0 to x7 */

/* In smccc.S. x8 to x17 may not survive a call to firmware, all else does. */
void smccc_hvc(struct smccc *regs);
void smccc_smc(struct smccc *regs);

#define SMCCC_NOT_SUPPORTED	(-1)
#define SMCCC_VERSION		0x80000000u
#define SMCCC_ARCH_FEATURES	0x80000001u
#define PSCI_VERSION		0x84000000u
#define PSCI_CPU_SUSPEND	0xc4000001u
#define PSCI_CPU_OFF		0x84000002u
#define PSCI_CPU_ON		0xc4000003u
#define PSCI_AFFINITY_INFO	0xc4000004u
#define PSCI_MIGRATE_TYPE	0x84000006u
#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SYSTEM_RESET	0x84000009u
#define PSCI_FEATURES		0x8400000au
#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INVALID_ADDRESS	(-9)

/* By the conduit that the device tree names (`hvc` without one). The result as a signed 32-bit number. */
s32 psci(u32 function, u64 a, u64 b, u64 c);
/* A hypercall with up to three arguments; x0 of the result. Only under Cloister. */
s64 hypercall(u32 function, u64 a, u64 b, u64 c);

/* The device tree says that this is a cell of Cloister. */
bool in_cell(void);

/*
 * The end: the machine or cell is switched off / the cell fails with that code (switched off on a bare
 * machine).
 */
void machine_off(void) __attribute__((noreturn));
void machine_panic(u32 code) __attribute__((noreturn));

#endif
