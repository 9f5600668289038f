# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures: the tools built once, and for each test a directory in which everything is good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import ROOT, RTOS0, RTOS1, SYSTEM, Bench, arm64_image, elf, make_board


OPTIONS = [f"-DCONFIG_{option}=1" for option in ("PCI", "VSMMU", "VPL011", "IVSHMEM")]


@pytest.fixture(scope="session")
def tools(tmp_path_factory) -> Path:
    """The hypervisor's checker and abi.json, made from the sources as they are."""
    path = tmp_path_factory.mktemp("tools")
    subprocess.run([os.environ.get("HOSTCC", "gcc"), *OPTIONS, f"-I{ROOT}/hypervisor/include", "-o",
                    path / "config_check", ROOT / "tools/config_check_main.c",
                    *sorted((ROOT / "hypervisor/config").glob("*.c"))], check=True)
    subprocess.run([sys.executable, ROOT / "tools/cloister_lib/abi_gen.py", "-o", path / "abi.json"], check=True)
    os.environ["CLOISTER_ABI"] = str(path / "abi.json")
    return path


@pytest.fixture(scope="session")
def board_dtb() -> bytes:
    return make_board()


@pytest.fixture
def bench(tmp_path, tools, board_dtb) -> Bench:
    made = Bench(tmp_path, tools / "config_check")
    made.write("board.dtb", board_dtb)
    made.write("guest/Image", arm64_image())
    made.write("initramfs.cpio", b"070701" + bytes(5000))
    for name in ("demos/edu-dma", "demos/ivshmem", "tests/hello", "tests/isolation", "tests/bench"):
        made.write(f"inmates/{name}.elf", elf())
    for name, text in (("system", SYSTEM), ("rtos0", RTOS0), ("rtos1", RTOS1)):
        made.write(f"{name}.yaml", text)
    return made
