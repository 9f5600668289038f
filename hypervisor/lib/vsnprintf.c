// SPDX-License-Identifier: GPL-2.0-only
/* Formatting into a buffer; the conversions that printk.h names, no others. */
#include <hyp/bits.h>
#include <hyp/printk.h>
#include <hyp/string.h>

/* Counts all bytes, stores those that fit. */
struct output {
	char *buf;
	size_t size, used;
};

struct spec {
	bool left, zero;
	unsigned int width;
	unsigned int longs;		/* l or z: 1, ll: 2; all of them are 64 bits here */
};

static void put(struct output *out, char c)
{
	if (out->used + 1 < out->size)
		out->buf[out->used] = c;
	out->used++;
}

static void pad(struct output *out, char c, size_t have, size_t width)
{
	for (; have < width; have++)
		put(out, c);
}

/* `prefix` ("-", "0x" or "") stands before the zeros of '0'. */
static void put_field(struct output *out, const struct spec *spec, const char *prefix, const char *text, size_t len)
{
	size_t have = strlen(prefix) + len;

	if (!spec->left && !spec->zero)
		pad(out, ' ', have, spec->width);
	while (*prefix)
		put(out, *prefix++);
	if (!spec->left && spec->zero)
		pad(out, '0', have, spec->width);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	if (spec->left)
		pad(out, ' ', have, spec->width);
}

static void put_number(struct output *out, const struct spec *spec, const char *prefix, u64 value, unsigned int base)
{
	char text[24];
	char *const end = text + sizeof(text);
	char *digit = end;

	do {
		*--digit = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put_field(out, spec, prefix, digit, (size_t)(end - digit));
}

static const char *parse_spec(const char *fmt, struct spec *spec)
{
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		spec->left |= *fmt == '-';
		spec->zero |= *fmt == '0';
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		spec->width = spec->width * 10 + (unsigned int)(*fmt - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->longs++;
	return fmt;
}

/* One conversion; `args` moves on. Unknown ones are shown as they stand, for they are bugs of ours. */
static void convert(struct output *out, struct spec *spec, char kind, va_list *args)
{
	const char *text;
	s64 number;
	char c;

	switch (kind) {
	case 'c':
		c = (char)va_arg(*args, int);
		put_field(out, spec, "", &c, 1);
		break;
	case 's':
		text = va_arg(*args, const char *);
		if (!text)
			text = "(null)";
		put_field(out, spec, "", text, strlen(text));
		break;
	case 'd':
		number = spec->longs ? va_arg(*args, s64) : va_arg(*args, int);
		put_number(out, spec, number < 0 ? "-" : "", number < 0 ? -(u64)number : (u64)number, 10);
		break;
	case 'u':
	case 'x':
		put_number(out, spec, "", spec->longs ? va_arg(*args, u64) : va_arg(*args, unsigned int),
			   kind == 'x' ? 16 : 10);
		break;
	case 'p':
		put_number(out, spec, "0x", (uintptr_t)va_arg(*args, void *), 16);
		break;
	default:
		put(out, '%');
		if (kind != '%')
			put(out, kind);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct output out = { buf, size, 0 };
	va_list copy;		/* so that its address can be passed on, on every ABI */

	va_copy(copy, args);
	while (*fmt) {
		struct spec spec = { 0 };

		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec);
		if (!*fmt)
			break;
		convert(&out, &spec, *fmt++, &copy);
	}
	va_end(copy);
	if (size)
		buf[MIN(out.used, size - 1)] = '\0';
	return (int)out.used;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int used;

	va_start(args, fmt);
	used = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return used;
}
