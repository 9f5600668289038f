# SPDX-License-Identifier: GPL-2.0-only
"""The emulated SMMUs of a cell with `smmu: {stage1: true}`: one for each SMMU behind which it has a device, at the
address of the real one for the root cell. Their interrupts are SPIs that nothing on the board raises."""

from __future__ import annotations

from .board import Board
from .diag import At, Problems
from .fdt import Node, cells, strings
from .model import Cell, Device, Function, System, Vsmmu, bdf_text
from .yamldoc import Map

IPA = 0x09050000  # of a cell's first, where QEMU's virt has its SMMU
SIZE = 0x20000
SPIS = 256  # that are looked at for spare ones
IRQS = ("eventq", "cmdq-sync", "gerror", "priq")  # in the order in which SPIs are taken; the last with pri only
FLAGS = ("stall", "ats", "trust_ats", "pri")
EDGE = 1


def resolve(board: Board, problems: Problems, cell: Cell, data: Map) -> None:
    """Fills in cell.vsmmus and cell.vsids; after its devices."""
    options = data.get("smmu", {})
    if not options.get("stage1", False):
        if options and "stage1" not in options:
            problems.error(data.at("smmu"), f"cell {cell.name}: smmu: without stage1: true it has no SMMU, so "
                           f"'{next(iter(options))}' says nothing")
        return
    behind = sorted({smmu for (smmu, _), _, _ in cell.streams})
    if not behind:
        problems.error(data.at("smmu"), f"cell {cell.name}: smmu: stage1, but none of its devices is behind an SMMU")
        return
    flags = frozenset(name for name in FLAGS if options.get(name, name == "ats"))
    if "pri" in flags and not flags & {"ats", "trust_ats"}:
        problems.error(options.at("pri"), f"cell {cell.name}: smmu: pri needs ats: a device asks for pages by ATS only")
    names = IRQS if "pri" in flags else IRQS[:-1]
    spis = list(options["spis"]) if "spis" in options else _spare(board, cell)[:len(names) * len(behind)]
    if len(spis) != len(names) * len(behind):
        problems.error(options.at("spis") if "spis" in options else data.at("smmu"), f"cell {cell.name}: smmu: "
                       f"{len(names) * len(behind)} spis are needed ({', '.join(names)}"
                       f"{' for each SMMU' if len(behind) > 1 else ''}), {len(spis)} are there")
        return
    for n, smmu in enumerate(behind):
        irqs = {name: 32 + spis[n * len(names) + place] for place, name in enumerate(names)}
        ipa = board.smmus[smmu].base if cell.root else IPA + n * SIZE
        cell.vsmmus.append(Vsmmu(smmu, ipa, SIZE, irqs, flags, options.get("substreams", 20), data.at("smmu")))
    _streams(board, problems, cell, options.get("streams", Map()))


def unused_spis(board: Board) -> list[int]:
    """SPIs that the board does not mention."""
    used = {irq.number for node in board.root.walk() for irq in board.irqs(node) if irq.kind == 0}
    used |= {specifier[1] for node in board.root.walk() for _, parent, specifier in board.interrupt_map(node)
             if parent is board.gic and specifier[0] == 0}
    return [spi for spi in range(SPIS) if spi not in used]


def _spare(board: Board, cell: Cell) -> list[int]:
    """Unused ones from those on that no cell at the same time takes: a CPU has one owner."""
    block = len(IRQS) * len(board.smmus)
    first = 0 if cell.root or not cell.cpus else block * (1 + min(cell.cpus))
    return unused_spis(board)[first:first + block]


# ---- StreamIDs of the cell's own ----

def _own(board: Board, cell: Cell, name: str) -> list[tuple[int, int]]:
    """The streams of one of the cell's devices; none: it has no such device, or it is behind no SMMU."""
    node = board.find(name)
    found = [stream for device in cell.devices if node is device.node for stream in device.streams]
    return found + [function.stream for function in cell.functions
                    if function.stream and bdf_text(function.bdf) == name.lower()]


def _streams(board: Board, problems: Problems, cell: Cell, wanted: Map) -> None:
    given: dict[tuple[int, int], tuple[str, At]] = {}
    for name, vsids in wanted.items():
        where, at = f"cell {cell.name}: smmu.streams: '{name}'", wanted.at(name)
        numbers, streams = vsids if isinstance(vsids, list) else [vsids], _own(board, cell, str(name))
        if not streams:
            known = ", ".join(dict.fromkeys(label for _, label, _ in cell.streams))
            problems.error(at, f"{where} is none of the cell's devices behind an SMMU ({known})")
        elif len(numbers) != len(streams):
            problems.error(at, f"{where} has {len(streams)} streams, but {len(numbers)} StreamIDs are given")
        else:
            given.update((stream, (str(name), at)) for stream in streams)
            cell.vsids.update(zip(streams, numbers))
    _apart(problems, cell, given)


def _apart(problems: Problems, cell: Cell, given: dict[tuple[int, int], tuple[str, At]]) -> None:
    seen: dict[tuple[int, int], str] = {}
    labels = {stream: label for stream, label, _ in cell.streams}
    # those that are given come last, for they are what can be changed
    for stream in sorted(labels, key=lambda stream: (stream in given, list(given).index(stream) if stream in given else 0)):
        name, vsid = labels[stream], (stream[0], cell.vsid(stream))
        if vsid in seen:
            problems.error(given[stream][1], f"cell {cell.name}: smmu.streams: {name} and {seen[vsid]} would both have "
                           f"StreamID {vsid[1]:#x}")
        seen.setdefault(vsid, name)


# ---- device tree ----

def _phandle(system: System, smmu: int) -> int:
    return system.board.smmus[smmu].node.phandle


def add_nodes(system: System, cell: Cell, root: Node, reg) -> None:
    """`reg` makes a reg property of an address and a size."""
    for vsmmu in cell.vsmmus:
        root.add(f"smmuv3@{vsmmu.ipa:x}", {
            "compatible": strings("arm,smmu-v3"), "reg": reg(vsmmu.ipa, vsmmu.size), "#iommu-cells": cells(1),
            "dma-coherent": b"", "phandle": cells(_phandle(system, vsmmu.smmu)),
            "interrupts": b"".join(cells(0, intid - 32, EDGE) for intid in vsmmu.irqs.values()),
            "interrupt-names": strings(*vsmmu.irqs)})


def iommus(system: System, cell: Cell, device: Device) -> bytes:
    """For a memory-mapped device of a cell with emulated SMMUs."""
    return b"".join(cells(_phandle(system, stream[0]), cell.vsid(stream)) for stream in device.streams)


def _map_entry(system: System, cell: Cell, function: Function) -> bytes:
    return cells(function.vbdf, _phandle(system, function.stream[0]), cell.vsid(function.stream), 1)


def iommu_map(system: System, cell: Cell) -> bytes:
    """For its PCI host bridge."""
    return b"".join(_map_entry(system, cell, function) for function in cell.functions if function.stream)
