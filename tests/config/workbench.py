# SPDX-License-Identifier: GPL-2.0-only
"""What the config tests share: a board, images to load, good configs to break, and a way to run `cloister`. Not in
conftest.py, because a run of several test directories has several modules of that name."""

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

from cloister_lib import abi, cli, fdt  # noqa: E402

CONFIGS = ROOT / "configs/arm64/qemu-virt"
SYSTEM = (CONFIGS / "system.yaml").read_text()
RTOS0 = (CONFIGS / "rtos0.yaml").read_text()
RTOS1 = (CONFIGS / "rtos1.yaml").read_text()
ELF_ENTRY = 0x40200000


def elf(address: int = ELF_ENTRY, data: bytes = b"code", memory: int = 0x2000) -> bytes:
    """A small executable of one segment."""
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, address, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 120, address, address, len(data), memory, 4096)
    return header + segment + data


def arm64_image(size: int = 0x30000, text_offset: int = 0, image_size: int = 0x50000) -> bytes:
    """An arm64 Linux Image as far as its header goes."""
    data = bytearray(b"\x4d\x5a" + bytes(size - 2))
    struct.pack_into("<QQ", data, 8, text_offset, image_size)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def hypervisor(mem_size: int = 0x40000, bin_size: int = 0x5000, **more) -> bytes:
    """What stands at the start of the hypervisor's binary."""
    data = bytearray(arm64_image(bin_size))
    fields = {"magic": abi.const("IMG_MAGIC"), "revision": abi.const("IMG_REVISION"), "bin_size": bin_size,
              "config_revision": abi.const("CFG_REVISION"), "mem_size": mem_size, **more}
    descriptor = abi.pack("cloister_image", **fields)
    data[abi.const("IMG_OFFSET"):abi.const("IMG_OFFSET") + len(descriptor)] = descriptor
    return bytes(data)


def make_board(cpus: int = 4, memory: int = 2 << 30, change=None) -> bytes:
    """The board with another number of CPUs, another size of memory, or changed as a test likes."""
    source = subprocess.run(["dtc", "-q", "-O", "dtb", HERE / "board.dts"], check=True, capture_output=True).stdout
    root = fdt.parse(source, "board.dts")
    parent = root.child("cpus")
    parent.child("cpu-map").remove()
    for node in [node for node in parent.children if node.name.startswith("cpu@")]:
        node.remove()
    for number in range(cpus):
        parent.add(f"cpu@{number:x}", {"device_type": fdt.strings("cpu"), "compatible": fdt.strings("arm,cortex-a57"),
                                       "reg": fdt.cells(number), "enable-method": fdt.strings("psci")})
    root.child("memory").props["reg"] = fdt.cells64(0x40000000, memory)
    if change:
        change(root)
    return fdt.flatten(root)


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


@dataclass
class Bench:
    """A directory with a board, images and configs, in which `cloister` runs."""

    path: Path
    checker: Path

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def run(self, *arguments, board: str = "board.dtb", checker: Path | None = None) -> Result:
        """As a call, which takes a tenth of the time of a process."""
        words = [str(word) for word in arguments]
        if words[0] != "show":
            words += ["--board", board, "--search", ".", "--config-check", str(checker or self.checker)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(words)
        return Result(status, out.getvalue(), err.getvalue())

    def good(self, *arguments, **more) -> str:
        result = self.run(*arguments, **more)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def bad(self, *arguments, **more) -> str:
        result = self.run(*arguments, **more)
        assert result.returncode == 1, f"it was accepted\n{result.stdout}{result.stderr}"
        return result.stderr


def shown(bench: Bench, name: str) -> dict:
    return json.loads(bench.good("show", "--json", bench.path / name))
