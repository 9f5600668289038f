/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whatever a cell can do to keep the hypervisor busy, as fast as it can and for ever, for another cell to measure what it
 * notices. bootargs: cpu0=, cpu1=, ... say what each CPU does: 1 accesses to what is not there (`on_fault: abort`), 2 exits of
 * every kind, 3 commands of its SMMU, 4 faults of its device. Prints how often, so that nobody measures silence.
 */
#include <inmate/arch.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/smp.h>

#include "smmu-setup.h"

#define NOWHERE		0x60000000
#define COMMANDS_LOG2	8
#define SGI		1
#define SPI		(INTID_SPI + 100)	/* not ours: its bits read as zero, and are looked at all the same */
#define REPORT		256		/* rounds; of device faults each */

static volatile u64 rounds[CPU_MAX];

static void faults(u32 cpu)
{
	fault_arm();
	mmio_read32(NOWHERE);
	mmio_write32(NOWHERE + PAGE, 1);
	mmio_read8(0);
	fault_disarm();
}

/* With them what is shared between cells: the physical distributor's registers, and SGIs. */
static void exits(u32 cpu)
{
	u64 enable = gic_word(GICD_ISENABLER, SPI), level = gicd_base + GICD_ICFGR + SPI / 16 * 4;

	hypercall(HC_VERSION, 0, 0, 0);
	psci(PSCI_VERSION, 0, 0, 0);
	psci(PSCI_CPU_ON, ~0ULL >> 24, 0, 0);
	mmio_write32(gicd_base + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	mmio_write32(enable, ~0u);
	mmio_write32(level, ~0u);
	mmio_write32(gicr_base() + GICR_SGI + GICD_ICFGR + 4, mmio_read32(gicr_base() + GICR_SGI + GICD_ICFGR + 4));
	mmio_write64(gicd_base + GICD_IROUTER + SPI * 8, 0);
	gic_set_pending(SPI);
	gic_send_sgi(SGI, read_sysreg(mpidr_el1));
	fault_arm();
	read_sysreg(pmcr_el0);
	read_sysreg(mdscr_el1);
	fault_disarm();
}

static bool smmu_ready;

/* The queue is always full, of what makes most work. */
static void commands(u32 cpu)
{
	if (!smmu_ready)
		return;
	for (u32 i = 0; i < (1u << COMMANDS_LOG2) - 2; i++)
		if (i % 8)
			smmu_queue_command(&smmu, CMD_TLBI_NH_VA | FIELD_PREP(CMD0_ASID, space.asid), i * PAGE);
		else
			smmu_queue_command(&smmu, CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	smmu_queue_command(&smmu, CMD_SYNC, 0);
	smmu_ring(&smmu);
	while (!smmu_drain(&smmu))
		smmu_command_skip(&smmu);
}

/*
 * 1024 of them at once, which is a storm; writing its entry anew lets the device speak again. The device takes 100 ms, in
 * which there is nothing to do: a CPU that polled would only make the measurement slow.
 */
static void device_faults(u32 cpu)
{
	u32 before = edu.interrupts;

	if (!smmu_ready)
		return;
	edu_dma_start(&edu, IOVA_NONE, 0, PAGE, true, true);
	while (edu.interrupts == before) {
		irq_disable();
		if (edu.interrupts == before)
			wfi();
		irq_enable();
		isb();
	}
	smmu_drop_events(&smmu);
	set_stage1();
}

static void prepare_smmu(void)
{
	smmu_ready = false;
	if (!smmu_find(&smmu, 0) || !edu_init(&edu))
		return;
	sid = smmu_stream_of(edu.bdf);
	cd = smmu_alloc(CD_WORDS * 8, CD_WORDS * 8);
	buffer = smmu_alloc(PAGE, PAGE);
	smmu.command_log2 = COMMANDS_LOG2;
	smmu.commands = smmu_alloc(16ULL << COMMANDS_LOG2, 16ULL << COMMANDS_LOG2);
	if (!cd || !buffer || !smmu.commands || !smmu_space_init(&smmu, &space, 12, 39, 1) ||
	    !smmu_map(&space, IOVA, (u64)buffer, SMMU_PTE_PAGE) || !smmu_streams(&smmu, 8, 0))
		return;
	smmu_cd(cd, &space);
	smmu_ready = smmu_enable(&smmu) && set_stage1();
}

static void attack(struct cpu *cpu)
{
	static void (*const attacks[])(u32 cpu) = { NULL, faults, exits, commands, device_faults };
	static const char *const names[] = { "nothing", "faults", "exits", "commands", "device faults" };
	char arg[] = "cpu0";
	u64 kind;

	arg[3] += cpu->index;
	kind = boot_arg(arg, 0);
	if (kind >= ARRAY_SIZE(attacks))
		kind = 0;
	if (kind > 2 && !smmu_ready)
		printf("attack: no SMMU\n");
	while (attacks[kind]) {
		attacks[kind](cpu->index);
		if ((++rounds[cpu->index] % REPORT == 1 || kind == 4) && cpu->index == 0)
			printf("attack: cpu 0 %s, rounds %lu %lu %lu\n", names[kind], rounds[0], rounds[1], rounds[2]);
	}
}

int main(void)
{
	prepare_smmu();
	for (u32 i = 1; i < cpu_count(); i++)
		cpu_start(i, attack);
	attack(&cpus[0]);
	return 0;
}
