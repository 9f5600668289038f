# SPDX-License-Identifier: GPL-2.0-only
"""`cloister show`: the binary files for people, as tables, or for programs, as JSON."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import abi, unpack
from .model import bdf_text
from .units import range_text, size_text

# Numbers that are no addresses, bit sets or identifiers read better in decimal.
_DECIMAL = ("cpu", "count", "revision", "irq", "intid", "storm_limit", "console_size", "smmu", "host", "bus_first",
            "config_size", "total_size", "bin_size", "mem_size", "size", "kind", "exit", "level", "ms", "restart", "limit",
            "seconds")
_PIPE_WIDTH = 160


def main(data: bytes, name: str, as_json: bool) -> int:
    found = unpack.file(data, name)
    if as_json:
        json.dump(found, sys.stdout, indent=1)
        print()
        return 0
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    console.print(Text(f"{name}: {found['file']}", style="bold"))
    _SHOW[found["file"]](console, found)
    return 0


def flags(family: str, value: int) -> str:
    """The names of the bits of CFG_<family>_*."""
    names = [name.removeprefix(f"CFG_{family}_").lower() for name, bit in abi.load()["constants"].items()
             if name.startswith(f"CFG_{family}_") and not name.endswith("_FLAGS") and value & bit == bit]
    return " ".join(names) or "-"


def _number(key: str, value) -> str:
    if not isinstance(value, int):
        return str(value)
    decimal = any(key == word or key.endswith(f"_{word}") for word in _DECIMAL)
    return str(value) if decimal else f"{value:#x}"


def _fields(console: Console, found: dict) -> None:
    """The plain members, a line each."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    for key, value in found.items():
        if not isinstance(value, (dict, list)) and key not in ("file", "magic", "reserved"):
            table.add_row(key, _number(key, value))
    console.print(table)


def _table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left", box=None, padding=(0, 2, 0, 2))
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def _system(console: Console, system: dict) -> None:
    console.print(f"  board {system['hdr']['board']:016x}, {system['hdr']['size']} bytes")
    _fields(console, system)
    _table(console, "cpus", ("number", "mpidr"), [(number, f"{cpu['mpidr']:#x}")
                                                  for number, cpu in enumerate(system["cpus"])])
    _table(console, "areas", ("range", "size", "flags"),
           [(range_text(area["base"], area["size"]), size_text(area["size"]), flags("AREA", area["flags"]))
            for area in system["areas"]])
    _table(console, "smmus", ("base", "eventq", "priq", "sync", "gerror"),
           [(f"{smmu['base']:#x}", smmu["eventq_irq"], smmu["priq_irq"], smmu["sync_irq"], smmu["gerror_irq"])
            for smmu in system["smmus"]])
    _table(console, "pci hosts", ("ecam", "first bus", "smmu"),
           [(range_text(host["ecam_base"], host["ecam_size"]), host["bus_first"], host["smmu"])
            for host in system["pci_hosts"]])
    _table(console, "payloads", ("cell", "offset", "bytes", "ipa"),
           [(payload["cell"], f"{payload['offset']:#x}", payload["size"], f"{payload['ipa']:#x}")
            for payload in system["payloads"]])
    for cell in system["cells"]:
        _cell(console, cell)


def _cell(console: Console, cell: dict) -> None:
    console.print(Text(f"cell {cell['name']}", style="bold"))
    _fields(console, {key: value for key, value in cell.items() if key not in ("name", "flags")})
    console.print(f"  flags: {flags('CELL', cell['flags'])}")
    _table(console, "cpus", ("cpu", "vmpidr"), [(cpu["cpu"], f"{cpu['vmpidr']:#x}") for cpu in cell["cpus"]])
    _table(console, "memory", ("name", "ipa", "pa", "size", "flags"),
           [(region["name"], f"{region['ipa']:#x}", f"{region['pa']:#x}", size_text(region["size"]),
             flags("MEM", region["flags"])) for region in cell["memory"]])
    irqs = " ".join(str(irq["intid"]) for irq in cell["irqs"])
    if irqs:
        console.print(f"  irqs: {irqs}")
    _table(console, "streams", ("smmu", "sid", "vsid"),
           [(stream["smmu"], f"{stream['sid']:#x}", f"{stream['vsid']:#x}") for stream in cell["streams"]])
    _table(console, "pci functions", ("host", "function", "as", "id", "bars"),
           [(function["host"], bdf_text(function["bdf"]), bdf_text(function["vbdf"]), _ident(function["id"]),
             ", ".join(f"{size_text(bar['size'])} at {bar['pa']:#x}" for bar in function["bar"]) or "-")
            for function in cell["pci"]])
    _table(console, "emulated SMMUs", ("of", "ipa", "flags", "irqs"),
           [(vsmmu["smmu"], f"{vsmmu['ipa']:#x}", flags("VSMMU", vsmmu["flags"]),
             " ".join(f"{key.removesuffix('_irq')} {vsmmu[key]}" for key in vsmmu if key.endswith("_irq") and vsmmu[key]))
            for vsmmu in cell["vsmmus"]])
    _table(console, "ivshmem devices", ("function", "memory", "id", "peers", "irq"),
           [(bdf_text(slot << 3), cell["memory"][device["mem"]]["name"], device["id"], device["peers"], device["irq"])
            for slot, device in enumerate(cell["ivshmem"])])


def _ident(value: int) -> str:
    return f"{value & 0xFFFF:04x}:{value >> 16:04x}" if value else "any"


def _cellfile(console: Console, found: dict) -> None:
    entry = found["entry"]
    console.print("  entry: " + ("as the image says" if entry == abi.const("CELLFILE_ENTRY_IMAGE") else f"{entry:#x}"))
    skip = ("CELLFILE_REVISION", "CELLFILE_ALIGN", "CELLFILE_MAX_SECTIONS")
    _table(console, "sections", ("kind", "offset", "bytes", "ipa"),
           [(abi.name_of("CELLFILE_", section["kind"], skip), f"{section['offset']:#x}", section["size"],
             f"{section['ipa']:#x}") for section in found["sections"]])
    if found["config"]:
        _cell(console, found["config"])


def _image(console: Console, found: dict) -> None:
    _fields(console, found)
    _system(console, found["config"])


_SHOW = {"system config": _system, "cell config": _cell, "cell": _cellfile, "system image": _image,
         "hypervisor binary": _fields}
