/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that cells share, as an ivshmem device: registers (abi of revision 0, with states), an interrupt (INTx), and the
 * memory, mapped Normal Non-cacheable as the other side has it. link.h moves bytes through it.
 */
#ifndef INMATE_IVSHMEM_H
#define INMATE_IVSHMEM_H

#include <inmate/types.h>

#define IVSHMEM_VENDOR		0x1af4
#define IVSHMEM_DEVICE		0x1110

#define IVSHMEM_INTR_MASK	0x00
#define IVSHMEM_INTR_STATUS	0x04	/* reading clears it */
#define IVSHMEM_POSITION	0x08	/* our number among the peers */
#define IVSHMEM_DOORBELL	0x0c
#define IVSHMEM_STATE		0x10
#define IVSHMEM_MAX_PEERS	0x14
#define IVSHMEM_PEER_STATE	0x20	/* 4 bytes for each peer */
#define IVSHMEM_REGISTERS	0x1000

#define IVSHMEM_DOORBELL_PEER	GENMASK(31, 16)
#define IVSHMEM_DOORBELL_VECTOR	GENMASK(15, 0)

struct ivshmem {
	u64 regs;
	u64 memory, size;		/* what is shared */
	u32 bdf, irq;			/* INTID */
	u32 id, peers;			/* ours, and the number of them */
	volatile u32 interrupts;	/* taken */
};

/*
 * The n-th device of the cell, from 0: maps its memory, takes its interrupt. False: there is none. Doorbells and changes
 * of states are the same interrupt: look at all states, and into the memory, when one came.
 */
bool ivshmem_init(struct ivshmem *dev, u32 n);
u32 ivshmem_read(struct ivshmem *dev, u32 reg);
void ivshmem_write(struct ivshmem *dev, u32 reg, u32 value);
/* Interrupts that come are counted, or wait in the device. */
void ivshmem_unmask(struct ivshmem *dev, bool on);
/* To a peer's interrupt. What was written to the memory before is there when it comes. */
void ivshmem_ring(struct ivshmem *dev, u32 peer);
/* Our state, which the peers are told; theirs, 0 for one that is not there. */
void ivshmem_set_state(struct ivshmem *dev, u32 state);
u32 ivshmem_state(struct ivshmem *dev, u32 peer);
/* Sleeps until there were other interrupts than `seen`, or until that counter value. Has the virtual timer. */
void ivshmem_wait(struct ivshmem *dev, u32 seen, u64 ticks);

#endif
