// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the cell's stream table to the physical one. For each of the cell's own streams, and no other, its entry is read
 * once, checked, and handed to the SMMU driver, which merges it with stage 2. The table itself is never walked further
 * than that, so its size and shape cost nothing.
 */
#include <hyp/mutate.h>
#include "vsmmu_local.h"

#define L1STD_BYTES	8
#define STE_BYTES	64

/* Where the entry of a StreamID is, in a two-level table. False: nowhere. *wrong says why. */
static bool two_level(struct vsmmu *v, u64 base, u32 vsid, u32 split, u64 *address, struct vste_wrong *wrong)
{
	u64 desc, span, at = base + (u64)(vsid >> split) * L1STD_BYTES;

	if (!guest_read(v->cell, ipa(at), &desc, sizeof(desc))) {
		*wrong = (struct vste_wrong){ at, EVT_F_STE_FETCH };
		return false;
	}
	span = FIELD_GET(L1STD_SPAN, desc);
	if (!span || span > split + 1 || (vsid & (BIT(split) - 1)) >> (span - 1)) {
		wrong->type = EVT_C_BAD_STREAMID;
		return false;
	}
	*address = (desc & L1STD_L2PTR & ~(BIT(span + 5) - 1)) + (vsid & (BIT(split) - 1)) * STE_BYTES;
	return true;
}

static bool ste_address(struct vsmmu *v, u32 vsid, u64 *address, struct vste_wrong *wrong)
{
	u32 config = vreg_get(v, SMMU_STRTAB_BASE_CFG), size = (u32)FIELD_GET(STRTAB_CFG_LOG2SIZE, config);
	/* other values are reserved and act like 6 */
	u32 field = (u32)FIELD_GET(STRTAB_CFG_SPLIT, config), split = field == 8 || field == 10 ? field : 6;
	bool linear = FIELD_GET(STRTAB_CFG_FMT, config) != STRTAB_FMT_2LEVEL;
	/* the base is aligned to the first level's size as it is written, even if that is too much; 64 bytes at least */
	u32 align = linear ? size + 6 : MAX(size, split + 3) - split + 3;
	u64 base = vreg_get64(v, SMMU_STRTAB_BASE) & STRTAB_BASE_ADDR & ~(BIT(MIN(align, 63u)) - 1);

	if ((u64)vsid >> MIN(size, FIELD_GET(IDR1_SIDSIZE, vreg_get(v, SMMU_IDR1)))) {
		wrong->type = EVT_C_BAD_STREAMID;
		return false;
	}
	*address = base + (u64)vsid * STE_BYTES;
	return linear || two_level(v, base, vsid, split, address, wrong);
}

/* Substreams: what a table of CDs may look like. Without any, the field is ignored. */
static bool cds_legal(const struct vsmmu *v, u64 *dw)
{
	u64 bits = FIELD_GET(IDR1_SSIDSIZE, vreg_get(v, SMMU_IDR1)), format = FIELD_GET(STE0_S1FMT, dw[0]);

	if (!bits)
		dw[0] &= ~STE0_S1CDMAX;
	if (!(dw[0] & STE0_S1CDMAX) || MUTATE(VSMMU_ANY_STE))
		return true;
	return FIELD_GET(STE0_S1CDMAX, dw[0]) <= bits && (format == STE_S1FMT_LINEAR || format == STE_S1FMT_RESERVED ||
							  vreg_offers(v, IDR0_CD2L));
}

/*
 * ATS of the cell, which has but one stage to see, becomes split-stage ATS: the device caches stage 1, and stage 2 is
 * checked at each access. Full ATS takes a config that says so.
 */
static bool map_eats(const struct vsmmu *v, u64 *dw)
{
	u64 eats = FIELD_GET(STE1_EATS, dw[1]);

	dw[1] &= ~STE1_EATS;
	if (vreg_offers(v, IDR0_ATS) && eats == STE_EATS_FULL)
		dw[1] |= FIELD_PREP(STE1_EATS, v->hw_idr0 & IDR0_NS1ATS ? STE_EATS_FULL : STE_EATS_SPLIT);
	return !vreg_offers(v, IDR0_ATS) || eats != STE_EATS_SPLIT;
}

/* Legal where there is a choice. A cell without stall must not get stalled transactions, whatever its CDs say. */
static bool map_stall(const struct vsmmu *v, u64 *dw)
{
	bool legal = !(dw[1] & STE1_S1STALLD) || vreg_stall_model(v) == STALL_MODEL_BOTH;

	if (vreg_stall_model(v) != FIELD_GET(IDR0_STALL_MODEL, v->hw_idr0))
		dw[1] |= STE1_S1STALLD;
	return legal;
}

/* Attributes of transactions that bypass, where the hardware can override them. */
static void map_overrides(const struct vsmmu *v, u64 *dw)
{
	u64 idr1 = vreg_get(v, SMMU_IDR1);

	if (!(idr1 & IDR1_ATTR_PERMS_OVR))
		dw[1] &= ~STE1_PERMS;
	if (!(idr1 & IDR1_ATTR_TYPES_OVR))
		dw[1] = (dw[1] & ~(STE1_MEMATTR | STE1_SHCFG)) | FIELD_PREP(STE1_SHCFG, STE1_SHCFG_INCOMING);
}

/* What the cell's entry asks for; what an SMMU without stage 2 calls illegal is an invalid entry. */
static enum smmu_stream_mode ste_mode(const struct vsmmu *v, u64 *dw)
{
	u64 config = FIELD_GET(STE0_CONFIG, dw[0]);

	if (!(dw[0] & STE0_V))
		return SMMU_STREAM_INVALID;
	if (config < STE_CONFIG_BYPASS)
		return SMMU_STREAM_ABORT;
	if (config == STE_CONFIG_BYPASS) {
		map_overrides(v, dw);
		return SMMU_STREAM_BYPASS;
	}
	if (config != STE_CONFIG_S1 || !cds_legal(v, dw) || !map_eats(v, dw) || !map_stall(v, dw))
		return SMMU_STREAM_INVALID;
	return SMMU_STREAM_STAGE1;
}

int vste_update(struct vsmmu *v, const struct cfg_stream *stream)
{
	u64 address, dw[2] = { 0, FIELD_PREP(STE1_SHCFG, STE1_SHCFG_INCOMING) };
	enum smmu_stream_mode mode = SMMU_STREAM_INVALID;
	struct vste_wrong wrong = { 0 };
	struct smmu_cmd stall_term = { .dw[0] = cmd_about(CMD_STALL_TERM, stream->sid) };

	if (!(vreg_get(v, SMMU_CR0) & CR0_SMMUEN)) {
		if (MUTATE(VSMMU_KEEP_STAGE1))
			return 0;
		mode = vreg_get(v, SMMU_GBPA) & GBPA_ABORT ? SMMU_STREAM_ABORT : SMMU_STREAM_BYPASS;
		if (vreg_stall_model(v) != STALL_MODEL_NONE)
			smmu_run(stream->smmu, &v->cell->dma, &stall_term, 1);
	} else if (ste_address(v, stream->vsid, &address, &wrong)) {
		if (guest_read(v->cell, ipa(address), dw, sizeof(dw)))
			mode = ste_mode(v, dw);
		else
			wrong = (struct vste_wrong){ address, EVT_F_STE_FETCH };
	}
	if (MUTATE(VSMMU_READ_TWICE) && mode == SMMU_STREAM_STAGE1)
		guest_read(v->cell, ipa(address), dw, sizeof(dw));
	*vste_wrong(v, stream) = wrong;
	return smmu_stream_configure(stream->smmu, stream->sid, &v->cell->dma, mode, dw);
}

void vste_update_all(struct vsmmu *v)
{
	for_each_vstream(v, stream)
		vste_update(v, stream);
}
