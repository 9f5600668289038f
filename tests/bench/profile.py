#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where the hypervisor's instructions go in one series of a bench inmate: executes one instruction at a time, with a log of
each at EL2, and counts them by function. Functions that the compiler has inlined count for the one they are in."""

import argparse
import bisect
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from machine import CPU, EDU, ICOUNT, BenchError, cell_machine, die_with_parent
from smmu import ROWS, SAMPLES

TOP = Path(__file__).resolve().parents[2]
TRACE = re.compile(rb"Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")


class Symbols:
    """Functions by address."""

    def __init__(self, elf: Path, cross: str) -> None:
        found = {}
        for line in subprocess.run([cross + "nm", str(elf)], check=True, capture_output=True, text=True).stdout.splitlines():
            if match := re.fullmatch(r"([0-9a-f]+) [tT] ([^.$]\S*)", line):
                found[int(match[1], 16)] = match[2]
        self.starts = sorted(found)
        self.names = [found[start] for start in self.starts]

    def name(self, address: int) -> str:
        return self.names[max(0, bisect.bisect_right(self.starts, address) - 1)]


def trace(image: Path, symbols: Symbols, number: int) -> Counter:
    """Instructions by CPU and function in the `number`-th series."""
    first, size = symbols.starts[0], symbols.starts[-1] + 4096 - symbols.starts[0]
    counts: Counter = Counter()
    series = -1
    inside = breakpoint_taken = False
    with tempfile.TemporaryDirectory(prefix="cloister-profile-") as directory:
        pipe = os.path.join(directory, "log")
        os.mkfifo(pipe)
        command = ["qemu-system-aarch64", *cell_machine(4, 2048), *EDU, *ICOUNT, "-accel", "tcg,one-insn-per-tb=on",
                   "-d", "exec,int,nochain", "-dfilter", f"{first:#x}+{size:#x}", "-D", pipe, "-display", "none", "-monitor",
                   "none", "-no-reboot", "-serial", "null", "-serial", "null", "-kernel", str(image)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent) as qemu:
            try:
                with open(pipe, "rb") as log:
                    for line in log:
                        if line.startswith(b"Taking exception"):
                            breakpoint_taken = b"[Breakpoint]" in line  # QEMU prints an old ESR with interrupts
                        elif line.startswith(b"...with ESR 0x3c/0xf200000") and breakpoint_taken:
                            inside = line.rstrip().endswith(b"1")
                            series += inside
                            if not inside and series == number:
                                return counts
                        elif inside and series == number and (match := TRACE.match(line)):
                            counts[int(match[1]), symbols.name(int(match[2], 16))] += 1
            finally:
                qemu.kill()
    raise BenchError(f"QEMU ended before the series (CPU {CPU})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", choices=list(ROWS), help="its name in the inmate bench-smmu")
    parser.add_argument("--build", type=Path, default=TOP / "build", help="directory of the build (default: build)")
    parser.add_argument("--cross", default="aarch64-linux-gnu-", help="prefix of the binutils")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for all of it (default: 120)")
    arguments = parser.parse_args()
    signal.alarm(arguments.timeout)  # ends this program, and QEMU with it
    symbols = Symbols(arguments.build / "hypervisor/cloister.elf", arguments.cross)
    counts = trace(arguments.build / "qemu-virt/bench-smmu.img", symbols, list(ROWS).index(arguments.series))
    print(f"{ROWS[arguments.series].title}: {sum(counts.values()) / SAMPLES:.0f} instructions at EL2")
    for (cpu, name), count in counts.most_common():
        if count >= SAMPLES / 2:
            print(f"{count / SAMPLES:8.1f}  CPU {cpu}  {name}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"profile: {error}")
