// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GICv3 hardware: probe, distributor, redistributors, the physical CPU interface, and the interrupts that are the
 * hypervisor's own. Works where there is one security state (GICD_CTLR.DS = 1) and in the Non-secure view of two:
 * in both, Group 1 with affinity routing has the same bits, and Group 0 is left alone.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <arch/timer.h>
#include <asm/gic_sysreg.h>
#include <hyp/errno.h>
#include <hyp/gic.h>
#include <hyp/hyp_map.h>
#include <hyp/percpu.h>
#include <hyp/printk.h>
#include <hyp/spinlock.h>
#include "gic_local.h"

#define GIC_TIMEOUT_US	100000
#define MAX_HANDLERS	24
#define TYPER_IDBITS	9	/* less one: 10 bits of INTID */

/* what handler_of[] says: 0 the vGIC's, these, or an index into handlers[] + HANDLER_FIRST */
#define HANDLER_SGI	1
#define HANDLER_NONE	2
#define HANDLER_FIRST	3
#define IAR_INTIDS	1024

struct hyp_irq {
	gic_handler fn;
	void *ctx;
};

struct gic gic;
static struct hyp_irq handlers[MAX_HANDLERS];
static u32 handler_count;
static u32 hyp_ppis;
static u8 handler_of[IAR_INTIDS];
static spinlock_t config_lock;		/* guards read-modify-write of GICD_ICFGR, whose words several cells share */

static int wait_clear(const void *reg, u32 bits, const char *what)
{
	u64 deadline;

	if (likely(!(mmio_read32(reg) & bits)))
		return 0;
	deadline = timer_deadline_us(GIC_TIMEOUT_US);
	while (mmio_read32(reg) & bits) {
		if (timer_passed(deadline)) {
			pr_err("GIC: %s does not finish", what);
			return -EIO;
		}
		cpu_relax();
	}
	return 0;
}

int gic_wait_dist(void)
{
	return wait_clear((char *)gic.dist + GICD_CTLR, GICD_CTLR_RWP, "a write to the distributor");
}

int gic_wait_redist(const struct cpu *cpu)
{
	return wait_clear((char *)cpu->gicr + GICR_CTLR, GICR_CTLR_RWP, "a write to a redistributor");
}

void gic_set_priority(void *frame, u32 intid, u8 priority)
{
	mmio_write8((char *)frame + GICD_IPRIORITYR + intid, priority);
}

u32 gic_get_edge(const void *frame, u32 n)
{
	u32 edge = 0;

	for (u32 half = 0; half < 2; half++) {
		u32 value = gic_read_bits(frame, GICD_ICFGR, 2 * n + half);

		for (u32 i = 0; i < 16; i++)
			edge |= ((value >> (2 * i + 1)) & 1) << (16 * half + i);
	}
	return edge;
}

u32 gic_set_edge(void *frame, u32 n, u32 mask, u32 edge)
{
	spin_lock(&config_lock);
	for (u32 half = 0; half < 2; half++) {
		u32 value = gic_read_bits(frame, GICD_ICFGR, 2 * n + half);

		for (u32 i = 0; i < 16; i++) {
			u32 bit = (u32)BIT(16 * half + i);

			if (mask & bit)
				value = (value & ~(u32)BIT(2 * i + 1)) | (edge & bit ? (u32)BIT(2 * i + 1) : 0);
		}
		if (mask & (0xffffu << (16 * half)))
			gic_write_bits(frame, GICD_ICFGR, 2 * n + half, value);
	}
	spin_unlock(&config_lock);
	return gic_get_edge(frame, n);
}

void gic_route(u32 spi, u64 mpidr)
{
	mmio_write64((char *)gic.dist + GICD_IROUTER + 8 * spi, mpidr & GICD_IROUTER_AFF);
}

int gic_quiesce(void *frame, u32 n, u32 mask)
{
	int err = 0;

	gic_write_bits(frame, GICD_ICENABLER, n, mask);
	if (frame == gic.dist)
		err = gic_wait_dist();
	gic_write_bits(frame, GICD_ICACTIVER, n, mask);
	gic_write_bits(frame, GICD_ICPENDR, n, mask);
	return err;
}

u32 gic_intids(void)
{
	return gic.intids;
}

bool gic_is_hyp(u32 intid)
{
	return intid < IAR_INTIDS && handler_of[intid];
}

static void init_spi_word(u32 n)
{
	gic_write_bits(gic.dist, GICD_IGROUPR, n, ~0u);
	gic_write_bits(gic.dist, GICD_IGRPMODR, n, 0);
	for (u32 intid = 32 * n; intid < MIN(32 * n + 32, gic.intids); intid++) {
		gic_set_priority(gic.dist, intid, GIC_PRIO_GUEST);
		gic_route(intid, cpus[0].mpidr);
	}
}

static int init_dist(void)
{
	int err;

	mmio_write32((char *)gic.dist + GICD_CTLR, 0);
	err = gic_wait_dist();
	if (err)
		return err;
	mmio_write32((char *)gic.dist + GICD_CTLR, GICD_CTLR_ARE);	/* before IROUTER means anything */
	for (u32 n = 1; !err && n < DIV_ROUND_UP(gic.intids, 32); n++) {
		err = gic_quiesce(gic.dist, n, ~0u);
		init_spi_word(n);
	}
	mmio_write32((char *)gic.dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	return err ? err : gic_wait_dist();
}

/* Two generations have what we use; the number is the architecture's own. */
static int check_version(const struct cfg_system *sys)
{
	u32 arch = FIELD_GET(GIC_PIDR2_ARCH, mmio_read32((char *)gic.dist + GIC_PIDR2));

	if (arch == 3 || arch == 4)
		return 0;
	pr_err("GIC: gicd_base 0x%llx is not a GICv3 or GICv4 distributor (architecture %u)",
	       (unsigned long long)sys->gicd_base, arch);
	return -EINVAL;
}

static void maintenance(struct cpu *cpu, void *ctx)
{
	vgic_underflow(cpu);
}

static int add_handler(u32 intid, gic_handler fn, void *ctx)
{
	bool there = intid >= GIC_PPI_FIRST && intid < GIC_INTIDS && intid < gic.intids;

	if (!there || handler_of[intid] || handler_count == MAX_HANDLERS) {
		pr_err("GIC: interrupt %u cannot be the hypervisor's", intid);
		return -EINVAL;
	}
	handlers[handler_count] = (struct hyp_irq){ fn, ctx };
	handler_of[intid] = (u8)(HANDLER_FIRST + handler_count++);
	if (intid < GIC_SPI_FIRST)
		hyp_ppis |= (u32)BIT(intid);
	return 0;
}

/* As many INTIDs for a cell as there are; one security state, no LPIs, no message SPIs, no 1-of-N routing. */
static void read_typer(void)
{
	u32 typer = mmio_read32((char *)gic.dist + GICD_TYPER);

	gic.intids = (u32)MIN(32 * (FIELD_GET(GICD_TYPER_ITLINES, typer) + 1), (u64)GIC_INTIDS);
	gic.guest_typer = (u32)((typer & (GICD_TYPER_ITLINES | GICD_TYPER_A3V)) |
				FIELD_PREP(GICD_TYPER_IDBITS, TYPER_IDBITS) | GICD_TYPER_NO1N);
}

int gic_init(const struct cfg_system *sys)
{
	int err;

	gic.dist = hyp_map_mmio(pa(sys->gicd_base), GICD_SIZE);
	gic.redist = hyp_map_mmio(pa(sys->gicr_base), sys->gicr_size);
	gic.redist_size = sys->gicr_size;
	if (!gic.dist || !gic.redist)
		return -ENOMEM;
	err = check_version(sys);
	if (err)
		return err;
	read_typer();
	for (u32 i = 0; i < GIC_PPI_FIRST; i++)
		handler_of[i] = HANDLER_SGI;
	for (u32 i = GIC_INTID_NONE; i < IAR_INTIDS; i++)
		handler_of[i] = HANDLER_NONE;
	err = add_handler(sys->maintenance_irq, maintenance, NULL);
	if (err)
		return err;
	/* EL2's own timers and the maintenance interrupt are no guest's: 25, 26, 28 by convention, or as the config says */
	gic.guest_ppis = 0xffff0000u & ~(u32)(BIT(25) | BIT(26) | BIT(28) | BIT(sys->maintenance_irq & 31) |
					      BIT(sys->timer_irq & 31));
	return init_dist();
}

/* A GICR_TYPER's affinity as MPIDR_EL1 would have it. */
static u64 typer_mpidr(u64 typer)
{
	u64 aff = FIELD_GET(GICR_TYPER_AFF, typer);

	return (aff & 0xffffff) | FIELD_PREP(MPIDR_AFF3, aff >> 24);
}

static void *find_redist(u64 mpidr)
{
	u64 offset = 0;

	while (offset + GICR_SIZE <= gic.redist_size) {
		char *frame = (char *)gic.redist + offset;
		u64 typer = mmio_read64(frame + GICR_TYPER);

		if (typer_mpidr(typer) == (mpidr & MPIDR_AFF))
			return frame;
		if (typer & GICR_TYPER_LAST)
			return NULL;
		offset += typer & GICR_TYPER_VLPIS ? GICR_SIZE_V4 : GICR_SIZE;
	}
	return NULL;
}

static int init_redist(struct cpu *cpu)
{
	void *frame = (char *)cpu->gicr + GICR_SGI_FRAME;
	u32 own = hyp_ppis | (u32)BIT(GIC_SGI_HYP);
	int err;

	mmio_write32((char *)cpu->gicr + GICR_WAKER,
		     mmio_read32((char *)cpu->gicr + GICR_WAKER) & ~(u32)GICR_WAKER_SLEEP);
	err = wait_clear((char *)cpu->gicr + GICR_WAKER, GICR_WAKER_ASLEEP, "waking a redistributor");
	if (err)
		return err;
	gic_quiesce(frame, 0, ~0u);
	err = gic_wait_redist(cpu);
	gic_write_bits(frame, GICD_IGROUPR, 0, ~0u);
	gic_write_bits(frame, GICD_IGRPMODR, 0, 0);
	for (u32 i = 0; i < GIC_SPI_FIRST; i++)
		gic_set_priority(frame, i, own & BIT(i) ? GIC_PRIO_HYP : GIC_PRIO_GUEST);
	gic_write_bits(frame, GICD_ISENABLER, 0, own);
	return err;
}

int gic_cpu_init(struct cpu *cpu)
{
	int err;

	cpu->gicr = find_redist(cpu->mpidr);
	if (!cpu->gicr) {
		pr_err("GIC: no redistributor for cpu %u (MPIDR 0x%llx)", cpu->id, (unsigned long long)cpu->mpidr);
		return -EINVAL;
	}
	err = init_redist(cpu);
	if (err)
		return err;
	if (!icc_enable(GIC_PRIO_GUEST)) {
		pr_err("GIC: cpu %u has no system register interface", cpu->id);
		return -EINVAL;
	}
	return vgic_cpu_init(cpu);
}

void gic_send_hyp_sgi(struct cpu *target)
{
	u64 aff0 = FIELD_GET(MPIDR_AFF0, target->mpidr);

	dsb_ishst();	/* what it is to see is written */
	icc_send_sgi(FIELD_PREP(SGIR_TARGETS, BIT(aff0 & 15)) | FIELD_PREP(SGIR_RS, aff0 >> 4) |
		     FIELD_PREP(SGIR_AFF1, FIELD_GET(MPIDR_AFF1, target->mpidr)) |
		     FIELD_PREP(SGIR_AFF2, FIELD_GET(MPIDR_AFF2, target->mpidr)) |
		     FIELD_PREP(SGIR_AFF3, FIELD_GET(MPIDR_AFF3, target->mpidr)) |
		     FIELD_PREP(SGIR_INTID, GIC_SGI_HYP));
}

int gic_request(u32 intid, gic_handler fn, void *ctx, struct cpu *cpu, bool edge)
{
	u32 n = intid / 32, bit = (u32)BIT(intid % 32);
	void *frame;
	int err = add_handler(intid, fn, ctx);

	if (err)
		return err;
	frame = gic_frame(cpu, intid);
	gic_write_bits(frame, GICD_ICENABLER, n, bit);
	gic_set_edge(frame, n, bit, edge ? bit : 0);
	gic_set_priority(frame, intid, GIC_PRIO_HYP);
	if (intid >= GIC_SPI_FIRST)
		gic_route(intid, cpu->mpidr);
	gic_write_bits(frame, GICD_ISENABLER, n, bit);
	return 0;
}

void gic_set_pending(u32 intid)
{
	gic_write_bits(gic.dist, GICD_ISPENDR, intid / 32, (u32)BIT(intid % 32));
}

static void hyp_interrupt(struct cpu *cpu, u32 intid)
{
	u32 kind = intid < IAR_INTIDS ? handler_of[intid] : HANDLER_NONE;

	if (kind == HANDLER_NONE)
		return;
	icc_drop_priority(intid);
	if (kind == HANDLER_SGI) {
		icc_deactivate(intid);		/* first: a request to park does not return */
		cpu_handle_requests(cpu);
		return;
	}
	handlers[kind - HANDLER_FIRST].fn(cpu, handlers[kind - HANDLER_FIRST].ctx);
	icc_deactivate(intid);
}

void gic_handle_irq(struct cpu *cpu)
{
	u32 intid = icc_acknowledge();

	if (likely(intid < IAR_INTIDS && !handler_of[intid])) {
		icc_drop_priority(intid);
		vgic_inject_hw(cpu, intid);
		return;
	}
	hyp_interrupt(cpu, intid);
}
