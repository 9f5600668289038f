/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The refinement test of the emulated SMMU. Two cells with a stream table behind each of two SMMUs program them at
 * random: that makes four guests, of which two share a cell. Each action is done twice: by the real vsmmu/ and smmu/ on
 * the model of the physical SMMU, and by an ideal SMMU of that guest's own, which is the same model without stage 2,
 * reading memory through the cell's stage 2. Whatever a transaction may do in the real machine it must be able to do in
 * the ideal one: the real outcomes are a subset, up to what match() says.
 *
 * Files: refine.c the loop and the command line; _guest.c what guests do, _tables.c what they write into tables; _ideal.c
 * the ideal and the comparison of outcomes; _compare.c of registers, records and what waits for an answer; _world.c
 * cells, their memory, and the only place that knows how vsmmu/ is called.
 */
#ifndef REFINE_H
#define REFINE_H

#include "machine.h"
#include <hyp/cell.h>

#define CELLS		2
#define CELL_CPUS	2
#define GUESTS		(CELLS * MACHINE_SMMUS)
#define STREAMS		2		/* per guest */
#define PAGES		64		/* RAM of a guest */
#define NOWHERE_IPA	0x150000000UL
#define OUTCOMES	64
#define PROBES		4

enum { IRQ_EVENTQ = 1, IRQ_PRIQ = 2, IRQ_SYNC = 4, IRQ_GERROR = 8 };
enum access { NONE, MAYBE, SURE };	/* of a page: not mapped; being changed; mapped */

struct home {
	struct cell cell;
	bool running;
};

struct guest {
	u32 index;
	struct home *home;		/* whose cell */
	struct smmu_model *real;	/* the SMMU behind which its streams are */
	u64 ram;			/* IPA */
	u32 sid[STREAMS], vsid[STREAMS];
	enum access access[PAGES];
	bool writable[PAGES];
	struct smmu_model ideal;
	u32 ideal_irqs, real_irqs;	/* since the last comparison: IRQ_* */
	u32 ideal_answers[4], real_answers[4];	/* to page requests, by response */
	bool tame;			/* its driver makes few mistakes for the time being */
	bool lost;			/* the ideal has more possibilities than it can count: start anew */
};

extern struct home homes[CELLS];
extern struct guest guests[GUESTS];
extern const char *doing;
extern bool mutant;			/* a defect is in: be brief */

/* What the programs have exercised, by name. */
#define COUNTS(X) X(translated) X(aborted) X(stalled) X(substreams) X(resumed) X(ats_granted) X(ats_used) X(ats_trusted) \
		  X(page_requests) X(page_answers) X(refused_requests) X(commands) X(refused_commands) X(bursts) X(races) \
		  X(cpus_left) X(unmaps) X(restarts) X(i2_checks)
#define COUNT_MEMBER(name) u64 name;
extern struct counts { COUNTS(COUNT_MEMBER) } counts;

/* ---- refine.c ---- */
void found(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- refine_world.c ---- */
extern u64 world_seed;		/* of all that is left to chance */
u32 pick(u32 n);
bool one_in(u32 n);
void world_init(bool full);
void world_start(struct home *h);
/* Its streams are taken away, its memory is unmapped. */
void world_stop(struct home *h);
void world_write(struct guest *g, u64 offset, u32 bytes, u64 value);
u64 world_read(struct guest *g, u64 offset, u32 bytes);
/* Lets it go on with what it has put off, and takes all interrupts. */
void world_settle(void);
void world_map(struct guest *g, u32 page, bool writable);
void world_unmap(struct guest *g, u32 page);
/* Host address of guest memory; NULL: not all of it is mapped. */
void *world_memory(struct guest *g, u64 ipa, size_t bytes, bool write);
/* Where that IPA of the cell is, mapped or not; 0: nowhere. */
u64 world_pa(struct guest *g, u64 ipa);
/* Where a transaction may go. False: nowhere. */
bool world_translate(struct guest *g, u64 ipa, bool write, u64 *pa);
bool world_may_reach(struct guest *g, u64 pa, bool write);
u64 page_pa(const struct guest *g, u32 page);
u64 page_ipa(const struct guest *g, u32 page);
/* The guest that has this StreamID of the physical SMMU; NULL: nobody. */
struct guest *world_owner(const struct smmu_model *m, u32 sid, u32 *stream);
/* The hardware has no split-stage ATS, so devices of this guest are trusted. */
bool world_trusts(const struct guest *g);

/* ---- refine_ideal.c ---- */
void ideal_init(struct guest *g);
void ideal_write_register(struct guest *g, u64 offset, u32 bytes, u64 value);
u32 ideal_read_register(struct guest *g, u64 offset);
/* The same probes for both machines, at all times of one action. `ats`: a translation request of the device. */
struct probe {
	struct guest *guest;
	u32 stream;
	struct model_txn txn;
	bool ats;
};
extern struct probe probes[PROBES];
void probes_choose(void);
void probes_fill_ideal(struct guest *g);
/* I2, in the middle of anything. */
void check_i2(void);
/* At rest: every real outcome is one of the ideal's. */
void check_refinement(void);
/* A transaction happens: the real machine chooses, the ideal follows, and the records are compared. */
void dma(struct guest *g);
/* A device asks for a page. */
void page_request(struct guest *g);

/* ---- refine_compare.c ---- */
/* The ideal has written a record. False: more than can be kept. */
bool compare_record(u64 ipa, const void *from, size_t bytes);
void check_records(struct guest *g);
/* Registers, interrupts, stalled transactions, what devices have cached, answers to page requests. */
void check_state(struct guest *g);

/* ---- refine_guest.c ---- */
void guest_init(struct guest *g);	/* tables that work, registers as a driver sets them */
void guest_act(struct guest *g);
/* Before a write to a register: what guest_race() may do meanwhile. */
void guest_plan_race(struct guest *g);
/*
 * The ideal will have done its commands before the race; but the race may come before any of them. So before each it
 * sees what there will be, along with all that it then forgets.
 */
void guest_foresee(struct guest *g);
/* Another CPU of the guest's cell writes into a table. */
void guest_race(struct guest *g);
struct model_txn guest_transaction(struct guest *g, u32 *stream);

#endif
