# SPDX-License-Identifier: GPL-2.0-only
"""Packs and unpacks the structs of the binary formats, by the offsets that abi_gen measured.

abi.json is looked for in $CLOISTER_ABI, then in build/tools of this tree; when neither is there it is generated.
"""

import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path

from . import abi_gen
from .diag import Fatal

TREE = Path(__file__).resolve().parents[2]
DEFAULT = TREE / "build" / "tools" / "abi.json"
_ENCODED = {"cl_u8": 1, "cl_u16": 2, "cl_u32": 4, "cl_u64": 8}


def _stale(path: Path) -> bool:
    headers = (abi_gen.default_include() / "abi").glob("*.h")
    return any(header.stat().st_mtime > path.stat().st_mtime for header in headers)


@lru_cache(maxsize=1)
def load() -> dict:
    path = Path(os.environ.get("CLOISTER_ABI", DEFAULT))
    try:
        if path.exists() and ("CLOISTER_ABI" in os.environ or not _stale(path)):
            return json.loads(path.read_text())
        return abi_gen.generate(abi_gen.default_include(), os.environ.get("HOSTCC", "gcc"))
    except (OSError, ValueError) as error:
        raise Fatal(str(path), f"cannot read the description of the binary formats: {error}") from error
    except subprocess.CalledProcessError as error:
        raise Fatal(str(abi_gen.default_include()), f"the C compiler refuses the headers: {error.stderr}") from error


def const(name: str) -> int:
    return load()["constants"][name]


def sizeof(struct: str) -> int:
    return load()["structs"][struct]["size"]


def offsetof(struct: str, member: str) -> int:
    return next(entry["offset"] for entry in load()["structs"][struct]["members"] if entry["name"] == member)


def name_of(prefix: str, value: int, skip: tuple[str, ...] = ()) -> str:
    """The constant of that family with that value, for people: CFG_KIND_, 2 -> 'cell'."""
    for name, number in load()["constants"].items():
        if name.startswith(prefix) and number == value and name not in skip:
            return name[len(prefix):].lower()
    return str(value)


def _encode(kind: str, value, size: int) -> bytes:
    if kind.startswith("struct "):
        return pack(kind.removeprefix("struct "), **value)
    if kind == "char":
        data = value.encode("ascii")
        if len(data) >= size:
            raise ValueError(f"'{value}' is longer than {size - 1} characters")
        return data.ljust(size, b"\0")
    return value.to_bytes(_ENCODED[kind], "little")


def pack(struct: str, **values) -> bytes:
    """The struct's bytes; members that are not given are zero, names that it doesn't have are an error."""
    layout = load()["structs"][struct]
    data = bytearray(layout["size"])
    for member in layout["members"]:
        if member["name"] not in values:
            continue
        value = values.pop(member["name"])
        parts = value if isinstance(value, list) else [value]
        if len(parts) * member["element"] > member["size"] and member["type"] != "char":
            raise ValueError(f"{struct}.{member['name']} has room for fewer than {len(parts)} entries")
        encoded = b"".join(_encode(member["type"], part, member["size"]) for part in parts)
        data[member["offset"]:member["offset"] + len(encoded)] = encoded
    if values:
        raise ValueError(f"struct {struct} has no member {', '.join(values)}")
    return bytes(data)


def _decode(member: dict, data: bytes):
    kind, step = member["type"], member["element"]
    if kind == "char":
        return data.split(b"\0", 1)[0].decode("ascii", "replace")
    parts = []
    for start in range(0, member["size"], step):
        piece = data[start:start + step]
        parts.append(unpack(kind.removeprefix("struct "), piece) if kind.startswith("struct ")
                     else int.from_bytes(piece, "little"))
    return parts[0] if len(parts) == 1 else parts


def unpack(struct: str, data: bytes, offset: int = 0) -> dict:
    """The struct at `offset` as a dictionary. ValueError when it isn't wholly there."""
    layout = load()["structs"][struct]
    if offset + layout["size"] > len(data):
        raise ValueError(f"the file ends inside struct {struct} at offset {offset:#x}")
    return {member["name"]: _decode(member, data[offset + member["offset"]:offset + member["offset"] + member["size"]])
            for member in layout["members"]}
