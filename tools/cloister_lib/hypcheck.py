# SPDX-License-Identifier: GPL-2.0-only
"""The hypervisor's own checker, built for the host, run on what the compiler made: both must agree."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .abi import TREE

DEFAULT = TREE / "build" / "tools" / "config_check"


def program(given: str | None) -> Path | None:
    """The checker, when it was built: --config-check, $CLOISTER_CONFIG_CHECK, or build/tools/config_check."""
    path = Path(given or os.environ.get("CLOISTER_CONFIG_CHECK", DEFAULT))
    return path if path.is_file() else None


def run(checker: Path, system: bytes, cells: dict[str, bytes]) -> list[tuple[str, str]]:
    """(name of the cell or "", sentence) of each problem."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = {}
        for name, data in {"": system, **cells}.items():
            path = Path(scratch) / f"{name or 'system'}{'.cfg' if name else ''}"
            path.write_bytes(data)
            paths[str(path)] = name
        result = subprocess.run([checker, *paths], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    found = [line.split(": ", 1) for line in result.stdout.splitlines() if ": " in line]
    return [(paths.get(path, ""), text) for path, text in found] or [("", result.stderr or "the checker failed")]
