# SPDX-License-Identifier: GPL-2.0-only
"""A system and its cells after everything was looked up in the board's device tree. Numbers only, with their places
in the files, so that rules and messages need nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .board import Board, Irq
from .diag import At
from .fdt import Node

EMULATED = "its emulated SMMU"


@dataclass
class Region:
    """A memory region of a cell. pa is None until it is allocated."""

    name: str
    pa: int | None
    ipa: int
    size: int
    flags: frozenset[str]
    at: At
    io: bool = False
    derived: bool = False  # nobody wrote it: it follows from the system config
    ram: bool = True  # the cell's device tree calls it memory


@dataclass
class Device:
    """A memory-mapped device."""

    node: Node
    label: str
    regions: list[Region]
    irqs: list[Irq]
    streams: list[tuple[int, int]]
    at: At


@dataclass
class Bar:
    """A BAR; pa is None until it is placed."""

    slot: int
    size: int
    bits: int
    prefetch: bool
    pa: int | None
    ipa: int | None
    at: At


@dataclass
class Function:
    """A PCI function."""

    host: int
    bdf: int
    vbdf: int
    ident: int  # device << 16 | vendor; 0: any
    bars: list[Bar]
    pin: int  # 1 = INTA; 0: uses none
    irq: Irq | None
    stream: tuple[int, int] | None
    at: At

    @property
    def label(self) -> str:
        return bdf_text(self.bdf)


@dataclass
class Vsmmu:
    """An emulated SMMU."""

    smmu: int  # index of the one that it stands for
    ipa: int
    size: int
    irqs: dict[str, int]  # INTIDs by name
    flags: frozenset[str]
    ssid_bits: int
    at: At


@dataclass
class Vpl011:
    """A virtual PL011."""

    ipa: int
    irq: int  # INTID
    size: int = 0x10000


@dataclass
class Ivshmem:
    """An end of an inter-cell channel."""

    region: Region
    id: int
    peers: int
    irq: int  # INTID
    at: At


@dataclass
class Cell:
    name: str
    file: str
    at: At
    root: bool = False
    boot: bool = False
    abort: bool = False
    aarch32: bool = False
    cpus: list[int] = field(default_factory=list)
    cpus_at: At = At("")
    memory: list[Region] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    vsmmus: list[Vsmmu] = field(default_factory=list)
    vsids: dict[tuple[int, int], int] = field(default_factory=dict)  # of streams that are not what they are on the board
    windows: list[Region] = field(default_factory=list)  # of PCI host bridges; root cell only
    gicd: int = 0
    gic_secure: bool = False
    gicr: int = 0
    gic_at: At = At("")
    ecam: int = 0
    ecam_size: int = 0
    console: Device | None = None
    vpl011: Vpl011 | None = None
    ivshmem: list[Ivshmem] = field(default_factory=list)
    ivshmem_ipa: int = 0
    ring: int = 0
    ring_at: At = At("")
    image: str = ""
    initrd: str = ""
    bootargs: str = ""
    load: int | None = None
    entry: int | None = None
    dtb: int | None = None
    comm: int | None = None  # IPA of the communication page
    watchdog: int = 0  # ms
    restart: str = "never"
    restart_times: int = 5
    restart_seconds: int = 60
    keys: dict[str, At] = field(default_factory=dict)  # where the top-level keys are

    def place(self, key: str) -> At:
        return self.keys.get(key, self.at)

    @property
    def regions(self) -> list[Region]:
        """All that is mapped for it but BARs."""
        return self.memory + [region for device in self.devices for region in device.regions] + self.windows

    @property
    def streams(self) -> list[tuple[tuple[int, int], str, At]]:
        found = [(stream, device.label, device.at) for device in self.devices for stream in device.streams]
        return found + [(function.stream, function.label, function.at) for function in self.functions
                        if function.stream]

    def vsid(self, stream: tuple[int, int]) -> int:
        """The StreamID that the cell's own SMMU has for it."""
        return self.vsids.get(stream, stream[1])

    @property
    def irqs(self) -> list[tuple[int, str, At]]:
        """(INTID, whose, where) of every SPI; functions may share one."""
        found = [(irq.intid, device.label, device.at) for device in self.devices for irq in device.irqs
                 if irq.kind == 0]
        found += [(intid, f"{EMULATED}'s {name}", vsmmu.at) for vsmmu in self.vsmmus
                  for name, intid in vsmmu.irqs.items()]
        return found + [(function.irq.intid, function.label, function.at) for function in self.functions
                        if function.irq]


@dataclass
class Span:
    """A physical range with its place in the config."""

    base: int
    size: int
    at: At


@dataclass
class System:
    name: str
    file: str
    at: At
    board: Board
    hypervisor: Span
    uart: Node | None = None
    log_level: str = "info"
    storm_limit: int = 1000
    root_exit: str = "keep"
    reserved: list[Span] = field(default_factory=list)
    cell_memory: list[Span] = field(default_factory=list)
    cell_pci: list[Span] = field(default_factory=list)
    cell_devices: list[Device] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)  # in the blob: the root cell first, then boot cells
    search: list[Path] = field(default_factory=list)

    @property
    def root(self) -> Cell | None:
        return next((cell for cell in self.cells if cell.root), None)


def bdf_text(bdf: int) -> str:
    return f"{bdf >> 8:02x}:{bdf >> 3 & 31:02x}.{bdf & 7}"


def bdf_number(text: str) -> int:
    bus, rest = text.split(":")
    device, function = rest.split(".")
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function)
