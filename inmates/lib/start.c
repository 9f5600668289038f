/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Start-up in C: first with the MMU off, then the drivers, then main(). */
#include <inmate/console.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/mmu.h>
#include <inmate/pci.h>
#include <inmate/smccc.h>

#define QEMU_DTB	0x40000000	/* where QEMU puts it for an ELF file on a bare machine */

int main(void);
void start_early(u64 x0);
void start_late(void) __attribute__((noreturn));

u64 start_ticks;		/* CNTPCT at the first instruction */

void start_early(u64 x0)
{
	if (!x0 || x0 % 8 || !fdt_init((const void *)x0))
		fdt_init((const void *)QEMU_DTB);
	mmu_init();
}

void start_late(void)
{
	console_init();
	gic_init();
	gic_cpu_init();
	pci_init();
	irq_enable();
	main();
	machine_off();
}
