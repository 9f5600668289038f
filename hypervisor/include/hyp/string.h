/* SPDX-License-Identifier: GPL-2.0-only */
/* The few functions of <string.h> that the compiler and we need. */
#ifndef HYP_STRING_H
#define HYP_STRING_H

#include <hyp/types.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);

#endif
