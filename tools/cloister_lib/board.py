# SPDX-License-Identifier: GPL-2.0-only
"""A board, as its device tree describes it: what there is, where it is, which interrupts and streams it has."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .diag import At, Fatal
from .fdt import Node, joined, parse

GIC_COMPATIBLE = ("arm,gic-v3",)
SMMU_COMPATIBLE = ("arm,smmu-v3",)
PCI_COMPATIBLE = ("pci-host-ecam-generic",)
UART_COMPATIBLE = ("arm,pl011",)
MPIDR_AFFINITY = 0xFF00FFFFFF
TIMER_EL2_PHYSICAL = 3  # index among the interrupts of arm,armv8-timer
GICD_SIZE = 0x10000

PCI_IO, PCI_MEM32, PCI_MEM64 = 1, 2, 3  # the space code in the first cell of a PCI address
PIN_CELL = 3  # index of the interrupt pin among the cells of an interrupt-map entry


@dataclass
class Smmu:
    node: Node
    base: int
    size: int
    irqs: dict[str, int]  # by interrupt name; 0 where it has none


@dataclass
class Window:
    """A range of CPU addresses that a PCI host bridge forwards."""

    space: int
    flags: int
    pci: int
    cpu: int
    size: int


@dataclass
class PciHost:
    node: Node
    ecam_base: int
    ecam_size: int
    bus_first: int
    windows: list[Window]
    smmu: int  # index; -1 when no function is behind any
    iommu_map: list[tuple[int, int, int, int]] = field(default_factory=list)  # rid, smmu index, sid, count

    def has(self, bdf: int) -> bool:
        """It is on one of its buses."""
        return self.bus_first <= bdf >> 8 < self.bus_first + (self.ecam_size >> 20)

    def stream(self, bdf: int) -> tuple[int, int] | None:
        """(SMMU index, StreamID) of a function, by the requester ID that it uses."""
        rid = bdf & self.node.u32("iommu-map-mask", 0xFFFF)
        for first, smmu, sid, count in self.iommu_map:
            if first <= rid < first + count and smmu >= 0:
                return smmu, sid + rid - first
        return None


@dataclass
class Irq:
    """An interrupt as the GIC's binding writes it."""

    kind: int
    number: int
    flags: int

    @property
    def intid(self) -> int:
        return self.number + (16 if self.kind == 1 else 32)


class Board:
    """Everything is looked up once; what a partitioned machine can't do without, and isn't there, is Fatal."""

    def __init__(self, data: bytes, file: str):
        self.file = file
        self.root = parse(data, file)
        self.hash = board_hash(self.root)
        self.phandles = {node.phandle: node for node in self.root.walk() if node.phandle}
        self.cpus = self._cpus()
        self.memory = [pair for node in self.root.children if node.texts("device_type") == ["memory"]
                       for pair in node.reg()]
        self.gic = self._need(GIC_COMPATIBLE, "GICv3 interrupt controller")
        regs = self.gic.reg()
        if len(regs) < 2:
            raise self.fatal(self.gic, "has no redistributor region in its reg property")
        self.gicd_base = regs[0][0]
        self.gicr_base, self.gicr_size = regs[1]
        self.maintenance_irq = self.irqs(self.gic)[0].intid if self.irqs(self.gic) else 25
        self.timer = self._need(("arm,armv8-timer",), "architected timer")
        timer_irqs = self.irqs(self.timer)
        if len(timer_irqs) <= TIMER_EL2_PHYSICAL:
            raise self.fatal(self.timer, "has no interrupt for the EL2 timer (the fourth in its list)")
        self.timer_irq = timer_irqs[TIMER_EL2_PHYSICAL].intid
        self.smmus = [self._smmu(node) for node in self._all(SMMU_COMPATIBLE)]
        self.pci_hosts = [self._pci_host(node) for node in self._all(PCI_COMPATIBLE)]

    def fatal(self, node: Node, sentence: str) -> Fatal:
        return Fatal(At(self.file), f"{node.path} {sentence}")

    def _all(self, compatible: tuple[str, ...]) -> list[Node]:
        return [node for node in self.root.walk() if node.compatible(*compatible) and node.enabled]

    def _need(self, compatible: tuple[str, ...], what: str) -> Node:
        found = self._all(compatible)
        if not found:
            raise Fatal(At(self.file), f"the board's device tree has no {what} ({compatible[0]})")
        return found[0]

    def _cpus(self) -> list[int]:
        parent = self.root.child("cpus")
        nodes = [node for node in parent.children if node.texts("device_type") == ["cpu"]] if parent else []
        if not nodes:
            raise Fatal(At(self.file), "the board's device tree has no CPUs")
        return [joined(node.u32s("reg")) & MPIDR_AFFINITY for node in nodes]

    def cpu_node(self, index: int) -> Node:
        nodes = [node for node in self.root.child("cpus").children if node.texts("device_type") == ["cpu"]]
        return nodes[index]

    def irqs(self, node: Node) -> list[Irq]:
        """The interrupts of a node whose interrupt parent is the GIC; others are left out."""
        parent = self.phandles.get(node.inherited("interrupt-parent"))
        if parent is None or not parent.compatible(*GIC_COMPATIBLE):
            return []
        step = parent.u32("#interrupt-cells", 3)
        values = node.u32s("interrupts")
        return [Irq(*values[at:at + 3]) for at in range(0, len(values) - step + 1, step)]

    def _smmu(self, node: Node) -> Smmu:
        regs = node.reg()
        if not regs:
            raise self.fatal(node, "has no address that the CPUs can reach")
        names = node.texts("interrupt-names")
        irqs = {name: irq.intid for name, irq in zip(names, self.irqs(node))}
        return Smmu(node, *regs[0], {name: irqs.get(name, 0) for name in ("eventq", "priq", "cmdq-sync", "gerror")})

    def _smmu_index(self, phandle: int) -> int:
        return next((index for index, smmu in enumerate(self.smmus) if smmu.node.phandle == phandle), -1)

    def _pci_host(self, node: Node) -> PciHost:
        regs = node.reg()
        if not regs:
            raise self.fatal(node, "has no configuration space in its reg property")
        values = node.u32s("iommu-map")
        table = [(values[at], self._smmu_index(values[at + 1]), values[at + 2], values[at + 3])
                 for at in range(0, len(values) - 3, 4)]
        smmu = next((entry[1] for entry in table if entry[1] >= 0), -1)
        return PciHost(node, *regs[0], node.u32("bus-range"), pci_windows(node), smmu, table)

    def intx(self, host: PciHost, bdf: int, pin: int) -> Irq | None:
        """The interrupt that a function's pin (1 = INTA) raises, by the bridge's interrupt-map."""
        mask = host.node.u32s("interrupt-map-mask") or [0xFFFFFFFF] * 4
        wanted = [bdf << 8 & mask[0], 0, 0, pin & mask[PIN_CELL]]
        for child, parent, specifier in self.interrupt_map(host.node):
            if [value & bits for value, bits in zip(child, mask)] == wanted and parent.compatible(*GIC_COMPATIBLE):
                return Irq(*specifier[:3])
        return None

    def interrupt_map(self, node: Node) -> list[tuple[list[int], Node, list[int]]]:
        """(address and pin, interrupt parent, its specifier) of each entry."""
        values, entries, at = node.u32s("interrupt-map"), [], 0
        while at + 5 <= len(values):
            parent = self.phandles.get(values[at + 4])
            if parent is None:
                raise self.fatal(node, f"has an interrupt-map with an unknown parent, phandle {values[at + 4]:#x}")
            start = at + 5 + parent.u32("#address-cells")
            end = start + parent.u32("#interrupt-cells", 1)
            entries.append((values[at:at + 4], parent, values[start:end]))
            at = end
        return entries

    def find(self, reference: str) -> Node | None:
        """A device by path (/pl011@9000000), by alias (serial1), or by node name (pl011@9000000)."""
        aliases = self.root.child("aliases")
        alias = aliases.texts(reference) if aliases else []
        path = alias[0] if alias else reference
        if path.startswith("/"):
            node: Node | None = self.root
            for part in filter(None, path.split("/")):
                node = node.child(part) if node else None
            return node
        named = [node for node in self.root.walk() if node.name == path]
        return named[0] if len(named) == 1 else None

    def names(self) -> list[str]:
        """What find() knows, for suggestions."""
        aliases = self.root.child("aliases")
        return [*(aliases.props if aliases else []), *(node.path for node in self.root.walk() if node.reg())]

    def alias_of(self, node: Node) -> str:
        """The short name of a device if it has one, else its path."""
        aliases = self.root.child("aliases")
        for name in aliases.props if aliases else ():
            if aliases.texts(name) == [node.path]:
                return name
        return node.path


def pci_windows(node: Node) -> list[Window]:
    """The entries of a host bridge's ranges property."""
    values, windows = node.u32s("ranges"), []
    for at in range(0, len(values) - 6, 7):
        flags = values[at]
        windows.append(Window(flags >> 24 & 3, flags, joined(values[at + 1:at + 3]), joined(values[at + 3:at + 5]),
                              joined(values[at + 5:at + 7])))
    return windows


def board_hash(root: Node) -> int:
    """Identifies the board: everything but /chosen, which a boot loader fills with seeds and arguments."""
    digest = hashlib.sha256()
    for node in root.walk():
        if node.path.startswith("/chosen"):
            continue
        digest.update(node.path.encode() + b"\0")
        for name in sorted(node.props):
            digest.update(name.encode() + b"\0" + len(node.props[name]).to_bytes(4, "big") + node.props[name])
    return int.from_bytes(digest.digest()[:8], "little")


def load(path: str | Path) -> Board:
    try:
        return Board(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise Fatal(At(str(path)), f"cannot read the board's device tree: {error.strerror}") from error
