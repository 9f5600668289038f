/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PL011: output of early messages and of panics. The boot loader set its line up; a cell may own it later, so nothing
 * but the data register is written after uart_init().
 */
#include <arch/io.h>
#include <arch/timer.h>
#include <hyp/hyp_map.h>
#include <hyp/printk.h>
#include <hyp/uart.h>
#include <hyp/bits.h>
#include <hyp/errno.h>

#define UARTDR		0x00
#define UARTFR		0x18
#define UARTFR_TXFF	BIT(5)
#define UARTCR		0x30
#define UARTCR_UARTEN	BIT(0)
#define UARTCR_TXE	BIT(8)

/* A full FIFO that does not drain in this time is nobody's: the rest of the text is dropped. */
#define TX_TIMEOUT_US	20000

static void *regs;

int uart_init(const struct cfg_system *sys)
{
	if (!sys->uart_base)
		return 0;
	regs = hyp_map_mmio(pa(sys->uart_base), PAGE_SIZE);
	if (!regs)
		return -ENOMEM;
	mmio_write32((char *)regs + UARTCR, UARTCR_UARTEN | UARTCR_TXE);
	log_echo = true;
	return 0;
}

static bool put(char c)
{
	u64 deadline = timer_deadline_us(TX_TIMEOUT_US);

	while (mmio_read32((char *)regs + UARTFR) & UARTFR_TXFF) {
		if (timer_passed(deadline))
			return false;
	}
	mmio_write32((char *)regs + UARTDR, (u8)c);
	return true;
}

void uart_write(const char *text, size_t bytes)
{
	if (!regs)
		return;
	for (size_t i = 0; i < bytes; i++) {
		if ((text[i] == '\n' && !put('\r')) || !put(text[i]))
			return;
	}
}
