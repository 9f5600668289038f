// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PL011 of a cell that has no real one: its console, as drivers know it. What is written is sent at once, so the
 * transmitter is always empty; what is received waits in the console's input, which is the FIFO, however UARTLCR_H sets
 * that up.
 *
 * Each access and each byte of input sets the line of the interrupt anew. While it is up it makes the interrupt pending
 * again, active or not, as a level does; only a handler that does not touch the UART at all is not called a second time.
 */
#include <hyp/cell.h>
#include <hyp/printk.h>
#include <hyp/string.h>

#define UART_SIZE	KIB(64)

/* Registers, in words. The PrimeCell identification ends the first page. */
enum { DR, FR = 6, ILPR = 8, IBRD, FBRD, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR, DMACR, ID = 0xfe0 / 4 };

#define FR_RXFE		BIT(4)
#define FR_TXFE		BIT(7)
#define INT_RX		BIT(4)
#define INT_TX		BIT(5)
#define INT_RT		BIT(6)		/* received some time ago, and not read */

static const u16 writable[VPL011_REGS] = {
	[ILPR] = 0xff, [IBRD] = 0xffff, [FBRD] = 0x3f, [LCR_H] = 0xff, [CR] = 0xff87, [IFLS] = 0x3f, [IMSC] = 0x7ff, [DMACR] = 7,
};

/* UARTICR does not end those of reception, reading does. One byte is enough, or drivers without INT_RT would wait. */
void vpl011_update(struct cell *cell)
{
	struct cell_console *con = &cell->console;
	bool empty = con->in_head == con->in_tail;
	u16 *reg = con->uart, before = reg[MIS];

	reg[FR] = FR_TXFE | (empty ? FR_RXFE : 0);
	reg[RIS] = (reg[RIS] & INT_TX) | (empty ? 0 : INT_RX | INT_RT);
	reg[MIS] = reg[RIS] & reg[IMSC];
	if (before | reg[MIS])
		vgic_set_line(cell, cell->config->uart_irq, reg[MIS]);
}

static u64 read_reg(struct cell_console *con, u64 n)
{
	static const u8 id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	if (n == DR)
		return con->in_head == con->in_tail ? 0 : con->in[con->in_tail++ & (CONSOLE_INPUT - 1)];
	if (n < VPL011_REGS)
		return con->uart[n];
	return n - ID < sizeof(id) ? id[n - ID] : 0;
}

static void write_reg(struct cell_console *con, u64 n, u64 value)
{
	if (n == DR) {
		ring_put(&con->out, (const char *)&value, 1);
		con->uart[RIS] |= INT_TX;	/* the FIFO has run empty */
	} else if (n == ICR) {
		con->uart[RIS] &= ~value;
	} else if (n < VPL011_REGS && writable[n]) {
		con->uart[n] = value & writable[n];
	}
}

/* Registers are words, and drivers access them by any part that begins where they do. All else is RAZ/WI. */
static bool vpl011_access(struct cpu *cpu, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;

	if (access->size > 4 || access->offset % 4)
		return true;
	spin_lock(&cell->console.lock);
	if (access->write)
		write_reg(&cell->console, access->offset / 4, access->value);
	else
		access->value = read_reg(&cell->console, access->offset / 4);
	vpl011_update(cell);
	spin_unlock(&cell->console.lock);
	return true;
}

int vpl011_cell_init(struct cell *cell, struct hc_error *err)
{
	if (!IS_ENABLED(CONFIG_VPL011) || !cell->config->uart_irq)
		return 0;
	return mmio_add(&cell->mmio, ipa(cell->config->uart_ipa), UART_SIZE, vpl011_access, cell);
}

void vpl011_cell_reset(struct cell *cell)
{
	memset(cell->console.uart, 0, sizeof(cell->console.uart));
	cell->console.uart[CR] = 0x300;		/* transmitter and receiver on, the UART off */
	cell->console.uart[IFLS] = 0x12;	/* both FIFOs at one half */
	vpl011_update(cell);
}
