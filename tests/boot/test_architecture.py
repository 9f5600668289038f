# SPDX-License-Identifier: GPL-2.0-only
"""What EL1 sees in a cell is what it sees on a bare machine: inmates/tests/architecture prints a line for each observation,
on QEMU without EL2 and in a cell, with one CPU and with two. Where the lines must differ, WANTED says how and why."""

import re
import subprocess
from typing import Iterator

import pytest

from conftest import GROUP
from harness import BUILD, EDU, TIME_SCALE, Ktap, alone, make_files, parse_ktap
from machine import die_with_parent

pytestmark = GROUP("architecture")

PROGRAM = "architecture"
FEWEST = 1000		# observations of a complete run
UNDEFINED = "exception 0"

# (the observation, what a cell must have instead of what the bare machine has, why); the first that is about it counts
WANTED = [
    # the GIC
    (r"gic[dr] TYPER (32|64)-bit( write .*)?", r"3480008|0|10", "no LPIs and no ITS: 10 bits of INTID"),
    (r"gicr (CTLR 32-bit|CTLR 32-bit write .*|P(ROP|END)BASER .*)", "0", "no LPIs"),
    (r"gicd PIDR4 32-bit|gicr PIDR0 32-bit( write .*)?", "4|92", "numbers of QEMU's model, which nothing depends on"),
    (r"gicr sgi (IGROUPR0 32-bit|IGROUPR0 .*write.*|ISENABLER0 .*write.*|ISPENDR0 .*write.*)", r"e9ffffff|485a5a58|485affff",
     "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicr (ENABLER|PENDR) all set", "e9ffffff", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicr IPRIORITYR 26 .*|gicr sgi IPRIORITYR7 8-bit", "0", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"PPI (25|26|28) is taken", "0", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicr sgi IPRIORITYR7 32-bit", "a0a0a000", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicr sgi IPRIORITYR7 32-bit write .*", "58585800", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicr sgi ICFGR1 32-bit write .*", "8020a08", "PPIs 25, 26 and 28 are the hypervisor's"),
    (r"gicd (IGROUPR1 32-bit write ffffffff|(ENABLER|PENDR|ACTIVER) all set)", "22", "SPIs of the cell only: 33 and 37"),
    (r"gicd ICFGR write ffffffff", "808", "SPIs of the cell only"),
    (r"gicd IPRIORITYR 250 .*", "0", "SPIs of the cell only"),
    (r"gic[dr] IPRIORITYR \d+ 8-bit ff", "f8", "five bits of priority, as its CPU interface; QEMU's distributor keeps eight"),
    (r"gicr sgi IPRIORITYR0 32-bit write .*", "58585858", "five bits of priority"),
    (r"gicd IROUTER write f+7f+", "ff00ffffff", "bits without meaning read as zero"),
    (r"gicr (I[SC]ACTIVER.*)", "48800000", "ISACTIVER does not make SGIs active"),
    (r"gicr ACTIVER all set", "e9ff0000", "ISACTIVER does not make SGIs active"),
    (r"gicr sgi ISACTIVER0 32-bit write .*", "485a0000", "ISACTIVER does not make SGIs active"),
    (r"state SGI: made active", "3ff", "ISACTIVER does not make SGIs active"),
    (r"state SGI: made active, set pending", "100005", "ISACTIVER does not make SGIs active"),
    (r"state (?!SGI).*: made active by ISACTIVER, DIR", "103ff", "DIR ends what was acknowledged, not what ISACTIVER made active"),
    (r"an SPI of CPU 0 after DIR by CPU 1", "1", "DIR ends what the same CPU has acknowledged"),
    (r"state level line: line was up.*", "100025|25", "what a CPU was given stays pending when its line falls"),
    (r"timer \w+: was due.*", r"1010|1b|1e", "what a CPU was given stays pending when its line falls"),
    (r"priority changed while pending: .*", "3ff|ff", "a pending interrupt keeps the priority that it became pending with"),
    (r"many nested: [4-7]", "3ff", "as many active at once as there are list registers: four here"),
    (r"many nested: levels", "4", "as many active at once as there are list registers: four here"),
    (r"groups: SGI of group 0 by register 0", "1", "one security state: SGI1R makes SGIs of both groups; QEMU's does not"),
    (r"redistributor after CPU_ON and CPU_OFF: .*", "0", "CPU_OFF switches the redistributor off, as firmware does"),
    # the CPU
    (r"id_aa64pfr0_el1 read", "1000222", "ID registers are not trapped: EL2 shows"),
    (r"id_pfr1_el1 read", "10011001", "ID registers are not trapped: EL2 shows"),
    (r"(oslsr_el1|dbgclaimset_el1) read|dbgbvr0_el1 after that", "0", "debug is hidden"),
    (r"pm(cr|ceid0|cntenset|xevtyper)_el0 read", "0", "the PMU is hidden"),
    (r"s3_1_c1[15]_.* read", UNDEFINED, "what is implementation defined is the machine's"),
    (r"smc #0", "0", "a cell has PSCI by SMC, too"),
    (r"entry \(.*\): SCTLR", "30d00800", "RES1 bits only, whatever CPU it is"),
    # firmware
    (r"PSCI SMCCC_VERSION", "10001", "a cell has SMCCC 1.1"),
    (r"PSCI (SMCCC_ARCH_FEATURES of itself|PSCI_FEATURES of SMCCC_VERSION)", "0", "a cell has SMCCC 1.1"),
    (r"PSCI AFFINITY_INFO of level .*", "fffffffe", "single CPUs only, as PSCI 1.0 allows"),
]


def observations(text: str) -> dict[str, str]:
    found = re.findall(r"^see (.*) -> (.*)$", text, re.M)
    assert len(dict(found)) == len(found), "two observations have one name"
    assert len(found) >= FEWEST, f"{len(found)} observations only:\n{text[-2000:]}"
    return dict(found)


def differences(bare: dict[str, str], cell: dict[str, str]) -> Iterator[str]:
    """What is neither the same nor wanted."""
    for what in sorted(bare.keys() | cell.keys()):
        wanted = next((value for pattern, value, _why in WANTED if re.fullmatch(pattern, what)), None)
        seen = cell.get(what, "(nothing)")
        if wanted and not re.fullmatch(wanted, seen):
            yield f"{what}: {seen} in a cell, where {wanted} is wanted"
        elif not wanted and seen != bare.get(what, "(nothing)"):
            yield f"{what}: {seen} in a cell, {bare.get(what, '(nothing)')} on the bare machine"


def complete(report: Ktap) -> None:
    assert report.results and not report.failures, report.failures


def on_bare(cpus: int) -> str:
    """What it prints without a hypervisor. It switches the machine off at its end."""
    make_files()
    command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", str(cpus), "-m", "512",
               "-nic", "none", "-display", "none", "-monitor", "none", "-serial", "stdio",
               "-device", "edu,addr=02.0", "-kernel", str(BUILD / f"inmates/tests/{PROGRAM}.elf")]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * TIME_SCALE, check=True,
                            preexec_fn=die_with_parent)
    return result.stdout.replace("\r", "")


def in_cell(cpus: int, mutation: str = "NONE") -> str:
    with alone(PROGRAM, mutation, cpus=list(range(cpus)), devices=["serial0", EDU], smmu={"stage1": False}) as vm:
        vm.wait(r"# \d+ failed", 60)
        vm.log_file.flush()
        return vm.log.read_text(encoding="utf-8", errors="replace").replace("\r", "")


@pytest.mark.parametrize("cpus", [1, 2])
def test_as_on_a_bare_machine(cpus: int):
    bare, cell = on_bare(cpus), in_cell(cpus)
    complete(parse_ktap(bare))
    complete(parse_ktap(cell))
    found = list(differences(observations(bare), observations(cell)))
    assert not found, "\n".join(found)
    if cpus == 2:
        unused = [pattern for pattern, _value, _why in WANTED
                  if not any(re.fullmatch(pattern, what) for what in observations(bare))]
        assert not unused, "nothing is observed that these are about"
    for lost in list(observations(cell))[::100]:		# and it would be seen
        less = {what: value for what, value in observations(cell).items() if what != lost}
        assert list(differences(observations(bare), less)) and list(differences(observations(bare), {**less, lost: "5eed"}))


def test_unfiltered_distributor_is_caught():
    found = list(differences(observations(on_bare(1)), observations(in_cell(1, "GICD_NO_FILTER"))))
    assert any(difference.startswith("gicd ENABLER all set: ffffffff") for difference in found), "\n".join(found)
