// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies into the LOAD regions of a cell that is not running. The hypervisor makes them reachable at their PAs; they
 * are in no-map reserved memory, so Linux has no mapping of them but the one made here for the time of the copy.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "cloister.h"

#define CHUNK	(1UL << 20)	/* bytes between two chances to schedule */

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

static int copy_in(u8 *to, const u8 __user *from, u64 size)
{
	u64 done, step;

	for (done = 0; done < size; done += step) {
		step = min_t(u64, size - done, CHUNK);
		if (!from)
			memset(to + done, 0, step);
		else if (copy_from_user(to + done, from + done, step))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static int write_region(struct cell *cell, const struct cfg_mem *mem, const struct cloister_load *load,
			struct hc_error *error)
{
	u64 pa = mem->pa + (load->ipa - mem->ipa);
	void *mapping = memremap(pa, load->size, MEMREMAP_WB);
	int ret;

	if (!mapping)
		return fail(error, -ENOMEM, "Linux cannot map region %.*s of cell %s at %#llx: is it in reserved memory?",
			    (int)sizeof(mem->name), mem->name, cell->name, pa);
	ret = copy_in(mapping, u64_to_user_ptr(load->data), load->size);
	memunmap(mapping);
	if (ret)
		return fail(error, ret, "the %llu bytes for cell %s cannot be read at %#llx", load->size, cell->name,
			    load->data);
	return 0;
}

int cell_load(const struct cloister_load *load, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(load->id, &ret, error);
	const struct cfg_mem *mem;
	struct hc_cell_info info;
	struct hc_result result;

	if (!cell)
		return ret;
	if (!load->size)
		return fail(error, -EINVAL, "there is nothing to load into cell %s: the size is 0", cell->name);
	mem = find_region(cell->config, load->ipa, load->size);
	if (!mem)
		return fail(error, -EINVAL, "%#llx bytes at %#llx are not inside one region of cell %s with flag load",
			    load->size, load->ipa, cell->name);
	result = hc_call_all(HC_CELL_LOADABLE, load->id, 0, 0);
	watch_cell(cell);
	if (result.value == -EBUSY && !hc_cell_info(load->id, &info))
		return fail(error, -EBUSY, "cell %s is %s, so nothing can be loaded into it", cell->name,
			    hc_state_name(info.state));
	if (result.value < 0)
		return fail(error, result.value, "the memory of cell %s cannot be reached: the hypervisor answered with "
			    "error %lld", cell->name, -result.value);
	return write_region(cell, mem, load, error);
}
