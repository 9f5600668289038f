/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* QEMU's `edu` device: a DMA engine with a buffer of 4 KiB, and an interrupt (INTx). */
#ifndef INMATE_EDU_H
#define INMATE_EDU_H

#include <inmate/types.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define EDU_ID		0x00
#define EDU_LIVENESS	0x04
#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_RAISE	0x60
#define EDU_IRQ_ACK	0x64
#define EDU_DMA_SOURCE	0x80
#define EDU_DMA_TARGET	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_DMA_START	BIT(0)
#define EDU_DMA_TO_RAM	BIT(1)
#define EDU_DMA_IRQ	BIT(2)
#define EDU_IRQ_DMA	0x100		/* the bit that a finished DMA sets in the status */
#define EDU_BUFFER	0x40000		/* the device's address of its buffer */
#define EDU_BUFFER_SIZE	4096

struct edu {
	u64 regs;
	u32 bdf;
	u32 irq;			/* INTID */
	volatile u32 interrupts;	/* taken */
	volatile u32 last_status;	/* of the last interrupt */
};

/* Finds and enables it, with its interrupt. False: there is none. */
bool edu_init(struct edu *edu);
/* Starts a transfer between memory and offset `at` of its buffer. */
void edu_dma_start(struct edu *edu, u64 address, u32 at, u32 bytes, bool to_ram, bool irq);
bool edu_dma_busy(struct edu *edu);
/* A whole transfer, waiting by polling or for the interrupt, at most 5 s. False: it did not end. */
bool edu_dma(struct edu *edu, u64 address, u32 at, u32 bytes, bool to_ram, bool irq);

/*
 * What an attack is made of: 16 bytes, for the device moves 4 at a time and each is a violation of its own.
 */
#define EDU_ATTACK_BYTES	16
#define EDU_ATTACK_PATTERN	0xbadc0dedfeedfaceUL

struct edu_attack {
	bool finished;		/* the device ended all its transfers */
	bool wrote;		/* the pattern that was written there could be read back from there */
	bool read;		/* bytes that are not ours came from there */
	u64 got[2];
};

/*
 * Aims the device at an address that it must not reach: writes the pattern, then reads into a buffer with
 * another one. A read that was stopped leaves that, or zeros, or ones. Whether a write alone arrived, only
 * the victim can say.
 */
void edu_attack(struct edu *edu, u64 address, struct edu_attack *result);

#endif
