# SPDX-License-Identifier: GPL-2.0-only
"""QEMU as an instrument: one counter tick is one instruction, and what a bench prints is read from its serial port."""

import ctypes
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

ICOUNT = ["-icount", "shift=0,sleep=off"]
CPU = "cortex-a57,cntfrq=1000000000"
EDU = ["-device", "edu,addr=02.0,dma_mask=0xffffffffffffffff"]
PROMPT = b"cloister# "

Counts = tuple[int, int, int]  # least, median, most


class BenchError(Exception):
    """The run did not give what was waited for."""


@dataclass
class Run:
    """What one run of an inmate printed, and its exits to EL2 per operation, also by CPU."""
    start: int = 0
    machine: str = ""
    counts: dict[str, Counts] = field(default_factory=dict)
    exits: dict[str, float] = field(default_factory=dict)
    exits_by_cpu: dict[str, dict[int, float]] = field(default_factory=dict)


def die_with_parent() -> None:
    """In the child: no QEMU outlives this program."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def bare_machine(*options: str) -> list[str]:
    return ["-M", ",".join(["virt,gic-version=3", *options]), "-cpu", CPU, "-nic", "none"]


def cell_machine(cpus: int, memory: int) -> list[str]:
    return ["-M", "virt,virtualization=on,gic-version=3,its=on,iommu=smmuv3", "-cpu", CPU, "-smp", str(cpus),
            "-m", str(memory), "-nic", "none"]


def run_qemu(arguments: list[str], image: Path, timeout: float, until: bytes = b"bench-done", typed: str = "",
             second: str = "null") -> str:
    """Starts QEMU, collects its serial output until the bench is done, or what else `until` is the sign of. At the
    first prompt of a shell, `typed` is typed. `second`: where the second serial line goes."""
    if not image.exists():
        raise BenchError(f"{image} does not exist")
    command = ["qemu-system-aarch64", *arguments, *EDU, *ICOUNT, "-display", "none", "-monitor", "none", "-no-reboot",
               "-serial", "stdio", "-serial", second, "-kernel", str(image)]
    output = b""
    deadline = time.monotonic() + timeout
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=die_with_parent) as qemu:
        try:
            while until not in output:
                if not select.select([qemu.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise BenchError(f"'{until.decode()}' was not seen in {timeout:.0f} s\n{tail(output)}")
                if not (part := qemu.stdout.read1()):
                    raise BenchError(f"QEMU ended before '{until.decode()}'\n{tail(output)}")
                output += part
                if typed and PROMPT in output:
                    os.write(qemu.stdin.fileno(), typed.encode() + b"\n")
                    typed = ""
        finally:
            qemu.kill()
    return output.decode(errors="replace").replace("\r", "")


def tail(output: bytes) -> str:
    return "\n".join("  | " + line for line in output.decode(errors="replace").replace("\r", "").splitlines()[-20:])


def parse(text: str) -> Run:
    run = Run()
    for line in text.splitlines():
        if match := re.fullmatch(r"bench (\S+) (\d+) (\d+) (\d+)", line):
            run.counts[match[1]] = (int(match[2]), int(match[3]), int(match[4]))
        elif match := re.fullmatch(r"bench-start (\d+)", line):
            run.start = int(match[1])
        elif match := re.fullmatch(r"bench-machine (\S+) .*", line):
            run.machine = match[1]
    return run


def read_exceptions(log: Path) -> list[Counter]:
    """Exceptions taken to EL2 by CPU, for each series: the BRK instructions in QEMU's log of exceptions cut it."""
    series: list[Counter] = []
    inside = breakpoint_taken = False
    cpu = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if match := re.match(r"Taking exception .* on CPU (\d+)", line):
                breakpoint_taken = "[Breakpoint]" in line  # QEMU prints an old ESR with interrupts
                cpu = int(match[1])
            elif line.startswith("...from EL1 to EL2") and inside:
                series[-1][cpu] += 1
            elif line.startswith("...handled as PSCI call") and inside:
                series[-1][cpu] -= 1  # QEMU's own firmware, not EL2
            elif line.startswith("...with ESR 0x3c/0xf200000") and breakpoint_taken:
                inside = line.rstrip().endswith("1")
                series += [Counter()] if inside else []
    return series


def measure(machine: list[str], image: Path, kind: str, timeout: float, wanted: list[str], samples: int,
            part_of: Optional[dict[str, str]] = None) -> Run:
    """One run for the counts, and one with a log of exceptions for the exits. `part_of`: what is measured inside another
    series and has none of its own."""
    text = run_qemu(machine, image, timeout)
    run = parse(text)
    if run.machine != kind:
        raise BenchError(f"{image} found itself on a '{run.machine}' machine, not '{kind}'")
    if wrong := re.search(r"bench-wrong (.*)", text):
        raise BenchError(f"{image}: {wrong[1]}")
    if missing := [name for name in wanted if name not in run.counts]:
        raise BenchError(f"{image} did not measure {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="cloister-bench-") as directory:
        log = Path(directory) / "exceptions"
        run_qemu([*machine, "-d", "int", "-D", str(log)], image, timeout)
        series = read_exceptions(log)
    own = [name for name in run.counts if name not in (part_of or {})]
    if len(series) != len(own):
        raise BenchError(f"the log of exceptions has {len(series)} series, not {len(own)}")
    for name, counter in zip(own, series):
        run.exits[name] = round(sum(counter.values()) / samples, 2)
        run.exits_by_cpu[name] = {cpu: round(count / samples, 2) for cpu, count in sorted(counter.items())}
    return run


def triple(counts: Optional[Counts]) -> str:
    """One number where all three are the same."""
    if counts is None:
        return "-"
    return str(counts[1]) if counts[0] == counts[2] else "/".join(map(str, counts))
