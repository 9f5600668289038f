# SPDX-License-Identifier: GPL-2.0-only
"""The main path on other machines: CPUs with VHE (which is left unused), 2 and 8 CPUs, 1 and 4 GiB. And with other
options."""

import pytest

import checks
from conftest import GROUP, Machines
from harness import Machine, Variant

pytestmark = GROUP("machines")

TAKEN = 384		# MiB for the hypervisor and for cells, see configs/arm64/qemu-virt/system.yaml

VARIANTS = {
    "a76": Machine(cpu="cortex-a76"),
    "n1": Machine(cpu="neoverse-n1"),
    "max": Machine(cpu="max"),
    "2cpus": Machine(cpus=2),
    "8cpus": Machine(cpus=8),
    "1gib": Machine(memory=1024),
    "4gib": Machine(memory=4096),
    "no-vsmmu": Machine(),
}
OPTIONS = {"no-vsmmu": ("# CONFIG_VSMMU is not set",)}


@pytest.mark.parametrize("name", VARIANTS)
def test_main_path(machines: Machines, request: pytest.FixtureRequest, name: str):
    variant = Variant(name, VARIANTS[name], options=OPTIONS.get(name, ()))
    root = request.node.machine = machines.get(variant)
    try:
        cpus = variant.machine.cpus
        assert int(root.vm.run("nproc")) == cpus
        own = variant.machine.memory - TAKEN		# Linux keeps a part of it for itself
        assert int(root.vm.run("awk '/MemTotal/ { print $2 }' /proc/meminfo")) > own * 1024 * 9 // 10
        root.vm.run("dd if=/dev/urandom of=/dev/nvme0n1 bs=1M count=1 conv=fsync 2>/dev/null", 30)
        assert any(root.vm.disk.read_bytes()[:1 << 20])
        report = root.run_inmate("dma")
        assert report.results and not report.failures, report.failures
        assert int(root.vm.run("nproc")) == cpus - 1
        root.destroy("dma")
        assert int(root.vm.run("nproc")) == cpus
        assert "ok" in root.vm.run("edu-dma test")
        checks.no_residue(root)
        if name == "no-vsmmu":
            assert "this hypervisor was built without VSMMU" in root.refused("cell create /cells/edu-stage1.cell")
            assert "edu-stage1" not in root.cells()
    finally:
        machines.drop(variant)
