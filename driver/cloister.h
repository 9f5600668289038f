/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's own declarations. One mutex, cloister_lock, orders everything that changes cells, and may be held for long:
 * Linux takes its time to give up CPUs and devices. What only asks (info, configs, consoles, the log, sysfs) works without
 * it: the hypervisor has its own lock, and the list of cells has cells_lock.
 */
#ifndef CLOISTER_H
#define CLOISTER_H

#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <abi/config.h>
#include "cloister_ioctl.h"
#include <abi/hypercall.h>

#undef pr_fmt
#define pr_fmt(fmt)	"cloister: " fmt

#define ROOT_CELL_ID	0	/* the system config lists the root cell first */
#define NO_CELL_ID	U32_MAX	/* of one that is being made: the hypervisor has none of that number */

extern struct mutex cloister_lock;

/* A cell that exists in the hypervisor. In the list from the end of its creation to its destruction; in sysfs during both, too. */
struct cell {
	struct list_head link;		/* in cells; cloister_lock */
	struct kobject kobj;		/* frees the struct with its last reference */
	u32 id;
	char name[CL_NAME_LEN];
	struct cfg_cell *config;	/* checked copy; NULL: not made through this driver, so only watched */
	u64 entry, arg;			/* for CELL_START; cloister_lock */
	u32 seen_state;			/* of the last uevent; cloister_lock */
	u32 seen_comm;			/* the same: COMM_STATE_* */
	u64 seen_starts;
	cpumask_var_t cpus;		/* logical CPUs that were taken from Linux for it */
};

extern struct list_head cells;		/* changed under cloister_lock and cells_lock, read under either */
extern spinlock_t cells_lock;

/* ---- hypercall.c: the only caller of HVC or SMC ---- */
struct hc_result {
	s64 value;			/* x0: >= 0, or a Linux error number, negative */
	u64 extra;			/* x1 */
};

/* Finds the hypervisor. -ENODEV, with a line in the log, when there is none that this driver can work with. */
int hc_probe(void);
struct hc_result hc_call(u32 function, u64 a1, u64 a2, u64 a3, u64 a4);
/* The same again and again while the hypervisor says that one bounded batch of more is done. May sleep. */
struct hc_result hc_call_all(u32 function, u64 a1, u64 a2, u64 a3, u64 a4);
int hc_system_info(struct hc_system_info *info);
int hc_cell_info(u32 id, struct hc_cell_info *info);
int hc_cell_cpu(u32 id, u32 n, struct hc_cpu_info *info);
u32 hc_version(void);
const char *hc_state_name(u32 state);

/* ---- config.c: enough of a cell config's structure to follow its arrays ---- */
int config_check(const struct cfg_cell *config, size_t size, struct hc_error *error);
const struct cfg_cell_cpu *config_cpus(const struct cfg_cell *config);
const struct cfg_mem *config_mem(const struct cfg_cell *config);
const struct cfg_pci_dev *config_pci(const struct cfg_cell *config);
/* Leaves a sentence in `error` and returns `code`. */
__printf(3, 4) int fail(struct hc_error *error, int code, const char *format, ...);

/* ---- cpus.c: CPUs leave Linux and come back ---- */
int cpus_init(const struct device_node *node);
int cpus_take(struct cell *cell, struct hc_error *error);
void cpus_return(struct cell *cell);

/* ---- pci.c: functions leave Linux and come back ---- */
/* Can the functions leave Linux now? */
int pci_check(const struct cfg_cell *config, struct hc_error *error);
int pci_take(const struct cfg_cell *config, struct hc_error *error);
void pci_return(const struct cfg_cell *config);

/* ---- cell.c: what the ioctls do; all under cloister_lock ---- */
struct cell *cell_by_id(u32 id);
/* Any task, with cells_lock alone: the cell with a reference, for kobject_put(), or NULL. */
struct cell *cell_get(u32 id);
int cell_create(struct cfg_cell *config, struct cell **created, struct hc_error *error);	/* takes config over */
int cell_start(u32 id, u32 flags, u64 entry, u64 arg, struct hc_error *error);
int cell_set_entry(u32 id, u32 flags, u64 entry, u64 arg, struct hc_error *error);
int cell_stop(u32 id, u32 flags, struct hc_error *error);
int cell_destroy(u32 id, struct hc_error *error);
/* The cell, if the driver made it; otherwise NULL, and a code with its sentence in `*code` and `error`. */
struct cell *cell_to_change(u32 id, int *code, struct hc_error *error);
void cell_free(struct cell *cell);
/* At load: cells that the system config started. At unload: forgets them; no other kind is left then. */
int cells_adopt(void);
void cells_forget(void);

/* ---- load.c ---- */
int cell_load(const struct cloister_load *load, struct hc_error *error);

/* ---- sysfs.c ---- */
int cells_sysfs_init(struct kobject *parent);
void cells_sysfs_exit(void);
int cell_sysfs_add(struct cell *cell);
void cell_sysfs_init(struct cell *cell);

/* ---- watch.c: tells user space of changes of state ---- */
void watch_cell(struct cell *cell);	/* looks at it now; cloister_lock */
void watch_stop(void);

/* ---- ioctl.c ---- */
extern const struct file_operations cloister_fops;

#endif
