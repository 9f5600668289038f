/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of an SMMUv3, as the architecture has them: widths, what can be written and when, acknowledgements, both
 * pages, and nothing where there is nothing.
 */
#include <inmate/fault.h>

#include "smmu-setup.h"

#define SWEEP_DENSE	0x200u		/* bytes at the start of each page where every word is tried */
#define SWEEP_STEP	0x100u		/* behind it */
#define ID_REGISTERS	0xfd0u		/* to the end of the first 4 KiB */
#define ADDRESS		0x000000fedcba0000ULL

static const struct { const char *name; u32 reg; } read_only[] = {
	{ "IDR0", SMMU_IDR0 }, { "IDR1", SMMU_IDR1 }, { "IDR2", 0x08 }, { "IDR3", SMMU_IDR3 }, { "IDR4", 0x10 },
	{ "IDR5", SMMU_IDR5 }, { "IIDR", SMMU_IIDR }, { "AIDR", SMMU_AIDR }, { "CR0ACK", SMMU_CR0ACK },
	{ "IRQ_CTRLACK", SMMU_IRQ_CTRLACK }, { "GERROR", SMMU_GERROR },
};

/* Registers of 64 bits which hold an address while nothing is on. */
static const struct { const char *name; u32 reg; } bases[] = {
	{ "STRTAB_BASE", SMMU_STRTAB_BASE }, { "CMDQ_BASE", SMMU_CMDQ_BASE }, { "EVENTQ_BASE", SMMU_EVENTQ_BASE },
};

/* Those that a write changes; the sweep leaves them alone. The 0 ends the list. */
static const u32 writable[] = {
	SMMU_CR0, SMMU_CR1, SMMU_CR2, SMMU_GBPA, SMMU_IRQ_CTRL, SMMU_GERRORN, SMMU_GERROR_IRQ_CFG0,
	SMMU_GERROR_IRQ_CFG0 + 4, SMMU_GERROR_IRQ_CFG1, 0x74, SMMU_STRTAB_BASE, SMMU_STRTAB_BASE + 4, SMMU_STRTAB_BASE_CFG,
	SMMU_CMDQ_BASE, SMMU_CMDQ_BASE + 4, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS, SMMU_EVENTQ_BASE, SMMU_EVENTQ_BASE + 4,
	SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, SMMU_EVENTQ_IRQ_CFG0, SMMU_EVENTQ_IRQ_CFG0 + 4, SMMU_EVENTQ_IRQ_CFG1, 0xbc,
	SMMU_PRIQ_BASE, SMMU_PRIQ_BASE + 4, 0xd0, 0xd4, 0xd8, 0xdc, SMMU_PAGE1 + 0xc8, SMMU_PAGE1 + 0xcc, 0,
};

static u64 at(u32 reg) { return smmu.regs + reg; }

/* ---- all of them ---- */

static bool is_named(u32 reg)
{
	for (u32 i = 0; i < ARRAY_SIZE(read_only); i++)
		if (read_only[i].reg == reg)
			return true;
	for (u32 i = 0; writable[i]; i++)
		if (writable[i] == reg)
			return true;
	return reg >= ID_REGISTERS && reg < 0x1000;
}

static void check_read_all(void)
{
	u32 faults = 0, secure = 0, unknown = 0;
	u64 value;

	for (u32 reg = 0; reg < SMMU_SIZE; reg += 4) {
		value = 0;
		faults += !try_read(at(reg), 4, &value);
		if (reg >= SMMU_SECURE && reg < SMMU_PAGE1)
			secure |= value;
		else if (!is_named(reg))
			unknown |= value;
	}
	ktap_ok(!faults, "every word of both pages can be read");
	ktap_ok(!secure, "Secure registers read as zero");
	check_strict(!unknown, "and so do those that are not there");
}

static void check_write_all(void)
{
	u32 faults = 0, seen = 0, first = 0, step;

	for (u32 reg = 0; reg < SMMU_SIZE; reg += step) {
		step = (reg & 0x7fff) < SWEEP_DENSE ? 4 : SWEEP_STEP;
		if (is_named(reg) || (!in_cell() && is_named(reg ^ (u32)SMMU_PAGE1)))
			continue;
		faults += !try_write(at(reg), 4, ~0u);
		if (mmio_read32(at(reg)) && !seen++)
			first = reg;
	}
	ktap_ok(!faults, "registers that are not there can be written");
	ktap_ok(!seen, "and keep nothing (0x%x does)", first);
	for (u32 i = 0; i < ARRAY_SIZE(read_only); i++) {
		u32 before = mmio_read32(at(read_only[i].reg));

		mmio_write32(at(read_only[i].reg), ~before);
		ktap_ok(mmio_read32(at(read_only[i].reg)) == before, "%s cannot be written", read_only[i].name);
	}
}

/* ---- widths ---- */

/* Other widths may abort or do nothing, but not change what is there. */
static void check_widths(void)
{
	static const u32 widths[] = { 1, 2 };
	u32 config = FIELD_PREP(STRTAB_CFG_LOG2SIZE, 7), changed = 0;
	u64 value;

	smmu_write(&smmu, SMMU_STRTAB_BASE_CFG, config);
	for (u32 w = 0; w < ARRAY_SIZE(widths); w++)
		for (u32 byte = 0; byte < 4; byte += widths[w]) {
			try_write(at(SMMU_STRTAB_BASE_CFG + byte), widths[w], 0x3f3f);
			try_read(at(SMMU_STRTAB_BASE_CFG + byte), widths[w], &value);
			changed += mmio_read32(at(SMMU_STRTAB_BASE_CFG)) != config;
		}
	ktap_ok(!changed, "accesses of 8 and 16 bits change nothing");
	for (u32 byte = 1; byte < 4; byte++) {
		try_write(at(SMMU_STRTAB_BASE_CFG - 4 + byte), 4, ~0u);
		try_read(at(SMMU_STRTAB_BASE_CFG + byte), 4, &value);
		try_write(at(SMMU_STRTAB_BASE_CFG + byte), 8, ~0ULL);
	}
	ktap_ok(mmio_read32(at(SMMU_STRTAB_BASE_CFG)) == config, "nor do unaligned ones");
	ktap_ok(try_read(at(SMMU_SIZE - 8), 8, &value) && try_write(at(SMMU_SIZE - 8), 8, ~0ULL),
		"64 bits at the very end do no harm");
}

static void check_bases(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++) {
		u32 reg = bases[i].reg;
		u64 value;
		bool whole, halves;

		mmio_write64(at(reg), ADDRESS | 5);
		value = mmio_read64(at(reg));
		whole = (value & QUEUE_ADDR) == ADDRESS && mmio_read32(at(reg)) == (u32)value &&
			mmio_read32(at(reg + 4)) == value >> 32;
		mmio_write32(at(reg), 0x12340000);
		mmio_write32(at(reg + 4), 0x21);
		halves = (mmio_read64(at(reg)) & QUEUE_ADDR) == 0x2112340000;
		ktap_ok(whole && halves, "%s, whole and by halves", bases[i].name);
		mmio_write64(at(reg), 0);
	}
	mmio_write32(at(SMMU_CMDQ_PROD), 1);
	mmio_write32(at(SMMU_CMDQ_CONS), 1);
	mmio_write64(at(SMMU_CMDQ_PROD), 3ULL << 32 | 3);
	ktap_ok(mmio_read32(at(SMMU_CMDQ_PROD)) == mmio_read32(at(SMMU_CMDQ_CONS)),
		"64 bits over two registers of 32 are both of them or none");
}

/* ---- acknowledgements ---- */

static void check_control(void)
{
	u32 known = CR0_SMMUEN | CR0_PRIQEN | CR0_EVENTQEN | CR0_CMDQEN | BIT(4) | GENMASK(8, 6);
	u32 absent = (smmu.idr0 & IDR0_PRI ? 0 : CR0_PRIQEN) | (smmu.idr0 & IDR0_ATS ? 0 : (u32)BIT(4));

	smmu_write(&smmu, SMMU_CR0, ~(u32)(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN));
	timer_delay_us(1000);
	check_strict(!(smmu_read(&smmu, SMMU_CR0ACK) & (~known | absent)), "CR0ACK has no bits that are not there");
	ktap_ok(smmu_control(&smmu, 0), "CR0 and CR0ACK go back to 0");
	smmu_write(&smmu, SMMU_IRQ_CTRL, ~0u);
	timer_delay_us(1000);
	check_strict(!(smmu_read(&smmu, SMMU_IRQ_CTRLACK) & ~7u), "IRQ_CTRLACK has no bits that are not there");
	smmu_write(&smmu, SMMU_IRQ_CTRL, 0);
	ktap_ok(!smmu_read(&smmu, SMMU_IRQ_CTRLACK), "IRQ_CTRL and IRQ_CTRLACK go back to 0");
	smmu_bypass_abort(&smmu, false);
	smmu_write(&smmu, SMMU_GBPA, GBPA_ABORT);
	check_strict(!(smmu_read(&smmu, SMMU_GBPA) & (GBPA_ABORT | GBPA_UPDATE)), "GBPA is not written without UPDATE");
	ktap_ok(smmu_bypass_abort(&smmu, true) && smmu_bypass_abort(&smmu, false), "UPDATE goes to 0 when it is done");
}

static void check_pointers(void)
{
	u32 wrap = 2u << 4;		/* index and wrap bit of 2^4 entries */

	mmio_write64(at(SMMU_EVENTQ_BASE), ADDRESS | 4);
	mmio_write32(at(SMMU_EVENTQ_PROD), (wrap - 1) | EVENTQ_OVERFLOW);
	mmio_write32(at(SMMU_EVENTQ_CONS), wrap - 2);
	ktap_ok(mmio_read32(at(SMMU_EVENTQ_PROD)) == ((wrap - 1) | EVENTQ_OVERFLOW) &&
		mmio_read32(at(SMMU_EVENTQ_CONS)) == wrap - 2, "EVENTQ_PROD and EVENTQ_CONS on page 1");
	mmio_write32(at(SMMU_EVENTQ_PROD), 0);
	mmio_write32(at(SMMU_EVENTQ_CONS), 0);
	mmio_write32(at(SMMU_CMDQ_PROD), wrap + 5);
	mmio_write32(at(SMMU_CMDQ_CONS), wrap + 5);
	ktap_ok(mmio_read32(at(SMMU_CMDQ_PROD)) == wrap + 5 && mmio_read32(at(SMMU_CMDQ_CONS)) == wrap + 5,
		"CMDQ_PROD and CMDQ_CONS while the queue is off");
	mmio_write32(at(SMMU_GERRORN), 0);
	ktap_ok(!mmio_read32(at(SMMU_GERRORN)) == !mmio_read32(at(SMMU_GERROR)), "no error is active");
}

/* ---- what is in use stays ---- */

static void check_while_enabled(void)
{
	static const struct { const char *name; u32 reg; } fixed[] = {
		{ "STRTAB_BASE, low half", SMMU_STRTAB_BASE }, { "STRTAB_BASE, high half", SMMU_STRTAB_BASE + 4 },
		{ "STRTAB_BASE_CFG", SMMU_STRTAB_BASE_CFG }, { "CMDQ_BASE, low half", SMMU_CMDQ_BASE },
		{ "CMDQ_BASE, high half", SMMU_CMDQ_BASE + 4 }, { "CMDQ_CONS", SMMU_CMDQ_CONS },
		{ "EVENTQ_BASE, low half", SMMU_EVENTQ_BASE }, { "EVENTQ_BASE, high half", SMMU_EVENTQ_BASE + 4 },
		{ "EVENTQ_PROD", SMMU_EVENTQ_PROD }, { "CR2", SMMU_CR2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++) {
		u32 before = mmio_read32(at(fixed[i].reg));
		bool kept;

		mmio_write32(at(fixed[i].reg), before ^ 0x1046);
		kept = mmio_read32(at(fixed[i].reg)) == before;
		check_strict(kept, fixed[i].name);
		mmio_write32(at(fixed[i].reg), before);
	}
	ktap_ok(smmu_sync(&smmu) && reaches(IOVA, buffer) && !smmu_drop_events(&smmu),
		"all of it was ignored while in use, and goes on");
}

int main(void)
{
	ktap_begin("smmu-registers: both register pages");
	if (ktap_ok(smmu_find(&smmu, 0), "there is an SMMU")) {
		check_read_all();
		check_write_all();
		smmu_disable(&smmu);
		check_widths();
		check_bases();
		check_control();
		check_pointers();
	}
	if (set_up())
		check_while_enabled();
	smmu_disable(&smmu);
	ktap_end();
	return 0;
}
