/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses that a test cell on QEMU virt must not reach: physical ones, none of them in the cell's own
 * address space (32 MiB of RAM at 0x40000000).
 */
#ifndef VICTIMS_H
#define VICTIMS_H

#include <inmate/types.h>

struct victim {
	const char *what;
	u64 address;
	bool ram;
};

static const struct victim victims[] = {
	{ "root memory", 0x60000000, true },
	{ "end of root memory", 0x7ffff000, true },
	{ "hypervisor memory", 0x45000000, true },
	{ "memory of other cells", 0x57e00000, true },
	{ "an unassigned hole", 0x3f800000, false },
	{ "a hole above all memory", 0x2000000000, false },
	{ "the SMMU", 0x09050000, false },
	{ "the ITS", 0x08080000, false },
	{ "root's UART", 0x09000000, false },
	{ "fw_cfg", 0x09020000, false },
	{ "virtio-mmio", 0x0a000000, false },
	{ "flash", 0x00000000, false },
	{ "root's PCI window", 0x10000000, false },
	{ "root's 64-bit PCI window", 0x8000000000, false },
};

#endif
