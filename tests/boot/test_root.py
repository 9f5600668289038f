# SPDX-License-Identifier: GPL-2.0-only
"""The root cell: an unmodified Linux that has its CPUs, memory and devices, and nothing that goes around the SMMU."""

import re

import pytest

import checks
from conftest import GROUP
from harness import HYPERVISOR_RAM, Root

pytestmark = GROUP("a57")

# What nobody may reach with the CPU: what the hypervisor owns, and devices that do DMA around the SMMU.
FORBIDDEN = {
    "hypervisor memory": HYPERVISOR_RAM,
    "below the hypervisor": 0x40000000,
    "SMMU": 0x09050000,
    "ITS": 0x08080000,
    "virtio-mmio": 0x0a000000,
    "fw_cfg": 0x09020000,
    "flash": 0x00000000,
    "second UART": 0x09040000,
    "hole": 0x3f800000,
}


def test_cpus_and_memory(root: Root):
    assert int(root.vm.run("nproc")) == 4
    assert int(root.vm.run("awk '/MemTotal/ { print $2 }' /proc/meminfo")) > 1500 * 1024


def test_linux_runs_at_el1(root: Root):
    assert "started at EL1" in root.vm.run("dmesg | grep 'CPU: All CPU'")
    assert re.search(r"^6\.12\..*-arm64$", root.vm.run("uname -r").strip())


DMA_VIOLATIONS = ("dma_read_violations", "dma_write_violations")


def test_nvme_works_by_dma(root: Root):
    before = root.stats("root")
    root.vm.run("dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null; "
                "dd if=/tmp/data of=/dev/nvme0n1 bs=1M conv=fsync 2>/dev/null; echo 3 > /proc/sys/vm/drop_caches")
    written = root.vm.run("md5sum < /tmp/data")
    assert root.vm.run("dd if=/dev/nvme0n1 bs=1M count=2 2>/dev/null | md5sum") == written
    sample = root.vm.run("dd if=/tmp/data bs=16 count=1 2>/dev/null | hexdump -v -e '1/1 \"%02x\"'").strip()
    assert root.vm.disk.read_bytes()[:16].hex() == sample, "the host's file has what Linux wrote"
    after = root.stats("root")
    assert [after[counter] for counter in DMA_VIOLATIONS] == [before[counter] for counter in DMA_VIOLATIONS]


def test_edu_works_by_dma(root: Root):
    assert "ok" in root.vm.run("edu-dma test")


def test_device_tree_has_nothing_around_the_smmu(root: Root):
    names = root.vm.run("find /proc/device-tree/ -maxdepth 2").lower()
    for absent in ("virtio_mmio", "fw-cfg", "smmu", "flash", "its@", "pl011@9040000", "pmu"):
        assert absent not in names, absent


@pytest.mark.parametrize("address", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_forbidden_addresses_abort(root: Root, address: int):
    status, output = root.vm.status(f"devmem {address:#x} 32")
    assert status, f"root reads {address:#x}: {output}"
    status, _ = root.vm.status(f"devmem {address:#x} 32 0xffffffff")
    assert status, f"root writes {address:#x}"
    assert root.is_alive()


def test_violations_of_the_root_cell_are_counted(root: Root):
    before = root.stats("root")["mmio_violations"]
    root.vm.status("devmem 0x3f800000 32")
    assert root.stats("root")["mmio_violations"] > before


def test_dma_of_the_root_cell_stays_inside(root: Root):
    before = root.stats("root")["dma_write_violations"]
    root.vm.run(f"edu-dma write {HYPERVISOR_RAM:#x}")
    assert b"\xa5" * 16 != root.vm.memory(HYPERVISOR_RAM, 16)
    assert root.stats("root")["dma_write_violations"] > before
    assert re.search(rf"cell root: DMA write violation by stream 0x10 .*0x{HYPERVISOR_RAM:x}", root.log())


@pytest.mark.parametrize("cpu", [1, 2, 3])
def test_cpu_hotplug(root: Root, cpu: int):
    root.vm.run(f"echo 0 > /sys/devices/system/cpu/cpu{cpu}/online")
    assert int(root.vm.run("nproc")) == 3
    root.vm.run(f"echo 1 > /sys/devices/system/cpu/cpu{cpu}/online")
    assert int(root.vm.run("nproc")) == 4


def interrupts_come(root: Root, cpus: tuple[int, ...]) -> None:
    """Timer interrupts and SGIs, to each of the CPUs, which are all that Linux has."""
    def counts(name: str) -> list[int]:
        line = root.vm.run(f"grep '{name}' /proc/interrupts")
        return [int(word) for word in line.split()[1:len(cpus) + 1]]
    before = counts("arch_timer")
    root.vm.run(f"for i in {' '.join(map(str, cpus))}; do taskset $((1 << i)) usleep 300000; done")
    assert all(now > then for now, then in zip(counts("arch_timer"), before))
    assert all(counts("IPI0"))


def test_interrupts_on_all_cpus(root: Root):
    interrupts_come(root, (0, 1, 2, 3))


# Any one of Linux's three CPUs is its only one for a while.
HOTPLUG = """online() { echo $2 > /sys/devices/system/cpu/cpu$1/online || echo "cpu $1 to $2 failed"; }
for i in $(seq %d); do for stays in 0 1 2; do
for cpu in 0 1 2; do [ $cpu = $stays ] || online $cpu 0; done; [ $(nproc) = 1 ] || echo "$(nproc) CPUs are left"
for cpu in 2 1 0; do [ $cpu = $stays ] || online $cpu 1; done; [ $(nproc) = 3 ] || echo "$(nproc) CPUs came back"
done; done"""
HOTPLUG_ROUNDS = 2
BUSY = """for i in 1 2 3; do ( while [ ! -e /tmp/stop ]; do dd if=/dev/urandom bs=16k count=4 2>/dev/null | md5sum; done
) > /dev/null & done"""


def test_hotplug_under_load(root: Root):
    """CPUs leave and return while processes, interrupts and DMA go on on them, beside a cell that notices nothing."""
    begin = root.start("hello")
    root.vm.run("dmesg -c > /dev/null")
    root.vm.run(checks.DISK_LOAD)
    root.vm.run(BUSY)
    output = root.vm.run(HOTPLUG % HOTPLUG_ROUNDS, 120)
    assert not output.strip(), output
    checks.disk_is_good(root)
    interrupts_come(root, (0, 1, 2))
    trouble = root.vm.run("dmesg | grep -iE 'warning|bug:|call trace|stall|lockup|failed to|not have shut down|timeout' || true")
    assert not trouble.strip(), trouble
    ticks = [int(number) for number in re.findall(r"^hello: tick (\d+)", root.vm.serial1_text()[begin:], re.M)]
    assert len(ticks) > 2 and ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    root.destroy("hello")
    interrupts_come(root, (0, 1, 2, 3))


def test_version(root: Root):
    version = root.json("version")
    assert version["system"] == "qemu-virt" and version["cpus"] == 4
    assert root.cells() == ["root"]


def test_hypervisor_log(root: Root):
    """On the UART until the root cell starts; from a ring that forgets its oldest lines afterwards."""
    early = root.vm.log.read_text(encoding="utf-8", errors="replace")
    assert "Cloister" in early and "smmu 0: SMMUv3" in early and "cell root: running" in early
    assert re.search(r"^\[ *\d+\.\d{6}\] [EWID] ", root.log(), re.MULTILINE)
