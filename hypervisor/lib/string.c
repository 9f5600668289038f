// SPDX-License-Identifier: GPL-2.0-only
/* Memory and string functions. The compiler calls the first three on its own. Words where alignment allows. */
#include <hyp/string.h>

/* Otherwise the compiler would see that these loops are memcpy() and memset(), and call them. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* May alias anything, as memory functions do. */
typedef u64 __attribute__((may_alias)) word_t;

#define WORD		sizeof(word_t)
#define MISALIGNED(p)	((uintptr_t)(p) % WORD)

/* Both 8-byte aligned. The four loads before the stores let the compiler use pairs. Returns the bytes done. */
static size_t copy_words(word_t *restrict dst, const word_t *restrict src, size_t n)
{
	size_t words = n / WORD, i = 0;

	for (; i + 4 <= words; i += 4) {
		word_t a = src[i], b = src[i + 1], c = src[i + 2], d = src[i + 3];

		dst[i] = a;
		dst[i + 1] = b;
		dst[i + 2] = c;
		dst[i + 3] = d;
	}
	for (; i < words; i++)
		dst[i] = src[i];
	return words * WORD;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;
	size_t done = 0;

	if (((uintptr_t)d ^ (uintptr_t)s) % WORD == 0) {
		for (; done < n && MISALIGNED(d + done); done++)
			d[done] = s[done];
		done += copy_words((word_t *)(d + done), (const word_t *)(s + done), n - done);
	}
	for (; done < n; done++)
		d[done] = s[done];
	return dst;
}

void *memset(void *dst, int byte, size_t n)
{
	u8 *d = dst;
	u64 word = (u8)byte * 0x0101010101010101ULL;
	size_t i = 0;

	for (; i < n && MISALIGNED(d + i); i++)
		d[i] = (u8)byte;
	for (; i + 4 * WORD <= n; i += 4 * WORD) {
		word_t *w = (word_t *)(d + i);

		w[0] = word;
		w[1] = word;
		w[2] = word;
		w[3] = word;
	}
	for (; i < n; i++)
		d[i] = (u8)byte;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;
	size_t i = 0;

	while (!MISALIGNED((uintptr_t)x | (uintptr_t)y) && i + WORD <= n && *(const word_t *)(x + i) == *(const word_t *)(y + i))
		i += WORD;
	for (; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}
