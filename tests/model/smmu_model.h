/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the SMMUv3: a second reading of the architecture (IHI 0070), independent of hypervisor/smmu (it shares no
 * header with it), written for clarity: registers, queues, stream table, context descriptors, both stages, events,
 * stall, ATS and PRI.
 *
 * It is as adversarial as the architecture allows. Instead of picking one behaviour it keeps all that are possible:
 * for each watched stream the set of STEs which the SMMU may have read since the last completed invalidation
 * (doublewords in any order, old or new until a barrier), its CDs likewise, and for each VMID all translations and
 * table pointers that it may have cached. smmu_model_outcomes() gives everything that a transaction may do now.
 *
 * It also watches its driver: what software must not do is reported through complain(). With `guest` set it is the SMMU
 * of a guest instead, who may do all of this: then it answers as the architecture says, without complaint.
 *
 * Files: smmu_model.c registers; _cmd.c commands; _ste.c stream table and what a transaction may do; _cd.c context
 * descriptors; _s1.c and _s2.c the two stages; _pri.c ATS, PRI, stalled transactions.
 */
#ifndef SMMU_MODEL_H
#define SMMU_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_SIDS		16
#define MODEL_VARIANTS		512
#define MODEL_TLB		4096
#define MODEL_CDS		256
#define MODEL_STALLS		16
#define MODEL_ATC		256
#define MODEL_RESULTS		64

/* A transaction as a device issues it. */
struct model_txn {
	uint32_t sid, ssid;
	bool ssv;				/* has a SubstreamID */
	bool write, priv, inst;
	bool translated;			/* ATS: the device says that the address is translated already */
	uint64_t address;
};

struct model_ste { uint64_t dw[8]; };
struct model_cd { uint64_t dw[8]; };

/* A CD, or (pointer) a first-level entry, that may be cached. What it was reached by is part of its identity. */
struct model_cached_cd {
	uint64_t base;				/* S1ContextPtr, S1Fmt, S1CDMax of the STE */
	uint32_t ssid;				/* of a pointer: the first that it covers */
	bool pointer, drop;
	struct model_cd cd;			/* of a pointer: dw[0] */
};

/* One stream that the test looks at. */
struct model_stream {
	uint32_t sid;
	uint64_t ste_pa;			/* where its entry was at the last barrier; 0: nowhere */
	struct model_ste visible;		/* its content then */
	/* of a guest: where an entry could not be read; like one that could, this may be remembered */
	uint64_t lost;
	bool lost_drop;
	uint64_t l1[MODEL_VARIANTS];		/* first-level entries that may be cached */
	unsigned int l1_count;
	struct model_ste ste[MODEL_VARIANTS];	/* entries that may be cached */
	unsigned int ste_count;
	/* invalidation consumed, not yet synced, and not read again since */
	bool ste_drop[MODEL_VARIANTS], l1_drop[MODEL_VARIANTS];
	struct model_cached_cd cd[MODEL_CDS];
	unsigned int cd_count;
};

/* Stage 2: a cached leaf, or (table) a cached pointer to the next table. */
struct model_tlb {
	uint64_t ipa, size, pa;
	uint16_t vmid;
	int8_t level;
	uint8_t memattr;			/* bits 5:2 of the leaf */
	bool table, read, write;
	bool drop;				/* invalidation consumed, not yet synced */
};

/* Stage 1: a pointer to the next table (an IPA), or a leaf together with the stage 2 behind it. */
struct model_tlb1 {
	uint64_t va, size;			/* what the stage-1 entry covers: invalidations go by this */
	uint64_t from, bytes;			/* the part of it for which `out` is right */
	uint64_t out, ipa;
	uint16_t vmid, asid;
	uint8_t granule;			/* log2 */
	int8_t level;				/* of a pointer: of the table that it points to */
	uint8_t allowed;			/* stage 1: bit (inst << 2 | priv << 1 | write) */
	uint8_t table_attrs;			/* hierarchical bits 63:59 of all tables above */
	uint16_t attr;				/* memory type byte, and shareability above it */
	bool table, global, read2, write2;
	bool drop;
};

/* An address translation that a device keeps. */
struct model_atc {
	uint32_t sid, ssid;
	bool ssv, read, write, drop;
	uint64_t va, size, out;
};

struct model_stall {
	bool used;
	uint16_t stag;
	struct model_txn txn;
};

enum model_result { MODEL_ABORT, MODEL_TRANSLATED, MODEL_BYPASS, MODEL_STALLED, MODEL_ZERO };	/* ZERO: RAZ/WI */

/* What a transaction may do. `event` 0: nothing is recorded; the fields behind it are those of its record. */
struct model_outcome {
	enum model_result result;
	uint64_t pa;
	uint8_t event;
	uint8_t class;				/* 0 CD, 1 table, 2 the input address */
	bool s2;
	uint16_t attr;				/* of what stage 1 translated */
	uint64_t ipa;
};

struct model_queue { uint64_t base; uint32_t prod, cons; };
enum model_irq { MODEL_IRQ_EVENTQ, MODEL_IRQ_PRIQ, MODEL_IRQ_GERROR };

struct smmu_model {
	/* given by the test */
	bool (*mem_read)(uint64_t pa, void *to, size_t bytes);		/* false: external abort */
	bool (*mem_write)(uint64_t pa, const void *from, size_t bytes);
	void (*complain)(const char *what);
	void (*irq)(struct smmu_model *model, enum model_irq which);	/* an edge */
	/* a command was consumed that has an effect outside: CMD_SYNC's signal, RESUME, STALL_TERM, PRI_RESP */
	void (*signal)(struct smmu_model *model, const uint64_t *cmd);
	void (*before_command)(struct smmu_model *model);
	void (*alter)(uint64_t *cmd);		/* a defect that a test injects: it was another command */
	uint32_t idr[6];
	bool guest;				/* the SMMU of a guest, see above */
	/* registers */
	uint32_t cr0, cr1, cr2, gbpa, irq_ctrl, gerror, gerrorn, strtab_cfg;
	uint64_t strtab_base;
	uint64_t irq_cfg[3][2];			/* GERROR, EVENTQ, PRIQ: CFG0, and CFG2 << 32 | CFG1 */
	struct model_queue cmdq, evtq, priq;
	uint32_t cons_err;
	bool gbpa_seen;
	/* state */
	struct model_stream streams[MODEL_SIDS];
	unsigned int stream_count;
	struct model_tlb tlb[MODEL_TLB];
	unsigned int tlb_count;
	struct model_tlb1 tlb1[MODEL_TLB];
	unsigned int tlb1_count;
	struct model_atc atc[MODEL_ATC];
	unsigned int atc_count;
	struct model_stall stall[MODEL_STALLS];
	uint16_t next_stag;
	/* what happened */
	uint64_t commands, syncs, doorbells, events_lost;
	uint64_t opcodes[256];
	/* faults that a test injects */
	unsigned int inject_ill;		/* this many commands from now: treated as illegal, once; 0: none */
	unsigned int inject_abt;		/* fetches that abort */
	bool ignore[256];			/* by opcode: consumed without effect, as if left out */
	bool in_order;				/* stores are seen in order: for tests with threads */
	bool stuck;				/* consumes nothing */
	bool gbpa_stuck, cr0_stuck;		/* never acknowledges */
	unsigned int gbpa_delay;		/* reads until UPDATE clears */
	unsigned int slow;			/* reads of CONS per command consumed; 0: at once */
	unsigned int slow_count;
};

/* Values like QEMU 10's: both stages, two-level, RIL, 44 bits. */
void smmu_model_init(struct smmu_model *m);
/* Then: and all that QEMU's lacks: substreams, two-level CDs, stall, ATS, split-stage ATS, PRI, 16-bit VMIDs. */
void smmu_model_make_full(struct smmu_model *m);
void smmu_model_watch(struct smmu_model *m, uint32_t sid);

uint64_t smmu_model_read(struct smmu_model *m, uint64_t offset, unsigned int bytes);
void smmu_model_write(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value);
/* The driver executed a barrier that orders memory for the SMMU. */
void smmu_model_barrier(struct smmu_model *m);

/* All that a transaction may do at this moment; also fills the caches with all that it may. Returns how many. */
unsigned int smmu_model_possible(struct smmu_model *m, const struct model_txn *txn, struct model_outcome *out,
				 unsigned int max);
/* The transaction takes that one: its event is recorded, it is stalled. */
void smmu_model_take(struct smmu_model *m, const struct model_txn *txn, const struct model_outcome *outcome);
/* The same for a plain transaction; the second takes the n-th outcome. */
unsigned int smmu_model_outcomes(struct smmu_model *m, uint32_t sid, uint64_t address, bool write,
				 struct model_outcome *out, unsigned int max);
struct model_outcome smmu_model_dma(struct smmu_model *m, uint32_t sid, uint64_t address, bool write, unsigned int n);

/* An ATS translation request: what the device may get (result ABORT: refused), and keeps. */
unsigned int smmu_model_ats_request(struct smmu_model *m, const struct model_txn *txn, struct model_outcome *out,
				    unsigned int max);
/* A PRI page request. False: the SMMU answers it, if it is the last of its group. */
bool smmu_model_page_request(struct smmu_model *m, const struct model_txn *txn, uint16_t group, bool last);

/* ---- between the model's files ---- */

enum { EVENT_UUT = 0x01, EVENT_BAD_STREAMID = 0x02, EVENT_STE_FETCH = 0x03, EVENT_BAD_STE = 0x04,
       EVENT_BAD_ATS_TREQ = 0x05, EVENT_STREAM_DISABLED = 0x06, EVENT_TRANSL_FORBIDDEN = 0x07,
       EVENT_BAD_SUBSTREAMID = 0x08, EVENT_CD_FETCH = 0x09, EVENT_BAD_CD = 0x0a, EVENT_WALK_EABT = 0x0b,
       EVENT_TRANSLATION = 0x10, EVENT_ADDR_SIZE = 0x11, EVENT_ACCESS = 0x12, EVENT_PERMISSION = 0x13 };
enum { CLASS_CD, CLASS_TABLE, CLASS_INPUT };

/* One transaction through one STE (and one CD): where its outcomes go, and what stage 2 it has. */
struct model_walk {
	struct smmu_model *m;
	struct model_stream *stream;
	const struct model_txn *txn;
	const struct model_ste *ste;
	bool ste_dropped;			/* an invalidation has hit it, and what is reached by it */
	const struct model_cd *cd;
	uint16_t vmid;
	bool s2;				/* stage 2 is on, with ... */
	bool s2_bad;				/* (an ill-formed one: C_BAD_STE) */
	unsigned int ipa_bits, out_bits, index_bits;
	int level;
	struct model_outcome *out;
	unsigned int count, max;
};

/* What stage 2 makes of one IPA, by one way through the caches; event 0: it translates. */
struct model_s2 {
	uint64_t pa, bytes;			/* and so many bytes from there, the start aligned to them */
	uint8_t event;
	bool read, write, device;
};

void model_add(struct model_walk *w, struct model_outcome o);
void model_outcome(struct model_walk *w, enum model_result result, uint64_t pa, uint8_t event);
/* A fault of stage 2 on the way of that access. */
void model_s2_fault(struct model_walk *w, uint64_t ipa, unsigned int class, uint8_t event);
void model_s2_setup(struct model_walk *w);
unsigned int model_s2(struct model_walk *w, uint64_t ipa, struct model_s2 *results);
/* Calls `got` for each content that the bytes at an IPA may be read with; faults become outcomes. */
typedef void (*model_got)(struct model_walk *w, void *ctx, const uint64_t *data);
void model_fetch(struct model_walk *w, uint64_t ipa, size_t bytes, unsigned int class, model_got got, void *ctx);
void model_translate_s1(struct model_walk *w);		/* ste and cd are set */
void model_contexts(struct model_walk *w, uint32_t ssid);	/* for each CD that it may be */
void model_end(struct model_walk *w, uint64_t ipa);	/* stage 1 is done or off */

void model_event(struct smmu_model *m, const struct model_txn *txn, const struct model_outcome *o, uint32_t stall);
void model_commands_run(struct smmu_model *m, unsigned int max);
void model_gerror(struct smmu_model *m, uint32_t bit);
void model_observe(struct smmu_model *m);		/* take in what memory shows now */
void model_sync(struct smmu_model *m);			/* carry out the consumed invalidations */
void model_check_enable(struct smmu_model *m);
bool model_sid_in_table(const struct smmu_model *m, uint32_t sid);
struct model_stream *model_stream(struct smmu_model *m, uint32_t sid);
uint32_t model_queue_used(const struct model_queue *q);
uint32_t model_queue_size(const struct model_queue *q);
/* Aligned to the size of the queue, at least to 32 bytes, whatever was written below. */
uint64_t model_queue_base(const struct model_queue *q, size_t entry_bytes);
bool model_queue_push(struct smmu_model *m, struct model_queue *q, const uint64_t *entry, size_t bytes);
uint32_t model_stall(struct smmu_model *m, const struct model_txn *txn);
bool model_stall_model_ok(const struct smmu_model *m, const struct model_ste *ste, const struct model_cd *cd);
bool model_resume(struct smmu_model *m, const uint64_t *cmd);
void model_stall_term(struct smmu_model *m, uint32_t sid);
void model_atc_inv(struct smmu_model *m, const uint64_t *cmd);
uint64_t model_stage1_output(struct smmu_model *m, const struct model_txn *txn, uint64_t pa);
unsigned int model_ssid_bits(const struct smmu_model *m);

static inline uint64_t model_field(uint64_t value, unsigned int high, unsigned int low)
{
	return (value >> low) & ((2ULL << (high - low)) - 1);
}

#endif
