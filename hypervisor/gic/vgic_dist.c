// SPDX-License-Identifier: GPL-2.0-only
/*
 * The distributor of a cell: one security state (GICD_CTLR.DS = 1), affinity routing always on, no LPIs, no message
 * SPIs. And which cell has which SPI.
 */
#include <arch/io.h>
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/printk.h>
#include "vgic_local.h"

#define CTLR_GROUPS		((u32)(GICD_CTLR_GRP0 | GICD_CTLR_GRP1))
#define PURGE_TIMEOUT_US	100000

/* ---- routing ---- */

/*
 * The CPU that a GICD_IROUTER means. One whose CPU is not there falls to the first one that is, so that an interrupt
 * never reaches a CPU of another cell; so does IRM = 1, where any CPU is right.
 */
static struct cpu *route_target(const struct cell *cell, u64 irouter)
{
	struct cpu *first = NULL;

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (!cpu)
			continue;
		if (!(irouter & GICD_IROUTER_IRM) && (cpu->vmpidr & MPIDR_AFF) == (irouter & GICD_IROUTER_AFF))
			return cpu;
		if (!first || (!first->on && cpu->on))
			first = cpu;
	}
	return first;
}

static void route_spi(struct cell *cell, u32 intid)
{
	struct cpu *cpu = route_target(cell, cell->vgic.irouter[intid]);

	if (cpu)
		gic_route(intid, cpu->mpidr);
}

void vgic_route_all(struct cell *cell)
{
	spin_lock(&cell->vgic.lock);
	for (u32 intid = GIC_SPI_FIRST; intid < gic.intids; intid++) {
		if (cell->vgic.spi[intid / 32].owned & BIT(intid % 32))
			route_spi(cell, intid);
	}
	spin_unlock(&cell->vgic.lock);
}

static void access_router(struct cell *cell, struct mmio_access *access)
{
	struct vgic_cell *vgic = &cell->vgic;
	u32 intid = (u32)(access->offset - GICD_IROUTER) / 8;

	if (access->size < 4 || intid < GIC_SPI_FIRST || intid >= gic.intids)
		return;
	spin_lock(&vgic->lock);
	if (!(vgic->spi[intid / 32].owned & BIT(intid % 32)) && !MUTATE(GICD_NO_FILTER)) {
		access->value = 0;
	} else if (!access->write) {
		access->value = vgic_get64(vgic->irouter[intid], access);
	} else {
		vgic->irouter[intid] = vgic_put64(vgic->irouter[intid], access) & (GICD_IROUTER_AFF | GICD_IROUTER_IRM);
		route_spi(cell, intid);
	}
	spin_unlock(&vgic->lock);
}

/* ---- the rest of the register frame ---- */

/* RWP: an interrupt that was disabled may still be in a list register of another CPU, or the hardware is not done. */
static bool writes_pending(struct cpu *self, struct cell *cell)
{
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (cpu != self && vgic_runs(cpu, cell) && READ_ONCE(cpu->vgic.asked) != READ_ONCE(cpu->vgic.answered))
			return true;
	}
	return mmio_read32((char *)gic.dist + GICD_CTLR) & GICD_CTLR_RWP;
}

static void write_ctlr(struct cpu *self, struct cell *cell, u32 value)
{
	struct vgic_cell *vgic = &cell->vgic;
	u32 ctlr = value & CTLR_GROUPS;

	spin_lock(&vgic->lock);
	if (vgic->ctlr == ctlr) {
		spin_unlock(&vgic->lock);
		return;
	}
	vgic->ctlr = ctlr;
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		if (vgic->spi[n].owned)
			vgic_apply_enables(cell, &vgic->spi[n]);
	}
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (vgic_runs(cpu, cell))
			vgic_apply_enables(cell, &cpu->vgic.local);
	}
	spin_unlock(&vgic->lock);
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (cpu != self && vgic_runs(cpu, cell))
			vgic_ask(cpu);
	}
	vgic_recheck(self);
	vgic_sync(self);
}

static u32 read_ctlr(struct cpu *self, struct cell *cell)
{
	return cell->vgic.ctlr | (u32)(GICD_CTLR_ARE | GICD_CTLR_DS | (writes_pending(self, cell) ? GICD_CTLR_RWP : 0));
}

static bool __attribute__((noinline)) access_control_rest(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	if (access->size != 4)
		return true;
	if (access->write && access->offset == GICD_CTLR)
		write_ctlr(self, cell, (u32)access->value);
	else if (!access->write && access->offset == GICD_CTLR)
		access->value = read_ctlr(self, cell);
	else if (!access->write && access->offset == GICD_IIDR)
		access->value = VGIC_IIDR;
	return true;
}

/* ---- dispatch, by blocks of 128 bytes; each returns true, see mmio_fn ---- */

static bool access_control(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	if (access->offset != GICD_TYPER)
		return access_control_rest(self, cell, access);
	if (access->size == 4 && !access->write)
		access->value = gic.guest_typer;
	return true;
}

static bool access_bits(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	return vgic_access_bits(self, &cell->vgic.spi[(access->offset & 0x7f) / 4], access);
}

static bool access_priority(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	return vgic_access_priority(self, &cell->vgic.spi[(access->offset - GICD_IPRIORITYR) / 32], access);
}

static bool access_config(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	return vgic_access_config(self, &cell->vgic.spi[(access->offset - GICD_ICFGR) / 8], access);
}

/* GICD_ITARGETSR means nothing with affinity routing. */
static bool raz_wi(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	return true;
}

typedef bool (*block_fn)(struct cpu *self, struct cell *cell, struct mmio_access *access);

#define BLOCK(offset)	((offset) >> 7)

static const block_fn blocks[] = {
	[BLOCK(GICD_CTLR)] = access_control,
	[BLOCK(GICD_IGROUPR) ... BLOCK(GICD_IPRIORITYR) - 1] = access_bits,
	[BLOCK(GICD_IPRIORITYR) ... BLOCK(GICD_ITARGETSR) - 1] = access_priority,
	[BLOCK(GICD_ITARGETSR) ... BLOCK(GICD_ICFGR) - 1] = raz_wi,
	[BLOCK(GICD_ICFGR) ... BLOCK(GICD_IGRPMODR) - 1] = access_config,
};

static bool __attribute__((noinline)) access_rest(struct cell *cell, struct mmio_access *access)
{
	if (access->offset - GICD_IROUTER < 8 * GIC_INTIDS)
		access_router(cell, access);
	else if (access->offset >= GIC_ID_REGS && access->size == 4 && !access->write)
		access->value = vgic_id_register(access->offset - GIC_ID_REGS);
	return true;
}

static bool dist_access(struct cpu *self, void *ctx, struct mmio_access *access)
{
	u64 block = BLOCK(access->offset);

	if (likely(block < ARRAY_SIZE(blocks)))
		return blocks[block](self, ctx, access);
	return access_rest(ctx, access);
}

/* ---- which cell has which SPI ---- */

struct spi_set {
	u32 word[VGIC_SPI_WORDS];
};

static void config_spis(const struct cell *cell, struct spi_set *set)
{
	const struct cfg_irq *irq = cfg_cell_irqs(cell->config);

	for (u32 n = 0; n < VGIC_SPI_WORDS; n++)
		set->word[n] = 0;
	for (u32 i = 0; i < cell->config->irq_count; i++) {
		u32 intid = irq[i].intid;

		if (intid >= GIC_SPI_FIRST && intid < gic.intids && !gic_is_hyp(intid))
			set->word[intid / 32] |= (u32)BIT(intid % 32);
		else
			pr_warn("cell %s: interrupt %u is not there or the hypervisor's; it never gets it", cell->name, intid);
	}
}

/* No CPU of the cell still has an interrupt in a list register that is not the cell's. */
static int purge(struct cell *cell)
{
	struct cpu *self = this_cpu();
	int err = 0;

	if (vgic_runs(self, cell))
		vgic_recheck(self);
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (cpu != self && vgic_runs(cpu, cell) && vgic_wait(self, cpu, vgic_ask(cpu), PURGE_TIMEOUT_US)) {
			pr_err("cpu %u of cell %s does not answer", cpu->id, cell->name);
			err = -EIO;
		}
	}
	return err;
}

static void remove_spis(struct vgic_cell *vgic, struct spi_set *set)
{
	spin_lock(&vgic->lock);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		set->word[n] &= vgic->spi[n].owned;
		vgic->spi[n].owned &= ~set->word[n];
		vgic->spi[n].enabled &= ~set->word[n];
	}
	spin_unlock(&vgic->lock);
}

/* SPIs are nobody's now: silent, and as after a reset but for what the new owner's words say. */
static int quiesce_spis(const struct spi_set *set)
{
	int err = 0;

	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		if (set->word[n] && gic_quiesce(gic.dist, n, set->word[n]))
			err = -EIO;
	}
	return err;
}

static void add_spis(struct cell *cell, const struct spi_set *set)
{
	struct vgic_cell *vgic = &cell->vgic;

	spin_lock(&vgic->lock);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		if (!set->word[n])
			continue;
		vgic->spi[n].edge = (vgic->spi[n].edge & ~set->word[n]) |
				    (gic_set_edge(gic.dist, n, set->word[n], vgic->spi[n].edge) & set->word[n]);
		vgic->spi[n].owned |= set->word[n];
	}
	for (u32 intid = GIC_SPI_FIRST; intid < gic.intids; intid++) {
		if (!(set->word[intid / 32] & BIT(intid % 32)))
			continue;
		gic_set_priority(gic.dist, intid, gic_guest_priority(vgic->priority[intid]));
		route_spi(cell, intid);
	}
	spin_unlock(&vgic->lock);
}

/* Nothing owned, everything as after a reset. */
static void init_words(struct vgic_cell *vgic)
{
	vgic->ctlr = 0;
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++)
		vgic->spi[n] = (struct vgic_word){ .n = n, .frame = gic.dist, .priority = &vgic->priority[32 * n] };
	for (u32 i = 0; i < ARRAY_SIZE(vgic->priority); i++) {
		vgic->priority[i] = 0;
		vgic->irouter[i] = 0;
	}
}

/*
 * From the root cell, which goes on running: disabled first, so that no CPU gets one any more; then out of its CPUs'
 * list registers; then clean. Its other SPIs leave the CPUs that it has lost.
 */
static int take_from_root(struct cell *root, const struct spi_set *set)
{
	struct spi_set taken = *set;
	int err;

	remove_spis(&root->vgic, &taken);
	vgic_route_all(root);
	err = quiesce_spis(set);
	if (!err)
		err = purge(root);
	if (!err)
		err = quiesce_spis(set);
	if (err)
		add_spis(root, &taken);
	return err;
}

int vgic_cell_init(struct cell *cell)
{
	struct cell *root = root_cell();
	struct spi_set set;
	int err;

	init_words(&cell->vgic);
	err = mmio_add(&cell->mmio, ipa(cell->config->gicd_ipa), GICD_SIZE, dist_access, cell);
	if (!err)
		err = mmio_add(&cell->mmio, ipa(cell->config->gicr_ipa), (u64)GICR_SIZE * cell->vcpus,
			       vgic_redist_access, cell);
	if (err)
		return err;
	config_spis(cell, &set);
	if (root && root != cell)
		err = take_from_root(root, &set);
	if (!err)
		add_spis(cell, &set);
	return err;
}

void vgic_cell_exit(struct cell *cell)
{
	struct cell *root = root_cell();
	struct spi_set set, back;

	config_spis(cell, &set);
	remove_spis(&cell->vgic, &set);
	quiesce_spis(&set);
	if (!root || root == cell)
		return;
	config_spis(root, &back);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++)
		back.word[n] &= set.word[n];
	add_spis(root, &back);
}

void vgic_cell_reset(struct cell *cell)
{
	struct vgic_cell *vgic = &cell->vgic;
	struct spi_set set;

	for (u32 n = 0; n < VGIC_SPI_WORDS; n++)
		set.word[n] = vgic->spi[n].owned;
	quiesce_spis(&set);
	spin_lock(&vgic->lock);
	init_words(vgic);
	spin_unlock(&vgic->lock);
	add_spis(cell, &set);
}
