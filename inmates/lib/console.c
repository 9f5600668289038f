/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The console. The PL011 is used as it was set up; one that nobody set up is switched on. */
#include <inmate/arch.h>
#include <inmate/console.h>
#include <inmate/fdt.h>
#include <inmate/smccc.h>
#include <inmate/string.h>

#define UART_DEFAULT	0x09000000	/* QEMU virt's, for a machine without a device tree */
#define UART_LCRH	0x2c
#define UART_CR		0x30
#define UART_LCRH_8BIT	(3 << 5 | 1 << 4)
#define UART_CR_ON	(1 << 0 | 1 << 8 | 1 << 9)

#define CHUNK		40		/* bytes of one HC_CONSOLE_WRITE */

u64 uart_base;
u32 uart_irq;

/* The UART of /chosen's stdout-path, a path or an alias; else the first one. */
static int find_uart(void)
{
	const char *path = fdt_prop(fdt_path("/chosen"), "stdout-path", NULL);
	int node;

	if (path && *path != '/')
		path = fdt_prop(fdt_path("/aliases"), path, NULL);
	node = path ? fdt_path(path) : -1;
	return node >= 0 ? node : fdt_compatible(-1, "arm,pl011");
}

void console_init(void)
{
	int node = find_uart();
	u64 size;

	if (node >= 0 && fdt_reg(node, 0, &uart_base, &size))
		uart_irq = fdt_irq(node, 0);
	else if (!fdt_blob())
		uart_base = UART_DEFAULT;
	if (!uart_base || mmio_read32(uart_base + UART_CR) & 1)
		return;
	mmio_write32(uart_base + UART_LCRH, UART_LCRH_8BIT);
	mmio_write32(uart_base + UART_CR, UART_CR_ON);
}

static void uart_putc(char c)
{
	while (mmio_read32(uart_base + UART_FR) & UART_FR_TXFF)
		;
	mmio_write32(uart_base + UART_DR, (u8)c);
}

static void uart_write(const char *text, size_t bytes)
{
	for (; bytes; bytes--, text++) {
		if (*text == '\n')
			uart_putc('\r');
		uart_putc(*text);
	}
}

static void hypercall_write(const char *text, size_t bytes)
{
	while (bytes) {
		struct smccc call = { .x = { HC_CONSOLE_WRITE } };
		size_t part = bytes < CHUNK ? bytes : CHUNK;

		call.x[1] = part;
		memcpy(&call.x[2], text, part);
		smccc_hvc(&call);
		if ((s64)call.x[0] <= 0)
			return;
		text += call.x[0];
		bytes -= call.x[0];
	}
}

void console_write(const char *text, size_t bytes)
{
	if (uart_base)
		uart_write(text, bytes);
	else if (in_cell())
		hypercall_write(text, bytes);
}

int console_read(void)
{
	s64 c;

	if (uart_base)
		return mmio_read32(uart_base + UART_FR) & UART_FR_RXFE ? -1 : (int)(u8)mmio_read32(uart_base);
	if (!in_cell())
		return -1;
	c = hypercall(HC_CONSOLE_READ, 0, 0, 0);
	return c < 0 ? -1 : (int)c;
}
