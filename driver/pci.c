// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions leave Linux through the PCI core, so their drivers are unbound first, and come back by a scan of the
 * host bridges that they are behind. The system config's PCI host number is Linux's PCI domain.
 */
#include <linux/errno.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include "cloister.h"

static struct pci_dev *get_function(const struct cfg_pci_dev *dev)
{
	return pci_get_domain_bus_and_slot(dev->host, PCI_BUS_NUM(dev->bdf), dev->bdf & 0xff);
}

/*
 * A driver that leaves DMA to its users (vfio-pci) does not let go of a function before they have closed it, which may be
 * never. Such users have claimed its IOMMU group.
 */
static bool has_user(struct pci_dev *function)
{
	struct iommu_group *group;
	bool claimed = false;

	if (!device_trylock(&function->dev))	/* somebody waits for that user already */
		return true;
	if (function->driver && function->driver->driver_managed_dma) {
		group = iommu_group_get(&function->dev);
		claimed = group && iommu_group_dma_owner_claimed(group);
		iommu_group_put(group);
	}
	device_unlock(&function->dev);
	return claimed;
}

static int check_function(const struct cfg_cell *config, struct pci_dev *function, struct hc_error *error)
{
	if (pci_is_bridge(function))	/* everything behind it would vanish with it */
		return fail(error, -EINVAL, "PCI function %s is a bridge; cell %s cannot have it", pci_name(function),
			    config->name);
	if (has_user(function))
		return fail(error, -EBUSY, "PCI function %s is in use by a program, through %s; cell %s cannot have it now",
			    pci_name(function), dev_driver_string(&function->dev), config->name);
	return 0;
}

int pci_check(const struct cfg_cell *config, struct hc_error *error)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	struct pci_dev *function;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < config->pci_count; i++) {
		function = get_function(&dev[i]);
		if (!function)
			continue;
		ret = check_function(config, function, error);
		pci_dev_put(function);
	}
	return ret;
}

/* What Linux does not see it need not give up: whose it is, is the hypervisor's to say. */
int pci_take(const struct cfg_cell *config, struct hc_error *error)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	struct pci_dev *function;
	u32 i;
	int ret;

	ret = pci_check(config, error);		/* a program may have opened one since */
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
