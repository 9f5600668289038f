/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the SMMUv3: a second reading of the architecture (IHI 0070), independent of hypervisor/smmu (it shares no
 * header with it), written for clarity. What stage 2 needs: registers, queues, stream table, stage-2 walk, events.
 *
 * It is as adversarial as the architecture allows. Instead of picking one behaviour it keeps all that are possible:
 * for each watched stream the set of STEs which the SMMU may have read since the last completed invalidation
 * (doublewords in any order, old or new until a barrier), and for each VMID all translations and table pointers that
 * it may have cached. smmu_model_outcomes() gives everything that a transaction may do now.
 *
 * It also watches its driver: what software must not do is reported through complain().
 */
#ifndef SMMU_MODEL_H
#define SMMU_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_SIDS		16
#define MODEL_VARIANTS		512
#define MODEL_TLB		4096

struct model_ste { uint64_t dw[8]; };

/* One stream that the test looks at. */
struct model_stream {
	uint32_t sid;
	uint64_t ste_pa;			/* where its entry was at the last barrier; 0: nowhere */
	struct model_ste visible;		/* its content then */
	uint64_t l1[MODEL_VARIANTS];		/* first-level entries that may be cached */
	unsigned int l1_count;
	struct model_ste ste[MODEL_VARIANTS];	/* entries that may be cached */
	unsigned int ste_count;
	bool drop_ste, drop_l1;			/* invalidation consumed, not yet synced */
};

/* A cached leaf, or (table) a cached pointer to the next table. */
struct model_tlb {
	uint64_t ipa, size, pa;
	uint16_t vmid;
	int8_t level;
	bool table, read, write;
	bool drop;				/* invalidation consumed, not yet synced */
};

struct model_queue { uint64_t base; uint32_t prod, cons; };

struct smmu_model {
	/* given by the test */
	bool (*mem_read)(uint64_t pa, void *to, size_t bytes);		/* false: external abort */
	bool (*mem_write)(uint64_t pa, const void *from, size_t bytes);
	void (*complain)(const char *what);
	void (*irq)(struct smmu_model *model, bool gerror);		/* an edge */
	uint32_t idr[6];
	/* registers */
	uint32_t cr0, cr1, cr2, gbpa, irq_ctrl, gerror, gerrorn, strtab_cfg;
	uint64_t strtab_base;
	struct model_queue cmdq, evtq;
	uint32_t cons_err;
	bool gbpa_seen;
	/* state */
	struct model_stream streams[MODEL_SIDS];
	unsigned int stream_count;
	struct model_tlb tlb[MODEL_TLB];
	unsigned int tlb_count;
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

enum model_result { MODEL_ABORT, MODEL_TRANSLATED, MODEL_BYPASS };

struct model_outcome {
	enum model_result result;
	uint64_t pa;
	uint8_t event;				/* recorded type; 0: none */
};

/* Values like QEMU 10's: two-level, RIL, 44 bits. */
void smmu_model_init(struct smmu_model *m);
void smmu_model_watch(struct smmu_model *m, uint32_t sid);

uint64_t smmu_model_read(struct smmu_model *m, uint64_t offset, unsigned int bytes);
void smmu_model_write(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value);
/* The driver executed a barrier that orders memory for the SMMU. */
void smmu_model_barrier(struct smmu_model *m);

/* All that a transaction may do at this moment; also fills the caches with all that it may. Returns how many. */
unsigned int smmu_model_outcomes(struct smmu_model *m, uint32_t sid, uint64_t address, bool write,
				 struct model_outcome *out, unsigned int max);
/* A transaction that takes the given outcome (an index into the above): records the event. */
struct model_outcome smmu_model_dma(struct smmu_model *m, uint32_t sid, uint64_t address, bool write, unsigned int n);

/* ---- between the model's files ---- */
void model_event(struct smmu_model *m, uint8_t type, uint32_t sid, uint64_t address, bool write);
void model_commands_run(struct smmu_model *m, unsigned int max);
void model_gerror(struct smmu_model *m, uint32_t bit);
void model_observe(struct smmu_model *m);		/* take in what memory shows now */
void model_sync(struct smmu_model *m);			/* carry out the consumed invalidations */
void model_check_enable(struct smmu_model *m);
bool model_sid_in_table(const struct smmu_model *m, uint32_t sid);

static inline uint64_t model_field(uint64_t value, unsigned int high, unsigned int low)
{
	return (value >> low) & ((2ULL << (high - low)) - 1);
}

#endif
