// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers. What they hold stands in two pages that the cell reads directly; a write is a permission fault and
 * comes here. Anything that is not in the table reads as zero and ignores writes.
 */
#include <arch/cache.h>
#include <hyp/string.h>
#include "vsmmu_local.h"

#define QUEUE_POINTER	0xfffffu		/* index and wrap bit of the largest queue */
#define BASE_LOW	0xffffffffu		/* of a 64-bit base: address, and size of a queue */
#define BASE_HIGH	((u32)((QUEUE_BASE_RWA | QUEUE_BASE_ADDR) >> 32))
#define QUEUES		((u32)(CR0_CMDQEN | CR0_EVENTQEN | CR0_PRIQEN))

_Static_assert(S2_IPA_BITS == 40, "OAS_IPA");
#define OAS_IPA		2

/* The cell may read with any memory type, so what it is to see must leave the caches. */
void vreg_set(struct vsmmu *v, u32 offset, u32 value)
{
	u32 *slot = &v->regs[vreg_index(offset)];

	WRITE_ONCE(*slot, value);
	dcache_clean(slot, sizeof(*slot));
}

struct vqueue vreg_queue(const struct vsmmu *v, u32 base, u32 prod, u32 log2_max)
{
	u64 value = vreg_get64(v, base);
	struct vqueue q = { .log2 = (u32)MIN(FIELD_GET(QUEUE_BASE_LOG2SIZE, value), (u64)log2_max) };

	q.base = value & QUEUE_BASE_ADDR;
	q.prod = queue_pointer(q.log2, vreg_get(v, prod));
	q.cons = queue_pointer(q.log2, vreg_get(v, prod + 4));
	return q;
}

void vreg_gerror(struct vsmmu *v, u32 bits)
{
	u32 gerror = vreg_get(v, SMMU_GERROR);

	bits &= ~(gerror ^ vreg_get(v, SMMU_GERRORN));
	vreg_set(v, SMMU_GERROR, gerror ^ bits);
	if (bits && (vreg_get(v, SMMU_IRQ_CTRL) & IRQ_CTRL_GERROR))
		vsmmu_raise(v, v->config->gerror_irq);
}

/* ---- identification: what the hardware has and this SMMU can offer ---- */

static u32 idr0(const struct vsmmu *v, u32 hw)
{
	u64 keep = IDR0_S1P | IDR0_TTF_AARCH32 | IDR0_TTF_AARCH64 | IDR0_COHACC | IDR0_HTTU | IDR0_ASID16 | IDR0_SEV |
		   IDR0_TTENDIAN | IDR0_TERM_MODEL;
	u64 stall = FIELD_GET(IDR0_STALL_MODEL, hw), made = FIELD_PREP(IDR0_ST_LEVEL, IDR0_ST_LEVEL_2);
	u32 flags = v->config->flags, ats_flags = CFG_VSMMU_TRUST_ATS | (hw & IDR0_NS1ATS ? 0 : CFG_VSMMU_ATS);

	if (v->config->ssid_bits)
		keep |= IDR0_CD2L;
	/* to the cell ATS is the ordinary one, for it sees no stage 2 */
	if ((hw & IDR0_ATS) && (flags & ats_flags)) {
		made |= IDR0_ATS | IDR0_NS1ATS;
		keep |= flags & CFG_VSMMU_PRI ? IDR0_PRI : 0;
	}
	if (stall == STALL_MODEL_BOTH && !(flags & CFG_VSMMU_STALL))
		stall = STALL_MODEL_NONE;
	return (u32)((hw & keep) | made | FIELD_PREP(IDR0_STALL_MODEL, stall));
}

static u32 idr1(const struct vsmmu *v, u32 hw)
{
	u64 ssid_bits = MIN(FIELD_GET(IDR1_SSIDSIZE, hw), (u64)v->config->ssid_bits);

	return (u32)((hw & (IDR1_SIDSIZE | IDR1_ATTR_PERMS_OVR | IDR1_ATTR_TYPES_OVR)) |
		     FIELD_PREP(IDR1_SSIDSIZE, ssid_bits) | FIELD_PREP(IDR1_CMDQS, v->config->cmdq_log2) |
		     FIELD_PREP(IDR1_EVENTQS, v->config->eventq_log2) |
		     FIELD_PREP(IDR1_PRIQS, vreg_offers(v, IDR0_PRI) ? v->config->priq_log2 : 0));
}

static u32 idr5(const struct vsmmu *v, u32 hw)
{
	u64 keep = IDR5_GRAN | IDR5_VAX | (vreg_stall_model(v) != STALL_MODEL_NONE ? IDR5_STALL_MAX : 0);

	return (u32)((hw & keep) | FIELD_PREP(IDR5_OAS, MIN(FIELD_GET(IDR5_OAS, hw), (u64)OAS_IPA)));
}

void vreg_reset(struct vsmmu *v)
{
	u32 smmu = v->config->smmu;

	memset(v->regs, 0, sizeof(v->regs));
	memset(v->wrong, 0, sizeof(v->wrong));
	dcache_clean(v->regs, sizeof(v->regs));
	vreg_set(v, SMMU_IDR0, idr0(v, v->hw_idr0));
	vreg_set(v, SMMU_IDR1, idr1(v, smmu_id_register(smmu, SMMU_IDR1)));
	vreg_set(v, SMMU_IDR3, smmu_id_register(smmu, SMMU_IDR3) & (u32)IDR3_STAGE1);
	vreg_set(v, SMMU_IDR5, idr5(v, smmu_id_register(smmu, SMMU_IDR5)));
	vreg_set(v, SMMU_IIDR, smmu_id_register(smmu, SMMU_IIDR));
	vreg_set(v, SMMU_AIDR, smmu_id_register(smmu, SMMU_AIDR));
}

/* ---- writes ---- */

static void write_cr0(struct vsmmu *v, u32 offset, u32 value)
{
	u32 changed;

	value &= ~(u32)((vreg_offers(v, IDR0_ATS) ? 0 : CR0_ATSCHK) | (vreg_offers(v, IDR0_PRI) ? 0 : CR0_PRIQEN));
	changed = vreg_get(v, offset) ^ value;
	vreg_set(v, offset, value);
	if (changed & CR0_SMMUEN)
		vste_update_all(v);
	vreg_set(v, offset + 4, value);		/* acknowledged */
	if (changed & value & (CR0_EVENTQEN | CR0_SMMUEN))
		vevtq_deliver(v);
	if (changed & value & CR0_CMDQEN)
		vcmdq_run(v);
}

/* Attributes of tables may change without SMMUEN, those of queues without queues. */
static void write_cr1(struct vsmmu *v, u32 offset, u32 value)
{
	u32 cr0 = vreg_get(v, SMMU_CR0), mask = (u32)((cr0 & QUEUES ? 0 : CR1_QUEUE) | (cr0 & CR0_SMMUEN ? 0 : CR1_TABLE));

	vreg_set(v, offset, (vreg_get(v, offset) & ~mask) | (value & mask));
}

/* UPDATE is done at once. While SMMUEN = 0, this decides about all streams. */
static void write_gbpa(struct vsmmu *v, u32 offset, u32 value)
{
	if (!(value & GBPA_UPDATE))
		return;
	vreg_set(v, offset, value & ~(u32)GBPA_UPDATE);
	if (!(vreg_get(v, SMMU_CR0) & CR0_SMMUEN))
		vste_update_all(v);
}

static void write_irq_ctrl(struct vsmmu *v, u32 offset, u32 value)
{
	value &= ~(vreg_offers(v, IDR0_PRI) ? 0 : (u32)IRQ_CTRL_PRIQ);
	vreg_set(v, offset, value);
	vreg_set(v, offset + 4, value);		/* acknowledged */
}

/* Where an error is acknowledged, its queue goes on. */
static void queues_go_on(struct vsmmu *v)
{
	vevtq_deliver(v);
	vcmdq_run(v);
}

struct vreg {
	u32 offset;
	u32 mask;		/* bits that can be written */
	u32 guard;		/* in CR0: only while these are off */
	void (*write)(struct vsmmu *v, u32 offset, u32 value);	/* NULL: just stored, */
	void (*then)(struct vsmmu *v);				/* and then this */
};

/* The frequent ones first. 64-bit registers are two words, each of which can be written alone. */
static const struct vreg vregs[] = {
	{ SMMU_CMDQ_PROD, QUEUE_POINTER, 0, NULL, vcmdq_run },
	{ SMMU_EVENTQ_CONS, QUEUE_OVERFLOW | QUEUE_POINTER, 0, NULL, vevtq_deliver },
	{ SMMU_GERRORN, GERROR_CMDQ_ERR | GERROR_EVENTQ_ABT_ERR | GERROR_PRIQ_ABT_ERR | GERROR_SFM_ERR, 0, NULL, queues_go_on },
	{ SMMU_CR0, CR0_SMMUEN | CR0_PRIQEN | CR0_EVENTQEN | CR0_CMDQEN | CR0_ATSCHK, 0, write_cr0, NULL },
	{ SMMU_CR1, CR1_QUEUE | CR1_TABLE, 0, write_cr1, NULL },
	{ SMMU_CR2, CR2_RECINVSID | CR2_PTM, CR0_SMMUEN, NULL, NULL },
	{ SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT, 0, write_gbpa, NULL },
	{ SMMU_IRQ_CTRL, IRQ_CTRL_GERROR | IRQ_CTRL_PRIQ | IRQ_CTRL_EVENTQ, 0, write_irq_ctrl, NULL },
	{ SMMU_STRTAB_BASE, (u32)STRTAB_BASE_ADDR, CR0_SMMUEN, NULL, NULL },
	{ SMMU_STRTAB_BASE + 4, BASE_HIGH, CR0_SMMUEN, NULL, NULL },
	{ SMMU_STRTAB_BASE_CFG, STRTAB_CFG_FMT | STRTAB_CFG_SPLIT | STRTAB_CFG_LOG2SIZE, CR0_SMMUEN, NULL, NULL },
	{ SMMU_CMDQ_BASE, BASE_LOW, CR0_CMDQEN, NULL, NULL },
	{ SMMU_CMDQ_BASE + 4, BASE_HIGH, CR0_CMDQEN, NULL, NULL },
	{ SMMU_CMDQ_CONS, CMDQ_CONS_ERR | QUEUE_POINTER, CR0_CMDQEN, NULL, NULL },
	{ SMMU_EVENTQ_BASE, BASE_LOW, CR0_EVENTQEN, NULL, NULL },
	{ SMMU_EVENTQ_BASE + 4, BASE_HIGH, CR0_EVENTQEN, NULL, NULL },
	{ SMMU_EVENTQ_PROD, QUEUE_OVERFLOW | QUEUE_POINTER, CR0_EVENTQEN, NULL, NULL },
	{ SMMU_PRIQ_BASE, BASE_LOW, CR0_PRIQEN, NULL, NULL },
	{ SMMU_PRIQ_BASE + 4, BASE_HIGH, CR0_PRIQEN, NULL, NULL },
	{ SMMU_PRIQ_PROD, QUEUE_OVERFLOW | QUEUE_POINTER, CR0_PRIQEN, NULL, NULL },
	{ SMMU_PRIQ_CONS, QUEUE_OVERFLOW | QUEUE_POINTER, 0, NULL, NULL },
};

static void write_word(struct vsmmu *v, u32 offset, u32 value)
{
	const struct vreg *reg = vregs;

	while (reg->offset != offset) {
		if (++reg == vregs + ARRAY_SIZE(vregs))
			return;
	}
	if (vreg_get(v, SMMU_CR0) & reg->guard)
		return;
	if (reg->write)
		reg->write(v, offset, value & reg->mask);
	else
		vreg_set(v, offset, value & reg->mask);
	if (reg->then)
		reg->then(v);
}

/* Registers are 32 or 64 bits wide; other accesses have no effect. Reads come here only for what is behind the pages. */
bool vreg_access(struct cpu *cpu, void *ctx, struct mmio_access *access)
{
	struct vsmmu *v = ctx;

	if (!access->write)
		return true;
	spin_lock(&v->lock);
	for (u32 i = 0; i < access->size / 4; i++)
		write_word(v, (u32)access->offset + 4 * i, (u32)(access->value >> (32 * i)));
	spin_unlock(&v->lock);
	return true;
}
