/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the SMMU's tests share: one `edu` device behind one SMMU, an address space in which 1 MiB of IOVAs reaches
 * scattered pages, DMA of one word or a block, and checks of what arrived and which event came.
 */
#ifndef SMMU_SETUP_H
#define SMMU_SETUP_H

#include <inmate/arch.h>
#include <inmate/edu.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>
#include <inmate/smmu.h>
#include <inmate/string.h>
#include <inmate/timer.h>

#define IOVA		0x00100000ULL	/* below 256 MiB: a default edu has a DMA mask of 28 bits */
#define IOVA_NONE	0x08000000ULL	/* where nothing is mapped */
#define PAGE		4096ULL
#define WORD		4		/* bytes: what the device moves at once, so one event */
#define EVENT_WAIT_US	1000000		/* for one that must come: in a cell another CPU hands it on */
#define QUIET_US	50000		/* without an event: none comes any more */
#define RECOVER_US	1500000		/* a limit per second, of events or violations, has passed */

static struct smmu smmu;
static struct edu edu;
static u32 sid;				/* of edu */
static struct smmu_space space;
static u64 *cd;				/* of `space` */
static u64 *buffer;			/* the page that the device can reach at IOVA */

/* ---- DMA ---- */

static inline bool dma_write(u64 iova, u32 bytes) { return edu_dma(&edu, iova, 0, bytes, true, false); }
static inline bool dma_read(u64 iova, u32 bytes) { return edu_dma(&edu, iova, 0, bytes, false, false); }

/* The device's buffer gets this word, without help of the tables under test: `page` is mapped at `iova`. */
static inline bool load_device(u64 iova, volatile u32 *page, u32 word)
{
	page[0] = word;
	return dma_read(iova, WORD);
}

/* A write of the device at `iova` arrives in `page`. The device's buffer has a word other than what is there. */
static inline bool reaches(u64 iova, volatile void *page)
{
	volatile u32 *word = page;
	u32 before = ~0x5ca1ab1eu;

	*word = before;
	return dma_write(iova, WORD) && *word != before;
}

/* ---- events ---- */

struct expected {
	u64 word0, word1, word2, word3;	/* what must be there, under these masks */
	u64 mask1, mask2, mask3;
};

/* Waits for an event; false: none came. */
static inline bool wait_event(struct smmu_event *event, u64 us)
{
	u64 deadline = timer_ticks() + timer_us(us);

	while (!smmu_next_event(&smmu, event))
		if (timer_ticks() > deadline)
			return false;
	return true;
}

/* Drops all that are there or on their way. */
static inline u32 drop_all_events(void)
{
	struct smmu_event event;
	u32 count = 0;

	while (wait_event(&event, QUIET_US))
		count++;
	return count;
}

/* Waits for one event and compares; exactly one may come. Says what differs. */
static inline bool event_is(const struct expected *want)
{
	struct smmu_event got = { { 0 } }, more;
	bool came = wait_event(&got, EVENT_WAIT_US), same;

	same = came && got.word[0] == want->word0 && (got.word[1] & want->mask1) == want->word1 &&
	       (got.word[2] & want->mask2) == want->word2 && (got.word[3] & want->mask3) == want->word3;
	if (!same)
		printf("# %s %016lx %016lx %016lx %016lx, not %016lx %016lx %016lx %016lx\n", came ? "event" : "no event",
		       got.word[0], got.word[1], got.word[2], got.word[3], want->word0, want->word1, want->word2,
		       want->word3);
	if (same && wait_event(&more, QUIET_US / 10)) {
		printf("# a second event %016lx %016lx %016lx\n", more.word[0], more.word[1], more.word[2]);
		same = false;
	}
	return same;
}

static inline struct expected config_event(u32 type)
{
	return (struct expected){ .word0 = type | FIELD_PREP(EVT0_SID, sid) };
}

static inline struct expected fault_event(u32 type, u64 iova, bool read, u32 class)
{
	return (struct expected){
		.word0 = type | FIELD_PREP(EVT0_SID, sid),
		.word1 = (read ? EVT1_RNW : 0) | FIELD_PREP(EVT1_CLASS, class),
		.mask1 = EVT1_STAG | EVT1_STALL | EVT1_PNU | EVT1_IND | EVT1_RNW | EVT1_S2 | EVT1_CLASS,
		.word2 = iova, .mask2 = ~0ULL,
	};
}

/* The type of the first event that comes in that time, 0: none; the others are dropped. */
static inline u32 event_type(u64 us)
{
	struct smmu_event event = { { 0 } };

	if (!wait_event(&event, us))
		return 0;
	drop_all_events();
	return FIELD_GET(EVT0_TYPE, event.word[0]);
}

/* ---- the start ---- */

/* A check of which the architecture is sure but an SMMU of a bare machine (QEMU's) may be not. */
static inline void check_strict(bool pass, const char *what)
{
	if (pass || in_cell())
		ktap_ok(pass, "%s", what);
	else
		ktap_skip("this machine's SMMU differs", "%s", what);
}

static inline bool set_stage1(void)
{
	u64 ste[STE_WORDS];

	smmu_ste_s1(ste, cd);
	return smmu_set_stream(&smmu, sid, ste);
}

/* Devices, an address space with one page, a linear table; everything on. False: said why. */
static inline bool set_up(void)
{
	if (!ktap_ok(smmu_find(&smmu, 0), "there is an SMMU") || !ktap_ok(edu_init(&edu), "there is an edu device"))
		return false;
	sid = smmu_stream_of(edu.bdf);
	cd = smmu_alloc(CD_WORDS * 8, CD_WORDS * 8);
	buffer = smmu_alloc(PAGE, PAGE);
	if (!cd || !buffer || !smmu_space_init(&smmu, &space, 12, 39, 1) ||
	    !smmu_map(&space, IOVA, (u64)buffer, SMMU_PTE_PAGE) || !smmu_streams(&smmu, 8, 0))
		return ktap_ok(false, "memory for tables");
	smmu_cd(cd, &space);
	return ktap_ok(smmu_enable(&smmu), "it is enabled") && ktap_ok(set_stage1(), "the stream is given stage 1") &&
	       ktap_ok(load_device(IOVA, (u32 *)buffer, 0x5ca1ab1e) && reaches(IOVA, buffer), "DMA through stage 1") &&
	       ktap_ok(!smmu_drop_events(&smmu), "without an event");
}

/* Everything off, on, and as set_up() left it. */
static inline void check_recovery(const char *after)
{
	timer_delay_us(RECOVER_US);
	smmu_cd(cd, &space);
	ktap_ok(smmu_enable(&smmu) && set_stage1() && reaches(IOVA, buffer) && !smmu_drop_events(&smmu),
		"after %s all works again", after);
}

#endif
