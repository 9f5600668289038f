# SPDX-License-Identifier: GPL-2.0-only
"""Devices of root Linux behind its own, emulated SMMU and both stages of the real one: under load, taken from their drivers
and given back, and when the driver of the SMMU switches it off. Then the same with hypervisors that have a defect."""

from functools import partial
from typing import Callable, Iterator

import pytest

import stage1
from conftest import GROUP
from harness import BUILD, OUT, Root, Vm, VmError, make_files
from stage1 import FUNCTIONS, KERNELS, MODULES, READY, SIDS, stream_mode

VIOLATIONS = ("dma_read_violations", "dma_write_violations", "dma_other_events")


@pytest.fixture(scope="module", params=KERNELS)
def linux(request: pytest.FixtureRequest) -> Iterator[Root]:
    with stage1.booted(request.param) as root:
        root.kernel = request.param
        yield root


@pytest.fixture(autouse=True)
def show_machine(request: pytest.FixtureRequest) -> None:
    """A failed test shows the end of the console."""
    if "linux" in request.fixturenames:
        request.node.machine = request.getfixturevalue("linux")


def groups(vm: Vm) -> list[list[str]]:
    """The functions in each IOMMU group."""
    vm.run("insmod /test/edu_test.ko; rmmod edu_test")
    text = vm.run("cd /sys/kernel/iommu_groups; for group in *; do echo $(ls $group/devices); done; cd /")
    return sorted(line.split() for line in text.splitlines())


def assert_quiet(linux: Root) -> None:
    """Neither Linux nor the hypervisor has anything to say about the SMMU."""
    assert stage1.smmu_log(linux) == []
    stats = linux.stats("root")
    assert {name: stats[name] for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, 0)


def test_mapping_is_strict(linux: Root):
    assert linux.vm.run("uname -r").startswith(linux.kernel + ".")
    assert "strict mode" in linux.vm.run("dmesg | grep 'DMA domain TLB'")
    for function in FUNCTIONS:
        assert linux.vm.run(f"cat /sys/bus/pci/devices/{function}/iommu_group/type").strip() == "DMA"
    stage1.streams_pass_both_stages(linux)


def test_each_function_has_a_group(linux: Root):
    assert groups(linux.vm) == sorted([function] for function in [*FUNCTIONS, "0000:00:02.0"])


@GROUP("stage1-6.12")
def test_groups_are_those_of_the_bare_machine():
    """Without a hypervisor the same Linux makes the same groups; the test above says which it has with one."""
    make_files()
    arguments = BUILD / "guest/Image", OUT / "stage1-bare.log", BUILD / "guest/root.cpio", "console=ttyAMA0 earlycon"
    with Vm(stage1.MACHINE, *arguments) as vm:
        vm.login()
        assert groups(vm) == sorted([function] for function in [*FUNCTIONS, "0000:00:02.0"])


def test_load(linux: Root):
    stage1.devices_work(linux, 4 << 20)
    assert_quiet(linux)
    assert stage1.trouble(linux) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_unbind_under_load(linux: Root, function: str):
    """A driver leaves its device in the middle of transfers and takes it again; the others' go on."""
    linux.vm.run("touch /tmp/go; for disk in nvme0n1 vda; do while [ -e /tmp/go ]; do "
                 "dd if=/dev/$disk of=/dev/null bs=16k count=64 iflag=direct 2>/dev/null || usleep 50000; done & done; "
                 f"ping -q -s 1400 -A -c 100000 {stage1.PEER} > /dev/null 2>&1 & sleep 0.5; pidof ping")
    driver = f"/sys/bus/pci/drivers/{FUNCTIONS[function]}"
    linux.vm.run(f"echo {function} > {driver}/unbind && [ ! -e {driver}/{function} ]")
    linux.vm.run(f"sleep 0.3; echo {function} > {driver}/bind; {READY}; sleep 0.3; rm /tmp/go; killall ping; wait")
    stage1.devices_work(linux)
    stage1.streams_pass_both_stages(linux)
    assert_quiet(linux)


def test_modules_unload(linux: Root):
    for module in MODULES:
        linux.vm.run(f"modprobe -r {module} && ! grep '^{module} ' /proc/modules")
    linux.vm.run("; ".join(f"modprobe {module}" for module in MODULES))
    stage1.devices_work(linux)
    assert_quiet(linux)


def test_hotplug(linux: Root):
    """The SMMU's driver gives a function up with its group, and finds it again."""
    for function, sid in SIDS.items():
        linux.vm.run(f"echo 1 > /sys/bus/pci/devices/{function}/remove")
        assert stream_mode(linux.vm, sid) == "abort"
    linux.vm.run(f"echo 1 > /sys/bus/pci/rescan; {READY}")
    stage1.streams_pass_both_stages(linux)
    stage1.devices_work(linux)
    assert_quiet(linux)


def test_driver_switches_off(linux: Root):
    """Its shutdown path, by kexec; the next Linux finds an SMMU that is off, and switches it on."""
    stage1.driver_switches_off(linux, linux.kernel)
    linux.vm.login()
    stage1.streams_pass_both_stages(linux)
    stage1.devices_work(linux)
    assert_quiet(linux)


# ---- the checks can fail ----

CAUGHT_BY: dict[str, Callable[[Root], None]] = {
    "VSMMU_NO_STAGE2": stage1.streams_pass_both_stages,
    "VSMMU_NO_CFGI_CD": stage1.domain_can_change,
    "VSMMU_KEEP_STAGE1": partial(stage1.driver_switches_off, kernel="6.12"),
}


@pytest.mark.parametrize("mutation", [pytest.param(name, marks=GROUP(f"mutations-{number % 2}"))
                                      for number, name in enumerate(CAUGHT_BY)])
def test_mutation_is_caught(mutation: str):
    with stage1.booted("6.12", mutation) as linux:  # it boots, defect and all
        with pytest.raises((AssertionError, VmError)) as caught:
            CAUGHT_BY[mutation](linux)
        print(f"{mutation} is caught: {str(caught.value).splitlines()[0]}")
