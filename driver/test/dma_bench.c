// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mapping one page for DMA and unmapping it costs this Linux, for QEMU's edu device: `samples` times with interrupts
 * off, in ticks of the counter, which are instructions when QEMU is run as tests/bench/bench.py does. The log says
 * "bench linux-map-unmap <least> <median> <most>".
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define EDU_DMA_BITS	32
#define WARM_UP		16

static unsigned int samples = 256;
module_param(samples, uint, 0);

static u64 ticks(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int map_and_unmap(struct device *dev, void *page, u64 *taken)
{
	unsigned long flags;
	dma_addr_t address;
	u64 start;

	local_irq_save(flags);
	start = ticks();
	address = dma_map_single(dev, page, PAGE_SIZE, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, address))
		dma_unmap_single(dev, address, PAGE_SIZE, DMA_FROM_DEVICE);
	*taken = ticks() - start;
	local_irq_restore(flags);
	return dma_mapping_error(dev, address);
}

static int measure(struct device *dev, void *page, u64 *taken)
{
	unsigned int i;
	int ret;

	for (i = 0; i < WARM_UP + samples; i++) {
		ret = map_and_unmap(dev, page, &taken[i < WARM_UP ? 0 : i - WARM_UP]);
		if (ret)
			return ret;
	}
	sort(taken, samples, sizeof(*taken), compare, NULL);
	pr_info("bench linux-map-unmap %llu %llu %llu\n", taken[0], taken[samples / 2], taken[samples - 1]);
	return 0;
}

static int result = -ENODEV;	/* of the last probe */

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void *page = (void *)__get_free_page(GFP_KERNEL);
	u64 *taken = kvcalloc(samples, sizeof(*taken), GFP_KERNEL);

	result = page && taken ? dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS)) : -ENOMEM;
	if (!result)
		result = measure(&pdev->dev, page, taken);
	kvfree(taken);
	free_page((unsigned long)page);
	return result;
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "dma_bench",
	.id_table = edu_ids,
	.probe = edu_probe,
};

static int __init bench_init(void)
{
	int ret = samples ? pci_register_driver(&edu_driver) : -EINVAL;

	if (ret)
		return ret;
	if (result) {
		pr_err("dma_bench: %s\n", result == -ENODEV ? "there is no edu device" : "the page cannot be mapped");
		pci_unregister_driver(&edu_driver);
	}
	return result;
}

static void __exit bench_exit(void)
{
	pci_unregister_driver(&edu_driver);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("The cost of mapping one page for DMA");
MODULE_AUTHOR("The Cloister authors");
MODULE_LICENSE("GPL");
