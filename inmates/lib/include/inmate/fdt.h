/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small reader of flattened device trees. Nodes are offsets into the structure block, -1 is "none". Works
 * with the MMU off: aligned 32-bit accesses only.
 */
#ifndef INMATE_FDT_H
#define INMATE_FDT_H

#include <inmate/types.h>

/* False: no device tree there; then every search finds nothing. */
bool fdt_init(const void *blob);
const void *fdt_blob(void);
u32 fdt_size(void);

/* The first node that has that string in `compatible`, behind node `after` (-1: from the start). */
int fdt_compatible(int after, const char *compatible);
/* The first node behind `after` whose property `name` is exactly that string. */
int fdt_with_string(int after, const char *name, const char *value);
/* A node by its full path; a missing unit address (@...) matches any. */
int fdt_path(const char *path);
int fdt_phandle(u32 phandle);

/* The property's bytes, or NULL; *bytes may be NULL. */
const void *fdt_prop(int node, const char *name, u32 *bytes);
/* A one-cell property, or that default. */
u32 fdt_u32(int node, const char *name, u32 otherwise);
/* Big-endian cells: one, or `cells` (1 or 2) of them as a number. */
u32 fdt_cell(const void *cells, u32 index);
u64 fdt_number(const void *cells, u32 index, u32 count);
/* Entry n of `reg`, with the cell counts of the root node. */
bool fdt_reg(int node, u32 n, u64 *base, u64 *size);
/* INTID of entry n of `interrupts` (GIC, three cells), or 0. */
u32 fdt_irq(int node, u32 n);
/* The value of `name=` in /chosen's bootargs as a number (0x allowed), or that default. */
u64 boot_arg(const char *name, u64 otherwise);

#endif
