// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cell's view of one function's registers. Reads pass, but for BARs of cells whose BARs are fixed and for
 * links to hidden capabilities. Writes: only bits that a table allows reach hardware, and whatever decides
 * which addresses the function answers to is checked first.
 */
#include <hyp/printk.h>

#include "vpci.h"

/* Decides about a write of `value` (the whole dword) to `reg`; may take bits away. False: it is dropped. */
typedef bool (*rule_fn)(struct vpci_dev *dev, u32 reg, u32 *value);

/* Where registers are: from the start of a header of that type, or of that capability. */
enum base { HEADER, FUNCTION, BRIDGE, CAP_PM, CAP_EXPRESS, BASES };

/* The dwords from first to last: the bits that the root cell and others may write; those that a 1 clears. */
struct rule {
	enum base base;
	u32 first, last;
	u32 root, other, w1c;
	rule_fn check;
};

/* ---- what the function would decode ---- */

/* A register as it is, or as it would be after the write in question. */
struct view {
	const struct vpci_dev *dev;
	u32 reg, value;
};

static u32 view_read(const struct view *view, u32 reg)
{
	return reg == view->reg ? view->value : vpci_hw_read(view->dev, reg);
}

/* The root cell's functions decode inside PCI windows that are not set aside for the BARs of other cells. */
static bool window_allowed(u64 start, u64 size)
{
	const struct cfg_area *area = cfg_area_around(system_config, start, size);

	return area && (area->flags & CFG_AREA_PCI) && !(area->flags & CFG_AREA_CELLS);
}

static bool bars_allowed(const struct view *view)
{
	const struct vpci_dev *dev = view->dev;

	for (u32 i = 0; i < dev->bars; i++) {
		u64 size = dev->bar[i].size, start = view_read(view, PCI_BAR0 + 4 * i) & ~(u32)PCI_BAR_FLAGS;

		if (!size)
			continue;
		if (dev->bar[i].wide)
			start |= (u64)view_read(view, PCI_BAR0 + 4 * (i + 1)) << 32;
		if (!window_allowed(start & ~(size - 1), size))
			return false;
	}
	return true;
}

static bool rom_allowed(const struct view *view)
{
	u32 rom = view_read(view, rom_register(view->dev));
	u64 size = view->dev->rom_size;

	return !size || !(rom & PCI_ROM_ENABLE) || window_allowed(rom & PCI_ROM_ADDRESS & ~(size - 1), size);
}

/* A bridge window with its base above its limit is closed. */
static bool bridge_window_allowed(u32 window, u32 base_high, u32 limit_high)
{
	u64 base = (u64)base_high << 32 | (u64)FIELD_GET(PCI_WINDOW_BASE, window) << 20;
	u64 limit = ((u64)limit_high << 32 | (u64)FIELD_GET(PCI_WINDOW_LIMIT, window) << 20) | (MIB(1) - 1);

	return base > limit || window_allowed(base, limit - base + 1);
}

static bool bridge_allowed(const struct view *view)
{
	if (view->dev->type != PCI_TYPE_BRIDGE)
		return true;
	return bridge_window_allowed(view_read(view, PCI_MEM_WINDOW), 0, 0) &&
	       bridge_window_allowed(view_read(view, PCI_PREF_WINDOW), view_read(view, PCI_PREF_BASE_HIGH),
				     view_read(view, PCI_PREF_LIMIT_HIGH));
}

static bool decode_allowed(const struct view *view)
{
	return bars_allowed(view) && rom_allowed(view) && bridge_allowed(view);
}

static void refused(struct vpci_dev *dev, const char *what, u32 value)
{
	struct cell *cell = dev->cell;

	if (log_allowed(&cell->log))
		pr_warn("cell %s: PCI function 0x%x: %s 0x%x refused, outside of its windows", cell->name,
			dev->config->bdf, what, value);
}

/* ---- checks of single registers ---- */

static bool memory_on(const struct vpci_dev *dev)
{
	return vpci_hw_read(dev, PCI_COMMAND) & PCI_COMMAND_MEM;
}

static bool check_command(struct vpci_dev *dev, u32 reg, u32 *value)
{
	const struct view view = { dev, reg, *value };

	if (!(*value & PCI_COMMAND_MEM) || memory_on(dev))
		return true;
	/* Some functions can be made to reset themselves: their BARs must be what we think they are. */
	if (!dev->cell->is_root)
		vpci_dev_place(dev);
	else if (!decode_allowed(&view)) {
		refused(dev, "COMMAND", *value);
		*value &= ~(u32)PCI_COMMAND_MEM;
	}
	return true;
}

/* BARs, ROM and bridge windows; anything goes while nothing is decoded, and when it is sized that way. */
static bool check_decode(struct vpci_dev *dev, u32 reg, u32 *value)
{
	const struct view view = { dev, reg, *value };

	if (!memory_on(dev) || decode_allowed(&view))
		return true;
	refused(dev, "address", *value);
	return false;
}

/* Behind a bridge are buses of its host, never the root bus: bus numbers are in StreamIDs. 0: not set up. */
static bool check_buses(struct vpci_dev *dev, u32 reg, u32 *value)
{
	u32 secondary = FIELD_GET(PCI_BUS_SECONDARY, *value);
	u32 subordinate = FIELD_GET(PCI_BUS_SUBORDINATE, *value), host = dev->config->host;
	bool on_host = pci_function(host, subordinate * PCI_BUS_FUNCTIONS);

	if (!secondary && !subordinate)
		return true;
	if (secondary > cfg_pci_hosts(system_config)[host].bus_first && secondary <= subordinate && on_host)
		return true;
	refused(dev, "bus numbers", *value);
	return false;
}

/* ---- the table ---- */

#define COMMAND_OTHER	((u32)(PCI_COMMAND_MEM | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | \
			       PCI_COMMAND_SERR | PCI_COMMAND_INTX_OFF))
#define COMMAND_ROOT	(COMMAND_OTHER | (u32)PCI_COMMAND_IO)
#define PM_ROOT		((u32)(PCI_PM_STATE | PCI_PM_PME_ENABLE | PCI_PM_PME_STATUS))

/*
 * Only the root cell has bridges. Bridge Control: parity, SERR, bus reset; no legacy ISA or VGA ranges.
 * Device Control without Phantom Functions and Device Control 2 without ARI: both make other StreamIDs.
 */
static const struct rule rules[] = {
	{ HEADER, PCI_COMMAND, PCI_COMMAND, COMMAND_ROOT | PCI_STATUS_W1C, COMMAND_OTHER | PCI_STATUS_W1C,
	  PCI_STATUS_W1C, check_command },
	{ HEADER, PCI_TYPE, PCI_TYPE, 0xffff, 0xffff, 0, NULL },
	{ FUNCTION, PCI_BAR0, PCI_BAR5, ~0u, 0, 0, check_decode },
	{ FUNCTION, PCI_ROM_FUNCTION, PCI_ROM_FUNCTION, ~0u, 0, 0, check_decode },
	{ FUNCTION, PCI_INTERRUPT, PCI_INTERRUPT, 0xff, 0xff, 0, NULL },
	{ BRIDGE, PCI_BAR0, PCI_BAR1, ~0u, 0, 0, check_decode },
	{ BRIDGE, PCI_BUSES, PCI_BUSES, ~0u, 0, 0, check_buses },
	{ BRIDGE, PCI_IO_WINDOW, PCI_IO_WINDOW, 0xffff | PCI_STATUS_W1C, 0, PCI_STATUS_W1C, NULL },
	{ BRIDGE, PCI_MEM_WINDOW, PCI_PREF_LIMIT_HIGH, ~0u, 0, 0, check_decode },
	{ BRIDGE, PCI_IO_WINDOW_HIGH, PCI_IO_WINDOW_HIGH, ~0u, 0, 0, NULL },
	{ BRIDGE, PCI_ROM_BRIDGE, PCI_ROM_BRIDGE, ~0u, 0, 0, check_decode },
	{ BRIDGE, PCI_INTERRUPT, PCI_INTERRUPT, 0x004300ff, 0, 0, NULL },
	{ CAP_PM, PCI_PM_CONTROL, PCI_PM_CONTROL, PM_ROOT, (u32)PCI_PM_STATE, (u32)PCI_PM_PME_STATUS, NULL },
	{ CAP_EXPRESS, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL, 0x000ff9ff, 0, 0x000f0000, NULL },
	{ CAP_EXPRESS, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL, 0xc0000fff, 0, 0xc0000000, NULL },
	{ CAP_EXPRESS, PCI_EXP_SLTCTL, PCI_EXP_SLTCTL, 0x011f1fff, 0, 0x011f0000, NULL },
	{ CAP_EXPRESS, PCI_EXP_RTCTL, PCI_EXP_RTCTL, 0x0000001f, 0, 0, NULL },
	{ CAP_EXPRESS, PCI_EXP_RTSTA, PCI_EXP_RTSTA, 0x00010000, 0, 0x00010000, NULL },
	{ CAP_EXPRESS, PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2, 0x0000001f, 0, 0, NULL },
};

/* NULL: no bit of it may be written. A base that the function lacks is beyond all registers. */
static const struct rule *find_rule(const struct vpci_dev *dev, u32 reg)
{
	bool bridge = dev->type == PCI_TYPE_BRIDGE;
	const u32 base[BASES] = {
		[FUNCTION] = bridge ? PCI_FUNCTION_SIZE : 0, [BRIDGE] = bridge ? 0 : PCI_FUNCTION_SIZE,
		[CAP_PM] = dev->pm ? : PCI_FUNCTION_SIZE, [CAP_EXPRESS] = dev->express ? : PCI_FUNCTION_SIZE,
	};

	for (const struct rule *rule = rules; rule < rules + ARRAY_SIZE(rules); rule++) {
		u32 at = reg - base[rule->base];

		if (at >= rule->first && at <= rule->last)
			return rule;
	}
	return NULL;
}

/* ---- fixed BARs ---- */

static bool is_bar(const struct vpci_dev *dev, u32 reg)
{
	return reg >= PCI_BAR0 && reg < PCI_BAR0 + 4 * dev->bars;
}

_Static_assert(CFG_BAR_64 == 1 && CFG_BAR_PREFETCH * PCI_BAR_64 == PCI_BAR_PREFETCH, "fixed_bar_read()");

static u32 fixed_bar_read(const struct vpci_dev *dev, u32 slot)
{
	bool upper = slot > 0 && dev->bar[slot - 1].wide;
	const struct cfg_bar *bar = &dev->config->bar[slot - upper];
	u64 value = dev->sizing & BIT(slot) ? ~(bar->size - 1) : bar->ipa;

	if (!bar->size)
		return 0;
	return upper ? (u32)(value >> 32) : (u32)(value | bar->flags * PCI_BAR_64);
}

/* All ones ask for the size; anything else brings the address back, whatever it was. */
static void fixed_bar_write(struct vpci_dev *dev, u32 slot, u32 value, u32 lanes)
{
	u32 bit = (u32)BIT(slot);

	dev->sizing = (value & lanes) == ~0u ? dev->sizing | bit : dev->sizing & ~bit;
}

/* ---- capabilities ---- */

/* The first extended capability cannot be left out: hidden it has ID 0 and links to the first visible one. */
static u32 ext_head(const struct vpci_dev *dev, u32 reg, u32 value)
{
	for (u32 i = 0; i < dev->ext_count; i++) {
		if (dev->ext[i].offset == reg)
			return (value & ~(u32)PCI_EXT_NEXT) | (u32)FIELD_PREP(PCI_EXT_NEXT, dev->ext[i].next);
	}
	if (reg == PCI_EXT_FIRST)
		return dev->ext_count ? (u32)FIELD_PREP(PCI_EXT_NEXT, dev->ext[0].offset) : 0;
	return value;
}

u32 vpci_dev_read(const struct vpci_dev *dev, u32 reg)
{
	u32 value;

	if (!dev->cell->is_root && is_bar(dev, reg))
		return fixed_bar_read(dev, (reg - PCI_BAR0) / 4);
	if (!dev->cell->is_root && reg == PCI_ROM_FUNCTION)
		return 0;
	value = vpci_hw_read(dev, reg);
	if (reg == PCI_CAP_POINTER)
		return dev->next[reg / 4];
	if (reg >= PCI_EXT_FIRST)
		return ext_head(dev, reg, value);
	if (dev->caps & BIT(reg / 4))
		return (value & ~(u32)PCI_CAP_NEXT) | (u32)FIELD_PREP(PCI_CAP_NEXT, dev->next[reg / 4]);
	return value;
}

void vpci_dev_write(struct vpci_dev *dev, u32 reg, u32 value, u32 lanes)
{
	bool root = dev->cell->is_root;
	const struct rule *rule = find_rule(dev, reg);
	u32 mask = !rule ? 0 : lanes & (root ? rule->root : rule->other);

	if (!root && is_bar(dev, reg))
		fixed_bar_write(dev, (reg - PCI_BAR0) / 4, value, lanes);
	if (!mask)
		return;
	/* Bits that a 1 clears stay as they are unless the cell writes them. */
	value = (vpci_hw_read(dev, reg) & ~mask & ~rule->w1c) | (value & mask);
	if (rule->check && !rule->check(dev, reg, &value))
		return;
	dev->used = true;
	vpci_hw_write(dev, reg, value);
}
