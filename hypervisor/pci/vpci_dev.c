// SPDX-License-Identifier: GPL-2.0-only
/*
 * One function in hardware: what it has (BARs, capabilities), its reset between owners, and its BARs' places.
 * Nothing here waits: a reset starts a deadline, and until that has passed nobody's access gets through.
 */
#include <arch/timer.h>
#include <hyp/printk.h>

#include "vpci.h"

#define CAPS_MAX	48	/* dwords where a capability can begin: bounds a chain that loops */
#define EXT_CAPS_MAX	960
#define FLR_TIME_US	100000
#define POWER_TIME_US	10000

/*
 * What a cell may see. All others stay hidden: among them MSI and MSI-X (there is no ITS yet), SR-IOV, ATS,
 * PRI and PASID, which make requests that no stream was checked for, ACS, ARI and Resizable BAR.
 */
#define VISIBLE_CAPS	(BIT(PCI_CAP_PM) | BIT(PCI_CAP_VENDOR) | BIT(PCI_CAP_SUBSYSTEM) | \
			 BIT(PCI_CAP_EXPRESS) | BIT(PCI_CAP_AF))
#define VISIBLE_EXT	(BIT(PCI_EXT_SERIAL) | BIT(PCI_EXT_VENDOR) | BIT(PCI_EXT_DVSEC))

static bool is_visible(u64 visible, u64 id)
{
	return id < 64 && (visible & BIT(id));
}

static void note_cap(struct vpci_dev *dev, u32 id, u32 at)
{
	if (id == PCI_CAP_PM && at + 2 * 4 <= PCI_CONVENTIONAL_END)
		dev->pm = (u8)at;
	if (id == PCI_CAP_EXPRESS && at + PCI_EXP_SIZE <= PCI_CONVENTIONAL_END)
		dev->express = (u8)at;
	if (id == PCI_CAP_AF && at + 2 * 4 <= PCI_CONVENTIONAL_END)
		dev->af = (u8)at;
}

/* Links the visible capabilities to one another. -EINVAL: one that assigns addresses behind our back. */
static int probe_caps(struct vpci_dev *dev)
{
	u32 at, last = PCI_CAP_POINTER;

	if (!(vpci_hw_read(dev, PCI_COMMAND) & PCI_STATUS_CAPS))
		return 0;
	at = vpci_hw_read(dev, PCI_CAP_POINTER) & 0xfc;
	for (u32 n = 0; at >= PCI_HEADER_END && n < CAPS_MAX; n++) {
		u32 head = vpci_hw_read(dev, at), id = FIELD_GET(PCI_CAP_ID, head);

		if (id == PCI_CAP_EA)
			return -EINVAL;
		if (is_visible(VISIBLE_CAPS, id)) {
			note_cap(dev, id, at);
			dev->caps |= BIT(at / 4);
			dev->next[last / 4] = (u8)at;
			last = at;
		}
		at = FIELD_GET(PCI_CAP_NEXT, head) & 0xfc;
	}
	return 0;
}

static void probe_ext_caps(struct vpci_dev *dev)
{
	u32 at = PCI_EXT_FIRST;

	for (u32 n = 0; at >= PCI_EXT_FIRST && n < EXT_CAPS_MAX && dev->ext_count < VPCI_EXT_CAPS; n++) {
		u32 head = vpci_hw_read(dev, at);

		if (head == 0 || head == PCI_ABSENT)
			return;
		if (is_visible(VISIBLE_EXT, FIELD_GET(PCI_EXT_ID, head))) {
			if (dev->ext_count)
				dev->ext[dev->ext_count - 1].next = (u16)at;
			dev->ext[dev->ext_count++].offset = (u16)at;
		}
		at = FIELD_GET(PCI_EXT_NEXT, head) & 0xffc;
	}
}

/* Writes all ones, reads what sticks, and puts the old value back. */
static u32 size_register(const struct vpci_dev *dev, u32 reg)
{
	u32 old = vpci_hw_read(dev, reg), mask;

	vpci_hw_write(dev, reg, ~0u);
	mask = vpci_hw_read(dev, reg);
	vpci_hw_write(dev, reg, old);
	return mask;
}

static void probe_bars(struct vpci_dev *dev)
{
	u32 mask, high;

	for (u32 i = 0; i < dev->bars; i++) {
		struct vpci_bar *bar = &dev->bar[i];

		mask = size_register(dev, PCI_BAR0 + 4 * i);
		if (!mask || (mask & PCI_BAR_IO))
			continue;
		bar->wide = (mask & PCI_BAR_64) && i + 1 < dev->bars;
		high = bar->wide ? size_register(dev, PCI_BAR0 + 4 * (i + 1)) : ~0u;
		bar->size = ~((u64)high << 32 | (mask & ~(u32)PCI_BAR_FLAGS)) + 1;
		i += bar->wide;
	}
}

static void probe_sizes(struct vpci_dev *dev)
{
	u16 command = mmio_read16(dev->regs + PCI_COMMAND);
	u32 rom;

	/* While it is being sized a BAR holds all ones, so nothing may be decoded. */
	mmio_write16(dev->regs + PCI_COMMAND, command & (u16)~(PCI_COMMAND_IO | PCI_COMMAND_MEM));
	probe_bars(dev);
	rom = size_register(dev, rom_register(dev)) & PCI_ROM_ADDRESS;
	dev->rom_size = rom ? ~rom + 1 : 0;
	mmio_write16(dev->regs + PCI_COMMAND, command);
}

/* The BARs that hardware has are those of the config, or one would decode where nobody put it. */
static int check_bars(const struct vpci_dev *dev, struct hc_error *err)
{
	for (u32 i = 0; i < CFG_PCI_BARS; i++) {
		const struct cfg_bar *bar = &dev->config->bar[i];

		if (bar->size == dev->bar[i].size && !!(bar->flags & CFG_BAR_64) == dev->bar[i].wide)
			continue;
		return hc_fail(err, -EINVAL, "PCI function 0x%x: BAR %u has 0x%lx bytes (%u bits), not 0x%lx", dev->config->bdf, i,
			       dev->bar[i].size, dev->bar[i].wide ? 64u : 32u, bar->size);
	}
	return 0;
}

int vpci_dev_probe(struct vpci_dev *dev, struct hc_error *err)
{
	u32 id;

	if (!dev->regs)
		return vpci_dev_fail(dev, err, -EINVAL, "is on no bus of that host");
	id = vpci_hw_read(dev, PCI_ID);
	if (FIELD_GET(PCI_VENDOR, id) == FIELD_MAX(PCI_VENDOR))
		return vpci_dev_fail(dev, err, -EIO, "does not answer");
	if (dev->config->id && dev->config->id != id)
		return vpci_dev_fail(dev, err, -EINVAL, "has not the ID that the config says");
	dev->type = FIELD_GET(PCI_HEADER_TYPE, vpci_hw_read(dev, PCI_TYPE));
	if (dev->type > PCI_TYPE_BRIDGE)
		return vpci_dev_fail(dev, err, -EINVAL, "has an unknown header type");
	if (dev->type == PCI_TYPE_BRIDGE && !dev->cell->is_root)
		return vpci_dev_fail(dev, err, -EINVAL, "is a bridge, which only the root cell can have");
	dev->bars = dev->type == PCI_TYPE_BRIDGE ? PCI_BARS_BRIDGE : PCI_BARS_FUNCTION;
	if (probe_caps(dev))
		return vpci_dev_fail(dev, err, -EINVAL, "has Enhanced Allocation, so uncontrolled addresses");
	probe_ext_caps(dev);
	probe_sizes(dev);
	if (!dev->cell->is_root && check_bars(dev, err))
		return -EINVAL;
	dev->probed = true;
	return 0;
}

/* ---- reset ---- */

static void set_power(const struct vpci_dev *dev, u32 state)
{
	u32 control = vpci_hw_read(dev, dev->pm + PCI_PM_CONTROL) & ~(u32)(PCI_PM_STATE | PCI_PM_PME_STATUS);

	vpci_hw_write(dev, dev->pm + PCI_PM_CONTROL, control | state);
}

/* A Function Level Reset where there is one, else through D3hot, else nothing but what quiescing does. */
static void start_reset(struct vpci_dev *dev)
{
	u8 *regs = dev->regs;

	if (dev->express && (vpci_hw_read(dev, dev->express + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR)) {
		u16 control = mmio_read16(regs + dev->express + PCI_EXP_DEVCTL);

		mmio_write16(regs + dev->express + PCI_EXP_DEVCTL, control | (u16)PCI_EXP_DEVCTL_FLR);
		dev->ready_at = timer_deadline_us(FLR_TIME_US);
	} else if (dev->af && (vpci_hw_read(dev, dev->af) & PCI_AF_FLR_CAP)) {
		mmio_write8(regs + dev->af + PCI_AF_CONTROL, (u8)PCI_AF_FLR);
		dev->ready_at = timer_deadline_us(FLR_TIME_US);
	} else if (dev->pm && !(vpci_hw_read(dev, dev->pm + PCI_PM_CONTROL) & PCI_PM_NO_SOFT_RESET)) {
		set_power(dev, PCI_PM_D3);
		dev->wake = true;
		dev->ready_at = timer_deadline_us(POWER_TIME_US);
	}
}

/* During a reset the registers are out of reach, and Bus Master and decoding are off anyway. */
void vpci_dev_quiesce(struct vpci_dev *dev)
{
	dev->sizing = 0;
	if (!vpci_dev_ready(dev))
		return;
	mmio_write16(dev->regs + PCI_COMMAND, 0);
	vpci_hw_write(dev, rom_register(dev), 0);
	if (dev->used)
		start_reset(dev);
	dev->used = false;
	if (!dev->ready_at)
		vpci_dev_place(dev);
}

bool vpci_dev_ready(struct vpci_dev *dev)
{
	if (!dev->ready_at)
		return true;
	if (!timer_passed(dev->ready_at))
		return false;
	if (dev->wake) {
		dev->wake = false;
		set_power(dev, PCI_PM_D0);
		dev->ready_at = timer_deadline_us(POWER_TIME_US);
		return false;
	}
	dev->ready_at = 0;
	vpci_dev_place(dev);
	return true;
}

/* The root cell's config has no addresses, so its BARs become 0, as after a reset. */
void vpci_dev_place(const struct vpci_dev *dev)
{
	for (u32 i = 0; i < dev->bars; i++) {
		const struct cfg_bar *bar = &dev->config->bar[i];

		vpci_hw_write(dev, PCI_BAR0 + 4 * i, (u32)bar->pa);
		if (dev->bar[i].wide)
			vpci_hw_write(dev, PCI_BAR0 + 4 * ++i, (u32)(bar->pa >> 32));
	}
}
