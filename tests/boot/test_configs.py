# SPDX-License-Identifier: GPL-2.0-only
"""Configs that are wrong in spite of the checker on the host: the hypervisor checks again, names the field, and nothing
has changed."""

import time

import pytest

import corrupt
from conftest import GROUP, Machines
from harness import Root, Variant, Vm, VmError

pytestmark = GROUP("a57")

HYPERVISOR_BASE = 0x40200000
LOG_SEARCH = 4 << 20
CPUS_GONE = "dmesg | grep -c 'psci: CPU.* killed' || true"
# what only the device itself can tell, after Linux has let go of it
NEEDS_HARDWARE = ("id", "sid")


@pytest.mark.parametrize("name", corrupt.CELLS)
def test_wrong_cell_is_refused(root: Root, name: str):
    before, offline = root.json("version")["pool_free"], root.vm.run(CPUS_GONE)
    sentence = root.refused(f"cell create /cells/bad-{name}.cell")
    assert corrupt.CELLS[name].sentence.lower() in sentence.lower(), sentence
    assert root.cells() == ["root"]
    assert root.json("version")["pool_free"] == before
    assert int(root.vm.run("nproc")) == 4
    assert name in NEEDS_HARDWARE or root.vm.run(CPUS_GONE) == offline, "Linux gave up a CPU for it"
    assert not root.vm.status("test -e /sys/bus/pci/devices/0000:00:02.0")[0], "edu did not stay in Linux"


def test_the_good_cell_is_not(root: Root):
    root.vm.run("edu-dma test")
    root.control("cell create /cells/dma.cell")


@pytest.mark.parametrize("name", corrupt.SYSTEMS)
def test_wrong_system_does_not_start(machines: Machines, name: str):
    variant = Variant()
    machines.get(variant)		# its image is built
    image = variant.directory / f"bad-{name}.img"
    blob = corrupt.system_config_of((variant.directory / "system.img").read_bytes())
    image.write_bytes(corrupt.SYSTEMS[name].apply(blob))
    vm = Vm(variant.machine, image, variant.directory / f"bad-{name}.log")
    try:
        if name in corrupt.UNREADABLE:		# its UART isn't known then: the sentence is in the log's memory
            time.sleep(2)
            said = vm.memory(HYPERVISOR_BASE, LOG_SEARCH).decode("ascii", "replace")
        else:
            said = vm.wait(r"the system config is wrong:([^\r\n]*)\r", 20)[1]
        assert corrupt.SYSTEMS[name].sentence in said, said[:200]
        with pytest.raises(VmError):
            vm.wait("Booting Linux", 1)
    finally:
        vm.stop()
        image.unlink()
