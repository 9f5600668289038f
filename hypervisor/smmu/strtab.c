// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream table and who owns which stream. The table is two-level where the SMMU allows it; an array of leaves
 * mirrors it, so finding an owner takes two loads. Leaves are made on the first claim of one of their 64 streams. A
 * stream of nobody has an invalid entry (or none), so what it tries is recorded; a blocked one has Config=abort.
 */
#include <arch/barrier.h>
#include <asm/sysreg.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include <hyp/page_pool.h>
#include <hyp/string.h>
#include "smmu_internal.h"

#define LEAF_PAGES	DIV_ROUND_UP(LEAF_STREAMS * sizeof(struct smmu_stream), PAGE_SIZE)

_Static_assert(LEAF_STREAMS * sizeof(struct ste) == PAGE_SIZE, "a leaf of the stream table is one page");

/* Owns the streams that an SMMU did not let go of: nobody can have them any more, and their cell's memory may go. */
static struct smmu_domain lost_domain = { .name = "(lost: its SMMU failed)" };

/* ---- the table ---- */

static u32 leaf_count(const struct smmu *smmu)
{
	return smmu->sid_bits > LEAF_BITS ? 1u << (smmu->sid_bits - LEAF_BITS) : 1;
}

int strtab_init(struct smmu *smmu)
{
	u64 leaves = leaf_count(smmu), config = FIELD_PREP(STRTAB_CFG_LOG2SIZE, smmu->sid_bits);
	size_t pages = DIV_ROUND_UP(leaves * (smmu->two_level ? sizeof(u64) : LEAF_STREAMS * sizeof(struct ste)), PAGE_SIZE);

	smmu->leaf = page_alloc(DIV_ROUND_UP(leaves * sizeof(*smmu->leaf), PAGE_SIZE), 1);
	/* of 2^n bytes, and aligned to them */
	smmu->table = page_alloc(pages, pages);
	if (!smmu->leaf || !smmu->table)
		return -ENOMEM;
	if (smmu->two_level)
		config |= FIELD_PREP(STRTAB_CFG_FMT, STRTAB_FMT_2LEVEL) | FIELD_PREP(STRTAB_CFG_SPLIT, LEAF_BITS);
	smmu_write64(smmu, SMMU_STRTAB_BASE, STRTAB_BASE_RA | (hyp_pa(smmu->table).pa & STRTAB_BASE_ADDR));
	smmu_write32(smmu, SMMU_STRTAB_BASE_CFG, (u32)config);
	return 0;
}

/* In a table of two levels its STEs are a page behind it. */
static int leaf_add(struct smmu *smmu, u32 n)
{
	struct smmu_stream *leaf = page_alloc(LEAF_PAGES + smmu->two_level, 1);
	u32 first = n << LEAF_BITS;
	struct ste *ste;

	if (!leaf)
		return -ENOMEM;
	ste = smmu->two_level ? (void *)((u8 *)leaf + LEAF_PAGES * PAGE_SIZE) : (struct ste *)smmu->table + first;
	for (u32 i = 0; i < LEAF_STREAMS; i++)
		leaf[i] = (struct smmu_stream){ .smmu = smmu, .sid = first + i, .ste = &ste[i] };
	smmu->leaf[n] = leaf;
	if (!smmu->two_level)
		return 0;
	/* stored when all behind it is there; the SMMU may have cached the invalid one */
	dsb_sy();
	WRITE_ONCE(((u64 *)smmu->table)[n], FIELD_PREP(L1STD_SPAN, LEAF_BITS + 1) | (hyp_pa(ste).pa & L1STD_L2PTR));
	return cmdq_one(smmu, cmd_about(CMD_CFGI_STE_RANGE, first), FIELD_PREP(CMD_CFGI1_RANGE, LEAF_BITS - 1));
}

int strtab_need(struct smmu *smmu, u32 sid)
{
	if ((u64)sid >> smmu->sid_bits)
		return -EINVAL;
	return smmu->leaf[sid >> LEAF_BITS] ? 0 : leaf_add(smmu, sid >> LEAF_BITS);
}

struct smmu_stream *strtab_stream(struct smmu *smmu, u32 sid)
{
	struct smmu_stream *leaf = (u64)sid >> smmu->sid_bits ? NULL : smmu->leaf[sid >> LEAF_BITS];

	return leaf ? &leaf[sid % LEAF_STREAMS] : NULL;
}

/* ---- one stream ---- */

static int stream_sync(void *ctx)
{
	const struct smmu_stream *stream = ctx;

	if (MUTATE(NO_CFGI))
		return cmdq_run(stream->smmu, NULL, NULL, 0);
	return cmdq_one(stream->smmu, cmd_about(CMD_CFGI_STE, stream->sid), CMD1_LEAF);
}

static int stream_install(struct smmu_stream *stream, struct ste ste)
{
	return ste_write(stream->ste, &ste, stream_sync, stream);
}

int strtab_silence(struct smmu_stream *stream)
{
	stream->silenced = true;
	return stream_install(stream, ste_abort());
}

/* Whatever its device has cached. */
static int stream_atc_inv(struct smmu_stream *stream)
{
	const u64 atc_inv = cmd_about(CMD_ATC_INV, stream->sid);
	const struct smmu_cmd cmds[] = {
		{ { atc_inv, ATC_SIZE_ALL } },
		{ { atc_inv | CMD0_SSV | CMD_ATC0_GLOBAL, ATC_SIZE_ALL } },
	};

	return cmdq_run(stream->smmu, NULL, cmds, FIELD_GET(IDR1_SSIDSIZE, stream->smmu->idr1) ? 2 : 1);
}

int strtab_atc_inv(struct smmu *smmu, u16 vmid)
{
	int err = 0;

	for (u32 n = 0; smmu->full_ats && !MUTATE(S2_NO_ATC_INV) && n < leaf_count(smmu); n++) {
		for (u32 i = 0; smmu->leaf[n] && i < LEAF_STREAMS; i++) {
			struct smmu_stream *stream = &smmu->leaf[n][i];

			if (stream->ats && stream->domain->s2->vmid == vmid)
				err |= stream_atc_inv(stream);
		}
	}
	return err;
}

/* What its device has cached, and what waits for an answer, ends with the stream. */
static int stream_abandon(struct smmu_stream *stream)
{
	struct smmu *smmu = stream->smmu;
	int err = 0;

	if (smmu_stalls(smmu) && !MUTATE(VSMMU_KEEP_STALLED))
		err = cmdq_one(smmu, cmd_about(CMD_STALL_TERM, stream->sid), 0);
	if (stream->ats && stream_atc_inv(stream))
		err = -EIO;
	stream->ats = false;
	return err;
}

/* With the root of the domain's own tables, whichever cell's CPU runs this. */
static struct ste ste_of_mode(const struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw)
{
	u64 root = MUTATE(STE_WRONG_ROOT) ? sysreg_read(vttbr_el2) : 0;
	struct ste s2 = ste_s2(s2_vtcr(), root ? root : stage2_vttbr(stream->domain->s2), stream->smmu->oas);

	switch (mode) {
	case SMMU_STREAM_STAGE1:
		return ste_s1_s2(&s2, dw[0], dw[1]);
	case SMMU_STREAM_BYPASS:
		return dw ? ste_bypass(&s2, dw[1]) : s2;
	case SMMU_STREAM_ABORT:
		return ste_abort();
	default:
		return ste_invalid();
	}
}

/* ---- what can be done to a stream that a domain owns; locked ---- */

typedef int (*stream_op)(struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw);

/*
 * A stream that is blocked meanwhile stays so. One that was silenced may speak again, but its events of this second are
 * not forgotten.
 */
static int stream_configure(struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw)
{
	struct smmu *smmu = stream->smmu;
	struct ste ste = ste_of_mode(stream, mode, dw);
	u64 eats = FIELD_GET(STE1_EATS, ste.dw[1]);
	bool had_ats = stream->ats;
	int err;

	if (!stream->attached)
		return -EINVAL;
	stream->silenced = false;
	if (FIELD_GET(STE0_CONFIG, ste.dw[0]) == STE_CONFIG_S1_S2)
		smmu->vmid_stage1[stream->domain->s2->vmid & 0xff] = true;
	stream->ats |= eats != 0;
	smmu->full_ats |= eats == STE_EATS_FULL;
	err = memcmp(stream->ste, &ste, sizeof(ste)) ? stream_install(stream, ste) : stream_sync(stream);
	if (!err && had_ats && !eats) {
		err = stream_atc_inv(stream);
		stream->ats = err;
	}
	return err;
}

/* A failure leaves the stream counted as attached: that only costs invalidations, until it is blocked. */
static int stream_attach(struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw)
{
	if (!stream->attached) {
		stream->attached = true;
		stream->smmu->vmid_streams[stream->domain->s2->vmid & 0xff]++;
	}
	stream->window_events = 0;
	return stream_configure(stream, mode, dw);
}

/*
 * After the last stream of a VMID, unmaps need not tell this SMMU any more; so all it has of that VMID goes now. The
 * event queue is emptied, so that what the stream did is still its owner's.
 */
static int stream_block(struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw)
{
	struct smmu *smmu = stream->smmu;
	u16 vmid = stream->domain->s2->vmid;
	int err = stream_install(stream, ste_abort());

	if (!stream->attached)
		return err;
	if (cmdq_one(smmu, cmd_about(CMD_TLBI_S12_VMALL, vmid), 0) || stream_abandon(stream))
		err = -EIO;
	smmu_queue_drain(&smmu->evtq, 1u << smmu->evtq.log2);
	/* Not confirmed: it may go on. It stays counted, and with a failed SMMU each unmap of this domain fails. */
	if (err) {
		smmu_set_failed(smmu, "a stream could not be blocked");
		return err;
	}
	stream->attached = false;
	if (!--smmu->vmid_streams[vmid & 0xff])
		smmu->vmid_stage1[vmid & 0xff] = false;
	return 0;
}

static int stream_release(struct smmu_stream *stream, enum smmu_stream_mode mode, const u64 *dw)
{
	int err = stream_block(stream, mode, dw);

	stream->domain = err ? &lost_domain : NULL;
	if (err)
		return err;
	stream->silenced = false;
	stream->window_events = 0;
	/* it aborts in any case: if this fails (and says so), just without a record */
	stream_install(stream, ste_invalid());
	return 0;
}

static int stream_do(u32 index, u32 sid, const struct smmu_domain *domain, stream_op op, enum smmu_stream_mode mode,
		     const u64 *dw)
{
	struct smmu *smmu = smmus + index;
	struct smmu_stream *stream;
	int err = -EINVAL;

	if (index >= smmu_count)
		return -EINVAL;
	spin_lock(&smmu->lock);
	stream = strtab_stream(smmu, sid);
	if (stream && stream->domain == &lost_domain)
		err = -EIO;
	else if (stream && stream->domain == domain)
		err = op(stream, mode, dw);
	spin_unlock(&smmu->lock);
	return err;
}

/* ---- the interface ---- */

int smmu_stream_claim(u32 index, u32 sid, struct smmu_domain *domain, const struct smmu_domain **owner)
{
	struct smmu *smmu = smmus + index;
	struct smmu_stream *stream;
	int err;

	*owner = NULL;
	if (index >= smmu_count)
		return -EINVAL;
	spin_lock(&smmu->lock);
	err = strtab_need(smmu, sid);
	stream = strtab_stream(smmu, sid);
	if (!err && stream->domain) {
		*owner = stream->domain;
		err = -EBUSY;
	}
	if (!err)
		err = stream_install(stream, ste_abort());
	if (!err)
		stream->domain = domain;
	spin_unlock(&smmu->lock);
	return err;
}

int smmu_stream_attach(u32 smmu, u32 sid, const struct smmu_domain *domain)
{
	return stream_do(smmu, sid, domain, stream_attach, SMMU_STREAM_BYPASS, NULL);
}

int smmu_stream_block(u32 smmu, u32 sid, const struct smmu_domain *domain)
{
	return stream_do(smmu, sid, domain, stream_block, SMMU_STREAM_ABORT, NULL);
}

int smmu_stream_release(u32 smmu, u32 sid, const struct smmu_domain *domain)
{
	return stream_do(smmu, sid, domain, stream_release, SMMU_STREAM_ABORT, NULL);
}

int smmu_stream_configure(u32 smmu, u32 sid, const struct smmu_domain *domain, enum smmu_stream_mode mode, const u64 *dw)
{
	return stream_do(smmu, sid, domain, stream_configure, mode, dw);
}
