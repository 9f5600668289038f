/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI 1.1 and SMCCC by both conduits: what is there answers as specified, all else is NOT_SUPPORTED. */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>

#define PSCI_1_1	0x10001
#define SMCCC_1_1	0x10001
#define NOWHERE		0x60000000
#define OTHER_CPU	0x7f		/* no affinity of ours */

typedef void (*conduit_fn)(struct smccc *regs);

static s32 call(conduit_fn conduit, u64 function, u64 a, u64 b, u64 c)
{
	struct smccc regs = { .x = { function, a, b, c } };

	conduit(&regs);
	return (s32)regs.x[0];
}

static void check_versions(conduit_fn conduit, const char *name)
{
	static const u32 functions[] = {
		PSCI_CPU_SUSPEND, PSCI_CPU_OFF, PSCI_CPU_ON, PSCI_AFFINITY_INFO, PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET,
		PSCI_FEATURES, SMCCC_VERSION,
	};
	s32 version = call(conduit, PSCI_VERSION, 0, 0, 0);

	ktap_ok(version == PSCI_1_1, "%s: PSCI_VERSION is 1.1 (0x%x)", name, version);
	version = call(conduit, SMCCC_VERSION, 0, 0, 0);
	ktap_ok(version >= SMCCC_1_1, "%s: SMCCC_VERSION is 1.1 or later (0x%x)", name, version);
	for (u32 i = 0; i < ARRAY_SIZE(functions); i++)
		ktap_ok(call(conduit, PSCI_FEATURES, functions[i], 0, 0) >= 0, "%s: PSCI_FEATURES knows 0x%x", name,
			functions[i]);
	ktap_ok(call(conduit, PSCI_FEATURES, 0x8400001f, 0, 0) == SMCCC_NOT_SUPPORTED,
		"%s: PSCI_FEATURES does not know 0x8400001f", name);
	ktap_ok(call(conduit, PSCI_MIGRATE_TYPE, 0, 0, 0) == 2 ||
		call(conduit, PSCI_MIGRATE_TYPE, 0, 0, 0) == SMCCC_NOT_SUPPORTED, "%s: no trusted OS to migrate", name);
}

static void check_cpus(conduit_fn conduit, const char *name)
{
	u64 self = read_sysreg(mpidr_el1) & 0xff00ffffff;

	ktap_ok(call(conduit, PSCI_CPU_ON, self, (u64)check_cpus, 0) == PSCI_ALREADY_ON, "%s: CPU_ON of this CPU", name);
	ktap_ok(call(conduit, PSCI_CPU_ON, OTHER_CPU, (u64)check_cpus, 0) == PSCI_INVALID_PARAMETERS,
		"%s: CPU_ON of a CPU that is not there", name);
	ktap_ok(call(conduit, PSCI_CPU_ON, 0xffffffffffffffff, (u64)check_cpus, 0) == PSCI_INVALID_PARAMETERS,
		"%s: CPU_ON with all bits set", name);
	ktap_ok(call(conduit, PSCI_AFFINITY_INFO, self, 0, 0) == 0, "%s: AFFINITY_INFO of this CPU is on", name);
	ktap_ok(call(conduit, PSCI_AFFINITY_INFO, OTHER_CPU, 0, 0) == PSCI_INVALID_PARAMETERS,
		"%s: AFFINITY_INFO of a CPU that is not there", name);
}

static void check_unknown(conduit_fn conduit, const char *name)
{
	static const u64 functions[] = {
		0x84000020, 0xc4000020, 0x8400ffff,		/* PSCI range */
		0x80000002, 0x8000ffff,				/* Arm architecture range */
		0x82000000, 0xc2000001,				/* SiP */
		0x83000000, 0xc3000001,				/* OEM */
		0xb2000000, 0xf2000000,				/* trusted OS */
		0x00000000, 0x7fffffff, 0xffffffff,
	};

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		s32 result = call(conduit, functions[i], 0, 0, 0);

		ktap_ok(result == SMCCC_NOT_SUPPORTED, "%s: unknown function 0x%lx (%d)", name, functions[i], result);
	}
}

/* SMCCC 1.1: all registers but the results keep their values. */
static void check_registers(conduit_fn conduit, const char *name)
{
	struct smccc regs = { .x = { PSCI_VERSION, 1, 2, 3, 4, 5, 6, 7 } };
	bool kept = true;

	conduit(&regs);
	for (u32 i = 4; i < 8; i++)
		kept &= regs.x[i] == i;
	ktap_ok(kept, "%s: x4 to x7 keep their values", name);
}

static void check_conduit(conduit_fn conduit, const char *name)
{
	fault_arm();
	call(conduit, PSCI_VERSION, 0, 0, 0);
	if (fault_disarm()->count) {
		ktap_skip("no such conduit", "%s", name);
		return;
	}
	check_versions(conduit, name);
	check_cpus(conduit, name);
	check_unknown(conduit, name);
	check_registers(conduit, name);
}

/* Only immediate 0 is defined. */
static void check_immediates(void)
{
	fault_arm();
	asm volatile("mov x0, #0x84000000\n hvc #1" : : : "x0", "x1", "x2", "x3", "memory");
	asm volatile("mov x0, #0x84000000\n smc #0xffff" : : : "x0", "x1", "x2", "x3", "memory");
	fault_disarm();
	ktap_ok(true, "HVC and SMC with other immediates do no harm");
}

int main(void)
{
	ktap_begin("psci: firmware calls");
	check_conduit(smccc_hvc, "hvc");
	if (in_cell()) {
		check_conduit(smccc_smc, "smc");
		check_immediates();
	}
	ktap_end();
	return 0;
}
