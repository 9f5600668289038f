/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's vectors. While a guest runs, SP_EL2 points at the struct guest_regs at the top of this CPU's stack. A synchronous
 * exit saves all general registers there, for the handlers may need any of them; an interrupt exit only those that C
 * code does not preserve. Interrupts stay masked: an exception at EL2 itself is a defect.
 */
#include <asm/entry.h>

	.macro save_caller
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	.endm

	.macro restore_caller
	ldp	x0, x1, [sp, #0]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	.endm

	.macro hyp_exception kind
	.balign	128
	mov	x0, #\kind
	b	hyp_exception
	.endm

	/* Expected between two labels, and nowhere else. */
	.macro hyp_serror
	.balign	128
	mrs	x0, elr_el2
	ldr	x1, =arch_drop_serror
	ldr	x2, =serror_dropped
	cmp	x0, x1
	ccmp	x0, x2, #2, hs
	mov	x0, #7
	b.hi	hyp_exception
	mrs	x0, spsr_el2
	orr	x0, x0, #SPSR_SERROR_MASKED
	msr	spsr_el2, x0
	eret
	.endm

	.macro restore_callee
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	.endm

	.macro full_exit handler
	save_caller
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	stp	x30, xzr, [sp, #240]
	mov	x0, sp
	mrs	x1, tpidr_el2
	bl	\handler
	.endm

	.macro caller_exit handler
	save_caller
	str	x18, [sp, #144]
	str	x30, [sp, #240]
	mrs	x0, tpidr_el2
	bl	\handler
	.endm

	.macro return_to_guest
	restore_caller
	ldr	x18, [sp, #144]
	ldr	x30, [sp, #240]
	eret
	.endm

	/* These fill a vector's 128 bytes exactly. x19 to x29 still have the guest's values, unless a handler wrote into
	 * one of them and says so. */
	.macro guest_sync
	.balign	128
	full_exit trap_sync
	cbnz	x0, guest_restore_all
	return_to_guest
	.endm

	.macro guest_irq
	.balign	128
	caller_exit trap_irq
	return_to_guest
	.endm

	.macro guest_serror
	.balign	128
	full_exit trap_serror
	b	guest_restore_all
	.endm

	.text
	.balign	2048
	.global hyp_vectors
hyp_vectors:
	hyp_exception 0
	hyp_exception 1
	hyp_exception 2
	hyp_exception 3
	hyp_exception 4
	hyp_exception 5
	hyp_exception 6
	hyp_serror
	guest_sync				/* AArch64 */
	guest_irq
	guest_irq
	guest_serror
	guest_sync				/* AArch32 */
	guest_irq
	guest_irq
	guest_serror

guest_restore_all:
	restore_callee
	return_to_guest

hyp_exception:
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	/* the stack may be what broke: the emergency stack is shared, the first CPU to come takes the console */
	ldr	x9, =emergency_stack_end
	mov	sp, x9
	bl	trap_hyp

	.section .bss.page_aligned, "aw", @nobits
	.balign	4096
	.skip	4096
emergency_stack_end:
