// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images: ELF for 64-bit and 32-bit Arm, arm64 Linux Images, and raw bytes. A cell starts with its MMU off, so ELF
 * segments go to their physical addresses and the entry is translated from virtual to physical by its segment. Both
 * classes are read into one wider form first.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include "ctl.h"

typedef unsigned long long ull;

/* arm64 Image header: Linux, Documentation/arch/arm64/booting.rst */
struct arm64_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};

#define ARM64_MAGIC		0x644d5241	/* "ARM\x64" */
#define ARM64_FLAG_BIG_ENDIAN	1u
#define ARM64_ALIGN		0x200000u
#define ARM64_OLD_OFFSET	0x80000u	/* before Linux 3.17 image_size is 0 and text_offset of no certain endianness */

/* What a boot loader takes off before it starts an Image: gzip, or the EFI zboot wrapper around a packed one. */
#define GZIP_MAGIC		"\x1f\x8b"
#define ZBOOT_MAGIC		"MZ\0\0zimg"

enum image_kind image_kind(struct bytes image)
{
	struct arm64_header header;

	if (image.size >= SELFMAG && !memcmp(image.data, ELFMAG, SELFMAG))
		return IMAGE_ELF;
	if (image.size < sizeof(header))
		return IMAGE_RAW;
	memcpy(&header, image.data, sizeof(header));
	return header.magic == ARM64_MAGIC ? IMAGE_ARM64 : IMAGE_RAW;
}

/* ---- ELF ---- */

struct elf {
	struct bytes file;
	bool is_64;
	uint16_t type, machine, phnum, phentsize;
	uint64_t entry, phoff;
};

struct segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

static int read_header(struct elf *elf, struct oops *oops)
{
	const uint8_t *ident = elf->file.data;
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;

	if (elf->file.size < EI_NIDENT)
		return refuse(oops, "the ELF image is truncated: it has only %llu bytes", (ull)elf->file.size);
	if (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32)
		return refuse(oops, "the ELF image has class %u, which is neither 32 nor 64 bit", ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return refuse(oops, "the ELF image is not little-endian");
	elf->is_64 = ident[EI_CLASS] == ELFCLASS64;
	if (elf->file.size < (elf->is_64 ? sizeof(h64) : sizeof(h32)))
		return refuse(oops, "the ELF image is truncated inside its header");
	if (elf->is_64) {
		memcpy(&h64, elf->file.data, sizeof(h64));
		elf->type = h64.e_type;
		elf->machine = h64.e_machine;
		elf->phnum = h64.e_phnum;
		elf->phentsize = h64.e_phentsize;
		elf->entry = h64.e_entry;
		elf->phoff = h64.e_phoff;
	} else {
		memcpy(&h32, elf->file.data, sizeof(h32));
		elf->type = h32.e_type;
		elf->machine = h32.e_machine;
		elf->phnum = h32.e_phnum;
		elf->phentsize = h32.e_phentsize;
		elf->entry = h32.e_entry;
		elf->phoff = h32.e_phoff;
	}
	return 0;
}

static int check_header(const struct elf *elf, struct oops *oops)
{
	uint16_t machine = elf->is_64 ? EM_AARCH64 : EM_ARM;
	size_t entry_size = elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (elf->machine != machine)
		return refuse(oops, "the %d-bit ELF image is for machine %u, not for Arm (%u)", elf->is_64 ? 64 : 32,
			      elf->machine, machine);
	if (elf->type != ET_EXEC)
		return refuse(oops, "the ELF image has type %u; only executables linked to fixed addresses (%u) can be "
			      "loaded", elf->type, ET_EXEC);
	if (!elf->phnum || elf->phentsize != entry_size)
		return refuse(oops, "the ELF image has %u program headers of %u bytes; at least one of %zu is needed",
			      elf->phnum, elf->phentsize, entry_size);
	if (elf->phoff > elf->file.size || (uint64_t)elf->phnum * entry_size > elf->file.size - elf->phoff)
		return refuse(oops, "the ELF image is truncated: its program headers end outside of the file");
	return 0;
}

/* The table is inside the file: check_header() saw to that. */
static struct segment read_segment(const struct elf *elf, uint32_t index)
{
	const uint8_t *from = elf->file.data + elf->phoff + (uint64_t)index * elf->phentsize;
	Elf64_Phdr h64;
	Elf32_Phdr h32;

	if (elf->is_64) {
		memcpy(&h64, from, sizeof(h64));
		return (struct segment){ h64.p_type, h64.p_offset, h64.p_vaddr, h64.p_paddr, h64.p_filesz,
					 h64.p_memsz };
	}
	memcpy(&h32, from, sizeof(h32));
	return (struct segment){ h32.p_type, h32.p_offset, h32.p_vaddr, h32.p_paddr, h32.p_filesz, h32.p_memsz };
}

static int add_segment(struct plan *plan, const struct elf *elf, const struct segment *segment, uint32_t index,
		       struct oops *oops)
{
	struct piece piece = { .ipa = segment->paddr, .size = segment->filesz, .span = segment->memsz };

	if (segment->filesz > segment->memsz)
		return refuse(oops, "ELF segment %u has %#llx bytes in the file, but only %#llx in memory", index,
			      (ull)segment->filesz, (ull)segment->memsz);
	if (segment->offset > elf->file.size || segment->filesz > elf->file.size - segment->offset)
		return refuse(oops, "the ELF image is truncated: segment %u ends outside of the file", index);
	if (segment->vaddr > UINT64_MAX - segment->memsz)
		return refuse(oops, "ELF segment %u does not fit into the address space", index);
	snprintf(piece.what, sizeof(piece.what), "ELF segment %u", index);
	piece.data = elf->file.data + segment->offset;
	piece.zero = segment->memsz - segment->filesz;
	return plan_add(plan, &piece, oops);
}

/*
 * The entry is virtual, or physical where no segment has it virtually. Bit 0 of a 32-bit entry chooses Thumb; it belongs to the
 * entry, not to the address.
 */
static void find_entry(struct plan *plan, const struct segment *segment, uint64_t entry, bool *is_virtual)
{
	bool found = entry - segment->vaddr < segment->memsz;

	if (*is_virtual || (!found && entry - segment->paddr >= segment->memsz))
		return;
	*is_virtual = found;
	plan->has_entry = true;
	plan->entry = found ? entry - segment->vaddr + segment->paddr : entry;
}

static int plan_elf(struct plan *plan, struct bytes image, struct oops *oops)
{
	struct elf elf = { .file = image };
	struct segment segment;
	bool is_virtual = false;
	uint32_t i;

	if (read_header(&elf, oops) || check_header(&elf, oops))
		return -1;
	plan->bits = elf.is_64 ? 64 : 32;
	for (i = 0; i < elf.phnum; i++) {
		segment = read_segment(&elf, i);
		if (segment.type == PT_INTERP)
			return refuse(oops, "the ELF image needs an interpreter; link it statically");
		if (segment.type != PT_LOAD || !segment.memsz)
			continue;
		if (add_segment(plan, &elf, &segment, i, oops))
			return -1;
		find_entry(plan, &segment, elf.entry, &is_virtual);
	}
	if (!plan->has_entry)
		return refuse(oops, "the ELF image's entry %#llx is outside of its segments", (ull)elf.entry);
	return 0;
}

/* ---- the others ---- */

static bool starts_with(struct bytes image, const char *magic, size_t size)
{
	return image.size >= size && !memcmp(image.data, magic, size);
}

static int plan_arm64(struct plan *plan, struct bytes image, uint64_t base, struct oops *oops)
{
	struct piece piece = { .what = "the arm64 Image", .data = image.data, .size = image.size };
	struct arm64_header header;

	if (image.size < sizeof(header))
		return refuse(oops, "the arm64 Image is truncated inside its header");
	memcpy(&header, image.data, sizeof(header));
	if (header.magic != ARM64_MAGIC)
		return refuse(oops, "the image is not an arm64 Image: the magic number is missing");
	if (header.flags & ARM64_FLAG_BIG_ENDIAN)
		return refuse(oops, "the arm64 Image is not little-endian");
	if (base % ARM64_ALIGN)
		return refuse(oops, "the arm64 Image cannot go to %#llx: its base must be a multiple of 2 MiB", (ull)base);
	if (!header.image_size)
		header.text_offset = ARM64_OLD_OFFSET;
	if (header.text_offset >= ARM64_ALIGN)
		return refuse(oops, "the arm64 Image has text offset %#llx; less than 2 MiB is possible",
			      (ull)header.text_offset);
	if (base > UINT64_MAX - header.text_offset)
		return refuse(oops, "the arm64 Image does not fit into the address space");
	plan->bits = 64;
	piece.ipa = base + header.text_offset;
	piece.span = header.image_size > image.size ? header.image_size : image.size;
	plan->has_entry = true;
	plan->entry = piece.ipa;
	return plan_add(plan, &piece, oops);
}

static int plan_raw(struct plan *plan, struct bytes image, uint64_t base, struct oops *oops)
{
	struct piece piece = { .what = "the raw image", .ipa = base, .data = image.data, .size = image.size,
			       .span = image.size };

	if (!image.size)
		return refuse(oops, "the image is empty");
	if (starts_with(image, GZIP_MAGIC, sizeof(GZIP_MAGIC) - 1) ||
	    starts_with(image, ZBOOT_MAGIC, sizeof(ZBOOT_MAGIC) - 1))
		return refuse(oops, "the image is packed (gzip or EFI zboot); unpack it first, or let cloister compile put it "
			      "into a .cell file, which unpacks it");
	plan->has_entry = true;
	plan->entry = base;
	return plan_add(plan, &piece, oops);
}

int plan_image(struct plan *plan, enum image_kind kind, struct bytes image, uint64_t base, struct oops *oops)
{
	plan->has_entry = false;
	switch (kind) {
	case IMAGE_ELF:
		return plan_elf(plan, image, oops);
	case IMAGE_ARM64:
		return plan_arm64(plan, image, base, oops);
	default:
		return plan_raw(plan, image, base, oops);
	}
}
