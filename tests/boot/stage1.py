# SPDX-License-Identifier: GPL-2.0-only
"""Root Linux with an SMMU of its own: its image for each kernel, the hardware's stream table as seen from outside, load on
its devices, and the checks that a mutation must turn red."""

import hashlib
import random
import re
import socketserver
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest
import ruamel.yaml

from conftest import GROUP
from harness import BUILD, ROOT, Machine, Root, Variant, Vm, cloister, hypervisor, locked, make, make_board, make_files, \
    make_initrd, write_yaml

CONFIGS = ROOT / "configs/arm64/qemu-virt"
SYSTEM = CONFIGS / "stage1-system.yaml"
MACHINE = Machine(network=True, virtio=True)
KERNELS = [pytest.param(series, marks=GROUP(f"stage1-{series}")) for series in ("6.12", "6.1")]

# ---- images ----


def payload(kernel: str, name: str) -> Path:
    """A file of what runs in the root cell: Image, root.cpio."""
    path = BUILD / "guest" / kernel / name
    make(path.relative_to(ROOT))
    return path


def make_image(variant: Variant, kernel: str) -> Path:
    make_files()
    variant.directory.mkdir(parents=True, exist_ok=True)
    options = ["--board", make_board(variant), "--search", variant.directory, "--search", BUILD]
    cell = variant.directory / "rtos0.cell"
    cloister("compile", SYSTEM, "--cell", CONFIGS / "rtos0.yaml", "-o", cell, *options)
    system = ruamel.yaml.YAML().load(SYSTEM.read_text())
    system["root"]["image"] = str(payload(kernel, "Image"))
    system["root"]["initrd"] = str(make_initrd(variant, [cell], payload(kernel, "root.cpio")))
    config = write_yaml(variant.directory / "system.yaml", system)
    image = variant.directory / "system.img"
    cloister("pack", config, "--hypervisor", hypervisor(variant), "-o", image, *options)
    return image


@contextmanager
def booted(kernel: str, mutation: str = "NONE") -> Iterator[Root]:
    """A machine with that kernel in its root cell; its root shell is ready."""
    variant = Variant(f"stage1-{kernel}", MACHINE, mutation)
    with locked(variant.directory.with_suffix(".lock")):
        image = make_image(variant, kernel)
    with Vm(variant.machine, image, variant.directory / "console.log") as vm:
        vm.login()
        yield Root(vm)


# ---- the stream table, as the hardware reads it ----

SMMU = 0x09050000
STRTAB_BASE, STRTAB_BASE_CFG = SMMU + 0x80, SMMU + 0x88
TABLE_ADDRESS = (1 << 52) - (1 << 6)
STE_BYTES = 64
STE_MODES = {0: "abort", 4: "bypass", 5: "stage 1", 6: "stage 2", 7: "both stages"}


def bus_read64(vm: Vm, address: int) -> int:
    return vm.bus_read32(address) | vm.bus_read32(address + 4) << 32


def stream_mode(vm: Vm, sid: int) -> str:
    """What the hardware does with a stream, from its entry in the (two-level) table."""
    split = vm.bus_read32(STRTAB_BASE_CFG) >> 6 & 0x1f
    descriptor = bus_read64(vm, (bus_read64(vm, STRTAB_BASE) & TABLE_ADDRESS) + (sid >> split) * 8)
    if not descriptor & 0x1f:
        return "no entry"
    word = bus_read64(vm, (descriptor & TABLE_ADDRESS) + (sid & (1 << split) - 1) * STE_BYTES)
    return STE_MODES[word >> 1 & 7] if word & 1 else "invalid"


# ---- devices ----

# The PCI functions with a driver in Linux, and where in the system each can be told from the others.
FUNCTIONS = {"0000:00:01.0": "nvme", "0000:00:03.0": "e1000e", "0000:00:04.0": "virtio-pci"}
SIDS = {function: int(function[-4:-2], 16) << 3 for function in FUNCTIONS}
MODULES = ("nvme", "e1000e", "virtio_blk")
READY = "for i in $(seq 100); do [ -b /dev/nvme0n1 -a -b /dev/vda -a -e /sys/class/net/eth0 ] && break; usleep 100000; done"
LINK = "ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; " \
       "for i in $(seq 100); do [ $(cat /sys/class/net/eth0/carrier) = 1 ] && break; usleep 100000; done"
PEER = "10.0.2.2"  # the host's loopback, as QEMU's network shows it
DATA_BYTES = 1 << 19

# Writes and reads both disks in requests of different sizes, sends to the peer and receives from it, all at once.
LOAD = """disk() {{ dd if=/tmp/data of=$1 bs=$2 oflag=direct; dd if=$1 bs=$2 count=$3 iflag=direct | md5sum > /tmp/$4.md5; }}
rm -f /tmp/*.md5
disk /dev/nvme0n1 8k {nvme} nvme 2>/dev/null &
disk /dev/vda 64k {virtio} virtio 2>/dev/null &
timeout 30 nc {address} < /tmp/data | md5sum > /tmp/net.md5 &
wait; cat /tmp/nvme.md5 /tmp/virtio.md5 /tmp/net.md5"""


class Peer(socketserver.ThreadingTCPServer):
    """On the host's loopback: takes a file to its end, then gives one."""

    daemon_threads = True

    def __init__(self, file: bytes) -> None:
        super().__init__(("127.0.0.1", 0), self.Connection)
        self.file, self.taken = file, b""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            parts = []
            while part := self.request.recv(1 << 16):
                parts.append(part)
            self.server.taken = b"".join(parts)
            self.request.sendall(self.server.file)

    def __exit__(self, *exception) -> None:
        self.shutdown()
        super().__exit__(*exception)


def disk_file(linux: Root, disk: str) -> Path:
    """What is behind a disk of Linux."""
    return linux.vm.directory / {"nvme0n1": "disk.img", "vda": "virtio.img"}[disk]


# ---- checks ----


def devices_work(linux: Root, size: int = DATA_BYTES) -> None:
    """New data goes through all devices at the same time and is the same behind them, seen from Linux and from outside."""
    data = random.randbytes(size)
    md5 = hashlib.md5(data).hexdigest()
    with Peer(data) as peer:
        address = f"{PEER} {peer.server_address[1]}"
        linux.vm.run(f"{READY}; {LINK}")
        got = linux.vm.run(f"timeout 30 nc {address} < /dev/null > /tmp/data; md5sum < /tmp/data")
        assert got.split()[0] == md5, "what came through the network is not what the peer sent"
        text = linux.vm.run(LOAD.format(nvme=size >> 13, virtio=size >> 16, address=address), 120)
        assert re.findall(r"^[0-9a-f]{32}", text, re.M) == [md5] * 3, f"NVMe, virtio, network; right is {md5}:\n{text}"
        assert peer.taken == data, "the peer received something else"
    for disk in ("nvme0n1", "vda"):
        with open(disk_file(linux, disk), "rb") as file:
            assert file.read(size) == data, f"{disk} has something else"


def assert_modes(linux: Root, mode: str) -> None:
    found = {function: stream_mode(linux.vm, sid) for function, sid in SIDS.items()}
    assert found == dict.fromkeys(SIDS, mode), f"{found}, and not all in {mode}"


def streams_pass_both_stages(linux: Root) -> None:
    assert_modes(linux, "both stages")


def set_domain(linux: Root, kind: str) -> None:
    """Gives the NVMe disk another kind of domain, which it must not have a driver for."""
    linux.vm.run(f"modprobe -r nvme; echo {kind} > /sys/bus/pci/devices/0000:00:01.0/iommu_group/type; modprobe nvme; {READY}")
    assert linux.vm.run("cat /sys/bus/pci/devices/0000:00:01.0/iommu_group/type").strip() == kind


def domain_can_change(linux: Root) -> None:
    """From DMA-FQ to DMA the entry in the stream table stays as it is and the context descriptor behind it changes."""
    set_domain(linux, "DMA-FQ")
    devices_work(linux)
    set_domain(linux, "DMA")
    devices_work(linux)


def smmu_log(linux: Root) -> list[str]:
    """What Linux's SMMU driver said after it told what it found."""
    lines = linux.vm.run("dmesg | grep -i -E 'arm-smmu|iommu.* (fault|fail|error)' || true").splitlines()
    return [line for line in lines if not re.search(r"\bias \d+-bit, oas|allocated \d+ entries for", line)]


def trouble(linux: Root) -> list[str]:
    """What Linux said about devices that do not answer, lost data, and its own wrong turns."""
    return linux.vm.run("dmesg | grep -E 'I/O error|timeout|Hang|WARNING|BUG:|Call trace|Oops' || true").splitlines()


def copy_to(linux: Root, disk: str, file: Path, path: str) -> None:
    """A file of the host, by way of a disk of Linux."""
    data = file.read_bytes()
    with open(disk_file(linux, disk), "r+b") as behind:
        behind.write(data)
    got = linux.vm.run(f"echo 3 > /proc/sys/vm/drop_caches; head -c {len(data)} /dev/{disk} > {path}; md5sum < {path}")
    assert got.split()[0] == hashlib.md5(data).hexdigest(), f"what was read from {disk} is not what is behind it"


def kexec(linux: Root, kernel: str) -> None:
    """Linux shuts its devices down and jumps into another one; stops the machine where that one has just begun."""
    copy_to(linux, "nvme0n1", payload(kernel, "Image"), "/tmp/Image")
    copy_to(linux, "vda", Path(linux.vm.log).with_name("initramfs.cpio"), "/tmp/root.cpio")
    linux.vm.console.sendline("kexec /tmp/Image /tmp/root.cpio")
    linux.vm.wait(r"Booting Linux on physical CPU")
    linux.vm.command("stop")


def driver_switches_off(linux: Root, kernel: str) -> None:
    """Without SMMUEN and with GBPA as it is after a reset, the cell's streams have stage 2 alone."""
    kexec(linux, kernel)
    try:
        assert_modes(linux, "stage 2")
    finally:
        linux.vm.command("cont")
