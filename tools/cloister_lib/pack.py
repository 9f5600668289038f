# SPDX-License-Identifier: GPL-2.0-only
"""The files that are loaded: system.img (hypervisor/include/abi/image.h) and NAME.cell (abi/cellfile.h)."""

from __future__ import annotations

import struct
from pathlib import Path

from . import abi, emit, plan
from .diag import At, Fatal
from .emit import Payload
from .model import Cell, System
from .plan import Plan
from .units import PAGE, align_up, size_text

MIN_POOL = 8 << 20  # bytes that must be left for the hypervisor's page pool


def _descriptor(binary: bytes, file: str) -> dict:
    at = At(file)
    header = abi.const("IMG_OFFSET")
    if len(binary) < header + abi.sizeof("cloister_image"):
        raise Fatal(at, "is too short for a hypervisor binary")
    found = abi.unpack("cloister_image", binary, header)
    if found["magic"] != abi.const("IMG_MAGIC"):
        raise Fatal(at, "is not the hypervisor's binary: its descriptor has not the right magic number")
    for name, constant in (("revision", "IMG_REVISION"), ("config_revision", "CFG_REVISION")):
        if found[name] != abi.const(constant):
            raise Fatal(at, f"was built with {name} {found[name]}, this tool writes {abi.const(constant)}: build again")
    if found["bin_size"] != len(binary):
        raise Fatal(at, f"says that it has {found['bin_size']} bytes, but it has {len(binary)}")
    if found["mem_size"] % PAGE or found["mem_size"] < len(binary):
        raise Fatal(at, f"says that it takes {found['mem_size']:#x} bytes of memory, which is not whole pages around it")
    return found


def _place_payloads(pieces: list[Payload], start: int) -> int:
    """Gives each its offset; returns the end."""
    for piece in pieces:
        piece.offset = start
        start = align_up(start + len(piece.data), PAGE)
    return start


def _verify_room(system: System, total: int, pieces: list[Payload]) -> None:
    room = system.hypervisor.size
    if total + MIN_POOL <= room:
        return
    largest = max(pieces, key=lambda piece: len(piece.data), default=None)
    hint = f"; the largest part is the {largest.what}, {size_text(align_up(len(largest.data), PAGE))}" if largest else ""
    raise Fatal(system.hypervisor.at, f"hypervisor: size {size_text(room)} is too small: the image takes "
                f"{size_text(total)}, and {size_text(MIN_POOL)} must be left for the page pool{hint}")


def _verify_features(system: System, features: int, file: str) -> None:
    for cell in system.cells:
        if cell.vsmmus and not features & abi.const("IMG_VSMMU"):
            raise Fatal(cell.place("smmu"), f"cell {cell.name}: smmu: stage1 needs a hypervisor with VSMMU, and {file} was "
                        "built without it")
        if cell.vpl011 and not features & abi.const("IMG_VPL011"):
            raise Fatal(cell.place("console"), f"cell {cell.name}: the virtual UART needs a hypervisor with VPL011, and {file} was "
                        "built without it: give the cell a UART of the board, or `console: hypercall` or `none`")
        if cell.ivshmem and not features & abi.const("IMG_IVSHMEM"):
            raise Fatal(cell.place("ivshmem"), f"cell {cell.name}: ivshmem needs a hypervisor with IVSHMEM, and {file} was "
                        "built without it")


def system_image(system: System, plans: list[Plan], binary: bytes, file: str) -> tuple[bytes, bytes]:
    """(system.img, the config inside it)"""
    descriptor = _descriptor(binary, file)
    _verify_features(system, descriptor["features"], file)
    pieces = [piece for index, entry in enumerate(plans) for piece in plan.payloads(entry, index)]
    starts = [entry.start for entry in plans]
    config_offset = descriptor["mem_size"]
    config_size = len(emit.system_blob(system, starts, pieces))
    total = _place_payloads(pieces, align_up(config_offset + config_size, PAGE))
    _verify_room(system, total, pieces)
    config = emit.system_blob(system, starts, pieces)

    image = bytearray(total)
    image[:len(binary)] = binary
    struct.pack_into("<Q", image, abi.const("IMG_HDR_IMAGE_SIZE"), total)
    descriptor.update(config_offset=config_offset, config_size=config_size, total_size=total)
    offset = abi.const("IMG_OFFSET")
    image[offset:offset + abi.sizeof("cloister_image")] = abi.pack("cloister_image", **descriptor)
    image[config_offset:config_offset + config_size] = config
    for piece in pieces:
        image[piece.offset:piece.offset + len(piece.data)] = piece.data
    return bytes(image), config


_SECTION = {"elf": "CELLFILE_ELF", "image": "CELLFILE_ARM64_IMAGE", "raw": "CELLFILE_RAW"}


def cell_file(system: System, cell: Cell, entry: Plan) -> bytes:
    """NAME.cell"""
    config = emit.cell_blob(system, cell, entry.start)
    sections = [("CELLFILE_CONFIG", config, 0), ("CELLFILE_DTB", entry.dtb, entry.dtb_ipa)]
    if entry.image:
        sections.append((_SECTION[entry.image.kind], entry.image.data, entry.image.ipa))
    if entry.initrd:
        sections.append(("CELLFILE_DATA", entry.initrd, entry.initrd_ipa))
    alignment = abi.const("CELLFILE_ALIGN")
    offset = abi.sizeof("cellfile_header") + len(sections) * abi.sizeof("cellfile_section")
    table, body = b"", b""
    for kind, data, ipa in sections:
        gap = align_up(offset + len(body), alignment) - offset - len(body)
        body += bytes(gap)
        table += abi.pack("cellfile_section", kind=abi.const(kind), offset=offset + len(body), size=len(data), ipa=ipa)
        body += data
    start = cell.entry if cell.entry is not None or not entry.image else abi.const("CELLFILE_ENTRY_IMAGE")
    header = abi.pack("cellfile_header", magic=abi.const("CELLFILE_MAGIC"), revision=abi.const("CELLFILE_REVISION"),
                      section_count=len(sections), size=offset + len(body), entry=start or entry.entry,
                      board=system.board.hash)
    return header + table + body


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Fatal(At(str(path)), f"cannot read it: {error.strerror}") from error


def write(path: Path, data: bytes) -> None:
    """Whole or not at all, so that an interrupted run leaves no half file that make takes for done."""
    scratch = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(data)
        scratch.replace(path)
    except OSError as error:
        raise Fatal(At(str(path)), f"cannot write it: {error.strerror}") from error
