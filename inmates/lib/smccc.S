/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* void smccc_hvc(struct smccc *regs), void smccc_smc(struct smccc *regs): x0 to x7 in and out. */

	.macro	conduit name, instruction
	.globl	\name
\name:
	str	x0, [sp, #-16]!
	mov	x9, x0
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	ldp	x4, x5, [x9, #32]
	ldp	x6, x7, [x9, #48]
	\instruction #0
	ldr	x9, [sp], #16
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	ret
	.endm

	.text
	conduit	smccc_hvc, hvc
	conduit	smccc_smc, smc
