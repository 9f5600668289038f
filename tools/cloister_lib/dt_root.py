# SPDX-License-Identifier: GPL-2.0-only
"""The root cell's device tree: the board's, without what the root cell doesn't have.

A node with registers stays only if the root cell owns them; its interrupt controller, CPUs, timer and PSCI stay; a
node without registers stays if everything that it refers to does.
"""

from __future__ import annotations

from . import fdt, ivshmem, vsmmu
from .board import GIC_COMPATIBLE, PCI_COMPATIBLE, PCI_IO, SMMU_COMPATIBLE
from .emit import root_windows
from .fdt import Node, cells, cells64, strings
from .model import Cell, System

REMOVED = ("arm,armv8-pmuv3", *SMMU_COMPATIBLE, "arm,gic-v3-its", "simple-bus")
KEPT_NODES = ("cpus", "psci", "aliases", "chosen")
# Properties that refer to a node: without it the node is of no use, or just the property goes.
NEEDED = ("clocks", "gpios", "interrupt-parent", "power-domains", "resets")
OPTIONAL = ("iommu-map", "iommu-map-mask", "msi-map", "msi-map-mask", "msi-parent", "iommus")


def build(system: System, cell: Cell, initrd: tuple[int, int] | None) -> bytes:
    """The flattened tree; `initrd` is (address, bytes)."""
    root = fdt.parse(fdt.flatten(system.board.root), system.board.file)
    for node in [node for node in root.walk() if node.parent is root]:
        if not _stays(node, system, cell):
            node.remove()
    _strip(root)
    _drop_dangling(root)
    for node in [node for node in root.children if node.compatible(*PCI_COMPATIBLE)]:
        _pci_host(node, system, cell)
        if cell.vsmmus:
            node.props["iommu-map"] = vsmmu.iommu_map(system, cell)
    for device in [device for device in cell.devices if cell.vsmmus and device.streams]:
        next(node for node in root.walk() if node.path == device.node.path).props["iommus"] = vsmmu.iommus(system, cell, device)
    for emulated in (vsmmu, ivshmem):
        emulated.add_nodes(system, cell, root, lambda base, size: _reg(root, base, size))
    _aliases(root)
    _memory(root, cell)
    _reserved(root, system)
    _hypervisor(root, system)
    _chosen(root, system, cell, initrd)
    return fdt.flatten(root)


def _stays(node: Node, system: System, cell: Cell) -> bool:
    if node.name in KEPT_NODES or node.compatible(*GIC_COMPATIBLE) or node.compatible("arm,armv8-timer"):
        return True
    if node.compatible(*REMOVED) or node.texts("device_type") == ["memory"] or node.name == "reserved-memory":
        return False
    if node.compatible(*PCI_COMPATIBLE):
        return any(system.board.pci_hosts[function.host].node.path == node.path for function in cell.functions)
    if node.reg():
        return any(device.node.path == node.path for device in cell.devices)
    return True


def _strip(root: Node) -> None:
    """What is the hypervisor's, deeper down and in properties."""
    for node in list(root.walk()):
        if node.compatible(*REMOVED):
            node.remove()
        for name in OPTIONAL:
            node.props.pop(name, None)


def _drop_dangling(root: Node) -> None:
    """Nodes that need one that is gone, until none is left."""
    while True:
        known = {node.phandle for node in root.walk() if node.phandle}
        gone = [node for node in root.walk() for name in NEEDED
                if name in node.props and node.u32(name) not in known and node.parent is not None]
        if not gone:
            break
        for node in gone:
            node.remove()
    for node in [node for node in root.children if node.compatible("gpio-keys") and not node.children]:
        node.remove()


def _pci_host(node: Node, system: System, cell: Cell) -> None:
    """Its windows without the I/O ports, which nobody needs, and without what is for other cells' BARs."""
    host = next(host for host in system.board.pci_hosts if host.node.path == node.path)
    left = root_windows(system)
    entries = b""
    for window in host.windows:
        for base, size in left:
            if window.space == PCI_IO or not window.cpu <= base < window.cpu + window.size:
                continue
            entries += cells(window.flags) + cells64(window.pci + base - window.cpu, base, size)
    node.props["ranges"] = entries


def _aliases(root: Node) -> None:
    node = root.child("aliases")
    paths = {other.path for other in root.walk()}
    for name in list(node.props) if node else []:
        if node.texts(name)[0] not in paths:
            del node.props[name]


def _reg(root: Node, base: int, size: int) -> bytes:
    """One entry of a reg property of a child of the root node."""
    address_cells, size_cells = root.u32("#address-cells", 2), root.u32("#size-cells", 1)
    return base.to_bytes(4 * address_cells, "big") + size.to_bytes(4 * size_cells, "big")


def _memory(root: Node, cell: Cell) -> None:
    for region in cell.memory:
        if not region.derived and "shared" not in region.flags:
            root.add(f"memory@{region.ipa:x}", {"device_type": strings("memory"),
                                                "reg": _reg(root, region.ipa, region.size)})


def _reserved(root: Node, system: System) -> None:
    """Cell memory, so that Linux keeps its hands off what it can reach only to load a cell."""
    if not system.cell_memory:
        return
    parent = root.add("reserved-memory", {"#address-cells": root.props["#address-cells"],
                                          "#size-cells": root.props["#size-cells"], "ranges": b""})
    for span in system.cell_memory:
        parent.add(f"cells@{span.base:x}", {"reg": _reg(root, span.base, span.size), "no-map": b""})


def _hypervisor(root: Node, system: System) -> None:
    root.add("cloister", {"compatible": strings("cloister,hypervisor"), "method": strings("hvc"),
                          "cloister,cpu-mpidrs": cells64(*system.board.cpus),
                          "cloister,system": strings(system.name)})


def _chosen(root: Node, system: System, cell: Cell, initrd: tuple[int, int] | None) -> None:
    """Seeds are left out: what is the same at every boot is no secret."""
    node = root.child("chosen") or root.add("chosen")
    node.props = {}
    if cell.bootargs:
        node.props["bootargs"] = strings(cell.bootargs)
    if cell.console:
        node.props["stdout-path"] = strings(cell.console.node.path)
    if initrd:
        node.props["linux,initrd-start"] = cells64(initrd[0])
        node.props["linux,initrd-end"] = cells64(initrd[0] + initrd[1])
