// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of one cell config against a checked system config. Pure, and bounded: the quadratic searches are
 * over arrays whose sizes CFG_MAX_CELL_SIZE limits.
 */
#include <hyp/string.h>

#include "check.h"

#define CONSOLE_MAX	KIB(64)
#define ECAM_MAX	(256 * ECAM_BUS_SIZE)
#define VSMMU_SIZE	KIB(128)
#define IVSHMEM_SIZE	MIB(2)
#define QUEUE_LOG2_MAX	19
#define SSID_BITS_MAX	20

const struct cfg_mem *ram_around(const struct cfg_cell *cell, u64 start, u64 size)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell);

	for (u32 i = 0; i < cell->mem_count; i++) {
		if (!(mem[i].flags & CFG_MEM_IO) && span_inside(start, size, mem[i].ipa, mem[i].size))
			return &mem[i];
	}
	return NULL;
}

bool has_key(key_fn key, const struct cfg_cell *cell, u32 count, u64 wanted)
{
	for (u32 i = 0; i < count; i++) {
		if (key(cell, i) == wanted)
			return true;
	}
	return false;
}

static bool check_sizes(struct check *c)
{
	const struct cfg_cell *cell = c->cell;
	u64 end = (uintptr_t)(cfg_cell_ivshmem(cell) + cell->ivshmem_count) - (uintptr_t)cell;

	return check_count(c, "cpu_count", cell->cpu_count, 1, CFG_MAX_CPUS) &&
	       check_count(c, "mem_count", cell->mem_count, 1, CFG_MAX_MEM) &&
	       check_count(c, "irq_count", cell->irq_count, 0, CFG_MAX_IRQS) &&
	       check_count(c, "stream_count", cell->stream_count, 0, CFG_MAX_STREAMS) &&
	       check_count(c, "pci_count", cell->pci_count, 0, CFG_MAX_PCI_DEVS) &&
	       check_count(c, "vsmmu_count", cell->vsmmu_count, 0, CFG_MAX_SMMUS) &&
	       check_count(c, "ivshmem_count", cell->ivshmem_count, 0, CFG_MAX_IVSHMEM) &&
	       need(c, end == cell->hdr.size, "header: size %u is not the %lu bytes of the arrays", cell->hdr.size, end) &&
	       need(c, cell->hdr.board == c->sys->hdr.board, "header: board 0x%lx is not the system's 0x%lx",
		    cell->hdr.board, c->sys->hdr.board);
}

static bool name_char_strict(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool check_fields(struct check *c)
{
	const struct cfg_cell *cell = c->cell;
	u32 unknown = cell->flags & ~CFG_CELL_FLAGS, console = cell->console_size;

	return need(c, name_valid(cell->name, sizeof(cell->name), name_char_strict),
		    "name: not 1 to %u of [a-z0-9_-], padded with zeros", CL_NAME_LEN - 1) &&
	       need(c, !unknown, "flags 0x%x has unknown bits 0x%x", cell->flags, unknown) &&
	       need(c, !console || (power_of_two(console) && console <= CONSOLE_MAX),
		    "console_size %u is not 0 or a power of two up to 65536", console) &&
	       need(c, !cell->uart_irq || (cell->uart_irq / 32 == 1 && console),
		    "uart_irq %u is not 32 to 63, or does not go with console_size", cell->uart_irq) &&
	       need(c, IS_ALIGNED(cell->ecam_size, ECAM_BUS_SIZE) && cell->ecam_size <= ECAM_MAX,
		    "ecam_size 0x%lx is not 1 MiB for each of up to 256 buses", cell->ecam_size) &&
	       need(c, !cell->watchdog_ms || cell->comm_ipa, "watchdog_ms %u, but no comm_ipa", cell->watchdog_ms) &&
	       need(c, cell->restart <= CFG_RESTART_ALWAYS, "restart %u is unknown", cell->restart);
}

/* What the cell needs of Kconfig's options, before any cell starts. */
static bool check_options(struct check *c)
{
	const struct cfg_cell *cell = c->cell;
	static const char without[] = "%s %u: this hypervisor was built without %s";

	return need(c, IS_ENABLED(CONFIG_PCI) || !cell->pci_count, without, "pci_count", cell->pci_count, "PCI") &&
	       need(c, IS_ENABLED(CONFIG_VSMMU) || !cell->vsmmu_count, without, "vsmmu_count", cell->vsmmu_count, "VSMMU") &&
	       need(c, IS_ENABLED(CONFIG_VPL011) || !cell->uart_irq, without, "uart_irq", cell->uart_irq, "VPL011") &&
	       need(c, IS_ENABLED(CONFIG_IVSHMEM) || !cell->ivshmem_count, without, "ivshmem_count", cell->ivshmem_count,
		    "IVSHMEM");
}

/* The trapped windows: where they are, and that they do not overlap one another. */
static bool check_windows(struct check *c)
{
	const struct cfg_cell *cell = c->cell;
	const struct cfg_vsmmu *vsmmu = cfg_cell_vsmmus(cell);

	c->window[0] = (struct span){ "ivshmem_ipa", cell->ivshmem_ipa, cell->ivshmem_count ? IVSHMEM_SIZE : 0 };
	c->window[1] = (struct span){ "ecam_ipa", cell->ecam_ipa, cell->ecam_size };
	c->window[2] = (struct span){ "gicd_ipa", cell->gicd_ipa, GIC_FRAME };
	c->window[3] = (struct span){ "gicr_ipa", cell->gicr_ipa, cell->cpu_count * GICR_CPU_SIZE };
	c->window[4] = (struct span){ "uart_ipa", cell->uart_ipa, cell->uart_irq ? GIC_FRAME : 0 };
	for (u32 i = 0; i < cell->vsmmu_count; i++)
		c->window[5 + i] = (struct span){ "ipa of a vsmmu", vsmmu[i].ipa, VSMMU_SIZE };
	for (u32 i = 0; i < WINDOWS; i++) {
		const struct span *a = &c->window[i], *b = span_find(c->window, i, a->start, a->size);
		u64 align = i < 2 ? ECAM_BUS_SIZE : GIC_FRAME;

		/* BAR 0 of an ivshmem device has 32 bits */
		if ((a->size && !check_span(c, a->what, a->start, align, a->size, align, i ? IPA_BITS : 32)) ||
		    !need(c, a->size || !a->start, "%s 0x%lx of what the cell does not have", a->what, a->start) ||
		    !need(c, !b, "%s 0x%lx overlaps %s 0x%lx", a->what, a->start, b->what, b->start))
			return false;
	}
	return true;
}

static bool check_cpu(struct check *c, u32 i)
{
	const struct cfg_cell_cpu *cpus = cfg_cell_cpus(c->cell), *cpu = &cpus[i];
	bool good = need(c, cpu->cpu < c->sys->cpu_count, "cpu %lu does not exist", cpu->cpu) &&
		    need(c, !(cpu->vmpidr & ~MPIDR_AFFINITY), "vmpidr 0x%lx has more than affinity bits", cpu->vmpidr);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, cpu->cpu != cpus[j].cpu, "cpu %lu is cpus[%u] too", cpu->cpu, j) &&
		       need(c, cpu->vmpidr != cpus[j].vmpidr, "vmpidr 0x%lx is that of cpus[%u] too", cpu->vmpidr, j);
	return good;
}

/* ---- memory ---- */

static bool check_mem_flags(struct check *c, const struct cfg_mem *mem)
{
	bool io = mem->flags & CFG_MEM_IO;

	return need(c, !(mem->flags & ~CFG_MEM_FLAGS), "flags 0x%lx has unknown bits", mem->flags) &&
	       need(c, mem->flags & CFG_MEM_READ, "flags 0x%lx does not allow reading", mem->flags) &&
	       need(c, !io || !(mem->flags & (CFG_MEM_EXECUTE | CFG_MEM_LOAD)),
		    "flags 0x%lx: device memory cannot be executed or loaded", mem->flags) &&
	       need(c, io || !c->cell->stream_count || (mem->flags & CFG_MEM_DMA),
		    "flags 0x%lx lacks DMA, which a cell with streams needs", mem->flags) &&
	       need(c, !is_root(c->cell) || mem->pa == mem->ipa,
		    "ipa 0x%lx is not the pa 0x%lx, as the root cell needs", mem->ipa, mem->pa);
}

/* Physically: inside one area that the cell may use, and off what is the hypervisor's. */
static bool check_mem_place(struct check *c, const struct cfg_mem *mem)
{
	const struct cfg_area *area = cfg_area_around(c->sys, mem->pa, mem->size);
	const struct span *hit = span_find(c->owned, c->owned_count, mem->pa, mem->size);
	bool io = mem->flags & CFG_MEM_IO;

	return need(c, !hit, "pa 0x%lx with size 0x%lx overlaps %s at 0x%lx", mem->pa, mem->size, hit->what, hit->start) &&
	       need(c, area, "pa 0x%lx with size 0x%lx is not inside one area", mem->pa, mem->size) &&
	       need(c, io == !(area->flags & CFG_AREA_RAM), "pa 0x%lx is in an area of %s, but flags 0x%lx say otherwise", mem->pa,
		    io ? "RAM" : "devices", mem->flags) &&
	       need(c, is_root(c->cell) || (area->flags & CFG_AREA_CELLS),
		    "pa 0x%lx is in an area that is not for cells", mem->pa) &&
	       need(c, !(area->flags & CFG_AREA_PCI) || !(area->flags & CFG_AREA_CELLS),
		    "pa 0x%lx is in the PCI window for the BARs of cells", mem->pa);
}

static bool check_mem(struct check *c, u32 i)
{
	const struct cfg_mem *mem = &cfg_cell_mem(c->cell)[i];

	if (!name_valid(mem->name, sizeof(mem->name), name_char_print))
		return refuse(c, "name is not 1 to 15 visible characters, padded with zeros");
	c->name = mem->name;
	return check_span(c, "pa", mem->pa, PAGE_SIZE, mem->size, PAGE_SIZE, PA_BITS) &&
	       check_span(c, "ipa", mem->ipa, PAGE_SIZE, mem->size, PAGE_SIZE, IPA_BITS) &&
	       need(c, !i || mem->ipa > mem[-1].ipa, "ipa 0x%lx is not above that of memory[%u]", mem->ipa, i - 1) &&
	       check_mem_flags(c, mem) && check_mem_place(c, mem);
}

/* Two names for one page would give it back twice. */
static bool check_apart(struct check *c, const struct cfg_mem *a, const struct cfg_mem *b)
{
	return need(c, !span_overlaps(a->ipa, a->size, b->ipa, b->size), "%s: ipa 0x%lx overlaps %s at 0x%lx", a->name, a->ipa,
		    b->name, b->ipa) &&
	       need(c, !span_overlaps(a->pa, a->size, b->pa, b->size), "%s: pa 0x%lx overlaps %s at 0x%lx", a->name, a->pa,
		    b->name, b->pa);
}

/* Memory and BARs: off the windows that trap, and off one another. */
static bool check_ranges(struct check *c)
{
	struct cfg_mem a, b;
	bool good = true;

	for (u32 n = 0; cfg_cell_range(c->cell, n, &a) && good; n++) {
		const struct span *hit = span_find(c->window, WINDOWS, a.ipa, a.size);

		good = need(c, !hit, "%s: ipa 0x%lx with size 0x%lx overlaps %s 0x%lx", a.name, a.ipa, a.size, hit->what,
			    hit->start);
		for (u32 m = 0; a.size && m < n && good; m++)
			good = cfg_cell_range(c->cell, m, &b) && check_apart(c, &a, &b);
	}
	return good;
}

static const struct cfg_mem *ram_at(const struct cfg_cell *cell, u64 at, u64 size)
{
	return span_fits(at, size, size, BIT(IPA_BITS)) ? ram_around(cell, at, size) : NULL;
}

/* Where it starts, and what it is handed. Without BOOT the start hypercall brings its own entry. */
static bool check_start(struct check *c)
{
	const struct cfg_cell *cell = c->cell;
	/* that of AArch32 may be T32: bit 0 says so, and any two bytes will do */
	const struct cfg_mem *code = ram_at(cell, cell->flags & CFG_CELL_AARCH32 ? cell->entry & ~3ULL : cell->entry, 4);
	bool has_entry = cell->entry || is_root(cell) || (cell->flags & CFG_CELL_BOOT);

	return need(c, !has_entry || (code && (code->flags & CFG_MEM_EXECUTE)),
		    "entry 0x%lx is not 4-byte aligned in executable RAM of the cell", cell->entry) &&
	       need(c, !cell->dtb_ipa || ram_at(cell, cell->dtb_ipa, 8),
		    "dtb_ipa 0x%lx is not 8-byte aligned inside RAM of the cell", cell->dtb_ipa) &&
	       need(c, !cell->comm_ipa || ram_at(cell, cell->comm_ipa, PAGE_SIZE),
		    "comm_ipa 0x%lx is not page aligned inside RAM of the cell", cell->comm_ipa);
}

/* ---- interrupts and streams ---- */

static bool smmu_has_irq(const struct cfg_system *sys, u64 intid)
{
	const struct cfg_smmu *smmu = cfg_smmus(sys);

	for (u32 i = 0; i < sys->smmu_count; i++, smmu++) {
		if (intid == smmu->eventq_irq || intid == smmu->priq_irq ||
		    intid == smmu->sync_irq || intid == smmu->gerror_irq)
			return true;
	}
	return false;
}

static bool check_irq(struct check *c, u32 i)
{
	const struct cfg_irq *irq = &cfg_cell_irqs(c->cell)[i];

	return need(c, is_spi(irq->intid), "intid %lu is not an SPI (32 to 1019)", irq->intid) &&
	       need(c, irq->intid >= 64 || !(cfg_cell_soft(c->cell) & BIT(irq->intid % 32)),
		    "intid %lu is an emulated device's too", irq->intid) &&
	       need(c, !i || irq_key(c->cell, i) > irq_key(c->cell, i - 1),
		    "intid %lu is not above that of irqs[%u]", irq->intid, i - 1) &&
	       need(c, !smmu_has_irq(c->sys, irq->intid), "intid %lu is an SMMU's, so the hypervisor's", irq->intid);
}

static bool check_stream(struct check *c, u32 i)
{
	const struct cfg_stream *streams = cfg_cell_streams(c->cell), *stream = &streams[i];
	bool good = need(c, stream->smmu < c->sys->smmu_count, "smmu %u does not exist", stream->smmu) &&
		    need(c, !stream->reserved, "reserved 0x%x is not 0", stream->reserved) &&
		    need(c, !i || stream_key(c->cell, i) > stream_key(c->cell, i - 1),
			 "sid 0x%x of smmu %u is not above that of streams[%u]", stream->sid, stream->smmu, i - 1);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, stream->vsid != streams[j].vsid || stream->smmu != streams[j].smmu,
			    "vsid 0x%x is that of streams[%u] too", stream->vsid, j);
	return good;
}

static bool check_vsmmu(struct check *c, u32 i)
{
	const struct cfg_vsmmu *v = &cfg_cell_vsmmus(c->cell)[i];
	const u32 irqs[] = { v->eventq_irq, v->priq_irq, v->sync_irq, v->gerror_irq };
	bool good = need(c, v->smmu < c->sys->smmu_count, "smmu %u does not exist", v->smmu) &&
		    need(c, !i || v->smmu > v[-1].smmu, "smmu %u is not above that of vsmmus[%u]", v->smmu, i - 1) &&
		    need(c, !(v->flags & ~CFG_VSMMU_FLAGS), "flags 0x%x has unknown bits", v->flags) &&
		    need(c, v->cmdq_log2 <= QUEUE_LOG2_MAX && v->eventq_log2 <= QUEUE_LOG2_MAX &&
			 v->priq_log2 <= QUEUE_LOG2_MAX, "a queue of more than 2^%u entries", QUEUE_LOG2_MAX) &&
		    need(c, v->ssid_bits <= SSID_BITS_MAX, "ssid_bits %u is more than %u", v->ssid_bits, SSID_BITS_MAX);

	for (u32 n = 0; n < ARRAY_SIZE(irqs) && good; n++)
		good = need(c, !irqs[n] || has_key(irq_key, c->cell, c->cell->irq_count, irqs[n]),
			    "irq %u is not one of the cell's irqs", irqs[n]);
	return good;
}

/* ---- inter-cell channels ---- */

static bool check_ivshmem(struct check *c, u32 i)
{
	const struct cfg_ivshmem *devs = cfg_cell_ivshmem(c->cell), *dev = &devs[i];
	const struct cfg_mem *mem = &cfg_cell_mem(c->cell)[dev->mem];
	bool good = need(c, dev->mem < c->cell->mem_count, "mem %u does not exist", dev->mem) &&
		    need(c, (mem->flags & (CFG_MEM_SHARED | CFG_MEM_IO)) == CFG_MEM_SHARED, "mem %u is not shared RAM", dev->mem) &&
		    need(c, power_of_two(mem->size) && IS_ALIGNED(mem->ipa, mem->size),
			 "mem %u: size 0x%lx is not a power of two to which ipa 0x%lx is aligned", dev->mem, mem->size, mem->ipa) &&
		    need(c, dev->irq / 32 == 1 && dev->irq != c->cell->uart_irq, "irq %u is not 32 to 63, or it is uart_irq",
			 dev->irq) &&
		    need(c, dev->peers >= 2 && dev->peers <= CFG_MAX_CELLS && dev->id < dev->peers,
			 "id %u and peers %u: not 2 to %u, one of which has that id", dev->id, dev->peers, CFG_MAX_CELLS);

	for (u32 j = 0; j < i && good; j++)
		good = need(c, dev->mem != devs[j].mem && dev->irq != devs[j].irq, "mem %u or irq %u is that of ivshmem[%u] too",
			    dev->mem, dev->irq, j);
	return good;
}

int config_check_cell(const void *blob, size_t bytes, const struct cfg_system *sys, struct hc_error *err)
{
	const struct cfg_cell *cell = blob;
	struct check c = { .sys = sys, .cell = cell, .err = err };
	bool good;

	find_owned(&c);
	/* Each relies on what those before it have proved. */
	good = check_header(&c, blob, bytes, CFG_KIND_CELL, sizeof(*cell), CFG_MAX_CELL_SIZE) &&
	       check_sizes(&c) &&
	       check_fields(&c) &&
	       check_options(&c) &&
	       check_windows(&c) &&
	       check_each(&c, "cpus", cell->cpu_count, check_cpu) &&
	       check_each(&c, "memory", cell->mem_count, check_mem) &&
	       check_start(&c) &&
	       check_each(&c, "irqs", cell->irq_count, check_irq) &&
	       check_each(&c, "streams", cell->stream_count, check_stream) &&
	       check_each(&c, "vsmmus", cell->vsmmu_count, check_vsmmu) &&
	       check_each(&c, "ivshmem", cell->ivshmem_count, check_ivshmem) &&
	       check_pci(&c) &&
	       check_ranges(&c);
	return good ? 0 : -EINVAL;
}
