/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Talks to other cells: what comes through the shared memory of its ivshmem devices goes back with all bits inverted, as
 * far as the other side reads it; its state is one more than that of peer 0. A line each second in which
 * something happened. In Linux on the other side: `ivshmem-uio exchange 1M`, `ivshmem-uio state 41`.
 */
#include <inmate/console.h>
#include <inmate/ivshmem.h>
#include <inmate/link.h>
#include <inmate/timer.h>

#define DEVICES	4
#define PEERS	8
#define CHUNK	65536
#define BATCH	16		/* chunks of one peer before it is the next one's turn */

static struct channel {
	struct ivshmem dev;
	struct line {
		struct link link;
		u32 state;		/* the peer's */
		u64 bytes;		/* echoed in this session */
		u32 at, used;		/* what of the buffer was not yet taken back */
		u64 words[CHUNK / 8];
	} lines[PEERS];
	u32 number;
	u64 told;			/* what the last line was about */
} channels[DEVICES];
static u32 count;

static void open_lines(struct channel *channel)
{
	struct ivshmem *dev = &channel->dev;

	for (u32 peer = 0; peer < dev->peers && peer < PEERS; peer++)
		if (peer != dev->id && !link_init(&channel->lines[peer].link, (void *)dev->memory, dev->size, dev->peers,
						  dev->id, peer, (u32)timer_ticks()))
			printf("ivshmem: %lu bytes are too small for %u peers\n", dev->size, dev->peers);
}

/* True: something moved. */
static bool echo(struct channel *channel, u32 peer)
{
	struct line *line = &channel->lines[peer];
	bool fresh = false, moved = false;
	s32 n = 0;

	if (!line->link.size || !link_up(&line->link, &fresh)) {
		if (fresh)
			ivshmem_ring(&channel->dev, peer);
		line->at = line->used = line->bytes = 0;
		return false;
	}
	for (u32 i = 0; i < BATCH; i++) {
		if (line->at == line->used) {
			n = link_read(&line->link, line->words, CHUNK);
			moved |= n > 0;
			line->at = 0;
			line->used = n > 0 ? (u32)n : 0;
			for (u32 word = 0; word < (line->used + 7) / 8; word++)
				line->words[word] = ~line->words[word];
		}
		n = link_write(&line->link, (u8 *)line->words + line->at, line->used - line->at);
		if (n <= 0)
			break;
		line->at += (u32)n;
		line->bytes += (u64)n;
		moved = true;
	}
	if ((moved || fresh) && link_peer_sleeps(&line->link))
		ivshmem_ring(&channel->dev, peer);
	return moved;
}

static bool serve(struct channel *channel)
{
	struct ivshmem *dev = &channel->dev;
	bool moved = false;

	for (u32 peer = 0; peer < dev->peers && peer < PEERS; peer++)
		if (peer != dev->id)
			moved |= echo(channel, peer);
	return moved;
}

static void set_sleeping(bool sleeps)
{
	for (u32 n = 0; n < count; n++)
		for (u32 peer = 0; peer < PEERS; peer++)
			if (channels[n].lines[peer].link.size)
				link_sleeps(&channels[n].lines[peer].link, sleeps);
}

static void look_at_states(struct channel *channel)
{
	struct ivshmem *dev = &channel->dev;

	for (u32 peer = 0; peer < dev->peers && peer < PEERS; peer++) {
		u32 state = ivshmem_state(dev, peer);

		if (peer == dev->id || state == channel->lines[peer].state)
			continue;
		channel->lines[peer].state = state;
		if (peer == 0)
			ivshmem_set_state(dev, state + 1);
		printf("ivshmem: device %u: peer %u has state 0x%x\n", channel->number, peer, state);
	}
}

/* Of what happened to this device, if anything did. */
static void tell(struct channel *channel)
{
	u64 bytes = 0, full = 0, errors = 0;

	for (u32 peer = 0; peer < PEERS; peer++) {
		bytes += channel->lines[peer].bytes;
		full += channel->lines[peer].link.full;
		errors += channel->lines[peer].link.errors;
	}
	if (channel->told == bytes + channel->dev.interrupts + errors)
		return;
	channel->told = bytes + channel->dev.interrupts + errors;
	printf("ivshmem: device %u: %u interrupts, %lu bytes, full %lu times, nonsense %lu times\n", channel->number,
	       channel->dev.interrupts, bytes, full, errors);
}

/* Until the next interrupt of any device, or that time. Which came is found out by looking at all of them. */
static void rest(const u32 *seen, u64 until)
{
	u64 now = timer_ticks();

	irq_disable();			/* a timer that fires here already is not forgotten */
	vtimer_set(until);
	for (u32 n = 0; n < count; n++)
		if (channels[n].dev.interrupts != seen[n])
			until = now;
	if (until > now)
		wfi();
	irq_enable();			/* it is taken here */
	isb();
	vtimer_stop();
}

int main(void)
{
	u64 next = timer_ticks();
	u32 seen[DEVICES];

	while (count < DEVICES && ivshmem_init(&channels[count].dev, count)) {
		struct ivshmem *dev = &channels[count].dev;

		printf("ivshmem: device %u: peer %u of %u, registers 0x%lx, memory 0x%lx, %lu KiB, interrupt %u\n", count, dev->id,
		       dev->peers, dev->regs, dev->memory, dev->size / 1024, dev->irq);
		channels[count].number = count;
		open_lines(&channels[count++]);
		ivshmem_set_state(dev, 1);
	}
	for (;;) {
		bool moved = false;

		for (u32 n = 0; n < count; n++) {
			seen[n] = channels[n].dev.interrupts;
			look_at_states(&channels[n]);
			moved |= serve(&channels[n]);
		}
		if (timer_ticks() >= next) {
			next = timer_ticks() + timer_hz();
			for (u32 n = 0; n < count; n++)
				tell(&channels[n]);
		}
		if (moved)
			continue;
		set_sleeping(true);
		for (u32 n = 0; n < count; n++)
			moved |= serve(&channels[n]);
		if (!moved)
			rest(seen, next);
		set_sleeping(false);
	}
}
