/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host machine for the real hypervisor/smmu: SMMU models behind fake_mmio_*(), a config, interrupt lines, and the
 * real page pool as the memory that the models walk. At each MMIO access, barrier and TLB call machine_hook runs, if
 * set: all that other observers could see, they can see there.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "fake/fake.h"
#include <hyp/smmu.h>
#include "smmu_model.h"

#define MACHINE_SMMUS		2
#define MACHINE_SMMU_BASE	0x09050000UL
#define MACHINE_RAM_BASE	0x80000000UL	/* memory for cells */
#define MACHINE_RAM_SIZE	MIB(4)

extern struct smmu_model models[MACHINE_SMMUS];
extern void (*machine_hook)(void);
extern u64 machine_vttbr;			/* what VTTBR_EL2 of the running CPU reads as */
extern u32 machine_kicks;			/* calls of gic_set_pending() */
extern bool machine_threads;			/* several threads use the machine: waiting yields, time stands still */
extern char machine_complaint[256];		/* the first; "" none */

/* A new machine: memory, models with their defaults, config of `count` SMMUs. Before smmu_init(). */
const struct cfg_system *machine_init(u32 count, u32 storm_limit);
/* Where the host has these bytes of the machine's memory; NULL: not memory. */
void *machine_memory(u64 address, size_t bytes);
/* Around direct use of the models while other threads run. */
void machine_lock(void);
void machine_unlock(void);
/* Runs the handlers of all pending interrupts, until there are none; at most `max` handler calls. Returns the calls. */
u32 machine_irqs(u32 max);
/* A line without a handler: whether it became pending, and not any more. */
bool machine_line_take(u32 intid);

#endif
