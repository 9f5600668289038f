# SPDX-License-Identifier: GPL-2.0-only
"""Binary files back to dictionaries: system.cfg, a cell's config, NAME.cell, system.img. What does not add up is
Fatal, so a file that comes through is at least whole."""

from __future__ import annotations

from . import abi
from .diag import At, Fatal

_SYSTEM_ARRAYS = (("cpus", "cpu_count", "cfg_cpu"), ("areas", "area_count", "cfg_area"),
                  ("smmus", "smmu_count", "cfg_smmu"), ("pci_hosts", "pci_count", "cfg_pci_host"),
                  ("payloads", "payload_count", "cfg_payload"))
_CELL_ARRAYS = (("cpus", "cpu_count", "cfg_cell_cpu"), ("memory", "mem_count", "cfg_mem"),
                ("irqs", "irq_count", "cfg_irq"), ("streams", "stream_count", "cfg_stream"),
                ("pci", "pci_count", "cfg_pci_dev"), ("vsmmus", "vsmmu_count", "cfg_vsmmu"),
                ("ivshmem", "ivshmem_count", "cfg_ivshmem"))


def file(data: bytes, name: str) -> dict:
    """Any of the files; "file" in the result says which."""
    magic = int.from_bytes(data[:8], "little")
    image_at = abi.const("IMG_OFFSET")
    try:
        if magic == abi.const("CFG_MAGIC"):
            return _config(data)
        if magic == abi.const("CELLFILE_MAGIC"):
            return _cellfile(data)
        if int.from_bytes(data[image_at:image_at + 8], "little") == abi.const("IMG_MAGIC"):
            return _image(data)
    except (ValueError, KeyError) as error:
        raise Fatal(At(name), f"is damaged: {error}") from error
    raise Fatal(At(name), "is none of Cloister's files: system.img, system.cfg, a .cell file or a cell config")


def _arrays(data: bytes, at: int, fixed: dict, arrays) -> int:
    """Fills in the counted arrays behind a fixed part; returns where they end."""
    for name, count, struct in arrays:
        fixed[name] = []
        for _ in range(fixed.pop(count)):
            fixed[name].append(abi.unpack(struct, data, at))
            at += abi.sizeof(struct)
    return at


def _config(data: bytes) -> dict:
    header = abi.unpack("cfg_header", data)
    if header["revision"] != abi.const("CFG_REVISION"):
        raise ValueError(f"revision {header['revision']} is not {abi.const('CFG_REVISION')}")
    if header["size"] != len(data):
        raise ValueError(f"it says that it has {header['size']} bytes, but it has {len(data)}")
    if header["kind"] == abi.const("CFG_KIND_CELL"):
        return {"file": "cell config", **_cell(data, 0)}
    system = abi.unpack("cfg_system", data)
    cells = system.pop("cell_count")
    at = _arrays(data, abi.sizeof("cfg_system"), system, _SYSTEM_ARRAYS)
    system["cells"] = []
    for _ in range(cells):
        system["cells"].append(_cell(data, at))
        at += system["cells"][-1]["hdr"]["size"]
    if at != len(data):
        raise ValueError(f"its arrays end at {at}, the file at {len(data)}")
    return {"file": "system config", **system}


def _cell(data: bytes, at: int) -> dict:
    cell = abi.unpack("cfg_cell", data, at)
    end = _arrays(data, at + abi.sizeof("cfg_cell"), cell, _CELL_ARRAYS)
    if end - at != cell["hdr"]["size"]:
        raise ValueError(f"the arrays of cell {cell['name']} take {end - at} bytes, its header says {cell['hdr']['size']}")
    for function in cell["pci"]:
        function["bar"] = [bar for bar in function["bar"] if bar["size"]]
    return cell


def _cellfile(data: bytes) -> dict:
    header = abi.unpack("cellfile_header", data)
    if header["size"] != len(data):
        raise ValueError(f"it says that it has {header['size']} bytes, but it has {len(data)}")
    at, sections, config = abi.sizeof("cellfile_header"), [], None
    for index in range(header.pop("section_count")):
        section = abi.unpack("cellfile_section", data, at)
        at += abi.sizeof("cellfile_section")
        if section["offset"] + section["size"] > len(data):
            raise ValueError(f"section {index} ends behind the end of the file")
        sections.append(section)
        if section["kind"] == abi.const("CELLFILE_CONFIG"):
            config = _cell(data[section["offset"]:section["offset"] + section["size"]], 0)
    return {"file": "cell", **header, "sections": sections, "config": config}


def _image(data: bytes) -> dict:
    image = abi.unpack("cloister_image", data, abi.const("IMG_OFFSET"))
    offset, size = image["config_offset"], image["config_size"]
    if not offset:
        return {"file": "hypervisor binary", **image}
    if image["total_size"] != len(data):
        raise ValueError(f"it says that it has {image['total_size']} bytes, but it has {len(data)}")
    return {"file": "system image", **image, "config": _config(data[offset:offset + size])}
