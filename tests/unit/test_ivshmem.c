// SPDX-License-Identifier: GPL-2.0-only
/*
 * ivshmem: three cells on one channel, and a fourth whose channel has the same numbers and comes to stand in the same list.
 * Registers at every width, sizing of BARs, INTx as drivers use it, doorbells to whom they must not reach, and what is left
 * of a cell that ended.
 */
#include <string.h>

#include "fake/fake.h"
#include <hyp/bits.h>
#include <hyp/cell.h>
#include "../../hypervisor/pci/pci_regs.h"

#define HOST		0x0b000000UL
#define REGS		(HOST + 0x100000)
#define SIZE		0x100000UL
#define PA		0x50000000UL
#define LISTS		16		/* pci/ivshmem.c */
#define BIG_IPA		0x1200000000UL
#define BIG_SIZE	0x200000000UL
#define IRQ		40u

enum { INTR_MASK = 0, INTR_STATUS = 4, IV_POSITION = 8, DOORBELL = 12, STATE = 16, MAX_PEERS = 20, STATES = 32 };
enum { A, B, C, OTHER, CELLS };

static struct {
	struct cfg_cell cell;
	struct cfg_mem mem[2];
	struct cfg_ivshmem dev[2];
} configs[CELLS];
static struct cell cell[CELLS];
static u32 raised[CELLS], lowered[CELLS];	/* calls */
static bool line[CELLS];

void vgic_set_line(struct cell *of, u32 intid, bool up)
{
	size_t n = (size_t)(of - cell);

	assert_true(n < CELLS);
	assert_true(intid == IRQ || (n == A && intid == IRQ + 1));
	if (intid != IRQ)
		return;
	up ? raised[n]++ : lowered[n]++;
	line[n] = up;
}

/* ---- cells and their accesses ---- */

static void build(u32 n)
{
	struct hc_error err = { "" };

	configs[n].cell = (struct cfg_cell){ .ivshmem_ipa = HOST, .mem_count = 2, .ivshmem_count = n == A ? 2 : 1 };
	configs[n].mem[0] = (struct cfg_mem){ .pa = PA, .ipa = 0x60000000 + n * SIZE, .size = SIZE };
	if (n == OTHER)
		configs[n].mem[0].pa += LISTS * SIZE;
	configs[n].mem[1] = (struct cfg_mem){ .pa = 0x800000000, .ipa = BIG_IPA, .size = BIG_SIZE };
	configs[n].dev[0] = (struct cfg_ivshmem){ .mem = 0, .irq = IRQ, .id = n == OTHER ? B : n, .peers = 3 };
	configs[n].dev[1] = (struct cfg_ivshmem){ .mem = 1, .irq = IRQ + 1, .id = 5, .peers = 7 };
	cell[n] = (struct cell){ .id = n, .config = &configs[n].cell };
	assert_int_equal(ivshmem_cell_init(&cell[n], &err), 0);
}

static int setup(void **state)
{
	(void)state;
	memset(raised, 0, sizeof(raised));
	memset(lowered, 0, sizeof(lowered));
	memset(line, 0, sizeof(line));
	for (u32 n = 0; n < CELLS; n++) {
		build(n);
		ivshmem_attach(&cell[n]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (u32 n = 0; n < CELLS; n++)
		ivshmem_detach(&cell[n]);
	return 0;
}

static bool try(u32 n, u64 at, u32 size, bool write, u64 *value)
{
	struct mmio_access access = { .offset = at - HOST, .size = size, .write = write, .value = write ? *value : 0 };
	const struct mmio_region *region = mmio_find(&cell[n].mmio, at);
	bool done = region->fn(NULL, region->ctx, &access);

	*value = access.value;
	return done;
}

static u64 rd(u32 n, u64 at, u32 size)
{
	u64 value;

	assert_true(try(n, at, size, false, &value));
	return size == 8 ? value : value & ((1UL << 8 * size) - 1);
}

static void wr(u32 n, u64 at, u32 size, u64 value)
{
	assert_true(try(n, at, size, true, &value));
}

static u32 reg(u32 n, u64 at) { return (u32)rd(n, REGS + at, 4); }
static void set_reg(u32 n, u64 at, u32 value) { wr(n, REGS + at, 4, value); }
static u32 cfg(u32 n, u64 at) { return (u32)rd(n, HOST + at, 4); }
static void set_cfg(u32 n, u64 at, u32 value) { wr(n, HOST + at, 4, value); }
static void ring(u32 n, u32 peer) { set_reg(n, DOORBELL, peer << 16); }
static bool has_status(u32 n) { return cfg(n, PCI_COMMAND) & PCI_STATUS_INTX; }

/* ---- registers ---- */

static void test_registers(void **state)
{
	(void)state;
	for (u32 n = 0; n < OTHER; n++) {
		assert_int_equal(reg(n, IV_POSITION), n);
		assert_int_equal(reg(n, MAX_PEERS), 3);
	}
	assert_int_equal(reg(OTHER, IV_POSITION), B);
	set_reg(A, INTR_MASK, ~0u);
	assert_int_equal(reg(A, INTR_MASK), 1);
	set_reg(A, INTR_MASK, ~1u);
	assert_int_equal(reg(A, INTR_MASK), 0);
	set_reg(A, STATE, 0xfeedbeef);
	assert_int_equal(reg(A, STATE), 0xfeedbeef);
	for (u64 at = 0; at < 0x1000; at += 4) {	/* all else reads as zero and ignores writes */
		if (at == INTR_MASK || at == DOORBELL || at == STATE)
			continue;
		set_reg(A, at, ~0u);
		if (at != MAX_PEERS && at != STATES)
			assert_int_equal(reg(A, at), 0);
	}
	assert_int_equal(reg(A, MAX_PEERS), 3);
	assert_int_equal(reg(A, DOORBELL), 0);
	assert_int_equal(raised[A] + raised[OTHER], 0);
}

static void test_only_words(void **state)
{
	(void)state;
	set_reg(A, STATE, 0x11223344);
	for (u32 size = 1; size <= 8; size += size) {
		if (size == 4)
			continue;
		assert_int_equal(rd(A, REGS + STATE, size), 0);
		wr(A, REGS + STATE, size, 0);
		wr(A, REGS + INTR_MASK, size, 1);
		wr(A, REGS + (size == 8 ? 8 : DOORBELL), size, ~0UL);
	}
	assert_int_equal(reg(A, STATE), 0x11223344);
	assert_int_equal(reg(A, INTR_MASK), 0);
	ring(A, B);
	assert_int_equal(rd(B, REGS + INTR_STATUS, 2), 0);
	assert_int_equal(rd(B, REGS, 8), 0);
	assert_int_equal(reg(B, INTR_STATUS), 1);	/* by those it was not cleared */
}

static void test_second_device(void **state)
{
	u64 value;

	(void)state;
	assert_int_equal(reg(A, 0x1000 + IV_POSITION), 5);
	assert_int_equal(reg(A, 0x1000 + MAX_PEERS), 7);
	set_reg(A, 0x1000 + STATE, 3);
	assert_int_equal(reg(A, 0x1000 + STATES + 4 * 5), 3);
	assert_int_equal(reg(A, STATE), 0);
	assert_false(try(A, REGS + 0x2000, 4, false, &value));
	assert_false(try(B, REGS + 0x1000, 4, true, &value));
	assert_false(try(B, HOST + 0x1ffffc, 4, false, &value));
}

/* ---- configuration space ---- */

static void test_identity(void **state)
{
	(void)state;
	assert_int_equal(cfg(A, PCI_ID), 0x11101af4);
	assert_int_equal(rd(A, HOST + 2, 2), 0x1110);
	assert_int_equal(rd(A, HOST + 1, 1), 0x1a);
	assert_int_equal(rd(A, HOST, 8), (u64)cfg(A, PCI_COMMAND) << 32 | 0x11101af4);
	assert_int_equal(cfg(A, PCI_CLASS), 0x05000000);
	assert_int_equal(cfg(A, PCI_SUBSYSTEM), 0x11001af4);
	assert_int_equal(cfg(A, PCI_INTERRUPT), 0x100);
	assert_int_equal(cfg(A, PCI_TYPE), 0);
	assert_int_equal(cfg(A, PCI_CAP_POINTER), 0);
	assert_int_equal(cfg(A, 0x40), 0);
	assert_int_equal(cfg(A, 0x100), 0);
	set_cfg(A, PCI_ID, 0);
	set_cfg(A, PCI_CLASS, ~0u);
	set_cfg(A, 0x40, ~0u);
	wr(A, HOST + PCI_INTERRUPT, 2, 0xffff);
	assert_int_equal(cfg(A, PCI_ID), 0x11101af4);
	assert_int_equal(cfg(A, PCI_CLASS), 0x05000000);
	assert_int_equal(cfg(A, 0x40), 0);
	assert_int_equal(cfg(A, PCI_INTERRUPT), 0x1ff);
}

static void test_absent_functions(void **state)
{
	static const u64 absent[] = { 1 << 12, 7 << 12, 1 << 15, 2 << 15, 31 << 15 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++) {
		for (u32 size = 1; size <= 8; size += size) {
			assert_int_equal(rd(B, HOST + absent[i], size), ~0UL >> (64 - 8 * size));
			wr(B, HOST + absent[i] + 0x10, size, 0);
		}
	}
	assert_int_equal(cfg(A, 1 << 15), 0x11101af4);
	assert_int_equal(rd(A, HOST + 0xffff8, 8), ~0UL);
	assert_int_equal(cfg(A, (1 << 15) + (1 << 12)), ~0u);
}

static void test_bars(void **state)
{
	(void)state;
	assert_int_equal(cfg(A, PCI_BAR0), REGS);
	assert_int_equal(cfg(A, (1 << 15) + PCI_BAR0), REGS + 0x1000);
	assert_int_equal(cfg(B, PCI_BAR2), 0x6010000c);
	assert_int_equal(cfg(B, PCI_BAR2 + 4), 0);
	for (u64 at = PCI_BAR0; at <= PCI_ROM_FUNCTION; at += 4)
		set_cfg(B, at, ~0u);
	assert_int_equal(cfg(B, PCI_BAR0), 0xfffff000);
	assert_int_equal(cfg(B, PCI_BAR1), 0);
	assert_int_equal(cfg(B, PCI_BAR2), 0xfff0000c);
	assert_int_equal(cfg(B, PCI_BAR2 + 4), ~0u);
	assert_int_equal(cfg(B, PCI_BAR5 - 4), 0);
	assert_int_equal(cfg(B, PCI_BAR5), 0);
	assert_int_equal(cfg(B, PCI_ROM_FUNCTION), 0);
	set_cfg(B, PCI_BAR2, 0x60100000);
	set_cfg(B, PCI_BAR2 + 4, 0);
	assert_int_equal(rd(B, HOST + PCI_BAR2, 8), 0x6010000c);
	assert_int_equal(reg(B, IV_POSITION), B);	/* where it was */
}

static void test_big_bar(void **state)
{
	u64 slot = HOST + (1 << 15);

	(void)state;
	assert_int_equal(rd(A, slot + PCI_BAR2, 8), BIG_IPA | 0xc);
	wr(A, slot + PCI_BAR2, 8, ~0UL);
	assert_int_equal(rd(A, slot + PCI_BAR2, 8), ~(BIG_SIZE - 1) | 0xc);
}

/* ---- interrupts ---- */

static void test_doorbell(void **state)
{
	(void)state;
	set_reg(B, INTR_MASK, 1);
	ring(A, B);
	assert_true(line[B] && has_status(B));
	assert_int_equal(raised[A] + raised[C] + raised[OTHER], 0);
	assert_int_equal(reg(C, INTR_STATUS) | reg(A, INTR_STATUS), 0);
	assert_int_equal(reg(B, INTR_STATUS), 1);
	assert_false(line[B] || has_status(B));
	assert_int_equal(reg(B, INTR_STATUS), 0);
}

static void test_ignored_doorbells(void **state)
{
	static const u32 values[] = { A << 16, B << 16 | 1, B << 16 | 0x8000, 3 << 16, 4 << 16, 0x7fff0000, 0xffff0000, B };

	(void)state;
	for (u32 n = 0; n < CELLS; n++)
		set_reg(n, INTR_MASK, 1);
	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		set_reg(A, DOORBELL, values[i]);
	for (u32 n = 0; n < CELLS; n++) {
		assert_int_equal(raised[n], 0);
		assert_int_equal(reg(n, INTR_STATUS), 0);
	}
}

/* What a storm costs the receiver: nothing before it has looked. */
static void test_storm(void **state)
{
	(void)state;
	set_reg(B, INTR_MASK, 1);
	for (u32 round = 1; round <= 3; round++) {
		for (u32 i = 0; i < 1000; i++) {
			ring(A, B);
			ring(C, B);
			set_reg(A, STATE, i);
		}
		assert_int_equal(raised[B], round);
		assert_int_equal(reg(B, INTR_STATUS), 1);
	}
}

static void test_masked(void **state)
{
	(void)state;
	ring(A, B);
	assert_false(line[B] || has_status(B) || raised[B]);
	set_reg(B, INTR_MASK, 1);
	assert_true(line[B] && has_status(B));
	set_reg(B, INTR_MASK, 0);
	assert_false(line[B] || has_status(B));
	assert_int_equal(reg(B, INTR_STATUS), 1);
	set_reg(B, INTR_MASK, 1);
	assert_false(line[B]);
}

/* As pci_check_and_mask_intx() and the user of uio_pci_generic do it. */
static void test_intx_disable(void **state)
{
	(void)state;
	set_reg(B, INTR_MASK, 1);
	wr(B, HOST + PCI_COMMAND, 2, PCI_COMMAND_MEM);
	ring(A, B);
	set_cfg(B, PCI_COMMAND, cfg(B, PCI_COMMAND) | PCI_COMMAND_INTX_OFF);
	assert_false(line[B]);
	assert_true(has_status(B));
	assert_int_equal(cfg(B, PCI_COMMAND) & 0xffff, PCI_COMMAND_INTX_OFF | PCI_COMMAND_MEM);
	raised[B] = 0;
	for (u32 i = 0; i < 100; i++)
		ring(A, B);
	assert_int_equal(raised[B], 0);
	wr(B, HOST + PCI_COMMAND + 1, 1, 0);
	assert_true(line[B]);
	assert_int_equal(reg(B, INTR_STATUS), 1);
	assert_false(line[B] || has_status(B));
	set_cfg(B, PCI_COMMAND, ~0u);
	assert_int_equal(cfg(B, PCI_COMMAND), PCI_COMMAND_MEM | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
}

/* A handler that ends without having looked is called again when the cell accesses the device next. */
static void test_level(void **state)
{
	(void)state;
	set_reg(B, INTR_MASK, 1);
	ring(A, B);
	line[B] = false;
	reg(B, IV_POSITION);
	assert_true(line[B]);
}

/* ---- peers ---- */

static void test_states(void **state)
{
	(void)state;
	for (u32 n = 0; n < CELLS; n++)
		set_reg(n, INTR_MASK, 1);
	set_reg(A, STATE, 0x1234);
	for (u32 n = 0; n < OTHER; n++)
		assert_int_equal(reg(n, STATES + 4 * A), 0x1234);
	assert_int_equal(reg(A, INTR_STATUS), 0);
	assert_int_equal(reg(B, INTR_STATUS) & reg(C, INTR_STATUS), 1);
	set_reg(A, STATE, 0x1234);
	assert_int_equal(reg(B, INTR_STATUS) | reg(C, INTR_STATUS), 0);
	set_reg(B, STATE, 2);
	assert_int_equal(reg(C, STATES + 4 * B), 2);
	for (u32 at = STATES + 4 * 3; at < 0x1000; at += 4)
		assert_int_equal(reg(A, at), 0);
}

static void test_other_channel(void **state)
{
	(void)state;
	set_reg(OTHER, INTR_MASK, 1);
	set_reg(B, STATE, 7);
	ring(A, B);
	ring(C, B);
	assert_int_equal(reg(OTHER, INTR_STATUS), 0);
	assert_int_equal(raised[OTHER], 0);
	assert_int_equal(reg(OTHER, STATES + 4 * B), 0);
	assert_int_equal(reg(OTHER, STATES + 4 * A), 0);
	set_reg(OTHER, STATE, 9);
	assert_int_equal(reg(A, STATES + 4 * B), 7);
	ring(OTHER, A);
	assert_int_equal(reg(A, INTR_STATUS), 1);	/* told by B's state */
	assert_int_equal(reg(A, INTR_STATUS), 0);
}

/* Its CPUs may still make accesses until they are parked. */
static void test_end(void **state)
{
	(void)state;
	set_reg(A, STATE, 5);
	set_reg(A, INTR_MASK, 1);
	set_reg(B, INTR_MASK, 1);
	reg(B, INTR_STATUS);
	raised[A] = raised[B] = 0;
	ivshmem_detach(&cell[A]);
	assert_true(line[B]);
	assert_int_equal(reg(B, INTR_STATUS), 1);
	assert_int_equal(reg(B, STATES + 4 * A), 0);
	set_reg(A, STATE, 6);
	ring(A, B);
	assert_int_equal(reg(B, STATES + 4 * A), 0);
	assert_int_equal(reg(B, INTR_STATUS), 0);
	ring(B, A);
	set_reg(B, STATE, 1);
	assert_int_equal(raised[A], 0);
	ivshmem_detach(&cell[A]);
	assert_int_equal(reg(B, INTR_STATUS), 0);
}

static void test_start_over(void **state)
{
	(void)state;
	set_reg(A, STATE, 5);
	set_reg(A, INTR_MASK, 1);
	set_cfg(A, PCI_COMMAND, ~0u);
	set_cfg(A, PCI_BAR0, ~0u);
	ring(B, A);
	ivshmem_detach(&cell[A]);
	ivshmem_attach(&cell[A]);
	assert_int_equal(reg(B, STATES + 4 * A), 0);
	assert_int_equal(reg(A, STATE) | reg(A, INTR_MASK) | reg(A, INTR_STATUS), 0);
	assert_int_equal(cfg(A, PCI_COMMAND), 0);
	assert_int_equal(cfg(A, PCI_BAR0), REGS);
	ring(B, A);
	assert_int_equal(reg(A, INTR_STATUS), 1);
}

/* One that was built and does not run yet, and one that came to nothing, are not there. */
static void test_not_started(void **state)
{
	(void)state;
	ivshmem_detach(&cell[C]);
	build(C);
	set_reg(C, STATE, 4);
	ring(C, B);
	ring(B, C);
	assert_int_equal(reg(B, STATES + 4 * C) | reg(B, INTR_STATUS) | reg(C, INTR_STATUS), 0);
	ivshmem_detach(&cell[C]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_registers), TEST(test_only_words), TEST(test_second_device), TEST(test_identity),
		TEST(test_absent_functions), TEST(test_bars), TEST(test_big_bar), TEST(test_doorbell),
		TEST(test_ignored_doorbells), TEST(test_storm), TEST(test_masked), TEST(test_intx_disable), TEST(test_level),
		TEST(test_states), TEST(test_other_channel), TEST(test_end), TEST(test_start_over), TEST(test_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
