/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I1, I2: configuration space shows the cell's own functions and nothing else; its BARs stay where the config
 * has them, whatever is written. The cell has one function, the edu device.
 */
#include <inmate/edu.h>
#include <inmate/fault.h>
#include <inmate/ktap.h>
#include <inmate/pci.h>
#include <inmate/smccc.h>

#define EDU_IDENTITY	0x010000ed	/* what its register 0 reads */
#define EDU_BAR_SIZE	0x100000
#define ROOT_BAR	0x10000000	/* in root's PCI window */
#define HYP_BAR		0x45000000	/* the hypervisor's memory */
#define ROOT_MEMORY	0x60000000
#define PCI_STATUS_CAPS	BIT(20)		/* in the word of PCI_COMMAND */
#define PCI_CAPS	0x34
#define CAP_MSI		0x05
#define CAP_MSIX	0x11
#define CAPS_MAX	48

static struct edu edu;
static volatile u32 buffer[4] __attribute__((aligned(64)));

static void check_visible(void)
{
	u32 functions = ecam_size >> 12, seen = 0;

	for (u32 bdf = 0; bdf < functions; bdf++) {
		u32 id = pci_read32(bdf, PCI_ID);

		if (id == 0xffffffff)
			continue;
		seen++;
		printf("# %02x:%02x.%u is %04x:%04x\n", bdf >> 8, bdf >> 3 & 31, bdf & 7, id & 0xffff, id >> 16);
	}
	ktap_ok(seen == 1, "of %u functions, 1 is there (%u)", functions, seen);
}

/* All of the header of all others, all bits one, then zero. */
static void check_foreign_writes(void)
{
	u32 functions = ecam_size >> 12, seen = 0;

	for (u32 bdf = 0; bdf < functions; bdf++) {
		if (bdf == edu.bdf)
			continue;
		for (u32 reg = 0; reg < 0x40; reg += 4) {
			pci_write32(bdf, reg, 0xffffffff);
			pci_write32(bdf, reg, 0);
			seen += pci_read32(bdf, reg) != 0xffffffff;
		}
	}
	ktap_ok(!seen, "writes to the others change nothing (%u)", seen);
}

/* A BAR that is pointed elsewhere. The device must neither answer there nor be lost. */
static void check_bar(u64 foreign)
{
	u32 before = pci_read32(edu.bdf, PCI_BAR);
	u64 value = 0;

	pci_write32(edu.bdf, PCI_BAR, foreign);
	ktap_ok(!try_read(foreign, 4, &value), "a BAR moved to 0x%lx does not open that", foreign);
	pci_write32(edu.bdf, PCI_BAR, before);
	ktap_ok(pci_read32(edu.bdf, PCI_BAR) == before, "the BAR reads as before");
	ktap_ok(try_read(edu.regs, 4, &value) && value == EDU_IDENTITY, "and the device is there");
}

static void check_size(void)
{
	u32 before = pci_read32(edu.bdf, PCI_BAR), size;

	pci_write32(edu.bdf, PCI_BAR, 0xffffffff);
	size = ~(pci_read32(edu.bdf, PCI_BAR) & ~0xfu) + 1;
	pci_write32(edu.bdf, PCI_BAR, before);
	ktap_ok(size == EDU_BAR_SIZE, "the size of the BAR can be read (0x%x)", size);
}

/* Messages would be DMA to the interrupt controller: there are none. */
static void check_capabilities(void)
{
	u32 at = 0, messages = 0;

	if (pci_read32(edu.bdf, PCI_COMMAND) & PCI_STATUS_CAPS)
		at = pci_read8(edu.bdf, PCI_CAPS) & ~3u;
	for (u32 i = 0; at && i < CAPS_MAX; i++) {
		u8 id = pci_read8(edu.bdf, at);

		messages += id == CAP_MSI || id == CAP_MSIX;
		at = pci_read8(edu.bdf, at + 1) & ~3u;
	}
	ktap_ok(!messages, "the function has no message interrupts");
	for (u32 reg = 0x40; reg < 0x100; reg += 4) {
		u32 before = pci_read32(edu.bdf, reg);

		pci_write32(edu.bdf, reg, 0xffffffff);
		pci_write32(edu.bdf, reg, before);
	}
	ktap_ok(edu_dma(&edu, (u64)buffer, 0, sizeof(buffer), false, true),
		"its interrupt comes after writes to all that is behind the header");
}

/* Without Bus Master no transfer, with it again. */
static void check_bus_master(void)
{
	u32 command = pci_read32(edu.bdf, PCI_COMMAND) & 0xffff;

	buffer[0] = 1;
	edu_dma(&edu, (u64)buffer, 0, sizeof(buffer), false, false);
	buffer[0] = 2;
	pci_write32(edu.bdf, PCI_COMMAND, command & ~PCI_COMMAND_MASTER);
	edu_dma(&edu, (u64)buffer, 0, sizeof(buffer), true, false);
	ktap_ok(buffer[0] == 2, "no DMA without Bus Master");
	pci_write32(edu.bdf, PCI_COMMAND, command);
	edu_dma(&edu, (u64)buffer, 0, sizeof(buffer), false, false);
	buffer[0] = 3;
	edu_dma(&edu, (u64)buffer, 0, sizeof(buffer), true, false);
	ktap_ok(buffer[0] == 2, "DMA with it");
}

int main(void)
{
	ktap_begin("ecam: configuration space has the cell's function only");
	if (!in_cell()) {
		ktap_skip("bare machine", "configuration space");
		ktap_end();
		return 0;
	}
	if (ktap_ok(edu_init(&edu), "there is an edu device")) {
		check_visible();
		check_foreign_writes();
		check_size();
		check_bar(ROOT_BAR);
		check_bar(HYP_BAR);
		check_bar(ROOT_MEMORY);
		check_capabilities();
		check_bus_master();
	}
	ktap_end();
	return 0;
}
