// SPDX-License-Identifier: GPL-2.0-only
/*
 * ivshmem: memory that cells share, with doorbells, as a PCI device that drivers know (Documentation/ivshmem.md). Cells
 * with a device on the same memory are peers while they run.
 *
 * What a cell does to a peer is to set one bit and, when that was clear, to make one interrupt pending: only the peer's own
 * reading of IntrStatus makes room for the next. Peers are found by a list under a lock that nobody holds for longer than
 * one such round. A cell is on it only while its CPUs and its interrupts are in place; who is not on it reaches nobody.
 */
#include <hyp/mutate.h>

#include "vpci.h"

#define ECAM_SIZE	MIB(1)
#define SLOT_SIZE	(8 * PCI_FUNCTION_SIZE)	/* of configuration space: a device's eight functions */
#define REGS_SIZE	KIB(4)
#define LISTS		16

/* Registers, in words */
enum { INTR_MASK, INTR_STATUS, IV_POSITION, DOORBELL, STATE, MAX_PEERS, STATES = 8 };

#define DOORBELL_PEER	GENMASK(31, 16)
#define DOORBELL_VECTOR	GENMASK(15, 0)

/* Channels beside one another in memory have different ones. */
static struct ivshmem_list {
	spinlock_t lock;		/* guards the list, and all that devices on it say; below cell_lock */
	struct ivshmem *first;
} lists[LISTS];

/* As after a reset, and in no list. */
static struct ivshmem fresh(struct cell *cell, u32 n)
{
	const struct cfg_mem *mem = cfg_ivshmem_mem(cell->config, n);

	return (struct ivshmem){
		.cell = cell, .config = &cfg_cell_ivshmem(cell->config)[n], .mem = mem,
		.list = &lists[mem->pa / mem->size % LISTS],
		.header = {
			[PCI_ID / 4] = 0x11101af4,
			[PCI_CLASS / 4] = 0x05000000,	/* RAM; revision 0: it has INTx */
			[PCI_BAR0 / 4] = (u32)(cell->config->ivshmem_ipa + ECAM_SIZE + n * REGS_SIZE),
			[PCI_BAR2 / 4] = (u32)(mem->ipa | PCI_BAR_64 | PCI_BAR_PREFETCH),
			[PCI_BAR2 / 4 + 1] = (u32)(mem->ipa >> 32),
			[PCI_SUBSYSTEM / 4] = 0x11001af4,
			[PCI_INTERRUPT / 4] = 1 << 8,	/* INTA */
		},
	};
}

/* ---- peers: with the list's lock ---- */

static bool is_peer(const struct ivshmem *dev, const struct ivshmem *other)
{
	return MUTATE(IVSHMEM_ANY_PEER) || other->mem->pa == dev->mem->pa;
}

/* NULL: absent, or not running. */
static struct ivshmem *find_peer(const struct ivshmem *dev, u64 id)
{
	struct ivshmem *peer = dev->list->first;

	while (peer && !(is_peer(dev, peer) && peer->config->id == id))
		peer = peer->next;
	return peer;
}

/* As Interrupt Status of the configuration space has it, and as the line. */
static bool is_pending(const struct ivshmem *dev)
{
	return dev->status & dev->mask;
}

static bool is_up(const struct ivshmem *dev)
{
	return is_pending(dev) && !(dev->header[PCI_COMMAND / 4] & PCI_COMMAND_INTX_OFF);
}

static void notify(struct ivshmem *peer)
{
	if (peer->status)
		return;
	peer->status = 1;
	if (is_up(peer))
		vgic_set_line(peer->cell, peer->config->irq, true);
}

static void set_state(struct ivshmem *dev, u32 state)
{
	if (dev->state == state)
		return;
	dev->state = state;
	for (struct ivshmem *peer = dev->list->first; peer; peer = peer->next) {
		if (peer != dev && is_peer(dev, peer))
			notify(peer);
	}
}

/* ---- accesses: with the list's lock ---- */

static u32 read_reg(struct ivshmem *dev, u64 n)
{
	const struct ivshmem *peer = n < STATES ? NULL : find_peer(dev, n - STATES);
	const u32 own[STATES] = {
		[INTR_MASK] = dev->mask, [INTR_STATUS] = dev->status, [IV_POSITION] = dev->config->id,
		[STATE] = dev->state, [MAX_PEERS] = dev->config->peers,
	};

	if (n == INTR_STATUS)
		dev->status = 0;
	return n < STATES ? own[n] : peer ? peer->state : 0;
}

/* A CPU that has not been parked yet when its cell has ended says nothing to others any more. */
static void write_reg(struct ivshmem *dev, u64 n, u32 value)
{
	struct ivshmem *peer = find_peer(dev, FIELD_GET(DOORBELL_PEER, value));
	bool runs = find_peer(dev, dev->config->id) == dev;

	if (n == INTR_MASK)
		dev->mask = value & 1;
	else if (n == DOORBELL && runs && peer && peer != dev && !FIELD_GET(DOORBELL_VECTOR, value))
		notify(peer);
	else if (n == STATE && runs)
		set_state(dev, value);
}

/* The mapping is fixed: what is written to a BAR is kept, to be sized, and changes nothing. */
static u32 config_access(void *ctx, u64 offset, u32 value, u32 lanes, bool write)
{
	struct ivshmem *dev = ctx;
	u64 at = offset % SLOT_SIZE, size = dev->mem->size;
	const u32 writable[PCI_HEADER_END / 4] = {
		[PCI_COMMAND / 4] = PCI_COMMAND_MEM | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF,
		[PCI_BAR0 / 4] = (u32)~(REGS_SIZE - 1),
		[PCI_BAR2 / 4] = (u32)~(size - 1),
		[PCI_BAR2 / 4 + 1] = (u32)(~(size - 1) >> 32),
		[PCI_INTERRUPT / 4] = 0xff,
	};
	u32 *reg;

	if (at >= PCI_HEADER_END)
		return at < PCI_FUNCTION_SIZE ? 0 : PCI_ABSENT;
	reg = &dev->header[at / 4];
	if (write)
		*reg ^= (*reg ^ value) & lanes & writable[at / 4];
	return *reg | (at == PCI_COMMAND && is_pending(dev) ? (u32)PCI_STATUS_INTX : 0);
}

/* While it is up the line makes its interrupt pending again at each access of its own, as a level does (vpl011.c). */
static bool ivshmem_access(struct cpu *cpu, void *ctx, struct mmio_access *access)
{
	struct cell *cell = ctx;
	bool is_config = access->offset < ECAM_SIZE, was_up;
	u64 n = is_config ? access->offset / SLOT_SIZE : (access->offset - ECAM_SIZE) / REGS_SIZE;
	u64 reg = access->offset % REGS_SIZE / 4;
	struct ivshmem *dev;

	if (n >= cell->config->ivshmem_count) {
		access->value = ~0ULL;
		return is_config;
	}
	dev = &cell->ivshmem[n];
	spin_lock(&dev->list->lock);
	was_up = is_up(dev);
	if (is_config)
		vpci_config_access(access, config_access, dev);
	else if (access->size == 4 && access->write)
		write_reg(dev, reg, (u32)access->value);
	else if (access->size == 4)
		access->value = read_reg(dev, reg);
	if (was_up || is_up(dev))
		vgic_set_line(cell, dev->config->irq, is_up(dev));
	spin_unlock(&dev->list->lock);
	return true;
}

/* ---- cells ---- */

static void unlink(struct ivshmem *dev)
{
	struct ivshmem **at = &dev->list->first;

	while (*at && *at != dev)
		at = &(*at)->next;
	if (*at)
		*at = dev->next;
}

int ivshmem_cell_init(struct cell *cell, struct hc_error *err)
{
	u32 count = cell->config->ivshmem_count;

	if (!count)
		return 0;
	for (u32 i = 0; i < count; i++)
		cell->ivshmem[i] = fresh(cell, i);
	return mmio_add(&cell->mmio, ipa(cell->config->ivshmem_ipa), 2 * ECAM_SIZE, ivshmem_access, cell);
}

void ivshmem_attach(struct cell *cell)
{
	for (u32 i = 0; i < cell->config->ivshmem_count; i++) {
		struct ivshmem *dev = &cell->ivshmem[i];

		spin_lock(&dev->list->lock);
		unlink(dev);
		*dev = fresh(cell, i);
		dev->next = dev->list->first;
		dev->list->first = dev;
		spin_unlock(&dev->list->lock);
	}
}

void ivshmem_detach(struct cell *cell)
{
	for (u32 i = 0; i < cell->config->ivshmem_count && !MUTATE(IVSHMEM_KEEP_STATE); i++) {
		struct ivshmem *dev = &cell->ivshmem[i];

		spin_lock(&dev->list->lock);
		set_state(dev, 0);
		unlink(dev);
		spin_unlock(&dev->list->lock);
	}
}
