# SPDX-License-Identifier: GPL-2.0-only
"""The virtual PL011: who has one, and that the binary config and the device tree say the same of it."""

import pytest
from workbench import RTOS0, RTOS1, SYSTEM, Bench, hypervisor, shown

from cloister_lib import abi, fdt

CONSOLE = "console: hypercall\n"


def compiled(bench: Bench, text: str) -> tuple[dict, fdt.Node]:
    bench.write("cell.yaml", text)
    bench.good("compile", "system.yaml", "--cell", "cell.yaml", "-o", "out.cell")
    bench.good("dtb", "system.yaml", "--cell", "cell.yaml", "-o", "out.dtb")
    return shown(bench, "out.cell")["config"], fdt.parse((bench.path / "out.dtb").read_bytes(), "out.dtb")


@pytest.mark.parametrize("line, ipa, spi, ring", [
    ("", 0x9000000, 1, 65536),
    ("console: pl011\n", 0x9000000, 1, 65536),
    ("console: {device: pl011, ipa: 0x1c090000, spi: 5, ring: 8K}\n", 0x1c090000, 5, 8192),
])
def test_cell_without_a_uart(bench: Bench, line: str, ipa: int, spi: int, ring: int) -> None:
    assert CONSOLE in RTOS1
    config, root = compiled(bench, RTOS1.replace(CONSOLE, line))
    assert (config["uart_ipa"], config["uart_irq"], config["console_size"]) == (ipa, 32 + spi, ring)
    assert config["irqs"] == [], "no interrupt of the hardware is taken"
    node, path = root.child(f"pl011@{ipa:x}"), f"/pl011@{ipa:x}"
    assert node.texts("compatible") == ["arm,pl011", "arm,primecell"]
    assert node.u32s("interrupts") == [0, spi, 4]
    assert node.u32s("reg") == [0, ipa, 0, 0x1000]
    assert root.child("chosen").texts("stdout-path") == [path] == root.child("aliases").texts("serial0")
    clock = root.child("uart-clock")
    assert node.u32s("clocks") == [clock.phandle] * 2
    assert [child.phandle for child in root.walk()].count(clock.phandle) == 1


@pytest.mark.parametrize("line", ["", "console: none\n", "console: {device: serial1, ring: 4K}\n"])
def test_cell_with_a_uart(bench: Bench, line: str) -> None:
    config, root = compiled(bench, RTOS0 + line)
    assert (config["uart_ipa"], config["uart_irq"]) == (0, 0)
    assert len([node for node in root.walk() if node.compatible("arm,pl011")]) == 1


def test_beside_a_real_one(bench: Bench) -> None:
    config, root = compiled(bench, RTOS0 + "console: pl011\n")
    assert config["uart_irq"] == 33 and 40 in [irq["intid"] for irq in config["irqs"]]
    assert root.child("chosen").texts("stdout-path") == ["/pl011@9000000"]
    assert root.child("aliases").texts("serial1") == ["/pl011@9040000"]


def test_hypervisor_without(bench: Bench) -> None:
    """A hypervisor that was built without VPL011 takes no system whose cells have such a UART."""
    bench.write("system.yaml", SYSTEM + "boot: [rtos1.yaml]\n")
    bench.write("rtos1.yaml", RTOS1.replace(CONSOLE, ""))
    bench.write("hyp.bin", hypervisor())
    said = bench.bad("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    assert "cell rtos1: the virtual UART needs a hypervisor with VPL011, and hyp.bin was built without it" in said
    assert not (bench.path / "system.img").exists()
    bench.write("hyp.bin", hypervisor(features=abi.const("IMG_VPL011")))
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    bench.write("hyp.bin", hypervisor())
    bench.write("rtos1.yaml", RTOS1)
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
