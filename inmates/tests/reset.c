/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI SYSTEM_RESET stops the cell (or restarts it, as its config says), and nothing else. */
#include <inmate/console.h>
#include <inmate/smccc.h>

int main(void)
{
	printf("reset: PSCI SYSTEM_RESET\n");
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	printf("reset: STILL HERE\n");
	return 0;
}
