# SPDX-License-Identifier: GPL-2.0-only
"""Configs that the checker on the host would never have let pass: good ones, patched. Each with what the hypervisor's
sentence must name."""

import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from cloister_lib import abi  # noqa: E402

ARRAYS = ("cfg_cell_cpu", "cfg_mem", "cfg_irq", "cfg_stream", "cfg_pci_dev")  # in the order of a cell config
COUNTS = ("cpu_count", "mem_count", "irq_count", "stream_count", "pci_count")
FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Blob:
    """A config in a file, with its members by name."""

    def __init__(self, data: bytes, offset: int):
        self.data, self.offset = bytearray(data), offset

    def _member(self, kind: str, name: str) -> tuple[int, str]:
        offset = abi.offsetof(kind, name)
        size = {"cl_u8": 1, "cl_u16": 2, "cl_u32": 4, "cl_u64": 8}
        layout = next(entry for entry in abi.load()["structs"][kind]["members"] if entry["name"] == name)
        return offset, "<" + FORMATS[size.get(layout["type"], layout["size"])]

    def get(self, kind: str, name: str, base: int = 0) -> int:
        offset, form = self._member(kind, name)
        return struct.unpack_from(form, self.data, self.offset + base + offset)[0]

    def set(self, kind: str, name: str, value: int, base: int = 0) -> None:
        offset, form = self._member(kind, name)
        struct.pack_into(form, self.data, self.offset + base + offset, value)

    def first_cell(self) -> int:
        """Where the first cell config of a system config is."""
        counted = {"cpu": "cfg_cpu", "area": "cfg_area", "smmu": "cfg_smmu", "pci": "cfg_pci_host", "payload": "cfg_payload"}
        return abi.sizeof("cfg_system") + sum(self.get("cfg_system", f"{name}_count") * abi.sizeof(kind)
                                              for name, kind in counted.items())

    def element(self, kind: str, index: int = 0) -> int:
        """Where an element of an array of a cell config is."""
        at = abi.sizeof("cfg_cell")
        for name, count in zip(ARRAYS, COUNTS):
            if name == kind:
                return at + index * abi.sizeof(kind)
            at += self.get("cfg_cell", count) * abi.sizeof(name)
        raise KeyError(kind)


def cell_config_of(cell_file: bytes) -> Blob:
    """The config inside a .cell file: its section of that kind."""
    header = abi.sizeof("cellfile_header")
    for index in range(abi.unpack("cellfile_header", cell_file)["section_count"]):
        section = abi.unpack("cellfile_section", cell_file, header + index * abi.sizeof("cellfile_section"))
        if section["kind"] == abi.const("CELLFILE_CONFIG"):
            return Blob(cell_file, section["offset"])
    raise ValueError("no config in the cell file")


def system_config_of(image: bytes) -> Blob:
    return Blob(image, abi.unpack("cloister_image", image, abi.const("IMG_OFFSET"))["config_offset"])


@dataclass(frozen=True)
class Corruption:
    kind: str				# the struct, and in it
    member: str
    value: int | Callable[[int], int]	# the new value, or a function of the old one
    sentence: str			# what the refusal must say
    index: Optional[int] = None		# element of a cell's array

    def apply(self, blob: Blob) -> bytes:
        base = 0 if self.index is None else blob.element(self.kind, self.index)
        value = self.value(blob.get(self.kind, self.member, base)) if callable(self.value) else self.value
        blob.set(self.kind, self.member, value, base)
        return bytes(blob.data)


# Applied to the cell `dma`: one CPU, one region, the UART, the edu device.
CELLS = {
    "magic": Corruption("cfg_header", "magic", 1, "magic"),
    "revision": Corruption("cfg_header", "revision", 99, "revision"),
    "kind": Corruption("cfg_header", "kind", 1, "kind"),
    "size": Corruption("cfg_header", "size", lambda size: size - 8, "size"),
    "reserved": Corruption("cfg_header", "reserved", 1, "reserved"),
    "board": Corruption("cfg_header", "board", 1, "board"),
    "flags": Corruption("cfg_cell", "flags", 1 << 31, "flags"),
    "root": Corruption("cfg_cell", "flags", 1, "root"),
    "gicd": Corruption("cfg_cell", "gicd_ipa", 0x8000001, "gicd_ipa"),
    "dtb": Corruption("cfg_cell", "dtb_ipa", 0x10000000, "dtb_ipa"),
    "console": Corruption("cfg_cell", "console_size", 3, "console_size"),
    "comm": Corruption("cfg_cell", "comm_ipa", 0x10000000, "comm_ipa"),
    "watchdog": Corruption("cfg_cell", "watchdog_ms", 100, "watchdog_ms 100"),
    "restart": Corruption("cfg_cell", "restart", 7, "restart 7"),
    "cpu": Corruption("cfg_cell_cpu", "cpu", 99, "cpu 99", 0),
    "unaligned": Corruption("cfg_mem", "pa", lambda pa: pa + 1, "pa", 0),
    "empty": Corruption("cfg_mem", "size", 0, "size", 0),
    "wraps": Corruption("cfg_mem", "size", 0xfffffffffffff000, "size", 0),
    "root-memory": Corruption("cfg_mem", "pa", 0x60000000, "pa", 0),
    "hypervisor-memory": Corruption("cfg_mem", "pa", 0x45000000, "pa", 0),
    "ipa": Corruption("cfg_mem", "ipa", 1 << 40, "ipa", 0),
    "mem-flags": Corruption("cfg_mem", "flags", 0xffff, "flags", 0),
    "not-spi": Corruption("cfg_irq", "intid", 27, "intid 27", 0),
    "smmu-irq": Corruption("cfg_irq", "intid", 106, "106", 0),
    "smmu": Corruption("cfg_stream", "smmu", 7, "smmu 7", 0),
    "sid": Corruption("cfg_stream", "sid", 8, "sid 0x10", 0),
    "bdf": Corruption("cfg_pci_dev", "bdf", 8, "pci[0]", 0),
    "id": Corruption("cfg_pci_dev", "id", 0x12345678, "the ID", 0),
    "bar": Corruption("cfg_pci_dev", "host", 3, "host 3", 0),
}

SYSTEMS = {
    "revision": Corruption("cfg_header", "revision", 99, "config in the image is not of revision"),
    "size": Corruption("cfg_header", "size", lambda size: size - 8, "size"),
    "kind": Corruption("cfg_header", "kind", 2, "kind"),
    "timer": Corruption("cfg_system", "timer_irq", 40, "timer_irq 40"),
    "root-exit": Corruption("cfg_system", "root_exit", 9, "root_exit 9"),
    "gicr": Corruption("cfg_system", "gicr_size", 0x20000, "gicr_size"),
    "gicd": Corruption("cfg_system", "gicd_base", 0x40200000, "GIC distributor"),
    "cells": Corruption("cfg_system", "cell_count", 7, "cell"),
}
UNREADABLE = ("revision",)		# so wrong that nothing else in it can be believed
