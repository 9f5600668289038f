// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real smmu/ on the SMMU model (tests/model): probe and refusals, who owns a stream, queues at their edges, errors
 * of the hardware, events and storms. Random use is in tests/model/smmu_random.c.
 */
#include <string.h>

#include "machine.h"
#include <hyp/errno.h>
#include "../../hypervisor/smmu/smmu_internal.h"

#define SID	0x10

static struct stage2 s2_a, s2_b;
static struct smmu_domain a, b;

static bool logged(const char *text)
{
	return strstr(fake_log, text);
}

static void expect_refusal(const struct cfg_system *sys, int err, const char *text)
{
	assert_int_equal(smmu_init(sys), err);
	if (!logged(text))
		fail_msg("the log does not say '%s' but: %s", text, fake_log);
	assert_int_equal(models[0].cr0 & 1, 0);
	assert_int_equal(smmu_count, 0);
}

/* A started machine with two domains; everything in [0x40000000, +2 MiB) of `a` maps to 0x80000000. */
static void start_with(u32 smmus, u32 storm_limit)
{
	const struct cfg_system *sys = machine_init(smmus, storm_limit);

	for (u32 i = 0; i < smmus; i++)
		for (u32 sid = SID; sid < SID + 4; sid++)
			smmu_model_watch(&models[i], sid);
	assert_int_equal(smmu_init(sys), 0);
	assert_int_equal(stage2_init(&s2_a, 2), 0);
	assert_int_equal(stage2_init(&s2_b, 3), 0);
	assert_int_equal(stage2_map(&s2_a, ipa(0x40000000), pa(0x80000000), MIB(2), PROT_READ | PROT_WRITE), 0);
	a = (struct smmu_domain){ .name = "cell-a", .s2 = &s2_a };
	b = (struct smmu_domain){ .name = "cell-b", .s2 = &s2_b };
	fake_log[0] = 0;
}

static void give(u32 smmu, u32 sid, struct smmu_domain *domain)
{
	const struct smmu_domain *owner;

	assert_int_equal(smmu_stream_claim(smmu, sid, domain, &owner), 0);
	assert_int_equal(smmu_stream_attach(smmu, sid, domain), 0);
}

static struct model_outcome dma(u32 sid, u64 address, bool write)
{
	return smmu_model_dma(&models[0], sid, address, write, 0);
}

static int teardown(void **state)
{
	(void)state;
	assert_string_equal(machine_complaint, "");
	return 0;
}

/* ---- probe ---- */

static void refuses_what_cannot_be_isolated(void **state)
{
	static const struct {
		u32 reg, clear, set;
		const char *text;
	} cases[] = {
		{ 0, 1u << 0, 0, "no stage 2" },
		{ 0, 3u << 2, 1u << 2, "cannot walk AArch64 tables" },
		{ 0, 1u << 4, 0, "COHACC = 0" },
		{ 0, 0, 3u << 21, "big-endian" },
		{ 1, 0, 1u << 30, "fixed addresses" },
		{ 1, 0, 1u << 29, "fixed addresses" },
		{ 1, 0x1fu << 21, 0, "one entry only" },
		{ 5, 1u << 4, 0, "no 4 KiB granule" },
		{ 5, 7, 1, "40 bits of IPA, it translates 36 only" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cfg_system *sys = machine_init(1, 0);

		models[0].idr[cases[i].reg] = (models[0].idr[cases[i].reg] & ~cases[i].clear) | cases[i].set;
		expect_refusal(sys, -EINVAL, cases[i].text);
		assert_string_equal(machine_complaint, "");
		/* refused, but it aborts */
		assert_true(models[0].gbpa & GBPA_ABORT);
	}
}

static void refuses_memory_that_it_does_not_reach(void **state)
{
	struct cfg_system *sys = (struct cfg_system *)(uintptr_t)machine_init(1, 0);
	struct cfg_area *area = (struct cfg_area *)((struct cfg_cpu *)(sys + 1) + 1);

	(void)state;
	area->base = 1ULL << 44;
	expect_refusal(sys, -EINVAL, "area[0] ends at");
}

static void refuses_hardware_that_does_not_answer(void **state)
{
	const struct cfg_system *sys = machine_init(1, 0);

	(void)state;
	models[0].gbpa_stuck = true;
	expect_refusal(sys, -EIO, "GBPA does not take ABORT");
	sys = machine_init(1, 0);
	models[0].cr0_stuck = true;
	expect_refusal(sys, -EIO, "does not become");
	sys = machine_init(1, 0);
	models[0].stuck = true;
	expect_refusal(sys, -EIO, "command queue is stuck");
}

static void takes_over_from_a_boot_loader(void **state)
{
	const struct cfg_system *sys = machine_init(1, 0);
	struct model_outcome out[4];

	(void)state;
	smmu_model_watch(&models[0], SID);
	models[0].gbpa_delay = 3;
	models[0].gerror = 0x24;
	models[0].irq_ctrl = 5;
	models[0].cr0 = 8;
	assert_int_equal(smmu_init(sys), 0);
	assert_int_equal(models[0].cr0, 0xd);
	assert_int_equal(smmu_model_outcomes(&models[0], SID, 0x1000, true, out, 4), 1);
	assert_int_equal(out[0].result, MODEL_ABORT);
	assert_true(logged("16 bits of StreamID, two-level stream table, 44 bits of PA, TLBI by range"));
}

static void early_device(void)
{
	/* SMMUEN is set, interrupts are not enabled yet */
	if (models[0].cr0 == 0xd && !models[0].irq_ctrl && !models[0].evtq.prod)
		smmu_model_dma(&models[0], SID, 0x1000, true, 0);
}

static void an_event_before_the_interrupt_is_enabled(void **state)
{
	const struct cfg_system *sys = machine_init(1, 0);

	(void)state;
	smmu_model_watch(&models[0], SID);
	machine_hook = early_device;
	assert_int_equal(smmu_init(sys), 0);
	assert_int_equal(models[0].evtq.prod, 1);
	machine_irqs(10);
	assert_int_equal(smmus[0].unowned_events, 1);
	/* the next one makes an edge again */
	dma(SID, 0x1000, true);
	assert_int_equal(machine_irqs(10), 1);
	assert_int_equal(smmu_unowned_events(), 2);
}

/* ---- streams ---- */

static void a_stream_has_one_owner(void **state)
{
	const struct smmu_domain *owner;

	(void)state;
	start_with(1, 0);
	assert_int_equal(smmu_stream_claim(0, 1u << 16, &a, &owner), -EINVAL);
	assert_int_equal(smmu_stream_claim(0, ~0u, &a, &owner), -EINVAL);
	assert_int_equal(smmu_stream_claim(1, SID, &a, &owner), -EINVAL);
	assert_int_equal(smmu_stream_attach(0, SID, &a), -EINVAL);
	assert_int_equal(smmu_stream_claim(0, SID, &a, &owner), 0);
	assert_int_equal(smmu_stream_claim(0, SID, &b, &owner), -EBUSY);
	assert_ptr_equal(owner, &a);
	assert_int_equal(dma(SID, 0x40000000, true).result, MODEL_ABORT);
	assert_int_equal(smmu_stream_attach(0, SID, &a), 0);
	assert_int_equal(smmus[0].vmid_streams[s2_a.vmid], 1);
	assert_int_equal(smmu_stream_attach(0, SID, &b), -EINVAL);
	assert_int_equal(smmu_stream_block(0, SID, &b), -EINVAL);
	assert_int_equal(smmu_stream_release(0, SID, &b), -EINVAL);
	assert_int_equal(dma(SID, 0x40001234, true).pa, 0x80001234);
	assert_int_equal(smmu_stream_attach(0, SID, &a), 0);
	assert_int_equal(smmus[0].vmid_streams[s2_a.vmid], 1);
	assert_int_equal(smmu_stream_release(0, SID, &a), 0);
	assert_int_equal(smmus[0].vmid_streams[s2_a.vmid], 0);
	assert_int_equal(smmu_stream_claim(0, SID, &b, &owner), 0);
	assert_int_equal(smmu_stream_release(0, SID, &b), 0);
	assert_int_equal(smmu_stream_release(0, SID, &b), -EINVAL);
}

static void a_linear_table_works_as_well(void **state)
{
	const struct cfg_system *sys = machine_init(1, 0);

	(void)state;
	models[0].idr[0] &= ~(3u << 27);
	models[0].idr[1] = (models[0].idr[1] & ~0x3fu) | 8;
	models[0].idr[3] = 0;
	smmu_model_watch(&models[0], 0xff);
	assert_int_equal(smmu_init(sys), 0);
	assert_int_equal(stage2_init(&s2_a, 2), 0);
	assert_int_equal(stage2_map(&s2_a, ipa(0), pa(0x80000000), MIB(4), PROT_READ), 0);
	a = (struct smmu_domain){ .name = "cell-a", .s2 = &s2_a };
	give(0, 0xff, &a);
	assert_int_equal(dma(0xff, 0x3ff000, false).pa, 0x803ff000);
	assert_int_equal(dma(0xff, 0x3ff000, true).event, EVT_F_PERMISSION);
	/* without TLBI by range: single pages, and everything when it is many */
	assert_int_equal(stage2_unmap(&s2_a, ipa(0x3fe000), 0x2000), 0);
	assert_int_equal(models[0].opcodes[CMD_TLBI_S2_IPA] % 2, 0);
	assert_int_equal(dma(0xff, 0x3ff000, false).result, MODEL_ABORT);
	models[0].opcodes[CMD_TLBI_S12_VMALL] = 0;
	assert_int_equal(stage2_unmap(&s2_a, ipa(0), MIB(2)), 0);
	assert_true(models[0].opcodes[CMD_TLBI_S12_VMALL] > 0);
	assert_int_equal(dma(0xff, 0, false).result, MODEL_ABORT);
}

static void each_smmu_is_told(void **state)
{
	u64 syncs;

	(void)state;
	start_with(2, 0);
	/* the same StreamID behind another SMMU is another stream */
	give(0, SID, &a);
	give(1, SID, &b);
	syncs = models[1].syncs;
	assert_int_equal(stage2_unmap(&s2_a, ipa(0x40000000), MIB(2)), 0);
	assert_int_equal(models[1].syncs, syncs);
	give(1, SID + 1, &a);
	assert_int_equal(stage2_map(&s2_a, ipa(0), pa(0x90000000), MIB(2), PROT_READ), 0);
	assert_int_equal(smmu_model_dma(&models[1], SID + 1, 0, false, 0).pa, 0x90000000);
	assert_int_equal(stage2_unmap(&s2_a, ipa(0), MIB(2)), 0);
	assert_true(models[1].syncs > syncs);
	assert_int_equal(smmu_model_dma(&models[1], SID + 1, 0, false, 0).result, MODEL_ABORT);
}

/* ---- the command queue ---- */

static void one_doorbell_and_one_sync_a_batch(void **state)
{
	struct smmu_cmd cmd = { .dw[0] = CMD_TLBI_NSNH_ALL }, cmds[300];
	u64 doorbells, syncs;

	(void)state;
	start_with(1, 0);
	for (u32 i = 0; i < 300; i++)
		cmds[i] = cmd;
	/* every fill level, many times around the wrap bit */
	for (u32 n = 0; n < 255; n++) {
		doorbells = models[0].doorbells;
		syncs = models[0].syncs;
		models[0].slow = n % 3;
		assert_int_equal(cmdq_run(&smmus[0], NULL, cmds, n), 0);
		assert_int_equal(models[0].doorbells, doorbells + 1);
		assert_int_equal(models[0].syncs, syncs + 1);
	}
	/* more than fit at once */
	syncs = models[0].commands;
	assert_int_equal(cmdq_run(&smmus[0], NULL, cmds, 300), 0);
	assert_int_equal(models[0].commands, syncs + 302);
}

static void an_illegal_command_is_reported_and_passed_over(void **state)
{
	struct smmu_cmd cmds[3] = { { { CMD_TLBI_NSNH_ALL } }, { { 0xee } }, { { CMD_TLBI_NSNH_ALL } } };
	u64 tlbi;

	(void)state;
	start_with(1, 0);
	tlbi = models[0].opcodes[CMD_TLBI_NSNH_ALL];
	assert_int_equal(cmdq_run(&smmus[0], NULL, cmds, 3), -EIO);
	assert_true(logged("illegal command (command 00000000000000ee"));
	/* the rest of the batch was done, and the queue goes on */
	assert_int_equal(models[0].opcodes[CMD_TLBI_NSNH_ALL], tlbi + 2);
	assert_int_equal(cmdq_run(&smmus[0], NULL, cmds, 1), 0);
	assert_false(smmu_failed());
	/* the GERROR interrupt finds it done */
	machine_irqs(10);
	assert_int_equal(models[0].gerror, models[0].gerrorn);
}

static void a_fetch_abort_is_tried_again(void **state)
{
	(void)state;
	start_with(1, 0);
	models[0].inject_abt = 3;
	give(0, SID, &a);
	assert_true(logged("external abort on fetch"));
	assert_int_equal(dma(SID, 0x40000000, true).pa, 0x80000000);
	assert_false(smmu_failed());
}

static void a_stuck_queue_is_an_error_not_a_hang(void **state)
{
	const struct smmu_domain *owner;
	u64 before;

	(void)state;
	start_with(1, 0);
	give(0, SID, &a);
	models[0].stuck = true;
	before = fake_ticks;
	assert_int_equal(smmu_stream_block(0, SID, &a), -EIO);
	/* in time (1 tick = 1 us), and later calls fail at once */
	assert_in_range(fake_ticks - before, 100000, 110000);
	assert_true(logged("command queue is stuck"));
	assert_true(logged("can no longer be vouched for"));
	assert_true(smmu_failed());
	before = fake_ticks;
	assert_int_equal(stage2_unmap(&s2_a, ipa(0x40000000), MIB(2)), -EIO);
	assert_int_equal(smmu_stream_release(0, SID, &a), -EIO);
	assert_in_range(fake_ticks - before, 0, 1000);
	/* nobody gets the stream, and nothing points to a cell that may be gone */
	assert_int_equal(smmu_stream_claim(0, SID, &b, &owner), -EBUSY);
	assert_string_equal(owner->name, "(lost: its SMMU failed)");
	assert_int_equal(smmu_stream_attach(0, SID, &a), -EIO);
}

static void service_failure_mode_is_loud(void **state)
{
	(void)state;
	start_with(1, 0);
	for (u32 bit = 2; bit <= 10; bit++)
		model_gerror(&models[0], bit);
	assert_int_equal(machine_irqs(20), 1);
	assert_true(logged("global error 2: external abort on write to the event queue"));
	assert_true(logged("global error 8: service failure mode"));
	assert_true(smmu_failed());
	assert_int_equal(models[0].gerror, models[0].gerrorn);
}

/* ---- events ---- */

static void events_go_to_the_owner(void **state)
{
	(void)state;
	start_with(1, 0);
	give(0, SID, &a);
	give(0, SID + 1, &b);
	dma(SID, 0x40200000, true);
	dma(SID, 0x40201000, false);
	dma(SID + 1, 0x40000000, true);
	dma(SID + 2, 0x1000, true);
	machine_irqs(10);
	assert_int_equal(a.stats.write_violations, 1);
	assert_int_equal(a.stats.read_violations, 1);
	assert_int_equal(a.stats.last_address, 0x40201000);
	assert_int_equal(a.stats.last_sid, SID);
	assert_int_equal(b.stats.write_violations, 1);
	assert_int_equal(smmu_unowned_events(), 1);
	assert_true(logged("cell cell-a: DMA write violation by stream 0x10 (smmu 0) at address 0x40200000: "
			   "translation fault at stage 2\n"));
	assert_true(logged("cell cell-b: DMA write violation by stream 0x11"));
	assert_true(logged("stream 0x12, which no cell owns: no valid stream table entry"));
	/* blocked: nothing is recorded; released: it is nobody's, no more cell-a's */
	assert_int_equal(smmu_stream_block(0, SID, &a), 0);
	dma(SID, 0x40200000, true);
	machine_irqs(10);
	assert_int_equal(a.stats.write_violations, 1);
	assert_int_equal(smmu_stream_release(0, SID, &a), 0);
	dma(SID, 0x40200000, true);
	machine_irqs(10);
	assert_int_equal(a.stats.write_violations + a.stats.other_events, 1);
	assert_int_equal(smmu_unowned_events(), 2);
}

static void what_a_stream_did_before_its_block_is_counted(void **state)
{
	(void)state;
	start_with(1, 0);
	give(0, SID, &a);
	for (u32 i = 0; i < 200; i++)
		dma(SID, 0, true);
	/* no interrupt has run yet */
	assert_int_equal(smmu_stream_release(0, SID, &a), 0);
	assert_int_equal(a.stats.write_violations, 200);
	machine_irqs(10);
	assert_int_equal(smmu_unowned_events(), 0);
}

static void batches_are_bounded_and_nothing_is_left(void **state)
{
	(void)state;
	start_with(1, 0);
	give(0, SID, &a);
	for (u32 round = 0; round < 20; round++) {
		u64 before = a.stats.write_violations;

		for (u32 i = 0; i < 150; i++)
			dma(SID, 0, true);
		/* one edge; each run does 64 and asks for the next */
		assert_int_equal(machine_irqs(1), 1);
		assert_int_equal(a.stats.write_violations, before + 64);
		assert_int_equal(machine_irqs(10), 2);
		assert_int_equal(a.stats.write_violations, before + 150);
	}
	assert_int_equal(machine_kicks, 40);
}

static void overflow_is_noticed_each_time(void **state)
{
	(void)state;
	start_with(1, 0);
	give(0, SID, &a);
	for (u32 round = 0; round < 3; round++) {
		fake_log[0] = 0;
		for (u32 i = 0; i < 300; i++)
			dma(SID, 0, true);
		machine_irqs(10);
		assert_true(logged("event queue overflowed"));
		assert_int_equal(a.stats.write_violations, (round + 1) * 256);
		assert_int_equal(models[0].events_lost, (round + 1) * 44);
		fake_log[0] = 0;
		dma(SID, 0, true);
		a.stats.write_violations--;
		machine_irqs(10);
		assert_false(logged("overflowed"));
	}
}

static void a_storm_is_silenced_until_the_next_attach(void **state)
{
	(void)state;
	start_with(1, 20);
	give(0, SID, &a);
	give(0, SID + 1, &a);
	for (u32 i = 0; i < 50; i++)
		dma(SID, 0, true);
	machine_irqs(10);
	assert_true(logged("stream 0x10 of cell cell-a causes more than 20 events a second"));
	fake_log[0] = 0;
	assert_int_equal(dma(SID, 0x40000000, true).result, MODEL_ABORT);
	assert_int_equal(dma(SID, 0, true).event, 0);
	assert_int_equal(dma(SID + 1, 0x40000000, true).result, MODEL_TRANSLATED);
	assert_int_equal(machine_irqs(10), 0);
	assert_int_equal(smmu_stream_attach(0, SID, &a), 0);
	assert_int_equal(dma(SID, 0x40000000, true).result, MODEL_TRANSLATED);
	/* spread over time it is no storm */
	for (u32 i = 0; i < 50; i++) {
		dma(SID, 0, true);
		machine_irqs(10);
		fake_ticks += 100000;
	}
	assert_false(logged("a second"));
}

static void a_storm_of_a_stream_that_nobody_owns(void **state)
{
	(void)state;
	start_with(1, 20);
	smmu_model_watch(&models[0], 0x7777);
	for (u32 i = 0; i < 50; i++) {
		dma(0x7777, 0, true);
		machine_irqs(10);
	}
	assert_true(logged("stream 0x7777 of nobody causes more than 20 events a second"));
	assert_int_equal(dma(0x7777, 0, true).event, 0);
	assert_in_range(smmu_unowned_events(), 20, 22);
	/* it can be had afterwards */
	give(0, 0x7777, &a);
	assert_int_equal(dma(0x7777, 0x40000000, true).result, MODEL_TRANSLATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_be_isolated),
		cmocka_unit_test(refuses_memory_that_it_does_not_reach),
		cmocka_unit_test(refuses_hardware_that_does_not_answer),
		cmocka_unit_test_teardown(takes_over_from_a_boot_loader, teardown),
		cmocka_unit_test_teardown(an_event_before_the_interrupt_is_enabled, teardown),
		cmocka_unit_test_teardown(a_stream_has_one_owner, teardown),
		cmocka_unit_test_teardown(a_linear_table_works_as_well, teardown),
		cmocka_unit_test_teardown(each_smmu_is_told, teardown),
		cmocka_unit_test_teardown(one_doorbell_and_one_sync_a_batch, teardown),
		cmocka_unit_test_teardown(an_illegal_command_is_reported_and_passed_over, teardown),
		cmocka_unit_test_teardown(a_fetch_abort_is_tried_again, teardown),
		cmocka_unit_test_teardown(a_stuck_queue_is_an_error_not_a_hang, teardown),
		cmocka_unit_test_teardown(service_failure_mode_is_loud, teardown),
		cmocka_unit_test_teardown(events_go_to_the_owner, teardown),
		cmocka_unit_test_teardown(what_a_stream_did_before_its_block_is_counted, teardown),
		cmocka_unit_test_teardown(batches_are_bounded_and_nothing_is_left, teardown),
		cmocka_unit_test_teardown(overflow_is_noticed_each_time, teardown),
		cmocka_unit_test_teardown(a_storm_is_silenced_until_the_next_attach, teardown),
		cmocka_unit_test_teardown(a_storm_of_a_stream_that_nobody_owns, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
