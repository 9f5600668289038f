// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated SMMU where the refinement test is random and this is exhaustive: all opcodes, all bits of an entry, and
 * queues at their edges; and what a hostile cell could hope for.
 */
#include "vsmmu_unit_rig.h"

/* ---- commands ---- */

/* What the documentation says: by opcode, and with SSEC = 1. */
static bool legal(u32 op, bool ssec, u32 kind)
{
	switch (op) {
	case 0x01 ... 0x06:
		return !ssec;
	case 0x10 ... 0x13: case 0x30: case 0x46:
		return true;
	case 0x40: case 0x41: case 0x44: case 0x45:
		return !ssec && kind == FULL;
	default:
		return false;
	}
}

/* Opcodes that the physical SMMU gets because of one of the cell's about its own stream, and one about another's. */
static u32 forwarded(u32 op, bool own)
{
	switch (op) {
	case 0x03: case 0x04:
		return own ? 0x03 : 0;
	case 0x05: case 0x06: case 0x40: case 0x41: case 0x44: case 0x45:
		return own ? op : 0;
	case 0x10 ... 0x13:
		return op;
	case 0x30:
		return 0x10;
	default:
		return 0;
	}
}

static void one_opcode(u32 op, bool ssec, bool own, u32 kind)
{
	u64 before[256], sid = own ? g->vsid[0] : 9;
	u32 error, expected = forwarded(op, own);

	memcpy(before, models[0].opcodes, sizeof(before));
	error = command(op | (ssec ? CMD0_SSEC : 0) | sid << 32, 0);
	if (error != (legal(op, ssec, kind) ? 0 : CERROR_ILL))
		fail_msg("opcode 0x%02x, SSEC %d: CERROR %u", op, ssec, error);
	for (u32 i = 0; i < 256; i++) {
		bool may = i == 0x46 || (!error && i == expected);

		if (!may && models[0].opcodes[i] != before[i])
			fail_msg("opcode 0x%02x, SSEC %d becomes 0x%02x", op, ssec, i);
	}
	if (!error && expected && models[0].opcodes[expected] == before[expected])
		fail_msg("opcode 0x%02x is not forwarded", op);
}

static void every_opcode_is_on_the_list_or_illegal(void **state)
{
	(void)state;
	for (u32 kind = PLAIN; kind <= FULL; kind++) {
		start(kind);
		for (u32 i = 0; i < 4 * 256; i++)
			one_opcode(i % 256, i & 256, i & 512, kind);
	}
}

static void reserved_values_are_illegal(void **state)
{
	const u64 sid = 1ULL << 32;

	(void)state;
	start(FULL);
	for (u32 i = 0; i < 64; i++) {
		assert_int_equal(command(CMD_SYNC | (u64)(i & 3) << 12, 0), (i & 3) == 3 ? CERROR_ILL : 0);
		assert_int_equal(command(CMD_ATC_INV | sid, i), i > 52 ? CERROR_ILL : 0);
		assert_int_equal(command(CMD_PRI_RESP | sid, (u64)(i & 3) << 12), (i & 3) == 3 ? CERROR_ILL : 0);
	}
	/* a range of TTL 0, NUM 0, SCALE 0; TTL 1 of 16 KiB is none */
	for (u64 tg = 0; tg < 4; tg++) {
		for (u64 ttl = 0; ttl < 4; ttl++) {
			bool bad = tg && (!ttl || (ttl == 1 && tg == 2));

			assert_int_equal(command(CMD_TLBI_NH_VA, tg << 10 | ttl << 8), bad ? CERROR_ILL : 0);
			assert_int_equal(command(CMD_TLBI_NH_VAA | 1 << 12, tg << 10 | ttl << 8), 0);
		}
	}
}

/* A CMD_SYNC makes what was recorded before it visible, and that before CONS says that it is done. */
static u32 done_without_event;

static void watch_cons(const struct fake_call *call)
{
	(void)call;
	done_without_event += (get(SMMU_CMDQ_CONS) & 0xfffff) == prod && !get(SMMU_EVENTQ_PROD);
}

static void a_sync_makes_events_visible(void **state)
{
	(void)state;
	start(PLAIN);
	assert_int_equal(command(CMD_CFGI_STE | (u64)g->vsid[0] << 32, 0), 0);
	/* the entry is invalid; and nobody takes the interrupt */
	smmu_model_dma(&models[0], g->sid[0], at(P_DATA), false, 0);
	assert_int_equal(get(SMMU_EVENTQ_PROD), 0);
	done_without_event = 0;
	fake_on_call = watch_cons;
	queue(CMD_SYNC, 0);
	set(SMMU_CMDQ_PROD, prod);
	fake_on_call = NULL;
	assert_int_equal(outcome(), 0);
	assert_int_equal(get(SMMU_EVENTQ_PROD), 1);
	assert_int_equal(done_without_event, 0);
	assert_int_equal(words(P_EVENTQ)[0], EVT_C_BAD_STE | (u64)g->vsid[0] << 32);
}

/* ---- stream table entries ---- */

#define S1_DW0		(STE0_S1FMT | STE0_S1CONTEXTPTR | STE0_S1CDMAX)
#define S1_DW1		(STE1_S1DSS | STE1_S1CIR | STE1_S1COR | STE1_S1CSH | STE1_S1STALLD | STE1_EATS)

static void configure(const u64 *dw)
{
	memcpy(guest_ste(), dw, 64);
	assert_int_equal(command(CMD_CFGI_STE | (u64)g->vsid[0] << 32, CMD1_LEAF), 0);
}

/* Whatever the cell wrote: abort, invalid, or stage 2 with what may be the cell's. */
static void check_entry(const struct ste *s2, u64 bit)
{
	const struct ste *is = physical();
	u64 config = FIELD_GET(STE0_CONFIG, is->dw[0]), own0 = STE0_V | STE0_CONFIG, own1 = STE1_OVERRIDES;

	if (!(is->dw[0] & STE0_V) || config == STE_CONFIG_ABORT) {
		assert_int_equal(is->dw[0] & ~(STE0_V | STE0_CONFIG), 0);
		return;
	}
	if (config == STE_CONFIG_S1_S2) {
		own0 |= S1_DW0;
		own1 = S1_DW1;
	} else {
		assert_int_equal(config, STE_CONFIG_S2);
	}
	if ((is->dw[0] & ~own0) || ((is->dw[1] ^ s2->dw[1]) & ~own1))
		fail_msg("bit %u of the cell's entry: %016llx %016llx", (u32)bit, (unsigned long long)is->dw[0],
			 (unsigned long long)is->dw[1]);
	/* walks of stage 1 in device memory are refused */
	assert_int_equal(is->dw[2], s2->dw[2] | (config == STE_CONFIG_S1_S2 ? STE2_S2PTW : 0));
	assert_memory_equal(is->dw + 3, s2->dw + 3, 40);
}

/* Split-stage ATS stands for the cell's full one, and nothing for anything else. */
static void check_ats(void)
{
	u64 eats = FIELD_GET(STE1_EATS, physical()->dw[1]);

	if (eats && eats != STE_EATS_SPLIT)
		fail_msg("EATS %u in an entry of ours", (u32)eats);
}

static void each_bit_of_an_entry_alone(void **state)
{
	(void)state;
	for (u32 kind = PLAIN; kind <= FULL; kind++) {
		for (u32 config = 0; config < 8; config++) {
			struct ste s2;

			start_with(kind, 0);
			s2 = *physical();
			start(kind);
			for (u32 bit = 0; bit < 512; bit++) {
				u64 dw[8] = { STE0_V | config << 1 | at(P_CDS) };

				dw[bit / 64] ^= BIT(bit % 64);
				configure(dw);
				check_entry(&s2, bit);
				check_ats();
			}
			for (u32 i = 0; i < 8; i++) {
				u64 dw[8] = { STE0_V | config << 1 | at(P_CDS) };

				dw[i] |= ~(u64)(i ? 0 : STE0_V | STE0_CONFIG);
				configure(dw);
				check_entry(&s2, 1000 + i);
				check_ats();
			}
		}
	}
}

/* And what it may decide does arrive. */
static void what_is_the_cells_arrives(void **state)
{
	const u64 dw[8] = { STE0_V | STE_CONFIG_S1 << 1 | FIELD_PREP(STE0_S1FMT, 1) | at(P_CDS) | 5ULL << 59,
			    FIELD_PREP(STE1_S1DSS, 2) | FIELD_PREP(STE1_S1CIR, 1) | FIELD_PREP(STE1_S1COR, 2) |
			    FIELD_PREP(STE1_S1CSH, 3) | STE1_S1STALLD | FIELD_PREP(STE1_EATS, STE_EATS_FULL) };

	(void)state;
	start(FULL);
	configure(dw);
	assert_int_equal(physical()->dw[0] & S1_DW0, dw[0] & S1_DW0);
	assert_int_equal(physical()->dw[1] & S1_DW1 & ~STE1_EATS, dw[1] & S1_DW1 & ~STE1_EATS);
	assert_int_equal(FIELD_GET(STE1_EATS, physical()->dw[1]), STE_EATS_SPLIT);
}

/* ---- queues ---- */

static void commands_at(u64 base, u32 log2)
{
	set(SMMU_CR0, ON & ~CR0_CMDQEN);
	set64(SMMU_CMDQ_BASE, base | log2);
	set(SMMU_CMDQ_PROD, 0);
	set(SMMU_CMDQ_CONS, 0);
	set(SMMU_GERRORN, get(SMMU_GERROR));
	set(SMMU_CR0, ON);
}

static void a_command_queue_wraps(void **state)
{
	(void)state;
	start(PLAIN);
	for (u32 log2 = 0; log2 <= 8; log2++) {
		u64 done = models[0].opcodes[0x10];
		u32 size = 1u << log2;

		for (u32 i = 0; i < 2 * size; i++)
			words(P_CMDQ)[i] = i % 2 ? 0 : CMD_TLBI_NH_ALL;
		commands_at(at(P_CMDQ), log2);
		for (u32 i = 1; i <= 5 * size; i++) {
			set(SMMU_CMDQ_PROD, i & (2 * size - 1));
			assert_int_equal(get(SMMU_CMDQ_CONS), i & (2 * size - 1));
		}
		assert_int_equal(models[0].opcodes[0x10] - done, 5 * size);
	}
}

/* An index that the queue does not have, and more entries than it has room for: bounded, and no error of ours. */
static void prod_jumps(void **state)
{
	(void)state;
	start(PLAIN);
	for (u32 i = 0; i < 256; i++)
		words(P_CMDQ)[i] = i % 2 ? 0 : CMD_SYNC;
	for (u32 bit = 0; bit < 32; bit++) {
		u32 value = 1u << bit | 1;

		commands_at(at(P_CMDQ), 3);
		set(SMMU_CMDQ_PROD, value);
		world_settle();
		assert_int_equal(get(SMMU_CMDQ_PROD), value & 0xfffff);
		assert_int_equal(get(SMMU_CMDQ_CONS), value & 0xf);
	}
	commands_at(at(P_CMDQ), 7);
	for (u32 value = 1; value < 256; value += 7) {
		set(SMMU_CMDQ_PROD, value ^ 0x80);
		world_settle();
		assert_int_equal(get(SMMU_CMDQ_CONS), value ^ 0x80);
	}
}

static u32 error_at(u64 base, u32 log2, u32 to)
{
	commands_at(base, log2);
	set(SMMU_CMDQ_PROD, to);
	world_settle();
	return (get(SMMU_GERROR) ^ get(SMMU_GERRORN)) & GERROR_CMDQ_ERR ? get(SMMU_CMDQ_CONS) >> 24 : 0;
}

static void command_queues_at_the_edge(void **state)
{
	const u64 end = g->ram + PAGES * PAGE_SIZE;

	(void)state;
	start(PLAIN);
	for (u32 i = 0; i < PAGE_SIZE / 16; i++)
		words(PAGES - 1)[2 * i] = CMD_SYNC;
	assert_int_equal(error_at(end - PAGE_SIZE, 8, 0xff), 0);
	assert_int_equal(error_at(end - 128, 3, 7), 0);
	/* the address counts from the size of the queue on */
	assert_int_equal(error_at(end - 32, 3, 7), 0);
	assert_int_equal(error_at(end, 3, 1), CERROR_ABT);
	assert_int_equal(get(SMMU_CMDQ_CONS) & 0xfffff, 0);
	assert_int_equal(error_at(g->ram - 128, 3, 1), CERROR_ABT);
	assert_int_equal(error_at(GENMASK(51, 5) & ~0x7fULL, 3, 1), CERROR_ABT);
	assert_int_equal(error_at(0, 3, 1), CERROR_ABT);
	/* without the right to write it can still be read */
	world_unmap(g, PAGES - 1);
	world_map(g, PAGES - 1, false);
	assert_int_equal(error_at(end - PAGE_SIZE, 8, 3), 0);
	world_unmap(g, PAGES - 1);
	assert_int_equal(error_at(end - PAGE_SIZE, 8, 3), CERROR_ABT);
	world_map(g, PAGES - 1, true);
}

/* The largest that a config can say, over the end of the RAM; and a queue in the pages of the registers themselves. */
static void queues_that_are_strange(void **state)
{
	struct cfg_vsmmu *config;

	(void)state;
	start_with(FULL, 0);
	config = (struct cfg_vsmmu *)v->config;
	config->cmdq_log2 = config->eventq_log2 = config->priq_log2 = 19;
	vsmmu_cell_reset(&g->home->cell);
	/* 16 B << 19 from the start of the RAM: the first 64 pages are there */
	for (u32 i = 0; i < PAGES * PAGE_SIZE / 16; i++)
		words(i / 256)[2 * (i % 256)] = CMD_TLBI_NH_ALL;
	assert_int_equal(error_at(g->ram, 31, 0xfffff), CERROR_ABT);
	assert_int_equal(get(SMMU_CMDQ_CONS) & 0xfffff, PAGES * PAGE_SIZE / 16);
	assert_int_equal(error_at(v->config->ipa, 3, 4), CERROR_ILL);
}

static void events_at(u64 base, u32 log2)
{
	set(SMMU_CR0, ON & ~CR0_EVENTQEN);
	set64(SMMU_EVENTQ_BASE, base | log2);
	set(SMMU_EVENTQ_PROD, 0);
	set(SMMU_EVENTQ_CONS, 0);
	set(SMMU_GERRORN, get(SMMU_GERROR));
	set(SMMU_CR0, ON);
}

static void an_event_queue_wraps_and_overflows(void **state)
{
	(void)state;
	start(PLAIN);
	for (u32 log2 = 0; log2 <= 7; log2++) {
		u32 size = 1u << log2;

		events_at(at(P_EVENTQ), log2);
		for (u32 i = 1; i <= 5 * size; i++) {
			events(1);
			assert_int_equal(get(SMMU_EVENTQ_PROD), i & (2 * size - 1));
			set(SMMU_EVENTQ_CONS, i & (2 * size - 1));
		}
		events(size);
		assert_int_equal(get(SMMU_EVENTQ_PROD), (6 * size) & (2 * size - 1));
		events(1);
		assert_int_equal(get(SMMU_EVENTQ_PROD), ((6 * size) & (2 * size - 1)) | QUEUE_OVERFLOW);
		/* not again until it is acknowledged, nor with room alone */
		events(1);
		assert_true(get(SMMU_EVENTQ_PROD) & QUEUE_OVERFLOW);
		set(SMMU_EVENTQ_CONS, get(SMMU_EVENTQ_PROD));
		events(1);
		assert_int_equal(get(SMMU_EVENTQ_PROD), ((6 * size + 1) & (2 * size - 1)) | QUEUE_OVERFLOW);
	}
}

static void event_queues_at_the_edge(void **state)
{
	const u64 end = g->ram + PAGES * PAGE_SIZE;
	const struct { u64 base; bool works; } cases[] = {
		{ end - PAGE_SIZE, true }, { end - 256, true }, { end - 32, true }, { end, false }, { g->ram - 256, false },
		{ GENMASK(51, 8), false }, { 0, false }, { v->config->ipa, false }, { v->config->ipa + SMMU_PAGE1, false },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		start(PLAIN);
		events_at(cases[i].base, 3);
		take_snapshot();
		events(8);
		assert_int_equal(get(SMMU_EVENTQ_PROD), cases[i].works ? 8 : 0);
		assert_int_equal(get(SMMU_GERROR), cases[i].works ? 0 : GERROR_EVENTQ_ABT_ERR);
		/* and nothing else in the pages that the cell must not write */
		assert_true(changed() == (cases[i].works ? SMMU_EVENTQ_PROD : SMMU_GERROR));
	}
}

/* ---- what a hostile cell could hope for ---- */

static u32 lines_of(const char *text)
{
	u32 n = 0;

	for (const char *p = fake_log; (p = strstr(p, text)); p++)
		n++;
	return n;
}

/* It may let its silenced stream speak again as often as it likes. */
static void a_storm_does_not_flood_the_log(void **state)
{
	(void)state;
	start_with(PLAIN, 20);
	set64(SMMU_CMDQ_BASE, at(P_CMDQ) | CMDQ_LOG2);
	set64(SMMU_STRTAB_BASE, at(P_STRTAB));
	set(SMMU_STRTAB_BASE_CFG, 6);
	set(SMMU_CR0, ON);
	for (u32 i = 0; i < 500; i++) {
		assert_int_equal(command(CMD_CFGI_STE | (u64)g->vsid[0] << 32, 0), 0);
		events(1);
	}
	assert_in_range(lines_of("aborts silently"), 1, 20);
}

/* What the hardware says about itself, or about physical memory, is not for the cell. */
static void events_have_no_physical_address(void **state)
{
	(void)state;
	start(FULL);
	for (u32 type = 0; type < 256; type++) {
		const u64 sid = g->sid[0], vsid = g->vsid[0];
		const struct smmu_event event = {
			{ type | sid << 32, EVT1_S2 | FIELD_PREP(EVT1_CLASS, EVT_CLASS_IN), 0x1234, at(0) },
		};
		bool told = type <= EVT_F_CFG_CONFLICT && type != EVT_F_STE_FETCH &&
			    (type < EVT_F_TRANSLATION || type > EVT_F_PERMISSION);
		bool fetch = type == EVT_F_CD_FETCH || type == EVT_F_WALK_EABT;
		const u64 *is = words(P_EVENTQ);

		events_at(at(P_EVENTQ), EVENTQ_LOG2);
		assert_true(g->home->cell.dma.event(&g->home->cell.dma, 0, &event, false));
		world_settle();
		assert_int_equal(get(SMMU_EVENTQ_PROD), told);
		if (!told)
			continue;
		assert_int_equal(is[0], type | vsid << 32);
		assert_int_equal(is[1], event.dw[1] & ~(fetch ? EVT1_S2 : 0));
		assert_int_equal(is[2], 0x1234);
		assert_int_equal(is[3], fetch ? 0 : event.dw[3]);
	}
}

/* It waits while the queue cannot be written, and no longer. */
static void the_event_of_a_stalled_transaction_waits(void **state)
{
	const struct { u32 before, after, offset; bool room; } waits[] = {
		{ .offset = SMMU_GERRORN, .after = GERROR_EVENTQ_ABT_ERR, .room = true },
		{ .offset = SMMU_CR0, .before = ON & ~CR0_EVENTQEN, .after = ON, .room = true },
		{ .offset = SMMU_EVENTQ_CONS, .after = 1 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(waits); i++) {
		struct smmu_event event = { { EVT_F_TRANSLATION, EVT1_STALL | FIELD_PREP(EVT1_CLASS, EVT_CLASS_IN) } };
		u32 full = waits[i].room ? 0 : 8;

		start(FULL);
		event.dw[0] |= (u64)g->sid[0] << 32;
		if (waits[i].offset == SMMU_GERRORN) {
			events_at(0, 3);
			events(1);
			set(SMMU_CR0, ON & ~CR0_EVENTQEN);
			set64(SMMU_EVENTQ_BASE, at(P_EVENTQ) | 3);
			set(SMMU_CR0, ON);
		}
		events(full);
		if (waits[i].before)
			set(waits[i].offset, waits[i].before);
		assert_true(g->home->cell.dma.event(&g->home->cell.dma, 0, &event, false));
		world_settle();
		assert_int_equal(get(SMMU_EVENTQ_PROD), full);
		set(waits[i].offset, waits[i].after);
		if (get(SMMU_EVENTQ_PROD) != full + 1)
			fail_msg("it still waits after register 0x%x", waits[i].offset);
	}
}

/* More page requests than wait for a CPU of the cell: the device asks again, for a failure would be for good. */
static void page_requests_without_room_come_again(void **state)
{
	(void)state;
	start(FULL);
	set(SMMU_CR0, ON | CR0_PRIQEN);
	for (u16 i = 0; i < VSMMU_EVENTS + 5; i++)
		assert_true(smmu_model_page_request(&models[0], &(struct model_txn){ .sid = g->sid[0] }, i, true));
	machine_irqs(16);
	assert_int_equal(g->real_answers[PRI_RESP_SUCCESS], 5);
	/* its own queue has four places */
	world_settle();
	assert_int_equal(g->real_answers[PRI_RESP_SUCCESS], 5 + VSMMU_EVENTS - 4);
	assert_int_equal(g->real_answers[PRI_RESP_FAILURE], 0);
	assert_int_equal(get(SMMU_PRIQ_PROD), QUEUE_OVERFLOW | 4);
	/* and while it takes none, they fail */
	set(SMMU_CR0, ON);
	assert_true(smmu_model_page_request(&models[0], &(struct model_txn){ .sid = g->sid[0] }, 1, true));
	world_settle();
	assert_int_equal(g->real_answers[PRI_RESP_FAILURE], 1);
}

static bool waited;

static void somebody_leaves(void)
{
	if (smmus[0].lock.next - smmus[0].lock.owner < 2)
		return;
	waited = true;
	assert_non_null(g->home->cell.vsmmu);
	assert_null(g->home->cell.dma.event);
	spin_unlock(&smmus[0].lock);
}

/* A CPU that is about to hand over a page request holds the SMMU's lock; what it writes to must still be there. */
static void destruction_waits_for_who_delivers(void **state)
{
	(void)state;
	start(FULL);
	for (u32 n = 0; n < STREAMS; n++)
		assert_int_equal(smmu_stream_block(0, g->sid[n], &g->home->cell.dma), 0);
	vsmmu_cell_reset(&g->home->cell);
	waited = false;
	spin_lock(&smmus[0].lock);
	machine_hook = somebody_leaves;
	vsmmu_cell_exit(&g->home->cell);
	machine_hook = NULL;
	assert_true(waited);
	assert_null(g->home->cell.vsmmu);
	g->home->running = false;
	/* and later it is refused, rather than kept for nobody */
	smmu_model_page_request(&models[0], &(struct model_txn){ .sid = g->sid[0] }, 1, true);
	world_settle();
	assert_int_equal(g->real_answers[PRI_RESP_FAILURE], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_opcode_is_on_the_list_or_illegal, teardown),
		cmocka_unit_test_teardown(reserved_values_are_illegal, teardown),
		cmocka_unit_test_teardown(a_sync_makes_events_visible, teardown),
		cmocka_unit_test_teardown(each_bit_of_an_entry_alone, teardown),
		cmocka_unit_test_teardown(what_is_the_cells_arrives, teardown),
		cmocka_unit_test_teardown(a_command_queue_wraps, teardown),
		cmocka_unit_test_teardown(prod_jumps, teardown),
		cmocka_unit_test_teardown(command_queues_at_the_edge, teardown),
		cmocka_unit_test_teardown(queues_that_are_strange, teardown),
		cmocka_unit_test_teardown(an_event_queue_wraps_and_overflows, teardown),
		cmocka_unit_test_teardown(event_queues_at_the_edge, teardown),
		cmocka_unit_test_teardown(a_storm_does_not_flood_the_log, teardown),
		cmocka_unit_test_teardown(events_have_no_physical_address, teardown),
		cmocka_unit_test_teardown(the_event_of_a_stalled_transaction_waits, teardown),
		cmocka_unit_test_teardown(page_requests_without_room_come_again, teardown),
		cmocka_unit_test_teardown(destruction_waits_for_who_delivers, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
