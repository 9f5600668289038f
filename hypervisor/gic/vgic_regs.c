// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a cell's distributor and redistributors: one security state (GICD_CTLR.DS = 1), affinity routing
 * always on, no LPIs, no message SPIs. Redistributors come in the order of the cell's own CPU numbers, one per CPU of
 * its config; one whose CPU was given away is still there for GICR_TYPER, else RAZ/WI. A CPU may access another's, as
 * the architecture allows.
 *
 * Each access is masked with what the cell owns (I5) and goes to the hardware at once; enables, groups, priorities and
 * triggers have a shadow here, which is what reads return. Pending and active need more: an interrupt in a list
 * register is physically active, whatever the guest has seen of it, so list registers are looked at too.
 *
 * The caller cuts what is read to the width of the access.
 */
#include <hyp/config.h>
#include "vgic_local.h"

#define VGIC_IIDR	0x43b		/* JEP106 code of Arm, whose GIC architecture this is */
#define PRIORITY_BITS	0xf8		/* five, as the least that a virtual CPU interface has */

/* Registers that are there for the hardware. */
static u32 owned(const struct vgic_word *word)
{
	return MUTATE(GICD_NO_FILTER) && !word->target ? ~0u : word->owned;
}

static u32 there(const struct vgic_word *word)
{
	return owned(word) | word->soft;
}

/* Interrupts that may sit in a list register: physically active ones, and soft ones, which leave no trace in the hardware. */
static u32 hw_active(const struct vgic_word *word)
{
	return gic_read_bits(word->frame, GICD_ISACTIVER, word->n) & word->owned;
}

static u32 may_be_held(const struct vgic_word *word)
{
	return hw_active(word) | word->soft;
}

/* Under the lock, for interrupts must not change hands between the masking and the write. */
static void write_hw(struct cpu *self, const struct vgic_word *word, u32 reg, u32 bits)
{
	spin_lock(&self->cell->vgic.lock);
	gic_write_bits(word->frame, reg, word->n, bits & owned(word));
	spin_unlock(&self->cell->vgic.lock);
}

/* ---- registers of INTIDs, the same in the distributor and in a redistributor's SGI frame ---- */

/* Hardware enables what is enabled in a group that is enabled. Cell lock held. */
static void apply_enables(struct cell *cell, const struct vgic_word *word)
{
	u32 on = vgic_signalled(word, cell->vgic.ctlr) & owned(word);

	gic_write_bits(word->frame, GICD_ICENABLER, word->n, owned(word) & ~on);
	gic_write_bits(word->frame, GICD_ISENABLER, word->n, on);
}

/* More soft interrupts become pending; and those that wait may be signalled now. */
static void raise(struct cpu *self, struct vgic_word *word, u32 more)
{
	for_each_bit(i, more | READ_ONCE(word->pending))
		vgic_raise(self, word->target ? word->target : vgic_target(self->cell, 32 * word->n + i), word, more);
}

/* Changes word->enabled or word->group1. */
static void change(struct cpu *self, struct vgic_word *word, u32 *shadow, u32 clear, u32 set)
{
	struct vgic_cell *vgic = &self->cell->vgic;
	u32 before;

	spin_lock(&vgic->lock);
	before = vgic_signalled(word, vgic->ctlr);
	*shadow = (*shadow & ~clear) | (set & there(word));
	apply_enables(self->cell, word);
	before &= ~vgic_signalled(word, vgic->ctlr);
	spin_unlock(&vgic->lock);
	if (before)
		vgic_drop(self, word, before & may_be_held(word), 0);
	raise(self, word, 0);
}

static u32 read_group(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	return word->group1;
}

static void write_group(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	change(self, word, &word->group1, ~0u, (u32)access->value);
}

static u32 read_enabled(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	return word->enabled;
}

/* The frequent case of a change: nothing leaves a list register. */
static void write_enable(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	struct vgic_cell *vgic = &self->cell->vgic;
	u32 bits = (u32)access->value & there(word);

	spin_lock(&vgic->lock);
	word->enabled |= bits;
	gic_write_bits(word->frame, GICD_ISENABLER, word->n, bits & owned(word) & vgic_signalled(word, vgic->ctlr));
	spin_unlock(&vgic->lock);
	raise(self, word, 0);
}

static void write_disable(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	change(self, word, &word->enabled, (u32)access->value, 0);
}

static u32 read_pending(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 pending = (gic_read_bits(word->frame, GICD_ISPENDR, word->n) & owned(word)) | READ_ONCE(word->pending);

	return (pending | vgic_find(self, word, may_be_held(word)).pending) & there(word);
}

static void write_set_pending(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 bits = (u32)access->value, active = bits & hw_active(word);

	if (active)
		bits &= ~vgic_find(self, word, active).pending;
	__atomic_or_fetch(&word->latched, bits, __ATOMIC_RELAXED);
	write_hw(self, word, GICD_ISPENDR, bits);
	raise(self, word, bits & word->soft);
}

static void write_clear_pending(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 bits = (u32)access->value;

	write_hw(self, word, GICD_ICPENDR, bits);
	__atomic_and_fetch(&word->latched, ~bits, __ATOMIC_RELAXED);
	__atomic_and_fetch(&word->pending, ~bits, __ATOMIC_ACQ_REL);
	vgic_drop(self, word, bits & may_be_held(word), LR_PENDING);
}

static u32 read_active(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 active = hw_active(word);
	struct vgic_held held = vgic_find(self, word, active | word->soft);

	/* physically active and in no list register: the guest set it so by GICD_ISACTIVER */
	return (held.active | (active & ~held.pending)) & there(word);
}

/*
 * Such an interrupt is not signalled until GICD_ICACTIVER takes it back; EOI and DIR do not, having no list register
 * to find. Soft ones cannot be made active.
 */
static void write_set_active(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	write_hw(self, word, GICD_ISACTIVER, (u32)access->value);
}

static void write_clear_active(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 bits = (u32)access->value & may_be_held(word);
	struct vgic_held held = vgic_find(self, word, bits);

	vgic_drop(self, word, held.active & bits, LR_ACTIVE);
	write_hw(self, word, GICD_ICACTIVER, bits & ~(held.active | held.pending));
}

static u32 read_priority(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 first = access->offset & 31, value = 0;

	for (u32 i = 0; i < access->size; i++)
		value |= there(word) & BIT(first + i) ? (u32)word->priority[first + i] << (8 * i) : 0;
	return value;
}

static void write_priority(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	spin_lock(&self->cell->vgic.lock);
	for (u32 i = 0; i < access->size; i++) {
		u32 intid = (access->offset + i) & 31;
		u8 priority = (access->value >> (8 * i)) & PRIORITY_BITS;

		if (there(word) & BIT(intid))
			word->priority[intid] = priority;
		if (owned(word) & BIT(intid))
			gic_set_priority(word->frame, 32 * word->n + intid, gic_guest_priority(priority));
	}
	spin_unlock(&self->cell->vgic.lock);
}

/* 16 INTIDs to a register, two bits each, of which the upper one says edge-triggered. */
static u32 config_mask(u32 bits, u32 half)
{
	u32 mask = 0;

	for (u32 i = 0; i < 16; i++)
		mask |= ((bits >> (16 * half + i)) & 1) << (2 * i + 1);
	return mask;
}

void vgic_set_config(struct vgic_word *word, u32 half, u32 bits, u32 value)
{
	u32 mask = config_mask(bits, half);

	if (mask)
		word->config[half] = (word->config[half] & ~mask) |
				     gic_set_config(word->frame, 2 * word->n + half, mask, value);
}

static u32 read_config(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	u32 half = access->offset / 4 & 1;

	return word->config[half] & config_mask(there(word), half);
}

static void write_config(struct cpu *self, struct vgic_word *word, const struct mmio_access *access)
{
	spin_lock(&self->cell->vgic.lock);
	vgic_set_config(word, access->offset / 4 & 1, owned(word), (u32)access->value);
	spin_unlock(&self->cell->vgic.lock);
}

#define BLOCK(offset)	((offset) >> 7)
#define BANKS_END	(GICD_IGRPMODR + 0x80)

/* By blocks of 128 bytes. What is not here is RAZ/WI, as GICD_ITARGETSR, which means nothing with affinity routing. */
static const struct bank {
	u32 (*read)(struct cpu *self, struct vgic_word *word, const struct mmio_access *access);
	void (*write)(struct cpu *self, struct vgic_word *word, const struct mmio_access *access);
	u64 shift;		/* log2 of the bytes for the 32 INTIDs of a word */
	u64 widths;		/* of accesses */
} banks[BLOCK(BANKS_END)] = {
	[BLOCK(GICD_IGROUPR)] = { read_group, write_group, 2, 4 },
	[BLOCK(GICD_ISENABLER)] = { read_enabled, write_enable, 2, 4 },
	[BLOCK(GICD_ICENABLER)] = { read_enabled, write_disable, 2, 4 },
	[BLOCK(GICD_ISPENDR)] = { read_pending, write_set_pending, 2, 4 },
	[BLOCK(GICD_ICPENDR)] = { read_pending, write_clear_pending, 2, 4 },
	[BLOCK(GICD_ISACTIVER)] = { read_active, write_set_active, 2, 4 },
	[BLOCK(GICD_ICACTIVER)] = { read_active, write_clear_active, 2, 4 },
	[BLOCK(GICD_IPRIORITYR) ... BLOCK(GICD_ITARGETSR) - 1] = { read_priority, write_priority, 5, 1 | 4 },
	[BLOCK(GICD_ICFGR) ... BLOCK(GICD_IGRPMODR) - 1] = { read_config, write_config, 3, 4 },
};

/*
 * The Secure view of two security states: what is signalled as IRQ is Group 1 Secure, chosen by GICD_IGRPMODR and enabled
 * by another bit. There is no Non-secure Group 1: GICD_IGROUPR is RAZ/WI.
 */
static bool secure(const struct cell *cell)
{
	return cell->config->flags & CFG_CELL_GIC_SECURE;
}

/* The words of the frame are an array of `count`; offset < BANKS_END. */
static inline bool access_bank(struct cpu *self, struct vgic_word *words, u64 count, u64 offset,
			       struct mmio_access *access)
{
	bool group = BLOCK(offset) == BLOCK(GICD_IGROUPR) || BLOCK(offset) == BLOCK(GICD_IGRPMODR);
	const struct bank *bank = &banks[BLOCK(group && secure(self->cell) ? offset ^ GICD_IGROUPR ^ GICD_IGRPMODR : offset)];
	u64 n = offset >> bank->shift & (VGIC_SPI_WORDS - 1);

	if (n >= count || !(bank->widths & access->size))
		return true;
	if (access->write)
		bank->write(self, &words[n], access);
	else
		access->value = bank->read(self, &words[n], access);
	return true;
}

/* ---- the rest of the distributor ---- */

/* A read of all or half of a 64-bit register, and a write. */
static u64 get64(u64 value, const struct mmio_access *access)
{
	return value >> 8 * (access->offset & 4);
}

static u64 put64(u64 value, const struct mmio_access *access)
{
	u64 shift = 8 * (access->offset & 4), mask = (access->size == 8 ? ~0ULL : 0xffffffffULL) << shift;

	return (value & ~mask) | access->value << shift;
}

/* Component identification: the class that all GICs have; PIDR2 says architecture version 3. */
static u32 id_register(u64 offset)
{
	static const u8 id[] = { 0x04, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	u64 i = (offset - GIC_ID_REGS) / 4;

	return i < sizeof(id) ? id[i] : 0;
}

static void access_router(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	struct vgic_cell *vgic = &cell->vgic;
	u32 intid = (u32)(access->offset - GICD_IROUTER) / 8;
	struct vgic_word *word = &vgic->spi[intid / 32];

	if (access->size < 4 || intid < GIC_SPI_FIRST || intid >= gic.intids)
		return;
	spin_lock(&vgic->lock);
	if (!(there(word) & BIT(intid % 32))) {
		access->value = 0;
	} else if (!access->write) {
		access->value = get64(vgic->irouter[intid], access);
	} else {
		vgic->irouter[intid] = put64(vgic->irouter[intid], access) & (MPIDR_AFF | GICD_IROUTER_IRM);
		if (MUTATE(VGIC_SOFT_ROUTE) || (owned(word) & BIT(intid % 32)))
			vgic_route(cell, intid);
	}
	spin_unlock(&vgic->lock);
	raise(self, word, 0);
}

/* RWP: an interrupt that was disabled may still be in a list register of another CPU, or the hardware is not done. */
static u64 read_ctlr(struct cpu *self, struct cell *cell)
{
	u64 rwp = mmio_read32((char *)gic.dist + GICD_CTLR) & GICD_CTLR_RWP;

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[i]);

		if (cpu != self && vgic_runs(cpu, cell) && READ_ONCE(cpu->vgic.asked) != READ_ONCE(cpu->vgic.answered))
			rwp = GICD_CTLR_RWP;
	}
	if (secure(cell))
		return (cell->vgic.ctlr & GICD_CTLR_GRP0) | (cell->vgic.ctlr & GICD_CTLR_GRP1 ? GICD_CTLR_GRP1S : 0) |
		       GICD_CTLR_ARE | GICD_CTLR_ARE_NS | rwp;
	return cell->vgic.ctlr | GICD_CTLR_ARE | GICD_CTLR_DS | rwp;
}

static void write_ctlr(struct cpu *self, struct cell *cell, u32 value)
{
	u32 group1 = value & (u32)(secure(cell) ? GICD_CTLR_GRP1S : GICD_CTLR_GRP1);
	struct vgic_cell *vgic = &cell->vgic;

	spin_lock(&vgic->lock);
	vgic->ctlr = (value & (u32)GICD_CTLR_GRP0) | (group1 ? (u32)GICD_CTLR_GRP1 : 0);
	for (u32 n = 1; n < VGIC_SPI_WORDS; n++)
		apply_enables(cell, &vgic->spi[n]);
	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *cpu = cell->vcpu[i];

		if (cpu)
			apply_enables(cell, &cpu->vgic.local);
	}
	spin_unlock(&vgic->lock);
	vgic_drop(self, &vgic->spi[0], ~0u, 0);	/* anything may be anywhere */
	vgic_sync(self);
}

static __attribute__((noinline)) void access_dist(struct cpu *self, struct cell *cell, struct mmio_access *access)
{
	if (access->offset >= GICD_IROUTER && access->offset < GICD_IROUTER + 8 * GIC_INTIDS)
		access_router(self, cell, access);
	else if (access->size != 4)
		return;
	else if (access->offset == GICD_CTLR && access->write)
		write_ctlr(self, cell, (u32)access->value);
	else if (access->offset == GICD_CTLR)
		access->value = read_ctlr(self, cell);
	else
		access->value = access->offset == GICD_IIDR ? VGIC_IIDR : id_register(access->offset);
}

bool vgic_dist_access(struct cpu *self, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;

	if (access->offset >= GICD_IGROUPR && access->offset < BANKS_END)
		return access_bank(self, cell->vgic.spi, VGIC_SPI_WORDS, access->offset, access);
	if (access->offset == GICD_TYPER && access->size == 4)
		access->value = gic.guest_typer;
	else
		access_dist(self, cell, access);
	return true;
}

/* ---- the rest of the redistributors ---- */

static u64 redist_typer(const struct cell *cell, u64 vcpu)
{
	return FIELD_PREP(GICR_TYPER_AFF, gic_affinity(cfg_cell_cpus(cell->config)[vcpu].vmpidr)) |
	       FIELD_PREP(GICR_TYPER_NUMBER, vcpu) | (vcpu == cell->vcpus - 1 ? GICR_TYPER_LAST : 0);
}

/* The RD frame. A virtual CPU interface has nothing to flush: it is asleep as soon as it is told to. */
static bool access_redist(struct cell *cell, u64 vcpu, struct cpu *target, struct mmio_access *access)
{
	u64 offset = access->offset & (GICR_SGI_FRAME - 1);

	if ((offset & ~4ULL) == GICR_TYPER && access->size >= 4)
		access->value = get64(redist_typer(cell, vcpu), access);
	else if (access->size != 4)
		return true;
	else if (offset == GICR_WAKER && target && access->write)
		target->vgic.waker = access->value & GICR_WAKER_SLEEP ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0;
	else if (offset == GICR_WAKER && target)
		access->value = target->vgic.waker;
	else if (offset == GICR_CTLR && target)
		access->value = mmio_read32((char *)target->gicr + GICR_CTLR) & GICR_CTLR_RWP;
	else
		access->value = offset == GICR_IIDR ? VGIC_IIDR : id_register(offset);
	return true;
}

bool vgic_redist_access(struct cpu *self, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;
	u64 vcpu = access->offset / GICR_SIZE, offset = access->offset & (GICR_SGI_FRAME - 1);
	struct cpu *target = READ_ONCE(cell->vcpu[vcpu]);

	if (!(access->offset & GICR_SGI_FRAME))
		return access_redist(cell, vcpu, target, access);
	if (unlikely(!target || offset >= BANKS_END))
		return true;
	return access_bank(self, &target->vgic.local, 1, offset, access);
}
