/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first instructions of each CPU, and the last ones before a guest.
 *
 * The boot CPU arrives here at EL2 with the MMU off, wherever the boot loader put the image (2 MiB aligned). A boot map
 * is built: the hypervisor's memory at its link address, and one identity block for the step over to it. It is replaced
 * by the final map (mm/hyp_map.c) as soon as C code runs, but kept for the other CPUs' way in.
 */
#include <asm/entry.h>

	.section .head, "ax"
	.global _start
_start:
	b	primary_entry			/* arm64 Image header */
	.long	0
	.quad	0				/* text_offset: any 2 MiB boundary does */
	.quad	__hyp_end - _start		/* image_size: pack makes it the file's */
	.quad	(1 << 3) | (1 << 1)		/* little endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.global cloister_image			/* struct cloister_image */
cloister_image:
	.quad	IMG_MAGIC_VALUE
	.long	IMG_REVISION_VALUE
	.long	CFG_REVISION_VALUE
	.quad	__bin_end - _start
	.quad	__hyp_end - _start
	.quad	0				/* config_offset */
	.quad	0				/* config_size */
	.quad	0				/* total_size */
	.quad	img_features			/* given by the build */

	.text
	.global secondary_entry, arch_hyp_switch, arch_call_fresh, arch_enter, arch_drop_serror, serror_dropped
	.global arch_clear_predicates, arch_firmware_call, arch_halt

primary_entry:
	msr	daifset, #0xf
	mrs	x9, CurrentEL
	cmp	x9, #(2 << 2)
	b.ne	not_el2
	adrp	x20, _start			/* x20 = PA of the image */
	bl	clear_bss
	bl	build_boot_map
	bl	drop_stale_lines
	bl	enable_mmu
	ldr	x9, =1f				/* on at the link address */
	br	x9
1:	ldr	x9, =boot_stack_end
	mov	sp, x9
	msr	tpidr_el2, xzr
	mov	x0, x20
	bl	hyp_main
not_el2:
	wfe
	b	not_el2

/* Other CPUs, from firmware's CPU_ON: EL2, MMU off, x0 = their struct cpu. That and the stack are in the final map only. */
secondary_entry:
	msr	daifset, #0xf
	mov	x21, x0
	adrp	x20, _start
	bl	enable_mmu
	ldr	x9, =1f
	br	x9
1:	ldr	x9, =hyp_root
	ldr	x0, [x9]
	bl	arch_hyp_switch			/* the final map has this code and the stack */
	ldr	x0, =secondary_main
	mov	x1, x21
	b	arch_call_fresh

/* The zero-initialised data, boot tables included. */
clear_bss:
	adrp	x9, __bss_start
	adrp	x10, __bss_end
1:	.rept	4
	stp	xzr, xzr, [x9], #16
	.endr
	cmp	x9, x10
	b.lo	1b
	ret

/*
 * We wrote past the caches: whatever clean lines they hold of that memory are stale. The boot protocol promises that
 * the loaded file is clean to the point of coherency, but says nothing of what lies behind it.
 */
drop_stale_lines:
	dmb	sy
	adrp	x0, __bss_start
	adrp	x1, __bss_end
	sub	x1, x1, x0
	b	dcache_inval

/* Level 0 -> 1 -> 2: [link address, + hyp_size) to the image in 2 MiB blocks; identity: the 1 GiB around the image. */
build_boot_map:
	adrp	x9, boot_l0
	adrp	x10, boot_l1_hyp
	adrp	x11, boot_l2_hyp
	adrp	x12, boot_l1_id
	orr	x13, x10, #PTE_TABLE
	str	x13, [x9, #(HYP_L0_INDEX * 8)]
	orr	x13, x11, #PTE_TABLE
	str	x13, [x10]
	lsr	x14, x20, #39
	orr	x13, x12, #PTE_TABLE
	str	x13, [x9, x14, lsl #3]
	ubfx	x14, x20, #30, #9
	lsr	x13, x20, #30
	lsl	x13, x13, #30
	mov	x15, #PTE_BOOT_BLOCK
	orr	x13, x13, x15
	str	x13, [x12, x14, lsl #3]
	/* how much memory we have stands in the config; it is checked later, here it only must not overrun the table */
	adrp	x14, cloister_image
	add	x14, x14, :lo12:cloister_image
	ldr	x16, [x14, #IMG_CONFIG_OFFSET]
	add	x16, x16, x20
	ldr	x16, [x16, #CFG_HYP_SIZE]
	add	x16, x16, #0x200000 - 0x1000	/* sizes are whole pages */
	lsr	x16, x16, #21
	mov	x17, #512
	cmp	x16, x17
	csel	x16, x16, x17, lo
	orr	x13, x20, x15
1:	cbz	x16, 2f
	str	x13, [x11], #8
	add	x13, x13, #0x200000
	sub	x16, x16, #1
	b	1b
2:	ret

enable_mmu:
	ldr	x9, =MAIR_VALUE
	msr	mair_el2, x9
	ldr	x9, =TCR_VALUE
	mrs	x10, id_aa64mmfr0_el1		/* PARange -> PS; more than 48 bits is not for 4 KiB granules */
	and	x10, x10, #0xf
	mov	x11, #5
	cmp	x10, x11
	csel	x10, x10, x11, lo
	bfi	x9, x10, #16, #3
	msr	tcr_el2, x9
	adrp	x10, boot_l0
	msr	ttbr0_el2, x10
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ldr	x9, =SCTLR_VALUE
	msr	sctlr_el2, x9
	isb
	ret

/* void arch_hyp_switch(paddr_t root): and write implies never-execute from now on, which the boot map cannot have */
arch_hyp_switch:
	dsb	ish
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	dsb	nsh
	isb
	ldr	x9, =SCTLR_VALUE | SCTLR_WXN
	msr	sctlr_el2, x9
	isb
	ret

/* void arch_call_fresh(void (*fn)(struct cpu *), struct cpu *cpu) */
arch_call_fresh:
	ldr	x9, [x1]			/* cpu->stack_top */
	sub	sp, x9, #GUEST_REGS_SIZE
	mov	x9, x0
	mov	x0, x1
	mov	x30, xzr
	br	x9

/* void arch_enter(u64 x0, u64 x1, u64 x2): nothing of the hypervisor or of an earlier cell is left in a register */
arch_enter:
	mrs	x9, tpidr_el2
	ldr	x9, [x9]
	sub	sp, x9, #GUEST_REGS_SIZE
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	.irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret

/*
 * void arch_drop_serror(void): takes the SError that the last guest of this CPU may have left pending, with the
 * interrupt unmasked in here only (see vectors.S); the next guest must not answer for it. Spoils ELR, SPSR and ESR.
 */
arch_drop_serror:
	dsb	sy
	isb
	msr	daifclr, #4
	isb
serror_dropped:
	msr	daifset, #4
	ret

/* void arch_clear_predicates(void): P0 to P15 and FFR; on CPUs with SVE, outside of streaming mode */
arch_clear_predicates:
	.arch_extension sve
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	pfalse	p\n\().b
	.endr
	wrffr	p0.b
	.arch_extension nosve
	ret

/* s64 arch_firmware_call(u32 function, u64 a1, u64 a2, u64 a3) */
arch_firmware_call:
	smc	#0
	ret

arch_halt:
	msr	daifset, #0xf
1:	wfi
	b	1b

	.bss
	.section .bss.page_aligned, "aw", @nobits
	.balign	4096
boot_l0:	.skip 4096
boot_l1_hyp:	.skip 4096
boot_l1_id:	.skip 4096
boot_l2_hyp:	.skip 4096
boot_stack:	.skip 8192
boot_stack_end:
