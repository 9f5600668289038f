/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every CPU switches every other one on, without end and without memory, MMU or stack: whoever stops the cell must find
 * all of them asleep at one time, although each of them would be woken again at once.
 */
#include <inmate/console.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>

#define CPUS 3

void revive(void);
asm("	.text\n"
    "	.balign 4\n"
    "revive:\n"
    "1:	mov	x19, #0\n"
    "2:	ldr	x0, =0xc4000003\n"	/* CPU_ON */
    "	mov	x1, x19\n"
    "	adr	x2, revive\n"
    "	mov	x3, #0\n"
    "	hvc	#0\n"
    "	add	x19, x19, #1\n"
    "	cmp	x19, #3\n"
    "	b.lo	2b\n"
    "	b	1b\n"
    "	.ltorg\n");

int main(void)
{
	printf("revive: %u CPUs\n", cpu_count());
	revive();
	return 0;
}
