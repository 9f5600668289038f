# SPDX-License-Identifier: GPL-2.0-only
"""Everything that must hold for a whole set of configs. Each rule looks at all it can and reports each breach; what the
hypervisor's config_check refuses is refused here too, with a file and a line."""

from __future__ import annotations

from . import abi, ivshmem, rules_cell, rules_pair
from .board import PCI_IO
from .diag import Problems
from .emit import Start, areas, cell_blob, root_windows, system_blob
from .model import Cell, Span, System
from .units import BLOCK, PAGE, inside, overlap, range_text


def check(system: System, cells: list[Cell], problems: Problems) -> None:
    """`cells`: all that shall exist at the same time, those of the system included."""
    _spans(system, problems)
    _hypervisor(system, problems)
    _cell_memory(system, problems)
    _cell_pci(system, problems)
    _machine(system, problems)
    _population(system, cells, problems)
    for cell in cells:
        rules_cell.check(system, cell, problems)
        ivshmem.check(cell, problems)
    for index, cell in enumerate(cells):
        for other in cells[:index]:
            rules_pair.check(cell, other, problems)
            ivshmem.check_pair(cell, other, problems)
    if not problems.errors:
        _sizes(system, cells, problems)


def _named_spans(system: System) -> list[tuple[str, Span]]:
    found = [("hypervisor", system.hypervisor)]
    for key in ("reserved", "cell_memory", "cell_pci"):
        found += [(f"{key}[{index}]", span) for index, span in enumerate(getattr(system, key))]
    return found


def _spans(system: System, problems: Problems) -> None:
    """Shape, and that no two overlap."""
    spans = _named_spans(system)
    for index, (name, span) in enumerate(spans):
        if span.base % PAGE:
            problems.error(span.at, f"{name}: base {span.base:#x} is not page aligned (4K)")
        if not span.size or span.size % PAGE:
            problems.error(span.at, f"{name}: size {span.size:#x} is not a whole number of pages (4K)")
        for other_name, other in spans[:index]:
            if overlap(span.base, span.size, other.base, other.size):
                problems.error(span.at, f"{name} at {range_text(span.base, span.size)} overlaps {other_name} at "
                               f"{range_text(other.base, other.size)}")


def _in_memory(system: System, span: Span) -> bool:
    return any(inside(span.base, span.size, base, size) for base, size in system.board.memory)


def _board_memory(system: System) -> str:
    return ", ".join(range_text(base, size) for base, size in system.board.memory)


def _hypervisor(system: System, problems: Problems) -> None:
    span = system.hypervisor
    if span.base % BLOCK:
        problems.error(span.at, f"hypervisor: base {span.base:#x} is not a multiple of 2M, where a boot loader can put "
                       "the image")
    if not _in_memory(system, span):
        problems.error(span.at, f"hypervisor: {range_text(span.base, span.size)} is not inside the board's memory, "
                       f"{_board_memory(system)}")


def _cell_memory(system: System, problems: Problems) -> None:
    for index, span in enumerate(system.cell_memory):
        if not _in_memory(system, span):
            problems.error(span.at, f"cell_memory[{index}]: {range_text(span.base, span.size)} is not inside the board's "
                           f"memory, {_board_memory(system)}")


def _cell_pci(system: System, problems: Problems) -> None:
    windows = [window for host in system.board.pci_hosts for window in host.windows if window.space != PCI_IO]
    for index, span in enumerate(system.cell_pci):
        if not any(inside(span.base, span.size, window.cpu, window.size) for window in windows):
            known = ", ".join(range_text(window.cpu, window.size) for window in windows) or "none"
            problems.error(span.at, f"cell_pci[{index}]: {range_text(span.base, span.size)} is not inside a memory window "
                           f"of a PCI host bridge, {known}")


def _machine(system: System, problems: Problems) -> None:
    """What the hypervisor's tables have room for, and what isolation needs."""
    board = system.board
    limits = (("CPUs", len(board.cpus), "CFG_MAX_CPUS"), ("SMMUs", len(board.smmus), "CFG_MAX_SMMUS"),
              ("PCI host bridges", len(board.pci_hosts), "CFG_MAX_PCI_HOSTS"),
              ("areas", len(areas(system)), "CFG_MAX_AREAS"))
    for what, count, limit in limits:
        if count > abi.const(limit):
            problems.error(system.at, f"the system has {count} {what}, more than the {abi.const(limit)} that the "
                           "hypervisor has room for")
    if len(set(board.cpus)) != len(board.cpus):
        problems.error(system.at, f"two CPUs in {board.file} have the same affinity")
    for host in board.pci_hosts:
        if host.smmu < 0:
            problems.warn(system.at, f"{host.node.path} has no SMMU before it: its functions cannot be given to cells")


def _population(system: System, cells: list[Cell], problems: Problems) -> None:
    if not system.cells:
        problems.error(system.at, "nothing would run: the system has no root cell and no boot cells")
    limit = abi.const("CFG_MAX_CELLS")
    if len(cells) > limit:
        problems.error(system.at, f"{len(cells)} cells cannot exist at the same time, the hypervisor has room for {limit}")
    if system.root and not root_windows(system) and system.root.functions:
        problems.error(system.root.at, "cell_pci leaves the root cell no window for the BARs of its PCI functions")


def _sizes(system: System, cells: list[Cell], problems: Problems) -> None:
    """The binary configs must fit into what the hypervisor reserves for them."""
    limit = abi.const("CFG_MAX_CELL_SIZE")
    for cell in cells:
        size = len(cell_blob(system, cell, Start()))
        if size > limit:
            problems.error(cell.at, f"cell {cell.name}: its config takes {size} bytes, more than the {limit} that the "
                           "hypervisor has room for: give it fewer devices or regions")
    size = len(system_blob(system, [Start()] * len(system.cells), []))
    size += abi.const("CFG_MAX_PAYLOADS") * abi.sizeof("cfg_payload")
    if size > abi.const("CFG_MAX_SIZE"):
        problems.error(system.at, f"the system's config takes up to {size} bytes, more than {abi.const('CFG_MAX_SIZE')}")
