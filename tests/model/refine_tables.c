// SPDX-License-Identifier: GPL-2.0-only
/* What the guests of the refinement test write into their tables; see refine_tables.h. */
#include "refine_tables.h"

bool wrong(const struct guest *g, u32 n)
{
	return one_in(g->tame ? 12 * n : n);
}

u64 *words(struct guest *g, u32 page, u64 offset)
{
	return world_memory(g, page_ipa(g, page) + offset, 8, true);
}

void put(struct guest *g, u32 page, u64 offset, u64 value)
{
	u64 *at = words(g, page, offset);

	if (at)
		*at = value;
}

bool has_ats(const struct guest *g)
{
	return g->ideal.idr[0] & 1u << 10;
}

static u32 stall_model(const struct guest *g)
{
	return g->ideal.idr[0] >> 24 & 3;
}

/* Faults of this context stall: the hardware may leave no choice. */
static bool context_stalls(const struct guest *g)
{
	if (!g->tame)
		return one_in(5);
	return stall_model(g) ? wrong(g, 3) != (stall_model(g) == 2) : one_in(8);
}

static u64 context_flags(const struct guest *g, u32 roots)
{
	static const u64 sizes[] = { 25, 25, 1ULL << 6 | 35, 2ULL << 6 | 39 };
	u64 flags = sizes[roots] | 1ULL << 30 | 1ULL << 31 | 4ULL << 32 | 1ULL << 41;

	flags |= (u64)(1 + pick(2)) << 48;
	flags |= one_in(6) ? 0 : 1ULL << 45;		/* R */
	flags |= wrong(g, 6) ? 0 : 1ULL << 46;		/* A */
	flags |= context_stalls(g) ? 1ULL << 44 : 0;	/* S */
	flags |= one_in(8) ? 1ULL << 35 : 0;		/* AFFD */
	if (wrong(g, 20))
		flags &= ~(1ULL << 31);
	if (wrong(g, 20))
		flags ^= 1ULL << pick(64);
	return flags;
}

void put_context(struct guest *g, u32 page, u32 n)
{
	static const u32 pages[] = { P_L1A, P_L1B, P_64K, P_16K };
	u32 roots = pick(4) ? pick(2) : pick(4);
	u64 flags = context_flags(g, roots);

	/* T0SZ beyond what is defined means different things to different SMMUs */
	if ((flags & 0x3f) < 16 || (flags & 0x3f) > 39 || (flags & 0xc0) == 0xc0)
		flags = (flags & ~0xffULL) | 25;
	put(g, page, n * 64 + 8, wrong(g, 20) ? NOWHERE_IPA : page_ipa(g, pages[roots]));
	put(g, page, n * 64 + 16, page_ipa(g, P_L1A));
	put(g, page, n * 64 + 24, pick(2) ? 0xff44 : 0xbb04);
	put(g, page, n * 64, flags);
}

void make_stream(struct guest *g, u64 *dw)
{
	u64 config = wrong(g, 6) ? (u64[]){ 0, 4, 4, 1, 6, 7 }[pick(6)] : 5, format = pick(3) ? 0 : pick(g->tame ? 3 : 4);
	u32 ssid_bits = g->ideal.idr[1] >> 6 & 0x1f;
	u64 cdmax = pick(2) ? 1 + pick(g->tame ? MIN(ssid_bits, 8u) + !ssid_bits : 8) : 0;
	u64 pointer = page_ipa(g, format ? P_CD_L1 : P_CDS + pick(2));
	u64 dw1 = (wrong(g, 2) ? pick(4) : 2) | (wrong(g, 6) ? 1ULL << 27 : 0);

	if (!ssid_bits)
		cdmax = 0;
	if (has_ats(g))
		dw1 |= (u64)(wrong(g, 12) ? 2 + pick(2) : pick(3) > 0) << 28;
	if (wrong(g, 20))
		pointer = NOWHERE_IPA;
	dw[0] = (wrong(g, 20) ? 0 : 1) | config << 1 | format << 4 | pointer | cdmax << 59;
	dw[1] = dw1;
}

void put_stream(struct guest *g, u32 page, u32 n)
{
	u64 dw[2];

	make_stream(g, dw);
	put(g, page, n * 64 + 8, dw[1]);
	put(g, page, n * 64, dw[0]);
}

static u64 leaf_attributes(const struct guest *g)
{
	u64 attrs = 1ULL << 6 | 1ULL << 10 | (u64)pick(2) << 2;

	attrs |= pick(3) ? 1ULL << 11 : 0;		/* nG */
	attrs |= one_in(4) ? 1ULL << 7 : 0;
	attrs ^= wrong(g, 8) ? 1ULL << 6 : 0;
	attrs ^= wrong(g, 10) ? 1ULL << 10 : 0;
	attrs |= wrong(g, 10) ? 1ULL << 54 : 0;
	return attrs;
}

static u64 target(struct guest *g, u64 align)
{
	u64 ipa = page_ipa(g, wrong(g, 8) ? pick(PAGES) : P_DATA + pick(24));

	if (wrong(g, 15))
		ipa = NOWHERE_IPA;
	return ipa & ~(align - 1);
}

static void put_leaf(struct guest *g, u32 page, u64 offset, u64 size, bool last)
{
	put(g, page, offset, wrong(g, 5) ? 0 : target(g, size) | leaf_attributes(g) | (last ? 3 : 1));
}

void put_entry(struct guest *g)
{
	u32 second = pick(2);

	switch (pick(8)) {
	case 0:
		put(g, P_L1A + second, 0, wrong(g, 6) ? 0 : page_ipa(g, P_L2A + pick(2)) | 3);
		return;
	case 1:
		put(g, P_L2A + second, 0, wrong(g, 6) ? 0 : page_ipa(g, P_L3A + pick(2)) | 3 | (wrong(g, 6) ? 1ULL << 62 : 0));
		return;
	case 2:
		put_leaf(g, P_L2A + second, 8, MIB(2), false);
		return;
	case 3:
		put_leaf(g, P_L1A + second, 8, GIB(1), false);
		return;
	case 4:
		put_leaf(g, P_64K, 8 * pick(2), KIB(64), true);
		return;
	case 5:
		put_leaf(g, P_16K, 8 * pick(2), KIB(16), true);
		return;
	}
	put_leaf(g, P_L3A + second, 8 * pick(4), KIB(4), true);
}

void put_links(struct guest *g, bool sane)
{
	put(g, P_STRTAB_L1, 0, !sane && one_in(3) ? 0 : page_ipa(g, P_STRTAB_L2) | (sane ? 7 : 1 + pick(7)));
	for (u32 i = 0; i < 3; i++)
		put(g, P_CD_L1, i * 8, !sane && one_in(3) ? 0 : page_ipa(g, P_CDS + i % 2) | 1);
}
