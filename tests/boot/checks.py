# SPDX-License-Identifier: GPL-2.0-only
"""The checks of the invariants, one function each. They raise when the invariant does not hold. The tests call them
against the real hypervisor; test_mutations.py calls the same ones against hypervisors that are broken on purpose."""

import re
import time

from harness import CELL_RAM, CELL_RAM_SIZE, HYPERVISOR_RAM, OTHER_RAM, ROOT_RAM, UNOWNED_SLOT, Root

PAGE = 4096
ATTACK_BYTES = (0xbadc0dedfeedface).to_bytes(8, "little")	# EDU_ATTACK_PATTERN of inmates/lib
STALE_BYTES = (0x5ca1ab1edeadbea7).to_bytes(8, "little")	# of inmates/tests/stale.c
POKE_BYTES = b"\xa5" * 16					# of tools/guest/edu-dma.c

ECAM = 0x4010000000
ROGUE_BAR = 0x3e800000		# in the PCI window, mapped for no cell
EDU_BUFFER = 0x40000


def inmate_passes(root: Root, cell: str, timeout: float = 90) -> None:
    """A test program in a cell reports no failure, and the root cell lives on."""
    report = root.run_inmate(cell, timeout)
    assert report.results, f"{cell} reported nothing"
    assert not report.failures, f"{cell}: {report.failures}"
    assert root.is_alive()


def dma_is_fenced(root: Root) -> None:
    """I2: the cell's device reaches its memory and nothing else; attempts are counted and named."""
    root.vm.run("edu-dma test")		# the SMMU has seen this device in the root cell
    inmate_passes(root, "dma")
    for victim in (ROOT_RAM, HYPERVISOR_RAM):
        assert ATTACK_BYTES not in root.vm.memory(victim, PAGE), f"DMA of the cell arrived at {victim:#x}"
    stats = root.stats("dma")
    assert stats["dma_read_violations"] and stats["dma_write_violations"]
    assert stats["last_dma"]["sid"] == 0x10
    for direction in ("read", "write"):
        assert re.search(rf"cell dma: DMA {direction} violation by stream 0x10 .* address 0x", root.log()), direction


def cpu_is_fenced(root: Root) -> None:
    """I1: the cell's CPU reaches its memory and nothing else."""
    inmate_passes(root, "isolation")
    assert root.stats("isolation")["mmio_violations"] > 0


def nothing_stale(root: Root) -> None:
    """I4: memory is clear when a cell gets it, and clear again when the root cell gets it back."""
    root.vm.bus_write(CELL_RAM + CELL_RAM_SIZE - 8, int.from_bytes(STALE_BYTES, "little"), 8)	# root's secret
    inmate_passes(root, "stale")
    assert STALE_BYTES in root.vm.memory(CELL_RAM + CELL_RAM_SIZE - PAGE, PAGE), "the program filled its memory"
    root.destroy("stale")
    assert not any(root.vm.memory(CELL_RAM, CELL_RAM_SIZE)), "the root cell gets the cell's memory with its data"


def no_residue(root: Root) -> None:
    """I4: nor do the CPU's registers keep anything: the second start finds nothing of the first."""
    inmate_passes(root, "residue")
    root.vm.run("cloisterctl cell stop residue || true")
    root.control("cell load /cells/residue.cell")
    begin = len(root.vm.serial1_text())
    root.control("cell start residue")
    root.vm.wait_serial1(r"^# \d+ failed$", begin)
    assert "# 0 failed" in root.vm.serial1_text()[begin:], root.vm.serial1_text()[begin:]
    root.destroy("residue")


def root_is_fenced(root: Root) -> None:
    """I1: the root cell has not what a cell has, while it has it."""
    read = f"devmem {CELL_RAM + PAGE:#x} 32"
    root.vm.run(read)
    root.control("cell create /cells/hello.cell")
    status, output = root.vm.status(read)
    assert status, f"the root cell reads memory of a cell: {output}"
    status, output = root.vm.status(f"{read} 0x11223344")
    assert status, "the root cell writes memory of a cell"
    assert not any(root.vm.memory(CELL_RAM + PAGE, 4))
    assert root.is_alive()
    root.destroy("hello")
    root.vm.run(read)


def no_stale_cpu_translation(root: Root) -> None:
    """I4: a CPU of the root cell that has used a page all the time loses it when a cell gets it."""
    root.vm.run(f"mem-probe 1 {CELL_RAM:#x} 8 > /tmp/probe & sleep 1")
    root.control("cell create /cells/hello.cell")
    root.vm.run("wait; for i in $(seq 100); do grep -q reachable /tmp/probe && break; usleep 200000; done", 30)
    output = root.vm.run("cat /tmp/probe")
    assert "became unreachable" in output, f"a TLB keeps what was taken away: {output}"


def no_stale_dma_translation(root: Root) -> None:
    """I4: a device of the root cell that has used a page loses it when a cell gets it."""
    victim = OTHER_RAM + 16 * PAGE
    root.vm.run(f"edu-dma write {victim:#x}")
    assert root.vm.memory(victim, 16) == POKE_BYTES, "DMA of the root cell to its own memory"
    root.control("cell create /cells/second.cell")
    root.vm.bus_write(victim, 0, 8)
    root.vm.bus_write(victim + 8, 0, 8)
    root.vm.run(f"edu-dma write {victim:#x}")
    assert not any(root.vm.memory(victim, 16)), "the SMMU's TLB keeps what was taken away"
    assert root.stats("root")["dma_write_violations"] > 0


class RogueDevice:
    """An edu device that no config names, driven from outside of all cells by QEMU."""

    def __init__(self, root: Root):
        self.vm = root.vm
        self.config = ECAM + (int(UNOWNED_SLOT.split(".")[0]) << 15)
        assert self.vm.bus_read32(self.config) == 0x11e81234, "the rogue device is there"
        self.vm.bus_write(self.config + 0x10, ROGUE_BAR)
        self.vm.bus_write(self.config + 4, 6, 2)

    def transfer(self, source: int, destination: int, command: int) -> None:
        for offset, value in ((0x80, source), (0x88, destination), (0x90, 8), (0x98, command | 1)):
            self.vm.bus_write(ROGUE_BAR + offset, value, 8)
        deadline = time.monotonic() + 20
        while self.vm.bus_read32(ROGUE_BAR + 0x98) & 1:
            assert time.monotonic() < deadline, "the rogue device does not finish"

    def copy(self, source: int, destination: int) -> None:
        self.transfer(source, EDU_BUFFER, 0)
        self.transfer(EDU_BUFFER, destination, 2)


def unowned_stream_aborts(root: Root) -> None:
    """I2: a device that nobody owns reaches nothing, and is noticed."""
    source, victim = HYPERVISOR_RAM, CELL_RAM
    root.vm.bus_write(source, 0x0badcafe)
    root.vm.bus_write(victim, 0)
    before = root.json("version")["unowned_dma_events"]
    RogueDevice(root).copy(source, victim)
    assert not any(root.vm.memory(victim, 4)), "a device that nobody owns wrote memory"
    assert root.json("version")["unowned_dma_events"] >= before


def fault_is_contained(root: Root) -> None:
    """I6: a stray access ends the cell, with its reason, and nothing else."""
    root.start("fault")
    shown = root.wait_state("fault", "failed")
    assert int(shown["reason"]["info"], 16) == ROOT_RAM, shown
    assert root.is_alive()


def functions_are_hidden(root: Root) -> None:
    """I2: configuration space of a cell's function cannot be reached by the root cell."""
    function = "/sys/bus/pci/devices/0000:00:02.0"
    root.vm.run(f"test -e {function}")
    root.control("cell create /cells/dma.cell")
    root.vm.run("echo 1 > /sys/bus/pci/rescan")
    status, _ = root.vm.status(f"test -e {function}")
    assert status, "the root cell finds the cell's function by a scan"


def interrupts_are_fenced(root: Root) -> None:
    """I5: the cell has its own interrupts and touches no others; SGIs stay inside."""
    inmate_passes(root, "gic")
    ipis = root.vm.run("grep -E 'IPI[23]:' /proc/interrupts")
    assert not re.search(r"IPI[23]:(\s+\d+)*\s+[1-9]", ipis), f"CPUs of the root cell got SGIs: {ipis}"
    before = root.vm.run("awk '/nvme/' /proc/interrupts")
    root.vm.run("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null", 30)
    assert root.vm.run("awk '/nvme/' /proc/interrupts") != before, "root's NVMe interrupt does not come any more"
    assert not root.vm.run("dmesg | grep -i -E 'unexpected|nobody cared|bug:' || true").strip()
