// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the config check. The input is a list of changes to a valid sample (or, with an odd first byte, the blob
 * itself). Nothing outside the blob may be read, and what is accepted must keep memory apart (I1): an oracle of its
 * own looks at that, page of one against page of another.
 */
#include <stdlib.h>

#include "../unit/config_sample.h"
#include <hyp/bits.h>

struct change {
	u16 at;			/* in units of 4 bytes */
	u8 wide;		/* 8 bytes instead of 4 */
	u8 kind;		/* set, add, flip a bit */
	u8 value[8];
} __attribute__((packed));

static void apply(u8 *blob, size_t bytes, const struct change *change)
{
	size_t width = change->wide & 1 ? 8 : 4;
	size_t at = change->at % (bytes / 4) * 4;
	u64 value = 0, old = 0;

	if (at + width > bytes)
		return;
	memcpy(&value, change->value, width);
	memcpy(&old, blob + at, width);
	if (change->kind % 3 == 1)
		value = old + (u64)(int64_t)(int8_t)change->value[0] * (1UL << (change->value[1] & 31));
	else if (change->kind % 3 == 2)
		value = old ^ 1UL << (change->value[0] & 63);
	memcpy(blob + at, &value, width);
}

static bool apart(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a_size && b_size && (a > b ? a - b >= b_size : b - a >= a_size);
}

/* Two ends of one channel, whoever has them, are told apart and agree on what is shared. */
static void oracle_channels(const struct cfg_cell *one, const struct cfg_cell *two)
{
	const struct cfg_ivshmem *a = cfg_cell_ivshmem(one), *b = cfg_cell_ivshmem(two);

	for (u32 i = 0; i < one->ivshmem_count; i++) {
		for (u32 j = 0; j < two->ivshmem_count; j++) {
			const struct cfg_mem *mem = &cfg_cell_mem(one)[a[i].mem], *other = &cfg_cell_mem(two)[b[j].mem];

			if (mem->pa == other->pa && (mem->size != other->size || a[i].id == b[j].id || a[i].peers != b[j].peers))
				abort();
		}
	}
}

static void oracle_pair(const struct cfg_cell *one, const struct cfg_cell *two)
{
	const struct cfg_mem *a = cfg_cell_mem(one), *b = cfg_cell_mem(two);

	for (u32 i = 0; i < one->mem_count; i++) {
		for (u32 j = 0; j < two->mem_count; j++) {
			if (a[i].flags & b[j].flags & CFG_MEM_SHARED)
				continue;
			if (!apart(a[i].pa, a[i].size, b[j].pa, b[j].size))
				abort();
		}
	}
}

static void oracle_ivshmem(const struct cfg_cell *cell, const struct cfg_ivshmem *dev)
{
	const struct cfg_mem *mem = &cfg_cell_mem(cell)[dev->mem];

	if (dev->mem >= cell->mem_count || !(mem->flags & CFG_MEM_SHARED) || (mem->flags & CFG_MEM_IO) ||
	    (mem->size & (mem->size - 1)) || mem->ipa % mem->size || dev->id >= dev->peers || dev->peers > CFG_MAX_CELLS ||
	    dev->irq < 32 || dev->irq > 63 || dev->irq == cell->uart_irq || cell->ivshmem_ipa >= 1UL << 32)
		abort();
	for (u32 i = 0; i < cell->irq_count; i++) {
		if (cfg_cell_irqs(cell)[i].intid == dev->irq)
			abort();
	}
	for (u32 i = 0; i < cell->mem_count; i++) {
		mem = &cfg_cell_mem(cell)[i];
		if (!apart(mem->ipa, mem->size, cell->ivshmem_ipa, 0x200000))
			abort();
	}
}

static void oracle_cell(const struct cfg_system *sys, const struct cfg_cell *cell)
{
	const struct cfg_mem *mem = cfg_cell_mem(cell);
	const struct cfg_stream *stream = cfg_cell_streams(cell);
	const struct cfg_irq *irq = cfg_cell_irqs(cell);

	for (u32 i = 0; i < cell->mem_count; i++) {
		if (!apart(mem[i].pa, mem[i].size, sys->hyp_base, sys->hyp_size) ||
		    !apart(mem[i].pa, mem[i].size, sys->gicd_base, 0x10000) ||
		    !apart(mem[i].ipa, mem[i].size, cell->gicd_ipa, 0x10000))
			abort();
		for (u32 j = 0; j < i; j++) {
			if (!apart(mem[i].ipa, mem[i].size, mem[j].ipa, mem[j].size))
				abort();
		}
	}
	for (u32 i = 0; i < cell->stream_count; i++) {
		if (stream[i].smmu >= sys->smmu_count)
			abort();
	}
	for (u32 i = 0; i < cell->ivshmem_count; i++)
		oracle_ivshmem(cell, &cfg_cell_ivshmem(cell)[i]);
	for (u32 i = 0; i < cell->irq_count; i++) {
		if (irq[i].intid < 32 || irq[i].intid > 1019)
			abort();
	}
}

static void oracle(const struct cfg_system *sys)
{
	for (u32 i = 0; i < sys->cell_count; i++) {
		const struct cfg_cell *cell = cfg_system_cell(sys, i);

		oracle_cell(sys, cell);
		for (u32 j = 0; j < i; j++) {
			oracle_channels(cell, cfg_system_cell(sys, j));
			if (!(cfg_system_cell(sys, j)->flags & CFG_CELL_ROOT))
				oracle_pair(cell, cfg_system_cell(sys, j));
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool raw = size && (data[0] & 1);
	size_t bytes = raw ? size - 1 : sizeof(struct sample);
	u8 *blob = malloc(bytes ? bytes : 1);
	struct change change;
	struct hc_error err;

	if (raw) {
		memcpy(blob, data + 1, bytes);
	} else {
		sample_make((struct sample *)blob);
		for (size_t at = 1; at + sizeof(change) <= size; at += sizeof(change)) {
			memcpy(&change, data + at, sizeof(change));
			apply(blob, bytes, &change);
		}
	}
	if (config_check_system(blob, bytes, &err) == 0)
		oracle((const struct cfg_system *)blob);
	else if (strnlen(err.text, sizeof(err.text)) == sizeof(err.text) || !err.text[0])
		abort();
	free(blob);
	return 0;
}
