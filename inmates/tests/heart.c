/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The communication page: says that it runs after `ready` ms, beats every 20 ms, and after `beats` of that comes to the
 * `end` that its bootargs name. A request to stop gets the `answer`.
 */
#include <inmate/arch.h>
#include <inmate/comm.h>
#include <inmate/console.h>
#include <inmate/fdt.h>
#include <inmate/random.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define BEAT_US	20000

/* What `end` says; tests/boot/life_cells.py has the same list. */
enum { END_NEVER, END_HANG, END_PANIC, END_OFF, END_RESET, END_FAULT, END_CPU_OFF, END_GARBAGE };
enum { ANSWER_NONE, ANSWER_STOPPED, ANSWER_OFF };

/* No interrupt that EL1 can mask comes through any more. */
static void hang(void)
{
	asm volatile("msr daifset, #15\n1:	b	1b");
}

/* All of the page, the hypervisor's half too, as fast as it goes. */
static void scribble(void)
{
	while (true)
		for (u32 i = 0; i < sizeof(*comm) / 8; i++)
			((volatile u64 *)comm)[i] = random64();
}

static void come_to_an_end(u64 end)
{
	printf("heart: end %lu\n", end);
	switch (end) {
	case END_HANG:
		hang();
		break;
	case END_PANIC:
		machine_panic(77);
	case END_RESET:
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	case END_FAULT:
		mmio_write32(0x100000, 0);
		break;
	case END_CPU_OFF:
		psci(PSCI_CPU_OFF, 0, 0, 0);
		break;
	case END_GARBAGE:
		scribble();
	}
	machine_off();
}

static void answer_stop(u64 answer)
{
	if (answer == ANSWER_NONE)
		return;
	printf("heart: asked to stop\n");
	if (answer == ANSWER_OFF)
		machine_off();
	comm_state(COMM_STATE_STOPPED);
	while (true)
		comm_beat();
}

int main(void)
{
	u64 beats = boot_arg("beats", 0), end = boot_arg("end", END_NEVER), answer = boot_arg("answer", ANSWER_STOPPED);

	printf("heart: %s, request %u\n", comm_init() ? "has a page" : "NO PAGE", comm_request());
	timer_delay_us(boot_arg("ready", 0) * 1000);
	comm_state(COMM_STATE_RUNNING);
	for (u64 beat = 0; end == END_NEVER || beat < beats; beat++) {
		comm_beat();
		if (comm_request() == COMM_REQUEST_STOP)
			answer_stop(answer);
		timer_delay_us(BEAT_US);
	}
	come_to_an_end(end);
	return 0;
}
