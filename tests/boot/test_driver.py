# SPDX-License-Identifier: GPL-2.0-only
"""The driver: it leaves cleanly, and says so where there is no hypervisor."""

import pytest

from conftest import GROUP
from harness import BUILD, Machine, Root, Vm, VmError, parse_ktap

pytestmark = GROUP("a57")

INSMOD = "insmod /lib/modules/$(uname -r)/extra/cloister.ko"


def test_unload_and_load(root: Root):
    for _ in range(3):
        root.vm.run("rmmod cloister && test ! -e /dev/cloister")
        root.vm.run(INSMOD)
        assert root.cells() == ["root"]


def test_cells_survive_a_reload(root: Root):
    """Unloading is refused while there are cells of its making, or the cells go on: never half."""
    begin = root.start("hello")
    status, output = root.vm.status("rmmod cloister")
    if status == 0:
        root.vm.run(INSMOD)
    assert "hello" in root.cells(), output
    root.vm.wait_serial1("^hello: tick 2", begin)


def test_hostile_ioctls(root: Root):
    """driver/test/abi_test.c: each wrong argument is refused by its error, and nothing has changed."""
    status, output = root.vm.status("/test/abi_test", 120)
    report = parse_ktap(output)
    assert report.results and not report.failures and status == 0, output
    assert root.cells() == ["root"] and int(root.vm.run("nproc")) == 4
    assert not root.vm.run("dmesg | grep -E 'BUG|WARNING|Oops' || true").strip()


def test_without_the_driver_cloisterctl_says_so(root: Root):
    root.vm.run("rmmod cloister")
    try:
        assert "/dev/cloister" in root.refused("cell list")
    finally:
        root.vm.run(INSMOD)


def test_without_the_hypervisor_it_says_so():
    """The same kernel and initramfs, started by QEMU directly."""
    vm = Vm(Machine(), BUILD / "guest/Image", BUILD / "tests/boot/bare.log", BUILD / "guest/root.cpio",
            "console=ttyAMA0 quiet")
    try:
        vm.login()
        status, _ = vm.status(INSMOD)
        assert status, "the driver loads without a hypervisor"
        said = vm.run("dmesg | grep cloister:").lower()
        assert "hypervisor" in said and ("no " in said or "not " in said), said
    except VmError as error:
        pytest.fail(str(error))
    finally:
        vm.stop()
