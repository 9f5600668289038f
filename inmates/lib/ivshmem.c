/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ivshmem device. Its BARs are where the hypervisor has them, so nothing is placed here. */
#include <inmate/gic.h>
#include <inmate/ivshmem.h>
#include <inmate/mmu.h>
#include <inmate/pci.h>
#include <inmate/timer.h>

#define BAR_REGISTERS	0
#define BAR_MEMORY	2
#define BAR_SIZE_MASK	(~0xfULL)

u32 ivshmem_read(struct ivshmem *dev, u32 reg)
{
	return mmio_read32(dev->regs + reg);
}

void ivshmem_write(struct ivshmem *dev, u32 reg, u32 value)
{
	mmio_write32(dev->regs + reg, value);
}

/* The line is up until the status was read. */
static void interrupt(u32 intid, void *context)
{
	struct ivshmem *dev = context;

	ivshmem_read(dev, IVSHMEM_INTR_STATUS);
	dev->interrupts++;
}

static void time_is_up(u32 intid, void *context)
{
	vtimer_stop();
}

/* What a BAR of 64 bits has as size: the bits that stay zero when ones are written. */
static u64 memory_size(u32 bdf)
{
	u32 reg = PCI_BAR + BAR_MEMORY * 4, low = pci_read32(bdf, reg), high = pci_read32(bdf, reg + 4);
	u64 mask;

	pci_write32(bdf, reg, ~0u);
	pci_write32(bdf, reg + 4, ~0u);
	mask = (u64)pci_read32(bdf, reg + 4) << 32 | pci_read32(bdf, reg);
	pci_write32(bdf, reg, low);
	pci_write32(bdf, reg + 4, high);
	return -(mask & BAR_SIZE_MASK);
}

bool ivshmem_init(struct ivshmem *dev, u32 n)
{
	*dev = (struct ivshmem){ .bdf = pci_find_nth(IVSHMEM_VENDOR, IVSHMEM_DEVICE, n) };
	if (dev->bdf == PCI_NONE)
		return false;
	dev->regs = pci_bar(dev->bdf, BAR_REGISTERS);
	dev->memory = pci_bar(dev->bdf, BAR_MEMORY);
	dev->size = memory_size(dev->bdf);
	if (!dev->regs || !dev->memory || !mmu_map_pages(dev->memory, dev->size, MEM_UNCACHED))
		return false;
	pci_enable(dev->bdf);
	dev->id = ivshmem_read(dev, IVSHMEM_POSITION);
	dev->peers = ivshmem_read(dev, IVSHMEM_MAX_PEERS);
	dev->irq = pci_irq(dev->bdf);
	if (dev->irq) {
		irq_handler(dev->irq, interrupt, dev);
		gic_set_edge(dev->irq, false);
		gic_enable(dev->irq);
		irq_handler(INTID_VTIMER, time_is_up, NULL);
		gic_enable(INTID_VTIMER);
		ivshmem_unmask(dev, true);
	}
	return true;
}

void ivshmem_unmask(struct ivshmem *dev, bool on)
{
	ivshmem_write(dev, IVSHMEM_INTR_MASK, on);
}

void ivshmem_ring(struct ivshmem *dev, u32 peer)
{
	dsb();
	ivshmem_write(dev, IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer));
}

void ivshmem_set_state(struct ivshmem *dev, u32 state)
{
	dsb();
	ivshmem_write(dev, IVSHMEM_STATE, state);
}

u32 ivshmem_state(struct ivshmem *dev, u32 peer)
{
	return ivshmem_read(dev, IVSHMEM_PEER_STATE + 4 * peer);
}

void ivshmem_wait(struct ivshmem *dev, u32 seen, u64 ticks)
{
	while (dev->interrupts == seen && timer_ticks() < ticks) {
		irq_disable();
		vtimer_set(ticks);
		if (dev->interrupts == seen)
			wfi();
		irq_enable();		/* the interrupt is taken here */
		isb();
	}
	vtimer_stop();
}
