# SPDX-License-Identifier: GPL-2.0-only
"""Emulated SMMUs: the binary config and the device tree say the same of interrupts and StreamIDs, and what two cells must
not share. Malformed options are in test_refused.py."""

import pytest
from workbench import RTOS0, RTOS1, SYSTEM, Bench, hypervisor, make_board, shown

from cloister_lib import abi, fdt

FULL = """
smmu:
  stage1: true
  pri: true
  stall: true
  substreams: 8
  spis: [100, 101, 102, 103]
  streams:
    "00:02.0": 0x20
    dma@9080000: [7, 8]
"""


def dma_device(root: fdt.Node) -> None:
    """A device with registers and two streams."""
    root.add("dma@9080000", {"compatible": fdt.strings("vendor,dma"), "reg": fdt.cells64(0x9080000, 0x1000),
                             "interrupts": fdt.cells(0, 90, 4), "iommus": fdt.cells(0x8007, 0x10100, 0x8007, 0x10101)})


@pytest.fixture
def dma_bench(bench: Bench) -> Bench:
    bench.write("board.dtb", make_board(change=dma_device))
    bench.write("system.yaml", SYSTEM.replace("[serial1]", "[serial1, dma@9080000]"))
    return bench


def tree(bench: Bench, name: str) -> fdt.Node:
    return fdt.parse((bench.path / name).read_bytes(), name)


def cell(bench: Bench, text: str, system: str = "system.yaml") -> tuple[dict, fdt.Node]:
    bench.write("cell.yaml", text)
    bench.good("compile", system, "--cell", "cell.yaml", "-o", "out.cell")
    bench.good("dtb", system, "--cell", "cell.yaml", "-o", "out.dtb")
    return shown(bench, "out.cell")["config"], tree(bench, "out.dtb")


def triples(node: fdt.Node) -> dict[str, tuple[int, ...]]:
    values = node.u32s("interrupts")
    return {name: tuple(values[3 * n:3 * n + 3]) for n, name in enumerate(node.texts("interrupt-names"))}


def test_everything_given(dma_bench: Bench) -> None:
    config, root = cell(dma_bench, RTOS0.replace("  - serial1", "  - serial1\n  - dma@9080000") + FULL)
    vsmmu, node = config["vsmmus"][0], root.child("smmuv3")
    assert vsmmu["flags"] == sum(abi.const(f"CFG_VSMMU_{name}") for name in ("STALL", "ATS", "PRI"))
    assert vsmmu["ssid_bits"] == 8 and vsmmu["priq_log2"] > 0
    irqs = {"eventq": "eventq_irq", "cmdq-sync": "sync_irq", "gerror": "gerror_irq", "priq": "priq_irq"}
    assert [vsmmu[field] for field in irqs.values()] == [132, 133, 134, 135]
    assert triples(node) == {name: (0, vsmmu[field] - 32, 1) for name, field in irqs.items()}
    assert {132, 133, 134, 135} < {irq["intid"] for irq in config["irqs"]}
    assert {stream["sid"]: stream["vsid"] for stream in config["streams"]} == {0x10: 0x20, 0x10100: 7, 0x10101: 8}
    phandle = node.u32("phandle")
    assert root.child("pcie").u32s("iommu-map") == [0x10, phandle, 0x20, 1]
    assert root.child("dma").u32s("iommus") == [phandle, 7, phandle, 8]


def test_defaults(bench: Bench) -> None:
    """No PRI, StreamIDs as on the board, interrupts that the board does not mention."""
    config, root = cell(bench, RTOS0 + "smmu: {stage1: true}\n")
    vsmmu, node = config["vsmmus"][0], root.child("smmuv3")
    assert vsmmu["flags"] == abi.const("CFG_VSMMU_ATS")
    assert (vsmmu["priq_irq"], vsmmu["priq_log2"], list(triples(node))) == (0, 0, ["eventq", "cmdq-sync", "gerror"])
    assert [(stream["sid"], stream["vsid"]) for stream in config["streams"]] == [(0x10, 0x10)]
    assert root.child("pcie").u32s("iommu-map") == [0x10, node.u32("phandle"), 0x10, 1]


def test_moved_function(bench: Bench) -> None:
    """The cell's requester ID on the left, its StreamID on the right."""
    _, root = cell(bench, RTOS0.replace('id: "1234:11e8"', 'id: "1234:11e8", as: "00:01.0"')
                   + 'smmu: {stage1: true, streams: {"00:02.0": 1}}\n')
    assert root.child("pcie").u32s("iommu-map") == [0x08, root.child("smmuv3").u32("phandle"), 1, 1]


@pytest.mark.parametrize("text", ["", "smmu: {stage1: false}\n", "smmu: {stage1: false, pri: true, spis: [100]}\n"])
def test_off(dma_bench: Bench, text: str) -> None:
    """No emulated SMMU, no interrupt of one, no word of one in the device tree."""
    config, root = cell(dma_bench, RTOS0.replace("  - serial1", "  - serial1\n  - dma@9080000") + text)
    assert not config["vsmmus"]
    assert {irq["intid"] for irq in config["irqs"]} == {32 + 8, 37, 32 + 90}
    for node in root.walk():
        assert "smmu" not in node.name and not {"iommu-map", "iommus"} & set(node.props), node.path


def test_root_cell(dma_bench: Bench) -> None:
    """At the place of the real one, and for memory-mapped devices too."""
    text = (dma_bench.path / "system.yaml").read_text()
    text = text.replace("  devices:\n", '  smmu: {stage1: true, pri: true, streams: {"00:01.0": 0x99, dma@9080000: [1, 2]}}\n'
                        "  devices:\n    - dma@9080000\n")
    dma_bench.write("system.yaml", text)
    dma_bench.good("compile", "system.yaml", "-o", "system.cfg")
    dma_bench.good("dtb", "system.yaml", "-o", "root.dtb")
    config, root = shown(dma_bench, "system.cfg")["cells"][0], tree(dma_bench, "root.dtb")
    node = root.child("smmuv3@9050000")
    assert config["vsmmus"][0]["ipa"] == 0x9050000
    assert triples(node)["priq"] == (0, config["vsmmus"][0]["priq_irq"] - 32, 1)
    entries = list(zip(*[iter(root.child("pcie").u32s("iommu-map"))] * 4))
    assert {entry[0]: entry[2] for entry in entries} == {
        stream["sid"]: stream["vsid"] for stream in config["streams"] if stream["sid"] < 0x10000}
    assert root.child("dma@9080000").u32s("iommus") == [node.u32("phandle"), 1, node.u32("phandle"), 2]


def test_spare_interrupts_of_cells_are_apart(bench: Bench) -> None:
    """With and without PRI, which takes one more."""
    bench.write("system.yaml", SYSTEM.replace("  devices:\n", "  smmu: {stage1: true, pri: true}\n  devices:\n"))
    bench.write("rtos0.yaml", RTOS0 + "smmu: {stage1: true, pri: true}\n")
    bench.write("rtos1.yaml", RTOS1.replace("execute,", "execute, dma,") + "smmu: {stage1: true}\n"
                'devices:\n  - {pci: "00:03.0", bars: [4K]}\n')
    bench.good("check", "system.yaml", "rtos0.yaml", "rtos1.yaml")


@pytest.mark.parametrize("theirs", ["100, 101, 102", "102, 100, 101"], ids=["same", "turned"])
def test_interrupts_of_two_cells(bench: Bench, theirs: str) -> None:
    bench.write("rtos0.yaml", RTOS0 + "smmu: {stage1: true, spis: [100, 101, 102]}\n")
    bench.write("rtos1.yaml", RTOS1.replace("execute,", "execute, dma,") + f"smmu: {{stage1: true, spis: [{theirs}]}}\n"
                'devices:\n  - {pci: "00:03.0", bars: [4K]}\n')
    said = bench.bad("check", "system.yaml", "rtos0.yaml", "rtos1.yaml").splitlines()
    line = 1 + RTOS1.count("\n")
    found = [row for row in said if row.startswith(f"rtos1.yaml:{line}: cell rtos1: irq 132 of its emulated SMMU's ")]
    assert len(found) == 1 and f"of cell rtos0 (rtos0.yaml:{1 + RTOS0.count(chr(10))})" in found[0], said


def test_interrupts_of_root_are_not_lent(bench: Bench) -> None:
    bench.write("system.yaml", SYSTEM.replace("  devices:\n", "  smmu: {stage1: true, spis: [100, 101, 102]}\n  devices:\n"))
    bench.write("rtos0.yaml", RTOS0 + "smmu: {stage1: true, spis: [102, 103, 104]}\n")
    assert "cell rtos0: irq 134 of its emulated SMMU's eventq belongs to its emulated SMMU's gerror of cell root" in \
        bench.bad("check", "system.yaml", "rtos0.yaml")


def test_stream_of_a_function_that_the_cell_has_not(bench: Bench) -> None:
    """A device whose StreamID is that of a PCI function: the function's owner would have its DMA."""
    def change(root: fdt.Node) -> None:
        dma_device(root)
        root.child("dma").props["iommus"] = fdt.cells(0x8007, 0x18)
    bench.write("board.dtb", make_board(change=change))
    bench.write("system.yaml", SYSTEM.replace("[serial1]", "[serial1, dma@9080000]"))
    with_dma = RTOS0.replace("  - serial1", "  - serial1\n  - dma@9080000")
    bench.write("cell.yaml", with_dma)
    line = 1 + with_dma.splitlines().index("  - dma@9080000")
    assert f"cell.yaml:{line}: cell rtos0: /dma@9080000 has stream 0x18 of SMMU 0, which is that of PCI function 00:03.0, " \
        "and the cell does not have that one" in bench.bad("check", "system.yaml", "cell.yaml")
    bench.write("cell.yaml", with_dma.replace("image:", '  - {pci: "00:03.0", pin: none, bars: [4K]}\nimage:'))
    bench.good("check", "system.yaml", "cell.yaml")



def test_hypervisor_without(bench: Bench) -> None:
    """A hypervisor that was built without VSMMU takes no config that asks for it."""
    text = SYSTEM.replace("  devices:\n", "  smmu: {stage1: true}\n  devices:\n")
    line = 1 + text.splitlines().index("  smmu: {stage1: true}")
    bench.write("hyp.bin", hypervisor())
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    bench.write("system.yaml", text)
    assert f"system.yaml:{line}: cell root: smmu: stage1 needs a hypervisor with VSMMU, and hyp.bin was built without it" in \
        bench.bad("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    bench.write("hyp.bin", hypervisor(features=abi.const("IMG_VSMMU")))
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
