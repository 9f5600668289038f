/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I5: the cell's own interrupts work as on hardware, those of others cannot be seen or changed. The harness
 * looks at root's interrupt counts afterwards. Own: the PPIs of its timers, the SPIs of its device or UART.
 */
#include <inmate/edu.h>
#include <inmate/fault.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>
#include <inmate/timer.h>

#define WAIT_US		10000
#define LONG_WAIT_US	2000000

/* QEMU virt's: of root, of the hypervisor (SMMU), of nobody. */
static const struct { const char *what; u32 intid; } foreign[] = {
	{ "root's UART", 33 }, { "the RTC", 34 }, { "root's NVMe", 36 }, { "virtio-mmio", 48 },
	{ "the SMMU's event queue", 106 }, { "the SMMU's errors", 109 }, { "nobody", 250 },
};

static struct edu edu;
static volatile u32 taken, taken_intid;

static void count(u32 intid, void *context)
{
	taken++;
	taken_intid = intid;
	if (intid == INTID_VTIMER)
		vtimer_stop();
	if (intid == INTID_PTIMER)
		ptimer_stop();
}

/*
 * True when exactly that many interrupts came. Waits for them as long as a slow host may take; for none, 10
 * ms.
 */
static bool came(u32 number)
{
	u64 deadline = timer_ticks() + timer_us(LONG_WAIT_US);

	while (taken < number && timer_ticks() < deadline)
		;
	timer_delay_us(WAIT_US);
	return taken == number;
}

static void check_own_spi(u32 spi)
{
	irq_handler(spi, count, NULL);
	gic_enable(spi);
	ktap_ok(mmio_read32(gic_word(GICD_ISENABLER, spi)) >> spi % 32 & 1, "own SPI %u is enabled", spi);
	taken = 0;
	gic_set_pending(spi);
	ktap_ok(came(1) && taken_intid == spi, "own SPI %u by GICD_ISPENDR", spi);
	ktap_ok(!gic_is_pending(spi) && !gic_is_active(spi), "and is inactive afterwards");
	gic_disable(spi);
	taken = 0;
	gic_set_pending(spi);
	ktap_ok(came(0) && gic_is_pending(spi), "disabled it stays pending");
	mmio_write32(gic_word(GICD_ICPENDR, spi), 1u << spi % 32);
	gic_enable(spi);
	ktap_ok(came(0), "and can be cleared");
	gic_set_priority(spi, 0x40);
	ktap_ok(mmio_read8(gicd_base + GICD_IPRIORITYR + spi) == 0x40, "its priority reads back");
	gic_set_priority(spi, GIC_PRIO_DEFAULT);
	ktap_ok(mmio_read64(gicd_base + GICD_IROUTER + spi * 8) == (read_sysreg(mpidr_el1) & 0xff00ffffff),
		"its route reads back");
}

static void check_foreign(const char *what, u32 intid)
{
	u32 bit = 1u << intid % 32, seen = 0;
	u64 router = gicd_base + GICD_IROUTER + intid * 8, icfgr = gicd_base + GICD_ICFGR + intid / 16 * 4;

	if (intid == edu.irq || intid == uart_irq)
		return;
	irq_handler(intid, count, NULL);
	taken = 0;
	mmio_write32(gic_word(GICD_IGROUPR, intid), bit);
	gic_set_priority(intid, 0x20);
	mmio_write64(router, 0xff00ffffff);
	mmio_write32(icfgr, 0xaaaaaaaa);
	gic_enable(intid);
	gic_set_pending(intid);
	mmio_write32(gic_word(GICD_ISACTIVER, intid), bit);
	seen |= mmio_read32(gic_word(GICD_ISENABLER, intid)) & bit;
	seen |= mmio_read32(gic_word(GICD_ICENABLER, intid)) & bit;
	seen |= mmio_read32(gic_word(GICD_ISPENDR, intid)) & bit;
	seen |= mmio_read32(gic_word(GICD_ISACTIVER, intid)) & bit;
	seen |= mmio_read8(gicd_base + GICD_IPRIORITYR + intid);
	ktap_ok(!seen && !mmio_read64(router) && !(mmio_read32(icfgr) >> intid % 16 * 2 & 3),
		"INTID %u of %s reads as zero after all was written", intid, what);
	ktap_ok(came(0), "and cannot be made to come");
	gic_disable(intid);
	mmio_write32(gic_word(GICD_ICPENDR, intid), bit);
}

/* Every enable, pending and active bit at once, and then what is left of them. */
static void check_all_ones(u32 own)
{
	u32 limit = 32 * ((mmio_read32(gicd_base + GICD_TYPER) & 31) + 1), others = 0;

	irq_disable();
	for (u32 intid = INTID_SPI; intid < limit; intid += 32) {
		u32 mask = 0xffffffff;

		if (own / 32 == intid / 32)
			mask &= ~(1u << own % 32);
		if (uart_irq / 32 == intid / 32)
			mask &= ~(1u << uart_irq % 32);
		mmio_write32(gic_word(GICD_ISENABLER, intid), mask);
		mmio_write32(gic_word(GICD_ISPENDR, intid), mask);
		others |= (mmio_read32(gic_word(GICD_ISENABLER, intid)) | mmio_read32(gic_word(GICD_ISPENDR, intid))) & mask;
		mmio_write32(gic_word(GICD_ICENABLER, intid), mask);
		mmio_write32(gic_word(GICD_ICPENDR, intid), mask);
	}
	irq_enable();
	ktap_ok(!others, "no other SPI of %u can be enabled or pending", limit - INTID_SPI);
}

static void check_timers(void)
{
	static const struct { u32 intid; void (*set)(u64 ticks); const char *name; } timers[] = {
		{ INTID_VTIMER, vtimer_set, "virtual" }, { INTID_PTIMER, ptimer_set, "physical" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(timers); i++) {
		irq_handler(timers[i].intid, count, NULL);
		gic_enable(timers[i].intid);
		taken = 0;
		timers[i].set(timer_ticks() + timer_us(1000));
		ktap_ok(came(1) && taken_intid == timers[i].intid, "the %s timer", timers[i].name);
	}
}

static void check_sgis(void)
{
	u64 self = read_sysreg(mpidr_el1);
	bool all = true;

	for (u32 sgi = 0; sgi < 16; sgi++) {
		irq_handler(sgi, count, NULL);
		taken = 0;
		gic_send_sgi(sgi, self);
		all &= came(1) && taken_intid == sgi;
	}
	ktap_ok(all, "all 16 SGIs to self");
	taken = 0;
	write_sysreg(0xffff | 3ULL << 24 | 1ULL << 16, icc_sgi1r_el1);		/* 16 CPUs of affinity 0.0.1 */
	write_sysreg(0xfffe | 4ULL << 24, icc_sgi1r_el1);			/* all other CPUs of 0.0.0 */
	write_sysreg(0xffff | 5ULL << 24 | 0xffULL << 48, icc_sgi1r_el1);
	write_sysreg(1ULL << 40 | 6ULL << 24, icc_sgi1r_el1);			/* everyone but self */
	write_sysreg(~0ULL, icc_sgi1r_el1);
	isb();
	ktap_ok(came(0), "SGIs to CPUs that are not there reach nobody here");
	fault_arm();
	write_sysreg(gic_sgi1r(7, self), s3_0_c12_c11_7);		/* ICC_SGI0R_EL1 */
	write_sysreg(gic_sgi1r(7, self), s3_0_c12_c11_6);		/* ICC_ASGI1R_EL1 */
	fault_disarm();
	timer_delay_us(WAIT_US);
	ktap_ok(true, "SGI0R and ASGI1R do no harm (%u taken)", taken);
}

/* PPIs of the hypervisor: maintenance, its timer, EL2's virtual timer. */
static void check_ppis(void)
{
	static const u32 ppis[] = { 25, 26, 28 };
	u64 bank = gicr_base() + GICR_SGI;
	u32 mask = 0;

	for (u32 i = 0; i < ARRAY_SIZE(ppis); i++) {
		irq_handler(ppis[i], count, NULL);
		mask |= 1u << ppis[i];
	}
	taken = 0;
	mmio_write32(bank + GICD_ISENABLER, mask);
	mmio_write32(bank + GICD_ISPENDR, mask);
	mmio_write32(bank + GICD_ISACTIVER, mask);
	timer_delay_us(WAIT_US);
	ktap_ok(!(mmio_read32(bank + GICD_ISENABLER) & mask), "the hypervisor's PPIs cannot be enabled");
	ktap_ok(!taken, "nor made to come");
	mmio_write32(bank + GICD_ICENABLER, mask);
	mmio_write32(bank + GICD_ICENABLER, 0x7fff0000 & ~(1u << INTID_VTIMER));
	taken = 0;
	vtimer_set(timer_ticks());
	ktap_ok(came(1), "and clearing all others leaves our timer alone");
}

/* How software treats the CPU interface: as hardware it must bear it. */
static void check_quirks(void)
{
	u64 self = read_sysreg(mpidr_el1), intid;

	taken = 0;
	gic_eoi(INTID_VTIMER);
	gic_eoi(INTID_NONE + 3);
	isb();
	vtimer_set(timer_ticks());
	ktap_ok(came(1), "EOI of an inactive interrupt does no harm");

	taken = 0;
	write_sysreg(0x10, icc_pmr_el1);
	gic_send_sgi(2, self);
	timer_delay_us(WAIT_US);
	intid = taken;
	write_sysreg(0xff, icc_pmr_el1);
	isb();
	ktap_ok(!intid && came(1), "the priority mask holds an interrupt back, and lets it go");

	irq_disable();
	write_sysreg(2, icc_ctlr_el1);		/* EOImode: EOI drops the priority, DIR deactivates */
	isb();
	gic_send_sgi(3, self);
	timer_delay_us(100);
	intid = gic_ack();
	gic_eoi(intid);
	isb();
	ktap_ok(intid == 3 && gic_ack() == INTID_NONE + 3, "split EOI: acknowledged once");
	write_sysreg(intid, icc_dir_el1);
	isb();
	gic_send_sgi(3, self);
	timer_delay_us(100);
	ktap_ok(gic_ack() == 3, "split EOI: comes again after deactivation");
	gic_eoi(3);
	write_sysreg(3, icc_dir_el1);
	write_sysreg(0, icc_ctlr_el1);
	isb();
	irq_enable();
	ktap_ok(gic_ack() == INTID_NONE + 3, "with nothing pending, 1023 is acknowledged");
}

/* Distributor-wide switches must not be the machine's. */
static void check_control(u32 spi)
{
	u32 ctlr = mmio_read32(gicd_base + GICD_CTLR);

	irq_handler(spi, count, NULL);
	gic_enable(spi);
	mmio_write32(gicd_base + GICD_CTLR, 0);
	taken = 0;
	gic_set_pending(spi);
	ktap_ok(came(0), "GICD_CTLR 0 switches our SPIs off");
	mmio_write32(gicd_base + GICD_CTLR, ctlr & ~GICD_CTLR_RWP);
	ktap_ok(came(1), "and back on");
	ktap_ok((mmio_read32(gicd_base + GIC_PIDR2) >> 4 & 15) == 3, "GICD_PIDR2 says GICv3");
	mmio_write32(gicr_base() + GICR_WAKER, GICR_WAKER_SLEEP);
	mmio_write32(gicr_base() + GICR_WAKER, 0);
	taken = 0;
	vtimer_set(timer_ticks());
	ktap_ok(came(1), "GICR_WAKER is ours to play with");
}

/* The priorities of SGIs 4 to 11, by instructions that change the address, too: compilers make them of loops. */
static void check_write_back(void)
{
	u64 start = gicr_base() + GICR_SGI + GICD_IPRIORITYR + 4, at = start, wide;
	u32 word, narrow;

	__asm__ volatile("str %w1, [%0], #4" : "+r" (at) : "r" (0x10203040) : "memory");
	ktap_ok(at == start + 4, "STR with post-index moves on");
	__asm__ volatile("strb %w1, [%0, #3]!" : "+r" (at) : "r" (0x80) : "memory");
	ktap_ok(at == start + 7, "STRB with pre-index moves on");
	__asm__ volatile("ldrsb %1, [%0], #0" : "+r" (at), "=&r" (wide));
	__asm__ volatile("ldrsb %w1, [%0], #-7" : "+r" (at), "=&r" (narrow));
	ktap_ok(wide == ~0x7fULL && narrow == ~0x7fU && at == start, "LDRSB reads it with its sign and moves back");
	__asm__ volatile("ldr %w1, [%0], #255" : "+r" (at), "=&r" (word));
	ktap_ok(word == 0x10203040 && at == start + 255, "LDR with post-index reads what was written");
	for (u32 sgi = 4; sgi < 12; sgi++)
		gic_set_priority(sgi, GIC_PRIO_DEFAULT);
}

int main(void)
{
	u32 own = edu_init(&edu) ? edu.irq : uart_irq;

	ktap_begin("gic: own interrupts work, others cannot be touched");
	check_timers();
	check_sgis();
	check_quirks();
	check_write_back();
	if (own) {
		check_own_spi(own);
		check_control(own);
	} else {
		ktap_skip("no device", "an SPI of our own");
	}
	if (in_cell()) {
		for (u32 i = 0; i < ARRAY_SIZE(foreign); i++)
			check_foreign(foreign[i].what, foreign[i].intid);
		check_all_ones(own);
		check_ppis();
	} else {
		ktap_skip("bare machine", "interrupts of others");
	}
	ktap_end();
	return 0;
}
