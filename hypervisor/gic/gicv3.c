// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GICv3 hardware: probe, distributor, redistributors, the physical CPU interface, and the interrupts that are the
 * hypervisor's own. Works where there is one security state (GICD_CTLR.DS = 1) and in the Non-secure view of two:
 * in both, Group 1 with affinity routing has the same bits, and Group 0 is left alone.
 */
#include <arch/barrier.h>
#include <arch/timer.h>
#include <asm/gic_sysreg.h>
#include <hyp/errno.h>
#include <hyp/hyp_map.h>
#include <hyp/printk.h>
#include <hyp/spinlock.h>
#include "gic_local.h"

#define GIC_TIMEOUT_US	100000
#define TYPER_IDBITS	9	/* less one: 10 bits of INTID */

struct gic gic;
static struct {
	gic_handler fn;
	void *ctx;
} handlers[GIC_INTIDS];			/* of what is the hypervisor's own */
static spinlock_t config_lock;		/* guards read-modify-write of GICD_ICFGR, whose words several cells share */

static int wait_clear(const void *reg, u32 bits, const char *what)
{
	u64 deadline = timer_deadline_us(GIC_TIMEOUT_US);

	while (mmio_read32(reg) & bits) {
		if (timer_passed(deadline)) {
			pr_err("GIC: %s does not finish", what);
			return -EIO;
		}
		cpu_relax();
	}
	return 0;
}

/* Until earlier writes to enable bits have effect. */
static int wait_writes(const void *frame)
{
	const char *redist = (const char *)frame - GICR_SGI_FRAME;

	if (frame == gic.dist)
		return wait_clear((char *)gic.dist + GICD_CTLR, GICD_CTLR_RWP, "a write to the distributor");
	return wait_clear(redist + GICR_CTLR, GICR_CTLR_RWP, "a write to a redistributor");
}

u32 gic_set_config(void *frame, u32 n, u32 mask, u32 value)
{
	spin_lock(&config_lock);
	gic_write_bits(frame, GICD_ICFGR, n, (gic_read_bits(frame, GICD_ICFGR, n) & ~mask) | (value & mask));
	spin_unlock(&config_lock);
	return gic_read_bits(frame, GICD_ICFGR, n) & mask;
}

int gic_quiesce(void *frame, u32 n, u32 mask)
{
	int err;

	gic_write_bits(frame, GICD_ICENABLER, n, mask);
	err = wait_writes(frame);
	gic_write_bits(frame, GICD_ICACTIVER, n, mask);
	gic_write_bits(frame, GICD_ICPENDR, n, mask);
	return err;
}

bool gic_is_hyp(u32 intid)
{
	return intid < GIC_INTIDS && handlers[intid].fn;
}

/* INTIDs 32*n..: silent, and such as guests can have. */
static int init_bank(void *frame, u32 n)
{
	int err = gic_quiesce(frame, n, ~0u);

	gic_write_bits(frame, GICD_IGROUPR, n, ~0u);
	gic_write_bits(frame, GICD_IGRPMODR, n, 0);
	for (u32 i = 0; i < 32; i++)
		gic_set_priority(frame, 32 * n + i, GIC_PRIO_GUEST);
	return err;
}

static int init_dist(void)
{
	int err;

	mmio_write32((char *)gic.dist + GICD_CTLR, 0);
	err = wait_writes(gic.dist);
	mmio_write32((char *)gic.dist + GICD_CTLR, GICD_CTLR_ARE);	/* before IROUTER means anything */
	for (u32 n = 1; !err && n < DIV_ROUND_UP(gic.intids, 32); n++)
		err = init_bank(gic.dist, n);
	for (u32 intid = GIC_SPI_FIRST; intid < gic.intids; intid++)
		gic_route(intid, cpus[0].mpidr);
	mmio_write32((char *)gic.dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	return err ? err : wait_writes(gic.dist);
}

/*
 * Two generations have what we use; the number is the architecture's own. For a cell there are as many INTIDs as the
 * hardware has; one security state, no LPIs, no message SPIs, no 1-of-N routing. EL2's own timers and the maintenance
 * interrupt are no guest's: 25, 26, 28 by convention, or as the config says.
 */
static int probe(const struct cfg_system *sys)
{
	u32 typer = mmio_read32((char *)gic.dist + GICD_TYPER);
	u32 arch = FIELD_GET(GIC_PIDR2_ARCH, mmio_read32((char *)gic.dist + GIC_PIDR2));

	if (arch != 3 && arch != 4) {
		pr_err("GIC: gicd_base 0x%llx is not a GICv3 or GICv4 distributor (architecture %u)",
		       (unsigned long long)sys->gicd_base, arch);
		return -EINVAL;
	}
	gic.guest_ppis = 0xffff0000u & ~(u32)(BIT(25) | BIT(26) | BIT(28) | BIT(sys->maintenance_irq & 31) |
					      BIT(sys->timer_irq & 31));
	gic.intids = (u32)MIN(32 * (FIELD_GET(GICD_TYPER_ITLINES, typer) + 1), (u64)GIC_INTIDS);
	gic.guest_typer = (u32)((typer & (GICD_TYPER_ITLINES | GICD_TYPER_A3V)) |
				FIELD_PREP(GICD_TYPER_IDBITS, TYPER_IDBITS) | GICD_TYPER_NO1N);
	return 0;
}

static void *find_redist(u64 mpidr)
{
	u64 offset = 0;

	while (offset + GICR_SIZE <= gic.redist_size) {
		char *frame = (char *)gic.redist + offset;
		u64 typer = mmio_read64(frame + GICR_TYPER);

		if (FIELD_GET(GICR_TYPER_AFF, typer) == gic_affinity(mpidr))
			return frame;
		if (typer & GICR_TYPER_LAST)
			return NULL;
		offset += typer & GICR_TYPER_VLPIS ? GICR_SIZE_V4 : GICR_SIZE;
	}
	return NULL;
}

static void enable_own(void *frame, u32 intid)
{
	gic_set_priority(frame, intid, GIC_PRIO_HYP);
	gic_write_bits(frame, GICD_ISENABLER, intid / 32, (u32)BIT(intid % 32));
}

static int init_redist(struct cpu *cpu)
{
	char *waker = (char *)cpu->gicr + GICR_WAKER;
	void *frame = gic_frame(cpu, 0);
	int err;

	mmio_write32(waker, mmio_read32(waker) & ~(u32)GICR_WAKER_SLEEP);
	err = wait_clear(waker, GICR_WAKER_ASLEEP, "waking a redistributor");
	if (!err)
		err = init_bank(frame, 0);
	for (u32 i = 0; i < GIC_SPI_FIRST; i++) {
		if (i == GIC_SGI_HYP || gic_is_hyp(i))
			enable_own(frame, i);
	}
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
	dsb_ishst();	/* what it is to see is written */
	icc_send_sgi(gic_sgi_target(target->mpidr) | FIELD_PREP(SGIR_INTID, GIC_SGI_HYP));
}

int gic_request(u32 intid, gic_handler fn, void *ctx, struct cpu *cpu, bool edge)
{
	u32 config = 2u << intid % 16 * 2;
	void *frame = gic_frame(cpu, intid);

	if (intid < GIC_PPI_FIRST || intid >= gic.intids || handlers[intid].fn) {
		pr_err("GIC: interrupt %u cannot be the hypervisor's", intid);
		return -EINVAL;
	}
	handlers[intid].fn = fn;
	handlers[intid].ctx = ctx;
	gic_write_bits(frame, GICD_ICENABLER, intid / 32, (u32)BIT(intid % 32));
	gic_set_config(frame, intid / 16, config, edge ? config : 0);
	if (intid >= GIC_SPI_FIRST)
		gic_route(intid, cpu->mpidr);
	enable_own(frame, intid);
	return 0;
}

int gic_init(const struct cfg_system *sys)
{
	int err;

	gic.dist = hyp_map_mmio(pa(sys->gicd_base), GICD_SIZE);
	gic.redist = hyp_map_mmio(pa(sys->gicr_base), sys->gicr_size);
	gic.redist_size = sys->gicr_size;
	if (!gic.dist || !gic.redist)
		return -ENOMEM;
	err = probe(sys);
	if (!err)
		err = init_dist();
	if (!err)
		err = gic_cpu_init(this_cpu());
	return err ? err : gic_request(sys->maintenance_irq, vgic_underflow, NULL, this_cpu(), false);
}

void gic_set_pending(u32 intid)
{
	gic_write_bits(gic.dist, GICD_ISPENDR, intid / 32, (u32)BIT(intid % 32));
}

static __attribute__((noinline)) void hyp_interrupt(struct cpu *cpu, u32 intid)
{
	icc_drop_priority(intid);
	icc_deactivate(intid);		/* first: a CPU that parks does not come back here */
	if (intid < GIC_PPI_FIRST)
		cpu_handle_requests(cpu);
	else
		handlers[intid].fn(cpu, handlers[intid].ctx);
}

void gic_handle_irq(struct cpu *cpu)
{
	u32 intid = icc_acknowledge();

	if (likely(intid >= GIC_PPI_FIRST && intid < GIC_INTIDS && !handlers[intid].fn)) {
		icc_drop_priority(intid);
		vgic_inject_hw(cpu, intid);
	} else if (intid < GIC_INTIDS) {
		hyp_interrupt(cpu, intid);
	}
}
