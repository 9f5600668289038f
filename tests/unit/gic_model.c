// SPDX-License-Identifier: GPL-2.0-only
/* See gic_model.h. */
#include <stdio.h>
#include <string.h>

#include "fake/fake.h"
#include "gic_model.h"
#include "../../hypervisor/gic/gic_regs.h"
#include <asm/gic_sysreg.h>
#include <hyp/errno.h>
#include <hyp/hyp_map.h>

#define ROOT_IRQS	2
#define OTHER_IRQS	2

struct model_irq model_spi[MODEL_INTIDS];
struct model_cpu model_cpu[MODEL_CPUS];
struct cell model_root, model_other;
bool model_other_exists;
char model_breach[200];
u32 model_handled;

static u8 dist_mem[KIB(64)] __attribute__((aligned(65536)));
static u8 redist_mem[MODEL_CPUS * KIB(128)] __attribute__((aligned(65536)));
static u32 dist_ctlr;
static struct hc_error why;
/* on whose behalf the hardware is accessed; NULL: the hypervisor's own */
static struct cell *acting;

static struct cfg_system sys;
static struct { struct cfg_cell cell; struct cfg_cell_cpu cpus[4]; struct cfg_irq irqs[ROOT_IRQS + 1]; } root_config;
static struct { struct cfg_cell cell; struct cfg_cell_cpu cpus[1]; struct cfg_irq irqs[OTHER_IRQS]; } other_config;

struct cpu cpus[CFG_MAX_CPUS];
u32 cpu_count = MODEL_CPUS;

static void breach(const char *what, u32 intid)
{
	if (!model_breach[0])
		snprintf(model_breach, sizeof(model_breach), "%s (INTID %u, cpu %u)", what, intid, fake_cpu);
}

static struct model_irq *irq_of(u32 cpu, u32 intid)
{
	return intid < 32 ? &model_cpu[cpu].local[intid] : &model_spi[intid];
}

/* ---- who may touch what ---- */

static bool is_owner(const struct cell *cell, u32 intid)
{
	if (intid == SPI_SHARED)
		return cell == (model_other_exists ? &model_other : &model_root);
	if (intid == SPI_ROOT)
		return cell == &model_root;
	return intid == SPI_OTHER && cell == &model_other;
}

static void check_touch(u32 cpu, u32 intid)
{
	if (!acting)
		return;
	if (intid >= 32 ? !is_owner(acting, intid) : cpus[cpu].cell != acting || intid < 16 || intid == MODEL_MAINTENANCE)
		breach("a cell's access reached an interrupt that is not its own", intid);
}

/* ---- registers ---- */

static bool bit_get(u32 reg, const struct model_irq *irq)
{
	switch (reg & ~0x7fu) {
	case GICD_ISENABLER: case GICD_ICENABLER: return irq->enabled;
	case GICD_ISPENDR: case GICD_ICPENDR: return irq->pending || (irq->line && !irq->edge);
	case GICD_ISACTIVER: case GICD_ICACTIVER: return irq->active;
	}
	return true;	/* IGROUPR */
}

static void bit_set(u32 reg, struct model_irq *irq)
{
	switch (reg & ~0x7fu) {
	case GICD_ISENABLER: irq->enabled = true; break;
	case GICD_ICENABLER: irq->enabled = false; break;
	case GICD_ISPENDR: irq->pending = true; break;
	case GICD_ICPENDR: irq->pending = false; break;
	case GICD_ISACTIVER: irq->active = true; break;
	case GICD_ICACTIVER: irq->active = false; break;
	}
}

static u64 bank_read(u32 cpu, u32 reg, u32 bytes)
{
	u32 first, value = 0;

	if (reg < GICD_IPRIORITYR && bytes == 4) {
		first = (reg & 0x7f) * 8;
		for (u32 i = 0; i < 32 && first + i < MODEL_INTIDS; i++)
			value |= (u32)bit_get(reg, irq_of(cpu, first + i)) << i;
		return value;
	}
	if (reg >= GICD_ICFGR && reg < GICD_IGRPMODR && bytes == 4) {
		first = (reg - GICD_ICFGR) * 4;
		for (u32 i = 0; i < 16 && first + i < MODEL_INTIDS; i++)
			value |= (u32)irq_of(cpu, first + i)->edge << (2 * i + 1);
		return value;
	}
	breach("an unexpected read", reg);
	return 0;
}

static void bank_write(u32 cpu, u32 reg, u32 bytes, u64 value)
{
	u32 first;

	if (reg < GICD_IPRIORITYR && bytes == 4) {
		first = (reg & 0x7f) * 8;
		for (u32 i = 0; i < 32 && first + i < MODEL_INTIDS; i++) {
			if (!(value & BIT(i)) || (reg & ~0x7fu) == GICD_IGROUPR)
				continue;
			check_touch(cpu, first + i);
			bit_set(reg, irq_of(cpu, first + i));
		}
	} else if (reg >= GICD_IPRIORITYR && reg < GICD_ITARGETSR && bytes == 1) {
		if (reg - GICD_IPRIORITYR >= MODEL_INTIDS)
			return;
		check_touch(cpu, reg - GICD_IPRIORITYR);
		if (acting && value < GIC_PRIO_GUEST)
			breach("a guest's interrupt is as urgent as the hypervisor's", reg - GICD_IPRIORITYR);
		irq_of(cpu, reg - GICD_IPRIORITYR)->priority = (u8)value;
	} else if (reg >= GICD_ICFGR && reg < GICD_IGRPMODR && bytes == 4) {
		first = (reg - GICD_ICFGR) * 4;
		for (u32 i = 0; i < 16 && first + i < MODEL_INTIDS; i++) {
			bool edge = value >> (2 * i + 1) & 1;

			if (edge != irq_of(cpu, first + i)->edge && first + i >= 16) {
				check_touch(cpu, first + i);
				irq_of(cpu, first + i)->edge = edge;
			}
		}
	} else if (reg < GICD_IGRPMODR || reg >= GICD_IGRPMODR + 0x80) {
		breach("an unexpected write", reg);
	}
}

static u64 dist_read(u32 reg, u32 bytes)
{
	switch (reg) {
	case GICD_CTLR: return dist_ctlr;
	case GICD_TYPER: return MODEL_INTIDS / 32 - 1;
	case GIC_PIDR2: return 0x3b;
	}
	return bank_read(0, reg, bytes);
}

static void dist_write(u32 reg, u32 bytes, u64 value)
{
	u32 intid = (reg - GICD_IROUTER) / 8;

	if (reg == GICD_CTLR) {
		dist_ctlr = (u32)value;
	} else if (reg >= GICD_IROUTER && bytes == 8 && intid >= 32 && intid < MODEL_INTIDS) {
		check_touch(0, intid);
		if (acting && cpus[value & 0xff].cell != acting)
			breach("routed to a CPU of another cell", intid);
		model_spi[intid].route = value;
	} else {
		bank_write(0, reg, bytes, value);
	}
}

u64 fake_mmio_read(const volatile void *addr, unsigned int bytes)
{
	u64 at = (u64)((uintptr_t)addr - (uintptr_t)dist_mem), cpu;

	if (at < sizeof(dist_mem))
		return dist_read((u32)at, bytes);
	at = (u64)((uintptr_t)addr - (uintptr_t)redist_mem);
	cpu = at / KIB(128);
	if (at & KIB(64))
		return bank_read((u32)cpu, (u32)at & 0xffff, bytes);
	if ((at & 0xffff) == GICR_TYPER)
		return cpu << 32 | (cpu == MODEL_CPUS - 1 ? GICR_TYPER_LAST : 0);
	return 0;
}

void fake_mmio_write(volatile void *addr, unsigned int bytes, u64 value)
{
	u64 at = (u64)((uintptr_t)addr - (uintptr_t)dist_mem);

	if (at < sizeof(dist_mem)) {
		dist_write((u32)at, bytes, value);
		return;
	}
	at = (u64)((uintptr_t)addr - (uintptr_t)redist_mem);
	if (at & KIB(64))
		bank_write((u32)(at / KIB(128)), (u32)at & 0xffff, bytes, value);
}

void *hyp_map_mmio(paddr_t base, size_t size)
{
	return base.pa == sys.gicd_base ? dist_mem : redist_mem;
}

/* ---- CPU interface: physical ---- */

static bool is_pending(const struct model_irq *irq)
{
	return irq->enabled && !irq->active && (irq->pending || (irq->line && !irq->edge));
}

/* The most urgent that this CPU would take, 1023: none. */
static u32 best(u32 cpu)
{
	u32 found = 1023, urgency = model_cpu[cpu].mask;

	for (u32 i = 0; i < MODEL_INTIDS; i++) {
		const struct model_irq *irq = irq_of(cpu, i);

		if (!is_pending(irq) || irq->priority >= urgency || (i >= 32 && irq->route != cpu))
			continue;
		found = i;
		urgency = irq->priority;
	}
	return found;
}

u32 icc_acknowledge(void)
{
	u32 intid = best(fake_cpu);

	if (intid == 1023)
		return intid;
	irq_of(fake_cpu, intid)->pending = false;
	irq_of(fake_cpu, intid)->active = true;
	if (intid >= 32 && intid != SPI_HYP && !is_owner(cpus[fake_cpu].cell, intid))
		breach("a CPU took an interrupt that is not its cell's", intid);
	return intid;
}

void icc_drop_priority(u32 intid) { }
void icc_deactivate(u32 intid) { irq_of(fake_cpu, intid)->active = false; }
void icc_set_mask(u32 priority) { model_cpu[fake_cpu].mask = priority; }
bool icc_enable(u32 mask) { icc_set_mask(mask); return true; }

void icc_send_sgi(u64 value)
{
	for (u32 i = 0; i < MODEL_CPUS; i++) {
		if (FIELD_GET(SGIR_TARGETS, value) & BIT(i))
			model_cpu[i].local[FIELD_GET(SGIR_INTID, value)].pending = true;
	}
}

/* ---- CPU interface: list registers ---- */

#define LR_VALID	(LR_PENDING | LR_ACTIVE)

u64 ich_vtr(void) { return MODEL_LRS - 1; }
void ich_set_hcr(u64 value) { model_cpu[fake_cpu].hcr = value; }
void ich_set_vmcr(u64 value) { model_cpu[fake_cpu].vmcr = value; }
void ich_clear_active(u32 bits) { }
u64 ich_read_lr(u32 n) { return model_cpu[fake_cpu].lr[n]; }

u32 ich_free(void)
{
	u32 spare = 0;

	for (u32 i = 0; i < MODEL_LRS; i++)
		spare |= model_cpu[fake_cpu].lr[i] & LR_VALID ? 0 : 1u << i;
	return spare;
}

u32 model_lrs_with(u32 cpu, u32 intid)
{
	u32 count = 0;

	for (u32 i = 0; i < MODEL_LRS; i++)
		count += (model_cpu[cpu].lr[i] & LR_VALID) && FIELD_GET(LR_VINTID, model_cpu[cpu].lr[i]) == intid;
	return count;
}

void ich_write_lr(u32 n, u64 value)
{
	if (n >= MODEL_LRS) {
		breach("a list register that is not there", n);
		return;
	}
	model_cpu[fake_cpu].lr[n] = value;
	if ((value & LR_VALID) && model_lrs_with(fake_cpu, (u32)FIELD_GET(LR_VINTID, value)) > 1)
		breach("two list registers with the same interrupt", (u32)FIELD_GET(LR_VINTID, value));
	if ((value & LR_HW) && (value & LR_VALID) == LR_VALID)
		breach("a hardware interrupt pending and active in a list register", (u32)FIELD_GET(LR_VINTID, value));
}

/* ---- what trap/ and boot/ do ---- */

struct cell *root_cell(void) { return &model_root; }

static bool take_one(u32 cpu)
{
	u32 before = fake_cpu, valid = 0;
	struct cell *who = acting;
	bool taken;

	fake_cpu = cpu;
	for (u32 i = 0; i < MODEL_LRS; i++)
		valid += !!(model_cpu[cpu].lr[i] & LR_VALID);
	model_cpu[cpu].local[MODEL_MAINTENANCE].line =
		(model_cpu[cpu].hcr & ICH_HCR_UIE) && (model_cpu[cpu].hcr & ICH_HCR_EN) && valid < 2;
	taken = best(cpu) != 1023;
	acting = NULL;
	if (taken)
		gic_handle_irq(&cpus[cpu]);
	fake_cpu = before;
	acting = who;
	return taken;
}

void cpu_handle_requests(struct cpu *cpu)
{
	u32 requests = cpu->requests;

	cpu->requests = 0;
	if ((requests & CPU_REQ_VGIC) && cpu->state == CPU_RUNNING)
		vgic_sync(cpu);
}

void cpu_request(struct cpu *cpu, u32 requests)
{
	cpu->requests |= requests;
	gic_send_hyp_sgi(cpu);
}

/* While a CPU waits, the others go on. */
void fake_wait(void)
{
	for (u32 i = 0; i < MODEL_CPUS; i++) {
		if (i != fake_cpu)
			take_one(i);
	}
}

void model_settle(void)
{
	for (u32 round = 0; round < 1000; round++) {
		bool any = false;

		for (u32 i = 0; i < MODEL_CPUS; i++)
			any |= take_one(i);
		if (!any)
			return;
	}
	breach("interrupts without end", 0);
}

/* ---- the guests ---- */

u32 model_guest_ack(u32 cpu)
{
	u64 *found = NULL;

	for (u32 i = 0; i < MODEL_LRS; i++) {
		u64 *lr = &model_cpu[cpu].lr[i];

		if ((*lr & LR_VALID) == LR_PENDING &&
		    (!found || FIELD_GET(LR_PRIORITY, *lr) < FIELD_GET(LR_PRIORITY, *found)))
			found = lr;
	}
	if (!found)
		return 1023;
	*found = (*found & ~LR_PENDING) | LR_ACTIVE;
	return (u32)FIELD_GET(LR_VINTID, *found);
}

void model_guest_eoi(u32 cpu, u32 intid)
{
	for (u32 i = 0; i < MODEL_LRS; i++) {
		u64 *lr = &model_cpu[cpu].lr[i];

		if (!(*lr & LR_ACTIVE) || FIELD_GET(LR_VINTID, *lr) != intid)
			continue;
		*lr &= ~LR_ACTIVE;
		if (*lr & LR_HW) {
			if (intid >= 32 && !is_owner(cpus[cpu].cell, intid))
				breach("a guest's EOI deactivates an interrupt of another cell", intid);
			irq_of(cpu, intid)->active = false;
		}
		return;
	}
}

bool model_access(u32 cpu, bool redist, u64 offset, u32 size, bool write, u64 *value)
{
	struct mmio_access access = { .offset = offset, .size = size, .write = write, .value = write ? *value : 0 };
	struct cell *cell = cpus[cpu].cell;
	u64 base = redist ? cell->config->gicr_ipa : cell->config->gicd_ipa;
	const struct mmio_region *region = mmio_find(&cell->mmio, base + offset);
	bool done;

	if (!region)
		return false;
	fake_cpu = cpu;
	acting = cell;
	done = region->fn(&cpus[cpu], region->ctx, &access);
	acting = NULL;
	*value = access.value;
	return done;
}

u64 model_gicd(u32 cpu, u32 offset, u32 size, bool write, u64 value)
{
	if (!model_access(cpu, false, offset, size, write, &value))
		breach("an access to the distributor is refused", offset);
	return value;
}

u64 model_gicr(u32 cpu, u32 frame, u32 offset, u32 size, bool write, u64 value)
{
	if (!model_access(cpu, true, frame * KIB(128) + offset, size, write, &value))
		breach("an access to a redistributor is refused", offset);
	return value;
}

/* ---- the machine ---- */

static void hyp_handler(struct cpu *cpu, void *ctx)
{
	model_handled++;
}

static void init_cell(struct cell *cell, struct cfg_cell *config, u32 cpu_count_, u32 irqs, const char *name)
{
	memset(cell, 0, sizeof(*cell));
	config->gicd_ipa = 0x8000000;
	config->gicr_ipa = 0x80a0000;
	config->cpu_count = cpu_count_;
	config->irq_count = irqs;
	cell->config = config;
	cell->vcpus = cpu_count_;
	strcpy(cell->name, name);
}

static void join(u32 cpu, struct cell *cell, u32 vcpu)
{
	cpus[cpu].cell = cell;
	cpus[cpu].vmpidr = cpus[cpu].vcpu = vcpu;
	vgic_cpu_clear(&cpus[cpu]);
	cell->vcpu[vcpu] = &cpus[cpu];
}

void model_run(u32 cpu)
{
	fake_cpu = cpu;
	vgic_cpu_reset(&cpus[cpu]);
	cpus[cpu].on = true;
	cpus[cpu].state = CPU_RUNNING;
	vgic_sync(&cpus[cpu]);
}

void model_park(u32 cpu)
{
	fake_cpu = cpu;
	vgic_cpu_park(&cpus[cpu]);
	cpus[cpu].on = false;
	cpus[cpu].state = CPU_PARKED;
}

static void init_hardware(void)
{
	memset(model_spi, 0, sizeof(model_spi));
	memset(model_cpu, 0, sizeof(model_cpu));
	memset(cpus, 0, sizeof(cpus));
	for (u32 i = 0; i < MODEL_INTIDS; i++)
		model_spi[i].pending = model_spi[i].active = i % 3 == 0;	/* what firmware left */
	sys = (struct cfg_system){ .gicd_base = 0x8000000, .gicr_base = 0x80a0000, .gicr_size = sizeof(redist_mem),
				   .maintenance_irq = MODEL_MAINTENANCE, .timer_irq = 26 };
}

void model_start(void)
{
	static bool probed;

	model_breach[0] = 0;
	model_handled = 0;
	model_other_exists = false;
	acting = NULL;
	fake_cpu = 0;
	init_hardware();
	for (u32 i = 0; i < MODEL_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].mpidr = i;
	}
	if (!probed && gic_init(&sys))
		breach("gic_init", 0);
	memset(model_spi, 0, probed ? sizeof(model_spi) : 0);
	for (u32 i = 0; i < MODEL_CPUS; i++) {
		fake_cpu = i;
		cpus[i].state = CPU_PARKED;
		if (gic_cpu_init(&cpus[i]))
			breach("gic_cpu_init", i);
	}
	fake_cpu = 0;
	if (!probed && gic_request(SPI_HYP, hyp_handler, NULL, &cpus[0], true))
		breach("gic_request", SPI_HYP);
	model_spi[SPI_HYP] = (struct model_irq){ .enabled = true, .edge = true, .priority = GIC_PRIO_HYP };
	probed = true;
	init_cell(&model_root, &root_config.cell, 4, ROOT_IRQS + 1, "root");
	model_root.is_root = true;
	root_config.cell.uart_irq = SPI_SOFT;
	for (u32 i = 0; i < 4; i++) {
		root_config.cpus[i] = (struct cfg_cell_cpu){ .cpu = i, .vmpidr = i };
		join(i, &model_root, i);
	}
	root_config.irqs[0].intid = SPI_ROOT;
	root_config.irqs[1].intid = SPI_SHARED;
	root_config.irqs[2].intid = SPI_HYP;	/* a config that asks for too much */
	if (vgic_cell_init(&model_root, &why))
		breach("vgic_cell_init", 0);
	vgic_cell_reset(&model_root);
	for (u32 i = 0; i < 3; i++)
		model_run(i);
	fake_cpu = 0;
}

int model_create_other(void)
{
	int err;

	fake_cpu = 0;
	init_cell(&model_other, &other_config.cell, 1, OTHER_IRQS, "other");
	other_config.cpus[0] = (struct cfg_cell_cpu){ .cpu = 3 };
	other_config.irqs[0].intid = SPI_SHARED;
	other_config.irqs[1].intid = SPI_OTHER;
	other_config.cell.uart_irq = SPI_ROOT;
	model_root.vcpu[3] = NULL;
	join(3, &model_other, 0);
	err = vgic_cell_init(&model_other, &why);
	if (err) {
		join(3, &model_root, 3);
		return err;
	}
	model_other_exists = true;
	vgic_cell_reset(&model_other);
	model_run(3);
	fake_cpu = 0;
	return 0;
}

void model_destroy_other(void)
{
	model_park(3);
	fake_cpu = 0;
	vgic_cell_exit(&model_other);
	model_other_exists = false;
	join(3, &model_root, 3);
}

/* A level-triggered interrupt follows its line. */
static void set_line(struct model_irq *irq, bool level)
{
	if (irq->edge && level && !irq->line)
		irq->pending = true;
	irq->line = level;
}

void model_line(u32 spi, bool level)
{
	set_line(&model_spi[spi], level);
}

void model_ppi_line(u32 cpu, u32 ppi, bool level)
{
	set_line(&model_cpu[cpu].local[ppi], level);
}

void model_check(void)
{
	for (u32 i = 32; i < MODEL_INTIDS; i++) {
		const struct model_irq *irq = &model_spi[i];

		if (i == SPI_HYP && (!irq->enabled || irq->priority != GIC_PRIO_HYP || irq->route != 0))
			breach("the hypervisor's interrupt was changed", i);
		if (i == SPI_HYP || is_owner(&model_root, i) || is_owner(&model_other, i))
			continue;
		if (irq->enabled || irq->pending || irq->active)
			breach("an interrupt of nobody was changed", i);
	}
	for (u32 cpu = 0; cpu < MODEL_CPUS; cpu++) {
		for (u32 i = 0; i < MODEL_LRS; i++) {
			u64 lr = model_cpu[cpu].lr[i];
			u32 intid = (u32)FIELD_GET(LR_VINTID, lr);

			if ((lr & LR_VALID) && !(lr & LR_HW) && intid >= 32 && intid != cpus[cpu].cell->config->uart_irq)
				breach("a list register without HW has an interrupt of the hardware", intid);
			if ((lr & LR_VALID) && (lr & LR_HW) && intid >= 32 && !is_owner(cpus[cpu].cell, intid))
				breach("a list register has an interrupt of another cell", intid);
			if ((lr & LR_VALID) && (lr & LR_HW) && !irq_of(cpu, intid)->active)
				breach("in a list register, but not physically active", intid);
		}
	}
}
