/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell with `on_fault: fail` jumps to root memory: the hypervisor must end it (failed, reason execute, that
 * address).
 */
#include <inmate/ktap.h>
#include <inmate/mmu.h>

#define NOWHERE		0x60000000UL

int main(void)
{
	ktap_begin("fault-exec: a jump to memory that is not ours ends the cell");
	mmu_map(NOWHERE, 4096, MEM_NORMAL);
	printf("# jumping to 0x%lx\n", NOWHERE);
	((void (*)(void))NOWHERE)();
	ktap_ok(false, "the cell goes on");
	ktap_end();
	return 0;
}
