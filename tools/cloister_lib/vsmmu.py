# SPDX-License-Identifier: GPL-2.0-only
"""The emulated SMMUs of a cell with `smmu: {stage1: true}`: one for each SMMU behind which it has a device, at the
address of the real one for the root cell. Their interrupts are SPIs that nothing on the board raises."""

from __future__ import annotations

from .board import Board
from .fdt import Node, cells, strings
from .model import Cell, System, Vsmmu
from .yamldoc import Map

IPA = 0x09050000  # of a cell's first, where QEMU's virt has its SMMU
SIZE = 0x20000
SPIS = 256  # that are looked at for spare ones
IRQS = ("eventq", "cmdq-sync", "gerror")  # in the order in which SPIs are taken
FLAGS = ("stall", "ats", "trust_ats")
EDGE = 1


def resolve(board: Board, problems, cell: Cell, data: Map) -> None:
    """Fills in cell.vsmmus; after its devices."""
    options = data.get("smmu", {})
    if not options.get("stage1", False):
        return
    at = data.at("smmu")
    behind = sorted({smmu for (smmu, _), _, _ in cell.streams})
    if not behind:
        problems.error(at, f"cell {cell.name}: smmu: stage1, but none of its devices is behind an SMMU")
        return
    spis = list(options["spis"]) if "spis" in options else _spare(board, cell, len(behind))
    if len(spis) < len(IRQS) * len(behind):
        problems.error(at, f"cell {cell.name}: smmu: {len(IRQS) * len(behind)} spis are needed, {len(spis)} are there")
        return
    flags = frozenset(name for name in FLAGS if options.get(name, name == "ats"))
    for n, smmu in enumerate(behind):
        irqs = {name: 32 + spis[n * len(IRQS) + place] for place, name in enumerate(IRQS)}
        ipa = board.smmus[smmu].base if cell.root else IPA + n * SIZE
        cell.vsmmus.append(Vsmmu(smmu, ipa, SIZE, irqs, flags, options.get("substreams", 20), at))


def _spare(board: Board, cell: Cell, count: int) -> list[int]:
    """Of the SPIs that the board does not mention, some that no cell at the same time has: a CPU has one owner."""
    used = {irq.number for node in board.root.walk() for irq in board.irqs(node) if irq.kind == 0}
    used |= {specifier[1] for node in board.root.walk() for _, parent, specifier in board.interrupt_map(node)
             if parent is board.gic and specifier[0] == 0}
    spare = [spi for spi in range(SPIS) if spi not in used]
    block = len(IRQS) * len(board.smmus)
    first = 0 if cell.root or not cell.cpus else block * (1 + min(cell.cpus))
    return spare[first:first + len(IRQS) * count]


# ---- device tree ----

def _phandle(system: System, vsmmu: Vsmmu) -> int:
    return system.board.smmus[vsmmu.smmu].node.phandle


def add_nodes(system: System, cell: Cell, root: Node, reg) -> None:
    """`reg` makes a reg property of an address and a size."""
    for vsmmu in cell.vsmmus:
        root.add(f"smmuv3@{vsmmu.ipa:x}", {
            "compatible": strings("arm,smmu-v3"), "reg": reg(vsmmu.ipa, vsmmu.size), "#iommu-cells": cells(1),
            "dma-coherent": b"", "phandle": cells(_phandle(system, vsmmu)),
            "interrupts": b"".join(cells(0, intid - 32, EDGE) for intid in vsmmu.irqs.values()),
            "interrupt-names": strings(*vsmmu.irqs)})


def iommu_map(system: System, cell: Cell) -> bytes:
    """For the cell's PCI host bridge; StreamIDs are those of the machine."""
    by_index = {vsmmu.smmu: vsmmu for vsmmu in cell.vsmmus}
    return b"".join(cells(function.vbdf, _phandle(system, by_index[function.stream[0]]), function.stream[1], 1)
                    for function in cell.functions if function.stream and function.stream[0] in by_index)
