/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Output: to the PL011 that the device tree names, else to the hypervisor's console. */
#ifndef INMATE_CONSOLE_H
#define INMATE_CONSOLE_H

#include <stdarg.h>

#include <inmate/types.h>

#define UART_DR		0x00
#define UART_FR		0x18
#define UART_FR_RXFE	BIT(4)
#define UART_FR_TXFF	BIT(5)

extern u64 uart_base;		/* 0: there is none */
extern u32 uart_irq;		/* INTID, 0: not known */

void console_init(void);
void console_write(const char *text, size_t bytes);
/* A character that was typed, or -1. */
int console_read(void);
/* %d %u %x %c %s %p %%, with l or ll, width, 0 and -. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list args);

#endif
