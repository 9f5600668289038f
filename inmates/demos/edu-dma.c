/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The demo: a bare-metal inmate with a DMA device. Timer interrupts, DMA to the device and back, its
 * completion interrupt; then the device is pointed at memory that is not ours, which must be stopped; then a
 * heartbeat.
 *
 * Every line starts with "edu-dma:". The victims' bytes are checked by whoever owns them.
 */
#include <inmate/console.h>
#include <inmate/edu.h>
#include <inmate/gic.h>
#include <inmate/mmu.h>
#include <inmate/random.h>
#include <inmate/smccc.h>
#include <inmate/string.h>
#include <inmate/timer.h>

#define HEARTBEAT_US	1000000
#define BLOCK		1024		/* bytes of a transfer to and fro */

static struct edu edu;
static u8 buffer[BLOCK] __attribute__((aligned(64)));
static u8 expected[BLOCK];
static volatile u32 beats;

/* Physical addresses that nothing in this cell's address space has (QEMU virt, Documentation/boards.md). */
static const struct {
	const char *what;
	u64 address;
} victims[] = {
	{ "root memory", 0x60000000 },
	{ "hypervisor memory", 0x45000000 },
	{ "an unassigned hole", 0x3f800000 },
	{ "the SMMU's registers", 0x09050000 },
};

static void beat(u32 intid, void *context)
{
	beats++;
	vtimer_set(read_sysreg(cntv_cval_el0) + timer_us(HEARTBEAT_US));
}

static bool wait_beats(u32 count)
{
	u64 deadline = timer_ticks() + timer_us((count + 5) * HEARTBEAT_US);

	while (beats < count)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

static void fill(u8 *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = random64() >> 32;
}

/* Memory -> device -> cleared memory; true when the bytes came back. */
static bool round_trip(bool irq)
{
	fill(expected, BLOCK);
	memcpy(buffer, expected, BLOCK);
	if (!edu_dma(&edu, (u64)buffer, 0, BLOCK, false, irq))
		return false;
	memset(buffer, 0, BLOCK);
	return edu_dma(&edu, (u64)buffer, 0, BLOCK, true, irq) && !memcmp(buffer, expected, BLOCK);
}

static const char *verdict(const struct edu_attack *result, bool reached)
{
	if (!result->finished)
		return "THE DEVICE DID NOT FINISH";
	return reached ? "REACHED IT" : "stopped";
}

static void attack(const char *what, u64 address)
{
	struct edu_attack result;

	edu_attack(&edu, address, &result);
	printf("edu-dma: attack dma-write %s 0x%lx: %s\n", what, address, verdict(&result, result.wrote));
	printf("edu-dma: attack dma-read %s 0x%lx: %s\n", what, address, verdict(&result, result.read));
}

static void good_part(void)
{
	printf("edu-dma: timer: %s\n", wait_beats(2) ? "2 interrupts" : "NO INTERRUPTS");
	printf("edu-dma: device %02x:%02x at 0x%lx, interrupt %u\n", edu.bdf >> 3, edu.bdf & 7, edu.regs, edu.irq);
	printf("edu-dma: dma to the device and back, polling: %s\n", round_trip(false) ? "ok" : "FAILED");
	printf("edu-dma: dma to the device and back, by interrupt: %s, %u interrupts\n",
	       round_trip(true) ? "ok" : "FAILED", edu.interrupts);
}

static void attacks(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(victims); i++)
		attack(victims[i].what, victims[i].address);
	printf("edu-dma: after the attacks, dma to the device and back: %s\n", round_trip(true) ? "ok" : "FAILED");
}

int main(void)
{
	printf("edu-dma: Cloister inmate, %s, RAM 0x%lx-0x%lx, counter %lu Hz\n", in_cell() ? "in a cell" : "bare machine",
	       ram_base, ram_base + ram_size, timer_hz());
	irq_handler(INTID_VTIMER, beat, NULL);
	gic_enable(INTID_VTIMER);
	vtimer_set(timer_ticks() + timer_us(HEARTBEAT_US));
	if (edu_init(&edu)) {
		good_part();
		attacks();
	} else {
		printf("edu-dma: NO DEVICE\n");
	}
	printf("edu-dma: done, heart beats\n");
	for (u32 seen = 0;; wfi())
		if (beats != seen) {
			seen = beats;
			printf("edu-dma: beat %u\n", seen);
		}
}
