/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a cell: created -> loaded -> running -> stopped | failed -> destroyed. Everything here runs under
 * cell_lock; each step is either completed or undone in reverse order.
 */
#include <arch/cache.h>
#include <hyp/cell.h>
#include <hyp/string.h>

spinlock_t cell_lock;
struct cell *cells[CFG_MAX_CELLS];

static const char *const state_names[] = {
	[HC_STATE_CREATED] = "created", [HC_STATE_LOADED] = "loaded", [HC_STATE_RUNNING] = "running",
	[HC_STATE_STOPPED] = "stopped", [HC_STATE_FAILED] = "failed", [HC_STATE_DESTROYING] = "destroying",
};

struct cell *root_cell(void)
{
	return cells[0] && cells[0]->is_root ? cells[0] : NULL;
}

static void set_state(struct cell *cell, u32 state)
{
	cell->state = state;
	if (log_allowed(&cell->life))
		pr_info("cell %s: %s", cell->name, state_names[state]);
}

/* The struct, and behind it the cell's own copy of its config and the text of its console. */
static struct cell *cell_alloc(const struct cfg_cell *config)
{
	u32 size = config->hdr.size, pages = DIV_ROUND_UP(sizeof(struct cell) + size + config->console_size, PAGE_SIZE);
	struct cell *cell = page_alloc(pages, 1);
	char *copy;

	if (!cell)
		return NULL;
	copy = (char *)(cell + 1);
	memcpy(copy, config, size);
	cell->config = (const struct cfg_cell *)copy;
	cell->console.out = (struct ring){ .text = copy + size, .size = config->console_size };
	cell->pages = pages;
	cell->is_root = config->flags & CFG_CELL_ROOT;
	memcpy(cell->name, config->name, sizeof(cell->name) - 1);
	cell->dma.name = cell->name;
	cell->dma.s2 = &cell->s2;
	return cell;
}

static int init_stage2(struct cell *cell, struct hc_error *err)
{
	return stage2_init(&cell->s2, cell->id + 1);
}

static void exit_stage2(struct cell *cell)
{
	if (cell->s2.table.root)
		stage2_exit(&cell->s2);
}

/* The cell's tables go before the root cell gets its memory again. */
static void exit_mem(struct cell *cell)
{
	exit_stage2(cell);
	cell_mem_give_back(cell);
}

/* What a cell is made of. Each step is undone by its second function if a later one fails. */
static const struct step {
	int (*init)(struct cell *cell, struct hc_error *err);
	void (*exit)(struct cell *cell);
} steps[] = {
	{ init_stage2, exit_stage2 },
	{ cell_cpus_take, cell_cpus_give_back },
	{ cell_streams_take, cell_streams_give_back },
	{ vpci_cell_init, vpci_cell_exit },
	{ vgic_cell_init, vgic_cell_exit },
	{ cell_mem_take, exit_mem },
	{ vsmmu_cell_init, vsmmu_cell_exit },
	{ vpl011_cell_init, vpl011_cell_reset },
	{ ivshmem_cell_init, ivshmem_detach },
};

/* The end of a cell of which that many steps are done. */
static void take_apart(struct cell *cell, size_t done)
{
	while (done--)
		steps[done].exit(cell);
	cells[cell->id] = NULL;
	page_free(cell, cell->pages);
}

/* A checked config becomes a cell; its id, or an error and nothing has changed. */
s64 cell_build(const struct cfg_cell *config, struct hc_error *err)
{
	struct cell *cell;
	u32 id = 0;

	while (id < CFG_MAX_CELLS && cells[id])
		id++;
	if (id == CFG_MAX_CELLS)
		return hc_fail(err, -ENOSPC, "there are %d cells already", CFG_MAX_CELLS);
	cell = cell_alloc(config);
	if (!cell)
		return hc_fail(err, -ENOMEM, "the page pool is used up");
	cell->id = id;
	cells[id] = cell;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int result = steps[i].init(cell, err);

		if (!result)
			continue;
		if (!err->text[0])
			snprintf(err->text, sizeof(err->text), "cell %s cannot be built (error %d)", cell->name, -result);
		take_apart(cell, i);
		return result;
	}
	set_state(cell, HC_STATE_CREATED);
	return id;
}

s64 cell_check(const void *blob, size_t bytes, struct hc_error *err)
{
	const struct cfg_cell *config = blob;
	int result = config_check_cell(blob, bytes, system_config, err);

	if (!result && (config->flags & (CFG_CELL_ROOT | CFG_CELL_BOOT)))
		return hc_fail(err, -EINVAL, "flags 0x%x: root and boot cells stand in the system config", config->flags);
	for (u32 id = 0; !result && id < CFG_MAX_CELLS; id++) {
		if (cells[id])
			result = config_check_pair(config, cells[id]->config, err);
	}
	return result;
}

s64 cell_loadable(struct cell *cell, u64 a, u64 b)
{
	int result;

	if (cell->state == HC_STATE_LOADED)
		return 0;
	result = cell_park_all(cell);
	if (!result && !cell->is_root)		/* whose memory others may have */
		result = cell_scrub(cell);
	if (!result)
		set_state(cell, HC_STATE_LOADED);
	return result;
}

s64 cell_write(struct cell *cell, u64 to, struct cell *from_cell, u64 from, u64 bytes)
{
	static u8 page[PAGE_SIZE] __attribute__((aligned(16)));

	if (bytes > HC_WRITE_MAX)
		return -EINVAL;
	for (u64 done = 0; done < bytes; ) {
		u64 piece = MIN(bytes - done, PAGE_SIZE);

		if (!guest_read(from_cell, ipa(from + done), page, piece))
			return -EFAULT;
		if (!cell_mem_write(cell, to + done, page, piece, CFG_MEM_LOAD))
			return -EINVAL;
		done += piece;
	}
	return 0;
}

s64 cell_run(struct cell *cell, u64 entry, u64 arg)
{
	int result;

	if (!cell_has(cell, ipa(entry), PROT_EXEC))
		return -EINVAL;
	result = vpci_cell_reset(cell);
	if (result)
		return result;
	vgic_cell_reset(cell);
	vsmmu_cell_reset(cell);
	vpl011_cell_reset(cell);
	icache_inval_all();
	if (cell_streams_attach(cell))
		return -EIO;
	cell->heartbeat = 0;
	cell->asked = false;
	cell->info.reason = HC_REASON_NONE;
	cell->info.starts++;
	ivshmem_attach(cell);
	set_state(cell, HC_STATE_RUNNING);
	/* the Arm boot protocol: r0 = 0, r2 = device tree */
	cell_cpu_on(cell->vcpu[0], entry, cell->config->flags & CFG_CELL_AARCH32 ? arg << 32 : arg);
	return 0;
}

/* No CPU runs it, no stream of it reaches memory. */
static int quiesce(struct cell *cell)
{
	int cpus_result = cell_park_all(cell), dma_result = cell_streams_block(cell);

	ivshmem_detach(cell);
	vpci_cell_reset(cell);
	vsmmu_cell_reset(cell);
	return cpus_result ? cpus_result : dma_result;
}

s64 cell_stop(struct cell *cell, u64 a, u64 b)
{
	int result = quiesce(cell);

	if (!result)
		set_state(cell, HC_STATE_STOPPED);
	return result;
}

/* Nothing reaches its memory any more, which is cleared next, all of it. */
static int start_destroying(struct cell *cell)
{
	int result = quiesce(cell);

	if (result)
		return result;
	vsmmu_cell_exit(cell);
	exit_stage2(cell);
	cell->work_region = 0;
	cell->work_done = 0;
	set_state(cell, HC_STATE_DESTROYING);
	return 0;
}

s64 cell_destroy(struct cell *cell, u64 a, u64 b)
{
	int result = cell->state == HC_STATE_DESTROYING ? 0 : start_destroying(cell);

	if (!result)
		result = cell_scrub(cell);
	if (result)
		return result;
	pr_info("cell %s: destroyed", cell->name);
	take_apart(cell, ARRAY_SIZE(steps));
	cell_mem_echo();
	return 0;
}
