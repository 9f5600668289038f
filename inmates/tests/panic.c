/* SPDX-License-Identifier: GPL-2.0-only */
/* HC_PANIC: the cell must be failed with code 42. */
#include <inmate/console.h>
#include <inmate/smccc.h>

#define CODE	42

int main(void)
{
	printf("panic: HC_PANIC %d\n", CODE);
	machine_panic(CODE);
}
