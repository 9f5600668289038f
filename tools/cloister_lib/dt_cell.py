# SPDX-License-Identifier: GPL-2.0-only
"""The device tree of a cell: a small machine of its own, made from what its config gives it."""

from __future__ import annotations

from . import fdt, ivshmem, vpl011, vsmmu
from .emit import vmpidr
from .fdt import Node, cells, cells64, strings
from .model import Cell, Device, Function, System
from .units import PAGE, align_down, align_up

GICD_SIZE, GICR_CPU_SIZE = 0x10000, 0x20000
WINDOW = 1 << 20  # BARs are described in pieces of this size
PCI_MEM32, PCI_MEM64, PCI_PREFETCH = 0x02000000, 0x03000000, 0x40000000
PIN_MASK, FUNCTION_MASK = 7, 0xFF00
# Of the board's node, what makes no sense in the cell's tree or is written anew.
DROPPED = ("reg", "phandle", "linux,phandle", "iommus", "dmas", "dma-names", "interrupt-parent", "status",
           "power-domains", "resets", "pinctrl-0", "pinctrl-names")


def build(system: System, cell: Cell, initrd: tuple[int, int] | None) -> bytes:
    """The flattened tree; `initrd` is (address, bytes)."""
    gic = system.board.gic.phandle or 1
    root = Node("", {"#address-cells": cells(2), "#size-cells": cells(2), "interrupt-parent": cells(gic),
                     "model": strings(f"Cloister cell {cell.name}"), "compatible": strings("cloister,cell")})
    if cell.functions:
        root.props["dma-coherent"] = b""
    aliases = root.add("aliases")
    _chosen(root, cell, initrd)
    _memory(root, cell)
    _comm(root, cell)
    _cpus(root, system, cell)
    root.add("psci", {"compatible": strings("arm,psci-1.0", "arm,psci-0.2"), "method": strings("hvc")})
    _gic(root, cell, gic, system.board.gic.u32("#address-cells"))
    _timer(root, system)
    for device in cell.devices:
        _device(root, system, cell, device)
    vpl011.add_nodes(system.board, cell, root)
    vsmmu.add_nodes(system, cell, root, cells64)
    _pci_host(root, system, cell, gic)
    ivshmem.add_nodes(system, cell, root, cells64)
    uarts = [vpl011.name(cell.vpl011)] if cell.vpl011 else []
    uarts += [_name(device) for device in cell.devices if device.node.compatible("arm,pl011")]
    for index, name in enumerate(uarts):
        aliases.props[f"serial{index}"] = strings(f"/{name}")
    if not aliases.props:
        aliases.remove()
    root.add("cloister", {"compatible": strings("cloister,hypervisor"), "method": strings("hvc")})
    return fdt.flatten(root)


def _name(device: Device) -> str:
    """As on the board, with the address that the cell sees."""
    return f"{device.node.name.split('@')[0]}@{_ipa(device):x}"


def _ipa(device: Device) -> int:
    region = device.regions[0]
    return device.node.reg()[0][0] - region.pa + region.ipa


def _chosen(root: Node, cell: Cell, initrd: tuple[int, int] | None) -> None:
    node = root.add("chosen")
    if cell.bootargs:
        node.props["bootargs"] = strings(cell.bootargs)
    if cell.console or cell.vpl011:
        node.props["stdout-path"] = strings(f"/{_name(cell.console) if cell.console else vpl011.name(cell.vpl011)}")
    if initrd:
        node.props["linux,initrd-start"] = cells64(initrd[0])
        node.props["linux,initrd-end"] = cells64(initrd[0] + initrd[1])
    if cell.functions:
        node.props["linux,pci-probe-only"] = cells(1)


def _memory(root: Node, cell: Cell) -> None:
    for region in cell.memory:
        if region.ram and "shared" not in region.flags:
            root.add(f"memory@{region.ipa:x}", {"device_type": strings("memory"),
                                                "reg": cells64(region.ipa, region.size)})


def _comm(root: Node, cell: Cell) -> None:
    """Kept out of what an operating system takes for itself; the node says which of the reserved pages it is."""
    if cell.comm is not None:
        parent = root.add("reserved-memory", {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": b""})
        parent.add(f"comm@{cell.comm:x}", {"compatible": strings("cloister,comm"), "reg": cells64(cell.comm, PAGE),
                                           "no-map": b""})


def _cpus(root: Node, system: System, cell: Cell) -> None:
    parent = root.add("cpus", {"#address-cells": cells(1), "#size-cells": cells(0)})
    for index, cpu in enumerate(cell.cpus):
        number = vmpidr(system, cell, index)
        kind = system.board.cpu_node(cpu).props.get("compatible", strings("arm,armv8"))
        parent.add(f"cpu@{number:x}", {"device_type": strings("cpu"), "compatible": kind, "reg": cells(number),
                                       "enable-method": strings("psci")})


def _gic(root: Node, cell: Cell, phandle: int, address_cells: int) -> None:
    root.add(f"intc@{cell.gicd:x}", {
        "compatible": strings("arm,gic-v3"), "interrupt-controller": b"", "#interrupt-cells": cells(3),
        "reg": cells64(cell.gicd, GICD_SIZE, cell.gicr, GICR_CPU_SIZE * len(cell.cpus)),
        "#redistributor-regions": cells(1), "phandle": cells(phandle), "ranges": b"",
        "#address-cells": cells(address_cells), "#size-cells": cells(address_cells)})


def _timer(root: Node, system: System) -> None:
    root.add("timer", {"compatible": strings("arm,armv8-timer"), "always-on": b"",
                       "interrupts": system.board.timer.props["interrupts"]})


def _device(root: Node, system: System, cell: Cell, device: Device) -> None:
    """The board's node with the cell's addresses, and the fixed clocks that it names."""
    node = root.add(_name(device))
    node.props = {name: value for name, value in device.node.props.items() if name not in DROPPED}
    base = device.node.reg()[0][0]
    node.props["reg"] = b"".join(cells64(address - base + _ipa(device), size) for address, size in device.node.reg())
    if cell.vsmmus and device.streams:
        node.props["iommus"] = vsmmu.iommus(system, cell, device)
    for phandle in device.node.u32s("clocks"):
        clock = system.board.phandles.get(phandle)
        if clock is None or not clock.compatible("fixed-clock"):
            node.props.pop("clocks", None)
            node.props.pop("clock-names", None)
        elif not any(child.phandle == phandle for child in root.children):
            root.add(clock.name.split("@")[0]).props = dict(clock.props)


def _windows(cell: Cell, bits: int) -> list[tuple[int, int]]:
    """(address, size) of whole MiBs around the BARs of that width, each once, neighbours joined."""
    spans = sorted((align_down(bar.ipa, WINDOW), align_up(bar.ipa + bar.size, WINDOW))
                   for function in cell.functions for bar in function.bars if (bar.ipa >= 1 << 32) == (bits == 64))
    windows: list[tuple[int, int]] = []
    for start, end in spans:
        if windows and start <= windows[-1][0] + windows[-1][1]:
            first, size = windows.pop()
            start, end = first, max(end, first + size)
        windows.append((start, end - start))
    return windows


def _pci_host(root: Node, system: System, cell: Cell, gic: int) -> None:
    if not cell.functions:
        return
    ranges = b""
    for bits, space in ((32, PCI_MEM32), (64, PCI_MEM64 | PCI_PREFETCH)):
        for base, size in _windows(cell, bits):
            ranges += cells(space) + cells64(base, base, size)
    node = root.add(f"pcie@{cell.ecam:x}", {
        "compatible": strings("pci-host-ecam-generic"), "device_type": strings("pci"), "linux,pci-domain": cells(0),
        "#address-cells": cells(3), "#size-cells": cells(2), "#interrupt-cells": cells(1), "dma-coherent": b"",
        "reg": cells64(cell.ecam, cell.ecam_size), "ranges": ranges,
        "bus-range": cells(0, (cell.ecam_size >> 20) - 1)})
    if cell.vsmmus:
        node.props["iommu-map"] = vsmmu.iommu_map(system, cell)
    pins = [function for function in cell.functions if function.irq]
    if pins:
        unit = system.board.gic.u32("#address-cells")
        node.props["interrupt-map-mask"] = cells(FUNCTION_MASK, 0, 0, PIN_MASK)
        node.props["interrupt-map"] = b"".join(_interrupt(function, gic, unit) for function in pins)


def _interrupt(function: Function, gic: int, unit_cells: int) -> bytes:
    irq = function.irq
    return cells(function.vbdf << 8, 0, 0, function.pin, gic, *[0] * unit_cells, irq.kind, irq.number, irq.flags)
