/* SPDX-License-Identifier: GPL-2.0-only */
/* boot: what entry.S calls, and the image that we were started from. */
#ifndef HYP_BOOT_H
#define HYP_BOOT_H

#include <hyp/types.h>

void hyp_main(u64 base) __attribute__((noreturn));		/* boot CPU; PA of the image */
void secondary_main(struct cpu *cpu) __attribute__((noreturn));	/* the others */

extern char __hyp_start[];		/* from the linker script: the first byte of system.img */

/* Root and boot cells of the system config, their payloads copied, started. Panics when the image is inconsistent. */
void boot_cells(void);
/* The calling CPU is parked, and its cell, which ended, is to run again: loads and starts it anew. */
void boot_restart(struct cpu *cpu);

/* struct cpu of every configured CPU, with stacks; the calling CPU becomes number 0. */
int percpu_init(const struct cfg_system *sys);
/* Starts the other CPUs through firmware and waits until they are parked in EL2. One that does not come is reported
 * and stays absent. */
int percpu_start_others(const struct cfg_system *sys);

#endif
