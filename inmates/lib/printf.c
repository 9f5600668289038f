/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* printf, for programs without a C library of their own. */
#include <inmate/console.h>
#include <inmate/string.h>

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
