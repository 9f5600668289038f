# SPDX-License-Identifier: GPL-2.0-only
"""Device trees as Python objects: read from and written to flattened trees by libfdt, changed freely in between."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Iterator

import libfdt

from .diag import At, Fatal

_ADDRESS_CELLS, _SIZE_CELLS = 2, 1  # what the specification says where a node doesn't


def cells(*values: int) -> bytes:
    """32-bit cells."""
    return struct.pack(f">{len(values)}I", *values)


def cells64(*values: int) -> bytes:
    """Numbers of two cells each."""
    return struct.pack(f">{len(values)}Q", *values)


def strings(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


@dataclass
class Node:
    name: str
    props: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None

    @property
    def path(self) -> str:
        if self.parent is None:
            return "/"
        return f"{self.parent.path.rstrip('/')}/{self.name}"

    def add(self, name: str, props: dict[str, bytes] | None = None) -> Node:
        """A new child."""
        child = Node(name, dict(props or {}), parent=self)
        self.children.append(child)
        return child

    def remove(self) -> None:
        if self.parent is not None:
            self.parent.children = [child for child in self.parent.children if child is not self]

    def child(self, name: str) -> Node | None:
        """By full name, or by the name without its unit address when only one has it."""
        exact = [node for node in self.children if node.name == name]
        loose = [node for node in self.children if node.name.split("@")[0] == name]
        found = exact or loose
        return found[0] if len(found) == 1 else None

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def u32s(self, name: str) -> list[int]:
        data = self.props.get(name, b"")
        return list(struct.unpack(f">{len(data) // 4}I", data[:len(data) // 4 * 4]))

    def u32(self, name: str, default: int = 0) -> int:
        values = self.u32s(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        return [part.decode("ascii", "replace") for part in self.props.get(name, b"").split(b"\0") if part]

    def compatible(self, *names: str) -> bool:
        return any(name in names for name in self.texts("compatible"))

    @property
    def phandle(self) -> int:
        return self.u32("phandle") or self.u32("linux,phandle")

    @property
    def enabled(self) -> bool:
        return self.texts("status") in ([], ["okay"], ["ok"])

    def inherited(self, name: str) -> int:
        """A one-cell property of this node or the nearest node above that has it; 0 if none."""
        node: Node | None = self
        while node is not None and name not in node.props:
            node = node.parent
        return node.u32(name) if node is not None else 0

    def raw_reg(self) -> list[tuple[int, int]]:
        """(address, size) pairs in the parent's address space."""
        parent = self.parent
        if parent is None:
            return []
        address, size = parent.u32("#address-cells", _ADDRESS_CELLS), parent.u32("#size-cells", _SIZE_CELLS)
        values, step = self.u32s("reg"), address + size
        if not step:
            return []
        return [(joined(values[at:at + address]), joined(values[at + address:at + step]))
                for at in range(0, len(values) - step + 1, step)]

    def reg(self) -> list[tuple[int, int]]:
        """(physical address, size) pairs; what no bus above translates is left out."""
        translated = ((_translate(self.parent, base, size), size) for base, size in self.raw_reg())
        return [(base, size) for base, size in translated if base is not None]


def joined(values: list[int]) -> int:
    """Several cells as one number."""
    number = 0
    for value in values:
        number = number << 32 | value
    return number


def _translate(bus: Node | None, address: int, size: int) -> int | None:
    """An address on `bus` as the CPUs see it."""
    if bus is None or bus.parent is None:
        return address
    if "ranges" not in bus.props:
        return None
    for child, parent, length in ranges(bus):
        if child <= address and address + size <= child + length:
            return _translate(bus.parent, parent + address - child, size)
    return address if not bus.props["ranges"] else None


def ranges(bus: Node) -> list[tuple[int, int, int]]:
    """(address on the bus, address on its parent, size) of a bus whose addresses are plain numbers."""
    child, size = bus.u32("#address-cells", _ADDRESS_CELLS), bus.u32("#size-cells", _SIZE_CELLS)
    parent = bus.parent.u32("#address-cells", _ADDRESS_CELLS) if bus.parent else _ADDRESS_CELLS
    values, step = bus.u32s("ranges"), child + parent + size
    return [(joined(values[at:at + child]), joined(values[at + child:at + child + parent]),
             joined(values[at + child + parent:at + step])) for at in range(0, len(values) - step + 1, step)]


def _read_node(blob: libfdt.FdtRo, offset: int, parent: Node | None) -> Node:
    node = Node(blob.get_name(offset), parent=parent)
    at = blob.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
    while at >= 0:
        prop = blob.get_property_by_offset(at)
        node.props[prop.name] = bytes(prop)
        at = blob.next_property_offset(at, libfdt.QUIET_NOTFOUND)
    child = blob.first_subnode(offset, libfdt.QUIET_NOTFOUND)
    while child >= 0:
        node.children.append(_read_node(blob, child, node))
        child = blob.next_subnode(child, libfdt.QUIET_NOTFOUND)
    return node


def parse(data: bytes, what: str) -> Node:
    """The tree of a .dtb file; `what` names it in messages."""
    try:
        blob = libfdt.FdtRo(data)
        if blob.totalsize() > len(data):
            raise Fatal(At(what), f"is cut off: {len(data)} of {blob.totalsize()} bytes are there")
        return _read_node(blob, 0, None)
    except libfdt.FdtException as error:
        raise Fatal(At(what), f"is not a flattened device tree (.dtb): {libfdt.strerror(error.err)}") from error


def _write_node(writer: libfdt.FdtSw, node: Node) -> None:
    with writer.add_node(node.name):
        for name, value in node.props.items():
            writer.property(name, value)
        for child in node.children:
            _write_node(writer, child)


# More than any tree takes: as_fdt() needs some bytes at the end, for which the writer would not make room.
ROOM = 1 << 20


def flatten(root: Node) -> bytes:
    """The .dtb file of a tree."""
    writer = libfdt.FdtSw(size_hint=ROOM)
    writer.finish_reservemap()
    _write_node(writer, root)
    tree = writer.as_fdt()
    tree.pack()
    return bytes(tree.as_bytearray())[:tree.totalsize()]
