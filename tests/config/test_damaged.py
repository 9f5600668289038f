# SPDX-License-Identifier: GPL-2.0-only
"""Whatever people write, `cloister` answers with sentences: damaged configs never end it by an exception."""

import random
import re

import pytest
from workbench import RTOS0, RTOS1, SYSTEM, Bench, elf, hypervisor

WORDS = ["0", "-1", "0x1000", "0xffffffffffffffffff", "32M", "1T", "rest", "all", "[]", "{}", "null", "true", "1.5", "''",
         "serial1", "[1, 2]", "{a: b}", '"00:02.0"', "last", "[[]]", "~", "0x40000000", "16", "99999999999999999999", "é"]


def damage(text: str, rng: random.Random) -> str:
    """One to three small accidents."""
    for _ in range(rng.randint(1, 3)):
        lines = text.splitlines()
        index = rng.randrange(len(lines))
        values = list(re.finditer(r"(?<=[:,\[{ ] )[^,\[\]{}#\s]+|(?<=\[)[^,\[\]{}\s]+", lines[index]))
        choice = rng.random()
        if values and choice < 0.7:
            value = rng.choice(values)
            lines[index] = lines[index][:value.start()] + rng.choice(WORDS) + lines[index][value.end():]
        elif choice < 0.8:
            del lines[index]
        elif choice < 0.9:
            lines.insert(index, lines[rng.randrange(len(lines))])
        else:
            lines[index] = lines[index][:rng.randrange(len(lines[index]) + 1)]
        text = "\n".join(lines) + "\n"
    return text


@pytest.mark.parametrize("seed", range(10))
def test_damaged_configs(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)
    good = {"system": SYSTEM, "rtos0": RTOS0, "rtos1": RTOS1}
    for _ in range(20):
        name = rng.choice(list(good))
        text = damage(good[name], rng)
        bench.write(f"{name}.yaml", text)
        result = bench.run("check", "system.yaml", "rtos0.yaml", "rtos1.yaml")
        assert result.returncode in (0, 1)
        said = [line for line in result.stderr.splitlines() if ": warning: " not in line]
        assert (result.returncode == 0) == (not said), f"{text}\n{result.stderr}"
        assert "the hypervisor's check" not in result.stderr, f"only the hypervisor noticed:\n{text}\n{result.stderr}"
        bench.write(f"{name}.yaml", good[name])


@pytest.mark.parametrize("seed", range(4))
def test_damaged_binaries(bench: Bench, seed: int) -> None:
    """`show`, and `pack` and `compile` with damaged inputs."""
    rng = random.Random(seed)
    bench.good("compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "rtos0.cell")
    inputs = {"show": (bench.path / "rtos0.cell").read_bytes(), "pack": hypervisor(), "compile": elf()}
    for _ in range(20):
        for command, good in inputs.items():
            data = bytearray(good[:rng.choice([len(good), rng.randrange(1, len(good))])])
            for _ in range(rng.randint(0, 4)):
                data[rng.randrange(min(len(data), 300))] = rng.randrange(256)
            bench.write({"show": "x", "pack": "x", "compile": "inmates/demos/edu-dma.elf"}[command], bytes(data))
            arguments = {"show": ["show", "x"], "pack": ["pack", "system.yaml", "--hypervisor", "x", "-o", "y"],
                         "compile": ["compile", "system.yaml", "--cell", "rtos0.yaml", "-o", "y"]}[command]
            assert bench.run(*arguments).returncode in (0, 1)
