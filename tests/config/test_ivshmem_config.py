# SPDX-License-Identifier: GPL-2.0-only
"""Inter-cell channels: what the binary config and the device tree say of them, that an operating system which assigns BARs
anew leaves them where they are, and every way to describe one wrongly."""

import pytest
from workbench import RTOS0, RTOS1, SYSTEM, Bench, hypervisor, make_board, shown

from cloister_lib import abi, fdt

HOST = 0x0B000000
ROOT_MEMORY = "    - {name: ram, pa: 0x58000000, size: rest}\n"
CHANNEL = "{name: chan, pa: 0x57000000, size: 1M, flags: [read, write, dma, shared]}"
ROOT_END = "  ivshmem: [{region: chan, id: 0, peers: 2}]\n"
CELL_CHANNEL = "  - {name: chan, pa: 0x57000000, ipa: 0x60000000, size: 1M, flags: [read, write, dma, shared]}\n"
CELL_END = "ivshmem: [{region: chan, id: 1, peers: 2}]\n"


def with_memory(text: str, *lines: str) -> str:
    """A cell's config with more memory regions, behind the first."""
    first = next(line for line in text.splitlines(True) if line.lstrip().startswith("- {name: ram"))
    return text.replace(first, first + "".join(lines))


def system(end: str = ROOT_END, *memory: str) -> str:
    lines = [f"    - {line}\n" for line in memory or [CHANNEL]]
    return with_memory(SYSTEM, *lines).replace("  devices:\n    - serial0", f"{end}  devices:\n    - serial0")


def cell(end: str = CELL_END, *memory: str, text: str = RTOS0) -> str:
    return with_memory(text, *(memory or [CELL_CHANNEL])) + end


@pytest.fixture
def channel(bench: Bench) -> Bench:
    bench.write("system.yaml", system())
    bench.write("cell.yaml", cell())
    return bench


def tree(bench: Bench, *cell_option: str) -> fdt.Node:
    bench.good("dtb", "system.yaml", *cell_option, "-o", "out.dtb")
    return fdt.parse((bench.path / "out.dtb").read_bytes(), "out.dtb")


def config(bench: Bench, name: str = "cell.yaml") -> dict:
    bench.good("compile", "system.yaml", "--cell", name, "-o", "out.cell")
    return shown(bench, "out.cell")["config"]


def root_config(bench: Bench) -> dict:
    bench.good("compile", "system.yaml", "-o", "system.cfg")
    return shown(bench, "system.cfg")["cells"][0]


def windows(node: fdt.Node) -> list[tuple[int, int, int]]:
    """(flags, address, bytes), and that PCI and CPU addresses are the same."""
    values, found = node.u32s("ranges"), []
    for at in range(0, len(values), 7):
        flags, pci_high, pci, cpu_high, cpu, size_high, size = values[at:at + 7]
        assert (pci_high, pci) == (cpu_high, cpu)
        found.append((flags, cpu_high << 32 | cpu, size_high << 32 | size))
    return found


# ---- what comes out ----

def test_binary(channel: Bench) -> None:
    for found, number in ((root_config(channel), 0), (config(channel), 1)):
        assert found["ivshmem_ipa"] == HOST
        end, = found["ivshmem"]
        assert (end["id"], end["peers"]) == (number, 2)
        region = found["memory"][end["mem"]]
        assert (region["name"], region["pa"], region["size"]) == ("chan", 0x57000000, 1 << 20)
        assert 32 <= end["irq"] < 64 and end["irq"] not in [irq["intid"] for irq in found["irqs"]]
    assert "ivshmem devices" in channel.good("show", channel.path / "out.cell")


def test_root_does_not_lend_what_it_shares(channel: Bench) -> None:
    lent = [(region["pa"], region["size"]) for region in root_config(channel)["memory"] if region["name"] == "cells"]
    assert lent == [(0x48000000, 0xF000000), (0x57100000, 0xF00000)]
    assert not [node for node in tree(channel).walk() if node.texts("device_type") == ["memory"]
                and any(base <= 0x57000000 < base + size for base, size in node.reg())], "Linux would use it as its own"


@pytest.mark.parametrize("of_root", [True, False])
def test_device_tree(channel: Bench, of_root: bool) -> None:
    root = tree(channel) if of_root else tree(channel, "--cell", "cell.yaml")
    found = root_config(channel) if of_root else config(channel)
    node = root.child(f"pcie@{HOST:x}")
    assert node.texts("compatible") == ["pci-host-ecam-generic"]
    assert node.reg() == [(HOST, 1 << 20)] and node.u32s("bus-range") == [0, 0]
    assert windows(node) == [(0x02000000, HOST + (1 << 20), 0x1000),
                             (0x43000000, 0x57000000 if of_root else 0x60000000, 1 << 20)]
    assert node.u32s("interrupt-map-mask") == [0xF800, 0, 0, 7]
    gic = next(other for other in root.walk() if other.compatible("arm,gic-v3"))
    assert node.u32s("interrupt-map") == [0, 0, 0, 1, gic.phandle, 0, 0, 0, found["ivshmem"][0]["irq"] - 32, 4]
    domains = [other.u32("linux,pci-domain") for other in root.walk() if other.texts("device_type") == ["pci"]]
    assert sorted(domains) == [0, 1]


def test_domains_are_all_given_or_none(channel: Bench) -> None:
    def anonymous(root: fdt.Node) -> None:
        for node in root.walk():
            node.props.pop("linux,pci-domain", None)
    channel.write("board.dtb", make_board(change=anonymous))
    assert not [node for node in tree(channel).walk() if "linux,pci-domain" in node.props]


def test_alone(bench: Bench) -> None:
    """Two cells without PCI functions of their own, and a root cell that knows nothing of it."""
    bench.write("a.yaml", cell("ivshmem: [{region: chan, id: 0, peers: 2}]\n", text=RTOS1.replace("rtos1", "a")))
    bench.write("b.yaml", cell(CELL_END, text=RTOS1.replace("rtos1", "b").replace("cpus: [3]", "cpus: [2]")
                               .replace("0x4a000000", "0x4c000000")))
    bench.good("check", "system.yaml", "a.yaml", "b.yaml")
    root = tree(bench, "--cell", "a.yaml")
    assert root.child(f"pcie@{HOST:x}").u32("linux,pci-domain") == 0
    assert root_config(bench)["ivshmem_ipa"] == 0 and root_config(bench)["ivshmem"] == []


# ---- several, and where Linux would put them ----

def assign(root: fdt.Node, found: dict) -> list[int]:
    """As Linux assigns memory BARs of 64 bits: the largest first, in the order of the functions among equals, each at the
    lowest fitting place of the first window, where windows beside one another in the list have become one."""
    free: list[list[int]] = []
    for _, base, size in [window for window in windows(root.child(f"pcie@{HOST:x}")) if window[0] == 0x43000000]:
        if free and free[-1][1] == base:
            free[-1][1] = base + size
        else:
            free.append([base, base + size])
    sizes = [found["memory"][end["mem"]]["size"] for end in found["ivshmem"]]
    places = [0] * len(sizes)
    for slot in sorted(range(len(sizes)), key=lambda slot: -sizes[slot]):
        for window in free:
            start = -(-window[0] // sizes[slot]) * sizes[slot]
            if start + sizes[slot] <= window[1]:
                places[slot], window[0] = start, start + sizes[slot]
                break
    return places


@pytest.mark.parametrize("places", [
    [(0x57000000, 1), (0x57100000, 1), (0x57200000, 2)],	# neighbours, of growing size
    [(0x57200000, 2), (0x57000000, 1), (0x57100000, 1)],
    [(0x57100000, 1), (0x57000000, 1)],				# of one size, downwards
    [(0x56000000, 4), (0x57000000, 8), (0x56400000, 4), (0x56800000, 1)],
    [(0x56000000 + (n << 20), 1) for n in (3, 1, 0, 2, 7, 6, 4, 5)],
])
def test_nothing_moves(bench: Bench, places: list) -> None:
    regions = [f"{{name: c{n}, pa: {pa:#x}, size: {size}M, flags: [read, write, dma, shared]}}"
               for n, (pa, size) in enumerate(places)]
    ends = ", ".join(f"{{region: c{n}, id: {n}, peers: 16}}" for n in range(len(places)))
    bench.write("system.yaml", system(f"  ivshmem: [{ends}]\n", *regions))
    found = root_config(bench)
    irqs = [end["irq"] for end in found["ivshmem"]]
    assert len(set(irqs)) == len(irqs)
    assert [found["memory"][end["mem"]]["pa"] for end in found["ivshmem"]] == [pa for pa, _ in places]
    assert assign(tree(bench), found) == [pa for pa, _ in places]


def test_host_is_put_elsewhere(channel: Bench) -> None:
    channel.write("board.dtb", make_board(change=lambda root: root.add("thing@b100000", {"reg": fdt.cells64(0x0B100000, 0x1000)})))
    assert root_config(channel)["ivshmem_ipa"] not in (HOST, 0), "the board has something there"
    assert config(channel)["ivshmem_ipa"] == HOST
    channel.write("cell.yaml", cell() + "ivshmem_host: 0x20000000\n")
    assert config(channel)["ivshmem_ipa"] == 0x20000000


def test_chosen_interrupt(channel: Bench) -> None:
    channel.write("cell.yaml", cell("ivshmem: [{region: chan, id: 1, peers: 2, irq: 44}]\n"))
    assert config(channel)["ivshmem"][0]["irq"] == 44


# ---- refused ----

REFUSED = {
    "region": ("ivshmem: [{region: chann, id: 1, peers: 2}]\n", "'chann' is none of its memory regions; shared: chan"),
    "private": ("ivshmem: [{region: ram, id: 1, peers: 2}]\n", "ivshmem 'ram': that memory region has not the flag shared"),
    "id": ("ivshmem: [{region: chan, id: 2, peers: 2}]\n", "id 2 is not below the number of peers, 2"),
    "same id": ("ivshmem: [{region: chan, id: 0, peers: 2}]\n", "id 0 is that of cell root on the same memory (system.yaml:"),
    "peers": ("ivshmem: [{region: chan, id: 1, peers: 3}]\n", "peers 3, but cell root on the same memory says 2 (system.yaml:"),
    "twice": ("ivshmem: [{region: chan, id: 1, peers: 2}, {region: chan, id: 0, peers: 2}]\n",
              "another device of the cell has that memory region"),
    "irq": ("ivshmem: [{region: chan, id: 1, peers: 2, irq: 40}]\n", "irq 40 is that of serial1"),
    "irq low": ("ivshmem: [{region: chan, id: 1, peers: 2, irq: 31}]\n", "ivshmem[0].irq: 31 is not the INTID of"),
    "irq high": ("ivshmem: [{region: chan, id: 1, peers: 2, irq: 64}]\n", "64 is not the INTID of a shared interrupt, 32 to 63"),
    "no id": ("ivshmem: [{region: chan, peers: 2}]\n", "'id' is missing"),
    "one peer": ("ivshmem: [{region: chan, id: 0, peers: 1}]\n", "1 is not a number of peers, 2 to 16"),
    "17 peers": ("ivshmem: [{region: chan, id: 0, peers: 17}]\n", "17 is not a number of peers, 2 to 16"),
    "key": ("ivshmem: [{region: chan, id: 1, peers: 2, vectors: 2}]\n", "unknown key 'vectors'"),
    "nine": (f"ivshmem: [{', '.join(['{region: chan, id: 1, peers: 2}'] * 9)}]\n", "has 9 entries, at most 8"),
    "host alone": ("ivshmem_host: 0x20000000\n", "without ivshmem it has no such host bridge"),
    "host high": (f"{CELL_END}ivshmem_host: 0xfff00000\n", "ivshmem_host 0xfff00000 is not below 4 GiB with all of its 2M"),
    "host odd": (f"{CELL_END}ivshmem_host: 0x20080000\n", "ivshmem host bridge address 0x20080000 is not a multiple of 1M"),
    "host on RAM": (f"{CELL_END}ivshmem_host: 0x41000000\n", "overlaps ivshmem host bridge"),
    "host on GIC": (f"{CELL_END}ivshmem_host: 0x07f00000\n", "ivshmem host bridge [0x7f00000, 0x8100000) overlaps gic distributor"),
    "host on BAR": (f"{CELL_END}ivshmem_host: 0x3e000000\n", "BAR 0: ipa [0x3e000000, 0x3e100000) overlaps ivshmem host bridge"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(channel: Bench, name: str) -> None:
    end, sentence = REFUSED[name]
    channel.write("cell.yaml", cell(end))
    said = channel.bad("check", "system.yaml", "cell.yaml")
    assert sentence in said
    assert all(line.startswith(("cell.yaml:", "system.yaml:")) for line in said.splitlines() if line.strip()), "file and line"


MEMORY_REFUSED = {
    "no pa": (CELL_CHANNEL.replace("pa: 0x57000000, ", ""), "needs a pa, the same in all cells that share it"),
    "not shared": (CELL_CHANNEL.replace(", shared]", "]"), "is in 'chan' of the root cell, which it shares and does not lend"),
    "part": (CELL_CHANNEL.replace("1M", "512K"), "to share memory both must give the very same pa and size"),
    "across": (CELL_CHANNEL.replace("1M", "2M"), "is only partly in 'chan' of the root cell"),
    "size": (CELL_CHANNEL.replace("1M", "12K"), "its size 0x3000 is not a power of two"),
    "ipa": (CELL_CHANNEL.replace("0x60000000", "0x60080000"), "its ipa 0x60080000 is not a multiple of its size 1M"),
}


@pytest.mark.parametrize("name", MEMORY_REFUSED)
def test_memory_refused(channel: Bench, name: str) -> None:
    line, sentence = MEMORY_REFUSED[name]
    channel.write("cell.yaml", cell(CELL_END, line))
    assert sentence in channel.bad("check", "system.yaml", "cell.yaml")


def test_two_of_one_number(channel: Bench) -> None:
    """Cells besides the root cell; the sentence names both places."""
    channel.write("system.yaml", system(ROOT_END.replace("peers: 2", "peers: 4")))
    channel.write("a.yaml", cell("ivshmem: [{region: chan, id: 1, peers: 4}]\n"))
    channel.write("b.yaml", cell("ivshmem: [{region: chan, id: 1, peers: 4}]\n", text=RTOS1))
    said = channel.bad("check", "system.yaml", "a.yaml", "b.yaml")
    assert "id 1 is that of cell rtos" in said and "a.yaml:" in said and "b.yaml:" in said


def test_hypervisor_without(channel: Bench) -> None:
    """A hypervisor that was built without IVSHMEM takes no system that has channels."""
    channel.write("hyp.bin", hypervisor())
    said = channel.bad("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    assert "cell root: ivshmem needs a hypervisor with IVSHMEM, and hyp.bin was built without it" in said
    assert said.startswith("system.yaml:")
    channel.write("hyp.bin", hypervisor(features=abi.const("IMG_IVSHMEM")))
    channel.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
