/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The string functions that the compiler may call, and the few that the library needs. */
#ifndef INMATE_STRING_H
#define INMATE_STRING_H

#include <inmate/types.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);

#endif
