# SPDX-License-Identifier: GPL-2.0-only
"""`cell create` in the driver: each step of it fails once, by a probe in the kernel, and leaves everything as it was. The
hypervisor's own steps are those of test_lifecycle.test_no_page_is_left."""

import pytest

from conftest import GROUP
from harness import Root
from test_lifecycle import everything

pytestmark = GROUP("a57")

CELL = "smp"		# two CPUs and a PCI function
ENOMEM, EBUSY, EIO, EINVAL = -12, -16, -5, -22

# function, what it returns, which call of it, and what is said
STEPS = {
    "config": ("config_check", EINVAL, 0, ""),
    "alloc": ("cell_alloc", 0, 0, "no memory"),
    "check": ("ask_to_create", ENOMEM, 0, "no memory"),
    "functions": ("pci_check", EBUSY, 0, ""),
    "sysfs": ("cell_sysfs_add", ENOMEM, 0, "cell smp cannot be shown in sysfs: error 12"),
    "kobject": ("kobject_add", ENOMEM, 0, "cell smp cannot be shown in sysfs: error 12"),
    "cpus": ("cpus_take", EIO, 0, ""),
    "first-cpu": ("remove_cpu", EBUSY, 0, "cpu 2 cannot leave Linux: it is busy"),
    "second-cpu": ("remove_cpu", EIO, 1, "cpu 3 cannot leave Linux: taking it offline failed with error 5"),
    "functions-again": ("pci_check", EBUSY, 1, ""),
    "take-functions": ("pci_take", EBUSY, 0, ""),
    "hypervisor": ("ask_to_create", EIO, 1, ""),
}


@pytest.mark.parametrize("name", STEPS)
def test_step_fails(root: Root, name: str):
    function, error, skip, said = STEPS[name]
    before = everything(root)
    root.vm.run(f"insmod /test/fault_test.ko function={function} error={error} skip={skip}")
    try:
        sentence = root.refused(f"cell create /cells/{CELL}.cell")
        assert int(root.vm.run("cat /sys/module/fault_test/parameters/calls")) > skip, "it did not come to that step"
    finally:
        root.vm.run("rmmod fault_test")
    assert said in sentence, sentence
    assert everything(root) == before, sentence
    assert not root.vm.run("dmesg | grep -E 'BUG|WARNING|Oops|did not come back' || true").strip()


def test_then_it_works(root: Root):
    before = everything(root)
    root.control(f"cell create /cells/{CELL}.cell")
    assert int(root.vm.run("nproc")) == 2
    root.destroy(CELL)
    assert everything(root) == before
    assert "ok" in root.vm.run("edu-dma test")
