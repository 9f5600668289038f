// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the counter, behind its arguments: `counter NAME`. The virtual counter, which in the root cell is the physical one,
 * so that cells' and the hypervisor's times compare with it.
 */
#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	uint64_t ticks;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	for (int i = 1; i < argc; i++)
		printf("%s ", argv[i]);
	printf("%" PRIu64 "\n", ticks);
	return 0;
}
