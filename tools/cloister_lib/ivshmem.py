# SPDX-License-Identifier: GPL-2.0-only
"""The ivshmem devices of a cell: ends of channels to other cells, each on a memory region that both share. They are
functions 00:00.0, 00:01.0 ... of a PCI host bridge of their own, in the order of the list."""

from __future__ import annotations

from . import rules_cell, vsmmu
from .board import Board
from .diag import Problems
from .fdt import Node, cells, cells64, strings
from .model import Cell, Ivshmem, Region, System
from .units import number, overlap, size_text
from .yamldoc import Map

IPA = 0x0B000000  # of the host bridge, where QEMU's virt has nothing
ECAM, BAR0 = 1 << 20, 0x1000
SIZE = 2 * ECAM  # of the host bridge: configuration space, and the registers behind it
SPI_FIRST, SPIS = 32, 32  # of which an emulated device can have one
LEVEL, INTA = 4, 1
PCI_MEM32, PCI_PREF64 = 0x02000000, 0x43000000
DEVICE_MASK, PIN_MASK = 0xF800, 7


# ---- from YAML ----

def resolve(board: Board, problems: Problems, cell: Cell, data: Map) -> None:
    """Fills in cell.ivshmem and cell.ivshmem_ipa; last, because it takes what all else leaves free."""
    entries = data.get("ivshmem", [])
    for index, entry in enumerate(entries):
        region = next((region for region in cell.memory if region.name == entry["region"] and not region.derived), None)
        if region is None:
            known = ", ".join(region.name for region in cell.memory if "shared" in region.flags) or "none is"
            problems.error(entry.at("region"), f"cell {cell.name}: ivshmem[{index}]: '{entry['region']}' is none of its memory "
                           f"regions; shared: {known}")
            continue
        cell.ivshmem.append(Ivshmem(region, entry["id"], entry["peers"], entry.get("irq", 0), entries.at(index)))
        _region(problems, cell, cell.ivshmem[-1])
    for device in cell.ivshmem:
        device.irq = device.irq or _spare(board, cell)
    if cell.ivshmem:
        cell.ivshmem_ipa = number(data["ivshmem_host"]) if "ivshmem_host" in data else _place(board, cell)
    elif "ivshmem_host" in data:
        problems.error(data.at("ivshmem_host"), f"cell {cell.name}: ivshmem_host: without ivshmem it has no such host bridge")


def _label(cell: Cell, device: Ivshmem) -> str:
    return f"cell {cell.name}: ivshmem '{device.region.name}'"


def _region(problems: Problems, cell: Cell, device: Ivshmem) -> None:
    """What it shares: looked at before whatever has no pa gets one, which would be its alone."""
    region, label = device.region, _label(cell, device)
    if "shared" not in region.flags:
        problems.error(device.at, f"{label}: that memory region has not the flag shared")
    elif region.pa is None:
        problems.error(device.at, f"{label}: that memory region needs a pa, the same in all cells that share it")
    if region.size & (region.size - 1):
        problems.error(device.at, f"{label}: its size {region.size:#x} is not a power of two, as a BAR's is")
    elif region.size and region.ipa % region.size:
        problems.error(device.at, f"{label}: its ipa {region.ipa:#x} is not a multiple of its size {size_text(region.size)}")


def _spare(board: Board, cell: Cell) -> int:
    """The highest interrupt that nothing else in the cell has; rather one that the board does not mention."""
    taken = {intid for intid, _, _ in cell.irqs} | {device.irq for device in cell.ivshmem}
    taken |= {cell.vpl011.irq} if cell.vpl011 else set()
    unused = set(vsmmu.unused_spis(board))
    free = [spi for spi in range(SPIS) if SPI_FIRST + spi not in taken]
    return SPI_FIRST + max(free, key=lambda spi: (spi in unused, spi), default=0)


def _place(board: Board, cell: Cell) -> int:
    """The usual address, or the lowest at which neither the cell nor, for the root cell, the board has anything."""
    taken = [(base, size) for _, base, size, _ in rules_cell.trapped(cell)]
    taken += [(region.ipa, region.size) for region in cell.regions]
    if cell.root:
        taken += [span for node in board.root.walk() for span in node.reg()]
        taken += [(window.cpu, window.size) for host in board.pci_hosts for window in host.windows]
    return next((base for base in (IPA, *range(0, 1 << 32, SIZE)) if not any(overlap(base, SIZE, *span) for span in taken)), IPA)


# ---- rules ----

def check(cell: Cell, problems: Problems) -> None:
    others = {intid: label for intid, label, _ in cell.irqs}
    if cell.vpl011:
        others[cell.vpl011.irq] = "its virtual PL011"
    regions: list[Region] = []
    for device in cell.ivshmem:
        label = _label(cell, device)
        if device.id >= device.peers:
            problems.error(device.at, f"{label}: id {device.id} is not below the number of peers, {device.peers}")
        if device.irq in others:
            problems.error(device.at, f"{label}: irq {device.irq} is that of {others[device.irq]}; free ones between {SPI_FIRST} "
                           f"and {SPI_FIRST + SPIS - 1} can be had")
        if device.region in regions:
            problems.error(device.at, f"{label}: another device of the cell has that memory region")
        others[device.irq] = label.split(": ", 1)[1]
        regions.append(device.region)
    if cell.ivshmem and cell.ivshmem_ipa + SIZE > 1 << 32:
        problems.error(cell.place("ivshmem_host"), f"cell {cell.name}: ivshmem_host {cell.ivshmem_ipa:#x} is not below 4 GiB with "
                       f"all of its {size_text(SIZE)}, as BARs of 32 bits must be")


def check_pair(cell: Cell, other: Cell, problems: Problems) -> None:
    for device in cell.ivshmem:
        for theirs in other.ivshmem:
            if None in (device.region.pa, theirs.region.pa) or device.region.pa != theirs.region.pa:
                continue
            label = _label(cell, device)
            if device.id == theirs.id:
                problems.error(device.at, f"{label}: id {device.id} is that of cell {other.name} on the same memory ({theirs.at})")
            if device.peers != theirs.peers:
                problems.error(device.at, f"{label}: peers {device.peers}, but cell {other.name} on the same memory says "
                               f"{theirs.peers} ({theirs.at})")


# ---- device tree ----

def add_nodes(system: System, cell: Cell, root: Node, reg) -> None:
    """The host bridge. Each BAR 2 has a window that it fills, the largest first: so an operating system that assigns BARs
    anew, the largest first and each at the lowest address that is free, puts all of them where they are."""
    if not cell.ivshmem:
        return
    ipa, gic = cell.ivshmem_ipa, system.board.gic
    windows = [(PCI_MEM32, ipa + ECAM, BAR0 * len(cell.ivshmem))]
    windows += [(PCI_PREF64, device.region.ipa, device.region.size)
                for device in sorted(cell.ivshmem, key=lambda device: -device.region.size)]
    width = 4 * root.u32("#address-cells", 2)
    hosts = [node for node in root.walk() if node.texts("device_type") == ["pci"]]
    node = root.add(f"pcie@{ipa:x}", {
        "compatible": strings("pci-host-ecam-generic"), "device_type": strings("pci"), "dma-coherent": b"",
        "#address-cells": cells(3), "#size-cells": cells(2), "#interrupt-cells": cells(1), "reg": reg(ipa, ECAM),
        "ranges": b"".join(cells(space) + cells64(base) + base.to_bytes(width, "big") + cells64(size)
                           for space, base, size in windows),
        "bus-range": cells(0, 0), "interrupt-map-mask": cells(DEVICE_MASK, 0, 0, PIN_MASK),
        "interrupt-map": b"".join(
            cells(slot << 11, 0, 0, INTA, gic.phandle or 1, *[0] * gic.u32("#address-cells"), 0, device.irq - SPI_FIRST, LEVEL)
            for slot, device in enumerate(cell.ivshmem))})
    # Linux wants all of them to have one, or none
    domains = [host.u32("linux,pci-domain") for host in hosts if "linux,pci-domain" in host.props]
    if len(domains) == len(hosts):
        node.props["linux,pci-domain"] = cells(max(domains, default=-1) + 1)
