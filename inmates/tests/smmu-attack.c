/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile owner of an SMMU: entries with every reserved and forbidden field, StreamIDs of others, tables and queues
 * at places that are not its own, MSIs to others. Each ends in an event, an error, or nothing; afterwards all works again.
 * The victims' bytes and the hypervisor's counts are checked by the harness. `victims=0` in bootargs leaves out the places.
 */
#include <inmate/fdt.h>
#include <inmate/mmu.h>

#include "smmu-setup.h"
#include "victims.h"

#define FOREIGN_IOVA	0x00200000ULL	/* with its own level-3 table: 2 MiB from IOVA's */
#define MARKER		0x5a5a5a5au
#define ATTACK		0xbadc0dedu

/* On a bare machine most victims are devices without effects of a read, or RAM; these are nothing. */
static const struct victim nowhere[] = {
	{ "a hole", 0x3f800000, false }, { "a hole above all memory", 0x2000000000, false },
};

/* ---- entries ---- */

enum want { GOOD, BAD, QUIET, SAFE };	/* works, C_BAD_STE, aborts without event, anything that does no harm */

struct entry_case {
	const char *name;
	u32 word;
	u64 clear, set;
	enum want want;
	u32 unless;			/* bits of IDR0 with which it is legal */
};

static const struct entry_case stes[] = {
	{ "V = 0", 0, STE0_V, 0, BAD, 0 },
	{ "Config 0", 0, STE0_CONFIG, 0, QUIET, 0 },
	{ "Config 1", 0, STE0_CONFIG, FIELD_PREP(STE0_CONFIG, 1), QUIET, 0 },
	{ "Config 2", 0, STE0_CONFIG, FIELD_PREP(STE0_CONFIG, 2), QUIET, 0 },
	{ "Config 3", 0, STE0_CONFIG, FIELD_PREP(STE0_CONFIG, 3), QUIET, 0 },
	{ "Config 6, stage 2", 0, STE0_CONFIG, FIELD_PREP(STE0_CONFIG, STE_S2), BAD, IDR0_S2P },
	{ "Config 7, both stages", 0, STE0_CONFIG, FIELD_PREP(STE0_CONFIG, STE_S1_S2), BAD, IDR0_S2P },
	{ "S1Fmt 1 with one CD", 0, 0, FIELD_PREP(STE0_S1FMT, 1), GOOD, 0 },
	{ "S1Fmt 3 with one CD", 0, 0, STE0_S1FMT, GOOD, 0 },
	{ "S1CDMax 1", 0, 0, FIELD_PREP(STE0_S1CDMAX, 1), SAFE, 0 },
	{ "S1CDMax 31", 0, 0, STE0_S1CDMAX, SAFE, 0 },
	{ "reserved bits of word 0", 0, 0, GENMASK(58, 52), GOOD, 0 },
	{ "bits for other stages and for PCI in word 1", 1, 0, GENMASK(26, 8), GOOD, 0 },
	{ "S1DSS 3 with one CD", 1, 0, STE1_S1DSS, GOOD, 0 },
	{ "no cacheability of CDs", 1, STE1_S1_CACHED, 0, GOOD, 0 },
	{ "MEV", 1, 0, BIT(19), GOOD, 0 },
	{ "S1STALLD", 1, 0, STE1_S1STALLD, SAFE, 0 },
	{ "EATS 1 without ATS", 1, 0, FIELD_PREP(STE1_EATS, 1), GOOD, IDR0_ATS },
	{ "EATS 2 without ATS", 1, 0, FIELD_PREP(STE1_EATS, 2), GOOD, IDR0_ATS },
	{ "EATS 3 without ATS", 1, 0, STE1_EATS, GOOD, IDR0_ATS },
	{ "STRW 1", 1, 0, FIELD_PREP(STE1_STRW, 1), SAFE, 0 },
	{ "STRW 2, EL2", 1, 0, FIELD_PREP(STE1_STRW, 2), SAFE, 0 },
	{ "STRW 3", 1, 0, STE1_STRW, SAFE, 0 },
	{ "all attributes", 1, 0, STE1_ATTRIBUTES, SAFE, 0 },
	{ "all of the upper word 1", 1, 0, GENMASK(63, 52), SAFE, 0 },
	{ "words 2 of all ones", 2, 0, ~0ULL, GOOD, IDR0_S2P },
	{ "a VMID and a stage 2 with 64 KiB pages", 2, 0, 0x0000443f00000001, GOOD, IDR0_S2P },
	{ "S2TTB of the hypervisor", 3, 0, 0x45000000, GOOD, IDR0_S2P },
	{ "words 3 of all ones", 3, 0, ~0ULL, GOOD, IDR0_S2P },
	{ "word 4 of all ones", 4, 0, ~0ULL, GOOD, 0 },
	{ "word 5 of all ones", 5, 0, ~0ULL, GOOD, 0 },
	{ "word 6 of all ones", 6, 0, ~0ULL, GOOD, 0 },
	{ "word 7 of all ones", 7, 0, ~0ULL, GOOD, 0 },
};

/* No reserved IPS: QEMU 10 ends itself then (oas2bits()), whoever wrote it. */
static const struct entry_case cds[] = {
	{ "CD: V = 0", 0, CD0_V, 0, BAD, 0 },
	{ "CD: T0SZ 0", 0, CD0_T0SZ, 0, BAD, 0 },
	{ "CD: T0SZ 40", 0, CD0_T0SZ, 40, SAFE, 0 },
	{ "CD: TG0 3", 0, CD0_TG0, CD0_TG0, SAFE, 0 },
	{ "CD: big-endian", 0, 0, BIT(15), SAFE, 0 },
	{ "CD: hardware update of flags", 0, 0, GENMASK(43, 42), SAFE, 0 },
	{ "CD: stall", 0, 0, CD0_S, BAD, (u32)IDR0_STALL_MODEL },
	{ "CD: RAZ/WI instead of abort", 0, CD0_A, 0, SAFE, 0 },
	{ "CD: EPD0", 0, 0, BIT(14), SAFE, 0 },
	{ "CD: words 2 of all ones", 2, 0, ~0ULL, SAFE, 0 },
	{ "CD: words 5 of all ones", 5, 0, ~0ULL, SAFE, 0 },
	{ "CD: TTB0 with all bits", 1, 0, GENMASK(51, 4), SAFE, 0 },
};

static bool as_wanted(enum want want, u32 bad_type)
{
	bool reached = reaches(IOVA, buffer);
	u32 type = event_type(want == BAD ? EVENT_WAIT_US : QUIET_US);

	switch (want) {
	case GOOD:
		return reached && !type;
	case BAD:
		return !reached && type == bad_type;
	case QUIET:
		return !reached && !type;
	default:
		return true;
	}
}

static void check_ste(const struct entry_case *what)
{
	u64 ste[STE_WORDS];
	bool legal, as_said;

	if (smmu.idr0 & what->unless) {
		ktap_skip("legal on this machine", "STE: %s", what->name);
		return;
	}
	smmu_ste_s1(ste, cd);
	ste[what->word] = (ste[what->word] & ~what->clear) | what->set;
	legal = smmu_set_stream(&smmu, sid, ste);
	as_said = as_wanted(what->want, EVT_C_BAD_STE);
	ktap_ok(legal && as_said, "STE: %s", what->name);
}

static void check_cd(const struct entry_case *what)
{
	bool as_said;

	if (what->unless && FIELD_GET(IDR0_STALL_MODEL, smmu.idr0) != STALL_MODEL_NONE) {
		ktap_skip("legal on this machine", "%s", what->name);
		return;
	}
	cd[what->word] = (cd[what->word] & ~what->clear) | what->set;
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	as_said = as_wanted(what->want, EVT_C_BAD_CD);
	ktap_ok(as_said, "%s", what->name);
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
}

static void check_entries(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(stes); i++)
		check_ste(&stes[i]);
	set_stage1();
	smmu_drop_events(&smmu);
	for (u32 i = 0; i < ARRAY_SIZE(cds); i++)
		check_cd(&cds[i]);
	check_recovery("illegal entries");
}

/* ---- commands about others ---- */

static void check_foreign_streams(void)
{
	static const u32 sids[] = { 0, 8, 9, 0x11, 0xff, 0x100, 0x10000, 0x80000010, 0xffffffff };
	static const u8 commands[] = { CMD_PREFETCH_CONFIG, CMD_PREFETCH_ADDR, CMD_CFGI_STE, CMD_CFGI_STE_RANGE,
				       CMD_CFGI_CD, CMD_CFGI_CD_ALL };
	u64 ssid = CMD0_SSID | CMD0_SSV;
	bool done = true;

	for (u32 c = 0; c < ARRAY_SIZE(commands); c++)
		for (u32 s = 0; s < ARRAY_SIZE(sids); s++)
			done &= smmu_command_sync(&smmu, commands[c] | FIELD_PREP(CMD0_SID, sids[s]), s % 31);
	ktap_ok(done, "%lu commands about streams of others have no effect", ARRAY_SIZE(commands) * ARRAY_SIZE(sids));
	done = smmu_command(&smmu, CMD_CFGI_CD | ssid | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF) && smmu_drain(&smmu);
	if (!done)
		smmu_command_skip(&smmu);
	ktap_ok(smmu_sync(&smmu), "CFGI_CD of a substream that cannot be");
	done = true;
	for (u32 asid = 0; asid < 0x10000; asid += 0x1111)
		done &= smmu_command_sync(&smmu, CMD_TLBI_NH_ASID | FIELD_PREP(CMD0_ASID, asid) | CMD0_VMID, 0);
	ktap_ok(done && reaches(IOVA, buffer), "invalidations with ASIDs and VMIDs of others");
}

/* Secure streams are none of ours. */
static void check_secure_commands(void)
{
	bool stopped = !smmu_command_sync(&smmu, CMD_CFGI_STE | CMD0_SSEC | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);

	stopped = stopped && smmu_command_error(&smmu) == CERROR_ILL;
	check_strict(stopped, "CFGI_STE of a Secure stream is CERROR_ILL");
	if (stopped)
		smmu_command_skip(&smmu);
	ktap_ok(smmu_sync(&smmu), "and the queue goes on");
}

/* ---- places ---- */

static bool ours(u64 address)
{
	return address == uart_base || address == smmu.regs || (address >= ram_base && address - ram_base < ram_size);
}

/* In a cell a fetch from there is aborted; elsewhere there may be something that can be read, and is no table. */
static bool refused(u32 abort_type, u32 other_type)
{
	struct smmu_event event = { { 0 } };
	bool reached = reaches(IOVA, buffer);
	u32 type;

	wait_event(&event, EVENT_WAIT_US);
	drop_all_events();
	type = FIELD_GET(EVT0_TYPE, event.word[0]);
	if (reached || (type != abort_type && (in_cell() || type != other_type)))
		printf("# %s, event %016lx %016lx %016lx %016lx\n", reached ? "reached" : "stopped", event.word[0],
		       event.word[1], event.word[2], event.word[3]);
	return !reached && (type == abort_type || (!in_cell() && type == other_type));
}

static void check_cd_at(const struct victim *victim)
{
	u64 ste[STE_WORDS];

	smmu_ste_s1(ste, (u64 *)victim->address);
	ktap_ok(smmu_set_stream(&smmu, sid, ste) && refused(EVT_F_CD_FETCH, EVT_C_BAD_CD), "a CD in %s 0x%lx",
		victim->what, victim->address);
	set_stage1();
}

static void check_tables_at(const struct victim *victim)
{
	u64 cfgi = CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), old = space.root[0];

	cd[1] = victim->address;
	smmu_command(&smmu, cfgi, CMD1_LEAF);
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	ktap_ok(refused(EVT_F_WALK_EABT, EVT_F_TRANSLATION), "a stage-1 table in %s", victim->what);
	smmu_cd(cd, &space);
	*(volatile u64 *)&space.root[0] = victim->address | SMMU_PTE_TABLE | SMMU_PTE_VALID;
	smmu_command(&smmu, cfgi, CMD1_LEAF);
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	ktap_ok(refused(EVT_F_WALK_EABT, EVT_F_TRANSLATION), "a table of the second level in %s", victim->what);
	*(volatile u64 *)&space.root[0] = old;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
}

/* A page of ours that is one of somebody else: the data neither arrive nor come. Stage 1 has no fault to tell. */
static void check_page_at(const struct victim *victim)
{
	volatile u32 *word = (u32 *)buffer;
	volatile u64 *entry = smmu_pte(&space, FOREIGN_IOVA);
	bool ended;

	*entry = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	*entry = victim->address | SMMU_PTE_PAGE;
	dsb();
	ended = load_device(IOVA, word, ATTACK) && dma_write(FOREIGN_IOVA, WORD) && load_device(IOVA, word, MARKER) &&
		dma_read(FOREIGN_IOVA, WORD);
	word[0] = 0;
	ended &= dma_write(IOVA, WORD);
	ktap_ok(ended && (word[0] == MARKER || !word[0] || !~word[0]), "a page of %s (got %x)", victim->what, word[0]);
	ktap_ok(!event_type(QUIET_US), "is no fault of stage 1");
	load_device(IOVA, word, MARKER);
}

static void check_places(void)
{
	const struct victim *list = in_cell() ? victims : nowhere;
	u32 count = in_cell() ? ARRAY_SIZE(victims) : ARRAY_SIZE(nowhere);

	for (u32 i = 0; i < count; i++) {
		if (ours(list[i].address))
			continue;
		check_cd_at(&list[i]);
		check_tables_at(&list[i]);
		check_page_at(&list[i]);
	}
	check_recovery("tables at other places");
}

/* The stream table itself, or its second level, is not ours. */
static void check_streams_at(const struct victim *victim)
{
	u64 *own = smmu.streams, descriptor = (victim->address & L1STD_L2PTR) | FIELD_PREP(L1STD_SPAN, 9);
	u64 *level1 = smmu_alloc(PAGE, PAGE);

	smmu_drop_events(&smmu);
	smmu.streams = (u64 *)ALIGN_DOWN(victim->address, (u64)STE_WORDS * 8 << smmu.stream_log2);
	ktap_ok(smmu_enable(&smmu) && refused(EVT_F_STE_FETCH, EVT_C_BAD_STE), "a stream table in %s", victim->what);
	smmu.streams = own;
	if (in_cell() && level1) {	/* QEMU's SMMU does not come back from two levels to one */
		level1[0] = descriptor;
		smmu.streams = level1;
		smmu.split = 8;
		ktap_ok(smmu_enable(&smmu) && refused(EVT_F_STE_FETCH, EVT_C_BAD_STE), "a second level in %s",
			victim->what);
		smmu.streams = own;
		smmu.split = 0;
	}
}

/* ---- queues ---- */

static void check_command_queue_at(const char *what, u64 address)
{
	smmu_disable(&smmu);
	smmu_queues_on(&smmu);
	smmu_control(&smmu, 0);
	smmu_write64(&smmu, SMMU_CMDQ_BASE, (address & QUEUE_ADDR) | smmu.command_log2);
	smmu_control(&smmu, CR0_CMDQEN);
	smmu_write(&smmu, SMMU_CMDQ_PROD, smmu.command_prod = 1);
	check_strict(!smmu_drain(&smmu) && smmu_command_error(&smmu) == CERROR_ABT, "a command queue there is CERROR_ABT");
	printf("# (%s, 0x%lx)\n", what, address);
}

/* The base is aligned to the size, whatever it says: this one would reach over the end of RAM. */
static void check_unaligned_queue(void)
{
	u64 bytes = 16ULL << smmu.command_log2, *own = smmu.commands;

	smmu_disable(&smmu);
	smmu.commands = (u64 *)(ram_base + ram_size - bytes);
	smmu_queues_on(&smmu);
	smmu_control(&smmu, 0);
	smmu_write64(&smmu, SMMU_CMDQ_BASE, (ram_base + ram_size - 32) | smmu.command_log2);
	smmu_control(&smmu, CR0_CMDQEN);
	check_strict(smmu_sync(&smmu), "a command queue that would reach over the end of RAM lies before it");
	smmu.commands = own;
}

static void check_event_queue_at(const char *what, u64 address)
{
	u64 *own = smmu.events, deadline;

	/* a second enable with the base of the queue elsewhere; CMDQ and table are fine */
	smmu.events = (u64 *)(address & QUEUE_ADDR);
	smmu_enable(&smmu);
	set_stage1();
	dma_write(IOVA_NONE, WORD);
	deadline = timer_ticks() + timer_us(EVENT_WAIT_US);
	while (!(smmu_errors(&smmu) & GERROR_EVENTQ_ABT_ERR) && timer_ticks() < deadline)
		;
	check_strict(smmu_errors(&smmu) & GERROR_EVENTQ_ABT_ERR, "an event queue there is EVENTQ_ABT_ERR");
	printf("# (%s, 0x%lx)\n", what, address);
	smmu.events = own;
}

static void check_queue_places(void)
{
	const struct victim *list = in_cell() ? victims : nowhere;
	u32 count = in_cell() ? ARRAY_SIZE(victims) : ARRAY_SIZE(nowhere);

	for (u32 i = 0; i < count; i++) {
		if (ours(list[i].address))
			continue;
		check_streams_at(&list[i]);
		check_command_queue_at(list[i].what, list[i].address);
		check_event_queue_at(list[i].what, list[i].address);
	}
	check_command_queue_at("behind the end of RAM", ram_base + ram_size);
	check_command_queue_at("the last address", ~0ULL);
	check_unaligned_queue();
	check_event_queue_at("the last address", ~0ULL);
	check_recovery("queues at other places");
}

/* ---- messages ---- */

static void check_messages(void)
{
	u64 target = in_cell() ? victims[0].address : nowhere[0].address, sync, events;
	u64 *own = smmu_alloc(64, 64);
	u32 irqs;

	if (smmu.idr0 & IDR0_MSI) {
		ktap_skip("it has MSIs", "addresses of MSIs");
		return;
	}
	sync = CMD_SYNC | FIELD_PREP(SYNC0_CS, SYNC_CS_IRQ) | (u64)ATTACK << 32 | FIELD_PREP(GENMASK(23, 22), 3);
	irqs = smmu.sync_irqs;
	ktap_ok(smmu_command(&smmu, sync, target) && smmu_drain(&smmu), "CMD_SYNC with an MSI to others completes");
	ktap_ok(smmu_command(&smmu, sync, (u64)own) && smmu_drain(&smmu) && !own[0], "one to ourselves is not written");
	timer_delay_us(10000);
	if (smmu.sync_irq)
		ktap_ok(smmu.sync_irqs > irqs, "the wired interrupt comes instead");
	smmu_disable(&smmu);
	smmu_write64(&smmu, SMMU_GERROR_IRQ_CFG0, target);
	smmu_write(&smmu, SMMU_GERROR_IRQ_CFG1, ATTACK);
	smmu_write64(&smmu, SMMU_EVENTQ_IRQ_CFG0, target);
	smmu_write(&smmu, SMMU_EVENTQ_IRQ_CFG1, ATTACK);
	smmu_enable(&smmu);
	set_stage1();
	events = smmu.event_irqs;
	dma_write(IOVA_NONE, WORD);
	ktap_ok(event_type(EVENT_WAIT_US) == EVT_F_TRANSLATION && (!smmu.event_irq || smmu.event_irqs != events),
		"an event with an MSI to others comes by wire");
	smmu_command(&smmu, 0xff, 0);
	ktap_ok(!smmu_drain(&smmu) && smmu_command_error(&smmu) == CERROR_ILL, "and so does an error");
	smmu_disable(&smmu);
	smmu_write64(&smmu, SMMU_GERROR_IRQ_CFG0, 0);
	smmu_write64(&smmu, SMMU_EVENTQ_IRQ_CFG0, 0);
	check_recovery("MSIs");
}

int main(void)
{
	ktap_begin("smmu-attack: a hostile owner of an SMMU");
	if (set_up()) {
		check_entries();
		check_foreign_streams();
		check_secure_commands();
		check_messages();
		if (boot_arg("victims", 1)) {
			check_places();
			check_queue_places();
		}
		smmu_disable(&smmu);
	}
	ktap_end();
	return 0;
}
