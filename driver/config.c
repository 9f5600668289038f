// SPDX-License-Identifier: GPL-2.0-only
/*
 * The structure of a cell config: sizes, counts and the few fields that the driver acts on. What the values mean, and
 * who owns which resource, is the hypervisor's to check.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "cloister.h"

int fail(struct hc_error *error, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

const struct cfg_cell_cpu *config_cpus(const struct cfg_cell *config)
{
	return (const void *)(config + 1);
}

const struct cfg_mem *config_mem(const struct cfg_cell *config)
{
	return (const void *)(config_cpus(config) + config->cpu_count);
}

/* Behind the memory regions come the interrupts and the streams. */
const struct cfg_pci_dev *config_pci(const struct cfg_cell *config)
{
	const struct cfg_irq *irqs = (const void *)(config_mem(config) + config->mem_count);
	const struct cfg_stream *streams = (const void *)(irqs + config->irq_count);

	return (const void *)(streams + config->stream_count);
}

static int check_header(const struct cfg_cell *config, size_t size, struct hc_error *error)
{
	const struct cfg_header *hdr = &config->hdr;

	if (hdr->magic != CFG_MAGIC || hdr->kind != CFG_KIND_CELL)
		return fail(error, -EINVAL, "this is not a cell config");
	if (hdr->revision != CFG_REVISION)
		return fail(error, -EINVAL, "the cell config has revision %u, the driver knows %u", hdr->revision,
			    CFG_REVISION);
	if (hdr->size != size)
		return fail(error, -EINVAL, "the cell config says that it has %u bytes, but has %zu", hdr->size, size);
	return 0;
}

/* The counts are small enough for the sum not to overflow, and the arrays end where the blob ends. */
static int check_counts(const struct cfg_cell *config, struct hc_error *error)
{
	size_t size = sizeof(*config);

	if (config->cpu_count > CFG_MAX_CPUS || config->mem_count > CFG_MAX_MEM ||
	    config->irq_count > CFG_MAX_IRQS || config->stream_count > CFG_MAX_STREAMS ||
	    config->pci_count > CFG_MAX_PCI_DEVS || config->vsmmu_count > CFG_MAX_SMMUS ||
	    config->ivshmem_count > CFG_MAX_IVSHMEM)
		return fail(error, -EINVAL, "the cell config has more CPUs, memory regions, interrupts, streams, "
			    "PCI functions, SMMUs or ivshmem devices than a cell can have");
	size += config->cpu_count * sizeof(struct cfg_cell_cpu);
	size += config->mem_count * sizeof(struct cfg_mem);
	size += config->irq_count * sizeof(struct cfg_irq);
	size += config->stream_count * sizeof(struct cfg_stream);
	size += config->pci_count * sizeof(struct cfg_pci_dev);
	size += config->vsmmu_count * sizeof(struct cfg_vsmmu);
	size += config->ivshmem_count * sizeof(struct cfg_ivshmem);
	if (size != config->hdr.size)
		return fail(error, -EINVAL, "the cell config's counts need %zu bytes, but it has %u", size,
			    config->hdr.size);
	return 0;
}

/* The name becomes a directory of sysfs, so nothing but these characters can be in it. */
static int check_name(const struct cfg_cell *config, struct hc_error *error)
{
	size_t length = strnlen(config->name, sizeof(config->name));
	size_t i;

	if (!length || length == sizeof(config->name))
		return fail(error, -EINVAL, "the cell's name is empty or has no end");
	for (i = 0; i < length; i++) {
		char c = config->name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return fail(error, -EINVAL, "character %zu of the cell's name is not one of a-z 0-9 _ -", i + 1);
	}
	return 0;
}

static int check_pci(const struct cfg_cell *config, struct hc_error *error)
{
	const struct cfg_pci_dev *dev = config_pci(config);
	u32 i;

	for (i = 0; i < config->pci_count; i++)
		if (dev[i].host >= CFG_MAX_PCI_HOSTS || dev[i].bdf > 0xffff)
			return fail(error, -EINVAL, "pci[%u]: host %u, function %#x is none", i, dev[i].host,
				    dev[i].bdf);
	return 0;
}

int config_check(const struct cfg_cell *config, size_t size, struct hc_error *error)
{
	int ret;

	if (size < sizeof(*config) || size > CFG_MAX_CELL_SIZE)
		return fail(error, -EINVAL, "a cell config has %zu to %u bytes, this one has %zu", sizeof(*config),
			    CFG_MAX_CELL_SIZE, size);
	ret = check_header(config, size, error);
	if (!ret)
		ret = check_counts(config, error);
	if (!ret)
		ret = check_name(config, error);
	if (!ret)
		ret = check_pci(config, error);
	if (!ret && (config->flags & CFG_CELL_ROOT))
		ret = fail(error, -EINVAL, "cell %s has the root flag, but there is a root cell already",
			   config->name);
	return ret;
}
