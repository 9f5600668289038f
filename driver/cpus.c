// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs: configs number them as the system config does, Linux in its own way. The MPIDR connects the two: the
 * hypervisor's device tree node lists those of the system's CPUs, and the CPU nodes have them in `reg`.
 */
#include <linux/cpu.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/of.h>
#include "cloister.h"

#define PROPERTY	"cloister,cpu-mpidrs"
#define NO_CPU		UINT_MAX

static unsigned int logical_cpu[CFG_MAX_CPUS];	/* by number in the system config; constant after cpus_init() */
static unsigned int system_cpus;

static int read_mpidr(struct device_node *cpu_node, u64 *mpidr)
{
	int cells = of_n_addr_cells(cpu_node);
	const __be32 *reg;
	int bytes;

	reg = of_get_property(cpu_node, "reg", &bytes);
	if (!reg || cells < 1 || cells > 2 || bytes < cells * (int)sizeof(*reg))
		return -EINVAL;
	*mpidr = of_read_number(reg, cells);
	return 0;
}

static unsigned int find_logical_cpu(u64 wanted)
{
	struct device_node *node;
	unsigned int cpu;
	u64 mpidr;
	int ret;

	for_each_possible_cpu(cpu) {
		node = of_get_cpu_node(cpu, NULL);
		if (!node)
			continue;
		ret = read_mpidr(node, &mpidr);
		of_node_put(node);
		if (!ret && mpidr == wanted)
			return cpu;
	}
	return NO_CPU;
}

int cpus_init(const struct device_node *node)
{
	int count = of_property_count_u64_elems(node, PROPERTY);
	u64 mpidr;
	int i;

	if (count < 1 || count > CFG_MAX_CPUS) {
		pr_err("%pOF: %s does not list 1 to %u CPUs\n", node, PROPERTY, CFG_MAX_CPUS);
		return -ENODEV;
	}
	for (i = 0; i < count; i++) {
		if (of_property_read_u64_index(node, PROPERTY, i, &mpidr))
			return -ENODEV;
		logical_cpu[i] = find_logical_cpu(mpidr);
	}
	system_cpus = count;
	return 0;
}

/*
 * A CPU that is offline already, or that Linux does not know, is none of Linux's: whether the cell can have it is the
 * hypervisor's to say. Only what is taken here goes back later.
 */
static int take_one(struct cell *cell, u32 number, struct hc_error *error)
{
	unsigned int cpu;
	int ret;

	if (number >= system_cpus)
		return fail(error, -EINVAL, "cell %s wants cpu %u, but the system has cpus 0 to %u", cell->name,
			    number, system_cpus - 1);
	cpu = logical_cpu[number];
	if (cpu == NO_CPU || !cpu_online(cpu))
		return 0;
	ret = remove_cpu(cpu);
	if (ret == -EBUSY)
		return fail(error, ret, "cpu %u cannot leave Linux: it is busy, or the last one online", number);
	if (ret)
		return fail(error, ret, "cpu %u cannot leave Linux: taking it offline failed with error %d", number,
			    -ret);
	cpumask_set_cpu(cpu, cell->cpus);
	return 0;
}

int cpus_take(struct cell *cell, struct hc_error *error)
{
	const struct cfg_cell_cpu *cpus = config_cpus(cell->config);
	int ret;
	u32 i;

	for (i = 0; i < cell->config->cpu_count; i++) {
		ret = take_one(cell, cpus[i].cpu, error);
		if (ret) {
			cpus_return(cell);
			return ret;
		}
	}
	return 0;
}

/* Nothing can be done about a CPU that does not come back but to say so; the others still do. */
void cpus_return(struct cell *cell)
{
	unsigned int cpu;
	int ret;

	for_each_cpu(cpu, cell->cpus) {
		ret = add_cpu(cpu);
		if (ret)
			pr_err("cpu %u did not come back from cell %s: error %d\n", cpu, cell->name, -ret);
	}
	cpumask_clear(cell->cpus);
}
