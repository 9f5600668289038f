// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cloister's driver for the root cell: /dev/cloister manages the cells of this machine. Loading fails with ENODEV where
 * there is no Cloister. A cell that was made through the driver holds a reference to the module, so it can be unloaded
 * only when all of them are destroyed: their CPUs and devices could not come back otherwise.
 */
#include <linux/miscdevice.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include "cloister.h"

static struct miscdevice cloister_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cloister",
	.mode = 0600,
	.fops = &cloister_fops,
};

/* Under cloister_lock, so whoever opens the device early waits until the cells are known. */
static int register_all(void)
{
	int ret;

	ret = misc_register(&cloister_misc);
	if (ret)
		return ret;
	ret = cells_sysfs_init(&cloister_misc.this_device->kobj);
	if (ret)
		goto err_misc;
	ret = cells_adopt();
	if (ret)
		goto err_cells;
	return 0;

err_cells:
	cells_forget();
	cells_sysfs_exit();
err_misc:
	misc_deregister(&cloister_misc);
	return ret;
}

static int __init cloister_init(void)
{
	int ret;

	ret = hc_probe();
	if (ret)
		return ret;
	mutex_lock(&cloister_lock);
	ret = register_all();
	mutex_unlock(&cloister_lock);
	if (ret) {
		watch_stop();
		pr_err("cannot be set up: error %d\n", -ret);
		return ret;
	}
	pr_info("hypervisor version %u.%u\n", hc_version() >> 16, hc_version() & 0xffff);
	return 0;
}

/* Nobody has the device open, and nobody can open it any more; its directory in sysfs goes last. */
static void __exit cloister_exit(void)
{
	watch_stop();
	mutex_lock(&cloister_lock);
	cells_forget();
	mutex_unlock(&cloister_lock);
	cells_sysfs_exit();
	misc_deregister(&cloister_misc);
}

module_init(cloister_init);
module_exit(cloister_exit);

static const struct of_device_id cloister_ids[] = {
	{ .compatible = "cloister,hypervisor" },
	{ }
};
MODULE_DEVICE_TABLE(of, cloister_ids);

MODULE_DESCRIPTION("Management of Cloister's cells");
MODULE_AUTHOR("The Cloister authors");
MODULE_LICENSE("GPL");
