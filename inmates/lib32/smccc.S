/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * void smccc_hvc(struct smccc *regs), void smccc_smc(struct smccc *regs): r0 to r7 in and out, of eight doublewords. The
 * function is called in its 32-bit form, whose number lacks bit 30.
 */

	.syntax	unified
	.arch	armv7-a
	.arch_extension virt
	.arch_extension sec
	.arm

	.macro	conduit name, instruction
	.globl	\name
	.type	\name, %function
\name:
	push	{r4-r9, r12, lr}
	mov	r12, r0
	ldr	r0, [r12]
	bic	r0, r0, #0x40000000
	ldr	r1, [r12, #8]
	ldr	r2, [r12, #16]
	ldr	r3, [r12, #24]
	ldr	r4, [r12, #32]
	ldr	r5, [r12, #40]
	ldr	r6, [r12, #48]
	ldr	r7, [r12, #56]
	\instruction #0
	mov	r8, #0
	asr	r9, r0, #31			/* results are signed */
	str	r0, [r12]
	str	r9, [r12, #4]
	str	r1, [r12, #8]
	str	r8, [r12, #12]
	str	r2, [r12, #16]
	str	r8, [r12, #20]
	str	r3, [r12, #24]
	str	r8, [r12, #28]
	str	r4, [r12, #32]
	str	r8, [r12, #36]
	str	r5, [r12, #40]
	str	r8, [r12, #44]
	str	r6, [r12, #48]
	str	r8, [r12, #52]
	str	r7, [r12, #56]
	str	r8, [r12, #60]
	pop	{r4-r9, r12, pc}
	.endm

	.text
	conduit	smccc_hvc, hvc
	conduit	smccc_smc, smc
