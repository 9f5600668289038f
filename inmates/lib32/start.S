/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Start-up of AArch32 in Supervisor mode with the MMU off, and the exceptions. By the Arm boot protocol r2 is the device
 * tree. Each CPU has one stack of Supervisor mode, on which all exceptions are handled.
 */

#define MODE_SVC	0x13
#define SCTLR_ON	0x00c51839	/* what is one after a reset, M, I */
#define SCTLR_C		0x4
#define TABLE_CACHED	0x4a		/* TTBR0: walks of shared write-back memory */

	.syntax	unified
	.arch	armv7-a
	.arch_extension virt
	.arm

	.section .head, "ax"
	.globl	image_start
	.type	image_start, %function
image_start:
	mrrc	p15, 0, r4, r5, c14	/* the time of the first instruction */
	ldr	r6, =boot_registers
	stm	r6, {r0-r2}
	ldr	r0, =bss_start
	ldr	r1, =image_end
	mov	r3, #0
1:	str	r3, [r0], #4
	cmp	r0, r1
	blo	1b
	ldr	r0, =start_ticks
	strd	r4, r5, [r0]
	ldr	r0, =cpus
	mcr	p15, 0, r0, c13, c0, 4	/* TPIDRPRW */
	ldr	sp, =stacks + 16384
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0	/* VBAR */
	mov	r0, r2
	mov	r1, #0
	bl	start_early		/* device tree, page table */
	bl	mmu_on
	bl	start_late		/* does not return */
	b	.

/* The first instruction of other CPUs, in T32 to see that they may start so: bit 0 of the address says it. r0 is struct cpu. */
	.thumb
	.globl	start_secondary
	.type	start_secondary, %function
start_secondary:
	mcr	p15, 0, r0, c13, c0, 4
	mov	r4, r0
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	blx	mmu_on			/* uses no stack */
	ldr	sp, [r4]
	mov	r0, r4
	bl	start_cpu		/* does not return */
	b	.
	.pool

	.arm
	.type	mmu_on, %function
mmu_on:
	mov	r0, #0
	mcr	p15, 0, r0, c2, c0, 2	/* TTBCR: one table of short descriptors */
	ldr	r0, =section_table
	orr	r0, r0, #TABLE_CACHED
	mcr	p15, 0, r0, c2, c0, 0	/* TTBR0 */
	mvn	r0, #0
	mcr	p15, 0, r0, c3, c0, 0	/* DACR: no permissions */
	mcr	p15, 0, r0, c8, c7, 0	/* TLBIALL */
	mcr	p15, 0, r0, c7, c5, 0	/* ICIALLU */
	dsb
	isb
	ldr	r0, =SCTLR_ON | SCTLR_C
	mcr	p15, 0, r0, c1, c0, 0
	isb
	bx	lr
	.pool

/* An exception: return address and SPSR to the stack of Supervisor mode, then a C function with (frame, kind). */
	.macro	exception offset, kind, handler
	.if	\offset
	sub	lr, lr, #\offset
	.endif
	srsdb	sp!, #MODE_SVC
	cps	#MODE_SVC
	push	{r0-r3, r12, lr}
	mov	r1, #\kind
	ldr	r2, =\handler
	b	handle
	.endm

	.text
	.balign	32
	.globl	vectors
vectors:
	b	.
	b	undef
	b	svc
	b	prefetch
	b	data
	b	.
	b	irq
	b	.

undef:	exception 0, 1, trap32		/* the length of the instruction is not known here */
svc:	exception 0, 2, trap32
prefetch: exception 4, 3, trap32
data:	exception 8, 4, trap32
irq:	exception 4, 6, trap_irq

handle:
	clrex
	add	r0, sp, #24		/* PC, SPSR */
	and	r3, sp, #4
	sub	sp, sp, r3		/* aligned to 8 bytes */
	push	{r3, lr}
	blx	r2
	pop	{r3, lr}
	add	sp, sp, r3
	pop	{r0-r3, r12, lr}
	rfeia	sp!
	.pool

	.data
	.balign	8
	.globl	boot_registers
boot_registers: .word 0, 0, 0		/* r0 to r2 at the start */
