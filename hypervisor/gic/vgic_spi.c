// SPDX-License-Identifier: GPL-2.0-only
/* Which cell has which SPI, and where they go. */
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/printk.h>
#include <hyp/string.h>
#include "vgic_local.h"

#define PURGE_TIMEOUT_US	1000000	/* a CPU answers at once, but QEMU on a busy host may not run it */

struct spi_set {
	u32 word[VGIC_SPI_WORDS];
};

static const struct spi_set all_spis = { { [1 ... VGIC_SPI_WORDS - 1] = ~0u } };

/* ---- routing ---- */

/*
 * The CPU that its GICD_IROUTER means. One whose CPU is not there falls to the first one that is, so that an interrupt
 * never reaches a CPU of another cell; so does IRM = 1, where any CPU is right.
 */
struct cpu *vgic_target(const struct cell *cell, u32 intid)
{
	u64 irouter = cell->vgic.irouter[intid];
	struct cpu *first = NULL;

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (!cpu)
			continue;
		if (!(irouter & GICD_IROUTER_IRM) && (cpu->vmpidr & MPIDR_AFF) == (irouter & MPIDR_AFF))
			return cpu;
		if (!first || (!first->on && cpu->on))
			first = cpu;
	}
	return first;
}

void vgic_route(struct cell *cell, u32 intid)
{
	struct cpu *cpu = vgic_target(cell, intid);

	if (cpu)
		gic_route(intid, cpu->mpidr);
}

static void route_set(struct cell *cell, u32 n, u32 bits)
{
	for_each_bit(i, bits)
		vgic_route(cell, 32 * n + i);
}

void vgic_route_all(struct cell *cell)
{
	spin_lock(&cell->vgic.lock);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++)
		route_set(cell, n, cell->vgic.spi[n].owned);
	spin_unlock(&cell->vgic.lock);
}

/* ---- ownership ---- */

static struct spi_set config_spis(const struct cell *cell)
{
	const struct cfg_irq *irq = cfg_cell_irqs(cell->config);
	struct spi_set set = { { 0 } };

	for (u32 i = 0; i < cell->config->irq_count; i++) {
		u32 intid = irq[i].intid;

		if (intid >= GIC_SPI_FIRST && intid < gic.intids && !gic_is_hyp(intid))
			set.word[intid / 32] |= (u32)BIT(intid % 32);
		else
			pr_warn("cell %s: interrupt %u is not there or the hypervisor's; it never gets it", cell->name, intid);
	}
	return set;
}

/* Those of the set that the cell has, which are nobody's now. */
static struct spi_set remove_spis(struct vgic_cell *vgic, struct spi_set set)
{
	spin_lock(&vgic->lock);
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++) {
		set.word[n] &= vgic->spi[n].owned;
		vgic->spi[n].owned &= ~set.word[n];
		vgic->spi[n].enabled &= ~set.word[n];
	}
	spin_unlock(&vgic->lock);
	return set;
}

/* Programmed as the cell's words say, but disabled. */
static void add_spis(struct cell *cell, const struct spi_set *set)
{
	spin_lock(&cell->vgic.lock);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		struct vgic_word *word = &cell->vgic.spi[n];

		if (!set->word[n])
			continue;
		for (u32 half = 0; half < 2; half++)
			vgic_set_config(word, half, set->word[n], word->config[half]);
		for_each_bit(i, set->word[n])
			gic_set_priority(gic.dist, 32 * n + i, gic_guest_priority(word->priority[i]));
		route_set(cell, n, set->word[n]);
		word->owned |= set->word[n];
	}
	spin_unlock(&cell->vgic.lock);
}

static int quiesce_spis(const struct spi_set *set)
{
	int err = 0;

	for (u32 n = 1; n < VGIC_SPI_WORDS; n++) {
		if (set->word[n] && gic_quiesce(gic.dist, n, set->word[n]))
			err = -EIO;
	}
	return err;
}

/* Nothing owned, everything as after a reset. */
static void init_words(struct cell *cell)
{
	struct vgic_cell *vgic = &cell->vgic;

	vgic->ctlr = 0;
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++)
		vgic->spi[n] = (struct vgic_word){ .n = n, .frame = gic.dist, .priority = &vgic->priority[32 * n] };
	vgic->spi[1].soft = cfg_cell_soft(cell->config);
	memset(vgic->priority, 0, sizeof(vgic->priority));
	memset(vgic->irouter, 0, sizeof(vgic->irouter));
}

/* No CPU of the cell still has an interrupt in a list register that is not the cell's. */
static int purge(struct cell *cell)
{
	int err = 0;

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (vgic_runs(cpu, cell) && vgic_wait(this_cpu(), cpu, vgic_ask(cpu), PURGE_TIMEOUT_US)) {
			pr_err("cpu %u of cell %s does not answer", cpu->id, cell->name);
			err = -EIO;
		}
	}
	return err;
}

/*
 * From the root cell, which goes on running: disabled first, so that no CPU gets one any more; then out of its CPUs'
 * list registers; then clean. Its other SPIs leave the CPUs that it has lost.
 */
static int take_from_root(struct cell *root, const struct spi_set *set)
{
	struct spi_set taken = remove_spis(&root->vgic, *set);
	int err;

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

int vgic_cell_init(struct cell *cell, struct hc_error *err)
{
	const struct cfg_cell *config = cell->config;
	struct cell *root = root_cell();
	struct spi_set set;
	int result;

	init_words(cell);
	result = mmio_add(&cell->mmio, ipa(config->gicd_ipa), GICD_SIZE, vgic_dist_access, cell);
	if (!result)
		result = mmio_add(&cell->mmio, ipa(config->gicr_ipa), (u64)GICR_SIZE * cell->vcpus, vgic_redist_access, cell);
	if (result)
		return result;
	set = config_spis(cell);
	if (root && root != cell)
		result = take_from_root(root, &set);
	if (!result)
		add_spis(cell, &set);
	return result;
}

void vgic_cell_exit(struct cell *cell)
{
	struct spi_set set = remove_spis(&cell->vgic, all_spis), roots;
	struct cell *root = root_cell();

	quiesce_spis(&set);
	if (!root || root == cell)
		return;
	roots = config_spis(root);
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++)
		set.word[n] &= roots.word[n];
	add_spis(root, &set);
}

void vgic_cell_reset(struct cell *cell)
{
	struct spi_set set = remove_spis(&cell->vgic, all_spis);

	quiesce_spis(&set);
	init_words(cell);
	add_spis(cell, &set);
	for (u32 i = 0; i < cell->vcpus; i++) {
		if (cell->vcpu[i])
			vgic_cpu_clear(cell->vcpu[i]);
	}
}
