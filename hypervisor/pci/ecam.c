// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of the PCI hosts (ECAM), and a defined state at boot: whatever firmware or an
 * earlier kernel left, no function is a bus master or decodes an address before a cell says so.
 */
#include <hyp/config.h>
#include <hyp/hyp_map.h>
#include <hyp/pci.h>
#include <hyp/printk.h>

#include "vpci.h"

#define BUSES	256

static struct ecam {
	u8 *regs;
	u32 bus_first, buses;
} hosts[CFG_MAX_PCI_HOSTS];

u8 *pci_function(u32 host, u32 bdf)
{
	const struct ecam *ecam = &hosts[host];
	u32 bus = bdf / PCI_BUS_FUNCTIONS;

	if (!ecam->regs || bus < ecam->bus_first || bus - ecam->bus_first >= ecam->buses)
		return NULL;
	return ecam->regs + (size_t)(bdf - ecam->bus_first * PCI_BUS_FUNCTIONS) * PCI_FUNCTION_SIZE;
}

/* Silences the functions of one bus; marks the buses of those bridges that firmware had set up. */
static u32 silence_bus(u32 host, u32 bus, bool *wanted)
{
	u32 found = 0, step;

	for (u32 n = 0; n < PCI_BUS_FUNCTIONS; n += step) {
		u8 *regs = pci_function(host, bus * PCI_BUS_FUNCTIONS + n);
		u32 type;

		step = n % 8 ? 1 : 8;	/* a device without function 0 has none */
		if (FIELD_GET(PCI_VENDOR, mmio_read32(regs + PCI_ID)) == FIELD_MAX(PCI_VENDOR))
			continue;
		mmio_write16(regs + PCI_COMMAND, 0);
		found++;
		type = mmio_read32(regs + PCI_TYPE);
		if (type & PCI_MULTI_FUNCTION)
			step = 1;
		if (FIELD_GET(PCI_HEADER_TYPE, type) == PCI_TYPE_BRIDGE)
			wanted[FIELD_GET(PCI_BUS_SECONDARY, mmio_read32(regs + PCI_BUSES))] = true;
	}
	return found;
}

/* A bridge has a higher bus number behind it than before it, so one pass upwards reaches every bus in use. */
static u32 silence_host(u32 host)
{
	bool wanted[BUSES] = { false };
	u32 first = hosts[host].bus_first, end = first + hosts[host].buses, found = 0;

	wanted[first] = true;
	for (u32 bus = first; bus < end; bus++) {
		if (wanted[bus])
			found += silence_bus(host, bus, wanted);
	}
	return found;
}

int pci_init(const struct cfg_system *sys)
{
	const struct cfg_pci_host *config = cfg_pci_hosts(sys);

	for (u32 i = 0; i < sys->pci_count; i++, config++) {
		hosts[i].regs = hyp_map_mmio(pa(config->ecam_base), config->ecam_size);
		if (!hosts[i].regs) {
			pr_err("pci: no address space for the configuration space of host %u at 0x%lx", i, config->ecam_base);
			return -ENOMEM;
		}
		hosts[i].bus_first = config->bus_first;
		hosts[i].buses = (u32)(config->ecam_size / (PCI_BUS_FUNCTIONS * PCI_FUNCTION_SIZE));
		pr_info("pci: host %u at 0x%lx, %u functions", i, config->ecam_base, silence_host(i));
	}
	return 0;
}
