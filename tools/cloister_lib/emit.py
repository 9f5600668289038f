# SPDX-License-Identifier: GPL-2.0-only
"""From the model to the binary configs of hypervisor/include/abi/config.h."""

from __future__ import annotations

from dataclasses import dataclass

from . import abi
from .model import Cell, Function, Ivshmem, Region, System, Vsmmu
from .units import PAGE, align_down, align_up, subtract

LOG_LEVELS = ("error", "warning", "info", "debug")
VSMMU_CMDQ_LOG2, VSMMU_EVENTQ_LOG2, VSMMU_PRIQ_LOG2 = 12, 10, 10  # entries of the largest queues that a cell can have


@dataclass
class Payload:
    """Bytes for a cell that starts at boot; the offset is known once the image is laid out."""

    cell: int
    data: bytes
    ipa: int
    what: str
    offset: int = 0


@dataclass
class Start:
    """What the loader's part of the work decides about a cell."""

    entry: int = 0
    dtb: int = 0


def cell_blob(system: System, cell: Cell, start: Start) -> bytes:
    """struct cfg_cell with its arrays."""
    cpus = b"".join(abi.pack("cfg_cell_cpu", cpu=cpu, vmpidr=vmpidr(system, cell, index))
                    for index, cpu in enumerate(cell.cpus))
    regions = sorted(cell.regions, key=lambda region: region.ipa)
    irqs = sorted({intid for intid, _, _ in cell.irqs})
    streams = sorted({stream for stream, _, _ in cell.streams})
    functions = sorted(cell.functions, key=lambda function: (function.host, function.bdf))
    arrays = cpus + b"".join(map(_region, regions))
    arrays += b"".join(abi.pack("cfg_irq", intid=intid) for intid in irqs)
    arrays += b"".join(abi.pack("cfg_stream", smmu=smmu, sid=sid, vsid=cell.vsid((smmu, sid))) for smmu, sid in streams)
    arrays += b"".join(map(_function, functions))
    arrays += b"".join(map(_vsmmu, cell.vsmmus))
    arrays += b"".join(_ivshmem(device, regions) for device in cell.ivshmem)
    fixed = abi.pack(
        "cfg_cell", hdr=_header(system, "CFG_KIND_CELL", abi.sizeof("cfg_cell") + len(arrays)), name=cell.name,
        flags=_cell_flags(cell), entry=start.entry, dtb_ipa=start.dtb, gicd_ipa=cell.gicd, gicr_ipa=cell.gicr,
        ecam_ipa=cell.ecam, ecam_size=cell.ecam_size, comm_ipa=cell.comm or 0, watchdog_ms=cell.watchdog,
        restart=abi.const(f"CFG_RESTART_{cell.restart.replace('-', '_').upper()}"), restart_limit=cell.restart_times,
        restart_seconds=cell.restart_seconds, console_size=cell.ring, cpu_count=len(cell.cpus),
        uart_ipa=cell.vpl011.ipa if cell.vpl011 else 0, uart_irq=cell.vpl011.irq if cell.vpl011 else 0,
        mem_count=len(regions), irq_count=len(irqs), stream_count=len(streams), pci_count=len(functions),
        vsmmu_count=len(cell.vsmmus), ivshmem_count=len(cell.ivshmem), ivshmem_ipa=cell.ivshmem_ipa)
    return fixed + arrays


def vmpidr(system: System, cell: Cell, index: int) -> int:
    """The root cell sees the real affinities, other cells are numbered from 0."""
    return system.board.cpus[cell.cpus[index]] if cell.root else index


def _header(system: System, kind: str, size: int) -> dict:
    return {"magic": abi.const("CFG_MAGIC"), "revision": abi.const("CFG_REVISION"), "kind": abi.const(kind),
            "size": size, "board": system.board.hash}


def _cell_flags(cell: Cell) -> int:
    flags = abi.const("CFG_CELL_ROOT") if cell.root else 0
    flags |= abi.const("CFG_CELL_BOOT") if cell.boot or cell.root else 0
    flags |= abi.const("CFG_CELL_INJECT_ABORT") if cell.abort else 0
    flags |= abi.const("CFG_CELL_AARCH32") if cell.aarch32 else 0
    flags |= abi.const("CFG_CELL_GIC_SECURE") if cell.gic_secure else 0
    return flags


def _region(region: Region) -> bytes:
    flags = abi.const("CFG_MEM_IO") if region.io else 0
    for flag in region.flags:
        flags |= abi.const(f"CFG_MEM_{flag.upper()}")
    return abi.pack("cfg_mem", name=region.name, pa=region.pa, ipa=region.ipa, size=region.size, flags=flags)


def _function(function: Function) -> bytes:
    slots: list[dict] = [{} for _ in range(abi.const("CFG_PCI_BARS"))]
    for bar in function.bars:
        flags = abi.const("CFG_BAR_64") if bar.bits == 64 else 0
        flags |= abi.const("CFG_BAR_PREFETCH") if bar.prefetch else 0
        slots[bar.slot] = {"pa": bar.pa, "ipa": bar.ipa, "size": bar.size, "flags": flags}
    return abi.pack("cfg_pci_dev", host=function.host, bdf=function.bdf, vbdf=function.vbdf, id=function.ident,
                    bar=slots)


def _vsmmu(vsmmu: Vsmmu) -> bytes:
    flags = sum(abi.const(f"CFG_VSMMU_{flag.upper()}") for flag in vsmmu.flags)
    return abi.pack("cfg_vsmmu", ipa=vsmmu.ipa, smmu=vsmmu.smmu, flags=flags, eventq_irq=vsmmu.irqs["eventq"],
                    sync_irq=vsmmu.irqs["cmdq-sync"], gerror_irq=vsmmu.irqs["gerror"], cmdq_log2=VSMMU_CMDQ_LOG2,
                    priq_irq=vsmmu.irqs.get("priq", 0), eventq_log2=VSMMU_EVENTQ_LOG2,
                    priq_log2=VSMMU_PRIQ_LOG2 if "pri" in vsmmu.flags else 0, ssid_bits=vsmmu.ssid_bits)


def _ivshmem(device: Ivshmem, regions: list[Region]) -> bytes:
    index = next(index for index, region in enumerate(regions) if region is device.region)
    return abi.pack("cfg_ivshmem", mem=index, irq=device.irq, id=device.id, peers=device.peers)


# ---- the system ----

def areas(system: System) -> list[tuple[int, int, int]]:
    """(base, size, flags) of all that cells can have, derived from the board and the config; ascending."""
    ram, cells, pci = (abi.const(f"CFG_AREA_{name}") for name in ("RAM", "CELLS", "PCI"))
    found = [(span.base, span.size, ram | cells) for span in system.cell_memory]
    found += [(base, size, ram) for base, size in root_memory(system)]
    found += [(span.base, span.size, pci | cells) for span in system.cell_pci]
    found += [(base, size, pci) for base, size in root_windows(system)]
    found += _device_areas(system, cells)
    return sorted(found)


def root_memory(system: System) -> list[tuple[int, int]]:
    """The board's memory without the hypervisor's, what is reserved, and what is for cells."""
    left = [(align_up(base, PAGE), align_down(base + size, PAGE) - align_up(base, PAGE))
            for base, size in system.board.memory]
    for span in [system.hypervisor, *system.reserved, *system.cell_memory]:
        left = subtract(left, span.base, span.size)
    return sorted(left)


def root_windows(system: System) -> list[tuple[int, int]]:
    """The memory windows of the PCI host bridges without what is for cells."""
    left = [(window.cpu, window.size) for host in system.board.pci_hosts for window in host.windows
            if window.space != 1]
    for span in system.cell_pci:
        left = subtract(left, span.base, span.size)
    return left


def _device_areas(system: System, cells: int) -> list[tuple[int, int, int]]:
    """Registers: those of the root cell, and those that other cells may have."""
    found: dict[int, tuple[int, int, int]] = {}
    root = system.root
    for device in root.devices if root else []:
        found.update((region.pa, (region.pa, region.size, 0)) for region in device.regions)
    boot = [device for cell in system.cells if not cell.root for device in cell.devices]
    for device in [*system.cell_devices, *boot]:
        found.update((region.pa, (region.pa, region.size, cells)) for region in device.regions)
    return list(found.values())


def system_blob(system: System, starts: list[Start], payloads: list[Payload]) -> bytes:
    """struct cfg_system with its arrays and its cells."""
    board, spans = system.board, areas(system)
    cells = b"".join(cell_blob(system, cell, start) for cell, start in zip(system.cells, starts))
    hosts = [host for host in board.pci_hosts if host.smmu >= 0]
    arrays = b"".join(abi.pack("cfg_cpu", mpidr=mpidr) for mpidr in board.cpus)
    arrays += b"".join(abi.pack("cfg_area", base=base, size=size, flags=flags) for base, size, flags in spans)
    arrays += b"".join(abi.pack("cfg_smmu", base=smmu.base, size=smmu.size, eventq_irq=smmu.irqs["eventq"],
                                priq_irq=smmu.irqs["priq"], sync_irq=smmu.irqs["cmdq-sync"],
                                gerror_irq=smmu.irqs["gerror"]) for smmu in board.smmus)
    arrays += b"".join(abi.pack("cfg_pci_host", ecam_base=host.ecam_base, ecam_size=host.ecam_size,
                                bus_first=host.bus_first, smmu=host.smmu) for host in hosts)
    arrays += b"".join(abi.pack("cfg_payload", cell=payload.cell, offset=payload.offset, size=len(payload.data),
                                ipa=payload.ipa) for payload in payloads)
    size = abi.sizeof("cfg_system") + len(arrays) + len(cells)
    uart = system.uart
    fixed = abi.pack(
        "cfg_system", hdr=_header(system, "CFG_KIND_SYSTEM", size), name=system.name,
        hyp_base=system.hypervisor.base, hyp_size=system.hypervisor.size,
        uart_base=uart.reg()[0][0] if uart else 0,
        gicd_base=board.gicd_base, gicr_base=board.gicr_base, gicr_size=board.gicr_size,
        maintenance_irq=board.maintenance_irq, timer_irq=board.timer_irq,
        root_exit=abi.const("CFG_ROOT_EXIT_HALT" if system.root_exit == "halt" else "CFG_ROOT_EXIT_KEEP"),
        log_level=LOG_LEVELS.index(system.log_level),
        storm_limit=system.storm_limit, cpu_count=len(board.cpus), area_count=len(spans),
        smmu_count=len(board.smmus), pci_count=len(hosts), payload_count=len(payloads),
        cell_count=len(system.cells))
    return fixed + arrays + cells
