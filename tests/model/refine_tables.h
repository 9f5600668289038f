/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of the guests of the refinement test: entries at random, mostly sensible ones. */
#ifndef REFINE_TABLES_H
#define REFINE_TABLES_H

#include "refine.h"

/* Pages of a guest's RAM. */
enum { P_STRTAB = 0, P_STRTAB_L1 = 1, P_STRTAB_L2 = 2, P_CMDQ = 3, P_EVTQ = 4, P_PRIQ = 5, P_CDS = 6 /* two */,
       P_CD_L1 = 8, P_L1A = 10, P_L1B = 11, P_L2A = 12, P_L2B = 13, P_L3A = 14, P_L3B = 15, P_64K = 16 /* 16 */,
       P_DATA = 32 /* 24 */, P_16K = 56 /* 4 */ };

bool has_ats(const struct guest *g);
/* A mistake: once in n times of a wild guest. */
bool wrong(const struct guest *g, u32 n);
/* In RAM of the guest; NULL: it cannot write there now, and put() does nothing. */
u64 *words(struct guest *g, u32 page, u64 offset);
void put(struct guest *g, u32 page, u64 offset, u64 value);
void put_context(struct guest *g, u32 page, u32 n);
/* The first two doublewords of a stream table entry. */
void make_stream(struct guest *g, u64 *dw);
void put_stream(struct guest *g, u32 page, u32 n);
/* Somewhere in the stage-1 tables. */
void put_entry(struct guest *g);
/* From first-level tables to second-level ones. */
void put_links(struct guest *g, bool sane);

#endif
