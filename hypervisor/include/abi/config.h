/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The binary configs: what `cloister compile` writes and the hypervisor reads.
 *
 * A config is one contiguous little-endian blob without pointers. It starts with struct cfg_header; behind the fixed
 * part stand counted arrays, in the order in which their counts are declared, each entry a multiple of 8 bytes. The
 * total must be exactly hdr.size. All reserved bytes and unknown flags must be zero.
 *
 * Python offsets are generated from this header by the build; nothing mirrors it by hand. A change of layout or
 * meaning raises CFG_REVISION.
 */
#ifndef CLOISTER_ABI_CONFIG_H
#define CLOISTER_ABI_CONFIG_H

#include <abi/types.h>

#define CFG_MAGIC		0x47464352545343ULL	/* "CSTRCFG\0" in memory order */
#define CFG_REVISION		5

#define CFG_KIND_SYSTEM		1
#define CFG_KIND_CELL		2

/* Upper bounds that size the hypervisor's own tables; the checker on the host uses the same. */
#define CFG_MAX_SIZE		32768	/* bytes of a system config, its cells included */
#define CFG_MAX_CELL_SIZE	8192	/* bytes of one cell config */
#define CFG_MAX_CPUS		16
#define CFG_MAX_CELLS		16	/* cells that exist at one time, the root cell included */
#define CFG_MAX_AREAS		64
#define CFG_MAX_SMMUS		4
#define CFG_MAX_PCI_HOSTS	2
#define CFG_MAX_PAYLOADS	32
#define CFG_MAX_MEM		64	/* memory regions of one cell */
#define CFG_MAX_IRQS		256	/* SPIs of one cell */
#define CFG_MAX_STREAMS		256	/* stream IDs of one cell */
#define CFG_MAX_PCI_DEVS	64	/* PCI functions of one cell */
#define CFG_MAX_IVSHMEM		8	/* ivshmem devices of one cell */
#define CFG_PCI_BARS		6

struct cfg_header {
	cl_u64 magic;			/* CFG_MAGIC */
	cl_u32 revision;		/* CFG_REVISION */
	cl_u32 kind;			/* CFG_KIND_* */
	cl_u32 size;			/* bytes of the whole blob, this header included */
	cl_u32 reserved;
	cl_u64 board;			/* hash of the board's device tree; a cell must have the system's */
};

/* ---- the system ---- */

/* What the root cell's end (SYSTEM_OFF, SYSTEM_RESET, failure) does to the machine. */
#define CFG_ROOT_EXIT_KEEP	0	/* the other cells go on; with none left running, the request goes to firmware */
#define CFG_ROOT_EXIT_HALT	1	/* the machine is switched off or reset as the root cell asked */

struct cfg_system {
	struct cfg_header hdr;
	char name[CL_NAME_LEN];
	cl_u64 hyp_base;		/* PA where system.img is loaded; 2 MiB aligned */
	cl_u64 hyp_size;		/* bytes that the hypervisor owns from there: image, payloads, page pool */
	cl_u64 uart_base;		/* PA of the PL011 for early output and panics; 0: none */
	cl_u64 gicd_base;		/* PA of the distributor, 64 KiB */
	cl_u64 gicr_base;		/* PA of the redistributors */
	cl_u64 gicr_size;		/* bytes of the redistributor region */
	cl_u64 log_level;		/* 0 error, 1 warning, 2 info, 3 debug */
	cl_u32 maintenance_irq;		/* INTID of the GIC maintenance PPI */
	cl_u32 timer_irq;		/* INTID of the EL2 physical timer PPI */
	cl_u32 root_exit;		/* CFG_ROOT_EXIT_* */
	cl_u32 storm_limit;		/* DMA violations of one stream per second before it is put to silent abort; 0: none */
	/* counted arrays, in this order */
	cl_u32 cpu_count;		/* struct cfg_cpu; [0] is the CPU that boots */
	cl_u32 area_count;		/* struct cfg_area */
	cl_u32 smmu_count;		/* struct cfg_smmu */
	cl_u32 pci_count;		/* struct cfg_pci_host */
	cl_u32 payload_count;		/* struct cfg_payload */
	cl_u32 cell_count;		/* whole cell configs, each hdr.size bytes; the root cell, if any, first */
};

struct cfg_cpu {
	cl_u64 mpidr;			/* affinity fields of MPIDR_EL1, all other bits 0 */
};

/*
 * Physical ranges. What is in no area belongs to nobody. Hypervisor-owned MMIO (GIC, SMMU, ECAM, its UART registers)
 * need not be listed: it is known from the fields that name it, and no cell may map it (but for the UART, which a
 * cell may own as well: as long as one does the hypervisor writes to it only when it panics).
 */
#define CFG_AREA_RAM		(1u << 0)	/* RAM; otherwise MMIO */
#define CFG_AREA_CELLS		(1u << 1)	/* cells other than the root may take it, whole or in part */
#define CFG_AREA_PCI		(1u << 2)	/* a memory window of a PCI host bridge: BARs are placed here */
#define CFG_AREA_FLAGS		(CFG_AREA_RAM | CFG_AREA_CELLS | CFG_AREA_PCI)

struct cfg_area {
	cl_u64 base;			/* PA, page aligned */
	cl_u64 size;			/* bytes, page aligned */
	cl_u64 flags;			/* CFG_AREA_* */
};

struct cfg_smmu {
	cl_u64 base;			/* PA of register page 0 */
	cl_u64 size;			/* bytes of its register region */
	cl_u32 eventq_irq;		/* INTIDs; 0 where the SMMU has none */
	cl_u32 priq_irq;
	cl_u32 sync_irq;
	cl_u32 gerror_irq;
};

struct cfg_pci_host {
	cl_u64 ecam_base;		/* PA of the configuration space */
	cl_u64 ecam_size;		/* bytes: 1 MiB per bus */
	cl_u32 bus_first;		/* bus number at ecam_base */
	cl_u32 smmu;			/* index of the SMMU behind which its functions are */
};

#define CFG_PAYLOAD_MAX_SIZE	(1ULL << 32)

struct cfg_payload {
	cl_u64 cell;			/* index among the cell configs of this blob */
	cl_u64 offset;			/* bytes from the start of system.img */
	cl_u64 size;			/* bytes */
	cl_u64 ipa;			/* where the cell gets it; inside one of its RAM regions */
};

/* ---- one cell ---- */

#define CFG_CELL_ROOT		(1u << 0)	/* the root cell: may use the management hypercalls */
#define CFG_CELL_BOOT		(1u << 1)	/* starts at boot, from payloads of the image */
#define CFG_CELL_INJECT_ABORT	(1u << 2)	/* an access to nowhere is an external abort for it, not its end */
#define CFG_CELL_AARCH32	(1u << 3)	/* its EL1 executes AArch32; not of the root cell */
#define CFG_CELL_GIC_SECURE	(1u << 4)	/* its GIC is the Secure view of two security states; not of the root cell */
#define CFG_CELL_FLAGS		(CFG_CELL_ROOT | CFG_CELL_BOOT | CFG_CELL_INJECT_ABORT | CFG_CELL_AARCH32 | CFG_CELL_GIC_SECURE)

/* A cell that ended runs again, from its image anew; of boot cells and the root cell the hypervisor sees to that. */
#define CFG_RESTART_NEVER	0
#define CFG_RESTART_ON_FAILURE	1	/* after a failure, and when it asked for a reset */
#define CFG_RESTART_ALWAYS	2	/* also when it switched itself off */

struct cfg_cell {
	struct cfg_header hdr;
	char name[CL_NAME_LEN];		/* [a-z0-9_-]+, NUL padded */
	cl_u32 flags;			/* CFG_CELL_* */
	cl_u32 uart_irq;		/* INTID of its virtual PL011, 32 to 63, and none of irqs; 0: it has none */
	cl_u64 entry;			/* IPA of the first instruction; used when started at boot */
	cl_u64 dtb_ipa;			/* IPA of its device tree, passed in x0 */
	cl_u64 gicd_ipa;		/* its distributor, 64 KiB; 64 KiB aligned */
	cl_u64 gicr_ipa;		/* its redistributors, 128 KiB a CPU */
	cl_u64 ecam_ipa;		/* its PCI configuration space; 0 with ecam_size 0: none */
	cl_u64 ecam_size;		/* bytes: 1 MiB per bus */
	cl_u64 uart_ipa;		/* its virtual PL011, 64 KiB; 64 KiB aligned (needs VPL011) */
	cl_u64 ivshmem_ipa;		/* its PCI host bridge of ivshmem devices, see there; 2 MiB below 4 GiB, 1 MiB aligned */
	cl_u64 comm_ipa;		/* its communication page (abi/comm.h), a page of its RAM; 0: none */
	cl_u32 watchdog_ms;		/* it fails when its heartbeat stands still so long; 0: none */
	cl_u32 restart;			/* CFG_RESTART_* */
	cl_u32 restart_limit;		/* so many times at most, */
	cl_u32 restart_seconds;		/* in so many seconds; a failure after that begins a new count */
	cl_u32 console_size;		/* bytes of the console's ring, 0 or a power of two up to 65536; 0: no console */
	/* counted arrays, in this order */
	cl_u32 cpu_count;		/* struct cfg_cell_cpu, in the order of the cell's own numbering */
	cl_u32 mem_count;		/* struct cfg_mem, ascending by IPA */
	cl_u32 irq_count;		/* struct cfg_irq, ascending */
	cl_u32 stream_count;		/* struct cfg_stream, ascending by (smmu, sid) */
	cl_u32 pci_count;		/* struct cfg_pci_dev, ascending by (host, bdf) */
	cl_u32 vsmmu_count;		/* struct cfg_vsmmu, ascending by smmu (needs VSMMU) */
	cl_u32 ivshmem_count;		/* struct cfg_ivshmem (needs IVSHMEM) */
};

struct cfg_cell_cpu {
	cl_u64 cpu;			/* index into the system's CPUs */
	cl_u64 vmpidr;			/* affinity that the cell sees in MPIDR_EL1 */
};

#define CFG_MEM_READ		(1u << 0)
#define CFG_MEM_WRITE		(1u << 1)
#define CFG_MEM_EXECUTE		(1u << 2)
#define CFG_MEM_DMA		(1u << 3)	/* the cell's devices may reach it; RAM of a cell with streams must say so,
						 * for CPU and SMMU walk one table */
#define CFG_MEM_LOAD		(1u << 4)	/* in the root cell while this cell is being loaded */
#define CFG_MEM_IO		(1u << 5)	/* device memory: mapped Device-nGnRE-compatible, never executable */
#define CFG_MEM_SHARED		(1u << 6)	/* another cell may declare the very same PA range, also with this flag */
#define CFG_MEM_FLAGS		0x7fu

struct cfg_mem {
	char name[16];
	cl_u64 pa;			/* page aligned */
	cl_u64 ipa;			/* page aligned */
	cl_u64 size;			/* bytes, page aligned, not 0 */
	cl_u64 flags;			/* CFG_MEM_* */
};

struct cfg_irq {
	cl_u64 intid;			/* an SPI, 32 to 1019; the same number inside the cell */
};

struct cfg_stream {
	cl_u32 smmu;			/* index into the system's SMMUs */
	cl_u32 sid;			/* physical StreamID */
	cl_u32 vsid;			/* StreamID that the cell uses */
	cl_u32 reserved;
};

/*
 * An emulated SMMU: the cell programs stage 1 for those of its streams that are behind one physical SMMU. A feature is
 * offered when the flag is set and the hardware has it. Its interrupts are SPIs of the cell that no device drives.
 */
#define CFG_VSMMU_STALL		(1u << 0)	/* faults of stage 1 can stall the transaction */
#define CFG_VSMMU_ATS		(1u << 1)	/* ATS, split-stage: devices cache stage 1 only */
#define CFG_VSMMU_PRI		(1u << 2)	/* page requests */
#define CFG_VSMMU_TRUST_ATS	(1u << 3)	/* full ATS where split-stage is not possible: devices are trusted (I2) */
#define CFG_VSMMU_FLAGS		0xfu

struct cfg_vsmmu {
	cl_u64 ipa;			/* register page 0; 64 KiB aligned, 128 KiB */
	cl_u32 smmu;			/* index into the system's SMMUs */
	cl_u32 flags;			/* CFG_VSMMU_* */
	cl_u32 eventq_irq;		/* INTIDs; 0: none */
	cl_u32 priq_irq;
	cl_u32 sync_irq;
	cl_u32 gerror_irq;
	cl_u32 cmdq_log2;		/* upper bounds of queue sizes, in entries; up to 19 */
	cl_u32 eventq_log2;
	cl_u32 priq_log2;
	cl_u32 ssid_bits;		/* upper bound of SubstreamIDs; up to 20 */
};

/* A BAR of an assigned function: where the hypervisor places it and where the cell sees it. size 0: no BAR. */
#define CFG_BAR_64		(1u << 0)	/* takes the next slot too, whose size is 0 */
#define CFG_BAR_PREFETCH	(1u << 1)
#define CFG_BAR_FLAGS		(CFG_BAR_64 | CFG_BAR_PREFETCH)

struct cfg_bar {
	cl_u64 pa;			/* CPU physical = PCI bus address, aligned to size; in a CFG_AREA_PCI|CFG_AREA_CELLS area */
	cl_u64 ipa;
	cl_u64 size;			/* power of two */
	cl_u64 flags;			/* CFG_BAR_* */
};

/*
 * The root cell places BARs itself (all its bar[].size are 0), anywhere in the CFG_AREA_PCI areas that are not
 * CFG_AREA_CELLS. Other cells get the fixed BARs given here; the hypervisor maps them, so they are not in mem[].
 * Functions that the root cell's config does not list are invisible to it, as to everybody.
 */
struct cfg_pci_dev {
	cl_u32 host;			/* index into the system's PCI hosts */
	cl_u32 bdf;			/* bus << 8 | device << 3 | function */
	cl_u32 vbdf;			/* the same, as the cell sees it */
	cl_u32 id;			/* device ID << 16 | vendor ID that must be found there; 0: any */
	struct cfg_bar bar[CFG_PCI_BARS];
};

/*
 * An inter-cell channel's end: a virtual PCI function on a host bridge of its own (Documentation/ivshmem.md). That has
 * 1 MiB of configuration space, where the n-th of these is device n, and behind it 4 KiB of registers for each, its
 * BAR 0. Cells with one on the same memory are peers: no two of them have the same number.
 */
struct cfg_ivshmem {
	cl_u32 mem;			/* index of its BAR 2 in mem[]: CFG_MEM_SHARED RAM, a power of two, aligned to that */
	cl_u32 irq;			/* INTID, 32 to 63, and of nothing else in the cell */
	cl_u32 id;			/* its own number, below peers */
	cl_u32 peers;			/* 2 to CFG_MAX_CELLS; the same for all of the channel */
};

#ifndef __ASSEMBLER__
_Static_assert(sizeof(struct cfg_header) == 32, "config header");
_Static_assert(sizeof(struct cfg_system) % 8 == 0, "system config");
_Static_assert(sizeof(struct cfg_cell) % 8 == 0, "cell config");
_Static_assert(sizeof(struct cfg_mem) == 48, "memory region");
_Static_assert(sizeof(struct cfg_vsmmu) == 48, "vSMMU");
_Static_assert(sizeof(struct cfg_pci_dev) == 16 + CFG_PCI_BARS * 32, "PCI function");
#endif

#endif
