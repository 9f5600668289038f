# SPDX-License-Identifier: GPL-2.0-only
"""Cells that talk through shared memory: root Linux, by its own uio_pci_generic, with an inmate; two inmates without any
Linux; and what a peer that ends, or that is hostile, does to the others.

Root (number 0) has two channels: `channel` with the cell `echo`, and `trio` with that and a third one."""

import os
import re
import time
from typing import Iterator, NamedTuple

import pytest
import ruamel.yaml

from conftest import GROUP, lent
from harness import (CELL_RAM, CONFIGS, OTHER_RAM, OUT, TIME_SCALE, Root, Variant, Vm, boot, cell_config, locked,
                     make_lone_image, parse_ktap, write_yaml)

pytestmark = GROUP("ivshmem")

TRANSFER = os.environ.get("CLOISTER_IVSHMEM", "512M")	# in each direction
CHANNEL_PA, CHANNEL_SIZE = 0x50000000, 4 << 20		# as configs/arm64/qemu-virt/ivshmem-system.yaml says
TRIO_PA, TRIO_SIZE = 0x51000000, 1 << 20
ATTACK_RAM = 0x4e000000
SHARED = ["read", "write", "shared"]
ENDS = ["panic", "off", "reset", "fault"]		# as in inmates/tests/ivshmem-end.c
OURS, THEIRS = 9, 7					# the states there


def region(name: str, pa: int, size: int, **more) -> dict:
    return {"name": name, "pa": pa, "size": size, "flags": SHARED, **more}


CHANNEL = region("channel", CHANNEL_PA, CHANNEL_SIZE)
TRIO = region("trio", TRIO_PA, TRIO_SIZE)


def with_channels(cell: dict, **channels: tuple[dict, int, int]) -> dict:
    """Each: the region, the cell's own number, the number of peers."""
    cell["ivshmem"] = []
    for n, (name, (memory, number, peers)) in enumerate(channels.items()):
        cell["memory"].append({**memory, "ipa": 0x60000000 + n * 0x4000000})
        cell["ivshmem"].append({"region": name, "id": number, "peers": peers})
    return cell


def talkers() -> list[dict]:
    """The cells that Linux makes here."""
    echo = cell_config("echo", "demos/ivshmem", cpus=[2], size="16M")
    found = [with_channels(echo, channel=(CHANNEL, 1, 2), trio=(TRIO, 1, 3))]
    attack = cell_config("attack", "tests/ivshmem-attack", cpus=[3], serial=False, ram=OTHER_RAM, size="8M", on_fault="abort")
    found.append(with_channels(attack, trio=(TRIO, 2, 3)))
    for end, name in enumerate(ENDS):
        cell = cell_config(f"end-{name}", "tests/ivshmem-end", cpus=[3], serial=False, ram=OTHER_RAM, size="8M")
        found.append({**with_channels(cell, trio=(TRIO, 2, 3)), "bootargs": f"end={end}"})
    device = cell_config("device", "tests/ivshmem-end", cpus=[3], ram=OTHER_RAM, size="8M", edu=True)
    found.append(with_channels(device, trio=({**TRIO, "flags": [*SHARED, "dma"]}, 2, 3)))
    return found


def system() -> str:
    """The shipped config of a system with a channel, and the other channel."""
    config = ruamel.yaml.YAML().load((CONFIGS / "ivshmem-system.yaml").read_text())
    root = config["root"]
    root["memory"].append({**TRIO, "flags": [*SHARED, "dma"]})
    root["ivshmem"].append({"region": "trio", "id": 0, "peers": 3})
    (OUT / "ivshmem").mkdir(parents=True, exist_ok=True)
    return write_yaml(OUT / "ivshmem/base.yaml", config)


class Device(NamedTuple):
    """One of root Linux's."""
    root: Root
    address: str

    def run(self, command: str, timeout: float = 60) -> str:
        return self.root.vm.run(f"ivshmem-uio --device {self.address} {command}", timeout)

    def in_background(self, command: str) -> None:
        """The program whose output `finish` returns; time enough to begin."""
        self.root.vm.run(f"ivshmem-uio --device {self.address} {command} > /tmp/{self.address} 2>&1 & IVSHMEM=$!; usleep 300000")

    def finish(self, timeout: float = 60) -> str:
        return self.root.vm.run(f"wait $IVSHMEM; S=$?; cat /tmp/{self.address}; [ $S = 0 ]", timeout)

    def states(self) -> list[int]:
        return [int(state, 16) for state in re.findall(r"^state \d+: (0x[0-9a-f]+|0)", self.run("show"), re.M)]

    def interrupts(self) -> int:
        """Those that Linux has counted, on all CPUs."""
        path = f"/sys/bus/pci/devices/{self.address}/irq"
        return int(self.root.vm.run(f"awk -v irq=$(cat {path}): -v cpus=$(nproc) '$1 == irq {{ for (i = 0; i < cpus; i++) "
                                    "n += $(i + 2) } END { print n + 0 }' /proc/interrupts"))


@pytest.fixture(scope="module")
def machine() -> Iterator[Root]:
    root = boot(Variant("ivshmem", system=system(), cells=talkers))
    yield root
    root.vm.stop()


@pytest.fixture
def root(machine: Root, request: pytest.FixtureRequest) -> Iterator[Root]:
    yield from lent(machine, request)


@pytest.fixture
def devices(root: Root) -> list[Device]:
    found = root.vm.run("grep -l 0x1110 /sys/bus/pci/devices/*/device").split()
    return [Device(root, path.split("/")[-2]) for path in sorted(found)]


@pytest.fixture
def channel(devices: list[Device]) -> Device:
    return devices[0]


@pytest.fixture
def trio(devices: list[Device]) -> Device:
    return devices[1]


class Echo:
    """The cell that sends back what comes. It says once a second what it has counted."""

    def __init__(self, root: Root):
        self.vm, self.begin = root.vm, root.start("echo")
        self.vm.wait_serial1("^ivshmem: device 1: peer 1 of 3", self.begin)

    def counts(self, device: int) -> dict[str, int]:
        found = re.findall(rf"^ivshmem: device {device}: (\d+) interrupts, (\d+) bytes, full (\d+) times, nonsense (\d+) times$",
                           self.vm.serial1_text()[self.begin:], re.M)
        return dict(zip(("interrupts", "bytes", "full", "nonsense"), map(int, found[-1] if found else [0] * 4)))

    def reach(self, device: int, what: str, value: int) -> dict[str, int]:
        """Its counts when one of them is that, or more."""
        for _ in range(100):
            found = self.counts(device)
            if found[what] >= value:
                return found
            time.sleep(0.1 * TIME_SCALE)
        raise AssertionError(f"device {device} of the echo has not counted {value} {what}: {found}")


def test_linux_finds_them(root: Root, devices: list[Device]):
    """By generic drivers, with BARs where the config has the memory, and nothing for it to move or to complain of."""
    assert len(devices) == 2
    for device, (pa, size), number in zip(devices, ((CHANNEL_PA, CHANNEL_SIZE), (TRIO_PA, TRIO_SIZE)), (2, 3)):
        bars = [[int(word, 16) for word in line.split()]
                for line in root.vm.run(f"head -n 3 /sys/bus/pci/devices/{device.address}/resource").splitlines()]
        assert bars[2][:2] == [pa, pa + size - 1]
        assert bars[0][1] - bars[0][0] == 4095
        assert f"we are 0 of {number}\n" in device.run("show")
        domain = device.address[:4]
        said = root.vm.run(f"dmesg | grep -E 'pci(_bus)? {domain}:' || true")
        assert "1af4:1110" in said
        assert not re.search("can't|fail|no space|bogus|conflict|invalid", said, re.I), said
        device.run("bind")
        assert "uio_pci_generic" in device.run("show")
        device.run("release")
        assert "driver none" in device.run("show")


def test_states(root: Root, channel: Device):
    Echo(root)
    assert channel.run("wait 1").endswith("state 1: 0x1\n")
    channel.in_background("wait 42")
    channel.run("state 41")
    assert re.search(r"^[1-9]\d* interrupts, state 1: 0x2a$", channel.finish(), re.M)
    assert channel.states() == [41, 42]


def test_doorbells(root: Root, channel: Device, trio: Device):
    """An interrupt each, of that device only; none of vectors that are not there."""
    echo = Echo(root)
    channel.run("ring")
    assert echo.reach(0, "interrupts", 1)["interrupts"] == 1
    channel.run("ring 1")
    channel.run("ring 65535")
    channel.run("ring")
    assert echo.reach(0, "interrupts", 2)["interrupts"] == 2
    trio.run("--peer 1 ring")
    assert echo.reach(1, "interrupts", 1)["interrupts"] == 1
    assert echo.counts(0)["interrupts"] == 2


# What ivshmem-uio is asked, its status, and what it says.
ASKED = [
    ("send 64K", 0, "sent 65536 bytes, sum "),
    ("--timeout 300 receive 8", 3, "peer 1: nothing moved for 300 ms; 0 bytes to send and 8 to receive"),
    ("--timeout 300 wait 77", 3, "not that state in 300 ms; the state of peer 1 is 0x"),
    ("send 7", 2, "must be a multiple of 8"),
    ("send 1Q", 2, "'1Q' is no number of bytes"),
    ("--peer 2 ring", 1, "there is no peer 2: the peers of 0001:00:00.0 are 0 to 1, and we are 0"),
    ("--device 0000:00:00.0 show", 1, "0000:00:00.0 is not an ivshmem device"),
    ("state", 2, "Usage: ivshmem-uio"),
]


def test_tool(root: Root, channel: Device):
    Echo(root)
    for command, status, sentence in ASKED:
        found, said = root.vm.status(f"ivshmem-uio --device {channel.address} {command}")
        assert found == status and sentence in said, f"{command}: {said}"


def test_gigabyte(root: Root, channel: Device, trio: Device):
    """Half of it there and half of it back; the rings are full again and again, and interrupts say when not."""
    echo, others, before = Echo(root), trio.interrupts(), channel.interrupts()
    output = channel.run(f"exchange {TRANSFER}", 240)
    print(output)
    sent, received = re.findall(r"^(?:sent|received) (\d+) bytes, sum (\w+ \w+)", output, re.M)
    assert sent == received and int(sent[0]) == int(TRANSFER[:-1]) << 20
    assert int(re.search(r"full (\d+) times", output)[1]) > 0
    assert int(re.search(r"(\d+) interrupts", output)[1]) > 0 and channel.interrupts() > before
    found = echo.reach(0, "bytes", int(sent[0]))
    assert found["bytes"] == int(sent[0]) and found["full"] > 0 and found["nonsense"] == 0
    assert trio.interrupts() == others and echo.counts(1)["interrupts"] == 0, "the other device's line came"


@pytest.mark.parametrize("end", ENDS)
def test_peer_ends(root: Root, trio: Device, end: str):
    """By itself: its state is 0 and the others are told, and what they do with others goes on."""
    Echo(root)
    trio.run("state 0")
    root.start(f"end-{end}")
    trio.run(f"--peer 2 wait {THEIRS}")
    trio.run("state 0")
    trio.in_background("--peer 2 wait 0")
    trio.run(f"state {OURS}")
    assert re.search(r"^[1-9]\d* interrupts, state 2: 0$", trio.finish(), re.M)
    assert root.show(f"end-{end}")["state"] == ("failed" if end in ("panic", "fault") else "stopped")
    trio.run("--peer 1 exchange 1M")
    assert trio.states()[2] == 0


@pytest.mark.parametrize("command", ["stop", "destroy", "restart"])
def test_peer_is_ended(root: Root, channel: Device, command: str):
    """By root Linux, in the middle of a transfer, which ends with a sentence."""
    Echo(root)
    channel.run("state 3; ivshmem-uio wait 4")
    channel.in_background("--timeout 2000 exchange 64G")
    root.control(f"cell {'stop echo; cloisterctl cell ' if command == 'destroy' else ''}{command} echo")
    status, said = root.vm.status(f"wait $IVSHMEM; S=$?; cat /tmp/{channel.address}; (exit $S)", 60)
    assert status in (1, 3) and ("nothing moved" in said or "started anew" in said), said
    if command != "restart":
        assert channel.states() == [3, 0]
        if command == "destroy":
            root.control("cell create /cells/echo.cell")
        root.control("cell load /cells/echo.cell; cloisterctl cell start echo")
    channel.run("wait 4")
    channel.run("exchange 1M")


def test_hostile_peer(root: Root, channel: Device, trio: Device):
    """It knows the trio. The channel beside it goes on, and its interrupts are its own, while it storms, spoils the
    indexes, writes registers, and starts over and over again."""
    echo = Echo(root)
    before = channel.interrupts(), trio.interrupts()
    root.start("attack")
    trio.run("bind")
    channel.in_background("exchange 32M")
    for _ in range(4):
        root.vm.run("cloisterctl cell restart attack --force; usleep 500000", 30)
    output = channel.finish(120)
    print(output)
    sent, received = re.findall(r"^(?:sent|received) (\d+) bytes, sum (\w+ \w+)", output, re.M)
    assert sent == received
    assert channel.interrupts() - before[0] <= int(re.search(r"(\d+) interrupts", output)[1]) + 1
    assert trio.interrupts() == before[1], "a masked interrupt came"
    echo.reach(1, "nonsense", 1)
    assert echo.counts(0)["nonsense"] == 0
    status, said = root.vm.status(f"ivshmem-uio --device {trio.address} --peer 2 --timeout 1000 exchange 1M", 30)
    assert status in (1, 3) and "peer 2" in said, said
    assert root.show("attack")["state"] == "running" and root.is_alive()
    root.destroy("attack")
    assert trio.states()[2] == 0
    trio.run("--peer 1 exchange 1M")


def test_dma(root: Root, trio: Device):
    """Shared memory is memory: a device reaches it as its cell's config says, and both sides see what it wrote."""
    begin = root.start("device")
    root.vm.wait_serial1("^ivshmem-end: DMA reached the shared memory", begin)
    assert root.vm.memory(TRIO_PA, 16).hex() == "cefaedfeed0ddcba" * 2
    root.destroy("device")
    root.vm.run(f"edu-dma write {TRIO_PA:#x}")
    assert root.vm.memory(TRIO_PA, 16) == b"\xa5" * 16
    trio.run("show")


def test_without_root():
    """Two cells that start with the machine: what one of them checks of its device, exact numbers of interrupts among that,
    and 16 MiB to the other and back. Both have another channel, on which a third cell attacks and resets itself, and is
    started by the hypervisor, again and again."""
    variant = Variant("ivshmem-lone")
    check = cell_config("check", "tests/ivshmem", cpus=[0], serial=False, ram=CELL_RAM, size="8M", on_fault="abort")
    del check["console"]
    check["devices"] = ["serial0"]
    echo = cell_config("echo", "demos/ivshmem", cpus=[1], ram=OTHER_RAM, size="16M")
    attack = cell_config("attack", "tests/ivshmem-attack", cpus=[2], serial=False, ram=ATTACK_RAM, size="8M", on_fault="abort")
    attack.update(bootargs="rounds=1 storm=500", restart={"policy": "always", "times": 1000, "seconds": 1})
    for number, cell in enumerate((check, echo)):
        with_channels(cell, channel=(CHANNEL, number, 2), trio=(TRIO, number, 3))
    with_channels(attack, trio=(TRIO, 2, 3))
    with locked(variant.directory.with_suffix(".lock")):
        image = make_lone_image(variant, check, echo, attack)
        with Vm(variant.machine, image, variant.directory / "console.log") as vm:
            vm.wait(r"# (\d+) failed", 90)
            report = parse_ktap(vm.tail(200).replace("  | ", ""))
            assert report.results and not report.failures, vm.tail(100) + vm.serial1_text()
            begin = 0
            for _ in range(3):		# it was there, and ended
                begin = vm.wait_serial1("^ivshmem: device 1: peer 2 has state 0x0$", begin).end()
