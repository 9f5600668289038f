/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 1: everything is mapped one to one, 40 bits; RAM as normal cached memory, the rest as device memory
 * that cannot be executed.
 */
#ifndef INMATE_MMU_H
#define INMATE_MMU_H

#include <inmate/types.h>

enum mem_type { MEM_DEVICE, MEM_NORMAL, MEM_UNCACHED, MEM_NONE };

/* Our RAM, as the device tree says. */
extern u64 ram_base, ram_size;

/* Builds the tables; MMU off. */
void mmu_init(void);
/* Changes the type of whole 2 MiB blocks. False: out of tables. */
bool mmu_map(u64 start, u64 size, enum mem_type type);
/* The same for whole pages, where something else may be beside them. */
bool mmu_map_pages(u64 start, u64 size, enum mem_type type);

/* Bounds of the program in memory, its data and stacks included. */
extern char image_start[], image_end[];

#endif
