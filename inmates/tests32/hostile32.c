// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6: what an inmate in AArch32 can try. Every encoding of CP14 and CP15, other coprocessors, calls, modes; trapped
 * instructions with conditions and in IT blocks; accesses that cannot be emulated. Whatever happens is an
 * exception of its own, with the registers that the architecture says, and the cell goes on. bootargs: seed=.
 */
#include <inmate/arch.h>
#include <inmate/fault32.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/random.h>
#include <inmate/timer.h>

#define BX_LR		0xe12fff1eu
#define BX_LR_T32	0x4770u
#define MRC		0xee100010u	/* also MCR, MRRC, MCRR with other bits */
#define MCR_READ	(1u << 20)
#define MRRC		0xec500000u
#define MRRC_R1		(1u << 16)	/* the second register */
#define HVC		0xe1400070u
#define SMC		0xe1600070u
#define NOWHERE		0x60000000u
#define MODES_MASKED	0xc0u		/* CPSR.I and F */
#define MODE_SVC	0x13u
#define SCTLR_TE	(1u << 30)
#define FSR_EXTERNAL	0x008u
#define FSR_WRITE	0x800u
#define GICD_TYPER_AT	((u32)gicd_base + GICD_TYPER)

u32 it_block(u32 equal, u32 device);
u32 conditional(u32 equal, u32 device);
u32 banked(u32 cpsr, u32 device, u32 which);
void enter_mode(u32 cpsr);
void return_to_mode(u32 spsr);
u64 run_code(u64 value, u32 entry);
void call_nowhere(u32 target);
extern char nowhere_return[], vectors[], vectors_t32[];
extern u32 section_table[];

static u32 code[16] __attribute__((aligned(64)));

struct tally { u32 done, undefined, aborted, other; };

static void sync_code(void)
{
	/* clean to the point of unification, invalidate all instruction caches */
	asm volatile("mcr p15, 0, %0, c7, c11, 1\n\tdsb\n\tmcr p15, 0, %1, c7, c5, 0\n\tdsb\n\tisb"
		     : : "r"(code), "r"(0) : "memory");
}

/* One instruction, as A32 or T32, with r0 and r1 in and out. */
static const struct fault32 *execute(u32 insn, bool thumb, u64 *value)
{
	code[0] = thumb ? insn << 16 | insn >> 16 : insn;
	code[1] = thumb ? BX_LR_T32 : BX_LR;
	sync_code();
	fault32_arm(0);
	*value = run_code(*value, (u32)code + thumb);
	return fault32_disarm();
}

static bool note(struct tally *tally, const struct fault32 *fault, u32 insn)
{
	if (!fault->count)
		tally->done++;
	else if (fault->count == 1 && fault->kind == FAULT_UNDEF && fault->pc == (u32)code)
		tally->undefined++;
	else if (fault->count == 1 && fault->kind == FAULT_DATA && fault->pc == (u32)code)
		tally->aborted++;
	else {
		tally->other++;
		printf("# instruction 0x%08x: %u exceptions, kind %u, PC 0x%x\n", insn, fault->count, fault->kind, fault->pc);
	}
	return !fault->count;
}

/* The old wait for interrupt; what makes an instruction of CP15 harmful to ourselves alone. */
static bool is_harmful(u32 insn)
{
	u32 crn = insn >> 16 & 15, crm = insn & 15;

	return crn == 7 && (crm == 0 || crm == 6);
}

/* Reads; what could be read is written with that, what could not with random bits. */
static void check_mrc(u32 coprocessor, bool thumb)
{
	struct tally reads = { 0 }, writes = { 0 }, random = { 0 };

	for (u32 n = 0; n < 1u << 14; n++) {
		u32 insn = MRC | coprocessor << 8 | (n & 7) << 5 | (n >> 3 & 15) | (n >> 7 & 15) << 16 | (n >> 11) << 21;
		u64 value = 0;
		bool readable = note(&reads, execute(insn | MCR_READ, thumb, &value), insn);

		if (readable)
			note(&writes, execute(insn & ~MCR_READ, thumb, &value), insn);
		else if (!is_harmful(insn) && (value = random64(), true))
			note(&random, execute(insn & ~MCR_READ, thumb, &value), insn);
	}
	ktap_ok(reads.done > 10 && !reads.other && !writes.other && !random.other,
		"CP%u in %s: reads (%u done, %u undefined), writes of it (%u, %u), others (%u, %u)", coprocessor,
		thumb ? "T32" : "A32", reads.done, reads.undefined, writes.done, writes.undefined, random.done, random.undefined);
}

static void check_mrrc(u32 coprocessor)
{
	struct tally reads = { 0 }, writes = { 0 }, random = { 0 };

	for (u32 n = 0; n < 256; n++) {
		u32 insn = MRRC | MRRC_R1 | coprocessor << 8 | n;
		u64 value = 0;

		if (note(&reads, execute(insn, false, &value), insn))
			note(&writes, execute(insn & ~MCR_READ, false, &value), insn);
		else if ((value = random64(), true))
			note(&random, execute(insn & ~MCR_READ, false, &value), insn);
	}
	ktap_ok(!reads.other && !writes.other && !random.other, "64 bits of CP%u: reads (%u, %u), writes (%u, %u), others (%u, %u)",
		coprocessor, reads.done, reads.undefined, writes.done, writes.undefined, random.done, random.undefined);
}

static void check_coprocessors(void)
{
	struct tally tally = { 0 };

	for (u32 i = 0; i < 4096; i++) {
		u32 insn = MRC | (random64() & 0x00f0ffef);
		u64 value = random64();

		if ((insn >> 8 & 15) >= 14 || (insn >> 12 & 15) > 1)
			insn = (insn & ~0xff00u) | (random64() % 14) << 8;
		note(&tally, execute(insn, i & 1, &value), insn);
	}
	ktap_ok(!tally.other, "coprocessors 0 to 13 (%u, %u)", tally.done, tally.undefined);
}

static void check_absent(void)
{
	u64 value = 0x55;
	const struct fault32 *fault = execute(0xee190f1c, false, &value);	/* PMCR */

	ktap_ok(!fault->count && !(u32)value, "the PMU reads as zero");
	value = 0x55;
	fault = execute(0xee110f30, false, &value);				/* ACTLR */
	ktap_ok(!fault->count && !(u32)value, "ACTLR reads as zero");
	fault = execute(0xee1a0f10, false, &value);				/* c10, c0, 0: implementation defined */
	ktap_ok(fault->count == 1 && fault->kind == FAULT_UNDEF && fault->pc == (u32)code && (fault->spsr & 31) == MODE_SVC,
		"what is implementation defined is undefined (A32)");
	fault = execute(0xee1a0f10, true, &value);
	ktap_ok(fault->count == 1 && fault->kind == FAULT_UNDEF && fault->pc == (u32)code && fault->spsr & 32,
		"and in T32, with its own offset of the link register");
}

static void check_calls(void)
{
	struct tally tally = { 0 };

	for (u32 i = 0; i < 2048; i++) {
		u32 imm = i < 4 ? 0 : random64(), insn = i & 1 ? SMC | (imm & 15) : HVC | (imm & 15) | (imm & 0xfff0) << 4;
		/* with 64-bit arguments, or of an owner that has nothing */
		u32 function = i & 2 ? 0xc4000000 | (random64() & 0xff) : 0x83000000 | (random64() & 0xffff);
		u64 value = (random64() << 32) | function;
		const struct fault32 *fault = execute(insn, false, &value);

		note(&tally, fault, insn);
		tally.other += (u32)value != ~0u;
	}
	ktap_ok(tally.done == 2048 && !tally.other, "HVC and SMC (%u) are not supported (%u others)", tally.done, tally.other);
}

static void check_modes(void)
{
	u32 bad = 0;

	for (u32 mode = 0; mode < 32; mode++) {
		if (mode == 0x10)
			continue;
		fault32_arm(0);
		enter_mode(MODES_MASKED | mode);
		return_to_mode(MODES_MASKED | mode);
		bad += fault32_disarm()->count > 4;
	}
	ktap_ok(!bad, "every mode, by MSR and by an exception return");
}

static void check_conditions(void)
{
	u32 device = (u32)gicd_base;

	ktap_ok(it_block(1, device) == 8, "an IT block whose trapped instructions are executed (%u)", it_block(1, device));
	ktap_ok(it_block(0, device) == 11, "and one where they are not (%u)", it_block(0, device));
	ktap_ok(conditional(1, device) == 3, "conditional instructions that are trapped (%u)", conditional(1, device));
	fault32_arm(0);
	ktap_ok(conditional(0, device) == 0, "and such whose condition fails");
	fault32_disarm();
}

static void check_banked(void)
{
	static const u8 modes[] = { 0x11, 0x12, 0x13, 0x17, 0x1b, 0x1f }, registers[] = { 8, 13, 14 };
	u32 typer = mmio_read32(GICD_TYPER_AT);

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u32 r = 0; r < ARRAY_SIZE(registers); r++)
			ktap_ok(banked(MODES_MASKED | modes[m], GICD_TYPER_AT, registers[r]) == typer,
				"a device is read into r%u of mode 0x%x", registers[r], modes[m]);
}

static void check_abort(const char *what, u32 insn, bool thumb, u32 address, bool write)
{
	u64 value = address;
	const struct fault32 *fault = execute(insn, thumb, &value);
	u32 status = FSR_EXTERNAL | (write ? FSR_WRITE : 0);

	ktap_ok(fault->count == 1 && fault->kind == FAULT_DATA && fault->pc == (u32)code && fault->status == status &&
		fault->address == address && !(fault->spsr & 32) == !thumb,
		"%s at 0x%x (%u, kind %u, DFSR 0x%x, DFAR 0x%x)", what, address, fault->count, fault->kind, fault->status,
		fault->address);
}

static void check_aborts(void)
{
	const u32 places[] = { NOWHERE, GICD_TYPER_AT };

	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		check_abort("LDRD", 0xe1c020d0, false, places[i], false);
		check_abort("STRD", 0xe1c020f0, false, places[i], true);
		check_abort("LDM", 0xe890000c, false, places[i], false);
		check_abort("STM in T32", 0xe880000c, true, places[i], true);
		check_abort("LDR with write-back", 0xe4902004, false, places[i], false);
	}
	check_abort("LDR", 0xe5902000, false, NOWHERE, false);
	check_abort("STRB in T32", 0xf8802000, true, NOWHERE, true);
}

/* The page is ours in stage 1, and nothing is there. */
static void check_fetch(void)
{
	const struct fault32 *fault;

	section_table[NOWHERE >> 20] &= ~(1u << 4);
	asm volatile("dsb\n\tmcr p15, 0, %0, c8, c7, 0\n\tdsb\n\tisb" : : "r"(0) : "memory");
	for (u32 thumb = 0; thumb < 2; thumb++) {
		fault32_arm((u32)nowhere_return);
		call_nowhere(NOWHERE + thumb);
		fault = fault32_disarm();
		ktap_ok(fault->count == 1 && fault->kind == FAULT_PREFETCH && fault->pc == NOWHERE &&
			fault->status == FSR_EXTERNAL && fault->address == NOWHERE,
			"a fetch from nowhere (%u, kind %u, PC 0x%x, IFSR 0x%x, IFAR 0x%x)", fault->count, fault->kind, fault->pc,
			fault->status, fault->address);
	}
}

static void check_t32_vectors(void)
{
	u32 sctlr = (u32)read_sysreg(sctlr_el1);

	asm volatile("mcr p15, 0, %0, c12, c0, 0" : : "r"(vectors_t32));
	write_sysreg(sctlr | SCTLR_TE, sctlr_el1);
	isb();
	check_abort("with exceptions in T32, LDM", 0xe890000c, false, NOWHERE, false);
	write_sysreg(sctlr, sctlr_el1);
	asm volatile("mcr p15, 0, %0, c12, c0, 0" : : "r"(vectors));
	isb();
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
	for (u64 deadline = timer_ticks() + timer_us(5000000); !ticks && timer_ticks() < deadline;)
		;
	ktap_ok(ticks == 1, "the timer interrupt comes afterwards");
}

int main(void)
{
	random_seed(boot_arg("seed", 0x1234567));
	ktap_begin("hostile32: what a cell in AArch32 may try");
	irq_disable();
	check_conditions();
	check_absent();
	check_banked();
	check_aborts();
	check_fetch();
	check_t32_vectors();
	check_modes();
	check_calls();
	check_mrrc(14);
	check_mrrc(15);
	check_coprocessors();
	check_mrc(14, false);
	check_mrc(15, false);
	check_mrc(15, true);
	check_timer();
	ktap_end();
	return 0;
}
