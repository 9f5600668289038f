/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What newlib asks of the machine: output to the PL011 or the hypervisor's console, and memory behind the program. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <inmate/arch.h>
#include <inmate/console.h>
#include <inmate/fdt.h>
#include <inmate/mmu.h>
#include <inmate/smccc.h>

#define CHUNK	4		/* bytes that one register of HC_CONSOLE_WRITE has */

int _write(int file, const char *text, int bytes);
int _read(int file, char *text, int bytes);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, struct stat *about);
int _isatty(int file);
void *_sbrk(int bytes);
int _kill(int process, int signal);
int _getpid(void);
void _exit(int status) __attribute__((noreturn));

u64 uart_base;
u32 uart_irq;

/* stdout is unbuffered up to the line's end, so that what a test said before it dies is seen. */
void console_init(void)
{
	int node = fdt_compatible(-1, "arm,pl011");
	u64 size;

	if (fdt_reg(node, 0, &uart_base, &size))
		uart_irq = fdt_irq(node, 0);
	setvbuf(stdout, NULL, _IOLBF, 256);
}

static void uart_putc(char c)
{
	while (mmio_read32(uart_base + UART_FR) & UART_FR_TXFF)
		;
	mmio_write32(uart_base + UART_DR, (u8)c);
}

void console_write(const char *text, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += uart_base ? 1 : CHUNK) {
		struct smccc call = { .x = { HC_CONSOLE_WRITE } };

		if (uart_base) {
			if (text[at] == '\n')
				uart_putc('\r');
			uart_putc(text[at]);
			continue;
		}
		for (u32 i = 0; i < CHUNK && at + i < bytes; i++) {
			call.x[1]++;
			call.x[2] |= (u64)(u8)text[at + i] << 8 * i;
		}
		smccc_hvc(&call);
	}
}

int _write(int file, const char *text, int bytes)
{
	console_write(text, bytes);
	return bytes;
}

int _read(int file, char *text, int bytes) { return 0; }
int _close(int file) { return -1; }
int _lseek(int file, int offset, int whence) { return 0; }
int _isatty(int file) { return 1; }
int _kill(int process, int signal) { return -1; }
int _getpid(void) { return 1; }
void _exit(int status) { machine_off(); }

int _fstat(int file, struct stat *about)
{
	about->st_mode = S_IFCHR;
	return 0;
}

void *_sbrk(int bytes)
{
	static char *end = image_end;
	char *old = end;

	if (old + bytes > (char *)(u32)(ram_base + ram_size / 2)) {
		errno = ENOMEM;
		return (void *)-1;
	}
	end += bytes;
	return old;
}
