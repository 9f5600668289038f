# SPDX-License-Identifier: GPL-2.0-only
"""Memory that two cells share and the root cell does not."""

import pytest

from conftest import GROUP
from harness import SHARED_RAM, Root

pytestmark = GROUP("a57")


def reachable(root: Root) -> bool:
    return root.vm.status(f"devmem {SHARED_RAM:#x} 32")[0] == 0


@pytest.mark.parametrize("first, last", [("sharer-a", "sharer-b"), ("sharer-b", "sharer-a")])
def test_shared_memory_comes_back_with_the_last_cell(root: Root, first: str, last: str):
    """I1, I4: the root cell loses it to the first, gets it back from the last, cleared."""
    assert reachable(root)
    root.start("sharer-a")
    root.start("sharer-b")
    assert not reachable(root)
    root.vm.bus_write(SHARED_RAM, 0x5ec4e7)
    root.destroy(first)
    assert not reachable(root), "the root cell reads memory that a cell has still"
    assert any(root.vm.memory(SHARED_RAM, 4)), "it was cleared under the cell that has it still"
    root.destroy(last)
    assert root.is_alive() and reachable(root)
    assert not any(root.vm.memory(SHARED_RAM, 4)), "the root cell gets it with the cells' data"
