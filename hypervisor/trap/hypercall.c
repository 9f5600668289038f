/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls (abi/hypercall.h): decode and copy arguments here, then call cell/. The management calls are the root
 * cell's alone and run under cell_lock.
 */
#include <hyp/trap.h>

static s64 hc_version(struct guest_regs *regs, struct cpu *cpu)
{
	regs->x[1] = cpu->cell->is_root;
	return HC_VERSION_MAJOR << 16 | HC_VERSION_MINOR;
}

static s64 hc_console_write(struct guest_regs *regs, struct cpu *cpu)
{
	return console_write(cpu->cell, regs->x[1], &regs->x[2]);
}

static s64 hc_console_read(struct guest_regs *regs, struct cpu *cpu)
{
	return console_getc(cpu->cell);
}

static s64 hc_panic(struct guest_regs *regs, struct cpu *cpu)
{
	cell_fail_current(cpu, HC_REASON_PANIC, regs->x[1]);
}

static s64 answer(struct cpu *cpu, u64 to, const void *from, size_t bytes)
{
	return guest_write(cpu->cell, ipa(to), from, bytes) ? 0 : -EFAULT;
}

static s64 hc_system_info(struct guest_regs *regs, struct cpu *cpu)
{
	struct hc_system_info info;

	system_info(&info);
	return answer(cpu, regs->x[1], &info, MIN(regs->x[2], sizeof(info)));
}

static s64 hc_cell_create(struct guest_regs *regs, struct cpu *cpu)
{
	static u8 blob[CFG_MAX_CELL_SIZE] __attribute__((aligned(8)));	/* guarded by cell_lock */
	struct hc_error err = { "" };
	u64 bytes = regs->x[2], flags = regs->x[4];
	s64 result;

	if (flags & ~(u64)HC_CREATE_CHECK)
		return -EINVAL;
	if (bytes <= sizeof(blob) && !guest_read(cpu->cell, ipa(regs->x[1]), blob, bytes))
		return -EFAULT;
	if (bytes <= sizeof(blob))
		result = cell_check(blob, bytes, &err);
	else
		result = hc_fail(&err, -EINVAL, "a cell config of %lu bytes: the most is %zu", bytes, sizeof(blob));
	if (!result && !(flags & HC_CREATE_CHECK))
		result = cell_build((const struct cfg_cell *)blob, &err);
	cell_mem_echo();
	if (!guest_write(cpu->cell, ipa(regs->x[3]), &err, sizeof(err)) && result < 0)
		return -EFAULT;
	return result;
}

static s64 hc_cell_write(struct cell *cell, struct guest_regs *regs, struct cpu *cpu)
{
	return cell_write(cell, regs->x[2], cpu->cell, regs->x[3], regs->x[4]);
}

static s64 hc_cell_info(struct cell *cell, struct guest_regs *regs, struct cpu *cpu)
{
	struct hc_cell_info info;

	cell_info(cell, &info);
	return answer(cpu, regs->x[2], &info, MIN(regs->x[3], sizeof(info)));
}

static s64 hc_cell_cpu(struct cell *cell, struct guest_regs *regs, struct cpu *cpu)
{
	struct hc_cpu_info info;
	s64 result = cell_cpu_info(cell, regs->x[2], &info);

	return result ? result : answer(cpu, regs->x[3], &info, MIN(regs->x[4], sizeof(info)));
}

static char text_page[PAGE_SIZE];	/* guarded by cell_lock */

/* That page of a ring of text, or an error; how much came, and where to go on in x1. */
static s64 copy_text(struct guest_regs *regs, struct cpu *cpu, s64 bytes, u64 to, u64 next)
{
	if (bytes > 0 && !guest_write(cpu->cell, ipa(to), text_page, bytes))
		return -EFAULT;
	if (bytes >= 0)
		regs->x[1] = next;
	return bytes;
}

static s64 hc_cell_console(struct cell *cell, struct guest_regs *regs, struct cpu *cpu)
{
	u64 next = 0;
	s64 bytes = console_read(cell, regs->x[4], text_page, MIN(regs->x[3], sizeof(text_page)), &next);

	return copy_text(regs, cpu, bytes, regs->x[2], next);
}

static s64 hc_log_read(struct guest_regs *regs, struct cpu *cpu)
{
	u64 next;
	s64 bytes = log_read(regs->x[3], text_page, MIN(regs->x[2], sizeof(text_page)), &next);

	return copy_text(regs, cpu, bytes, regs->x[1], next);
}

/* One of the four: for every cell; for the root cell; for the root cell, about the cell whose number is in x1. */
struct call {
	s64 (*any)(struct guest_regs *regs, struct cpu *cpu);
	s64 (*root)(struct guest_regs *regs, struct cpu *cpu);
	s64 (*about)(struct cell *cell, struct guest_regs *regs, struct cpu *cpu);
	s64 (*change)(struct cell *cell, u64 a, u64 b);	/* x2, x3 */
	u64 states;		/* BIT(HC_STATE_*) in which that cell must be, and not the root cell; 0: any cell will do */
};

static const struct call calls[] = {
	[HC_VERSION - HC_FN(0)]		= { .any = hc_version },
	[HC_CONSOLE_WRITE - HC_FN(0)]	= { .any = hc_console_write },
	[HC_PANIC - HC_FN(0)]		= { .any = hc_panic },
	[HC_CONSOLE_READ - HC_FN(0)]	= { .any = hc_console_read },
	[HC_SYSTEM_INFO - HC_FN(0)]	= { .root = hc_system_info },
	[HC_CELL_CREATE - HC_FN(0)]	= { .root = hc_cell_create },
	[HC_CELL_LOADABLE - HC_FN(0)]	= { .change = cell_loadable,
					    .states = ~(BIT(HC_STATE_RUNNING) | BIT(HC_STATE_DESTROYING)) },
	[HC_CELL_WRITE - HC_FN(0)]	= { .about = hc_cell_write, .states = BIT(HC_STATE_LOADED) },
	[HC_CELL_START - HC_FN(0)]	= { .change = cell_run, .states = BIT(HC_STATE_LOADED) },
	[HC_CELL_STOP - HC_FN(0)]	= { .change = cell_stop, .states = BIT(HC_STATE_RUNNING) },
	[HC_CELL_DESTROY - HC_FN(0)]	= { .change = cell_destroy, .states = ~0ULL },
	[HC_CELL_INFO - HC_FN(0)]	= { .about = hc_cell_info },
	[HC_CELL_CPU - HC_FN(0)]	= { .about = hc_cell_cpu },
	[HC_CELL_CONSOLE - HC_FN(0)]	= { .about = hc_cell_console },
	[HC_CELL_INPUT - HC_FN(0)]	= { .change = console_input },
	[HC_LOG_READ - HC_FN(0)]	= { .root = hc_log_read },
	[HC_CELL_REQUEST - HC_FN(0)]	= { .change = cell_request, .states = BIT(HC_STATE_RUNNING) },
};

/* What is not in the table: the discovery of the range, or unknown. */
static s64 other_call(struct guest_regs *regs, u32 function)
{
	if (function != HC_CALL_UID)
		return NOT_SUPPORTED;
	regs->x[1] = HC_UID_1;
	regs->x[2] = HC_UID_2;
	regs->x[3] = HC_UID_3;
	return HC_UID_0;
}

static s64 call_about_cell(const struct call *call, struct guest_regs *regs, struct cpu *cpu)
{
	struct cell *cell = regs->x[1] < CFG_MAX_CELLS ? cells[regs->x[1]] : NULL;

	if (!cell || (call->states && cell->is_root))
		return -ENOENT;
	if (call->states && !(call->states & BIT(cell->state)))
		return -ESTATE;
	return call->change ? call->change(cell, regs->x[2], regs->x[3]) : call->about(cell, regs, cpu);
}

static __attribute__((noinline)) s64 management_call(const struct call *call, struct guest_regs *regs, struct cpu *cpu)
{
	if (!cpu->cell->is_root)
		return -EPERM;
	cell_lock_from_trap(cpu);
	SPIN_HELD(&cell_lock);
	return call->root ? call->root(regs, cpu) : call_about_cell(call, regs, cpu);
}

s64 hypercall(struct guest_regs *regs, struct cpu *cpu, u32 function)
{
	const struct call *call = &calls[function - HC_FN(0)];

	if (IS_ENABLED(CONFIG_STATS)) {		/* trap.c took it for any call */
		cpu->exits[HC_EXIT_SMCCC]--;
		cpu->exits[HC_EXIT_HYPERCALL]++;
	}
	if (function - HC_FN(0) >= ARRAY_SIZE(calls))
		return other_call(regs, function);
	if (likely(call->any))
		return call->any(regs, cpu);
	return call->root || call->about || call->change ? management_call(call, regs, cpu) : NOT_SUPPORTED;
}
