# SPDX-License-Identifier: GPL-2.0-only
"""Debian's U-Boot for QEMU's `virt`, unmodified, in a cell without any root cell beside it: its prompt, its disk by DMA, an
ivshmem device, and Debian's kernel, which it reads from that disk and starts in the same cell."""

import random
from pathlib import Path
from typing import Iterator

import pytest
import ruamel.yaml

from conftest import GROUP
from harness import BUILD, CONFIGS, ROOT, Machine, Root, Variant, Vm, compile_options, locked, make, pack
from uboot import CHECKED_BYTES, UBoot

pytestmark = GROUP("uboot")

SYSTEM = CONFIGS / "uboot-system.yaml"
MACHINE = Machine(nvme=False, cell_disk=True)
KERNEL_AT, INITRD_AT = 1 << 20, 96 << 20	# on the disk
KERNEL, INITRD = 0x40400000, 0x44000000	# in the cell
CHANNEL = {"name": "channel", "size": "1M", "ipa": 0x60000000, "pa": 0x51000000, "flags": ["read", "write", "dma", "shared"]}


def write_disk(path: Path, kernel: bytes, initrd: bytes) -> None:
    with open(path, "wb") as disk:
        for offset, data in ((0, random.randbytes(CHECKED_BYTES)), (KERNEL_AT, kernel), (INITRD_AT, initrd)):
            disk.seek(offset)
            disk.write(data)


def system() -> dict:
    """The shipped configs, and a channel to nobody."""
    config, cell = (ruamel.yaml.YAML().load((CONFIGS / f"{name}.yaml").read_text()) for name in ("uboot-system", "uboot"))
    cell["memory"].append(CHANNEL)
    cell["ivshmem"] = [{"region": "channel", "id": 0, "peers": 3}]
    config["boot"] = [cell]
    return config


@pytest.fixture(scope="module")
def files() -> tuple[Path, Path]:
    """The kernel that U-Boot boots, and its initramfs."""
    found = BUILD / "guest/Image", BUILD / "guest/plain.cpio"
    make("build/guest/u-boot.bin", *(path.relative_to(ROOT) for path in found))
    return found


@pytest.fixture
def uboot(request: pytest.FixtureRequest, files: tuple[Path, Path]) -> Iterator[UBoot]:
    variant = Variant("uboot", MACHINE, system=SYSTEM)
    disk = variant.directory / "cell-disk.img"
    with locked(variant.directory.with_suffix(".lock")):
        options = compile_options(variant)
        write_disk(disk, *(path.read_bytes() for path in files))
        image = pack(variant, system(), options)
    with Vm(MACHINE, image, variant.directory / "console.log", disks={"cell.img": disk}) as vm:
        request.node.machine = Root(vm)
        yield UBoot(vm)


def test_from_reset_to_linux(uboot: UBoot, files: tuple[Path, Path]):
    uboot.to_prompt()
    uboot.disk_works(uboot.vm.directory / "cell.img")
    uboot.channel_works(CHANNEL["ipa"], 1 << 20, 3)
    sizes = [path.stat().st_size for path in files]
    uboot.read_disk(KERNEL, KERNEL_AT, sizes[0])
    uboot.read_disk(INITRD, INITRD_AT, sizes[1])
    uboot.run("setenv bootargs console=ttyAMA0 quiet")
    uboot.vm.type_serial1(f"booti {KERNEL:#x} {INITRD:#x}:{sizes[1]:#x} ${{fdtcontroladdr}}\n")
    uboot.wait(r"^init: Linux 6\.12\..*, 1 CPUs, \d+ MiB", 120)
    uboot.wait("^cloister# ")
    uboot.vm.type_serial1("poweroff -f\n")
    uboot.wait("reboot: Power down")
    uboot.vm.wait("cell uboot: stopped: switched itself off", 20)
    uboot.vm.wait("no cell runs any more: the machine goes down with it", 20)
