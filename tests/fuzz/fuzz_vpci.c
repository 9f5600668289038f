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

struct step {
	u8 action;
	u8 function;
	u16 reg;
	u8 value[8];
} __attribute__((packed));

/* Values that matter in configuration space come up often: all ones, addresses in and out of the windows. */
static u64 choose_value(const struct step *step)
{
	static const u64 useful[] = {
		0, ~0UL, 2, 6, 0xffff, 0x10000000, 0x3df00000, 0x3e000000, 0x48000001, 0x3d000001, 0x11f01100, 0x0000fff0,
		0x00010100, 0x8000000010000000, 3, 0x8000,
	};
	u64 value;

	memcpy(&value, step->value, sizeof(value));
	return step->action & 0x80 ? useful[value % ARRAY_SIZE(useful)] : value;
}

static void access(const struct step *step, bool other_exists)
{
	static const u32 functions[] = {
		MODEL_NVME, MODEL_EDU, MODEL_BRIDGE, MODEL_PM, MODEL_FOREIGN, MODEL_BEHIND, 0x00, 0x78,
	};
	struct cell *cell = step->action & 8 && other_exists ? &model_other : &model_root;
	u32 size = 1u << (step->action >> 4 & 3), bdf = functions[step->function % ARRAY_SIZE(functions)];
	u32 reg = (step->reg & 0x8000 ? step->reg & 0xfff : step->reg & 0x3f) & ~(size - 1);

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

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool other_exists = false;
	struct step step;

	model_start();
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
			now += 20000 * (u64)step.value[0];
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
