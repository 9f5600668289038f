/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The communication page (abi/comm.h): what this cell says of itself, and what it is asked for. */
#ifndef INMATE_COMM_H
#define INMATE_COMM_H

#include <abi/comm.h>
#include <inmate/types.h>

/* The page, NULL where there is none. */
extern volatile struct comm_page *comm;

/* Finds the page and says that it will be used. False: there is none, and the functions below do nothing. */
bool comm_init(void);
void comm_beat(void);
void comm_state(u32 state);	/* COMM_STATE_* */
u32 comm_request(void);		/* COMM_REQUEST_* */

#endif
