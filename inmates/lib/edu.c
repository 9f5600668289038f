/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The edu device. A transfer takes it 100 ms. */
#include <inmate/edu.h>
#include <inmate/gic.h>
#include <inmate/pci.h>
#include <inmate/timer.h>

#define EDU_TIMEOUT_US	5000000	/* a busy host is slow */

static void interrupt(u32 intid, void *context)
{
	struct edu *edu = context;
	u32 status = mmio_read32(edu->regs + EDU_IRQ_STATUS);

	mmio_write32(edu->regs + EDU_IRQ_ACK, status);
	edu->last_status = status;
	edu->interrupts++;
}

bool edu_init(struct edu *edu)
{
	*edu = (struct edu){ .bdf = pci_find(EDU_VENDOR, EDU_DEVICE) };
	if (edu->bdf == PCI_NONE)
		return false;
	edu->regs = pci_bar(edu->bdf, 0);
	if (!edu->regs)
		return false;
	pci_enable(edu->bdf);
	edu->irq = pci_irq(edu->bdf);
	if (edu->irq) {
		irq_handler(edu->irq, interrupt, edu);
		gic_set_edge(edu->irq, false);
		gic_enable(edu->irq);
	}
	return true;
}

void edu_dma_start(struct edu *edu, u64 address, u32 at, u32 bytes, bool to_ram, bool irq)
{
	u64 buffer = EDU_BUFFER + at;

	dsb();
	mmio_write64(edu->regs + EDU_DMA_SOURCE, to_ram ? buffer : address);
	mmio_write64(edu->regs + EDU_DMA_TARGET, to_ram ? address : buffer);
	mmio_write64(edu->regs + EDU_DMA_COUNT, bytes);
	mmio_write64(edu->regs + EDU_DMA_COMMAND,
		     EDU_DMA_START | (to_ram ? EDU_DMA_TO_RAM : 0) | (irq ? EDU_DMA_IRQ : 0));
}

bool edu_dma_busy(struct edu *edu)
{
	return mmio_read64(edu->regs + EDU_DMA_COMMAND) & EDU_DMA_START;
}

bool edu_dma(struct edu *edu, u64 address, u32 at, u32 bytes, bool to_ram, bool irq)
{
	u64 deadline = timer_ticks() + timer_us(EDU_TIMEOUT_US);
	u32 before = edu->interrupts;

	edu_dma_start(edu, address, at, bytes, to_ram, irq);
	while (irq ? edu->interrupts == before : edu_dma_busy(edu))
		if (timer_ticks() > deadline)
			return false;
	dsb();
	return !edu_dma_busy(edu);
}

static u64 scratch[2] __attribute__((aligned(64)));

static void set_scratch(u64 value)
{
	scratch[0] = value;
	scratch[1] = value;
}

static bool scratch_is(u64 value)
{
	return scratch[0] == value && scratch[1] == value;
}

void edu_attack(struct edu *edu, u64 address, struct edu_attack *result)
{
	const u64 marker = 0x5a5a5a5a5a5a5a5a;
	bool finished;

	set_scratch(EDU_ATTACK_PATTERN);
	finished = edu_dma(edu, (u64)scratch, 0, EDU_ATTACK_BYTES, false, false) &&
		   edu_dma(edu, address, 0, EDU_ATTACK_BYTES, true, false);
	set_scratch(marker);
	finished = finished && edu_dma(edu, (u64)scratch, 0, EDU_ATTACK_BYTES, false, false) &&
		   edu_dma(edu, address, 0, EDU_ATTACK_BYTES, false, false);
	set_scratch(0);
	finished = finished && edu_dma(edu, (u64)scratch, 0, EDU_ATTACK_BYTES, true, false);

	*result = (struct edu_attack){ .finished = finished, .got = { scratch[0], scratch[1] } };
	result->wrote = scratch_is(EDU_ATTACK_PATTERN);
	result->read = !scratch_is(marker) && !scratch_is(0) && !scratch_is(~0ULL);
}
