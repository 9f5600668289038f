/* SPDX-License-Identifier: GPL-2.0-only */
/* All exceptions masked, an infinite loop: the cell must be stoppable all the same. */
#include <inmate/console.h>

int main(void)
{
	printf("spin: interrupts off, looping\n");
	asm volatile("msr daifset, #15");
	while (true)
		asm volatile("");
}
