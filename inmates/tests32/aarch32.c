// SPDX-License-Identifier: GPL-2.0-only
/* A 32-bit inmate uses what a cell has: timers, UART, GIC by CP15, PSCI and SMCCC, a second CPU, DMA; with newlib. */
#include <stdio.h>
#include <string.h>
#include <inmate/edu.h>
#include <inmate/fdt.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/pci.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#define SGI_PING	1
#define SGI_OFF		2
#define UART_INT_TX	0x20		/* in the interrupt registers */
#define UART_IMSC	0x38
#define UART_ICR	0x44
#define WAIT_US		5000000
#define DMA_BYTES	256

extern u32 boot_registers[3];

static volatile u32 taken[INTID_NONE], pings[CPU_MAX];
static volatile bool leave;

static void note(u32 intid, void *context)
{
	taken[intid]++;
	if (intid == INTID_VTIMER)
		vtimer_stop();
	if (intid == INTID_PTIMER)
		ptimer_stop();
	if (intid == uart_irq)
		mmio_write32(uart_base + UART_IMSC, 0);
	if (intid == SGI_PING)
		pings[this_cpu()->index]++;
	if (intid == SGI_OFF)
		leave = true;
}

static bool wait_for(volatile u32 *count, u32 more_than)
{
	u64 deadline = timer_ticks() + timer_us(WAIT_US);

	while (*count <= more_than)
		if (timer_ticks() > deadline)
			return false;
	return true;
}

static void expect_interrupts(void)
{
	static const u32 intids[] = { SGI_PING, SGI_OFF, INTID_VTIMER, INTID_PTIMER };

	for (u32 i = 0; i < ARRAY_SIZE(intids); i++) {
		irq_handler(intids[i], note, NULL);
		gic_enable(intids[i]);
	}
}

static void check_start(void)
{
	char text[64];

	ktap_ok(boot_registers[0] == 0 && boot_registers[1] == ~0u && boot_registers[2] == (u32)fdt_blob(),
		"r0 to r2 are those of the Arm boot protocol (0x%x 0x%x 0x%x)", boot_registers[0], boot_registers[1],
		boot_registers[2]);
	ktap_ok((read_sysreg(mpidr_el1) & 0xffffff) == cpu_mpidr(0), "MPIDR has the affinity of the device tree");
	snprintf(text, sizeof(text), "%08.3f %s %lld", 3.25, "newlib", -5000000000LL);
	ktap_ok(!strcmp(text, "0003.250 newlib -5000000000"), "newlib's printf (%s)", text);
}

static void check_timers(void)
{
	u64 start = timer_ticks();

	vtimer_set(start + timer_us(2000));
	ktap_ok(wait_for(&taken[INTID_VTIMER], 0) && timer_ticks() - start >= timer_us(2000), "the virtual timer, in time");
	ptimer_set(read_sysreg(cntpct_el0) + timer_us(2000));
	ktap_ok(wait_for(&taken[INTID_PTIMER], 0), "the physical timer");
	for (u32 i = 0; i < 100; i++) {
		u32 before = taken[INTID_VTIMER];

		vtimer_set(timer_ticks());
		if (!wait_for(&taken[INTID_VTIMER], before))
			break;
	}
	ktap_ok(taken[INTID_VTIMER] == 101, "a hundred more (%u)", taken[INTID_VTIMER]);
}

static void check_uart(void)
{
	if (!uart_base || !uart_irq) {
		ktap_skip("no UART", "its interrupt");
		return;
	}
	irq_handler(uart_irq, note, NULL);
	gic_set_edge(uart_irq, false);
	gic_enable(uart_irq);
	mmio_write32(uart_base + UART_ICR, UART_INT_TX);
	mmio_write32(uart_base + UART_IMSC, UART_INT_TX);
	mmio_write32(uart_base + UART_DR, '\n');
	ktap_ok(wait_for(&taken[uart_irq], 0), "the UART interrupts when it has sent");
	gic_disable(uart_irq);
}

static void check_gic(void)
{
	u32 before = pings[0];

	ktap_ok(mmio_read64(gicr_base() + GICR_TYPER) >> 32 == 0, "GICR_TYPER by halves");
	gic_send_sgi(SGI_PING, cpu_mpidr(0));
	ktap_ok(wait_for(&pings[0], before), "an SGI to this CPU");
	irq_disable();
	gic_send_sgi(SGI_PING, cpu_mpidr(0));
	timer_delay_us(100);
	ktap_ok(pings[0] == before + 1, "none while CPSR.I masks it");
	irq_enable();
	ktap_ok(wait_for(&pings[0], before + 1), "then it comes");
}

/* The function as it is, unlike what smccc.S does. */
static s32 raw_call(u32 function, u32 a)
{
	register u32 r0 asm("r0") = function, r1 asm("r1") = a;

	asm volatile(".arch_extension virt\n\thvc #0" : "+r"(r0), "+r"(r1) : : "r2", "r3", "memory");
	return (s32)r0;
}

static void check_calls(void)
{
	struct smccc uid = { .x = { HC_CALL_UID } };

	ktap_ok(raw_call(PSCI_VERSION, 0) == 0x10001, "PSCI 1.1");
	ktap_ok(raw_call(PSCI_FEATURES, 0x84000003) == 0, "it has CPU_ON");
	ktap_ok(raw_call(PSCI_CPU_ON, 0) == SMCCC_NOT_SUPPORTED, "calls with 64-bit arguments are refused");
	if (!in_cell())
		return;
	ktap_ok(raw_call(HC_VERSION, 0) == SMCCC_NOT_SUPPORTED, "also Cloister's own");
	ktap_ok(hypercall(HC_VERSION, 0, 0, 0) > 0, "whose 32-bit forms are there");
	smccc_hvc(&uid);
	ktap_ok((u32)uid.x[0] == HC_UID_0 && (u32)uid.x[3] == HC_UID_3, "and its UID");
	smccc_smc(&(struct smccc){ .x = { PSCI_VERSION } });
	ktap_ok(hypercall(HC_LOG_READ, (u32)&uid, sizeof(uid), 0) < 0, "the root cell's calls are refused");
}

static void secondary(struct cpu *cpu)
{
	expect_interrupts();
	while (!leave)
		wfi();
}

static void check_cpu(void)
{
	u64 deadline;

	if (cpu_count() < 2) {
		ktap_skip("one CPU", "a second CPU");
		return;
	}
	leave = false;
	ktap_ok(psci(PSCI_AFFINITY_INFO, cpu_mpidr(1), 0, 0) == 1, "CPU 1 is off");
	ktap_ok(!cpu_start(1, secondary), "PSCI CPU_ON of CPU 1, at an address of T32");
	deadline = timer_ticks() + timer_us(WAIT_US);
	while (!cpus[1].running && timer_ticks() < deadline)
		;
	ktap_ok(cpus[1].running, "it runs");
	ktap_ok(cpu_start(1, secondary) == PSCI_ALREADY_ON, "it cannot be started twice");
	pings[1] = 0;
	timer_delay_us(10000);
	gic_send_sgi(SGI_PING, cpu_mpidr(1));
	ktap_ok(wait_for(&pings[1], 0), "an SGI to it");
	write_sysreg(1ULL << 40 | SGI_OFF << 24, icc_sgi1r_el1);
	deadline = timer_ticks() + timer_us(WAIT_US);
	while (psci(PSCI_AFFINITY_INFO, cpu_mpidr(1), 0, 0) != 1 && timer_ticks() < deadline)
		;
	ktap_ok(psci(PSCI_AFFINITY_INFO, cpu_mpidr(1), 0, 0) == 1 && leave,
		"an SGI to all others makes it switch itself off");
}

static void check_dma(void)
{
	static u8 from[DMA_BYTES] __attribute__((aligned(64))), to[DMA_BYTES] __attribute__((aligned(64)));
	static struct edu edu;

	pci_init();
	if (!edu_init(&edu)) {
		ktap_skip("no edu device", "DMA");
		return;
	}
	for (u32 i = 0; i < DMA_BYTES; i++)
		from[i] = (u8)(i * 7 + 1);
	ktap_ok(edu_dma(&edu, (u32)from, 0, DMA_BYTES, false, false), "DMA from memory, by polling");
	ktap_ok(edu_dma(&edu, (u32)to, 0, DMA_BYTES, true, edu.irq != 0), "DMA to memory, by interrupt");
	ktap_ok(!memcmp(from, to, DMA_BYTES), "the bytes are the same");
	ktap_ok(edu.interrupts == 1, "one interrupt (%u)", edu.interrupts);
}

int main(void)
{
	ktap_begin("aarch32: what a cell has, in 32 bits");
	expect_interrupts();
	check_start();
	check_timers();
	check_uart();
	check_gic();
	check_calls();
	for (u32 round = 0; round < 2; round++)
		check_cpu();
	check_dma();
	ktap_end();
	return 0;
}
