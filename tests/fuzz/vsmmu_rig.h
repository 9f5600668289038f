/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets of the emulated SMMU share: two cells on the model of the hardware (tests/model), as in the
 * refinement test; here the first one is hostile and does what the input says. After each step, and at each access of
 * the driver to its registers, I2 holds for the streams of both, and the physical SMMU is driven by the rules.
 */
#ifndef VSMMU_RIG_H
#define VSMMU_RIG_H

#include "refine.h"

/* A queue of the guests' is in one page, and whatever its base says below the queue's size does not count. */
#define QUEUE_PAGE	0xffffffffff000ULL

#define DATA_PAGE	32		/* and 23 more that hold neither tables nor queues */

enum { REG_CR0 = 0x20, REG_CR0ACK = 0x24, REG_GBPA = 0x44, REG_IRQ_CTRL = 0x50, REG_IRQ_CTRLACK = 0x54, REG_GERROR = 0x60,
       REG_GERRORN = 0x64, REG_STRTAB_BASE = 0x80, REG_STRTAB_CFG = 0x88, REG_CMDQ_BASE = 0x90, REG_CMDQ_PROD = 0x98,
       REG_CMDQ_CONS = 0x9c, REG_EVENTQ_BASE = 0xa0, REG_EVENTQ_PROD = 0x100a8, REG_EVENTQ_CONS = 0x100ac };
enum { CR0_ON = 0xd };			/* SMMUEN, EVENTQEN, CMDQEN */

/* A new machine with two cells whose drivers have started. Returns the hostile one. */
struct guest *rig_start(const u8 *data, size_t size);
/* True while there is input; then a new step, with transactions to look at that do not depend on the input. */
bool rig_step(const char *what);
struct rig_action {
	const char *name;
	void (*act)(struct guest *g);
};
void rig_act(struct guest *g, const struct rig_action *action);
/* From the input; 0 when it is at its end. */
u64 take(u32 bytes);
u32 choose(u32 n);			/* up to 256 */
/* The hypervisor has done what it had put off; and all is well. */
void rig_settle(void);

/* The cell ends and starts anew. */
void rig_restart(struct home *h);
/* A transaction of one of the cell's streams takes one of the outcomes that it can have. */
void rig_dma(struct guest *g);
/* A page of the cell's RAM goes, or comes back. */
void rig_stage2(struct guest *g);
/* Eight bytes of the cell's memory, wherever its stage 2 has memory. */
void rig_put(struct guest *g, u64 ipa, u64 value);
/* A command behind those that are there; no doorbell. Returns the new PROD. */
u32 rig_queue(struct guest *g, u32 prod, u64 dw0, u64 dw1);
/* As a driver that has changed anything at all. */
void rig_invalidate_all(struct guest *g);
/* As a driver that has found an error: its queue is empty, the error acknowledged. */
void rig_recover(struct guest *g);

#endif
