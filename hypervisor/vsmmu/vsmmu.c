// SPDX-License-Identifier: GPL-2.0-only
/* The emulated SMMUs of a cell: their life, which streams they have, how they reach the cell's CPUs. */
#include <hyp/mutate.h>
#include "vsmmu_local.h"

#define VSMMU_PAGES	(sizeof(struct vsmmu) / PAGE_SIZE)

struct vsmmu *vsmmu_find(struct cell *cell, u32 smmu)
{
	for_each_vsmmu(v, cell) {
		if (v->config->smmu == smmu)
			return v;
	}
	return NULL;
}

const struct cfg_stream *vsmmu_stream(const struct vsmmu *v, u64 sid)
{
	for_each_vstream(v, stream) {
		if (stream->sid == sid)
			return stream;
	}
	return NULL;
}

/* An SPI without a device: pending in the distributor, it takes the way of any other. */
void vsmmu_raise(const struct vsmmu *v, u32 intid)
{
	struct vgic_cell *vgic = &v->cell->vgic;

	if (!intid)
		return;
	spin_lock(&vgic->lock);
	if (vgic->spi[intid / 32].owned & BIT(intid % 32))
		gic_set_pending(intid);
	spin_unlock(&vgic->lock);
}

/* All of them, for one that leaves does not answer. Who enters calls vsmmu_sync() itself. */
void vsmmu_kick(const struct vsmmu *v)
{
	for (u32 i = 0; i < v->cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(v->cell->vcpu[i]);

		if (!cpu || __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE) != CPU_RUNNING)
			continue;
		cpu_request(cpu, CPU_REQ_VSMMU);
		if (MUTATE(VSMMU_ONE_CPU))
			return;
	}
}

void vsmmu_sync(struct cpu *cpu)
{
	for_each_vsmmu(v, cpu->cell) {
		spin_lock(&v->lock);
		vevtq_deliver(v);
		vcmdq_run(v);
		spin_unlock(&v->lock);
	}
}

void vsmmu_stream_attached(struct cell *cell, const struct cfg_stream *stream)
{
	struct vsmmu *v = vsmmu_find(cell, stream->smmu);

	if (!v)
		return;
	spin_lock(&v->lock);
	/* the config that it comes from may be another cell's */
	vste_update(v, vsmmu_stream(v, stream->sid));
	spin_unlock(&v->lock);
}

static int init_one(struct cell *cell, struct vsmmu *v, const struct cfg_vsmmu *config)
{
	int err = 0;

	v->cell = cell;
	v->config = config;
	v->hw_idr0 = smmu_id_register(config->smmu, SMMU_IDR0);
	for (u32 i = 0; i < VSMMU_REG_PAGES && !err; i++)
		err = stage2_map(&cell->s2, ipa(config->ipa + i * SMMU_PAGE1), hyp_pa(&v->regs[vreg_index(i * SMMU_PAGE1)]),
				 PAGE_SIZE, PROT_READ);
	return err ? err : mmio_add(&cell->mmio, ipa(config->ipa), SMMU_REGS_SIZE, vreg_access, v);
}

int vsmmu_cell_init(struct cell *cell, struct hc_error *err)
{
	int result;

	if (!cell->config->vsmmu_count)
		return 0;
	cell->vsmmu = page_alloc(cell->config->vsmmu_count * VSMMU_PAGES, 1);
	result = cell->vsmmu ? 0 : -ENOMEM;
	for (u32 i = 0; i < cell->config->vsmmu_count && !result; i++)
		result = init_one(cell, &cell->vsmmu[i], &cfg_cell_vsmmus(cell->config)[i]);
	if (result) {
		vsmmu_cell_exit(cell);
		return hc_fail(err, result, "the emulated SMMUs of cell %s cannot be made (error %d)", cell->name, -result);
	}
	vsmmu_cell_reset(cell);
	cell->dma.event = vevtq_receive;
	return 0;
}

/* Pages that may still be in a TLB are lost rather than used for anything else. */
void vsmmu_cell_exit(struct cell *cell)
{
	int err = 0;

	cell->dma.event = NULL;
	for_each_vsmmu(v, cell) {
		for (u32 i = 0; i < VSMMU_REG_PAGES && v->config; i++)
			err |= stage2_unmap(&cell->s2, ipa(v->config->ipa + i * SMMU_PAGE1), PAGE_SIZE);
	}
	if (cell->vsmmu && !err)
		page_free(cell->vsmmu, cell->config->vsmmu_count * VSMMU_PAGES);
	cell->vsmmu = NULL;
}

void vsmmu_cell_reset(struct cell *cell)
{
	for_each_vsmmu(v, cell) {
		spin_lock(&v->lock);
		vreg_reset(v);
		vevtq_reset(v);
		spin_unlock(&v->lock);
	}
}
