# SPDX-License-Identifier: GPL-2.0-only
"""The parts of `make test` that are targets of make, as one test each, so that one line at the end counts everything."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"lint": 300, "test-unit": 600, "test-model": 600, "test-fuzz": 900, "bench-check": 600}
# Options of Kconfig that can be left out, and a function that is then not in the hypervisor.
OPTIONS = {"PCI": "vpci_access", "STATS": None}

pytestmark = pytest.mark.xdist_group("stages")


@pytest.mark.parametrize("target", STAGES)
def test_make(target: str):
    result = subprocess.run(["make", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True,
                            timeout=STAGES[target])
    print(result.stdout[-8000:], result.stderr[-8000:])
    assert result.returncode == 0, f"make {target} failed"


@pytest.mark.parametrize("option", OPTIONS)
def test_option_left_out(option: str):
    build = ROOT / "build/tests/without" / option
    build.mkdir(parents=True, exist_ok=True)
    (build / ".config").write_text(f"# CONFIG_{option} is not set\n")
    subprocess.run(["make", "--no-print-directory", f"BUILD={build}", "hypervisor"], cwd=ROOT, check=True, timeout=300)
    assert f"# CONFIG_{option} is not set" in (build / ".config").read_text()
    function = OPTIONS[option]
    if function:
        assert function.encode() in (ROOT / "build/hypervisor/cloister.elf").read_bytes()
        assert function.encode() not in (build / "hypervisor/cloister.elf").read_bytes()


@pytest.mark.parametrize("series", ["6.12", "6.1"])
def test_driver_builds(series: str):
    """Built by make before the tests, for each kernel series that is supported."""
    module = (ROOT / f"build/driver/{series}/cloister.ko").read_bytes()
    assert f"vermagic={series}".encode() in module


def test_shell_scripts_have_help():
    for script in ("tools/setup", "tools/guest/fetch", "tools/guest/mkinitramfs", "tools/run", "tools/cloister"):
        said = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
        assert said.lower().startswith("usage"), script
