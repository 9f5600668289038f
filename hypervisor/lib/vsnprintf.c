// SPDX-License-Identifier: GPL-2.0-only
/* Formatting into a buffer; the conversions that printk.h names, no others. */
#include <hyp/bits.h>
#include <hyp/printk.h>

/* Counts all bytes, stores those that fit. */
struct output {
	char *buf;
	size_t size, used;
};

struct spec {
	char pad;			/* ' ' or '0' */
	unsigned int width;
	unsigned int longs;		/* l or z: 1, ll: 2; all of them are 64 bits here */
};

static void put(struct output *out, char c)
{
	if (out->used + 1 < out->size)
		out->buf[out->used] = c;
	out->used++;
}

static void put_text(struct output *out, const char *text)
{
	while (*text)
		put(out, *text++);
}

static void put_number(struct output *out, const struct spec *spec, u64 value, unsigned int base)
{
	char text[24];
	char *const end = text + sizeof(text) - 1;
	char *digit = end;

	*end = '\0';
	do {
		*--digit = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (size_t have = (size_t)(end - digit); have < spec->width; have++)
		put(out, spec->pad);
	put_text(out, digit);
}

static const char *parse_spec(const char *fmt, struct spec *spec)
{
	*spec = (struct spec){ .pad = *fmt == '0' ? '0' : ' ' };
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		spec->width = spec->width * 10 + (unsigned int)(*fmt - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->longs++;
	return fmt;
}

/* One conversion; `args` moves on. Unknown ones are shown as they stand, for they are bugs of ours. */
static void convert(struct output *out, const struct spec *spec, char kind, va_list *args)
{
	const char *text;
	s64 number;

	switch (kind) {
	case 'c':
		put(out, (char)va_arg(*args, int));
		break;
	case 's':
		text = va_arg(*args, const char *);
		put_text(out, text ? text : "(null)");
		break;
	case 'd':
		number = spec->longs ? va_arg(*args, s64) : va_arg(*args, int);
		if (number < 0)
			put(out, '-');
		put_number(out, spec, number < 0 ? -(u64)number : (u64)number, 10);
		break;
	case 'u':
	case 'x':
		put_number(out, spec, spec->longs ? va_arg(*args, u64) : va_arg(*args, unsigned int),
			   kind == 'x' ? 16 : 10);
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
		struct spec spec;

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
