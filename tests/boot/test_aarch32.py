# SPDX-License-Identifier: GPL-2.0-only
"""Cells whose inmate runs in AArch32 EL1."""

import re

import pytest

import checks
from conftest import GROUP, Machines
from harness import Machine, Root, Variant, VmError

pytestmark = GROUP("a57")


def test_uses_what_a_cell_has(root: Root):
    """Timers, UART, GIC, PSCI, a second CPU, DMA; and it starts again, and its CPUs are 64-bit ones afterwards."""
    checks.inmate_passes(root, "aarch32")
    root.vm.run("cloisterctl cell stop aarch32 || true")
    root.control("cell load /cells/aarch32.cell")
    begin = len(root.vm.serial1_text())
    root.control("cell start aarch32")
    root.vm.wait_serial1(r"^# 0 failed$", begin)
    root.destroy("aarch32")
    assert int(root.vm.run("nproc")) == 4
    checks.inmate_passes(root, "smp", 180)


def test_hypercall_console(root: Root):
    root.start("console32")
    root.wait_state("console32", "stopped", 60)
    assert re.search(r"^# 0 failed", root.control("cell console console32"), re.M)


def test_hostile(root: Root):
    """I6: every encoding of CP14 and CP15, modes, aborts, conditions and IT blocks of what is trapped."""
    checks.inmate_passes(root, "hostile32", 180)


def test_stuck_it_block_is_caught(machines: Machines):
    variant = Variant(mutation="AARCH32_STUCK_IT")
    try:
        with pytest.raises((AssertionError, VmError), match="IT block"):
            checks.inmate_passes(machines.get(variant), "hostile32", 180)
    finally:
        machines.drop(variant)


def test_refused_where_el1_is_64_bit_only(machines: Machines):
    variant = Variant("cortex-a76", Machine(cpu="cortex-a76"))
    try:
        root = machines.get(variant)
        assert "AArch32" in root.refused("cell create /cells/aarch32.cell")
        assert root.cells() == ["root"] and int(root.vm.run("nproc")) == 4
    finally:
        machines.drop(variant)
