/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's vectors. While a guest runs, SP_EL2 points at the struct guest_regs at the top of this CPU's stack. A synchronous
 * exit saves all general registers there, for the handlers may need any of them; an interrupt exit only those that C
 * code does not preserve. Interrupts stay masked: an exception at EL2 itself is a defect.
 */
#include <asm/entry.h>

	.altmacro
	.macro pair op, first, second
	\op	x\first, x\second, [sp, #8 * \first]
	.endm

	/* \op = stp or ldp: each pair of registers from x\first, which is even, to x\last */
	.macro pairs op, first, last
	pair	\op, %(\first), %(\first + 1)
	.if	\first + 1 < \last
	pairs	\op, %(\first + 2), \last
	.endif
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

	.macro full_exit handler
	pairs	stp, 0, 29
	stp	x30, xzr, [sp, #240]
	mov	x0, sp
	mrs	x1, tpidr_el2
	bl	\handler
	.endm

	.macro caller_exit handler
	pairs	stp, 0, 17
	str	x18, [sp, #144]
	str	x30, [sp, #240]
	mrs	x0, tpidr_el2
	bl	\handler
	.endm

	.macro return_to_guest
	pairs	ldp, 0, 17
	ldr	x18, [sp, #144]
	ldr	x30, [sp, #240]
	eret
	.endm

	/* These fill a vector's 128 bytes exactly. x19 to x29 still have the guest's values, unless a handler wrote into
	 * one of them and says so. */
	.macro guest_sync handler
	.balign	128
	full_exit \handler
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
	.irp kind, 0,1,2,3,4,5,6
	hyp_exception \kind
	.endr
	hyp_serror
	.irp handler, trap_sync, trap_sync32	/* AArch64, then AArch32 */
	guest_sync \handler
	guest_irq
	guest_irq
	guest_serror
	.endr

guest_restore_all:
	pairs	ldp, 18, 29
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
