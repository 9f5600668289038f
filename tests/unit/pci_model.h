/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of PCI configuration space: two buses with a handful of functions whose registers have read-only, writable
 * and write-1-to-clear bits, resets that take their registers back, and a watch on every write: who may be written to,
 * and what is decoded when. Shared by the unit test and the fuzzer of vpci.
 */
#ifndef PCI_MODEL_H
#define PCI_MODEL_H

#include <stdlib.h>
#include <string.h>
#include "config_sample.h"
#include <hyp/bits.h>
#include <hyp/cell.h>
#include "../../hypervisor/pci/pci_regs.h"

#define MODEL_BUSES	2
#define MODEL_NVME	0x08	/* 64-bit BAR, FLR, MSI-X and SR-IOV */
#define MODEL_EDU	0x10	/* 32-bit BAR, MSI, no reset of any kind */
#define MODEL_BRIDGE	0x18
#define MODEL_PM	0x20	/* small BAR, I/O BAR, ROM, reset by D3hot */
#define MODEL_FOREIGN	0x28	/* in nobody's config */
#define MODEL_BEHIND	0x100	/* behind the bridge */
#define MODEL_FUNCTIONS	6

struct model_function {
	u32 bdf;
	u32 value[1024], writable[1024], w1c[1024];
	u32 resets;
	bool may_write;		/* the access under way may reach it */
	bool of_cell;		/* owned by a cell with fixed BARs */
	u64 fixed_bar;
};

struct model_layout {
	struct sample sample;
	struct {
		struct cfg_cell cell;
		struct cfg_pci_dev pci[5];
	} root;
	struct {
		struct cfg_cell cell;
		struct cfg_pci_dev pci[3];
	} other;
};

static u8 model_ecam[MODEL_BUSES << 20];	/* only its addresses are used */
static struct model_function model[MODEL_FUNCTIONS];
static struct model_layout layout;
static struct cell model_root, model_other;
static const char *model_breach;		/* the first thing that must not happen */
static bool model_watch;

/* ---- what the code under test needs ---- */

const struct cfg_system *system_config = &layout.sample.sys;
struct cell *root_cell(void) { return &model_root; }
void *hyp_map_mmio(paddr_t base, size_t size) { return base.pa && size <= sizeof(model_ecam) ? model_ecam : NULL; }
void *page_alloc(size_t count, size_t align) { (void)align; return calloc(count, PAGE_SIZE); }
void page_free(void *first, size_t count) { (void)count; free(first); }

/* ---- the model ---- */

static struct model_function *model_find(u32 bdf)
{
	for (u32 i = 0; i < MODEL_FUNCTIONS; i++) {
		if (model[i].bdf == bdf)
			return &model[i];
	}
	return NULL;
}

static void model_breached(const char *what)
{
	if (model_watch && !model_breach)
		model_breach = what;
}

static bool model_in_root_window(u64 start, u64 size)
{
	return start >= 0x10000000 && start + size <= 0x3e000000;
}

static u32 model_reg(const struct model_function *f, u32 reg) { return f->value[reg / 4]; }

static void model_check_bridge(const struct model_function *f)
{
	u32 mem = model_reg(f, PCI_MEM_WINDOW), pref = model_reg(f, PCI_PREF_WINDOW);
	u64 base = (u64)(mem & 0xfff0) << 16, limit = (mem & 0xfff00000) | 0xfffff;

	if (base <= limit && !model_in_root_window(base, limit - base + 1))
		model_breached("bridge memory window");
	base = (u64)model_reg(f, PCI_PREF_BASE_HIGH) << 32 | (u64)(pref & 0xfff0) << 16;
	limit = (u64)model_reg(f, PCI_PREF_LIMIT_HIGH) << 32 | (pref & 0xfff00000) | 0xfffff;
	if (base <= limit && !model_in_root_window(base, limit - base + 1))
		model_breached("bridge prefetch window");
}

/* The invariant, looked at after each single write. */
static void model_check(const struct model_function *f)
{
	u32 command = model_reg(f, PCI_COMMAND), mask = f->writable[PCI_BAR0 / 4], rom = model_reg(f, PCI_ROM_FUNCTION);
	u64 start = model_reg(f, PCI_BAR0) & ~0xfu;
	bool bridge = f->bdf == MODEL_BRIDGE;

	if (bridge) {
		u32 buses = model_reg(f, PCI_BUSES);

		if ((buses >> 8 & 0xffff) && (!(buses >> 8 & 0xff) || (buses >> 8 & 0xff) > 1 || (buses >> 16 & 0xff) > 1))
			model_breached("bridge bus numbers");
	}
	if (f->of_cell && (command & PCI_COMMAND_IO))
		model_breached("I/O decode of a cell");
	if (!(command & PCI_COMMAND_MEM))
		return;
	if (model_reg(f, PCI_BAR0) & PCI_BAR_64)
		start |= (u64)model_reg(f, PCI_BAR0 + 4) << 32;
	if (f->of_cell ? start != f->fixed_bar : !model_in_root_window(start, ~mask + 1ULL))
		model_breached("BAR 0");
	if (bridge)
		model_check_bridge(f);
	else if ((rom & 1) && (f->of_cell || !model_in_root_window(rom & ~0x7ffu, 0x10000)))
		model_breached("expansion ROM");
}

static void model_reset(struct model_function *f)
{
	f->resets++;
	f->value[PCI_COMMAND / 4] &= 0xffff0000;
	for (u32 reg = PCI_BAR0; reg < PCI_CAP_POINTER; reg += 4)
		f->value[reg / 4] &= ~f->writable[reg / 4];
}

static void model_effects(struct model_function *f, u32 reg, u32 old)
{
	u32 value = f->value[reg / 4];

	if (f->bdf == MODEL_NVME && reg == 0x80 + PCI_EXP_DEVCTL && (value & PCI_EXP_DEVCTL_FLR)) {
		f->value[reg / 4] &= ~(u32)PCI_EXP_DEVCTL_FLR;
		model_reset(f);
	}
	if (f->bdf == MODEL_PM && reg == 0x40 + PCI_PM_CONTROL && (old & 3) == 3 && (value & 3) == 0)
		model_reset(f);
}

u64 fake_mmio_read(const volatile void *addr, unsigned int bytes)
{
	size_t at = (size_t)((const u8 *)(uintptr_t)addr - model_ecam);
	struct model_function *f = model_find((u32)(at >> 12));
	u32 value = f ? f->value[(at & 0xfff) / 4] >> 8 * (at & 3) : ~0u;

	return bytes == 4 ? value : value & ((1u << 8 * bytes) - 1);
}

void fake_mmio_write(volatile void *addr, unsigned int bytes, u64 written)
{
	size_t at = (size_t)((u8 *)(uintptr_t)addr - model_ecam);
	struct model_function *f = model_find((u32)(at >> 12));
	u32 reg = at & 0xffc, lanes = (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1) << 8 * (at & 3), value, old;

	if (!f)
		return;
	if (!f->may_write)
		model_breached("a function of somebody else is written");
	value = (u32)written << 8 * (at & 3);
	old = f->value[reg / 4];
	f->value[reg / 4] = (old & ~(f->writable[reg / 4] & lanes)) | (value & f->writable[reg / 4] & lanes);
	f->value[reg / 4] &= ~(value & lanes & f->w1c[reg / 4]);
	model_effects(f, reg, old);
	model_check(f);
}

static struct model_function *model_add(u32 n, u32 bdf, u32 id, u32 type)
{
	struct model_function *f = &model[n];

	*f = (struct model_function){ .bdf = bdf };
	f->value[PCI_ID / 4] = id;
	f->value[PCI_COMMAND / 4] = 0x00100000;
	f->writable[PCI_COMMAND / 4] = 0x07ff;
	f->w1c[PCI_COMMAND / 4] = PCI_STATUS_W1C;
	f->value[PCI_TYPE / 4] = type << 16;
	f->writable[PCI_TYPE / 4] = 0xff;
	f->writable[PCI_INTERRUPT / 4] = 0xff;
	return f;
}

static void model_make_nvme(struct model_function *f)
{
	f->value[PCI_BAR0 / 4] = PCI_BAR_64;
	f->writable[PCI_BAR0 / 4] = 0xffffc000;
	f->writable[PCI_BAR0 / 4 + 1] = ~0u;
	f->value[PCI_CAP_POINTER / 4] = 0x40;
	f->value[0x40 / 4] = 0x00006011;			/* MSI-X */
	f->writable[0x40 / 4] = 0xc0000000;
	f->value[0x60 / 4] = 0x00038001;			/* PM, no soft reset */
	f->value[0x64 / 4] = PCI_PM_NO_SOFT_RESET;
	f->writable[0x64 / 4] = 0x103;
	f->value[0x80 / 4] = 0x00020010;			/* PCIe */
	f->value[0x84 / 4] = PCI_EXP_DEVCAP_FLR;
	f->writable[0x88 / 4] = 0xffff;
	f->w1c[0x88 / 4] = 0x000f0000;
	f->value[0x100 / 4] = 0x15010001;			/* AER, next 0x150 */
	f->value[0x150 / 4] = 0x18010010;			/* SR-IOV, next 0x180 */
	f->writable[0x158 / 4] = ~0u;
	f->value[0x180 / 4] = 0x1a010003;			/* serial number, next 0x1a0 */
	f->value[0x1a0 / 4] = 0x0001000f;			/* ATS */
	f->writable[0x1a4 / 4] = ~0u;
}

static void model_make_bridge(struct model_function *f)
{
	f->writable[PCI_BAR0 / 4] = 0xfffff000;
	f->writable[PCI_BUSES / 4] = 0x00ffffff;
	f->writable[PCI_IO_WINDOW / 4] = 0xf0f0;
	f->writable[PCI_MEM_WINDOW / 4] = 0xfff0fff0;
	f->value[PCI_PREF_WINDOW / 4] = 0x00010001;
	f->writable[PCI_PREF_WINDOW / 4] = 0xfff0fff0;
	f->writable[PCI_PREF_BASE_HIGH / 4] = ~0u;
	f->writable[PCI_PREF_LIMIT_HIGH / 4] = ~0u;
	f->writable[PCI_INTERRUPT / 4] = 0xffff00ff;
}

static void model_make_pm(struct model_function *f)
{
	f->writable[PCI_BAR0 / 4] = 0xffffff00;
	f->value[PCI_BAR0 / 4 + 1] = PCI_BAR_IO;
	f->writable[PCI_BAR0 / 4 + 1] = 0xffffffe0;
	f->writable[PCI_ROM_FUNCTION / 4] = 0xffff0001;
	f->value[PCI_CAP_POINTER / 4] = 0x40;
	f->value[0x40 / 4] = 0x00030001;
	f->writable[0x44 / 4] = 0x103;
}

static void model_make(void)
{
	struct model_function *edu;

	model_make_nvme(model_add(0, MODEL_NVME, 0x00101b36, 0));
	edu = model_add(1, MODEL_EDU, 0x11e81234, 0);
	edu->writable[PCI_BAR0 / 4] = 0xfff00000;
	edu->value[PCI_CAP_POINTER / 4] = 0x40;
	edu->value[0x40 / 4] = 0x00800005;			/* MSI */
	edu->writable[0x40 / 4] = 0x00710000;
	edu->writable[0x44 / 4] = ~0u;
	for (u32 i = PCI_EXT_FIRST / 4; i < 1024; i++)
		edu->value[i] = ~0u;				/* a conventional function */
	model_make_bridge(model_add(2, MODEL_BRIDGE, 0x000c1b36, 1));
	model_make_pm(model_add(3, MODEL_PM, 0x12345678, 0));
	model_add(4, MODEL_FOREIGN, 0xabcdabcd, 0)->writable[PCI_BAR0 / 4] = 0xfffff000;
	model_add(5, MODEL_BEHIND, 0xbeefbeef, 0)->writable[PCI_BAR0 / 4] = 0xfffff000;
}

/* ---- the configs: root has all but the foreign one; other may take NVMe, edu and PM ---- */

static void model_make_configs(void)
{
	static const u32 root_bdf[] = { MODEL_NVME, MODEL_EDU, MODEL_BRIDGE, MODEL_PM, MODEL_BEHIND };

	memset(&layout, 0, sizeof(layout));
	sample_make(&layout.sample);
	layout.sample.hosts[0].ecam_size = sizeof(model_ecam);
	layout.root.cell = (struct cfg_cell){ .flags = CFG_CELL_ROOT, .ecam_ipa = 0x4010000000,
					      .ecam_size = sizeof(model_ecam), .pci_count = 5 };
	for (u32 i = 0; i < 5; i++)
		layout.root.pci[i] = (struct cfg_pci_dev){ .bdf = root_bdf[i], .vbdf = root_bdf[i] };
	layout.other.cell = (struct cfg_cell){ .ecam_ipa = 0x30000000, .ecam_size = 0x100000, .pci_count = 3 };
	layout.other.pci[0] = (struct cfg_pci_dev){ .bdf = MODEL_NVME, .vbdf = 0x00, .id = 0x00101b36,
		.bar = { { 0x3e200000, 0x11000000, 0x4000, CFG_BAR_64 } } };
	layout.other.pci[1] = (struct cfg_pci_dev){ .bdf = MODEL_EDU, .vbdf = 0x08, .id = 0x11e81234,
		.bar = { { 0x3e000000, 0x10000000, 0x100000, 0 } } };
	layout.other.pci[2] = (struct cfg_pci_dev){ .bdf = MODEL_PM, .vbdf = 0x10,
		.bar = { { 0x3e300000, 0x12000000, 0x100, 0 } } };
}

static void model_start(void)
{
	struct hc_error err;

	model_watch = false;
	model_breach = NULL;
	model_make();
	model_make_configs();
	model_root = (struct cell){ .is_root = true, .config = &layout.root.cell, .name = "root" };
	model_other = (struct cell){ .id = 1, .config = &layout.other.cell, .name = "other" };
	pci_init(&layout.sample.sys);
	if (vpci_cell_init(&model_root, &err))
		abort();
	model_watch = true;
}

/* The watch follows the owners: `cell` is about to access, or (NULL) the hypervisor moves functions. */
static void model_allow(const struct cell *cell, bool other_exists)
{
	for (u32 i = 0; i < MODEL_FUNCTIONS; i++) {
		struct model_function *f = &model[i];
		bool others = f->bdf == MODEL_NVME || f->bdf == MODEL_EDU || f->bdf == MODEL_PM;

		f->may_write = f->bdf != MODEL_FOREIGN && (!cell || (cell == &model_other) == (others && other_exists));
		if (cell == &model_other && !others)
			f->may_write = false;
		f->of_cell = others && other_exists;
	}
	model_find(MODEL_NVME)->fixed_bar = 0x3e200000;
	model_find(MODEL_EDU)->fixed_bar = 0x3e000000;
	model_find(MODEL_PM)->fixed_bar = 0x3e300000;
}

static u64 model_access(struct cell *cell, bool other_exists, u64 offset, u32 size, bool write, u64 value)
{
	struct mmio_access access = { .offset = offset, .size = size, .write = write, .value = value };
	const struct mmio_region *region = mmio_find(&cell->mmio, cell->config->ecam_ipa);

	if (!region)
		return ~0ULL;
	model_allow(cell, other_exists);
	region->fn(NULL, region->ctx, &access);
	return access.value;
}

#endif
