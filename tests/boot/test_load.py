# SPDX-License-Identifier: GPL-2.0-only
"""Images that `cell load` refuses: each with a sentence that names what is wrong, and neither the cell's memory nor its
entry has changed, so what was loaded before starts still."""

import base64
import struct

import pytest

from conftest import GROUP
from harness import CELL_RAM, CELL_RAM_SIZE, Root

pytestmark = GROUP("a57")

RAM = 0x40000000
EM_ARM, EM_AARCH64, EM_X86_64 = 40, 183, 62
CODE = b"\x00\x00\x00\x14" * 16	# b .


def elf(*segments: tuple[int, int], machine: int = EM_AARCH64, wide: int = 2, kind: int = 2, entry: int = RAM) -> bytes:
    """An executable with segments of (address, bytes in memory), all with the same code."""
    data = b"\x7fELF" + bytes([wide, 1, 1]) + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, entry, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    for address, size in segments:
        data += struct.pack("<IIQQQQQQ", 1, 7, 64 + 56 * len(segments), address, address, len(CODE), size, 4)
    return data + CODE


def arm64_image(text_offset: int = 0, image_size: int = 0x1000, flags: int = 0) -> bytes:
    return struct.pack("<IIQQQQQQII", 0x14000000, 0, text_offset, image_size, flags, 0, 0, 0, 0x644d5241, 0)


GOOD = elf((RAM, 0x1000), (RAM + 0x1000, 0x1000))
BAD = {
    "segment-outside": (elf((RAM, 0x1000), (0x90000000, 0x1000)),
                        "ELF segment 1 goes to 0x90000000, where cell hello has no memory"),
    "segment-too-large": (elf((RAM, CELL_RAM_SIZE + 1)), "ELF segment 0 needs 0x2000001 bytes at 0x40000000, but region ram"),
    "segments-overlap": (elf((RAM, 0x1000), (RAM + 0xfff, 0x1000)),
                         "ELF segment 1 [0x40000fff, 0x40001fff) overlaps ELF segment 0"),
    "truncated-header": (GOOD[:40], "truncated inside its header"),
    "truncated-table": (GOOD[:100], "its program headers end outside of the file"),
    "truncated-segment": (GOOD[:-4], "truncated: segment 0 ends outside of the file"),
    "class": (elf((RAM, 0x1000), wide=3), "class 3, which is neither 32 nor 64 bit"),
    "class-of-machine": (elf((RAM, 0x1000), machine=EM_ARM), "the 64-bit ELF image is for machine 40"),
    "machine": (elf((RAM, 0x1000), machine=EM_X86_64), "for machine 62, not for Arm (183)"),
    "shared-object": (elf((RAM, 0x1000), kind=3), "only executables linked to fixed addresses"),
    "entry": (elf((RAM, 0x1000), entry=RAM + 0x1000), "entry 0x40001000 is outside of its segments"),
    "image-too-large": (arm64_image(image_size=CELL_RAM_SIZE + 1), "the arm64 Image needs 0x2000001 bytes"),
    "image-offset": (arm64_image(text_offset=2 << 20), "text offset 0x200000"),
    "image-endianness": (arm64_image(flags=1), "not little-endian"),
    "packed": (b"\x1f\x8b\x08" + bytes(61), "unpack it first"),
    "empty": (b"", "the image is empty"),
}


def give(root: Root, data: bytes, path: str = "/tmp/image") -> str:
    """Writes a small file in root Linux."""
    root.vm.run(f"echo '{base64.b64encode(data).decode()}' | base64 -d > {path}")
    return path


@pytest.fixture
def hello(root: Root) -> Root:
    """A cell that is loaded with what it would run."""
    root.control("cell create /cells/hello.cell")
    root.control("cell load /cells/hello.cell")
    return root


def assert_refused(root: Root, command: str, sentence: str) -> None:
    before = root.vm.memory(CELL_RAM, CELL_RAM_SIZE)
    assert sentence in root.refused(command)
    assert root.vm.memory(CELL_RAM, CELL_RAM_SIZE) == before, "the cell's memory has changed"
    assert root.show("hello")["state"] == "loaded"
    begin = len(root.vm.serial1_text())
    root.control("cell start hello")
    root.vm.wait_serial1("^hello: tick", begin)


@pytest.mark.parametrize("name", BAD)
def test_bad_image(hello: Root, name: str):
    image, sentence = BAD[name]
    assert_refused(hello, f"cell load hello {give(hello, image)}", sentence)


def test_raw_image_larger_than_the_region(hello: Root):
    hello.vm.run("dd if=/dev/zero of=/tmp/image bs=1M count=33 2>/dev/null")
    assert_refused(hello, "cell load hello /tmp/image", "the raw image needs 0x2100000 bytes at 0x40000000, but region ram")


@pytest.mark.parametrize("address, sentence", [
    (0x3ffff000, "goes to 0x3ffff000, where cell hello has no memory"),
    (RAM + CELL_RAM_SIZE - 4, "the raw image needs 0x40 bytes at 0x41fffffc, but region ram of cell hello has only 0x4"),
])
def test_raw_image_outside(hello: Root, address: int, sentence: str):
    assert_refused(hello, f"cell load hello {give(hello, CODE)} --addr {address:#x}", sentence)


def test_address_of_an_elf_image(hello: Root):
    assert_refused(hello, f"cell load hello {give(hello, GOOD)} --addr {RAM:#x}", "--addr cannot be used with an ELF image")


@pytest.mark.parametrize("image, options, entry", [
    (GOOD, "", RAM), (arm64_image(text_offset=0x80000), "", RAM + 0x80000), (CODE, f"--addr {RAM + 0x1000:#x}", RAM + 0x1000),
    (arm64_image(text_offset=0x1234, image_size=0), "", RAM + 0x80000),
], ids=["elf", "image", "raw", "old-image"])
def test_the_good_ones_are_not(hello: Root, image: bytes, options: str, entry: int):
    """Nothing above is refused for how it was made here."""
    assert f"entry {entry:#x}" in hello.control(f"cell load hello {give(hello, image)} {options}")
    at = CELL_RAM + entry - RAM
    assert hello.vm.memory(at, 64) == (CODE if image == GOOD else image)
    hello.control("cell start hello")
    assert hello.show("hello")["state"] == "running"
