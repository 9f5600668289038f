/* SPDX-License-Identifier: GPL-2.0-only */
/* The early console: output only, polled, bounded waiting. */
#ifndef HYP_UART_H
#define HYP_UART_H

#include <abi/config.h>
#include <hyp/addr.h>

/* Before it is called, and with CFG_UART_NONE, output goes nowhere. */
int uart_init(const struct cfg_system *sys);
void uart_write(const char *text, size_t bytes);

#endif
