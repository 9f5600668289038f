# SPDX-License-Identifier: GPL-2.0-only
"""The virtual PL011 of a cell that has no real one: `console: pl011`, or a mapping that says where it is."""

from __future__ import annotations

from .board import Board
from .diag import At, Problems
from .fdt import Node, cells, cells64, strings
from .model import Cell, Vpl011
from .units import number
from .yamldoc import Map

IPA, SPI = 0x09000000, 1  # where QEMU's virt has its first
RING = 65536  # bytes of output that are kept
CLOCK_HZ = 24000000  # what drivers compute baud rates from, of which nothing depends here
LEVEL = 4


def resolve(problems: Problems, cell: Cell, options: Map, at: At) -> None:
    """Fills in cell.vpl011; `options` has what `console` says about it."""
    if cell.root:
        problems.error(at, "console: the root cell has no virtual PL011")
        return
    cell.vpl011 = Vpl011(number(options.get("ipa", IPA)), 32 + options.get("spi", SPI))
    if "ring" not in options:
        cell.ring, cell.ring_at = RING, at


def name(uart: Vpl011) -> str:
    return f"pl011@{uart.ipa:x}"


def add_nodes(board: Board, cell: Cell, root: Node) -> None:
    if not cell.vpl011:
        return
    clock = max(board.phandles, default=0) + 1
    root.add(name(cell.vpl011), {
        "compatible": strings("arm,pl011", "arm,primecell"), "reg": cells64(cell.vpl011.ipa, 0x1000),
        "interrupts": cells(0, cell.vpl011.irq - 32, LEVEL), "clocks": cells(clock, clock),
        "clock-names": strings("uartclk", "apb_pclk")})
    root.add("uart-clock", {"compatible": strings("fixed-clock"), "#clock-cells": cells(0),
                            "clock-frequency": cells(CLOCK_HZ), "phandle": cells(clock)})
