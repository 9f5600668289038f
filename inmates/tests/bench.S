/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The measured instruction sequences. Each returns the difference of two readings of the counter, which
 * counts instructions when QEMU runs with -icount shift=0 and cntfrq=1000000000:
 *
 *   synchronous	read counter; the operation; isb; read counter
 *   interrupts		read counter; the store or msr that raises it; spin; the first instruction of the vector reads
 *			the counter. The virtual timer's start is its compare value.
 *
 * Nothing is subtracted. Interrupt sequences own x9 to x15, so the vector needs to save nothing:
 *   x9 start, x10 time of the vector's first instruction, x12 set by the vector, x13 where to store x14 to quieten the
 *   device (0: nowhere), x15 time that the EOI took.
 */

	.macro	sync_op name, instruction:vararg
	.globl	\name
\name:
	isb
	mrs	x9, cntvct_el0
	\instruction
	isb
	mrs	x10, cntvct_el0
	sub	x0, x10, x9
	ret
	.endm

	.text
	sync_op	bench_empty, nop
	sync_op	bench_hvc, hvc #0		/* x0: the function */
	sync_op	bench_read32, ldr w0, [x0]
	sync_op	bench_write32, str w1, [x0]
	sync_op	bench_id_register, mrs x0, id_aa64pfr0_el1
	sync_op	bench_cntp_ctl, mrs x0, cntp_ctl_el0

	.macro	irq_begin
	mov	x12, #0
	msr	daifclr, #2
	isb
	.endm

	.macro	irq_end
1:	cbz	x12, 1b
	msr	daifset, #2
	sub	x0, x10, x9
	mov	x1, x15
	ret
	.endm

/* struct pair { time, EOI time } bench_sgi(u64 sgi1r) */
	.globl	bench_sgi
bench_sgi:
	mov	x13, #0
	irq_begin
	mrs	x9, cntvct_el0
	msr	icc_sgi1r_el1, x0
	isb
	irq_end

/* struct pair bench_store(u64 address, u32 value, u64 quiet_address, u32 quiet_value) */
	.globl	bench_store
bench_store:
	mov	x13, x2
	mov	x14, x3
	irq_begin
	mrs	x9, cntvct_el0
	str	w1, [x0]
	irq_end

/* struct pair bench_vtimer(u64 ticks ahead) */
	.globl	bench_vtimer
bench_vtimer:
	mov	x13, #0
	irq_begin
	mrs	x9, cntvct_el0
	add	x9, x9, x0
	msr	cntv_cval_el0, x9
	mov	x11, #1
	msr	cntv_ctl_el0, x11
	isb
	irq_end

/* Only interrupts come here. */
	.balign	2048
	.globl	bench_vectors
bench_vectors:
	.rept	5
	.balign	128
	b	.
	.endr
	.balign	128
	mrs	x10, cntvct_el0
	mrs	x11, icc_iar1_el1
	msr	cntv_ctl_el0, xzr
	cbz	x13, 1f
	str	w14, [x13]
	dsb	sy
1:	isb
	mrs	x12, cntvct_el0
	msr	icc_eoir1_el1, x11
	isb
	mrs	x15, cntvct_el0
	sub	x15, x15, x12
	mov	x12, #1
	eret
