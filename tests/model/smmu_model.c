// SPDX-License-Identifier: GPL-2.0-only
/* The model's registers: what they answer, when they may be written, and what the driver must not do with them. */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum {
	R_IDR0 = 0x0, R_IDR5 = 0x14, R_IIDR = 0x18, R_AIDR = 0x1c, R_CR0 = 0x20, R_CR0ACK = 0x24, R_CR1 = 0x28,
	R_CR2 = 0x2c, R_GBPA = 0x44, R_IRQ_CTRL = 0x50, R_IRQ_CTRLACK = 0x54, R_GERROR = 0x60, R_GERRORN = 0x64,
	R_GERROR_IRQ_CFG0 = 0x68, R_GERROR_IRQ_CFG1 = 0x70, R_STRTAB_BASE = 0x80, R_STRTAB_BASE_CFG = 0x88,
	R_CMDQ_BASE = 0x90, R_CMDQ_PROD = 0x98, R_CMDQ_CONS = 0x9c, R_EVENTQ_BASE = 0xa0, R_EVENTQ_IRQ_CFG0 = 0xb0,
	R_EVENTQ_IRQ_CFG1 = 0xb8, R_PRIQ_BASE = 0xc0, R_PRIQ_IRQ_CFG0 = 0xd0, R_PRIQ_IRQ_CFG1 = 0xd8,
	R_EVENTQ_PROD = 0x100a8, R_EVENTQ_CONS = 0x100ac, R_PRIQ_PROD = 0x100c8, R_PRIQ_CONS = 0x100cc,
};

enum { CR0_SMMUEN = 1, CR0_PRIQEN = 2, CR0_EVENTQEN = 4, CR0_CMDQEN = 8, CR0_ATSCHK = 16 };
enum { CFG_GERROR, CFG_EVENTQ, CFG_PRIQ };
#define IDR0_ATS	(1u << 10)
#define IDR0_PRI	(1u << 16)
#define GBPA_ABORT	(1u << 20)
#define GBPA_UPDATE	(1u << 31)
#define OVERFLOW_FLAG	(1u << 31)
#define QUEUE_BASE_BITS	0x400fffffffffffffULL
#define STRTAB_BASE_BITS 0x400fffffffffffc0ULL

void smmu_model_init(struct smmu_model *m)
{
	memset(m, 0, sizeof(*m));
	m->idr[0] = 0x0d44101b;
	m->idr[1] = 0x02730010;
	m->idr[3] = 0x1414;
	m->idr[5] = 0x74;
}

void smmu_model_make_full(struct smmu_model *m)
{
	/* ATS, PRI, CD2L; STALL_MODEL = 0: both; TERM_MODEL = 0: both; SSIDSIZE = 20 */
	m->idr[0] = (m->idr[0] & ~(7u << 24)) | IDR0_ATS | IDR0_PRI | 1u << 19;
	m->idr[1] |= 20u << 6 | 7u << 11;
}

void smmu_model_watch(struct smmu_model *m, uint32_t sid)
{
	struct model_stream *s = &m->streams[m->stream_count++];

	memset(s, 0, sizeof(*s));
	s->sid = sid;
}

/* What the driver must not do; a guest may try. */
static void driver_fault(struct smmu_model *m, const char *what, uint64_t offset)
{
	char text[128];

	if (m->guest)
		return;
	snprintf(text, sizeof(text), "%s (register 0x%llx)", what, (unsigned long long)offset);
	m->complain(text);
}

uint32_t model_queue_size(const struct model_queue *q)
{
	return 1u << model_field(q->base, 4, 0);
}

uint64_t model_queue_base(const struct model_queue *q, size_t entry_bytes)
{
	uint64_t bytes = model_queue_size(q) * entry_bytes;

	return (q->base & 0xfffffffffffe0) & ~((bytes < 32 ? 32 : bytes) - 1);
}

uint32_t model_queue_used(const struct model_queue *q)
{
	return (q->prod - q->cons) & (2 * model_queue_size(q) - 1);
}

/* ---- reads ---- */

static uint32_t read_cmdq_cons(struct smmu_model *m)
{
	if (!m->slow)
		model_commands_run(m, ~0u);
	else if (++m->slow_count % m->slow == 0)
		model_commands_run(m, 1);
	return m->cmdq.cons | m->cons_err << 24;
}

static uint32_t read_gbpa(struct smmu_model *m)
{
	if (m->gbpa & GBPA_UPDATE && !m->gbpa_stuck && m->gbpa_delay-- == 0)
		m->gbpa &= ~GBPA_UPDATE;
	return m->gbpa;
}

static uint32_t read32(struct smmu_model *m, uint64_t offset)
{
	switch (offset) {
	case R_IIDR:		return 0x43b;
	case R_AIDR:		return 1;
	case R_CR0:		return m->cr0;
	case R_CR0ACK:		return m->cr0_stuck ? 0x80 : m->cr0;
	case R_CR1:		return m->cr1;
	case R_CR2:		return m->cr2;
	case R_GBPA:		return read_gbpa(m);
	case R_IRQ_CTRL:
	case R_IRQ_CTRLACK:	return m->irq_ctrl;
	case R_GERROR:		return m->gerror;
	case R_GERRORN:		return m->gerrorn;
	case R_CMDQ_PROD:	return m->cmdq.prod;
	case R_CMDQ_CONS:	return read_cmdq_cons(m);
	case R_EVENTQ_PROD:	return m->evtq.prod;
	case R_EVENTQ_CONS:	return m->evtq.cons;
	case R_PRIQ_PROD:	return m->priq.prod;
	case R_PRIQ_CONS:	return m->priq.cons;
	case R_STRTAB_BASE_CFG:	return m->strtab_cfg;
	}
	if (offset <= R_IDR5 && offset % 4 == 0)
		return m->idr[offset / 4];
	driver_fault(m, "read of an unexpected register", offset);
	return 0;
}

/* The register of 64 bits of which this is a half or all; NULL: none. */
static uint64_t *wide(struct smmu_model *m, uint64_t offset)
{
	switch (offset & ~7ULL) {
	case R_STRTAB_BASE:	return &m->strtab_base;
	case R_CMDQ_BASE:	return &m->cmdq.base;
	case R_EVENTQ_BASE:	return &m->evtq.base;
	case R_PRIQ_BASE:	return &m->priq.base;
	case R_GERROR_IRQ_CFG0:	return &m->irq_cfg[CFG_GERROR][0];
	case R_GERROR_IRQ_CFG1:	return &m->irq_cfg[CFG_GERROR][1];
	case R_EVENTQ_IRQ_CFG0:	return &m->irq_cfg[CFG_EVENTQ][0];
	case R_EVENTQ_IRQ_CFG1:	return &m->irq_cfg[CFG_EVENTQ][1];
	case R_PRIQ_IRQ_CFG0:	return &m->irq_cfg[CFG_PRIQ][0];
	case R_PRIQ_IRQ_CFG1:	return &m->irq_cfg[CFG_PRIQ][1];
	}
	return NULL;
}

uint64_t smmu_model_read(struct smmu_model *m, uint64_t offset, unsigned int bytes)
{
	const uint64_t *reg = wide(m, offset);

	model_observe(m);
	if (bytes != 4)
		driver_fault(m, "a read that is not 32 bits wide", offset);
	if (bytes == 8)
		return reg ? *reg : read32(m, offset) | (uint64_t)read32(m, offset + 4) << 32;
	return reg ? (uint32_t)(*reg >> (offset & 4 ? 32 : 0)) : read32(m, offset);
}

/* ---- writes ---- */

static uint32_t cr0_bits(const struct smmu_model *m)
{
	return CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN | (m->idr[0] & IDR0_PRI ? CR0_PRIQEN : 0) |
	       (m->idr[0] & IDR0_ATS ? CR0_ATSCHK : 0);
}

static void write_cr0(struct smmu_model *m, uint32_t value)
{
	uint32_t on = value & ~m->cr0;

	if (value & ~cr0_bits(m))
		driver_fault(m, "CR0: a feature that this SMMU does not have", R_CR0);
	if (!(m->gbpa & GBPA_ABORT) && !m->gbpa_seen)
		driver_fault(m, "CR0 is written before GBPA.ABORT is set", R_CR0);
	if ((m->cr0 & ~value & CR0_SMMUEN) && !(m->gbpa & GBPA_ABORT))
		driver_fault(m, "SMMUEN is cleared while GBPA says bypass", R_CR0);
	if ((on & CR0_CMDQEN) && !model_field(m->cmdq.base, 51, 5))
		driver_fault(m, "CMDQEN without a queue", R_CR0);
	if ((on & CR0_EVENTQEN) && !model_field(m->evtq.base, 51, 5))
		driver_fault(m, "EVENTQEN without a queue", R_CR0);
	if ((on & CR0_PRIQEN) && !model_field(m->priq.base, 51, 5))
		driver_fault(m, "PRIQEN without a queue", R_CR0);
	if (on & CR0_SMMUEN)
		model_check_enable(m);
	for (unsigned int i = 0; i < MODEL_STALLS && m->cr0 & ~value & CR0_SMMUEN; i++)
		m->stall[i].used = false;
	m->cr0 = value & cr0_bits(m);
}

/* A write without UPDATE is ignored, and one before the last has taken effect. */
static void write_gbpa(struct smmu_model *m, uint32_t value)
{
	if (m->gbpa & GBPA_UPDATE)
		driver_fault(m, "GBPA is written while UPDATE is set", R_GBPA);
	if (!(value & GBPA_UPDATE))
		driver_fault(m, "GBPA is written without UPDATE", R_GBPA);
	if (m->guest && (!(value & GBPA_UPDATE) || m->gbpa & GBPA_UPDATE))
		return;
	m->gbpa = m->guest ? value & ~GBPA_UPDATE : value;
	m->gbpa_seen = true;
}

static void write_cmdq_prod(struct smmu_model *m, uint32_t value)
{
	if (value & ~(2 * model_queue_size(&m->cmdq) - 1))
		driver_fault(m, "CMDQ_PROD: reserved bits", R_CMDQ_PROD);
	m->cmdq.prod = m->guest ? value & 0xfffff : value;
	if (model_queue_used(&m->cmdq) > model_queue_size(&m->cmdq))
		driver_fault(m, "CMDQ_PROD: more commands than the queue holds", R_CMDQ_PROD);
	if (m->cr0 & CR0_CMDQEN)
		m->doorbells++;
}

static void write_queue_cons(struct smmu_model *m, struct model_queue *q, uint32_t enable, uint32_t value)
{
	uint32_t before = model_queue_used(q);

	q->cons = value;
	if ((m->cr0 & enable) && model_queue_used(q) > before)
		driver_fault(m, "CONS moves backwards or past PROD", R_EVENTQ_CONS);
}

static void write_gerrorn(struct smmu_model *m, uint32_t value)
{
	uint32_t active = m->gerror ^ m->gerrorn;

	if ((value ^ m->gerrorn) & ~active)
		driver_fault(m, "GERRORN acknowledges an error that is not active", R_GERRORN);
	m->gerrorn = m->guest ? m->gerrorn ^ ((value ^ m->gerrorn) & active) : value;
	if (!((m->gerror ^ m->gerrorn) & 1) && !m->guest)
		m->cons_err = 0;
}

/* Registers that may change only while `guard` in CR0 is off; else the write is ignored. */
static bool guarded(struct smmu_model *m, uint64_t offset, uint32_t guard)
{
	if (m->cr0 & guard)
		driver_fault(m, "written while enabled", offset);
	if (!m->gbpa_seen)
		driver_fault(m, "written before GBPA", offset);
	return !m->guest || !(m->cr0 & guard);
}

static void guarded32(struct smmu_model *m, uint64_t offset, uint32_t guard, uint32_t *reg, uint32_t value)
{
	if (guarded(m, offset, guard))
		*reg = value;
}

static void write_cons(struct smmu_model *m, uint32_t value)
{
	if (!guarded(m, R_CMDQ_CONS, CR0_CMDQEN))
		return;
	m->cmdq.cons = value & 0xfffff;
	m->cons_err = value >> 24 & 0x7f;
}

static bool write_half(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value);

static void write32(struct smmu_model *m, uint64_t offset, uint32_t value)
{
	uint32_t all = CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN | CR0_PRIQEN;

	switch (offset) {
	case R_CR0:		write_cr0(m, value); return;
	case R_GBPA:		write_gbpa(m, value); return;
	case R_CMDQ_PROD:	write_cmdq_prod(m, value); return;
	case R_EVENTQ_CONS:	write_queue_cons(m, &m->evtq, CR0_EVENTQEN, value); return;
	case R_PRIQ_CONS:	write_queue_cons(m, &m->priq, CR0_PRIQEN, value); return;
	case R_GERRORN:		write_gerrorn(m, value); return;
	case R_IRQ_CTRL:	m->irq_ctrl = value & 7; return;
	case R_CR1:		guarded32(m, offset, all, &m->cr1, value & 0xfff); return;
	case R_CR2:		guarded32(m, offset, CR0_SMMUEN, &m->cr2, value & 7); return;
	case R_STRTAB_BASE_CFG:	guarded32(m, offset, CR0_SMMUEN, &m->strtab_cfg, value & 0x307ff); return;
	case R_CMDQ_CONS:	write_cons(m, value); return;
	case R_EVENTQ_PROD:	guarded32(m, offset, CR0_EVENTQEN, &m->evtq.prod, value); return;
	case R_PRIQ_PROD:	guarded32(m, offset, CR0_PRIQEN, &m->priq.prod, value); return;
	}
	if (!m->guest || !write_half(m, offset, 4, value))
		driver_fault(m, "32-bit write to an unexpected register", offset);
}

/* What must be off while it changes: a bit of CR0, or (the second) of IRQ_CTRL. */
static uint32_t guard_of(uint64_t offset, bool *irq)
{
	*irq = false;
	switch (offset & ~7ULL) {
	case R_STRTAB_BASE:	return CR0_SMMUEN;
	case R_CMDQ_BASE:	return CR0_CMDQEN;
	case R_EVENTQ_BASE:	return CR0_EVENTQEN;
	case R_PRIQ_BASE:	return CR0_PRIQEN;
	}
	*irq = true;
	switch (offset & ~15ULL) {
	case 0x60: case 0x70:	return 1;
	case 0xb0:		return 4;
	}
	return 2;
}

/* A queue is at most as large as IDR1 says. */
static uint64_t queue_capped(const struct smmu_model *m, uint64_t offset, uint64_t base)
{
	uint64_t max = offset < R_EVENTQ_BASE ? model_field(m->idr[1], 25, 21) :
		       offset < R_PRIQ_BASE ? model_field(m->idr[1], 20, 16) : model_field(m->idr[1], 15, 11);

	base &= QUEUE_BASE_BITS;
	return (base & 0x1f) > max ? (base & ~0x1fULL) | max : base;
}

/* A write to a register of 64 bits, or to one half of it. False: no such register. */
static bool write_half(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value)
{
	uint64_t *reg = wide(m, offset), mask = bytes == 8 ? ~0ULL : 0xffffffffULL << (offset & 4) * 8;
	uint32_t guard;
	bool irq;

	if (!reg)
		return false;
	guard = guard_of(offset, &irq);
	if (irq && m->irq_ctrl & guard) {
		driver_fault(m, "written while interrupts are enabled", offset);
		return true;
	}
	if (!irq && !guarded(m, offset, guard))
		return true;
	*reg = (*reg & ~mask) | (value << (offset & 4) * 8 & mask);
	if (reg == &m->strtab_base)
		*reg &= STRTAB_BASE_BITS;
	else if (!irq)
		*reg = queue_capped(m, offset, *reg);
	return true;
}

void smmu_model_write(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value)
{
	model_observe(m);
	if (bytes == 4) {
		write32(m, offset, (uint32_t)value);
	} else if (bytes != 8) {
		driver_fault(m, "a write of a strange width", offset);
	} else if (!write_half(m, offset, 8, value)) {
		driver_fault(m, "64-bit write to an unexpected register", offset);
		write32(m, offset, (uint32_t)value);
		write32(m, offset + 4, (uint32_t)(value >> 32));
	}
	if (m->guest && !m->slow)
		model_commands_run(m, ~0u);
}

/* ---- errors and events ---- */

void model_gerror(struct smmu_model *m, uint32_t bit)
{
	if ((m->gerror ^ m->gerrorn) & 1u << bit)
		return;
	m->gerror ^= 1u << bit;
	if (m->irq_ctrl & 1)
		m->irq(m, MODEL_IRQ_GERROR);
}

/* One entry; false: no room, and the overflow is flagged. */
bool model_queue_push(struct smmu_model *m, struct model_queue *q, const uint64_t *entry, size_t bytes)
{
	uint32_t size = model_queue_size(q), index = q->prod & (size - 1);
	bool pri = q == &m->priq;

	if ((m->gerror ^ m->gerrorn) & (pri ? 8 : 4))
		return false;
	if (model_queue_used(q) >= size) {
		m->events_lost++;
		if (!((q->prod ^ q->cons) & OVERFLOW_FLAG))
			q->prod ^= OVERFLOW_FLAG;
		return false;
	}
	if (!m->mem_write(model_queue_base(q, bytes) + index * bytes, entry, bytes)) {
		if (!m->guest)
			m->complain("the queue is not in memory");
		model_gerror(m, pri ? 3 : 2);
		return false;
	}
	q->prod = (q->prod & OVERFLOW_FLAG) | ((q->prod + 1) & (2 * size - 1));
	/* the interrupt tells of a queue that becomes non-empty, of nothing else */
	if (model_queue_used(q) == 1 && m->irq_ctrl & (pri ? 2 : 4))
		m->irq(m, pri ? MODEL_IRQ_PRIQ : MODEL_IRQ_EVENTQ);
	return true;
}

/* Which fields a record has depends on its kind. */
void model_event(struct smmu_model *m, const struct model_txn *txn, const struct model_outcome *o, uint32_t stall)
{
	uint64_t record[4] = { o->event | (uint64_t)txn->sid << 32, 0, 0, 0 };
	bool walk = o->event == EVENT_WALK_EABT, input = o->event >= EVENT_TRANSLATION || walk;

	if (!(m->cr0 & CR0_EVENTQEN))
		return;
	if (txn->ssv)
		record[0] |= 1u << 11 | (uint64_t)txn->ssid << 12;
	if (input) {
		record[1] = stall | (uint64_t)txn->priv << 33 | (uint64_t)txn->inst << 34 |
			    (uint64_t)!txn->write << 35 | (uint64_t)o->s2 << 39 | (uint64_t)o->class << 40;
		record[2] = txn->address;
	}
	if (o->event == EVENT_TRANSL_FORBIDDEN) {
		record[1] = (uint64_t)!txn->write << 35;
		record[2] = txn->address;
	}
	if (o->s2 || walk || o->event == EVENT_CD_FETCH || o->event == EVENT_STE_FETCH)
		record[3] = o->ipa & 0xffffffffffff8ULL;
	model_queue_push(m, &m->evtq, record, sizeof(record));
}
