// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2 stage 1. Built once at boot, before other CPUs run; afterwards nothing changes but the entries of the
 * windows, and each CPU changes only its own.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/tlb.h>
#include <hyp/bits.h>
#include <hyp/errno.h>
#include <hyp/hyp_map.h>
#include <hyp/percpu.h>
#include <hyp/pgtable.h>
#include <hyp/printk.h>

/* from the linker script; all page aligned */
extern u8 __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[], __data_end[];

#define STACK_SLOT	(HYP_STACK_SIZE + PAGE_SIZE)	/* a guard page below; the next slot's is the one above */

static struct pgtable table;
static u64 mmio_next;			/* VA of the next device mapping */
paddr_t hyp_root;

/*
 * A CPU's window: two slots of HYP_WINDOW_SIZE of VA, one for pages and one for a whole block, so that going
 * over much memory does not cost an entry and a TLBI per page. The entries belong to that CPU alone.
 */
static struct window {
	pte_t *pages;			/* the level-3 table of the first slot */
	pte_t *block;			/* the level-2 entry of the second */
	void *va;			/* what is mapped now; NULL: nothing */
	pte_t *first;			/* its entries */
	size_t count;
} windows[CFG_MAX_CPUS];

/*
 * The image, what cloister pack put behind it (the system config and the payloads: read-only from now on),
 * the pool. The text is readable for its literals.
 */
static int map_own_memory(void)
{
	const u8 *pool = page_pool_start();
	const struct {
		const u8 *start, *end;
		u32 prot;
	} parts[] = {
		{ __text_start, __text_end, PROT_READ | PROT_EXEC },
		{ __rodata_start, __rodata_end, PROT_READ },
		{ __data_start, __data_end, PROT_READ | PROT_WRITE },
		{ __data_end, pool, PROT_READ },
		{ pool, pool + page_pool_total() * PAGE_SIZE, PROT_READ | PROT_WRITE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const u8 *start = parts[i].start;
		u64 size = (u64)(parts[i].end - start);

		if (size && pgtable_map(&table, (uintptr_t)start, hyp_pa(start), size, parts[i].prot))
			return -ENOMEM;
	}
	return 0;
}

static u64 window_va(size_t cpu)
{
	return HYP_VA_WINDOWS + cpu * 2 * HYP_WINDOW_SIZE;
}

int hyp_map_init(void)
{
	table = (struct pgtable){
		.root = page_alloc(1, 1),
		.start_level = 0,
		.root_pages = 1,
		.stage = PTE_HYP,
	};
	mmio_next = HYP_VA_MMIO;
	if (!table.root || map_own_memory())
		return -ENOMEM;
	for (size_t cpu = 0; cpu < CFG_MAX_CPUS; cpu++) {
		windows[cpu] = (struct window){
			.pages = pgtable_entry(&table, window_va(cpu), PAGE_SIZE),
			.block = pgtable_entry(&table, window_va(cpu) + HYP_WINDOW_SIZE, HYP_WINDOW_SIZE),
		};
		if (!windows[cpu].pages || !windows[cpu].block)
			return -ENOMEM;
	}
	hyp_root = hyp_pa(table.root);
	arch_hyp_switch(hyp_root);
	return 0;
}

/*
 * With blocks where the device is large: then VA and PA are alike below the block size. A guard page
 * follows.
 */
void *hyp_map_mmio(paddr_t base, size_t size)
{
	u64 first = ALIGN_DOWN(base.pa, PAGE_SIZE);
	u64 bytes = ALIGN_UP(base.pa + size, PAGE_SIZE) - first;
	u64 va = mmio_next;

	if (bytes >= MIB(2))
		va = ALIGN_UP(va, MIB(2)) + (first & (MIB(2) - 1));
	if (!size || base.pa + size < base.pa || bytes > HYP_VA_MMIO_END - va)
		return NULL;
	if (pgtable_map(&table, va, pa(first), bytes, PROT_READ | PROT_WRITE | PROT_DEVICE))
		return NULL;
	mmio_next = va + bytes + PAGE_SIZE;
	return (void *)(uintptr_t)(va + (base.pa - first));
}

void *hyp_map_stack(unsigned int cpu)
{
	u64 va = HYP_VA_STACKS + cpu * STACK_SLOT + PAGE_SIZE;
	void *pages = page_alloc(HYP_STACK_SIZE / PAGE_SIZE, 1);

	if (!pages || pgtable_map(&table, va, hyp_pa(pages), HYP_STACK_SIZE, PROT_READ | PROT_WRITE))
		return NULL;
	return (void *)(uintptr_t)(va + HYP_STACK_SIZE);
}

void *hyp_window_map(paddr_t start, size_t size)
{
	u32 cpu = this_cpu()->id;
	struct window *window = &windows[cpu];
	u64 offset = start.pa & (HYP_WINDOW_SIZE - 1);
	bool whole = size == HYP_WINDOW_SIZE;
	int level = whole ? 2 : 3;

	ASSERT(!window->va && size && size <= HYP_WINDOW_SIZE - offset);
	window->va = (void *)(uintptr_t)(window_va(cpu) + (whole ? HYP_WINDOW_SIZE : offset));
	window->first = whole ? window->block : window->pages + offset / PAGE_SIZE;
	window->count = whole ? 1 : DIV_ROUND_UP(offset + size, PAGE_SIZE) - offset / PAGE_SIZE;
	start.pa = ALIGN_DOWN(start.pa, PAGE_SIZE);
	for (size_t i = 0; i < window->count; i++)
		WRITE_ONCE(window->first[i], pte_leaf(PTE_HYP, pa_add(start, i * PAGE_SIZE), level, PROT_READ | PROT_WRITE));
	dsb_ishst();
	isb();
	return window->va;
}

void hyp_window_unmap(void)
{
	struct window *window = &windows[this_cpu()->id];

	ASSERT(window->va);
	for (size_t i = 0; i < window->count; i++)
		WRITE_ONCE(window->first[i], 0);
	tlb_inval_hyp_local(window->va, window->count);
	window->va = NULL;
}
