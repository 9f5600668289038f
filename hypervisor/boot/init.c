/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot: one explicit, ordered list of subsystems. Each takes what the ones before it provide. A machine on which one of
 * them cannot keep its promise is not started: the reason goes to the UART and the CPU stops.
 */
#include <abi/image.h>
#include <arch/cpu.h>
#include <asm/entry.h>
#include <hyp/boot.h>
#include <hyp/cell.h>
#include <hyp/hyp_map.h>
#include <hyp/printk.h>
#include <hyp/uart.h>

extern struct cloister_image cloister_image;
const struct cfg_system *system_config;

_Static_assert(sizeof(struct guest_regs) == GUEST_REGS_SIZE, "vectors.S");
_Static_assert(offsetof(struct cpu, stack_top) == 0, "entry.S");
_Static_assert(offsetof(struct cloister_image, config_offset) == IMG_CONFIG_OFFSET, "entry.S");
_Static_assert(offsetof(struct cfg_system, hyp_size) == CFG_HYP_SIZE, "entry.S");
_Static_assert(IMG_MAGIC == IMG_MAGIC_VALUE, "entry.S");
_Static_assert(IMG_REVISION == IMG_REVISION_VALUE && CFG_REVISION == CFG_REVISION_VALUE, "entry.S");

/*
 * The config inside the image, in place, checked just so far that memory can be set up. Without even that there is no
 * UART to say what is wrong: the message stays in the log's memory, for a debugger.
 */
static const struct cfg_system *find_config(paddr_t base)
{
	const struct cfg_system *sys = (const void *)(__hyp_start + cloister_image.config_offset);

	if (!cloister_image.config_offset || cloister_image.config_size < sizeof(*sys))
		panic("this hypervisor was started without `cloister pack`: it holds no system config");
	if (sys->hdr.magic != CFG_MAGIC || sys->hdr.revision != CFG_REVISION)
		panic("the system config in the image is not of revision %d", CFG_REVISION);
	if (sys->hyp_base != base.pa)
		panic("the system config places the hypervisor at another address than 0x%lx, where it was loaded", base.pa);
	if (cloister_image.total_size >= sys->hyp_size || sys->hyp_size > GIB(1))
		panic("the hypervisor's memory does not hold the image");
	return sys;
}

static void memory_init(paddr_t base)
{
	size_t image = cloister_image.total_size;

	hyp_linear_init(base, system_config->hyp_size, base.pa - (u64)__hyp_start);
	page_pool_init(__hyp_start + image, system_config->hyp_size - image);
	if (hyp_map_init())
		panic("no memory for the hypervisor's own page tables");
}

static int check_config(const struct cfg_system *sys)
{
	struct hc_error err;

	pr_info("Cloister %s", CLOISTER_BUILD);
	if (config_check_system(sys, cloister_image.config_size, &err)) {
		pr_err("the system config is wrong: %s", err.text);
		return -EINVAL;
	}
	log_threshold = sys->log_level;
	return 0;
}

/* In this order: the SMMU denies all DMA before a CPU or a device belongs to anybody. */
static const struct {
	const char *name;
	int (*init)(const struct cfg_system *sys);
} subsystems[] = {
	{ "UART", uart_init },
	{ "system config", check_config },
	{ "CPUs", percpu_init },
	{ "GIC", gic_init },
	{ "watchdogs", cell_watch_init },
	{ "SMMU", smmu_init },
	{ "PCI", pci_init },
	{ "other CPUs", percpu_start_others },
};

void hyp_main(u64 base)
{
	system_config = find_config(pa(base));
	memory_init(pa(base));
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		int err = subsystems[i].init(system_config);

		if (err)
			panic("%s: cannot start (error %d)", subsystems[i].name, -err);
	}
	pr_info("%u CPUs, %zu of %zu pool pages free", cpu_count, page_pool_free(), page_pool_total());
	boot_cells();
	cell_mem_echo();
	cpu_run(this_cpu());
}
