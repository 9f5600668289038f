# SPDX-License-Identifier: GPL-2.0-only
"""What must hold between two cells that exist at the same time. The root cell lends what it has: creating a cell takes
CPUs, memory and functions from it. So with the root cell only what cannot be split is a problem."""

from __future__ import annotations

from .diag import Problems
from .model import EMULATED, Cell, Function, Region
from .units import PAGE, align_up, inside, overlap, range_text


def check(cell: Cell, other: Cell, problems: Problems) -> None:
    """Problems are placed where `cell` says it; `other` is named with its place."""
    if cell.root:
        cell, other = other, cell
    _names(cell, other, problems)
    _split_devices(cell, other, problems)
    _lines(cell, other, problems)
    _irqs(cell, other, problems)
    if other.root:
        _root_memory(cell, other, problems)
        return
    for rule in (_cpus, _memory, _devices, _functions, _streams, _bars):
        rule(cell, other, problems)


def _names(cell: Cell, other: Cell, problems: Problems) -> None:
    if cell.name == other.name:
        problems.error(cell.at, f"the name {cell.name} is that of another cell too ({other.at})")


def _cpus(cell: Cell, other: Cell, problems: Problems) -> None:
    for cpu in sorted(set(cell.cpus) & set(other.cpus)):
        problems.error(cell.cpus_at, f"cell {cell.name}: cpu {cpu} belongs to cell {other.name} ({other.cpus_at})")


def _shared(region: Region, theirs: Region) -> bool:
    """Both say so, and of the very same range."""
    return ("shared" in region.flags and "shared" in theirs.flags
            and (region.pa, region.size) == (theirs.pa, theirs.size))


def _memory(cell: Cell, other: Cell, problems: Problems) -> None:
    for region in cell.memory:
        for theirs in other.memory:
            if None in (region.pa, theirs.pa) or _shared(region, theirs):
                continue
            if not overlap(region.pa, region.size, theirs.pa, theirs.size):
                continue
            hint = ""
            if "shared" in region.flags and "shared" in theirs.flags:
                hint = "; to share memory both must give the very same pa and size"
            problems.error(region.at, f"cell {cell.name}: memory '{region.name}': pa {range_text(region.pa, region.size)} "
                           f"overlaps '{theirs.name}' of cell {other.name} at {range_text(theirs.pa, theirs.size)} "
                           f"({theirs.at}){hint}")


def _devices(cell: Cell, other: Cell, problems: Problems) -> None:
    """Registers are given by whole pages, so devices that share one go together."""
    for device in cell.devices:
        for theirs in other.devices:
            if device.node.path == theirs.node.path:
                problems.error(device.at, f"cell {cell.name}: device {device.label} belongs to cell {other.name} "
                               f"({theirs.at})")
            elif any(overlap(a.pa, a.size, b.pa, b.size) for a in device.regions for b in theirs.regions):
                problems.error(device.at, f"cell {cell.name}: device {device.label} has its registers in one page with "
                               f"{theirs.label} of cell {other.name} ({theirs.at})")


def _root_memory(cell: Cell, root: Cell, problems: Problems) -> None:
    for region in cell.regions:
        for theirs in root.regions:
            if region.pa is None or not overlap(region.pa, region.size, theirs.pa, theirs.size):
                continue
            if not inside(region.pa, region.size, theirs.pa, theirs.size):
                problems.error(region.at, f"cell {cell.name}: memory '{region.name}': pa "
                               f"{range_text(region.pa, region.size)} is only partly in '{theirs.name}' of the root cell; "
                               "a region is lent as a whole")
            elif "shared" in theirs.flags and not _shared(region, theirs):
                problems.error(region.at, f"cell {cell.name}: memory '{region.name}': pa "
                               f"{range_text(region.pa, region.size)} is in '{theirs.name}' of the root cell, which it shares and "
                               f"does not lend ({theirs.at}); to share memory both must give the very same pa and size and "
                               "the flag shared")


def _functions(cell: Cell, other: Cell, problems: Problems) -> None:
    theirs = {(function.host, function.bdf): function for function in other.functions}
    for function in cell.functions:
        if (function.host, function.bdf) in theirs:
            problems.error(function.at, f"cell {cell.name}: PCI function {function.label} belongs to cell {other.name} "
                           f"({theirs[function.host, function.bdf].at})")


def _streams(cell: Cell, other: Cell, problems: Problems) -> None:
    theirs = {stream: (label, at) for stream, label, at in other.streams}
    for stream, label, at in cell.streams:
        if stream not in theirs or theirs[stream][0] == label:
            continue
        other_label, other_at = theirs[stream]
        problems.error(at, f"cell {cell.name}: {label} has the same stream as {other_label} of cell {other.name} "
                       f"({other_at}), {stream[1]:#x} of SMMU {stream[0]}: the SMMU cannot tell them apart")


def _irqs(cell: Cell, other: Cell, problems: Problems) -> None:
    """Of devices, which the root cell lends, and of emulated SMMUs, which it does not; functions that share a line are
    _lines()'s."""
    theirs = {intid: (label, at) for intid, label, at in other.irqs}
    pci = {function.irq.intid for one in (cell, other) for function in one.functions if function.irq}
    for intid, label, at in cell.irqs:
        if intid not in theirs:
            continue
        emulated = EMULATED in label or EMULATED in theirs[intid][0]
        if emulated or not (other.root or intid in pci or theirs[intid][0] == label):
            problems.error(at, f"cell {cell.name}: irq {intid} of {label} belongs to {theirs[intid][0]} of cell "
                           f"{other.name} ({theirs[intid][1]})")


def _bars(cell: Cell, other: Cell, problems: Problems) -> None:
    theirs = [(function, bar) for function in other.functions for bar in function.bars if bar.pa is not None]
    for function in cell.functions:
        for bar in function.bars:
            for their_function, their_bar in theirs:
                if bar.pa is None or not overlap(bar.pa, align_up(bar.size, PAGE), their_bar.pa,
                                                 align_up(their_bar.size, PAGE)):
                    continue
                problems.error(bar.at, f"cell {cell.name}: PCI function {function.label}: BAR {bar.slot} at "
                               f"{range_text(bar.pa, bar.size)} overlaps BAR {their_bar.slot} of {their_function.label} of "
                               f"cell {other.name} ({their_bar.at})")


def _left(cell: Cell, other: Cell) -> list[Function]:
    """The functions that `other` has while `cell` exists: the root cell without those that it lent."""
    lent = {(function.host, function.bdf) for function in cell.functions}
    return [function for function in other.functions if (function.host, function.bdf) not in lent]


def _split_devices(cell: Cell, other: Cell, problems: Problems) -> None:
    for function in cell.functions:
        for theirs in _left(cell, other):
            if (function.host, function.bdf >> 3) == (theirs.host, theirs.bdf >> 3):
                problems.error(function.at, f"cell {cell.name}: PCI function {function.label} is of the same device as "
                               f"{theirs.label} of cell {other.name} ({theirs.at}): functions of one device can reach each "
                               "other past the SMMU, so they go to one cell")


def _lines(cell: Cell, other: Cell, problems: Problems) -> None:
    for function in cell.functions:
        for theirs in _left(cell, other):
            if function.irq and theirs.irq and function.irq.intid == theirs.irq.intid:
                problems.error(function.at, f"cell {cell.name}: PCI function {function.label} shares interrupt line "
                               f"{function.irq.intid} with {theirs.label} of cell {other.name} ({theirs.at}): one of them "
                               "could block the other; put one into another slot, or say pin: none if it uses none")
