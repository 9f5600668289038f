/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PSCI, hypercalls, and the ways to end. */
#include <inmate/arch.h>
#include <inmate/fdt.h>
#include <inmate/smccc.h>
#include <inmate/string.h>

static void call_firmware(struct smccc *regs)
{
	const char *method = fdt_prop(fdt_path("/psci"), "method", NULL);

	if (method && !strcmp(method, "smc"))
		smccc_smc(regs);
	else
		smccc_hvc(regs);
}

s32 psci(u32 function, u64 a, u64 b, u64 c)
{
	struct smccc regs = { .x = { function, a, b, c } };

	call_firmware(&regs);
	return (s32)regs.x[0];
}

s64 hypercall(u32 function, u64 a, u64 b, u64 c)
{
	struct smccc regs = { .x = { function, a, b, c } };

	smccc_hvc(&regs);
	return (s64)regs.x[0];
}

bool in_cell(void)
{
	return fdt_compatible(-1, "cloister,hypervisor") >= 0;
}

void machine_off(void)
{
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	while (true)
		wfi();
}

void machine_panic(u32 code)
{
	if (in_cell())
		hypercall(HC_PANIC, code, 0, 0);
	machine_off();
}
