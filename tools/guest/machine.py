# SPDX-License-Identifier: GPL-2.0-only
"""The machine that Cloister runs on here: QEMU's `virt` with EL2, GICv3, a nested SMMUv3, an `edu` device and an NVMe
disk; a network card, a virtio disk and an NVMe disk for a cell on demand. Machine is its description, Vm a running one: its
console, its second UART, its physical memory."""

import ctypes
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import pexpect

PROMPT = "cloister# "
TIME_SCALE = float(os.environ.get("CLOISTER_TIME_SCALE", "1"))	# for slow hosts: multiplies every time limit


class VmError(Exception):
    """The machine did not do what was waited for; the text has the end of its console."""


@dataclass(frozen=True)
class Machine:
    """What QEMU is asked to be."""
    cpu: str = "cortex-a57"
    cpus: int = 4
    memory: int = 2048  # MiB
    nvme: bool = True
    edu: bool = True
    network: bool = False  # QEMU's own: its 10.0.2.2 is the host's loopback
    virtio: bool = False
    cell_disk: bool = False  # a second NVMe disk, for a cell, in the slot that edu has otherwise
    extra: tuple[str, ...] = ()

    def board_arguments(self) -> list[str]:
        """The part that the board's device tree depends on."""
        return ["-M", "virt,virtualization=on,gic-version=3,its=on,iommu=smmuv3", "-cpu", self.cpu,
                "-smp", str(self.cpus), "-m", str(self.memory), "-nic", "none"]

    def device_arguments(self, disk: Path) -> list[str]:
        """Devices in slots that do not share an interrupt line. NVMe without shadow doorbells (dbcs): with them the INTx
        of QEMU's can stay asserted with nothing to do, until Linux switches it off."""
        arguments = []
        if self.nvme:
            arguments += ["-drive", f"if=none,id=disk,file={disk},format=raw,cache=unsafe",
                          "-device", "nvme,addr=01.0,drive=disk,serial=cloister,dbcs=off"]
        if self.cell_disk:
            arguments += ["-drive", f"if=none,id=cell,file={disk.with_name('cell.img')},format=raw,cache=unsafe",
                          "-device", "nvme,addr=02.0,drive=cell,serial=cell,dbcs=off"]
        elif self.edu:
            arguments += ["-device", "edu,addr=02.0,dma_mask=0xffffffffffffffff"]
        if self.network:
            arguments += ["-netdev", "user,id=net", "-device", "e1000e,addr=03.0,netdev=net,romfile="]
        if self.virtio:  # through the SMMU only if it says so
            arguments += ["-drive", f"if=none,id=virtio,file={disk.with_name('virtio.img')},format=raw,cache=unsafe", "-device",
                          "virtio-blk-pci,addr=04.0,drive=virtio,iommu_platform=on,disable-legacy=on,romfile="]
        return arguments + list(self.extra)


LIBC = ctypes.CDLL(None)  # loaded beforehand: little is allowed between fork and exec when there are threads


def die_with_parent() -> None:
    """Run in the child: no QEMU outlives the program that started it."""
    LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def make_disk(path: Path, content: Optional[Path]) -> None:
    """64 MiB, or what is in a file and at least that."""
    if content:
        shutil.copyfile(content, path)
    else:
        path.touch()
    os.truncate(path, max(path.stat().st_size, 64 << 20))


class Vm:
    """A running machine. The first serial line is its console. `disks` has what is on disk.img (NVMe), virtio.img and
    cell.img when it starts."""

    def __init__(self, machine: Machine, image: Path, log: Path, initrd: Optional[Path] = None, append: str = "",
                 with_bus: bool = True, disks: Optional[dict[str, Path]] = None):
        self.machine = machine
        self.directory = Path(tempfile.mkdtemp(prefix="cloister-"))
        self.disk = self.directory / "disk.img"
        self.serial1 = self.directory / "serial1.log"
        self.serial1.touch()
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        for name in ("disk.img", "virtio.img", "cell.img"):
            make_disk(self.directory / name, (disks or {}).get(name))
        arguments = [*machine.board_arguments(), "-display", "none", "-no-reboot", "-kernel", str(image),
                     "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                     "-chardev", f"socket,id=serial1,path={self.directory}/serial1,server=on,wait=off,logfile={self.serial1}",
                     "-serial", "chardev:serial1", "-monitor", f"unix:{self.directory}/monitor,server=on,wait=off",
                     *machine.device_arguments(self.disk)]
        if with_bus:  # an unused one makes QEMU complain about itself when it ends
            arguments += ["-qtest", f"unix:{self.directory}/qtest,server=on,wait=off", "-qtest-log", "/dev/null"]
        if initrd:
            arguments += ["-initrd", str(initrd), "-append", append]
        self.log_file = open(log, "w", encoding="utf-8", errors="replace")
        self.console = pexpect.spawn("qemu-system-aarch64", arguments, encoding="utf-8", codec_errors="replace",
                                     logfile=None, echo=False, preexec_fn=die_with_parent)
        self.console.logfile_read = self.log_file
        self.console.delaybeforesend = None
        self.keyboard: Optional[socket.socket] = None
        self.monitor: Optional[socket.socket] = None
        self.qtest: Optional[socket.socket] = None

    # ---- console ----

    def wait(self, pattern: str, timeout: float = 60) -> re.Match:
        """Waits until the console shows a match of the regular expression."""
        try:
            self.console.expect(pattern, timeout=timeout * TIME_SCALE)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            what = "was not seen in time" if isinstance(error, pexpect.TIMEOUT) else "was not seen before QEMU ended"
            raise VmError(f"'{pattern}' {what} ({timeout} s)\n{self.tail()}") from None
        return self.console.match

    def login(self, timeout: float = 90) -> None:
        """Waits for the root shell, then talks to one without echo, prompt and kernel messages."""
        self.wait(re.escape(PROMPT), timeout)
        self.console.sendline("stty -echo; dmesg -n 1; sh 2>&1 | cat")
        self.run("true")

    def logout(self) -> None:
        """Back to the interactive shell."""
        self.console.sendline("exit")
        self.wait(re.escape(PROMPT))
        self.console.sendline("stty echo")
        self.wait(re.escape(PROMPT))

    def status(self, command: str, timeout: float = 60) -> tuple[int, str]:
        """Runs a command in the root shell; its exit status and its output."""
        self.console.sendline(f"{command}\necho \"@@$?@@\"")
        status = int(self.wait(r"@@(\d+)@@\r*\n", timeout)[1])
        return status, self.console.before.replace("\r", "")

    def run(self, command: str, timeout: float = 60) -> str:
        """Runs a command in the root shell that must succeed; its output."""
        status, output = self.status(command, timeout)
        if status:
            raise VmError(f"'{command}' ended with status {status}:\n{output}")
        return output

    def tail(self, lines: int = 40) -> str:
        """The end of what the console showed."""
        if not self.log_file.closed:
            self.log_file.flush()
        text = self.log.read_text(encoding="utf-8", errors="replace").replace("\r", "").splitlines()
        return "\n".join(f"  | {line}" for line in text[-lines:])

    # ---- the second UART ----

    def serial1_text(self) -> str:
        """All that came out of it so far."""
        return self.serial1.read_text(encoding="utf-8", errors="replace").replace("\r", "")

    def wait_serial1(self, pattern: str, start: int = 0, timeout: float = 60) -> re.Match:
        """Waits for a match in what it put out behind `start`."""
        deadline = time.monotonic() + timeout * TIME_SCALE
        while time.monotonic() < deadline:
            if match := re.compile(pattern, re.M).search(self.serial1_text(), start):
                return match
            if not self.console.isalive():
                break
            self.drain()
            time.sleep(0.05)
        raise VmError(f"'{pattern}' was not seen on the second UART in {timeout} s; it has\n"
                      f"{self.serial1_text()[start:][-2000:]}\nand the console\n{self.tail()}")

    def type_serial1(self, text: str) -> None:
        """Types into it."""
        if self.keyboard is None:
            self.keyboard = socket.socket(socket.AF_UNIX)
            self.keyboard.connect(str(self.directory / "serial1"))
        self.keyboard.sendall(text.encode())

    def drain(self) -> None:
        """Reads what the console and the second UART have to say, lest QEMU block on them."""
        try:
            self.console.expect(pexpect.TIMEOUT, timeout=0)
            while self.keyboard and self.keyboard.recv(1 << 16, socket.MSG_DONTWAIT):
                pass
        except (pexpect.EOF, BlockingIOError):
            pass

    # ---- QEMU's monitor ----

    def command(self, text: str) -> str:
        """Runs a command of QEMU's monitor; its output."""
        if self.monitor is None:
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.settimeout(30 * TIME_SCALE)
            self.monitor.connect(str(self.directory / "monitor"))
            self._monitor_output()
        self.monitor.sendall(text.encode() + b"\n")
        return self._monitor_output()

    def _monitor_output(self) -> str:
        output = b""
        while not output.endswith(b"(qemu) "):
            piece = self.monitor.recv(65536)
            if not piece:
                raise VmError("QEMU closed its monitor")
            output += piece
        return output.decode(errors="replace").replace("\r", "")

    def memory(self, address: int, size: int) -> bytes:
        """Physical memory, as no cell sees it."""
        dump = self.directory / "dump"
        self.command(f'pmemsave {address:#x} {size} "{dump}"')
        return dump.read_bytes()

    # ---- the bus, as something outside of all cells could use it ----

    def bus(self, command: str) -> list[str]:
        """A command of QEMU's qtest protocol ("writel ADDRESS VALUE"); the words of its answer behind OK."""
        if self.qtest is None:
            self.qtest = socket.socket(socket.AF_UNIX)
            self.qtest.settimeout(30 * TIME_SCALE)
            self.qtest.connect(str(self.directory / "qtest"))
        self.qtest.sendall(command.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.qtest.recv(4096) or b"closed\n"
        words = answer.decode().split()
        if words[0] != "OK":
            raise VmError(f"QEMU answers '{answer.decode().strip()}' to '{command}'")
        return words[1:]

    def bus_read32(self, address: int) -> int:
        return int(self.bus(f"readl {address:#x}")[0], 16)

    def bus_write(self, address: int, value: int, size: int = 4) -> None:
        self.bus(f"write{'bwlq'[size.bit_length() - 1]} {address:#x} {value:#x}")

    # ---- end ----

    def wait_end(self, timeout: float = 30) -> None:
        """Waits until QEMU ends by itself."""
        try:
            self.console.expect(pexpect.EOF, timeout=timeout * TIME_SCALE)
        except pexpect.TIMEOUT:
            raise VmError(f"the machine did not switch off in {timeout} s\n{self.tail()}") from None

    def stop(self) -> None:
        """Ends QEMU and removes its files but for the log."""
        for connection in (self.keyboard, self.monitor, self.qtest):
            if connection is not None:
                connection.close()
        self.console.close(force=True)
        self.log_file.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "Vm":
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()
