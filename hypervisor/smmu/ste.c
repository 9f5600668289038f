// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stream table entries: builders that are functions of their arguments alone, and the one writer. Which bits of an
 * entry the SMMU looks at depends on the entry itself; the writer relies on nothing else. The SMMU may read an entry
 * at any time, each aligned doubleword in one piece, the eight doublewords in any order.
 */
#include <arch/pte.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include "smmu_internal.h"

#define STE_DWORDS	8

#define STE0_S1_FIELDS	(STE0_S1FMT | STE0_S1CONTEXTPTR | STE0_S1CDMAX)
#define STE1_S1_FIELDS	(STE1_S1DSS | STE1_S1CIR | STE1_S1COR | STE1_S1CSH | STE1_S1STALLD)

struct ste ste_s2(u64 vtcr, u64 vttbr, u32 oas)
{
	/* bits 18:0 of VTCR_EL2 are laid out as in the STE; the output size must not pass what the SMMU can address */
	u64 geometry = FIELD_PREP(STE2_VTCR, vtcr) & ~STE2_S2PS;
	u64 ps = MIN(FIELD_GET(VTCR_PS, vtcr), (u64)oas);
	struct ste ste = { 0 };

	ste.dw[0] = STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_S2);
	/*
	 * MEV: floods of equal events may be merged. EATS = 0: translated requests of a device are refused. S2FWB = 0
	 * as HCR_EL2.FWB: the encoding of a leaf depends on it, and CPU and SMMU read the same leaves.
	 */
	ste.dw[1] = STE1_MEV | FIELD_PREP(STE1_SHCFG, STE1_SHCFG_INCOMING);
	/* S2R: record faults. S2S = 0: never stall. S2AFFD: no access-flag faults, as the tables always set AF. */
	ste.dw[2] = FIELD_PREP(STE2_S2VMID, FIELD_GET(VTTBR_VMID, vttbr)) | geometry | FIELD_PREP(STE2_S2PS, ps) |
		    STE2_S2AA64 | STE2_S2AFFD | STE2_S2R;
	ste.dw[3] = vttbr & VTTBR_BADDR & STE3_S2TTB;
	return ste;
}

struct ste ste_bypass(const struct ste *s2, u64 dw1)
{
	struct ste ste = *s2;

	ste.dw[1] = (ste.dw[1] & ~STE1_OVERRIDES) | (dw1 & STE1_OVERRIDES);
	return ste;
}

struct ste ste_s1_s2(const struct ste *s2, u64 dw0, u64 dw1)
{
	struct ste ste = *s2;
	u64 config = MUTATE(VSMMU_NO_STAGE2) ? STE_CONFIG_S1 : STE_CONFIG_S1_S2;

	ste.dw[0] = STE0_V | FIELD_PREP(STE0_CONFIG, config) | (dw0 & STE0_S1_FIELDS);
	ste.dw[1] |= dw1 & (STE1_S1_FIELDS | STE1_EATS);
	/* the cell's stage-1 tables must be in memory: a walk of device registers could have side effects */
	ste.dw[2] |= STE2_S2PTW;
	return ste;
}

/* The bits that decide what the SMMU does with this entry. */
static struct ste ste_used(const struct ste *ste)
{
	struct ste used = { .dw[0] = STE0_V };
	u64 config = FIELD_GET(STE0_CONFIG, ste->dw[0]);

	if (!(ste->dw[0] & STE0_V))
		return used;
	used.dw[0] |= STE0_CONFIG;
	if (config == STE_CONFIG_ABORT)
		return used;
	/* attribute overrides, events, ATS: what all the others have in dword 1 is not told apart, it never changes */
	used.dw[1] = ~STE1_S1_FIELDS;
	if (config & STE_CONFIG_HAS_S1) {
		used.dw[0] |= STE0_S1_FIELDS;
		used.dw[1] |= STE1_S1_FIELDS;
	}
	if (config & STE_CONFIG_HAS_S2) {
		/* S2PTW is about the walks of stage 1 */
		used.dw[2] = (config & STE_CONFIG_HAS_S1) ? ~0ULL : ~STE2_S2PTW;
		used.dw[3] = ~0ULL;
	}
	return used;
}

/* Stores what differs, but not into dword `except`, and announces it. */
static int ste_step(struct ste *slot, const struct ste *value, int except, ste_sync_fn sync, void *ctx)
{
	bool changed = false;

	for (int i = 0; i < STE_DWORDS; i++) {
		if (i == except || slot->dw[i] == value->dw[i])
			continue;
		WRITE_ONCE(slot->dw[i], value->dw[i]);
		changed = true;
	}
	return changed ? sync(ctx) : 0;
}

/*
 * Which doubleword turns the old entry into the new one: the only one with a difference in bits that both look at, or
 * that only a switch there makes the SMMU look at. -1: none. STE_DWORDS: several, so no single store can do it.
 * *between: the old entry, with the bits that it does not use as the new one wants them.
 */
static int ste_critical(const struct ste *now, const struct ste *target, struct ste *between)
{
	struct ste used = ste_used(now), wanted = ste_used(target);
	int critical = -1;

	for (int i = 0; i < STE_DWORDS; i++) {
		between->dw[i] = (now->dw[i] & used.dw[i]) | (target->dw[i] & ~used.dw[i]);
		if ((between->dw[i] ^ target->dw[i]) & wanted.dw[i])
			critical = critical < 0 ? i : STE_DWORDS;
	}
	return critical;
}

int ste_write(struct ste *slot, const struct ste *target, ste_sync_fn sync, void *ctx)
{
	struct ste between;
	int critical = ste_critical(slot, target, &between);
	int err = 0;

	if (MUTATE(STE_ONE_WRITE))
		return ste_step(slot, target, -1, sync, ctx);
	if (critical == STE_DWORDS) {
		/* through invalid: what follows may then be written as it comes */
		between = *slot;
		between.dw[0] &= ~STE0_V;
		err |= ste_step(slot, &between, -1, sync, ctx);
		between = *target;
		critical = 0;
	}
	/* first what the SMMU does not look at yet, then the switch, then what it does not look at any more */
	err |= ste_step(slot, &between, critical, sync, ctx);
	if (critical >= 0) {
		between.dw[critical] = target->dw[critical];
		err |= ste_step(slot, &between, -1, sync, ctx);
	}
	err |= ste_step(slot, target, -1, sync, ctx);
	return err;
}
