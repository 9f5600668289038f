/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fair (ticket) spinlock. EL2 runs with interrupts masked, so holding one cannot be interrupted; it must never be
 * held for longer than one bounded batch (I7). Lock order, outermost first:
 * cell_lock, ivshmem lists, vsmmu lock, stage2.lock, vgic cell lock, smmu.lock, page pool, log.
 */
#ifndef HYP_SPINLOCK_H
#define HYP_SPINLOCK_H

#include <arch/barrier.h>
#include <hyp/bits.h>

typedef struct {
	u32 next;
	u32 owner;
} spinlock_t;

static inline void spin_lock(spinlock_t *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}

static inline bool spin_trylock(spinlock_t *lock)
{
	u32 ticket = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);

	return __atomic_compare_exchange_n(&lock->next, &ticket, ticket + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

static inline void spin_unlock_held(spinlock_t **lock)
{
	spin_unlock(*lock);
}

/* The lock, which the caller has, is released where the block ends, whichever way that is. */
#define SPIN_HELD(lock)		spinlock_t *held_ __attribute__((cleanup(spin_unlock_held), unused)) = (lock)
/* Takes it from here to there. */
#define SPIN_GUARD(lock)	SPIN_HELD(lock); spin_lock(held_)

#endif
