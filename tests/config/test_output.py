# SPDX-License-Identifier: GPL-2.0-only
"""What `cloister` makes: device trees and configs against golden files, images and containers by what is in them, and
every shipped config on every board variant by the hypervisor's own checker. CLOISTER_UPDATE=1 writes the golden files."""

import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from workbench import (CONFIGS, ELF_ENTRY, HERE, ROOT, RTOS0, RTOS1, Bench, arm64_image, elf, hypervisor,
                       make_board, shown)

from cloister_lib import abi, board, fdt

PAIRS = [("rtos0", "rtos1"), ("rtos0-console", "rtos1-serial"), ("rtos0", "attack")]


def golden(name: str, text: str) -> None:
    path = HERE / "golden" / name
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    if os.environ.get("CLOISTER_UPDATE"):
        path.write_text(text)
    assert text == path.read_text(), f"{name} differs; if that is right, run with CLOISTER_UPDATE=1 and review the change"


def source(dtb: Path) -> str:
    """Lists of strings as dtc 1.7 writes them: older ones have "a\\0b" instead of "a", "b"."""
    text = subprocess.run(["dtc", "-q", "-O", "dts", dtb], check=True, capture_output=True, text=True).stdout
    return text.replace("\\0", '", "')


# ---- golden ----

def test_root_dtb(bench: Bench) -> None:
    bench.good("dtb", "system.yaml", "-o", "root.dtb")
    golden("root.dts", source(bench.path / "root.dtb"))


@pytest.mark.parametrize("name", ["rtos0", "rtos1"])
def test_cell_dtb(bench: Bench, name: str) -> None:
    bench.good("dtb", "system.yaml", "--cell", f"{name}.yaml", "-o", "cell.dtb")
    golden(f"{name}.dts", source(bench.path / "cell.dtb"))


def test_system_config(bench: Bench) -> None:
    bench.good("compile", "system.yaml", "-o", "system.cfg")
    golden("system.txt", bench.good("show", "system.cfg"))


def test_cell_config(bench: Bench) -> None:
    bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    golden("rtos0.txt", bench.good("show", "rtos0.cell"))


def test_same_input_same_output(bench: Bench) -> None:
    for name in ("a", "b"):
        bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", f"{name}.cell")
    assert (bench.path / "a.cell").read_bytes() == (bench.path / "b.cell").read_bytes()


# ---- every shipped config on every board ----

@pytest.mark.parametrize("memory", [1, 2, 4])
@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_variants(bench: Bench, cpus: int, memory: int) -> None:
    """The hypervisor's checker accepts them too: it runs inside check."""
    bench.write("variant.dtb", make_board(cpus, memory << 30))
    pairs = PAIRS if cpus > 2 else [("rtos0-2cpu",)]
    for names in pairs:
        files = [CONFIGS / f"{name}.yaml" for name in names]
        bench.good("check", CONFIGS / "system.yaml", *files, "--files", board="variant.dtb")
    bench.good("check", CONFIGS / "bench-system.yaml", "--files", board="variant.dtb")
    talking = [CONFIGS / "ivshmem.yaml"] if cpus > 2 else []
    bench.good("check", CONFIGS / "ivshmem-system.yaml", *talking, "--files", board="variant.dtb")
    bench.good("compile", "system.yaml", "-o", "system.cfg", board="variant.dtb")
    config = shown(bench, "system.cfg")
    ram = next(region for region in config["cells"][0]["memory"] if region["name"] == "ram")
    assert (ram["pa"], ram["size"]) == (0x58000000, (memory << 30) - 0x18000000)
    assert len(config["cpus"]) == len(config["cells"][0]["cpus"]) == cpus


def test_every_shipped_cell_is_tested() -> None:
    names = {path.stem for path in CONFIGS.glob("*.yaml") if not path.stem.endswith("system")}
    names -= {"uboot", "linux", "rtos-image"}  # test_unmodified.py
    assert names == {name for names in PAIRS for name in names} | {"rtos0-2cpu", "ivshmem"}


def test_last_cpu(bench: Bench) -> None:
    bench.write("variant.dtb", make_board(2))
    bench.good("compile", "system.yaml", "--cell", CONFIGS / "rtos0-2cpu.yaml", "-o", "a.cell", board="variant.dtb")
    assert [cpu["cpu"] for cpu in shown(bench, "a.cell")["config"]["cpus"]] == [1]


# ---- the hypervisor's checker has the last word ----

def test_checker_is_asked(bench: Bench) -> None:
    checker = bench.write("checker", '#!/bin/sh\nfor file; do :; done\necho "$file: memory[0] is cursed"\nexit 1\n')
    checker.chmod(0o755)
    for command in (("check", "system.yaml", "rtos0.yaml"), ("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "x")):
        assert "rtos0.yaml:3: the hypervisor's check: memory[0] is cursed" in bench.bad(*command, checker=checker)
    assert not (bench.path / "x").exists()


def corrupt(bench: Bench, tools: Path, offset: int) -> str:
    data = bytearray((bench.path / "system.cfg").read_bytes())
    data[offset] ^= 1
    bench.write("broken.cfg", bytes(data))
    result = subprocess.run([tools / "config_check", bench.path / "broken.cfg"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    return result.stdout


def test_checker_checks(bench: Bench, tools: Path) -> None:
    bench.good("compile", "system.yaml", "-o", "system.cfg")
    assert "magic" in corrupt(bench, tools, 0)
    assert "hyp_base" in corrupt(bench, tools, abi.offsetof("cfg_system", "hyp_base"))
    assert "root_exit" in corrupt(bench, tools, abi.offsetof("cfg_system", "root_exit") + 1)


# ---- what the board's device tree decides ----

def change_pci(name: str, value: bytes | None):
    def change(root: fdt.Node) -> None:
        props = root.child("pcie").props
        props.pop(name, None)
        if value is not None:
            props[name] = value
    return change


def test_no_smmu_before_the_function(bench: Bench) -> None:
    bench.write("other.dtb", make_board(change=change_pci("iommu-map", None)))
    said = bench.bad("check", "system.yaml", "rtos0.yaml", board="other.dtb")
    assert "rtos0.yaml:9: devices[1] '00:02.0': no SMMU stands before this function (iommu-map of /pcie@10000000), so its " \
           "DMA cannot be fenced in" in said


def test_one_requester_id(bench: Bench) -> None:
    """A bridge that hides who asks: all functions have one StreamID."""
    bench.write("other.dtb", make_board(change=change_pci("iommu-map-mask", fdt.cells(0))))
    bench.write("rtos1.yaml", RTOS1.replace("execute,", "execute, dma,")
                + 'devices:\n  - {pci: "00:03.0", pin: none, bars: [4K]}\n')
    said = bench.bad("check", "system.yaml", "rtos0.yaml", "rtos1.yaml", board="other.dtb")
    assert "rtos1.yaml:10: cell rtos1: 00:03.0 has the same stream as 00:02.0 of cell rtos0 (rtos0.yaml:9), 0x0 of SMMU 0: " \
           "the SMMU cannot tell them apart" in said


def test_not_a_device_tree(bench: Bench) -> None:
    bench.write("other.dtb", b"not one")
    assert "other.dtb: is not a flattened device tree" in bench.bad("check", "system.yaml", board="other.dtb")
    assert "none.dtb: cannot read the board's device tree" in bench.bad("check", "system.yaml", board="none.dtb")


def test_hash_knows_the_board_but_not_its_seeds() -> None:
    def seed(root: fdt.Node) -> None:
        root.child("chosen").props["rng-seed"] = b"12345678"
    one, other = board.Board(make_board(), "a"), board.Board(make_board(change=seed), "b")
    assert one.hash == other.hash != board.Board(make_board(cpus=2), "c").hash


# ---- addresses that the config leaves open ----

def test_allocation(bench: Bench) -> None:
    """Memory without pa and BARs without an address keep off those of the configs that are known."""
    bench.write("rtos1.yaml", RTOS1.replace(" pa: 0x4a000000,", "").replace("execute,", "execute, dma,")
                + 'devices:\n  - {pci: "00:03.0", bars: [4K, {size: 64K, bits: 64}]}\n')
    bench.good("compile", "system.yaml", "--cell", "rtos1.yaml", "--with", "rtos0.yaml", "-o", "b.cell")
    config = shown(bench, "b.cell")["config"]
    assert config["memory"][0]["pa"] == 0x4A000000
    assert [(bar["pa"], bar["ipa"], bar["size"]) for bar in config["pci"][0]["bar"]] == [
        (0x3E100000, 0x3E100000, 0x1000), (0x3E110000, 0x3E110000, 0x10000)]
    bench.good("compile", "system.yaml", "--cell", "rtos1.yaml", "-o", "b.cell")
    assert shown(bench, "b.cell")["config"]["memory"][0]["pa"] == 0x48000000


def test_shared_memory(bench: Bench) -> None:
    shared = "\n  - {name: comm, size: 64K, ipa: 0x50000000, pa: 0x50000000, flags: [read, write, dma, shared]}"
    for name, text in (("rtos0", RTOS0), ("rtos1", RTOS1)):
        bench.write(f"{name}.yaml", text.replace("load]}", "load]}" + shared))
    bench.good("check", "system.yaml", "rtos0.yaml", "rtos1.yaml")


# ---- images ----

def zboot(data: bytes, method: bytes = b"gzip") -> bytes:
    packed = zlib.compressobj(wbits=31)
    payload = packed.compress(data) + packed.flush()
    return b"MZ\0\0zimg" + struct.pack("<II", 64, len(payload)) + bytes(8) + method.ljust(40, b"\0") + payload


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zboot], ids=["plain", "gzip", "zboot"])
def test_kernel_formats(bench: Bench, pack) -> None:
    bench.write("guest/Image", pack(arm64_image(text_offset=0x80000)))
    bench.write("hyp.bin", hypervisor())
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    config = shown(bench, "system.img")["config"]
    assert config["cells"][0]["entry"] == 0x58080000
    assert config["payloads"][0]["size"] == 0x30000


@pytest.mark.parametrize("image, sentence", [
    (zboot(b"x" * 100, b"zstd"), "is an EFI zboot image packed with zstd, which cannot be unpacked here"),
    (gzip.compress(b"x" * 100)[:-20], "is damaged"),
    (b"", "the image is empty"),
    (elf()[:80], "is an ELF file that ends too early"),
    (elf()[:18] + b"\x3e" + elf()[19:], "is an ELF file, but not for little-endian Arm"),
    (elf(memory=64 << 20), "cell rtos0: the image inmates/demos/edu-dma.elf at [0x40200000, 0x44200000) does not fit"),
    (elf(address=0x90000000), "does not fit into a memory region of the cell (ram: 32M at 0x40000000)"),
    (elf(address=0x41FE0000, memory=0x20000), "cell rtos0: the device tree at"),
], ids=["zstd", "cut-gzip", "empty", "cut-elf", "x86", "too-big", "elsewhere", "over-dtb"])
def test_bad_images(bench: Bench, image: bytes, sentence: str) -> None:
    bench.write("inmates/demos/edu-dma.elf", image)
    assert sentence in bench.bad("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")


def test_missing_image(bench: Bench) -> None:
    (bench.path / "inmates/demos/edu-dma.elf").unlink()
    assert "rtos0.yaml:10: image: there is no file inmates/demos/edu-dma.elf (looked in ., .)" in bench.bad(
        "compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")


def test_raw_image(bench: Bench) -> None:
    bench.write("inmates/demos/edu-dma.elf", b"raw code")
    bench.write("rtos0.yaml", RTOS0 + "load: 0x40010000\n")
    bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    found = shown(bench, "rtos0.cell")
    assert found["sections"][2]["kind"] == abi.const("CELLFILE_RAW")
    assert (found["sections"][2]["ipa"], found["config"]["entry"]) == (0x40010000, 0x40010000)


def test_cell_file(bench: Bench) -> None:
    bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    data, found = (bench.path / "rtos0.cell").read_bytes(), shown(bench, "rtos0.cell")
    kinds = [section["kind"] for section in found["sections"]]
    assert kinds == [abi.const(f"CELLFILE_{name}") for name in ("CONFIG", "DTB", "ELF")]
    assert all(section["offset"] % abi.const("CELLFILE_ALIGN") == 0 for section in found["sections"])
    image = found["sections"][2]
    assert data[image["offset"]:image["offset"] + image["size"]] == elf()
    assert found["config"]["entry"] == ELF_ENTRY
    assert found["sections"][1]["ipa"] == found["config"]["dtb_ipa"]


# ---- system.img ----

def test_pack(bench: Bench) -> None:
    bench.write("hyp.bin", hypervisor())
    bench.good("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    bench.good("dtb", "system.yaml", "-o", "root.dtb")
    data, found = (bench.path / "system.img").read_bytes(), shown(bench, "system.img")
    kernel, initrd, dtb = found["config"]["payloads"]
    for payload, file in ((kernel, "guest/Image"), (initrd, "initramfs.cpio"), (dtb, "root.dtb")):
        assert payload["offset"] % 4096 == 0
        assert data[payload["offset"]:payload["offset"] + payload["size"]] == (bench.path / file).read_bytes()
    assert kernel["ipa"] == 0x58000000 and initrd["ipa"] >= kernel["ipa"] + 0x50000  # the kernel's .bss
    assert struct.unpack_from("<Q", data, 16)[0] == found["total_size"] == len(data)
    assert found["config"]["cells"][0]["dtb_ipa"] == dtb["ipa"]
    chosen = fdt.parse((bench.path / "root.dtb").read_bytes(), "root.dtb").child("chosen")
    assert fdt.joined(chosen.u32s("linux,initrd-start")) == initrd["ipa"]
    assert fdt.joined(chosen.u32s("linux,initrd-end")) == initrd["ipa"] + initrd["size"]


def test_pack_boot_cell(bench: Bench) -> None:
    """An ELF file's .bss is cleared memory, though the hypervisor only copies."""
    bench.write("inmates/tests/bench.elf", elf(memory=0x3000))
    bench.write("hyp.bin", hypervisor())
    bench.good("pack", CONFIGS / "bench-system.yaml", "--hypervisor", "hyp.bin", "-o", "bench.img")
    found = shown(bench, "bench.img")
    image = found["config"]["payloads"][0]
    assert (image["ipa"], image["size"]) == (ELF_ENTRY, 0x3000)
    data = (bench.path / "bench.img").read_bytes()[image["offset"]:image["offset"] + image["size"]]
    assert data == b"code".ljust(0x3000, b"\0")


@pytest.mark.parametrize("binary, sentence", [
    (b"short", "is too short for a hypervisor binary"),
    (arm64_image(), "its descriptor has not the right magic number"),
    (hypervisor(config_revision=77), "was built with config_revision 77"),
    (hypervisor() + b"more", "says that it has 20480 bytes, but it has 20484"),
    (hypervisor(mem_size=0x4001), "which is not whole pages around it"),
    (hypervisor(mem_size=120 << 20), "hypervisor: size 126M is too small"),
], ids=["short", "no-magic", "revision", "bin-size", "mem-size", "no-room"])
def test_pack_refuses(bench: Bench, binary: bytes, sentence: str) -> None:
    bench.write("hyp.bin", binary)
    assert sentence in bench.bad("pack", "system.yaml", "--hypervisor", "hyp.bin", "-o", "system.img")
    assert not (bench.path / "system.img").exists()


# ---- the rest of the command line ----

@pytest.mark.parametrize("data, sentence", [(b"text", "is none of Cloister's files"), (None, "is damaged")], ids=["text", "cut"])
def test_show_refuses(bench: Bench, data: bytes | None, sentence: str) -> None:
    bench.good("compile", "system.yaml", "-o", "system.cfg")
    bench.write("x", data if data is not None else (bench.path / "system.cfg").read_bytes()[:-8])
    assert sentence in bench.bad("show", "x")


@pytest.mark.parametrize("command", [[], ["check"], ["compile"], ["pack"], ["dtb"], ["show"]], ids=" ".join)
def test_help(command: list[str]) -> None:
    result = subprocess.run([sys.executable, ROOT / "tools/cloister", *command, "--help"], capture_output=True, text=True,
                            check=True)
    assert "usage: cloister" in result.stdout


def test_abi_is_measured(tmp_path: Path) -> None:
    """A changed header changes what Python packs, with no change of Python."""
    include = tmp_path / "abi"
    include.mkdir()
    for header in (ROOT / "hypervisor/include/abi").glob("*.h"):
        text = header.read_text().replace("cl_u64 mpidr;", "cl_u32 pad; cl_u32 pad2; cl_u64 mpidr;")
        (include / header.name).write_text(text)
    subprocess.run([sys.executable, ROOT / "tools/cloister_lib/abi_gen.py", "--include", tmp_path, "-o", tmp_path / "abi.json"],
                   check=True)
    struct_ = json.loads((tmp_path / "abi.json").read_text())["structs"]["cfg_cpu"]
    assert struct_["size"] == 16
    assert [(member["name"], member["offset"]) for member in struct_["members"]] == [("pad", 0), ("pad2", 4), ("mpidr", 8)]


