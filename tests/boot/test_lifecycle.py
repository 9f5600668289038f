# SPDX-License-Identifier: GPL-2.0-only
"""The life of a cell that talks: the communication page, stopping by request, watchdogs, restart policies; the root
cell's end; and cells that cannot be made, which leave nothing behind."""

import re
import struct
from contextlib import contextmanager
from typing import Iterator

import pytest
import ruamel.yaml

from conftest import GROUP
from harness import (BUILD, SYSTEM, Root, Variant, Vm, cell_config, cloister, hypervisor, make_board, make_files, make_initrd,
                     write_yaml)
from life_cells import END_HANG, END_PANIC, heart

pytestmark = GROUP("lifecycle")

PAGE = 4096
IMG_TOTAL_SIZE = 64 + 48	# of struct cloister_image, behind the Image header
HYP_BASE, HYP_SIZE = 0x40200000, 126 << 20	# as configs/arm64/qemu-virt/system.yaml says


# ---- the communication page ----

def comm(root: Root, cell: str) -> dict:
    return root.show(cell).get("comm", {})


def test_start_waits_until_the_inmate_is_up(root: Root):
    root.control("cell create /cells/heart-ready.cell; cloisterctl cell load /cells/heart-ready.cell")
    sentence = root.refused("cell start heart-ready --wait --timeout 300")
    assert "has not said that it is up for 300 ms" in sentence
    assert comm(root, "heart-ready")["state"] == "starting"
    output = root.control("cell restart heart-ready --force --wait")
    assert "cell heart-ready is up" in output
    found = comm(root, "heart-ready")
    assert found["state"] == "running"
    root.vm.run("usleep 300000")
    assert comm(root, "heart-ready")["heartbeat"] > found["heartbeat"]
    line = root.vm.run("cat /sys/devices/virtual/misc/cloister/cells/heart-ready/comm")
    assert re.fullmatch(r"1 state 1 heartbeat \d+\n", line)


def test_start_does_not_wait_for_what_cannot_come(root: Root):
    root.control("cell create /cells/hello.cell; cloisterctl cell load /cells/hello.cell")
    assert "no communication page" in root.refused("cell start hello --wait")
    assert root.show("hello")["state"] == "loaded"


def test_start_does_not_wait_for_the_dead(root: Root):
    root.control("cell create /cells/heart-stuck.cell; cloisterctl cell load /cells/heart-stuck.cell")
    assert "failed: no heartbeat" in root.refused("cell start heart-stuck --wait")


def test_stop_asks_first(root: Root):
    begin = root.start("heart-watched")
    root.vm.wait_serial1("^heart: has a page, request 0", begin)
    assert "stopped" in root.control("cell stop heart-watched")
    assert "heart: asked to stop" in root.vm.serial1_text()[begin:]
    assert root.show("heart-watched")["state"] == "stopped"


def test_stop_does_not_wait_for_ever(root: Root):
    begin = root.start("heart-deaf")
    root.vm.wait_serial1("^heart: has a page", begin)
    assert "has not answered" in root.control("cell stop heart-deaf --timeout 400 2>&1")
    assert root.show("heart-deaf")["state"] == "stopped"


def test_stop_by_force_does_not_ask(root: Root):
    begin = root.start("heart-watched")
    root.vm.wait_serial1("^heart: has a page", begin)
    root.control("cell stop heart-watched --force")
    assert "asked" not in root.vm.serial1_text()[begin:]


def test_request_does_not_survive_a_restart(root: Root):
    """What was asked of the last run is not asked of the next."""
    begin = root.start("heart-deaf")
    root.vm.wait_serial1("^heart: has a page", begin)
    begin = len(root.vm.serial1_text())
    root.control("cell restart heart-deaf --timeout 100 2>/dev/null")
    root.vm.wait_serial1("^heart: has a page, request 0", begin)
    assert root.show("heart-deaf")["starts"] == 2


def test_garbage_in_the_page_harms_nobody(root: Root):
    """An inmate that writes to all of it, as fast as it can, while it is looked at and asked."""
    begin = root.start("heart-garbage")
    root.vm.wait_serial1("^heart: end 7", begin)
    root.vm.run("for i in $(seq 50); do cloisterctl cell list; cloisterctl cell show heart-garbage; done > /dev/null")
    assert root.show("heart-garbage")["state"] == "running", "garbage is as good a heartbeat as any"
    root.control("cell stop heart-garbage --timeout 200 2>/dev/null")
    assert root.is_alive()


# ---- the watchdog ----

@pytest.mark.parametrize("cell", ["heart-hang", "heart-stuck", "heart-cpu-off"])
def test_watchdog(root: Root, cell: str):
    """A loop with all exceptions masked; an inmate that never gets up; one whose only CPU is off."""
    root.start(cell)
    shown = root.wait_state(cell, "failed", 15)
    assert "heartbeat" in shown["reason"]["text"]
    reason = root.vm.run(f"cat /sys/devices/virtual/misc/cloister/cells/{cell}/reason")
    assert reason.startswith("watchdog info ")
    if cell == "heart-hang":
        assert int(shown["reason"]["info"], 16) == 50, "the count at which it stood still"
        assert 0x40000000 <= int(shown["reason"]["pc"], 16) < 0x42000000, "where it hung"


def test_watchdog_is_content_and_cheap(root: Root):
    """A cell that beats lives, at one interrupt a period."""
    root.start("heart-watched")
    root.vm.run("usleep 500000")
    before = root.stats("heart-watched")["exits_irq"]
    root.vm.run("usleep 5000000")
    assert root.show("heart-watched")["state"] == "running"
    assert 2 <= root.stats("heart-watched")["exits_irq"] - before <= 40


def test_watchdog_does_not_outlive_its_cell(root: Root):
    """Its timer is of a CPU that has another cell, or Linux, soon."""
    root.start("heart-watched")
    root.destroy("heart-watched")
    begin = root.start("hello")
    root.vm.wait_serial1("^hello: tick 4", begin)
    assert root.show("hello")["state"] == "running"


# ---- restart policies of cells that Linux made ----

@pytest.fixture
def watched(root: Root) -> Iterator[Root]:
    yield root
    root.vm.status("kill $WATCHER; wait $WATCHER")


def watch(root: Root, cell: str) -> None:
    root.start(cell)
    root.vm.run(f"cloisterctl cell watch /cells/{cell}.cell > /tmp/watched 2>&1 & WATCHER=$!; true")


def wait_starts(root: Root, cell: str, starts: int) -> None:
    root.vm.run(f"for i in $(seq 150); do [ $(cloisterctl cell stats {cell} | grep started | grep -o '[0-9]*$') -ge {starts} ] "
                "&& break; usleep 200000; done", 40)
    assert root.show(cell)["starts"] == starts


def test_restart_on_failure(watched: Root):
    watch(watched, "heart-panic")
    wait_starts(watched, "heart-panic", 4)
    watched.wait_state("heart-panic", "failed")
    watched.vm.run("usleep 1500000")
    assert watched.show("heart-panic")["starts"] == 4, "three times and no more"
    assert "it was restarted 3 times in 600 seconds" in watched.vm.run("cat /tmp/watched")


def test_no_restart_of_what_went_by_itself(watched: Root):
    watch(watched, "heart-quits")
    watched.wait_state("heart-quits", "stopped")
    watched.vm.run("usleep 1500000")
    assert watched.show("heart-quits")["starts"] == 1


def test_restart_always(watched: Root):
    watch(watched, "heart-always")
    wait_starts(watched, "heart-always", 3)


def test_restart_after_reset(watched: Root):
    watch(watched, "heart-reset")
    wait_starts(watched, "heart-reset", 2)


def test_no_restart_of_what_was_stopped(watched: Root):
    begin = len(watched.vm.serial1_text())
    watch(watched, "heart-panic")
    watched.vm.wait_serial1("^heart: has a page", begin)
    watched.control("cell stop heart-panic --force")
    watched.vm.run("usleep 1000000")
    assert watched.show("heart-panic")["starts"] == 1


def test_no_restart_of_what_was_asked_to_stop(watched: Root):
    """Its policy is `always`, but to switch off is how it answers."""
    begin = len(watched.vm.serial1_text())
    watch(watched, "heart-off")
    watched.vm.wait_serial1("^heart: has a page", begin)
    assert "it switched itself off" in watched.control("cell stop heart-off")
    watched.vm.run("usleep 1000000")
    assert watched.show("heart-off")["starts"] == 1


def test_watch_needs_a_policy(root: Root):
    assert "restart: never" in root.refused("cell watch /cells/hello.cell")


def test_restart_needs_to_know_what(root: Root):
    root.control("cell create /cells/second.cell")
    assert "it is not known what was loaded into cell second" in root.refused("cell restart second")
    root.control("cell restart /cells/second.cell")
    root.control("cell restart second")
    assert root.show("second")["starts"] == 2


def test_uevents(root: Root):
    """A hang is told to who listens, with its reason, and so is that a cell is up."""
    root.vm.run("cat > /tmp/helper <<'END'\n#!/bin/sh\n"
                "[ -n \"$CELL\" ] && echo \"$CELL $STATE reason $REASON comm $COMM starts $STARTS\" >> /tmp/events\nEND\n"
                "chmod +x /tmp/helper; rm -f /tmp/events; busybox uevent /tmp/helper > /dev/null & LISTENER=$!; true")
    root.start("heart-hang")
    root.wait_state("heart-hang", "failed", 15)
    root.vm.run("usleep 800000")
    events = root.vm.run("kill $LISTENER; cat /tmp/events")
    assert "heart-hang running reason 0 comm 1 starts 1" in events
    assert "heart-hang failed reason 3 comm 0 starts 1" in events


# ---- cells that cannot be made ----

class Pool:
    """The hypervisor's page pool, as something that can write to its memory sees it: a bitmap at the pool's start."""

    def __init__(self, root: Root):
        self.root = root
        header = (Variant().directory / "system.img").read_bytes()[:256]
        start = HYP_BASE + (struct.unpack_from("<Q", header, IMG_TOTAL_SIZE)[0] + PAGE - 1) // PAGE * PAGE
        pages = (HYP_BASE + HYP_SIZE - start) // PAGE
        assert root.json("version")["pool_pages"] == pages
        self.start, self.size, self.pages = start, (pages + 63) // 64 * 8, pages

    def read(self) -> int:
        return int.from_bytes(self.root.vm.memory(self.start, self.size), "little")

    def write(self, used: int) -> None:
        self.root.vm.bus(f"write {self.start:#x} {self.size} 0x{used.to_bytes(self.size, 'little').hex()}")

    def leave(self, used: int, count: int) -> None:
        """Of the free pages that come first only so many are left; `used` is what is really in use."""
        self.write((1 << self.pages) - 1 & ~self.first_free(used, count))

    def first_free(self, used: int, count: int) -> int:
        """The bits of those pages."""
        free = [page for page in range(self.pages) if not used >> page & 1][:count]
        return sum(1 << page for page in free)


def everything(root: Root) -> tuple:
    """What a cell could have taken and not given back."""
    return (root.cells(), root.vm.run("nproc; ls /sys/bus/pci/devices /sys/devices/virtual/misc/cloister/cells"),
            root.json("version")["pool_free"], root.show("root")["cpus"])


@pytest.mark.parametrize("cell", ["dma", "edu-stage1"])
def test_no_page_is_left(root: Root, cell: str):
    """The pool has 0, 1, 2, ... pages: each step of making a cell fails once, and leaves all as it was."""
    root.control(f"cell create /cells/{cell}.cell; cloisterctl cell destroy {cell}")
    pool, before, sentences = Pool(root), everything(root), set()
    used = pool.read()
    for count in range(100):
        pool.leave(used, count)
        status, text = root.vm.status(f"cloisterctl cell create /cells/{cell}.cell")
        found = pool.read()
        if not status:
            break
        pool.write(used)
        assert not found & pool.first_free(used, count), f"with {count} pages something was kept: {text}"
        assert everything(root) == before, f"with {count} pages: {text}"
        sentences.add(text.strip())
    pool.write(used | found & pool.first_free(used, count))
    assert count > 5 and len(sentences) >= 3, f"{count} pages, {sentences}"
    root.control(f"cell destroy {cell}")
    assert everything(root) == before
    assert "ok" in root.vm.run("edu-dma test")


def test_last_cpu_stays(root: Root):
    """Of three CPUs two can leave, then Linux has only one."""
    before = everything(root)
    root.vm.run("echo 0 > /sys/devices/system/cpu/cpu0/online")
    assert "cpu 3 cannot leave Linux" in root.refused("cell create /cells/revive.cell")
    root.vm.run("echo 1 > /sys/devices/system/cpu/cpu0/online")
    assert everything(root) == before


def test_cpu_is_taken(root: Root):
    root.start("hello")
    before = everything(root)
    assert "cpu 3 belongs to cell hello" in root.refused("cell create /cells/smp.cell")
    assert everything(root) == before


# ---- cells of the image: the hypervisor's to restart ----

@contextmanager
def boot_system(name: str, root_exit: str, boot: list, cells: tuple = (), bootargs: str = "") -> Iterator[Root]:
    """The usual machine with cells that start at boot, a policy for the root cell's end, and cells for Linux to make."""
    variant = Variant(f"life-{name}")
    make_files()
    variant.directory.mkdir(parents=True, exist_ok=True)
    system = ruamel.yaml.YAML().load(SYSTEM.read_text())
    system["root_exit"], system["boot"] = root_exit, boot
    system["root"]["bootargs"] += f" quiet {bootargs}"
    taken = {cpu for cell in boot for cpu in cell["cpus"]}
    system["root"]["cpus"] = [cpu for cpu in range(4) if cpu not in taken]
    if any(cell["devices"] for cell in boot):
        del system["cell_devices"]
    options = ["--board", make_board(variant), "--search", variant.directory, "--search", BUILD]
    whole = write_yaml(variant.directory / "system.yaml", system)
    made = []
    for cell in cells:
        config = write_yaml(variant.directory / f"{cell['cell']}.yaml", cell)
        made.append(config.with_suffix(".cell"))
        cloister("compile", whole, "--cell", config, "-o", made[-1], *options)
    system["root"]["initrd"] = str(make_initrd(variant, made))
    image = variant.directory / "system.img"
    cloister("pack", write_yaml(whole, system), "--hypervisor", hypervisor(variant), "-o", image, *options)
    vm = Vm(variant.machine, image, variant.directory / "console.log")
    try:
        vm.login()
        yield Root(vm)
    finally:
        vm.stop()


def boot_heart(name: str, cpu: int, ram: int, serial: bool, **more) -> dict:
    return {**cell_config(name, "tests/heart", cpus=[cpu], serial=serial, ram=ram, size="8M"), **more}


KEPT = boot_heart("kept", 3, 0x54000000, False, **heart(watchdog=1000))


@pytest.fixture(scope="module")
def booted() -> Iterator[Root]:
    """One cell that hangs again and again, one that panics twice as often as it may, and one that goes on."""
    hangs = boot_heart("hangs", 2, 0x55000000, True, **heart(END_HANG, watchdog=300, restart={
        "policy": "on-failure", "times": 1000, "seconds": 3600}))
    panics = boot_heart("panics", 1, 0x56000000, False, **heart(END_PANIC, restart={
        "policy": "on-failure", "times": 3, "seconds": 3600}))
    with boot_system("boot", "keep", [KEPT, hangs, panics]) as root:
        yield root


def test_hypervisor_restarts_boot_cells(booted: Root):
    booted.vm.run("for i in $(seq 100); do [ $(cloisterctl cell stats hangs | grep started | grep -o '[0-9]*$') -ge 4 ] && break; "
                  "usleep 200000; done", 60)
    assert booted.show("hangs")["starts"] >= 4
    assert booted.vm.serial1_text().count("heart: has a page, request 0") >= 4, "each time it starts at the beginning"
    assert booted.show("kept")["starts"] == 1 and booted.show("kept")["state"] == "running"


def test_hypervisor_keeps_to_the_limit(booted: Root):
    shown = booted.wait_state("panics", "failed", 60)
    booted.vm.run("usleep 1500000")
    assert booted.show("panics")["starts"] == 4 and shown["reason"]["code"] == 4


# ---- the root cell's end ----

ROOT_ENDS = {"poweroff": "poweroff -f", "reboot": "reboot -f", "panic": "echo c > /proc/sysrq-trigger"}


def end_root(root: Root, how: str) -> None:
    root.vm.console.sendline(ROOT_ENDS[how])


def second() -> dict:
    return cell_config("second", "tests/hello", cpus=[2])


@pytest.mark.parametrize("how", ["reboot", "panic"])
def test_root_restarts(how: str):
    """Linux boots again from the image, with its disk and its CPUs, while a boot cell and one that Linux made go on."""
    with boot_system("restart", "restart", [KEPT], (second(),), "panic=1") as root:
        root.start("second")
        beats = comm(root, "kept")["heartbeat"]
        for starts in (2, 3):
            end_root(root, how)
            root.vm.login()
            assert int(root.vm.run("nproc")) == 2, "the other two are those of the cells"
            assert root.show("root")["starts"] == starts
            assert root.show("kept")["starts"] == 1 and root.show("second")["starts"] == 1
            assert comm(root, "kept")["heartbeat"] > beats
            begin = len(root.vm.serial1_text())
            root.vm.wait_serial1("^hello: tick", begin)
            assert "16384" in root.vm.run("dd if=/dev/nvme0n1 bs=1M count=8 2>/dev/null | wc -c | xargs -I% expr % / 512")


def test_root_that_is_switched_off_stays_off():
    """The person who did that meant it; the cells go on."""
    with boot_system("restart", "restart", [], (second(),)) as root:
        root.start("second")
        end_root(root, "poweroff")
        begin = len(root.vm.serial1_text())
        for _ in range(6):
            begin = root.vm.wait_serial1("^hello: tick", begin, 20).end()
        assert root.vm.console.isalive() and "Linux version" not in root.vm.tail(5)


@pytest.mark.parametrize("how", ROOT_ENDS)
def test_root_takes_the_machine_with_it(how: str):
    with boot_system("halt", "halt", [], (second(),), "panic=1") as root:
        root.start("second")
        end_root(root, how)
        root.vm.wait_end(30)
