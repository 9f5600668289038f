/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GICv3 driver. SPIs are routed to the CPU that enables them. */
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/smp.h>

/* QEMU virt's places, for a machine without a device tree. */
#define GICD_DEFAULT	0x08000000
#define GICR_DEFAULT	0x080a0000

#define MPIDR_AFFINITY	0xff00ffffffULL
#define ICC_SRE_SRE	BIT(0)
#define INTIDS		1020

u64 gicd_base = GICD_DEFAULT, gicr_region = GICR_DEFAULT;

static struct {
	irq_fn fn;
	void *context;
} handlers[INTIDS];

void trap_irq(struct trap_frame *frame);

static void wait_rwp(void)
{
	while (mmio_read32(gicd_base + GICD_CTLR) & GICD_CTLR_RWP)
		;
}

void gic_init(void)
{
	int node = fdt_compatible(-1, "arm,gic-v3");
	u64 size;

	fdt_reg(node, 0, &gicd_base, &size);
	fdt_reg(node, 1, &gicr_region, &size);
	mmio_write32(gicd_base + GICD_CTLR, GICD_CTLR_ARE);
	wait_rwp();
	mmio_write32(gicd_base + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	wait_rwp();
}

/* This CPU's redistributor, found by its affinity. */
static u64 find_redistributor(void)
{
	u64 mpidr = read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
	u64 affinity = (mpidr >> 32 << 24) | (mpidr & 0xffffff);
	u64 at = gicr_region, typer;

	for (;; at += GICR_STRIDE) {
		typer = mmio_read64(at + GICR_TYPER);
		if (FIELD_GET(GICR_TYPER_AFFINITY, typer) == affinity)
			return at;
		if (typer & GICR_TYPER_LAST)
			return gicr_region;
	}
}

void gic_cpu_init(void)
{
	u64 gicr = find_redistributor();

	this_cpu()->gicr = gicr;
	mmio_write32(gicr + GICR_WAKER, mmio_read32(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while (mmio_read32(gicr + GICR_WAKER) & GICR_WAKER_CHILDREN)
		;
	mmio_write32(gicr + GICR_SGI + GICD_ICENABLER, 0xffff0000);
	mmio_write32(gicr + GICR_SGI + GICD_IGROUPR, 0xffffffff);
	for (u32 i = 0; i < 32; i += 4)
		mmio_write32(gicr + GICR_SGI + GICD_IPRIORITYR + i, GIC_PRIO_DEFAULT * 0x01010101u);
	mmio_write32(gicr + GICR_SGI + GICD_ISENABLER, 0x0000ffff);

	write_sysreg(read_sysreg(icc_sre_el1) | ICC_SRE_SRE, icc_sre_el1);
	isb();
	write_sysreg(0, icc_ctlr_el1);
	write_sysreg(0xff, icc_pmr_el1);
	write_sysreg(0, icc_bpr1_el1);
	write_sysreg(1, icc_igrpen1_el1);
	isb();
}

u64 gicr_base(void)
{
	return this_cpu()->gicr;
}

u64 gic_word(u32 reg, u32 intid)
{
	u64 bank = intid < INTID_SPI ? gicr_base() + GICR_SGI : gicd_base;

	return bank + reg + intid / 32 * 4;
}

static void set_bit(u32 reg, u32 intid)
{
	mmio_write32(gic_word(reg, intid), 1u << intid % 32);
}

static bool get_bit(u32 reg, u32 intid)
{
	return mmio_read32(gic_word(reg, intid)) >> intid % 32 & 1;
}

void gic_set_priority(u32 intid, u8 priority)
{
	u64 bank = intid < INTID_SPI ? gicr_base() + GICR_SGI : gicd_base;

	mmio_write8(bank + GICD_IPRIORITYR + intid, priority);
}

void gic_set_edge(u32 intid, bool edge)
{
	u64 bank = intid < INTID_SPI ? gicr_base() + GICR_SGI : gicd_base;
	u64 at = bank + GICD_ICFGR + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;
	u32 value = mmio_read32(at);

	mmio_write32(at, edge ? value | bit : value & ~bit);
}

void gic_enable(u32 intid)
{
	if (intid >= INTID_SPI) {
		u64 group = gic_word(GICD_IGROUPR, intid);

		mmio_write32(group, mmio_read32(group) | 1u << intid % 32);
		gic_set_priority(intid, GIC_PRIO_DEFAULT);
		mmio_write64(gicd_base + GICD_IROUTER + intid * 8, read_sysreg(mpidr_el1) & MPIDR_AFFINITY);
	}
	set_bit(GICD_ISENABLER, intid);
}

void gic_disable(u32 intid)
{
	set_bit(GICD_ICENABLER, intid);
	wait_rwp();
}

void gic_set_pending(u32 intid)
{
	set_bit(GICD_ISPENDR, intid);
}

bool gic_is_pending(u32 intid)
{
	return get_bit(GICD_ISPENDR, intid);
}

bool gic_is_active(u32 intid)
{
	return get_bit(GICD_ISACTIVER, intid);
}

u64 gic_sgi1r(u32 sgi, u64 mpidr)
{
	u64 affinity = (mpidr >> 8 & 0xff) << 16 | (mpidr >> 16 & 0xff) << 32 | (mpidr >> 32 & 0xff) << 48;

	return affinity | (mpidr >> 4 & 0xf) << 44 | (u64)sgi << 24 | 1ULL << (mpidr & 0xf);
}

void gic_send_sgi(u32 sgi, u64 mpidr)
{
	dsb();
	write_sysreg(gic_sgi1r(sgi, mpidr), icc_sgi1r_el1);
	isb();
}

void irq_handler(u32 intid, irq_fn fn, void *context)
{
	handlers[intid].context = context;
	handlers[intid].fn = fn;
}

/* From vectors.S. An interrupt that nobody asked for is switched off, so it cannot storm. */
void trap_irq(struct trap_frame *frame)
{
	u32 intid = gic_ack();

	if (intid >= INTIDS)
		return;
	if (handlers[intid].fn)
		handlers[intid].fn(intid, handlers[intid].context);
	else
		gic_disable(intid);
	gic_eoi(intid);
}
