/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data caches by address, and the two bulk operations that go over guest memory: clear and copy, both cleaned to the
 * point of coherency. Boot time is spent in them, so what counts is the bytes per instruction.
 */
	.arch_extension fp
	.arch_extension simd

#define CTR_DMINLINE_SHIFT	16	/* CTR_EL0: log2 of the words in the smallest data cache line */
#define DCZID_64		4	/* DCZID_EL0, DZP and BS: DC ZVA is permitted and clears 64 bytes */

.macro func name
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
	.balign	16
\name:
.endm

/* \reg = bytes of the smallest data cache line */
.macro line_size reg, tmp
	mrs	\tmp, ctr_el0
	ubfx	\tmp, \tmp, #CTR_DMINLINE_SHIFT, #4
	mov	\reg, #4
	lsl	\reg, \reg, \tmp
.endm

/* \op on each line of [x0, x0 + x1); spoils x0-x3 */
.macro each_line op
	cbz	x1, 2f
	line_size x2, x3
	add	x1, x0, x1
	sub	x3, x2, #1
	bic	x0, x0, x3
1:	dc	\op, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
2:	dsb	sy
	ret
.endm

/* void dcache_clean(const void *va, size_t size) */
func dcache_clean
	each_line cvac

/* Drops lines without writing them back; for entry.S, before the MMU is on. */
func dcache_inval
	each_line ivac

/* void icache_inval_all(void) */
func icache_inval_all
	dsb	ish
	ic	ialluis
	dsb	ish
	isb
	ret

/*
 * Clears the page at x0 and moves x0 behind it. Spoils x4 and x5.
 */
zero_page:
	add	x5, x0, #4096
	mrs	x4, dczid_el0
	and	x4, x4, #0x1f
	cmp	x4, #DCZID_64
	b.ne	1f
0:	.rept	8			/* the usual case */
	dc	zva, x0
	add	x0, x0, #64
	.endr
	cmp	x0, x5
	b.lo	0b
	ret
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x5
	b.lo	1b
	ret

/* void zero_pages(void *va, size_t size) */
func zero_pages
	mov	x9, x30
	add	x1, x0, x1
1:	cmp	x0, x1
	b.hs	2f
	bl	zero_page
	b	1b
2:	ret	x9

/* void zero_pages_poc(void *va, size_t size): page by page, so that the lines are still in the cache when cleaned */
func zero_pages_poc
	mov	x9, x30
	add	x1, x0, x1
	line_size x2, x3
1:	cmp	x0, x1
	b.hs	4f
	mov	x3, x0
	bl	zero_page
	cmp	x2, #64
	b.ne	3f
2:	.rept	8			/* the usual case */
	dc	civac, x3
	add	x3, x3, #64
	.endr
	cmp	x3, x0
	b.lo	2b
	b	1b
3:	dc	civac, x3
	add	x3, x3, x2
	cmp	x3, x0
	b.lo	3b
	b	1b
4:	dsb	sy
	ret	x9

/*
 * void copy_poc(void *dst, const void *src, size_t size): uses SIMD registers, so no guest's values may be in them. The
 * loop cleans a line after its last bytes are in, which takes a 64-byte aligned destination
 * and lines of at least 64 bytes; otherwise a second pass cleans.
 */
func copy_poc
	cbz	x2, 3f
	add	x2, x2, #127
	bic	x2, x2, #127
	mov	x4, x0
	mov	x5, x2
	sub	x0, x0, #32
1:	.rept	2
	ldp	q0, q1, [x1], #32
	ldp	q2, q3, [x1], #32
	stp	q0, q1, [x0, #32]!
	stp	q2, q3, [x0, #32]!
	dc	cvac, x0
	.endr
	subs	x2, x2, #128
	b.hi	1b
	line_size x6, x7
	lsr	x6, x6, #6
	tst	x4, #63
	ccmp	x6, #1, #0, eq
	b.hs	2f
	mov	x0, x4
	mov	x1, x5
	b	dcache_clean
2:	dsb	sy
3:	ret
