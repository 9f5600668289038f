# SPDX-License-Identifier: GPL-2.0-only
"""Debian's U-Boot at the second UART, whose only PCI function is an NVMe disk, but for a channel to other cells."""

import re
import zlib
from pathlib import Path

from harness import Vm

PROMPT = "^=> "
BLOCK = 512
BUFFER = 0x42000000
CHECKED_BYTES = 128 << 10
IVSHMEM_MAX_PEERS = 0x14


class UBoot:
    def __init__(self, vm: Vm, begin: int = 0):
        self.vm, self.end = vm, begin

    def wait(self, pattern: str, timeout: float = 60) -> re.Match:
        match = self.vm.wait_serial1(pattern, self.end, timeout)
        self.end = match.end()
        return match

    def to_prompt(self) -> None:
        self.wait("Hit any key to stop autoboot")
        self.vm.type_serial1("\n")
        self.wait(PROMPT)

    def run(self, command: str, timeout: float = 60) -> str:
        """What a command says until the next prompt."""
        begin = self.end
        self.vm.type_serial1(command + "\n")
        end = self.wait(PROMPT, timeout).start()
        return self.vm.serial1_text()[begin:end]

    def read_disk(self, address: int, offset: int, size: int) -> None:
        blocks = -(-size // BLOCK)
        said = self.run(f"nvme read {address:#x} {offset // BLOCK:#x} {blocks:#x}")
        assert f"{blocks} blocks read: OK" in said, said

    def disk_works(self, disk: Path) -> None:
        """It finds its one function, and what the disk writes to its memory has the CRC of what is behind the disk."""
        self.run("pci enum")
        functions = re.findall(r"^00\.\d\d\.\d\d .*", self.run("pci 0"), re.M)
        assert len(functions) == 1 and re.match(r"00\.02\.00 +0x1b36 +0x0010 +Mass storage", functions[0]), functions
        self.run("nvme scan")
        self.read_disk(BUFFER, 0, CHECKED_BYTES)
        with open(disk, "rb") as file:
            crc = zlib.crc32(file.read(CHECKED_BYTES))
        assert f"==> {crc:08x}" in self.run(f"crc32 {BUFFER:#x} {CHECKED_BYTES:#x}")

    def channel_works(self, memory: int, size: int, peers: int) -> None:
        """The ivshmem device is alone on a host bridge of its own; registers and memory can be read where it says."""
        assert re.findall(r"^\d\d\.\d\d\.\d\d +\w+ +\w+", self.run("pci 1"), re.M) == ["01.00.00   0x1af4     0x1110"]
        header, bars = self.run("pci header 01.00.00"), self.run("pci bar 01.00.00")
        assert re.search("class code = +0x05", header) and re.search("interrupt pin = +0x01", header), header
        assert re.search(rf"^ 2 +{memory:#018x} +{size:#018x} +64 +MEM +Prefetchable", bars, re.M), bars
        registers = int(re.search(r"^ 0 +(0x\w+) +0x0*1000 +32 ", bars, re.M)[1], 16)
        assert f" {peers:08x} " in self.run(f"md.l {registers + IVSHMEM_MAX_PEERS:#x} 1")
        assert " 600dcafe " in self.run(f"mw.l {memory + size - 4:#x} 0x600dcafe; md.l {memory + size - 4:#x} 1")
