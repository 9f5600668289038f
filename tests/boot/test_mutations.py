# SPDX-License-Identifier: GPL-2.0-only
"""Proves that the checks can fail: each hypervisor here has one deliberate defect (hypervisor/include/hyp/mutate.h),
boots, and must be caught by the check of the invariant that it breaks."""

import dataclasses
from typing import Callable

import pytest

import checks
from conftest import GROUP, Machines
from harness import Root, Variant, Vm, VmError, alone
from test_invariants import ROGUE
from test_vfio import STAGE1, unmapped_page_is_out_of_reach

# Unit tests catch STE_ONE_WRITE and CHECK_NO_OVERLAP, and also NO_CPU_TLBI: under QEMU, Linux itself flushes so much
# while a CPU goes offline that checks.no_stale_cpu_translation passes without the hypervisor's invalidation.
CAUGHT_BY: dict[str, tuple[Callable[[Root], None], Variant]] = {
    "S2_KEEP_ROOT": (checks.root_is_fenced, Variant()),
    "SMMU_BYPASS": (checks.unowned_stream_aborts, ROGUE),
    "STE_WRONG_ROOT": (checks.dma_is_fenced, Variant()),
    "NO_SMMU_TLBI": (checks.no_stale_dma_translation, Variant()),
    "NO_SCRUB": (checks.nothing_stale, Variant()),
    "NO_CFGI": (checks.dma_is_fenced, Variant()),
    "GICD_NO_FILTER": (checks.interrupts_are_fenced, Variant()),
    "SGI_ANY_CPU": (checks.interrupts_are_fenced, Variant()),
    "PANIC_ON_FAULT": (checks.fault_is_contained, Variant()),
    "PCI_NO_FILTER": (checks.functions_are_hidden, Variant()),
    "VSMMU_NO_TLBI": (unmapped_page_is_out_of_reach, STAGE1),
}


# in two groups, so that both workers have something to do to the end
@pytest.mark.parametrize("mutation", [pytest.param(name, marks=GROUP(f"mutations-{number % 2}"))
                                      for number, name in enumerate(CAUGHT_BY)])
def test_mutation_is_caught(machines: Machines, mutation: str):
    check, variant = CAUGHT_BY[mutation]
    variant = dataclasses.replace(variant, mutation=mutation)
    root = machines.get(variant)		# it boots, defect and all
    try:
        with pytest.raises((AssertionError, VmError)) as caught:
            check(root)
        print(f"{mutation} is caught by {check.__name__}: {str(caught.value).split(chr(10))[0]}")
    finally:
        machines.drop(variant)


# Of the emulated SMMU. The others are seen on the model only (tests/model): QEMU has no substreams (VSMMU_ANY_STE) and no
# stall (VSMMU_KEEP_STALLED), and a queue that runs in one go (VSMMU_UNBOUNDED) delays its owner as much as one in batches.
SMMU_CAUGHT_BY: dict[str, tuple[str, Callable[[Vm], None]]] = {
    "VSMMU_NO_STAGE2": ("smmu-stage1", checks.smmu_works),
    "VSMMU_ANY_COMMAND": ("smmu-stage1", checks.smmu_works),
    "VSMMU_NO_CFGI_CD": ("smmu-stage1", checks.smmu_works),
    "VSMMU_NO_TLBI": ("smmu-stage1", checks.smmu_works),
    "VSMMU_KEEP_STAGE1": ("smmu-stage1", checks.smmu_works),
    "VSMMU_REAL_SID": ("smmu-stage1", checks.smmu_works),
    "VSMMU_ANY_STREAM": ("smmu-attack", checks.smmu_commands_stay_inside),
    "VSMMU_ANY_VMID": ("smmu-attack", checks.smmu_commands_stay_inside),
}


@pytest.mark.parametrize("mutation", [pytest.param(name, marks=GROUP(f"mutations-{number % 2}"))
                                      for number, name in enumerate(SMMU_CAUGHT_BY)])
def test_smmu_mutation_is_caught(mutation: str):
    """On a machine without a root cell, which boots in a second."""
    program, check = SMMU_CAUGHT_BY[mutation]
    with alone(program, mutation, "victims=0") as vm:
        with pytest.raises((AssertionError, VmError)) as caught:
            check(vm)
    print(f"{mutation} is caught by {program}: {str(caught.value).split(chr(10))[0]}")
