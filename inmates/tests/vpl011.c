/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual PL011, by a driver with interrupts: its registers, when its interrupt comes and when not, all accesses that
 * there are; then what is typed decides. Lines come back, and:
 *	attack	every register of both frames at every width, and the interrupt's registers in the distributor
 *	flood	output without end
 *	panic	the cell's end
 *	burst	more output than is kept, then the cell's end
 */
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>
#include <inmate/string.h>
#include <inmate/timer.h>

#define UART_IBRD	0x24
#define UART_LCRH	0x2c
#define UART_CR		0x30
#define UART_IFLS	0x34
#define UART_IMSC	0x38
#define UART_RIS	0x3c
#define UART_MIS	0x40
#define UART_ICR	0x44
#define UART_ID		0xfe0
#define UART_TXFE	BIT(7)
#define INT_RX		BIT(4)
#define INT_TX		BIT(5)
#define INT_RT		BIT(6)
#define INT_ALL		0x7ff
#define WINDOW		0x10000

static volatile u32 interrupts, status, quiet_at;
static char line[80];
static volatile u32 used;
static volatile bool complete;

static u32 reg(u32 offset)
{
	return mmio_read32(uart_base + offset);
}

static void set(u32 offset, u32 value)
{
	mmio_write32(uart_base + offset, value);
}

static void pause_us(u64 us)
{
	u64 end = timer_ticks() + timer_us(us);

	while (timer_ticks() < end)
		;
}

/* Does nothing about it until it was called that often: the line stays up. */
static void on_interrupt(u32 intid, void *context)
{
	interrupts++;
	status = reg(UART_MIS);
	if (interrupts < quiet_at)
		return;
	set(UART_ICR, INT_TX);
	while (!(reg(UART_FR) & UART_FR_RXFE)) {
		char c = (char)reg(UART_DR);

		if (complete)
			continue;
		complete = c == '\r' || c == '\n';
		if (complete || used == sizeof(line) - 1)
			line[used] = 0;
		else
			line[used++] = c;
	}
}

static u32 count_after(u32 mask, bool write)
{
	interrupts = 0;
	set(UART_IMSC, mask);
	if (write)
		set(UART_DR, '\n');
	pause_us(20000);
	return interrupts;
}

static void check_registers(void)
{
	static const u8 id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(id); i++)
		same &= reg(UART_ID + 4 * i) == id[i];
	ktap_ok(same, "the identification is a PL011's");
	ktap_ok(reg(UART_IFLS) == 0x12 && !reg(UART_IMSC), "values after a reset");
	set(UART_IBRD, 0x1234d);
	set(UART_IBRD + 4, 0xff);
	ktap_ok(reg(UART_IBRD) == 0x234d && reg(UART_IBRD + 4) == 0x3f, "the baud rate is kept, as far as it has bits");
	mmio_write16(uart_base + UART_LCRH, 0x70);
	ktap_ok(mmio_read16(uart_base + UART_LCRH) == 0x70 && mmio_read8(uart_base + UART_LCRH) == 0x70,
		"accesses of 16 and 8 bits");
	set(UART_FR, ~0u);
	set(UART_MIS, ~0u);
	set(UART_ID, ~0u);
	ktap_ok((reg(UART_FR) & (UART_TXFE | UART_FR_TXFF | UART_FR_RXFE)) == (UART_TXFE | UART_FR_RXFE), "it is always ready");
	ktap_ok(!reg(UART_MIS) && reg(UART_ID) == id[0] && !reg(UART_DR) && !reg(0x4) && !reg(0xfc0) && !reg(0xfffc),
		"what cannot be written, and what is not there");
}

static void check_interrupt(void)
{
	set(UART_IMSC, 0);
	ktap_ok((reg(UART_RIS) & INT_ALL) == INT_TX && !reg(UART_MIS), "what was sent shows in the raw status");
	gic_enable(uart_irq);
	ktap_ok(!count_after(0, true), "masked: no interrupt");
	ktap_ok(count_after(INT_TX, false) == 1 && status == INT_TX && !reg(UART_RIS), "unmasked: one, and cleared it is gone");
	ktap_ok(!count_after(INT_TX | INT_RX | INT_RT, false), "nothing sent or received: none");
	ktap_ok(count_after(INT_TX, true) == 1, "sent: one");
	quiet_at = 4;
	ktap_ok(count_after(INT_TX, true) == 4, "as long as the handler does not clear it, it is called again");
	quiet_at = 0;
	irq_disable();
	set(UART_DR, '\n');
	set(UART_ICR, INT_ALL);
	irq_enable();
	ktap_ok(!count_after(INT_TX, false), "cleared before it was taken: none");
	gic_disable(uart_irq);
	set(UART_DR, '\n');
	ktap_ok(!count_after(INT_TX, false) && gic_is_pending(uart_irq), "disabled in the distributor: it waits");
	gic_enable(uart_irq);
	pause_us(20000);
	ktap_ok(interrupts == 1 && !gic_is_pending(uart_irq) && !gic_is_active(uart_irq), "enabled: it comes");
}

static void access(u64 address, u32 size, u64 value)
{
	switch (size) {
	case 1: mmio_write8(address, (u8)value); mmio_read8(address); break;
	case 2: mmio_write16(address, (u16)value); mmio_read16(address); break;
	case 4: mmio_write32(address, (u32)value); mmio_read32(address); break;
	case 8: mmio_write64(address, value); mmio_read64(address); break;
	}
}

/* Interrupts come or not; nothing else may happen to this cell or to another. */
static void attack(void)
{
	for (u64 value = 0; value < 3; value++)
		for (u32 size = 1; size <= 8; size *= 2)
			for (u32 offset = 0; offset < WINDOW; offset += offset < 0x1000 ? size : 0x400)
				access(uart_base + offset, size, value - 1);
	for (u64 route = 0; route < 20; route++)
		mmio_write64(gicd_base + GICD_IROUTER + 8 * uart_irq, route < 16 ? route : 1UL << (2 * route));
	for (u32 base = GICD_IGROUPR; base < GICD_ICFGR + 0x100; base += 4)
		if (base % 0x80 == 4 || (base & ~0x1f) == GICD_IPRIORITYR + 0x20)
			mmio_write32(gicd_base + base, base & 0x80 ? 0 : ~0u);
	mmio_write64(gicd_base + GICD_IROUTER + 8 * uart_irq, 0);
}

static void prepare(void)
{
	set(UART_IMSC, 0);
	set(UART_ICR, INT_ALL);
	set(UART_CR, 0x301);
	gic_set_priority(uart_irq, GIC_PRIO_DEFAULT);
	mmio_write32(gic_word(GICD_IGROUPR, uart_irq), 1u << (uart_irq % 32));
	gic_enable(uart_irq);
	set(UART_IMSC, INT_RX | INT_RT);
}

static void obey(void)
{
	if (!memcmp(line, "attack", 7)) {
		attack();
		prepare();
		printf("\nvpl011: attacked\n");
	} else if (!memcmp(line, "flood", 6)) {
		for (u32 n = 0; ; n++)
			printf("flood %u\n", n);
	} else if (!memcmp(line, "panic", 6)) {
		hypercall(HC_PANIC, 0x2a, 0, 0);
	} else if (!memcmp(line, "burst", 6)) {
		for (u32 n = 0; n < 7000; n++)
			printf("burst %u\n", n);
		hypercall(HC_PANIC, 0x2b, 0, 0);
	} else {
		printf("vpl011: '%s' in %u interrupts\n", line, interrupts);
	}
	interrupts = 0;
	used = 0;
	complete = false;
}

int main(void)
{
	irq_handler(uart_irq, on_interrupt, NULL);
	ktap_begin("virtual PL011");
	check_registers();
	check_interrupt();
	ktap_end();
	used = 0;
	complete = false;
	prepare();
	interrupts = 0;
	printf("vpl011: at 0x%lx, interrupt %u\n", uart_base, uart_irq);
	while (true) {
		irq_disable();
		if (!complete)
			wfi();
		irq_enable();
		if (complete)
			obey();
	}
}
