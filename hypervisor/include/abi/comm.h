/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The communication page: a page of a cell's own RAM, at the address that its config and its device tree (a node
 * "cloister,comm") name. The cell uses it if it wants to. It maps it as normal cacheable memory, as the hypervisor does.
 *
 * All zero when the cell starts. The first half is written by the cell alone, the second by the hypervisor alone. Nothing
 * in it is trusted: what a cell writes there can mislead those who look after that cell, and nobody else.
 */
#ifndef CLOISTER_ABI_COMM_H
#define CLOISTER_ABI_COMM_H

#include <abi/types.h>

#define COMM_VERSION		1

/* What the cell says of itself. */
#define COMM_STATE_STARTING	0
#define COMM_STATE_RUNNING	1	/* it is up */
#define COMM_STATE_STOPPED	2	/* it has done what it had to do before it is stopped */

/* What it is asked for; it looks here when it likes. */
#define COMM_REQUEST_NONE	0
#define COMM_REQUEST_STOP	1	/* wind up, then say COMM_STATE_STOPPED or switch off (PSCI SYSTEM_OFF) */

#define COMM_HALF		2048	/* more than any cache line, so that the two writers share none */

struct comm_signs {
	cl_u32 version;			/* COMM_VERSION: the cell uses the page; 0: it does not */
	cl_u32 state;			/* COMM_STATE_* */
	cl_u64 heartbeat;		/* changes at least once in each period of the cell's watchdog */
};

struct comm_page {
	struct comm_signs cell;
	cl_u8 unused[COMM_HALF - sizeof(struct comm_signs)];
	cl_u32 request;			/* COMM_REQUEST_*; at COMM_HALF */
};

#endif
