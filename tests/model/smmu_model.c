// SPDX-License-Identifier: GPL-2.0-only
/* The model's registers: what they answer, when they may be written, and what the driver must not do with them. */
#include <stdio.h>
#include <string.h>

#include "smmu_model.h"

enum {
	R_IDR0 = 0x0, R_IDR5 = 0x14, R_IIDR = 0x18, R_AIDR = 0x1c, R_CR0 = 0x20, R_CR0ACK = 0x24, R_CR1 = 0x28,
	R_CR2 = 0x2c, R_GBPA = 0x44, R_IRQ_CTRL = 0x50, R_IRQ_CTRLACK = 0x54, R_GERROR = 0x60, R_GERRORN = 0x64,
	R_GERROR_IRQ_CFG0 = 0x68, R_STRTAB_BASE = 0x80, R_STRTAB_BASE_CFG = 0x88, R_CMDQ_BASE = 0x90,
	R_CMDQ_PROD = 0x98, R_CMDQ_CONS = 0x9c, R_EVENTQ_BASE = 0xa0, R_EVENTQ_IRQ_CFG0 = 0xb0, R_EVENTQ_PROD = 0x100a8,
	R_EVENTQ_CONS = 0x100ac,
};

enum { CR0_SMMUEN = 1, CR0_EVENTQEN = 4, CR0_CMDQEN = 8 };
#define GBPA_ABORT	(1u << 20)
#define GBPA_UPDATE	(1u << 31)
#define OVERFLOW_FLAG	(1u << 31)

void smmu_model_init(struct smmu_model *m)
{
	memset(m, 0, sizeof(*m));
	m->idr[0] = 0x0d44101b;
	m->idr[1] = 0x02730010;
	m->idr[3] = 0x1414;
	m->idr[5] = 0x74;
}

void smmu_model_watch(struct smmu_model *m, uint32_t sid)
{
	struct model_stream *s = &m->streams[m->stream_count++];

	memset(s, 0, sizeof(*s));
	s->sid = sid;
}

static void complain_reg(struct smmu_model *m, const char *what, uint64_t offset)
{
	char text[128];

	snprintf(text, sizeof(text), "%s (register 0x%llx)", what, (unsigned long long)offset);
	m->complain(text);
}

static uint32_t queue_size(const struct model_queue *q)
{
	return 1u << model_field(q->base, 4, 0);
}

static uint32_t queue_used(const struct model_queue *q)
{
	return (q->prod - q->cons) & (2 * queue_size(q) - 1);
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
	}
	if (offset <= R_IDR5 && offset % 4 == 0)
		return m->idr[offset / 4];
	complain_reg(m, "read of an unexpected register", offset);
	return 0;
}

uint64_t smmu_model_read(struct smmu_model *m, uint64_t offset, unsigned int bytes)
{
	model_observe(m);
	if (bytes != 4) {
		complain_reg(m, "a read that is not 32 bits wide", offset);
		return 0;
	}
	return read32(m, offset);
}

/* ---- writes ---- */

static void write_cr0(struct smmu_model *m, uint32_t value)
{
	uint32_t on = value & ~m->cr0;

	if (value & ~(uint32_t)(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN))
		m->complain("CR0: a feature that this SMMU does not have");
	if (!(m->gbpa & GBPA_ABORT) && !m->gbpa_seen)
		m->complain("CR0 is written before GBPA.ABORT is set");
	if ((m->cr0 & ~value & CR0_SMMUEN) && !(m->gbpa & GBPA_ABORT))
		m->complain("SMMUEN is cleared while GBPA says bypass");
	if ((on & CR0_CMDQEN) && !model_field(m->cmdq.base, 51, 5))
		m->complain("CMDQEN without a queue");
	if ((on & CR0_EVENTQEN) && !model_field(m->evtq.base, 51, 5))
		m->complain("EVENTQEN without a queue");
	if (on & CR0_SMMUEN)
		model_check_enable(m);
	m->cr0 = value;
}

static void write_gbpa(struct smmu_model *m, uint32_t value)
{
	if (m->gbpa & GBPA_UPDATE)
		m->complain("GBPA is written while UPDATE is set");
	if (!(value & GBPA_UPDATE))
		m->complain("GBPA is written without UPDATE");
	m->gbpa = value;
	m->gbpa_seen = true;
}

static void write_cmdq_prod(struct smmu_model *m, uint32_t value)
{
	m->cmdq.prod = value;
	if (value & ~(2 * queue_size(&m->cmdq) - 1))
		m->complain("CMDQ_PROD: reserved bits");
	if (queue_used(&m->cmdq) > queue_size(&m->cmdq))
		m->complain("CMDQ_PROD: more commands than the queue holds");
	if (m->cr0 & CR0_CMDQEN)
		m->doorbells++;
}

static void write_eventq_cons(struct smmu_model *m, uint32_t value)
{
	uint32_t before = queue_used(&m->evtq);

	m->evtq.cons = value;
	if ((m->cr0 & CR0_EVENTQEN) && queue_used(&m->evtq) > before)
		m->complain("EVENTQ_CONS moves backwards or past EVENTQ_PROD");
}

static void write_gerrorn(struct smmu_model *m, uint32_t value)
{
	if ((value ^ m->gerrorn) & ~(m->gerror ^ m->gerrorn))
		m->complain("GERRORN acknowledges an error that is not active");
	m->gerrorn = value;
	if (!((m->gerror ^ m->gerrorn) & 1))
		m->cons_err = 0;
}

/* Registers that may change only while `guard` in CR0 is off. */
static bool guarded(struct smmu_model *m, uint64_t offset, uint32_t guard)
{
	if (m->cr0 & guard)
		complain_reg(m, "written while enabled", offset);
	if (!m->gbpa_seen)
		complain_reg(m, "written before GBPA", offset);
	return true;
}

static void write32(struct smmu_model *m, uint64_t offset, uint32_t value)
{
	uint32_t all = CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN;

	switch (offset) {
	case R_CR0:		write_cr0(m, value); return;
	case R_GBPA:		write_gbpa(m, value); return;
	case R_CMDQ_PROD:	write_cmdq_prod(m, value); return;
	case R_EVENTQ_CONS:	write_eventq_cons(m, value); return;
	case R_GERRORN:		write_gerrorn(m, value); return;
	case R_IRQ_CTRL:	m->irq_ctrl = value; return;
	case R_CR1:		guarded(m, offset, all); m->cr1 = value; return;
	case R_CR2:		guarded(m, offset, CR0_SMMUEN); m->cr2 = value; return;
	case R_STRTAB_BASE_CFG:	guarded(m, offset, CR0_SMMUEN); m->strtab_cfg = value; return;
	case R_CMDQ_CONS:	guarded(m, offset, CR0_CMDQEN); m->cmdq.cons = value; return;
	case R_EVENTQ_PROD:	guarded(m, offset, CR0_EVENTQEN); m->evtq.prod = value; return;
	}
	complain_reg(m, "32-bit write to an unexpected register", offset);
}

static void write64(struct smmu_model *m, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case R_STRTAB_BASE:	guarded(m, offset, CR0_SMMUEN); m->strtab_base = value; return;
	case R_CMDQ_BASE:	guarded(m, offset, CR0_CMDQEN); m->cmdq.base = value; return;
	case R_EVENTQ_BASE:	guarded(m, offset, CR0_EVENTQEN); m->evtq.base = value; return;
	case R_GERROR_IRQ_CFG0:
	case R_EVENTQ_IRQ_CFG0:
		if (m->irq_ctrl)
			complain_reg(m, "written while interrupts are enabled", offset);
		return;
	}
	complain_reg(m, "64-bit write to an unexpected register", offset);
}

void smmu_model_write(struct smmu_model *m, uint64_t offset, unsigned int bytes, uint64_t value)
{
	model_observe(m);
	if (bytes == 4)
		write32(m, offset, (uint32_t)value);
	else if (bytes == 8)
		write64(m, offset, value);
	else
		complain_reg(m, "a write of a strange width", offset);
}

/* ---- errors and events ---- */

void model_gerror(struct smmu_model *m, uint32_t bit)
{
	if ((m->gerror ^ m->gerrorn) & 1u << bit)
		return;
	m->gerror ^= 1u << bit;
	if (m->irq_ctrl & 1)
		m->irq(m, true);
}

void model_event(struct smmu_model *m, uint8_t type, uint32_t sid, uint64_t address, bool write)
{
	struct model_queue *q = &m->evtq;
	uint32_t size = queue_size(q), index = q->prod & (size - 1);
	/* word 1: RnW at 35, S2 at 39, CLASS at 41:40 = 2 (the input address itself) */
	uint64_t record[4] = { type | (uint64_t)sid << 32, 0, 0, 0 };

	if (!(m->cr0 & CR0_EVENTQEN))
		return;
	if (type >= 0x10) {
		record[1] = (write ? 0 : 1ULL << 35) | 1ULL << 39 | 2ULL << 40;
		record[2] = address;
		record[3] = address & 0xffffffffff000;
	}
	if (queue_used(q) == size) {
		m->events_lost++;
		if (!((q->prod ^ q->cons) & OVERFLOW_FLAG))
			q->prod ^= OVERFLOW_FLAG;
		return;
	}
	if (!m->mem_write((q->base & 0xfffffffffffe0) + index * 32, record, sizeof(record)))
		m->complain("the event queue is not in memory");
	q->prod = (q->prod & OVERFLOW_FLAG) | ((q->prod + 1) & (2 * size - 1));
	/* the interrupt tells of a queue that becomes non-empty, of nothing else */
	if (queue_used(q) == 1 && m->irq_ctrl & 4)
		m->irq(m, false);
}
