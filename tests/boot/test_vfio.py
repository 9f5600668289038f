# SPDX-License-Identifier: GPL-2.0-only
"""VFIO in a root Linux that has an SMMU of its own: a program (tools/guest/vfio-edu.c) has the edu device, and reaches
with it what it mapped for DMA, and nothing else."""

import re
from typing import Iterator, NamedTuple

import pytest

from conftest import GROUP, Machines
from harness import STAGE1_SYSTEM, Machine, Root, Variant

pytestmark = GROUP("vfio")
# No disk: under a hypervisor that keeps old translations (test_mutations.py) it would write to pages that Linux has reused.
STAGE1 = Variant("vfio", Machine(nvme=False), system=STAGE1_SYSTEM)
UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
F_TRANSLATION, EDU_SID = 0x10, 0x10
IOVA = 0x7654321000		# where vfio-edu maps its page
NEVER_MAPPED = 0x123450000
EVENT_RNW, EVENT_S2 = 1 << 35, 1 << 39		# in the second doubleword of an event


class Fault(NamedTuple):
    """An event, as Linux's SMMU driver reports it."""
    kind: int
    sid: int
    address: int
    read: bool
    stage2: bool = False


def stage1_fault(address: int, read: bool) -> Fault:
    return Fault(F_TRANSLATION, EDU_SID, address, read)


def faults(linux: Root, expected: int) -> list[Fault]:
    """What the kernel's log has, once that many are there (or never come)."""
    linux.vm.run(f"for i in $(seq 50); do [ $(dmesg | grep -c 'event 0x') -ge {expected} ] && break; usleep 100000; done")
    words = r".*\t0x([0-9a-f]{16})\n"
    found = re.findall(r"arm-smmu-v3 .*event 0x\w+ received:\n" + words * 3, linux.vm.run("dmesg -c"))
    events = [[int(word, 16) for word in event] for event in found]
    return [Fault(first & 0xff, first >> 32, address, bool(second & EVENT_RNW), bool(second & EVENT_S2))
            for first, second, address in events]


def give_to_vfio(linux: Root) -> None:
    """There is no ITS here, so no interrupt by MSI that VFIO could call isolated: it wants to be told that INTx will do.
    No doorbell for MSIs is mapped in stage 2 either, so the device has none to abuse."""
    linux.vm.run(f"echo Y > {UNSAFE}; vfio-edu bind; dmesg -c > /dev/null")


def unmapped_page_is_out_of_reach(linux: Root) -> None:
    """Two processes in turn, each with a page at the same address, and with another one after its unmap."""
    give_to_vfio(linux)
    for _ in range(2):
        assert linux.vm.run("vfio-edu test").count(": ok") == 3
        assert faults(linux, 2) == [stage1_fault(IOVA, read) for read in (False, True)]


def hold(linux: Root) -> None:
    """A process with the device; DMA runs until it is killed."""
    linux.vm.run("vfio-edu hold /tmp/page > /tmp/held & HOLDER=$!; until grep -q runs /tmp/held; do usleep 100000; done")


@pytest.fixture
def linux(machines: Machines, request: pytest.FixtureRequest) -> Iterator[Root]:
    """With the device in VFIO's hands. Whatever a test does there, stage 2 has nothing to complain of."""
    found = machines.get(STAGE1)
    request.node.machine = found
    give_to_vfio(found)
    before = found.stats("root")
    yield found
    after = found.stats("root")
    assert [after[f"dma_{way}_violations"] - before[f"dma_{way}_violations"] for way in ("read", "write")] == [0, 0]


def test_interrupts_are_not_isolated(linux: Root):
    assert "MSI" not in linux.vm.run("cat /proc/interrupts")
    linux.vm.run(f"echo N > {UNSAFE}")
    status, text = linux.vm.status("vfio-edu test")
    assert status != 0 and "interrupts by MSI are not isolated" in text


def test_unmapped_page_is_out_of_reach(linux: Root):
    unmapped_page_is_out_of_reach(linux)


@pytest.mark.parametrize("way", ["write", "read"])
def test_what_was_never_mapped(linux: Root, way: str):
    linux.vm.run(f"vfio-edu {way} {NEVER_MAPPED:#x}")
    assert faults(linux, 1) == [stage1_fault(NEVER_MAPPED, way == "read")]


def test_killed_process_leaves_nothing_mapped(linux: Root):
    """The page is one of a file, so that it is still there to look at; the process dies during a DMA."""
    hold(linux)
    status, text = linux.vm.status("vfio-edu test")
    assert status != 0 and "busy" in text
    linux.vm.status("kill -9 $HOLDER; wait $HOLDER")
    before = linux.vm.run("md5sum /tmp/page")
    linux.vm.run(f"vfio-edu write {IOVA:#x}")
    assert linux.vm.run("md5sum /tmp/page") == before
    found = faults(linux, 1)
    assert stage1_fault(IOVA, False) in found
    assert {fault.address for fault in found} == {IOVA}, "the end of the other process's DMA, at most"


def test_device_changes_hands(linux: Root):
    """From VFIO to a driver of Linux, to a cell, which takes it from VFIO, and back to VFIO."""
    linux.vm.run("vfio-edu release; insmod /test/edu_test.ko")
    assert "edu_test: passed" in linux.vm.run("dmesg; rmmod edu_test")
    linux.vm.run("vfio-edu bind; vfio-edu test")
    linux.start("rtos0")
    status, text = linux.vm.status("vfio-edu test")
    assert status != 0 and "there is no device" in text
    linux.destroy("rtos0")
    linux.vm.run("vfio-edu bind; vfio-edu test")


def test_cell_cannot_have_what_a_process_has(linux: Root):
    """Linux takes a device from its driver only when nobody has it open, and waits for that: not with the cells' lock."""
    hold(linux)
    refusal = "PCI function 0000:00:02.0 is in use by a program, through vfio-pci; cell rtos0 cannot have it now"
    assert refusal in linux.refused("cell create /cells/rtos0.cell")
    linux.vm.run("(echo 0000:00:02.0 > /sys/bus/pci/drivers/vfio-pci/unbind) & UNBINDER=$!; sleep 1; kill -0 $UNBINDER $HOLDER")
    assert refusal in linux.refused("cell create /cells/rtos0.cell"), "another one waits for the process already"
    assert linux.cells() == ["root"] and int(linux.vm.run("nproc")) == 4
    linux.vm.status("kill -9 $HOLDER; wait $HOLDER; wait $UNBINDER")
    linux.start("rtos0")
    linux.destroy("rtos0")
