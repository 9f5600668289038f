# SPDX-License-Identifier: GPL-2.0-only
"""The shipped configs for what comes as it is: U-Boot, beside a root cell and without one, and Linux. And images that no
cell can start."""

import struct

import pytest

from workbench import CONFIGS, ELF_ENTRY, RTOS1, Bench, abi, arm64_image, elf, fdt, hypervisor, shown


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


def test_rtos_has_the_first_uart(bench: Bench) -> None:
    """Where virt has it, with its interrupt, for images that ask no device tree."""
    bench.write("rtos1.yaml", RTOS1.replace("console: hypercall", "devices: [serial0]"))
    bench.good("compile", CONFIGS / "rtos-system.yaml", "--cell", "rtos1.yaml", "-o", "a.cell")
    config = shown(bench, "a.cell")["config"]
    assert [(region["ipa"], region["pa"]) for region in config["memory"] if region["name"] != "ram"] == [(0x9000000, 0x9000000)]
    assert [irq["intid"] for irq in config["irqs"]] == [33]


def test_images_for_virt(bench: Bench) -> None:
    """Stand-ins for what no cell can have are not RAM for the cell, and no image goes there."""
    text = (CONFIGS / "rtos-image.yaml").read_text()
    bench.write("inmates/raw.bin", b"code" * 100)
    bench.write("rtos.yaml", text + "image: inmates/raw.bin\ngic: {secure: true}\n")
    bench.good("compile", "system.yaml", "--cell", "rtos.yaml", "-o", "a.cell")
    config = shown(bench, "a.cell")["config"]
    assert config["flags"] & abi.const("CFG_CELL_GIC_SECURE")
    assert {"ram", "flash", "devices", "virtio"} == {region["name"] for region in config["memory"]}
    assert config["entry"] == 0x40000000
    bench.write("first.yaml", text.replace("flags: [read, write, dma]", "flags: [read, write, execute, dma, load]"))
    for name in ("rtos", "first"):
        bench.good("dtb", "system.yaml", "--cell", f"{name}.yaml", "-o", "a.dtb")
        tree = fdt.parse((bench.path / "a.dtb").read_bytes(), "a.dtb")
        assert [node.name for node in tree.children if node.name.startswith("memory")] == ["memory@40000000"]


def test_root_is_not_secure(bench: Bench) -> None:
    bench.write("system.yaml", (CONFIGS / "system.yaml").read_text().replace("  cpus: all", "  cpus: all\n  gic: {secure: true}"))
    assert "the root cell cannot have the Secure view of the GIC" in bench.bad("check", "system.yaml")


# ---- images that no cell can start ----

def changed(data: bytes, offset: int, form: str, value: int) -> bytes:
    made = bytearray(data)
    struct.pack_into(form, made, offset, value)
    return bytes(made)


def two_segments(second: int) -> bytes:
    """An executable with a second segment at an address."""
    data = bytearray(changed(elf(), 56, "<H", 2))
    data[120:120] = struct.pack("<IIQQQQQQ", 1, 6, 176, second, second, 4, 0x1000, 4096)
    struct.pack_into("<Q", data, 64 + 8, 176)
    return bytes(data)


@pytest.mark.parametrize("image, sentence", [
    (changed(elf(), 4, "<B", 1), "is an ELF file, but not for little-endian Arm"),
    (changed(elf(), 5, "<B", 2), "is an ELF file, but not for little-endian Arm"),
    (changed(elf(), 18, "<H", 40), "is an ELF file, but not for little-endian Arm"),
    (changed(elf(), 16, "<H", 3), "is an ELF file of type 3; only executables linked to fixed addresses (2) can be loaded"),
    (changed(elf(), 24, "<Q", 0x40300000), "is an ELF file whose entry 0x40300000 is outside of its segments"),
    (elf()[:-1], "is an ELF file whose segment at 0x40200000 is not wholly in it"),
    (two_segments(ELF_ENTRY + 0x1000), "edu-dma.elf at [0x40201000, 0x40202000) lies over the image inmates/demos/edu-dma.elf "
     "at [0x40200000, 0x40202000)"),
    (changed(arm64_image(), 24, "<Q", 1), "is an arm64 Image, but not a little-endian one"),
    (arm64_image(text_offset=0x200000), "is an arm64 Image with text offset 0x200000; less than 2 MiB is possible"),
    (arm64_image(image_size=33 << 20), "does not fit into a memory region of the cell (ram: 32M at 0x40000000)"),
], ids=["class", "endianness", "machine", "type", "entry", "truncated", "overlap", "big-endian", "text-offset", "image-size"])
def test_bad_images(bench: Bench, image: bytes, sentence: str) -> None:
    bench.write("inmates/demos/edu-dma.elf", image)
    assert sentence in bench.bad("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    assert not (bench.path / "rtos0.cell").exists()


def test_entry_is_physical(guests: Bench) -> None:
    """A program linked to virtual addresses is entered with the MMU off."""
    image = changed(elf(), 64 + 16, "<Q", 0xffff000000000000)
    guests.write("guest/u-boot.bin", changed(image, 24, "<Q", 0xffff000000000004))
    guests.write("uboot.yaml", (CONFIGS / "uboot.yaml").read_text().replace("load: 0x0\nentry: 0x0\n", ""))
    guests.write("hyp.bin", hypervisor())
    guests.write("uboot-system.yaml", (CONFIGS / "uboot-system.yaml").read_text())
    guests.good("pack", "uboot-system.yaml", "--hypervisor", "hyp.bin", "-o", "uboot.img")
    assert shown(guests, "uboot.img")["config"]["cells"][0]["entry"] == ELF_ENTRY + 4


def test_entry_is_physical_already(guests: Bench) -> None:
    """Virtual segments, and an entry that only their physical addresses have."""
    image = changed(elf(), 64 + 16, "<Q", 0xffff000000000000)
    guests.write("inmates/demos/edu-dma.elf", changed(image, 24, "<Q", ELF_ENTRY + 4))
    guests.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    assert shown(guests, "rtos0.cell")["config"]["entry"] == ELF_ENTRY + 4


def test_image_of_an_old_kernel(bench: Bench) -> None:
    """Without image_size its text_offset means nothing."""
    bench.write("inmates/demos/edu-dma.elf", arm64_image(text_offset=0x1234, image_size=0))
    bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    assert shown(bench, "rtos0.cell")["config"]["entry"] == 0x40080000
