/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console: output of a cell into a ring that the root cell reads, and a few bytes of input. A flood of
 * output overwrites the cell's own ring and costs nobody else anything.
 */
#include <hyp/cell.h>

#define CALL_MAX	40	/* bytes of a call, in five registers */

s64 console_write(struct cell *cell, u64 bytes, const u64 *words)
{
	struct cell_console *con = &cell->console;

	if (!con->out.size)
		return -EEMPTY;
	if (bytes > CALL_MAX)
		return -EINVAL;
	spin_lock(&con->lock);
	ring_put(&con->out, (const char *)words, bytes);	/* little endian, as the registers are to be read */
	spin_unlock(&con->lock);
	return bytes;
}

s64 console_getc(struct cell *cell)
{
	struct cell_console *con = &cell->console;
	s64 byte = -EEMPTY;

	spin_lock(&con->lock);
	if (con->in_head != con->in_tail)
		byte = con->in[con->in_tail++ & (CONSOLE_INPUT - 1)];
	spin_unlock(&con->lock);
	return byte;
}

s64 console_input(struct cell *cell, u64 byte, u64 b)
{
	struct cell_console *con = &cell->console;
	s64 result = -EAGAIN;

	if (!con->out.size)
		return -EEMPTY;
	spin_lock(&con->lock);
	if (con->in_head - con->in_tail < CONSOLE_INPUT) {
		con->in[con->in_head++ & (CONSOLE_INPUT - 1)] = (u8)byte;
		result = 0;
		vpl011_update(cell);
	}
	spin_unlock(&con->lock);
	return result;
}

s64 console_read(struct cell *cell, u64 position, char *buf, size_t size, u64 *next)
{
	struct cell_console *con = &cell->console;

	return con->out.size ? (s64)ring_read(&con->out, &con->lock, position, buf, size, next) : -EEMPTY;
}
