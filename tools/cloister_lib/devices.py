# SPDX-License-Identifier: GPL-2.0-only
"""Devices of a cell: memory-mapped ones and PCI functions, with what the board's device tree says of them."""

from __future__ import annotations

from .fdt import Node
from .model import Bar, Cell, Device, Function, Region, bdf_number
from .units import PAGE, align_down, align_up, number
from .yamldoc import Map

PINS = {"none": 0, "A": 1, "B": 2, "C": 3, "D": 4}

# BARs of devices that are common in tests, by device << 16 | vendor: nothing but the device itself knows them.
KNOWN_BARS = {0x11E81234: [1 << 20]}  # QEMU's edu

# What is the hypervisor's own, by compatible string.
OWNED = {"arm,gic-v3": "the interrupt controller", "arm,gic-v3-its": "the interrupt translation service",
         "arm,smmu-v3": "the SMMU", "pci-host-ecam-generic": "a PCI host bridge, whose functions are given one by one"}

# Devices that move data by themselves, with no SMMU before them and nothing in their node that says so.
UNFENCED = ("virtio,mmio", "qemu,fw-cfg-mmio")


def resolve(resolver, cell: Cell, data: Map) -> None:
    """Fills cell.devices and cell.functions."""
    entries = data.get("devices", [])
    for index, entry in enumerate(entries):
        if isinstance(entry, Map) and "pci" in entry:
            found = _function(resolver, cell, entries, index, entry)
            cell.functions += [found] if found else []
            continue
        found = _mmio(resolver, entries, index, entry)
        cell.devices += [found] if found else []


# ---- memory-mapped ----

def _mmio(resolver, entries, index: int, entry) -> Device | None:
    if isinstance(entry, str):
        return device(resolver, entries, index, entry, None)
    for key in entry:
        if key not in ("device", "ipa"):
            resolver.problems.error(entry.at(key), f"devices[{index}]: the key '{key}' is for PCI functions only")
    return device(resolver, entries, index, entry["device"], number(entry["ipa"]) if "ipa" in entry else None)


def device(resolver, entries, index: int, name: str, ipa: int | None) -> Device | None:
    """A device of the board with its registers, interrupts and streams; None after saying what is wrong."""
    at, where = entries.at(index), f"devices[{index}]"
    node = resolver.node(name, at, where)
    if node is None:
        return None
    refusal = _refusal(resolver.board, node)
    if refusal:
        resolver.problems.error(at, f"{where}: {name} {refusal}")
        return None
    regions = []
    for index_of_range, (base, size) in enumerate(node.reg()):
        start = align_down(base, PAGE)
        offset = 0 if ipa is None else ipa - node.reg()[0][0]
        label = node.name[:13] + (f".{index_of_range}" if index_of_range else "")
        regions.append(Region(label[:15], start, start + offset, align_up(base + size, PAGE) - start,
                              frozenset(("read", "write")), at, io=True))
    return Device(node, resolver.board.alias_of(node), regions, resolver.board.irqs(node),
                  _streams(resolver.board, node), at)


def _refusal(board, node: Node) -> str:
    """Why no cell can have it; empty when one can."""
    for compatible, what in OWNED.items():
        if node.compatible(compatible):
            return f"is {what} and belongs to the hypervisor"
    if not node.reg():
        return "has no registers that the CPUs can reach"
    if node.texts("device_type") in (["memory"], ["cpu"]):
        return f"is a {node.texts('device_type')[0]} node, not a device"
    moves_data = node.compatible(*UNFENCED) or "dmas" in node.props or (
        "dma-coherent" in node.props and "iommus" not in node.props)
    if moves_data:
        return "moves data by DMA with no SMMU before it, so no cell can have it"
    return ""


def _streams(board, node: Node) -> list[tuple[int, int]]:
    values, found, at = node.u32s("iommus"), [], 0
    while at < len(values):
        parent = board.phandles.get(values[at])
        cells = parent.u32("#iommu-cells", 1) if parent else 1
        index = next((i for i, smmu in enumerate(board.smmus) if smmu.node is parent), -1)
        if index >= 0 and at + 1 < len(values):
            found.append((index, values[at + 1]))
        at += 1 + cells
    return found


# ---- PCI ----

def _host(resolver, entry: Map, where: str) -> int | None:
    hosts = resolver.board.pci_hosts
    if not hosts:
        resolver.problems.error(entry.at("pci"), f"{where}: the board has no PCI host bridge")
        return None
    if "host" not in entry:
        return 0
    node = resolver.board.find(entry["host"])
    index = next((i for i, host in enumerate(hosts) if host.node is node), None)
    if index is None:
        resolver.problems.error(entry.at("host"), f"{where}: '{entry['host']}' is not a PCI host bridge of the board "
                                f"({', '.join(host.node.path for host in hosts)})")
    return index


def _function(resolver, cell: Cell, entries, index: int, entry: Map) -> Function | None:
    where, at = f"devices[{index}] '{entry['pci']}'", entries.at(index)
    for key in ("device", "ipa"):
        if key in entry:
            resolver.problems.error(entry.at(key), f"{where}: the key '{key}' is not for PCI functions")
    host_index = _host(resolver, entry, where)
    if host_index is None:
        return None
    host, bdf = resolver.board.pci_hosts[host_index], bdf_number(entry["pci"])
    if not host.has(bdf):
        resolver.problems.error(at, f"{where}: bus {bdf >> 8:#x} is not one of the bridge's, {host.bus_first:#x} to "
                                f"{host.bus_first + (host.ecam_size >> 20) - 1:#x}")
        return None
    if not cell.root and bdf >> 8 != host.bus_first:
        resolver.problems.error(at, f"{where}: is behind a bridge; only functions on the root bus "
                                f"{host.bus_first:02x} can be given to a cell")
        return None
    stream = host.stream(bdf)
    if stream is None:
        resolver.problems.error(at, f"{where}: no SMMU stands before this function (iommu-map of {host.node.path}), "
                                "so its DMA cannot be fenced in")
    pin = PINS[entry.get("pin", "A")]
    irq = resolver.board.intx(host, bdf, pin) if pin else None
    ident = _ident(entry)
    vbdf = bdf_number(entry["as"]) if "as" in entry else bdf
    return Function(host_index, bdf, vbdf, ident, _bars(resolver, cell, entry, ident, where), pin, irq, stream, at)


def _ident(entry: Map) -> int:
    if "id" not in entry:
        return 0
    vendor, model = entry["id"].split(":")
    return int(model, 16) << 16 | int(vendor, 16)


def _bars(resolver, cell: Cell, entry: Map, ident: int, where: str) -> list[Bar]:
    sizes = entry.get("bars")
    if cell.root:
        if sizes:
            resolver.problems.error(entry.at("bars"), f"{where}: the root cell places BARs itself; leave 'bars' out")
        return []
    if sizes is None and ident in KNOWN_BARS:
        return [Bar(slot, size, 32, False, None, None, entry.at("id")) for slot, size in enumerate(KNOWN_BARS[ident])]
    if sizes is None:
        resolver.problems.error(entry.at("pci"), f"{where}: the key 'bars' is missing: the sizes of its BARs, which the "
                                "device tree does not tell (lspci -v shows them)")
        return []
    bars, slot = [], 0
    for index, size in enumerate(sizes):
        bar = _bar(slot, size, sizes.at(index))
        slot += 2 if bar.bits == 64 else 1
        if bar.size:
            bars.append(bar)
    return bars


def _bar(slot: int, entry, at) -> Bar:
    if not isinstance(entry, Map):
        return Bar(slot, number(entry), 32, False, None, None, at)
    pa = number(entry["pa"]) if "pa" in entry else None
    ipa = number(entry["ipa"]) if "ipa" in entry else pa
    return Bar(slot, number(entry["size"]), entry.get("bits", 32), entry.get("prefetch", False), pa, ipa, at)

