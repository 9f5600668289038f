# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of the boot tests. A machine is booted once and shared by the tests that are content with it; after a test
that left it dead it is booted again. Tests that share a machine run in one worker (xdist_group)."""

import sys
from pathlib import Path
from typing import Iterator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Root, Variant, VmError, boot  # noqa: E402

GROUP = pytest.mark.xdist_group


class Machines:
    """The machines that run now."""

    def __init__(self) -> None:
        self.running: dict[Variant, Root] = {}

    def get(self, variant: Variant) -> Root:
        """A machine of that variant that answers, with no cells."""
        root = self.running.get(variant)
        if root is not None:
            try:
                root.destroy_all()
                if root.is_alive():
                    return root
            except (VmError, OSError, ValueError):
                pass
            self.drop(variant)
        self.running[variant] = boot(variant)
        return self.running[variant]

    def drop(self, variant: Variant) -> None:
        root = self.running.pop(variant, None)
        if root is not None:
            root.vm.stop()


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    found = Machines()
    yield found
    for variant in list(found.running):
        found.drop(variant)


@pytest.fixture
def root(machines: Machines, request: pytest.FixtureRequest) -> Root:
    """The usual machine: cortex-a57, 4 CPUs, 2 GiB."""
    found = machines.get(Variant())
    request.node.machine = found
    return found


def lent(machine: Root, request: pytest.FixtureRequest) -> Iterator[Root]:
    """A module's own machine, for one test, behind which no cell is left and all CPUs are back."""
    request.node.machine = machine
    yield machine
    machine.destroy_all()
    assert int(machine.vm.run("nproc")) == machine.vm.machine.cpus


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """A failed test shows the end of the console and of the second UART."""
    report = (yield).get_result()
    root = getattr(item, "machine", None)
    if report.failed and root is not None:
        report.sections.append(("console", root.vm.tail(60)))
        try:
            report.sections.append(("second UART", root.vm.serial1_text()[-3000:]))
        except OSError:
            pass
