// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of one cell config against a checked system config. Pure, and bounded: the quadratic searches are
 * over arrays whose sizes CFG_MAX_CELL_SIZE limits.
 */
#include <hyp/string.h>

#include "check.h"

#define CONSOLE_MAX	KIB(64)

struct owned cell_window(const struct cfg_cell *cell, u32 n)
{
	switch (n) {
	case WINDOW_GICD:
		return (struct owned){ "gicd_ipa", cell->gicd_ipa, GICD_SIZE };
	case WINDOW_GICR:
		return (struct owned){ "gicr_ipa", cell->gicr_ipa, cell->cpu_count * GICR_CPU_SIZE };
	default:
		return (struct owned){ "ecam_ipa", cell->ecam_ipa, cell->ecam_size };
	}
}

const struct cfg_mem *ram_around(const struct cfg_cell *cell, u64 start, u64 size)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell);

	for (u32 i = 0; i < cell->mem_count; i++) {
		if (!(mem[i].flags & CFG_MEM_IO) && span_inside(start, size, mem[i].ipa, mem[i].size))
			return &mem[i];
	}
	return NULL;
}

static int check_sizes(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	const struct check_count counts[] = {
		{ "cpu_count", cell->cpu_count, 1, CFG_MAX_CPUS },
		{ "mem_count", cell->mem_count, 1, CFG_MAX_MEM },
		{ "irq_count", cell->irq_count, 0, CFG_MAX_IRQS },
		{ "stream_count", cell->stream_count, 0, CFG_MAX_STREAMS },
		{ "pci_count", cell->pci_count, 0, CFG_MAX_PCI_DEVS },
	};
	u64 end = sizeof(*cell) +
		  (u64)cell->cpu_count * sizeof(struct cfg_cell_cpu) +
		  (u64)cell->mem_count * sizeof(struct cfg_mem) +
		  (u64)cell->irq_count * sizeof(struct cfg_irq) +
		  (u64)cell->stream_count * sizeof(struct cfg_stream) +
		  (u64)cell->pci_count * sizeof(struct cfg_pci_dev);

	if (check_counts(counts, ARRAY_SIZE(counts), err))
		return -EINVAL;
	if (end != cell->hdr.size)
		return check_fail(err, "header: size %u is not the %lu bytes of the arrays", cell->hdr.size,
				  end);
	if (cell->hdr.board != sys->hdr.board)
		return check_fail(err, "header: board 0x%lx is not the system's 0x%lx", cell->hdr.board,
				  sys->hdr.board);
	return 0;
}

static int check_fields(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	(void)sys;
	if (!name_valid(cell->name, sizeof(cell->name), name_char_strict))
		return check_fail(err, "name: not 1 to %u of [a-z0-9_-], padded with zeros", CL_NAME_LEN - 1);
	if (cell->flags & ~CFG_CELL_FLAGS)
		return check_fail(err, "flags 0x%x has unknown bits 0x%x", cell->flags,
				  cell->flags & ~CFG_CELL_FLAGS);
	if (cell->reserved)
		return check_fail(err, "reserved 0x%x is not 0", cell->reserved);
	if (cell->console_size && (!power_of_two(cell->console_size) || cell->console_size > CONSOLE_MAX))
		return check_fail(err, "console_size %u is not 0 or a power of two up to 65536",
				  cell->console_size);
	return 0;
}

/* The trapped windows: where they are, and that they do not overlap one another. */
static int check_windows(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	static const u64 align[WINDOWS] = { GICD_SIZE, KIB(64), ECAM_BUS_SIZE };

	(void)sys;
	if (!IS_ALIGNED(cell->ecam_size, ECAM_BUS_SIZE) || cell->ecam_size > 256 * ECAM_BUS_SIZE)
		return check_fail(err, "ecam_size 0x%lx is not 1 MiB for each of up to 256 buses",
				  cell->ecam_size);
	if (!cell->ecam_size && cell->ecam_ipa)
		return check_fail(err, "ecam_ipa 0x%lx is given, but ecam_size is 0", cell->ecam_ipa);
	for (u32 i = 0; i < WINDOWS; i++) {
		struct owned a = cell_window(cell, i);

		if (!a.size)
			continue;
		if (!IS_ALIGNED(a.start, align[i]) || !span_fits(a.start, a.size, IPA_LIMIT))
			return check_fail(err, "%s 0x%lx is not 0x%lx aligned within 40 bits", a.what,
					  a.start, align[i]);
		for (u32 j = 0; j < i; j++) {
			struct owned b = cell_window(cell, j);

			if (span_overlaps(a.start, a.size, b.start, b.size))
				return check_fail(err, "%s 0x%lx overlaps %s 0x%lx", a.what, a.start, b.what,
						  b.start);
		}
	}
	return 0;
}

static int check_cpus(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_cell_cpu *cpu = cfg_cell_cpus(cell);

	for (u32 i = 0; i < cell->cpu_count; i++) {
		if (cpu[i].cpu >= sys->cpu_count)
			return check_fail(err, "cpus[%u]: cpu %u does not exist", i, cpu[i].cpu);
		if (cpu[i].reserved)
			return check_fail(err, "cpus[%u]: reserved 0x%x is not 0", i, cpu[i].reserved);
		if (cpu[i].vmpidr & ~MPIDR_AFFINITY)
			return check_fail(err, "cpus[%u]: vmpidr 0x%lx has more than affinity bits", i,
					  cpu[i].vmpidr);
		for (u32 j = 0; j < i; j++) {
			if (cpu[i].cpu == cpu[j].cpu)
				return check_fail(err, "cpus[%u]: cpu %u is cpus[%u] too", i, cpu[i].cpu, j);
			if (cpu[i].vmpidr == cpu[j].vmpidr)
				return check_fail(err, "cpus[%u]: vmpidr 0x%lx is that of cpus[%u] too", i,
						  cpu[i].vmpidr, j);
		}
	}
	return 0;
}

/* ---- memory ---- */

static int check_mem_shape(const struct cfg_mem *mem, u32 i, struct cfg_error *err)
{
	if (!name_valid(mem->name, sizeof(mem->name), name_char_print))
		return check_fail(err,
				  "memory[%u]: name is not 1 to 15 visible characters, padded with zeros", i);
	if (!IS_ALIGNED(mem->pa, PAGE_SIZE))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx is not page aligned", i, mem->name,
				  mem->pa);
	if (!IS_ALIGNED(mem->ipa, PAGE_SIZE))
		return check_fail(err, "memory[%u] '%s': ipa 0x%lx is not page aligned", i, mem->name,
				  mem->ipa);
	if (!mem->size || !IS_ALIGNED(mem->size, PAGE_SIZE))
		return check_fail(err, "memory[%u] '%s': size 0x%lx is 0 or not page aligned", i, mem->name,
				  mem->size);
	if (!span_fits(mem->pa, mem->size, PA_LIMIT))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx with size 0x%lx ends beyond 48 bits",
				  i, mem->name, mem->pa, mem->size);
	if (!span_fits(mem->ipa, mem->size, IPA_LIMIT))
		return check_fail(err, "memory[%u] '%s': ipa 0x%lx with size 0x%lx ends beyond 40 bits",
				  i, mem->name, mem->ipa, mem->size);
	if (mem->reserved)
		return check_fail(err, "memory[%u] '%s': reserved 0x%x is not 0", i, mem->name,
				  mem->reserved);
	return 0;
}

static int check_mem_flags(const struct cfg_cell *cell, const struct cfg_mem *mem, u32 i,
			   struct cfg_error *err)
{
	if (mem->flags & ~CFG_MEM_FLAGS)
		return check_fail(err, "memory[%u] '%s': flags 0x%x has unknown bits", i, mem->name,
				  mem->flags);
	if (!(mem->flags & CFG_MEM_READ))
		return check_fail(err, "memory[%u] '%s': flags 0x%x does not allow reading", i, mem->name,
				  mem->flags);
	if ((mem->flags & CFG_MEM_IO) && (mem->flags & (CFG_MEM_EXECUTE | CFG_MEM_LOAD)))
		return check_fail(err,
				  "memory[%u] '%s': flags 0x%x: device memory cannot be executed or loaded",
				  i, mem->name, mem->flags);
	if (cell->stream_count && !(mem->flags & (CFG_MEM_IO | CFG_MEM_DMA)))
		return check_fail(err,
				  "memory[%u] '%s': flags 0x%x lacks DMA, which a cell with streams needs",
				  i, mem->name, mem->flags);
	if ((cell->flags & CFG_CELL_ROOT) && mem->pa != mem->ipa)
		return check_fail(err,
				  "memory[%u] '%s': ipa 0x%lx is not the pa 0x%lx, as the root cell needs",
				  i, mem->name, mem->ipa, mem->pa);
	return 0;
}

/* Physically: inside one area that the cell may use, and off what is the hypervisor's. */
static int check_mem_place(const struct cfg_cell *cell, const struct cfg_system *sys,
			   const struct cfg_mem *mem, u32 i, struct cfg_error *err)
{
	const struct cfg_area *area = cfg_area_around(sys, mem->pa, mem->size);
	bool ram = !(mem->flags & CFG_MEM_IO);
	struct owned hit;

	if (owned_overlap(sys, mem->pa, mem->size, &hit))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx with size 0x%lx overlaps %s at 0x%lx",
				  i, mem->name, mem->pa, mem->size, hit.what, hit.start);
	if (!area)
		return check_fail(err, "memory[%u] '%s': pa 0x%lx with size 0x%lx is not inside one area",
				  i, mem->name, mem->pa, mem->size);
	if (ram != !!(area->flags & CFG_AREA_RAM))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx is in %s, but flags 0x%x say otherwise", i,
				  mem->name,
				  mem->pa, ram ? "an area of devices" : "an area of RAM", mem->flags);
	if (!(cell->flags & CFG_CELL_ROOT) && !(area->flags & CFG_AREA_CELLS))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx is in an area that is not for cells", i,
				  mem->name, mem->pa);
	if ((area->flags & CFG_AREA_PCI) && (area->flags & CFG_AREA_CELLS))
		return check_fail(err, "memory[%u] '%s': pa 0x%lx is in the PCI window for the BARs of cells",
				  i, mem->name, mem->pa);
	return 0;
}

/* Against the trapped windows and the regions before it. Two names for one page would give it back twice. */
static int check_mem_others(const struct cfg_cell *cell, const struct cfg_mem *mems, u32 i,
			    struct cfg_error *err)
{
	const struct cfg_mem *mem = &mems[i];

	for (u32 j = 0; j < WINDOWS; j++) {
		struct owned window = cell_window(cell, j);

		if (window.size && span_overlaps(mem->ipa, mem->size, window.start, window.size))
			return check_fail(err, "memory[%u] '%s': ipa 0x%lx with size 0x%lx overlaps %s 0x%lx",
					  i, mem->name, mem->ipa, mem->size, window.what, window.start);
	}
	for (u32 j = 0; j < i; j++) {
		if (mem->ipa <= mems[j].ipa)
			return check_fail(err, "memory[%u] '%s': ipa 0x%lx is not above that of memory[%u]",
					  i, mem->name, mem->ipa, j);
		if (span_overlaps(mem->ipa, mem->size, mems[j].ipa, mems[j].size))
			return check_fail(err, "memory[%u] '%s': ipa 0x%lx overlaps memory[%u] '%s'",
					  i, mem->name, mem->ipa, j, mems[j].name);
		if (span_overlaps(mem->pa, mem->size, mems[j].pa, mems[j].size))
			return check_fail(err, "memory[%u] '%s': pa 0x%lx overlaps memory[%u] '%s'",
					  i, mem->name, mem->pa, j, mems[j].name);
	}
	return 0;
}

static int check_mem(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell);

	for (u32 i = 0; i < cell->mem_count; i++) {
		if (check_mem_shape(&mem[i], i, err) ||
		    check_mem_flags(cell, &mem[i], i, err) ||
		    check_mem_place(cell, sys, &mem[i], i, err) ||
		    check_mem_others(cell, mem, i, err))
			return -EINVAL;
	}
	return 0;
}

/* Where it starts, and what it is handed. Without BOOT the start hypercall brings its own entry. */
static int check_start(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	bool at_boot = cell->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT);
	const struct cfg_mem *mem;

	(void)sys;
	if (at_boot || cell->entry) {
		mem = span_fits(cell->entry, 4, IPA_LIMIT) ? ram_around(cell, cell->entry, 4) : NULL;
		if (!IS_ALIGNED(cell->entry, 4) || !mem || !(mem->flags & CFG_MEM_EXECUTE))
			return check_fail(err,
					  "entry 0x%lx is not 4-byte aligned in executable RAM of the cell",
					  cell->entry);
	}
	if (!cell->dtb_ipa)
		return 0;
	if (!IS_ALIGNED(cell->dtb_ipa, 8) || !span_fits(cell->dtb_ipa, 8, IPA_LIMIT) ||
	    !ram_around(cell, cell->dtb_ipa, 8))
		return check_fail(err, "dtb_ipa 0x%lx is not 8-byte aligned inside RAM of the cell",
				  cell->dtb_ipa);
	return 0;
}

/* ---- interrupts and streams ---- */

static bool smmu_has_irq(const struct cfg_system *sys, u32 intid)
{
	const struct cfg_smmu *smmu = cfg_smmus(sys);

	for (u32 i = 0; i < sys->smmu_count; i++, smmu++) {
		if (intid == smmu->eventq_irq || intid == smmu->priq_irq ||
		    intid == smmu->sync_irq || intid == smmu->gerror_irq)
			return true;
	}
	return false;
}

static int check_irqs(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	const struct cfg_irq *irq = cfg_cell_irqs(cell);

	for (u32 i = 0; i < cell->irq_count; i++) {
		if (irq[i].intid < SPI_FIRST || irq[i].intid >= SPI_END)
			return check_fail(err, "irqs[%u]: intid %u is not an SPI (32 to 1019)", i,
					  irq[i].intid);
		if (irq[i].reserved)
			return check_fail(err, "irqs[%u]: reserved 0x%x is not 0", i, irq[i].reserved);
		if (i && irq[i].intid <= irq[i - 1].intid)
			return check_fail(err, "irqs[%u]: intid %u is not above that of irqs[%u]", i,
					  irq[i].intid, i - 1);
		if (smmu_has_irq(sys, irq[i].intid))
			return check_fail(err, "irqs[%u]: intid %u is an SMMU's, so the hypervisor's", i,
					  irq[i].intid);
	}
	return 0;
}

static int check_stream(const struct cfg_stream *streams, u32 i, const struct cfg_system *sys,
			struct cfg_error *err)
{
	const struct cfg_stream *stream = &streams[i];

	if (stream->smmu >= sys->smmu_count)
		return check_fail(err, "streams[%u]: smmu %u does not exist", i, stream->smmu);
	if (stream->reserved)
		return check_fail(err, "streams[%u]: reserved 0x%x is not 0", i, stream->reserved);
	if (i &&
	    (stream->smmu < stream[-1].smmu ||
	     (stream->smmu == stream[-1].smmu && stream->sid <= stream[-1].sid)))
		return check_fail(err, "streams[%u]: sid 0x%x of smmu %u is not above that of streams[%u]",
				  i, stream->sid, stream->smmu, i - 1);
	for (u32 j = 0; j < i; j++) {
		if (stream->vsid == streams[j].vsid)
			return check_fail(err, "streams[%u]: vsid 0x%x is that of streams[%u] too", i,
					  stream->vsid, j);
	}
	return 0;
}

static int check_streams(const struct cfg_cell *cell, const struct cfg_system *sys, struct cfg_error *err)
{
	for (u32 i = 0; i < cell->stream_count; i++) {
		if (check_stream(cfg_cell_streams(cell), i, sys, err))
			return -EINVAL;
	}
	return 0;
}

int config_check_cell(const void *blob, size_t bytes, const struct cfg_system *sys, struct cfg_error *err)
{
	/* Each relies on what those before it have proved. */
	static int (*const checks[])(const struct cfg_cell *, const struct cfg_system *,
				     struct cfg_error *) = {
		check_sizes, check_fields, check_windows, check_cpus, check_mem, check_start, check_irqs,
		check_streams, check_cell_pci, check_cell_bars,
	};

	if (check_header(blob, bytes, CFG_KIND_CELL, sizeof(struct cfg_cell), CFG_MAX_CELL_SIZE, err))
		return -EINVAL;
	for (u32 i = 0; i < ARRAY_SIZE(checks); i++) {
		if (checks[i](blob, sys, err))
			return -EINVAL;
	}
	return 0;
}
