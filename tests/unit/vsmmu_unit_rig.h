/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cells and the machine of the refinement test (tests/model) for unit tests of the emulated SMMU: here the first
 * guest does what a test says, and writes all of its tables and registers itself. Included once.
 */
#ifndef TEST_VSMMU_RIG_H
#define TEST_VSMMU_RIG_H
#include <stdlib.h>
#include <string.h>

#include "refine.h"
#include "../../hypervisor/smmu/smmu_internal.h"
#include "../../hypervisor/vsmmu/vsmmu_local.h"

/* Pages of the guest's RAM. */
enum { P_CMDQ = 1, P_EVENTQ, P_PRIQ, P_STRTAB, P_CDS, P_DATA };
#define CMDQ_LOG2	7
#define EVENTQ_LOG2	3
#define ON		(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN)

const char *doing = "test";
bool mutant;
struct counts counts;
static struct guest *const g = &guests[0];
static struct vsmmu *v;
static u32 prod;

/* The world of the refinement test does here what is most likely, always the same. */
u32 pick(u32 n)
{
	return n - 1;
}

bool one_in(u32 n)
{
	return n == 1;
}

void found(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail_msg("%s", text);
	abort();
}

enum { PLAIN, FULL };		/* what QEMU's SMMU has; all of it */

static inline void start_with(u32 kind, u32 storm_limit)
{
	const struct cfg_system *sys = machine_init(MACHINE_SMMUS, storm_limit);

	for (u32 i = 0; kind == FULL && i < MACHINE_SMMUS; i++)
		smmu_model_make_full(&models[i]);
	world_init(true);
	assert_int_equal(smmu_init(sys), 0);
	for (u32 i = 0; i < CELLS; i++)
		world_start(&homes[i]);
	v = &g->home->cell.vsmmu[0];
	fake_log[0] = 0;
	prod = 0;
}

static inline u64 at(u32 page)
{
	return page_ipa(g, page);
}

static inline u64 *words(u32 page)
{
	return world_memory(g, at(page), 8, true);
}

static inline u32 get(u32 offset)
{
	return (u32)world_read(g, offset, 4);
}

static inline void set(u32 offset, u64 value)
{
	world_write(g, offset, 4, value);
}

static inline void set64(u32 offset, u64 value)
{
	world_write(g, offset, 8, value);
}

/* As a driver starts: queues, a linear table with room for the cell's streams, everything on. */
static inline void start(u32 kind)
{
	start_with(kind, 0);
	set64(SMMU_CMDQ_BASE, at(P_CMDQ) | CMDQ_LOG2);
	set64(SMMU_EVENTQ_BASE, at(P_EVENTQ) | EVENTQ_LOG2);
	set64(SMMU_PRIQ_BASE, at(P_PRIQ) | 2);
	set64(SMMU_STRTAB_BASE, at(P_STRTAB));
	set(SMMU_STRTAB_BASE_CFG, 6);
	set(SMMU_CR2, CR2_RECINVSID);
	set(SMMU_CR0, ON);
	world_settle();
}

static inline void queue(u64 dw0, u64 dw1)
{
	u64 *entry = words(P_CMDQ) + 2 * (prod & ((1u << CMDQ_LOG2) - 1));

	entry[0] = dw0;
	entry[1] = dw1;
	prod = (prod + 1) & ((2u << CMDQ_LOG2) - 1);
}

/* CMDQ_CONS.ERR, or 0 if there is no error. The queue is then empty again, the error acknowledged. */
static inline u32 outcome(void)
{
	u32 error = (get(SMMU_GERROR) ^ get(SMMU_GERRORN)) & GERROR_CMDQ_ERR ? get(SMMU_CMDQ_CONS) >> 24 & 0x7f : 0;

	if (!error) {
		assert_int_equal(get(SMMU_CMDQ_CONS) & 0xfffff, prod);
		return 0;
	}
	/* it stands at the command that was refused */
	assert_int_equal(get(SMMU_CMDQ_CONS) & 0xfffff, (prod - 1) & ((2u << CMDQ_LOG2) - 1));
	set(SMMU_CR0, ON & ~CR0_CMDQEN);
	set(SMMU_CMDQ_CONS, prod);
	set(SMMU_GERRORN, get(SMMU_GERROR));
	set(SMMU_CR0, ON);
	return error;
}

static inline u32 command(u64 dw0, u64 dw1)
{
	queue(dw0, dw1);
	set(SMMU_CMDQ_PROD, prod);
	world_settle();
	return outcome();
}

static inline const struct ste *physical(void)
{
	return &smmus[0].leaf[g->sid[0] / LEAF_STREAMS]->ste[g->sid[0] % LEAF_STREAMS];
}

static inline u64 *guest_ste(void)
{
	return words(P_STRTAB) + g->vsid[0] * 8;
}

static inline int teardown(void **state)
{
	(void)state;
	assert_string_equal(machine_complaint, "");
	return 0;
}

/* n transactions of a stream without an entry. */
static inline void events(u32 n)
{
	while (n--) {
		smmu_model_dma(&models[0], g->sid[0], at(P_DATA), false, 0);
		world_settle();
	}
}

/* ---- what is in the register pages ---- */

static u32 snapshot[2][PAGE_SIZE / 4];

static inline void take_snapshot(void)
{
	for (u32 n = 0; n < 2; n++)
		memcpy(snapshot[n], &v->regs[n * PAGE_SIZE / 4], PAGE_SIZE);
}

/* The first word that is not as it was; ~0: none. */
static inline u32 changed(void)
{
	for (u32 n = 0; n < 2; n++)
		for (u32 i = 0; memcmp(snapshot[n], &v->regs[n * PAGE_SIZE / 4], PAGE_SIZE) && i < PAGE_SIZE / 4; i++)
			if (snapshot[n][i] != vreg_get(v, n * SMMU_PAGE1 + 4 * i))
				return n * SMMU_PAGE1 + 4 * i;
	return ~0u;
}

#endif
