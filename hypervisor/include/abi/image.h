/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * system.img: an arm64 Linux Image header (64 bytes), this descriptor, the hypervisor, room for its zero-initialised
 * data, the system config, and the payloads, each page aligned. `cloister pack` fills in what the compiler cannot know.
 *
 *   offset 0              hypervisor binary (bin_size bytes, starts with the two headers)
 *   mem_size              (page aligned) the system config, config_size bytes, at config_offset
 *   cfg_payload.offset    payloads
 *   total_size            end of the file, page aligned; the page pool starts here in memory
 */
#ifndef CLOISTER_ABI_IMAGE_H
#define CLOISTER_ABI_IMAGE_H

#include <abi/types.h>

#define IMG_MAGIC	0x474d4952545343ULL	/* "CSTRIMG\0" in memory order */
#define IMG_REVISION	1
#define IMG_OFFSET	64			/* of struct cloister_image in the file */

#define IMG_VSMMU	1			/* built with VSMMU: cells can have SMMUs */
#define IMG_VPL011	2			/* built with VPL011: cells can have virtual UARTs */
#define IMG_IVSHMEM	4			/* built with IVSHMEM: cells can have channels to others */

/* The fields of the arm64 Image header (Linux: Documentation/arch/arm64/booting.rst) that pack sets. */
#define IMG_HDR_TEXT_OFFSET	8
#define IMG_HDR_IMAGE_SIZE	16		/* bytes of memory that the loader must leave free: total_size */
#define IMG_HDR_FLAGS		24
#define IMG_HDR_MAGIC		56		/* "ARM\x64" */

struct cloister_image {
	cl_u64 magic;			/* IMG_MAGIC */
	cl_u32 revision;		/* IMG_REVISION */
	cl_u32 config_revision;		/* CFG_REVISION it was built with */
	cl_u64 bin_size;		/* bytes of the binary in the file */
	cl_u64 mem_size;		/* bytes in memory, zero-initialised data included, page aligned */
	cl_u64 config_offset;		/* 0 until packed */
	cl_u64 config_size;
	cl_u64 total_size;
	cl_u64 features;		/* IMG_VSMMU, IMG_VPL011, IMG_IVSHMEM */
};

#endif
