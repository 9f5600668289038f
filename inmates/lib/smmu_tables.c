/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the SMMU reads from memory: stream table, context descriptors, stage-1 tables. */
#include <inmate/arch.h>
#include <inmate/fdt.h>
#include <inmate/mmu.h>
#include <inmate/smmu.h>
#include <inmate/string.h>

#define STE_BYTES		(STE_WORDS * 8)
#define STREAM_TABLE_ALIGN	64	/* least, of a second level or a CD */
#define L1_DESCRIPTOR_BYTES	8
#define ARENA_ALIGN		65536

static u64 arena;			/* free from here to the end of RAM */

static bool overlaps(u64 start, u64 bytes, u64 other, u64 other_bytes)
{
	return start < other + other_bytes && other < start + bytes;
}

void *smmu_alloc(u64 bytes, u64 align)
{
	u64 at = ALIGN_UP(arena ? arena : ALIGN_UP((u64)image_end, ARENA_ALIGN), align);

	if (overlaps(at, bytes, (u64)fdt_blob(), fdt_size()))
		at = ALIGN_UP((u64)fdt_blob() + fdt_size(), align);
	if (at + bytes > ram_base + ram_size)
		return NULL;
	arena = at + bytes;
	for (u64 i = 0; i < bytes / 8; i++)
		((u64 *)at)[i] = 0;
	return (void *)at;
}

/* ---- streams ---- */

bool smmu_streams(struct smmu *smmu, u32 log2, u32 split)
{
	u64 bytes = split ? (u64)L1_DESCRIPTOR_BYTES << (log2 - split) : (u64)STE_BYTES << log2;

	/* the base is aligned to the size, and has no bits below 6 */
	smmu->streams = smmu_alloc(bytes, bytes < STREAM_TABLE_ALIGN ? STREAM_TABLE_ALIGN : bytes);
	smmu->stream_log2 = log2;
	smmu->split = split;
	return smmu->streams;
}

u64 *smmu_stream(struct smmu *smmu, u32 sid)
{
	u64 *descriptor, bytes;
	void *table;

	if (sid >> smmu->stream_log2)
		return NULL;
	if (!smmu->split)
		return smmu->streams + (u64)sid * STE_WORDS;
	descriptor = &smmu->streams[sid >> smmu->split];
	if (!(*descriptor & L1STD_SPAN)) {
		bytes = (u64)STE_BYTES << smmu->split;
		table = smmu_alloc(bytes, bytes);
		if (!table)
			return NULL;
		*descriptor = (u64)table | FIELD_PREP(L1STD_SPAN, smmu->split + 1);
	}
	return (u64 *)(*descriptor & L1STD_L2PTR) + (sid & ((1u << smmu->split) - 1)) * STE_WORDS;
}

bool smmu_set_stream(struct smmu *smmu, u32 sid, const u64 *ste)
{
	volatile u64 *entry = smmu_stream(smmu, sid);
	u64 cfgi = CMD_CFGI_STE | FIELD_PREP(CMD0_SID, sid);

	if (!entry)
		return false;
	entry[0] = 0;
	if (!smmu_command_sync(smmu, cfgi, CMD1_LEAF))
		return false;
	for (u32 i = 1; i < STE_WORDS; i++)
		entry[i] = ste[i];
	dsb();			/* V last */
	entry[0] = ste[0];
	return smmu_command_sync(smmu, cfgi, smmu->split ? 0 : CMD1_LEAF);
}

void smmu_ste_config(u64 *ste, u32 config)
{
	memset(ste, 0, STE_BYTES);
	ste[0] = STE0_V | FIELD_PREP(STE0_CONFIG, config);
	ste[1] = STE1_SHCFG_INCOMING;
}

void smmu_ste_s1(u64 *ste, const u64 *cd)
{
	smmu_ste_config(ste, STE_S1);
	ste[0] |= (u64)cd & STE0_S1CONTEXTPTR;
	ste[1] |= STE1_S1_CACHED;
}

void smmu_cd(u64 *cd, const struct smmu_space *space)
{
	memset(cd, 0, CD_WORDS * 8);
	cd[0] = FIELD_PREP(CD0_T0SZ, 64 - space->bits) |
		FIELD_PREP(CD0_TG0, space->granule == 16 ? CD_TG0_64K : CD_TG0_4K) | CD0_CACHED | CD0_EPD1 | CD0_V |
		FIELD_PREP(CD0_IPS, space->ips) | CD0_AA64 | CD0_R | CD0_A | CD0_ASET | FIELD_PREP(CD0_ASID, space->asid);
	cd[1] = (u64)space->root;
	cd[3] = CD3_MAIR;
}

/* ---- stage 1 ---- */

static u64 *new_table(const struct smmu_space *space)
{
	return smmu_alloc(BIT(space->granule), BIT(space->granule));
}

bool smmu_space_init(const struct smmu *smmu, struct smmu_space *space, u32 granule, u32 bits, u32 asid)
{
	*space = (struct smmu_space){ .granule = granule, .bits = bits, .asid = asid,
				      .ips = FIELD_GET(IDR5_OAS, smmu->idr5) };
	if (space->ips > 5)
		space->ips = 5;		/* 48 bits: more needs other descriptors */
	space->root = new_table(space);
	return space->root;
}

u64 *smmu_pte(struct smmu_space *space, u64 iova)
{
	u32 per_level = space->granule - 3, shift = space->granule;
	u64 *table = space->root;

	while (shift + per_level < space->bits)
		shift += per_level;
	for (; shift > space->granule; shift -= per_level) {
		u64 *entry = &table[iova >> shift & ((1u << per_level) - 1)], *next;

		if (*entry & SMMU_PTE_VALID) {
			table = (u64 *)ALIGN_DOWN(*entry & SMMU_PTE_ADDR, BIT(space->granule));
			continue;
		}
		next = new_table(space);
		if (!next)
			return NULL;
		*(volatile u64 *)entry = (u64)next | SMMU_PTE_TABLE | SMMU_PTE_VALID;
		table = next;
	}
	return &table[iova >> shift & ((1u << per_level) - 1)];
}

bool smmu_map(struct smmu_space *space, u64 iova, u64 address, u64 flags)
{
	u64 *entry = smmu_pte(space, iova);

	if (!entry)
		return false;
	*(volatile u64 *)entry = address | flags;
	dsb();
	return true;
}
