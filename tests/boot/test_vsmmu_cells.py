# SPDX-License-Identifier: GPL-2.0-only
"""Cells with an SMMU of their own beside a root Linux with one: what they can do, what they cannot, and that none of them
notices the others."""

import os

import pytest

import checks
from conftest import GROUP, Machines
from harness import STAGE1_SYSTEM, Machine, Root, Variant, alone

pytestmark = GROUP("vsmmu-cells")

# As QEMU makes it, an edu has a DMA mask of 28 bits: without stage 1 it reaches no RAM at all. Linux keeps the last one.
DEVICES = ("-device", "edu,addr=02.0", "-device", "edu,addr=03.0", "-device", "edu,addr=04.0,dma_mask=0xffffffffffffffff")
VARIANT = Variant("vsmmu-cells", Machine(edu=False, extra=DEVICES), system=STAGE1_SYSTEM, owners=True)
CYCLES = int(os.environ.get("CLOISTER_SMMU_CYCLES", "20"))


@pytest.fixture
def root(machines: Machines, request: pytest.FixtureRequest) -> Root:
    found = machines.get(VARIANT)
    request.node.machine = found
    return found


@pytest.mark.parametrize("program", ["smmu-stage1", "smmu-registers"])
def test_program(root: Root, program: str):
    checks.inmate_passes(root, program)


def test_attacks(root: Root):
    checks.smmu_attacks_are_fenced(root)


def test_commands_stay_inside():
    with alone("smmu-attack", bootargs="victims=0") as vm:
        checks.smmu_commands_stay_inside(vm)


def test_load_beside_a_neighbour(root: Root):
    checks.smmu_load_is_bounded(root)


def test_sharing(root: Root):
    """Three owners under load: each gets its own events and errors and nothing else."""
    checks.smmu_is_shared(root)


def test_destroy_during_dma(root: Root):
    checks.smmu_cells_come_and_go(root, CYCLES)
