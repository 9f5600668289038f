/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The vector table. All general registers are saved (struct trap_frame); the C code behind is compiled
 * without floating point and SIMD, so an interrupted user of those registers finds them unchanged.
 */

#define FRAME		288

	.macro	entry handler
	.balign	128
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	adr	x0, \handler
	b	save
	.endm

	.text
	.balign	2048
	.globl	vectors
vectors:
	.rept	4			/* from EL1 with SP_EL0: not used, reported all the same */
	entry	trap_other
	.endr
	entry	trap_sync		/* from EL1 */
	entry	trap_irq
	entry	trap_other
	entry	trap_serror
	.rept	8			/* from EL0: not used */
	entry	trap_other
	.endr

save:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	mrs	x3, esr_el1
	mrs	x4, far_el1
	stp	x30, x1, [sp, #240]
	stp	x2, x3, [sp, #256]
	str	x4, [sp, #272]
	mov	x1, x0
	mov	x0, sp
	blr	x1

	ldp	x30, x1, [sp, #240]
	ldr	x2, [sp, #256]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME
	eret
