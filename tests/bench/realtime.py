#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""How late interrupts come in a cell that waits for them, as an RTOS does: alone, beside root Linux, and beside cells that
attack the hypervisor; and how long a cell takes from its creation to its first instruction.

One counter tick is one instruction, of whatever CPU: under -icount QEMU's CPUs take turns. So that none of the others' are
counted for a cell, its CPU must be the next whenever a timer is due, which it is if the CPUs that are busy are behind
it in QEMU's list and the last of them is the only one. That is why there is one CPU for all others. The inmate has
a timer due every 50 us, so no turn is longer than that, and it needs two hundred instructions of its own."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import ruamel.yaml

from machine import BenchError, bare_machine, cell_machine, run_qemu

TOP = Path(__file__).resolve().parents[2]
CONFIGS = TOP / "configs/arm64/qemu-virt"
SERIES = {"vtimer": "virtual timer", "ptimer": "physical timer", "spi": "device SPI"}
ROUNDS, QUICK_ROUNDS = 10000, 1000
STORM_ROUNDS = 4000  # at least, so long that a device that needs 100 ms has made several
MEMORY = 2048
OTHER_EDU = ["-device", "edu,addr=03.0,dma_mask=0xffffffffffffffff"]
CLOCK = ["-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
FAULTS, EXITS, COMMANDS, DMA_FAULTS = 1, 2, 3, 4  # of inmates/tests/bench-attack.c

# Beyond the same inmate's on a bare machine: what an interrupt costs, see bench.py.
BUDGET = {"vtimer": 100, "ptimer": 100, "spi": 110}
# An SMMU's events are the first CPU's to handle, in batches that no cell's interrupt gets in between: here 1024 at once, with
# turns of the other CPU.
STORM_BUDGET = 150000
# Beside root Linux a few were later by about an exit.
ROOT_BUDGET = 300

IDLE, LOADED = "beside root Linux, idle", "beside root Linux, loaded"


@dataclass(frozen=True)
class Scenario:
    """A machine without root Linux: the CPU of the cell, and what the last CPU does."""
    title: str
    cpus: int = 2
    cpu: int = 0
    attack: int = 0
    budget: Optional[int] = None  # other than BUDGET

    def above(self, bare: "Latency", here: "Latency") -> list[str]:
        return [f"{self.title}, {SERIES[name]}: {here[name][3]} instructions at most, {bare[name][3]} on the bare machine and "
                f"{self.budget or BUDGET[name]} more are allowed"
                for name in here if here[name][3] > bare[name][3] + (self.budget or BUDGET[name])]


SCENARIOS = [
    Scenario("alone"),
    Scenario("beside a storm of faults", attack=FAULTS),
    Scenario("beside a storm of exits", attack=EXITS),
    Scenario("beside a flood of SMMU commands", attack=COMMANDS),
    Scenario("beside storms of DMA faults", attack=DMA_FAULTS, budget=STORM_BUDGET),
]

Latency = dict[str, tuple[int, int, int, int]]  # by series: least, median, 99 %, most


# ---- images ----

def ram(address: int, size: str = "32M", ipa: int = 0x40000000) -> list[dict]:
    return [{"name": "ram", "size": size, "ipa": ipa, "pa": address, "flags": ["read", "write", "execute", "dma", "load"]}]


def edu(slot: int, address: int) -> dict:
    return {"pci": f"00:0{slot}.0", "id": "1234:11e8", "bars": [{"size": "1M", "pa": address}]}


class Images:
    """System images, made from the configs of the board by changing what a scenario needs otherwise."""

    def __init__(self, build: Path):
        self.build = build

    def directory(self, cpus: int) -> Path:
        return self.build / f"bench/realtime-{cpus}"

    def run(self, tool: str, cpus: int, *words) -> None:
        directory = self.directory(cpus)
        common = ["--board", directory / "board.dtb", "--search", directory, "--search", self.build,
                  "--config-check", self.build / "tools/config_check"]
        subprocess.run([sys.executable, "-B", TOP / "tools/cloister", tool, *words, *common], check=True,
                       env={**os.environ, "CLOISTER_ABI": str(self.build / "tools/abi.json")})

    def write(self, cpus: int, name: str, config: dict) -> Path:
        path = self.directory(cpus) / f"{name}.yaml"
        with open(path, "w", encoding="utf-8") as file:
            ruamel.yaml.YAML().dump(config, file)
        return path

    def pack(self, cpus: int, name: str, config: dict) -> Path:
        image = self.directory(cpus) / f"{name}.img"
        self.run("pack", cpus, self.write(cpus, name, config), "--hypervisor", self.build / "hypervisor/cloister.bin", "-o", image)
        return image

    @staticmethod
    def load(name: str) -> dict:
        return ruamel.yaml.YAML().load((CONFIGS / name).read_text())

    @staticmethod
    def realtime(cpu: int, arguments: str) -> dict:
        return {"cell": "realtime", "cpus": [cpu], "memory": ram(0x48000000), "devices": [edu(2, 0x3e000000)],
                "image": "inmates/tests/bench-realtime.elf", "bootargs": arguments}

    def lone(self, scenario: Scenario, rounds: int) -> Path:
        """No root Linux; the attack has the last CPU, the second UART, the other edu device and an SMMU of its own."""
        system = self.load("bench-system.yaml")
        cell = self.realtime(scenario.cpu, f"rounds={rounds} delay=10")
        cell["devices"].append("serial0")
        system["boot"] = [cell]
        system["storm_limit"] = 1000
        if scenario.attack:
            system["boot"].append({
                "cell": "attack", "cpus": [scenario.cpus - 1], "on_fault": "abort", "memory": ram(0x4a000000),
                "devices": ["serial1", edu(3, 0x3e100000)], "smmu": {"stage1": True},
                "image": "inmates/tests/bench-attack.elf", "bootargs": f"cpu0={scenario.attack}"})
        return self.pack(scenario.cpus, f"attack-{scenario.attack}", system)

    def beside_root(self, rounds: int) -> Path:
        """Root Linux has the console, and the CPUs around the cell's; it will switch its first one off."""
        system = self.load("system.yaml")
        system["root"]["cpus"] = [0, 2]
        system["root"]["devices"] = [device for device in system["root"]["devices"] if device != {"pci": "00:02.0"}]
        system["root"]["initrd"] = "guest/root.cpio"
        system["boot"] = [{**self.realtime(1, f"rounds={rounds} batches=0"), "console": {"ring": "16K"}}]
        return self.pack(3, "root", system)

    def starts(self, sizes: list[int]) -> Path:
        """Root Linux, with cells of so many MiB to be made."""
        system = self.load("system.yaml")
        system["cell_memory"] = [{"base": 0x48000000, "size": "640M"}]
        system["root"]["memory"] = [{"name": "ram", "pa": 0x70000000, "size": "rest"}]
        config = self.write(2, "starts", system)
        cells = []
        for size in sizes:
            cell = self.realtime(1, "rounds=1")
            # inmates are linked 2 MiB behind 1 GiB: where the smallest one has its memory
            cell = {**cell, "cell": f"start{size}", "devices": [], "console": {"ring": "16K"},
                    "memory": ram(0x48000000, f"{size}M", 0x40200000 if size < 4 else 0x40000000)}
            cells += ["--add", f"{self.directory(2)}/start{size}.cell:cells/"]
            self.run("compile", 2, config, "--cell", self.write(2, f"start{size}", cell), "-o",
                     self.directory(2) / f"start{size}.cell")
        subprocess.run([sys.executable, "-B", TOP / "tools/guest/mkinitramfs", "-o", self.directory(2) / "initramfs.cpio", "--onto",
                        self.build / "guest/root.cpio", *cells], check=True)
        return self.pack(2, "starts", system)


# ---- runs ----

def latencies(text: str, batch: int) -> Latency:
    found = {}
    for match in re.finditer(rf"^realtime {batch} (\w+) min (\d+) median (\d+) p99 (\d+) max (\d+) ns$", text, re.M):
        least, median, late, most = map(int, match.groups()[1:])
        found[match[1]] = least, median, late, most
    if set(found) != set(SERIES) or (wrong := re.search(r"bench-wrong (.*)", text)):
        raise BenchError(f"batch {batch} is not complete: {wrong[1] if found and wrong else text[-2000:]}")
    return found


def run_bare(build: Path, rounds: int, timeout: float) -> Latency:
    machine = [*bare_machine(), "-append", f"rounds={rounds}"]
    return latencies(run_qemu(machine, build / "inmates/tests/bench-realtime.bin", timeout), 0)


def run_lone(images: Images, scenario: Scenario, rounds: int, timeout: float) -> Latency:
    image = images.lone(scenario, rounds)
    with tempfile.TemporaryDirectory(prefix="cloister-bench-") as directory:
        said = Path(directory) / "serial1"
        text = run_qemu([*cell_machine(scenario.cpus, MEMORY), *OTHER_EDU], image, timeout, second=f"file:{said}")
        attacks = re.findall(r"^attack: cpu 0 .*, rounds (\d+)", said.read_text(errors="replace").replace("\r", ""), re.M)
    if scenario.attack and (len(attacks) < 3 or int(attacks[-1]) <= int(attacks[0])):
        raise BenchError(f"{scenario.title}: the attack did not go on: {attacks}")
    return latencies(text, 0)


LOAD = ("for i in 1 2; do (while :; do dd if=/dev/urandom bs=64k count=8 2>/dev/null | md5sum; done) > /dev/null & done; "
        "(while :; do cloisterctl cell list; cat /proc/interrupts; ls -R /sys/bus; done) > /dev/null & ")
LAST = "cloisterctl cell console realtime | sed -n 's/^realtime-batch \\([0-9]*\\) .*/\\1/p' | tail -n 1"
# The first batch that began when it was quiet, or busy, is the next but one.
ROOT_TYPED = ("stty -echo; echo 0 > /sys/devices/system/cpu/cpu0/online; "
              f"last() {{ n=$({LAST}); echo ${{n:-0}}; }}; until_batch() {{ while [ $(last) -lt $1 ]; do usleep 100000; done; }}; "
              f"n=$(($(last) + 2)); echo idle $n; until_batch $n; {LOAD} n=$(($(last) + 2)); echo loaded $n; until_batch $n; "
              "cloisterctl cell console realtime | cat; echo root-\"done\"")


def run_root(images: Images, rounds: int, timeout: float) -> dict[str, Latency]:
    text = run_qemu([*cell_machine(3, MEMORY), *CLOCK], images.beside_root(rounds),
                    timeout, b"root-done", ROOT_TYPED)
    batches = {word: int(number) for word, number in re.findall(r"^(idle|loaded) (\d+)$", text, re.M)}
    return {IDLE: latencies(text, batches["idle"]), LOADED: latencies(text, batches["loaded"])}


SIZES = [1, 32, 512]
STARTS = {
    "create": "cloisterctl cell create",
    "load": "cloisterctl cell load",
    "first": "cloisterctl cell start, to the cell's first",
    "hypervisor": "of that, since the hypervisor agreed",
    "all": "all of it",
    "destroy": "cloisterctl cell destroy",
}
START_TYPED = ("stty -echo; for c in {cells}; do "
               "counter stamp $c create; cloisterctl cell create /cells/$c.cell; "
               "counter stamp $c load; cloisterctl cell load /cells/$c.cell; "
               "counter stamp $c start; cloisterctl cell start $c; counter stamp $c started; "
               "until cloisterctl cell console $c | grep -q bench-start; do usleep 10000; done; "
               "echo cell $c; cloisterctl cell console $c | cat; cloisterctl cell stop $c; "
               "counter stamp $c destroy; cloisterctl cell destroy $c; counter stamp $c end; "
               "done; cloisterctl log | cat; echo root-\"done\"")


def run_starts(images: Images, timeout: float) -> dict[int, dict[str, int]]:
    """For each size, the instructions of each command, as root's shell sees it, and from `start` to the cell's first."""
    names = [f"start{size}" for size in (SIZES[0], *SIZES)]  # the first time Linux reads its programs, and does not count
    typed = START_TYPED.replace("{cells}", " ".join(names))
    text = run_qemu([*cell_machine(2, MEMORY), *CLOCK], images.starts(SIZES), timeout,
                    b"root-done", typed)
    found = {}
    for size in SIZES:
        stamps = {name: int(ticks) for name, ticks in re.findall(rf"^stamp start{size} (\w+) (\d+)$", text, re.M)}
        first = re.findall(rf"^cell start{size}\n(?:.*\n)*?bench-start (\d+)$", text, re.M)
        running = re.findall(rf"^\[ *(\d+)\.(\d{{6}})\] I cell start{size}: running$", text, re.M)
        if len(stamps) != 6 or not first or not running:
            raise BenchError(f"the cell of {size} MiB did not start\n{text[-2000:]}")
        entered = int(first[-1])
        found[size] = {"create": stamps["load"] - stamps["create"], "load": stamps["start"] - stamps["load"],
                       "first": entered - stamps["start"], "hypervisor": entered - 1000 * int("".join(running[-1])),
                       "all": entered - stamps["create"], "destroy": stamps["end"] - stamps["destroy"]}
    return found


# ---- what it prints ----

def row(title: str, here: Latency) -> str:
    return f"{title:42} " + " ".join(f"{'/'.join(map(str, here[name])):>24}" for name in SERIES)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=TOP / "build", help="directory of the build (default: build)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run (default: 900)")
    parser.add_argument("--quick", action="store_true", help="fewer samples, and no root Linux")
    parser.add_argument("--check", action="store_true", help="fail when an interrupt came later than what is allowed")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    rounds = QUICK_ROUNDS if arguments.quick else ROUNDS
    images = Images(arguments.build)
    bare = run_bare(arguments.build, rounds, arguments.timeout)
    print(f"Instructions until the handler reads the counter: min/median/99 %/max of {rounds}.\n")
    print(f"{'':42} " + " ".join(f"{title:>24}" for title in SERIES.values()))
    print(row("the same inmate on bare EL1", bare), flush=True)
    rows, above = {"bare": bare}, []
    for scenario in SCENARIOS:
        some = max(rounds, STORM_ROUNDS) if scenario.attack == DMA_FAULTS else rounds
        rows[scenario.title] = run_lone(images, scenario, some, arguments.timeout)
        above += scenario.above(bare, rows[scenario.title])
        print(row(scenario.title, rows[scenario.title]), flush=True)
    result = {"rounds": rounds, "latency": rows}
    if not arguments.quick:
        for title, here in run_root(images, rounds, arguments.timeout).items():
            rows[title] = here
            above += Scenario(title, budget=ROOT_BUDGET).above(bare, here)
            print(row(title, here), flush=True)
        result["starts"] = run_starts(images, arguments.timeout)
        print(f"\n{'Thousands of instructions, of all CPUs':42} " + " ".join(f"{size:>6} MiB" for size in SIZES))
        for name, title in STARTS.items():
            print(f"{title:42} " + " ".join(f"{round(result['starts'][size][name] / 1000):>10}" for size in SIZES))
    (arguments.build / "bench-realtime.json").write_text(json.dumps(result, indent=1) + "\n")
    for line in above:
        print(f"too late: {line}", file=sys.stderr)
    return 1 if arguments.check and above else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"realtime: {error}")
