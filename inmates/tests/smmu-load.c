/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A busy owner of an SMMU: jumping pointers, full queues, SMMUEN switched during DMA, storms of faults, tables and
 * commands that another CPU changes while they are read. Whatever comes of it, afterwards all works again; the time that
 * others lose meanwhile is for the harness to measure. `seed=` in bootargs.
 */
#include <inmate/fdt.h>
#include <inmate/mmu.h>
#include <inmate/random.h>
#include <inmate/smp.h>

#include "smmu-setup.h"
#include "victims.h"

#define SMALL_LOG2	4
#define QUEUE_WAIT_US	60000000ULL
#define RACE_US		3000000

/* ---- queues ---- */

/* The last entries of RAM are as good as any. */
static void check_end_of_ram(void)
{
	u64 *own = smmu.commands;

	smmu.commands = (u64 *)(ram_base + ram_size - (16 << smmu.command_log2));
	ktap_ok(smmu_enable(&smmu) && set_stage1() && reaches(IOVA, buffer), "a command queue at the end of RAM");
	for (u32 i = 0; i < 3u << smmu.command_log2; i++)
		if (!smmu_command(&smmu, CMD_TLBI_NH_ALL, 0))
			break;
	ktap_ok(smmu_sync(&smmu) && reaches(IOVA, buffer), "round and round");
	smmu.commands = own;
}

static void fill_commands(u64 word0, u64 word1)
{
	for (u32 i = 0; i < 1u << smmu.command_log2; i++) {
		smmu.commands[2 * i] = word0;
		smmu.commands[2 * i + 1] = word1;
	}
}

/* What an SMMU makes of a pointer that is out of range is its own matter; it must not be ours for ever. */
static void check_jumps(void)
{
	static const u32 jumps[] = { 1, 0xff, 0x100, 0x101, 0x1ff, 0x200, 0x3ff, 0xfffff, 0x100000, 0x80000001, ~0u };

	for (u32 i = 0; i < ARRAY_SIZE(jumps); i++) {
		smmu_enable(&smmu);
		fill_commands(CMD_TLBI_NH_ALL, 0);
		smmu_write(&smmu, SMMU_CMDQ_PROD, jumps[i]);
		smmu_write(&smmu, SMMU_EVENTQ_CONS, jumps[i]);
		timer_delay_us(1000);
		smmu_write(&smmu, SMMU_CMDQ_CONS, ~jumps[i]);
		smmu_write(&smmu, SMMU_EVENTQ_PROD, ~jumps[i]);
	}
	check_recovery("jumps of PROD and CONS");
}

/* The largest queue that there can be, full. Returns when it is empty; false: never. */
static bool run_full_queue(const char *what, u32 log2, u64 word0, u64 word1)
{
	u32 own_log2 = smmu.command_log2;
	u64 *own = smmu.commands, start, rung, end, bytes = 16ULL << log2;
	bool empty;

	smmu.commands = smmu_alloc(bytes, bytes);
	smmu.command_log2 = log2;
	if (!smmu.commands || !smmu_enable(&smmu) || !set_stage1()) {
		smmu.commands = own;
		smmu.command_log2 = own_log2;
		return false;
	}
	fill_commands(word0, word1);
	smmu.command_prod ^= 1u << log2;
	start = timer_ticks();
	smmu_ring(&smmu);
	rung = end = timer_ticks();
	while ((empty = smmu_drain(&smmu)) == false && !smmu_errors(&smmu) && end - start < timer_us(QUEUE_WAIT_US))
		end = timer_ticks();
	end = timer_ticks();
	printf("# %s: 2^%u commands, doorbell %lu us, all %lu us\n", what, log2, (rung - start) * 1000000 / timer_hz(),
	       (end - start) * 1000000 / timer_hz());
	empty = empty && reaches(IOVA, buffer);
	smmu_disable(&smmu);
	smmu.commands = own;
	smmu.command_log2 = own_log2;
	return empty;
}

static void check_full_queues(void)
{
	u32 most = FIELD_GET(IDR1_CMDQS, smmu.idr1), some = most > 12 ? 12 : most;

	ktap_ok(run_full_queue("TLBI_NH_VA", most, CMD_TLBI_NH_VA | FIELD_PREP(CMD0_ASID, 1), IOVA_NONE),
		"the largest queue full of TLBI");
	ktap_ok(run_full_queue("CFGI_ALL", some, CMD_CFGI_STE_RANGE, CFGI_RANGE_ALL), "a queue full of CFGI_ALL");
	ktap_ok(run_full_queue("CMD_SYNC", some, CMD_SYNC | FIELD_PREP(SYNC0_CS, SYNC_CS_IRQ), 0),
		"a queue full of CMD_SYNC with interrupts");
	ktap_ok(!run_full_queue("illegal", some, 0xff, 0), "a queue full of illegal commands stops");
	check_recovery("full queues");
}

/* ---- time ---- */

static void check_toggle(void)
{
	const u32 on = CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN;
	bool followed = true;
	u32 times = 0;

	/* what passes by in between is nobody's, so let it abort */
	ktap_ok(smmu_bypass_abort(&smmu, true), "GBPA says abort");
	edu_dma_start(&edu, IOVA, 0, PAGE, true, false);
	do {
		followed &= smmu_control(&smmu, times % 2 ? on : on & ~(u32)CR0_SMMUEN);
		times++;
	} while (edu_dma_busy(&edu) && times < 10000);
	ktap_ok(followed, "SMMUEN switched %u times during DMA", times);
	check_recovery("that");
	smmu_control(&smmu, 0);
	ktap_ok(!reaches(IOVA, buffer), "with SMMUEN = 0 and GBPA abort there is no DMA");
	check_recovery("that, too");
}

/* Each word of such a transfer is a fault of its own, many times what the queue takes. */
static void check_storm(void)
{
	u32 prod, got, before = smmu.event_irqs, own_log2 = smmu.event_log2;
	struct smmu_event event;

	smmu.event_log2 = SMALL_LOG2;
	ktap_ok(smmu_enable(&smmu) && set_stage1() && reaches(IOVA, buffer), "an event queue of 16");
	ktap_ok(dma_write(IOVA_NONE, PAGE), "a storm of 1024 faults");
	timer_delay_us(100000);
	prod = smmu_read(&smmu, SMMU_EVENTQ_PROD);
	got = smmu_next_event(&smmu, &event) ? 1 + smmu_drop_events(&smmu) : 0;
	ktap_ok(got && got <= 1u << smmu.event_log2, "fills the queue with %u events, no more than it takes", got);
	check_strict(got < 1u << smmu.event_log2 || (prod & EVENTQ_OVERFLOW), "and overflows it");
	printf("# %u interrupts\n", smmu.event_irqs - before);
	for (u32 i = 0; i < 5; i++)
		dma_write(IOVA_NONE, PAGE);
	smmu_drop_events(&smmu);
	smmu.event_log2 = own_log2;
	check_recovery("a storm");
	dma_write(IOVA_NONE, WORD);
	ktap_ok(event_type(EVENT_WAIT_US) == EVT_F_TRANSLATION, "and events come");
}

/* ---- another CPU ---- */

static volatile bool racing;
static volatile u32 rounds;		/* of the other CPU */

/* Legal and illegal values, faster than anybody can look twice. */
static void race(struct cpu *cpu)
{
	volatile u64 *ste = smmu_stream(&smmu, sid), good = ste[0];
	volatile u64 *table = space.root, *commands = smmu.commands, own = table[0];

	for (; racing; rounds++) {
		ste[0] = good ^ STE0_CONFIG;
		ste[0] = good;
		ste[0] = (good & ~STE0_S1CONTEXTPTR) | victims[0].address;
		ste[0] = good;
		table[0] = victims[0].address | SMMU_PTE_TABLE | SMMU_PTE_VALID;
		table[0] = own;
		for (u32 i = 0; i < 1u << smmu.command_log2; i++) {
			commands[2 * i] = random64();
			commands[2 * i + 1] = random64();
			commands[2 * i] = CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid);
		}
	}
}

static void check_race(void)
{
	u64 word0 = CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid);
	u64 deadline = timer_ticks() + timer_us(RACE_US);
	u32 errors = 0;

	if (cpu_count() < 2) {
		ktap_skip("one CPU", "tables and commands that another CPU changes");
		return;
	}
	racing = true;
	if (cpu_start(1, race) != 0) {
		ktap_ok(false, "the second CPU starts");
		return;
	}
	while (timer_ticks() < deadline) {
		if (!edu_dma_busy(&edu))
			edu_dma_start(&edu, IOVA, 0, WORD, true, false);
		for (u32 n = 0; n < 16; n++)
			smmu_queue_command(&smmu, word0, CMD1_LEAF);
		smmu_ring(&smmu);
		if (!smmu_drain(&smmu)) {
			errors++;
			smmu_command_skip(&smmu);
			smmu_drain(&smmu);
		}
		smmu_drop_events(&smmu);
	}
	racing = false;
	timer_delay_us(100000);
	while (smmu_command_error(&smmu))
		smmu_command_skip(&smmu);
	ktap_ok(rounds, "tables and commands changed by another CPU in %u rounds: %u errors", rounds, errors);
	check_recovery("that race");
}

int main(void)
{
	ktap_begin("smmu-load: a busy owner of an SMMU");
	random_seed(boot_arg("seed", 1));
	if (set_up()) {
		check_end_of_ram();
		check_recovery("a queue at the end of RAM");
		check_jumps();
		check_full_queues();
		check_toggle();
		check_storm();
		check_race();
		smmu_disable(&smmu);
	}
	ktap_end();
	return 0;
}
