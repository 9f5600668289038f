# SPDX-License-Identifier: GPL-2.0-only
"""Root Linux with an SMMU of its own: its unmodified arm-smmu-v3 driver on the emulated one, devices behind both stages."""

import re
from typing import Iterator

import pytest

import stage1
from harness import Root

UNMAPPED = 0x123450000  # an IOVA that Linux has mapped for nobody
EDU_SID = 0x10


@pytest.fixture(scope="module", params=stage1.KERNELS)
def linux(request: pytest.FixtureRequest) -> Iterator[Root]:
    with stage1.booted(request.param) as root:
        yield root


def interrupts(linux: Root) -> int:
    """Taken by Linux for its SMMU's event queue."""
    line = linux.vm.run("grep arm-smmu-v3-evtq /proc/interrupts")
    return sum(map(int, re.findall(r"\s(\d+)(?=\s)", line.split(":")[1].split("GICv3")[0] + " ")))


def test_driver_binds(linux: Root):
    found = linux.vm.run("dmesg | grep arm-smmu-v3")
    assert "ias 40-bit, oas 40-bit" in found
    assert stage1.smmu_log(linux) == []


# from DMA-FQ to DMA only the context descriptor changes
@pytest.mark.parametrize("kind", ["DMA", "DMA-FQ", "DMA", "identity", "DMA"])
def test_disk_works(linux: Root, kind: str):
    stage1.set_domain(linux, kind)
    stage1.devices_work(linux)


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
    assert "event 0x10 received" in text and f"0x000000{EDU_SID:02x}00000010" in text and f"0x{UNMAPPED:016x}" in text
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
