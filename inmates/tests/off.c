/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI SYSTEM_OFF stops the cell, and nothing else. */
#include <inmate/console.h>
#include <inmate/smccc.h>

int main(void)
{
	printf("off: PSCI SYSTEM_OFF\n");
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	printf("off: STILL HERE\n");
	return 0;
}
