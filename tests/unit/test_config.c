// SPDX-License-Identifier: GPL-2.0-only
/*
 * The config check: a valid sample passes; each rule has a sample that breaks only it, and the sentence that must come.
 * Then sizes: whatever a field says, nothing beyond the blob is read (the blob has its exact size on the heap, under
 * the address sanitizer).
 */
#include <stdlib.h>

#include "fake/fake.h"
#include "config_sample.h"
#include <hyp/bits.h>
#include <hyp/errno.h>

typedef void (*change_fn)(struct sample *s);

struct rule {
	const char *name;
	const char *sentence;
	change_fn change;
};

/* RULE(name, part of the sentence, statement that breaks the sample) */
#define SYSTEM_RULES(RULE) \
	RULE(magic, "header: magic 0x1 is not 0x47464352545343", s->sys.hdr.magic = 1) \
	RULE(revision, "header: revision 1 is not 5", s->sys.hdr.revision = 1) \
	RULE(kind, "header: kind 2 is not 1", s->sys.hdr.kind = CFG_KIND_CELL) \
	RULE(size_small, "header: size 100 is not within", s->sys.hdr.size = 100) \
	RULE(size_big, "header: size 32776 is not within", s->sys.hdr.size = CFG_MAX_SIZE + 8) \
	RULE(size_more, "bytes given", s->sys.hdr.size += 8) \
	RULE(size_less, "cells[2]: size", s->sys.hdr.size -= 8) \
	RULE(hdr_reserved, "header: reserved 0x1 is not 0", s->sys.hdr.reserved = 1) \
	RULE(name_empty, "name: not 1 to 31", s->sys.name[0] = 0) \
	RULE(name_tail, "name: not 1 to 31", s->sys.name[31] = 'x') \
	RULE(name_control, "name: not 1 to 31", s->sys.name[2] = '\n') \
	RULE(hyp_base, "hyp_base 0x40201000 with size 0x7e00000 is not 0x200000 aligned, of whole 0x1000 and within 48 bits", \
	     s->sys.hyp_base += 0x1000) \
	RULE(hyp_size_odd, "hyp_base 0x40200000 with size 0x7e00001 is not", s->sys.hyp_size += 1) \
	RULE(hyp_size_zero, "hyp_base 0x40200000 with size 0x0 is not", s->sys.hyp_size = 0) \
	RULE(hyp_size_wraps, "hyp_base 0x40200000 with size 0xfffffffffffff000 is not", s->sys.hyp_size = ~0xfffUL) \
	RULE(uart_base, "uart_base 0x9000004 with size 0x1000 is not 0x1000 aligned", s->sys.uart_base += 4) \
	RULE(uart_owned, "uart_base 0x9050000 overlaps SMMU registers at 0x9050000", s->sys.uart_base = 0x09050000) \
	RULE(gicd_base, "gicd_base 0x8001000 with size 0x10000 is not 0x10000 aligned", s->sys.gicd_base += 0x1000) \
	RULE(gicd_limit, "gicd_base 0x1000000000000 with size 0x10000 is not", s->sys.gicd_base = 1UL << 48) \
	RULE(gicr_base, "gicr_base 0x80a1000 with size 0xf60000 is not 0x10000 aligned", s->sys.gicr_base += 0x1000) \
	RULE(gicr_few, "gicr_size 0x80000 is less than 128 KiB for each of 5 CPUs", s->sys.gicr_size = 0x80000) \
	RULE(gicr_odd, "gicr_base 0x80a0000 with size 0xf70000 is not 0x10000 aligned, of whole 0x20000", \
	     s->sys.gicr_size += 0x10000) \
	RULE(gicr_huge, "gicr_base 0x80a0000 with size 0xfffffffffffe0000 is not", s->sys.gicr_size = ~0x1ffffUL) \
	RULE(maintenance_irq, "maintenance_irq 32 is not a PPI", s->sys.maintenance_irq = 32) \
	RULE(timer_irq, "timer_irq 15 is not a PPI", s->sys.timer_irq = 15) \
	RULE(timer_same, "timer_irq 25 is the maintenance_irq too", s->sys.timer_irq = 25) \
	RULE(root_exit, "root_exit 2 is unknown", s->sys.root_exit = 2) \
	RULE(log_level, "log_level 4 is more than 3", s->sys.log_level = 4) \
	RULE(no_cpu, "cpu_count 0 is not within 1 to 16", s->sys.cpu_count = 0) \
	RULE(cpu_count, "cpu_count 17 is not within 1 to 16", s->sys.cpu_count = 17) \
	RULE(area_count, "area_count 65 is not within 0 to 64", s->sys.area_count = 65) \
	RULE(smmu_count, "smmu_count 5 is not within 0 to 4", s->sys.smmu_count = 5) \
	RULE(pci_count, "pci_count 3 is not within 0 to 2", s->sys.pci_count = 3) \
	RULE(payload_count, "payload_count 33 is not within 0 to 32", s->sys.payload_count = 33) \
	RULE(cell_count, "cell_count 17 is not within 0 to 16", s->sys.cell_count = 17) \
	RULE(cell_more, "cells[3]: 0 bytes are left for it", s->sys.cell_count = 4) \
	RULE(cell_less, "is not the", s->sys.cell_count = 2) \
	RULE(arrays_more, "bytes of the arrays", s->sys.hdr.size = sizeof(s->sys) + 8) \
	RULE(cell_size_odd, "cells[1]: size", s->rtos0.cell.hdr.size += 4) \
	RULE(cell_size_huge, "cells[0]: size 4294967288 is not a multiple of 8", s->root.cell.hdr.size = 0xfffffff8) \
	RULE(cell_size_zero, "cells[0]: size 0 is not a multiple of 8", s->root.cell.hdr.size = 0) \
	RULE(mpidr, "cpus[1]: mpidr 0x80000001 has more than affinity bits", s->cpus[1].mpidr |= 1U << 31) \
	RULE(mpidr_twice, "cpus[3]: mpidr 0x1 is that of cpus[1] too", s->cpus[3].mpidr = 1) \
	RULE(area_base, "areas[2]: base 0x10000800 with size 0x2e000000 is not 0x1000 aligned", s->areas[2].base += 0x800) \
	RULE(area_size, "areas[2]: base 0x10000000 with size 0x2e000001 is not 0x1000 aligned", s->areas[2].size++) \
	RULE(area_empty, "areas[0]: base 0x9000000 with size 0x0 is not", s->areas[0].size = 0) \
	RULE(area_wraps, "areas[5]: base 0x58000000 with size 0xfffffffff0000000 is not", s->areas[5].size = -0x10000000UL) \
	RULE(area_flags, "areas[1]: flags 0x10 has unknown bits", s->areas[1].flags = 0x10) \
	RULE(area_both, "areas[4]: flags 0x5 say both RAM and PCI", s->areas[4].flags = CFG_AREA_RAM | CFG_AREA_PCI) \
	RULE(area_overlap, "areas[5]: base 0x57fff000 overlaps areas[4]", s->areas[5].base -= 0x1000) \
	RULE(area_pci_owned, "areas[0]: PCI window at 0x8000000 overlaps the GIC distributor", \
	     s->areas[0] = ((struct cfg_area){ 0x08000000, 0x1000, CFG_AREA_PCI })) \
	RULE(smmu_base, "smmus[0]: base 0x9051000 with size 0x20000 is not 0x10000 aligned", s->smmus[0].base += 0x1000) \
	RULE(smmu_size, "smmus[0]: size 0x10000 is less than 128 KiB", s->smmus[0].size = 0x10000) \
	RULE(smmu_wraps, "smmus[0]: base 0x9050000 with size 0xffffffffffff0000 is not", s->smmus[0].size = ~0xffffUL) \
	RULE(smmu_irq, "smmus[0]: irq 31 is not an SPI", s->smmus[0].gerror_irq = 31) \
	RULE(smmu_irq_high, "smmus[0]: irq 1020 is not an SPI", s->smmus[0].eventq_irq = 1020) \
	RULE(smmu_overlap, "SMMU registers at 0x8000000 overlap the GIC distributor", s->smmus[0].base = 0x08000000) \
	RULE(ecam_base, "pci_hosts[0]: ecam_base 0x4010001000 with size 0x10000000 is not 0x100000 aligned", \
	     s->hosts[0].ecam_base += 0x1000) \
	RULE(ecam_size, "pci_hosts[0]: ecam_base 0x4010000000 with size 0x80000 is not", s->hosts[0].ecam_size = 0x80000) \
	RULE(bus_first, "pci_hosts[0]: bus_first 1 and ecam_size 0x10000000 go beyond", s->hosts[0].bus_first = 1) \
	RULE(host_smmu, "pci_hosts[0]: smmu 1 does not exist", s->hosts[0].smmu = 1) \
	RULE(ecam_on_hyp, "PCI configuration space at 0x40000000 overlap the hypervisor's memory", \
	     s->hosts[0].ecam_base = 0x40000000) \
	RULE(payload_cell, "payloads[0]: cell 3 does not exist", s->payloads[0].cell = 3) \
	RULE(payload_empty, "payloads[1]: size 0x0 is not within", s->payloads[1].size = 0) \
	RULE(payload_huge, "payloads[1]: size 0xffffffffffffffff is not within", s->payloads[1].size = ~0UL) \
	RULE(payload_offset, "payloads[1]: offset 0x200010 is 0 or not", s->payloads[1].offset = 0x200010) \
	RULE(payload_none, "payloads[1]: offset 0x0 is 0 or not", s->payloads[1].offset = 0) \
	RULE(payload_end, "payloads[1]: offset 0x7dff000 size 0x5001 ends after hyp_size", s->payloads[1].offset = 0x7dff000) \
	RULE(payload_odd, "payloads[1]: ipa 0x40000008 with size 0x5080 is not 0x10 aligned", s->payloads[1].ipa += 8) \
	RULE(payload_outside, "payloads[1]: ipa 0x41fff000 with size 0x5001 is not inside RAM of cells[1]", \
	     s->payloads[1].ipa = 0x41fff000) \
	RULE(payload_rounding, "payloads[1]: ipa 0x41fffff0 with size 0x10 is not inside", \
	     s->payloads[1] = ((struct cfg_payload){ 1, 0x2000000, 0x10, 0x41fffff0 })) \
	RULE(payload_on_device, "is not inside RAM of cells[1]", s->payloads[1].ipa = 0x09000000; s->payloads[1].size = 0x80) \
	RULE(payload_overlap, "payloads[2]: ipa 0x40005000 overlaps payloads[1]", \
	     s->payloads[2] = ((struct cfg_payload){ 1, 0x2000000, 0x10, 0x40005000 })) \
	RULE(root_second, "cells[2] 'rtos1': flags 0x3: only the first can be the root", \
	     s->rtos1.cell.flags |= CFG_CELL_ROOT; s->rtos1.cell.entry = s->rtos1.mem[0].ipa = s->rtos1.mem[0].pa; \
	     s->rtos1.mem[1].ipa = s->rtos1.mem[1].pa) \
	RULE(not_boot, "cells[2] 'rtos1': flags 0x0: neither the root cell nor", s->rtos1.cell.flags = 0) \
	RULE(in_cell, "cells[1]: memory[1] 'ram': ipa 0x40000800 with size 0x2000000 is not 0x1000 aligned", \
	     s->rtos0.mem[1].ipa += 0x800) \
	RULE(pair_name, "cells[2] 'rtos0': name 'rtos0' belongs to another cell", memcpy(s->rtos1.cell.name, "rtos0", 6)) \
	RULE(pair_name_root, "cells[1] 'root': name 'root' belongs", memcpy(s->rtos0.cell.name, "root\0", 6)) \
	RULE(pair_cpu, "cells[2] 'rtos1': cpu 2 belongs to cell rtos0", s->rtos1.cpus[0].cpu = 2) \
	RULE(pair_mem, "cells[2] 'rtos1': ram: pa 0x49000000 size 0x1000000 overlaps 'ram' of rtos0", \
	     s->rtos1.mem[0].pa = 0x49000000) \
	RULE(pair_share_one, "overlaps 'shared' of rtos0", s->rtos1.mem[1].flags &= ~CFG_MEM_SHARED; \
	     s->rtos1.mem[0].flags |= CFG_MEM_SHARED; s->rtos1.ivshmem[0].mem = 0) \
	RULE(pair_share_part, "overlaps 'shared' of rtos0", s->rtos1.mem[1].size = 0x8000) \
	RULE(pair_ivshmem_id, "cells[2] 'rtos1': ivshmem[0]: id 0 of 2 peers, and cell rtos0 on the same memory has id 0 of 2", \
	     s->rtos1.ivshmem[0].id = 0) \
	RULE(pair_ivshmem_peers, "ivshmem[0]: id 1 of 3 peers, and cell rtos0 on the same memory has id 0 of 2", \
	     s->rtos1.ivshmem[0].peers = 3) \
	RULE(pair_root_shares, "cells[1] 'rtos0': ram: pa 0x48000000 size 0x2000000 is not lent or shared as a whole by 'cells'", \
	     s->root.mem[2].flags |= CFG_MEM_SHARED) \
	RULE(pair_root_part, "cells[1] 'rtos0': ram: pa 0x48000000 size 0x2000000 is not lent or shared as a whole by 'cells' of", \
	     s->root.mem[2].pa += 0x1000000; s->root.mem[2].ipa += 0x1000000; s->root.mem[2].size -= 0x1000000)

/* In rtos0, which has one of everything. */
#define CELL_RULES(RULE) \
	RULE(c_kind, "header: kind 1 is not 2", s->rtos0.cell.hdr.kind = CFG_KIND_SYSTEM) \
	RULE(c_size, "bytes of the arrays", s->rtos0.cell.hdr.size -= 8) \
	RULE(c_size_max, "header: size 8200 is not within", s->rtos0.cell.hdr.size = CFG_MAX_CELL_SIZE + 8) \
	RULE(c_board, "header: board 0x1 is not the system's", s->rtos0.cell.hdr.board = 1) \
	RULE(c_name, "name: not 1 to 31 of [a-z0-9_-]", s->rtos0.cell.name[0] = 'R') \
	RULE(c_name_full, "name: not 1 to 31", memset(s->rtos0.cell.name, 'a', CL_NAME_LEN)) \
	RULE(c_flags, "flags 0x82 has unknown bits 0x80", s->rtos0.cell.flags |= 0x80) \
	RULE(c_vsmmus, "vsmmu_count 5 is not within", s->rtos0.cell.vsmmu_count = CFG_MAX_SMMUS + 1) \
	RULE(c_uart_window, "uart_ipa 0x9100000 of what", s->rtos0.cell.uart_irq = s->rtos0.cell.console_size = 0) \
	RULE(c_console, "console_size 3000 is not 0 or a power of two", s->rtos0.cell.console_size = 3000) \
	RULE(c_console_big, "console_size 131072 is not 0", s->rtos0.cell.console_size = 131072) \
	RULE(c_uart_irq, "uart_irq 64 is not 32 to 63", s->rtos0.cell.uart_irq = 64) \
	RULE(c_uart_ppi, "uart_irq 27 is not 32 to 63", s->rtos0.cell.uart_irq = 27) \
	RULE(c_uart_none, "uart_ipa 0x9100000 of what the cell does not have", s->rtos0.cell.uart_irq = 0) \
	RULE(c_uart_ring, "uart_irq 33 is not 32 to 63, or does not go with console_size", s->rtos0.cell.console_size = 0) \
	RULE(c_uart_both, "irqs[0]: intid 36 is an emulated device's too", s->rtos0.cell.uart_irq = 36) \
	RULE(c_uart_odd, "uart_ipa 0x9101000 with size 0x10000 is not 0x10000 aligned", s->rtos0.cell.uart_ipa += 0x1000) \
	RULE(c_uart_gic, "uart_ipa 0x8000000 overlaps gicd_ipa", s->rtos0.cell.uart_ipa = 0x08000000) \
	RULE(c_uart_mem, "ram: ipa 0x40000000 with size 0x2000000 overlaps uart_ipa", s->rtos0.cell.uart_ipa = 0x41000000) \
	RULE(v_count, "ivshmem_count 9 is not within 0 to 8", s->rtos0.cell.ivshmem_count = CFG_MAX_IVSHMEM + 1) \
	RULE(v_ipa, "ivshmem_ipa 0xb080000 with size 0x200000 is not 0x100000 aligned", s->rtos0.cell.ivshmem_ipa += 0x80000) \
	RULE(v_high, "ivshmem_ipa 0x100000000 with size 0x200000 is not", s->rtos0.cell.ivshmem_ipa = 1UL << 32) \
	RULE(v_end, "ivshmem_ipa 0xfff00000 with size 0x200000 is not", s->rtos0.cell.ivshmem_ipa = 0xfff00000) \
	RULE(v_gicd, "gicd_ipa 0x8000000 overlaps ivshmem_ipa 0x7f00000", s->rtos0.cell.ivshmem_ipa = 0x07f00000) \
	RULE(v_ecam, "ecam_ipa 0x30000000 overlaps ivshmem_ipa 0x2ff00000", s->rtos0.cell.ivshmem_ipa = 0x2ff00000) \
	RULE(v_ram, "ram: ipa 0x40000000 with size 0x2000000 overlaps ivshmem_ipa", s->rtos0.cell.ivshmem_ipa = 0x41f00000) \
	RULE(v_bar, "a BAR: ipa 0x10000000 with size 0x100000 overlaps ivshmem_ipa", s->rtos0.cell.ivshmem_ipa = 0x10000000) \
	RULE(v_mem, "ivshmem[0]: mem 3 does not exist", s->rtos0.ivshmem[0].mem = 3) \
	RULE(v_mem_huge, "ivshmem[0]: mem 4294967295 does not exist", s->rtos0.ivshmem[0].mem = ~0U) \
	RULE(v_private, "ivshmem[0]: mem 1 is not shared RAM", s->rtos0.ivshmem[0].mem = 1) \
	RULE(v_io, "ivshmem[0]: mem 0 is not shared RAM", s->rtos0.ivshmem[0].mem = 0; s->rtos0.mem[0].flags |= CFG_MEM_SHARED) \
	RULE(v_size, "ivshmem[0]: mem 2: size 0x3000 is not a power of two", s->rtos0.mem[2].size = 0x3000) \
	RULE(v_align, "size 0x10000 is not a power of two to which ipa 0x50001000 is aligned", s->rtos0.mem[2].ipa += 0x1000) \
	RULE(v_irq_low, "ivshmem[0]: irq 31 is not 32 to 63", s->rtos0.ivshmem[0].irq = 31) \
	RULE(v_irq_high, "ivshmem[0]: irq 64 is not 32 to 63", s->rtos0.ivshmem[0].irq = 64) \
	RULE(v_irq_none, "ivshmem[0]: irq 0 is not 32 to 63", s->rtos0.ivshmem[0].irq = 0) \
	RULE(v_irq_uart, "ivshmem[0]: irq 33 is not 32 to 63, or it is uart_irq", s->rtos0.ivshmem[0].irq = 33) \
	RULE(v_irq_owned, "irqs[1]: intid 40 is an emulated device's too", s->rtos0.ivshmem[0].irq = 40) \
	RULE(v_id, "ivshmem[0]: id 2 and peers 2: not 2 to 16", s->rtos0.ivshmem[0].id = 2) \
	RULE(v_alone, "ivshmem[0]: id 0 and peers 1: not 2 to 16", s->rtos0.ivshmem[0].peers = 1) \
	RULE(v_crowd, "ivshmem[0]: id 0 and peers 17: not 2 to 16", s->rtos0.ivshmem[0].peers = 17) \
	RULE(c_entry, "entry 0x40000002 is not 4-byte aligned", s->rtos0.cell.entry += 2) \
	RULE(c_entry_out, "entry 0x42000000 is not 4-byte", s->rtos0.cell.entry = 0x42000000) \
	RULE(c_entry_data, "entry 0x50000000 is not 4-byte", s->rtos0.cell.entry = 0x50000000) \
	RULE(c_entry_wraps, "entry 0xfffffffffffffffc is not 4-byte", s->rtos0.cell.entry = ~3UL) \
	RULE(c_dtb, "dtb_ipa 0x41f00004 is not 8-byte aligned", s->rtos0.cell.dtb_ipa += 4) \
	RULE(c_dtb_out, "dtb_ipa 0xfffffffffffffff8 is not", s->rtos0.cell.dtb_ipa = ~7UL) \
	RULE(c_comm, "comm_ipa 0x41fff800 is not page aligned inside RAM", s->rtos0.cell.comm_ipa = 0x41fff800) \
	RULE(c_comm_out, "comm_ipa 0x42000000 is not page aligned inside RAM", s->rtos0.cell.comm_ipa = 0x42000000) \
	RULE(c_watchdog, "watchdog_ms 1000, but no comm_ipa", s->rtos0.cell.watchdog_ms = 1000) \
	RULE(c_restart, "restart 3 is unknown", s->rtos0.cell.restart = 3) \
	RULE(c_gicd, "gicd_ipa 0x8001000 with size 0x10000 is not 0x10000 aligned", s->rtos0.cell.gicd_ipa += 0x1000) \
	RULE(c_gicd_limit, "gicd_ipa 0x10000000000 with size 0x10000 is not", s->rtos0.cell.gicd_ipa = 1UL << 40) \
	RULE(c_gicr, "gicr_ipa 0x8000000 overlaps gicd_ipa 0x8000000", s->rtos0.cell.gicr_ipa = 0x08000000) \
	RULE(c_ecam, "ecam_ipa 0x30010000 with size 0x100000 is not 0x100000 aligned", s->rtos0.cell.ecam_ipa += 0x10000) \
	RULE(c_ecam_none, "ecam_ipa 0x30000000 of what the cell does not have", s->rtos0.cell.ecam_size = 0) \
	RULE(c_ecam_odd, "ecam_size 0x180000 is not 1 MiB", s->rtos0.cell.ecam_size = 0x180000) \
	RULE(c_ecam_big, "ecam_size 0x10100000 is not", s->rtos0.cell.ecam_size = 0x10100000) \
	RULE(c_no_cpu, "cpu_count 0 is not within 1", s->rtos0.cell.cpu_count = 0) \
	RULE(c_no_mem, "mem_count 0 is not within 1", s->rtos0.cell.mem_count = 0) \
	RULE(c_irq_count, "irq_count 257 is not within", s->rtos0.cell.irq_count = 257) \
	RULE(c_stream_count, "stream_count 257 is not within", s->rtos0.cell.stream_count = 257) \
	RULE(c_pci_count, "pci_count 65 is not within", s->rtos0.cell.pci_count = 65) \
	RULE(c_cpu, "cpus[0]: cpu 5 does not exist", s->rtos0.cpus[0].cpu = 5) \
	RULE(c_vmpidr, "cpus[0]: vmpidr 0x1000000 has more than affinity bits", s->rtos0.cpus[0].vmpidr = 1 << 24) \
	RULE(m_name, "memory[1]: name is not 1 to 15", s->rtos0.mem[1].name[0] = 0) \
	RULE(m_name_bell, "memory[1]: name is not 1 to 15", s->rtos0.mem[1].name[0] = 7) \
	RULE(m_pa, "memory[1] 'ram': pa 0x48000400 with size 0x2000000 is not 0x1000 aligned", s->rtos0.mem[1].pa += 0x400) \
	RULE(m_ipa, "memory[1] 'ram': ipa 0x40000800 with size 0x2000000 is not 0x1000 aligned", s->rtos0.mem[1].ipa += 0x800) \
	RULE(m_size, "memory[1] 'ram': pa 0x48000000 with size 0x2000010 is not", s->rtos0.mem[1].size += 16) \
	RULE(m_empty, "memory[1] 'ram': pa 0x48000000 with size 0x0 is not", s->rtos0.mem[1].size = 0) \
	RULE(m_pa_wraps, "memory[1] 'ram': pa 0xfffffffffffff000 with size 0x2000000 is not", s->rtos0.mem[1].pa = ~0xfffUL) \
	RULE(m_ipa_limit, "memory[2] 'shared': ipa 0xfffffff000 with size 0x10000 is not 0x1000 aligned", \
	     s->rtos0.mem[2].ipa = 0xfffffff000) \
	RULE(m_size_wraps, "size 0xffffffffc0000000 is not 0x1000 aligned", s->rtos0.mem[1].size = -0x40000000UL) \
	RULE(m_flags, "memory[1] 'ram': flags 0x9f has unknown bits", s->rtos0.mem[1].flags |= 0x80) \
	RULE(m_no_read, "memory[1] 'ram': flags 0x1e does not allow reading", s->rtos0.mem[1].flags &= ~CFG_MEM_READ) \
	RULE(m_no_dma, "memory[1] 'ram': flags 0x17 lacks DMA", s->rtos0.mem[1].flags &= ~CFG_MEM_DMA) \
	RULE(m_io_exec, "memory[0] 'uart': flags 0x27: device memory cannot", s->rtos0.mem[0].flags |= CFG_MEM_EXECUTE) \
	RULE(m_io_load, "memory[0] 'uart': flags 0x33: device memory cannot", s->rtos0.mem[0].flags |= CFG_MEM_LOAD) \
	RULE(m_hyp, "memory[1] 'ram': pa 0x47000000 with size 0x2000000 overlaps the hypervisor's memory at 0x40200000", \
	     s->rtos0.mem[1].pa = 0x47000000) \
	RULE(m_gicd, "memory[0] 'uart': pa 0x800f000 with size 0x1000 overlaps the GIC distributor", \
	     s->rtos0.mem[0].pa = 0x0800f000) \
	RULE(m_gicr, "overlaps the GIC redistributors at 0x80a0000", s->rtos0.mem[0].pa = 0x08100000) \
	RULE(m_smmu, "overlaps SMMU registers at 0x9050000", s->rtos0.mem[0].pa = 0x0906f000) \
	RULE(m_ecam, "overlaps PCI configuration space at 0x4010000000", s->rtos0.mem[0].pa = 0x4010010000) \
	RULE(m_nowhere, "memory[0] 'uart': pa 0x9041000 with size 0x1000 is not inside one area", s->rtos0.mem[0].pa += 0x1000) \
	RULE(m_across, "memory[1] 'ram': pa 0x57000000 with size 0x2000000 is not inside one area", \
	     s->rtos0.mem[1].pa = 0x57000000) \
	RULE(m_foreign, "memory[1] 'ram': pa 0x58000000 is in an area that is not for cells", s->rtos0.mem[1].pa = 0x58000000) \
	RULE(m_foreign_io, "memory[0] 'uart': pa 0x9000000 is in an area that is not for cells", s->rtos0.mem[0].pa = 0x09000000) \
	RULE(m_bars, "memory[0] 'uart': pa 0x3e100000 is in the PCI window for the BARs of cells", \
	     s->rtos0.mem[0].pa = 0x3e100000) \
	RULE(m_kind, "memory[0] 'uart': pa 0x4b000000 is in an area of RAM, but flags 0x23 say otherwise", \
	     s->rtos0.mem[0].pa = 0x4b000000) \
	RULE(m_kind_ram, "memory[2] 'shared': pa 0x3e100000 is in an area of devices", s->rtos0.mem[2].pa = 0x3e100000) \
	RULE(m_order, "memory[2] 'shared': ipa 0x3f000000 is not above that of memory[1]", s->rtos0.mem[2].ipa = 0x3f000000) \
	RULE(m_overlap, "shared: ipa 0x41ff0000 overlaps ram at 0x40000000", s->rtos0.mem[2].ipa = 0x41ff0000) \
	RULE(m_twice, "shared: pa 0x48001000 overlaps ram at 0x48000000", s->rtos0.mem[2].pa = 0x48001000) \
	RULE(m_on_gicd, "uart: ipa 0x8000000 with size 0x1000 overlaps gicd_ipa 0x8000000", s->rtos0.mem[0].ipa = 0x08000000) \
	RULE(m_on_gicr, "overlaps gicr_ipa 0x80a0000", s->rtos0.mem[0].ipa = 0x080bf000) \
	RULE(m_on_ecam, "overlaps ecam_ipa 0x30000000", s->rtos0.mem[0].ipa = 0x300ff000) \
	RULE(i_low, "irqs[0]: intid 31 is not an SPI", s->rtos0.irqs[0].intid = 31) \
	RULE(i_high, "irqs[1]: intid 1020 is not an SPI", s->rtos0.irqs[1].intid = 1020) \
	RULE(i_order, "irqs[1]: intid 36 is not above that of irqs[0]", s->rtos0.irqs[1].intid = 36) \
	RULE(i_smmu, "irqs[1]: intid 107 is an SMMU's", s->rtos0.irqs[1].intid = 107) \
	RULE(s_smmu, "streams[0]: smmu 1 does not exist", s->rtos0.streams[0].smmu = 1) \
	RULE(s_reserved, "streams[0]: reserved 0x1 is not 0", s->rtos0.streams[0].reserved = 1) \
	RULE(p_host, "pci[0]: host 1 does not exist", s->rtos0.pci[0].host = 1) \
	RULE(p_bdf, "pci[0]: bdf 0x10010 is not on a bus of host 0", s->rtos0.pci[0].bdf = 0x10010) \
	RULE(p_bridge, "pci[0]: bdf 0x110 is behind a bridge, not on the root bus 0", s->rtos0.pci[0].bdf = 0x110) \
	RULE(p_stream, "pci[0]: function 00:03.0 has no stream with sid 0x18 of smmu 0", s->rtos0.pci[0].bdf = 0x18) \
	RULE(p_window, "pci[0]: vbdf 0x100 is beyond the ecam_size 0x100000", s->rtos0.pci[0].vbdf = 0x100) \
	RULE(p_window_max, "pci[0]: vbdf 0xffffffff is beyond", s->rtos0.pci[0].vbdf = ~0U) \
	RULE(b_flags, "pci[0]: bar[0]: flags 0x8 has unknown bits", s->rtos0.pci[0].bar[0].flags = 8) \
	RULE(b_size, "pci[0]: bar[0]: size 0x180000 is not a power of two", s->rtos0.pci[0].bar[0].size = 0x180000) \
	RULE(b_tiny, "pci[0]: bar[0]: size 0x8 is not a power of two of at least", s->rtos0.pci[0].bar[0].size = 8) \
	RULE(b_pa, "pci[0]: bar[0]: pa 0x3e080000 with size 0x100000 is not 0x100000 aligned", \
	     s->rtos0.pci[0].bar[0].pa += 0x80000) \
	RULE(b_ipa, "pci[0]: bar[0]: ipa 0x10080000 with size 0x100000 is not 0x100000 aligned", \
	     s->rtos0.pci[0].bar[0].ipa += 0x80000) \
	RULE(b_page, "pci[0]: bar[0]: pa 0x3e000800 with size 0x1000 is not 0x1000 aligned", \
	     s->rtos0.pci[0].bar[0].size = 0x800; s->rtos0.pci[0].bar[0].pa += 0x800) \
	RULE(b_high, "pci[0]: bar[0]: ipa 0x100000000 with size 0x100000 is not 0x100000 aligned", \
	     s->rtos0.pci[0].bar[0].ipa = 1UL << 32) \
	RULE(b_wide_limit, "pci[0]: bar[0]: ipa 0x10000000000 with size 0x100000 is not 0x100000 aligned", \
	     s->rtos0.pci[0].bar[0].flags = CFG_BAR_64; s->rtos0.pci[0].bar[0].ipa = 1UL << 40) \
	RULE(b_wide_last, "pci[0]: bar[5]: flags 0x1 say 64-bit, but the next slot", \
	     s->rtos0.pci[0].bar[5] = ((struct cfg_bar){ 0x3e100000, 0x10100000, 0x1000, CFG_BAR_64 })) \
	RULE(b_wide_next, "pci[0]: bar[0]: flags 0x1 say 64-bit, but the next slot", s->rtos0.pci[0].bar[0].flags = CFG_BAR_64; \
	     s->rtos0.pci[0].bar[1] = ((struct cfg_bar){ 0x3e100000, 0x10100000, 0x1000, 0 })) \
	RULE(b_unused, "pci[0]: bar[1]: size is 0, but other fields are not", s->rtos0.pci[0].bar[1].ipa = 0x1000) \
	RULE(b_window, "pci[0]: bar[0]: pa 0x10000000 size 0x100000 is not in a PCI window for cells", \
	     s->rtos0.pci[0].bar[0].pa = 0x10000000) \
	RULE(b_window_end, "is not in a PCI window for cells", s->rtos0.pci[0].bar[0].pa = 0x3ee00000) \
	RULE(b_twice, "a BAR: pa 0x3e0ff000 overlaps a BAR at 0x3e000000", \
	     s->rtos0.pci[0].bar[2] = ((struct cfg_bar){ 0x3e0ff000, 0x10100000, 0x1000, 0 })) \
	RULE(b_page_twice, "a BAR: pa 0x3e100000 overlaps a BAR at 0x3e100000", \
	     s->rtos0.pci[0].bar[1] = ((struct cfg_bar){ 0x3e100000, 0x10100000, 0x100, 0 }); \
	     s->rtos0.pci[0].bar[2] = ((struct cfg_bar){ 0x3e100000, 0x10101000, 0x100, 0 })) \
	RULE(b_ipa_twice, "a BAR: ipa 0x100ff000 overlaps a BAR at 0x10000000", \
	     s->rtos0.pci[0].bar[2] = ((struct cfg_bar){ 0x3e100000, 0x100ff000, 0x1000, 0 })) \
	RULE(b_on_ram, "a BAR: ipa 0x41f00000 overlaps ram at 0x40000000", s->rtos0.pci[0].bar[0].ipa = 0x41f00000) \
	RULE(b_on_ecam, "a BAR: ipa 0x30000000 with size 0x100000 overlaps ecam_ipa 0x30000000", \
	     s->rtos0.pci[0].bar[0].ipa = 0x30000000)

/* Those that need the root cell or several elements; through the system check. */
#define ROOT_RULES(RULE) \
	RULE(r_identity, "cells[0]: memory[3] 'ram': ipa 0x58001000 is not the pa 0x58000000", s->root.mem[3].ipa += 0x1000) \
	RULE(r_cell_bars, "cells[0]: memory[1] 'pci': pa 0x3e000000 is in the PCI window for the BARs", \
	     s->root.mem[1].pa = s->root.mem[1].ipa = 0x3e000000; s->root.mem[1].size = 0x1000) \
	RULE(r_bar, "cells[0]: pci[1]: bar[0]: size 0x1000: the root cell places BARs itself", \
	     s->root.pci[1].bar[0].size = 0x1000) \
	RULE(r_vbdf, "cells[0]: pci[1]: vbdf 0x18 is not the bdf 0x10, as the root cell needs", s->root.pci[1].vbdf = 0x18) \
	RULE(r_cpu_twice, "cells[0]: cpus[3]: cpu 1 is cpus[1] too", s->root.cpus[3].cpu = 1) \
	RULE(r_vmpidr_twice, "cells[0]: cpus[3]: vmpidr 0x1 is that of cpus[1] too", s->root.cpus[3].vmpidr = 1) \
	RULE(r_stream_order, "cells[0]: streams[1]: sid 0x8 of smmu 0 is not above", s->root.streams[1].sid = NVME_BDF) \
	RULE(r_vsid_twice, "cells[0]: streams[1]: vsid 0x8 is that of streams[0] too", s->root.streams[1].vsid = NVME_BDF) \
	RULE(r_function_order, "cells[0]: pci[1]: bdf 0x8 of host 0 is not above that of pci[0]", s->root.pci[1].bdf = NVME_BDF)

#define FUNCTION(name, sentence, change)	static void change_##name(struct sample *s) { change; }
#define ENTRY(name, sentence, change)		{ #name, sentence, change_##name },

SYSTEM_RULES(FUNCTION)
ROOT_RULES(FUNCTION)
CELL_RULES(FUNCTION)

static const struct rule system_rules[] = { SYSTEM_RULES(ENTRY) ROOT_RULES(ENTRY) };
static const struct rule cell_rules[] = { CELL_RULES(ENTRY) };

static struct sample sample;

/* A copy with exactly that size, so that the sanitizer sees each byte too far. */
static int check_exact(const void *blob, size_t bytes, struct hc_error *err)
{
	void *copy = malloc(bytes ? bytes : 1);
	int result;

	memcpy(copy, blob, bytes);
	result = config_check_system(copy, bytes, err);
	free(copy);
	return result;
}

static int check_cell_exact(const void *blob, size_t bytes, const struct cfg_system *sys, struct hc_error *err)
{
	void *copy = malloc(bytes);
	int result;

	memcpy(copy, blob, bytes);
	result = config_check_cell(copy, bytes, sys, err);
	free(copy);
	return result;
}

static void expect_sentence(const struct rule *rule, int result, const struct hc_error *err)
{
	if (result != -EINVAL)
		fail_msg("%s: result %d instead of -EINVAL", rule->name, result);
	if (!strstr(err->text, rule->sentence))
		fail_msg("%s: \"%s\" does not contain \"%s\"", rule->name, err->text, rule->sentence);
}

static void test_valid(void **state)
{
	struct hc_error err = { "" };

	(void)state;
	sample_make(&sample);
	if (check_exact(&sample, sizeof(sample), &err))
		fail_msg("the sample is refused: %s", err.text);
}

static void test_system_rules(void **state)
{
	struct hc_error err;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(system_rules); i++) {
		sample_make(&sample);
		system_rules[i].change(&sample);
		expect_sentence(&system_rules[i], check_exact(&sample, sizeof(sample), &err), &err);
	}
}

static void test_cell_rules(void **state)
{
	static struct sample good;
	struct hc_error err;

	(void)state;
	sample_make(&good);
	for (u32 i = 0; i < ARRAY_SIZE(cell_rules); i++) {
		sample_make(&sample);
		cell_rules[i].change(&sample);
		expect_sentence(&cell_rules[i],
				check_cell_exact(&sample.rtos0, sizeof(sample.rtos0), &good.sys, &err), &err);
	}
}

static void test_accessors(void **state)
{
	(void)state;
	sample_make(&sample);
	assert_ptr_equal(cfg_cpus(&sample.sys), sample.cpus);
	assert_ptr_equal(cfg_areas(&sample.sys), sample.areas);
	assert_ptr_equal(cfg_smmus(&sample.sys), sample.smmus);
	assert_ptr_equal(cfg_pci_hosts(&sample.sys), sample.hosts);
	assert_ptr_equal(cfg_payloads(&sample.sys), sample.payloads);
	assert_ptr_equal(cfg_system_cell(&sample.sys, 0), &sample.root);
	assert_ptr_equal(cfg_system_cell(&sample.sys, 1), &sample.rtos0);
	assert_ptr_equal(cfg_system_cell(&sample.sys, 2), &sample.rtos1);
	assert_ptr_equal(cfg_cell_cpus(&sample.rtos0.cell), sample.rtos0.cpus);
	assert_ptr_equal(cfg_cell_mem(&sample.rtos0.cell), sample.rtos0.mem);
	assert_ptr_equal(cfg_cell_irqs(&sample.rtos0.cell), sample.rtos0.irqs);
	assert_ptr_equal(cfg_cell_streams(&sample.rtos0.cell), sample.rtos0.streams);
	assert_ptr_equal(cfg_cell_pci(&sample.rtos0.cell), sample.rtos0.pci);
	assert_ptr_equal(cfg_cell_ivshmem(&sample.rtos0.cell), sample.rtos0.ivshmem);
	assert_ptr_equal(cfg_ivshmem_mem(&sample.rtos0.cell, 0), &sample.rtos0.mem[2]);
}

/* Two cells that are both not the root cell, at run time: everything that both name. */
static void test_pair(void **state)
{
	struct sample_rtos0 other;
	struct hc_error err;

	(void)state;
	sample_make(&sample);
	other = sample.rtos0;
	memcpy(other.cell.name, "other", 6);
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_string_equal(err.text, "cpu 2 belongs to cell other");
	other.cpus[0].cpu = 1;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_string_equal(err.text, "irq 36 belongs to cell other");
	other.irqs[0].intid = 35;
	other.irqs[1].intid = 39;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_string_equal(err.text, "stream 0x10 of smmu 0 belongs to cell other");
	other.streams[0].sid = 0x18;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_non_null(strstr(err.text, "uart: pa 0x9040000"));
	other.mem[0].pa = 0x09080000;
	other.mem[1].pa = 0x4e000000;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_non_null(strstr(err.text, "a BAR: pa 0x3e000000"));
	other.pci[0].bar[0].pa = 0x3e100000;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), -EBUSY);
	assert_non_null(strstr(err.text, "cell other on the same memory has id 0 of 2"));
	other.ivshmem[0].id = 1;
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &other.cell, &err), 0);
}

/* The StreamID of a function that it does not have, here one behind a bridge of the root cell. */
static void test_stream_of_others(void **state)
{
	static struct sample good;
	struct {
		struct cfg_cell cell;
		struct cfg_cell_cpu cpus[1];
		struct cfg_mem mem[1];
		struct cfg_stream streams[1];
	} blob;
	struct hc_error err = { "" };

	(void)state;
	sample_make(&good);
	blob.cell = good.rtos0.cell;
	blob.cell.hdr.size = sizeof(blob);
	blob.cell.mem_count = 1;
	blob.cell.irq_count = blob.cell.pci_count = blob.cell.ivshmem_count = 0;
	blob.cell.ivshmem_ipa = 0;
	blob.cpus[0] = good.rtos0.cpus[0];
	blob.mem[0] = good.rtos0.mem[1];
	blob.streams[0] = (struct cfg_stream){ 0, 0x110, 0, 0 };
	assert_int_equal(check_cell_exact(&blob, sizeof(blob), &good.sys, &err), -EINVAL);
	assert_string_equal(err.text, "streams[0]: sid 0x110 of smmu 0 is that of function 01:02.0, "
			    "which the cell does not have");
	/* that of a platform device is on no bus */
	blob.streams[0].sid = 0x10010;
	assert_int_equal(check_cell_exact(&blob, sizeof(blob), &good.sys, &err), 0);
}

static void test_pair_root(void **state)
{
	struct hc_error err;

	(void)state;
	sample_make(&sample);
	assert_int_equal(config_check_pair(&sample.rtos0.cell, &sample.root.cell, &err), 0);
	assert_int_equal(config_check_pair(&sample.root.cell, &sample.rtos0.cell, &err), 0);
	assert_int_equal(config_check_pair(&sample.root.cell, &sample.root.cell, &err), -EBUSY);
}

/* Cut off anywhere: refused, and nothing behind the end is read. */
static void test_truncated(void **state)
{
	struct hc_error err;

	(void)state;
	sample_make(&sample);
	for (size_t bytes = 0; bytes < sizeof(sample); bytes += bytes < 256 ? 1 : 13)
		assert_int_equal(check_exact(&sample, bytes, &err), -EINVAL);
	/* also when the header claims just that */
	for (u32 bytes = sizeof(struct cfg_system); bytes < sizeof(sample); bytes++) {
		sample.sys.hdr.size = bytes;
		assert_int_equal(check_exact(&sample, bytes, &err), -EINVAL);
	}
}

/* Every word of the blob gets hostile values: whatever the verdict, nothing outside is touched. */
static void test_hostile_words(void **state)
{
	static const u32 hostile[] = { 0, 1, 7, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };
	const size_t words = sizeof(sample) / sizeof(u32);
	struct hc_error err;
	u32 value;

	(void)state;
	for (size_t at = 0; at < words; at++) {
		for (u32 i = 0; i < ARRAY_SIZE(hostile); i++) {
			sample_make(&sample);
			value = hostile[i];
			memcpy((u32 *)&sample + at, &value, sizeof(value));
			check_exact(&sample, sizeof(sample), &err);
			assert_true(strnlen(err.text, sizeof(err.text)) < sizeof(err.text));
		}
	}
}

static void expect_count_refused(u32 *count, u32 good)
{
	static const u32 hostile[] = { 0, 0x7fffffff, 0x80000000, 0x0ccccccd, 0x15555556, 0xffffffff };
	struct hc_error err;

	for (u32 i = 0; i < ARRAY_SIZE(hostile); i++) {
		if (hostile[i] == good)
			continue;
		*count = hostile[i];
		assert_int_equal(check_exact(&sample, sizeof(sample), &err), -EINVAL);
	}
	*count = good + 1;
	assert_int_equal(check_exact(&sample, sizeof(sample), &err), -EINVAL);
	*count = good;
	assert_int_equal(check_exact(&sample, sizeof(sample), &err), 0);
}

static void test_hostile_counts(void **state)
{
	struct cfg_system *sys = &sample.sys;
	struct cfg_cell *cells[] = { &sample.root.cell, &sample.rtos0.cell, &sample.rtos1.cell };

	(void)state;
	sample_make(&sample);
	expect_count_refused(&sys->cpu_count, sys->cpu_count);
	expect_count_refused(&sys->area_count, sys->area_count);
	expect_count_refused(&sys->smmu_count, sys->smmu_count);
	expect_count_refused(&sys->pci_count, sys->pci_count);
	expect_count_refused(&sys->payload_count, sys->payload_count);
	expect_count_refused(&sys->cell_count, sys->cell_count);
	expect_count_refused(&sys->hdr.size, sys->hdr.size);
	for (u32 i = 0; i < ARRAY_SIZE(cells); i++) {
		expect_count_refused(&cells[i]->cpu_count, cells[i]->cpu_count);
		expect_count_refused(&cells[i]->mem_count, cells[i]->mem_count);
		expect_count_refused(&cells[i]->irq_count, cells[i]->irq_count);
		expect_count_refused(&cells[i]->stream_count, cells[i]->stream_count);
		expect_count_refused(&cells[i]->pci_count, cells[i]->pci_count);
		expect_count_refused(&cells[i]->hdr.size, cells[i]->hdr.size);
	}
}

static void test_unaligned_blob(void **state)
{
	static u64 buffer[(sizeof(struct sample) + 16) / 8];
	struct hc_error err;

	(void)state;
	sample_make(&sample);
	memcpy((u8 *)buffer + 4, &sample, sizeof(sample));
	assert_int_equal(config_check_system((u8 *)buffer + 4, sizeof(sample), &err), -EINVAL);
	assert_non_null(strstr(err.text, "8-byte aligned"));
}

/* Two ends of one channel in a cell, or two devices with one interrupt. */
static void test_ivshmem_twice(void **state)
{
	struct {
		struct sample_rtos1 cell;
		struct cfg_ivshmem more;
	} two;
	struct hc_error err = { "" };

	(void)state;
	sample_make(&sample);
	two.cell = sample.rtos1;
	two.cell.cell.ivshmem_count = 2;
	two.cell.cell.hdr.size = sizeof(two);
	two.more = (struct cfg_ivshmem){ .mem = 1, .irq = 40, .id = 0, .peers = 2 };
	assert_int_equal(config_check_cell(&two, sizeof(two), &sample.sys, &err), -EINVAL);
	assert_string_equal(err.text, "ivshmem[1]: mem 1 or irq 40 is that of ivshmem[0] too");
	two.cell.mem[0].flags |= CFG_MEM_SHARED;
	two.more = (struct cfg_ivshmem){ .mem = 0, .irq = 63, .id = 0, .peers = 2 };
	assert_int_equal(config_check_cell(&two, sizeof(two), &sample.sys, &err), -EINVAL);
	assert_string_equal(err.text, "ivshmem[1]: mem 0 or irq 63 is that of ivshmem[0] too");
	two.more.irq = 62;
	assert_int_equal(config_check_cell(&two, sizeof(two), &sample.sys, &err), 0);
	assert_int_equal(cfg_cell_soft(&two.cell.cell), 3U << 30);
	assert_int_equal(cfg_cell_soft(&sample.rtos0.cell), 1U << 1 | 1U << 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_accessors),
		cmocka_unit_test(test_system_rules),
		cmocka_unit_test(test_cell_rules),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_stream_of_others),
		cmocka_unit_test(test_pair_root),
		cmocka_unit_test(test_ivshmem_twice),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_hostile_counts),
		cmocka_unit_test(test_unaligned_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
