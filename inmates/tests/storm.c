/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Floods: accesses to nowhere, unknown hypercalls and console output, as fast as the CPU can, without end. For a cell with
 * `on_fault: abort`, which survives each of them; the harness looks at the hypervisor's log and at the counters meanwhile.
 */
#include <inmate/fault.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>

#define NOWHERE		0x60000000

int main(void)
{
	u64 value;

	printf("storm: begins\n");
	for (u64 n = 0; ; n++) {
		try_read(NOWHERE + n % 4096 * 8, 8, &value);
		hypercall(HC_FN(1000), n, n, n);
		hypercall(HC_CELL_DESTROY, n, 0, 0);
	}
}
