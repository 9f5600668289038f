// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding, checking and starting the SMMUs. The order is the point: abort everything first, then tables in which every
 * stream aborts, then queues, then SMMUEN. There is no moment at which a stream bypasses.
 */
#include <arch/barrier.h>
#include <arch/timer.h>
#include <hyp/config.h>
#include <hyp/errno.h>
#include <hyp/gic.h>
#include <hyp/hyp_map.h>
#include <hyp/mutate.h>
#include <hyp/page_pool.h>
#include <hyp/percpu.h>
#include "smmu_internal.h"

struct smmu smmus[CFG_MAX_SMMUS];
u32 smmu_count;
u32 smmu_storm_limit;

/* ---- helpers for the other files ---- */

void smmu_set_failed(struct smmu *smmu, const char *why)
{
	if (!smmu->failed)
		pr_err("smmu %u FAILED: %s; DMA isolation behind it can no longer be vouched for", smmu->index, why);
	__atomic_store_n(&smmu->failed, true, __ATOMIC_RELEASE);
}

/* Until these bits of the register have that value. */
static int wait_for(struct smmu *smmu, u32 reg, u32 mask, u32 value)
{
	u64 deadline = timer_deadline_us(SMMU_TIMEOUT_US);

	/* the time is taken first, for this CPU may be the one that did not run */
	for (bool late = false; (smmu_read32(smmu, reg) & mask) != value; late = timer_passed(deadline)) {
		if (late) {
			pr_err("smmu %u: register 0x%x does not become 0x%x (is 0x%x)", smmu->index, reg, value,
			       smmu_read32(smmu, reg));
			return -EIO;
		}
		cpu_relax();
	}
	return 0;
}

/* A register that is followed by its acknowledge register. */
static int write_acked(struct smmu *smmu, u32 reg, u64 value)
{
	smmu_write32(smmu, reg, (u32)value);
	return wait_for(smmu, reg + 4, ~0u, (u32)value);
}

/* ---- GERROR ---- */

static const char *const gerror_text[] = {
	[0] = "command queue error",
	[2] = "external abort on write to the event queue: events are lost",
	[3] = "external abort on write to the PRI queue",
	[4] = "external abort on a command queue MSI",
	[5] = "external abort on an event queue MSI",
	[6] = "external abort on a PRI queue MSI",
	[7] = "external abort on a GERROR MSI",
	[8] = "service failure mode",
	[9] = "command queue control page error",
	[10] = "device permission table error",
};

static void gerror_report(struct smmu *smmu, u32 bit)
{
	if (log_allowed(&smmu->error_log))
		pr_err("smmu %u: global error %u: %s", smmu->index, bit, SMMU_TEXT(gerror_text, bit));
	if (BIT(bit) == GERROR_CMDQ_ERR)
		cmdq_recover(smmu);
	if (BIT(bit) == GERROR_SFM_ERR)
		smmu_set_failed(smmu, "it entered service failure mode");
}

static void gerror_irq(struct cpu *cpu, void *ctx)
{
	struct smmu *smmu = ctx;
	u32 gerror, active;

	spin_lock(&smmu->lock);
	gerror = smmu_read32(smmu, SMMU_GERROR);
	active = gerror ^ smmu_read32(smmu, SMMU_GERRORN);
	for_each_bit(bit, active)
		gerror_report(smmu, bit);
	/* cmdq_recover() acknowledged its own already; the same value again changes nothing */
	if (active)
		smmu_write32(smmu, SMMU_GERRORN, gerror);
	spin_unlock(&smmu->lock);
}

/* ---- probe ---- */

/* By IDR5_OAS. More than 48 bits take other tables than the CPUs' stage 2. */
static const u8 oas_bits[] = { 32, 36, 40, 42, 44, 48 };

/* What must be there, each with the sentence for when it is not. */
static const char *refusal(u32 idr0, u32 idr1, u32 idr5)
{
	if (!(idr0 & IDR0_S2P))
		return "it has no stage 2";
	if (!(idr0 & IDR0_TTF_AARCH64))
		return "it cannot walk AArch64 tables";
	if (FIELD_GET(IDR0_TTENDIAN, idr0) == IDR0_TTENDIAN_BIG)
		return "it walks big-endian tables only";
	if (!(idr0 & IDR0_COHACC))
		return "its table walks are not coherent with the CPUs' caches (COHACC = 0)";
	if (!(idr5 & IDR5_GRAN4K))
		return "it has no 4 KiB granule, which the cells' tables use";
	if (idr1 & IDR1_PRESET)
		return "its tables or queues are at fixed addresses";
	if (!FIELD_GET(IDR1_CMDQS, idr1) || !FIELD_GET(IDR1_EVENTQS, idr1))
		return "its queues hold one entry only";
	return NULL;
}

/* I3: the same tables for CPU and SMMU: input size, and an output size that covers whatever can be mapped. */
static int check_geometry(const struct smmu *smmu, const struct cfg_system *sys)
{
	u32 ipa_bits = 64 - (u32)FIELD_GET(VTCR_T0SZ, s2_vtcr());
	u32 pa_bits = oas_bits[smmu->oas], ias_bits = smmu->idr0 & IDR0_TTF_AARCH32 ? MAX(pa_bits, 40u) : pa_bits;
	const struct cfg_area *areas = cfg_areas(sys);

	if (ipa_bits > ias_bits) {
		pr_err("smmu %u: cells have %u bits of IPA, it translates %u only", smmu->index, ipa_bits, ias_bits);
		return -EINVAL;
	}
	for (u32 i = 0; i < sys->area_count; i++) {
		u64 last = areas[i].base + areas[i].size - 1;

		if (last >> pa_bits) {
			pr_err("smmu %u: area[%u] ends at 0x%llx, it reaches %u bits of PA only", smmu->index, i,
			       (unsigned long long)last, pa_bits);
			return -EINVAL;
		}
	}
	return 0;
}

static int smmu_probe(struct smmu *smmu, const struct cfg_system *sys)
{
	u32 idr0 = smmu_read32(smmu, SMMU_IDR0), idr1 = smmu_read32(smmu, SMMU_IDR1);
	u32 idr5 = smmu_read32(smmu, SMMU_IDR5);
	const char *why = refusal(idr0, idr1, idr5);

	smmu->idr0 = idr0;
	smmu->idr1 = idr1;
	smmu->idr3 = smmu_read32(smmu, SMMU_IDR3);
	if (why) {
		pr_err("smmu %u at 0x%llx cannot be used: %s (IDR0 0x%08x, IDR1 0x%08x, IDR5 0x%08x)", smmu->index,
		       (unsigned long long)cfg_smmus(sys)[smmu->index].base, why, idr0, idr1, idr5);
		return -EINVAL;
	}
	smmu->sid_bits = (u32)MIN(FIELD_GET(IDR1_SIDSIZE, idr1), (u64)SID_BITS_MAX);
	smmu->two_level = FIELD_GET(IDR0_ST_LEVEL, idr0) == IDR0_ST_LEVEL_2 && smmu->sid_bits > LEAF_BITS;
	smmu->oas = (u32)MIN(FIELD_GET(IDR5_OAS, idr5), ARRAY_SIZE(oas_bits) - 1);
	/* only a cell with an SMMU of its own lets devices ask */
	if (!IS_ENABLED(CONFIG_VSMMU) || !cfg_smmus(sys)[smmu->index].priq_irq)
		smmu->idr0 &= ~(u32)IDR0_PRI;
	pr_info("smmu %u: SMMUv3.%u (IIDR 0x%08x), %u bits of StreamID, %s stream table, %u bits of PA%s", smmu->index,
		(u32)FIELD_GET(AIDR_MINOR, smmu_read32(smmu, SMMU_AIDR)), smmu_read32(smmu, SMMU_IIDR), smmu->sid_bits,
		smmu->two_level ? "two-level" : "linear", oas_bits[smmu->oas], smmu->idr3 & IDR3_RIL ? ", TLBI by range" : "");
	return check_geometry(smmu, sys);
}

/* ---- start ---- */

/* With SMMUEN = 0, GBPA decides: abort. Then everything off, whatever ran before us left on. */
static int smmu_stop(struct smmu *smmu, const struct cfg_smmu *cfg)
{
	u64 gbpa;
	int err;

	smmu->regs = hyp_map_mmio(pa(cfg->base), cfg->size);
	if (!smmu->regs) {
		pr_err("smmu %u: no room to map its registers", smmu->index);
		return -ENOMEM;
	}
	err = wait_for(smmu, SMMU_GBPA, GBPA_UPDATE, 0);
	gbpa = smmu_read32(smmu, SMMU_GBPA) & ~GBPA_ABORT;
	smmu_write32(smmu, SMMU_GBPA, (u32)(gbpa | GBPA_UPDATE | (MUTATE(SMMU_BYPASS) ? 0 : GBPA_ABORT)));
	if (err || wait_for(smmu, SMMU_GBPA, GBPA_UPDATE, 0)) {
		pr_err("smmu %u: GBPA does not take ABORT", smmu->index);
		return -EIO;
	}
	err = write_acked(smmu, SMMU_CR0, 0);
	return err ? err : write_acked(smmu, SMMU_IRQ_CTRL, 0);
}

static int queue_init(struct smmu *smmu, struct smmu_queue *q, u32 base_reg, u32 prod_reg, u64 log2, u32 entry_bytes)
{
	size_t pages;

	q->smmu = smmu;
	q->log2 = (u32)MIN(log2, (u64)QUEUE_MAX_LOG2);
	q->prod_reg = prod_reg;
	pages = DIV_ROUND_UP((u64)entry_bytes << q->log2, PAGE_SIZE);
	q->entries = page_alloc(pages, pages);
	if (!q->entries)
		return -ENOMEM;
	smmu_write64(smmu, base_reg, QUEUE_BASE_RWA | (hyp_pa(q->entries).pa & QUEUE_BASE_ADDR) |
		     FIELD_PREP(QUEUE_BASE_LOG2SIZE, q->log2));
	smmu_write32(smmu, prod_reg, 0);
	smmu_write32(smmu, prod_reg + 4, 0);
	return 0;
}

/* Tables and queues, while nothing is enabled. */
static int smmu_setup(struct smmu *smmu)
{
	u32 idr1 = smmu->idr1;
	bool all_sids = smmu->sid_bits == FIELD_GET(IDR1_SIDSIZE, idr1);

	smmu_write32(smmu, SMMU_CR1, (u32)(FIELD_PREP(CR1_TABLE, CR1_COHERENT) | FIELD_PREP(CR1_QUEUE, CR1_COHERENT)));
	/*
	 * Broadcast TLB maintenance is not relied on. StreamIDs outside the table can only come where SIDSIZE passes
	 * our limit; they abort without an event, as there is no entry with which a storm could be silenced.
	 */
	smmu_write32(smmu, SMMU_CR2, (u32)(CR2_PTM | (all_sids ? CR2_RECINVSID : 0)));
	if (strtab_init(smmu) ||
	    queue_init(smmu, &smmu->cmdq, SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, FIELD_GET(IDR1_CMDQS, idr1),
		       sizeof(struct smmu_cmd)) ||
	    queue_init(smmu, &smmu->evtq, SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, FIELD_GET(IDR1_EVENTQS, idr1),
		       sizeof(struct smmu_event)) ||
	    ((smmu->idr0 & IDR0_PRI) && queue_init(smmu, &smmu->priq, SMMU_PRIQ_BASE, SMMU_PRIQ_PROD, FIELD_GET(IDR1_PRIQS, idr1),
				     sizeof(struct smmu_cmd)))) {
		pr_err("smmu %u: no memory for queues and a stream table of %u bits", smmu->index, smmu->sid_bits);
		return -ENOMEM;
	}
	return 0;
}

static int smmu_enable(struct smmu *smmu)
{
	u64 cr0 = CR0_CMDQEN | CR0_EVENTQEN | (smmu->idr0 & IDR0_ATS ? CR0_ATSCHK : 0) | (smmu->idr0 & IDR0_PRI ? CR0_PRIQEN : 0);
	int err;

	/* errors of earlier times are not ours */
	smmu_write32(smmu, SMMU_GERRORN, smmu_read32(smmu, SMMU_GERROR));
	dsb_sy();
	err = write_acked(smmu, SMMU_CR0, cr0);
	/* whatever the SMMU has cached since reset, or for whoever ran before us */
	if (!err)
		err = cmdq_one(smmu, cmd_about(CMD_CFGI_STE_RANGE, 0), FIELD_PREP(CMD_CFGI1_RANGE, CFGI_RANGE_ALL));
	if (!err)
		err = cmdq_one(smmu, cmd_about(CMD_TLBI_NSNH_ALL, 0), 0);
	return err ? err : write_acked(smmu, SMMU_CR0, cr0 | (MUTATE(SMMU_BYPASS) ? 0 : CR0_SMMUEN));
}

/* Wired interrupts, to the boot CPU. An SMMU without a line is not refused: its events are read at each block. */
static int smmu_irqs(struct smmu *smmu, const struct cfg_smmu *cfg)
{
	const struct {
		u32 intid, msi_reg;
		u64 enable;
		gic_handler handler;
		void *ctx;
	} lines[] = {
		{ cfg->gerror_irq, SMMU_GERROR_IRQ_CFG0, IRQ_CTRL_GERROR, gerror_irq, smmu },
		{ cfg->eventq_irq, SMMU_EVENTQ_IRQ_CFG0, IRQ_CTRL_EVENTQ, smmu_queue_irq, &smmu->evtq },
		{ smmu->idr0 & IDR0_PRI ? cfg->priq_irq : 0, SMMU_PRIQ_IRQ_CFG0, IRQ_CTRL_PRIQ, smmu_queue_irq, &smmu->priq },
	};
	u64 enable = 0;
	int err;

	smmu->evtq.irq = cfg->eventq_irq;
	smmu->priq.irq = cfg->priq_irq;
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!lines[i].intid)
			continue;
		smmu_write64(smmu, lines[i].msi_reg, 0);
		if (gic_request(lines[i].intid, lines[i].handler, lines[i].ctx, this_cpu(), true))
			return -EINVAL;
		enable |= lines[i].enable;
	}
	err = write_acked(smmu, SMMU_IRQ_CTRL, enable);
	if (err)
		return err;
	/* what came since SMMUEN made no edge, and as long as it is there nothing will */
	gerror_irq(this_cpu(), smmu);
	smmu_queue_irq(this_cpu(), &smmu->evtq);
	return 0;
}

static int smmu_start(struct smmu *smmu, const struct cfg_system *sys)
{
	int err = smmu_probe(smmu, sys);

	if (!err)
		err = smmu_setup(smmu);
	if (!err)
		err = smmu_enable(smmu);
	return err ? err : smmu_irqs(smmu, &cfg_smmus(sys)[smmu->index]);
}

int smmu_init(const struct cfg_system *sys)
{
	int err = 0;

	smmu_storm_limit = sys->storm_limit;
	/* all of them abort before one is looked at */
	for (u32 i = 0; i < sys->smmu_count && !err; i++) {
		smmus[i].index = i;
		err = smmu_stop(&smmus[i], &cfg_smmus(sys)[i]);
	}
	for (u32 i = 0; i < sys->smmu_count && !err; i++) {
		err = smmu_start(&smmus[i], sys);
		smmu_count += !err;
	}
	return err;
}

u32 smmu_id_register(u32 index, u32 offset)
{
	return offset == SMMU_IDR0 ? smmus[index].idr0 : smmu_read32(&smmus[index], offset);
}

u64 smmu_unowned_events(void)
{
	u64 events = 0;

	for (u32 i = 0; i < smmu_count; i++)
		events += __atomic_load_n(&smmus[i].unowned_events, __ATOMIC_RELAXED);
	return events;
}

bool smmu_failed(void)
{
	for (u32 i = 0; i < smmu_count; i++)
		if (__atomic_load_n(&smmus[i].failed, __ATOMIC_ACQUIRE))
			return true;
	return false;
}
