/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer that ends while the other one looks: it has state 7, waits until peer 0 has 9, and is gone in the way that
 * `end=` says. Before that its device, if there is an edu, writes into the shared memory.
 */
#include <inmate/console.h>
#include <inmate/edu.h>
#include <inmate/fault.h>
#include <inmate/fdt.h>
#include <inmate/ivshmem.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define OURS	7
#define THEIRS	9
#define WAIT_MS	20
#define NOWHERE	0x7000000000ULL

enum { END_PANIC, END_OFF, END_RESET, END_FAULT };

static struct ivshmem dev;

static void dma(void)
{
	struct edu edu;
	struct edu_attack result;

	if (!edu_init(&edu))
		return;
	edu_attack(&edu, dev.memory, &result);
	printf("ivshmem-end: DMA %s the shared memory\n", result.wrote ? "reached" : "did not reach");
}

int main(void)
{
	u64 end = boot_arg("end", END_PANIC), value;

	if (!ivshmem_init(&dev, 0))
		machine_panic(1);
	dma();
	ivshmem_set_state(&dev, OURS);
	while (ivshmem_state(&dev, 0) != THEIRS)
		ivshmem_wait(&dev, dev.interrupts, timer_ticks() + timer_us(WAIT_MS * 1000));
	switch (end) {
	case END_RESET:
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	case END_FAULT:
		value = *(volatile u64 *)NOWHERE;
		printf("ivshmem-end: read 0x%lx from nowhere\n", value);
		break;
	case END_OFF:
		machine_off();
	default:
		machine_panic(42);
	}
	return 0;
}
