# SPDX-License-Identifier: GPL-2.0-only
"""Cells without a UART: their virtual PL011, with bare-metal drivers, Debian's U-Boot and Debian's kernel, and what
`cloisterctl cell console` does with it. Its interrupt has the number of that of root Linux's own UART."""

import re
import shlex
import tarfile
import time
from pathlib import Path
from typing import Iterator

import pytest
import ruamel.yaml

from conftest import GROUP, lent
from harness import BUILD, CONFIGS, OTHER_RAM, SYSTEM, Machine, Root, Variant, Vm, cell_config, cloister, compile_options, \
    disk_ready, locked, make, make_files, make_initrd, pack, parse_ktap, write_yaml

pytestmark = GROUP("console")

MACHINE = Machine(nvme=False, virtio=True)
TTY = "/dev/ttyAMA0"
ESCAPE = "\x1d"
RING = 65536


def configs() -> Iterator[dict]:
    yield cell_config("uart", "tests/vpl011", cpus=[2, 3], serial=False)
    yield cell_config("other", "tests/vpl011", cpus=[1], serial=False, ram=OTHER_RAM)
    for name in ("uboot", "linux"):
        config = ruamel.yaml.YAML().load((CONFIGS / f"{name}.yaml").read_text())
        del config["devices"]
        yield config


def make_disk(variant: Variant, options: list) -> Path:
    """An archive of the cells, which root Linux reads from its virtio disk."""
    path = variant.directory / "virtio.tar"
    with tarfile.open(path, "w") as archive:
        for config in configs():
            config.pop("console", None)		# the default is what is tested
            name = config["cell"]
            file = write_yaml(variant.directory / f"{name}.yaml", config)
            cloister("compile", SYSTEM, "--cell", file, "-o", file.with_suffix(".cell"), *options)
            archive.add(file.with_suffix(".cell"), f"cells/{name}.cell")
    return path


@pytest.fixture(scope="module")
def machine() -> Iterator[Root]:
    make_files()
    make("build/guest/u-boot.bin", "build/guest/plain.cpio")
    variant = Variant("console", MACHINE)
    with locked(variant.directory.with_suffix(".lock")):
        options = compile_options(variant)
        system = ruamel.yaml.YAML().load(SYSTEM.read_text())
        system["root"]["initrd"] = str(make_initrd(variant, []))
        system["root"]["bootargs"] += " quiet"
        image, disk = pack(variant, system, options), make_disk(variant, options)
    with Vm(MACHINE, image, variant.directory / "console.log", disks={"virtio.img": disk}) as vm:
        vm.login()
        vm.run(f"{disk_ready('vda')}; tar x -f /dev/vda -C /", 60)
        yield Root(vm)


@pytest.fixture
def root(machine: Root, request: pytest.FixtureRequest) -> Iterator[Root]:
    yield from lent(machine, request)


class Console:
    """That of a cell, which is started."""

    def __init__(self, root: Root, cell: str):
        self.root, self.cell = root, cell
        root.start(cell)

    def text(self) -> str:
        return self.root.control(f"cell console {self.cell}")

    def wait(self, pattern: str, timeout: int = 60) -> str:
        """Waits until the text has a match; the text."""
        self.root.vm.status(f"for i in $(seq {timeout * 5}); do cloisterctl cell console {self.cell} | "
                            f"grep -qE -e {shlex.quote(pattern)} && break; usleep 200000; done", timeout + 30)
        text = self.text()
        assert re.search(pattern, text, re.M), f"'{pattern}' is not in\n{text[-3000:]}"
        return text

    def type(self, text: str) -> None:
        self.root.control(f"cell console {self.cell} --send {shlex.quote(text)}$'\\n'")


@pytest.fixture
def uart(root: Root) -> Console:
    console = Console(root, "uart")
    console.wait("vpl011: at 0x9000000, interrupt 33")
    return console


def test_registers_and_interrupt(uart: Console):
    ktap = parse_ktap(uart.text())
    assert len(ktap.results) > 12 and not ktap.failures, uart.text()


def test_input_by_interrupt(uart: Console):
    uart.type("good morning")
    found = re.search(r"vpl011: 'good morning' in (\d+) interrupts", uart.wait("vpl011: 'good"))
    assert found and 1 <= int(found[1]) <= 13
    assert uart.root.show("uart")["state"] == "running"


def test_input_before_the_start_waits(root: Root):
    root.control("cell create /cells/uart.cell")
    root.control("cell console uart --send 'early\n'")
    root.control("cell load /cells/uart.cell")
    root.control("cell start uart")
    root.vm.run("for i in $(seq 100); do cloisterctl cell console uart | grep -q 'interrupt 33' && break; usleep 200000; done")
    root.control("cell console uart --send 'second\n'")
    root.vm.run("for i in $(seq 100); do cloisterctl cell console uart | grep -q \"second' in\" && break; usleep 200000; done")


def test_more_input_than_there_is_room_for(root: Root):
    root.control("cell create /cells/uart.cell")
    root.control(f"cell console uart --send '{'x' * 64}'")
    assert "console" in root.refused("cell console uart --send y")


def test_two_cells_and_root_with_one_number(uart: Console):
    """Interrupt 33 is root Linux's UART, and a virtual one in each cell: each gets its own."""
    before = int(uart.root.vm.run(f"awk '/uart-pl011/ {{ n += $2 + $3 + $4 + $5 }} END {{ print n + 0 }}' /proc/interrupts"))
    other = Console(uart.root, "other")
    other.wait("vpl011: at 0x9000000, interrupt 33")
    uart.type("first")
    other.type("second")
    assert "'second'" not in uart.wait("vpl011: 'first' in") and "'first'" not in other.wait("vpl011: 'second' in")
    after = int(uart.root.vm.run(f"awk '/uart-pl011/ {{ n += $2 + $3 + $4 + $5 }} END {{ print n + 0 }}' /proc/interrupts"))
    assert after > before, "root Linux's UART is the one on which this test types"


def test_attack(uart: Console):
    """All accesses to the UART, and to its interrupt in the distributor: only this cell may notice."""
    for _ in range(3):
        uart.type("attack")
        uart.wait("vpl011: attacked", 120)
        uart.type("still there")
        uart.wait("vpl011: 'still there' in")
    assert uart.root.is_alive()
    assert uart.root.show("uart")["state"] == "running"


def test_flood(uart: Console):
    """Output without end: the last 64 KiB are kept, whoever reads comes to an end, others have their time."""
    other = Console(uart.root, "other")
    uart.type("flood")
    uart.wait("flood [0-9]{5}", 120)
    text = uart.text()
    assert RING - 4096 < len(text.replace("\n", "\r\n")) <= RING + 4096
    numbers = [int(number) for number in re.findall(r"^flood (\d+)$", text, re.M)][1:-1]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    other.wait("interrupt 33")
    other.type("undisturbed")
    other.wait("vpl011: 'undisturbed' in")
    start = time.monotonic()
    for _ in range(10):
        uart.root.control("cell list")
    assert time.monotonic() - start < 20
    uart.root.control("cell stop uart")


def test_what_a_dead_cell_wrote(uart: Console):
    uart.type("last words")
    uart.wait("vpl011: 'last words' in")
    uart.type("panic")
    uart.root.wait_state("uart", "failed")
    assert "vpl011: 'last words' in" in uart.text()
    uart.root.control("cell load /cells/uart.cell")
    uart.root.control("cell start uart")
    uart.root.vm.run("for i in $(seq 300); do [ $(cloisterctl cell console uart | grep -c 'vpl011: at') = 2 ] && break; "
                     "usleep 200000; done", 90)  # before, the program tries the UART, and takes what was typed
    uart.type("again")
    assert "'last words'" in uart.wait("vpl011: 'again' in"), "what was there before the restart is kept"


def test_last_words_of_a_dead_cell(uart: Console):
    """Of more output than the ring holds exactly its last 64 KiB are there when the cell is dead, and stay."""
    uart.type("burst")
    uart.root.wait_state("uart", "failed", 60)
    for _ in range(2):
        assert int(uart.root.vm.run("cloisterctl cell console uart | wc -c")) == RING
        text = uart.text()
        numbers = [int(number) for number in re.findall(r"^burst (\d+)$", text, re.M)]
        assert numbers == list(range(numbers[0], 7000)) and text.endswith("burst 6999\n")


def test_pty(uart: Console):
    """A program that knows terminals, here a shell's redirections, talks to the cell; several after one another."""
    vm = uart.root.vm
    vm.run("cloisterctl cell console uart --pty > /tmp/pty 2>&1 & PTY=$!; for i in $(seq 50); do [ -s /tmp/pty ] && break; "
           "usleep 100000; done")
    path = vm.run("cat /tmp/pty").strip()
    assert re.fullmatch(r"/dev/pts/\d+", path)
    assert vm.run("readlink /run/cloister/uart.pty").strip() == path
    for word in ("one", "two"):
        vm.run(f"( timeout 20 cat {path} > /tmp/said & printf 'pty {word}\\r' > /run/cloister/uart.pty; for i in $(seq 100); do "
               f"grep -q \"'pty {word}' in\" /tmp/said && break; usleep 100000; done; kill %1 2>/dev/null )", 60)
        assert f"vpl011: 'pty {word}' in" in vm.run("cat /tmp/said")
    assert "vpl011: 'pty two' in" in uart.text(), "others can read, too"
    vm.run("kill $PTY; wait $PTY; test ! -e /run/cloister/uart.pty && test ! -L /run/cloister/uart.pty")


def test_pty_of_a_cell_that_goes(uart: Console):
    vm = uart.root.vm
    vm.run("cloisterctl cell console uart --pty > /tmp/pty 2>&1 & PTY=$!; sleep 1")
    uart.root.destroy("uart")
    status, _ = vm.status("wait $PTY")
    assert status == 1 and "cloisterctl: cannot" in vm.run("cat /tmp/pty")
    vm.run("test ! -L /run/cloister/uart.pty")


def test_terminal(uart: Console):
    """From a terminal to a terminal, keys go to the cell one by one, Ctrl-C too, until the escape character."""
    vm = uart.root.vm
    vm.console.sendline(f"stty -a <{TTY} >/tmp/before; cloisterctl cell console uart <{TTY} >{TTY} 2>{TTY}; echo \"left $?\"")
    vm.wait("cell uart: Ctrl-. ends")
    vm.wait("vpl011: at 0x9000000")
    vm.console.send("hello \x03world\r")
    vm.wait("vpl011: 'hello \x03world' in")
    vm.console.send(f"half{ESCAPE}")
    vm.wait("left 0")
    vm.run(f"stty -a <{TTY} >/tmp/after 2>/dev/null; test -s /tmp/after && cmp /tmp/before /tmp/after")
    uart.type(" a line")
    uart.wait("vpl011: 'half a line' in")


def test_terminal_of_a_flooding_cell(uart: Console):
    vm = uart.root.vm
    uart.type("flood")
    uart.wait("flood 100")
    vm.console.sendline(f"cloisterctl cell console uart <{TTY} >{TTY} 2>{TTY}; echo \"left $?\"")
    vm.wait("cell uart: Ctrl-. ends")
    vm.wait(r"flood \d+")
    vm.console.send(ESCAPE)
    vm.wait("left 0")


def test_console_of_a_cell_that_goes(uart: Console):
    vm = uart.root.vm
    vm.console.sendline(f"(sleep 3; cloisterctl cell stop uart; cloisterctl cell destroy uart) & cloisterctl cell console uart "
                        f"<{TTY} >{TTY} 2>{TTY}; result=$?; wait; echo \"left $result\"")
    vm.wait("cloisterctl: cannot .*", 30)
    vm.wait("left 1")


# ---- unmodified images ----

def test_uboot(root: Root):
    """Debian's U-Boot has the address of its UART from the device tree, and polls."""
    uboot = Console(root, "uboot")
    for _ in range(60):
        root.vm.status("cloisterctl cell console uboot --send ' \n' 2>/dev/null; sleep 1")
        if "=> " in uboot.text():
            break
    uboot.type("echo sum $hush; version")
    uboot.wait("^aarch64-linux-gnu-gcc .Debian", 30)


def test_linux(root: Root):
    """Debian's kernel: earlycon, then amba-pl011 with interrupts on two CPUs."""
    linux = Console(root, "linux")
    linux.wait("^init: Linux 6\\.12.*, 2 CPUs", 120)
    text = linux.text()
    assert re.search(r"earlycon: pl11 at MMIO 0x0*9000000", text)
    assert re.search(r"9000000.pl011: ttyAMA0 at MMIO 0x9000000 \(irq = \d+, base_baud = 0\) is a PL011 rev1", text)
    linux.wait("cloister# ")
    linux.type("echo sum $((20 + 22)); grep uart-pl011 /proc/interrupts")
    linux.wait("^sum 42")
    counts = re.search(r"^ *\d+: +(\d+) +(\d+) +GICv3 +33 Level +uart-pl011", linux.wait("Level +uart-pl011"), re.M)
    assert counts and int(counts[1]) + int(counts[2]) > 0
    linux.type("echo 2 > /proc/irq/$(awk -F: \"/uart-pl011/ { print \\$1 + 0 }\" /proc/interrupts)/smp_affinity; echo moved $?")
    linux.wait("^moved 0")
    linux.type("seq 1 3000 | md5sum; seq 1 3000 | tail -n 1; grep uart-pl011 /proc/interrupts")
    linux.wait("^3000")
    linux.type("dmesg | grep -cE \"WARNING|nobody cared\"; poweroff -f")
    root.wait_state("linux", "stopped", 60)
    assert re.search(r"^0\r?$", linux.text().rsplit("poweroff -f", 1)[1], re.M)
