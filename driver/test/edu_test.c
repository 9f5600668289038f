// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shows that QEMU's edu device works for this Linux: a page of its memory goes into the device by DMA and comes back
 * into another page. Loading succeeds only when the bytes are right; the log says "edu_test: passed" or what failed.
 * Used after a cell that had the device is destroyed.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci.h>

#define EDU_VENDOR		0x1234
#define EDU_DEVICE		0x11e8

#define EDU_ID			0x00
#define EDU_ID_MASK		0x000000ff
#define EDU_ID_VALUE		0x000000ed
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_DESTINATION	0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_RUN		BIT(0)
#define EDU_DMA_TO_MEMORY	BIT(1)
#define EDU_BUFFER		0x40000	/* the device's own memory, as its DMA engine addresses it */
#define EDU_BUFFER_SIZE		4096
#define EDU_DMA_BITS		32	/* needs QEMU's edu with a dma_mask of at least as many; its default is 28 */

#define TIMEOUT_MS		2000

static int run_dma(void __iomem *registers, u64 source, u64 destination, u64 command)
{
	ktime_t deadline = ktime_add_ms(ktime_get(), TIMEOUT_MS);

	writeq(source, registers + EDU_DMA_SOURCE);
	writeq(destination, registers + EDU_DMA_DESTINATION);
	writeq(EDU_BUFFER_SIZE, registers + EDU_DMA_COUNT);
	writeq(command | EDU_DMA_RUN, registers + EDU_DMA_COMMAND);
	while (readq(registers + EDU_DMA_COMMAND) & EDU_DMA_RUN) {
		if (ktime_after(ktime_get(), deadline))
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
	return 0;
}

/* Two pages: what the first holds must arrive in the second. */
static int compare_round_trip(struct device *dev, void __iomem *registers, u8 *pages, dma_addr_t address)
{
	int i, ret;

	for (i = 0; i < EDU_BUFFER_SIZE; i++)
		pages[i] = i * 7 + (i >> 8) + 1;
	memset(pages + EDU_BUFFER_SIZE, 0, EDU_BUFFER_SIZE);
	ret = run_dma(registers, address, EDU_BUFFER, 0);
	if (!ret)
		ret = run_dma(registers, EDU_BUFFER, address + EDU_BUFFER_SIZE, EDU_DMA_TO_MEMORY);
	if (ret) {
		dev_err(dev, "failed: the DMA engine did not finish within %d ms\n", TIMEOUT_MS);
		return ret;
	}
	for (i = 0; i < EDU_BUFFER_SIZE; i++)
		if (pages[i] != pages[EDU_BUFFER_SIZE + i]) {
			dev_err(dev, "failed: byte %d came back as %#04x instead of %#04x\n", i,
				pages[EDU_BUFFER_SIZE + i], pages[i]);
			return -EIO;
		}
	return 0;
}

static int test_dma(struct pci_dev *pdev, void __iomem *registers)
{
	dma_addr_t address;
	u8 *pages;
	int ret;

	if ((readl(registers + EDU_ID) & EDU_ID_MASK) != EDU_ID_VALUE) {
		dev_err(&pdev->dev, "failed: its ID register reads %#x\n", readl(registers + EDU_ID));
		return -EIO;
	}
	pages = dma_alloc_coherent(&pdev->dev, 2 * EDU_BUFFER_SIZE, &address, GFP_KERNEL);
	if (!pages) {
		dev_err(&pdev->dev, "failed: no memory that the device can address\n");
		return -ENOMEM;
	}
	ret = compare_round_trip(&pdev->dev, registers, pages, address);
	dma_free_coherent(&pdev->dev, 2 * EDU_BUFFER_SIZE, pages, address);
	if (!ret)
		dev_info(&pdev->dev, "passed: %d bytes by DMA from %pad to the device and back\n", EDU_BUFFER_SIZE,
			 &address);
	return ret;
}

static int result = -ENODEV;	/* of the last probe */

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void __iomem *registers;

	result = pcim_enable_device(pdev);
	if (result)
		return result;
	result = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (result)
		return result;
	registers = pcim_iomap(pdev, 0, 0);
	if (!registers) {
		dev_err(&pdev->dev, "failed: BAR 0 cannot be mapped\n");
		result = -ENOMEM;
		return result;
	}
	pci_set_master(pdev);
	result = test_dma(pdev, registers);
	pci_clear_master(pdev);
	return result;
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "edu_test",
	.id_table = edu_ids,
	.probe = edu_probe,
};

static int __init edu_init(void)
{
	int ret = pci_register_driver(&edu_driver);

	if (ret)
		return ret;
	if (!result) {
		pr_info("edu_test: passed\n");
		return 0;
	}
	pr_err("edu_test: failed: %s\n", result == -ENODEV ? "there is no edu device" : "see above");
	pci_unregister_driver(&edu_driver);
	return result;
}

static void __exit edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
}

module_init(edu_init);
module_exit(edu_exit);

MODULE_DESCRIPTION("DMA round trip through QEMU's edu device");
MODULE_AUTHOR("The Cloister authors");
MODULE_LICENSE("GPL");
