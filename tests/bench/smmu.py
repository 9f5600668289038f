# SPDX-License-Identifier: GPL-2.0-only
"""What the emulated SMMU costs: the inmate bench-smmu in a cell, beside the same binary on a bare machine with QEMU's own
SMMU, and root Linux that maps and unmaps a page for DMA."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from machine import BenchError, Counts, Run, bare_machine, cell_machine, measure, parse, run_qemu, triple

SAMPLES = 256


@dataclass(frozen=True)
class Row:
    """One series, and what to aim for: instructions at EL2, exits."""
    title: str
    el2: Optional[int] = None
    exits: Optional[float] = None


ROWS = {
    "empty": Row("nothing (the way of measuring)", 0, 0),
    "register-read": Row("read of a register", 0, 0),
    "register-write": Row("write of a register (IRQ_CTRL)", 350, 1),
    "sync": Row("CMD_SYNC", 950, 1),
    "tlbi-1": Row("TLBI_NH_VA, CMD_SYNC", 1050, 1),
    "tlbi-16": Row("16 TLBI_NH_VA, CMD_SYNC", 2700, 1),
    "map-unmap": Row("map and unmap a page", 1050, 1),
    "cfgi-cd": Row("CFGI_CD, CMD_SYNC", 1080, 1),
    "cfgi-ste": Row("CFGI_STE, CMD_SYNC: nothing new", 1900, 1),
    "ste-toggle": Row("STE to invalid and back", 4800, 2),
    "event": Row("device fault, to handler", 1400, 3),
    "tlbi-512": Row("512 TLBI_NH_VA, CMD_SYNC", 52000, 9),
}
# One more command in a batch.
COMMAND_AIM = 120

LINUX = "linux-map-unmap"
LINUX_AIM = 1050  # at EL2
FEW, MANY = 256, 2304
TYPED = (f"for n in {FEW} {MANY}; do cloisterctl cell stats root --json; insmod /test/dma_bench.ko samples=$n; "
         "rmmod dma_bench; done; cloisterctl cell stats root --json; echo bench-\"done\"")


@dataclass
class Smmu:
    """All figures: of the inmate, and of Linux (counts, exits) by machine."""
    bare: Run
    cell: Run
    linux: dict[str, tuple[Counts, Optional[float]]]

    def el2(self, name: str) -> int:
        return self.cell.counts[name][1] - self.bare.counts[name][1]

    def per_command(self) -> float:
        return (self.el2("tlbi-16") - self.el2("tlbi-1")) / 15

    def linux_el2(self) -> int:
        return self.linux["stage 1"][0][1] - self.linux["bare"][0][1]

    def above_aim(self) -> list[str]:
        found = []
        for name, row in ROWS.items():
            if row.el2 is not None and self.el2(name) > row.el2:
                found.append(f"{row.title}: {self.el2(name)} instructions at EL2, aim {row.el2}")
            if row.exits is not None and self.cell.exits[name] > row.exits:
                found.append(f"{row.title}: {self.cell.exits[name]:g} exits, aim {row.exits:g}")
        if self.per_command() > COMMAND_AIM:
            found.append(f"each further command: {self.per_command():g} instructions at EL2, aim {COMMAND_AIM}")
        exits = self.linux["stage 1"][1]
        if self.linux_el2() > LINUX_AIM or exits is None or exits > 1.01:
            found.append(f"Linux, dma_map and dma_unmap: {self.linux_el2()} instructions at EL2 and {exits} exits, aim "
                         f"{LINUX_AIM} and 1")
        return found

    def table(self) -> list[str]:
        lines = [f"{'SMMU':42} {'bare EL1':>14} {'Cloister':>18} {'at EL2':>7} {'exits':>6} {'aim':>7}"]
        for name, row in ROWS.items():
            aim = "" if row.el2 is None else f"<= {row.el2}"
            lines.append(f"{row.title:42} {triple(self.bare.counts[name]):>14} {triple(self.cell.counts[name]):>18} "
                         f"{self.el2(name):>7} {self.cell.exits[name]:>6g} {aim:>7}")
        lines.append(f"{'each further command in a batch':42} {'':>14} {'':>18} {self.per_command():>7.0f} {'':>6} "
                     f"<= {COMMAND_AIM}")
        bare, cell = (self.linux[kind][0][1] for kind in ("bare", "stage 1"))
        without, with_stage1 = (self.linux[kind][1] for kind in ("no stage 1", "stage 1"))
        lines.append(f"{'Linux: dma_map, dma_unmap of a page':42} {bare:>14} {cell:>18} {self.linux_el2():>7} "
                     f"{with_stage1:>6g} <= {LINUX_AIM}")
        lines.append(f"{'the same without stage 1':42} {'':>14} {self.linux['no stage 1'][0][1]:>18} {'0':>7} "
                     f"{without:>6g}")
        return lines

    def as_json(self) -> dict:
        return {"bare": vars(self.bare), "cloister": vars(self.cell), "linux": self.linux, "per_command": self.per_command()}


def run_linux(machine: list[str], image: Path, timeout: float) -> tuple[Counts, Optional[float]]:
    """Two runs of the module, of which the longer one counts; between them what loading it costs cancels out."""
    text = run_qemu([*machine, "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"], image, timeout, typed=TYPED)
    counts = parse(re.sub(r"(?m)^\[.*?\] ", "", text)).counts.get(LINUX)
    if not counts:
        raise BenchError(f"{image}: the module dma_bench did not measure")
    # the cell's own count stands before those of its CPUs
    stats = [int(value) for value in re.findall(r'"name": "root".*?"exits_mmio": (\d+)', text)]
    if len(stats) != 3:
        return counts, None
    return counts, round(((stats[2] - stats[1]) - (stats[1] - stats[0])) / (MANY - FEW), 2)


def run_all(build: Path, board: str, cpus: int, memory: int, timeout: float) -> Smmu:
    cell, bare = cell_machine(cpus, memory), bare_machine("iommu=smmuv3")
    linux = [*bare, "-m", str(memory), "-smp", str(cpus), "-initrd", str(build / "bench/initramfs.cpio"),
             "-append", "console=ttyAMA0 iommu.strict=1"]
    return Smmu(
        measure(bare, build / "inmates/tests/bench-smmu.bin", "bare", timeout, list(ROWS), SAMPLES),
        measure(cell, build / board / "bench-smmu.img", "cell", timeout, list(ROWS), SAMPLES),
        {"bare": run_linux(linux, build / "guest/Image", timeout),
         "no stage 1": run_linux(cell, build / "bench/linux.img", timeout),
         "stage 1": run_linux(cell, build / "bench/linux-stage1.img", timeout)})
