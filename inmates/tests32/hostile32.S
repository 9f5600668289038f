/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of hostile32.c that a compiler does not make. */
	.syntax	unified
	.arch	armv7-a
	.arch_extension virt
	.arch_extension sec
	.text

/* u32 it_block(u32 equal, u64 *device): in it trapped instructions of 4 and of 2 bytes; 8 if equal is 1, else 11 */
	.thumb
	.globl	it_block
	.type	it_block, %function
it_block:
	mov	r3, r1
	movs	r1, #0
	cmp	r0, #1
	itete	eq
	mrceq	p15, 0, r2, c9, c12, 0	/* PMCR */
	addne	r1, r1, #1
	ldreq	r2, [r3, #4]
	addne	r1, r1, #2
	add	r0, r1, #8
	bx	lr

/* u32 conditional(u32 equal, void *device): trapped A32 instructions that are not to be executed unless equal is 1 */
	.arm
	.globl	conditional
	.type	conditional, %function
conditional:
	mov	r2, #0
	mvn	r3, #0
	cmp	r0, #1
	ldreq	r2, [r1, #4]
	mrceq	p15, 0, r3, c9, c12, 0	/* zero */
	smcne	#1
	cmp	r2, #0
	mov	r0, #0
	orrne	r0, r0, #1
	cmp	r3, #0
	orreq	r0, r0, #2
	bx	lr

/* u32 banked(u32 cpsr, const void *device, u32 which): a device is read into r8, sp or lr of a mode */
	.globl	banked
	.type	banked, %function
banked:
	push	{r4-r9, lr}
	mrs	r3, cpsr
	msr	cpsr_c, r0
	mov	r4, sp
	mov	r5, r8
	mov	r6, lr
	cmp	r2, #13
	ldrlo	r8, [r1]
	movlo	r7, r8
	ldreq	sp, [r1]
	moveq	r7, sp
	ldrhi	lr, [r1]
	movhi	r7, lr
	mov	sp, r4
	mov	r8, r5
	mov	lr, r6
	msr	cpsr_c, r3
	mov	r0, r7
	pop	{r4-r9, pc}

/* void enter_mode(u32 cpsr): into a mode, legal or not, and back */
	.globl	enter_mode
	.type	enter_mode, %function
enter_mode:
	push	{r3, lr}
	mrs	r3, cpsr
	msr	cpsr_c, r0
	nop
	nop
	msr	cpsr_c, r3
	pop	{r3, pc}

/* void return_to_mode(u32 spsr): by an exception return */
	.globl	return_to_mode
	.type	return_to_mode, %function
return_to_mode:
	push	{r3, lr}
	mrs	r3, cpsr
	msr	spsr_cxsf, r0
	adr	lr, 1f
	subs	pc, lr, #0
1:	nop
	nop
	msr	cpsr_c, r3
	pop	{r3, pc}

/*
 * u64 run_code(u64 value, u32 entry): calls generated code. The mode's own SPSR is made what an exception is going to have:
 * QEMU (10.0) does not show the mode in which an exception arrives from EL2 that mode's SPSR, but the one of this mode.
 */
	.macro	expect_exception entry, scratch
	mrs	\scratch, cpsr
	tst	\entry, #1
	orrne	\scratch, \scratch, #0x20
	msr	spsr_cxsf, \scratch
	.endm

	.globl	run_code
	.type	run_code, %function
run_code:
	expect_exception r2, r3
	bx	r2

/* void call_nowhere(u32 target): goes on at nowhere_return when the fetch fails */
	.globl	call_nowhere, nowhere_return
	.type	call_nowhere, %function
call_nowhere:
	push	{r4, lr}
	expect_exception r0, r1
	bx	r0
	.type	nowhere_return, %function
nowhere_return:
	pop	{r4, pc}

/* Vectors for SCTLR.TE: in T32, from where the handlers are reached in A32. */
	.thumb
	.balign	32
	.globl	vectors_t32
vectors_t32:
	.irp	n, 0,1,2,3,4,5,6,7
	ldr.w	pc, [pc, #28]
	.endr
	.word	0, vectors + 4, vectors + 8, vectors + 12, vectors + 16, 0, vectors + 24, 0
