/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench: what operations cost, on a bare machine and in a cell, from one binary. See bench.h for what it prints, which
 * is also a "bench-start <ticks>" and at the end "bench-done".
 */
#include <inmate/edu.h>
#include <inmate/gic.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define SAMPLES		2048
#include "bench.h"

#define TIMER_AHEAD	5000		/* ticks */
#define SGI		1

struct pair { u64 time, eoi; };

u64 bench_empty(u64 unused);
u64 bench_hvc(u64 function);
u64 bench_read32(u64 address);
u64 bench_write32(u64 address, u32 value);
u64 bench_id_register(u64 unused);
u64 bench_cntp_ctl(u64 unused);
struct pair bench_sgi(u64 sgi1r);
struct pair bench_store(u64 address, u32 value, u64 quiet_address, u32 quiet_value);
struct pair bench_vtimer(u64 ahead);
extern char bench_vectors[], vectors[];
extern u64 start_ticks;

static u64 eoi_samples[SAMPLES];
static struct edu edu;
static u32 spi;				/* the device's, or the UART's */

typedef struct pair (*irq_seq)(u64 a, u64 b, u64 c, u64 d);

static void run_irq(const char *name, irq_seq fn, const u64 arg[4])
{
	write_sysreg((u64)bench_vectors, vbar_el1);
	isb();
	for (u32 i = 0; i < WARM_UP; i++)
		fn(arg[0], arg[1], arg[2], arg[3]);
	write_sysreg((u64)vectors, vbar_el1);
	isb();
	marker_start();
	write_sysreg((u64)bench_vectors, vbar_el1);
	isb();
	for (u32 i = 0; i < SAMPLES; i++) {
		struct pair pair = fn(arg[0], arg[1], arg[2], arg[3]);

		samples[i] = pair.time;
		eoi_samples[i] = pair.eoi;
	}
	write_sysreg((u64)vectors, vbar_el1);
	isb();
	marker_end();
	print_series(name, samples);
}

#define RUN_IRQ(name, fn, ...) run_irq(name, (irq_seq)(void *)(fn), (const u64[4]){ __VA_ARGS__ })

static void run_interrupts(void)
{
	gic_enable(INTID_VTIMER);
	RUN_IRQ("sgi-self", bench_sgi, gic_sgi1r(SGI, read_sysreg(mpidr_el1)));
	print_series("eoi", eoi_samples);
	RUN_IRQ("vtimer", bench_vtimer, TIMER_AHEAD);
	if (!spi)
		return;
	gic_enable(spi);
	if (edu.regs)
		RUN_IRQ("device-spi", bench_store, edu.regs + EDU_IRQ_RAISE, 1, edu.regs + EDU_IRQ_ACK, 1);
	RUN_IRQ("ispendr-spi", bench_store, gic_word(GICD_ISPENDR, spi), 1u << spi % 32);
}

int main(void)
{
	u64 gicd_word, gicr_word = gicr_base() + GICR_SGI + GICD_ISENABLER;

	irq_disable();
	spi = edu_init(&edu) ? edu.irq : uart_irq;
	gicd_word = gic_word(GICD_ISENABLER, spi);
	printf("bench-machine %s counter %lu\nbench-start %lu\n", in_cell() ? "cell" : "bare", timer_hz(), start_ticks);

	RUN_SYNC("empty", bench_empty, 0, 0);
	RUN_SYNC("psci-version", bench_hvc, PSCI_VERSION, 0);
	if (in_cell())
		RUN_SYNC("null-hypercall", bench_hvc, HC_VERSION, 0);
	RUN_SYNC("gicd-typer-read", bench_read32, gicd_base + GICD_TYPER, 0);
	RUN_SYNC("gicd-isenabler-read", bench_read32, gicd_word, 0);
	RUN_SYNC("gicd-isenabler-write", bench_write32, gicd_word, 1u << spi % 32);
	RUN_SYNC("gicr-isenabler-read", bench_read32, gicr_word, 0);
	RUN_SYNC("gicr-isenabler-write", bench_write32, gicr_word, 1u << INTID_VTIMER);
	RUN_SYNC("id-register", bench_id_register, 0, 0);
	RUN_SYNC("cntp-ctl", bench_cntp_ctl, 0, 0);
	if (uart_base)
		RUN_SYNC("uart-read", bench_read32, uart_base + UART_FR, 0);
	run_interrupts();
	printf("bench-done\n");
	return 0;
}
