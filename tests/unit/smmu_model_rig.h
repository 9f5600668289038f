/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's memory, tables and registers around the model, for its unit tests: where things are, and what a guest would
 * write there. Included once.
 */
#ifndef TEST_SMMU_MODEL_RIG_H
#define TEST_SMMU_MODEL_RIG_H
#include <string.h>

#include "fake/fake.h"
#include <hyp/bits.h>
#include "smmu_model.h"

#define SID		5
#define STRTAB		0x1000ULL
#define CDTAB		0x3000ULL
#define CMDQ		0x5000ULL
#define EVTQ		0x6000ULL
#define PRIQ		0x7000ULL
#define ROOT		0x10000ULL		/* stage 1, first table */
#define TABLES		0x20000ULL		/* and more of them, 64 KiB apart */
#define S2ROOT		0x80000ULL		/* level 1, one page */
#define S2TABLES	0x90000ULL
#define MEMORY		0x100000ULL
#define ASID		7ULL
#define VMID		3ULL

static u64 memory[MEMORY / 8];
static struct smmu_model m;
static u64 next_table, next_s2_table;
static u32 irqs;

static bool mem_read(u64 at, void *to, size_t bytes)
{
	if (at + bytes > MEMORY)
		return false;
	memcpy(to, (u8 *)memory + at, bytes);
	return true;
}

static bool mem_write(u64 at, const void *from, size_t bytes)
{
	if (at + bytes > MEMORY)
		return false;
	memcpy((u8 *)memory + at, from, bytes);
	return true;
}

static void complain(const char *what)
{
	fail_msg("the model complains: %s", what);
}

static void irq(struct smmu_model *model, enum model_irq which)
{
	(void)model;
	(void)which;
	irqs++;
}

/* ---- what a guest would write ---- */

static u64 cd_flags(u32 granule, u32 va_bits)
{
	u64 tg = granule == 12 ? 0 : granule == 16 ? 1 : 2;

	/* V, AA64, R, A, IPS = 44 bits, no TTB1 */
	return ASID << 48 | 1ULL << 46 | 1ULL << 45 | 1ULL << 41 | 4ULL << 32 | 1ULL << 31 | 1ULL << 30 | tg << 6 | (64 - va_bits);
}

static void put_cd(u32 ssid, u64 flags, u64 root)
{
	u64 *cd = &memory[(CDTAB + ssid * 64) / 8];

	cd[1] = root;
	cd[3] = 0xff44;
	cd[0] = flags;
}

static void put_ste(u64 config, u32 cdmax, u64 dw1)
{
	u64 *ste = &memory[(STRTAB + SID * 64) / 8];

	ste[0] = (u64)cdmax << 59 | CDTAB | config << 1 | 1;
	ste[1] = dw1;
	if (config == 5)
		return;
	/* stage 2: start level 1, 39 bits, 44 bits out, AA64, R */
	ste[2] = VMID | (1ULL << 58 | 1ULL << 51 | 4ULL << 48 | 1ULL << 38 | 25ULL << 32);
	ste[3] = S2ROOT;
}

/* One leaf at `level`, with the tables above it. */
static void map_at(u32 granule, u32 va_bits, u64 va, u64 out, u32 level, u64 attrs)
{
	u32 per = granule - 3, levels = (va_bits - granule + per - 1) / per;
	u64 table = ROOT;

	for (u32 l = 4 - levels; ; l++) {
		u32 shift = granule + per * (3 - l);
		u64 index = (va >> shift) & ((1ULL << (l == 4 - levels ? va_bits - shift : per)) - 1);
		u64 *entry = &memory[(table + index * 8) / 8];

		if (l == level) {
			*entry = out | attrs | (l == 3 ? 3 : 1);
			return;
		}
		if (!*entry) {
			*entry = next_table | 3;
			next_table += 0x10000;
		}
		table = *entry & 0xfffffffff000ULL;
	}
}

#define AF	(1ULL << 10)
#define NG	(1ULL << 11)
#define USER	(1ULL << 6)
#define RO	(1ULL << 7)
#define RW	(AF | NG | USER | 1 << 2)

/* Stage 2 by pages of 4 KiB. */
static u64 *s2_entry(u64 ipa)
{
	u64 table = S2ROOT;

	for (u32 shift = 30; shift > 12; shift -= 9) {
		u64 *entry = &memory[(table + (ipa >> shift & 0x1ff) * 8) / 8];

		if (!*entry) {
			*entry = next_s2_table | 3;
			next_s2_table += 0x1000;
		}
		table = *entry & 0xfffffffff000ULL;
	}
	return &memory[(table + (ipa >> 12 & 0x1ff) * 8) / 8];
}

static void s2_map(u64 ipa, u64 out)
{
	*s2_entry(ipa) = out | AF | 0xc0 | 0xf << 2 | 3;
}

static void command(u64 dw0, u64 dw1)
{
	u64 *entry = &memory[CMDQ / 8 + (m.cmdq.prod & 0xff) * 2];

	entry[0] = dw0;
	entry[1] = dw1;
	smmu_model_write(&m, 0x98, 4, (m.cmdq.prod + 1) & 0x1ff);
}

static void sync(void)
{
	command(0x46, 0);
}

static void enable(void)
{
	smmu_model_write(&m, 0x80, 8, STRTAB);
	smmu_model_write(&m, 0x88, 4, 4);
	smmu_model_write(&m, 0x90, 8, CMDQ | 8);
	smmu_model_write(&m, 0xa0, 8, EVTQ | 3);
	smmu_model_write(&m, 0xc0, 8, PRIQ | 1);
	smmu_model_write(&m, 0x2c, 4, 2);
	smmu_model_write(&m, 0x50, 4, 7);
	smmu_model_write(&m, 0x20, 4, m.idr[0] & 1 << 10 ? 0x1f : 0xd);
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	smmu_model_init(&m);
	smmu_model_make_full(&m);
	m.guest = true;
	m.mem_read = mem_read;
	m.mem_write = mem_write;
	m.complain = complain;
	m.irq = irq;
	irqs = 0;
	next_table = TABLES;
	next_s2_table = S2TABLES;
	smmu_model_watch(&m, SID);
	put_ste(5, 0, 0);
	enable();
	return 0;
}

/* Stage 1 of `va` mapped to 0x42000, once, under stage 2 where IPA = PA for the first 64 pages. */
static void nested(void)
{
	for (u64 at = 0; at < 0x80000; at += 0x1000)
		s2_map(at, at);
	put_ste(7, 0, 0);
	put_cd(0, cd_flags(12, 39), ROOT);
	map_at(12, 39, 0x1000, 0x42000, 3, RW);
	s2_map(0x42000, 0xfe000);
	command(0x04, 31);
	sync();
}

static u32 outcomes(const struct model_txn *txn, struct model_outcome *out)
{
	return smmu_model_possible(&m, txn, out, 32);
}

/* The only outcome. */
static struct model_outcome only(struct model_txn txn)
{
	struct model_outcome out[32];

	txn.sid = SID;
	assert_int_equal(outcomes(&txn, out), 1);
	return out[0];
}

#define at(va, ...)	only((struct model_txn){ .address = (va), ##__VA_ARGS__ })
#define expect_pa(o, to) do { struct model_outcome o_ = (o); assert_int_equal(o_.event, 0); assert_int_equal(o_.pa, to); } while (0)
#define expect_event(o, e) assert_int_equal((o).event, e)

static u32 possible(u64 va)
{
	struct model_txn txn = { .sid = SID, .address = va };
	struct model_outcome out[32];

	return outcomes(&txn, out);
}

#endif
