/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two streams of bytes, one each way, between two peers that share memory: a single producer, a single consumer, and
 * backpressure. For inmates and for programs of Linux alike, so it needs nothing but types.
 *
 * The memory is cut into one part for each ordered pair of peers. Only the first of a pair writes to its part:
 *
 *	page 0		struct link_half: its session, how far it has written here, how far it has read in the other part
 *	then		the bytes, a power of two of them
 *
 * A peer may write what it likes, and at any time. What it can spoil is its own data. Our own indexes are kept here and
 * never read back; each of its fields is read once, and an index that cannot be is an error until its next session, not
 * an address. Nothing here waits or repeats. Bytes are copied out before they are looked at.
 */
#ifndef INMATE_LINK_H
#define INMATE_LINK_H

#include <inmate/types.h>

#define LINK_HEADER	4096
#define LINK_SIZE_MIN	4096
#define LINK_SIZE_MAX	(1u << 30)
#define LINK_ERROR	(-1)	/* the peer's index is no index */

struct link_half {
	u32 session;		/* changes with each start of its writer; not 0 */
	u32 ack;		/* session of the other for which this side's indexes are at 0 */
	u32 head;		/* bytes ever written to this part, modulo 2^32 */
	u32 tail;		/* bytes ever read from the other part */
	u32 sleeps;		/* its writer wants an interrupt when the other side's head or tail moves */
};

struct link {
	volatile struct link_half *mine;
	const volatile struct link_half *theirs;
	u8 *out;
	const u8 *in;
	u32 size;		/* of each of these */
	u32 session, ack, head, tail;
	bool broken;		/* until the peer's next session */
	u64 full, empty;	/* times that not all could be written, and that nothing was there */
	u64 errors;		/* indexes that could not be */
};

static inline void link_barrier(void)
{
#ifdef __aarch64__
	asm volatile("dmb sy" : : : "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * The link between peers `me` and `peer` of `peers`. `session` is what no earlier start had, a time for instance. False:
 * that memory is too small for so many.
 */
static inline bool link_init(struct link *l, void *memory, u64 bytes, u32 peers, u32 me, u32 peer, u32 session)
{
	u64 pairs = (u64)peers * (peers - 1), part, size = LINK_SIZE_MAX;
	u8 *base = memory;

	if (peers < 2 || me >= peers || peer >= peers || me == peer)
		return false;
	part = ALIGN_DOWN(bytes / pairs, LINK_HEADER);
	while (size + LINK_HEADER > part)
		size /= 2;
	if (size < LINK_SIZE_MIN)
		return false;
	*l = (struct link){ .size = (u32)size, .session = session ? session : 1 };
	l->mine = (volatile struct link_half *)(base + part * (me * (peers - 1) + (peer > me ? peer - 1 : peer)));
	l->theirs = (volatile struct link_half *)(base + part * (peer * (peers - 1) + (me > peer ? me - 1 : me)));
	l->out = (u8 *)l->mine + LINK_HEADER;
	l->in = (const u8 *)l->theirs + LINK_HEADER;
	l->mine->ack = 0;
	link_barrier();
	l->mine->head = 0;
	l->mine->tail = 0;
	l->mine->sleeps = 0;
	link_barrier();
	l->mine->session = l->session;
	link_barrier();
	return true;
}

/*
 * Both sides have started, know that of each other, and have seen no nonsense since. To be called before the functions
 * below, and again after an interrupt. *fresh is set when the peer began a session: what was under way is lost.
 */
static inline bool link_up(struct link *l, bool *fresh)
{
	u32 session = l->theirs->session;

	if (session != l->ack) {
		l->mine->head = l->head = 0;
		l->mine->tail = l->tail = 0;
		l->ack = session;
		l->broken = false;
		*fresh = true;
		link_barrier();
		l->mine->ack = session;
		link_barrier();
	}
	return l->ack && l->theirs->ack == l->session && !l->broken;
}

static inline s32 link_nonsense(struct link *l)
{
	l->broken = true;
	l->errors++;
	return LINK_ERROR;
}

/* By words where both are aligned; strict alignment is all that it needs. */
static inline void link_copy(void *to, const void *from, u32 bytes)
{
	u8 *t = to;
	const u8 *f = from;

	if (!(((uintptr_t)t | (uintptr_t)f) & 7))
		for (; bytes >= 8; bytes -= 8, t += 8, f += 8)
			*(u64 *)t = *(const u64 *)f;
	while (bytes--)
		*t++ = *f++;
}

/* Writes what there is room for. The number of bytes, or LINK_ERROR. */
static inline s32 link_write(struct link *l, const void *from, u32 bytes)
{
	u32 used = l->head - l->theirs->tail, at = l->head % l->size, first;

	if (l->broken || used > l->size)
		return link_nonsense(l);
	if (bytes > l->size - used) {
		bytes = l->size - used;
		l->full++;
	}
	first = bytes < l->size - at ? bytes : l->size - at;
	link_barrier();			/* not before it was read */
	link_copy(l->out + at, from, first);
	link_copy(l->out, (const u8 *)from + first, bytes - first);
	link_barrier();
	l->head += bytes;
	l->mine->head = l->head;
	return (s32)bytes;
}

/* Reads what is there, up to `bytes`. The number of bytes, or LINK_ERROR. */
static inline s32 link_read(struct link *l, void *to, u32 bytes)
{
	u32 used = l->theirs->head - l->tail, at = l->tail % l->size, first;

	if (l->broken || used > l->size)
		return link_nonsense(l);
	if (!used)
		l->empty++;
	if (bytes > used)
		bytes = used;
	first = bytes < l->size - at ? bytes : l->size - at;
	link_barrier();			/* not before it was written */
	link_copy(to, l->in + at, first);
	link_copy((u8 *)to + first, l->in, bytes - first);
	link_barrier();			/* copied, and out of the compiler's reach, before it may change */
	l->tail += bytes;
	l->mine->tail = l->tail;
	return (s32)bytes;
}

/* After writes and reads: whether the peer is to be told. */
static inline bool link_peer_sleeps(struct link *l)
{
	link_barrier();
	return l->theirs->sleeps;
}

/* Before going to sleep, and look once more after it; false when awake. */
static inline void link_sleeps(struct link *l, bool sleeps)
{
	l->mine->sleeps = sleeps;
	link_barrier();
}

#endif
