// SPDX-License-Identifier: GPL-2.0-only
/*
 * List registers: how interrupts get into a running cell. A hardware interrupt sits in one with the HW bit, physically
 * active, until the guest's EOI (or DIR) deactivates it without an exit. SGIs are software only.
 *
 * When all are in use, the least urgent one that the guest has not taken yet makes room for a more urgent one: it
 * becomes pending again where it came from (distributor, redistributor, sgi_pending). What is less urgent than all of
 * them waits there, held back by the CPU's priority mask, and an underflow interrupt lifts that mask again. So nothing
 * is stored, nothing can be lost, and order of priority is kept; only a guest that has as many interrupts *active* as
 * there are list registers (4 or more) waits for the end of all but one before it gets the next.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <arch/timer.h>
#include <asm/gic_sysreg.h>
#include <hyp/errno.h>
#include <hyp/printk.h>
#include "vgic_local.h"

#define QUERY_TIMEOUT_US	2000
#define LR_STATE		(LR_PENDING | LR_ACTIVE)

#define for_each_bit(i, bits) for (u32 left_ = (bits), i; left_ && (i = (u32)__builtin_ctz(left_), true); left_ &= left_ - 1)

static u32 used_lrs(const struct cpu *cpu)
{
	return ~ich_free() & cpu->vgic.lr_mask;
}

static u32 lr_intid(u64 lr)
{
	return (u32)FIELD_GET(LR_VINTID, lr);
}

static u8 priority_of(struct cpu *cpu, u32 intid)
{
	return vgic_word(cpu, intid)->priority[intid % 32];
}

static u64 lr_value(struct cpu *cpu, u32 intid)
{
	u64 group1 = vgic_word(cpu, intid)->group1 & BIT(intid % 32) ? LR_GROUP1 : 0;

	return LR_PENDING | group1 | FIELD_PREP(LR_PRIORITY, priority_of(cpu, intid)) | FIELD_PREP(LR_VINTID, intid);
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
 * A hardware interrupt that is physically active becomes pending instead. A level-triggered one does by itself if its
 * line is still asserted.
 */
static void hw_put_back(struct cpu *cpu, u32 intid)
{
	u32 bit = (u32)BIT(intid % 32);
	const struct vgic_word *word = vgic_word(cpu, intid);

	if (word->owned & word->edge & bit)
		gic_write_bits(gic_frame(cpu, intid), GICD_ISPENDR, intid / 32, bit);
	hw_deactivate(cpu, intid);
}

/* What is pending in list register n goes back to where it came from. */
static void lr_put_back(struct cpu *cpu, u32 n, u64 lr)
{
	u32 intid = lr_intid(lr);

	if (lr & LR_HW) {
		ich_write_lr(n, 0);
		hw_put_back(cpu, intid);
		return;
	}
	ich_write_lr(n, lr & LR_ACTIVE ? lr & ~LR_PENDING : 0);
	__atomic_or_fetch(&cpu->vgic.sgi_pending, (u32)BIT(intid), __ATOMIC_RELAXED);
}

/* The least urgent list register that is pending and not active; false: there is none. */
static bool least_urgent(struct cpu *cpu, u32 *n, u64 *value)
{
	bool found = false;

	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);

		if ((lr & LR_STATE) != LR_PENDING)
			continue;
		if (found && FIELD_GET(LR_PRIORITY, lr) <= FIELD_GET(LR_PRIORITY, *value))
			continue;
		*n = i;
		*value = lr;
		found = true;
	}
	return found;
}

/* A list register for an interrupt of that priority, evicting another if need be; VGIC_MAX_LRS: none. */
static u32 lr_find(struct cpu *cpu, u8 priority)
{
	u32 spare = ich_free() & cpu->vgic.lr_mask, n;
	u64 lr;

	if (likely(spare))
		return (u32)__builtin_ctz(spare);
	if (!least_urgent(cpu, &n, &lr) || FIELD_GET(LR_PRIORITY, lr) <= priority)
		return VGIC_MAX_LRS;
	lr_put_back(cpu, n, lr);
	return n;
}

/* Only what could evict a list register may interrupt, until few enough of them are in use. */
static void hold_back(struct cpu *cpu)
{
	u32 n;
	u64 lr;
	u8 mask = GIC_PRIO_GUEST;

	if (least_urgent(cpu, &n, &lr))
		mask = gic_guest_priority((u8)FIELD_GET(LR_PRIORITY, lr));
	icc_set_mask(mask);
	ich_set_hcr(ICH_HCR_EN | ICH_HCR_UIE);
}

static void __attribute__((noinline)) inject_full(struct cpu *cpu, u32 intid)
{
	u32 n = lr_find(cpu, priority_of(cpu, intid));

	if (n < VGIC_MAX_LRS)
		ich_write_lr(n, lr_value_hw(cpu, intid));
	else
		hw_put_back(cpu, intid);
	hold_back(cpu);
}

void vgic_inject_hw(struct cpu *cpu, u32 intid)
{
	u32 spare = ich_free() & cpu->vgic.lr_mask;

	cpu->vgic.injected++;
	if (unlikely(!spare)) {
		inject_full(cpu, intid);
		return;
	}
	ich_write_lr((u32)__builtin_ctz(spare), lr_value_hw(cpu, intid));
}

/* ---- SGIs ---- */

/* One list register at most may have an INTID: an SGI that is active gets its pending bit in the same one. */
static bool sgi_inject(struct cpu *cpu, u32 sgi)
{
	u32 n = cpu->vgic.sgi_lr[sgi];

	if (n) {
		u64 lr = ich_read_lr(n - 1);

		if ((lr & LR_STATE) && lr_intid(lr) == sgi) {
			ich_write_lr(n - 1, lr | LR_PENDING);
			return true;
		}
	}
	n = lr_find(cpu, cpu->vgic.priority[sgi]);
	if (n == VGIC_MAX_LRS)
		return false;
	ich_write_lr(n, lr_value(cpu, sgi));
	cpu->vgic.sgi_lr[sgi] = (u8)(n + 1);
	return true;
}

/* SGIs that are pending and may be signalled, into list registers. */
static void sgi_deliver(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;
	u32 ready = __atomic_load_n(&vgic->sgi_pending, __ATOMIC_ACQUIRE) &
		    vgic_signalled(&vgic->local, cpu->cell->vgic.ctlr);

	for_each_bit(sgi, ready) {
		__atomic_and_fetch(&vgic->sgi_pending, ~(u32)BIT(sgi), __ATOMIC_RELAXED);
		vgic->injected++;
		if (sgi_inject(cpu, sgi))
			continue;
		__atomic_or_fetch(&vgic->sgi_pending, (u32)BIT(sgi), __ATOMIC_RELAXED);
		hold_back(cpu);
	}
}

void vgic_sgi_raise(struct cpu *self, struct cpu *target, u32 sgis)
{
	__atomic_or_fetch(&target->vgic.sgi_pending, sgis, __ATOMIC_RELEASE);
	if (target == self)
		sgi_deliver(self);
	else if (__atomic_load_n(&target->state, __ATOMIC_ACQUIRE) == CPU_RUNNING)
		cpu_request(target, CPU_REQ_VGIC);
}

/* GICR_IGROUPR0 decides whether this kind of request may make the SGI pending; Group 1's may make either. */
static void sgi_send_one(struct cpu *self, struct cpu *target, u32 sgi, bool group1)
{
	const struct vgic_word *word = &target->vgic.local;
	u32 bit = (u32)BIT(sgi);

	if (!group1 && (word->group1 & bit))
		return;
	if (target == self && (vgic_signalled(word, self->cell->vgic.ctlr) & bit) && sgi_inject(self, sgi))
		self->vgic.injected++;
	else
		vgic_sgi_raise(self, target, bit);
}

static bool sgi_targets(const struct cpu *target, u64 value)
{
	return (value & SGIR_AFFINITY) == target->vgic.sgi_affinity && (value & target->vgic.sgi_target);
}

/* A breach of I5 for the tests: affinities are taken as physical ones, of anybody's CPU. */
static void sgi_send_any(struct cpu *self, u64 value, u32 bit)
{
	for (u32 i = 0; i < cpu_count; i++) {
		if (&cpus[i] != self && cpus[i].state == CPU_RUNNING && sgi_targets(&cpus[i], value))
			vgic_sgi_raise(self, &cpus[i], bit);
	}
}

void vgic_send_sgi(struct cpu *cpu, u64 value, bool group1)
{
	struct cell *cell = cpu->cell;
	u32 sgi = (u32)FIELD_GET(SGIR_INTID, value);

	for (u32 i = 0; i < cell->vcpus; i++) {
		struct cpu *target = READ_ONCE(cell->vcpu[i]);

		if (!target)
			continue;
		if (value & SGIR_IRM ? target != cpu : sgi_targets(target, value))
			sgi_send_one(cpu, target, sgi, group1);
	}
	if (MUTATE(SGI_ANY_CPU))
		sgi_send_any(cpu, value, (u32)BIT(sgi));
}

/* ---- looking at list registers, and taking things out of them ---- */

static void held_add(struct vgic_held *held, u64 lr, u32 n)
{
	u32 intid = lr_intid(lr);

	if (intid / 32 != n)
		return;
	if (lr & LR_PENDING)
		held->pending |= (u32)BIT(intid % 32);
	if (lr & LR_ACTIVE)
		held->active |= (u32)BIT(intid % 32);
}

struct vgic_held vgic_own_lrs(struct cpu *cpu, u32 n)
{
	struct vgic_held held = { 0, 0 };

	for_each_bit(i, used_lrs(cpu))
		held_add(&held, ich_read_lr(i), n);
	return held;
}

void vgic_recheck(struct cpu *cpu)
{
	u32 ctlr = cpu->cell->vgic.ctlr;

	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);
		u32 intid = lr_intid(lr), bit = (u32)BIT(intid % 32);
		const struct vgic_word *word = vgic_word(cpu, intid);

		if (!((word->owned | word->soft) & bit))
			ich_write_lr(i, 0);	/* another cell's now, which took it over clean: not to be touched */
		else if ((lr & LR_PENDING) && !(vgic_signalled(word, ctlr) & bit))
			lr_put_back(cpu, i, lr);
	}
}

void vgic_lr_clear(struct cpu *cpu, u32 n, u32 mask)
{
	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);
		u32 intid = lr_intid(lr);

		if (intid / 32 != n || !(mask & BIT(intid % 32)) || !(lr & LR_PENDING))
			continue;
		ich_write_lr(i, lr & LR_ACTIVE ? lr & ~LR_PENDING : 0);
		if ((lr & LR_HW) && !(lr & LR_ACTIVE))
			hw_deactivate(cpu, intid);
	}
}

void vgic_lr_deactivate(struct cpu *cpu, u32 n, u32 mask)
{
	for_each_bit(i, used_lrs(cpu)) {
		u64 lr = ich_read_lr(i);
		u32 intid = lr_intid(lr);

		if (intid / 32 != n || !(mask & BIT(intid % 32)) || !(lr & LR_ACTIVE))
			continue;
		ich_write_lr(i, lr & LR_PENDING ? lr & ~LR_ACTIVE : 0);
		if ((lr & LR_HW) && !(lr & LR_PENDING))
			hw_deactivate(cpu, intid);
	}
}

/* ---- between CPUs ---- */

/* Does what others asked this CPU for. */
static void answer(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;
	u32 ticket = __atomic_load_n(&vgic->asked, __ATOMIC_ACQUIRE);

	if (ticket == vgic->answered)
		return;
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++) {
		if (vgic->clear[n])
			vgic_lr_clear(cpu, n, __atomic_exchange_n(&vgic->clear[n], 0, __ATOMIC_ACQ_REL));
		if (vgic->deactivate[n])
			vgic_lr_deactivate(cpu, n, __atomic_exchange_n(&vgic->deactivate[n], 0, __ATOMIC_ACQ_REL));
	}
	vgic_recheck(cpu);
	for (u32 i = 0; i < VGIC_MAX_LRS; i++)
		vgic->lr_copy[i] = vgic->lr_mask & BIT(i) ? ich_read_lr(i) : 0;
	__atomic_store_n(&vgic->answered, ticket, __ATOMIC_RELEASE);
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

	while ((s32)(__atomic_load_n(&other->vgic.answered, __ATOMIC_ACQUIRE) - ticket) < 0) {
		if (__atomic_load_n(&other->state, __ATOMIC_ACQUIRE) != CPU_RUNNING)
			return 0;	/* it left the cell, and its list registers are empty */
		if (timer_passed(deadline))
			return -EIO;
		if (self->state == CPU_RUNNING)
			answer(self);
		cpu_relax();
	}
	return 0;
}

bool vgic_other_lrs(struct cpu *self, struct cpu *other, u32 n, struct vgic_held *held)
{
	*held = (struct vgic_held){ 0, 0 };
	if (vgic_wait(self, other, vgic_ask(other), QUERY_TIMEOUT_US))
		return false;
	if (!vgic_runs(other, self->cell))
		return true;
	for (u32 i = 0; i < VGIC_MAX_LRS; i++) {
		u64 lr = READ_ONCE(other->vgic.lr_copy[i]);

		if (lr & LR_STATE)
			held_add(held, lr, n);
	}
	return true;
}

void vgic_sync(struct cpu *cpu)
{
	answer(cpu);
	sgi_deliver(cpu);
}

void vgic_underflow(struct cpu *cpu)
{
	if (cpu->state != CPU_RUNNING)
		return;
	ich_set_hcr(ICH_HCR_EN);
	icc_set_mask(GIC_PRIO_OPEN);
	sgi_deliver(cpu);
}

/* ---- a CPU's way into a cell and out of it ---- */

static void init_word(struct cpu *cpu)
{
	cpu->vgic.local = (struct vgic_word){
		.owned = gic.guest_ppis, .soft = 0xffff,
		.target = cpu, .priority = cpu->vgic.priority, .frame = gic_frame(cpu, 0),
	};
}

static void init_affinity(struct cpu *cpu)
{
	u64 aff0 = FIELD_GET(MPIDR_AFF0, cpu->vmpidr);

	cpu->vgic.sgi_target = (u32)BIT(aff0 & 15);
	cpu->vgic.sgi_affinity = FIELD_PREP(SGIR_AFF1, FIELD_GET(MPIDR_AFF1, cpu->vmpidr)) |
				 FIELD_PREP(SGIR_AFF2, FIELD_GET(MPIDR_AFF2, cpu->vmpidr)) |
				 FIELD_PREP(SGIR_AFF3, FIELD_GET(MPIDR_AFF3, cpu->vmpidr)) | FIELD_PREP(SGIR_RS, aff0 >> 4);
}

int vgic_cpu_init(struct cpu *cpu)
{
	u64 vtr = ich_vtr();
	u32 lrs = (u32)FIELD_GET(ICH_VTR_LRS, vtr) + 1;

	ich_set_hcr(0);
	if (lrs < 2 || lrs > VGIC_MAX_LRS) {	/* with one, underflow would be for ever */
		pr_err("GIC: cpu %u has %u list registers, 2 to %u are needed", cpu->id, lrs, VGIC_MAX_LRS);
		return -EINVAL;
	}
	cpu->vgic.lr_mask = (u32)(BIT(lrs) - 1);
	cpu->vgic.preemption_bits = (u32)FIELD_GET(ICH_VTR_PREBITS, vtr) + 1;
	for_each_bit(i, cpu->vgic.lr_mask)
		ich_write_lr(i, 0);
	ich_clear_active(cpu->vgic.preemption_bits);
	init_word(cpu);
	return 0;
}

/* No PPI of a guest enabled, pending or active. */
static void quiesce_ppis(struct cpu *cpu)
{
	gic_quiesce(gic_frame(cpu, 0), 0, gic.guest_ppis);
	gic_wait_redist(cpu);
}

void vgic_cpu_reset(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;
	void *frame = gic_frame(cpu, 0);

	quiesce_ppis(cpu);
	init_word(cpu);
	vgic->local.edge = gic_get_edge(frame, 0);
	init_affinity(cpu);
	vgic->waker = GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP;
	for (u32 i = 0; i < GIC_SPI_FIRST; i++) {
		vgic->priority[i] = 0;
		if (gic.guest_ppis & BIT(i))
			gic_set_priority(frame, i, gic_guest_priority(0));
	}
	for (u32 i = 0; i < ARRAY_SIZE(vgic->sgi_lr); i++)
		vgic->sgi_lr[i] = 0;
	__atomic_store_n(&vgic->sgi_pending, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&vgic->answered, __atomic_load_n(&vgic->asked, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	for_each_bit(i, vgic->lr_mask)
		ich_write_lr(i, 0);
	ich_clear_active(vgic->preemption_bits);
	ich_set_vmcr(ICH_VMCR_FIQEN);
	ich_set_hcr(ICH_HCR_EN);
	icc_set_mask(GIC_PRIO_OPEN);
	vgic_route_all(cpu->cell);	/* SPIs that are for this CPU, but went elsewhere while it was not the cell's */
}

/* Nothing that this CPU acknowledged stays active behind it. */
static void lr_leave(struct cpu *cpu, u32 n)
{
	u64 lr = ich_read_lr(n);

	ich_write_lr(n, 0);
	if (!(lr & LR_HW) || !(vgic_word(cpu, lr_intid(lr))->owned & BIT(lr_intid(lr) % 32)))
		return;
	if (lr & LR_PENDING)
		hw_put_back(cpu, lr_intid(lr));
	else
		hw_deactivate(cpu, lr_intid(lr));
}

void vgic_cpu_park(struct cpu *cpu)
{
	struct vgic_cpu *vgic = &cpu->vgic;

	icc_set_mask(GIC_PRIO_GUEST);
	if (cpu->cell && cpu->state == CPU_RUNNING) {
		for_each_bit(i, used_lrs(cpu))
			lr_leave(cpu, i);
	}
	quiesce_ppis(cpu);
	ich_set_hcr(0);
	ich_set_vmcr(0);
	ich_clear_active(vgic->preemption_bits);
	for (u32 i = 0; i < VGIC_MAX_LRS; i++)
		vgic->lr_copy[i] = 0;
	for (u32 n = 0; n < VGIC_SPI_WORDS; n++) {
		__atomic_store_n(&vgic->clear[n], 0, __ATOMIC_RELAXED);
		__atomic_store_n(&vgic->deactivate[n], 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&vgic->sgi_pending, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&vgic->answered, __atomic_load_n(&vgic->asked, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}
