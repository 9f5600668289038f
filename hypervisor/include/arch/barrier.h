/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contract: barriers and waiting. asm/barrier.h of the architecture (or of the fake one for host tests) provides, as
 * static inline:
 *   dsb_ish() dsb_ishst() dsb_sy() dmb_ish() isb()	as the instructions
 *   cpu_relax()		in a spin loop
 *   send_event()		SEV
 *   wait_for_interrupt()	WFI; returns also for a masked pending interrupt
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H
#include <asm/barrier.h>
#endif
