# SPDX-License-Identifier: GPL-2.0-only
"""From YAML to the model: names become addresses, interrupts and streams by the board's device tree."""

from __future__ import annotations

import difflib

from . import devices, ivshmem, vpl011, vsmmu
from .board import Board
from .diag import At, Problems
from .emit import root_windows
from .model import Cell, Region, Span, System
from .schema import CELL, SYSTEM, check
from .units import PAGE, number, subtract
from .yamldoc import Doc, Map, load

RAM_IPA = 0x40000000  # of a cell's first region, where QEMU's virt has RAM
GICD_IPA = 0x08000000  # likewise
GICR_IPA = 0x080A0000
ECAM_IPA_32 = 0x3F000000  # likewise where its PCI host bridge is for CPUs that address 32 bits
RING = 4096  # bytes of `console: hypercall`


def _without_shared(cell: Cell, span: Span) -> list[tuple[int, int]]:
    """What the root cell lends of a piece of cell_memory: not what it shares."""
    left = [(span.base, span.size)]
    for region in cell.memory:
        if "shared" in region.flags and region.size > 0:
            left = subtract(left, region.pa, region.size)
    return left


class Resolver:
    """Resolves one system and any number of cells against a board; everything found wrong goes to `problems`."""

    def __init__(self, board: Board, problems: Problems):
        self.board = board
        self.problems = problems

    # ---- the system ----

    def system(self, doc: Doc, search: list) -> System | None:
        if not check(doc.data, SYSTEM, doc.file, self.problems):
            return None
        data = doc.data
        system = System(data["system"], doc.file, data.at("system"), self.board, self._span(data, "hypervisor"),
                        log_level=data.get("log_level", "info"), storm_limit=data.get("storm_limit", 1000),
                        root_exit=data.get("root_exit", "keep"), search=search)
        for key in ("reserved", "cell_memory", "cell_pci"):
            entries = data.get(key, [])
            setattr(system, key, [span for index in range(len(entries)) for span in self._spans(entries, index)])
        self._uart(system, data)
        system.cell_devices = self._cell_devices(data)
        self._root(system, doc)
        self._boot_cells(system, doc)
        return system

    def _span(self, parent, key) -> Span:
        entry = parent[key]
        return Span(number(entry["base"]), number(entry["size"]), parent.at(key))

    def _spans(self, parent, key) -> list[Span]:
        """One range, or with size `rest` all memory of the board from there on."""
        entry = parent[key]
        if entry["size"] != "rest":
            return [self._span(parent, key)]
        return [Span(base, size, parent.at(key)) for base, size in self._rest(number(entry["base"]))]

    def _rest(self, base: int) -> list[tuple[int, int]]:
        return subtract(sorted(self.board.memory), 0, base)

    def _uart(self, system: System, data: Map) -> None:
        name = data.get("console", "none")
        if name == "none":
            return
        node = self.node(name, data.at("console"), "console")
        if node is None:
            return
        if not node.compatible("arm,pl011") or not node.reg():
            self.problems.error(data.at("console"), f"console: {name} is not a PL011 UART")
            return
        system.uart = node

    def _cell_devices(self, data: Map) -> list:
        names = data.get("cell_devices", [])
        found = [devices.device(self, names, index, name, None) for index, name in enumerate(names)]
        return [device for device in found if device]

    def _root(self, system: System, doc: Doc) -> None:
        if "root" in doc.data:
            cell = self._inner_cell(system, doc, doc.data, "root", "root", "root")
            system.cells += [cell] if cell else []

    def _boot_cells(self, system: System, doc: Doc) -> None:
        entries = doc.data.get("boot", [])
        for index in range(len(entries)):
            cell = self._inner_cell(system, doc, entries, index, f"boot[{index}]", "boot")
            system.cells += [cell] if cell else []

    def _inner_cell(self, system: System, doc: Doc, parent, key, where: str, role: str) -> Cell | None:
        """A cell that a system config holds, or whose file it names."""
        entry = parent[key]
        if not isinstance(entry, str):
            return self.cell(Doc(doc.file, entry), system, role)
        path = doc.directory / entry
        if not path.is_file():
            self.problems.error(parent.at(key), f"{where}: there is no file {path}")
            return None
        inner = load(path, self.problems)
        return self.cell(inner, system, role) if inner else None

    # ---- a cell ----

    def cell(self, doc: Doc, system: System, role: str = "") -> Cell | None:
        """`role`: "root", "boot" for one that starts with the machine, or empty."""
        if isinstance(doc.data, Map) and "system" in doc.data:
            self.problems.error(doc.data.at("system"), "is a system config, but a cell config is wanted here")
            return None
        if not check(doc.data, CELL, doc.file, self.problems):
            return None
        data = doc.data
        cell = Cell(data["cell"], doc.file, data.at("cell"), root=role == "root", boot=role == "boot",
                    keys={key: data.at(key) for key in data})
        cell.abort = data.get("on_fault", "abort" if cell.root else "fail") == "abort"
        cell.aarch32 = data.get("arch") == "aarch32"
        self._cpus(cell, data)
        self._memory(cell, data, system)
        devices.resolve(self, cell, data)
        vsmmu.resolve(self.board, self.problems, cell, data)
        self._interrupt_controller(cell, data)
        self._ecam(cell, data)
        if cell.root:
            self._windows(cell, system)
        self._console(cell, data)
        ivshmem.resolve(self.board, self.problems, cell, data)
        self._care(cell, data, system)
        cell.image, cell.initrd, cell.bootargs = (data.get(key, "") for key in ("image", "initrd", "bootargs"))
        for key in ("load", "entry", "dtb"):
            setattr(cell, key, number(data[key]) if key in data else None)
        return cell

    def _cpus(self, cell: Cell, data: Map) -> None:
        wanted, count = data["cpus"], len(self.board.cpus)
        cell.cpus_at = data.at("cpus")
        if wanted == "all":
            cell.cpus = list(range(count))
            return
        for index, entry in enumerate(wanted):
            cpu = count - 1 if entry == "last" else entry
            place = wanted.at(index)
            if cpu >= count:
                self.problems.error(place, f"cpus[{index}]: cpu {cpu} does not exist, the board has cpus 0 to {count - 1}")
            elif cpu in cell.cpus:
                self.problems.error(place, f"cpus[{index}]: cpu {cpu} is listed twice")
            else:
                cell.cpus.append(cpu)

    def _memory(self, cell: Cell, data: Map, system: System) -> None:
        entries = data["memory"]
        for index, entry in enumerate(entries):
            name = entry.get("name", f"ram{index or ''}")
            cell.memory += self._regions(cell, entry, entries.at(index), index, name)
        if len(cell.memory) == len(entries) and not any("execute" in region.flags for region in cell.memory):
            self.problems.error(data.at("memory"), f"cell {cell.name}: no memory has flag execute, so nothing can run")
        if cell.root:
            flags = frozenset(("read", "write", "dma"))
            cell.memory += [Region("cells", base, base, size, flags, span.at, derived=True)
                            for span in system.cell_memory for base, size in _without_shared(cell, span)]

    def _regions(self, cell: Cell, entry: Map, at: At, index: int, name: str) -> list[Region]:
        default = ["read", "write", "execute", "dma"] + ([] if cell.root else ["load"])
        flags = frozenset(entry.get("flags", default))
        pa = number(entry["pa"]) if "pa" in entry else None
        where = f"memory[{index}] '{name}'"
        if cell.root and pa is None:
            self.problems.error(at, f"{where}: the root cell's memory needs a pa")
            return []
        if entry["size"] == "rest":
            if not cell.root:
                self.problems.error(entry.at("size"), f"{where}: only the root cell can have the rest of memory")
                return []
            rest = self._rest(pa)
            if not rest:
                self.problems.error(entry.at("pa"), f"{where}: the board has no memory at or above {pa:#x}")
            return [Region(name, base, base, size, flags, at) for base, size in rest]
        if not cell.root and "ipa" not in entry and index > 0:
            self.problems.error(at, f"{where}: the key 'ipa' is missing; only the first region has a default")
            return []
        ipa = number(entry["ipa"]) if "ipa" in entry else (pa if cell.root else RAM_IPA)
        return [Region(name, pa, ipa, number(entry["size"]), flags, at, ram=entry.get("ram", True))]

    def _interrupt_controller(self, cell: Cell, data: Map) -> None:
        gic = data.get("gic", {})
        defaults = (self.board.gicd_base, self.board.gicr_base) if cell.root else (GICD_IPA, GICR_IPA)
        cell.gicd = number(gic.get("distributor", defaults[0]))
        cell.gicr = number(gic.get("redistributors", defaults[1]))
        cell.gic_secure = gic.get("secure", False)
        cell.gic_at = data.at("gic")

    def _ecam(self, cell: Cell, data: Map) -> None:
        if not cell.functions:
            return
        host = self.board.pci_hosts[cell.functions[0].host]
        cell.ecam = number(data.get("ecam", ECAM_IPA_32 if cell.aarch32 else host.ecam_base))
        last = max(function.vbdf >> 8 for function in cell.functions)
        cell.ecam_size = host.ecam_size if cell.root else last + 1 << 20

    def _windows(self, cell: Cell, system: System) -> None:
        """The root cell places BARs itself, anywhere in the bridges' windows that are not for other cells."""
        if cell.functions:
            flags = frozenset(("read", "write"))
            cell.windows = [Region(f"pci{index}", base, base, size, flags, cell.place("devices"), io=True, derived=True)
                            for index, (base, size) in enumerate(root_windows(system))]

    def _console(self, cell: Cell, data: Map) -> None:
        wanted = data.get("console")
        at = data.at("console")
        uarts = [device for device in cell.devices if device.node.compatible("arm,pl011")]
        options = wanted if isinstance(wanted, Map) else Map()
        if isinstance(wanted, Map):
            cell.ring = number(options.get("ring", 0))
            cell.ring_at = options.at("ring")
            wanted = options.get("device", "none")
        elif wanted == "hypercall":
            cell.ring, cell.ring_at = RING, at
        elif wanted is None and (uarts or cell.root):
            cell.console = uarts[0] if uarts else None
            return
        if wanted in ("pl011", None):
            vpl011.resolve(self.problems, cell, options, at)
            return
        for key in [key for key in ("ipa", "spi") if key in options]:
            self.problems.error(options.at(key), f"console.{key}: is for the virtual PL011 alone (device: pl011)")
        if wanted in ("hypercall", "none"):
            return
        node = self.board.find(wanted)
        cell.console = next((device for device in cell.devices if device.node is node), None)
        if cell.console is None:
            names = ", ".join(device.label for device in cell.devices) or "none"
            self.problems.error(at, f"console: '{wanted}' is not pl011, hypercall, none or one of the cell's devices ({names})")

    def _care(self, cell: Cell, data: Map, system: System) -> None:
        """Signs of life, and what happens when there are none."""
        comm, ram = data.get("comm", "watchdog" in data), cell.memory[0] if cell.memory else None
        if comm is not False and ram:
            cell.comm = ram.ipa + ram.size - PAGE if comm is True else number(comm)
        cell.watchdog = data.get("watchdog", 0)
        for key in [key for key in ("comm", "watchdog") if cell.root and key in data]:
            self.problems.error(data.at(key), f"{key}: the root cell has none")
        if comm is False and cell.watchdog:
            self.problems.error(data.at("watchdog"), "watchdog: there are no heartbeats without the communication page; "
                                "leave comm out, or say comm: true")
        restart = data.get("restart", "on-failure" if cell.root and system.root_exit == "restart" else "never")
        if isinstance(restart, Map):
            cell.restart_times = restart.get("times", cell.restart_times)
            cell.restart_seconds = restart.get("seconds", cell.restart_seconds)
            restart = restart["policy"]
        cell.restart = restart

    # ---- lookup ----

    def node(self, name: str, at: At, where: str):
        """A device by name; None after saying that there is none."""
        node = self.board.find(name)
        if node is None:
            close = difflib.get_close_matches(name, self.board.names(), 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            self.problems.error(at, f"{where}: '{name}' is not in the board's device tree ({self.board.file}){hint}")
        return node
