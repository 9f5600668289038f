# SPDX-License-Identifier: GPL-2.0-only
"""Places what a config leaves open: memory of cells in cell_memory, BARs in cell_pci. First fit in the order of the
cells given, so the same files in the same order give the same addresses. What is explicit stands before that."""

from __future__ import annotations

from .diag import Problems
from .model import Cell, Span, System
from .units import BLOCK, PAGE, align_up, size_text, subtract

Ranges = list[tuple[int, int]]


def _first_fit(free: Ranges, size: int, alignment: int) -> int | None:
    for base, length in sorted(free):
        start = align_up(base, alignment)
        if start + size <= base + length:
            return start
    return None


def _free(spans: list[Span], taken: Ranges) -> Ranges:
    left = [(span.base, span.size) for span in spans]
    for base, size in taken:
        left = subtract(left, base, size)
    return left


def memory(system: System, cells: list[Cell], problems: Problems) -> None:
    """Gives a pa to every region that has none."""
    guests = [cell for cell in cells if not cell.root]
    taken = [(region.pa, region.size) for cell in guests for region in cell.memory if region.pa is not None]
    free = _free(system.cell_memory, taken)
    for cell in guests:
        for region in cell.memory:
            if region.pa is not None or region.size <= 0:
                continue
            region.pa = _first_fit(free, region.size, BLOCK if region.size >= BLOCK else PAGE)
            if region.pa is None:
                left = sum(length for _, length in free)
                problems.error(region.at, f"cell {cell.name}: memory '{region.name}': cell_memory has no free piece of "
                               f"{size_text(region.size)} ({size_text(left)} are left in all)")
                continue
            free = subtract(free, region.pa, region.size)


def bars(system: System, cells: list[Cell], problems: Problems) -> None:
    """Gives addresses to every BAR that has none. Two BARs never share a page: a page is what a cell can be given."""
    all_bars = [(cell, function, bar) for cell in cells for function in cell.functions for bar in function.bars]
    taken = [(bar.pa, align_up(bar.size, PAGE)) for _, _, bar in all_bars if bar.pa is not None]
    free = _free(system.cell_pci, taken)
    for cell, function, bar in all_bars:
        if bar.pa is not None or bar.size <= 0:
            continue
        span = align_up(bar.size, PAGE)
        bar.pa = _first_fit(free, span, span)
        if bar.pa is None:
            problems.error(bar.at, f"cell {cell.name}: {function.label}: cell_pci has no free piece of "
                           f"{size_text(span)} for BAR {bar.slot}")
            continue
        free = subtract(free, bar.pa, span)
        if bar.ipa is None:
            bar.ipa = bar.pa
