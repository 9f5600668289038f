/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vsmmu: the SMMUv3 that a cell sees, one for each physical SMMU that its config names. The cell has its own stream
 * table, queues and registers in its own memory; what it says about its own streams becomes stage 1 of the physical
 * entries, always on top of the cell's stage 2. Built only with VSMMU; vsmmu/none.c stands in otherwise.
 */
#ifndef HYP_VSMMU_H
#define HYP_VSMMU_H

#include <abi/config.h>
#include <hyp/types.h>

/*
 * Register pages into the cell's stage 2, read-only, and their range into its mmio table. -EINVAL, -ENOMEM with err
 * filled; nothing changed. Under cell_lock, as the next two.
 */
int vsmmu_cell_init(struct cell *cell, struct hc_error *err);
/* No CPU runs the cell, none of its streams is attached; before stage2_exit(). */
void vsmmu_cell_exit(struct cell *cell);
/* Everything off, as after a reset. No CPU runs the cell, none of its streams is attached. */
void vsmmu_cell_reset(struct cell *cell);

/* A stream of the cell was attached (so it has stage 2 alone): now it becomes what the cell's SMMU says about it. */
void vsmmu_stream_attached(struct cell *cell, const struct cfg_stream *stream);

/* CPU_REQ_VSMMU, on a CPU that is in the cell, and when one enters it: events to deliver, commands to go on with. */
void vsmmu_sync(struct cpu *cpu);

#endif
