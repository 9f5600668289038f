# SPDX-License-Identifier: GPL-2.0-only
"""The checks of the invariants, one function each. They raise when the invariant does not hold. The tests call them
against the real hypervisor; test_mutations.py calls the same ones against hypervisors that are broken on purpose."""

import random
import re
import time

from harness import (CELL_RAM, CELL_RAM_SIZE, HYPERVISOR_RAM, OTHER_RAM, ROOT_RAM, TIME_SCALE, UNOWNED_SLOT, Root, Vm,
                     parse_ktap)

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


# ---- cells with an SMMU of their own ----

SMMU_ATTACK = (0xbadc0ded).to_bytes(4, "little")		# ATTACK of inmates/tests/smmu-attack.c
# Those of inmates/tests/victims.h that are RAM; the first is where its MSIs are aimed at, too.
SMMU_VICTIMS = (ROOT_RAM, 0x7ffff000, HYPERVISOR_RAM, 0x57e00000)
LATE_FACTOR, LOST_US = 10, 10e6	# of a neighbour's interrupts: the median grows no more than that, and none is lost
COMMANDS_TRACED = ("smmuv3_cmdq_cfgi_cd", "smmuv3_cmdq_cfgi_ste", "smmuv3_cmdq_tlbi_nh", "smmu_iotlb_inv_asid_vmid")


def smmu_works(vm: Vm, timeout: float = 90) -> None:
    """A program on a machine of its own reports no failure; the first one ends it."""
    vm.wait_serial1(r"^(not ok|# \d+ failed$)", 0, timeout)
    report = parse_ktap(vm.serial1_text())
    assert report.results and not report.failures, report.failures


def smmu_commands_stay_inside(vm: Vm) -> None:
    """I2: whatever StreamIDs and VMIDs an owner names: QEMU's trace shows what the hardware is told, its own only."""
    trace = vm.directory / "trace"
    vm.command(f'logfile "{trace}"')
    for event in COMMANDS_TRACED:
        vm.command(f"trace-event {event} on")
    smmu_works(vm)
    text = trace.read_text()
    streams = set(re.findall(r"\b(?:streamid|sid)\s*=\s*(\w+)", text))
    vmids = set(re.findall(r"\bvmid\s*=\s*(\w+)", text))
    assert streams == {"0x10"} and len(vmids) == 1, f"commands reached streams {streams} and VMIDs {vmids}"


def linux_smmu(root: Root) -> tuple[list[int], str]:
    """What the root cell's Linux has seen of its own SMMU: how many interrupts of its lines, and its complaints."""
    lines = re.findall(r":((?: +\d+)+) .*arm-smmu-v3", root.vm.run("grep arm-smmu-v3 /proc/interrupts"))
    return ([sum(map(int, line.split())) for line in lines],
            root.vm.run("dmesg | grep -iE 'arm-smmu-v3.*(event|error|unexpected)|CMD_SYNC|nobody cared' || true"))


def smmu_attacks_are_fenced(root: Root) -> None:
    """I2, I6: tables, queues and messages of a hostile owner reach nothing but its own memory, and nobody hears of it."""
    before = linux_smmu(root)
    inmate_passes(root, "smmu-attack")
    for victim in SMMU_VICTIMS:
        assert SMMU_ATTACK not in root.vm.memory(victim, PAGE), f"DMA or an MSI of the cell arrived at {victim:#x}"
    stats = root.stats("smmu-attack")
    assert stats["dma_read_violations"] and stats["dma_write_violations"]
    assert stats["last_dma"]["sid"] == 0x10
    assert linux_smmu(root) == before, "root Linux got what another cell caused"


class Latency:
    """The lines of inmates/tests/latency.c, which runs already; its console keeps the last ones."""

    def __init__(self, root: Root):
        self.root = root
        self.lines: dict[tuple[str, int], tuple[int, int]] = {}

    def read(self) -> None:
        for number, what, median, most in re.findall(r"^latency (\d+): (\w+) min \d+ median (\d+) max (\d+) ns$",
                                                     self.root.control("cell console latency"), re.M):
            self.lines[what, int(number)] = int(median), int(most)

    def since(self, what: str, number: int) -> tuple[float, float]:
        """Of the batches from that one on: the median of the medians, and the maximum, in microseconds."""
        found = [line for (kind, n), line in self.lines.items() if kind == what and n >= number]
        assert found, f"the latency cell measured no {what} after batch {number}"
        return sorted(median for median, _ in found)[len(found) // 2] / 1000, max(most for _, most in found) / 1000

    def wait(self, count: int) -> int:
        """Until there are that many batches; the number of the next."""
        deadline = time.monotonic() + 60 * TIME_SCALE
        while len(self.lines) < 2 * count:
            assert time.monotonic() < deadline, "the latency cell does not measure"
            time.sleep(0.5)
            self.read()
        return max(number for _, number in self.lines) + 1


def smmu_load_is_bounded(root: Root) -> None:
    """I7: full queues, storms of faults and a race of two CPUs cost the others a stated factor of latency at most."""
    root.start("latency")
    latency = Latency(root)
    first_loaded = latency.wait(6)
    alone = {what: latency.since(what, 0) for what in ("timer", "device")}
    begin = root.start("smmu-load")
    deadline = time.monotonic() + 120 * TIME_SCALE
    while not re.search(r"^# \d+ failed$", root.vm.serial1_text()[begin:], re.M):
        assert time.monotonic() < deadline, f"smmu-load does not end\n{root.vm.serial1_text()[begin:]}"
        time.sleep(1)
        latency.read()
    report = parse_ktap(root.vm.serial1_text()[begin:])
    assert not report.failures, report.failures
    assert re.search("stream 0x10 of cell smmu-load causes more than 1000 events a second", root.log())
    for what, (median, most) in alone.items():
        loaded_median, loaded_most = latency.since(what, first_loaded)
        print(f"{what}: median {median:.1f} us, {loaded_median:.1f} under load; at most {most:.1f} and {loaded_most:.1f}")
        assert loaded_median <= LATE_FACTOR * median, f"{what} interrupts of another cell come late"
        assert loaded_most < LOST_US, f"an interrupt of another cell's {what} is lost"


SHARE_LINE = (r"^share \d+: round (?P<round>\d+): (?P<events>\d+) events of (?P<event_irqs>\d+) irqs, "
              r"(?P<errors>\d+) errors of (?P<error_irqs>\d+) irqs, wrong (?P<wrong>\d+ \d+ \d+)$")
DISK_LOAD = """rm -f /tmp/stop; seq 1000000 | head -c 4194304 > /tmp/data; sum=$(md5sum < /tmp/data)
( while [ ! -e /tmp/stop ]; do dd if=/tmp/data of=/dev/nvme0n1 bs=64k conv=fsync 2>/dev/null
echo 3 > /proc/sys/vm/drop_caches; [ "$(head -c 4194304 /dev/nvme0n1 | md5sum)" = "$sum" ] && echo good || echo bad
done ) > /tmp/disk &"""
LINUX_SID, LINUX_IOVA, LINUX_FAULTS = 0x20, 0x100000000, 4	# of the edu that stays in Linux, and what is mapped for none
EDU_TRANSFER = 0.15		# seconds: one that was under way has ended


def any_byte(data: bytes) -> bool:
    return data.count(0) != len(data)


def share(root: Root, tag: int) -> dict:
    """What an owner says last; what it got must be what it caused."""
    found = list(re.finditer(SHARE_LINE, root.control(f"cell console share{tag}"), re.M))
    if not found:
        return {"round": 0}
    said = {name: value if name == "wrong" else int(value) for name, value in found[-1].groupdict().items()}
    assert said["wrong"] == "0 0 0", f"cell share{tag}: {found[-1][0]}"
    assert said["events"] == said["errors"] == said["round"], f"cell share{tag}: {found[-1][0]}"
    assert said["round"] - 1 <= said["event_irqs"] <= said["round"], f"cell share{tag}: {found[-1][0]}"
    assert said["round"] - 1 <= said["error_irqs"] <= said["round"], f"cell share{tag}: {found[-1][0]}"
    return said


def wait_share(root: Root, tag: int, rounds: int, timeout: float = 60) -> dict:
    deadline = time.monotonic() + timeout * TIME_SCALE
    while (said := share(root, tag))["round"] < rounds:
        assert time.monotonic() < deadline, f"cell share{tag} is at round {said['round']}, not {rounds}"
        time.sleep(0.3)
    return said


def disk_is_good(root: Root) -> None:
    root.vm.run("until [ $(wc -l < /tmp/disk) -ge 2 ]; do usleep 100000; done; touch /tmp/stop; wait", 90)
    results = set(root.vm.run("cat /tmp/disk").split())
    assert results == {"good"}, f"root's disk: {results}"


def smmu_is_shared(root: Root) -> None:
    """Events and errors arrive only at their owner: two cells and root Linux cause theirs at once, and all do DMA."""
    for tag in (1, 2):
        root.start(f"share{tag}")
    root.vm.run("insmod /test/edu_test.ko")		# gives Linux's own edu a domain
    root.vm.run(DISK_LOAD)
    before = root.stats("root")["dma_other_events"]
    for n in range(LINUX_FAULTS):
        root.vm.run(f"edu-dma write {LINUX_IOVA + n * PAGE:#x}")
    for tag in (1, 2):
        wait_share(root, tag, 10)
    disk_is_good(root)
    root.vm.run("rmmod edu_test")
    events = set(re.findall(r"event 0x\w+ received:\n.*\t(0x\w+)\n", root.vm.run("dmesg | grep arm-smmu-v3")))
    assert events == {f"{LINUX_SID << 32 | 0x10:#018x}"}, f"root Linux got events of others: {events}"
    for cell, least in (("root", before + LINUX_FAULTS), ("share1", 10), ("share2", 10)):
        assert root.stats(cell)["dma_other_events"] >= least


def smmu_cells_come_and_go(root: Root, cycles: int) -> None:
    """I2, I4: a cell is destroyed in the middle of DMA through its stage 1, again and again. Its memory comes back and
    stays clear; neither another cell nor root Linux on their SMMUs notice."""
    free = root.json("version")["pool_free"]
    quiet = linux_smmu(root)
    root.start("share1")
    root.vm.run(DISK_LOAD)
    generator = random.Random(1)
    for cycle in range(cycles):
        root.start("share2")
        time.sleep(generator.uniform(0, 0.5))
        root.control("cell stop share2")
        root.control("cell destroy share2")
        time.sleep(EDU_TRANSFER)
        assert not any_byte(root.vm.memory(OTHER_RAM, CELL_RAM_SIZE)), f"cycle {cycle}: a destroyed cell's DMA arrived"
        said = share(root, 1)
    assert said["round"] >= cycles // 4, "the other cell does not get on"
    root.start("share2")
    wait_share(root, 2, 2)
    disk_is_good(root)
    assert linux_smmu(root) == quiet, "root Linux got what other cells caused"
    root.destroy_all()
    assert root.json("version")["pool_free"] == free
