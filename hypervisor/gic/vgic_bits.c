// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers that distributor and redistributors have in common: bits, priorities and triggers of 32 INTIDs. Each
 * access is masked with what the cell owns (I5) and goes to the hardware at once; enables, groups, priorities and
 * triggers have a shadow here, which is what reads return.
 *
 * Pending and active need more: an interrupt in a list register is physically active, whatever the guest has seen of
 * it. Own list registers are looked at; for those of other CPUs, which only matter when the hardware says active and
 * nobody here has it, these CPUs are asked.
 */
#include <arch/io.h>
#include <hyp/errno.h>
#include "vgic_local.h"

#define PRIORITY_BITS	0xf8		/* five, as the least that a virtual CPU interface has */

static u32 writable(const struct vgic_word *word)
{
	if (MUTATE(GICD_NO_FILTER) && !word->target)
		return ~0u;
	return word->owned | word->soft;
}

/* Registers that are there for the hardware. */
static u32 owned(const struct vgic_word *word)
{
	if (MUTATE(GICD_NO_FILTER) && !word->target)
		return ~0u;
	return word->owned;
}

void vgic_apply_enables(struct cell *cell, const struct vgic_word *word)
{
	u32 on = vgic_signalled(word, cell->vgic.ctlr) & word->owned;

	gic_write_bits(word->frame, GICD_ICENABLER, word->n, word->owned & ~on);
	gic_write_bits(word->frame, GICD_ISENABLER, word->n, on);
}

/* Interrupts that may sit in a list register of the word's CPUs: physically active. */
static u32 hw_active(const struct vgic_word *word)
{
	return gic_read_bits(word->frame, GICD_ISACTIVER, word->n) & word->owned;
}

/*
 * CPUs whose list registers can hold interrupts of the word, one after the other from *i on: of SGIs and PPIs the one
 * whose they are, of SPIs all. The calling CPU comes through vgic_own_lrs() and is left out.
 */
static struct cpu *next_holder(struct cpu *self, const struct vgic_word *word, u32 *i)
{
	while (*i < self->cell->vcpus) {
		struct cpu *cpu = READ_ONCE(self->cell->vcpu[(*i)++]);

		if (cpu != self && vgic_runs(cpu, self->cell) && (!word->target || word->target == cpu))
			return cpu;
	}
	return NULL;
}

static bool self_holds(const struct cpu *self, const struct vgic_word *word)
{
	return !word->target || word->target == self;
}

/* Adds up list registers; bits of `unknown` are physically active and a CPU did not answer. */
static struct vgic_held all_held(struct cpu *self, const struct vgic_word *word, u32 active, u32 *unknown)
{
	struct vgic_held held = { 0, 0 }, other;
	u32 want = active | word->soft, i = 0;
	struct cpu *cpu;

	*unknown = 0;
	if (!want)
		return held;
	if (self_holds(self, word))
		held = vgic_own_lrs(self, word->n);
	/* SGIs leave no trace in the hardware, so another CPU has to be asked in any case */
	while ((want & ~(held.pending | held.active)) && (word->target != self) && (cpu = next_holder(self, word, &i))) {
		if (!vgic_other_lrs(self, cpu, word->n, &other))
			*unknown = active;
		held.pending |= other.pending;
		held.active |= other.active;
	}
	*unknown &= ~(held.pending | held.active);
	return held;
}

static void raise_soft(struct cpu *self, const struct vgic_word *word, u32 sgis)
{
	if (sgis && word->target)
		vgic_sgi_raise(self, word->target, sgis);
}

/*
 * Takes disabled interrupts out of list registers. Other CPUs are only disturbed when one may be in theirs; they act soon,
 * and until then GICD_CTLR.RWP is set.
 */
static void recheck(struct cpu *self, const struct vgic_word *word, u32 bits)
{
	u32 suspects = (hw_active(word) | word->soft) & bits, i = 0;
	struct vgic_held held;
	struct cpu *cpu;

	if (suspects && self_holds(self, word)) {
		held = vgic_own_lrs(self, word->n);
		if (held.pending & suspects)
			vgic_recheck(self);
		suspects &= ~(held.pending | held.active);
	}
	while (suspects && word->target != self && (cpu = next_holder(self, word, &i)))
		vgic_ask(cpu);
}

/* ---- one function per register ---- */

static u32 read_group(struct cpu *self, struct vgic_word *word)
{
	return word->group1;
}

static void write_group(struct cpu *self, struct vgic_word *word, u32 value)
{
	spin_lock(&self->cell->vgic.lock);
	word->group1 = value & writable(word);
	vgic_apply_enables(self->cell, word);
	spin_unlock(&self->cell->vgic.lock);
}

static u32 read_enabled(struct cpu *self, struct vgic_word *word)
{
	return word->enabled;
}

static void write_enable(struct cpu *self, struct vgic_word *word, u32 value)
{
	spin_lock(&self->cell->vgic.lock);
	value &= writable(word);
	word->enabled |= value;
	gic_write_bits(word->frame, GICD_ISENABLER, word->n,
		       value & owned(word) & vgic_signalled(word, self->cell->vgic.ctlr));
	spin_unlock(&self->cell->vgic.lock);
	if (word->target)
		raise_soft(self, word, value & word->soft & READ_ONCE(word->target->vgic.sgi_pending));
}

static void write_disable(struct cpu *self, struct vgic_word *word, u32 value)
{
	spin_lock(&self->cell->vgic.lock);
	value &= writable(word);
	word->enabled &= ~value;
	gic_write_bits(word->frame, GICD_ICENABLER, word->n, value & owned(word));
	spin_unlock(&self->cell->vgic.lock);
	recheck(self, word, value);
}

static u32 read_pending(struct cpu *self, struct vgic_word *word)
{
	u32 unknown, pending = gic_read_bits(word->frame, GICD_ISPENDR, word->n) & word->owned;

	pending |= all_held(self, word, hw_active(word), &unknown).pending;
	if (word->target)
		pending |= READ_ONCE(word->target->vgic.sgi_pending);
	return pending & (word->owned | word->soft);
}

static void write_set_pending(struct cpu *self, struct vgic_word *word, u32 value)
{
	u32 active = hw_active(word) & value, unknown = 0;
	struct vgic_held held = { 0, 0 };

	if (active)
		held = all_held(self, word, active, &unknown);
	spin_lock(&self->cell->vgic.lock);
	value &= writable(word);
	gic_write_bits(word->frame, GICD_ISPENDR, word->n, value & owned(word) & ~held.pending);
	spin_unlock(&self->cell->vgic.lock);
	raise_soft(self, word, value & word->soft);
}

/* The word's bits in an array of requests to another CPU, which then acts on its list registers. */
static void ask_bits(struct cpu *self, const struct vgic_word *word, size_t array, u32 bits)
{
	u32 i = 0;
	struct cpu *cpu;

	while ((cpu = next_holder(self, word, &i))) {
		u32 *words = (u32 *)((char *)&cpu->vgic + array);

		__atomic_or_fetch(&words[word->n], bits, __ATOMIC_RELEASE);
		vgic_ask(cpu);
	}
}

static void write_clear_pending(struct cpu *self, struct vgic_word *word, u32 value)
{
	u32 active;

	spin_lock(&self->cell->vgic.lock);
	value &= writable(word);
	gic_write_bits(word->frame, GICD_ICPENDR, word->n, value & owned(word));
	spin_unlock(&self->cell->vgic.lock);
	if (word->target)
		__atomic_and_fetch(&word->target->vgic.sgi_pending, ~(value & word->soft), __ATOMIC_ACQ_REL);
	active = (hw_active(word) | word->soft) & value;
	if (!active)
		return;
	if (self_holds(self, word))
		vgic_lr_clear(self, word->n, active);
	if (word->target != self)
		ask_bits(self, word, offsetof(struct vgic_cpu, clear), active);
}

static u32 read_active(struct cpu *self, struct vgic_word *word)
{
	u32 active = hw_active(word), unknown;
	struct vgic_held held = all_held(self, word, active, &unknown);

	/* physically active and in no list register: the guest set it so by GICD_ISACTIVER */
	return (held.active | (active & ~held.pending)) & (word->owned | word->soft);
}

/*
 * Such an interrupt is not signalled until GICD_ICACTIVER takes it back; EOI and DIR do not, having no list register
 * to find. SGIs cannot be made active.
 */
static void write_set_active(struct cpu *self, struct vgic_word *word, u32 value)
{
	spin_lock(&self->cell->vgic.lock);
	gic_write_bits(word->frame, GICD_ISACTIVER, word->n, value & owned(word));
	spin_unlock(&self->cell->vgic.lock);
}

static void write_clear_active(struct cpu *self, struct vgic_word *word, u32 value)
{
	u32 soft = word->soft & value, active = hw_active(word) & value, unknown;
	struct vgic_held held;

	if (!(active | soft))
		return;
	held = all_held(self, word, active, &unknown);
	if (self_holds(self, word))
		vgic_lr_deactivate(self, word->n, active | soft);
	if (word->target != self && ((held.active | unknown) & (active | soft)))
		ask_bits(self, word, offsetof(struct vgic_cpu, deactivate), active | soft);
	spin_lock(&self->cell->vgic.lock);
	gic_write_bits(word->frame, GICD_ICACTIVER, word->n,
		       active & owned(word) & ~(held.active | held.pending | unknown));
	spin_unlock(&self->cell->vgic.lock);
}

static const struct {
	u32 (*read)(struct cpu *self, struct vgic_word *word);
	void (*write)(struct cpu *self, struct vgic_word *word, u32 value);
} registers[] = {
	[GICD_IGROUPR >> 7] = { read_group, write_group },
	[GICD_ISENABLER >> 7] = { read_enabled, write_enable },
	[GICD_ICENABLER >> 7] = { read_enabled, write_disable },
	[GICD_ISPENDR >> 7] = { read_pending, write_set_pending },
	[GICD_ICPENDR >> 7] = { read_pending, write_clear_pending },
	[GICD_ISACTIVER >> 7] = { read_active, write_set_active },
	[GICD_ICACTIVER >> 7] = { read_active, write_clear_active },
};

bool vgic_access_bits(struct cpu *self, struct vgic_word *word, struct mmio_access *access)
{
	u64 index = (access->offset & 0x3ff) >> 7;

	if (access->size != 4)
		return true;
	if (access->write)
		registers[index].write(self, word, (u32)access->value);
	else
		access->value = registers[index].read(self, word);
	return true;
}

static u32 read_priority(const struct vgic_word *word, u32 first, u32 bytes)
{
	u32 value = 0, there = word->owned | word->soft;

	for (u32 i = 0; i < bytes; i++)
		value |= there & BIT(first + i) ? (u32)word->priority[first + i] << (8 * i) : 0;
	return value;
}

static void write_priority(const struct vgic_word *word, u32 first, u32 bytes, u32 value)
{
	for (u32 i = 0; i < bytes; i++) {
		u8 priority = (value >> (8 * i)) & PRIORITY_BITS;
		u32 bit = (u32)BIT(first + i);

		if (writable(word) & bit)
			word->priority[first + i] = priority;
		if (owned(word) & bit)
			gic_set_priority(word->frame, 32 * word->n + first + i, gic_guest_priority(priority));
	}
}

bool vgic_access_priority(struct cpu *self, struct vgic_word *word, struct mmio_access *access)
{
	u32 first = access->offset & 31;

	if (access->size != 1 && access->size != 4)
		return true;
	if (access->write) {
		spin_lock(&self->cell->vgic.lock);
		write_priority(word, first, access->size, (u32)access->value);
		spin_unlock(&self->cell->vgic.lock);
	} else {
		access->value = read_priority(word, first, access->size);
	}
	return true;
}

/* 16 INTIDs to a register, two bits each, of which the upper one says edge-triggered. */
static u32 config_pack(u32 bits)
{
	u32 value = 0;

	for (u32 i = 0; i < 16; i++)
		value |= ((bits >> i) & 1) << (2 * i + 1);
	return value;
}

static u32 config_unpack(u32 value)
{
	u32 bits = 0;

	for (u32 i = 0; i < 16; i++)
		bits |= ((value >> (2 * i + 1)) & 1) << i;
	return bits;
}

bool vgic_access_config(struct cpu *self, struct vgic_word *word, struct mmio_access *access)
{
	u32 shift = access->offset & 4 ? 16 : 0, half = 0xffffu << shift;

	if (access->size != 4)
		return true;
	if (!access->write) {
		access->value = config_pack((word->edge & (word->owned | word->soft)) >> shift);
		return true;
	}
	spin_lock(&self->cell->vgic.lock);
	if (owned(word) & half)
		word->edge = word->soft | gic_set_edge(word->frame, word->n, owned(word) & half,
						       config_unpack((u32)access->value) << shift);
	spin_unlock(&self->cell->vgic.lock);
	return true;
}

/* Component identification: the class that all GICs have; PIDR2 says architecture version 3. */
u32 vgic_id_register(u64 offset)
{
	static const u8 id[] = { 0x04, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };

	return offset / 4 < sizeof(id) ? id[offset / 4] : 0;
}

u64 vgic_get64(u64 value, const struct mmio_access *access)
{
	if (access->size == 8)
		return value;
	return (u32)(access->offset & 4 ? value >> 32 : value);
}

u64 vgic_put64(u64 value, const struct mmio_access *access)
{
	if (access->size == 8)
		return access->value;
	if (access->offset & 4)
		return (value & 0xffffffff) | access->value << 32;
	return (value & ~0xffffffffULL) | (access->value & 0xffffffff);
}
