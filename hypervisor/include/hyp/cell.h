/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell: a partition and its life cycle. All changes are made under cell_lock by one CPU at a time; what a running CPU
 * of the cell reads in a trap is constant while it runs.
 */
#ifndef HYP_CELL_H
#define HYP_CELL_H

#include <abi/config.h>
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/mmio.h>
#include <hyp/pci.h>
#include <hyp/percpu.h>
#include <hyp/ring.h>
#include <hyp/smmu.h>
#include <hyp/stage2.h>
#include <hyp/uart.h>
#include <hyp/vgic.h>
#include <hyp/vsmmu.h>

#define CONSOLE_INPUT	64	/* a power of two */

/* What a cell prints, and a few bytes of input: by hypercalls, or by a virtual PL011. */
struct cell_console {
	spinlock_t lock;
	struct ring out;		/* of size 0: the cell has none */
	u32 in_head, in_tail;
	u8 in[CONSOLE_INPUT];
	u16 uart[VPL011_REGS];		/* registers of the PL011 */
};

struct cell {
	u32 id;
	u32 state;			/* HC_STATE_* */
	bool is_root;
	const struct cfg_cell *config;	/* the hypervisor's own checked copy */
	char name[CL_NAME_LEN];
	struct stage2 s2;
	struct mmio_table mmio;
	struct vgic_cell vgic;
	struct vpci vpci;
	struct ivshmem ivshmem[CFG_MAX_IVSHMEM];	/* config->ivshmem_count of them */
	struct smmu_domain dma;
	struct vsmmu *vsmmu;		/* config->vsmmu_count of them; NULL: none */
	struct cell_console console;

	u32 vcpus;			/* CPUs in the config, in the cell's numbering */
	struct cpu *vcpu[CFG_MAX_CPUS];	/* NULL: given away (root cell only) */

	/* why it ended, once per run by the CPU that ended it; counts, of CPUs those that left it; cell_info() adds the rest */
	struct hc_cell_info info;
	struct log_limit log;		/* messages that it can cause */
	struct log_limit life;		/* those about its state, which the others shall not silence */
	u64 heartbeat;			/* as its watchdog saw it last */
	bool asked;			/* to stop, in this run */
	u64 restart_end;		/* ticks at which the time of its restart_limit is over */
	u32 restarts;			/* within that time */
	u64 work_done;			/* bytes done of a batched operation: scrub (cell_mem.c), reload (boot_cells.c) */
	u32 work_region;
	u32 pages;			/* of the pool, for this struct and what is behind it */
};

extern spinlock_t cell_lock;
/* Takes it on a CPU that is in a trap of its cell. Does not return when another CPU parks this one meanwhile. */
void cell_lock_from_trap(struct cpu *cpu);
extern struct cell *cells[CFG_MAX_CELLS];	/* by id; guarded by cell_lock */
extern const struct cfg_system *system_config;

/* The cell whose config has CFG_CELL_ROOT; NULL on a machine without. */
struct cell *root_cell(void);

/*
 * The hypercalls' halves that act; arguments are decoded already. The caller holds cell_lock. Results as in
 * abi/hypercall.h; -EAGAIN means that a bounded batch is done and the same call wants to be repeated.
 */
s64 cell_build(const struct cfg_cell *config, struct hc_error *err);	/* of a checked config: the id */
/* A config in hypervisor memory: by itself, and against the cells that exist. */
s64 cell_check(const void *blob, size_t bytes, struct hc_error *err);
s64 cell_write(struct cell *cell, u64 to, struct cell *from_cell, u64 from, u64 bytes);
void cell_info(struct cell *cell, struct hc_cell_info *info);
s64 cell_cpu_info(const struct cell *cell, u64 n, struct hc_cpu_info *info);
/* What is done to a cell, with the two arguments behind its id, which not all of them have. */
s64 cell_loadable(struct cell *cell, u64 a, u64 b);
s64 cell_run(struct cell *cell, u64 entry, u64 arg);
s64 cell_stop(struct cell *cell, u64 a, u64 b);
s64 cell_destroy(struct cell *cell, u64 a, u64 b);
s64 cell_request(struct cell *cell, u64 request, u64 b);	/* -EEMPTY: it has no communication page */
s64 console_input(struct cell *cell, u64 byte, u64 b);
void system_info(struct hc_system_info *info);

/* Says why; the value is `result`. */
#define hc_fail(err, result, ...) (snprintf((err)->text, sizeof((err)->text), __VA_ARGS__), (result))

/*
 * The calling CPU's cell cannot go on: records why, asks its other CPUs to park, blocks its streams, and parks this
 * CPU; does not return to the guest. `reason` HC_REASON_*. Takes cell_lock.
 */
void cell_fail_current(struct cpu *cpu, u32 reason, u64 info) __attribute__((noreturn));
/* The same when the CPU, running or parked, has cell_lock, which it releases. */
void cell_fail_locked(struct cpu *cpu, u32 reason, u64 info) __attribute__((noreturn));

/* ---- cell_watch.c: communication pages and watchdogs ---- */
int cell_watch_init(const struct cfg_system *sys);
/* On the CPU that starts: from now on its cell is to give signs of life, if it has a watchdog. */
void cell_watch_start(const struct cpu *cpu);

/* ---- cell_cpu.c: CPUs of a cell ---- */
/* All or nothing: the CPUs of the config, from the root cell or from nobody. -EBUSY with err filled. */
int cell_cpus_take(struct cell *cell, struct hc_error *err);
void cell_cpus_give_back(struct cell *cell);
/* PSCI CPU_ON of a CPU of the same cell. False: it is on already. */
bool cell_cpu_on(struct cpu *target, u64 entry, u64 arg);
void cell_cpu_off(struct cpu *cpu) __attribute__((noreturn));
/* Every CPU of the cell is parked when it returns. -EIO: one does not answer. */
int cell_park_all(struct cell *cell);

/* ---- cell_mem.c: who has which bytes ---- */
/* The config's memory and BARs into the cell's stage 2, out of the root cell's. All or nothing. */
int cell_mem_take(struct cell *cell, struct hc_error *err);
/* One batch of clearing all RAM that is the cell's alone. -EAGAIN: more is left. Starts over after the last. */
int cell_scrub(struct cell *cell);
/* After stage2_exit() and scrubbing: back into the root cell's stage 2. Cannot fail. */
void cell_mem_give_back(struct cell *cell);
/* The log goes on to the UART as long as no cell has that. After each change of who has what. */
void cell_mem_echo(void);
/* The cell's RAM, past its own permissions: for loading. False: not wholly in a region with all of `flags`. */
bool cell_mem_write(struct cell *cell, u64 to, const void *from, size_t bytes, u32 flags);

/* ---- cell_dma.c: streams of a cell ---- */
int cell_streams_take(struct cell *cell, struct hc_error *err);
void cell_streams_give_back(struct cell *cell);
int cell_streams_attach(struct cell *cell);
/* Every stream of the cell aborts when it returns; -EIO: an SMMU did not confirm. */
int cell_streams_block(struct cell *cell);

/* ---- guest_mem.c ---- */
/*
 * Guest memory, by IPA, through the calling CPU's window and the cell's stage 2, page by page: what is copied is the
 * cell's at that moment, for the lock of its stage 2 is held, without which no page leaves. The caller holds cell_lock
 * or is a CPU of that cell, so the tables themselves stay. False when any byte is not there with that permission (a
 * partial copy may have been made).
 */
bool guest_read(struct cell *cell, ipaddr_t from, void *to, size_t bytes);
bool guest_write(struct cell *cell, ipaddr_t to, const void *from, size_t bytes);
/* It is mapped, with all these PROT_*; waits for the end of a break-before-make that is under way there. */
bool cell_has(struct cell *cell, ipaddr_t address, u32 prot);

/* ---- cell_console.c: the hypercall console ---- */
/* Bytes taken. Any CPU of the cell, without cell_lock. */
s64 console_write(struct cell *cell, u64 bytes, const u64 *words);
s64 console_getc(struct cell *cell);
s64 console_read(struct cell *cell, u64 position, char *buf, size_t size, u64 *next);

#endif
