// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions leave Linux through the PCI core, so their drivers are unbound first, and come back by a scan of the
 * host bridges that they are behind. The system config's PCI host number is Linux's PCI domain.
 */
#include <linux/errno.h>
#include <linux/pci.h>
#include "cloister.h"

static struct pci_dev *get_function(const struct cfg_pci_dev *dev)
{
	return pci_get_domain_bus_and_slot(dev->host, PCI_BUS_NUM(dev->bdf), dev->bdf & 0xff);
}

/* Everything behind a bridge would vanish with it. */
static int check_functions(const struct cfg_cell *config, struct hc_error *error)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	struct pci_dev *function;
	bool bridge;
	u32 i;

	for (i = 0; i < config->pci_count; i++) {
		function = get_function(&dev[i]);
		if (!function)
			continue;
		bridge = pci_is_bridge(function);
		pci_dev_put(function);
		if (bridge)
			return fail(error, -EINVAL, "PCI function %04x:%02x:%02x.%x is a bridge; cell %s cannot have it",
				    dev[i].host, PCI_BUS_NUM(dev[i].bdf), PCI_SLOT(dev[i].bdf), PCI_FUNC(dev[i].bdf),
				    config->name);
	}
	return 0;
}

/* What Linux does not see it need not give up: whose it is, is the hypervisor's to say. */
int pci_take(const struct cfg_cell *config, struct hc_error *error)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	struct pci_dev *function;
	u32 i;
	int ret;

	ret = check_functions(config, error);
	if (ret)
		return ret;
	for (i = 0; i < config->pci_count; i++) {
		function = get_function(&dev[i]);
		if (!function)
			continue;
		pci_stop_and_remove_bus_device_locked(function);
		pci_dev_put(function);
	}
	return 0;
}

static void scan_host(int domain)
{
	struct pci_bus *bus = NULL;

	pci_lock_rescan_remove();
	while ((bus = pci_find_next_bus(bus)))
		if (pci_domain_nr(bus) == domain)
			pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
}

void pci_return(const struct cfg_cell *config)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	u32 i, host;

	for (host = 0; host < CFG_MAX_PCI_HOSTS; host++)
		for (i = 0; i < config->pci_count; i++)
			if (dev[i].host == host) {
				scan_host(host);
				break;
			}
}
