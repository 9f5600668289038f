# SPDX-License-Identifier: GPL-2.0-only
"""What a cell runs: ELF files, arm64 Linux Images (plain, gzip'ed or in an EFI zboot wrapper), and raw binaries."""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from . import abi
from .diag import At, Fatal
from .units import BLOCK, align_up

EM_ARM, EM_AARCH64, ET_EXEC, PT_LOAD = 40, 183, 2, 1
BIG_ENDIAN, OLD_OFFSET = 1, 0x80000  # of an arm64 Image: its flag, its text_offset before Linux 3.17
IMAGE_MAGIC = b"ARM\x64"
ZBOOT_MAGIC = b"zimg"  # at offset 4 of an EFI zboot image (Linux: drivers/firmware/efi/libstub/zboot-header.S)
ZBOOT_PAYLOAD = 8  # offset of payload offset, payload size, then the name of the compression at 24
ZBOOT_METHOD = 24


@dataclass
class Segment:
    ipa: int
    data: bytes
    memory: int  # bytes that it takes in memory


@dataclass
class Image:
    kind: str  # "elf", "image" or "raw"
    data: bytes  # the file, unpacked
    entry: int
    segments: list[Segment] = field(default_factory=list)
    ipa: int = 0  # where an Image or raw file goes, before its text_offset
    bits: int = 0  # 32 or 64 where the file says for which execution state it is

    @property
    def end(self) -> int:
        return max((segment.ipa + segment.memory for segment in self.segments), default=0)


def unpack(data: bytes, file: str) -> bytes:
    """Takes off what a boot loader would take off: gzip, or an EFI zboot wrapper."""
    try:
        if data[:2] == b"\x1f\x8b":
            return unpack(gzip.decompress(data), file)
        if data[:2] == b"MZ" and data[4:8] == ZBOOT_MAGIC:
            return _unpack_zboot(data, file)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Fatal(At(file), f"is damaged: {error}") from error
    return data


def _unpack_zboot(data: bytes, file: str) -> bytes:
    offset, size = struct.unpack_from("<II", data, ZBOOT_PAYLOAD)
    method = data[ZBOOT_METHOD:ZBOOT_METHOD + 8].split(b"\0")[0].decode("ascii", "replace")
    payload = data[offset:offset + size]
    if method == "gzip":
        return zlib.decompressobj(31).decompress(payload)
    if method in ("xz", "lzma"):
        return lzma.decompress(payload)
    raise Fatal(At(file), f"is an EFI zboot image packed with {method}, which cannot be unpacked here; take out the "
                "plain Image first")


def load(path: Path, base: int) -> Image:
    """`base`: where a file that doesn't say where it goes is put."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Fatal(At(str(path)), f"cannot read the image: {error.strerror}") from error
    data = unpack(raw, str(path))
    if data[:4] == b"\x7fELF":
        return _elf(data, str(path))
    if data[abi.const("IMG_HDR_MAGIC"):abi.const("IMG_HDR_MAGIC") + 4] == IMAGE_MAGIC:
        return _arm64_image(data, base, str(path))
    if not data:
        raise Fatal(At(str(path)), "the image is empty")
    return Image("raw", data, base, [Segment(base, data, len(data))], base)


def _arm64_image(data: bytes, base: int, file: str) -> Image:
    text_offset, = struct.unpack_from("<Q", data, abi.const("IMG_HDR_TEXT_OFFSET"))
    size, = struct.unpack_from("<Q", data, abi.const("IMG_HDR_IMAGE_SIZE"))
    flags, = struct.unpack_from("<Q", data, abi.const("IMG_HDR_FLAGS"))
    if flags & BIG_ENDIAN:
        raise Fatal(At(file), "is an arm64 Image, but not a little-endian one")
    if base % BLOCK:
        raise Fatal(At(file), f"is an arm64 Image, which must be loaded at a multiple of 2 MiB, not at {base:#x}")
    if size == 0:  # from before Linux 3.17: its text_offset is not reliable either
        text_offset, size = OLD_OFFSET, align_up(len(data), BLOCK)
    if text_offset >= BLOCK:
        raise Fatal(At(file), f"is an arm64 Image with text offset {text_offset:#x}; less than 2 MiB is possible")
    start = base + text_offset
    return Image("image", data, start, [Segment(start, data, max(size, len(data)))], base, bits=64)


def _elf(data: bytes, file: str) -> Image:
    wide, little = data[4:5] == b"\2", data[5:6] == b"\1"
    try:
        kind, machine = struct.unpack_from("<HH", data, 16)
        if not little or machine != (EM_AARCH64 if wide else EM_ARM):
            raise Fatal(At(file), "is an ELF file, but not for little-endian Arm")
        if kind != ET_EXEC:
            raise Fatal(At(file), f"is an ELF file of type {kind}; only executables linked to fixed addresses ({ET_EXEC}) can be "
                        "loaded")
        entry, table = struct.unpack_from("<QQ" if wide else "<II", data, 24)
        size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
        headers = [_program_header(data, table + size * index, wide) for index in range(count)]
    except struct.error as error:
        raise Fatal(At(file), "is an ELF file that ends too early") from error
    loads = [header for header in headers if header.kind == PT_LOAD and header.memory]
    if not loads:
        raise Fatal(At(file), "is an ELF file without anything to load")
    return Image("elf", data, _elf_entry(entry, loads, file), [_segment(data, header, file) for header in loads],
                 bits=64 if wide else 32)


@dataclass
class ProgramHeader:
    kind: int
    offset: int
    virtual: int
    physical: int
    filled: int
    memory: int


def _program_header(data: bytes, at: int, wide: bool) -> ProgramHeader:
    if wide:
        kind, _, *others = struct.unpack_from("<IIQQQQQ", data, at)
    else:
        kind, *others = struct.unpack_from("<IIIIII", data, at)
    return ProgramHeader(kind, *others)


def _segment(data: bytes, header: ProgramHeader, file: str) -> Segment:
    if header.offset + header.filled > len(data) or header.filled > header.memory:
        raise Fatal(At(file), f"is an ELF file whose segment at {header.physical:#x} is not wholly in it")
    return Segment(header.physical, data[header.offset:header.offset + header.filled], header.memory)


def _elf_entry(entry: int, loads: list[ProgramHeader], file: str) -> int:
    """Where that is in physical addresses: a cell starts with its MMU off. Some linker scripts say it so already."""
    for header in loads:
        if header.virtual <= entry < header.virtual + header.memory:
            return entry - header.virtual + header.physical
    if any(header.physical <= entry < header.physical + header.memory for header in loads):
        return entry
    raise Fatal(At(file), f"is an ELF file whose entry {entry:#x} is outside of its segments")


def find(name: str, config: str, search: list[Path]) -> Path | None:
    """A file that a config names: as it stands, beside the config, or in one of the search directories."""
    for directory in [Path(config).parent, *search]:
        path = directory / name
        if path.is_file():
            return path
    return None
