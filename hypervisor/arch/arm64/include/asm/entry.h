/* SPDX-License-Identifier: GPL-2.0-only */
/* Constants of the assembly; boot/init.c asserts that they agree with the C headers. */
#ifndef ASM_ENTRY_H
#define ASM_ENTRY_H

#define GUEST_REGS_SIZE		256			/* sizeof(struct guest_regs) */
#define IMG_MAGIC_VALUE		0x474d4952545343	/* IMG_MAGIC */
#define IMG_REVISION_VALUE	1			/* IMG_REVISION */
#define CFG_REVISION_VALUE	5			/* CFG_REVISION */
#define IMG_CONFIG_OFFSET	32			/* struct cloister_image.config_offset */
#define CFG_HYP_SIZE		72			/* struct cfg_system.hyp_size */

#define HYP_L0_INDEX		128			/* of the link address 0x400000000000 */

/* MAIR_EL2: attribute 0 Normal write-back, 1 Device-nGnRE */
#define MAIR_VALUE		0x04ff
/* TCR_EL2: 48-bit VA, write-back inner-shareable walks, 4 KiB granule; PS is filled in */
#define TCR_VALUE		((1 << 31) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | 16)
/* SCTLR_EL2: MMU, stack alignment check, data and instruction caches, RES1 bits */
#define SCTLR_RES1		((3 << 28) | (3 << 22) | (1 << 18) | (1 << 16) | (1 << 11) | (3 << 4))
#define SCTLR_WXN		(1 << 19)
#define SCTLR_VALUE		(SCTLR_RES1 | (1 << 12) | (1 << 3) | (1 << 2) | (1 << 0))

#define PTE_TABLE		3
/* valid block, attribute 0, read-write, inner shareable, accessed */
#define PTE_BOOT_BLOCK		(0x701)

#define SPSR_SERROR_MASKED	(1 << 8)

#endif
