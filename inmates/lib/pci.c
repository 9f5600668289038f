/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PCI by ECAM. In a cell the functions have their BARs already; on a bare machine without firmware nobody
 * placed them, so pci_bar() takes the next piece of the host bridge's 32-bit window. Bits 31:16 of a function's
 * number are its host bridge's, in the order of the device tree.
 */
#include <inmate/arch.h>
#include <inmate/fdt.h>
#include <inmate/pci.h>

#define PCI_HOSTS		4
#define PCI_DEVICES		32
#define PCI_MULTI_FUNCTION	0x80
#define BAR_IO			BIT(0)
#define BAR_TYPE		GENMASK(2, 1)
#define BAR_TYPE_64		2
#define BAR_FLAGS		0xfu

#define RANGE_CELLS		7		/* PCI address 3, CPU address 2, size 2 */
#define RANGE_SPACE		GENMASK(25, 24)
#define RANGE_SPACE_MEM32	2
#define MAP_CHILD_CELLS		4		/* PCI address 3, pin 1 */

u64 ecam_base, ecam_size;

static struct pci_host {
	int node;
	u64 ecam;
	u64 window_next;		/* free from here in the 32-bit window */
} hosts[PCI_HOSTS];
static u32 host_count;

static u64 find_window(int node)
{
	u32 bytes;
	const void *ranges = fdt_prop(node, "ranges", &bytes);
	u64 found = 0;

	for (u32 i = 0; ranges && i + RANGE_CELLS <= bytes / 4; i += RANGE_CELLS)
		if (FIELD_GET(RANGE_SPACE, fdt_cell(ranges, i)) == RANGE_SPACE_MEM32)
			found = fdt_number(ranges, i + 1, 2);
	return found;
}

void pci_init(void)
{
	int node = -1;
	u64 base, size;

	host_count = 0;
	while (host_count < PCI_HOSTS && (node = fdt_compatible(node, "pci-host-ecam-generic")) >= 0) {
		if (!fdt_reg(node, 0, &base, &size))
			continue;
		hosts[host_count++] = (struct pci_host){ .node = node, .ecam = base, .window_next = find_window(node) };
		if (!ecam_base) {
			ecam_base = base;
			ecam_size = size;
		}
	}
}

static struct pci_host *host_of(u32 bdf)
{
	return &hosts[bdf / PCI_SEGMENT % PCI_HOSTS];
}

static u64 config_address(u32 bdf, u32 reg)
{
	return host_of(bdf)->ecam + ((u64)(bdf % PCI_SEGMENT) << 12) + reg;
}

u32 pci_read32(u32 bdf, u32 reg)
{
	return mmio_read32(config_address(bdf, reg));
}

void pci_write32(u32 bdf, u32 reg, u32 value)
{
	mmio_write32(config_address(bdf, reg), value);
}

u8 pci_read8(u32 bdf, u32 reg)
{
	return mmio_read8(config_address(bdf, reg));
}

u32 pci_find_nth(u16 vendor, u16 device, u32 n)
{
	u32 id = (u32)device << 16 | vendor;

	for (u32 slot = 0; slot < host_count * PCI_DEVICES; slot++) {
		u32 first = slot / PCI_DEVICES * PCI_SEGMENT + (slot % PCI_DEVICES << 3);
		u32 functions = pci_read8(first, PCI_HEADER_TYPE) & PCI_MULTI_FUNCTION ? 8 : 1;

		for (u32 function = 0; function < functions; function++)
			if (pci_read32(first | function, PCI_ID) == id && !n--)
				return first | function;
	}
	return PCI_NONE;
}

u32 pci_find(u16 vendor, u16 device)
{
	return pci_find_nth(vendor, device, 0);
}

static bool bar_is_64(u32 value)
{
	return FIELD_GET(BAR_TYPE, value) == BAR_TYPE_64;
}

static void place_bar(u32 bdf, u32 reg)
{
	struct pci_host *host = host_of(bdf);
	u32 mask, size;

	pci_write32(bdf, reg, 0xffffffff);
	mask = pci_read32(bdf, reg) & ~BAR_FLAGS;
	size = ~mask + 1;
	if (!size || !host->window_next)
		return;
	host->window_next = ALIGN_UP(host->window_next, size);
	pci_write32(bdf, reg, host->window_next);
	if (bar_is_64(pci_read32(bdf, reg)))
		pci_write32(bdf, reg + 4, 0);
	host->window_next += size;
}

u64 pci_bar(u32 bdf, u32 bar)
{
	u32 reg = PCI_BAR + bar * 4, value = pci_read32(bdf, reg);
	u64 high;

	if (value & BAR_IO)
		return 0;
	high = bar_is_64(value) ? pci_read32(bdf, reg + 4) : 0;
	if (!(value & ~BAR_FLAGS) && !high) {
		place_bar(bdf, reg);
		value = pci_read32(bdf, reg);
	}
	return high << 32 | (value & ~BAR_FLAGS);
}

void pci_enable(u32 bdf)
{
	u32 command = pci_read32(bdf, PCI_COMMAND) & 0xffff;	/* status bits are write-one-to-clear */

	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	pci_write32(bdf, PCI_COMMAND, command & ~PCI_COMMAND_INTX_OFF);
}

u32 pci_irq(u32 bdf)
{
	u32 map_bytes, mask_bytes, pin = pci_read8(bdf, PCI_INTERRUPT_PIN), at = 0;
	int host = host_of(bdf)->node;
	const void *map = fdt_prop(host, "interrupt-map", &map_bytes);
	const void *mask = fdt_prop(host, "interrupt-map-mask", &mask_bytes);
	u32 address = bdf % PCI_SEGMENT << 8;

	if (!pin || !map || !mask)
		return 0;
	while (at + MAP_CHILD_CELLS < map_bytes / 4) {
		int gic = fdt_phandle(fdt_cell(map, at + MAP_CHILD_CELLS));
		u32 parent = at + MAP_CHILD_CELLS + 1 + fdt_u32(gic, "#address-cells", 0);

		if (((fdt_cell(map, at) ^ address) & fdt_cell(mask, 0)) == 0 &&
		    ((fdt_cell(map, at + 3) ^ pin) & fdt_cell(mask, 3)) == 0)
			return fdt_cell(map, parent + 1) + 32;
		at = parent + fdt_u32(gic, "#interrupt-cells", 3);
	}
	return 0;
}
