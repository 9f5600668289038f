// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/devices/virtual/misc/cloister/cells/<name>/. Each file asks the hypervisor when it is read. No file takes
 * cloister_lock: removing a cell's directory, under that lock, waits for its readers.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include "cloister.h"

static struct kset *cells_kset;

static struct cell *to_cell(struct kobject *kobj)
{
	return container_of(kobj, struct cell, kobj);
}

static int read_info(struct kobject *kobj, struct hc_cell_info *info)
{
	return hc_cell_info(to_cell(kobj)->id, info) ? -ENODEV : 0;
}

static ssize_t id_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_cell(kobj)->id);
}

static ssize_t managed_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_cell(kobj)->config ? 1 : 0);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	return ret ?: sysfs_emit(buf, "%s\n", hc_state_name(info.state));
}

static ssize_t cpus_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	DECLARE_BITMAP(cpus, 64);
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	if (ret)
		return ret;
	bitmap_from_u64(cpus, info.cpus);
	return sysfs_emit(buf, "%*pbl\n", 64, cpus);
}

static ssize_t memory_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	return ret ?: sysfs_emit(buf, "%llu\n", info.memory);
}

/* One line per stream: index of its SMMU, StreamID. Known of managed cells only; constant, so no question is asked. */
static ssize_t streams_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct cfg_cell *config = to_cell(kobj)->config;
	const struct cfg_stream *stream;
	int length = 0;
	u32 i;

	if (!config)
		return -ENODATA;
	stream = (const void *)config_pci(config);
	stream -= config->stream_count;
	for (i = 0; i < config->stream_count; i++)
		length += sysfs_emit_at(buf, length, "%u %#x\n", stream[i].smmu, stream[i].sid);
	return length;
}

static ssize_t violations_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	return ret ?: sysfs_emit(buf, "%llu\n", info.dma_read_violations + info.dma_write_violations +
				 info.mmio_violations);
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char *const names[] = {
		[HC_REASON_NONE] = "none",
		[HC_REASON_MEMORY] = "memory",
		[HC_REASON_EXECUTE] = "execute",
		[HC_REASON_PANIC] = "panic",
		[HC_REASON_OFF] = "off",
		[HC_REASON_RESET] = "reset",
		[HC_REASON_SERROR] = "serror",
		[HC_REASON_WATCHDOG] = "watchdog",
	};
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	if (ret)
		return ret;
	return sysfs_emit(buf, "%s info %#llx pc %#llx esr %#llx\n",
			  info.reason < ARRAY_SIZE(names) ? names[info.reason] : "unknown", info.info, info.pc,
			  info.esr);
}

/* What a running cell says in its communication page; a version of 0: nothing. */
static ssize_t comm_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	return ret ?: sysfs_emit(buf, "%u state %u heartbeat %llu\n", info.comm.version, info.comm.state, info.comm.heartbeat);
}

/* A line for each CPU that it has: the system's number, on or off, exits in the order of HC_EXIT_*, interrupts injected. */
static ssize_t cpu_statistics_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct hc_cpu_info info;
	int length = 0;
	int ret = 0;
	u32 n, i;

	for (n = 0; n < CFG_MAX_CPUS && ret != -EINVAL; n++) {
		ret = hc_cell_cpu(to_cell(kobj)->id, n, &info);
		if (ret == -ENOENT || ret == -ENOMEM)
			return -ENODEV;
		if (ret)
			continue;
		length += sysfs_emit_at(buf, length, "%u %s", info.cpu, info.on ? "on" : "off");
		for (i = 0; i <= HC_EXIT_OTHER; i++)
			length += sysfs_emit_at(buf, length, " %llu", info.exits[i]);
		length += sysfs_emit_at(buf, length, " %llu\n", info.irqs_injected);
	}
	return length;
}

static struct kobj_attribute id_attr = __ATTR_RO(id);
static struct kobj_attribute managed_attr = __ATTR_RO(managed);
static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute cpus_attr = __ATTR_RO(cpus);
static struct kobj_attribute memory_attr = __ATTR_RO(memory);
static struct kobj_attribute streams_attr = __ATTR_RO(streams);
static struct kobj_attribute violations_attr = __ATTR_RO(violations);
static struct kobj_attribute reason_attr = __ATTR_RO(reason);
static struct kobj_attribute comm_attr = __ATTR_RO(comm);
static struct kobj_attribute cpu_statistics_attr = __ATTR_RO(cpu_statistics);

static struct attribute *cell_attrs[] = {
	&id_attr.attr, &managed_attr.attr, &state_attr.attr, &cpus_attr.attr, &memory_attr.attr, &streams_attr.attr,
	&violations_attr.attr, &reason_attr.attr, &comm_attr.attr, &cpu_statistics_attr.attr, NULL
};

static const struct attribute_group cell_group = { .attrs = cell_attrs };

/* Counters: each is one 64-bit field of struct hc_cell_info. */
struct counter {
	struct kobj_attribute attr;
	size_t offset;
};

static ssize_t counter_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct counter *counter = container_of(attr, struct counter, attr);
	struct hc_cell_info info;
	int ret = read_info(kobj, &info);

	return ret ?: sysfs_emit(buf, "%llu\n", *(const u64 *)((const char *)&info + counter->offset));
}

#define COUNTER(name_, field)									\
	static struct counter counter_##name_ = {						\
		.attr = { .attr = { .name = #name_, .mode = 0444 }, .show = counter_show },	\
		.offset = offsetof(struct hc_cell_info, field),					\
	}

COUNTER(starts, starts);
COUNTER(table_pages, table_pages);
COUNTER(exits_hypercall, exits[HC_EXIT_HYPERCALL]);
COUNTER(exits_smccc, exits[HC_EXIT_SMCCC]);
COUNTER(exits_mmio, exits[HC_EXIT_MMIO]);
COUNTER(exits_sysreg, exits[HC_EXIT_SYSREG]);
COUNTER(exits_irq, exits[HC_EXIT_IRQ]);
COUNTER(exits_fault, exits[HC_EXIT_FAULT]);
COUNTER(exits_other, exits[HC_EXIT_OTHER]);
COUNTER(irqs_injected, irqs_injected);
COUNTER(dma_read_violations, dma_read_violations);
COUNTER(dma_write_violations, dma_write_violations);
COUNTER(dma_other_events, dma_other_events);
COUNTER(last_dma_address, last_dma_address);
COUNTER(mmio_violations, mmio_violations);
COUNTER(smmu_commands, smmu_commands);
COUNTER(smmu_events, smmu_events);

static struct attribute *counter_attrs[] = {
	&counter_starts.attr.attr, &counter_table_pages.attr.attr, &counter_exits_hypercall.attr.attr,
	&counter_exits_smccc.attr.attr, &counter_exits_mmio.attr.attr, &counter_exits_sysreg.attr.attr,
	&counter_exits_irq.attr.attr, &counter_exits_fault.attr.attr, &counter_exits_other.attr.attr,
	&counter_irqs_injected.attr.attr, &counter_dma_read_violations.attr.attr,
	&counter_dma_write_violations.attr.attr, &counter_dma_other_events.attr.attr,
	&counter_last_dma_address.attr.attr, &counter_mmio_violations.attr.attr,
	&counter_smmu_commands.attr.attr, &counter_smmu_events.attr.attr, NULL
};

static const struct attribute_group counter_group = { .name = "statistics", .attrs = counter_attrs };

static const struct attribute_group *cell_groups[] = { &cell_group, &counter_group, NULL };

static void release(struct kobject *kobj)
{
	cell_free(to_cell(kobj));
}

static const struct kobj_type cell_type = {
	.release = release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = cell_groups,
};

void cell_sysfs_init(struct cell *cell)
{
	kobject_init(&cell->kobj, &cell_type);
}

int cell_sysfs_add(struct cell *cell)
{
	cell->kobj.kset = cells_kset;
	return kobject_add(&cell->kobj, NULL, "%s", cell->name);
}

int cells_sysfs_init(struct kobject *parent)
{
	cells_kset = kset_create_and_add("cells", NULL, parent);
	return cells_kset ? 0 : -ENOMEM;
}

void cells_sysfs_exit(void)
{
	kset_unregister(cells_kset);
}
