# SPDX-License-Identifier: GPL-2.0-only
"""Where everything that is loaded into a cell goes: its image, its initrd, its device tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import dt_cell, dt_root, image
from .diag import Fatal
from .emit import Payload, Start
from .image import Image
from .model import Cell, Region, System
from .units import BLOCK, PAGE, align_down, align_up, overlap, range_text, size_text

DTB_ALIGN = 0x10000
PAYLOAD_ALIGN, PAYLOAD_ROUND = 16, 128  # the hypervisor's copy: see hypervisor/include/arch/cache.h
JOIN = 0x10000  # segments with smaller gaps between them become one payload


@dataclass
class Plan:
    cell: Cell
    dtb: bytes
    dtb_ipa: int
    entry: int
    image: Image | None = None
    initrd: bytes = b""
    initrd_ipa: int = 0
    spans: list[tuple[str, int, int]] = field(default_factory=list)  # (what, address, bytes)

    @property
    def start(self) -> Start:
        return Start(self.entry, self.dtb_ipa)


def make(system: System, cell: Cell, need_files: bool = True) -> Plan:
    """Reads the cell's files. Fatal when one isn't there, unless `need_files` is false: then it is planned without."""
    home = first_ram(cell)
    base = cell.load if cell.load is not None else home.ipa
    if cell.root:
        base = align_up(base, BLOCK)
    loaded = _image(system, cell, base, need_files)
    initrd = _file(system, cell, "initrd", cell.initrd, need_files)
    initrd_ipa = align_up(loaded.end if loaded else base, BLOCK) if initrd else 0
    place = (initrd_ipa, len(initrd)) if initrd else None
    dtb = (dt_root if cell.root else dt_cell).build(system, cell, place)
    end = initrd_ipa + len(initrd) if initrd else loaded.end if loaded else base
    plan = Plan(cell, dtb, _dtb_place(cell, home, end, len(dtb)), _entry(cell, loaded, base), loaded, initrd,
                initrd_ipa)
    _collect(plan)
    _verify(plan)
    return plan


def first_ram(cell: Cell) -> Region:
    """The region that images go to when nothing else is said: the lowest that can be loaded."""
    flag = "execute" if cell.root or cell.boot else "load"
    usable = [region for region in cell.memory if flag in region.flags and region.ram and "shared" not in region.flags]
    if not usable:
        raise Fatal(cell.place("memory"), f"cell {cell.name} has no memory with flag {flag} to put its image into")
    return min(usable, key=lambda region: region.ipa)


def _file(system: System, cell: Cell, key: str, name: str, need: bool) -> bytes:
    if not name:
        return b""
    path = image.find(name, cell.file, system.search)
    if path is not None:
        return path.read_bytes()
    if need:
        raise _missing(system, cell, key, name)
    return b""


def _missing(system: System, cell: Cell, key: str, name: str) -> Fatal:
    places = ", ".join(map(str, [Path(cell.file).parent, *system.search]))
    return Fatal(cell.place(key), f"{key}: there is no file {name} (looked in {places})")


def _image(system: System, cell: Cell, base: int, need: bool) -> Image | None:
    if not cell.image:
        return None
    path = image.find(cell.image, cell.file, system.search)
    if path is None:
        if need:
            raise _missing(system, cell, "image", cell.image)
        return None
    loaded = image.load(path, base)
    if loaded.bits not in (0, 32 if cell.aarch32 else 64):
        arch = "aarch32" if cell.aarch32 else "aarch64"
        raise Fatal(cell.place("image"), f"image: {path} is for {loaded.bits}-bit Arm, but cell {cell.name} is {arch} (arch)")
    return loaded


def _dtb_place(cell: Cell, home: Region, end: int, size: int) -> int:
    """As the config says; else behind all else in the root cell, whose memory is large; else at the end of memory."""
    if cell.dtb is not None:
        return cell.dtb
    if cell.root:
        return align_up(end, BLOCK)
    end = home.ipa + home.size
    if cell.comm is not None and home.ipa < cell.comm < end:
        end = cell.comm
    return align_down(end - size, DTB_ALIGN)


def _entry(cell: Cell, loaded: Image | None, base: int) -> int:
    if cell.entry is not None:
        return cell.entry
    return loaded.entry if loaded else base


def _collect(plan: Plan) -> None:
    if plan.image:
        plan.spans += [(f"image {plan.cell.image}", segment.ipa, segment.memory) for segment in plan.image.segments]
    if plan.initrd:
        plan.spans.append((f"initrd {plan.cell.initrd}", plan.initrd_ipa, len(plan.initrd)))
    plan.spans.append(("device tree", plan.dtb_ipa, len(plan.dtb)))
    if plan.cell.comm is not None:
        plan.spans.append(("communication page", plan.cell.comm, PAGE))


def _verify(plan: Plan) -> None:
    """Every piece inside one region that it may be loaded into, none over another."""
    cell = plan.cell
    at = cell.place("image")
    flags = () if cell.root or cell.boot else ("load",)
    if cell.aarch32 and max(plan.dtb_ipa + len(plan.dtb), plan.entry) > 1 << 32:
        raise Fatal(at, f"cell {cell.name}: the device tree at {plan.dtb_ipa:#x} or the entry {plan.entry:#x} is above 4 GiB, "
                    "which registers of aarch32 cannot hold")
    for index, (what, ipa, size) in enumerate(plan.spans):
        home = [region for region in cell.memory if region.ipa <= ipa and ipa + size <= region.ipa + region.size]
        if not home:
            raise Fatal(at, f"cell {cell.name}: the {what} at {range_text(ipa, size)} does not fit into a memory region "
                        f"of the cell ({_regions(cell)})")
        if any(flag not in home[0].flags for flag in flags):
            raise Fatal(at, f"cell {cell.name}: the {what} at {ipa:#x} is in memory '{home[0].name}' without flag load")
        for other, other_ipa, other_size in plan.spans[:index]:
            if overlap(ipa, size, other_ipa, other_size):
                raise Fatal(at, f"cell {cell.name}: the {what} at {range_text(ipa, size)} lies over the {other} at "
                            f"{range_text(other_ipa, other_size)}")


def _regions(cell: Cell) -> str:
    return ", ".join(f"{region.name}: {size_text(region.size)} at {region.ipa:#x}" for region in cell.memory)


def payloads(plan: Plan, index: int) -> list[Payload]:
    """The pieces for a cell that starts at boot, as the hypervisor copies them."""
    pieces = []
    if plan.image:
        zeros = plan.image.kind == "elf"  # an ELF file's .bss; an Image clears its own
        pieces += _join([(segment.ipa, segment.data.ljust(segment.memory if zeros else 0, b"\0"))
                         for segment in plan.image.segments])
    named = [(ipa, data, f"image of {plan.cell.name}") for ipa, data in pieces]
    if plan.initrd:
        named.append((plan.initrd_ipa, plan.initrd, f"initrd of {plan.cell.name}"))
    named.append((plan.dtb_ipa, plan.dtb, f"device tree of {plan.cell.name}"))
    if plan.cell.comm is not None:  # memory may have survived a reset, and with it what was asked of the last run
        named.append((plan.cell.comm, bytes(PAGE), f"communication page of {plan.cell.name}"))
    return [Payload(index, data, ipa, what) for ipa, data, what in named]


def _join(pieces: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Starts aligned, and close neighbours made one, because the hypervisor copies whole 128-byte pieces."""
    joined: list[tuple[int, bytes]] = []
    for ipa, data in sorted(pieces):
        start = align_down(ipa, PAYLOAD_ALIGN)
        data = bytes(ipa - start) + data
        if joined and start < joined[-1][0] + align_up(len(joined[-1][1]), PAYLOAD_ROUND) + JOIN:
            first, before = joined.pop()
            data = before[:ipa - first].ljust(ipa - first, b"\0") + data[ipa - start:]
            start = first
        joined.append((start, data))
    return joined

