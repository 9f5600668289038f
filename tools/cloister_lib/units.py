# SPDX-License-Identifier: GPL-2.0-only
"""Sizes, addresses and alignment as people write them and as messages show them."""

import re

PAGE = 4096
BLOCK = 2 << 20  # what one level-2 entry of the tables maps, and how arm64 Images are aligned
IPA_BITS = 40  # of every cell, see hypervisor/include/hyp/stage2.h

SIZE_PATTERN = r"^(0[xX][0-9a-fA-F]+|[0-9]+)([KMGT](iB)?)?$"
_SHIFT = {"K": 10, "M": 20, "G": 30, "T": 40}


def number(value: int | str) -> int:
    """An address or size: a number, or digits with K, M, G or T. The schema has checked the form."""
    if isinstance(value, int):
        return int(value)
    match = re.match(SIZE_PATTERN, value)
    if not match:
        raise ValueError(f"'{value}' is not a number")
    shift = _SHIFT[match[2][0]] if match[2] else 0
    return int(match[1], 0) << shift


def size_text(size: int) -> str:
    """32M rather than 33554432, when that is exact."""
    for unit in "TGMK":
        shift = _SHIFT[unit]
        if size and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return f"{size:#x}" if size > 9 else str(size)


def range_text(base: int, size: int) -> str:
    return f"[{base:#x}, {base + size:#x})"


def align_up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


def align_down(value: int, alignment: int) -> int:
    return value // alignment * alignment


def overlap(base_a: int, size_a: int, base_b: int, size_b: int) -> bool:
    return base_a < base_b + size_b and base_b < base_a + size_a


def inside(base: int, size: int, outer_base: int, outer_size: int) -> bool:
    return outer_base <= base and base + size <= outer_base + outer_size


def subtract(ranges: list[tuple[int, int]], base: int, size: int) -> list[tuple[int, int]]:
    """The (base, size) ranges without one range."""
    left = []
    for start, length in ranges:
        end = start + length
        if not overlap(start, length, base, size):
            left.append((start, length))
            continue
        if start < base:
            left.append((start, base - start))
        if base + size < end:
            left.append((base + size, end - base - size))
    return left
