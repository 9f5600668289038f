# SPDX-License-Identifier: GPL-2.0-only
"""What must hold for one cell by itself and within its system."""

from __future__ import annotations

from . import abi
from .diag import Problems
from .emit import root_memory
from .model import Bar, Cell, Function, Region, System, bdf_text
from .units import IPA_BITS, PAGE, align_up, inside, overlap, range_text, size_text

IPA_LIMIT = 1 << IPA_BITS
BAR_LIMIT_32 = 1 << 32
GICD_SIZE, GICR_CPU_SIZE, FRAME = 0x10000, 0x20000, 0x10000
ECAM_BUS = 1 << 20
RING_LIMIT = 65536  # see cfg_cell.console_size
BAR_MIN = 16
SPI_FIRST, SPI_END = 32, 1020


def check(system: System, cell: Cell, problems: Problems) -> None:
    for rule in (_cpus, _arch, _memory, _memory_places, _windows, _ipa_overlaps, _pa_overlaps, _devices, _interrupts, _streams,
                 _functions, _bars, _limits, _start):
        rule(system, cell, problems)


def _cpus(system: System, cell: Cell, problems: Problems) -> None:
    if system.root and not cell.root and 0 in cell.cpus:
        problems.error(cell.cpus_at, f"cell {cell.name}: cpu 0 boots the machine and stays with the root cell")
    if cell.root and cell.cpus and 0 not in cell.cpus:
        problems.error(cell.cpus_at, "the root cell needs cpu 0, which boots the machine")


def _arch(_system: System, cell: Cell, problems: Problems) -> None:
    if cell.root and cell.aarch32:
        problems.error(cell.place("arch"), "the root cell cannot be aarch32: it runs arm64 Linux")
    if cell.root and cell.gic_secure:
        problems.error(cell.gic_at, "the root cell cannot have the Secure view of the GIC: Linux is Non-secure")


def _label(cell: Cell, region: Region) -> str:
    return f"cell {cell.name}: memory '{region.name}'"


def _memory(_system: System, cell: Cell, problems: Problems) -> None:
    """Shape and flags of each region."""
    for region in [region for region in cell.regions if not region.derived]:
        label = _label(cell, region)
        for what, value in (("pa", region.pa), ("ipa", region.ipa)):
            if value is not None and value % PAGE:
                problems.error(region.at, f"{label}: {what} {value:#x} is not page aligned (4K)")
        if not region.size or region.size % PAGE:
            problems.error(region.at, f"{label}: size {region.size:#x} is not a whole number of pages (4K)")
        if region.ipa + region.size > IPA_LIMIT:
            problems.error(region.at, f"{label}: ipa {range_text(region.ipa, region.size)} ends beyond the {IPA_BITS} bits "
                           "that a cell can address")
        if "read" not in region.flags:
            problems.error(region.at, f"{label}: without flag read nothing can be done with it")
        if cell.streams and not region.io and "dma" not in region.flags:
            problems.error(region.at, f"{label}: flag dma is missing: CPU and SMMU walk one table, so the devices of this "
                           "cell reach all of its memory")
        if cell.root and region.pa is not None and region.pa != region.ipa:
            problems.error(region.at, f"{label}: ipa {region.ipa:#x} is not the pa {region.pa:#x}; the root cell sees "
                           "memory where it is")


def _memory_places(system: System, cell: Cell, problems: Problems) -> None:
    """RAM lies in what the config has for it."""
    if cell.root:
        homes = root_memory(system) + [(span.base, span.size) for span in system.cell_memory]
        kind = "the memory that is left for the root cell"
    else:
        homes = [(span.base, span.size) for span in system.cell_memory]
        kind = "cell_memory"
    for region in cell.memory:
        if region.pa is None or any(inside(region.pa, region.size, *home) for home in homes):
            continue
        where = range_text(region.pa, region.size)
        hypervisor = system.hypervisor
        if overlap(region.pa, region.size, hypervisor.base, hypervisor.size):
            problems.error(region.at, f"{_label(cell, region)}: pa {where} overlaps the hypervisor's memory at "
                           f"{range_text(hypervisor.base, hypervisor.size)}")
            continue
        known = ", ".join(range_text(*home) for home in homes) or "none"
        problems.error(region.at, f"{_label(cell, region)}: pa {where} is not inside one piece of {kind} ({known})")


def trapped(cell: Cell) -> list[tuple[str, int, int, int]]:
    """(name, address, bytes, alignment) of what the hypervisor emulates in the cell's address space."""
    found = [("gic distributor", cell.gicd, GICD_SIZE, FRAME),
             ("gic redistributors", cell.gicr, GICR_CPU_SIZE * len(cell.cpus), FRAME)]
    if cell.ecam_size:
        found.append(("ecam", cell.ecam, cell.ecam_size, ECAM_BUS))
    if cell.vpl011:
        found.append(("virtual PL011", cell.vpl011.ipa, cell.vpl011.size, FRAME))
    if cell.ivshmem:
        found.append(("ivshmem host bridge", cell.ivshmem_ipa, 2 * ECAM_BUS, ECAM_BUS))
    found += [("emulated SMMU", vsmmu.ipa, vsmmu.size, FRAME) for vsmmu in cell.vsmmus]
    return found


def _windows(_system: System, cell: Cell, problems: Problems) -> None:
    found = trapped(cell)
    for index, (name, base, size, alignment) in enumerate(found):
        at = {"ecam": cell.place("ecam"), "emulated SMMU": cell.place("smmu"),
              "virtual PL011": cell.place("console"), "ivshmem host bridge": cell.place("ivshmem")}.get(name, cell.gic_at)
        if base % alignment:
            problems.error(at, f"cell {cell.name}: {name} address {base:#x} is not a multiple of {size_text(alignment)}")
        if base + size > IPA_LIMIT:
            problems.error(at, f"cell {cell.name}: {name} {range_text(base, size)} ends beyond {IPA_BITS} bits")
        for other, other_base, other_size, _ in found[:index]:
            if overlap(base, size, other_base, other_size):
                problems.error(at, f"cell {cell.name}: {name} {range_text(base, size)} overlaps {other} "
                               f"{range_text(other_base, other_size)}")


def _ipa_overlaps(_system: System, cell: Cell, problems: Problems) -> None:
    seen = [(name, base, size) for name, base, size, _ in trapped(cell)]
    for region in cell.regions:
        for name, base, size in seen:
            if overlap(region.ipa, region.size, base, size):
                problems.error(region.at, f"{_label(cell, region)}: ipa {range_text(region.ipa, region.size)} overlaps {name} "
                               f"at {range_text(base, size)}")
        seen.append((f"memory '{region.name}'", region.ipa, region.size))


def _pa_overlaps(_system: System, cell: Cell, problems: Problems) -> None:
    placed = [region for region in cell.regions if region.pa is not None]
    for index, region in enumerate(placed):
        for other in placed[:index]:
            if overlap(region.pa, region.size, other.pa, other.size):
                problems.error(region.at, f"{_label(cell, region)}: pa {range_text(region.pa, region.size)} overlaps memory "
                               f"'{other.name}' at {range_text(other.pa, other.size)}")


def _devices(system: System, cell: Cell, problems: Problems) -> None:
    allowed = {device.node.path for device in system.cell_devices}
    for device in cell.devices:
        if not cell.root and not cell.boot and device.node.path not in allowed:
            known = ", ".join(entry.label for entry in system.cell_devices) or "none"
            problems.error(device.at, f"cell {cell.name}: device {device.label} is not among the system's cell_devices "
                           f"({known})")


def _hypervisor_irqs(system: System) -> set[int]:
    return {intid for smmu in system.board.smmus for intid in smmu.irqs.values() if intid}


def _interrupts(system: System, cell: Cell, problems: Problems) -> None:
    owned = _hypervisor_irqs(system)
    for device in cell.devices:
        if any(irq.kind == 1 for irq in device.irqs):
            problems.error(device.at, f"cell {cell.name}: device {device.label} uses a private interrupt of each CPU, "
                           "which cannot be given to a cell")
    seen: dict[int, str] = {}
    for intid, label, at in cell.irqs:
        if intid in owned:
            problems.error(at, f"cell {cell.name}: irq {intid} of {label} is an SMMU's, so the hypervisor's")
        if not SPI_FIRST <= intid < SPI_END:
            problems.error(at, f"cell {cell.name}: irq {intid} of {label} is not a shared interrupt ({SPI_FIRST} to "
                           f"{SPI_END - 1})")
        if intid in seen and not (_is_pci(label) and _is_pci(seen[intid])):
            problems.error(at, f"cell {cell.name}: irq {intid} of {label} is that of {seen[intid]} too")
        seen.setdefault(intid, label)
    if cell.vpl011 and cell.vpl011.irq in seen:
        problems.error(cell.place("console"), f"cell {cell.name}: console: spi {cell.vpl011.irq - SPI_FIRST} of the virtual PL011 "
                       f"is that of {seen[cell.vpl011.irq]}; another one is chosen with {{device: pl011, spi: N}}")


def _is_pci(label: str) -> bool:
    return ":" in label


def _streams(system: System, cell: Cell, problems: Problems) -> None:
    seen: dict[tuple[int, int], str] = {}
    for (smmu, sid), label, at in cell.streams:
        if (smmu, sid) in seen and seen[smmu, sid] != label:
            problems.warn(at, f"cell {cell.name}: {label} and {seen[smmu, sid]} have one stream, {sid:#x} of SMMU {smmu}: "
                          "the SMMU cannot tell them apart")
        seen.setdefault((smmu, sid), label)
    own = {(function.host, function.bdf) for function in cell.functions}
    for device in cell.devices:
        for smmu, sid in device.streams:
            if any(host.smmu == smmu and host.has(sid) and (index, sid) not in own
                   for index, host in enumerate(system.board.pci_hosts)):
                problems.error(device.at, f"cell {cell.name}: {device.label} has stream {sid:#x} of SMMU {smmu}, which is that "
                               f"of PCI function {bdf_text(sid)}, and the cell does not have that one")


def _functions(system: System, cell: Cell, problems: Problems) -> None:
    seen: dict[tuple[int, int], Function] = {}
    virtual: dict[int, Function] = {}
    for function in cell.functions:
        label = f"cell {cell.name}: PCI function {function.label}"
        if (function.host, function.bdf) in seen:
            problems.error(function.at, f"{label} is listed twice")
        elif function.vbdf in virtual:
            problems.error(function.at, f"{label}: as {bdf_text(function.vbdf)} it would stand in the place of "
                           f"{virtual[function.vbdf].label}")
        seen[function.host, function.bdf] = virtual[function.vbdf] = function
        if cell.root and function.vbdf != function.bdf:
            problems.error(function.at, f"{label}: the root cell sees functions where they are; leave 'as' out")
        if not cell.root and function.vbdf >> 8:
            problems.error(function.at, f"{label}: as {bdf_text(function.vbdf)} it is not on bus 00, which is all that "
                           "a cell has")
        if function.host != cell.functions[0].host:
            problems.error(function.at, f"{label} is of another host bridge than {cell.functions[0].label}; a cell has one "
                           "configuration space")
        if function.stream and function.stream[1] != function.bdf:
            problems.error(function.at, f"{label} has StreamID {function.stream[1]:#x}, which is not its requester ID "
                           f"{function.bdf:#x}: the hypervisor does not know such a mapping")
    if cell.functions and not system.board.smmus:
        problems.error(cell.functions[0].at, f"cell {cell.name}: the board has no SMMU, so no cell can have a PCI function")


def _bars(system: System, cell: Cell, problems: Problems) -> None:
    placed: list[tuple[str, int, int, int]] = []
    for function in cell.functions:
        for bar in function.bars:
            label = f"cell {cell.name}: PCI function {function.label}: BAR {bar.slot}"
            if not _bar_shape(bar, label, problems) or bar.pa is None:
                continue
            _bar_place(system, bar, label, problems)
            _bar_neighbours(cell, bar, label, placed, problems)
            placed.append((label, bar.pa, bar.ipa, _span(bar)))


def _span(bar: Bar) -> int:
    """A BAR has whole pages to itself."""
    return align_up(bar.size, PAGE)


def _bar_shape(bar: Bar, label: str, problems: Problems) -> bool:
    slots = abi.const("CFG_PCI_BARS")
    if bar.slot + (2 if bar.bits == 64 else 1) > slots:
        problems.error(bar.at, f"{label}: a function has {slots} BARs, and one of 64 bits takes two")
        return False
    if bar.size < BAR_MIN or bar.size & (bar.size - 1):
        problems.error(bar.at, f"{label}: size {bar.size:#x} is not a power of two of at least {BAR_MIN}")
        return False
    return True


def _bar_place(system: System, bar: Bar, label: str, problems: Problems) -> None:
    span = _span(bar)
    for what, address in (("pa", bar.pa), ("ipa", bar.ipa)):
        limit = IPA_LIMIT if bar.bits == 64 else BAR_LIMIT_32
        if address % span:
            problems.error(bar.at, f"{label}: {what} {address:#x} is not a multiple of its size {size_text(span)}")
        if address + span > limit:
            problems.error(bar.at, f"{label}: {what} {range_text(address, span)} ends beyond what {bar.bits} bits can say")
    if not any(inside(bar.pa, span, window.base, window.size) for window in system.cell_pci):
        known = ", ".join(range_text(window.base, window.size) for window in system.cell_pci) or "none"
        problems.error(bar.at, f"{label}: pa {range_text(bar.pa, span)} is not inside cell_pci ({known})")


def _bar_neighbours(cell: Cell, bar: Bar, label: str, placed, problems: Problems) -> None:
    span = _span(bar)
    for other, pa, ipa, size in placed:
        if overlap(bar.pa, span, pa, size) or overlap(bar.ipa, span, ipa, size):
            problems.error(bar.at, f"{label} at {range_text(bar.pa, span)} overlaps {other.split(': ', 1)[1]}")
    taken = [(name, base, size) for name, base, size, _ in trapped(cell)]
    taken += [(f"memory '{region.name}'", region.ipa, region.size) for region in cell.regions]
    for name, base, size in taken:
        if overlap(bar.ipa, span, base, size):
            problems.error(bar.at, f"{label}: ipa {range_text(bar.ipa, span)} overlaps {name} at {range_text(base, size)}")


def _limits(_system: System, cell: Cell, problems: Problems) -> None:
    if cell.ring and (cell.ring & (cell.ring - 1) or cell.ring > RING_LIMIT):
        problems.error(cell.ring_at, f"cell {cell.name}: console: ring {cell.ring} is not a power of two up to {RING_LIMIT}")
    counts = (("memory regions", len(cell.regions), "CFG_MAX_MEM"), ("PCI functions", len(cell.functions),
              "CFG_MAX_PCI_DEVS"), ("CPUs", len(cell.cpus), "CFG_MAX_CPUS"), ("streams", len(cell.streams),
              "CFG_MAX_STREAMS"), ("interrupts", len({irq[0] for irq in cell.irqs}), "CFG_MAX_IRQS"))
    for what, count, limit in counts:
        if count > abi.const(limit):
            problems.error(cell.at, f"cell {cell.name}: {count} {what} are more than the {abi.const(limit)} that the "
                           "hypervisor has room for")


def _start(_system: System, cell: Cell, problems: Problems) -> None:
    """Addresses that the config gives for what is loaded."""
    for key, alignment, flag in (("entry", 4, "execute"), ("dtb", 8, "read"), ("load", 1, "read"),
                                 ("comm", PAGE, "write")):
        address = getattr(cell, key)
        if address is None:
            continue
        homes = [region for region in cell.memory if region.ipa <= address < region.ipa + region.size]
        if address % alignment or not homes or flag not in homes[0].flags:
            what = f"{alignment}-byte aligned and " if alignment > 1 else ""
            kind = "executable memory" if flag == "execute" else "memory"
            problems.error(cell.place(key), f"cell {cell.name}: {key} {address:#x} is not {what}inside {kind} of the cell")
