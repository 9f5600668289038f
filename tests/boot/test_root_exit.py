# SPDX-License-Identifier: GPL-2.0-only
"""The root cell's end. With root_exit: keep the other cells go on; when there is none, the machine switches off."""

import pytest

from conftest import GROUP, Machines
from harness import Root, Variant

pytestmark = GROUP("a57")

ENDS = {
    "poweroff": "poweroff -f",
    "reboot": "reboot -f",
    "panic": "echo c > /proc/sysrq-trigger",
}


@pytest.mark.parametrize("how", ENDS)
def test_cells_go_on(machines: Machines, how: str):
    root: Root = machines.get(Variant())
    try:
        root.start("hello")
        root.vm.console.sendline(ENDS[how])
        root.vm.wait("reboot: Power down|reboot: Restarting|Kernel panic|@@", 20)
        begin = len(root.vm.serial1_text())
        for tick in range(4):
            begin = root.vm.wait_serial1("^hello: tick", begin, 20).end()
        assert root.vm.console.isalive()
    finally:
        machines.drop(Variant())


@pytest.mark.parametrize("how", ["poweroff", "reboot"])
def test_without_cells_the_machine_ends(machines: Machines, how: str):
    root: Root = machines.get(Variant())
    try:
        root.vm.console.sendline(ENDS[how])
        root.vm.wait_end(20)
    finally:
        machines.drop(Variant())
