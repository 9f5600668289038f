# SPDX-License-Identifier: GPL-2.0-only
"""Configs that must be refused, each with its sentence, at its line. A case takes the good set (system, rtos0, rtos1),
replaces one piece of one file, and says what must be reported: nothing less, nothing more, and where `# here` stands."""

import re
from typing import NamedTuple

import pytest
from workbench import RTOS0, RTOS1, SYSTEM, Bench

GOOD = {"system": SYSTEM, "rtos0": RTOS0, "rtos1": RTOS1}
MEM0 = "  - {name: ram, size: 32M, ipa: 0x40000000, pa: 0x48000000, flags: [read, write, execute, dma, load]}"
MEM1 = "  - {name: ram, size: 16M, ipa: 0x40000000, pa: 0x4a000000, flags: [read, write, execute, load]}"
EDU = '  - {pci: "00:02.0", id: "1234:11e8", bars: [{size: 1M, pa: 0x3e000000}]}'
POOL = "  - {base: 0x48000000, size: 256M}"
ROOT_MEM = "    - {name: ram, pa: 0x58000000, size: rest}"


def line(text: str, part: str) -> int:
    """Where that stands in a good config."""
    return next(number for number, row in enumerate(text.splitlines(), 1) if part in row)


def slot(function: str) -> str:
    """Where the root cell has a function."""
    return f"system.yaml:{line(SYSTEM, function)}"


class Case(NamedTuple):
    name: str
    file: str
    old: str
    new: str  # with `# here` on each line that must be reported
    sentences: tuple[str, ...]


def mem0(**changes) -> str:
    fields = {"name": "ram", "size": "32M", "ipa": "0x40000000", "pa": "0x48000000",
              "flags": "[read, write, execute, dma, load]", **changes}
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value) + "} # here"


def edu(*more: str, bars: str = "[{size: 1M, pa: 0x3e000000}]") -> str:
    return "  - {" + ", ".join(['pci: "00:02.0"', 'id: "1234:11e8"', f"bars: {bars}", *more]) + "} # here"


def one(name: str, file: str, old: str, new: str, *sentences: str) -> Case:
    return Case(name, file, old, new if "# here" in new else f"{new} # here", sentences)


def vsmmu(name: str, options: str, *sentences: str) -> Case:
    """rtos0 with an SMMU of its own."""
    return one(name, "rtos0", "cpus: [2]", f"cpus: [2]\nsmmu: {{{options}}} # here", *sentences)


STRUCTURE = [
    one("unknown-key", "rtos0", "cpus: [2]", "cpus: [2]\ncpu: 3 # here", "unknown key 'cpu'; did you mean 'cpus'?"),
    one("unknown-inner-key", "rtos0", MEM0, mem0(adress="1"),
        "unknown key 'adress' in memory[0]; known are name, size, pa, ipa, flags, ram"),
    one("key-missing", "rtos0", "cpus: [2]", "", "the key 'cpus' is missing"),
    one("wrong-type", "rtos0", "cpus: [2]", "cpus: two", "cpus: 'two' is not a list of CPU numbers, or all"),
    one("bad-size", "rtos0", MEM0, mem0(size="32 megs"), "memory[0].size: '32 megs' is not a size such as 32M, or rest"),
    one("bad-flag", "rtos0", MEM0, mem0(flags="[read, wriet, execute, dma]"),
        "memory[0].flags[1]: 'wriet' is not a flag of memory: read, write, execute, dma, load, shared"),
    one("bad-name", "rtos0", "cell: rtos0", "cell: RTOS 0",
        "cell: 'RTOS 0' is not a name of at most 31 of the characters a-z, 0-9, _ and -"),
    one("bad-pci", "rtos0", EDU, EDU.replace("00:02.0", "2.0"), "devices[1].pci: '2.0' is not a PCI address such as \"00:02.0\""),
    one("bad-on-fault", "rtos0", "cpus: [2]", "cpus: [2]\non_fault: ignore # here", "on_fault: 'ignore' is not fail or abort"),
    one("bad-arch", "rtos0", "cpus: [2]", "cpus: [2]\narch: arm # here", "arch: 'arm' is not aarch64 or aarch32"),
    one("seven-bars", "rtos0", EDU, edu(bars="[1M, 1M, 1M, 1M, 1M, 1M, 1M]"),
        "devices[1].bars: has 7 entries, at most 6 are possible"),
    one("key-twice", "rtos0", "cpus: [2]", "cpus: [2]\ncpus: [3] # here", "the key 'cpus' is given twice"),
    one("not-yaml", "rtos0", "cpus: [2]", "cpus: [2\nimages: } # here",
        "is not valid YAML: expected ',' or ']', but got ':'"),
    one("system-as-cell", "rtos0", "cell: rtos0", "system: rtos0", "is a system config, but a cell config is wanted here"),
    one("log-level", "system", "log_level: info", "log_level: loud", "log_level: 'loud' is not error, warning, info or debug"),
]

SYSTEM_RULES = [
    one("hyp-align", "system", "hypervisor: {base: 0x40200000, size: 126M}", "hypervisor: {base: 0x40201000, size: 125M}",
        "hypervisor: base 0x40201000 is not a multiple of 2M, where a boot loader can put the image"),
    one("hyp-outside", "system", "hypervisor: {base: 0x40200000, size: 126M}", "hypervisor: {base: 0x10000000, size: 126M}",
        "hypervisor: [0x10000000, 0x17e00000) is not inside the board's memory, [0x40000000, 0xc0000000)"),
    one("hyp-over-pool", "system", POOL, "  - {base: 0x47000000, size: 272M}",
        "cell_memory[0] at [0x47000000, 0x58000000) overlaps hypervisor at [0x40200000, 0x48000000)"),
    one("pool-align", "system", POOL, "  - {base: 0x48000000, size: 0xffff800}",
        "cell_memory[0]: size 0xffff800 is not a whole number of pages (4K)"),
    one("pool-outside", "system", POOL, POOL + "\n  - {base: 0xc0000000, size: 16M} # here",
        "cell_memory[1]: [0xc0000000, 0xc1000000) is not inside the board's memory, [0x40000000, 0xc0000000)"),
    one("pci-outside", "system", "  - {base: 0x3e000000, size: 0xff0000}",
        "  - {base: 0x3e000000, size: 0xff0000}\n  - {base: 0x3f000000, size: 1M} # here",
        "cell_pci[1]: [0x3f000000, 0x3f100000) is not inside a memory window of a PCI host bridge, "
        "[0x10000000, 0x3eff0000), [0x8000000000, 0x10000000000)"),
    one("console", "system", "console: serial0", "console: serial9",
        "console: 'serial9' is not in the board's device tree (board.dtb); did you mean 'serial1'?"),
    one("console-kind", "system", "console: serial0", "console: /pl031@9010000",
        "console: /pl031@9010000 is not a PL011 UART"),
    one("virtio", "system", "    - serial0", "    - serial0\n    - /virtio_mmio@a000000 # here",
        "devices[1]: /virtio_mmio@a000000 moves data by DMA with no SMMU before it, so no cell can have it"),
    one("gic", "system", "    - serial0", "    - serial0\n    - /intc@8000000 # here",
        "devices[1]: /intc@8000000 is the interrupt controller and belongs to the hypervisor"),
    one("smmu", "system", "    - serial0", "    - serial0\n    - smmuv3@9050000 # here",
        "devices[1]: smmuv3@9050000 is the SMMU and belongs to the hypervisor"),
    one("fw-cfg", "system", "cell_devices: [serial1]", "cell_devices: [serial1, fw-cfg@9020000]",
        "devices[1]: fw-cfg@9020000 moves data by DMA with no SMMU before it, so no cell can have it"),
    one("root-bars", "system", '    - pci: "00:01.0"', '    - {pci: "00:01.0", bars: [16K]}',
        "devices[4] '00:01.0': the root cell places BARs itself; leave 'bars' out"),
    one("root-no-pa", "system", ROOT_MEM, "    - {name: ram, size: 64M}",
        "memory[0] 'ram': the root cell's memory needs a pa"),
    one("root-ipa", "system", ROOT_MEM, "    - {name: ram, pa: 0x58000000, ipa: 0x40000000, size: 64M}",
        "cell root: memory 'ram': ipa 0x40000000 is not the pa 0x58000000; the root cell sees memory where it is"),
    one("root-in-hyp", "system", ROOT_MEM, "    - {name: ram, pa: 0x40000000, size: 64M}",
        "cell root: memory 'ram': pa [0x40000000, 0x44000000) overlaps the hypervisor's memory at [0x40200000, 0x48000000)"),
    one("root-cpu0", "system", "  cpus: all", "  cpus: [1]", "the root cell needs cpu 0, which boots the machine"),
    one("nothing-runs", "system", SYSTEM[SYSTEM.index("root:\n"):], "",
        "nothing would run: the system has no root cell and no boot cells"),
    one("boot-file", "system", "root_exit: keep", "root_exit: keep\nboot:\n  - nowhere.yaml # here",
        "boot[0]: there is no file nowhere.yaml"),
]

CELL_RULES = [
    one("cpu-unknown", "rtos0", "cpus: [2]", "cpus: [9]", "cpus[0]: cpu 9 does not exist, the board has cpus 0 to 3"),
    one("cpu-twice", "rtos0", "cpus: [2]", "cpus: [2, 2]", "cpus[1]: cpu 2 is listed twice"),
    one("cpu-boot", "rtos0", "cpus: [2]", "cpus: [0]", "cell rtos0: cpu 0 boots the machine and stays with the root cell"),
    one("cpu-none", "rtos0", "cpus: [2]", "cpus: []", "cpus: the list is empty, but at least one entry is needed"),
    one("ipa-align", "rtos0", MEM0, mem0(ipa="0x40000800"), "cell rtos0: memory 'ram': ipa 0x40000800 is not page aligned (4K)"),
    one("pa-align", "rtos0", MEM0, mem0(pa="0x4c000400"), "cell rtos0: memory 'ram': pa 0x4c000400 is not page aligned (4K)"),
    one("size-align", "rtos0", MEM0, mem0(size="0x1234567"),
        "cell rtos0: memory 'ram': size 0x1234567 is not a whole number of pages (4K)"),
    one("size-zero", "rtos0", MEM0, mem0(size="0"), "cell rtos0: memory 'ram': size 0x0 is not a whole number of pages (4K)"),
    one("ipa-limit", "rtos0", MEM0, mem0(ipa="0xffff000000"),
        "cell rtos0: memory 'ram': ipa [0xffff000000, 0x10001000000) ends beyond the 40 bits that a cell can address"),
    one("in-hypervisor", "rtos0", MEM0, mem0(pa="0x47000000"),
        "cell rtos0: memory 'ram': pa [0x47000000, 0x49000000) overlaps the hypervisor's memory at [0x40200000, 0x48000000)",
        "cell rtos0: memory 'ram': pa [0x47000000, 0x49000000) is only partly in 'cells' of the root cell; a region is lent as "
        "a whole"),
    one("in-root-memory", "rtos0", MEM0, mem0(pa="0x60000000"),
        "cell rtos0: memory 'ram': pa [0x60000000, 0x62000000) is not inside one piece of cell_memory ([0x48000000, 0x58000000))"),
    one("nowhere", "rtos0", MEM0, mem0(pa="0x200000000"),
        "cell rtos0: memory 'ram': pa [0x200000000, 0x202000000) is not inside one piece of cell_memory "
        "([0x48000000, 0x58000000))"),
    one("too-much", "rtos0", MEM0, mem0(size="1G", pa=""),
        "cell rtos0: memory 'ram': cell_memory has no free piece of 1G (240M are left in all)"),
    one("no-dma", "rtos0", MEM0, mem0(flags="[read, write, execute, load]"),
        "cell rtos0: memory 'ram': flag dma is missing: CPU and SMMU walk one table, so the devices of this cell reach all of "
        "its memory"),
    one("no-read", "rtos0", MEM0, mem0(flags="[write, execute, dma, load]"),
        "cell rtos0: memory 'ram': without flag read nothing can be done with it"),
    one("rest", "rtos0", MEM0, mem0(size="rest"), "memory[0] 'ram': only the root cell can have the rest of memory"),
    one("no-ipa", "rtos0", MEM0, MEM0 + "\n  - {name: more, size: 1M} # here",
        "memory[1] 'more': the key 'ipa' is missing; only the first region has a default"),
    one("over-gic", "rtos0", MEM0, mem0(ipa="0x08000000", size="1M"),
        "cell rtos0: memory 'ram': ipa [0x8000000, 0x8100000) overlaps gic distributor at [0x8000000, 0x8010000)",
        "cell rtos0: memory 'ram': ipa [0x8000000, 0x8100000) overlaps gic redistributors at [0x80a0000, 0x80c0000)"),
    one("two-regions", "rtos0", MEM0, MEM0 + "\n  - {name: more, size: 1M, ipa: 0x41000000} # here",
        "cell rtos0: memory 'more': ipa [0x41000000, 0x41100000) overlaps memory 'ram' at [0x40000000, 0x42000000)"),
    one("gic-align", "rtos0", "cpus: [2]", "cpus: [2]\ngic: {distributor: 0x08001000} # here",
        "cell rtos0: gic distributor address 0x8001000 is not a multiple of 64K"),
    one("gic-overlap", "rtos0", "cpus: [2]", "cpus: [2]\ngic: {redistributors: 0x08000000} # here",
        "cell rtos0: gic redistributors [0x8000000, 0x8020000) overlaps gic distributor [0x8000000, 0x8010000)"),
    one("ecam-align", "rtos0", "cpus: [2]", "cpus: [2]\necam: 0x30080000 # here",
        "cell rtos0: ecam address 0x30080000 is not a multiple of 1M"),
    one("device-unknown", "rtos0", "  - serial1", "  - serail1",
        "devices[0]: 'serail1' is not in the board's device tree (board.dtb); did you mean 'serial1'?"),
    one("device-root's", "rtos0", "  - serial1", "  - serial0",
        "cell rtos0: device serial0 is not among the system's cell_devices (serial1)"),
    one("device-over-ram", "rtos0", "  - serial1", "  - {device: serial1, ipa: 0x40000000}",
        "cell rtos0: memory 'pl011@9040000': ipa [0x40000000, 0x40001000) overlaps memory 'ram' at [0x40000000, 0x42000000)"),
    one("device-key", "rtos0", "  - serial1", "  - {ipa: 0x1000}",
        "devices[0]: this is not a device: its path or alias, or a mapping with device or pci"),
    one("pci-key", "rtos0", "  - serial1", "  - {device: serial1, pin: A}", "devices[0]: the key 'pin' is for PCI functions only"),
    one("no-bars", "rtos0", EDU, '  - {pci: "00:02.0"}',
        "devices[1] '00:02.0': the key 'bars' is missing: the sizes of its BARs, which the device tree does not tell (lspci -v "
        "shows them)"),
    one("bar-shape", "rtos0", EDU, edu(bars="[3M]"),
        "cell rtos0: PCI function 00:02.0: BAR 0: size 0x300000 is not a power of two of at least 16"),
    one("bar-align", "rtos0", EDU, edu(bars="[{size: 1M, pa: 0x3e080000}]"),
        "cell rtos0: PCI function 00:02.0: BAR 0: pa 0x3e080000 is not a multiple of its size 1M",
        "cell rtos0: PCI function 00:02.0: BAR 0: ipa 0x3e080000 is not a multiple of its size 1M"),
    one("bar-outside", "rtos0", EDU, edu(bars="[{size: 1M, pa: 0x20000000}]"),
        "cell rtos0: PCI function 00:02.0: BAR 0: pa [0x20000000, 0x20100000) is not inside cell_pci ([0x3e000000, 0x3eff0000))"),
    one("bar-too-big", "rtos0", EDU, edu(bars="[64M]"),
        "cell rtos0: 00:02.0: cell_pci has no free piece of 64M for BAR 0"),
    one("bar-slots", "rtos0", EDU, edu(bars="[4K, 4K, 4K, 4K, 4K, {size: 4K, bits: 64}]"),
        "cell rtos0: PCI function 00:02.0: BAR 5: a function has 6 BARs, and one of 64 bits takes two"),
    one("bars-overlap", "rtos0", EDU, edu(bars="[{size: 1M, pa: 0x3e000000}, {size: 4K, pa: 0x3e000000}]"),
        "cell rtos0: PCI function 00:02.0: BAR 1 at [0x3e000000, 0x3e001000) overlaps PCI function 00:02.0: BAR 0"),
    one("function-twice", "rtos0", EDU, EDU + '\n  - {pci: "00:02.0", bars: [4K]} # here',
        "cell rtos0: PCI function 00:02.0 is listed twice"),
    one("function-place", "rtos0", EDU, EDU + '\n  - {pci: "00:03.0", as: "00:02.0", bars: [4K]} # here',
        "cell rtos0: PCI function 00:03.0: as 00:02.0 it would stand in the place of 00:02.0"),
    one("behind-bridge", "rtos0", EDU, EDU.replace("00:02.0", "01:00.0"),
        "devices[1] '01:00.0': is behind a bridge; only functions on the root bus 00 can be given to a cell"),
    one("virtual-bus", "rtos0", EDU, edu('as: "01:00.0"'),
        "cell rtos0: PCI function 00:02.0: as 01:00.0 it is not on bus 00, which is all that a cell has"),
    one("stage1", "rtos1", "cpus: [3]", "cpus: [3]\nsmmu: {stage1: true} # here",
        "cell rtos1: smmu: stage1, but none of its devices is behind an SMMU"),
    vsmmu("spis-few", "stage1: true, spis: [100, 101]",
          "cell rtos0: smmu: 3 spis are needed (eventq, cmdq-sync, gerror), 2 are there"),
    vsmmu("spis-many", "stage1: true, spis: [100, 101, 102, 103]",
          "cell rtos0: smmu: 3 spis are needed (eventq, cmdq-sync, gerror), 4 are there"),
    vsmmu("spis-pri", "stage1: true, pri: true, spis: [100, 101, 102]",
          "cell rtos0: smmu: 4 spis are needed (eventq, cmdq-sync, gerror, priq), 3 are there"),
    vsmmu("spis-text", "stage1: true, spis: [eventq, 101, 102]", "smmu.spis[0]: 'eventq' is not the number of an SPI",
          "cell rtos0: smmu: 3 spis are needed (eventq, cmdq-sync, gerror), 2 are there"),
    vsmmu("spis-range", "stage1: true, spis: [100, 101, 988]", "smmu.spis[2]: 988 is not the number of an SPI",
          "cell rtos0: smmu: 3 spis are needed (eventq, cmdq-sync, gerror), 2 are there"),
    vsmmu("spis-twice", "stage1: true, spis: [100, 101, 100]",
          "cell rtos0: irq 132 of its emulated SMMU's gerror is that of its emulated SMMU's eventq too"),
    vsmmu("spis-device", "stage1: true, spis: [3, 101, 102]",
          f"cell rtos0: irq 35 of its emulated SMMU's eventq belongs to 00:04.0 of cell root ({slot('00:04.0')})"),
    vsmmu("spis-smmu", "stage1: true, pri: true, spis: [100, 101, 102, 75]",
          "cell rtos0: irq 107 of its emulated SMMU's priq is an SMMU's, so the hypervisor's"),
    vsmmu("pri-text", "stage1: true, pri: sure", "smmu.pri: 'sure' is not true or false"),
    vsmmu("pri-ats", "stage1: true, pri: true, ats: false",
          "cell rtos0: smmu: pri needs ats: a device asks for pages by ATS only"),
    vsmmu("no-stage1", "pri: true", "cell rtos0: smmu: without stage1: true it has no SMMU, so 'pri' says nothing"),
    vsmmu("vsid-text", 'stage1: true, streams: {"00:02.0": first}', "smmu.streams.00:02.0: 'first' is not a StreamID such as 0x10"),
    vsmmu("vsid-range", 'stage1: true, streams: {"00:02.0": 0x100000000}',
          "smmu.streams.00:02.0: 4294967296 is not a StreamID such as 0x10"),
    vsmmu("vsid-list", "stage1: true, streams: [5]",
          "smmu.streams: this is not a mapping of devices to the StreamIDs that the cell has for them"),
    vsmmu("vsid-foreign", 'stage1: true, streams: {"00:03.0": 5}',
          "cell rtos0: smmu.streams: '00:03.0' is none of the cell's devices behind an SMMU (00:02.0)"),
    vsmmu("vsid-none", "stage1: true, streams: {serial1: 5}",
          "cell rtos0: smmu.streams: 'serial1' is none of the cell's devices behind an SMMU (00:02.0)"),
    vsmmu("vsid-count", 'stage1: true, streams: {"00:02.0": [5, 6]}',
          "cell rtos0: smmu.streams: '00:02.0' has 1 streams, but 2 StreamIDs are given"),
    one("vsid-twice", "rtos0", EDU, EDU + '\n  - {pci: "00:03.0", bars: [4K]}\n'
        'smmu:\n  stage1: true\n  streams:\n    "00:02.0": 0x18 # here',
        "cell rtos0: smmu.streams: 00:02.0 and 00:03.0 would both have StreamID 0x18"),
    one("console-foreign", "rtos1", "console: hypercall", "console: serial1",
        "console: 'serial1' is not pl011, hypercall, none or one of the cell's devices (none)"),
    one("console-align", "rtos1", "console: hypercall", "console: {device: pl011, ipa: 0x9001000}",
        "cell rtos1: virtual PL011 address 0x9001000 is not a multiple of 64K"),
    one("console-spi", "rtos1", "console: hypercall", "console: {device: pl011, spi: 32}",
        "console.spi: 32 is not a number up to 31"),
    one("console-spi-taken", "rtos0", "cpus: [2]", "cpus: [2]\nconsole: {device: pl011, spi: 8} # here",
        "cell rtos0: console: spi 8 of the virtual PL011 is that of serial1; another one is chosen with {device: pl011, spi: N}"),
    one("console-no-pl011", "rtos1", "console: hypercall", "console: {device: hypercall, spi: 5}",
        "console.spi: is for the virtual PL011 alone (device: pl011)"),
    one("console-root", "system", "  cell: root", "  cell: root\n  console: pl011 # here",
        "console: the root cell has no virtual PL011"),
    one("ring", "rtos1", "console: hypercall", "console: {ring: 5000}",
        "cell rtos1: console: ring 5000 is not a power of two up to 65536"),
    one("entry", "rtos0", "cpus: [2]", "cpus: [2]\nentry: 0x50000000 # here",
        "cell rtos0: entry 0x50000000 is not 4-byte aligned and inside executable memory of the cell"),
    one("dtb", "rtos0", "cpus: [2]", "cpus: [2]\ndtb: 0x40000004 # here",
        "cell rtos0: dtb 0x40000004 is not 8-byte aligned and inside memory of the cell"),
]

PAIR_RULES = [
    one("same-name", "rtos1", "cell: rtos1", "cell: rtos0", "the name rtos0 is that of another cell too (rtos0.yaml:3)"),
    one("root-name", "rtos1", "cell: rtos1", "cell: root", f"the name root is that of another cell too ({slot('cell: root')})"),
    one("cpu-both", "rtos1", "cpus: [3]", "cpus: [2]", "cell rtos1: cpu 2 belongs to cell rtos0 (rtos0.yaml:4)"),
    one("memory-both", "rtos1", MEM1, MEM1.replace("0x4a000000", "0x49000000"),
        "cell rtos1: memory 'ram': pa [0x49000000, 0x4a000000) overlaps 'ram' of cell rtos0 at [0x48000000, 0x4a000000) "
        "(rtos0.yaml:6)"),
    one("device-both", "rtos1", "console: hypercall", "devices: [serial1]", "cell rtos1: device serial1 belongs to cell rtos0 "
        "(rtos0.yaml:8)"),
    one("function-both", "rtos1", MEM1,
        MEM1.replace("execute,", "execute, dma,") + '\ndevices:\n  - {pci: "00:02.0", bars: [1M]} # here',
        "cell rtos1: PCI function 00:02.0 belongs to cell rtos0 (rtos0.yaml:9)"),
    one("line-both", "rtos1", MEM1,
        MEM1.replace("execute,", "execute, dma,") + '\ndevices:\n  - {pci: "00:06.0", bars: [1M]} # here',
        "cell rtos1: PCI function 00:06.0 shares interrupt line 37 with 00:02.0 of cell rtos0 (rtos0.yaml:9): one of them "
        "could block the other; put one into another slot, or say pin: none if it uses none",
        f"cell rtos1: PCI function 00:06.0 shares interrupt line 37 with 00:02.0 of cell root ({slot('00:02.0')}): one of them "
        "could block the other; put one into another slot, or say pin: none if it uses none"),
    one("line-root", "rtos1", MEM1,
        MEM1.replace("execute,", "execute, dma,") + '\ndevices:\n  - {pci: "00:01.0", bars: [16K]} # here',
        f"cell rtos1: PCI function 00:01.0 shares interrupt line 36 with 00:05.0 of cell root ({slot('00:05.0')}): one of them "
        "could block the other; put one into another slot, or say pin: none if it uses none"),
    one("device-split", "rtos1", MEM1,
        MEM1.replace("execute,", "execute, dma,") + '\ndevices:\n  - {pci: "00:02.1", pin: none, bars: [4K]} # here',
        "cell rtos1: PCI function 00:02.1 is of the same device as 00:02.0 of cell rtos0 (rtos0.yaml:9): functions of one device "
        "can reach each other past the SMMU, so they go to one cell",
        f"cell rtos1: PCI function 00:02.1 is of the same device as 00:02.0 of cell root ({slot('00:02.0')}): functions of one "
        "device can reach each other past the SMMU, so they go to one cell"),
    one("bar-both", "rtos1", MEM1, MEM1.replace("execute,", "execute, dma,") +
        '\ndevices:\n  - {pci: "00:03.0", bars: [{size: 1M, pa: 0x3e000000}]} # here',
        "cell rtos1: PCI function 00:03.0: BAR 0 at [0x3e000000, 0x3e100000) overlaps BAR 0 of 00:02.0 of cell rtos0 "
        "(rtos0.yaml:9)"),
    one("shared-differs", "rtos1", MEM1, MEM1 + "\n  - {name: comm, ipa: 0x50000000, pa: 0x49ff0000, size: 64K, "
        "flags: [read, write, shared]} # here",
        "cell rtos1: memory 'comm': pa [0x49ff0000, 0x4a000000) overlaps 'ram' of cell rtos0 at [0x48000000, 0x4a000000) "
        "(rtos0.yaml:6)"),
]

CASES = STRUCTURE + SYSTEM_RULES + CELL_RULES + PAIR_RULES


def found(stderr: str) -> list[tuple[str, int, str]]:
    matches = (re.match(r"([^:]+):(\d+): (.*)", line) for line in stderr.splitlines())
    return [(match[1], int(match[2]), match[3]) for match in matches if match and not match[3].startswith("warning: ")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(bench: Bench, case: Case) -> None:
    assert GOOD[case.file].count(case.old) == 1, "the good config has changed: adapt this case"
    text = GOOD[case.file].replace(case.old, case.new)
    bench.write(f"{case.file}.yaml", text)
    reported = found(bench.bad("check", "system.yaml", "rtos0.yaml", "rtos1.yaml"))
    assert sorted(sentence for _, _, sentence in reported) == sorted(case.sentences)
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "# here" in line]
    whole_file = case.name in ("key-missing", "nothing-runs")
    for file, line, _ in reported:
        assert file == f"{case.file}.yaml"
        assert line in marked or whole_file


def test_every_problem_at_once(bench: Bench) -> None:
    """Several files, several problems, one run."""
    bench.write("rtos0.yaml", RTOS0.replace("cpus: [2]", "cpus: [2]\nsped: 3").replace("0x40000000", "0x40000001"))
    bench.write("rtos1.yaml", RTOS1.replace("cpus: [3]", "cpus: [2, 7]"))
    reported = found(bench.bad("check", "system.yaml", "rtos0.yaml", "rtos1.yaml"))
    assert [(file, line) for file, line, _ in reported] == [
        ("rtos0.yaml", 5), ("rtos0.yaml", 7), ("rtos1.yaml", 4), ("rtos1.yaml", 4)]


@pytest.mark.parametrize("name", ["missing.yaml", "folder"])
def test_unreadable(bench: Bench, name: str) -> None:
    (bench.path / "folder").mkdir()
    assert f"{name}: cannot read it" in bench.bad("check", "system.yaml", name)
