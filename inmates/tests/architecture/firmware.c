/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI and SMCCC: versions, features, error codes. */
#include "parts.h"

#define PSCI_FN64	0x40000000u

void check_firmware(void)
{
	static const struct { const char *name; u32 function; } functions[] = {
		{ "PSCI_VERSION", 0x84000000 }, { "CPU_SUSPEND", 0x84000001 }, { "CPU_OFF", 0x84000002 }, { "CPU_ON", 0x84000003 },
		{ "AFFINITY_INFO", 0x84000004 }, { "MIGRATE", 0x84000005 }, { "MIGRATE_INFO_TYPE", 0x84000006 },
		{ "MIGRATE_INFO_UP_CPU", 0x84000007 }, { "SYSTEM_OFF", 0x84000008 }, { "SYSTEM_RESET", 0x84000009 },
		{ "PSCI_FEATURES", 0x8400000a }, { "CPU_FREEZE", 0x8400000b }, { "CPU_DEFAULT_SUSPEND", 0x8400000c },
		{ "NODE_HW_STATE", 0x8400000d }, { "SYSTEM_SUSPEND", 0x8400000e }, { "SET_SUSPEND_MODE", 0x8400000f },
		{ "STAT_RESIDENCY", 0x84000010 }, { "SYSTEM_RESET2", 0x84000012 }, { "MEM_PROTECT", 0x84000013 },
	};
	static const struct { const char *name; u32 function; u64 a, b, c; } calls[] = {
		{ "PSCI_VERSION", 0x84000000, 0, 0, 0 }, { "SMCCC_VERSION", SMCCC_VERSION, 0, 0, 0 },
		{ "SMCCC_ARCH_FEATURES of itself", SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0 },
		{ "SMCCC_ARCH_FEATURES of WORKAROUND_1", SMCCC_ARCH_FEATURES, 0x80008000, 0, 0 },
		{ "PSCI_FEATURES of SMCCC_VERSION", PSCI_FEATURES, SMCCC_VERSION, 0, 0 },
		{ "PSCI_VERSION, 64-bit", 0xc4000000, 0, 0, 0 }, { "CPU_OFF, 64-bit", 0xc4000002, 0, 0, 0 },
		{ "MIGRATE_INFO_TYPE", 0x84000006, 0, 0, 0 }, { "MIGRATE", 0xc4000005, 0, 0, 0 },
		{ "MIGRATE_INFO_UP_CPU", 0xc4000007, 0, 0, 0 },
		{ "CPU_ON of nobody", PSCI_CPU_ON, 0x7f, 0x40000000, 0 },
		{ "CPU_ON of nobody, Aff1", PSCI_CPU_ON, 0x100, 0x40000000, 0 },
		{ "CPU_ON of nobody, Aff3", PSCI_CPU_ON, 1ULL << 32, 0x40000000, 0 },
		{ "CPU_ON of all ones", PSCI_CPU_ON, ~0ULL, 0x40000000, 0 },
		{ "CPU_ON of MPIDR with its bit 31", PSCI_CPU_ON, 0x80000000, 0x40000000, 0 },
		{ "AFFINITY_INFO of nobody", PSCI_AFFINITY_INFO, 0x7f, 0, 0 },
		{ "AFFINITY_INFO of level 1", PSCI_AFFINITY_INFO, 0, 1, 0 },
		{ "AFFINITY_INFO of level 3", PSCI_AFFINITY_INFO, 0, 3, 0 },
		{ "AFFINITY_INFO of level 4", PSCI_AFFINITY_INFO, 0, 4, 0 },
		{ "CPU_SUSPEND with reserved bits", PSCI_CPU_SUSPEND, 0xfcfe0000, 0, 0 },
		{ "CPU_SUSPEND of power level 3", PSCI_CPU_SUSPEND, 0x03000000, 0, 0 },
		{ "CPU_SUSPEND, 32-bit, with reserved bits", 0x84000001, 0xfcfe0000, 0, 0 },
		{ "unknown PSCI", 0x84000050, 0, 0, 0 }, { "unknown PSCI, 64-bit", 0xc4000050, 0, 0, 0 },
		{ "unknown Arm", 0x8000ffff, 0, 0, 0 }, { "unknown SiP", 0x82000000, 0, 0, 0 },
		{ "unknown OEM", 0x83000000, 0, 0, 0 }, { "unknown hypervisor", 0x8600ffff, 0, 0, 0 },
		{ "unknown TOS", 0xb2000000, 0, 0, 0 }, { "zero", 0, 0, 0, 0 }, { "all ones", 0xffffffff, 0, 0, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		see((u32)psci(PSCI_FEATURES, functions[i].function, 0, 0), "PSCI_FEATURES of %s", functions[i].name);
		see((u32)psci(PSCI_FEATURES, functions[i].function | PSCI_FN64, 0, 0), "PSCI_FEATURES of %s, 64-bit",
		    functions[i].name);
	}
	for (u32 i = 0; i < ARRAY_SIZE(calls); i++)
		see((u32)psci(calls[i].function, calls[i].a, calls[i].b, calls[i].c), "PSCI %s", calls[i].name);
	see((u32)psci(PSCI_CPU_ON, self_affinity(), (u64)note_entry, 0), "PSCI CPU_ON of oneself");
	see((u32)psci(PSCI_CPU_ON & ~PSCI_FN64, self_affinity(), (u64)note_entry, 0), "PSCI CPU_ON of oneself, 32-bit");
	see((u32)psci(PSCI_AFFINITY_INFO, self_affinity(), 0, 0), "PSCI AFFINITY_INFO of oneself");
}
