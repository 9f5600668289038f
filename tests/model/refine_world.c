// SPDX-License-Identifier: GPL-2.0-only
/* Two cells with an emulated SMMU each, over the machine with one physical SMMU; see refine.h. */
#include <stdio.h>
#include <string.h>

#include "refine.h"
#include <abi/hypercall.h>
#include <hyp/errno.h>
#include <hyp/hyp_map.h>
#include <hyp/vsmmu.h>

#define VSMMU_IPA	0x09050000UL
#define IRQ_FIRST	40
#define IRQS		4		/* EVENTQ, PRIQ, sync, GERROR */

struct guest guests[CELLS];

static struct {
	struct cfg_cell cell;
	struct cfg_irq irq[IRQS];
	struct cfg_stream stream[STREAMS];
	struct cfg_vsmmu vsmmu;
} configs[CELLS];

static u32 requested;			/* bits: CPUs that were asked for vsmmu_sync() */

/* ---- what the hypervisor calls ---- */

spinlock_t cell_lock;

void *hyp_window_map(paddr_t at, size_t bytes)
{
	void *host = machine_memory(at.pa, bytes);

	if (!host)
		found("the hypervisor maps 0x%llx, which is not memory", (unsigned long long)at.pa);
	return host;
}

void hyp_window_unmap(void)
{
}

void cpu_request(struct cpu *cpu, u32 requests)
{
	if (requests)
		requested |= 1u << (cpu - cpus);
}

/* ---- memory ---- */

u64 page_pa(const struct guest *g, u32 page)
{
	return MACHINE_RAM_BASE + g->index * MIB(2) + page * PAGE_SIZE;
}

static u32 page_of(u64 ipa)
{
	u64 page = (ipa - RAM_IPA) / PAGE_SIZE;

	return ipa < RAM_IPA || page >= PAGES ? PAGES : (u32)page;
}

void *world_memory(struct guest *g, u64 ipa, size_t bytes, bool write)
{
	u32 page = page_of(ipa);

	if (page == PAGES || page != page_of(ipa + bytes - 1) || g->access[page] == NONE || (write && !g->writable[page]))
		return NULL;
	return machine_memory(page_pa(g, page) + ipa % PAGE_SIZE, bytes);
}

bool world_translate(struct guest *g, u64 ipa, bool write, u64 *pa)
{
	u32 page = page_of(ipa);

	if (page == PAGES || g->access[page] == NONE || (write && !g->writable[page]))
		return false;
	*pa = page_pa(g, page) + ipa % PAGE_SIZE;
	return true;
}

bool world_may_reach(struct guest *g, u64 pa, bool write)
{
	u64 page = (pa - page_pa(g, 0)) / PAGE_SIZE;

	return pa >= page_pa(g, 0) && page < PAGES && g->access[page] != NONE && (!write || g->writable[page]);
}

void world_map(struct guest *g, u32 page, bool writable)
{
	u32 prot = PROT_READ | (writable ? PROT_WRITE : 0);

	g->access[page] = MAYBE;
	g->writable[page] = writable;
	if (stage2_map(&g->cell.s2, ipa(RAM_IPA + page * PAGE_SIZE), pa(page_pa(g, page)), PAGE_SIZE, prot))
		found("stage2_map fails");
	g->access[page] = SURE;
}

void world_unmap(struct guest *g, u32 page)
{
	g->access[page] = MAYBE;
	if (stage2_unmap(&g->cell.s2, ipa(RAM_IPA + page * PAGE_SIZE), PAGE_SIZE))
		found("stage2_unmap fails");
	g->access[page] = NONE;
}

/* ---- cells ---- */

static void configure(struct guest *g)
{
	struct cfg_cell *cell = &configs[g->index].cell;

	cell->flags = CFG_CELL_STAGE1;
	cell->irq_count = IRQS;
	cell->stream_count = STREAMS;
	cell->vsmmu_count = 1;
	snprintf(cell->name, sizeof(cell->name), "cell%u", g->index);
	for (u32 i = 0; i < IRQS; i++)
		configs[g->index].irq[i].intid = IRQ_FIRST + g->index * IRQS + i;
	for (u32 i = 0; i < STREAMS; i++)
		configs[g->index].stream[i] = (struct cfg_stream){ .sid = g->sid[i], .vsid = g->vsid[i] };
	configs[g->index].vsmmu = (struct cfg_vsmmu){
		.ipa = VSMMU_IPA, .flags = CFG_VSMMU_STALL | CFG_VSMMU_ATS | CFG_VSMMU_PRI,
		.eventq_irq = IRQ_FIRST + g->index * IRQS, .priq_irq = IRQ_FIRST + g->index * IRQS + 1,
		.sync_irq = IRQ_FIRST + g->index * IRQS + 2, .gerror_irq = IRQ_FIRST + g->index * IRQS + 3,
		.cmdq_log2 = 8, .eventq_log2 = 7, .priq_log2 = 7, .ssid_bits = 20,
	};
}

void world_init(void)
{
	static const u32 sids[CELLS][STREAMS] = { { 0x10, 0x11 }, { 0x12, 0x123 } };
	static const u32 vsids[CELLS][STREAMS] = { { 1, 2 }, { 1, 0x12 } };

	for (u32 i = 0; i < CELLS; i++) {
		struct guest *g = &guests[i];

		memset(g, 0, sizeof(*g));
		g->index = i;
		memcpy(g->sid, sids[i], sizeof(g->sid));
		memcpy(g->vsid, vsids[i], sizeof(g->vsid));
		configure(g);
		for (u32 n = 0; n < STREAMS; n++)
			smmu_model_watch(&models[0], g->sid[n]);
	}
}

void world_start(struct guest *g)
{
	struct cell *cell = &g->cell;
	struct cpu *cpu = &cpus[g->index];
	const struct smmu_domain *owner;
	struct hc_error err = { 0 };

	memset(cell, 0, sizeof(*cell));
	cell->id = g->index;
	cell->state = HC_STATE_RUNNING;
	cell->config = &configs[g->index].cell;
	memcpy(cell->name, cell->config->name, sizeof(cell->name));
	cell->vcpus = 1;
	cell->vcpu[0] = cpu;
	for (u32 i = 0; i < IRQS; i++)
		cell->vgic.spi[configs[g->index].irq[i].intid / 32].owned |= 1u << configs[g->index].irq[i].intid % 32;
	cpu->cell = cell;
	cpu->state = CPU_RUNNING;
	cpu->on = true;
	/* it is a CPU of the other cell that does this */
	machine_vttbr = guests[!g->index].running ? stage2_vttbr(&guests[!g->index].cell.s2) : 0;
	if (stage2_init(&cell->s2, (u16)(g->index + 1)))
		found("stage2_init fails");
	cell->dma = (struct smmu_domain){ .name = cell->name, .s2 = &cell->s2 };
	for (u32 page = 0; page < PAGES; page++)
		world_map(g, page, true);
	for (u32 i = 0; i < STREAMS; i++)
		if (smmu_stream_claim(0, g->sid[i], &cell->dma, &owner))
			found("smmu_stream_claim fails");
	if (vsmmu_cell_init(cell, &err))
		found("vsmmu_cell_init fails: %s", err.text);
	for (u32 i = 0; i < STREAMS; i++) {
		if (smmu_stream_attach(0, g->sid[i]))
			found("smmu_stream_attach fails");
		vsmmu_stream_attached(cell, &configs[g->index].stream[i]);
	}
	ideal_init(g);
	g->running = true;
}

void world_stop(struct guest *g)
{
	g->running = false;
	for (u32 i = 0; i < STREAMS; i++)
		if (smmu_stream_block(0, g->sid[i]))
			found("smmu_stream_block fails");
	vsmmu_cell_reset(&g->cell);
	for (u32 page = 0; page < PAGES; page++)
		if (g->access[page] != NONE && one_in(2))
			world_unmap(g, page);
	for (u32 i = 0; i < STREAMS; i++)
		if (smmu_stream_release(0, g->sid[i]))
			found("smmu_stream_release fails");
	vsmmu_cell_exit(&g->cell);
	stage2_exit(&g->cell.s2);
	memset(g->access, 0, sizeof(g->access));
}

/* ---- accesses of the guest ---- */

u64 world_read(struct guest *g, u64 offset, u32 bytes)
{
	paddr_t out;
	u64 left, value = 0;
	u32 prot;

	if (!stage2_lookup(&g->cell.s2, ipa(VSMMU_IPA + offset), &out, &prot, &left) || prot & PROT_WRITE)
		found("a register page is not there, or can be written");
	memcpy(&value, machine_memory(out.pa, bytes), bytes);
	return value;
}

void world_write(struct guest *g, u64 offset, u32 bytes, u64 value)
{
	const struct mmio_region *region = mmio_find(&g->cell.mmio, VSMMU_IPA + offset);
	struct mmio_access access = { .value = value, .size = bytes, .write = 1 };

	if (!region)
		found("no one emulates register 0x%llx", (unsigned long long)offset);
	access.offset = VSMMU_IPA + offset - region->start;
	fake_cpu = g->index;
	region->fn(&cpus[g->index], region->ctx, &access);
}

void world_settle(void)
{
	for (u32 rounds = 0; requested || machine_irqs(16); rounds++) {
		u32 now = requested;

		requested = 0;
		for (u32 i = 0; i < CELLS; i++) {
			fake_cpu = i;
			if (now & 1u << i && guests[i].running)
				vsmmu_sync(&cpus[i]);
		}
		if (rounds > 1000)
			found("the hypervisor does not come to rest");
	}
	for (u32 i = 0; i < CELLS; i++)
		for (u32 n = 0; n < IRQS; n++)
			if (machine_line_take(IRQ_FIRST + i * IRQS + n))
				guests[i].real_irqs |= 1u << n;
}
