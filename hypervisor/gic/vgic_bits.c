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

#define ICFGR_EDGES	0xaaaaaaaau

static u32 writable(const struct vgic_bank *bank)
{
	if (MUTATE(GICD_NO_FILTER) && !bank->target)
		return ~0u;
	return bank->word->owned | bank->word->soft;
}

/* Registers that are there for the hardware. */
static u32 owned(const struct vgic_bank *bank)
{
	if (MUTATE(GICD_NO_FILTER) && !bank->target)
		return ~0u;
	return bank->word->owned;
}

void vgic_apply_enables(struct cell *cell, struct vgic_word *word, void *frame, u32 n)
{
	u32 on = vgic_signalled(word, cell->vgic.ctlr) & word->owned;

	gic_write_bits(frame, GICD_ICENABLER, n, word->owned & ~on);
	gic_write_bits(frame, GICD_ISENABLER, n, on);
}

/* Interrupts that may sit in a list register of the bank's CPUs: physically active. */
static u32 hw_active(const struct vgic_bank *bank)
{
	return gic_read_bits(bank->frame, GICD_ISACTIVER, bank->n) & bank->word->owned;
}

/*
 * CPUs whose list registers can hold interrupts of the bank, one after the other from *i on: of SGIs and PPIs the one
 * whose they are, of SPIs all. The calling CPU comes through vgic_own_lrs() and is left out.
 */
static struct cpu *next_holder(const struct vgic_bank *bank, u32 *i)
{
	while (*i < bank->cell->vcpus) {
		struct cpu *cpu = READ_ONCE(bank->cell->vcpu[(*i)++]);

		if (cpu != bank->self && vgic_runs(cpu, bank->cell) && (!bank->target || bank->target == cpu))
			return cpu;
	}
	return NULL;
}

static bool self_holds(const struct vgic_bank *bank)
{
	return !bank->target || bank->target == bank->self;
}

/* Adds up list registers; bits of `unknown` are physically active and a CPU did not answer. */
static struct vgic_held all_held(const struct vgic_bank *bank, u32 active, u32 *unknown)
{
	struct vgic_held held = { 0, 0 }, other;
	u32 want = active | bank->word->soft, i = 0;
	struct cpu *cpu;

	*unknown = 0;
	if (!want)
		return held;
	if (self_holds(bank))
		held = vgic_own_lrs(bank->self, bank->n);
	/* SGIs leave no trace in the hardware, so another CPU has to be asked in any case */
	while ((want & ~(held.pending | held.active)) && (bank->target != bank->self) && (cpu = next_holder(bank, &i))) {
		if (!vgic_other_lrs(bank->self, cpu, bank->n, &other))
			*unknown = active;
		held.pending |= other.pending;
		held.active |= other.active;
	}
	*unknown &= ~(held.pending | held.active);
	return held;
}

static void raise_soft(const struct vgic_bank *bank, u32 sgis)
{
	if (sgis && bank->target)
		vgic_sgi_raise(bank->self, bank->target, sgis);
}

/*
 * Takes disabled interrupts out of list registers. Other CPUs are only disturbed when one may be in theirs; they act soon,
 * and until then GICD_CTLR.RWP is set.
 */
static void recheck(const struct vgic_bank *bank, u32 bits)
{
	u32 suspects = (hw_active(bank) | bank->word->soft) & bits, i = 0;
	struct vgic_held held;
	struct cpu *cpu;

	if (suspects && self_holds(bank)) {
		held = vgic_own_lrs(bank->self, bank->n);
		if (held.pending & suspects)
			vgic_recheck(bank->self);
		suspects &= ~(held.pending | held.active);
	}
	while (suspects && bank->target != bank->self && (cpu = next_holder(bank, &i)))
		vgic_ask(cpu);
}

/* ---- one function per register ---- */

static u32 read_group(struct vgic_bank *bank)
{
	return bank->word->group1;
}

static void write_group(struct vgic_bank *bank, u32 value)
{
	spin_lock(&bank->cell->vgic.lock);
	bank->word->group1 = value & writable(bank);
	vgic_apply_enables(bank->cell, bank->word, bank->frame, bank->n);
	spin_unlock(&bank->cell->vgic.lock);
}

static u32 read_enabled(struct vgic_bank *bank)
{
	return bank->word->enabled;
}

static void write_enable(struct vgic_bank *bank, u32 value)
{
	struct vgic_word *word = bank->word;

	spin_lock(&bank->cell->vgic.lock);
	value &= writable(bank);
	word->enabled |= value;
	gic_write_bits(bank->frame, GICD_ISENABLER, bank->n,
		       value & owned(bank) & vgic_signalled(word, bank->cell->vgic.ctlr));
	spin_unlock(&bank->cell->vgic.lock);
	if (bank->target)
		raise_soft(bank, value & word->soft & READ_ONCE(bank->target->vgic.sgi_pending));
}

static void write_disable(struct vgic_bank *bank, u32 value)
{
	spin_lock(&bank->cell->vgic.lock);
	value &= writable(bank);
	bank->word->enabled &= ~value;
	gic_write_bits(bank->frame, GICD_ICENABLER, bank->n, value & owned(bank));
	spin_unlock(&bank->cell->vgic.lock);
	recheck(bank, value);
}

static u32 read_pending(struct vgic_bank *bank)
{
	u32 unknown, pending = gic_read_bits(bank->frame, GICD_ISPENDR, bank->n) & bank->word->owned;

	pending |= all_held(bank, hw_active(bank), &unknown).pending;
	if (bank->target)
		pending |= READ_ONCE(bank->target->vgic.sgi_pending);
	return pending & (bank->word->owned | bank->word->soft);
}

static void write_set_pending(struct vgic_bank *bank, u32 value)
{
	u32 active = hw_active(bank) & value, unknown = 0;
	struct vgic_held held = { 0, 0 };

	if (active)
		held = all_held(bank, active, &unknown);
	spin_lock(&bank->cell->vgic.lock);
	value &= writable(bank);
	gic_write_bits(bank->frame, GICD_ISPENDR, bank->n, value & owned(bank) & ~held.pending);
	spin_unlock(&bank->cell->vgic.lock);
	raise_soft(bank, value & bank->word->soft);
}

/* The word's bits in an array of requests to another CPU, which then acts on its list registers. */
static void ask_bits(const struct vgic_bank *bank, size_t array, u32 bits)
{
	u32 i = 0;
	struct cpu *cpu;

	while ((cpu = next_holder(bank, &i))) {
		u32 *words = (u32 *)((char *)&cpu->vgic + array);

		__atomic_or_fetch(&words[bank->n], bits, __ATOMIC_RELEASE);
		vgic_ask(cpu);
	}
}

static void write_clear_pending(struct vgic_bank *bank, u32 value)
{
	struct vgic_word *word = bank->word;
	u32 active;

	spin_lock(&bank->cell->vgic.lock);
	value &= writable(bank);
	gic_write_bits(bank->frame, GICD_ICPENDR, bank->n, value & owned(bank));
	spin_unlock(&bank->cell->vgic.lock);
	if (bank->target)
		__atomic_and_fetch(&bank->target->vgic.sgi_pending, ~(value & word->soft), __ATOMIC_ACQ_REL);
	active = (hw_active(bank) | word->soft) & value;
	if (!active)
		return;
	if (self_holds(bank))
		vgic_lr_clear(bank->self, bank->n, active);
	if (bank->target != bank->self)
		ask_bits(bank, offsetof(struct vgic_cpu, clear), active);
}

static u32 read_active(struct vgic_bank *bank)
{
	u32 active = hw_active(bank), unknown;
	struct vgic_held held = all_held(bank, active, &unknown);

	/* physically active and in no list register: the guest set it so by GICD_ISACTIVER */
	return (held.active | (active & ~held.pending)) & (bank->word->owned | bank->word->soft);
}

/*
 * Such an interrupt is not signalled until GICD_ICACTIVER takes it back; EOI and DIR do not, having no list register
 * to find. SGIs cannot be made active.
 */
static void write_set_active(struct vgic_bank *bank, u32 value)
{
	spin_lock(&bank->cell->vgic.lock);
	gic_write_bits(bank->frame, GICD_ISACTIVER, bank->n, value & owned(bank));
	spin_unlock(&bank->cell->vgic.lock);
}

static void write_clear_active(struct vgic_bank *bank, u32 value)
{
	u32 soft = bank->word->soft & value, active = hw_active(bank) & value, unknown;
	struct vgic_held held;

	if (!(active | soft))
		return;
	held = all_held(bank, active, &unknown);
	if (self_holds(bank))
		vgic_lr_deactivate(bank->self, bank->n, active | soft);
	if (bank->target != bank->self && ((held.active | unknown) & (active | soft)))
		ask_bits(bank, offsetof(struct vgic_cpu, deactivate), active | soft);
	spin_lock(&bank->cell->vgic.lock);
	gic_write_bits(bank->frame, GICD_ICACTIVER, bank->n,
		       active & owned(bank) & ~(held.active | held.pending | unknown));
	spin_unlock(&bank->cell->vgic.lock);
}

static const struct {
	u32 (*read)(struct vgic_bank *bank);
	void (*write)(struct vgic_bank *bank, u32 value);
} registers[] = {
	[GICD_IGROUPR >> 7] = { read_group, write_group },
	[GICD_ISENABLER >> 7] = { read_enabled, write_enable },
	[GICD_ICENABLER >> 7] = { read_enabled, write_disable },
	[GICD_ISPENDR >> 7] = { read_pending, write_set_pending },
	[GICD_ICPENDR >> 7] = { read_pending, write_clear_pending },
	[GICD_ISACTIVER >> 7] = { read_active, write_set_active },
	[GICD_ICACTIVER >> 7] = { read_active, write_clear_active },
};

void vgic_access_bits(struct vgic_bank *bank, struct mmio_access *access)
{
	u64 index = (access->offset & (GICR_SGI_FRAME - 1)) >> 7;

	if (access->size != 4)
		return;
	if (access->write)
		registers[index].write(bank, (u32)access->value);
	else
		access->value = registers[index].read(bank);
}

void vgic_access_priority(struct vgic_bank *bank, struct mmio_access *access)
{
	u32 first = (u32)(access->offset & 31), mask = bank->word->owned | bank->word->soft;

	if (access->size != 1 && access->size != 4)
		return;
	for (u32 i = 0; i < access->size; i++) {
		u8 priority = (access->value >> (8 * i)) & 0xf8;
		u32 bit = (u32)BIT(first + i);

		if (!access->write) {
			access->value |= (mask & bit) ? (u64)bank->priority[first + i] << (8 * i) : 0;
			continue;
		}
		spin_lock(&bank->cell->vgic.lock);
		if (writable(bank) & bit)
			bank->priority[first + i] = priority;
		if (owned(bank) & bit)
			gic_set_priority(bank->frame, 32 * bank->n + first + i, gic_guest_priority(priority));
		spin_unlock(&bank->cell->vgic.lock);
	}
}

/* 16 INTIDs to a register, two bits each, of which the upper one says edge-triggered. */
void vgic_access_config(struct vgic_bank *bank, struct mmio_access *access)
{
	u32 shift = access->offset & 4 ? 16 : 0, edge = 0;
	struct vgic_word *word = bank->word;

	if (access->size != 4)
		return;
	if (!access->write) {
		for (u32 i = 0; i < 16; i++)
			access->value |= ((u64)(((word->edge & (word->owned | word->soft)) >> (shift + i)) & 1)) << (2 * i + 1);
		return;
	}
	for (u32 i = 0; i < 16; i++)
		edge |= (u32)((access->value >> (2 * i + 1)) & 1) << (shift + i);
	spin_lock(&bank->cell->vgic.lock);
	if (owned(bank) & (0xffffu << shift))
		word->edge = gic_set_edge(bank->frame, bank->n, owned(bank) & (0xffffu << shift), edge);
	if (bank->target)
		word->edge |= word->soft;
	spin_unlock(&bank->cell->vgic.lock);
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
