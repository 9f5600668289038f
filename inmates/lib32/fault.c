/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exceptions of AArch32, expected ones and others. */
#include <stdio.h>
#include <inmate/arch.h>
#include <inmate/fault32.h>
#include <inmate/smccc.h>

#define SPSR_T		BIT(5)
#define SPSR_IT		(GENMASK(26, 25) | GENMASK(15, 10))
#define SPSR_IL		BIT(20)
#define THUMB_WIDE	0xe800		/* the first half of an instruction of 4 bytes is at least that */

struct frame32 { u32 pc, spsr; };

void trap32(struct frame32 *frame, u32 kind);

static struct fault32 fault;
static u32 resume_at;
static bool armed;

void fault32_arm(u32 resume)
{
	fault = (struct fault32){ 0 };
	resume_at = resume;
	armed = true;
	dsb();
}

const struct fault32 *fault32_disarm(void)
{
	dsb();
	armed = false;
	return &fault;
}

static void read_fault_registers(u32 kind)
{
	u32 status = 0, address = 0;

	if (kind == FAULT_DATA)
		asm volatile("mrc p15, 0, %0, c5, c0, 0\n\tmrc p15, 0, %1, c6, c0, 0" : "=r"(status), "=r"(address));
	if (kind == FAULT_PREFETCH)
		asm volatile("mrc p15, 0, %0, c5, c0, 1\n\tmrc p15, 0, %1, c6, c0, 2" : "=r"(status), "=r"(address));
	fault.status = status;
	fault.address = address;
}

static void skip(struct frame32 *frame, u32 kind)
{
	bool thumb = frame->spsr & SPSR_T;

	if (kind == FAULT_PREFETCH)
		frame->pc = resume_at;
	else
		frame->pc += thumb && *(volatile u16 *)frame->pc < THUMB_WIDE ? 2 : 4;
	frame->spsr &= ~(u32)(SPSR_IL | SPSR_IT);
	if (kind == FAULT_PREFETCH)
		frame->spsr = resume_at & 1 ? frame->spsr | SPSR_T : frame->spsr & ~SPSR_T;
}

/* From start.S. What an undefined instruction leaves in the link register depends on the instruction set. */
void trap32(struct frame32 *frame, u32 kind)
{
	if (kind == FAULT_UNDEF)
		frame->pc -= frame->spsr & SPSR_T ? 2 : 4;
	fault.count++;
	fault.kind = kind;
	fault.pc = frame->pc;
	fault.spsr = frame->spsr;
	read_fault_registers(kind);
	if (armed && kind != FAULT_SVC && (kind != FAULT_PREFETCH || resume_at)) {
		skip(frame, kind);
		return;
	}
	printf("unexpected exception %u: PC 0x%x, SPSR 0x%x, status 0x%x, address 0x%x\n", (unsigned int)kind,
	       (unsigned int)fault.pc, (unsigned int)fault.spsr, (unsigned int)fault.status, (unsigned int)fault.address);
	machine_panic(kind);
}
