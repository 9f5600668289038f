// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls. The root cell is mapped IPA = PA, so a buffer's physical address is what the hypervisor wants; buffers
 * come from kmalloc() and are thus contiguous.
 */
#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "cloister.h"

#define COMPATIBLE	"cloister,hypervisor"

static bool use_smc;
static u32 version;

static struct arm_smccc_res smccc(u32 function, u64 a1, u64 a2, u64 a3, u64 a4)
{
	struct arm_smccc_res res;

	if (use_smc)
		arm_smccc_smc(function, a1, a2, a3, a4, 0, 0, 0, &res);
	else
		arm_smccc_hvc(function, a1, a2, a3, a4, 0, 0, 0, &res);
	return res;
}

/* The hypervisor's numbers are Linux's but for those that have another meaning here. */
static s64 linux_error(s64 value)
{
	switch (value) {
	case -HC_ESTATE:
		return -EBUSY;
	case -HC_EEMPTY:
		return -ENODATA;
	default:
		return value < -MAX_ERRNO ? -EIO : value;
	}
}

struct hc_result hc_call(u32 function, u64 a1, u64 a2, u64 a3, u64 a4)
{
	struct arm_smccc_res res = smccc(function, a1, a2, a3, a4);

	return (struct hc_result){ linux_error(res.a0), res.a1 };
}

/*
 * Not interruptible: a signal between two batches would leave the work half done. Each batch makes progress by the
 * hypervisor's contract, so this ends.
 */
struct hc_result hc_call_all(u32 function, u64 a1, u64 a2, u64 a3, u64 a4)
{
	struct hc_result result = hc_call(function, a1, a2, a3, a4);

	while (result.value == -EAGAIN) {
		cond_resched();
		result = hc_call(function, a1, a2, a3, a4);
	}
	return result;
}

/* Calls `function` with the first `count` of two arguments and a buffer for `bytes` of answer, and copies that to `to`. */
static int hc_fetch(u32 function, void *to, size_t bytes, int count, u64 a, u64 b)
{
	void *buffer = kzalloc(bytes, GFP_KERNEL);
	u64 args[4] = { a, b };
	struct hc_result result;

	if (!buffer)
		return -ENOMEM;
	args[count] = virt_to_phys(buffer);
	args[count + 1] = bytes;
	result = hc_call(function, args[0], args[1], args[2], args[3]);
	if (result.value >= 0)
		memcpy(to, buffer, bytes);
	kfree(buffer);
	return min_t(s64, result.value, 0);
}

int hc_system_info(struct hc_system_info *info)
{
	int ret = hc_fetch(HC_SYSTEM_INFO, info, sizeof(*info), 0, 0, 0);

	if (ret)
		return ret;
	info->name[sizeof(info->name) - 1] = '\0';
	info->build[sizeof(info->build) - 1] = '\0';
	return 0;
}

int hc_cell_info(u32 id, struct hc_cell_info *info)
{
	int ret = hc_fetch(HC_CELL_INFO, info, sizeof(*info), 1, id, 0);

	if (ret)
		return ret;
	info->name[sizeof(info->name) - 1] = '\0';
	return 0;
}

int hc_cell_cpu(u32 id, u32 n, struct hc_cpu_info *info)
{
	return hc_fetch(HC_CELL_CPU, info, sizeof(*info), 2, id, n);
}

u32 hc_version(void)
{
	return version;
}

const char *hc_state_name(u32 state)
{
	static const char *const names[] = {
		[HC_STATE_CREATED] = "created",
		[HC_STATE_LOADED] = "loaded",
		[HC_STATE_RUNNING] = "running",
		[HC_STATE_STOPPED] = "stopped",
		[HC_STATE_FAILED] = "failed",
		[HC_STATE_DESTROYING] = "destroying",
	};

	if (state >= ARRAY_SIZE(names) || !names[state])
		return "unknown";
	return names[state];
}

static bool uid_matches(void)
{
	struct arm_smccc_res res = smccc(HC_CALL_UID, 0, 0, 0, 0);

	return lower_32_bits(res.a0) == HC_UID_0 && lower_32_bits(res.a1) == HC_UID_1 &&
	       lower_32_bits(res.a2) == HC_UID_2 && lower_32_bits(res.a3) == HC_UID_3;
}

/* Is what answers ours, of a version that this driver knows, and are we the root cell? */
static int check_identity(void)
{
	struct arm_smccc_res res;

	if (!uid_matches()) {
		pr_err("no hypervisor: the device tree names one, but %s is not answered by Cloister\n",
		       use_smc ? "SMC" : "HVC");
		return -ENODEV;
	}
	res = smccc(HC_VERSION, 0, 0, 0, 0);
	version = lower_32_bits(res.a0);
	if (version >> 16 != HC_VERSION_MAJOR) {
		pr_err("the hypervisor speaks version %u.%u, this driver %u.x\n", version >> 16, version & 0xffff,
		       HC_VERSION_MAJOR);
		return -ENODEV;
	}
	if (res.a1 != 1) {
		pr_err("this Linux is not the root cell, so it cannot manage cells\n");
		return -ENODEV;
	}
	return 0;
}

int hc_probe(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, COMPATIBLE);
	const char *method = "hvc";
	int ret;

	if (!node) {
		pr_err("no hypervisor: the device tree has no node compatible with \"" COMPATIBLE
		       "\"; was this kernel started by Cloister's system.img?\n");
		return -ENODEV;
	}
	of_property_read_string(node, "method", &method);
	use_smc = !strcmp(method, "smc");
	if (!use_smc && strcmp(method, "hvc")) {
		pr_err("%pOF: method is \"%s\", neither \"hvc\" nor \"smc\"\n", node, method);
		ret = -ENODEV;
	} else {
		ret = check_identity();
	}
	if (!ret)
		ret = cpus_init(node);
	of_node_put(node);
	return ret;
}
