/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The .cell container: what `cloister compile` writes for each cell and `cloisterctl` reads. It holds the binary
 * config and what is loaded into the cell before it starts. Little-endian, no pointers.
 *
 *   offset 0                struct cellfile_header
 *   behind it               struct cellfile_section[section_count], in the order in which they are to be loaded
 *   section.offset          the bytes of each section: 8-byte aligned, ascending, not overlapping
 *   header.size             end of the file
 *
 * Exactly one section is CELLFILE_CONFIG, at most one is CELLFILE_DTB and at most one is an image. All reserved fields
 * and the gaps between sections are zero. A change of layout or meaning raises CELLFILE_REVISION.
 */
#ifndef CLOISTER_ABI_CELLFILE_H
#define CLOISTER_ABI_CELLFILE_H

#include <abi/types.h>

#define CELLFILE_MAGIC		0x4c454352545343ULL	/* "CSTRCEL\0" in memory order */
#define CELLFILE_REVISION	1

#define CELLFILE_MAX_SECTIONS	16
#define CELLFILE_ALIGN		8
#define CELLFILE_MAX_SIZE	(1ULL << 32)	/* bytes of the file */

/* Entry: use what the image says (ELF e_entry; the first byte of an arm64 Image or raw image). */
#define CELLFILE_ENTRY_IMAGE	0xffffffffffffffffULL

struct cellfile_header {
	cl_u64 magic;			/* CELLFILE_MAGIC */
	cl_u32 revision;		/* CELLFILE_REVISION */
	cl_u32 section_count;		/* 1 to CELLFILE_MAX_SECTIONS */
	cl_u64 size;			/* bytes of the whole file */
	cl_u64 entry;			/* IPA of the first instruction, or CELLFILE_ENTRY_IMAGE */
	cl_u64 board;			/* as in the config's header */
	cl_u64 reserved;
};

#define CELLFILE_CONFIG		1	/* struct cfg_cell with its arrays; ipa is 0 */
#define CELLFILE_DTB		2	/* flattened device tree, to cfg_cell.dtb_ipa (= ipa); that goes to x0 */
#define CELLFILE_ELF		3	/* image: ELF64 or ELF32 for Arm, segments to their p_paddr; ipa is 0 */
#define CELLFILE_ARM64_IMAGE	4	/* image: arm64 Linux Image, to ipa (a multiple of 2 MiB) + its text_offset */
#define CELLFILE_RAW		5	/* image: raw bytes, to ipa */
#define CELLFILE_DATA		6	/* other bytes, to ipa: an initrd */

struct cellfile_section {
	cl_u32 kind;			/* CELLFILE_* */
	cl_u32 reserved;
	cl_u64 offset;			/* bytes from the start of the file; CELLFILE_ALIGN aligned */
	cl_u64 size;			/* bytes, not 0 */
	cl_u64 ipa;			/* where it goes, as its kind says */
};

#ifndef __ASSEMBLER__
_Static_assert(sizeof(struct cellfile_header) == 48, "cell file header");
_Static_assert(sizeof(struct cellfile_section) == 32, "cell file section");
#endif

#endif
