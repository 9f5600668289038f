/* SPDX-License-Identifier: GPL-2.0-only */
/* The ring of the log and of the cells' consoles. */
#include <hyp/bits.h>
#include <hyp/ring.h>

void ring_put(struct ring *ring, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		ring->text[(ring->end + i) & (ring->size - 1)] = text[i];
	ring->end += bytes;
}

size_t ring_read(const struct ring *ring, spinlock_t *lock, u64 position, char *buf, size_t size, u64 *next)
{
	size_t bytes;

	spin_lock(lock);
	if (position > ring->end)
		position = ring->end;
	if (ring->end - position > ring->size)
		position = ring->end - ring->size;
	bytes = MIN(size, ring->end - position);
	for (size_t i = 0; i < bytes; i++)
		buf[i] = ring->text[(position + i) & (ring->size - 1)];
	spin_unlock(lock);
	*next = position + bytes;
	return bytes;
}
