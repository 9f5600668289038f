/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell with `on_fault: fail` reads root memory: the hypervisor must end it (failed, reason memory, that
 * address).
 */
#include <inmate/arch.h>
#include <inmate/ktap.h>

#define NOWHERE		0x60000000

int main(void)
{
	ktap_begin("fault: a read of memory that is not ours ends the cell");
	printf("# reading 0x%x\n", NOWHERE);
	mmio_read32(NOWHERE);
	ktap_ok(false, "the cell goes on");
	ktap_end();
	return 0;
}
