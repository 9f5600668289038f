/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The refinement test of the emulated SMMU. Two cells program their SMMUs at random. Each action is done twice: by the
 * real vsmmu/ and smmu/ on the model of the physical SMMU, and by an ideal SMMU of that cell's own, which is the same
 * model without stage 2, reading memory through the cell's stage 2. Whatever a transaction may do in the real machine
 * it must be able to do in the ideal one: the real outcomes are a subset, up to what refine_match() says.
 *
 * Files: refine.c the loop and the command line; _guest.c what guests do; _ideal.c the ideal and the comparison;
 * _world.c cells, their memory, and the only place that knows how vsmmu/ is called.
 */
#ifndef REFINE_H
#define REFINE_H

#include "machine.h"
#include <hyp/cell.h>

#define CELLS		2
#define STREAMS		2		/* per cell */
#define PAGES		64		/* RAM of a cell */
#define RAM_IPA		0x40000000UL
#define NOWHERE_IPA	0x50000000UL
#define OUTCOMES	64
#define PROBES		3

enum { IRQ_EVENTQ = 1, IRQ_PRIQ = 2, IRQ_SYNC = 4, IRQ_GERROR = 8 };
enum access { NONE, MAYBE, SURE };	/* of a page: not mapped; being changed; mapped */

struct guest {
	u32 index;
	struct cell cell;
	bool running;
	u32 sid[STREAMS], vsid[STREAMS];
	enum access access[PAGES];
	bool writable[PAGES];
	struct smmu_model ideal;
	u32 ideal_irqs, real_irqs;	/* since the last comparison: IRQ_* */
	bool lost;			/* the ideal has more possibilities than it can count: start anew */
};

extern struct guest guests[CELLS];
extern const char *doing;

/* ---- refine.c ---- */
u32 pick(u32 n);
bool one_in(u32 n);
void found(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- refine_world.c ---- */
void world_init(void);
void world_start(struct guest *g);
/* Its streams are taken away, its memory is unmapped. */
void world_stop(struct guest *g);
void world_write(struct guest *g, u64 offset, u32 bytes, u64 value);
u64 world_read(struct guest *g, u64 offset, u32 bytes);
/* Lets it go on with what it has put off, and takes all interrupts. */
void world_settle(void);
void world_map(struct guest *g, u32 page, bool writable);
void world_unmap(struct guest *g, u32 page);
/* Host address of guest memory; NULL: not all of it is mapped. */
void *world_memory(struct guest *g, u64 ipa, size_t bytes, bool write);
/* Where a transaction may go. False: nowhere. */
bool world_translate(struct guest *g, u64 ipa, bool write, u64 *pa);
bool world_may_reach(struct guest *g, u64 pa, bool write);
u64 page_pa(const struct guest *g, u32 page);

/* ---- refine_ideal.c ---- */
void ideal_init(struct guest *g);
void ideal_write_register(struct guest *g, u64 offset, u32 bytes, u64 value);
u32 ideal_read_register(struct guest *g, u64 offset);
/* The same probes for both machines, at all times of one action. */
struct probe { struct guest *guest; u32 stream; struct model_txn txn; };
extern struct probe probes[PROBES];
void probes_choose(void);
void probes_fill_ideal(struct guest *g);
/* I2, in the middle of anything. */
void check_i2(void);
/* At rest: every real outcome is one of the ideal's. */
void check_refinement(void);
void check_registers(struct guest *g);
/* A transaction happens: the real machine chooses, the ideal follows, and the records are compared. */
void dma(struct guest *g);

/* ---- refine_guest.c ---- */
void guest_init(struct guest *g);	/* tables that work, registers as a driver sets them */
void guest_act(struct guest *g);
struct model_txn guest_transaction(struct guest *g, u32 *stream);

#endif
