/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 1 of AArch32: one table of 1 MiB sections, one to one; RAM is normal cached memory, the rest devices. */
#include <inmate/fdt.h>
#include <inmate/mmu.h>

#define SECTIONS	4096
#define SECTION		0x2		/* strongly ordered, full access */
#define SECTION_NX	BIT(4)
#define SECTION_NORMAL	(BIT(16) | BIT(12) | BIT(3) | BIT(2))	/* shared, write-back, write-allocate */

u32 section_table[SECTIONS] __attribute__((aligned(16384)));
u64 ram_base, ram_size;

void mmu_init(void)
{
	int node = fdt_with_string(-1, "device_type", "memory");

	fdt_reg(node, 0, &ram_base, &ram_size);
	for (u32 i = 0; i < SECTIONS; i++) {
		bool ram = i >= ram_base >> 20 && i < (ram_base + ram_size) >> 20;

		section_table[i] = i << 20 | SECTION | (ram ? SECTION_NORMAL : SECTION_NX);
	}
}
