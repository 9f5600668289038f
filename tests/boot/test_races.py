# SPDX-License-Identifier: GPL-2.0-only
"""Cells that defend themselves against being stopped."""

from conftest import GROUP
from harness import Root

pytestmark = GROUP("a57")

ROUNDS = 15


def test_cpus_that_wake_each_other(root: Root):
    """However often its CPUs switch each other on: a cell that was stopped is at rest, and can be destroyed."""
    for _ in range(ROUNDS):
        root.start("revive")
        root.control("cell stop revive")
        assert root.stats("revive") == root.stats("revive"), "a CPU of a stopped cell runs"
        root.control("cell destroy revive")
        assert int(root.vm.run("nproc")) == 4
    assert root.is_alive()
