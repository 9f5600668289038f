// SPDX-License-Identifier: GPL-2.0-only
/*
 * List registers: how interrupts get into a running cell. A hardware interrupt sits in one with the HW bit, physically
 * active, until the guest's EOI (or DIR) deactivates it without an exit. SGIs and interrupts of emulated devices are software only.
 *
 * When all are in use, the least urgent one that the guest has not taken yet makes room for a more urgent one: it
 * becomes pending again where it came from (distributor, redistributor, vgic_word.pending). What is less urgent than all of
 * them waits there, held back by the CPU's priority mask, and an underflow interrupt lifts that mask again. So nothing
 * is stored, nothing can be lost, and order of priority is kept; only a guest that has as many interrupts *active* as
 * there are list registers (4 or more) waits for the end of all but one before it gets the next.
 */
#include <arch/timer.h>
#include <asm/gic_sysreg.h>
#include <hyp/errno.h>
#include <hyp/printk.h>
#include <hyp/string.h>
#include "vgic_local.h"

#define QUERY_TIMEOUT_US	2000
#define LR_STATE		(LR_PENDING | LR_ACTIVE)

static u32 used_lrs(const struct cpu *cpu)
{
	return ~ich_free() & cpu->vgic.lr_mask;
}

static u32 lr_intid(u64 lr)
{
	return (u32)FIELD_GET(LR_VINTID, lr);
}

static u64 lr_value(struct cpu *cpu, u32 intid)
{
	const struct vgic_word *word = vgic_word(cpu, intid);
	u64 group1 = word->group1 & BIT(intid % 32) ? LR_GROUP1 : 0;

	return LR_PENDING | group1 | FIELD_PREP(LR_PRIORITY, word->priority[intid % 32]) | FIELD_PREP(LR_VINTID, intid);
}

static u64 lr_value_hw(struct cpu *cpu, u32 intid)
{
	return lr_value(cpu, intid) | LR_HW | FIELD_PREP(LR_PINTID, intid);
}

static void hw_deactivate(struct cpu *cpu, u32 intid)
{
	gic_write_bits(gic_frame(cpu, intid), GICD_ICACTIVER, intid / 32, (u32)BIT(intid % 32));
}

/*
 * A hardware interrupt is not physically active any more, but pending if it is in `lr`. A level-triggered one becomes so
 * by itself if its line is still asserted; if software may have made it pending, it is made so again.
 */
static void hw_put_back(struct cpu *cpu, u64 lr)
{
	u32 intid = lr_intid(lr), bit = (u32)BIT(intid % 32);
	const struct vgic_word *word = vgic_word(cpu, intid);

	if ((lr & LR_PENDING) && (word->owned & bit) &&
	    ((word->config[intid / 16 % 2] & BIT(intid % 16 * 2 + 1)) || (word->latched & bit)))
		gic_write_bits(gic_frame(cpu, intid), GICD_ISPENDR, intid / 32, bit);
	hw_deactivate(cpu, intid);
}

/* What is pending in list register n goes back to where it came from; what comes from the hardware, in any state. */
static void lr_put_back(struct cpu *cpu, u32 n, u64 lr)
{
	if (lr & LR_HW) {
		ich_write_lr(n, 0);
		hw_put_back(cpu, lr);
		return;
	}
	ich_write_lr(n, lr & LR_ACTIVE ? lr & ~LR_PENDING : 0);
	__atomic_or_fetch(&vgic_word(cpu, lr_intid(lr))->pending, (u32)BIT(lr_intid(lr) % 32), __ATOMIC_RELAXED);
}

/* The least urgent list register that is pending and not active, if its priority is not 0, the most urgent there is. */
static u32 least_urgent(struct cpu *cpu, u8 *priority)
{
	u32 found = VGIC_MAX_LRS;

	*priority = 0;
	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);

		if ((lr & LR_STATE) != LR_PENDING || FIELD_GET(LR_PRIORITY, lr) <= *priority)
			continue;
		*priority = (u8)FIELD_GET(LR_PRIORITY, lr);
		found = i;
	}
	return found;
}

/* A list register for an interrupt of that priority, evicting another if need be; VGIC_MAX_LRS: none. */
static u32 lr_find(struct cpu *cpu, u8 priority)
{
	u32 spare = ich_free() & cpu->vgic.lr_mask, n;
	u8 least;

	if (likely(spare))
		return (u32)__builtin_ctz(spare);
	n = least_urgent(cpu, &least);
	if (least <= priority)
		return VGIC_MAX_LRS;
	lr_put_back(cpu, n, ich_read_lr(n));
	return n;
}

/* Only what could evict a list register may interrupt, until few enough of them are in use. */
static void hold_back(struct cpu *cpu)
{
	u8 least;

	least_urgent(cpu, &least);
	icc_set_mask(gic_guest_priority(least));
	ich_set_hcr(ICH_HCR_EN | ICH_HCR_UIE);
}

static void __attribute__((noinline)) inject_full(struct cpu *cpu, u32 intid)
{
	u64 lr = lr_value_hw(cpu, intid);
	u32 n = lr_find(cpu, (u8)FIELD_GET(LR_PRIORITY, lr));

	if (n < VGIC_MAX_LRS)
		ich_write_lr(n, lr);
	else
		hw_put_back(cpu, lr);
	hold_back(cpu);
}

void vgic_inject_hw(struct cpu *cpu, u32 intid)
{
	u32 spare = ich_free() & cpu->vgic.lr_mask;

	cpu->vgic.injected++;
	if (likely(spare))
		ich_write_lr((u32)__builtin_ctz(spare), lr_value_hw(cpu, intid));
	else
		inject_full(cpu, intid);
}

/* ---- soft interrupts ---- */

/* One list register at most may have an INTID: one that is active gets its pending bit in the same one. */
static bool soft_inject(struct cpu *cpu, u32 intid)
{
	u32 n = cpu->vgic.soft_lr[intid];
	u64 lr = ich_read_lr(n);

	if ((lr & LR_STATE) && lr_intid(lr) == intid) {
		ich_write_lr(n, lr | LR_PENDING);
		return true;
	}
	lr = lr_value(cpu, intid);
	n = lr_find(cpu, (u8)FIELD_GET(LR_PRIORITY, lr));
	if (n < VGIC_MAX_LRS) {
		ich_write_lr(n, lr);
		cpu->vgic.soft_lr[intid] = (u8)n;
	}
	if (!(ich_free() & cpu->vgic.lr_mask))
		hold_back(cpu);		/* for what was evicted, too */
	return n < VGIC_MAX_LRS;
}

/*
 * What of the word is pending, may be signalled and is for this CPU, into list registers. One that is raised between the
 * injection and the clearing is the same as the one injected: the guest has not seen it yet.
 */
static void deliver(struct cpu *cpu, struct vgic_word *word)
{
	u32 ready = __atomic_load_n(&word->pending, __ATOMIC_ACQUIRE) & vgic_signalled(word, cpu->cell->vgic.ctlr);

	for_each_bit(i, ready) {
		u32 intid = 32 * word->n + i;

		if (!word->target && vgic_target(cpu->cell, intid) != cpu)
			continue;
		if (soft_inject(cpu, intid)) {
			__atomic_and_fetch(&word->pending, ~(u32)BIT(i), __ATOMIC_ACQ_REL);
			cpu->vgic.injected++;
		}
	}
}

static void soft_deliver(struct cpu *cpu)
{
	deliver(cpu, &cpu->vgic.local);
	deliver(cpu, &cpu->cell->vgic.spi[1]);
}

void vgic_raise(struct cpu *self, struct cpu *target, struct vgic_word *word, u32 bits)
{
	__atomic_or_fetch(&word->pending, bits, __ATOMIC_RELEASE);
	if (target == self)
		soft_deliver(self);
	else if (__atomic_load_n(&target->state, __ATOMIC_ACQUIRE) == CPU_RUNNING)
		cpu_request(target, CPU_REQ_VGIC);
}

void vgic_set_line(struct cell *cell, u32 intid, bool up)
{
	struct vgic_word *word = &cell->vgic.spi[intid / 32];
	u32 bit = (u32)BIT(intid % 32);

	if (up) {
		vgic_raise(this_cpu(), vgic_target(cell, intid), word, bit);
	} else if (this_cpu()->cell == cell) {
		__atomic_and_fetch(&word->pending, ~bit, __ATOMIC_ACQ_REL);
		vgic_drop(this_cpu(), word, bit, LR_PENDING);
	}
}

/*
 * GICR_IGROUPR0 decides whether this kind of request may make the SGI pending. With one security state, ICC_SGI1R_EL1
 * makes SGIs of either group, the others of Group 0 alone.
 */
static void sgi_send_one(struct cpu *self, struct cpu *target, u32 sgi, bool group1)
{
	struct vgic_word *word = &target->vgic.local;
	u32 bit = (u32)BIT(sgi);

	if (!group1 && (word->group1 & bit))
		return;
	if (target == self && (vgic_signalled(word, self->cell->vgic.ctlr) & bit) && soft_inject(self, sgi))
		self->vgic.injected++;
	else
		vgic_raise(self, target, word, bit);
}

static bool sgi_targets(const struct cpu *target, u64 value)
{
	u64 own = target->vgic.sgi_target;

	return !((value ^ own) & SGIR_AFFINITY) && (value & own & SGIR_TARGETS);
}

void vgic_send_sgi(struct cpu *cpu, u64 value, bool group1)
{
	struct cell *cell = cpu->cell;
	u32 sgi = (u32)FIELD_GET(SGIR_INTID, value), count = MUTATE(SGI_ANY_CPU) ? cpu_count : cell->vcpus;

	for (u32 i = 0; i < count; i++) {
		struct cpu *target = MUTATE(SGI_ANY_CPU) ? &cpus[i] : READ_ONCE(cell->vcpu[i]);

		if (!target)
			continue;
		if (value & SGIR_IRM ? target != cpu : sgi_targets(target, value))
			sgi_send_one(cpu, target, sgi, group1);
	}
}

/* ---- looking at list registers, and taking things out of them ---- */

/* What may not be there leaves: interrupts that are not the cell's, or not to be signalled. */
static void recheck(struct cpu *cpu)
{
	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);
		u32 intid = lr_intid(lr), bit = (u32)BIT(intid % 32);
		const struct vgic_word *word = vgic_word(cpu, intid);

		if (!((word->owned | word->soft) & bit))
			ich_write_lr(i, 0);	/* another cell's now, which took it over clean: not to be touched */
		else if ((lr & LR_PENDING) && !(vgic_signalled(word, cpu->cell->vgic.ctlr) & bit))
			lr_put_back(cpu, i, lr);
	}
}

/* INTIDs 32*n.. in mask are not pending, or not active, any more; which of them were in list registers. */
static u32 drop(struct cpu *cpu, u32 n, u32 mask, u64 state)
{
	u32 held = 0;

	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);
		u32 intid = lr_intid(lr);

		if (intid / 32 != n || !(mask & BIT(intid % 32)))
			continue;
		held |= (u32)BIT(intid % 32);
		lr &= ~state;
		ich_write_lr(i, lr & LR_STATE ? lr : 0);
		if ((lr & (LR_HW | LR_STATE)) == LR_HW)
			hw_deactivate(cpu, intid);
	}
	return held;
}

static void publish(struct cpu *cpu)
{
	for_each_bit(i, cpu->vgic.lr_mask)
		WRITE_ONCE(cpu->vgic.lr_copy[i], ich_read_lr(i));
}

/* ---- between CPUs ---- */

/* Does what others asked this CPU for. */
static void answer(struct cpu *cpu)
{
	u32 ticket = __atomic_load_n(&cpu->vgic.asked, __ATOMIC_ACQUIRE);

	if (ticket == cpu->vgic.answered)
		return;
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++) {
		if (cpu->vgic.drop[n].pending)
			drop(cpu, n, __atomic_exchange_n(&cpu->vgic.drop[n].pending, 0, __ATOMIC_ACQ_REL), LR_PENDING);
		if (cpu->vgic.drop[n].active)
			drop(cpu, n, __atomic_exchange_n(&cpu->vgic.drop[n].active, 0, __ATOMIC_ACQ_REL), LR_ACTIVE);
	}
	recheck(cpu);
	publish(cpu);
	__atomic_store_n(&cpu->vgic.answered, ticket, __ATOMIC_RELEASE);
}

u32 vgic_ask(struct cpu *other)
{
	u32 ticket = __atomic_add_fetch(&other->vgic.asked, 1, __ATOMIC_ACQ_REL);

	cpu_request(other, CPU_REQ_VGIC);
	return ticket;
}

int vgic_wait(struct cpu *self, struct cpu *other, u32 ticket, u64 timeout_us)
{
	u64 deadline = timer_deadline_us(timeout_us);

	/* the time is taken first, for this CPU may be the one that did not run */
	for (bool late = false; (s32)(__atomic_load_n(&other->vgic.answered, __ATOMIC_ACQUIRE) - ticket) < 0;
	     late = timer_passed(deadline)) {
		if (__atomic_load_n(&other->state, __ATOMIC_ACQUIRE) != CPU_RUNNING)
			return 0;	/* it left the cell, and its list registers are empty */
		if (late)
			return -EIO;
		if (self->state == CPU_RUNNING)
			answer(self);
		cpu_relax();
	}
	return 0;
}

/* Adds what `cpu`, which is asked if it is another one, has of word n. -EIO: it does not answer. */
static int add_held(struct cpu *self, struct cpu *cpu, u32 n, struct vgic_held *held)
{
	if (cpu == self)
		publish(self);
	else if (vgic_wait(self, cpu, vgic_ask(cpu), QUERY_TIMEOUT_US))
		return -EIO;
	if (!vgic_runs(cpu, self->cell))
		return 0;
	for_each_bit(i, cpu->vgic.lr_mask) {
		u64 lr = READ_ONCE(cpu->vgic.lr_copy[i]);
		u32 bit = lr_intid(lr) / 32 == n ? (u32)BIT(lr_intid(lr) % 32) : 0;

		held->pending |= lr & LR_PENDING ? bit : 0;
		held->active |= lr & LR_ACTIVE ? bit : 0;
	}
	return 0;
}

/*
 * The CPUs whose list registers can hold interrupts of the word, one after the other from *i = 0 on: of SGIs and PPIs the
 * CPU whose they are, of SPIs all, self first.
 */
static struct cpu *next_holder(struct cpu *self, const struct vgic_word *word, u32 *i)
{
	const struct cell *cell = self->cell;

	while (*i < cell->vcpus) {
		struct cpu *cpu = READ_ONCE(cell->vcpu[(self->vcpu + (*i)++) % cell->vcpus]);

		if (vgic_runs(cpu, cell) && (!word->target || word->target == cpu))
			return cpu;
	}
	return NULL;
}

struct vgic_held vgic_find(struct cpu *self, const struct vgic_word *word, u32 bits)
{
	struct vgic_held held = { 0 };
	u32 unknown = 0, i = 0;
	struct cpu *cpu;

	while ((bits & ~(held.pending | held.active)) && (cpu = next_holder(self, word, &i))) {
		if (add_held(self, cpu, word->n, &held))
			unknown = bits;
	}
	held.active |= unknown & ~held.pending;
	return held;
}

void vgic_drop(struct cpu *self, const struct vgic_word *word, u32 bits, u64 state)
{
	struct cpu *cpu;
	u32 i = 0;

	while (bits && (cpu = next_holder(self, word, &i))) {
		struct vgic_held *asked = &cpu->vgic.drop[word->n];

		if (cpu == self) {
			bits &= ~drop(self, word->n, bits, state);
			recheck(self);
			continue;
		}
		if (state)
			__atomic_or_fetch(state == LR_PENDING ? &asked->pending : &asked->active, bits, __ATOMIC_RELEASE);
		vgic_ask(cpu);
	}
}

void vgic_sync(struct cpu *cpu)
{
	answer(cpu);
	soft_deliver(cpu);
}

void vgic_underflow(struct cpu *cpu, void *ctx)
{
	if (cpu->state != CPU_RUNNING)
		return;
	ich_set_hcr(ICH_HCR_EN);
	icc_set_mask(GIC_PRIO_OPEN);
	soft_deliver(cpu);
}

/* ---- a CPU's way into a cell and out of it ---- */

void vgic_cpu_clear(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;
	void *frame = gic_frame(cpu, 0);

	gic_quiesce(frame, 0, gic.guest_ppis);
	vgic->local = (struct vgic_word){
		.owned = gic.guest_ppis, .soft = 0xffff,
		/* level, but for those that are fixed: not what the last cell made of them */
		.config = { gic_read_bits(frame, GICD_ICFGR, 0), gic_set_config(frame, 1, ~0u, 0) },
		.target = cpu, .priority = vgic->priority, .frame = frame,
	};
	vgic->waker = GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP;
	memset(vgic->priority, 0, sizeof(vgic->priority));
	for_each_bit(i, gic.guest_ppis)
		gic_set_priority(frame, i, gic_guest_priority(0));
	memset(vgic->drop, 0, sizeof(vgic->drop));
	vgic->sgi_target = gic_sgi_target(cpu->vmpidr);
}

int vgic_cpu_init(struct cpu *cpu)
{
	u32 lrs = (u32)FIELD_GET(ICH_VTR_LRS, ich_vtr()) + 1;

	if (lrs < 2 || lrs > VGIC_MAX_LRS) {	/* with one, underflow would be for ever */
		pr_err("GIC: cpu %u has %u list registers, 2 to %u are needed", cpu->id, lrs, VGIC_MAX_LRS);
		return -EINVAL;
	}
	cpu->vgic.lr_mask = (u32)(BIT(lrs) - 1);
	vgic_cpu_park(cpu);
	return 0;
}

void vgic_cpu_reset(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;

	__atomic_store_n(&vgic->answered, __atomic_load_n(&vgic->asked, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	ich_set_vmcr(ICH_VMCR_FIQEN);
	ich_set_hcr(ICH_HCR_EN);
	icc_set_mask(GIC_PRIO_OPEN);
	vgic_route_all(cpu->cell);	/* SPIs that are for this CPU, but went elsewhere while it was not the cell's */
}

void vgic_cpu_park(struct cpu *cpu)
{
	icc_set_mask(GIC_PRIO_GUEST);
	if (cpu->cell && cpu->state == CPU_RUNNING) {
		recheck(cpu);
		for_each_bit(i, used_lrs(cpu))	/* nothing that this CPU acknowledged stays active behind it */
			lr_put_back(cpu, i, ich_read_lr(i));
	}
	for_each_bit(i, cpu->vgic.lr_mask)
		ich_write_lr(i, 0);
	publish(cpu);
	ich_set_hcr(0);
	ich_set_vmcr(0);
	ich_clear_active((u32)FIELD_GET(ICH_VTR_PREBITS, ich_vtr()) + 1);
	vgic_cpu_clear(cpu);
}
