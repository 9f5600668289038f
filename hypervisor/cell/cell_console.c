/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall console: output of a cell into a ring that the root cell reads, and a few bytes of input. A flood of
 * output overwrites the cell's own ring and costs nobody else anything.
 */
#include <hyp/cell.h>

#define INPUT_SIZE	64	/* a power of two */
#define CALL_MAX	40	/* bytes of a call, in five registers */

struct cell_console {
	spinlock_t lock;
	u32 size;		/* of the ring: a power of two */
	u64 end;		/* bytes ever written */
	u32 in_head, in_tail;
	u8 in[INPUT_SIZE];
	u32 pages;
	char ring[];
};

int console_init(struct cell *cell, struct hc_error *err)
{
	u32 size = cell->config->console_size, pages;
	struct cell_console *con;

	if (!size)
		return 0;
	pages = DIV_ROUND_UP(sizeof(*con) + size, PAGE_SIZE);
	con = page_alloc(pages, 1);
	if (!con)
		return -ENOMEM;
	con->size = size;
	con->pages = pages;
	cell->console = con;
	return 0;
}

void console_exit(struct cell *cell)
{
	if (cell->console)
		page_free(cell->console, cell->console->pages);
	cell->console = NULL;
}

s64 console_write(struct cell *cell, u64 bytes, const u64 *words)
{
	struct cell_console *con = cell->console;

	if (!con)
		return -EEMPTY;
	if (bytes > CALL_MAX)
		return -EINVAL;
	spin_lock(&con->lock);
	for (u64 i = 0; i < bytes; i++)
		con->ring[(con->end + i) & (con->size - 1)] = (char)(words[i / 8] >> (8 * (i % 8)));
	con->end += bytes;
	spin_unlock(&con->lock);
	return bytes;
}

s64 console_getc(struct cell *cell)
{
	struct cell_console *con = cell->console;
	s64 byte = -EEMPTY;

	if (!con)
		return -EEMPTY;
	spin_lock(&con->lock);
	if (con->in_head != con->in_tail)
		byte = con->in[con->in_tail++ & (INPUT_SIZE - 1)];
	spin_unlock(&con->lock);
	return byte;
}

s64 console_input(struct cell *cell, u8 byte)
{
	struct cell_console *con = cell->console;
	s64 result = -EAGAIN;

	if (!con)
		return -EEMPTY;
	spin_lock(&con->lock);
	if (con->in_head - con->in_tail < INPUT_SIZE) {
		con->in[con->in_head++ & (INPUT_SIZE - 1)] = byte;
		result = 0;
	}
	spin_unlock(&con->lock);
	return result;
}

s64 console_read(struct cell *cell, u64 position, char *buf, size_t size, u64 *next)
{
	struct cell_console *con = cell->console;
	size_t bytes;

	if (!con)
		return -EEMPTY;
	spin_lock(&con->lock);
	if (position > con->end)
		position = con->end;
	if (con->end - position > con->size)
		position = con->end - con->size;
	bytes = MIN(size, con->end - position);
	for (size_t i = 0; i < bytes; i++)
		buf[i] = con->ring[(position + i) & (con->size - 1)];
	spin_unlock(&con->lock);
	*next = position + bytes;
	return bytes;
}
