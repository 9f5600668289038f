# SPDX-License-Identifier: GPL-2.0-only
"""The parts of `make test` that are targets of make, as one test each, so that one line at the end counts everything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"lint": 300, "test-unit": 600, "test-model": 900, "test-fuzz": 900, "bench-check": 600, "bench-realtime-check": 600}
# Options of Kconfig that can be left out, and the sources of which then nothing is in the hypervisor; not none.c and the
# like, which stand in for them.
OPTIONS = {"IVSHMEM": ["pci/ivshmem.c"], "PCI": ["pci/ecam.c", "pci/vpci*.c"], "STATS": [], "VSMMU": ["vsmmu/*.c", "smmu/priq.c"]}
HYPERVISOR = ROOT / "build/hypervisor"
CROSS = os.environ.get("CROSS") or ("aarch64-none-elf-" if shutil.which("aarch64-none-elf-gcc") else "aarch64-linux-gnu-")

pytestmark = pytest.mark.xdist_group("stages")


def run(*command) -> str:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=60).stdout


def symbols_of(*files: Path) -> set[str]:
    """What is defined in objects or in an ELF file; the objects are for link-time optimisation, so the compiler's nm."""
    lines = run(f"{CROSS}gcc-nm", "--defined-only", *files).splitlines() if files else []
    return {fields[2] for fields in map(str.split, lines) if len(fields) == 3}


def sources_of_code(elf: Path) -> set[str]:
    """The .c files of which there is an instruction, wherever it was inlined, by the table of lines."""
    return set(re.findall(r"^(\S+\.c) +\d+ +0x[0-9a-f]+", run(f"{CROSS}objdump", "--dwarf=decodedline", elf), re.M))


@pytest.mark.parametrize("target", STAGES)
def test_make(target: str):
    result = subprocess.run(["make", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True,
                            timeout=STAGES[target])
    print(result.stdout[-8000:], result.stderr[-8000:])
    assert result.returncode == 0, f"make {target} failed"


LATE = """from realtime import BUDGET, SCENARIOS
bare = {name: (49, 49, 49, 49) for name in BUDGET}
good = {name: (49, 49, 49, 49 + budget) for name, budget in BUDGET.items()}
print(len(SCENARIOS[0].above(bare, good)))
for name in BUDGET:
    print(len(SCENARIOS[0].above(bare, {**good, name: (49, 49, 49, 50 + BUDGET[name])})))"""


def test_late_interrupts_are_seen():
    """One of all of them, by one instruction more than is allowed: the check of bench-realtime-check can fail."""
    said = subprocess.run([sys.executable, "-B", "-c", LATE], cwd=ROOT / "tests/bench", check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["0", "1", "1", "1"]


@pytest.mark.parametrize("option", OPTIONS)
def test_option_left_out(option: str):
    build = ROOT / "build/tests/without" / option
    build.mkdir(parents=True, exist_ok=True)
    (build / ".config").write_text(f"# CONFIG_{option} is not set\n")
    subprocess.run(["make", "--no-print-directory", f"BUILD={build}", "hypervisor"], cwd=ROOT, check=True, timeout=300)
    assert f"# CONFIG_{option} is not set" in (build / ".config").read_text()
    left_out = build / "hypervisor/cloister.elf"
    sources = [path for pattern in OPTIONS[option] for path in (ROOT / "hypervisor").glob(pattern) if path.name != "none.c"]
    names = {path.name for path in sources}
    assert names <= sources_of_code(HYPERVISOR / "cloister.elf")
    assert not names & sources_of_code(left_out)
    objects = [HYPERVISOR / path.relative_to(ROOT / "hypervisor").parent / f"{path.name}.o" for path in sources]
    symbols = symbols_of(*objects) if objects else set()
    stand_ins = symbols_of(*(build / "hypervisor").glob("*/*none.c.o"))
    assert bool(symbols & symbols_of(HYPERVISOR / "cloister.elf")) == bool(names)
    assert not (symbols - stand_ins) & symbols_of(left_out)


def test_lines_are_counted(tmp_path: Path):
    """Code that looks like a comment is code; what is off by default does not count, but what stands in for it does."""
    function = "int f(int *a)\n{\n\t*a = 1;\t/* why */\n\n\t/*\n\t * a = 2;\n\t */\n\treturn *\"/*\";\n}\n"
    for name in ("lib/a", "lib/b", "vpci/vpci", "vpci/none", "vsmmu/vsmmu"):
        (tmp_path / "hypervisor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"hypervisor/{name}.c").write_text(f"// SPDX-License-Identifier: GPL-2.0-only\n{function}")
    (tmp_path / "Kconfig").write_text("config VPCI\n\tbool \"a\"\n\tdefault n\n\nconfig VSMMU\n\tbool \"b\"\n\tdefault y\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    said = subprocess.run([ROOT / "tests/lint/lint", "--root", tmp_path, "--no-cppcheck"], capture_output=True, text=True).stdout
    assert "5 files, 25 lines of code (5 of options that are off)" in said


@pytest.mark.parametrize("series", ["6.12", "6.1"])
def test_driver_builds(series: str):
    """Built by make before the tests, for each kernel series that is supported."""
    module = (ROOT / f"build/driver/{series}/cloister.ko").read_bytes()
    assert f"vermagic={series}".encode() in module


def test_shell_scripts_have_help():
    for script in ("tools/setup", "tools/guest/fetch", "tools/guest/mkinitramfs", "tools/run", "tools/cloister"):
        said = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
        assert said.lower().startswith("usage"), script
