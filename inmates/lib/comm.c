/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The communication page. */
#include <inmate/comm.h>
#include <inmate/fdt.h>

volatile struct comm_page *comm;

bool comm_init(void)
{
	u64 base, size;

	if (!fdt_reg(fdt_compatible(-1, "cloister,comm"), 0, &base, &size) || size < sizeof(*comm))
		return false;
	comm = (volatile struct comm_page *)base;
	comm->cell.version = COMM_VERSION;
	return true;
}

void comm_beat(void)
{
	if (comm)
		comm->cell.heartbeat++;
}

void comm_state(u32 state)
{
	if (comm)
		comm->cell.state = state;
}

u32 comm_request(void)
{
	return comm ? comm->request : COMM_REQUEST_NONE;
}
