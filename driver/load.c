// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading a cell that does not run. The cell's memory is never mapped into Linux: the hypervisor copies from a buffer
 * of Linux into the cell's LOAD regions, and checks where each byte goes. The first load after creation or after a run
 * makes it clear the cell's memory.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
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

static int write_cell(const struct cell *cell, const struct cloister_load *load, void *buffer, struct hc_error *error)
{
	const u8 __user *from = u64_to_user_ptr(load->data);
	struct hc_result result;
	u64 done, step;

	for (done = 0; done < load->size; done += step) {
		step = min_t(u64, load->size - done, HC_WRITE_MAX);
		if (from && copy_from_user(buffer, from + done, step))
			return fail(error, -EFAULT, "byte %#llx or one of the %#llx behind it cannot be read", done,
				    step);
		result = hc_call_all(HC_CELL_WRITE, load->id, load->ipa + done, virt_to_phys(buffer), step);
		if (result.value < 0)
			return fail(error, result.value, "the hypervisor cannot write to %#llx of cell %s: error %lld",
				    load->ipa + done, cell->name, -result.value);
		cond_resched();
	}
	return 0;
}

static int make_loadable(struct cell *cell, struct hc_error *error)
{
	struct hc_result result = hc_call_all(HC_CELL_LOADABLE, cell->id, 0, 0, 0);
	struct hc_cell_info info;

	watch_cell(cell);
	if (result.value >= 0)
		return 0;
	if (result.value == -EBUSY && !hc_cell_info(cell->id, &info))
		return fail(error, -EBUSY, "cell %s is %s", cell->name, hc_state_name(info.state));
	return fail(error, result.value, "the memory of cell %s cannot be cleared: the hypervisor answered with error %lld",
		    cell->name, -result.value);
}

int cell_load(const struct cloister_load *load, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(load->id, &ret, error);
	void *buffer;

	if (!cell)
		return ret;
	if (!load->size)
		return fail(error, -EINVAL, "there is nothing to load into cell %s: the size is 0", cell->name);
	if (!find_region(cell->config, load->ipa, load->size))
		return fail(error, -EINVAL, "%#llx bytes at %#llx are not inside one region of cell %s with flag load",
			    load->size, load->ipa, cell->name);
	buffer = kzalloc(HC_WRITE_MAX, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	ret = make_loadable(cell, error);
	if (!ret)
		ret = write_cell(cell, load, buffer, error);
	kfree(buffer);
	return ret;
}
