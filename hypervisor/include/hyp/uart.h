/* SPDX-License-Identifier: GPL-2.0-only */
/* The early console: output only, polled, bounded waiting. And the PL011 that a cell has in place of one. */
#ifndef HYP_UART_H
#define HYP_UART_H

#include <abi/config.h>
#include <hyp/addr.h>

/* Before it is called, and where there is none, output goes nowhere. */
int uart_init(const struct cfg_system *sys);
void uart_write(const char *text, size_t bytes);

/* ---- vpl011.c: built only with VPL011 ---- */
#define VPL011_REGS	19	/* words that it has */

/* Its range in the cell's mmio table, when the config has one. -ENOMEM. Under cell_lock. */
int vpl011_cell_init(struct cell *cell, struct hc_error *err);
/* As after a reset. No CPU runs the cell. */
void vpl011_cell_reset(struct cell *cell);
/* There is input for the cell; does nothing for one without. The console's lock is held. */
void vpl011_update(struct cell *cell);

#endif
