/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The console and printf. The PL011 is used as it was set up; one that nobody set up is switched on. */
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

/* ---- printf ---- */

/* Output is collected in lines, so a line of one CPU is one piece. */
struct out {
	char text[160];
	u32 used;
};

static void out_flush(struct out *out)
{
	console_write(out->text, out->used);
	out->used = 0;
}

static void out_char(struct out *out, char c)
{
	if (out->used == sizeof(out->text))
		out_flush(out);
	out->text[out->used++] = c;
}

struct spec {
	u32 width;
	bool zero, left, wide;
};

static void out_padded(struct out *out, const char *text, u32 bytes, const struct spec *spec)
{
	u32 pad = spec->width > bytes ? spec->width - bytes : 0;
	bool negative = spec->zero && bytes && *text == '-';

	if (negative) {
		out_char(out, *text++);
		bytes--;
	}
	for (; !spec->left && pad; pad--)
		out_char(out, spec->zero ? '0' : ' ');
	while (bytes--)
		out_char(out, *text++);
	while (pad--)
		out_char(out, ' ');
}

static void out_number(struct out *out, u64 value, u32 base, bool negative, const struct spec *spec)
{
	char digits[24];
	u32 at = sizeof(digits);

	do
		digits[--at] = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		digits[--at] = '-';
	out_padded(out, digits + at, sizeof(digits) - at, spec);
}

static const char *parse_spec(const char *format, struct spec *spec)
{
	*spec = (struct spec){ 0 };
	for (; *format == '0' || *format == '-'; format++) {
		spec->zero |= *format == '0';
		spec->left |= *format == '-';
	}
	for (; *format >= '0' && *format <= '9'; format++)
		spec->width = spec->width * 10 + (*format - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		spec->wide = true;
	return format;
}

static void out_signed(struct out *out, s64 value, const struct spec *spec)
{
	out_number(out, value < 0 ? -(u64)value : (u64)value, 10, value < 0, spec);
}

int vprintf(const char *format, va_list args)
{
	struct out out = { .used = 0 };
	struct spec spec;

	for (; *format; format++) {
		const char *text;
		char c;

		if (*format != '%') {
			out_char(&out, *format);
			continue;
		}
		format = parse_spec(format + 1, &spec);
		switch (*format) {
		case 'd':
			out_signed(&out, spec.wide ? va_arg(args, s64) : va_arg(args, s32), &spec);
			break;
		case 'u':
			out_number(&out, spec.wide ? va_arg(args, u64) : va_arg(args, u32), 10, false, &spec);
			break;
		case 'x':
			out_number(&out, spec.wide ? va_arg(args, u64) : va_arg(args, u32), 16, false, &spec);
			break;
		case 'p':
			out_number(&out, va_arg(args, u64), 16, false, &spec);
			break;
		case 's':
			text = va_arg(args, const char *);
			out_padded(&out, text, strlen(text), &spec);
			break;
		case 'c':
			c = va_arg(args, int);
			out_padded(&out, &c, 1, &spec);
			break;
		default:
			out_char(&out, *format);
		}
	}
	out_flush(&out);
	return 0;
}

int printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	return 0;
}
