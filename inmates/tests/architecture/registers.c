/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory-mapped registers of the GIC: after reset, in every width, what can be written and what ignores it. */
#include "parts.h"

struct reg {
	const char *name;
	u32 offset;
};

#define GICD_TYPER2	0x000c
#define GICD_STATUSR	0x0010
#define GICD_SETSPI_NSR	0x0040
#define GICD_IGRPMODR	0x0d00
#define GICD_NSACR	0x0e00
#define GICD_CPENDSGIR	0x0f10
#define GICD_SPENDSGIR	0x0f20
#define GIC_PIDR4	0xffd0
#define GIC_CIDR0	0xfff0
#define GICR_IIDR	0x0004
#define GICR_STATUSR	0x0010
#define GICR_PWRR	0x0024
#define GICR_SETLPIR	0x0040
#define GICR_PROPBASER	0x0070
#define GICR_PENDBASER	0x0078

/* Of the word of the UART's interrupt and the device's. */
#define OWN		(1u << uart_irq % 32 | 1u << edu.irq % 32)
#define OWN_FIELD(bit)	((u32)(bit) << uart_irq % 16 * 2)

static u64 read_width(u64 address, u32 bytes)
{
	u64 value = 0;

	return try_read(address, bytes, &value) ? value : 0xdeadULL;
}

static void see_widths(const char *frame, u64 base, const struct reg *regs, u32 count)
{
	for (u32 i = 0; i < count; i++)
		for (u32 bytes = 1; bytes <= 8; bytes *= 2)
			if (!((base + regs[i].offset) % bytes))
				see(read_width(base + regs[i].offset, bytes), "%s %s %u-bit", frame, regs[i].name, 8 * bytes);
}

/* Written with that width and value, read as 32 bits, and put back as it was. */
static void see_write(const char *frame, u64 base, const struct reg *reg, u32 bytes, u64 value, u32 mask)
{
	u32 old = mmio_read32(base + (reg->offset & ~3u));

	try_write(base + reg->offset, bytes, value);
	see(mmio_read32(base + (reg->offset & ~3u)) & mask, "%s %s %u-bit write %lx", frame, reg->name, 8 * bytes, value);
	mmio_write32(base + (reg->offset & ~3u), old);
}

static void see_set_and_clear(const char *frame, u64 base, u32 set, u32 clear, const char *name, u32 own)
{
	mmio_write32(base + clear, 0xffffffff);
	see(mmio_read32(base + set), "%s %s all clear", frame, name);
	mmio_write32(base + set, own);
	mmio_write32(base + set, 0);
	see(mmio_read32(base + set), "%s IS%s own", frame, name);
	see(mmio_read32(base + clear), "%s IC%s own", frame, name);
	for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
		if (bytes == 4 || (base + clear) % bytes)
			continue;
		try_write(base + clear, bytes, own);
		see(mmio_read32(base + set), "%s IC%s %u-bit", frame, name, 8 * bytes);
	}
	mmio_write32(base + clear, own);
	see(mmio_read32(base + set), "%s %s own clear", frame, name);
	mmio_write32(base + set, 0xffffffff);
	see(mmio_read32(base + set), "%s %s all set", frame, name);
	mmio_write32(base + clear, 0xffffffff);
}

static void check_banks(const char *frame, u64 base, u32 word, u32 own)
{
	static const struct { const char *name; u32 set, clear; } banks[] = {
		{ "ENABLER", GICD_ISENABLER, GICD_ICENABLER }, { "PENDR", GICD_ISPENDR, GICD_ICPENDR },
		{ "ACTIVER", GICD_ISACTIVER, GICD_ICACTIVER },
	};

	for (u32 i = 0; i < ARRAY_SIZE(banks); i++)
		see_set_and_clear(frame, base, banks[i].set + 4 * word, banks[i].clear + 4 * word, banks[i].name, own);
}

/* GICD_IPRIORITYR of one INTID and its neighbours. */
static void check_priorities(const char *frame, u64 base, u32 intid)
{
	static const u8 values[] = { 0x08, 0x50, 0xa8, 0xf8, 0xff };
	u64 at = base + GICD_IPRIORITYR + intid;

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		mmio_write8(at, values[i]);
		see(mmio_read8(at), "%s IPRIORITYR %u 8-bit %x", frame, intid, values[i]);
	}
	mmio_write8(at, 0x58);
	try_write(at & ~1ULL, 2, 0x1010);
	see(mmio_read8(at), "%s IPRIORITYR %u 16-bit write", frame, intid);
	if (!((at & ~3ULL) & 7)) {
		try_write(at & ~3ULL, 8, 0x1010101010101010);
		see(mmio_read8(at), "%s IPRIORITYR %u 64-bit write", frame, intid);
	}
	mmio_write32(at & ~3ULL, 0xc8c0b8b0);
	see(mmio_read8(at), "%s IPRIORITYR %u 32-bit write", frame, intid);
	see(mmio_read32(at & ~3ULL) >> 8 * (at & 3) & 0xff, "%s IPRIORITYR %u 32-bit read", frame, intid);
	mmio_write8(at, GIC_PRIO_DEFAULT);
}

static void check_router(void)
{
	u64 at = gicd_base + GICD_IROUTER + 8 * uart_irq;

	mmio_write64(at, 0xffffffff7fffffff);
	see(mmio_read64(at), "gicd IROUTER write ffffffff7fffffff");
	mmio_write64(at, 0x80000000);
	see(mmio_read64(at), "gicd IROUTER write IRM");
	mmio_write64(at, 1);
	see(mmio_read64(at), "gicd IROUTER write 1");
	mmio_write32(at, 0x00030201);
	mmio_write32(at + 4, 0x4);
	see(mmio_read64(at), "gicd IROUTER in halves");
	see(mmio_read32(at), "gicd IROUTER low half");
	see(mmio_read32(at + 4), "gicd IROUTER high half");
	try_write(at, 1, 0xff);
	try_write(at, 2, 0xffff);
	see(mmio_read64(at), "gicd IROUTER 8-bit and 16-bit write");
	mmio_write64(at, self_affinity());
	for (u32 intid = 0; intid < 32; intid += 31)
		see(read_width(gicd_base + GICD_IROUTER + 8 * intid, 8), "gicd IROUTER %u", intid);
}

/* Bit 1 of a field: edge. */
static void check_trigger(void)
{
	u64 at = gicd_base + GICD_ICFGR + uart_irq / 16 * 4;

	see(mmio_read32(at) & OWN_FIELD(3), "gicd ICFGR of the UART");
	mmio_write32(at, OWN_FIELD(3));
	see(mmio_read32(at) & OWN_FIELD(3), "gicd ICFGR of the UART write 3");
	mmio_write32(at, OWN_FIELD(1));
	see(mmio_read32(at) & OWN_FIELD(3), "gicd ICFGR of the UART write 1");
	mmio_write32(at, 0xffffffff);
	see(mmio_read32(at), "gicd ICFGR write ffffffff");
	mmio_write32(at, 0);
	see(mmio_read32(at), "gicd ICFGR write 0");
}

void check_distributor(void)
{
	static const struct reg regs[] = {
		{ "CTLR", GICD_CTLR }, { "TYPER", GICD_TYPER }, { "IIDR", GICD_IIDR }, { "TYPER2", GICD_TYPER2 },
		{ "STATUSR", GICD_STATUSR }, { "SETSPI_NSR", GICD_SETSPI_NSR },
		{ "IGROUPR0", GICD_IGROUPR }, { "IGROUPR1", GICD_IGROUPR + 4 }, { "IGROUPR8", GICD_IGROUPR + 32 },
		{ "IGROUPR31", GICD_IGROUPR + 124 }, { "ISENABLER0", GICD_ISENABLER }, { "ISENABLER1", GICD_ISENABLER + 4 },
		{ "ISPENDR0", GICD_ISPENDR }, { "ISACTIVER0", GICD_ISACTIVER }, { "IPRIORITYR0", GICD_IPRIORITYR },
		{ "IPRIORITYR8", GICD_IPRIORITYR + 32 }, { "ITARGETSR0", GICD_ITARGETSR }, { "ITARGETSR8", GICD_ITARGETSR + 32 },
		{ "ICFGR0", GICD_ICFGR }, { "ICFGR2", GICD_ICFGR + 8 }, { "IGRPMODR1", GICD_IGRPMODR + 4 },
		{ "NSACR2", GICD_NSACR + 8 }, { "SGIR", GICD_SGIR }, { "CPENDSGIR0", GICD_CPENDSGIR },
		{ "SPENDSGIR0", GICD_SPENDSGIR }, { "PIDR4", GIC_PIDR4 }, { "PIDR2", GIC_PIDR2 }, { "PIDR0", GIC_PIDR2 - 8 },
		{ "CIDR0", GIC_CIDR0 }, { "CIDR1", GIC_CIDR0 + 4 }, { "CIDR3", GIC_CIDR0 + 12 },
	};
	/* read-only or without meaning here, written all the same */
	static const struct reg fixed[] = {
		{ "TYPER", GICD_TYPER }, { "IIDR", GICD_IIDR }, { "IGROUPR0", GICD_IGROUPR }, { "ISENABLER0", GICD_ISENABLER },
		{ "ITARGETSR8", GICD_ITARGETSR + 32 }, { "IGRPMODR1", GICD_IGRPMODR + 4 }, { "IPRIORITYR0", GICD_IPRIORITYR },
		{ "NSACR2", GICD_NSACR + 8 }, { "PIDR2", GIC_PIDR2 }, { "CIDR0", GIC_CIDR0 }, { "ICFGR0", GICD_ICFGR },
	};
	static const struct reg group = { "IGROUPR1", GICD_IGROUPR + 4 }, ctlr = { "CTLR", GICD_CTLR };
	static const u32 ctlr_values[] = { 0, 1, 2, 3, 0x13, 0x53, 0x80, 0xffffffff };

	see_widths("gicd", gicd_base, regs, ARRAY_SIZE(regs));
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++)
		see_write("gicd", gicd_base, &fixed[i], 4, 0xffffffff, ~0u);
	for (u32 i = 0; i < ARRAY_SIZE(ctlr_values); i++)
		see_write("gicd", gicd_base, &ctlr, 4, ctlr_values[i], ~0u);
	see_write("gicd", gicd_base, &ctlr, 1, 0, ~0u);
	see_write("gicd", gicd_base, &ctlr, 8, 0, ~0u);
	for (u32 bytes = 1; bytes <= 4; bytes *= 2)
		see_write("gicd own", gicd_base, &group, bytes, (u32)~0u, OWN);
	see_write("gicd", gicd_base, &group, 4, 0xffffffff, ~0u);
	check_banks("gicd", gicd_base, uart_irq / 32, OWN);
	check_priorities("gicd", gicd_base, uart_irq);
	check_priorities("gicd", gicd_base, edu.irq);
	check_priorities("gicd", gicd_base, 250);
	check_router();
	check_trigger();
}

void check_redistributor(void)
{
	static const struct reg rd[] = {
		{ "CTLR", GICR_CTLR }, { "IIDR", GICR_IIDR }, { "TYPER", GICR_TYPER }, { "TYPER high", GICR_TYPER + 4 },
		{ "STATUSR", GICR_STATUSR }, { "WAKER", GICR_WAKER }, { "PWRR", GICR_PWRR }, { "SETLPIR", GICR_SETLPIR },
		{ "PROPBASER", GICR_PROPBASER }, { "PENDBASER", GICR_PENDBASER }, { "PIDR2", GIC_PIDR2 },
		{ "PIDR0", GIC_PIDR2 - 8 }, { "CIDR1", GIC_CIDR0 + 4 },
	};
	static const struct reg sgi[] = {
		{ "IGROUPR0", GICD_IGROUPR }, { "ISENABLER0", GICD_ISENABLER }, { "ICENABLER0", GICD_ICENABLER },
		{ "ISPENDR0", GICD_ISPENDR }, { "ISACTIVER0", GICD_ISACTIVER }, { "IPRIORITYR0", GICD_IPRIORITYR },
		{ "IPRIORITYR7", GICD_IPRIORITYR + 28 }, { "ICFGR0", GICD_ICFGR }, { "ICFGR1", GICD_ICFGR + 4 },
		{ "IGRPMODR0", GICD_IGRPMODR }, { "NSACR", GICD_NSACR },
		{ "IGROUPR1", GICD_IGROUPR + 4 }, { "ISENABLER1", GICD_ISENABLER + 4 }, { "IPRIORITYR8", GICD_IPRIORITYR + 32 },
		{ "ICFGR2", GICD_ICFGR + 8 },
	};
	static const struct reg waker = { "WAKER", GICR_WAKER };
	u64 rd_frame = gicr_base(), sgi_frame = rd_frame + GICR_SGI;
	/* SGIs and the PPIs of the timers and of the PMU, none of which has its line up */
	u32 own = 0xffff | 1u << 23 | 1u << INTID_VTIMER | 1u << INTID_PTIMER;

	see_widths("gicr", rd_frame, rd, ARRAY_SIZE(rd));
	see_widths("gicr sgi", sgi_frame, sgi, ARRAY_SIZE(sgi));
	for (u32 i = 0; i < ARRAY_SIZE(sgi); i++)
		see_write("gicr sgi", sgi_frame, &sgi[i], 4, 0x5a5a5a58, ~0u);
	see_write("gicr", rd_frame, &waker, 4, GICR_WAKER_SLEEP, ~0u);
	see_write("gicr", rd_frame, &waker, 4, 0xffffffff, ~0u);
	see(mmio_read32(rd_frame + GICR_WAKER), "gicr WAKER awake again");
	for (u32 i = 0; i < ARRAY_SIZE(rd); i++)
		if (rd[i].offset != GICR_WAKER)
			see_write("gicr", rd_frame, &rd[i], 4, 0xffffffff, ~0u);
	check_banks("gicr", sgi_frame, 0, own);
	check_priorities("gicr", sgi_frame, SGI_TEST);
	check_priorities("gicr", sgi_frame, INTID_PTIMER);
	check_priorities("gicr", sgi_frame, 26);
	mmio_write32(sgi_frame + GICD_ISENABLER, 0xffff);
}
