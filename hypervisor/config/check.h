/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the config check share: config_check.c (system), _cell.c, _pci.c, _pair.c. Each check is
 * a list of rules, need(): what must be true, and the sentence that is written otherwise.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <arch/cpu.h>
#include <hyp/bits.h>
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>

#define PA_BITS		48
#define IPA_BITS	40

#define GIC_FRAME	KIB(64)
#define GICR_CPU_SIZE	KIB(128)
#define ECAM_BUS_SIZE	MIB(1)

#define PPI_FIRST	16
#define SPI_FIRST	32
#define SPI_END		1020

/* Addresses that have their use already. */
struct span {
	const char *what;
	u64 start, size;
};

#define OWNED_MAX	(3 + CFG_MAX_SMMUS + CFG_MAX_PCI_HOSTS)
#define WINDOWS		(5 + CFG_MAX_SMMUS)

struct check {
	const struct cfg_system *sys;
	const struct cfg_cell *cell;
	struct hc_error *err;

	/* What a sentence begins with: the element in question. */
	const char *array;		/* NULL: none */
	const char *name;		/* NULL: it has none, or it is not valid */
	u32 index;
	u32 bar;			/* 1 for BAR 0 and so on; 0: none */

	struct span owned[OWNED_MAX];	/* the hypervisor's memory, and registers that no cell may reach */
	u32 owned_count;
	struct span window[WINDOWS];	/* the IPA windows of the cell that trap; size 0: it has none */
};

/* Writes the sentence; false. */
bool refuse(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The arguments of the sentence are evaluated only when the rule is broken. */
#define need(c, rule, ...)	((rule) || refuse(c, __VA_ARGS__))

/* Checks the elements of an array one after another. */
bool check_each(struct check *c, const char *array, u32 count, bool (*rules)(struct check *c, u32 i));

/* The header, and that the fixed part and hdr.size bytes are there. */
bool check_header(struct check *c, const struct cfg_header *hdr, size_t bytes, u32 kind, u32 fixed, u32 max);
bool check_count(struct check *c, const char *name, u32 count, u32 min, u32 max);
/* An address aligned to `align`, and a size that is a multiple of `unit`; not empty, and within so many bits. */
bool check_span(struct check *c, const char *name, u64 start, u64 align, u64 size, u64 unit, u32 bits);

/* Of `valid` characters, at least one, NUL padded to `size`. */
bool name_valid(const char *name, size_t size, bool (*valid)(char c));
bool name_char_print(char c);		/* visible ASCII but the quote */

void find_owned(struct check *c);

/* The first of the spans that [start, start + size) overlaps; NULL: none. */
const struct span *span_find(const struct span *spans, u32 count, u64 start, u64 size);

/* Aligned, neither empty nor beyond the limit; the arithmetic cannot wrap. */
static inline bool span_fits(u64 start, u64 align, u64 size, u64 limit)
{
	return IS_ALIGNED(start, align) && size && start < limit && size <= limit - start;
}

/* The two below: of spans that fit. One that is empty overlaps nothing. */
static inline bool span_overlaps(u64 a, u64 a_size, u64 b, u64 b_size)
{
	if (MUTATE(CHECK_NO_OVERLAP))
		return false;
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static inline bool span_inside(u64 start, u64 size, u64 outer, u64 outer_size)
{
	return start >= outer && start + size <= outer + outer_size;
}

static inline bool power_of_two(u64 value)
{
	return value && !(value & (value - 1));
}

static inline bool is_spi(u64 intid)
{
	return intid >= SPI_FIRST && intid < SPI_END;
}

static inline bool is_root(const struct cfg_cell *cell)
{
	return cell->flags & CFG_CELL_ROOT;
}

/* By what the arrays of a cell ascend. */
typedef u64 (*key_fn)(const struct cfg_cell *cell, u32 i);

/* Is that the key of one of the first `count` elements? */
bool has_key(key_fn key, const struct cfg_cell *cell, u32 count, u64 wanted);

static inline u64 irq_key(const struct cfg_cell *cell, u32 i)
{
	return cfg_cell_irqs(cell)[i].intid;
}

static inline u64 stream_key(const struct cfg_cell *cell, u32 i)
{
	const struct cfg_stream *stream = &cfg_cell_streams(cell)[i];

	return (u64)stream->smmu << 32 | stream->sid;
}

static inline u64 function_key(const struct cfg_cell *cell, u32 i)
{
	const struct cfg_pci_dev *dev = &cfg_cell_pci(cell)[i];

	return (u64)dev->host << 32 | dev->bdf;
}

/* The RAM region (not CFG_MEM_IO) in which all of it lies; NULL: none. */
const struct cfg_mem *ram_around(const struct cfg_cell *cell, u64 start, u64 size);

/* config_check_pci.c: the functions of a cell, their streams, their BARs */
bool check_pci(struct check *c);

#endif
