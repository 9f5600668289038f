/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Start-up at EL1 with the MMU off: of the ELF file, and of the raw binary, which is an arm64 Linux Image. x0
 * is the device tree, or nothing useful when QEMU starts an ELF file on a bare machine.
 */

#define SCTLR_OFF	0x30d00800	/* RES1 bits only: MMU and caches off, little-endian */
#define CPACR_FPEN	(3 << 20)
#define DCACHE_LINE	16		/* bytes; a lower bound of every cache's line */

	.section .head, "ax"
	.globl	image_start
image_start:
	b	start
	.word	0
	.quad	image_text_offset
	.quad	image_size
	.quad	2			/* little-endian, 4 KiB pages */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

	.globl	start
start:
	mrs	x19, cntpct_el0		/* the time of the first instruction, for the bench */
	mov	x20, x0
	ldr	x1, =SCTLR_OFF
	msr	sctlr_el1, x1
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	isb

	/* lines of an earlier owner must not come back over what is written with the caches off */
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, image_end
	add	x2, x2, :lo12:image_end
	mov	x3, x1
1:	dc	civac, x3
	add	x3, x3, #DCACHE_LINE
	cmp	x3, x2
	b.lo	1b
	dsb	sy
2:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	2b

	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	sp, x1, #16384
	adrp	x1, cpus
	add	x1, x1, :lo12:cpus
	msr	tpidr_el1, x1
	adrp	x1, start_ticks
	str	x19, [x1, :lo12:start_ticks]
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	mov	x0, x20
	bl	start_early		/* device tree, page tables */
	bl	mmu_on
	bl	start_late		/* does not return */
	b	.

/* The first instruction of other CPUs (PSCI CPU_ON); x0 is the struct cpu. */
	.globl	start_secondary
start_secondary:
	mov	x19, x0
	ldr	x1, =SCTLR_OFF
	msr	sctlr_el1, x1
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	isb
	msr	tpidr_el1, x0
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	bl	mmu_on			/* uses no stack; only then is the struct cpu readable */
	ldr	x1, [x19]
	mov	sp, x1
	mov	x0, x19
	bl	start_cpu		/* does not return */
	b	.

/* Uses x0 to x2 only. */
#define MAIR		0x44ff04	/* 0: Device-nGnRE, 1: Normal write-back, 2: Normal Non-cacheable */
#define TCR		(24 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)	/* 40 bits, cached walks, no TTBR1 */
#define SCTLR_ON	(SCTLR_OFF | 1 << 0 | 1 << 2 | 1 << 12)		/* M, C, I */

mmu_on:
	ldr	x0, =MAIR
	msr	mair_el1, x0
	ldr	x0, =TCR
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #7		/* PARange, up to 48 bits: TCR_EL1.IPS */
	orr	x0, x0, x1, lsl #32
	msr	tcr_el1, x0
	adrp	x0, level0
	add	x0, x0, :lo12:level0
	msr	ttbr0_el1, x0
	tlbi	vmalle1
	ic	iallu
	dsb	sy
	isb
	ldr	x0, =SCTLR_ON
	msr	sctlr_el1, x0
	isb
	ret
