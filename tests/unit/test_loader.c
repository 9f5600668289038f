// SPDX-License-Identifier: GPL-2.0-only
/*
 * cloisterctl's pure half: .cell files, ELF, arm64 Images and raw bytes, and the check of the plan against a cell's
 * config. Each refusal is tested by the sentence that it gives.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctl.h"

#define RAM_IPA		0x40000000u
#define RAM_SIZE	0x400000u
#define ROM_IPA		0x80000000u	/* neither load nor execute */
#define BOARD		0x1234u

static struct {
	struct cfg_cell cell;
	struct cfg_cell_cpu cpu;
	struct cfg_mem mem[2];
} config;

static struct config_view view;
static struct oops oops;
static struct plan plan;

static int setup(void **state)
{
	memset(&config, 0, sizeof(config));
	config.cell.hdr = (struct cfg_header){ CFG_MAGIC, CFG_REVISION, CFG_KIND_CELL, sizeof(config), 0, BOARD };
	strcpy(config.cell.name, "rtos0");
	config.cell.cpu_count = 1;
	config.cell.mem_count = 2;
	config.mem[0] = (struct cfg_mem){ "ram", 0x50000000, RAM_IPA, RAM_SIZE,
					  CFG_MEM_READ | CFG_MEM_WRITE | CFG_MEM_EXECUTE | CFG_MEM_LOAD };
	config.mem[1] = (struct cfg_mem){ "shared", 0x51000000, ROM_IPA, 0x1000, CFG_MEM_READ };
	memset(&plan, 0, sizeof(plan));
	memset(&oops, 0, sizeof(oops));
	assert_int_equal(config_view((struct bytes){ (void *)&config, sizeof(config) }, &view, &oops), 0);
	return 0;
}

#define assert_refused(call, sentence)					\
	do {								\
		assert_int_equal(call, -1);				\
		if (!strstr(oops.text, sentence))			\
			fail_msg("the sentence is: %s", oops.text);	\
	} while (0)

/* ---- ELF ---- */

static struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	uint8_t code[64];
} elf64;

static struct {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	uint8_t code[32];
} elf32;

static void make_elf64(void)
{
	memset(&elf64, 0, sizeof(elf64));
	memcpy(elf64.header.e_ident, ELFMAG, SELFMAG);
	elf64.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf64.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf64.header.e_type = ET_EXEC;
	elf64.header.e_machine = EM_AARCH64;
	elf64.header.e_phentsize = sizeof(Elf64_Phdr);
	elf64.header.e_phnum = 2;
	elf64.header.e_phoff = offsetof(typeof(elf64), segments);
	elf64.header.e_entry = 0xffff000000000010;
	elf64.segments[0] = (Elf64_Phdr){ PT_LOAD, PF_X, offsetof(typeof(elf64), code), 0xffff000000000000, RAM_IPA,
					  64, 64, 8 };
	elf64.segments[1] = (Elf64_Phdr){ PT_LOAD, PF_W, 0, 0xffff000000001000, RAM_IPA + 0x1000, 0, 0x800, 8 };
}

static void make_elf32(void)
{
	memset(&elf32, 0, sizeof(elf32));
	memcpy(elf32.header.e_ident, ELFMAG, SELFMAG);
	elf32.header.e_ident[EI_CLASS] = ELFCLASS32;
	elf32.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf32.header.e_type = ET_EXEC;
	elf32.header.e_machine = EM_ARM;
	elf32.header.e_phentsize = sizeof(Elf32_Phdr);
	elf32.header.e_phnum = 1;
	elf32.header.e_phoff = offsetof(typeof(elf32), segment);
	elf32.header.e_entry = RAM_IPA + 4;
	elf32.segment = (Elf32_Phdr){ PT_LOAD, offsetof(typeof(elf32), code), RAM_IPA, RAM_IPA, 32, 4096, PF_X, 4 };
}

static int load_elf64(size_t size)
{
	struct bytes image = { (void *)&elf64, size };

	memset(&plan, 0, sizeof(plan));
	assert_int_equal(image_kind(image), IMAGE_ELF);
	return plan_image(&plan, IMAGE_ELF, image, 0, &oops) || plan_check(&plan, &view, &oops) ? -1 : 0;
}

static void elf64_good(void **state)
{
	make_elf64();
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.pieces[0].ipa, RAM_IPA);
	assert_int_equal(plan.pieces[0].size, 64);
	assert_ptr_equal(plan.pieces[0].data, elf64.code);
	assert_int_equal(plan.pieces[1].size, 0);
	assert_int_equal(plan.pieces[1].zero, 0x800);
	assert_int_equal(plan.entry, RAM_IPA + 0x10);	/* physical */
}

/* What linkers make of RTOSes: segments of nothing at any address, entries in a later segment, or physical already. */
static void elf64_odd(void **state)
{
	make_elf64();
	elf64.segments[1].p_memsz = 0;
	elf64.segments[1].p_paddr = 0x1000;
	elf64.segments[1].p_offset = UINT64_MAX;
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	assert_int_equal(plan.count, 1);
	make_elf64();
	elf64.segments[1].p_type = PT_NOTE;
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	assert_int_equal(plan.count, 1);
	make_elf64();
	elf64.segments[1].p_paddr = RAM_IPA + 64;	/* .bss begins where .data ends */
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	make_elf64();
	elf64.header.e_entry = RAM_IPA + 0x10;
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	assert_int_equal(plan.entry, RAM_IPA + 0x10);
	/* another segment has that address virtually: this is what the linker meant */
	elf64.segments[1].p_vaddr = RAM_IPA;
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	assert_int_equal(plan.entry, RAM_IPA + 0x1010);
	make_elf64();
	elf64.header.e_entry = RAM_IPA + 64;
	assert_refused(load_elf64(sizeof(elf64)), "entry 0x40000040 is outside");
	elf64.header.e_machine = EM_ARM;
	assert_refused(load_elf64(sizeof(elf64)), "the 64-bit ELF image is for machine 40");
}

/* An ELF file of 32 bits for AArch64 (ILP32). */
static void elf32_for_aarch64(void **state)
{
	struct bytes image = { (void *)&elf32, sizeof(elf32) };

	make_elf32();
	elf32.header.e_machine = EM_AARCH64;
	assert_refused(plan_image(&plan, image_kind(image), image, 0, &oops), "the 32-bit ELF image is for machine 183");
}

static void elf32_good(void **state)
{
	struct bytes image = { (void *)&elf32, sizeof(elf32) };

	make_elf32();
	assert_int_equal(plan_image(&plan, image_kind(image), image, 0, &oops), 0);
	assert_refused(plan_check(&plan, &view, &oops), "32-bit Arm, but cell rtos0 executes AArch64");
	config.cell.flags = CFG_CELL_AARCH32;
	assert_int_equal(plan_check(&plan, &view, &oops), 0);
	assert_int_equal(plan.entry, RAM_IPA + 4);
	assert_int_equal(plan.pieces[0].zero, 4096 - 32);
	plan.bits = 64;
	assert_refused(plan_check(&plan, &view, &oops), "64-bit Arm, but cell rtos0 executes AArch32");
}

/* No prefix of the file may be read past its end (the sanitizer watches), and none is a whole image. */
static void elf_truncated_anywhere(void **state)
{
	size_t size;

	make_elf64();
	for (size = SELFMAG; size < sizeof(elf64); size++) {
		uint8_t *copy = malloc(size);
		struct bytes image = { copy, size };

		memcpy(copy, &elf64, size);
		memset(&plan, 0, sizeof(plan));
		assert_refused(plan_image(&plan, IMAGE_ELF, image, 0, &oops), "truncated");
		free(copy);
	}
}

static void elf_wrong_header(void **state)
{
	make_elf64();
	elf64.header.e_ident[EI_CLASS] = 7;
	assert_refused(load_elf64(sizeof(elf64)), "class 7");
	make_elf64();
	elf64.header.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_refused(load_elf64(sizeof(elf64)), "little-endian");
	make_elf64();
	elf64.header.e_machine = EM_X86_64;
	assert_refused(load_elf64(sizeof(elf64)), "machine 62");
	make_elf64();
	elf64.header.e_type = ET_DYN;
	assert_refused(load_elf64(sizeof(elf64)), "fixed addresses");
	make_elf64();
	elf64.header.e_phnum = 0;
	assert_refused(load_elf64(sizeof(elf64)), "program headers");
	make_elf64();
	elf64.header.e_phoff = UINT64_MAX - 8;
	assert_refused(load_elf64(sizeof(elf64)), "outside of the file");
	make_elf64();
	elf64.segments[1].p_type = PT_INTERP;
	assert_refused(load_elf64(sizeof(elf64)), "statically");
}

static void elf_wrong_segments(void **state)
{
	make_elf64();
	elf64.segments[0].p_filesz = 65;
	assert_refused(load_elf64(sizeof(elf64)), "0x41 bytes in the file");
	make_elf64();
	elf64.segments[0].p_offset = UINT64_MAX;
	assert_refused(load_elf64(sizeof(elf64)), "segment 0 ends outside of the file");
	make_elf64();
	elf64.segments[1].p_paddr = UINT64_MAX - 0x10;
	assert_refused(load_elf64(sizeof(elf64)), "address space");
	make_elf64();
	elf64.segments[1].p_vaddr = UINT64_MAX - 0x10;
	assert_refused(load_elf64(sizeof(elf64)), "address space");
	make_elf64();
	elf64.header.e_entry = RAM_IPA - 1;
	assert_refused(load_elf64(sizeof(elf64)), "entry 0x3fffffff is outside");
}

/* ---- against the config ---- */

static void elf_outside_of_memory(void **state)
{
	make_elf64();
	elf64.segments[0].p_paddr = 0x1000;
	assert_refused(load_elf64(sizeof(elf64)), "ELF segment 0 goes to 0x1000, where cell rtos0 has no memory");
	make_elf64();
	elf64.segments[1].p_paddr = ROM_IPA;
	assert_refused(load_elf64(sizeof(elf64)), "region shared of cell rtos0, which has no flag load");
	make_elf64();
	elf64.segments[1].p_memsz = RAM_SIZE;
	assert_refused(load_elf64(sizeof(elf64)), "needs 0x400000 bytes at 0x40001000, but region ram");
	make_elf64();
	elf64.segments[1].p_paddr = RAM_IPA + 63;
	assert_refused(load_elf64(sizeof(elf64)), "ELF segment 1 [0x4000003f, 0x4000083f) overlaps ELF segment 0");
}

static void entry_not_executable(void **state)
{
	make_elf64();
	assert_int_equal(load_elf64(sizeof(elf64)), 0);
	plan.entry = ROM_IPA;
	assert_refused(plan_check(&plan, &view, &oops), "the entry 0x80000000 is outside of the executable memory");
}

static void too_many_pieces(void **state)
{
	struct piece piece = { .what = "x", .ipa = RAM_IPA, .span = 1 };
	int i;

	for (i = 0; i < PLAN_MAX; i++)
		assert_int_equal(plan_add(&plan, &piece, &oops), 0);
	assert_refused(plan_add(&plan, &piece, &oops), "more than 64 pieces");
}

/* ---- arm64 Image, raw ---- */

static void arm64_image(void **state)
{
	uint64_t header[8] = { 0, 0x80000, 0x100000, 0, 0, 0, 0, 0x644d5241 };
	struct bytes image = { (void *)header, sizeof(header) };

	assert_int_equal(image_kind(image), IMAGE_ARM64);
	assert_int_equal(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA, &oops), 0);
	assert_int_equal(plan.entry, RAM_IPA + 0x80000);
	assert_int_equal(plan.pieces[0].span, 0x100000);
	assert_int_equal(plan_check(&plan, &view, &oops), 0);
	assert_refused(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA + 0x1000, &oops), "multiple of 2 MiB");
	assert_refused(plan_image(&plan, IMAGE_ARM64, (struct bytes){ image.data, 60 }, RAM_IPA, &oops), "truncated");
	memset(&plan, 0, sizeof(plan));
	header[2] = RAM_SIZE;	/* with its text offset it does not fit any more */
	assert_int_equal(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA, &oops), 0);
	assert_refused(plan_check(&plan, &view, &oops), "the arm64 Image needs 0x400000 bytes");
	header[3] = 1;
	assert_refused(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA, &oops), "little-endian");
	header[3] = 0;
	header[1] = 0x200000;
	assert_refused(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA, &oops), "text offset");
	memset(&plan, 0, sizeof(plan));
	header[2] = 0;		/* from before Linux 3.17: neither field can be relied on */
	assert_int_equal(plan_image(&plan, IMAGE_ARM64, image, RAM_IPA, &oops), 0);
	assert_int_equal(plan.entry, RAM_IPA + 0x80000);
	assert_int_equal(plan.pieces[0].span, sizeof(header));
}

static void packed_image(void **state)
{
	static const uint8_t gzip[16] = "\x1f\x8b\x08", zboot[16] = "MZ\0\0zimg";

	assert_refused(plan_image(&plan, IMAGE_RAW, (struct bytes){ gzip, 16 }, RAM_IPA, &oops), "packed");
	assert_refused(plan_image(&plan, IMAGE_RAW, (struct bytes){ zboot, 16 }, RAM_IPA, &oops), "packed");
	assert_int_equal(plan_image(&plan, IMAGE_RAW, (struct bytes){ zboot, 7 }, RAM_IPA, &oops), 0);
}

static void raw_image(void **state)
{
	struct bytes image = { (const uint8_t *)"hello", 5 };
	uint64_t base;

	assert_int_equal(image_kind(image), IMAGE_RAW);
	assert_int_equal(plan_default_base(&view, &base, &oops), 0);
	assert_int_equal(base, RAM_IPA);
	assert_int_equal(plan_image(&plan, IMAGE_RAW, image, base, &oops), 0);
	assert_int_equal(plan_check(&plan, &view, &oops), 0);
	assert_refused(plan_image(&plan, IMAGE_RAW, (struct bytes){ image.data, 0 }, base, &oops), "empty");
	config.mem[0].flags &= ~CFG_MEM_EXECUTE;
	assert_refused(plan_default_base(&view, &base, &oops), "no executable region");
}

/* ---- .cell files ---- */

static struct {
	struct cellfile_header header;
	struct cellfile_section sections[3];
	uint8_t config[sizeof(config)];
	uint8_t dtb[48];
	uint8_t image[sizeof(elf64)];
} file;

static void make_file(void)
{
	make_elf64();
	memset(&file, 0, sizeof(file));
	file.header = (struct cellfile_header){ CELLFILE_MAGIC, CELLFILE_REVISION, 3, sizeof(file),
						CELLFILE_ENTRY_IMAGE, BOARD, 0 };
	file.sections[0] = (struct cellfile_section){ CELLFILE_CONFIG, 0, offsetof(typeof(file), config),
						      sizeof(file.config), 0 };
	file.sections[1] = (struct cellfile_section){ CELLFILE_DTB, 0, offsetof(typeof(file), dtb), sizeof(file.dtb),
						      RAM_IPA + 0x10000 };
	file.sections[2] = (struct cellfile_section){ CELLFILE_ELF, 0, offsetof(typeof(file), image),
						      sizeof(file.image), 0 };
	memcpy(file.config, &config, sizeof(config));
	memcpy(file.image, &elf64, sizeof(elf64));
}

static int parse(struct cell_file *cell)
{
	return cellfile_parse((struct bytes){ (void *)&file, sizeof(file) }, cell, &oops);
}

static void cellfile_good(void **state)
{
	struct cell_file cell;

	make_file();
	assert_int_equal(parse(&cell), 0);
	assert_string_equal(cell.config->name, "rtos0");
	assert_int_equal(plan_cell_file(&plan, &cell, true, &oops), 0);
	assert_int_equal(plan_check(&plan, &view, &oops), 0);
	assert_int_equal(plan.count, 3);
	assert_true(plan.has_arg);
	assert_int_equal(plan.arg, RAM_IPA + 0x10000);
	assert_int_equal(plan.entry, RAM_IPA + 0x10);

	memset(&plan, 0, sizeof(plan));
	assert_int_equal(plan_cell_file(&plan, &cell, false, &oops), 0);	/* another image will come */
	assert_int_equal(plan.count, 1);
	assert_false(plan.has_entry);

	file.header.entry = RAM_IPA + 0x20;
	memset(&plan, 0, sizeof(plan));
	assert_int_equal(parse(&cell), 0);
	assert_int_equal(plan_cell_file(&plan, &cell, true, &oops), 0);
	assert_int_equal(plan.entry, RAM_IPA + 0x20);
}

static void cellfile_wrong_header(void **state)
{
	struct cell_file cell;

	make_file();
	file.header.magic++;
	assert_refused(parse(&cell), "not a .cell file");
	make_file();
	file.header.revision = 99;
	assert_refused(parse(&cell), "revision 99");
	make_file();
	file.header.size++;
	assert_refused(parse(&cell), "truncated");
	make_file();
	file.header.section_count = CELLFILE_MAX_SECTIONS + 1;
	assert_refused(parse(&cell), "17 sections");
	make_file();
	file.header.board++;
	assert_refused(parse(&cell), "different boards");
	make_file();
	file.header.reserved = 1;
	assert_refused(parse(&cell), "reserved");
	assert_refused(cellfile_parse((struct bytes){ (void *)&file, 47 }, &cell, &oops), "only 47 bytes");
}

static void cellfile_wrong_sections(void **state)
{
	struct cell_file cell;

	make_file();
	file.sections[1].kind = 9;
	assert_refused(parse(&cell), "section 1 has kind 9");
	make_file();
	file.sections[1].kind = CELLFILE_RAW;
	assert_refused(parse(&cell), "2 images");
	make_file();
	file.sections[1].kind = CELLFILE_CONFIG;
	assert_refused(parse(&cell), "2 configs");
	make_file();
	file.sections[2].offset = UINT64_MAX - 7;
	assert_refused(parse(&cell), "section 2 is empty, misaligned, overlaps");
	make_file();
	file.sections[2].size = 0;
	assert_refused(parse(&cell), "section 2 is empty");
	make_file();
	file.sections[1].offset = file.sections[0].offset;
	assert_refused(parse(&cell), "section 1 is empty, misaligned, overlaps");
	make_file();
	file.sections[2].size -= 8;
	assert_refused(parse(&cell), "behind its last section");
}

static void config_wrong(void **state)
{
	struct bytes blob = { (void *)&config, sizeof(config) };

	config.cell.mem_count = 0xffffffff;
	assert_refused(config_view(blob, &view, &oops), "counts");
	config.cell.mem_count = 1;
	assert_refused(config_view(blob, &view, &oops), "counts");
	setup(NULL);
	config.cell.hdr.revision++;
	assert_refused(config_view(blob, &view, &oops), "revision");
	setup(NULL);
	config.cell.hdr.kind = CFG_KIND_SYSTEM;
	assert_refused(config_view(blob, &view, &oops), "not the config of a cell");
	setup(NULL);
	memset(config.cell.name, 'a', sizeof(config.cell.name));
	assert_refused(config_view(blob, &view, &oops), "name");
	blob.size = 100;
	assert_refused(config_view(blob, &view, &oops), "100 bytes");
}

/* ---- numbers on the command line ---- */

static void numbers(void **state)
{
	uint64_t value;

	assert_int_equal(parse_number("0x40000000", &value), 0);
	assert_int_equal(value, 0x40000000);
	assert_int_equal(parse_number("32M", &value), 0);
	assert_int_equal(value, 32 << 20);
	assert_int_equal(parse_number("", &value), -1);
	assert_int_equal(parse_number("-1", &value), -1);
	assert_int_equal(parse_number("12z", &value), -1);
	assert_int_equal(parse_number("12MM", &value), -1);
	assert_int_equal(parse_number("0x1ffffffffffffffff", &value), -1);
	assert_int_equal(parse_number("0xffffffffffffffffK", &value), -1);
}

static void cpu_lists(void **state)
{
	char buffer[200];

	assert_string_equal(cpu_list(0, buffer, sizeof(buffer)), "");
	assert_string_equal(cpu_list(0x2d, buffer, sizeof(buffer)), "0,2-3,5");
	assert_string_equal(cpu_list(UINT64_MAX, buffer, sizeof(buffer)), "0-63");
	assert_string_equal(cpu_list(1ULL << 63, buffer, sizeof(buffer)), "63");
	cpu_list(0x5555555555555555, buffer, 8);	/* must stay inside */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(elf64_good, setup),
		cmocka_unit_test_setup(elf64_odd, setup),
		cmocka_unit_test_setup(elf32_good, setup),
		cmocka_unit_test_setup(elf32_for_aarch64, setup),
		cmocka_unit_test_setup(elf_truncated_anywhere, setup),
		cmocka_unit_test_setup(elf_wrong_header, setup),
		cmocka_unit_test_setup(elf_wrong_segments, setup),
		cmocka_unit_test_setup(elf_outside_of_memory, setup),
		cmocka_unit_test_setup(entry_not_executable, setup),
		cmocka_unit_test_setup(too_many_pieces, setup),
		cmocka_unit_test_setup(arm64_image, setup),
		cmocka_unit_test_setup(packed_image, setup),
		cmocka_unit_test_setup(raw_image, setup),
		cmocka_unit_test_setup(cellfile_good, setup),
		cmocka_unit_test_setup(cellfile_wrong_header, setup),
		cmocka_unit_test_setup(cellfile_wrong_sections, setup),
		cmocka_unit_test_setup(config_wrong, setup),
		cmocka_unit_test_setup(numbers, setup),
		cmocka_unit_test_setup(cpu_lists, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
