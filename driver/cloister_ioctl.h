/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ioctls of /dev/cloister, specified in Documentation/driver-abi.md.
 *
 * Every argument starts with struct cloister_head. `size` is sizeof(the struct) as the caller knows it and must be
 * what the command number says. A struct only ever grows at its end: a driver that knows a longer one takes the
 * missing bytes as zero, one that knows a shorter one refuses bytes behind it that are not zero (E2BIG). Unknown flags
 * and reserved bytes that are not zero are EINVAL. A call that fails has changed nothing, but for the sentence that it
 * leaves in `error`; exceptions are written down with their command.
 */
#ifndef CLOISTER_IOCTL_H
#define CLOISTER_IOCTL_H

#include <linux/ioctl.h>
#include <abi/hypercall.h>
#include <abi/types.h>

#define CLOISTER_DEVICE		"/dev/cloister"
#define CLOISTER_ABI_MAJOR	1
#define CLOISTER_ABI_MINOR	2

#define CLOISTER_READ_MAX	4096	/* bytes that one console or log read returns at most */
#define CLOISTER_INPUT_MAX	256	/* bytes that one CELL_INPUT takes at most */

struct cloister_head {
	cl_u32 size;			/* bytes of the whole struct */
	cl_u32 flags;			/* 0 where no flags are named */
};

struct cloister_version {
	struct cloister_head head;
	cl_u32 abi;			/* out: CLOISTER_ABI_MAJOR << 16 | CLOISTER_ABI_MINOR */
	cl_u32 hypervisor;		/* out: as HC_VERSION */
};

struct cloister_system_info {
	struct cloister_head head;
	struct hc_system_info info;	/* out */
};

struct cloister_create {
	struct cloister_head head;
	cl_u64 config;			/* pointer to struct cfg_cell with its arrays */
	cl_u32 config_size;		/* bytes */
	cl_u32 id;			/* out */
	struct hc_error error;		/* out, when the call failed; empty when there is nothing to say */
};

/*
 * Copies into a LOAD region of a cell that does not run. The first time after creation or a run the cell's memory is
 * cleared before. When copying itself fails (EFAULT, EIO) a part may have been copied.
 */
struct cloister_load {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 reserved;
	cl_u64 ipa;			/* of the cell */
	cl_u64 data;			/* pointer; 0: zeroes are written */
	cl_u64 size;			/* bytes, not 0; within one region */
	struct hc_error error;
};

#define CLOISTER_START_ENTRY	(1u << 0)	/* `entry` is given; else what CELL_ENTRY or the config said */
#define CLOISTER_START_ARG	(1u << 1)	/* `arg` is given; the same */

/* CELL_ENTRY remembers where the next CELL_START enters; both flags as above. CELL_START does not remember. */
struct cloister_start {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 reserved;
	cl_u64 entry;			/* IPA of the first instruction */
	cl_u64 arg;			/* x0 of the cell's first CPU */
	struct hc_error error;
};

#define CLOISTER_STOP_ASK	(1u << 0)	/* of CELL_STOP: only asks the cell, through its communication page (abi/comm.h);
						 * ENODATA: it has none */

/* CELL_STOP, CELL_DESTROY */
struct cloister_op {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 reserved;
	struct hc_error error;
};

#define CLOISTER_CELL_MANAGED	(1u << 0)	/* made through the driver: it may be changed */
#define CLOISTER_CELL_ROOT	(1u << 1)	/* this Linux runs in it */

struct cloister_cell_info {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 cell_flags;		/* out: CLOISTER_CELL_* */
	cl_u64 entry;			/* out: where CELL_START would enter */
	cl_u64 arg;			/* out: and with which x0 */
	struct hc_cell_info info;	/* out */
};

/* ENODATA: the root cell has given that CPU away. EINVAL: the cell has no n-th CPU. */
struct cloister_cpu_info {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 n;			/* in the cell's numbering, from 0 */
	struct hc_cpu_info info;	/* out */
};

/* The config that a managed cell was made from. ENOSPC: `size` is too small, and now says what is needed. */
struct cloister_config {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 size;			/* in: bytes of room; out: bytes */
	cl_u64 data;			/* pointer */
};

/* CELL_CONSOLE, and LOG_READ, whose id must be 0. Never waits: with nothing new, size is 0. */
struct cloister_read {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 size;			/* in: bytes of room; out: bytes read, at most CLOISTER_READ_MAX */
	cl_u64 data;			/* pointer */
	cl_u64 position;		/* in: 0 for the oldest kept; out: behind the last byte read */
};

struct cloister_input {
	struct cloister_head head;
	cl_u32 id;
	cl_u32 size;			/* in: bytes, at most CLOISTER_INPUT_MAX; out: bytes taken */
	cl_u64 data;			/* pointer */
};

struct cloister_find {
	struct cloister_head head;
	char name[CL_NAME_LEN];
	cl_u32 id;			/* out */
	cl_u32 reserved;
};

#define CLOISTER_IOC_TYPE	0xc1
#define CLOISTER_VERSION	_IOWR(CLOISTER_IOC_TYPE, 0, struct cloister_version)
#define CLOISTER_SYSTEM_INFO	_IOWR(CLOISTER_IOC_TYPE, 1, struct cloister_system_info)
#define CLOISTER_CELL_CREATE	_IOWR(CLOISTER_IOC_TYPE, 2, struct cloister_create)
#define CLOISTER_CELL_LOAD	_IOWR(CLOISTER_IOC_TYPE, 3, struct cloister_load)
#define CLOISTER_CELL_ENTRY	_IOWR(CLOISTER_IOC_TYPE, 4, struct cloister_start)
#define CLOISTER_CELL_START	_IOWR(CLOISTER_IOC_TYPE, 5, struct cloister_start)
#define CLOISTER_CELL_STOP	_IOWR(CLOISTER_IOC_TYPE, 6, struct cloister_op)
#define CLOISTER_CELL_DESTROY	_IOWR(CLOISTER_IOC_TYPE, 7, struct cloister_op)
#define CLOISTER_CELL_INFO	_IOWR(CLOISTER_IOC_TYPE, 8, struct cloister_cell_info)
#define CLOISTER_CELL_CONFIG	_IOWR(CLOISTER_IOC_TYPE, 9, struct cloister_config)
#define CLOISTER_CELL_CONSOLE	_IOWR(CLOISTER_IOC_TYPE, 10, struct cloister_read)
#define CLOISTER_CELL_INPUT	_IOWR(CLOISTER_IOC_TYPE, 11, struct cloister_input)
#define CLOISTER_LOG_READ	_IOWR(CLOISTER_IOC_TYPE, 12, struct cloister_read)
#define CLOISTER_CELL_FIND	_IOWR(CLOISTER_IOC_TYPE, 13, struct cloister_find)
#define CLOISTER_CELL_CPU	_IOWR(CLOISTER_IOC_TYPE, 14, struct cloister_cpu_info)

_Static_assert(sizeof(struct cloister_create) == 24 + 192, "create");
_Static_assert(sizeof(struct cloister_load) == 40 + 192, "load");
_Static_assert(sizeof(struct cloister_start) == 32 + 192, "start");
_Static_assert(sizeof(struct cloister_op) == 16 + 192, "op");
_Static_assert(sizeof(struct hc_cpu_info) % 8 == 0 && sizeof(struct cloister_cpu_info) == 16 + sizeof(struct hc_cpu_info), "cpu");
_Static_assert(sizeof(struct hc_cell_info) % 8 == 0 && sizeof(struct hc_system_info) % 8 == 0, "hypercall structs");

#endif
