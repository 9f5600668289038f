/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I6: random and malformed SMCs and HVCs from a cell that is not the root. The management hypercalls answer
 * -HC_EPERM, whatever their arguments; nothing but the documented results comes back. bootargs: seed=,
 * rounds=.
 */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/ktap.h>
#include <inmate/mmu.h>
#include <inmate/random.h>
#include <inmate/smccc.h>

#define ROUNDS		20000
#define ROOT_FIRST	16		/* HC_FN() numbers of the root cell's calls */
#define ROOT_LAST	27
#define HC_FUNCTIONS	64

static u64 any_argument(void)
{
	static const u64 interesting[] = {
		0, 1, 2, 15, 16, 4095, 4096, 0x40000000, 0x41fffff8, 0x45000000, 0x60000000, 0xffffffff, 0x8000000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffff8, ~0ULL,
	};

	return random_below(3) ? interesting[random_below(ARRAY_SIZE(interesting))] : random64();
}

static void call(bool smc, u64 function, struct smccc *regs)
{
	regs->x[0] = function;
	for (u32 i = 1; i < 8; i++)
		regs->x[i] = any_argument();
	if (smc)
		smccc_smc(regs);
	else
		smccc_hvc(regs);
}

static void check_root_calls(void)
{
	struct smccc regs;

	for (u32 n = ROOT_FIRST; n <= ROOT_LAST; n++) {
		bool refused = true;

		for (u32 i = 0; i < 50; i++) {
			call(i & 1, HC_FN(n), &regs);
			refused &= (s64)regs.x[0] == -HC_EPERM;
		}
		ktap_ok(refused, "management hypercall %u is not permitted (%ld)", n, (long)regs.x[0]);
	}
	for (u32 n = ROOT_LAST + 1; n < HC_FUNCTIONS; n++) {
		call(false, HC_FN(n), &regs);
		if ((s32)regs.x[0] != SMCCC_NOT_SUPPORTED)
			ktap_ok(false, "hypercall %u does not exist (%ld)", n, (long)regs.x[0]);
	}
}

static void check_own_calls(void)
{
	struct smccc regs = { .x = { HC_VERSION } };

	smccc_hvc(&regs);
	ktap_ok(regs.x[0] >> 16 == HC_VERSION_MAJOR && regs.x[1] == 0, "HC_VERSION: %lu.%lu, not the root cell",
		regs.x[0] >> 16, regs.x[0] & 0xffff);
	regs = (struct smccc){ .x = { HC_CALL_UID } };
	smccc_smc(&regs);
	ktap_ok((u32)regs.x[0] == HC_UID_0 && (u32)regs.x[1] == HC_UID_1 && (u32)regs.x[2] == HC_UID_2 &&
		(u32)regs.x[3] == HC_UID_3, "the UID of Cloister's calls");
	for (u32 i = 0; i < 3; i++) {
		static const u64 lengths[] = { 0, 41, ~0ULL };
		s64 result = hypercall(HC_CONSOLE_WRITE, lengths[i], 0, 0);

		ktap_ok(result <= 0, "HC_CONSOLE_WRITE of %lu bytes is refused (%ld)", lengths[i], (long)result);
	}
}

/* Functions that end the run by design are left out, and CPU_ON of CPUs that are ours. */
static bool ends_us(u64 function)
{
	switch ((u32)function & ~BIT(30)) {
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_CPU_OFF:
	case PSCI_CPU_SUSPEND & ~BIT(30):
	case PSCI_CPU_ON & ~BIT(30):
	case 0x8400000e & ~BIT(30):		/* SYSTEM_SUSPEND */
	case 0x84000012 & ~BIT(30):		/* SYSTEM_RESET2 */
	case HC_PANIC & ~BIT(30):
	case HC_CONSOLE_WRITE & ~BIT(30):
		return true;
	default:
		return false;
	}
}

static u64 any_function(void)
{
	switch (random_below(5)) {
	case 0:
		return random64();
	case 1:
		return random64() & 0xffffffff;
	case 2:
		return 0x84000000 | (random64() & 0x4000003f);
	case 3:
		return 0x80000000 | (random64() & 0x7f00ffff);
	default:
		return HC_FN(random_below(HC_FUNCTIONS));
	}
}

static void check_random(u32 rounds)
{
	u32 answered = 0;
	struct smccc regs;

	for (u32 i = 0; i < rounds; i++) {
		u64 function = any_function();

		if (ends_us(function))
			continue;
		call(random64() & 1, function, &regs);
		answered += (s32)regs.x[0] != SMCCC_NOT_SUPPORTED;
	}
	ktap_ok(true, "%u random calls (%u answered)", rounds, answered);
}

static void check_immediates(void)
{
	fault_arm();
	asm volatile("mov x0, #0x84000000\n hvc #1" : : : "x0", "x1", "x2", "x3", "memory");
	asm volatile("mov x0, #0x84000000\n hvc #0xffff" : : : "x0", "x1", "x2", "x3", "memory");
	asm volatile("mov x0, #0x84000000\n smc #1" : : : "x0", "x1", "x2", "x3", "memory");
	asm volatile("mov x0, #0x84000000\n smc #0xffff" : : : "x0", "x1", "x2", "x3", "memory");
	fault_disarm();
	ktap_ok(true, "other immediates do no harm");
}

int main(void)
{
	u64 seed = boot_arg("seed", 0x1234567);

	random_seed(seed);
	ktap_begin("smc-fuzz: malformed calls of firmware and hypervisor");
	printf("# seed=%lu\n", seed);
	if (in_cell()) {
		check_own_calls();
		check_root_calls();
		check_immediates();
		check_random(boot_arg("rounds", ROUNDS));
		ktap_ok(psci(PSCI_VERSION, 0, 0, 0) > 0, "PSCI_VERSION answers afterwards");
	} else {
		ktap_skip("bare machine", "malformed calls");
	}
	ktap_end();
	return 0;
}
