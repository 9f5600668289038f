// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the emulation of configuration space: any sequence of accesses by the root cell and another one, with the
 * other cell created, reset and destroyed in between and time going by. The model looks at each single write to the
 * hardware: no function of somebody else is written, and none decodes memory outside of its owner's windows.
 */
#include <stdio.h>

#include "../unit/pci_model.h"
#include <arch/timer.h>
#include <hyp/percpu.h>
#include <hyp/printk.h>

static u64 now;

u64 timer_ticks(void) { return now++; }
u64 timer_deadline_us(u64 us) { return now + us; }
bool log_allowed(struct log_limit *limit) { (void)limit; return false; }
void log_print(enum log_level level, const char *fmt, ...) { (void)level; (void)fmt; }
void fake_wait(void) { }

/* Small, so that an input holds many steps. */
struct step {
	u8 action;		/* bits 1:0: 3 = not an access; 2: write; 3: by the other cell; 5:4: width, 0 = 4 bytes */
	u8 function;
	u8 reg;
	u8 value;
};

/* Values that matter in configuration space: all ones, addresses in and out of the windows. */
static u64 choose_value(const struct step *step)
{
	static const u64 useful[] = {
		0, ~0UL, 2, 6, 0xffff, 0x10000000, 0x3df00000, 0x3e000000, 0x48000001, 0x3d000001, 0x11f01100, 0x0000fff0,
		0x00010100, 0x8000000010000000, 3, 0x8000,
	};

	return step->value < 0xe0 ? useful[step->value % ARRAY_SIZE(useful)] : step->value * 0x9e3779b97f4a7c15UL;
}

static u32 choose_reg(const struct step *step)
{
	static const u32 useful[] = {
		PCI_COMMAND, PCI_BAR0, PCI_BAR0 + 4, PCI_COMMAND, PCI_BUSES, PCI_MEM_WINDOW, PCI_PREF_WINDOW,
		PCI_PREF_LIMIT_HIGH, PCI_ROM_FUNCTION, PCI_ROM_BRIDGE, PCI_INTERRUPT, 0x44, 0x44, 0x88, 0x40, 0x158,
	};

	return step->reg < 0xe0 ? useful[step->reg % ARRAY_SIZE(useful)] : step->value * 4u + (step->reg & 3);
}

static void access(const struct step *step, bool other_exists)
{
	static const u32 functions[] = {
		MODEL_NVME, MODEL_EDU, MODEL_BRIDGE, MODEL_PM, MODEL_FOREIGN, MODEL_BEHIND, 0x00, 0x78,
	};
	static const u32 sizes[] = { 4, 8, 2, 1 };
	struct cell *cell = step->action & 8 && other_exists ? &model_other : &model_root;
	u32 size = sizes[step->action >> 4 & 3], bdf = functions[step->function % ARRAY_SIZE(functions)];
	u32 reg = choose_reg(step) & ~(size - 1);

	if (cell == &model_other)
		bdf &= 0xff;
	model_access(cell, other_exists, (bdf << 12) + reg, size, step->action & 4, choose_value(step));
}

static bool create(bool other_exists)
{
	struct hc_error err;

	if (other_exists)
		return true;
	model_allow(NULL, false);
	model_watch = false;		/* BARs change owners: the model knows before or after only */
	other_exists = vpci_cell_init(&model_other, &err) == 0;
	model_watch = true;
	return other_exists;
}

static void destroy(void)
{
	model_allow(NULL, true);
	vpci_cell_exit(&model_other);
	model_other = (struct cell){ .id = 1, .config = &layout.other.cell, .name = "other" };
}

/* What Linux does at boot: everything placed and decoding, so that a single step can go wrong. */
static void boot_root(void)
{
	static const u32 writes[][3] = {
		{ MODEL_NVME, PCI_BAR0, 0x10000000 }, { MODEL_NVME, PCI_BAR0 + 4, 0 }, { MODEL_EDU, PCI_BAR0, 0x11000000 },
		{ MODEL_PM, PCI_BAR0, 0x12000000 }, { MODEL_BRIDGE, PCI_BAR0, 0x13000000 },
		{ MODEL_BRIDGE, PCI_MEM_WINDOW, 0x14f01400 }, { MODEL_BRIDGE, PCI_PREF_WINDOW, 0x0000fff0 },
		{ MODEL_BRIDGE, PCI_BUSES, 0x00010100 }, { MODEL_NVME, PCI_COMMAND, 6 }, { MODEL_EDU, PCI_COMMAND, 6 },
		{ MODEL_PM, PCI_COMMAND, 6 }, { MODEL_BRIDGE, PCI_COMMAND, 6 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(writes); i++)
		model_access(&model_root, false, (writes[i][0] << 12) + writes[i][1], 4, true, writes[i][2]);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool other_exists = false;
	struct step step;

	model_start();
	if (size && data[0] & 0x10)
		boot_root();
	if (size && data[0] & 0x20) {
		other_exists = create(false);
		for (u32 i = 0; i < 3; i++, now += 200000)
			vpci_cell_reset(&model_other);
	}
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		if ((step.action & 3) != 3) {
			access(&step, other_exists);
		} else if (step.function % 4 == 0) {
			other_exists = create(other_exists);
		} else if (step.function % 4 == 1 && other_exists) {
			destroy();
			other_exists = false;
		} else if (step.function % 4 == 2 && other_exists) {
			model_allow(NULL, true);
			vpci_cell_reset(&model_other);
		} else {
			now += 1000 * (u64)step.value;
		}
	}
	if (other_exists)
		destroy();
	model_allow(NULL, false);
	vpci_cell_exit(&model_root);
	if (model_breach) {
		fprintf(stderr, "breach: %s\n", model_breach);
		abort();
	}
	return 0;
}
