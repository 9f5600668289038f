// SPDX-License-Identifier: GPL-2.0-only
/*
 * uart/vpl011.c and cell/cell_console.c: each register of the PL011 by each width, the FIFOs, and when the interrupt's line
 * is up. What is expected is written down here from Arm's manual of the PL011 (DDI 0183), not taken from the code.
 */
#include <string.h>

#include "fake/fake.h"
#include <abi/hypercall.h>
#include <hyp/cell.h>
#include <hyp/string.h>

#define UART		0x9000000
#define WINDOW		0x10000
#define IRQ		33
#define RING		4096
#define INPUT		64

#define DR	0x00
#define RSR	0x04
#define FR	0x18
#define ILPR	0x20
#define IBRD	0x24
#define FBRD	0x28
#define LCR_H	0x2c
#define CR	0x30
#define IFLS	0x34
#define IMSC	0x38
#define RIS	0x3c
#define MIS	0x40
#define ICR	0x44
#define DMACR	0x48
#define PERIPHID 0xfe0

#define RXFE	(1 << 4)
#define TXFF	(1 << 5)
#define RXFF	(1 << 6)
#define TXFE	(1 << 7)
#define BUSY	(1 << 3)
#define RX	(1 << 4)
#define TX	(1 << 5)
#define RT	(1 << 6)

static struct cell cell;
static struct cfg_cell config;
static char text[RING];
static bool line;		/* of the interrupt, as the distributor sees it */
static u32 line_calls;

void vgic_set_line(struct cell *of, u32 intid, bool high)
{
	assert_ptr_equal(of, &cell);
	assert_int_equal(intid, IRQ);
	line = high;
	line_calls++;
}

static int setup(void **state)
{
	memset(&cell, 0, sizeof(cell));
	memset(text, 0, sizeof(text));
	config = (struct cfg_cell){ .uart_ipa = UART, .uart_irq = IRQ, .console_size = RING };
	cell.config = &config;
	cell.console.out = (struct ring){ .text = text, .size = RING };
	line = false;
	assert_int_equal(vpl011_cell_init(&cell, NULL), 0);
	vpl011_cell_reset(&cell);
	line_calls = 0;
	return 0;
}

static u64 access_of(u32 offset, u32 size, u32 write, u64 value)
{
	const struct mmio_region *region = mmio_find(&cell.mmio, UART + offset);
	struct mmio_access access = { .offset = offset, .value = value, .size = size, .write = write };

	assert_non_null(region);
	assert_int_equal(region->start, UART);
	assert_true(region->fn(NULL, region->ctx, &access));
	return access.value;
}

static u32 get(u32 offset) { return (u32)access_of(offset, 4, 0, 0); }
static void set(u32 offset, u32 value) { access_of(offset, 4, 1, value); }

static const char *printed(void)
{
	static char buffer[RING + 1];
	u64 next;
	s64 bytes = console_read(&cell, 0, buffer, RING, &next);

	assert_true(bytes >= 0);
	buffer[bytes] = 0;
	return buffer;
}

static void after_reset(void **state)
{
	static const struct { u32 offset, value; } all[] = {
		{ DR, 0 }, { RSR, 0 }, { FR, TXFE | RXFE }, { ILPR, 0 }, { IBRD, 0 }, { FBRD, 0 }, { LCR_H, 0 }, { CR, 0x300 },
		{ IFLS, 0x12 }, { IMSC, 0 }, { RIS, 0 }, { MIS, 0 }, { ICR, 0 }, { DMACR, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		assert_int_equal(get(all[i].offset), all[i].value);
	assert_false(line);
}

/* Each bit of each word of the window is kept if the manual has a bit that can be written there, and else it is not. */
static void what_can_be_written(void **state)
{
	static const struct { u32 offset, mask; } kept[] = {
		{ ILPR, 0xff }, { IBRD, 0xffff }, { FBRD, 0x3f }, { LCR_H, 0xff }, { CR, 0xff87 }, { IFLS, 0x3f }, { IMSC, 0x7ff },
		{ DMACR, 7 },
	};

	for (u32 offset = RSR; offset < WINDOW; offset += 4) {
		u32 before = get(offset), mask = 0;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			mask |= kept[i].offset == offset ? kept[i].mask : 0;
		set(offset, ~0u);
		assert_int_equal(get(offset), mask ? mask : before);
		set(offset, 0);
		assert_int_equal(get(offset), mask ? 0 : before);
	}
	assert_string_equal(printed(), "");
}

static void identification(void **state)
{
	static const u8 id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };	/* revision r1p4 */

	for (u32 i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(get(PERIPHID + 4 * i), id[i]);
	assert_int_equal(get(PERIPHID - 4), 0);
	assert_int_equal(get(PERIPHID + 4 * ARRAY_SIZE(id)), 0);
}

/* A part of a register that begins where that does; nothing of it for those that begin elsewhere or are longer. */
static void widths(void **state)
{
	for (u32 size = 1; size <= 4; size *= 2) {
		access_of(LCR_H, size, 1, 0x70);
		assert_int_equal(access_of(LCR_H, size, 0, 0), 0x70);
		access_of(DR, size, 1, 'a');
	}
	assert_string_equal(printed(), "aaa");
	for (u32 size = 1; size <= 8; size *= 2) {
		for (u32 offset = 0; offset < 0x100; offset += size) {
			if (offset % 4 == 0 && size <= 4)
				continue;
			access_of(offset, size, 1, ~0ULL >> (64 - 8 * size));
			assert_int_equal(access_of(offset, size, 0, 0), 0);
		}
	}
	assert_int_equal(get(LCR_H), 0x70);
	assert_int_equal(get(CR), 0x300);
	assert_string_equal(printed(), "aaa");
}

static void output(void **state)
{
	set(DR, 0x12345600 | 'h');	/* the upper bits are nothing to send */
	set(DR, 'i');
	assert_string_equal(printed(), "hi");
	assert_int_equal(get(FR) & (TXFE | TXFF | BUSY), TXFE);
	for (u32 i = 0; i < 2 * RING; i++)
		set(DR, 'a' + i % 26);
	assert_int_equal(strlen(printed()), RING);	/* the last that fit; it never waits */
	assert_int_equal(printed()[RING - 1], 'a' + (2 * RING - 1) % 26);
	assert_int_equal(get(FR) & TXFF, 0);
}

static void input_in_order(void **state)
{
	assert_int_equal(console_input(&cell, 'x', 0), 0);
	assert_int_equal(console_input(&cell, 0xfe, 0), 0);
	assert_int_equal(get(FR) & RXFE, 0);
	assert_int_equal(get(DR), 'x');
	assert_int_equal(get(FR) & RXFE, 0);
	assert_int_equal(get(DR), 0xfe);	/* no error bits */
	assert_int_equal(get(FR) & RXFE, RXFE);
	assert_int_equal(get(DR), 0);
	assert_int_equal(get(RSR), 0);
}

/* What does not fit is refused; what waits is not harmed. Over the end of its counters, too. */
static void input_overflow(void **state)
{
	cell.console.in_head = cell.console.in_tail = ~0u - 10;
	for (u32 round = 0; round < 3; round++) {
		for (u32 i = 0; i < INPUT; i++)
			assert_int_equal(console_input(&cell, i, 0), 0);
		assert_int_equal(console_input(&cell, 'z', 0), -HC_EAGAIN);
		assert_int_equal(console_input(&cell, 'z', 0), -HC_EAGAIN);
		assert_int_equal(get(DR), 0);
		assert_int_equal(console_input(&cell, INPUT, 0), 0);
		for (u32 i = 1; i <= INPUT; i++)
			assert_int_equal(get(DR), i);
		assert_int_equal(get(FR) & RXFE, RXFE);
	}
}

static void transmit_interrupt(void **state)
{
	assert_int_equal(get(RIS), 0);		/* nothing was sent yet */
	set(IMSC, TX);
	assert_false(line);
	set(DR, 'a');
	assert_int_equal(get(RIS), TX);
	assert_int_equal(get(MIS), TX);
	assert_true(line);
	set(ICR, RX | RT);
	assert_true(line);
	set(ICR, TX);
	assert_int_equal(get(RIS), 0);
	assert_false(line);
	set(IMSC, 0);
	set(DR, 'b');
	assert_int_equal(get(RIS), TX);
	assert_int_equal(get(MIS), 0);
	assert_false(line);
	set(IMSC, TX);
	assert_true(line);
	set(IMSC, 0);
	assert_false(line);
}

/* The level follows the FIFO: clearing does not end it, reading does. */
static void receive_interrupt(void **state)
{
	set(IMSC, RX);
	assert_int_equal(console_input(&cell, 'a', 0), 0);
	assert_int_equal(console_input(&cell, 'b', 0), 0);
	assert_true(line);
	assert_int_equal(get(RIS), RX | RT);
	assert_int_equal(get(MIS), RX);
	set(ICR, 0x7ff);
	assert_true(line);
	assert_int_equal(get(RIS), RX | RT);
	get(DR);
	assert_true(line);
	get(DR);
	assert_false(line);
	assert_int_equal(get(RIS), 0);
	set(IMSC, RT);
	assert_int_equal(console_input(&cell, 'c', 0), 0);
	assert_int_equal(get(MIS), RT);
	assert_true(line);
	get(DR);
	assert_false(line);
}

/* As long as it is up, each access says so again; as long as it is down, none disturbs the distributor. */
static void line_is_told(void **state)
{
	for (u32 i = 0; i < 100; i++)
		set(DR, 'a');
	assert_int_equal(line_calls, 0);
	set(IMSC, TX);
	assert_int_equal(line_calls, 1);
	get(FR);
	assert_int_equal(line_calls, 2);
	set(IMSC, 0);
	assert_int_equal(line_calls, 3);
	get(FR);
	assert_int_equal(line_calls, 3);
}

static void reset(void **state)
{
	set(IMSC, 0x7ff);
	set(IBRD, 0x1234);
	set(DR, 'a');
	assert_int_equal(console_input(&cell, 'k', 0), 0);
	assert_true(line);
	vpl011_cell_reset(&cell);
	assert_int_equal(get(IMSC), 0);
	assert_int_equal(get(IBRD), 0);
	assert_int_equal(get(CR), 0x300);
	assert_int_equal(get(MIS), 0);
	assert_int_equal(get(DR), 'k');		/* typed ahead: it is the next run's */
	assert_string_equal(printed(), "a");
}

/* Random accesses of any kind: the registers keep to their bits, the line is what MIS says. */
static void anything(void **state)
{
	u64 chance = 7;

	for (u32 i = 0; i < 200000; i++) {
		u64 r = fake_random(&chance);
		u32 size = 1u << (r & 3), near = r >> 8 & 1 ? 0x50 : 0x1000, offset = (u32)(r >> 16) % near & ~(size - 1);

		if ((r >> 4 & 15) == 0)
			console_input(&cell, r >> 32 & 0xff, 0);
		access_of(offset, size, r >> 12 & 1, (r >> 32) & (~0ULL >> (64 - 8 * size)));
		assert_int_equal(line, !!(get(RIS) & get(IMSC)));
		assert_int_equal(get(RIS) & ~(RX | TX | RT), 0);
		assert_true(cell.console.in_head - cell.console.in_tail <= INPUT);
		assert_int_equal(get(FR), TXFE | (cell.console.in_head == cell.console.in_tail ? RXFE : 0));
	}
}

static void cell_without(void **state)
{
	memset(&cell, 0, sizeof(cell));
	config = (struct cfg_cell){ .console_size = RING };
	cell.config = &config;
	cell.console.out = (struct ring){ .text = text, .size = RING };
	assert_int_equal(vpl011_cell_init(&cell, NULL), 0);
	assert_null(mmio_find(&cell.mmio, UART));
	assert_int_equal(console_input(&cell, 'x', 0), 0);	/* for HC_CONSOLE_READ */
	assert_int_equal(console_getc(&cell), 'x');
	assert_int_equal(console_getc(&cell), -HC_EEMPTY);
	assert_int_equal(line_calls, 0);
	cell.console.out.size = 0;
	assert_int_equal(console_input(&cell, 'x', 0), -HC_EEMPTY);
	assert_int_equal(console_write(&cell, 1, (u64[]){ 'x' }), -HC_EEMPTY);
}

#define TEST(name)	cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_reset), TEST(what_can_be_written), TEST(identification), TEST(widths), TEST(output),
		TEST(input_in_order), TEST(input_overflow), TEST(transmit_interrupt), TEST(receive_interrupt), TEST(line_is_told),
		TEST(reset), TEST(anything), TEST(cell_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
