# SPDX-License-Identifier: GPL-2.0-only
"""Machines without a root cell: nobody can read the log, so it goes on to the UART that no cell has; and the end of the last
cell is the end of the machine, or is said."""

from contextlib import contextmanager
from typing import Iterator

import pytest

from conftest import GROUP
from harness import Variant, Vm, VmError, cell_config, locked, make_lone_image

pytestmark = GROUP("lone")


@contextmanager
def lone(program: str, serial: bool = True, **more) -> Iterator[Vm]:
    variant = Variant(f"lone-{program}")
    config = {**cell_config("alone", f"tests/{program}", cpus=[0], serial=serial), **more}
    with locked(variant.directory.with_suffix(".lock")):
        image = make_lone_image(variant, config)
        with Vm(variant.machine, image, variant.directory / "console.log") as vm:
            yield vm


def test_last_cell_switches_off():
    with lone("off") as vm:
        vm.wait("W cell alone: stopped: switched itself off", 20)
        vm.wait("W no cell runs any more: the machine goes down with it", 5)
        vm.wait_end(10)


def test_last_cell_asks_for_a_reset():
    """QEMU is told not to boot again."""
    with lone("reset") as vm:
        vm.wait("W no cell runs any more: the machine goes down with it", 20)
        vm.wait_end(10)


def test_last_cell_fails():
    """There is something to look at, so the machine stays."""
    with lone("fault") as vm:
        vm.wait("W cell alone: failed: access to memory that it does not have .0x60000000. at PC 0x4", 20)
        vm.wait("W no cell runs any more: the machine waits, as the last one failed", 5)
        with pytest.raises(VmError):
            vm.wait_end(1)


def test_the_uart_is_the_cells():
    """What the hypervisor has to say after the start of a cell that has the UART does not come between its lines."""
    with lone("fault", devices=["serial0"]) as vm:
        vm.wait("I cell alone: running", 20)
        vm.wait("reading 0x60000000", 20)
        with pytest.raises(VmError):
            vm.wait("cell alone: failed", 2)
