/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program drives an SMMUv3 for its own device: stage 1 by linear and two-level stream tables, two granules, changes
 * of context, all kinds of invalidation; its own faults come as events, its own illegal commands as errors. Runs on a
 * bare machine with an SMMU, and must see the same in a cell with `smmu: {stage1: true}`.
 */
#include "smmu-setup.h"

#define PAGES		16
#define BLOCK		4096u
#define GRANULE64	65536ULL
#define TABLE_64K_LOG2	16
#define WIDE_IOVA	0x40000000ULL	/* more than 28 bits */
#define BAD_OPCODE	0xff

static u32 *pages[PAGES];	/* mapped one behind the other, far apart in memory, in falling order */

/* ---- translation ---- */

static bool make_scattered(void)
{
	for (u32 i = 0; i < PAGES; i++) {
		pages[PAGES - 1 - i] = smmu_alloc(PAGE, PAGE);
		if (!smmu_alloc(PAGE * (i % 3), PAGE) || !pages[PAGES - 1 - i])
			return false;
	}
	for (u32 i = 0; i < PAGES; i++)
		if (!smmu_map(&space, IOVA + PAGE + i * PAGE, (u64)pages[i], SMMU_PTE_PAGE))
			return false;
	return true;
}

static u32 pattern(u32 at) { return at * 0x9e3779b9u + 0x1234567; }
static u32 *scattered_word(u32 at) { return &pages[at * 4 / PAGE][at * 4 % PAGE / 4]; }

/* A block that begins in the middle of a page, there and back: to other bytes of the same pages. */
static void check_scattered(u32 from, u32 to)
{
	u64 base = IOVA + PAGE;
	bool same = true;

	for (u32 i = 0; i < BLOCK / 4; i++) {
		*scattered_word(from / 4 + i) = pattern(i);
		*scattered_word(to / 4 + i) = 0;
	}
	same &= dma_read(base + from, BLOCK) && dma_write(base + to, BLOCK);
	for (u32 i = 0; i < BLOCK / 4; i++)
		same &= *scattered_word(to / 4 + i) == pattern(i);
	ktap_ok(same && !smmu_drop_events(&smmu), "4 KiB at 0x%lx and back at 0x%lx, in scattered pages from 0x%lx on",
		base + from, base + to, (u64)pages[PAGES - 1]);
}

/* Without stage 1 a device uses our own addresses; one of 28 bits has none that would be RAM. */
static void check_bypass(void)
{
	u64 ste[STE_WORDS];

	if (!smmu_map(&space, WIDE_IOVA, (u64)buffer, SMMU_PTE_PAGE) || !reaches(WIDE_IOVA, buffer)) {
		ktap_skip("the device has a DMA mask", "bypass");
		drop_all_events();
		return;
	}
	smmu_ste_config(ste, STE_BYPASS);
	ktap_ok(smmu_set_stream(&smmu, sid, ste) && reaches((u64)buffer, buffer), "an STE that says bypass");
	ktap_ok(smmu_bypass_abort(&smmu, true) && reaches((u64)buffer, buffer), "whatever GBPA says");
	ktap_ok(smmu_control(&smmu, 0) && !reaches((u64)buffer, buffer), "SMMU off, GBPA says abort");
	ktap_ok(smmu_bypass_abort(&smmu, false) && reaches((u64)buffer, buffer), "GBPA says bypass");
	ktap_ok(smmu_enable(&smmu) && set_stage1() && reaches(IOVA, buffer) && !smmu_drop_events(&smmu),
		"and stage 1 again, all without an event");
}

/* ---- contexts ---- */

static void check_contexts(void)
{
	struct smmu_space other;
	u64 *page = smmu_alloc(PAGE, PAGE), *other_cd = smmu_alloc(CD_WORDS * 8, CD_WORDS * 8), ste[STE_WORDS];
	u64 cfgi = CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid);

	if (!page || !other_cd || !smmu_space_init(&smmu, &other, 12, 39, 2) ||
	    !smmu_map(&other, IOVA, (u64)page, SMMU_PTE_PAGE)) {
		ktap_ok(false, "memory for a second context");
		return;
	}
	smmu_cd(other_cd, &other);
	smmu_ste_s1(ste, other_cd);
	ktap_ok(smmu_set_stream(&smmu, sid, ste) && reaches(IOVA, page), "another CD by CFGI_STE");
	ktap_ok(set_stage1() && reaches(IOVA, buffer), "and back");
	smmu_cd(cd, &other);
	ktap_ok(smmu_command_sync(&smmu, cfgi, CMD1_LEAF) && reaches(IOVA, page), "other tables and ASID by CFGI_CD");
	smmu_cd(cd, &space);
	ktap_ok(smmu_command_sync(&smmu, CMD_CFGI_CD_ALL | FIELD_PREP(CMD0_SID, sid), 0) && reaches(IOVA, buffer),
		"and back by CFGI_CD_ALL");
	smmu_cd(cd, &other);
	ktap_ok(smmu_command_sync(&smmu, CMD_CFGI_STE_RANGE | FIELD_PREP(CMD0_SID, sid), 0) && reaches(IOVA, page),
		"a range of two streams by CFGI_STE_RANGE");
	smmu_cd(cd, &space);
	ktap_ok(smmu_command_sync(&smmu, CMD_CFGI_STE_RANGE, CFGI_RANGE_ALL) && reaches(IOVA, buffer), "all by CFGI_ALL");
	cd[0] = (cd[0] & ~CD0_ASID) | FIELD_PREP(CD0_ASID, 7);
	cd[1] = (u64)other.root;
	ktap_ok(smmu_command_sync(&smmu, cfgi, CMD1_LEAF) && reaches(IOVA, page), "the same CD with other TTB and ASID");
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, cfgi, CMD1_LEAF);
}

/* ---- invalidation ---- */

/* Page A, nothing, page B: between the last two nothing needs to be invalidated. */
static void check_invalidation(const char *name, u64 word0, u64 word1)
{
	struct expected fault = fault_event(EVT_F_TRANSLATION, IOVA, false, EVT_CLASS_IN);
	volatile u64 *entry = smmu_pte(&space, IOVA);
	bool before = reaches(IOVA, buffer), stopped, after;

	*entry = 0;
	stopped = smmu_command_sync(&smmu, word0, word1) && !reaches(IOVA, buffer) && event_is(&fault);
	*entry = (u64)pages[3] | SMMU_PTE_PAGE;
	after = reaches(IOVA, pages[3]);
	*entry = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	*entry = (u64)buffer | SMMU_PTE_PAGE;
	ktap_ok(before && stopped && after, "unmap and map again, %s (%d %d %d)", name, before, stopped, after);
}

static void check_invalidations(void)
{
	u64 asid = FIELD_PREP(CMD0_ASID, space.asid);

	check_invalidation("TLBI_NH_VA", CMD_TLBI_NH_VA | asid, IOVA);
	check_invalidation("TLBI_NH_VA of the last level", CMD_TLBI_NH_VA | asid, IOVA | CMD1_LEAF);
	check_invalidation("TLBI_NH_VAA", CMD_TLBI_NH_VAA, IOVA | CMD1_LEAF);
	check_invalidation("TLBI_NH_ASID", CMD_TLBI_NH_ASID | asid, 0);
	check_invalidation("TLBI_NH_ALL", CMD_TLBI_NH_ALL, 0);
	check_invalidation("TLBI_NSNH_ALL", CMD_TLBI_NSNH_ALL, 0);
	if (!(smmu.idr0 & IDR0_S2P))
		check_invalidation("TLBI_NH_VA with a VMID, which means nothing here",
				   CMD_TLBI_NH_VA | asid | CMD0_VMID, IOVA);
}

/* ---- events ---- */

static void check_event(const char *name, u64 iova, bool read, const struct expected *want)
{
	u32 before = smmu.event_irqs;
	u64 old;
	bool stopped, same;

	smmu_drop_events(&smmu);
	buffer[0] = old = 0x0123456789abcdef;
	stopped = read ? dma_read(iova, WORD) : dma_write(iova, WORD) && buffer[0] == old;
	same = event_is(want);
	ktap_ok(stopped && same, "%s: event 0x%x", name, (u32)FIELD_GET(EVT0_TYPE, want->word0));
	if (smmu.event_irq)
		ktap_ok(smmu.event_irqs != before, "with interrupt");
}

static void check_fault(const char *name, u64 iova, bool read, u32 type, u32 class)
{
	struct expected want = fault_event(type, iova, read, class);

	check_event(name, iova, read, &want);
}

/* The page at IOVA with another descriptor, then as it was. */
static void check_descriptor(const char *name, u64 descriptor, bool read, u32 type)
{
	volatile u64 *entry = smmu_pte(&space, IOVA);

	*entry = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	*entry = descriptor;
	check_fault(name, IOVA + 0x10, read, type, EVT_CLASS_IN);
	*entry = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	*entry = (u64)buffer | SMMU_PTE_PAGE;
}

static void check_faults(void)
{
	u64 page = (u64)buffer | SMMU_PTE_PAGE;

	check_fault("a write to nothing", IOVA_NONE + 0x124, false, EVT_F_TRANSLATION, EVT_CLASS_IN);
	check_fault("a read of nothing", IOVA_NONE + 0x128, true, EVT_F_TRANSLATION, EVT_CLASS_IN);
	check_descriptor("a page that was not accessed", page & ~SMMU_PTE_AF, false, EVT_F_ACCESS);
	check_descriptor("a write to a read-only page", page | SMMU_PTE_RO, false, EVT_F_PERMISSION);
	check_descriptor("an address of more bits than there are", page | BIT(47), true, EVT_F_ADDR_SIZE);
	ktap_ok(reaches(IOVA, buffer), "afterwards DMA works");
}

/* A CD or STE changed, and put back. */
static void check_cd(const char *name, u64 clear, u64 set, u32 type)
{
	struct expected want = config_event(type);
	u64 cfgi = CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid);

	cd[0] = (cd[0] & ~clear) | set;
	smmu_command_sync(&smmu, cfgi, CMD1_LEAF);
	check_event(name, IOVA, false, &want);
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, cfgi, CMD1_LEAF);
}

static void check_quiet(const char *name)
{
	smmu_drop_events(&smmu);
	ktap_ok(!reaches(IOVA, buffer) && !drop_all_events(), "%s: no DMA, no event", name);
}

static void check_configuration(void)
{
	struct expected bad_ste = config_event(EVT_C_BAD_STE);
	u64 ste[STE_WORDS] = { 0 };

	check_cd("a CD that is not valid", CD0_V, 0, EVT_C_BAD_CD);
	check_cd("a CD of AArch32", CD0_AA64, 0, EVT_C_BAD_CD);
	check_cd("a CD with T0SZ 63", 0, CD0_T0SZ, EVT_C_BAD_CD);
	smmu_set_stream(&smmu, sid, ste);
	check_event("an STE that is not valid", IOVA, false, &bad_ste);
	smmu_ste_config(ste, STE_ABORT);
	smmu_set_stream(&smmu, sid, ste);
	check_quiet("an STE that says abort");
	set_stage1();
	cd[0] &= ~CD0_R;
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	smmu_drop_events(&smmu);
	ktap_ok(dma_write(IOVA_NONE, WORD) && !drop_all_events(), "a CD that wants no events gets none");
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	ktap_ok(reaches(IOVA, buffer), "afterwards DMA works");
}

/* Addresses of more bits than T0SZ has: 25 bits. */
static void check_input_size(void)
{
	struct smmu_space small;

	if (!smmu_space_init(&smmu, &small, 12, 25, 5) || !smmu_map(&small, IOVA, (u64)buffer, SMMU_PTE_PAGE)) {
		ktap_ok(false, "memory for a small address space");
		return;
	}
	smmu_cd(cd, &small);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	ktap_ok(reaches(IOVA, buffer), "an address space of 25 bits");
	check_fault("beyond it", BIT(25) + IOVA, false, EVT_F_TRANSLATION, EVT_CLASS_IN);
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
}

/* ---- commands ---- */

static void check_illegal(const char *name, u64 word0, u64 word1)
{
	u32 at = smmu.command_prod, irqs = smmu.error_irqs, cons;
	bool stopped;

	smmu_queue_command(&smmu, word0, word1);
	smmu_queue_command(&smmu, CMD_TLBI_NH_ALL, 0);
	smmu_queue_command(&smmu, CMD_SYNC, 0);
	smmu_ring(&smmu);
	stopped = !smmu_drain(&smmu) && smmu_command_error(&smmu) == CERROR_ILL;
	cons = smmu_read(&smmu, SMMU_CMDQ_CONS) & CMDQ_CONS_RD;
	if (!stopped) {
		check_strict(false, name);
		smmu_acknowledge(&smmu, smmu_errors(&smmu));
		return;
	}
	ktap_ok(cons == at, "%s: CMDQ_ERR, CERROR_ILL, at the command", name);
	timer_delay_us(1000);
	if (smmu.error_irq)
		ktap_ok(smmu.error_irqs == irqs + 1, "with one interrupt");
	smmu_command_skip(&smmu);
	ktap_ok(smmu_drain(&smmu) && !smmu_errors(&smmu), "acknowledged it goes on");
}

static void check_commands(void)
{
	u32 irqs;

	check_illegal("opcode 0xff", BAD_OPCODE, ~0ULL);
	check_illegal("opcode 0", 0, 0);
	check_illegal("CMD_SYNC with CS 3", CMD_SYNC | SYNC0_CS, 0);
	if (!(smmu.idr0 & IDR0_HYP))
		check_illegal("TLBI_EL2_ALL without EL2", CMD_TLBI_EL2_ALL, 0);
	check_illegal("TLBI_EL3_ALL", CMD_TLBI_EL3_ALL, 0);
	if (!(smmu.idr0 & IDR0_S2P)) {
		check_illegal("TLBI_S12_VMALL without stage 2", CMD_TLBI_S12_VMALL, 0);
		check_illegal("TLBI_S2_IPA without stage 2", CMD_TLBI_S2_IPA, 0);
	}
	if (!(smmu.idr0 & IDR0_ATS))
		check_illegal("ATC_INV without ATS", CMD_ATC_INV, 52);
	if (!(smmu.idr0 & IDR0_PRI))
		check_illegal("PRI_RESP without PRI", CMD_PRI_RESP, 0);
	if (FIELD_GET(IDR0_STALL_MODEL, smmu.idr0) == STALL_MODEL_NONE)
		check_illegal("RESUME without stall", CMD_RESUME, 0);
	ktap_ok(reaches(IOVA, buffer), "afterwards DMA works");
	irqs = smmu.sync_irqs;
	ktap_ok(smmu_command(&smmu, CMD_SYNC | FIELD_PREP(SYNC0_CS, SYNC_CS_IRQ), 0) && smmu_drain(&smmu),
		"CMD_SYNC with interrupt completes");
	timer_delay_us(10000);
	if (smmu.sync_irq)
		ktap_ok(smmu.sync_irqs == irqs + 1, "and one came");
	ktap_ok(smmu_command(&smmu, CMD_SYNC | FIELD_PREP(SYNC0_CS, SYNC_CS_SEV), 0) && smmu_drain(&smmu),
		"CMD_SYNC with SEV completes");
	for (u32 i = 0; i < 3u << smmu.command_log2; i++)
		if (!smmu_command(&smmu, CMD_PREFETCH_CONFIG | FIELD_PREP(CMD0_SID, sid), 0))
			break;
	ktap_ok(smmu_sync(&smmu), "three times the queue's size of commands");
}

/* ---- other tables ---- */

static void check_two_levels(void)
{
	struct expected bad = config_event(EVT_C_BAD_STREAMID);
	u64 descriptor;

	/* other second levels are not valid; an SMMU without two levels would do nothing sensible */
	if (!FIELD_GET(IDR0_ST_LEVEL, smmu.idr0)) {
		ktap_skip("linear only", "a two-level stream table");
		return;
	}
	ktap_ok(smmu_disable(&smmu) && smmu_streams(&smmu, 16, 8) && smmu_enable(&smmu) && set_stage1() &&
		reaches(IOVA, buffer), "a two-level stream table");
	descriptor = smmu.streams[sid >> 8];
	smmu.streams[sid >> 8] = 0;
	smmu_command_sync(&smmu, CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid), 0);
	check_event("a second level that is not there", IOVA, false, &bad);
	smmu.streams[sid >> 8] = descriptor;
	smmu_command_sync(&smmu, CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid), 0);
	ktap_ok(reaches(IOVA, buffer), "and again");
	/* QEMU's never goes back */
	check_strict(smmu_disable(&smmu) && smmu_streams(&smmu, 8, 0) && smmu_enable(&smmu) && set_stage1() &&
		     reaches(IOVA, buffer), "a linear table again");
}

static void check_small_table(void)
{
	struct expected bad = config_event(EVT_C_BAD_STREAMID);

	ktap_ok(smmu_disable(&smmu) && smmu_streams(&smmu, 3, 0) && smmu_enable(&smmu), "a table of 8 streams");
	check_event("a stream outside of it", IOVA, false, &bad);
	ktap_ok(smmu_disable(&smmu) && smmu_streams(&smmu, 8, 0) && smmu_enable(&smmu) && set_stage1() &&
		reaches(IOVA, buffer), "a table of 256 streams again");
}

static void check_64k(void)
{
	struct smmu_space big;
	u8 *page[2] = { smmu_alloc(GRANULE64, GRANULE64), smmu_alloc(GRANULE64, GRANULE64) };
	u64 at = 4 * GRANULE64;

	if (!(smmu.idr5 & IDR5_GRAN64K)) {
		ktap_skip("no 64 KiB granule", "64 KiB pages");
		return;
	}
	if (!page[0] || !page[1] || !smmu_space_init(&smmu, &big, TABLE_64K_LOG2, 36, 9) ||
	    !smmu_map(&big, at, (u64)page[1], SMMU_PTE_PAGE) ||
	    !smmu_map(&big, at + GRANULE64, (u64)page[0], SMMU_PTE_PAGE)) {
		ktap_ok(false, "memory for 64 KiB pages");
		return;
	}
	smmu_cd(cd, &big);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	ktap_ok(reaches(at + 0x8000, page[1] + 0x8000) && reaches(at + GRANULE64 + 0xfffc, page[0] + 0xfffc),
		"64 KiB pages");
	check_fault("behind them", at + 2 * GRANULE64, false, EVT_F_TRANSLATION, EVT_CLASS_IN);
	smmu_cd(cd, &space);
	smmu_command_sync(&smmu, CMD_CFGI_CD | FIELD_PREP(CMD0_SID, sid), CMD1_LEAF);
	ktap_ok(reaches(IOVA, buffer), "4 KiB pages again");
}

/* A block of 2 MiB instead of a table of pages. */
static void check_block(void)
{
	u64 flags = SMMU_PTE_PAGE & ~SMMU_PTE_TABLE, iova = 0x00400000, block = ALIGN_DOWN((u64)buffer, 0x200000);
	u64 *level2;

	smmu_pte(&space, iova);
	level2 = (u64 *)(space.root[0] & SMMU_PTE_ADDR);
	level2[iova >> 21] = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
	level2[iova >> 21] = block | flags;
	ktap_ok(reaches(iova + ((u64)buffer - block), buffer), "a block of 2 MiB");
	level2[iova >> 21] = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_ALL, 0);
}

int main(void)
{
	ktap_begin("smmu-stage1: an SMMU of our own");
	if (set_up() && ktap_ok(make_scattered(), "memory for a scattered buffer")) {
		check_scattered(0, 2 * PAGE);
		check_scattered(0x800, 5 * PAGE + 0x804);
		check_block();
		check_bypass();
		check_contexts();
		check_invalidations();
		check_faults();
		check_configuration();
		check_input_size();
		check_commands();
		check_64k();
		check_small_table();
		ktap_ok(smmu_disable(&smmu) && smmu_enable(&smmu) && reaches(IOVA, buffer), "off and on again");
		check_two_levels();
		smmu_disable(&smmu);
	}
	ktap_end();
	return 0;
}
