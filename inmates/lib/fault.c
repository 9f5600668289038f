/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exceptions: expected ones are noted and skipped, others end the inmate. */
#include <inmate/arch.h>
#include <inmate/console.h>
#include <inmate/fault.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>

#define PANIC_EXCEPTION		0xdead	/* code of HC_PANIC */

void trap_sync(struct trap_frame *frame);
void trap_serror(struct trap_frame *frame);
void trap_other(struct trap_frame *frame) __attribute__((noreturn));

static void report(const char *what, const struct trap_frame *frame)
{
	printf("\nBail out! %s on cpu %u: pc 0x%lx esr 0x%lx far 0x%lx spsr 0x%lx\n", what, this_cpu()->index,
	       frame->elr, frame->esr, frame->far, frame->spsr);
	for (u32 i = 0; i < 31; i++)
		printf("# x%-2u %016lx%c", i, frame->x[i], i % 4 == 3 || i == 30 ? '\n' : ' ');
	machine_panic(PANIC_EXCEPTION);
}

static void note(const struct trap_frame *frame, bool serror)
{
	struct fault *fault = &this_cpu()->fault;

	fault->count++;
	fault->serror = serror;
	fault->esr = frame->esr;
	fault->far = frame->far;
	fault->elr = frame->elr;
}

void trap_sync(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->armed)
		report("unexpected exception", frame);
	note(frame, false);
	frame->elr = cpu->executing ? frame->x[30] : frame->elr + 4;
}

void trap_serror(struct trap_frame *frame)
{
	if (!this_cpu()->armed)
		report("unexpected SError", frame);
	note(frame, true);
}

void trap_other(struct trap_frame *frame)
{
	report("exception of a kind that is not in use", frame);
	__builtin_unreachable();
}

void fault_arm(void)
{
	struct cpu *cpu = this_cpu();

	cpu->fault = (struct fault){ 0 };
	asm volatile("" : : : "memory");
	cpu->armed = true;
}

const struct fault *fault_disarm(void)
{
	struct cpu *cpu = this_cpu();

	dsb();			/* an SError of a store comes now or never */
	isb();
	cpu->armed = false;
	cpu->executing = false;
	return &cpu->fault;
}

bool try_read(u64 address, u32 bytes, u64 *value)
{
	u64 got = 0;

	fault_arm();
	switch (bytes) {
	case 1:
		asm volatile("ldrb %w0, [%1]" : "+r"(got) : "r"(address) : "memory");
		break;
	case 2:
		asm volatile("ldrh %w0, [%1]" : "+r"(got) : "r"(address) : "memory");
		break;
	case 4:
		asm volatile("ldr %w0, [%1]" : "+r"(got) : "r"(address) : "memory");
		break;
	default:
		asm volatile("ldr %0, [%1]" : "+r"(got) : "r"(address) : "memory");
		break;
	}
	if (value)
		*value = got;
	return !fault_disarm()->count;
}

bool try_write(u64 address, u32 bytes, u64 value)
{
	fault_arm();
	switch (bytes) {
	case 1:
		asm volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 2:
		asm volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 4:
		asm volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	default:
		asm volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	}
	return !fault_disarm()->count;
}

bool try_execute(u64 address)
{
	fault_arm();
	this_cpu()->executing = true;
	asm volatile("blr %0" : : "r"(address) :
		     "memory", "cc", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
		     "x13", "x14", "x15", "x16", "x17", "x30");
	return !fault_disarm()->count;
}

const struct fault *last_fault(void)
{
	return &this_cpu()->fault;
}

bool fault_is_external(const struct fault *fault)
{
	u64 ec = FIELD_GET(ESR_EC, fault->esr);

	return !fault->serror && (ec == EC_DABT || ec == EC_IABT) && FIELD_GET(ESR_FSC, fault->esr) == FSC_EXTERNAL;
}
