/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench of an SMMU: on a bare machine that of QEMU, in a cell the emulated one. What a driver does is done as a
 * driver does it: commands and a CMD_SYNC into the queue, one doorbell, CONS polled until all of it is consumed.
 */
#define SAMPLES		256
#include "bench.h"
#include "smmu-setup.h"
#include <inmate/gic.h>

#define COMMANDS_LOG2	10		/* 512 commands fit */
#define MS		1000000ULL	/* ticks */
#define NEAR		20000ULL
#define EDU_MS		100		/* from the command to the transfer */

static volatile u64 event_ticks;
static u32 wrong_events;

static u64 nothing(u64 a, u64 b)
{
	u64 start = timer_ticks();

	return timer_ticks() - start;
}

static u64 read_register(u64 address, u64 b)
{
	u64 start = timer_ticks();

	mmio_read32(address);
	return timer_ticks() - start;
}

static u64 write_register(u64 address, u64 value)
{
	u64 start = timer_ticks();

	mmio_write32(address, value);
	return timer_ticks() - start;
}

/* ---- commands ---- */

static void run_queue(void)
{
	u32 pointer = (2u << smmu.command_log2) - 1;

	smmu_queue_command(&smmu, CMD_SYNC, 0);
	smmu_ring(&smmu);
	while ((smmu_read(&smmu, SMMU_CMDQ_CONS) & pointer) != smmu.command_prod)
		;
}

static u64 sync_alone(u64 a, u64 b)
{
	u64 start = timer_ticks();

	run_queue();
	return timer_ticks() - start;
}

static u64 command(u64 word0, u64 word1)
{
	u64 start = timer_ticks();

	smmu_queue_command(&smmu, word0, word1);
	run_queue();
	return timer_ticks() - start;
}

static u64 unmap_pages(u64 pages, u64 b)
{
	u64 start = timer_ticks();

	for (u64 i = 0; i < pages; i++)
		smmu_queue_command(&smmu, CMD_TLBI_NH_VA | FIELD_PREP(CMD0_ASID, space.asid), (IOVA + i * PAGE) | CMD1_LEAF);
	run_queue();
	return timer_ticks() - start;
}

static u64 map_and_unmap(u64 entry, u64 b)
{
	volatile u64 *pte = (u64 *)entry;
	u64 start = timer_ticks();

	*pte = (u64)buffer | SMMU_PTE_PAGE;
	dsb();
	*pte = 0;
	smmu_queue_command(&smmu, CMD_TLBI_NH_VA | FIELD_PREP(CMD0_ASID, space.asid), (IOVA + PAGE) | CMD1_LEAF);
	run_queue();
	return timer_ticks() - start;
}

/* An entry becomes invalid, then what it was. */
static u64 toggle_stream(u64 entry, u64 b)
{
	volatile u64 *ste = (u64 *)entry;
	u64 old = *ste, start = timer_ticks();

	*ste = 0;
	command(CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	*ste = old;
	command(CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	return timer_ticks() - start;
}

/* ---- events ---- */

static void event_interrupt(u32 intid, void *context)
{
	event_ticks = timer_ticks();
}

/*
 * From the device's access, which QEMU does on a full millisecond, to the handler. All CPUs sleep until then; the
 * clock of -icount jumps.
 */
static u64 device_fault(u64 a, u64 b)
{
	struct smmu_event event;
	u64 due;

	event_ticks = 0;
	if (timer_ticks() % MS > MS - NEAR)
		timer_delay_us(NEAR / 1000);	/* not so late that the millisecond could end meanwhile */
	due = (timer_ticks() / MS + EDU_MS) * MS;
	edu_dma_start(&edu, IOVA_NONE, 0, WORD, true, false);
	while (!event_ticks) {
		wfi();
		irq_enable();
		isb();
		irq_disable();
	}
	wrong_events += !smmu_next_event(&smmu, &event) || FIELD_GET(EVT0_TYPE, event.word[0]) != EVT_F_TRANSLATION;
	smmu_drop_events(&smmu);
	return event_ticks - due;
}

/* ---- all of them ---- */

/* As set_up(), without its transfers, each of which would take 100 million instructions of waiting. */
static bool prepare(void)
{
	if (!smmu_find(&smmu, 0) || !edu_init(&edu) || FIELD_GET(IDR1_CMDQS, smmu.idr1) < COMMANDS_LOG2)
		return false;
	sid = smmu_stream_of(edu.bdf);
	smmu.command_log2 = COMMANDS_LOG2;
	smmu.commands = smmu_alloc(16ULL << COMMANDS_LOG2, 16ULL << COMMANDS_LOG2);
	cd = smmu_alloc(CD_WORDS * 8, CD_WORDS * 8);
	buffer = smmu_alloc(PAGE, PAGE);
	if (!smmu.commands || !cd || !buffer || !smmu_space_init(&smmu, &space, 12, 39, 1) ||
	    !smmu_map(&space, IOVA, (u64)buffer, SMMU_PTE_PAGE) || !smmu_streams(&smmu, 8, 0))
		return false;
	smmu_cd(cd, &space);
	return smmu_enable(&smmu) && set_stage1();
}

static void run_all(void)
{
	u64 stream = FIELD_PREP(CMD0_SID, sid);

	run_sync("empty", nothing, 0, 0);
	run_sync("register-read", read_register, smmu.regs + SMMU_CMDQ_CONS, 0);
	run_sync("register-write", write_register, smmu.regs + SMMU_IRQ_CTRL, IRQ_CTRL_EVENTQ | IRQ_CTRL_GERROR);
	run_sync("sync", sync_alone, 0, 0);
	run_sync("tlbi-1", unmap_pages, 1, 0);
	run_sync("tlbi-16", unmap_pages, 16, 0);
	run_sync("map-unmap", map_and_unmap, (u64)smmu_pte(&space, IOVA + PAGE), 0);
	run_sync("cfgi-cd", command, CMD_CFGI_CD | stream, CMD1_LEAF);
	run_sync("cfgi-ste", command, CMD_CFGI_STE | stream, CMD1_LEAF);
	run_sync("ste-toggle", toggle_stream, (u64)smmu_stream(&smmu, sid), 0);
	irq_disable();
	irq_handler(smmu.event_irq, event_interrupt, NULL);
	run_sync("event", device_fault, 0, 0);
	irq_enable();
	run_sync("tlbi-512", unmap_pages, 512, 0);
}

int main(void)
{
	printf("bench-machine %s counter %lu\n", in_cell() ? "cell" : "bare", timer_hz());
	if (!prepare()) {
		printf("there is no SMMU, no edu device, or no memory\n");
		return 1;
	}
	run_all();
	if (wrong_events)
		printf("bench-wrong %u faults were not reported as such\n", wrong_events);
	printf("bench-done\n");
	return 0;
}
