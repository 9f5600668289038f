// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cloister: decodes and checks what user space says, then calls who acts. The interface is specified in
 * Documentation/driver-abi.md. An argument is copied once, checked, used, and copied back.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "cloister.h"

static int do_version(void *arg)
{
	struct cloister_version *version = arg;

	version->abi = CLOISTER_ABI_MAJOR << 16 | CLOISTER_ABI_MINOR;
	version->hypervisor = hc_version();
	return 0;
}

static int do_system_info(void *arg)
{
	struct cloister_system_info *info = arg;

	return hc_system_info(&info->info);
}

static int do_create(void *arg)
{
	struct cloister_create *create = arg;
	struct cfg_cell *config;
	struct cell *cell;
	int ret;

	if (create->config_size < sizeof(*config) || create->config_size > CFG_MAX_CELL_SIZE)
		return fail(&create->error, -EINVAL, "a cell config has %zu to %u bytes, this one has %u",
			    sizeof(*config), CFG_MAX_CELL_SIZE, create->config_size);
	config = memdup_user(u64_to_user_ptr(create->config), create->config_size);
	if (IS_ERR(config))
		return PTR_ERR(config);
	ret = config_check(config, create->config_size, &create->error);
	if (ret) {
		kfree(config);
		return ret;
	}
	ret = cell_create(config, &cell, &create->error);
	if (!ret)
		create->id = cell->id;
	return ret;
}

static int do_load(void *arg)
{
	struct cloister_load *load = arg;

	if (load->reserved)
		return -EINVAL;
	return cell_load(load, &load->error);
}

static int do_entry(void *arg)
{
	struct cloister_start *start = arg;

	if (start->reserved)
		return -EINVAL;
	return cell_set_entry(start->id, start->head.flags, start->entry, start->arg, &start->error);
}

static int do_start(void *arg)
{
	struct cloister_start *start = arg;

	if (start->reserved)
		return -EINVAL;
	return cell_start(start->id, start->head.flags, start->entry, start->arg, &start->error);
}

static int do_stop(void *arg)
{
	struct cloister_op *op = arg;

	return op->reserved ? -EINVAL : cell_stop(op->id, op->head.flags, &op->error);
}

static int do_destroy(void *arg)
{
	struct cloister_op *op = arg;

	return op->reserved ? -EINVAL : cell_destroy(op->id, &op->error);
}

static int do_info(void *arg)
{
	struct cloister_cell_info *info = arg;
	struct cell *cell = cell_get(info->id);
	int ret;

	if (!cell)
		return -ENOENT;
	ret = hc_cell_info(info->id, &info->info);
	info->cell_flags = (cell->config ? CLOISTER_CELL_MANAGED : 0) |
			   (cell->id == ROOT_CELL_ID ? CLOISTER_CELL_ROOT : 0);
	info->entry = READ_ONCE(cell->entry);
	info->arg = READ_ONCE(cell->arg);
	kobject_put(&cell->kobj);
	return ret;
}

static int do_cpu(void *arg)
{
	struct cloister_cpu_info *cpu = arg;

	return hc_cell_cpu(cpu->id, cpu->n, &cpu->info);
}

static int do_config(void *arg)
{
	struct cloister_config *request = arg;
	struct cell *cell = cell_get(request->id);
	u32 room = request->size;
	int ret = -ENODATA;

	if (!cell)
		return -ENOENT;
	if (cell->config) {
		request->size = cell->config->hdr.size;
		ret = room < request->size ? -ENOSPC : 0;
	}
	if (!ret && copy_to_user(u64_to_user_ptr(request->data), cell->config, request->size))
		ret = -EFAULT;
	kobject_put(&cell->kobj);
	return ret;
}

/* A console and the log are read alike. */
static int read_ring(struct cloister_read *read, bool is_console)
{
	u32 size = min_t(u32, read->size, CLOISTER_READ_MAX);
	struct hc_result result;
	void *buffer;
	int ret = 0;

	if (!size)
		return -EINVAL;
	buffer = kzalloc(size, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	if (is_console)
		result = hc_call(HC_CELL_CONSOLE, read->id, virt_to_phys(buffer), size, read->position);
	else
		result = hc_call(HC_LOG_READ, virt_to_phys(buffer), size, read->position, 0);
	if (result.value < 0)
		ret = result.value;
	else if (result.value > size)
		ret = -EIO;
	else if (copy_to_user(u64_to_user_ptr(read->data), buffer, result.value))
		ret = -EFAULT;
	kfree(buffer);
	if (ret)
		return ret;
	read->size = result.value;
	read->position = result.extra;
	return 0;
}

static int do_console(void *arg)
{
	return read_ring(arg, true);
}

static int do_log(void *arg)
{
	struct cloister_read *read = arg;

	return read->id ? -EINVAL : read_ring(read, false);
}

/* Bytes that do not fit are not an error, unless none did. */
static int do_input(void *arg)
{
	struct cloister_input *input = arg;
	struct hc_result result = { 0 };
	u8 bytes[CLOISTER_INPUT_MAX];
	u32 i;

	if (!input->size || input->size > sizeof(bytes))
		return -EINVAL;
	if (copy_from_user(bytes, u64_to_user_ptr(input->data), input->size))
		return -EFAULT;
	for (i = 0; i < input->size; i++) {
		result = hc_call(HC_CELL_INPUT, input->id, bytes[i], 0, 0);
		if (result.value < 0)
			break;
	}
	if (!i)
		return result.value;
	input->size = i;
	return 0;
}

static int do_find(void *arg)
{
	struct cloister_find *find = arg;
	const struct cell *cell;
	int ret = -ENOENT;

	if (find->reserved || strnlen(find->name, sizeof(find->name)) == sizeof(find->name))
		return -EINVAL;
	spin_lock(&cells_lock);
	list_for_each_entry(cell, &cells, link)
		if (!strcmp(cell->name, find->name)) {
			find->id = cell->id;
			ret = 0;
		}
	spin_unlock(&cells_lock);
	return ret;
}

/* The longest argument; all are zero-padded to it. */
#define ARGUMENT_MAX	1024

struct command {
	u32 size;			/* of the argument as this driver knows it; also its shortest revision */
	u32 flags;			/* known */
	bool changes;			/* needs a file opened for writing */
	bool unlocked;			/* only asks, so that a long create or destroy does not hold it up */
	int (*run)(void *arg);
};

#define NR(command)	_IOC_NR(CLOISTER_##command)

static const struct command commands[] = {
	[NR(VERSION)] = { sizeof(struct cloister_version), 0, false, true, do_version },
	[NR(SYSTEM_INFO)] = { sizeof(struct cloister_system_info), 0, false, true, do_system_info },
	[NR(CELL_CREATE)] = { sizeof(struct cloister_create), 0, true, false, do_create },
	[NR(CELL_LOAD)] = { sizeof(struct cloister_load), 0, true, false, do_load },
	[NR(CELL_ENTRY)] = { sizeof(struct cloister_start), CLOISTER_START_ENTRY | CLOISTER_START_ARG, true, false,
			     do_entry },
	[NR(CELL_START)] = { sizeof(struct cloister_start), CLOISTER_START_ENTRY | CLOISTER_START_ARG, true, false,
			     do_start },
	[NR(CELL_STOP)] = { sizeof(struct cloister_op), CLOISTER_STOP_ASK, true, false, do_stop },
	[NR(CELL_DESTROY)] = { sizeof(struct cloister_op), 0, true, false, do_destroy },
	[NR(CELL_INFO)] = { sizeof(struct cloister_cell_info), 0, false, true, do_info },
	[NR(CELL_CONFIG)] = { sizeof(struct cloister_config), 0, false, true, do_config },
	[NR(CELL_CONSOLE)] = { sizeof(struct cloister_read), 0, false, true, do_console },
	[NR(CELL_INPUT)] = { sizeof(struct cloister_input), 0, true, true, do_input },
	[NR(LOG_READ)] = { sizeof(struct cloister_read), 0, false, true, do_log },
	[NR(CELL_CPU)] = { sizeof(struct cloister_cpu_info), 0, false, true, do_cpu },
	[NR(CELL_FIND)] = { sizeof(struct cloister_find), 0, false, true, do_find },
};

/* Waiting for the mutex can be given up by a signal that kills; nothing has happened yet. */
static int run(const struct command *command, void *arg)
{
	int ret;

	if (command->unlocked)
		return command->run(arg);
	if (mutex_lock_killable(&cloister_lock))
		return -EINTR;
	ret = command->run(arg);
	mutex_unlock(&cloister_lock);
	return ret;
}

/*
 * The argument is written back before anything is done, too: a caller whose memory cannot be written would otherwise
 * get EFAULT for a call that had its effect.
 */
static int copy_and_run(const struct command *command, void *arg, void __user *from, u32 size)
{
	const struct cloister_head *head = arg;
	u32 known = min(size, command->size);
	int ret;

	ret = copy_struct_from_user(arg, command->size, from, size);
	if (ret)
		return ret;
	if (head->size != size || (head->flags & ~command->flags))
		return -EINVAL;
	if (copy_to_user(from, arg, known))
		return -EFAULT;
	ret = run(command, arg);
	if (copy_to_user(from, arg, known))
		return -EFAULT;
	return ret;
}

static long cloister_ioctl(struct file *file, unsigned int number, unsigned long address)
{
	u32 size = _IOC_SIZE(number), nr = _IOC_NR(number);
	const struct command *command;
	void *arg;
	int ret;

	if (_IOC_TYPE(number) != CLOISTER_IOC_TYPE || nr >= ARRAY_SIZE(commands) ||
	    _IOC_DIR(number) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	command = &commands[array_index_nospec(nr, ARRAY_SIZE(commands))];
	if (size < command->size)
		return -EINVAL;
	if (command->changes && !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	arg = kzalloc(ARGUMENT_MAX, GFP_KERNEL);
	if (!arg)
		return -ENOMEM;
	ret = copy_and_run(command, arg, (void __user *)address, size);
	kfree(arg);
	return ret;
}

static_assert(sizeof(struct cloister_cell_info) <= ARGUMENT_MAX);
static_assert(sizeof(struct cloister_system_info) <= ARGUMENT_MAX);

const struct file_operations cloister_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cloister_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
