/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies between the hypervisor and guest memory (I8: once, then checked, then used). */
#include <hyp/cell.h>
#include <hyp/hyp_map.h>
#include <hyp/string.h>

/* One piece that lies in one page. */
static bool copy_piece(struct cell *cell, ipaddr_t address, void *buf, size_t bytes, u32 need)
{
	paddr_t out;
	u32 prot;
	void *window;

	SPIN_GUARD(&cell->s2.lock);
	if (!stage2_find(&cell->s2, address, &out, &prot) || (prot & (need | PROT_DEVICE)) != need)
		return false;
	window = hyp_window_map(out, bytes);
	if (need & PROT_WRITE)
		memcpy(window, buf, bytes);
	else
		memcpy(buf, window, bytes);
	hyp_window_unmap();
	return true;
}

bool cell_has(struct cell *cell, ipaddr_t address, u32 prot)
{
	paddr_t out;
	u32 has;

	SPIN_GUARD(&cell->s2.lock);
	return stage2_find(&cell->s2, address, &out, &has) && (has & prot) == prot;
}

static bool copy(struct cell *cell, ipaddr_t address, u8 *buf, size_t bytes, u32 need)
{
	if (address.ipa + bytes < address.ipa)
		return false;
	while (bytes) {
		size_t piece = MIN(bytes, PAGE_SIZE - (address.ipa & ~PAGE_MASK));

		if (!copy_piece(cell, address, buf, piece, need))
			return false;
		address = ipa_add(address, piece);
		buf += piece;
		bytes -= piece;
	}
	return true;
}

bool guest_read(struct cell *cell, ipaddr_t from, void *to, size_t bytes)
{
	return copy(cell, from, to, bytes, PROT_READ);
}

bool guest_write(struct cell *cell, ipaddr_t to, const void *from, size_t bytes)
{
	return copy(cell, to, (void *)from, bytes, PROT_WRITE);
}
