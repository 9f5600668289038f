# SPDX-License-Identifier: GPL-2.0-only
"""The shipped configs for what comes as it is: U-Boot, beside a root cell and without one, and Linux. And images that no
cell can start."""

import struct

import pytest

from workbench import CONFIGS, ELF_ENTRY, RTOS0, Bench, arm64_image, elf, hypervisor, shown


@pytest.fixture
def guests(bench: Bench) -> Bench:
    bench.write("guest/u-boot.bin", b"code" * 1000)
    bench.write("guest/plain.cpio", b"070701" + bytes(5000))
    return bench


@pytest.mark.parametrize("name", ["uboot", "linux"])
def test_cells(guests: Bench, name: str) -> None:
    guests.good("check", CONFIGS / "system.yaml", CONFIGS / f"{name}.yaml", "--files")
    guests.good("compile", "system.yaml", "--cell", CONFIGS / f"{name}.yaml", "-o", "a.cell")
    config = shown(guests, "a.cell")["config"]
    assert config["entry"] == {"uboot": 0, "linux": 0x40000000}[name]


def test_uboot_without_a_root_cell(guests: Bench) -> None:
    guests.write("hyp.bin", hypervisor())
    guests.good("pack", CONFIGS / "uboot-system.yaml", "--hypervisor", "hyp.bin", "-o", "uboot.img")
    config = shown(guests, "uboot.img")["config"]
    assert [cell["name"] for cell in config["cells"]] == ["uboot"]
    assert (config["cells"][0]["entry"], config["cells"][0]["dtb_ipa"]) == (0, 0x40000000)
