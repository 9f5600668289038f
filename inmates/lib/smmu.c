/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The SMMUv3: finding it, switching it on and off, its queues. Its tables are in smmu_tables.c. */
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/smmu.h>
#include <inmate/string.h>
#include <inmate/timer.h>

#define QUEUE_LOG2		8
#define COMMAND_WORDS		2
#define EVENT_WORDS		4
#define REGISTER_TIMEOUT_US	1000000
#define QUEUE_TIMEOUT_US	2000000	/* without any progress; a busy host is slow */
#define IRQ_CELLS		3	/* of a GIC interrupt: kind, number, flags */
#define IRQ_FLAG_EDGE		1
#define IOMMU_MAP_CELLS		4	/* of an entry: first requester ID, phandle, first StreamID, how many */

u32 smmu_read(const struct smmu *smmu, u32 reg)
{
	return mmio_read32(smmu->regs + reg);
}

void smmu_write(const struct smmu *smmu, u32 reg, u32 value)
{
	dsb();			/* what is in memory first */
	mmio_write32(smmu->regs + reg, value);
}

void smmu_write64(const struct smmu *smmu, u32 reg, u64 value)
{
	dsb();
	mmio_write64(smmu->regs + reg, value);
}

/* ---- interrupts ---- */

static void event_interrupt(u32 intid, void *context)
{
	((struct smmu *)context)->event_irqs++;
}

static void error_interrupt(u32 intid, void *context)
{
	((struct smmu *)context)->error_irqs++;
}

static void sync_interrupt(u32 intid, void *context)
{
	((struct smmu *)context)->sync_irqs++;
}

static u32 take_interrupt(struct smmu *smmu, int node, const char *name, irq_fn fn)
{
	u32 bytes = 0, n = 0, intid;
	const char *names = fdt_prop(node, "interrupt-names", &bytes);
	const void *cells = fdt_prop(node, "interrupts", NULL);

	if (!names)
		return 0;
	for (u32 at = 0; at < bytes; at += strlen(names + at) + 1, n++) {
		if (strcmp(names + at, name))
			continue;
		intid = fdt_irq(node, n);
		irq_handler(intid, fn, smmu);
		gic_set_edge(intid, fdt_cell(cells, n * IRQ_CELLS + 2) == IRQ_FLAG_EDGE);
		gic_enable(intid);
		return intid;
	}
	return 0;
}

/* ---- on and off ---- */

bool smmu_find(struct smmu *smmu, u32 n)
{
	int node = -1;
	u64 size;

	*smmu = (struct smmu){ 0 };
	do
		node = fdt_compatible(node, "arm,smmu-v3");
	while (node >= 0 && n--);
	if (node < 0 || !fdt_reg(node, 0, &smmu->regs, &size))
		return false;
	smmu->idr0 = smmu_read(smmu, SMMU_IDR0);
	smmu->idr1 = smmu_read(smmu, SMMU_IDR1);
	smmu->idr5 = smmu_read(smmu, SMMU_IDR5);
	smmu->event_irq = take_interrupt(smmu, node, "eventq", event_interrupt);
	smmu->error_irq = take_interrupt(smmu, node, "gerror", error_interrupt);
	smmu->sync_irq = take_interrupt(smmu, node, "cmdq-sync", sync_interrupt);
	smmu->command_log2 = QUEUE_LOG2;
	smmu->event_log2 = QUEUE_LOG2;
	smmu->commands = smmu_alloc(COMMAND_WORDS * 8 << QUEUE_LOG2, COMMAND_WORDS * 8 << QUEUE_LOG2);
	smmu->events = smmu_alloc(EVENT_WORDS * 8 << QUEUE_LOG2, EVENT_WORDS * 8 << QUEUE_LOG2);
	return smmu->commands && smmu->events && smmu_disable(smmu);
}

u32 smmu_stream_of(u32 bdf)
{
	u32 bytes = 0;
	const void *map = fdt_prop(fdt_compatible(-1, "pci-host-ecam-generic"), "iommu-map", &bytes);

	for (u32 at = 0; map && at < bytes / 4; at += IOMMU_MAP_CELLS) {
		u32 first = fdt_cell(map, at), count = fdt_cell(map, at + 3);

		if (bdf >= first && bdf - first < count)
			return fdt_cell(map, at + 2) + bdf - first;
	}
	return bdf;
}

static bool wait_for(const struct smmu *smmu, u32 reg, u32 mask, u32 value)
{
	u64 deadline = timer_ticks() + timer_us(REGISTER_TIMEOUT_US);

	while ((smmu_read(smmu, reg) & mask) != value)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

bool smmu_control(const struct smmu *smmu, u32 cr0)
{
	smmu_write(smmu, SMMU_CR0, cr0);
	return wait_for(smmu, SMMU_CR0ACK, 0xffffffff, cr0);
}

bool smmu_bypass_abort(const struct smmu *smmu, bool abort)
{
	smmu_write(smmu, SMMU_GBPA, GBPA_UPDATE | (abort ? GBPA_ABORT : 0));
	return wait_for(smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT, abort ? GBPA_ABORT : 0);
}

bool smmu_disable(struct smmu *smmu)
{
	bool off = smmu_control(smmu, 0);

	smmu_write(smmu, SMMU_IRQ_CTRL, 0);
	off &= wait_for(smmu, SMMU_IRQ_CTRLACK, 0xffffffff, 0);
	smmu_acknowledge(smmu, smmu_errors(smmu));
	return off;
}

bool smmu_queues_on(struct smmu *smmu)
{
	smmu->command_prod = 0;
	smmu->event_cons = 0;
	smmu_write64(smmu, SMMU_CMDQ_BASE, (u64)smmu->commands | smmu->command_log2);
	smmu_write(smmu, SMMU_CMDQ_PROD, 0);
	smmu_write(smmu, SMMU_CMDQ_CONS, 0);
	smmu_write64(smmu, SMMU_EVENTQ_BASE, (u64)smmu->events | smmu->event_log2);
	smmu_write(smmu, SMMU_EVENTQ_PROD, 0);
	smmu_write(smmu, SMMU_EVENTQ_CONS, 0);
	return smmu_control(smmu, CR0_CMDQEN | CR0_EVENTQEN);
}

static u32 strtab_config(const struct smmu *smmu)
{
	return FIELD_PREP(STRTAB_CFG_LOG2SIZE, smmu->stream_log2) | FIELD_PREP(STRTAB_CFG_SPLIT, smmu->split) |
	       (smmu->split ? STRTAB_CFG_2LEVEL : 0);
}

bool smmu_enable(struct smmu *smmu)
{
	u32 interrupts = IRQ_CTRL_EVENTQ | IRQ_CTRL_GERROR;

	if (!smmu_disable(smmu))
		return false;
	smmu_write(smmu, SMMU_CR1, CR1_CACHED);
	smmu_write(smmu, SMMU_CR2, CR2_RECINVSID | CR2_PTM);
	smmu_write64(smmu, SMMU_STRTAB_BASE, (u64)smmu->streams);
	smmu_write(smmu, SMMU_STRTAB_BASE_CFG, strtab_config(smmu));
	smmu_write(smmu, SMMU_IRQ_CTRL, interrupts);
	if (!wait_for(smmu, SMMU_IRQ_CTRLACK, 0xffffffff, interrupts) || !smmu_queues_on(smmu))
		return false;
	smmu_command(smmu, CMD_CFGI_STE_RANGE, CFGI_RANGE_ALL);
	smmu_command(smmu, CMD_TLBI_NSNH_ALL, 0);
	return smmu_sync(smmu) && smmu_control(smmu, CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
}

/* ---- commands ---- */

static u32 queue_mask(u32 log2)
{
	return (2u << log2) - 1;	/* index and wrap bit */
}

static u32 command_cons(const struct smmu *smmu)
{
	return smmu_read(smmu, SMMU_CMDQ_CONS) & queue_mask(smmu->command_log2);
}

void smmu_queue_command(struct smmu *smmu, u64 word0, u64 word1)
{
	u64 *entry = smmu->commands + COMMAND_WORDS * (smmu->command_prod & ((1u << smmu->command_log2) - 1));

	entry[0] = word0;
	entry[1] = word1;
	smmu->command_prod = (smmu->command_prod + 1) & queue_mask(smmu->command_log2);
}

void smmu_ring(struct smmu *smmu)
{
	smmu_write(smmu, SMMU_CMDQ_PROD, smmu->command_prod);
}

bool smmu_command(struct smmu *smmu, u64 word0, u64 word1)
{
	u64 deadline = timer_ticks() + timer_us(REGISTER_TIMEOUT_US);

	while ((smmu->command_prod ^ command_cons(smmu)) == 1u << smmu->command_log2)
		if (timer_ticks() > deadline)
			return false;
	smmu_queue_command(smmu, word0, word1);
	smmu_ring(smmu);
	return true;
}

bool smmu_drain(struct smmu *smmu)
{
	u64 deadline = timer_ticks() + timer_us(QUEUE_TIMEOUT_US);
	u32 last = command_cons(smmu), now;

	while ((now = command_cons(smmu)) != smmu->command_prod) {
		if (smmu_errors(smmu) & GERROR_CMDQ_ERR || timer_ticks() > deadline)
			return false;
		if (now != last)
			deadline = timer_ticks() + timer_us(QUEUE_TIMEOUT_US);
		last = now;
	}
	return true;
}

bool smmu_sync(struct smmu *smmu)
{
	return smmu_command(smmu, CMD_SYNC, 0) && smmu_drain(smmu);
}

bool smmu_command_sync(struct smmu *smmu, u64 word0, u64 word1)
{
	return smmu_command(smmu, word0, word1) && smmu_sync(smmu);
}

u32 smmu_errors(const struct smmu *smmu)
{
	return smmu_read(smmu, SMMU_GERROR) ^ smmu_read(smmu, SMMU_GERRORN);
}

void smmu_acknowledge(const struct smmu *smmu, u32 errors)
{
	smmu_write(smmu, SMMU_GERRORN, smmu_read(smmu, SMMU_GERRORN) ^ errors);
}

u32 smmu_command_error(const struct smmu *smmu)
{
	if (!(smmu_errors(smmu) & GERROR_CMDQ_ERR))
		return CERROR_NONE;
	return FIELD_GET(CMDQ_CONS_ERR, smmu_read(smmu, SMMU_CMDQ_CONS));
}

void smmu_command_skip(struct smmu *smmu)
{
	u64 *entry = smmu->commands + COMMAND_WORDS * (command_cons(smmu) & ((1u << smmu->command_log2) - 1));

	entry[0] = CMD_SYNC;
	entry[1] = 0;
	smmu_acknowledge(smmu, GERROR_CMDQ_ERR);
}

/* ---- events ---- */

bool smmu_next_event(struct smmu *smmu, struct smmu_event *event)
{
	u32 mask = queue_mask(smmu->event_log2), prod = smmu_read(smmu, SMMU_EVENTQ_PROD);

	if ((prod & mask) == smmu->event_cons)
		return false;
	dsb();
	memcpy(event, smmu->events + EVENT_WORDS * (smmu->event_cons & mask >> 1), sizeof(*event));
	smmu->event_cons = (smmu->event_cons + 1) & mask;
	/* an overflow is acknowledged by the way: its flag goes back as it came */
	smmu_write(smmu, SMMU_EVENTQ_CONS, smmu->event_cons | (prod & EVENTQ_OVERFLOW));
	return true;
}

u32 smmu_drop_events(struct smmu *smmu)
{
	struct smmu_event event;
	u32 count = 0;

	while (smmu_next_event(smmu, &event))
		count++;
	return count;
}
