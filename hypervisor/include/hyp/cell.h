/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell: a partition and its life cycle. All changes are made under cell_lock by one CPU at a time; what a running CPU
 * of the cell reads in a trap is constant while it runs.
 */
#ifndef HYP_CELL_H
#define HYP_CELL_H

#include <abi/config.h>
#include <abi/hypercall.h>
#include <hyp/config.h>
#include <hyp/mmio.h>
#include <hyp/pci.h>
#include <hyp/percpu.h>
#include <hyp/smmu.h>
#include <hyp/stage2.h>
#include <hyp/vgic.h>

struct cell_console;

struct cell {
	u32 id;
	u32 state;			/* HC_STATE_* */
	bool is_root;
	bool inject_abort;		/* CFG_CELL_INJECT_ABORT */
	const struct cfg_cell *config;	/* the hypervisor's own checked copy */
	char name[CL_NAME_LEN];
	struct stage2 s2;
	struct mmio_table mmio;
	struct vgic_cell vgic;
	struct vpci vpci;
	struct smmu_domain dma;
	struct cell_console *console;

	u32 vcpus;			/* CPUs in the config, in the cell's numbering */
	struct cpu *vcpu[CFG_MAX_CPUS];	/* NULL: given away (root cell only) */

	/* why it ended, written once per run by the CPU that ended it */
	u32 reason;
	u64 reason_info, reason_pc, reason_esr;
	struct log_limit log;		/* messages that it can cause */
	u64 starts;
	u64 mmio_violations;
	u64 work_done;			/* bytes done of a batched operation (scrub), see cell_mem.c */
	u32 work_region;
	u32 pages;			/* of the pool, for this struct and config */
};

extern spinlock_t cell_lock;
extern struct cell *cells[CFG_MAX_CELLS];	/* by id; guarded by cell_lock */
extern const struct cfg_system *system_config;

/* The cell whose config has CFG_CELL_ROOT; NULL on a machine without. */
struct cell *root_cell(void);

/* At boot: root and boot cells from the system config, their payloads copied. Panics when the image is inconsistent. */
void cell_boot_all(void);

/* The hypercalls' halves that act; arguments are decoded already. Take cell_lock. Results as in abi/hypercall.h. */
s64 cell_create(const void *blob, size_t bytes, struct hc_error *err);	/* blob in hypervisor memory */
s64 cell_loadable(u32 id);
s64 cell_start(u32 id, u64 entry, u64 arg);
s64 cell_stop(u32 id);
s64 cell_destroy(u32 id);
s64 cell_info(u32 id, struct hc_cell_info *info);
s64 cell_find(const char *name);

/*
 * The calling CPU's cell cannot go on: records why, parks its other CPUs, blocks its streams, and parks this CPU; does
 * not return to the guest. `reason` HC_REASON_*.
 */
void cell_fail_current(struct cpu *cpu, u32 reason, u64 info) __attribute__((noreturn));

/* Guest memory, by IPA, through the calling CPU's window and the cell's stage 2, page by page.
 * False when any byte is not there with that permission (a partial copy may have been made). */
bool guest_read(struct cell *cell, ipaddr_t from, void *to, size_t bytes);
bool guest_write(struct cell *cell, ipaddr_t to, const void *from, size_t bytes);

/* ---- cell_mem.c: who has which bytes ---- */
int cell_mem_take(struct cell *cell, struct hc_error *err);
/* ---- cell_console.c ---- */
s64 console_write(struct cell *cell, u32 bytes, const u64 *words);

#endif
