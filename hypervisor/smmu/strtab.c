// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream table and who owns which stream. The table is two-level where the SMMU allows it; an array of leaves
 * mirrors it, so finding an owner takes two loads. Leaves are made on the first claim of one of their 64 streams. A
 * stream of nobody has an invalid entry (or none), so what it tries is recorded; a blocked one has Config=abort.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <asm/sysreg.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include <hyp/page_pool.h>
#include <hyp/string.h>
#include "smmu_internal.h"

#define LEAF_PAGES	DIV_ROUND_UP(sizeof(struct stream_leaf), PAGE_SIZE)

_Static_assert(LEAF_STREAMS * sizeof(struct ste) == PAGE_SIZE, "a leaf of the stream table is one page");

static size_t pages_of(u64 bytes)
{
	return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* A table of 2^n bytes must be aligned to its size. */
static void *table_alloc(u64 bytes)
{
	return page_alloc(pages_of(bytes), pages_of(bytes));
}

/* Owns the streams that an SMMU did not let go of: nobody can have them any more, and their cell's memory may go. */
static struct smmu_domain lost_domain = { .name = "(lost: its SMMU failed)" };

/* ---- leaves ---- */

static u32 leaf_count(const struct smmu *smmu)
{
	return smmu->sid_bits > LEAF_BITS ? 1u << (smmu->sid_bits - LEAF_BITS) : 1;
}

struct smmu_stream *strtab_stream(struct smmu *smmu, u32 sid)
{
	struct stream_leaf *leaf = (u64)sid >> smmu->sid_bits ? NULL : smmu->leaf[sid >> LEAF_BITS];

	return leaf ? &leaf->stream[sid % LEAF_STREAMS] : NULL;
}

static struct ste *stream_ste(struct smmu *smmu, u32 sid)
{
	return &smmu->leaf[sid >> LEAF_BITS]->ste[sid % LEAF_STREAMS];
}

/* The first level entry is stored when all behind it is there; the SMMU may have cached the invalid one. */
static int leaf_link(struct smmu *smmu, u32 n, struct ste *ste)
{
	struct smmu_cmd cmd = {
		.dw[0] = FIELD_PREP(CMD0_OP, CMD_CFGI_STE_RANGE) | FIELD_PREP(CMD_CFGI0_SID, n << LEAF_BITS),
		.dw[1] = FIELD_PREP(CMD_CFGI1_RANGE, LEAF_BITS - 1),
	};

	dsb_sy();
	WRITE_ONCE(smmu->l1[n], FIELD_PREP(L1STD_SPAN, LEAF_BITS + 1) | (hyp_pa(ste).pa & L1STD_L2PTR));
	return cmdq_run(smmu, &cmd, 1);
}

static int leaf_add(struct smmu *smmu, u32 n)
{
	struct stream_leaf *leaf = page_alloc(LEAF_PAGES, 1);

	if (!leaf)
		return -ENOMEM;
	leaf->ste = smmu->two_level ? page_alloc(1, 1) : smmu->linear + (n << LEAF_BITS);
	if (!leaf->ste) {
		page_free(leaf, LEAF_PAGES);
		return -ENOMEM;
	}
	smmu->leaf[n] = leaf;
	return smmu->two_level ? leaf_link(smmu, n, leaf->ste) : 0;
}

int strtab_need(struct smmu *smmu, u32 sid)
{
	if ((u64)sid >> smmu->sid_bits)
		return -EINVAL;
	return smmu->leaf[sid >> LEAF_BITS] ? 0 : leaf_add(smmu, sid >> LEAF_BITS);
}

/* ---- the table ---- */

static int strtab_alloc(struct smmu *smmu)
{
	u32 leaves = leaf_count(smmu);

	smmu->leaf = page_alloc(pages_of(leaves * sizeof(*smmu->leaf)), 1);
	if (smmu->two_level)
		smmu->l1 = table_alloc(leaves * sizeof(*smmu->l1));
	else
		smmu->linear = table_alloc((u64)leaves * LEAF_STREAMS * sizeof(struct ste));
	return smmu->leaf && (smmu->l1 || smmu->linear) ? 0 : -ENOMEM;
}

int strtab_init(struct smmu *smmu)
{
	u64 config = FIELD_PREP(STRTAB_CFG_LOG2SIZE, smmu->sid_bits);
	int err = strtab_alloc(smmu);

	if (err) {
		pr_err("smmu %u: no memory for a stream table of %u bits", smmu->index, smmu->sid_bits);
		return err;
	}
	if (smmu->two_level)
		config |= FIELD_PREP(STRTAB_CFG_FMT, STRTAB_FMT_2LEVEL) | FIELD_PREP(STRTAB_CFG_SPLIT, LEAF_BITS);
	smmu_write64(smmu, SMMU_STRTAB_BASE, STRTAB_BASE_RA |
		     (hyp_pa(smmu->two_level ? (void *)smmu->l1 : smmu->linear).pa & STRTAB_BASE_ADDR));
	smmu_write32(smmu, SMMU_STRTAB_BASE_CFG, (u32)config);
	return 0;
}

/* ---- one stream ---- */

struct stream_ref {
	struct smmu *smmu;
	u32 sid;
};

static int stream_sync(void *ctx)
{
	const struct stream_ref *ref = ctx;
	struct smmu_cmd cmd = {
		.dw[0] = FIELD_PREP(CMD0_OP, CMD_CFGI_STE) | FIELD_PREP(CMD_CFGI0_SID, ref->sid),
		.dw[1] = CMD_CFGI1_LEAF,
	};

	return cmdq_run(ref->smmu, &cmd, MUTATE(NO_CFGI) ? 0 : 1);
}

static int stream_install(struct smmu *smmu, u32 sid, struct ste ste)
{
	struct stream_ref ref = { smmu, sid };

	return ste_write(stream_ste(smmu, sid), &ste, stream_sync, &ref);
}

int strtab_silence(struct smmu *smmu, u32 sid)
{
	strtab_stream(smmu, sid)->silenced = true;
	return stream_install(smmu, sid, ste_abort());
}

static void stream_reset_storm(struct smmu_stream *stream)
{
	stream->silenced = false;
	stream->window_events = 0;
}

/* The root of the domain's own tables, whichever cell's CPU runs this. */
static u64 domain_vttbr(const struct smmu_domain *domain)
{
	if (MUTATE(STE_WRONG_ROOT) && sysreg_read(vttbr_el2))
		return sysreg_read(vttbr_el2);
	return stage2_vttbr(domain->s2);
}

/* A failure leaves the stream counted as attached: that only costs invalidations, until it is blocked. */
static int stream_attach(struct smmu *smmu, u32 sid, struct smmu_stream *stream)
{
	struct smmu_domain *domain = stream->domain;

	if (!stream->attached) {
		stream->attached = true;
		smmu->vmid_streams[domain->s2->vmid & 0xff]++;
		__atomic_fetch_add(&domain->streams, 1, __ATOMIC_RELAXED);
	}
	stream_reset_storm(stream);
	return stream_install(smmu, sid, ste_s2(s2_vtcr(), domain_vttbr(domain), smmu->oas));
}

/* Whatever its device has cached. */
static int stream_atc_inv(struct smmu *smmu, u32 sid)
{
	const u64 atc_inv = FIELD_PREP(CMD0_OP, CMD_ATC_INV) | FIELD_PREP(CMD_CFGI0_SID, sid);
	const struct smmu_cmd cmds[] = {
		{ .dw[0] = atc_inv, .dw[1] = ATC_SIZE_ALL },
		{ .dw[0] = atc_inv | CMD0_SSV | CMD_ATC0_GLOBAL, .dw[1] = ATC_SIZE_ALL },
	};

	return cmdq_run(smmu, cmds, smmu->substreams ? 2 : 1);
}

/* What its device has cached, and what waits for an answer, ends with the stream. */
static int stream_abandon(struct smmu *smmu, u32 sid, struct smmu_stream *stream)
{
	struct smmu_cmd cmd = { .dw[0] = FIELD_PREP(CMD0_OP, CMD_STALL_TERM) | FIELD_PREP(CMD_CFGI0_SID, sid) };
	int err = smmu->stall && !MUTATE(VSMMU_KEEP_STALLED) ? cmdq_run(smmu, &cmd, 1) : 0;

	if (stream->ats && stream_atc_inv(smmu, sid))
		err = -EIO;
	stream->ats = false;
	return err;
}

int strtab_atc_inv(struct smmu *smmu, u16 vmid)
{
	int err = 0;

	for (u32 n = 0; smmu->full_ats && !MUTATE(S2_NO_ATC_INV) && n < leaf_count(smmu); n++) {
		for (u32 i = 0; smmu->leaf[n] && i < LEAF_STREAMS; i++) {
			const struct smmu_stream *stream = &smmu->leaf[n]->stream[i];

			if (stream->ats && stream->domain->s2->vmid == vmid)
				err |= stream_atc_inv(smmu, (n << LEAF_BITS) + i);
		}
	}
	return err;
}

static struct ste ste_of_mode(const struct smmu *smmu, const struct smmu_domain *domain, enum smmu_stream_mode mode,
			      const u64 *dw)
{
	struct ste s2 = ste_s2(s2_vtcr(), domain_vttbr(domain), smmu->oas);

	switch (mode) {
	case SMMU_STREAM_STAGE1:
		return ste_s1_s2(&s2, dw[0], dw[1]);
	case SMMU_STREAM_BYPASS:
		return ste_bypass(&s2, dw[1]);
	case SMMU_STREAM_ABORT:
		return ste_abort();
	default:
		return ste_invalid();
	}
}

/*
 * A stream that is blocked meanwhile stays so. One that was silenced may speak again, but its events of this second are
 * not forgotten.
 */
static int stream_configure(struct smmu *smmu, u32 sid, struct smmu_stream *stream, const struct ste *ste)
{
	struct stream_ref ref = { smmu, sid };
	bool ats = FIELD_GET(STE1_EATS, ste->dw[1]), had_ats = stream->ats;
	int err;

	stream->silenced = false;
	if (FIELD_GET(STE0_CONFIG, ste->dw[0]) == STE_CONFIG_S1_S2)
		smmu->vmid_stage1[stream->domain->s2->vmid & 0xff] = true;
	stream->ats |= ats;
	smmu->full_ats |= FIELD_GET(STE1_EATS, ste->dw[1]) == STE_EATS_FULL;
	err = memcmp(stream_ste(smmu, sid), ste, sizeof(*ste)) ? stream_install(smmu, sid, *ste) : stream_sync(&ref);
	if (!err && had_ats && !ats) {
		err = stream_atc_inv(smmu, sid);
		stream->ats = err;
	}
	return err;
}

int smmu_stream_configure(u32 index, u32 sid, const struct smmu_domain *domain, enum smmu_stream_mode mode, const u64 *dw)
{
	struct smmu *smmu = &smmus[index];
	struct smmu_stream *stream;
	int err = -EINVAL;

	spin_lock(&smmu->lock);
	stream = strtab_stream(smmu, sid);
	if (stream && stream->domain == domain && stream->attached) {
		struct ste ste = ste_of_mode(smmu, domain, mode, dw);

		err = stream_configure(smmu, sid, stream, &ste);
	}
	spin_unlock(&smmu->lock);
	return err;
}

/*
 * After the last stream of a VMID, unmaps need not tell this SMMU any more; so all it has of that VMID goes now. The
 * event queue is emptied, so that what the stream did is still its owner's.
 */
static int stream_block(struct smmu *smmu, u32 sid, struct smmu_stream *stream)
{
	struct smmu_domain *domain = stream->domain;
	int err = stream_install(smmu, sid, ste_abort());

	if (!stream->attached)
		return err;
	if (smmu_inval_vmid(smmu, domain->s2->vmid) || stream_abandon(smmu, sid, stream))
		err = -EIO;
	smmu_queue_drain(&smmu->evtq, 1u << smmu->evtq.log2);
	/* Not confirmed: it may go on. It stays counted, and with a failed SMMU each unmap of this domain fails. */
	if (err) {
		smmu_set_failed(smmu, "a stream could not be blocked");
		return err;
	}
	stream->attached = false;
	if (!--smmu->vmid_streams[domain->s2->vmid & 0xff])
		smmu->vmid_stage1[domain->s2->vmid & 0xff] = false;
	__atomic_fetch_sub(&domain->streams, 1, __ATOMIC_RELAXED);
	return 0;
}

static int stream_claim(struct smmu *smmu, u32 sid, struct smmu_domain *domain, const struct smmu_domain **owner)
{
	struct smmu_stream *stream;
	int err = strtab_need(smmu, sid);

	if (err)
		return err;
	stream = strtab_stream(smmu, sid);
	if (stream->domain) {
		*owner = stream->domain;
		return -EBUSY;
	}
	err = stream_install(smmu, sid, ste_abort());
	if (!err)
		stream->domain = domain;
	return err;
}

/* ---- the interface ---- */

int smmu_stream_claim(u32 index, u32 sid, struct smmu_domain *domain, const struct smmu_domain **owner)
{
	struct smmu *smmu = smmus + index;
	int err;

	*owner = NULL;
	if (index >= smmu_count)
		return -EINVAL;
	spin_lock(&smmu->lock);
	err = stream_claim(smmu, sid, domain, owner);
	spin_unlock(&smmu->lock);
	return err;
}

typedef int (*stream_op)(struct smmu *smmu, u32 sid, struct smmu_stream *stream);

/* Runs `op` on an owned stream, locked. */
static int stream_do(u32 index, u32 sid, stream_op op)
{
	struct smmu *smmu = smmus + index;
	struct smmu_stream *stream;
	int err;

	if (index >= smmu_count)
		return -EINVAL;
	spin_lock(&smmu->lock);
	stream = strtab_stream(smmu, sid);
	if (!stream || !stream->domain)
		err = -EINVAL;
	else
		err = stream->domain == &lost_domain ? -EIO : op(smmu, sid, stream);
	spin_unlock(&smmu->lock);
	return err;
}

static int stream_release(struct smmu *smmu, u32 sid, struct smmu_stream *stream)
{
	int err = stream_block(smmu, sid, stream);

	if (err) {
		stream->domain = &lost_domain;
		return err;
	}
	stream_reset_storm(stream);
	stream->domain = NULL;
	/* it aborts in any case: if this fails (and says so), just without a record */
	stream_install(smmu, sid, ste_invalid());
	return 0;
}

int smmu_stream_attach(u32 smmu, u32 sid)
{
	return stream_do(smmu, sid, stream_attach);
}

int smmu_stream_block(u32 smmu, u32 sid)
{
	return stream_do(smmu, sid, stream_block);
}

int smmu_stream_release(u32 smmu, u32 sid)
{
	return stream_do(smmu, sid, stream_release);
}
