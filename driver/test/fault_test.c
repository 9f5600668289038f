// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests only: makes a function of the kernel or of another module fail. As long as this module is loaded, the calls of
 * `function` behind the first `skip` return `error` at once, `times` times; `calls` counts them all. It needs nothing of
 * the code under test but that the function has a symbol, and nothing of the kernel but kprobes.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static char *function;
module_param(function, charp, 0444);
static int error = -12;
module_param(error, int, 0444);
static unsigned int skip;
module_param(skip, uint, 0444);
static unsigned int times = 1;
module_param(times, uint, 0444);
static unsigned int calls;
module_param(calls, uint, 0444);

/* Back to the caller, x0 (and x1, of small structs) as the function would have left them. */
static int fail_instead(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int call = calls++;

	if (call < skip || call - skip >= times)
		return 0;
	regs->regs[0] = (long)error;
	regs->regs[1] = 0;
	instruction_pointer_set(regs, procedure_link_pointer(regs));
	return 1;
}
NOKPROBE_SYMBOL(fail_instead);

static struct kprobe probe = { .pre_handler = fail_instead };

static int __init fault_test_init(void)
{
	if (!function)
		return -EINVAL;
	probe.symbol_name = function;
	return register_kprobe(&probe);
}

static void __exit fault_test_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(fault_test_init);
module_exit(fault_test_exit);

MODULE_DESCRIPTION("Makes a function fail, for Cloister's tests");
MODULE_LICENSE("GPL");
