// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies into the LOAD regions of a cell that is not running. Linux has no access to a cell's memory: each piece goes
 * through a buffer here, from which the hypervisor copies it.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "cloister.h"

/* The LOAD region that holds all of [ipa, ipa + size), or NULL. */
static const struct cfg_mem *find_region(const struct cfg_cell *config, u64 ipa, u64 size)
{
	const struct cfg_mem *mem = config_mem(config);
	u32 i;

	for (i = 0; i < config->mem_count; i++, mem++) {
		if (!(mem->flags & CFG_MEM_LOAD) || ipa < mem->ipa || ipa - mem->ipa >= mem->size)
			continue;
		return size <= mem->size - (ipa - mem->ipa) ? mem : NULL;
	}
	return NULL;
}

static int write_piece(u32 id, u64 ipa, u8 *buffer, const u8 __user *from, u64 size)
{
	if (!from)
		memset(buffer, 0, size);
	else if (copy_from_user(buffer, from, size))
		return -EFAULT;
	cond_resched();
	return hc_call(HC_CELL_WRITE, id, ipa, virt_to_phys(buffer), size).value;
}

static int write_region(const struct cell *cell, const struct cloister_load *load, struct hc_error *error)
{
	const u8 __user *from = u64_to_user_ptr(load->data);
	u8 *buffer = kmalloc(HC_WRITE_MAX, GFP_KERNEL);
	u64 done, step;
	int ret = 0;

	if (!buffer)
		return fail(error, -ENOMEM, "no memory for the copy into cell %s", cell->name);
	for (done = 0; done < load->size && !ret; done += step) {
		step = min_t(u64, load->size - done, HC_WRITE_MAX);
		ret = write_piece(load->id, load->ipa + done, buffer, from ? from + done : NULL, step);
	}
	kfree(buffer);
	if (ret == -EFAULT)
		return fail(error, ret, "the %llu bytes for cell %s cannot be read at %#llx", load->size, cell->name,
			    load->data);
	if (ret)
		return fail(error, ret, "cell %s does not take the bytes for %#llx: the hypervisor answered with error %d",
			    cell->name, load->ipa, -ret);
	return 0;
}

int cell_load(const struct cloister_load *load, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(load->id, &ret, error);
	struct hc_cell_info info;
	struct hc_result result;

	if (!cell)
		return ret;
	if (!load->size)
		return fail(error, -EINVAL, "there is nothing to load into cell %s: the size is 0", cell->name);
	if (!find_region(cell->config, load->ipa, load->size))
		return fail(error, -EINVAL, "%#llx bytes at %#llx are not inside one region of cell %s with flag load",
			    load->size, load->ipa, cell->name);
	result = hc_call_all(HC_CELL_LOADABLE, load->id, 0, 0);
	watch_cell(cell);
	if (result.value == -EBUSY && !hc_cell_info(load->id, &info))
		return fail(error, -EBUSY, "cell %s is %s, so nothing can be loaded into it", cell->name,
			    hc_state_name(info.state));
	if (result.value < 0)
		return fail(error, result.value, "the memory of cell %s cannot be cleared: the hypervisor answered with "
			    "error %lld", cell->name, -result.value);
	return write_region(cell, load, error);
}
