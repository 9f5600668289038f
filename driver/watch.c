// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells change state by themselves, too: they fail, or switch themselves off. The hypervisor has no interrupt for the
 * root cell, so while any other cell runs it is looked at four times a second. Each change of its state, of the number of
 * its starts, or of what it says in its communication page is a uevent of its object in sysfs, and wakes who polls its
 * `state` file. Those that were started at boot are always looked at: the hypervisor may start them again.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include "cloister.h"

#define PERIOD	msecs_to_jiffies(250)

#define STATE_NEW	0	/* seen_state of a cell that no uevent was sent for; none of HC_STATE_* */
#define STATE_GONE	0xffffffffu

static void watch_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch_all);

static void tell(struct cell *cell, const struct hc_cell_info *info)
{
	char cell_name[sizeof("CELL=") + CL_NAME_LEN];
	char state_name[32], reason_number[32], comm_number[32], starts_number[32];
	char *environment[] = { cell_name, state_name, reason_number, comm_number, starts_number, NULL };

	scnprintf(cell_name, sizeof(cell_name), "CELL=%s", cell->name);
	scnprintf(state_name, sizeof(state_name), "STATE=%s",
		  info->state == STATE_GONE ? "destroyed" : hc_state_name(info->state));
	scnprintf(reason_number, sizeof(reason_number), "REASON=%u", info->reason);
	scnprintf(comm_number, sizeof(comm_number), "COMM=%u", info->comm.state);
	scnprintf(starts_number, sizeof(starts_number), "STARTS=%llu", info->starts);
	kobject_uevent_env(&cell->kobj, cell->seen_state == STATE_NEW ? KOBJ_ADD : KOBJ_CHANGE, environment);
	sysfs_notify(&cell->kobj, NULL, "state");
	cell->seen_state = info->state;
	cell->seen_comm = info->comm.state;
	cell->seen_starts = info->starts;
}

void watch_cell(struct cell *cell)
{
	struct hc_cell_info info = { .state = STATE_GONE };

	hc_cell_info(cell->id, &info);
	if (info.state != cell->seen_state || info.comm.state != cell->seen_comm || info.starts != cell->seen_starts)
		tell(cell, &info);
	if ((info.state == HC_STATE_RUNNING || !cell->config) && info.state != STATE_GONE && cell->id != ROOT_CELL_ID)
		queue_delayed_work(system_unbound_wq, &watch_work, PERIOD);
}

static void watch_all(struct work_struct *work)
{
	struct cell *cell;

	mutex_lock(&cloister_lock);
	list_for_each_entry(cell, &cells, link)
		watch_cell(cell);
	mutex_unlock(&cloister_lock);
}

void watch_stop(void)
{
	cancel_delayed_work_sync(&watch_work);
}
