/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the config check share: config_check.c (system), _cell.c, _pci.c, _pair.c. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <hyp/bits.h>
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>

#define PA_LIMIT	(1ULL << 48)
#define IPA_LIMIT	(1ULL << 40)

#define GICD_SIZE	KIB(64)
#define GICR_CPU_SIZE	KIB(128)
#define ECAM_BUS_SIZE	MIB(1)
#define UART_SIZE	KIB(4)

#define SPI_FIRST	32
#define SPI_END		1020

/* Affinity fields of MPIDR_EL1: Aff3, Aff2, Aff1, Aff0. */
#define MPIDR_AFFINITY	(GENMASK(39, 32) | GENMASK(23, 0))

#define BDF_FMT		"%02x:%02x.%x"
#define BDF_ARGS(bdf)	((bdf) >> 8), ((bdf) >> 3 & 0x1f), ((bdf) & 7)

/* Writes the sentence; returns -EINVAL. */
int check_fail(struct cfg_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Neither empty nor beyond the limit; the arithmetic cannot wrap. */
static inline bool span_fits(u64 start, u64 size, u64 limit)
{
	return size && start < limit && size <= limit - start;
}

/* The two below: of spans that fit. */
static inline bool span_overlaps(u64 a, u64 a_size, u64 b, u64 b_size)
{
	if (MUTATE(CHECK_NO_OVERLAP))
		return false;
	return a < b + b_size && b < a + a_size;
}

static inline bool span_inside(u64 start, u64 size, u64 outer, u64 outer_size)
{
	return start >= outer && start + size <= outer + outer_size;
}

static inline bool power_of_two(u64 value)
{
	return value && !(value & (value - 1));
}

/* The header, and that the fixed part and hdr.size bytes are there. */
int check_header(const struct cfg_header *hdr, size_t bytes, u32 kind, u32 fixed, u32 max,
		 struct cfg_error *err);

struct check_count {
	const char *name;
	u32 value, min, max;
};
int check_counts(const struct check_count *count, u32 n, struct cfg_error *err);

/* Of `valid` characters, at least one, NUL padded to `size`. */
bool name_valid(const char *name, size_t size, bool (*valid)(char c));
bool name_char_strict(char c);		/* [a-z0-9_-] */
bool name_char_print(char c);		/* visible ASCII but the quote */

/* What belongs to the hypervisor: its memory, and registers that no cell may reach. */
struct owned {
	const char *what;
	u64 start, size;
};
u32 owned_count(const struct cfg_system *sys);
struct owned owned_get(const struct cfg_system *sys, u32 n);
/* The first that [start, start + size) overlaps. */
bool owned_overlap(const struct cfg_system *sys, u64 start, u64 size, struct owned *hit);

/* The IPA windows of a cell that trap; size 0: it has none. */
enum cell_window { WINDOW_GICD, WINDOW_GICR, WINDOW_ECAM, WINDOWS };
struct owned cell_window(const struct cfg_cell *cell, u32 n);

/* The RAM region (not CFG_MEM_IO) in which all of it lies; NULL: none. */
const struct cfg_mem *ram_around(const struct cfg_cell *cell, u64 start, u64 size);

/* config_check_pci.c */
int check_cell_pci(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err);
int check_cell_bars(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err);

#endif
