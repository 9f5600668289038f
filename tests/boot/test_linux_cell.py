# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels and Debian's U-Boot, unmodified, as cells beside root Linux: with one CPU and with two, their own disk
behind the SMMU, and the latency of the real-time kernel while root Linux is under load."""

import random
import re
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Iterator

import pytest
import ruamel.yaml

from conftest import GROUP, lent
from harness import BUILD, CONFIGS, ROOT, SYSTEM, Machine, Root, Variant, Vm, cloister, compile_options, disk_ready, locked, \
    make, make_initrd, pack, shell, write_yaml
from uboot import UBoot

pytestmark = GROUP("linux-cell")

MACHINE = Machine(nvme=False, virtio=True, cell_disk=True)
RT = "6.1-rt"
CELLS = [(kernel, cpus) for kernel in ("6.12", "6.1", RT) for cpus in (2, 1)]
DISK_BYTES = 1 << 20

LOAD = "stress-ng --cpu 2 --vm 1 --vm-bytes 64M --io 1 --switch 1 --timeout 120 --quiet"
LOOPS = 500			# of cyclictest, one each 2 ms
AVERAGE_US, WORST_US = 20_000, 500_000	# an emulator on a loaded host gives no better promise; a lost timer is worse


# ---- what root Linux finds on its virtio disk ----

def program(name: str) -> Path:
    """A directory with bin and lib: a program of Debian's and the libraries that it needs."""
    make(f"build/guest/programs/{name}/ready")
    return BUILD / "guest/programs" / name


def cell_initramfs(directory: Path, kernel: str) -> Path:
    base, made = BUILD / f"guest/{kernel}/plain.cpio", directory / f"{kernel}.cpio"
    make(base.relative_to(ROOT), f"build/guest/{kernel}/Image")
    files = [path for part in ("bin", "lib") for path in sorted((program("cyclictest") / part).iterdir())]
    added = [word for path in files for word in ("--add", f"{path}:{path.parent.name}/")]
    shell(sys.executable, ROOT / "tools/guest/mkinitramfs", "-o", made, "--onto", base, *added)
    return made


def make_cells(directory: Path, options: list) -> Iterator[Path]:
    """Those of CELLS, and U-Boot's."""
    config = ruamel.yaml.YAML().load((CONFIGS / "linux.yaml").read_text())
    for kernel, cpus in CELLS:
        config["image"] = f"guest/{kernel}/Image"
        config["initrd"] = str(cell_initramfs(directory, kernel))
        config["cpus"] = [2, 3][-cpus:]
        name = f"linux-{kernel}-{cpus}"
        yield compile_cell(write_yaml(directory / f"{name}.yaml", config), directory / f"{name}.cell", options)
    make("build/guest/u-boot.bin")
    yield compile_cell(CONFIGS / "uboot.yaml", directory / "uboot.cell", options)


def compile_cell(config: Path, cell: Path, options: list) -> Path:
    cloister("compile", SYSTEM, "--cell", config, "-o", cell, *options)
    return cell


def make_root_disk(directory: Path, options: list) -> Path:
    """An archive that root Linux reads from its virtio disk: too much for an initramfs."""
    path = directory / "virtio.tar"
    with tarfile.open(path, "w") as archive:
        for part in ("bin", "lib"):
            archive.add(program("stress-ng") / part, part)
        for cell in make_cells(directory, options):
            archive.add(cell, f"cells/{cell.name}")
            cell.unlink()
    return path


def make_image(variant: Variant, options: list) -> Path:
    system = ruamel.yaml.YAML().load(SYSTEM.read_text())
    system["root"]["initrd"] = str(make_initrd(variant, []))
    system["root"]["bootargs"] += " quiet"
    return pack(variant, system, options)


@pytest.fixture(scope="module")
def machine() -> Iterator[Root]:
    variant = Variant("linux-cell", MACHINE)
    with locked(variant.directory.with_suffix(".lock")):
        options = compile_options(variant)
        image = make_image(variant, options)
        content = variant.directory / "cell-disk.img"
        content.write_bytes(random.randbytes(DISK_BYTES))
        disks = {"virtio.img": make_root_disk(variant.directory, options), "cell.img": content}
    with Vm(MACHINE, image, variant.directory / "console.log", disks=disks) as vm:
        vm.login()
        vm.run(f"{disk_ready('vda')}; tar x -f /dev/vda -C / bin lib", 60)
        yield Root(vm)


@pytest.fixture
def root(machine: Root, request: pytest.FixtureRequest) -> Iterator[Root]:
    yield from lent(machine, request)


# ---- cells ----

def start(root: Root, file: str) -> int:
    """Starts a cell from its file on the disk; where its output begins."""
    name, begin = file.split("-")[0], len(root.vm.serial1_text())
    root.vm.run(f"rm -f /cells/*; tar x -f /dev/vda -C / cells/{file}.cell", 60)
    root.control(f"cell create /cells/{file}.cell")
    root.control(f"cell load /cells/{file}.cell")
    root.control(f"cell start {name}")
    return begin


class Shell:
    """The shell of a Linux in a cell, at the second UART."""

    def __init__(self, root: Root, kernel: str, cpus: int):
        self.vm = root.vm
        begin = start(root, f"linux-{kernel}-{cpus}")
        match = self.vm.wait_serial1(rf"^init: Linux {kernel.split('-')[0]}\.\S+, (\d+) CPUs, \d+ MiB", begin, 120)
        assert int(match[1]) == cpus
        self.vm.wait_serial1("^cloister# ", match.end())
        self.vm.type_serial1("stty -echo; dmesg -n 1; sh 2>&1 | cat\n")
        self.run("true")

    def run(self, command: str, timeout: float = 60) -> str:
        begin = len(self.vm.serial1_text())
        self.vm.type_serial1(f'{command}; echo "@@$?@@"\n')
        match = self.vm.wait_serial1(r"^@@(\d+)@@\n", begin, timeout)
        output = self.vm.serial1_text()[begin:match.start()]
        assert match[1] == "0", f"'{command}' ended with status {match[1]}:\n{output}"
        return output

    def switch_off(self, root: Root) -> None:
        self.vm.type_serial1("poweroff -f\n")
        assert root.wait_state("linux", "stopped", 30)["reason"]["text"] == "it switched itself off"


def disk_works(linux: Shell) -> None:
    """What is behind its NVMe disk arrives by DMA, and the other way round; its interrupts do, too."""
    disk, half = linux.vm.directory / "cell.img", DISK_BYTES // 2
    linux.run(disk_ready("nvme0n1"))
    linux.run("echo 3 > /proc/sys/vm/drop_caches")
    with open(disk, "r+b") as file:
        data = random.randbytes(half)
        file.write(data)
    assert f"{zlib.crc32(data):08x}" in linux.run(f"head -c {half} /dev/nvme0n1 | crc32")
    linux.run(f"head -c {half} /dev/nvme0n1 | dd of=/dev/nvme0n1 bs=64k seek={half >> 16} conv=fsync 2>/dev/null")
    with open(disk, "rb") as file:
        assert file.read(DISK_BYTES) == data + data, "what was written is not what is behind the disk"
    assert int(re.search(r"(\d+)", linux.run("awk '/nvme/ { n += $2 + $3 } END { print n }' /proc/interrupts"))[1]) > 10


def no_trouble(root: Root, linux: Shell) -> None:
    assert not linux.run("dmesg | grep -E 'WARNING|BUG:|Call trace|Oops|I/O error|Unhandled' || true").strip()
    stats = root.stats("linux")
    assert (stats["dma_read_violations"], stats["dma_write_violations"], stats["mmio_violations"]) == (0, 0, 0)


@pytest.mark.parametrize("kernel, cpus", [cell for cell in CELLS if cell[0] != RT])
def test_debian_kernel(root: Root, kernel: str, cpus: int):
    linux = Shell(root, kernel, cpus)
    disk_works(linux)
    no_trouble(root, linux)
    linux.switch_off(root)
    assert root.is_alive()


@pytest.mark.parametrize("cpus", [cpus for kernel, cpus in CELLS if kernel == RT])
def test_real_time_kernel_beside_a_loaded_root(root: Root, cpus: int):
    """Every wake-up of cyclictest comes, on each CPU, while root Linux is busy on all of its own."""
    linux = Shell(root, RT, cpus)
    assert "PREEMPT_RT" in linux.run("uname -v")
    assert linux.run("cat /sys/kernel/realtime").strip() == "1"
    disk_works(linux)
    root.vm.run(f"{LOAD} > /tmp/load.log 2>&1 & echo $! > /tmp/load.pid; sleep 2; kill -0 $(cat /tmp/load.pid) || "
                "{ cat /tmp/load.log; false; }")
    text = linux.run(f"cyclictest -q -m -S -p 95 -i 2000 -d 0 -l {LOOPS}", 120)
    root.vm.run("kill -0 $(cat /tmp/load.pid) && kill $(cat /tmp/load.pid)")
    found = re.findall(r"^T: *\d+ .* C: *(\d+) Min: *(\d+) Act: *\d+ Avg: *(\d+) Max: *(\d+)", text, re.M)
    assert len(found) == cpus, text
    for loops, least, average, most in (map(int, line) for line in found):
        assert loops >= LOOPS // 2 and 0 < least <= average <= most, text
        assert average < AVERAGE_US and most < WORST_US, text
    no_trouble(root, linux)
    linux.switch_off(root)


def test_uboot_beside_a_root(root: Root):
    uboot = UBoot(root.vm, start(root, "uboot"))
    uboot.to_prompt()
    uboot.disk_works(root.vm.directory / "cell.img")
    root.control("cell stop uboot")
    assert root.is_alive()
