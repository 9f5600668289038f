// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the vGIC: the input is a program of register accesses, SGIs, interrupt lines, acknowledgements and EOIs of two
 * cells' guests, and of cells that come and go, on the model of a GICv3. At every step the model looks at I5 (no access
 * reaches, routes or takes an interrupt of another cell) and at what hardware leaves unpredictable. At the end both
 * guests behave: an interrupt that is raised then must arrive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/gic_model.h"
#include "../unit/fake/fake.h"
#include "../../hypervisor/gic/gic_regs.h"

struct step {
	u8 what, cpu;
	u16 where;
	u32 value;
} __attribute__((packed));

#define MAX_STEPS	256

static void check(const char *when)
{
	model_check();
	if (!model_breach[0])
		return;
	fprintf(stderr, "%s: %s\n", when, model_breach);
	abort();
}

/* Mostly registers that are there, with the widths that they have. */
static void access_register(const struct step *step, u32 cpu, bool redist)
{
	static const u16 blocks[] = { 0x0, 0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x440, 0xc00, 0xd00 };
	u32 size = step->what & 0x40 ? 1u << (step->value & 3) : 4;
	u64 value = step->value, offset = blocks[step->where % ARRAY_SIZE(blocks)];
	bool write = step->what & 0x80;

	offset += step->where & 0x8000 ? step->where >> 8 & 0x7f : (step->where >> 8 & 3) * 4;
	if (redist)
		offset += (step->where >> 4 & 3) * KIB(128) + (step->where & 8 ? 0 : KIB(64));
	else if ((step->where & 0xf) == 0xf)
		offset = GICD_IROUTER + (step->where >> 4) * 8;
	if (!write || size < 4)
		value &= 0xff;
	model_access(cpu, redist, offset & ~(u64)(size - 1), size, write, &value);
}

static void send_sgi(const struct step *step, u32 cpu)
{
	u64 value = step->value | (u64)(step->where & 0x1ff) << 32;
	u32 before[MODEL_CPUS];

	for (u32 i = 0; i < MODEL_CPUS; i++)
		before[i] = cpus[i].vgic.local.pending;
	fake_cpu = cpu;
	vgic_send_sgi(&cpus[cpu], step->what & 0x80 ? value & 0x1000f00ffff : value, step->what & 0x40);
	for (u32 i = 0; i < MODEL_CPUS; i++) {
		if (cpus[i].cell != cpus[cpu].cell && cpus[i].vgic.local.pending != before[i]) {
			fprintf(stderr, "an SGI of cpu %u reached cpu %u of another cell\n", cpu, i);
			abort();
		}
	}
}

/* A guest that has set up what it can, so that programs need not find out how. */
static void set_up(u32 cpu)
{
	model_gicd(cpu, GICD_CTLR, 4, true, 3);
	model_gicd(cpu, GICD_ISENABLER + SPI_SHARED / 32 * 4, 4, true, ~0u);
	model_gicd(cpu, GICD_ISENABLER + SPI_OTHER / 32 * 4, 4, true, ~0u);
	model_gicr(cpu, cpus[cpu].vcpu, KIB(64) + GICD_ISENABLER, 4, true, ~0u);
}

static void change_cells(void)
{
	model_settle();		/* cross calls under way end before a CPU changes hands */
	if (model_other_exists)
		model_destroy_other();
	else if (model_create_other())
		abort();
	else
		set_up(3);
}

/* Of the hardware, or of an emulated device of either cell: up from anywhere, down by the cell's own CPU. */
static void device_line(const struct step *step, u32 cpu)
{
	static const u32 spis[] = { SPI_ROOT, SPI_SHARED, SPI_OTHER, SPI_HYP };

	if (!(step->where & 4))
		model_line(spis[step->where & 3], step->value & 1);
	else if (step->where & 8 && model_other_exists)
		model_soft_line(cpu, &model_other, step->value & 1);
	else
		model_soft_line(cpu, &model_root, step->value & 1);
}

static void act(const struct step *step)
{
	static u32 taken[MODEL_CPUS];
	u32 cpu = step->cpu & 3;

	if (cpus[cpu].state != CPU_RUNNING)
		cpu = 0;
	switch (step->what & 0xf) {
	case 0 ... 4: access_register(step, cpu, false); break;
	case 5 ... 7: access_register(step, cpu, true); break;
	case 8: send_sgi(step, cpu); break;
	case 9: device_line(step, cpu); break;
	case 10: model_ppi_line(cpu, 16 + step->where % 7, step->value & 1); break;
	case 11: taken[cpu] = model_guest_ack(cpu); break;
	case 12: model_guest_eoi(cpu, step->where & 1 ? taken[cpu] : step->where >> 1); break;
	case 13: model_settle(); break;
	case 14: change_cells(); break;
	case 15: model_guest_eoi(cpu, model_guest_ack(cpu)); break;
	}
}

/* Everything that is in list registers is taken and ended. */
static void drain(void)
{
	for (u32 round = 0; round < 64; round++) {
		model_settle();
		for (u32 cpu = 0; cpu < MODEL_CPUS; cpu++) {
			for (u32 i = 0; i < MODEL_LRS; i++) {
				u32 intid = model_guest_ack(cpu);

				model_guest_eoi(cpu, intid);
			}
			for (u32 intid = 0; intid < MODEL_INTIDS; intid++)
				model_guest_eoi(cpu, intid);
		}
	}
}

static void well_behaved(u32 cpu, u32 spi)
{
	model_gicd(cpu, GICD_CTLR, 4, true, 0);
	model_gicd(cpu, GICD_ICENABLER + spi / 32 * 4, 4, true, ~0u);
	model_settle();
	model_gicd(cpu, GICD_ICPENDR + spi / 32 * 4, 4, true, ~0u);
	model_gicd(cpu, GICD_ICACTIVER + spi / 32 * 4, 4, true, ~0u);
	model_settle();
	model_gicd(cpu, GICD_IPRIORITYR + spi, 1, true, 0);
	model_gicd(cpu, GICD_IROUTER + 8 * spi, 8, true, cpus[cpu].vmpidr);
	model_gicd(cpu, GICD_ISENABLER + spi / 32 * 4, 4, true, BIT(spi % 32));
	model_gicd(cpu, GICD_CTLR, 4, true, 3);
	model_settle();
}

static void liveness(void)
{
	for (u32 cpu = 0; cpu < MODEL_CPUS; cpu++)
		for (u32 ppi = 16; ppi < 32; ppi++)
			model_ppi_line(cpu, ppi, false);
	for (u32 spi = SPI_ROOT; spi <= SPI_OTHER; spi++)
		model_line(spi, false);
	well_behaved(0, SPI_ROOT);
	drain();
	model_gicd(0, GICD_ISPENDR + SPI_ROOT / 32 * 4, 4, true, BIT(SPI_ROOT % 32));
	model_settle();
	for (u32 i = 0; i < 64; i++) {
		u32 intid = model_guest_ack(0);

		model_guest_eoi(0, intid);
		model_settle();
		if (intid == SPI_ROOT)
			return;
	}
	fprintf(stderr, "an interrupt was lost\n");
	abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct step step;
	char when[64];

	fake_log[0] = 0;
	model_start();
	for (u32 cpu = 0; size && (data[0] & 1) && cpu < 3; cpu++)
		set_up(cpu);
	check("start");
	for (size_t i = 0; i < MAX_STEPS && (i + 1) * sizeof(step) <= size; i++) {
		memcpy(&step, data + i * sizeof(step), sizeof(step));
		act(&step);
		snprintf(when, sizeof(when), "step %zu (%u by cpu %u)", i, step.what & 0xf, step.cpu & 3);
		check(when);
	}
	liveness();
	check("end");
	return 0;
}
