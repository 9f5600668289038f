// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cell's PCI configuration space: its own functions, at the numbers that its config gives them, and nothing
 * else. The window begins with the cell's bus 0. A function of the root cell that another cell has is lent:
 * absent for the root cell until it comes back.
 */
#include <hyp/config.h>
#include <hyp/mutate.h>
#include <hyp/page_pool.h>
#include <hyp/printk.h>

#include "vpci.h"

/* ---- accesses ---- */

/*
 * The root cell's functions are looked at when it does so for the first time: some are behind bridges that it
 * has to set up before, and one that the board lacks today must not keep the machine from booting.
 */
static bool is_present(struct vpci_dev *dev)
{
	struct hc_error err;

	if (dev->probed || !vpci_dev_ready(dev))
		return true;
	if (FIELD_GET(PCI_VENDOR, vpci_hw_read(dev, PCI_ID)) == FIELD_MAX(PCI_VENDOR))
		return false;
	if (vpci_dev_probe(dev, &err) && log_allowed(&dev->cell->log))
		pr_warn("cell %s: %s: hidden", dev->cell->name, err.text);
	return dev->probed;
}

/* Of a mutation only: a function that nobody has. */
static struct vpci_dev *any_function(u32 bdf)
{
	static struct vpci_dev any;

	any = (struct vpci_dev){ .cell = root_cell(), .regs = pci_function(0, bdf) };
	return any.regs ? &any : NULL;
}

static struct vpci_dev *find_virtual(const struct vpci *vpci, u32 vbdf)
{
	for (u32 i = 0; i < vpci->count; i++) {
		struct vpci_dev *dev = &vpci->dev[i];

		if (dev->config->vbdf == vbdf && !dev->lent && is_present(dev))
			return dev;
	}
	return MUTATE(PCI_NO_FILTER) ? any_function(vbdf) : NULL;
}

/* What is not there, or not ready, takes no writes. Returns the result of a read. */
static u32 access_dword(void *vpci, u64 offset, u32 value, u32 lanes, bool write)
{
	struct vpci_dev *dev = find_virtual(vpci, (u32)(offset / PCI_FUNCTION_SIZE));
	u32 reg = offset % PCI_FUNCTION_SIZE;

	if (!dev)
		return PCI_ABSENT;
	if (!vpci_dev_ready(dev))
		return reg == PCI_ID ? PCI_RETRY_STATUS : PCI_ABSENT;
	if (!write)
		return vpci_dev_read(dev, reg);
	vpci_dev_write(dev, reg, value, lanes);
	return 0;
}

static bool vpci_access(struct cpu *cpu, void *ctx, struct mmio_access *access)
{
	struct vpci *vpci = ctx;

	spin_lock(&vpci->lock);
	vpci_config_access(access, access_dword, vpci);
	spin_unlock(&vpci->lock);
	return true;
}

/* ---- owners ---- */

/* The root cell's entry of the same function; NULL: it has none. */
static struct vpci_dev *root_entry(const struct vpci_dev *dev)
{
	struct cell *root = root_cell();

	for (u32 i = 0; root && root != dev->cell && i < root->vpci.count; i++) {
		struct vpci_dev *entry = &root->vpci.dev[i];

		if (entry->config->host == dev->config->host && entry->config->bdf == dev->config->bdf)
			return entry;
	}
	return NULL;
}

/* One function at a time under the root cell's lock, so that its CPUs wait for a bounded time. */
static int probe(struct vpci_dev *dev, struct hc_error *err)
{
	struct vpci_dev *entry = root_entry(dev);
	int result;

	if (!entry)
		return vpci_dev_probe(dev, err);
	spin_lock(&entry->cell->vpci.lock);
	result = vpci_dev_ready(entry) ? vpci_dev_probe(dev, err) : vpci_dev_fail(dev, err, -EAGAIN, "is being reset: try again");
	spin_unlock(&entry->cell->vpci.lock);
	return result;
}

static void take(struct vpci_dev *dev)
{
	struct vpci_dev *entry = root_entry(dev);

	if (entry) {
		spin_lock(&entry->cell->vpci.lock);
		entry->lent = true;
		spin_unlock(&entry->cell->vpci.lock);
	}
	dev->used = true;	/* by whoever had it before */
	vpci_dev_quiesce(dev);
}

/* With the function goes its reset, which may not be over yet. */
static void give_back(struct vpci_dev *dev)
{
	struct vpci_dev *entry = root_entry(dev);

	vpci_dev_quiesce(dev);
	if (!entry)
		return;
	spin_lock(&entry->cell->vpci.lock);
	entry->wake = dev->wake;
	entry->ready_at = dev->ready_at;
	entry->used = false;
	entry->lent = false;
	if (!entry->ready_at)
		vpci_dev_place(entry);
	spin_unlock(&entry->cell->vpci.lock);
}

static void free_entries(struct vpci *vpci)
{
	if (vpci->dev)
		page_free(vpci->dev, vpci->pages);
	vpci->dev = NULL;
	vpci->count = 0;
}

/* All of them are checked before the first is touched for good. */
static int build_entries(struct cell *cell, struct hc_error *err)
{
	const struct cfg_pci_dev *config = cfg_cell_pci(cell->config);
	u32 count = cell->config->pci_count;
	struct vpci *vpci = &cell->vpci;
	int result;

	vpci->pages = (u32)DIV_ROUND_UP(count * sizeof(struct vpci_dev), PAGE_SIZE);
	vpci->dev = page_alloc(vpci->pages, 1);
	if (!vpci->dev)
		return hc_fail(err, -ENOMEM, "no memory for %u PCI functions", count);
	for (u32 i = 0; i < count; i++, config++) {
		u8 *regs = pci_function(config->host, config->bdf);

		vpci->dev[i] = (struct vpci_dev){ .config = config, .cell = cell, .regs = regs };
		result = cell->is_root ? 0 : probe(&vpci->dev[i], err);
		if (result)
			return result;
	}
	vpci->count = count;
	return 0;
}

int vpci_cell_init(struct cell *cell, struct hc_error *err)
{
	const struct cfg_cell *config = cell->config;
	int result = config->pci_count ? build_entries(cell, err) : 0;

	if (!result && config->ecam_size)
		result = mmio_add(&cell->mmio, ipa(config->ecam_ipa), config->ecam_size, vpci_access, &cell->vpci);
	if (result)
		free_entries(&cell->vpci);
	for (u32 i = 0; i < cell->vpci.count && !cell->is_root; i++)
		take(&cell->vpci.dev[i]);
	return result;
}

/* Has this cell touched it, and has it still? */
static bool in_use(const struct vpci_dev *dev)
{
	return dev->probed && !dev->lent;
}

void vpci_cell_exit(struct cell *cell)
{
	for (u32 i = 0; i < cell->vpci.count; i++) {
		if (in_use(&cell->vpci.dev[i]))
			give_back(&cell->vpci.dev[i]);
	}
	free_entries(&cell->vpci);
}

int vpci_cell_reset(struct cell *cell)
{
	struct vpci *vpci = &cell->vpci;
	int result = 0;

	spin_lock(&vpci->lock);
	for (u32 i = 0; i < vpci->count; i++) {
		if (!in_use(&vpci->dev[i]))
			continue;
		vpci_dev_quiesce(&vpci->dev[i]);
		if (!vpci_dev_ready(&vpci->dev[i]))
			result = -EAGAIN;
	}
	spin_unlock(&vpci->lock);
	return result;
}
