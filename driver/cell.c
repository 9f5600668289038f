// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a cell as Linux sees it. Creation takes CPUs and PCI functions from Linux before the hypervisor takes
 * them from the root cell; every failure gives them back in reverse order. Nothing here waits interruptibly, so a
 * caller that is killed leaves a cell that either exists or does not.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <abi/comm.h>
#include "cloister.h"

DEFINE_MUTEX(cloister_lock);
LIST_HEAD(cells);
DEFINE_SPINLOCK(cells_lock);

struct cell *cell_by_id(u32 id)
{
	struct cell *cell;

	list_for_each_entry(cell, &cells, link)
		if (cell->id == id)
			return cell;
	return NULL;
}

struct cell *cell_get(u32 id)
{
	struct cell *cell;

	spin_lock(&cells_lock);
	cell = cell_by_id(id);
	if (cell)
		kobject_get(&cell->kobj);
	spin_unlock(&cells_lock);
	return cell;
}

static void list_cell(struct cell *cell)
{
	spin_lock(&cells_lock);
	list_add_tail(&cell->link, &cells);
	spin_unlock(&cells_lock);
}

static void unlist_cell(struct cell *cell)
{
	spin_lock(&cells_lock);
	list_del_init(&cell->link);
	spin_unlock(&cells_lock);
}

static struct cell *cell_by_name(const char *name)
{
	struct cell *cell;

	list_for_each_entry(cell, &cells, link)
		if (!strcmp(cell->name, name))
			return cell;
	return NULL;
}

struct cell *cell_to_change(u32 id, int *code, struct hc_error *error)
{
	struct cell *cell = cell_by_id(id);

	if (!cell)
		*code = fail(error, -ENOENT, "there is no cell with number %u", id);
	else if (id == ROOT_CELL_ID)
		*code = fail(error, -EPERM, "cell %s is the root cell, which this Linux runs in", cell->name);
	else if (!cell->config)
		*code = fail(error, -EPERM, "cell %s was started at boot by the system config; it can only be watched",
			     cell->name);
	else
		return cell;
	return NULL;
}

/* The last reference is gone: called by kobject_put(). */
void cell_free(struct cell *cell)
{
	free_cpumask_var(cell->cpus);
	kfree(cell->config);
	kfree(cell);
}

/* From here on kobject_put() frees it, and the config with it. */
static struct cell *cell_alloc(struct cfg_cell *config)
{
	struct cell *cell = kzalloc(sizeof(*cell), GFP_KERNEL);

	if (!cell)
		return NULL;
	if (!zalloc_cpumask_var(&cell->cpus, GFP_KERNEL)) {
		kfree(cell);
		return NULL;
	}
	cell->config = config;
	INIT_LIST_HEAD(&cell->link);
	cell_sysfs_init(cell);
	return cell;
}

/* Why the hypervisor did not do it, in words, when it gave none itself. */
static int fail_call(struct hc_error *error, const struct cell *cell, s64 code)
{
	struct hc_cell_info info;

	switch (code) {
	case -EBUSY:
		if (hc_cell_info(cell->id, &info))
			break;
		return fail(error, code, "cell %s is %s", cell->name, hc_state_name(info.state));
	case -EINVAL:
		return fail(error, code, "the hypervisor refuses the arguments");
	case -ENOMEM:
		return fail(error, code, "the hypervisor has no free pages left");
	case -ENOSPC:
		return fail(error, code, "no more cells can exist at one time");
	case -EIO:
		return fail(error, code, "the hardware did not do it; the hypervisor's log says more");
	}
	return fail(error, code, "the hypervisor answered with error %lld", -code);
}

/* `flags` HC_CREATE_* */
static int ask_to_create(struct cell *cell, u64 flags, struct hc_error *error)
{
	struct hc_error *reply = kzalloc(sizeof(*reply), GFP_KERNEL);
	struct hc_result result;

	if (!reply)
		return -ENOMEM;
	result = hc_call_all(HC_CELL_CREATE, virt_to_phys(cell->config), cell->config->hdr.size,
			     virt_to_phys(reply), flags);
	if (result.value >= 0)
		cell->id = result.value;
	else if (reply->text[0])
		fail(error, 0, "%.*s", (int)sizeof(reply->text), reply->text);
	else if (result.value == -EBUSY)
		fail(error, 0, "cell %s wants something that belongs to another cell", cell->name);
	else
		fail_call(error, cell, result.value);
	kfree(reply);
	return min_t(s64, result.value, 0);
}

/* All that can fail comes before the hypervisor makes the cell: then it exists, and nothing needs to be undone there. */
static int bring_up(struct cell *cell, struct hc_error *error)
{
	int ret;

	/* a config that cannot be is refused before Linux gives anything up */
	ret = ask_to_create(cell, HC_CREATE_CHECK, error);
	if (!ret)
		ret = pci_check(cell->config, error);
	if (ret)
		return ret;
	cell->id = NO_CELL_ID;
	ret = cell_sysfs_add(cell);
	if (ret)
		return fail(error, ret, "cell %s cannot be shown in sysfs: error %d", cell->name, -ret);
	ret = cpus_take(cell, error);
	if (ret)
		goto err_sysfs;
	ret = pci_take(cell->config, error);
	if (ret)
		goto err_cpus;
	ret = ask_to_create(cell, 0, error);
	if (ret)
		goto err_pci;
	return 0;

err_pci:
	pci_return(cell->config);
err_cpus:
	cpus_return(cell);
err_sysfs:
	kobject_del(&cell->kobj);
	return ret;
}

int cell_create(struct cfg_cell *config, struct cell **created, struct hc_error *error)
{
	struct cell *cell = cell_alloc(config);
	int ret;

	if (!cell) {
		kfree(config);
		return -ENOMEM;
	}
	strscpy(cell->name, config->name, sizeof(cell->name));
	cell->entry = config->entry;
	cell->arg = config->dtb_ipa;
	if (cell_by_name(cell->name))
		ret = fail(error, -EEXIST, "there is a cell %s already", cell->name);
	else
		ret = bring_up(cell, error);
	if (ret) {
		kobject_put(&cell->kobj);
		return ret;
	}
	__module_get(THIS_MODULE);	/* the caller's open file holds one, too */
	list_cell(cell);
	watch_cell(cell);
	*created = cell;
	return 0;
}

int cell_set_entry(u32 id, u32 flags, u64 entry, u64 arg, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(id, &ret, error);

	if (!cell)
		return ret;
	if (flags & CLOISTER_START_ENTRY)
		cell->entry = entry;
	if (flags & CLOISTER_START_ARG)
		cell->arg = arg;
	return 0;
}

int cell_start(u32 id, u32 flags, u64 entry, u64 arg, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(id, &ret, error);
	struct hc_result result;

	if (!cell)
		return ret;
	result = hc_call_all(HC_CELL_START, id, flags & CLOISTER_START_ENTRY ? entry : cell->entry,
			     flags & CLOISTER_START_ARG ? arg : cell->arg, 0);
	watch_cell(cell);
	if (result.value == -EINVAL)
		return fail(error, -EINVAL, "the entry is outside of the executable memory of cell %s", cell->name);
	if (result.value == -EBUSY && cell->seen_state != HC_STATE_RUNNING)
		return fail(error, -EBUSY, "cell %s is %s; load it first", cell->name, hc_state_name(cell->seen_state));
	return result.value < 0 ? fail_call(error, cell, result.value) : 0;
}

int cell_stop(u32 id, u32 flags, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(id, &ret, error);
	struct hc_result result;

	if (!cell)
		return ret;
	if (flags & CLOISTER_STOP_ASK)
		result = hc_call(HC_CELL_REQUEST, id, COMM_REQUEST_STOP, 0, 0);
	else
		result = hc_call_all(HC_CELL_STOP, id, 0, 0, 0);
	watch_cell(cell);
	if (result.value == -ENODATA)
		return fail(error, -ENODATA, "cell %s has no communication page", cell->name);
	return result.value < 0 ? fail_call(error, cell, result.value) : 0;
}

/*
 * The hypervisor's half comes first: only when it has given everything back may Linux use it. When that fails the cell
 * stays, as "destroying" or as it was, and destroying it can be tried again.
 */
int cell_destroy(u32 id, struct hc_error *error)
{
	int ret = 0;
	struct cell *cell = cell_to_change(id, &ret, error);
	struct hc_result result;

	if (!cell)
		return ret;
	result = hc_call_all(HC_CELL_DESTROY, id, 0, 0, 0);
	if (result.value < 0) {
		watch_cell(cell);
		return fail_call(error, cell, result.value);
	}
	unlist_cell(cell);
	watch_cell(cell);
	kobject_del(&cell->kobj);
	cpus_return(cell);
	pci_return(cell->config);
	kobject_put(&cell->kobj);
	module_put(THIS_MODULE);
	return 0;
}

static int adopt(u32 id)
{
	struct hc_cell_info info;
	struct cell *cell;
	int ret;

	ret = hc_cell_info(id, &info);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	cell = cell_alloc(NULL);
	if (!cell)
		return -ENOMEM;
	cell->id = id;
	strscpy(cell->name, info.name, sizeof(cell->name));
	ret = cell_sysfs_add(cell);
	if (ret) {
		kobject_put(&cell->kobj);
		return ret;
	}
	list_cell(cell);
	watch_cell(cell);
	return 0;
}

int cells_adopt(void)
{
	struct hc_system_info info;
	int ret;
	u32 id;

	ret = hc_system_info(&info);
	for (id = 0; !ret && id < 64; id++)
		if (info.cells & BIT_ULL(id))
			ret = adopt(id);
	return ret;
}

void cells_forget(void)
{
	struct cell *cell, *next;

	list_for_each_entry_safe(cell, next, &cells, link) {
		unlist_cell(cell);
		kobject_del(&cell->kobj);
		kobject_put(&cell->kobj);
	}
}
