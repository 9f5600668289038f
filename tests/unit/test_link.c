// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link of inmates/lib (link.h) with two good sides, and with one that writes anything at any time: the other one
 * stays inside its parts, ends every call, and goes on with the next session.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inmate/link.h>
#include <inmate/pattern.h>

#define MEMORY	(128u << 10)
#define ROUNDS	20000

/* Each side has a mapping of its own: guard bytes show who wrote where. */
static u8 *shared;
static struct link a, b;
static bool fresh;

static int setup(void **state)
{
	shared = aligned_alloc(4096, MEMORY);
	memset(shared, 0xee, MEMORY);
	assert_true(link_init(&a, shared, MEMORY, 2, 0, 1, 100));
	assert_true(link_init(&b, shared, MEMORY, 2, 1, 0, 200));
	return 0;
}

static int teardown(void **state)
{
	free(shared);
	return 0;
}

static void connect(void)
{
	for (int i = 0; i < 3; i++) {
		link_up(&a, &fresh);
		link_up(&b, &fresh);
	}
	assert_true(link_up(&a, &fresh) && link_up(&b, &fresh));
}

static void test_places(void **state)
{
	struct link l;
	u8 *seen[12];
	u32 n = 0;

	for (u32 me = 0; me < 4; me++)
		for (u32 peer = 0; peer < 4; peer++) {
			assert_int_equal(link_init(&l, shared, MEMORY, 4, me, peer, 1), me != peer);
			if (me == peer)
				continue;
			for (u32 i = 0; i < n; i++)
				assert_true(seen[i] + LINK_HEADER + l.size <= (u8 *)l.mine ||
					    (u8 *)l.mine + LINK_HEADER + l.size <= seen[i]);
			seen[n++] = (u8 *)l.mine;
			assert_true(l.out + l.size <= shared + MEMORY && l.in + l.size <= shared + MEMORY);
		}
	assert_false(link_init(&l, shared, 3 * LINK_HEADER, 2, 0, 1, 1));
	assert_false(link_init(&l, shared, MEMORY, 1, 0, 0, 1));
	assert_false(link_init(&l, shared, MEMORY, 2, 0, 2, 1));
}

static void test_not_up_alone(void **state)
{
	assert_false(link_up(&a, &fresh));
	assert_false(link_up(&a, &fresh));
	assert_int_equal(a.ack, 200);
	assert_true(link_up(&b, &fresh));
	assert_true(link_up(&a, &fresh));
}

/* Pieces of all lengths, alignments and wraps, until 2^32 was passed in the counters. */
static void test_stream(void **state)
{
	static u8 sent[LINK_SIZE_MAX >> 12], got[sizeof(sent)];
	u32 in = 0, out = 0;

	connect();
	a.head = b.tail = a.mine->head = b.mine->tail = 0xffff0000;
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 want = rand() % 8 == 0 ? 0 : (u32)rand() % (i / 100 % 2 ? 9000 : 4000), take = (u32)rand() % 6500;
		s32 wrote, read;

		for (u32 n = 0; n < want; n++)
			sent[n] = (u8)((out + n) * 7);
		wrote = link_write(&a, sent, want);
		assert_in_range(wrote, 0, want);
		out += (u32)wrote;
		read = link_read(&b, got, take);
		assert_in_range(read, 0, take);
		for (s32 n = 0; n < read; n++)
			assert_int_equal(got[n], (u8)((in + n) * 7));
		in += (u32)read;
		assert_true(out - in <= a.size);
	}
	assert_true(a.full && b.empty);
}

static void test_full_and_empty(void **state)
{
	static u8 data[2 * MEMORY];

	connect();
	assert_int_equal(link_read(&b, data, 1), 0);
	assert_int_equal(link_write(&a, data, sizeof(data)), a.size);
	assert_int_equal(link_write(&a, data, 1), 0);
	assert_int_equal(a.full, 2);
	assert_int_equal(link_read(&b, data, sizeof(data)), a.size);
	assert_int_equal(link_write(&a, data, 1), 1);
}

static void test_next_session(void **state)
{
	u8 byte = 1;

	connect();
	assert_int_equal(link_write(&a, &byte, 1), 1);
	assert_true(link_init(&b, shared, MEMORY, 2, 1, 0, 300));
	fresh = false;
	assert_false(link_up(&b, &fresh));	/* a has not noticed; its index is of the last session */
	link_up(&a, &fresh);
	assert_true(fresh);
	connect();
	assert_int_equal(link_read(&b, &byte, 1), 0);
	assert_int_equal(link_write(&b, &byte, 1), 1);
	assert_int_equal(link_read(&a, &byte, 1), 1);
}

/* Indexes out of range: an error, until there is a new session. */
static void test_nonsense(void **state)
{
	u8 byte = 0;

	connect();
	b.mine->head = a.size + 1;
	assert_int_equal(link_read(&a, &byte, 1), LINK_ERROR);
	assert_false(link_up(&a, &fresh));
	b.mine->head = 0;
	assert_int_equal(link_read(&a, &byte, 1), LINK_ERROR);
	assert_true(link_init(&b, shared, MEMORY, 2, 1, 0, 301));
	connect();
	b.mine->tail = 1;			/* more read than was written */
	assert_int_equal(link_write(&a, &byte, 1), LINK_ERROR);
	assert_int_equal(a.errors, 3);
}

/*
 * All that the peer can write has random values before each call. Nobody writes outside of a's part and a's buffer,
 * which stand between guards (and the address sanitizer has the ends of the memory).
 */
static void test_hostile(void **state)
{
	u8 *part = (u8 *)a.mine, buffer[96];
	u32 done = 0;

	for (u32 i = 0; i < ROUNDS; i++) {
		u32 *half = (u32 *)b.mine;

		memset((u8 *)b.mine, 0xa5, 64);
		for (u32 n = 0; n < sizeof(struct link_half) / 4; n++)
			half[n] = rand() % 4 ? (u32)rand() * 3 : a.head + (u32)rand() % 100 - 50;
		if (rand() % 4)
			b.mine->session = a.ack;
		if (rand() % 4)
			b.mine->ack = a.session;
		memset(buffer, 0x11, sizeof(buffer));
		if (!link_up(&a, &fresh))
			continue;
		done += link_write(&a, buffer, 32) > 0;
		done += link_read(&a, buffer + 32, 32) > 0;
		link_peer_sleeps(&a);
		for (u32 n = 0; n < 32; n++)
			assert_true(buffer[n] == 0x11 && buffer[64 + n] == 0x11);
		for (u32 n = 64; n < LINK_HEADER; n++)
			assert_int_equal(part[n], 0xee);
		for (u8 *at = a.out + a.size; at < part + MEMORY / 2; at++)
			assert_int_equal(*at, 0xee);
	}
	assert_true(done && a.errors);
}

static void test_pattern(void **state)
{
	struct pattern one = { .next = 1 }, two = { .next = 1 };
	u64 words[4];

	pattern_fill(&one, words, 4);
	for (int i = 0; i < 4; i++)
		pattern_add(&two, words[i ^ 1]);
	assert_true(one.sum == two.sum && one.order != two.order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_up_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_and_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_session, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test(test_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
