/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hypercalls: SMCCC 1.1 fast calls in the vendor-specific hypervisor range, by HVC or SMC with immediate 0.
 * x0 = function, x1.. = arguments; x0 = result (a non-negative value or -HC_E*), x1..x3 further results.
 * All registers that are not named as results keep their values.
 *
 * Addresses are IPAs of the caller. A buffer is copied once, then checked, then used. A call that returns an error
 * other than HC_EAGAIN has changed nothing. HC_EAGAIN means that one bounded batch is done: call again with the same
 * arguments until it returns something else.
 */
#ifndef CLOISTER_ABI_HYPERCALL_H
#define CLOISTER_ABI_HYPERCALL_H

#include <abi/comm.h>
#include <abi/types.h>

#define HC_VERSION_MAJOR	1
#define HC_VERSION_MINOR	2

#define HC_FN(n)		(0xc6000000u + (n))

/* Standard discovery of the range (SMCCC): call count and UID, 32-bit functions. */
#define HC_CALL_UID		0x8600ff01u
#define HC_UID_0		0x5f7a1c6du
#define HC_UID_1		0x4b2e94d8u
#define HC_UID_2		0x6ca3e1b7u
#define HC_UID_3		0x195d8f40u

/* for every cell */
#define HC_VERSION		HC_FN(0)	/* -> x0 = major << 16 | minor, x1 = 1 in the root cell else 0 */
#define HC_CONSOLE_WRITE	HC_FN(1)	/* (bytes 1..40, x2..x6 = the bytes, little-endian) -> bytes taken */
#define HC_PANIC		HC_FN(2)	/* (code): the caller's cell fails with that code; does not return */
#define HC_CONSOLE_READ		HC_FN(3)	/* () -> x0 = 0..255, a byte typed to the cell, or -HC_EEMPTY */

/* for the root cell */
#define HC_SYSTEM_INFO		HC_FN(16)	/* (ipa of struct hc_system_info, bytes) */
#define HC_CELL_CREATE		HC_FN(17)	/* (ipa of struct cfg_cell, bytes, ipa of struct hc_error, HC_CREATE_*)
						 * -> cell id */
#define HC_CREATE_CHECK		1u		/* only check the config, by itself and against the cells that exist: 0.
						 * Whether its CPUs are free is not looked at */
#define HC_CELL_LOADABLE	HC_FN(18)	/* (id): clears the RAM of a created, stopped or failed cell in batches
						 * (HC_EAGAIN) and makes it `loaded`: ready for HC_CELL_WRITE and HC_CELL_START */
#define HC_CELL_START		HC_FN(19)	/* (id, entry IPA, x0 of its first CPU) */
#define HC_CELL_STOP		HC_FN(20)	/* (id): its CPUs parked, its streams aborting */
#define HC_CELL_DESTROY		HC_FN(21)	/* (id): all it had goes back to the root cell, cleared */
#define HC_CELL_INFO		HC_FN(22)	/* (id, ipa of struct hc_cell_info, bytes) */
#define HC_CELL_CONSOLE		HC_FN(23)	/* (id, ipa of buffer, bytes, position) -> bytes; x1 = next position */
#define HC_CELL_INPUT		HC_FN(24)	/* (id, byte): typed to the cell's hypercall console */
#define HC_LOG_READ		HC_FN(25)	/* (ipa of buffer, bytes, position) -> bytes; x1 = next position */

#define HC_CELL_WRITE		HC_FN(27)	/* (id, destination IPA in that cell, ipa of source, bytes): copies into a
						 * LOAD region of a loaded cell; at most HC_WRITE_MAX bytes a call */
#define HC_WRITE_MAX		65536u
#define HC_CELL_REQUEST		HC_FN(26)	/* (id, COMM_REQUEST_*): written into the page of a running cell (abi/comm.h);
						 * HC_EEMPTY: it has none */
#define HC_CELL_CPU		HC_FN(28)	/* (id, n, ipa of struct hc_cpu_info, bytes): its n-th CPU; HC_EEMPTY: it has
						 * given that one away, HC_EINVAL: it has no n-th */

#define HC_EPERM		1	/* not the root cell */
#define HC_ENOENT		2	/* no such cell */
#define HC_EINVAL		22	/* an argument, or the config: see hc_error */
#define HC_EBUSY		16	/* a resource belongs to another cell: see hc_error */
#define HC_ENOMEM		12	/* the hypervisor's page pool is used up */
#define HC_EFAULT		14	/* the caller cannot read or write that buffer */
#define HC_ESTATE		71	/* not in this state of the cell */
#define HC_EAGAIN		11	/* call again */
#define HC_EEMPTY		61	/* nothing there */
#define HC_EIO			5	/* the hardware did not do it: see the log */
#define HC_ENOSPC		28	/* no free cell number */

struct hc_error {
	char text[192];			/* a sentence that names the field or resource, NUL terminated */
};

#define HC_STATE_CREATED	1
#define HC_STATE_LOADED		2	/* cleared, and open for HC_CELL_WRITE */
#define HC_STATE_RUNNING	3
#define HC_STATE_STOPPED	4
#define HC_STATE_FAILED		5
#define HC_STATE_DESTROYING	6

#define HC_REASON_NONE		0
#define HC_REASON_MEMORY	1	/* access to an IPA where it has nothing; info = IPA */
#define HC_REASON_EXECUTE	2	/* instruction fetch from there; info = IPA */
#define HC_REASON_PANIC		4	/* it called HC_PANIC; info = its code */
#define HC_REASON_OFF		5	/* PSCI SYSTEM_OFF: stopped, not failed; info 1: it had been asked to stop */
#define HC_REASON_RESET		6	/* PSCI SYSTEM_RESET: stopped, not failed */
#define HC_REASON_SERROR	7	/* an SError while it ran; info = ESR_EL2 */
#define HC_REASON_WATCHDOG	3	/* its heartbeat stood still; info = its count */

/* Exits by cause. */
#define HC_EXIT_HYPERCALL	0	/* those of this file */
#define HC_EXIT_SMCCC		1	/* PSCI and other SMCs and HVCs */
#define HC_EXIT_MMIO		2	/* accesses to emulated devices */
#define HC_EXIT_SYSREG		3
#define HC_EXIT_IRQ		4
#define HC_EXIT_FAULT		5	/* accesses and fetches where it has nothing */
#define HC_EXIT_OTHER		6
#define HC_EXITS		8

struct hc_cell_info {
	char name[CL_NAME_LEN];
	cl_u32 id;
	cl_u32 state;			/* HC_STATE_* */
	cl_u32 reason;			/* HC_REASON_*, of the last failure or stop */
	cl_u32 cpu_count;
	cl_u64 cpus;			/* bitmap of the system's CPU numbers */
	cl_u64 info;			/* belongs to reason */
	cl_u64 pc;			/* where it failed */
	cl_u64 esr;			/* ESR_EL2 of the failure */
	cl_u64 memory;			/* bytes of RAM */
	cl_u64 table_pages;		/* 4 KiB pages of its tables */
	cl_u64 starts;			/* times it was started */
	cl_u64 exits[HC_EXITS];
	cl_u64 irqs_injected;
	cl_u64 dma_read_violations;
	cl_u64 dma_write_violations;
	cl_u64 dma_other_events;
	cl_u64 last_dma_address;	/* input address of the last violation */
	cl_u32 last_dma_sid;
	cl_u32 last_dma_smmu;
	cl_u64 mmio_violations;		/* CPU accesses to nowhere */
	cl_u64 dma_untrusted;		/* 1: it has streams, and an SMMU has failed: isolation of DMA is not certain */
	struct comm_signs comm;		/* what a running cell wrote into its communication page; else 0 */
	cl_u64 smmu_commands;		/* commands that its own SMMUs took from its queues */
	cl_u64 smmu_events;		/* events and page requests that they wrote to its queues */
	cl_u64 reserved[3];
};

/* Counts since that CPU belongs to the cell. */
struct hc_cpu_info {
	cl_u32 cpu;			/* the system's number of it */
	cl_u32 on;			/* 1: switched on, in the PSCI sense */
	cl_u64 exits[HC_EXITS];
	cl_u64 irqs_injected;
	cl_u64 reserved[2];
};

struct hc_system_info {
	cl_u32 version;			/* as HC_VERSION */
	cl_u32 cpu_count;
	cl_u64 board;			/* as in the configs' headers */
	cl_u64 pool_pages;		/* of the page pool: all */
	cl_u64 pool_free;		/* and free */
	cl_u32 cell_count;		/* cells that exist now */
	cl_u32 cell_max;
	cl_u64 cells;			/* bitmap of the ids in use */
	cl_u64 unowned_events;		/* SMMU events of streams that nobody owns */
	cl_u64 log_end;			/* position behind the newest log byte */
	char name[CL_NAME_LEN];		/* of the system config */
	char build[64];			/* version of the hypervisor */
};

#endif
