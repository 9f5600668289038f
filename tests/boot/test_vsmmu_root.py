# SPDX-License-Identifier: GPL-2.0-only
"""Root Linux with an SMMU of its own: its unmodified arm-smmu-v3 driver on the emulated one, devices behind both stages."""

import os
import re
from typing import Iterator

import pytest

from conftest import GROUP
from harness import BUILD, OUT, ROOT, Root, Variant, Vm, cloister, locked, make, make_board, make_files, make_initrd

pytestmark = GROUP("vsmmu")
CONFIGS = ROOT / "configs/arm64/qemu-virt"
SYSTEM = CONFIGS / "stage1-system.yaml"
VARIANT = Variant("vsmmu-root")
MIB = 8
UNMAPPED = 0x123450000  # an IOVA that Linux has mapped for nobody


def hypervisor_with_vsmmu():
    build = OUT / "vsmmu-build"
    build.mkdir(parents=True, exist_ok=True)
    (build / ".config").write_text("CONFIG_VSMMU=y\n")
    os.utime(build / ".config", (0, 0))  # older than Kconfig: the build completes it
    make("hypervisor", f"BUILD={build.relative_to(ROOT)}")
    return build / "hypervisor/cloister.bin"


def build_image():
    make_files()
    VARIANT.directory.mkdir(parents=True, exist_ok=True)
    options = ["--board", make_board(VARIANT), "--search", VARIANT.directory, "--search", BUILD]
    cell = VARIANT.directory / "rtos0.cell"
    cloister("compile", SYSTEM, "--cell", CONFIGS / "rtos0.yaml", "-o", cell, *options)
    make_initrd(VARIANT, [cell])
    image = VARIANT.directory / "system.img"
    cloister("pack", SYSTEM, "--hypervisor", hypervisor_with_vsmmu(), "-o", image, *options)
    return image


@pytest.fixture(scope="module")
def linux() -> Iterator[Root]:
    with locked(VARIANT.directory.with_suffix(".lock")):
        image = build_image()
    with Vm(VARIANT.machine, image, VARIANT.directory / "console.log") as vm:
        vm.login()
        yield Root(vm)


def interrupts(linux: Root) -> int:
    """Taken by Linux for its SMMU's event queue."""
    line = linux.vm.run("grep arm-smmu-v3-evtq /proc/interrupts")
    return sum(map(int, re.findall(r"\s(\d+)(?=\s)", line.split(":")[1].split("GICv3")[0] + " ")))


def test_driver_binds(linux: Root):
    found = linux.vm.run("dmesg | grep arm-smmu-v3")
    assert "ias 40-bit, oas 40-bit" in found
    assert not re.search(r"error|fail|timeout|unexpected|overrid", found, re.I), found
    assert "strict mode" in linux.vm.run("dmesg | grep 'DMA domain TLB'")
    assert linux.vm.run("ls /sys/kernel/iommu_groups").split() == ["0"]


@pytest.mark.parametrize("kind", ["DMA", "DMA-FQ", "identity", "DMA"])
def test_disk_works(linux: Root, kind: str):
    linux.vm.run(f"modprobe -r nvme; echo {kind} > /sys/kernel/iommu_groups/0/type; modprobe nvme; "
                 "for i in $(seq 50); do [ -b /dev/nvme0n1 ] && break; usleep 100000; done")
    assert linux.vm.run("cat /sys/kernel/iommu_groups/0/type").strip() == kind
    linux.vm.run(f"dd if=/dev/urandom of=/tmp/data bs=1M count={MIB} && dd if=/tmp/data of=/dev/nvme0n1 bs=64k conv=fsync "
                 "&& echo 3 > /proc/sys/vm/drop_caches")
    back = linux.vm.run(f"dd if=/dev/nvme0n1 bs=1M count={MIB} 2>/dev/null | md5sum")
    assert back.split()[0] == linux.vm.run("md5sum /tmp/data").split()[0]


def test_one_exit_for_each_mapping(linux: Root):
    """In strict mode an unmap is one doorbell, and waiting for its end costs no exit."""
    requests = 256
    before = linux.stats("root")["exits_mmio"]
    linux.vm.run(f"dd if=/dev/nvme0n1 of=/dev/null bs=4k count={requests} iflag=direct")
    assert linux.stats("root")["exits_mmio"] - before < requests * 5 // 4


def test_faults_are_linuxs_own(linux: Root):
    linux.vm.run("insmod /test/edu_test.ko")
    assert "passed" in linux.vm.run("dmesg | grep 'edu_test:'")
    before, taken = linux.stats("root"), interrupts(linux)
    linux.vm.status(f"edu-dma write {UNMAPPED:#x}")
    text = linux.vm.run("sleep 1; dmesg | tail -30")
    assert "event 0x10 received" in text and "0x0000001000000010" in text and f"0x{UNMAPPED:016x}" in text
    after = linux.stats("root")
    assert interrupts(linux) > taken
    assert after["dma_write_violations"] == before["dma_write_violations"], "stage 1 is not a violation"


def test_device_comes_back_under_stage_1(linux: Root):
    """A device that a cell had is Linux's again, and reaches only what Linux maps for it."""
    linux.vm.run("rmmod edu_test")
    linux.start("rtos0")
    linux.destroy("rtos0")
    status, _ = linux.vm.status("edu-dma test")
    assert status != 0, "without a driver, Linux's own stream table lets the device do nothing"
    linux.vm.run("insmod /test/edu_test.ko")
    assert linux.vm.run("dmesg | grep -c 'edu_test: passed'").strip() == "2"
