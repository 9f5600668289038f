# SPDX-License-Identifier: GPL-2.0-only
"""The invariants, each attacked. checks.py has the attacks; test_mutations.py proves that they can fail."""

import pytest

import checks
from conftest import GROUP, Machines
from harness import UNOWNED_SLOT, Machine, Root, Variant, inmate_programs

pytestmark = GROUP("a57")

# Programs whose whole test is their own report.
REPORTING = [name for name in ("psci", "smp", "mmio-fuzz", "smc-fuzz", "sysreg", "ecam", "smmu-stage1")
             if name in inmate_programs()]

ROGUE = Variant("rogue", Machine(extra=("-device", f"edu,addr={UNOWNED_SLOT},dma_mask=0xffffffffffffffff")))


def test_dma_is_fenced(root: Root):
    checks.dma_is_fenced(root)


def test_cpu_is_fenced(root: Root):
    checks.cpu_is_fenced(root)


def test_nothing_stale(root: Root):
    checks.nothing_stale(root)


def test_root_is_fenced(root: Root):
    checks.root_is_fenced(root)


def test_no_stale_cpu_translation(machines: Machines):
    """On a CPU with PAN: without it Linux changes TTBR0 so often that QEMU's TLB never keeps anything."""
    variant = Variant("cortex-a76", Machine(cpu="cortex-a76"))
    try:
        checks.no_stale_cpu_translation(machines.get(variant))
    finally:
        machines.drop(variant)


def test_no_stale_dma_translation(root: Root):
    checks.no_stale_dma_translation(root)


def test_functions_are_hidden(root: Root):
    checks.functions_are_hidden(root)


def test_interrupts_are_fenced(root: Root):
    checks.interrupts_are_fenced(root)


def test_fault_is_contained(root: Root):
    checks.fault_is_contained(root)


@pytest.mark.parametrize("program", REPORTING)
def test_program(root: Root, program: str):
    checks.inmate_passes(root, program, 180)


def test_unowned_stream_aborts(machines: Machines):
    try:
        checks.unowned_stream_aborts(machines.get(ROGUE))
    finally:
        machines.drop(ROGUE)
