# SPDX-License-Identifier: GPL-2.0-only
"""What can be seen of cells from the root cell: counters of cells and CPUs, the log, their JSON; and that a cell which
floods hides nothing of the others."""

import json
import re

import pytest

from conftest import GROUP
from harness import Root

pytestmark = GROUP("a57")

CAUSES = ("hypercall", "smccc", "mmio", "sysreg", "irq", "fault", "other")
SYSFS = "/sys/devices/virtual/misc/cloister/cells"
HEADER = "STATE   CALLS  MMIO  SYSR   IRQ FAULT OTHER   INJ DMA-V   CMD EVENT"


# ---- counters ----

def exits(counts: dict) -> list[int]:
    return [counts[f"exits_{cause}"] for cause in CAUSES]


def test_counters_of_a_cell_and_its_cpus(root: Root):
    """Of a cell at rest: its CPUs' counters are the cell's, one by one, and sysfs says the same."""
    root.run_inmate("smp")
    root.control("cell stop smp")
    stats = root.stats("smp")
    cpus = stats["cpus"]
    assert [cpu["cpu"] for cpu in cpus] == [2, 3] and not any(cpu["on"] for cpu in cpus)
    assert [sum(counts) for counts in zip(*map(exits, cpus))] == exits(stats)
    assert sum(cpu["irqs_injected"] for cpu in cpus) == stats["irqs_injected"] > 0
    assert all(cpu["exits_smccc"] and cpu["exits_other"] for cpu in cpus) and stats["exits_irq"]
    lines = root.vm.run(f"cat {SYSFS}/smp/cpu_statistics").split("\n")
    assert lines == [" ".join(map(str, [cpu["cpu"], "off", *exits(cpu), cpu["irqs_injected"]])) for cpu in cpus] + [""]
    for name in ("smmu_commands", "smmu_events", "exits_fault"):
        assert int(root.vm.run(f"cat {SYSFS}/smp/statistics/{name}")) == stats[name]


def test_counters_of_the_root_cell(root: Root):
    """It has those CPUs that it has not given away; what one counted stays in the cell's sum."""
    root.vm.run("usleep 100000")
    before = root.stats("root")
    assert [cpu["cpu"] for cpu in before["cpus"]] == [0, 1, 2, 3] and all(cpu["on"] for cpu in before["cpus"])
    root.control("cell create /cells/hello.cell")
    after = root.stats("root")
    assert [cpu["cpu"] for cpu in after["cpus"]] == [0, 1, 2]
    assert all(now >= then for now, then in zip(exits(after), exits(before)))


def test_causes(root: Root):
    """Hypercalls, faults and emulated accesses are told apart."""
    before = root.stats("root")
    for _ in range(5):
        root.control("version")
    root.vm.status("devmem 0x3f800000 32")
    after = root.stats("root")
    assert after["exits_hypercall"] >= before["exits_hypercall"] + 10
    assert before["exits_fault"] < after["exits_fault"] < before["exits_fault"] + 10
    assert after["exits_mmio"] < 1 << 60 and after["exits_smccc"] < 1 << 60, "one is counted below zero"


def test_smmu_counters(root: Root):
    root.run_inmate("smmu-stage1")
    stats = root.stats("smmu-stage1")
    assert stats["smmu_commands"] > 3 and stats["smmu_events"] > 0 and stats["dma_other_events"] > 0
    assert root.stats("root")["smmu_commands"] == 0


# ---- the table ----

def rows(text: str) -> dict[str, list[str]]:
    return {line[:11].strip(): line[11:].split() for line in text.splitlines()[1:]}


def test_table(root: Root):
    root.start("hello")
    text = root.control("cell stats")
    assert text.splitlines()[0].split() == ["NAME", *HEADER.split()]
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert list(rows(text)) == ["root", "cpu 0", "cpu 1", "cpu 2", "hello", "cpu 3"]
    assert rows(text)["hello"][0] == "running" and len(rows(text)["hello"]) == 11
    one = root.control("cell stats hello")
    assert "cell hello: running" in one and "exits: hypercalls" in one and HEADER in one


def test_watch(root: Root):
    """Rates, a block each interval where there is no terminal; on a terminal in one place."""
    root.start("storm")
    blocks = root.control("cell stats storm --watch 0.5 --count 3").split("\n\n")
    assert len(blocks) == 3
    for block in blocks:
        assert block.startswith(f"PER SECOND  {HEADER}")
        assert all(len(line) <= 80 for line in block.splitlines())
        storm = rows(block)["storm"]
        assert storm[0] == "running" and storm[1] != "0" and storm[5] != "0", block
    total = root.control("cell stats storm --watch=0.2 --count 1")
    assert "storm" in total and "root" not in total
    assert "root" in root.control("cell stats --count 1 --watch 0.2")
    root.vm.console.sendline("cloisterctl cell stats --watch 0.2 --count 2 </dev/ttyAMA0 >/dev/ttyAMA0; echo \"left $?\"")
    root.vm.wait(f"\x1b\\[HPER SECOND  {HEADER}\x1b\\[K")
    root.vm.wait(f"\x1b\\[J\x1b\\[HPER SECOND  {HEADER}\x1b\\[K")
    root.vm.wait("left 0")


def test_watch_ends_with_its_cell(root: Root):
    root.start("hello")
    sentence = root.refused("cell stats hello --watch 0.3 & WATCH=$!; sleep 1; cloisterctl cell stop hello; "
                            "cloisterctl cell destroy hello; wait $WATCH")
    assert "there is no cell hello" in sentence


@pytest.mark.parametrize("command, sentence", [
    ("cell stats --watch=0", "0 is not 0.1 to 86400 seconds"),
    ("cell stats --watch=fast", "fast is not 0.1 to 86400 seconds"),
    ("cell stats --watch 1 --count 0", "0 is not a number"),
    ("cell stats --count 3", "--count is for --watch"),
    ("cell stats nobody", "there is no cell nobody"),
    ("log --level loud", "loud is not error, warning, info or debug"),
    ("log --watch", "--watch is not an option of log"),
])
def test_bad_options(root: Root, command: str, sentence: str):
    assert sentence in root.refused(command)


def test_help(root: Root):
    overview = root.control("--help")
    for command in ("cell stats [NAME]", "cell console NAME", "log", "version"):
        assert command in overview
    text = root.control("cell stats --help")
    for word in ("--watch [SECONDS]", "--count N", "--json", "CALLS", "DMA-V", "EVENT"):
        assert word in text
    assert "--level" in root.control("log --help") and "--pty" in root.control("cell console --help")


# ---- JSON ----

def test_json_of_every_listing(root: Root):
    root.control("cell create /cells/dma.cell")
    assert {cell["name"] for cell in root.json("cell list")} == {"root", "dma"}
    assert root.json("cell show dma")["functions"] == ["0000:00:02.0"]
    keys = {"name", "id", "state", "starts", "irqs_injected", "dma_read_violations", "dma_write_violations", "dma_other_events",
            "dma_untrusted", "smmu_commands", "smmu_events", "mmio_violations", "table_pages", "last_dma", "cpus",
            *(f"exits_{cause}" for cause in CAUSES)}
    assert set(root.json("cell stats dma")) == keys
    assert [set(cell) for cell in root.json("cell stats")] == [keys, keys]
    assert set(root.json("version")) >= {"cloisterctl", "driver", "hypervisor", "build", "pool_free"}
    for line in root.control("cell stats --watch 0.2 --count 2 --json").splitlines():
        assert [cell["name"] for cell in json.loads(line)] == ["root", "dma"]
    log = root.json("log")
    assert log[-1]["text"] == "cell dma: created" and set(log[-1]) == {"time", "level", "text"}
    assert all(line["level"] in ("error", "warning", "info", "debug") for line in log)
    assert [line["time"] for line in log] == sorted(line["time"] for line in log)


# ---- the log ----

def test_log_levels(root: Root):
    root.start("fault")
    root.wait_state("fault", "failed")
    assert "cell fault: running" in root.log()
    warnings = root.control("log --level warning")
    assert "cell fault: failed" in warnings and not re.search(r"^\[.*\] [ID] ", warnings, re.M)
    assert {line["level"] for line in root.json("log --level w")} <= {"error", "warning"}


def test_log_follow(root: Root):
    """It goes on with what comes, in whole lines, until it is killed."""
    root.vm.run("cloisterctl log --follow --json > /tmp/follow & FOLLOW=$!; sleep 1")
    begin = int(root.vm.run("wc -l < /tmp/follow"))
    root.control("cell create /cells/hello.cell; cloisterctl cell destroy hello")
    root.vm.run("for i in $(seq 50); do grep -q destroyed /tmp/follow && break; usleep 100000; done; kill $FOLLOW; wait")
    lines = [json.loads(line) for line in root.vm.run("cat /tmp/follow").splitlines()]
    assert [line["text"] for line in lines[begin:]][0] == "cell hello: created"
    assert lines[-1]["text"] == "cell hello: destroyed"


def test_log_of_a_flood(root: Root):
    """A cell that does what is logged as fast as it can: its lines are few, and the others' are there still."""
    root.control("cell create /cells/second.cell")
    root.start("storm")
    seconds = 6
    root.vm.run(f"sleep {seconds}")
    assert root.stats("storm")["exits_fault"] > 1000 and root.stats("storm")["exits_hypercall"] > 1000
    root.control("cell destroy second")
    log = root.log()
    flood = re.findall(r"cell storm: cpu 3: read at IPA", log)
    assert 10 <= len(flood) <= 10 * (seconds.bit_length() + 2), len(flood)
    assert re.search(r"\(\d{3,} messages of the next line's source were left out\)", log)
    assert "cell second: created" in log and "cell second: destroyed" in log and "cell storm: running" in log
    root.control("cell stop storm")
    assert "cell storm: stopped" in root.log(), "its flood must not hide what becomes of it"
