// SPDX-License-Identifier: GPL-2.0-only
/* A build without VSMMU: no cell has an SMMU of its own. */
#include <hyp/cell.h>

int vsmmu_cell_init(struct cell *cell, struct hc_error *err)
{
	return 0;
}

void vsmmu_cell_exit(struct cell *cell)
{
}

void vsmmu_cell_reset(struct cell *cell)
{
}

void vsmmu_stream_attached(struct cell *cell, const struct cfg_stream *stream)
{
}

void vsmmu_sync(struct cpu *cpu)
{
}
