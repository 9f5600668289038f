/* SPDX-License-Identifier: GPL-2.0-only */
/* SIMD registers, and the state of a CPU at its entry. */

	.arch	armv8-a+simd
	.text

/* void simd_fill(u64 seed): register n is seed + n in both halves; FPCR and FPSR have bits of it. */
	.globl	simd_fill
simd_fill:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #\n
	dup	v\n\().2d, x1
	.endr
	and	x1, x0, #0x00c00000	/* RMode */
	msr	fpcr, x1
	and	x1, x0, #0x1f		/* IOC to IXC */
	msr	fpsr, x1
	ret

/* u64 simd_holds(u64 seed) */
	.globl	simd_holds
simd_holds:
	mov	x3, #0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #\n
	mov	x2, v\n\().d[0]
	eor	x2, x2, x1
	orr	x3, x3, x2
	mov	x2, v\n\().d[1]
	eor	x2, x2, x1
	orr	x3, x3, x2
	.endr
	and	x1, x0, #0x00c00000
	mrs	x2, fpcr
	eor	x2, x2, x1
	orr	x3, x3, x2
	and	x1, x0, #0x1f
	mrs	x2, fpsr
	eor	x2, x2, x1
	orr	x3, x3, x2
	cmp	x3, #0
	cset	x0, eq
	ret

/* void simd_save(u64 *where) */
	.globl	simd_save
simd_save:
	.irp	n, 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30
	st1	{v\n\().2d}, [x0], #16
	.endr
	.irp	n, 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31
	st1	{v\n\().2d}, [x0], #16
	.endr
	mrs	x1, fpcr
	mrs	x2, fpsr
	stp	x1, x2, [x0]
	ret

/* void simd_restore(const u64 *where) */
	.globl	simd_restore
simd_restore:
	.irp	n, 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30
	ld1	{v\n\().2d}, [x0], #16
	.endr
	.irp	n, 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31
	ld1	{v\n\().2d}, [x0], #16
	.endr
	ldp	x1, x2, [x0]
	msr	fpcr, x1
	msr	fpsr, x2
	ret

/*
 * The first instruction of a CPU, MMU off: what it finds goes to the struct entry that x0 has, then it is off.
 */
#define PSCI_CPU_OFF	0x84000002

	.globl	note_entry
note_entry:
	mov	x9, x0
	mrs	x1, currentel
	mrs	x2, daif
	mrs	x3, sctlr_el1
	mrs	x4, spsel
	mrs	x5, mpidr_el1
	mrs	x6, vbar_el1
	mrs	x7, cpacr_el1
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	mrs	x1, cntkctl_el1
	mrs	x2, cntv_ctl_el0
	mrs	x3, cntp_ctl_el0
	mov	x4, #1
	stp	x1, x2, [x9, #64]
	stp	x3, x4, [x9, #80]
	dsb	sy
	ldr	w0, =PSCI_CPU_OFF
	hvc	#0
	b	.
