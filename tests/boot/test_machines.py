# SPDX-License-Identifier: GPL-2.0-only
"""The main path on other machines: CPUs with VHE (which is left unused), 2 and 8 CPUs, 1 and 4 GiB. And with other
options."""

import pytest

import checks
import corrupt
from conftest import GROUP, Machines
from harness import Machine, Variant, Vm, VmError, make_image

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
OPTIONS = {"no-vsmmu": ("# CONFIG_VSMMU is not set", "# CONFIG_VPL011 is not set")}


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
            assert "this hypervisor was built without VPL011" in root.refused("cell create /cells/virtual-uart.cell")
            assert root.cells() == ["root"]
    finally:
        machines.drop(variant)


def test_boot_cell_with_a_virtual_uart():
    """A hypervisor without VPL011 does not start a system whose config asks for one; the tools would not have packed it."""
    variant = Variant("no-vsmmu", options=OPTIONS["no-vsmmu"])
    image = variant.directory / "bad-uart.img"
    blob = corrupt.system_config_of(make_image(variant).read_bytes())
    for member, value in (("console_size", 4096), ("uart_ipa", 0x1c090000), ("uart_irq", 33)):
        blob.set("cfg_cell", member, value, blob.first_cell())
    image.write_bytes(bytes(blob.data))
    with Vm(variant.machine, image, variant.directory / "bad-uart.log") as vm:
        said = vm.wait(r"the system config is wrong:([^\r\n]*)\r", 20)[1]
        assert "uart_irq 33: this hypervisor was built without VPL011" in said
        with pytest.raises(VmError):
            vm.wait("Booting Linux", 1)
