#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the bench inmate on a bare machine and in a cell, under QEMU where a counter tick is an instruction, and prints
what each operation costs. The figures depend on nothing but the binaries: they are the same on every host."""

import argparse
import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Optional

import smmu
from machine import BenchError, Run, bare_machine, cell_machine, measure, run_qemu, triple

TOP = Path(__file__).resolve().parents[2]
SAMPLES = 2048

# The operations in the order of the inmate, with what to aim for: guest and hypervisor instructions together.
OPERATIONS = {
    "empty": ("nothing (the way of measuring)", None),
    "psci-version": ("hvc PSCI_VERSION", 90),
    "null-hypercall": ("null hypercall (HC_VERSION)", None),
    "gicd-typer-read": ("GICD_TYPER read", 130),
    "gicd-isenabler-read": ("GICD_ISENABLER read", 200),
    "gicd-isenabler-write": ("GICD_ISENABLER write", 200),
    "gicr-isenabler-read": ("GICR_ISENABLER read", 200),
    "gicr-isenabler-write": ("GICR_ISENABLER write", 200),
    "id-register": ("ID register read", 3),
    "cntp-ctl": ("CNTP_CTL read", 3),
    "uart-read": ("passed-through UART read", 3),
    "sgi-self": ("SGI to self, to handler", 250),
    "eoi": ("EOI", 3),
    "vtimer": ("virtual timer, compare value to handler", 130),
    "device-spi": ("device SPI, to handler", 140),
    "ispendr-spi": ("SPI by GICD_ISPENDR, to handler", 350),
}
PART_OF = {"eoi": "sgi-self"}  # measured inside another series
START_AIM = 250000


def root_start(machine: list[str], image: Path, timeout: float) -> int:
    """Thousands of instructions from reset until root Linux is entered, from the time stamp of the hypervisor's last
    message before."""
    text = run_qemu(machine, image, timeout, b"cell root: running")
    end = re.search(r"\[ *(\d+)\.(\d{6})\] I cell root: running", text)
    if not end:
        raise BenchError("the root cell's start is not in the hypervisor's messages")
    return int(end[1]) * 1000000 + int(end[2])


def code_lines(directory: Path) -> int:
    """Lines of C and assembly that are neither blank nor comment."""
    total = 0
    for path in directory.rglob("*"):
        if path.suffix in (".c", ".h", ".S"):
            text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), path.read_text(), flags=re.S)
            total += sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("//"))
    return total


def binary_size(elf: Path, cross: str) -> dict[str, int]:
    """text (with constants), data and bss as `size` has them."""
    tool = shutil.which(cross + "size") or "size"
    output = subprocess.run([tool, str(elf)], check=True, capture_output=True, text=True).stdout
    return dict(zip(("text", "data", "bss"), map(int, output.splitlines()[1].split()[:3])))


def start_aim(image: Path, hypervisor: Path) -> int:
    """Instructions until the first of a guest: so many, and one pass over the payloads at 8 bytes an instruction."""
    return START_AIM + (image.stat().st_size - hypervisor.stat().st_size) // 8


def table(bare: Run, cell: Optional[Run], aim_of_start: int) -> list[str]:
    rows = [f"{'operation':42} {'bare EL1':>14} {'Cloister':>18} {'at EL2':>7} {'exits':>6} {'aim':>7}"]
    for name, (title, aim) in OPERATIONS.items():
        here = cell.counts.get(name) if cell else None
        base = bare.counts.get(name)
        el2 = str(here[1] - (base[1] if base else bare.counts["empty"][1])) if here else "-"
        exits = f"{cell.exits[name]:g}" if cell and name in cell.exits else "-"
        note = "" if aim is None else f"<= {aim}" + (" !" if here and here[1] > aim else "")
        rows.append(f"{title:42} {triple(base):>14} {triple(here):>18} {el2:>7} {exits:>6} {note:>7}")
    start = str(cell.start) if cell else "-"
    rows.append(f"{'reset to first guest instruction':42} {bare.start:>14} {start:>18} {'':>7} {'':>6} <= {aim_of_start}")
    return rows


def above_aim(cell: Run) -> list[str]:
    """Operations that cost more than what to aim for."""
    return [f"{OPERATIONS[name][0]}: {counts[1]} instructions, aim {OPERATIONS[name][1]}"
            for name, counts in cell.counts.items()
            if OPERATIONS[name][1] is not None and counts[1] > OPERATIONS[name][1]]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=TOP / "build", help="directory of the build (default: build)")
    parser.add_argument("--inmate", type=Path, help="the inmate for the bare machine (default: "
                        "inmates/tests/bench.bin in the build)")
    parser.add_argument("--system", type=Path, help="system image whose boot cell is the bench (default: "
                        "qemu-virt/bench.img in the build)")
    parser.add_argument("--root", type=Path, help="system image with root Linux (default: qemu-virt/system.img in "
                        "the build, if it is there)")
    parser.add_argument("--output", type=Path, help="the figures as JSON (default: bench.json in the build)")
    parser.add_argument("--cross", default="aarch64-linux-gnu-", help="prefix of the binutils")
    parser.add_argument("--cpus", type=int, default=4, help="CPUs of the machine (default: 4)")
    parser.add_argument("--memory", type=int, default=2048, help="its memory in MiB (default: 2048)")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one run (default: 300)")
    parser.add_argument("--bare-only", action="store_true", help="only the bare machine")
    parser.add_argument("--smmu", action="store_true", help="also the emulated SMMU, if the hypervisor has it")
    parser.add_argument("--check", action="store_true", help="fail when a figure is above its aim")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    build = arguments.build
    cell_image = arguments.system or build / "qemu-virt/bench.img"
    hypervisor = build / "hypervisor/cloister.bin"
    wanted = [name for name in OPERATIONS if name != "null-hypercall"]
    bare = measure(bare_machine(), arguments.inmate or build / "inmates/tests/bench.bin", "bare", arguments.timeout, wanted,
                   SAMPLES, PART_OF)
    cell = None
    result = {"bare": asdict(bare), "samples": SAMPLES, "code_lines": code_lines(TOP / "hypervisor")}
    if not arguments.bare_only:
        cell = measure(cell_machine(arguments.cpus, arguments.memory), cell_image, "cell", arguments.timeout,
                       list(OPERATIONS), SAMPLES, PART_OF)
        result["cloister"] = asdict(cell)
        result["size"] = binary_size(build / "hypervisor/cloister.elf", arguments.cross)
    emulated = None
    if cell and arguments.smmu:
        emulated = smmu.run_all(build, "qemu-virt", arguments.cpus, arguments.memory, arguments.timeout)
        result["smmu"] = emulated.as_json()
    root_image = arguments.root or build / "qemu-virt/system.img"
    if cell and root_image.exists():
        result["root_start"] = root_start(cell_machine(arguments.cpus, arguments.memory), root_image, arguments.timeout)
    print(f"Instructions, of {SAMPLES} samples: the median, or min/median/max where they differ.\n")
    print("\n".join(table(bare, cell, start_aim(cell_image, hypervisor) if cell else 0)))
    if "root_start" in result:
        print(f"{'reset to root Linux, in thousands':42} {'-':>14} {result['root_start']:>18} {'':>7} {'':>6} "
              f"<= {start_aim(root_image, hypervisor) // 1000}")
    if emulated:
        print("\n" + "\n".join(emulated.table()))
    if "size" in result:
        print("\nhypervisor: " + ", ".join(f"{name} {size} bytes" for name, size in result["size"].items()))
    print(f"hypervisor: {result['code_lines']} lines of code")
    output = arguments.output or build / "bench.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1) + "\n")
    above = (above_aim(cell) if cell else []) + (emulated.above_aim() if emulated else [])
    for line in above:
        print(f"above its aim: {line}", file=sys.stderr)
    return 1 if arguments.check and above else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
