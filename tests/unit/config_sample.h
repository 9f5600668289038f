/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A valid system like QEMU's virt with a root cell and two others, laid out in memory as the binary format is. Tests
 * change one thing in it; the fuzzer changes any.
 */
#ifndef CONFIG_SAMPLE_H
#define CONFIG_SAMPLE_H

#include <string.h>
#include <hyp/config.h>

#define SAMPLE_BOARD	0x1122334455667788UL
#define NVME_BDF	0x08
#define EDU_BDF		0x10

struct sample_root {
	struct cfg_cell cell;
	struct cfg_cell_cpu cpus[4];
	struct cfg_mem mem[4];
	struct cfg_irq irqs[4];
	struct cfg_stream streams[2];
	struct cfg_pci_dev pci[2];
};

/* rtos0: a CPU, memory, a UART, a function with a BAR, an end of a channel */
struct sample_rtos0 {
	struct cfg_cell cell;
	struct cfg_cell_cpu cpus[1];
	struct cfg_mem mem[3];
	struct cfg_irq irqs[2];
	struct cfg_stream streams[1];
	struct cfg_pci_dev pci[1];
	struct cfg_ivshmem ivshmem[1];
};

/* rtos1: two CPUs and memory, of which a part is shared with rtos0, and the other end of the channel */
struct sample_rtos1 {
	struct cfg_cell cell;
	struct cfg_cell_cpu cpus[2];
	struct cfg_mem mem[2];
	struct cfg_ivshmem ivshmem[1];
};

struct sample {
	struct cfg_system sys;
	struct cfg_cpu cpus[5];
	struct cfg_area areas[6];
	struct cfg_smmu smmus[1];
	struct cfg_pci_host hosts[1];
	struct cfg_payload payloads[3];
	struct sample_root root;
	struct sample_rtos0 rtos0;
	struct sample_rtos1 rtos1;
};

#define SAMPLE_COUNT(array)	((u32)(sizeof(array) / sizeof((array)[0])))

static inline struct cfg_header sample_header(u32 kind, size_t size)
{
	return (struct cfg_header){ .magic = CFG_MAGIC, .revision = CFG_REVISION, .kind = kind,
				    .size = (u32)size, .board = SAMPLE_BOARD };
}

static inline struct cfg_mem sample_mem(const char *name, u64 pa, u64 ipa, u64 size, u32 flags)
{
	struct cfg_mem mem = { .pa = pa, .ipa = ipa, .size = size, .flags = flags };

	strncpy(mem.name, name, sizeof(mem.name) - 1);
	return mem;
}

#define SAMPLE_RWX	(CFG_MEM_READ | CFG_MEM_WRITE | CFG_MEM_EXECUTE | CFG_MEM_DMA)
#define SAMPLE_RW	(CFG_MEM_READ | CFG_MEM_WRITE | CFG_MEM_DMA)
#define SAMPLE_IO	(CFG_MEM_READ | CFG_MEM_WRITE | CFG_MEM_IO)

static inline void sample_make_system(struct sample *s)
{
	s->sys = (struct cfg_system){
		.hdr = sample_header(CFG_KIND_SYSTEM, sizeof(*s)), .name = "qemu-virt",
		.hyp_base = 0x40200000, .hyp_size = 0x07e00000, .uart_base = 0x09000000,
		.gicd_base = 0x08000000, .gicr_base = 0x080a0000, .gicr_size = 0xf60000,
		.maintenance_irq = 25, .timer_irq = 26, .log_level = 2,
		.cpu_count = SAMPLE_COUNT(s->cpus), .area_count = SAMPLE_COUNT(s->areas), .smmu_count = 1, .pci_count = 1,
		.payload_count = SAMPLE_COUNT(s->payloads), .cell_count = 3,
	};
	for (u32 i = 0; i < SAMPLE_COUNT(s->cpus); i++)
		s->cpus[i].mpidr = i;
	s->areas[0] = (struct cfg_area){ 0x09000000, 0x1000, 0 };
	s->areas[1] = (struct cfg_area){ 0x09040000, 0x1000, CFG_AREA_CELLS };
	s->areas[2] = (struct cfg_area){ 0x10000000, 0x2e000000, CFG_AREA_PCI };
	s->areas[3] = (struct cfg_area){ 0x3e000000, 0xef0000, CFG_AREA_PCI | CFG_AREA_CELLS };
	s->areas[4] = (struct cfg_area){ 0x48000000, 0x10000000, CFG_AREA_RAM | CFG_AREA_CELLS };
	s->areas[5] = (struct cfg_area){ 0x58000000, 0x68000000, CFG_AREA_RAM };
	s->smmus[0] = (struct cfg_smmu){ 0x09050000, 0x20000, 106, 107, 108, 109 };
	s->hosts[0] = (struct cfg_pci_host){ 0x4010000000, 0x10000000, 0, 0 };
	s->payloads[0] = (struct cfg_payload){ 0, 0x200000, 0x1234567, 0x58000000 };
	s->payloads[1] = (struct cfg_payload){ 1, 0x2000000, 0x5001, 0x40000000 };
	s->payloads[2] = (struct cfg_payload){ 2, 0x2000000, 0x5001, 0x40000000 };
}

static inline void sample_make_root(struct sample_root *root)
{
	*root = (struct sample_root){
		.cell = {
			.hdr = sample_header(CFG_KIND_CELL, sizeof(*root)), .name = "root",
			.flags = CFG_CELL_ROOT | CFG_CELL_BOOT, .entry = 0x58000000, .dtb_ipa = 0x60000000,
			.gicd_ipa = 0x08000000, .gicr_ipa = 0x080a0000, .ecam_ipa = 0x4010000000, .ecam_size = 0x10000000,
			.cpu_count = 4, .mem_count = 4, .irq_count = 4, .stream_count = 2, .pci_count = 2,
		},
		.mem = {
			sample_mem("uart", 0x09000000, 0x09000000, 0x1000, SAMPLE_IO),
			sample_mem("pci", 0x10000000, 0x10000000, 0x2e000000, SAMPLE_IO),
			sample_mem("cells", 0x48000000, 0x48000000, 0x10000000, SAMPLE_RW),
			sample_mem("ram", 0x58000000, 0x58000000, 0x68000000, SAMPLE_RWX),
		},
		.irqs = { { 33 }, { 35 }, { 36 }, { 37 } },
		.streams = { { 0, NVME_BDF, NVME_BDF, 0 }, { 0, EDU_BDF, EDU_BDF, 0 } },
		.pci = { { .bdf = NVME_BDF, .vbdf = NVME_BDF }, { .bdf = EDU_BDF, .vbdf = EDU_BDF } },
	};
	for (u32 i = 0; i < 4; i++)
		root->cpus[i] = (struct cfg_cell_cpu){ i, i };
}

static inline void sample_make_rtos0(struct sample_rtos0 *rtos0)
{
	*rtos0 = (struct sample_rtos0){
		.cell = {
			.hdr = sample_header(CFG_KIND_CELL, sizeof(*rtos0)), .name = "rtos0",
			.flags = CFG_CELL_BOOT, .entry = 0x40000000, .dtb_ipa = 0x41f00000,
			.gicd_ipa = 0x08000000, .gicr_ipa = 0x080a0000, .ecam_ipa = 0x30000000, .ecam_size = 0x100000,
			.uart_ipa = 0x09100000, .uart_irq = 33, .console_size = 4096,
			.cpu_count = 1, .mem_count = 3, .irq_count = 2, .stream_count = 1, .pci_count = 1,
			.ivshmem_ipa = 0x0b000000, .ivshmem_count = 1,
		},
		.cpus = { { 2, 0 } },
		.mem = {
			sample_mem("uart", 0x09040000, 0x09000000, 0x1000, SAMPLE_IO),
			sample_mem("ram", 0x48000000, 0x40000000, 0x2000000, SAMPLE_RWX | CFG_MEM_LOAD),
			sample_mem("shared", 0x4c000000, 0x50000000, 0x10000, SAMPLE_RW | CFG_MEM_SHARED),
		},
		.irqs = { { 36 }, { 40 } },
		.streams = { { 0, EDU_BDF, 0, 0 } },
		.pci = { { .bdf = EDU_BDF, .vbdf = 0x08, .id = 0x11e81234,
			   .bar = { { 0x3e000000, 0x10000000, 0x100000, 0 } } } },
		.ivshmem = { { .mem = 2, .irq = 50, .id = 0, .peers = 2 } },
	};
}

static inline void sample_make_rtos1(struct sample_rtos1 *rtos1)
{
	*rtos1 = (struct sample_rtos1){
		.cell = {
			.hdr = sample_header(CFG_KIND_CELL, sizeof(*rtos1)), .name = "rtos1",
			.flags = CFG_CELL_BOOT, .entry = 0x40000000,
			.gicd_ipa = 0x08000000, .gicr_ipa = 0x080a0000, .cpu_count = 2, .mem_count = 2,
			.ivshmem_ipa = 0xffe00000, .ivshmem_count = 1,
		},
		.cpus = { { 3, 0 }, { 4, 1 } },
		.mem = {
			sample_mem("ram", 0x4a000000, 0x40000000, 0x1000000, SAMPLE_RWX),
			sample_mem("shared", 0x4c000000, 0x50000000, 0x10000, SAMPLE_RW | CFG_MEM_SHARED),
		},
		.ivshmem = { { .mem = 1, .irq = 63, .id = 1, .peers = 2 } },
	};
}

static inline void sample_make(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	sample_make_system(s);
	sample_make_root(&s->root);
	sample_make_rtos0(&s->rtos0);
	sample_make_rtos1(&s->rtos1);
}

#endif
