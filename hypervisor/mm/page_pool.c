// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypervisor's own pages: a bitmap, one bit a page, set while the page is in use, in the first pages of
 * the pool itself. Allocation is first fit, and rare: boot, and the life cycle of cells.
 */
#include <arch/cache.h>
#include <hyp/bits.h>
#include <hyp/page_pool.h>
#include <hyp/printk.h>
#include <hyp/spinlock.h>
#include <hyp/string.h>

static struct {
	u64 base, size;			/* PA of the hypervisor's region, bytes */
	u64 pa_minus_va;
} linear;

static struct {
	spinlock_t lock;		/* guards all below but start and total */
	u8 *start;
	size_t total;			/* pages, the bitmap's own included */
	size_t free;
	size_t lowest;			/* no page before this one is free */
	u64 *used;			/* the bitmap */
} pool;

void hyp_linear_init(paddr_t base, size_t size, u64 pa_minus_va)
{
	linear.base = base.pa;
	linear.size = size;
	linear.pa_minus_va = pa_minus_va;
}

paddr_t hyp_pa(const void *va)
{
	u64 address = (uintptr_t)va + linear.pa_minus_va;

	if (address - linear.base >= linear.size)
		panic("hyp_pa: 0x%lx is not in the linear map", (uintptr_t)va);
	return pa(address);
}

void *hyp_va(paddr_t address)
{
	if (address.pa - linear.base >= linear.size)
		panic("hyp_va: PA 0x%lx is not the hypervisor's", address.pa);
	return (void *)(uintptr_t)(address.pa - linear.pa_minus_va);
}

static bool page_used(size_t page)
{
	return pool.used[page / 64] & BIT(page % 64);
}

static void mark(size_t first, size_t count, bool used)
{
	for (size_t page = first; page < first + count; page++) {
		ASSERT(page_used(page) != used);
		pool.used[page / 64] ^= BIT(page % 64);
	}
	pool.free += used ? -count : count;
}

void page_pool_init(void *start, size_t bytes)
{
	uintptr_t first = ALIGN_UP((uintptr_t)start, PAGE_SIZE);
	uintptr_t end = ALIGN_DOWN((uintptr_t)start + bytes, PAGE_SIZE);
	size_t map_bytes;

	pool.lock = (spinlock_t){ 0 };
	pool.start = (u8 *)first;
	pool.total = (end - first) / PAGE_SIZE;
	pool.free = pool.total;
	pool.used = (u64 *)first;
	map_bytes = DIV_ROUND_UP(pool.total, 64) * sizeof(u64);
	memset(pool.used, 0, map_bytes);
	pool.lowest = DIV_ROUND_UP(map_bytes, PAGE_SIZE);
	mark(0, pool.lowest, true);
}

/* The first run of `count` free pages whose page frame number is a multiple of `align`; pool.total: none. */
static size_t find_run(size_t count, size_t align)
{
	u64 frame = hyp_pa(pool.start).pa / PAGE_SIZE;
	size_t page = pool.lowest;

	for (;;) {
		size_t run = 0;

		page = ALIGN_UP(frame + page, align) - frame;
		if (page >= pool.total || count > pool.total - page)
			return pool.total;
		while (run < count && !page_used(page + run))
			run++;
		if (run == count)
			return page;
		page += run + 1;
	}
}

void *page_alloc(size_t count, size_t align)
{
	void *first = NULL;
	size_t page;

	ASSERT(count && align && (align & (align - 1)) == 0);
	spin_lock(&pool.lock);
	page = find_run(count, align);
	if (page < pool.total) {
		mark(page, count, true);
		if (page == pool.lowest)
			pool.lowest = page + count;
		first = pool.start + page * PAGE_SIZE;
	}
	spin_unlock(&pool.lock);
	if (first)
		zero_pages(first, count * PAGE_SIZE);
	return first;
}

void page_free(void *first, size_t count)
{
	size_t page = ((uintptr_t)first - (uintptr_t)pool.start) / PAGE_SIZE;

	ASSERT(IS_ALIGNED((uintptr_t)first, PAGE_SIZE));
	ASSERT((uintptr_t)first >= (uintptr_t)pool.start && page < pool.total && count <= pool.total - page);
	spin_lock(&pool.lock);
	mark(page, count, false);
	pool.lowest = MIN(pool.lowest, page);
	spin_unlock(&pool.lock);
}

size_t page_pool_total(void)
{
	return pool.total;
}

size_t page_pool_free(void)
{
	return READ_ONCE(pool.free);
}

void *page_pool_start(void)
{
	return pool.start;
}
