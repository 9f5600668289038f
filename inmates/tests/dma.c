/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I2: the device reaches only what the cell has. On a bare machine with RAM there these checks fail, as they
 * must where no SMMU is in the way. The victims' bytes and the hypervisor's counts are checked by the
 * harness.
 */
#include <inmate/edu.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/mmu.h>
#include <inmate/string.h>
#include <inmate/timer.h>

#include "victims.h"

#define BLOCK	256

static struct edu edu;
static u8 buffer[BLOCK] __attribute__((aligned(64)));

static bool round_trip(u64 address, bool irq)
{
	u8 *bytes = (u8 *)address;

	for (u32 i = 0; i < BLOCK; i++)
		bytes[i] = i * 7 + address;
	memcpy(buffer, bytes, BLOCK);
	if (!edu_dma(&edu, address, 0, BLOCK, false, irq))
		return false;
	memset(bytes, 0, BLOCK);
	return edu_dma(&edu, address, 0, BLOCK, true, irq) && !memcmp(bytes, buffer, BLOCK);
}

static void check_own(void)
{
	u64 middle = ALIGN_UP((u64)image_end, 4096) + 0x100000;

	ktap_ok(round_trip(middle, false), "own memory, waiting by polling");
	ktap_ok(round_trip(middle, true), "own memory, waiting for the interrupt");
	ktap_ok(round_trip(ram_base + ram_size - BLOCK, false), "the last bytes of own memory");
	ktap_ok(round_trip(middle + 4096 - BLOCK / 2, false), "across a page boundary");
}

/* A transfer that runs out of our memory: the part inside may arrive, the part behind may not. */
static void check_overrun(void)
{
	u64 end = ram_base + ram_size;
	u64 *last = (u64 *)(end - 16);

	memset(buffer, 0x3c, BLOCK);
	edu_dma(&edu, (u64)buffer, 0, 32, false, false);
	ktap_ok(edu_dma(&edu, end - 16, 0, 32, true, false), "a write across the end of own memory ends");
	ktap_ok(last[0] == 0x3c3c3c3c3c3c3c3c && last[1] == last[0], "and its first part arrives");
}

static void check_attack(const struct victim *victim)
{
	struct edu_attack result;

	edu_attack(&edu, victim->address, &result);
	ktap_ok(result.finished, "the device ends its transfers at %s 0x%lx", victim->what, victim->address);
	ktap_ok(!result.wrote, "dma-write %s", victim->what);
	ktap_ok(!result.read, "dma-read %s (got %016lx)", victim->what, result.got[0]);
}

int main(void)
{
	ktap_begin("dma: a device aimed at what the cell does not have");
	if (!edu_init(&edu)) {
		ktap_ok(false, "there is an edu device");
		ktap_end();
		return 0;
	}
	check_own();
	check_overrun();
	for (u32 i = 0; i < ARRAY_SIZE(victims); i++)
		check_attack(&victims[i]);
	timer_delay_us(1000000);	/* what a limit of violations per second took away is back */
	ktap_ok(round_trip(ALIGN_UP((u64)image_end, 4096), true), "own memory, after all attacks");
	ktap_end();
	return 0;
}
