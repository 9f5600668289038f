// SPDX-License-Identifier: GPL-2.0-only
/* Host memory that plays the hypervisor's own region, under the real page pool; see fake.h. */
#include <stdlib.h>

#include "fake.h"
#include <hyp/page_pool.h>

static void *squeezed;			/* pages held back, linked through their first words */

void *fake_memory_init(size_t bytes)
{
	static void *arena;
	static size_t size;

	squeezed = NULL;
	if (bytes != size) {
		free(arena);
		arena = aligned_alloc(MIB(2), (bytes + MIB(2) - 1) & ~(MIB(2) - 1));
		assert_non_null(arena);
		size = bytes;
	}
	hyp_linear_init(pa(FAKE_PA_BASE), bytes, FAKE_PA_BASE - (uintptr_t)arena);
	page_pool_init(arena, bytes);
	return arena;
}

void fake_pool_squeeze(size_t left)
{
	while (page_pool_free() > left) {
		void **page = page_alloc(1, 1);

		assert_non_null(page);
		*page = squeezed;
		squeezed = page;
	}
}

void fake_pool_release(void)
{
	while (squeezed) {
		void **page = squeezed;

		squeezed = *page;
		page_free(page, 1);
	}
}
