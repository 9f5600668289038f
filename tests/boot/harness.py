# SPDX-License-Identifier: GPL-2.0-only
"""Builds system images for a machine variant, boots them, and talks to the root cell. Each variant (machine, mutation)
has its own device tree, so its own configs and cells: they are kept in build/tests/boot/<variant>."""

import fcntl
import functools
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Optional, Union

import ruamel.yaml

import corrupt
import life_cells

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
OUT = BUILD / "tests/boot"
sys.path.insert(0, str(ROOT / "tools/guest"))

from machine import TIME_SCALE, Machine, Vm, VmError  # noqa: E402, F401

CONFIGS = ROOT / "configs/arm64/qemu-virt"
SYSTEM = CONFIGS / "system.yaml"
STAGE1_SYSTEM = CONFIGS / "stage1-system.yaml"	# the root cell has an SMMU of its own, too
LONE_SYSTEM = CONFIGS / "bench-system.yaml"	# no root cell
DEMO = CONFIGS / "rtos0.yaml"

EDU = {"pci": "00:02.0", "id": "1234:11e8", "bars": [{"size": "1M"}]}
OTHER_EDU = {"pci": "00:03.0", "id": "1234:11e8", "bars": [{"size": "1M", "pa": 0x3e100000}]}
CELL_RAM = 0x48000000		# where the test cell's memory is, physically
OTHER_RAM = 0x4c000000		# and that of a second one
SHARED_RAM = 0x50000000		# of two cells, and not of the root cell
CELL_RAM_SIZE = 32 << 20
HYPERVISOR_RAM = 0x45000000	# in its page pool, see configs/arm64/qemu-virt/system.yaml
ROOT_RAM = 0x60000000
OWN_SID = 0x77			# what cells call the stream of their device
UNOWNED_SLOT = "06.0"		# a slot that no config names


@dataclass(frozen=True)
class Variant:
    """A machine and a hypervisor for it."""
    name: str = "a57"
    machine: Machine = field(default_factory=Machine)
    mutation: str = "NONE"
    options: tuple[str, ...] = ()	# lines of .config that are not the default; the name tells such variants apart
    system: Path = SYSTEM
    owners: bool = False		# it has two edu devices, and cells with SMMUs instead of the usual ones
    cells: Optional[Callable[[], list[dict]]] = None	# others instead of the usual ones

    @property
    def directory(self) -> Path:
        return OUT / (self.name if self.mutation == "NONE" else f"{self.name}-{self.mutation}")


def shell(*command, **more) -> None:
    """Runs a program of the build; what it says goes into the error."""
    result = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, **more)
    if result.returncode:
        raise VmError(f"{' '.join(map(str, command))}\nended with status {result.returncode}:\n{result.stdout}{result.stderr}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The workers of one test run share the build directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---- cells of the tests: one for each inmate program ----

def inmate_programs() -> list[str]:
    return sorted(path.stem for path in (ROOT / "inmates/tests").glob("*.c"))


def cell_config(name: str, program: str, cpus=("last",), edu: Union[bool, dict] = False, serial: bool = True, ram: int = CELL_RAM,
                size: str = "32M", on_fault: str = "fail", smmu: bool = False) -> dict:
    """A cell that runs a program of inmates/tests, with the second UART (or the hypercall console)."""
    config = {"cell": name, "cpus": list(cpus), "on_fault": on_fault, "image": f"inmates/{program}.elf", "devices": [],
              "memory": [{"name": "ram", "size": size, "ipa": 0x40000000, "pa": ram,
                          "flags": ["read", "write", "execute", "dma", "load"]}]}
    if serial:
        config["devices"].append("serial1")
    else:
        config["console"] = "hypercall"
    if edu:
        config["devices"].append(EDU if edu is True else edu)
    if smmu:
        config["smmu"] = {"stage1": True}
    return config


# Programs that need more than the usual cell.
SPECIAL = {
    "dma": {"edu": True},
    "ecam": {"edu": True, "on_fault": "abort"},
    "gic": {"edu": True, "on_fault": "abort"},
    "isolation": {"on_fault": "abort"},
    "mmio-fuzz": {"edu": True, "on_fault": "abort"},
    "psci": {"on_fault": "abort"},
    "revive": {"cpus": [1, 2, 3]},
    "smc-fuzz": {"on_fault": "abort"},
    "smmu-attack": {"edu": True, "on_fault": "abort", "smmu": True},
    "smmu-load": {"cpus": [2, 3], "edu": True, "smmu": True},
    "smmu-registers": {"edu": True, "on_fault": "abort", "smmu": True},
    "smmu-stage1": {"edu": True, "smmu": True},
    "smp": {"cpus": [2, 3], "edu": True, "on_fault": "abort"},
    "storm": {"on_fault": "abort"},
    "sysreg": {"on_fault": "abort"},
}


def test_cells(cpus: int) -> list[dict]:
    """Every cell that a boot test creates on a machine like SYSTEM. Those with two CPUs are left out where there are too few."""
    others = {name for name in inmate_programs() if name.startswith(("arch", "bench", "ivshmem", "latency", "smmu-"))}
    others -= {"smmu-stage1"}
    programs = [name for name in inmate_programs() if name not in others and (cpus >= 4 or name not in ("smp", "revive"))]
    cells = [cell_config(name, f"tests/{name}", **SPECIAL.get(name, {})) for name in programs]
    first = 1 if cpus == 2 else 2
    if cpus >= 4:
        cells += [{**cell_config(name, f"tests32/{name}", cpus=[2, 3], edu=True, on_fault="abort"), "arch": "aarch32"}
                  for name in ("aarch32", "hostile32")]
        cells.append({**cell_config("console32", "tests32/aarch32", cpus=[2, 3], edu=True, serial=False), "arch": "aarch32"})
    cells.append(cell_config("picolibc", "picolibc/demo", cpus=[first]))
    cells.append(cell_config("second", "tests/hello", cpus=[first], serial=False, ram=OTHER_RAM))
    cells.append(cell_config("edu-quiet", "tests/dma", edu=True, serial=False, ram=OTHER_RAM))
    cells.append({**cell_config("edu-stage1", "tests/hello", edu=True, serial=False, ram=OTHER_RAM), "smmu": {"stage1": True}})
    cells.append(cell_config("hello-cpu2", "tests/hello", cpus=[first]))
    cells.append(cell_config("virtual-uart", "tests/hello", cpus=[first], serial=False, ram=OTHER_RAM))
    del cells[-1]["console"]
    cells.append(cell_config("rival", "tests/hello", cpus=[first], serial=False, ram=CELL_RAM))
    cells.append(cell_config("same-cpu", "tests/hello", serial=False, ram=OTHER_RAM))
    for name, ram, sharer in (("sharer-a", CELL_RAM, first), ("sharer-b", OTHER_RAM, "last")):
        cells.append(cell_config(name, "tests/hello", cpus=[sharer], serial=False, ram=ram))
        cells[-1]["memory"].append({"name": "shared", "size": "1M", "ipa": 0x60000000, "pa": SHARED_RAM,
                                    "flags": ["read", "write", "dma", "shared"]})
    cells += [{**cell_config(name, "tests/heart"), **keys} for name, keys in life_cells.HEARTS.items()]
    return cells


def smmu_cells() -> list[dict]:
    """Those on a machine like STAGE1_SYSTEM, with two edu devices: owners of SMMUs, and one that measures beside them."""
    cells = [cell_config(name, f"tests/{name}", **SPECIAL[name]) for name in SPECIAL if name.startswith("smmu-")]
    cells.append(cell_config("latency", "tests/latency", cpus=[1], edu=OTHER_EDU, serial=False, ram=OTHER_RAM))
    for tag, (edu, ram) in enumerate(((EDU, CELL_RAM), (OTHER_EDU, OTHER_RAM)), 1):
        cells.append(cell_config(f"share{tag}", "tests/smmu-share", cpus=[tag], edu=edu, serial=False, ram=ram, smmu=True))
        cells[-1]["bootargs"] = f"tag={tag}"
        cells[-1]["smmu"]["streams"] = {edu["pci"]: OWN_SID}	# the same number, and another stream
    return cells


# ---- images ----

def write_yaml(path: Path, data) -> Path:
    with open(path, "w") as file:
        ruamel.yaml.YAML().dump(data, file)
    return path


def cloister(*arguments) -> None:
    shell(sys.executable, ROOT / "tools/cloister", *arguments)


def make(*arguments) -> None:
    """A target of the build that a variant needs; one at a time."""
    with locked(OUT / "make.lock"):
        shell("make", "-s", "--no-print-directory", *arguments)


@functools.cache
def make_files() -> None:
    """All that images are made of; here, too, so that pytest can be started without make."""
    make("test-files")


def make_board(variant: Variant) -> Path:
    directory, machine = variant.directory.relative_to(ROOT), variant.machine
    make(f"{directory}/board.dtb", f"OUT={directory}", f"BOARD_CPU={machine.cpu}", f"BOARD_SMP={machine.cpus}",
         f"BOARD_MEM={machine.memory}M")
    return variant.directory / "board.dtb"


def make_initrd(variant: Variant, cells: list[Path], base: Path = BUILD / "guest/root.cpio") -> Path:
    initrd = variant.directory / "initramfs.cpio"
    added = [word for cell in cells for word in ("--add", f"{cell}:cells/")]
    shell(sys.executable, ROOT / "tools/guest/mkinitramfs", "-o", initrd, "--onto", base, *added)
    return initrd


def hypervisor(variant: Variant) -> Path:
    """The hypervisor's binary; one with a mutation or with other options is built now."""
    if variant.options:
        build = variant.directory / "build"
        build.mkdir(exist_ok=True)
        (build / ".config").write_text("".join(f"{line}\n" for line in variant.options))
        os.utime(build / ".config", (0, 0))		# older than Kconfig: the build completes it
        make("hypervisor", f"BUILD={build.relative_to(ROOT)}", f"MUTATION={variant.mutation}")
        return next(build.glob("hypervisor*")) / "cloister.bin"
    if variant.mutation == "NONE":
        return BUILD / "hypervisor/cloister.bin"
    make("hypervisor", f"MUTATION={variant.mutation}")
    return BUILD / f"hypervisor-{variant.mutation}/cloister.bin"


def make_wrong_cells(good: Path) -> list[Path]:
    """Patched copies of a good cell, bad-*.cell beside it."""
    found = []
    for name, corruption in corrupt.CELLS.items():
        found.append(good.with_name(f"bad-{name}.cell"))
        found[-1].write_bytes(corruption.apply(corrupt.cell_config_of(good.read_bytes())))
    return found


def compile_options(variant: Variant) -> list:
    make_files()
    variant.directory.mkdir(parents=True, exist_ok=True)
    return ["--board", make_board(variant), "--search", variant.directory, "--search", BUILD]


def pack(variant: Variant, system: dict, options: list) -> Path:
    image = variant.directory / "system.img"
    cloister("pack", write_yaml(variant.directory / "system.yaml", system), "--hypervisor", hypervisor(variant),
             "-o", image, *options)
    return image


def make_image(variant: Variant) -> Path:
    """system.img of a variant, with all test cells in its root cell's /cells."""
    options = compile_options(variant)
    cells = []
    made = variant.cells() if variant.cells else smmu_cells() if variant.owners else test_cells(variant.machine.cpus)
    configs = [write_yaml(variant.directory / f"{config['cell']}.yaml", config) for config in made]
    for config in [DEMO, *configs]:
        if config == DEMO and variant.machine.cpus < 3:
            continue			# its CPU 2 isn't there
        cells.append(variant.directory / f"{config.stem}.cell")
        cloister("compile", variant.system, "--cell", config, "-o", cells[-1], *options)
    if not variant.owners and not variant.cells:
        cells += make_wrong_cells(variant.directory / "dma.cell")
    system = ruamel.yaml.YAML().load(variant.system.read_text())
    system["root"]["initrd"] = str(make_initrd(variant, cells))
    system["root"]["bootargs"] += " quiet"
    return pack(variant, system, options)


def make_lone_image(variant: Variant, *cells: dict) -> Path:
    """system.img of a machine without a root cell, which starts these cells."""
    options = compile_options(variant)
    system = ruamel.yaml.YAML().load(LONE_SYSTEM.read_text())
    system["boot"] = list(cells)
    return pack(variant, system, options)


# ---- a booted machine ----

@dataclass
class Ktap:
    """What an inmate reported."""
    results: list[tuple[bool, str]]
    complete: bool

    @property
    def failures(self) -> list[str]:
        found = [name for ok, name in self.results if not ok]
        return found if self.complete else [*found, "the report is not complete"]


def parse_ktap(text: str) -> Ktap:
    lines = re.findall(r"^(ok|not ok) \d+(?: - )?(.*)$", text, re.M)
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    return Ktap([(word == "ok", name) for word, name in lines], plan is not None and int(plan[1]) == len(lines))


class Root:
    """The root cell of a running machine, and through it the hypervisor."""

    def __init__(self, vm: Vm):
        self.vm = vm

    def control(self, command: str, timeout: float = 60) -> str:
        return self.vm.run(f"cloisterctl {command}", timeout)

    def refused(self, command: str) -> str:
        """A cloisterctl command that must fail; its sentence."""
        status, output = self.vm.status(f"cloisterctl {command}")
        assert status != 0, f"'cloisterctl {command}' should have failed, it said: {output}"
        assert output.strip(), f"'cloisterctl {command}' failed without a sentence"
        return output.strip()

    def json(self, command: str):
        return json.loads(self.control(f"{command} --json"))

    def cells(self) -> list[str]:
        return [cell["name"] for cell in self.json("cell list")]

    def show(self, cell: str) -> dict:
        return self.json(f"cell show {cell}")

    def stats(self, cell: str) -> dict:
        return self.json(f"cell stats {cell}")

    def log(self) -> str:
        return self.control("log")

    def start(self, cell: str) -> int:
        """Creates, loads and starts; returns where its output on the second UART begins."""
        begin = len(self.vm.serial1_text())
        self.control(f"cell create /cells/{cell}.cell")
        self.control(f"cell load /cells/{cell}.cell")
        self.control(f"cell start {cell}")
        return begin

    def destroy(self, cell: str) -> None:
        self.vm.run(f"cloisterctl cell stop {cell} 2>/dev/null; cloisterctl cell destroy {cell}")

    def destroy_all(self) -> None:
        for cell in self.cells():
            if cell != "root":
                self.destroy(cell)

    def wait_state(self, cell: str, state: str, timeout: int = 20) -> dict:
        """Waits until a cell is in a state; what `cell show` then says."""
        self.vm.status(f"for i in $(seq {timeout * 5}); do cloisterctl cell show {cell} | grep -q {state} && break; "
                       "usleep 200000; done", timeout + 10)
        shown = self.show(cell)
        assert shown["state"] == state, f"cell {cell} is {shown['state']}, not {state}\n{self.vm.tail()}"
        return shown

    def run_inmate(self, cell: str, timeout: float = 90) -> Ktap:
        """Runs a test program to the end of its report; the cell exists still."""
        begin = self.start(cell)
        self.vm.wait_serial1(r"^# \d+ failed$", begin, timeout)
        return parse_ktap(self.vm.serial1_text()[begin:])

    def is_alive(self) -> bool:
        """Linux answers and the hypervisor does, too."""
        try:
            return "root" in self.control("cell list", 20)
        except VmError:
            return False


def boot(variant: Variant, log: Optional[Path] = None) -> Root:
    """Builds and boots a variant; its root shell is ready."""
    with locked(variant.directory.with_suffix(".lock")):
        image = make_image(variant)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    vm = Vm(variant.machine, image, log or variant.directory / f"console-{worker}.log")
    try:
        vm.login()
        return Root(vm)
    except BaseException:
        vm.stop()
        raise


def disk_ready(disk: str) -> str:
    """A command of Linux that waits until its driver has found a disk."""
    return f"for i in $(seq 100); do [ -b /dev/{disk} ] && break; usleep 100000; done"


@contextmanager
def alone(program: str, mutation: str = "NONE", bootargs: str = "", **keys) -> Iterator[Vm]:
    """A machine without a root cell, where that program has two CPUs, edu and an SMMU of its own, or what `keys` say."""
    variant = Variant("lone", mutation=mutation)
    config = cell_config("lone", f"tests/{program}", cpus=[0, 1], edu=True, on_fault="abort", smmu=True)
    config["bootargs"] = bootargs
    config["smmu"]["streams"] = {EDU["pci"]: OWN_SID}
    config.update(keys)
    with locked(variant.directory.with_suffix(".lock")):
        image = make_lone_image(variant, config)
        with Vm(variant.machine, image, variant.directory / "console.log") as vm:
            vm.wait("Cloister")
            yield vm
