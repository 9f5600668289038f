# SPDX-License-Identifier: GPL-2.0-only
"""The life of cells: created, loaded, running, stopped or failed, destroyed, and again; alone and beside each other."""

import os

import pytest

import checks
from conftest import GROUP
from harness import Root

pytestmark = GROUP("a57")

ROUNDS = int(os.environ.get("CLOISTER_ROUNDS", "50"))	# of create, load, start, stop, destroy


def test_the_demo(root: Root):
    """The main job's cell, from its YAML in configs/."""
    begin = root.start("rtos0")
    root.vm.wait_serial1("^edu-dma: done", begin)
    output = root.vm.serial1_text()[begin:]
    assert output.count(": stopped") == 8 and "FAILED" not in output and "REACHED" not in output
    assert int(root.vm.run("nproc")) == 3
    assert root.show("rtos0")["state"] == "running"
    stats = root.stats("rtos0")
    assert stats["dma_read_violations"] == 16 and stats["dma_write_violations"] == 16
    assert stats["irqs_injected"] > 0


def test_everything_comes_back(root: Root):
    root.start("rtos0")
    assert root.vm.status("test -e /sys/bus/pci/devices/0000:00:02.0")[0], "the function left Linux"
    root.control("cell stop rtos0")
    root.control("cell destroy rtos0")
    assert int(root.vm.run("nproc")) == 4
    assert "ok" in root.vm.run("edu-dma test")
    root.vm.run("insmod /test/edu_test.ko && rmmod edu_test")
    assert root.cells() == ["root"]


def test_states(root: Root):
    root.control("cell create /cells/hello.cell")
    assert root.show("hello")["state"] == "created"
    root.control("cell load /cells/hello.cell")
    assert root.show("hello")["state"] == "loaded"
    root.control("cell start hello")
    assert root.show("hello")["state"] == "running"
    root.control("cell stop hello")
    assert root.show("hello")["state"] == "stopped"
    root.control("cell load /cells/hello.cell")
    begin = len(root.vm.serial1_text())
    root.control("cell start hello")
    root.vm.wait_serial1("^hello: tick 2", begin)
    assert root.show("hello")["starts"] == 2
    root.control("cell stop hello")
    root.control("cell destroy hello")


def test_c_library(root: Root):
    checks.inmate_passes(root, "picolibc")
    root.destroy("picolibc")


def test_uses_no_more_memory_after_a_cell(root: Root):
    root.start("rtos0")
    root.destroy("rtos0")
    before = root.json("version")["pool_free"]
    root.start("rtos0")
    root.destroy("rtos0")
    assert root.json("version")["pool_free"] == before


def test_again_and_again(root: Root):
    life = " && ".join(f"cloisterctl cell {step}" for step in (
        "create /cells/rtos0.cell", "load /cells/rtos0.cell", "start rtos0", "stop rtos0", "destroy rtos0"))
    script = f"for i in $(seq {{n}}); do {life} || exit 1; done"
    root.vm.run(f"( {script.format(n=1)} )")
    before = root.json("version")["pool_free"]
    root.vm.run(f"( {script.format(n=ROUNDS)} )", 3 * ROUNDS)
    assert root.json("version")["pool_free"] == before
    assert int(root.vm.run("nproc")) == 4
    assert "ok" in root.vm.run("edu-dma test")


def test_two_cells_at_once(root: Root):
    """One with the device, one with the other UART; neither notices the other."""
    root.start("edu-quiet")
    begin = len(root.vm.serial1_text())
    root.control("cell create /cells/hello-cpu2.cell")
    root.control("cell load /cells/hello-cpu2.cell")
    root.control("cell start hello-cpu2")
    root.vm.wait_serial1("^hello: tick 3", begin)
    root.vm.run("for i in $(seq 150); do cloisterctl cell console edu-quiet | grep -q ' failed' && break; usleep 200000; "
                "done", 60)
    output = root.control("cell console edu-quiet")
    assert "# 0 failed" in output, output
    assert sorted(root.cells()) == ["edu-quiet", "hello-cpu2", "root"]
    assert int(root.vm.run("nproc")) == 2
    root.destroy("edu-quiet")
    begin = len(root.vm.serial1_text())
    root.vm.wait_serial1("^hello: tick", begin)


def test_hypercall_console(root: Root):
    root.control("cell create /cells/second.cell")
    root.control("cell load /cells/second.cell")
    root.control("cell start second")
    root.vm.run("for i in $(seq 50); do cloisterctl cell console second | grep -q 'tick 2' && break; usleep 200000; done", 30)
    assert "hypercall console" in root.control("cell console second")


@pytest.mark.parametrize("program, state, text", [
    ("fault", "failed", "0x60000000"),
    ("fault-exec", "failed", "0x60000000"),
    ("panic", "failed", "0x2a"),
    ("off", "stopped", "off"),
    ("reset", "stopped", "reset"),
])
def test_inmates_that_end(root: Root, program: str, state: str, text: str):
    """A cell that ends harms nobody; its state and reason are shown."""
    root.start(program)
    root.wait_state(program, state)
    assert text in root.control(f"cell show {program}").lower()
    assert "STILL HERE" not in root.vm.serial1_text()
    assert int(root.vm.run("nproc")) == 3
    root.control(f"cell destroy {program}")
    assert int(root.vm.run("nproc")) == 4


def test_inmate_that_loops_with_interrupts_off(root: Root):
    begin = root.start("spin")
    root.vm.wait_serial1("^spin:", begin)
    root.control("cell stop spin")
    assert root.show("spin")["state"] == "stopped"
    root.control("cell destroy spin")
    assert int(root.vm.run("nproc")) == 4


def test_failed_cell_starts_again(root: Root):
    root.start("fault")
    root.wait_state("fault", "failed")
    root.control("cell load /cells/fault.cell")
    root.control("cell start fault")
    root.wait_state("fault", "failed")
    assert root.show("fault")["starts"] == 2


class TestRefusals:
    """Each error is a sentence that names what is wrong, and changes nothing."""

    def test_second_cell_of_the_same_name(self, root: Root):
        root.control("cell create /cells/hello.cell")
        assert "hello" in root.refused("cell create /cells/hello.cell")
        assert len(root.cells()) == 2

    def test_memory_of_another_cell(self, root: Root):
        root.control("cell create /cells/hello.cell")
        free = root.json("version")["pool_free"]
        assert "hello" in root.refused("cell create /cells/rival.cell")
        assert root.json("version")["pool_free"] == free
        assert int(root.vm.run("nproc")) == 3

    def test_cpu_of_another_cell(self, root: Root):
        root.control("cell create /cells/hello.cell")
        sentence = root.refused("cell create /cells/same-cpu.cell")
        assert "cpu 3" in sentence.lower() and "hello" in sentence
        assert root.cells() == ["root", "hello"]

    def test_start_without_load(self, root: Root):
        root.control("cell create /cells/hello.cell")
        assert "hello" in root.refused("cell start hello")

    def test_unknown_cell(self, root: Root):
        for command in ("load", "start", "stop", "destroy", "show", "stats", "console"):
            assert "nobody" in root.refused(f"cell {command} nobody" + (" /init" if command == "load" else ""))

    def test_the_root_cell_is_not_managed(self, root: Root):
        for command in ("start", "stop", "destroy"):
            assert root.refused(f"cell {command} root")
        assert root.is_alive()

    def test_running_cell_is_not_loaded(self, root: Root):
        root.start("hello")
        assert "hello" in root.refused("cell load /cells/hello.cell")

    def test_file_that_is_no_cell(self, root: Root):
        assert "/init" in root.refused("cell create /init")
        assert "/none" in root.refused("cell create /none.cell")


@pytest.mark.parametrize("delay", [0, 2, 5, 10, 20, 40, 80, 160])
def test_killed_cloisterctl_leaves_no_half_cell(root: Root, delay: int):
    """Killed at any moment: either the cell is there, whole, or it isn't."""
    free = root.json("version")["pool_free"]
    root.vm.run(f"cloisterctl cell create /cells/rtos0.cell & pid=$!; usleep {delay * 1000}; kill -9 $pid; wait $pid; true")
    if "rtos0" in root.cells():
        assert root.show("rtos0")["state"] == "created"
        root.control("cell load /cells/rtos0.cell")
        root.control("cell start rtos0")
        root.control("cell stop rtos0")
        root.control("cell destroy rtos0")
    assert int(root.vm.run("nproc")) == 4
    assert root.json("version")["pool_free"] == free
    assert "ok" in root.vm.run("edu-dma test")
