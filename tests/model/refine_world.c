// SPDX-License-Identifier: GPL-2.0-only
/* Two cells with two emulated SMMUs each, over the machine with two physical ones; see refine.h. */
#include <stdio.h>
#include <string.h>

#include "refine.h"
#include <abi/hypercall.h>
#include <hyp/errno.h>
#include <hyp/hyp_map.h>
#include <hyp/vsmmu.h>

#define VSMMU_IPA	0x09050000UL
#define IRQ_FIRST	40
#define IRQS		4		/* of each emulated SMMU: EVENTQ, PRIQ, sync, GERROR */
#define BATCH		64		/* commands that a trap may run, and what one of them can become */
#define PHYSICAL	16

struct home homes[CELLS];
struct guest guests[GUESTS];

static struct {
	struct cfg_cell cell;
	struct cfg_irq irq[MACHINE_SMMUS * IRQS];
	struct cfg_stream stream[MACHINE_SMMUS * STREAMS];
	struct cfg_vsmmu vsmmu[MACHINE_SMMUS];
} configs[CELLS];

static u32 requested;			/* bits: CPUs that were asked for vsmmu_sync() */
static struct home *racing;		/* in whose memory the hypervisor reads */

/* ---- what the hypervisor calls ---- */

spinlock_t cell_lock;

void *hyp_window_map(paddr_t at, size_t bytes)
{
	void *host = machine_memory(at.pa, bytes);

	if (!host)
		found("the hypervisor maps 0x%llx, which is not memory", (unsigned long long)at.pa);
	return host;
}

/* What was read may be something else at once: another CPU of the cell writes. */
void hyp_window_unmap(void)
{
	for (u32 i = 0; racing && i < MACHINE_SMMUS; i++)
		if (one_in(8))
			guest_race(&guests[racing - homes + CELLS * i]);
}

void cpu_request(struct cpu *cpu, u32 requests)
{
	if (requests)
		requested |= 1u << (cpu - cpus);
}

/* ---- memory ---- */

u64 page_pa(const struct guest *g, u32 page)
{
	return MACHINE_RAM_BASE + g->index * MIB(1) + page * PAGE_SIZE;
}

u64 page_ipa(const struct guest *g, u32 page)
{
	return g->ram + page * PAGE_SIZE;
}

/* Guests of one cell reach each other's memory. PAGES: nobody's. */
static u32 page_of(const struct guest *g, u64 ipa, struct guest **holder)
{
	for (u32 i = (u32)(g->home - homes); i < GUESTS; i += CELLS) {
		*holder = &guests[i];
		if (ipa >= guests[i].ram && ipa - guests[i].ram < PAGES * PAGE_SIZE)
			return (u32)((ipa - guests[i].ram) / PAGE_SIZE);
	}
	return PAGES;
}

static bool mapped(const struct guest *g, u32 page, bool write)
{
	return page < PAGES && g->access[page] != NONE && (!write || g->writable[page]);
}

u64 world_pa(struct guest *g, u64 ipa)
{
	struct guest *holder;
	u32 page = page_of(g, ipa, &holder);

	return page == PAGES ? 0 : page_pa(holder, page) + ipa % PAGE_SIZE;
}

bool world_translate(struct guest *g, u64 ipa, bool write, u64 *pa)
{
	struct guest *holder;
	u32 page = page_of(g, ipa, &holder);

	*pa = world_pa(g, ipa);
	return mapped(holder, page, write);
}

void *world_memory(struct guest *g, u64 ipa, size_t bytes, bool write)
{
	u64 pa;

	if (ipa % PAGE_SIZE + bytes > PAGE_SIZE || !world_translate(g, ipa, write, &pa))
		return NULL;
	return machine_memory(pa, bytes);
}

bool world_may_reach(struct guest *g, u64 pa, bool write)
{
	for (u32 i = (u32)(g->home - homes); i < GUESTS; i += CELLS)
		if (pa >= page_pa(&guests[i], 0) && mapped(&guests[i], (u32)((pa - page_pa(&guests[i], 0)) / PAGE_SIZE), write))
			return true;
	return false;
}

void world_map(struct guest *g, u32 page, bool writable)
{
	u32 prot = PROT_READ | (writable ? PROT_WRITE : 0);

	g->access[page] = MAYBE;
	g->writable[page] = writable;
	if (stage2_map(&g->home->cell.s2, ipa(page_ipa(g, page)), pa(page_pa(g, page)), PAGE_SIZE, prot))
		found("stage2_map fails");
	g->access[page] = SURE;
}

void world_unmap(struct guest *g, u32 page)
{
	g->access[page] = MAYBE;
	if (stage2_unmap(&g->home->cell.s2, ipa(page_ipa(g, page)), PAGE_SIZE))
		found("stage2_unmap fails");
	g->access[page] = NONE;
	counts.unmaps++;
}

/* ---- configs ---- */

static u32 irq_of(const struct guest *g, u32 n)
{
	return IRQ_FIRST + g->index * IRQS + n;
}

static void configure(struct guest *g, u32 smmu, bool full)
{
	u32 home = (u32)(g->home - homes);

	for (u32 i = 0; i < IRQS; i++)
		configs[home].irq[smmu * IRQS + i].intid = irq_of(g, i);
	for (u32 i = 0; i < STREAMS; i++)
		configs[home].stream[smmu * STREAMS + i] = (struct cfg_stream){
			.smmu = smmu, .sid = g->sid[i], .vsid = g->vsid[i],
		};
	configs[home].vsmmu[smmu] = (struct cfg_vsmmu){
		.ipa = VSMMU_IPA + smmu * 0x20000, .smmu = smmu,
		.flags = (one_in(4) ? 0 : CFG_VSMMU_STALL) | CFG_VSMMU_ATS | CFG_VSMMU_PRI | CFG_VSMMU_TRUST_ATS,
		.eventq_irq = irq_of(g, 0), .priq_irq = irq_of(g, 1), .sync_irq = irq_of(g, 2), .gerror_irq = irq_of(g, 3),
		.cmdq_log2 = 8, .eventq_log2 = 7, .priq_log2 = 7, .ssid_bits = full && one_in(3) ? 3 : 20,
	};
}

void world_init(bool full)
{
	static const u32 sids[GUESTS][STREAMS] = { { 0x10, 0x11 }, { 0x12, 0x123 }, { 0x10, 0x20 }, { 0x11, 0x12 } };
	static const u32 vsids[GUESTS][STREAMS] = { { 1, 2 }, { 1, 0x12 }, { 1, 0x10 }, { 3, 0x1f } };

	requested = 0;
	racing = NULL;
	for (u32 i = 0; i < CELLS; i++) {
		struct cfg_cell *cell = &configs[i].cell;

		memset(&homes[i], 0, sizeof(homes[i]));
		cell->irq_count = MACHINE_SMMUS * IRQS;
		cell->stream_count = MACHINE_SMMUS * STREAMS;
		cell->vsmmu_count = MACHINE_SMMUS;
		snprintf(cell->name, sizeof(cell->name), "cell%u", i);
	}
	for (u32 i = 0; i < GUESTS; i++) {
		struct guest *g = &guests[i];

		memset(g, 0, sizeof(*g));
		g->index = i;
		g->home = &homes[i % CELLS];
		g->real = &models[i / CELLS];
		/* a block of stage 1 that begins in one guest's memory does not reach another's */
		g->ram = GIB(1) + i / CELLS * GIB(1);
		memcpy(g->sid, sids[i], sizeof(g->sid));
		memcpy(g->vsid, vsids[i], sizeof(g->vsid));
		configure(g, i / CELLS, full);
		for (u32 n = 0; n < STREAMS; n++)
			smmu_model_watch(g->real, g->sid[n]);
	}
}

struct guest *world_owner(const struct smmu_model *m, u32 sid, u32 *stream)
{
	for (u32 i = 0; i < GUESTS * STREAMS; i++) {
		*stream = i % STREAMS;
		if (guests[i / STREAMS].real == m && guests[i / STREAMS].sid[*stream] == sid)
			return &guests[i / STREAMS];
	}
	return NULL;
}

bool world_trusts(const struct guest *g)
{
	return g->real->idr[0] & 1u << 11;
}

/* ---- cells ---- */

static void claim(struct guest *g)
{
	const struct smmu_domain *owner;

	for (u32 page = 0; page < PAGES; page++)
		world_map(g, page, true);
	for (u32 i = 0; i < STREAMS; i++)
		if (smmu_stream_claim((u32)(g->real - models), g->sid[i], &g->home->cell.dma, &owner))
			found("smmu_stream_claim fails");
	for (u32 i = 0; i < IRQS; i++)
		g->home->cell.vgic.spi[irq_of(g, i) / 32].owned |= 1u << irq_of(g, i) % 32;
}

void world_start(struct home *h)
{
	u32 index = (u32)(h - homes);
	struct home *other = &homes[!index];
	struct cell *cell = &h->cell;
	struct hc_error err = { 0 };

	memset(cell, 0, sizeof(*cell));
	cell->id = index;
	cell->state = HC_STATE_RUNNING;
	cell->config = &configs[index].cell;
	memcpy(cell->name, cell->config->name, sizeof(cell->name));
	cell->vcpus = CELL_CPUS;
	for (u32 i = 0; i < CELL_CPUS; i++) {
		cell->vcpu[i] = &cpus[index * CELL_CPUS + i];
		cell->vcpu[i]->cell = cell;
		cell->vcpu[i]->state = CPU_RUNNING;
	}
	/* it is a CPU of the other cell that does this */
	machine_vttbr = other->running ? stage2_vttbr(&other->cell.s2) : 0;
	if (stage2_init(&cell->s2, (u16)(index + 1)))
		found("stage2_init fails");
	cell->dma = (struct smmu_domain){ .name = cell->name, .s2 = &cell->s2 };
	for (u32 i = index; i < GUESTS; i += CELLS)
		claim(&guests[i]);
	if (vsmmu_cell_init(cell, &err))
		found("vsmmu_cell_init fails: %s", err.text);
	for (u32 i = 0; i < cell->config->stream_count; i++) {
		const struct cfg_stream *stream = &configs[index].stream[i];

		if (smmu_stream_attach(stream->smmu, stream->sid, &cell->dma))
			found("smmu_stream_attach fails");
		vsmmu_stream_attached(cell, stream);
	}
	for (u32 i = index; i < GUESTS; i += CELLS)
		ideal_init(&guests[i]);
	h->running = true;
}

/* What its devices had must not outlive the cell (I4), and nothing waits for its answer. */
static void check_gone(const struct guest *g)
{
	u32 n;

	for (u32 i = 0; i < g->real->atc_count; i++)
		if (world_owner(g->real, g->real->atc[i].sid, &n) == g)
			found("the device of stream 0x%x still has a translation", g->real->atc[i].sid);
	for (u32 i = 0; i < MODEL_STALLS; i++)
		if (g->real->stall[i].used && world_owner(g->real, g->real->stall[i].txn.sid, &n) == g)
			found("a transaction of stream 0x%x is still stalled", g->real->stall[i].txn.sid);
}

static void take_memory(struct guest *g)
{
	for (u32 page = 0; page < PAGES; page++)
		if (g->access[page] != NONE && one_in(2))
			world_unmap(g, page);
}

void world_stop(struct home *h)
{
	const struct cfg_cell *config = h->cell.config;
	const struct cfg_stream *stream = configs[h - homes].stream;

	h->running = false;
	for (u32 i = 0; i < config->stream_count; i++)
		if (smmu_stream_block(stream[i].smmu, stream[i].sid, &h->cell.dma))
			found("smmu_stream_block fails");
	vsmmu_cell_reset(&h->cell);
	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS) {
		check_gone(&guests[i]);
		take_memory(&guests[i]);
	}
	for (u32 i = 0; i < config->stream_count; i++)
		if (smmu_stream_release(stream[i].smmu, stream[i].sid, &h->cell.dma))
			found("smmu_stream_release fails");
	vsmmu_cell_exit(&h->cell);
	stage2_exit(&h->cell.s2);
	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS)
		memset(guests[i].access, 0, sizeof(guests[i].access));
	counts.restarts++;
}

/* ---- accesses of the guest ---- */

static u64 register_ipa(const struct guest *g, u64 offset)
{
	return VSMMU_IPA + (u64)(g->real - models) * 0x20000 + offset;
}

u64 world_read(struct guest *g, u64 offset, u32 bytes)
{
	paddr_t out;
	u64 value = 0;
	u32 prot;

	if (!stage2_find(&g->home->cell.s2, ipa(register_ipa(g, offset)), &out, &prot) || prot & PROT_WRITE)
		found("a register page is not there, or can be written");
	memcpy(&value, machine_memory(out.pa, bytes), bytes);
	return value;
}

/* Work of one trap (I7): what it consumed, and what the physical SMMUs had to do for it. */
struct work { u32 cons[GUESTS]; u64 physical; };

static struct work work_so_far(const struct home *h)
{
	struct work w = { 0 };

	for (u32 i = 0; i < MACHINE_SMMUS; i++)
		w.physical += models[i].commands;
	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS)
		w.cons[i] = (u32)world_read(&guests[i], 0x9c, 4) & 0xfffff;
	return w;
}

static void work_done(const struct home *h, const struct work *before)
{
	struct work now = work_so_far(h);

	for (u32 i = (u32)(h - homes); i < GUESTS; i += CELLS) {
		u64 log2 = world_read(&guests[i], 0x90, 4) & 0x1f, most = world_read(&guests[i], 0x04, 4) >> 21 & 0x1f;
		u32 wrap = (2u << MIN(log2, most)) - 1;

		if (((now.cons[i] - before->cons[i]) & wrap) > BATCH)
			found("I7: one trap ran %u commands of cell %u", (now.cons[i] - before->cons[i]) & wrap,
			      (u32)(h - homes));
	}
	if (now.physical - before->physical > MACHINE_SMMUS * BATCH * PHYSICAL)
		found("I7: one trap made %llu physical commands", (unsigned long long)(now.physical - before->physical));
}

static struct cpu *running_cpu(const struct home *h)
{
	struct cpu *cpu = h->cell.vcpu[pick(CELL_CPUS)];

	return cpu->state == CPU_RUNNING ? cpu : h->cell.vcpu[cpu == h->cell.vcpu[0]];
}

void world_write(struct guest *g, u64 offset, u32 bytes, u64 value)
{
	const struct mmio_region *region = mmio_find(&g->home->cell.mmio, register_ipa(g, offset));
	struct mmio_access access = { .value = value, .size = bytes, .write = 1 };
	struct cpu *cpu = running_cpu(g->home);
	struct work before = work_so_far(g->home);

	if (!region)
		found("no one emulates register 0x%llx", (unsigned long long)offset);
	access.offset = register_ipa(g, offset) - region->start;
	fake_cpu = (u32)(cpu - cpus);
	racing = g->home;
	region->fn(cpu, region->ctx, &access);
	racing = NULL;
	/* other registers can set CONS itself, or its size */
	if (offset == 0x98 && bytes == 4)
		work_done(g->home, &before);
}

/* ---- CPUs ---- */

static void sync_cpu(struct cpu *cpu)
{
	struct home *h = &homes[(cpu - cpus) / CELL_CPUS];
	struct work before = work_so_far(h);

	fake_cpu = (u32)(cpu - cpus);
	racing = h;
	vsmmu_sync(cpu);
	racing = NULL;
	work_done(h, &before);
}

/* One of a cell's CPUs may leave with the request unanswered (it is off then), if another stays. */
static bool leaves(struct cpu *cpu)
{
	const struct home *h = &homes[(cpu - cpus) / CELL_CPUS];

	for (u32 i = 0; i < CELL_CPUS; i++)
		if (h->cell.vcpu[i]->state != CPU_RUNNING)
			return false;
	if (!one_in(6))
		return false;
	cpu->state = CPU_PARKED;
	counts.cpus_left++;
	return true;
}

static void cpus_come_back(void)
{
	for (u32 i = 0; i < CELLS * CELL_CPUS; i++) {
		if (!homes[i / CELL_CPUS].running || cpus[i].state == CPU_RUNNING || !one_in(4))
			continue;
		cpus[i].state = CPU_RUNNING;
		sync_cpu(&cpus[i]);
	}
}

void world_settle(void)
{
	cpus_come_back();
	for (u32 rounds = 0; requested || machine_irqs(16); rounds++) {
		u32 now = requested;

		requested = 0;
		for (u32 i = 0; i < CELLS * CELL_CPUS; i++)
			if (now & 1u << i && homes[i / CELL_CPUS].running && cpus[i].state == CPU_RUNNING && !leaves(&cpus[i]))
				sync_cpu(&cpus[i]);
		if (rounds > 1000)
			found("the hypervisor does not come to rest");
	}
	for (u32 i = 0; i < GUESTS; i++)
		for (u32 n = 0; n < IRQS; n++)
			if (machine_line_take(irq_of(&guests[i], n)))
				guests[i].real_irqs |= 1u << n;
}
