/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I6: every encoding of MRS and of MSR (register), and the system instructions of higher exception levels.
 * Each gives a value or an Undefined Instruction exception; those of EL2 and EL3 are always undefined here.
 * Instructions are made at run time. bootargs: seed=.
 */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/random.h>
#include <inmate/timer.h>

#define INSN_SYSTEM	0xd5000000u
#define INSN_READ	(1u << 21)
#define INSN_RET	0xd65f03c0u
#define OP0		GENMASK(20, 19)
#define OP1		GENMASK(18, 16)
#define CRN		GENMASK(15, 12)
#define CRM		GENMASK(11, 8)
#define ENCODING	GENMASK(18, 5)		/* op1, CRn, CRm, op2 */
#define ENCODINGS	(1u << 14)
#define OP1_EL2		4			/* from here on: EL2, EL12, EL3, secure EL1 */

typedef u64 (*insn_fn)(u64 value);

static u32 code[16] __attribute__((aligned(64)));

struct tally { u32 done, undefined, other; };

/* Executes one system instruction with x0 in and out; true when it did not fault. */
static bool execute(u32 insn, u64 *value)
{
	u64 result;

	code[0] = insn;
	code[1] = INSN_RET;
	asm volatile("dc cvau, %0; dsb sy; ic ivau, %0; dsb sy; isb" : : "r"(code) : "memory");
	fault_arm();
	result = ((insn_fn)(u64)code)(*value);
	if (fault_disarm()->count)
		return false;
	*value = result;
	return true;
}

/* Also our own traps: we have not switched on SVE and SME. */
static bool was_undefined(void)
{
	u64 ec = FIELD_GET(ESR_EC, last_fault()->esr);

	return ec == EC_UNKNOWN || ec == EC_SYSREG || ec == EC_SVE || ec == EC_SME;
}

static void note(struct tally *tally, bool done, u32 insn)
{
	if (done) {
		tally->done++;
	} else if (was_undefined()) {
		tally->undefined++;
	} else {
		tally->other++;
		printf("# instruction 0x%08x: esr 0x%lx\n", insn, last_fault()->esr);
	}
}

static u32 encoding(u32 op0, u32 n, bool read)
{
	return INSN_SYSTEM | FIELD_PREP(OP0, op0) | FIELD_PREP(ENCODING, n) | (read ? INSN_READ : 0);
}

static bool is_pmu(u32 insn)
{
	u32 n = FIELD_GET(CRN, insn), m = FIELD_GET(CRM, insn);

	return FIELD_GET(OP0, insn) == 3 && ((n == 9 && m >= 12) || (n == 14 && m >= 8));
}

/* With op0 1 or 3; QEMU's trap of it (HCR_EL2.TIDCP) does not look at op0. */
static bool is_implementation_defined(u32 insn)
{
	u32 n = FIELD_GET(CRN, insn);

	return n == 11 || n == 15;
}

/* Belongs to EL2 or EL3. What is implementation defined need not be: a hypervisor can only trap all of it. */
static bool is_high(u32 insn)
{
	return FIELD_GET(OP1, insn) >= OP1_EL2 && !is_implementation_defined(insn);
}

/* Reads of all registers, and each that could be read is written with what it had. */
static void check_registers(u32 op0)
{
	struct tally reads = { 0 }, writes = { 0 }, high = { 0 };

	for (u32 n = 0; n < ENCODINGS; n++) {
		u32 insn = encoding(op0, n, true);
		u64 value = 0;
		bool done = execute(insn, &value);

		note(is_high(insn) ? &high : &reads, done, insn);
		if (done && is_high(insn))
			printf("# 0x%08x of a higher level reads 0x%lx\n", insn, value);
		if (!done)
			continue;
		insn &= ~INSN_READ;
		note(&writes, execute(insn, &value), insn);
	}
	ktap_ok(!reads.other, "op0 %u: all reads give a value (%u) or are undefined (%u)", op0, reads.done, reads.undefined);
	ktap_ok(!writes.other, "op0 %u: so do writes of what was read (%u, %u)", op0, writes.done, writes.undefined);
	ktap_ok(!high.done && !high.other, "op0 %u: no register of EL2 or EL3 can be read (%u)", op0, high.done);
}

/* Writes of op1 4 to 7: registers (op0 3, 2) and instructions (op0 1: TLBI, AT) of EL2 and EL3. */
static void check_high_writes(void)
{
	for (u32 op0 = 1; op0 <= 3; op0++) {
		struct tally tally = { 0 };

		for (u32 n = ENCODINGS / 2; n < ENCODINGS; n++) {
			u32 insn = encoding(op0, n, false);
			u64 value = random64();
			bool done;

			if (!is_high(insn))
				continue;
			done = execute(insn, &value);
			note(&tally, done, insn);
			if (done)
				printf("# 0x%08x of a higher level was executed\n", insn);
		}
		ktap_ok(!tally.done && !tally.other, "op0 %u: nothing of EL2 or EL3 can be written or executed (%u)", op0,
			tally.done);
	}
}

/* Random values, where that cannot break ourselves: the PMU and what is implementation defined. */
static void check_random_writes(const char *what, bool (*select)(u32 insn))
{
	struct tally tally = { 0 };

	for (u32 n = 0; n < ENCODINGS; n++) {
		u32 insn = encoding(3, n, false);
		u64 value = random64(), zero = 0;

		if (!select(insn))
			continue;
		note(&tally, execute(insn, &value), insn);
		execute(insn, &zero);
	}
	ktap_ok(!tally.other, "random writes to %s (%u done, %u undefined)", what, tally.done, tally.undefined);
}

/* Cache maintenance by set and way, as old boot code does it: works or is made harmless. */
static void check_set_way(void)
{
	u64 before = random64();
	volatile u64 cell = before;

	fault_arm();
	for (u64 level = 0; level < 2; level++)
		for (u64 set = 0; set < 64; set++)
			for (u64 way = 0; way < 2; way++)
				asm volatile("dc cisw, %0" : : "r"(way << 31 | set << 6 | level << 1) : "memory");
	ktap_ok(!fault_disarm()->count && cell == before, "cache maintenance by set and way does no harm");
}

static volatile u32 ticks;

static void tick(u32 intid, void *context)
{
	ticks++;
	vtimer_stop();
}

static void check_timer(void)
{
	gic_cpu_init();
	irq_handler(INTID_VTIMER, tick, NULL);
	gic_enable(INTID_VTIMER);
	irq_enable();
	vtimer_set(timer_ticks() + timer_us(1000));
	for (u64 deadline = timer_ticks() + timer_us(2000000); !ticks && timer_ticks() < deadline;)
		;
	ktap_ok(ticks == 1, "the timer interrupt comes afterwards");
}

int main(void)
{
	random_seed(boot_arg("seed", 0x1234567));
	ktap_begin("sysreg: every system register");
	irq_disable();
	check_registers(3);
	check_registers(2);
	check_high_writes();
	check_random_writes("the PMU", is_pmu);
	check_random_writes("implementation-defined registers", is_implementation_defined);
	check_set_way();
	check_timer();
	ktap_end();
	return 0;
}
