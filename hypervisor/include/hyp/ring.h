/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of text that overwrites its oldest bytes. Positions count all bytes ever written, so a reader sees what it
 * missed.
 */
#ifndef HYP_RING_H
#define HYP_RING_H

#include <hyp/spinlock.h>

struct ring {
	char *text;
	u32 size;		/* a power of two */
	u64 end;		/* position behind the newest byte */
};

/* The caller has the ring's lock. */
void ring_put(struct ring *ring, const char *text, size_t bytes);
/* Copies from `position` on, or from the oldest byte that is left. Returns bytes, *next = position to go on from. */
size_t ring_read(const struct ring *ring, spinlock_t *lock, u64 position, char *buf, size_t size, u64 *next);

#endif
