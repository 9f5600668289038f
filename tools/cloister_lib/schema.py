# SPDX-License-Identifier: GPL-2.0-only
"""The structure of the YAML files, as JSON schemas. `what` completes the sentence "... is not <what>"."""

import difflib

import jsonschema

from .diag import At, Problems
from .units import SIZE_PATTERN
from .yamldoc import Map, Seq

BDF_PATTERN = r"^[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]$"


def _text(what: str, **more) -> dict:
    return {"type": "string", "minLength": 1, "what": what, **more}


def _number(what: str) -> dict:
    return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": SIZE_PATTERN}], "what": what}


def _table(properties: dict, required: tuple[str, ...] = ()) -> dict:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False,
            "what": f"a mapping with {', '.join(properties)}"}


def _list(items: dict, what: str) -> dict:
    return {"type": "array", "items": items, "what": what}


def _or_table(scalar: str, table: dict, what: str) -> dict:
    """A scalar for the usual case, or a mapping that says more."""
    return {"if": {"type": scalar}, "then": {"what": what}, "else": {**table, "what": what}}


ADDRESS = _number("an address such as 0x40000000")
SIZE = _number("a size such as 32M or 0x1000")
NAME = _text("a name of at most 31 of the characters a-z, 0-9, _ and -", pattern="^[a-z0-9_-]{1,31}$")
FILE = _text("a file name")
BDF = _text("a PCI address such as \"00:02.0\"", pattern=BDF_PATTERN)
MEM_FLAGS = ("read", "write", "execute", "dma", "load", "shared")

RANGE = _table({"base": ADDRESS, "size": SIZE}, ("base", "size"))

BAR = {
    "if": {"type": "object"},
    "then": _table({"size": SIZE, "pa": ADDRESS, "ipa": ADDRESS, "bits": {"enum": [32, 64], "what": "32 or 64"},
                    "prefetch": {"type": "boolean", "what": "true or false"}}, ("size",)),
    "else": SIZE,
}

DEVICE = _or_table("string", {"anyOf": [{"required": ["device"]}, {"required": ["pci"]}], **_table({
    "device": _text("a device's path or alias in the board's device tree"),
    "ipa": ADDRESS,
    "pci": BDF,
    "host": _text("a PCI host bridge's path in the board's device tree"),
    "as": BDF,
    "id": _text("a vendor and device ID such as \"1234:11e8\"", pattern=r"^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$"),
    "bars": {**_list(BAR, "a list of BAR sizes"), "maxItems": 6},
    "pin": {"enum": ["A", "B", "C", "D", "none"], "what": "an interrupt pin: A, B, C, D or none"},
})}, "a device: its path or alias, or a mapping with device or pci")

MEMORY = _table({
    "name": _text("a name of at most 15 of the characters a-z, 0-9, _ and -", pattern="^[a-z0-9_-]{1,15}$"),
    "size": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": SIZE_PATTERN},
                       {"const": "rest"}], "what": "a size such as 32M, or rest"},
    "pa": ADDRESS,
    "ipa": ADDRESS,
    "flags": _list({"enum": list(MEM_FLAGS), "what": f"a flag of memory: {', '.join(MEM_FLAGS)}"}, "a list of flags"),
    "ram": {"type": "boolean", "what": "true or false"},
}, ("size",))

IVSHMEM = _table({
    "region": _text("the name of a memory region of this cell"),
    "id": {"type": "integer", "minimum": 0, "maximum": 15, "what": "a peer's number, 0 to 15"},
    "peers": {"type": "integer", "minimum": 2, "maximum": 16, "what": "a number of peers, 2 to 16"},
    "irq": {"type": "integer", "minimum": 32, "maximum": 63, "what": "the INTID of a shared interrupt, 32 to 63"},
}, ("region", "id", "peers"))

RESTART = {"enum": ["never", "on-failure", "always"], "what": "never, on-failure or always"}

VSID = {"type": "integer", "minimum": 0, "maximum": 0xFFFFFFFF, "what": "a StreamID such as 0x10"}
VSIDS = {"if": {"type": "array"}, "then": _list(VSID, "a list of StreamIDs"), "else": VSID}

CELL = _table({
    "cell": NAME,
    "cpus": {"if": {"type": "string"}, "then": {"enum": ["all"], "what": "a list of CPU numbers, or all"},
             "else": {**_list({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "last"}],
                               "what": "a CPU number, or last"}, "a list of CPU numbers, or all"), "minItems": 1}},
    "memory": {**_list(MEMORY, "a list of memory regions"), "minItems": 1},
    "devices": _list(DEVICE, "a list of devices"),
    "smmu": _table({
        **{key: {"type": "boolean", "what": "true or false"} for key in ("stage1", "stall", "ats", "trust_ats", "pri")},
        "substreams": {"type": "integer", "minimum": 0, "maximum": 20, "what": "a number of bits up to 20"},
        "spis": _list({"type": "integer", "minimum": 0, "maximum": 987, "what": "the number of an SPI"},
                      "a list of SPI numbers"),
        "streams": {"type": "object", "additionalProperties": VSIDS,
                    "what": "a mapping of devices to the StreamIDs that the cell has for them"}}),
    "ivshmem": {**_list(IVSHMEM, "a list of ivshmem devices"), "maxItems": 8},
    "ivshmem_host": ADDRESS,
    "image": FILE,
    "initrd": FILE,
    "bootargs": {"type": "string", "what": "a kernel command line"},
    "load": ADDRESS,
    "entry": ADDRESS,
    "dtb": ADDRESS,
    "console": _or_table("string", _table({"device": _text("pl011, or a device of this cell"), "ring": SIZE, "ipa": ADDRESS,
                                           "spi": {"type": "integer", "minimum": 0, "maximum": 31, "what": "a number up to 31"}}),
                         "pl011, hypercall, none, a device of this cell, or a mapping with device, ring, ipa and spi"),
    "gic": _table({"distributor": ADDRESS, "redistributors": ADDRESS, "secure": {"type": "boolean", "what": "true or false"}}),
    "ecam": ADDRESS,
    "on_fault": {"enum": ["fail", "abort"], "what": "fail or abort"},
    "arch": {"enum": ["aarch64", "aarch32"], "what": "aarch64 or aarch32"},
    "comm": {"anyOf": [{"type": "boolean"}, ADDRESS], "what": "true, false, or an address in the cell's memory"},
    "watchdog": {"type": "integer", "minimum": 1, "maximum": 600000, "what": "a number of milliseconds up to 600000"},
    "restart": _or_table("string", _table({
        "policy": RESTART, "times": {"type": "integer", "minimum": 1, "maximum": 0xFFFFFFFF, "what": "a number of times"},
        "seconds": {"type": "integer", "minimum": 1, "maximum": 3600, "what": "a number of seconds up to 3600"}}, ("policy",)),
        "never, on-failure, always, or a mapping with policy, times and seconds"),
}, ("cell", "cpus", "memory"))

SYSTEM = _table({
    "system": NAME,
    "board": FILE,
    "hypervisor": _table({"base": ADDRESS, "size": SIZE}, ("base", "size")),
    "console": _text("the path or alias of a UART in the board's device tree, or none"),
    "log_level": {"enum": ["error", "warning", "info", "debug"], "what": "error, warning, info or debug"},
    "storm_limit": {"type": "integer", "minimum": 0, "maximum": 0xFFFFFFFF,
                    "what": "a number of DMA violations per second, or 0 for no limit"},
    "root_exit": {"enum": ["keep", "restart", "halt"], "what": "keep, restart or halt"},
    "reserved": _list(RANGE, "a list of address ranges"),
    "cell_memory": _list({**_table({"base": ADDRESS, "size": MEMORY["properties"]["size"]}, ("base", "size"))},
                         "a list of address ranges"),
    "cell_pci": _list(RANGE, "a list of address ranges"),
    "cell_devices": _list(_text("a device's path or alias in the board's device tree"), "a list of devices"),
    "root": {"if": {"type": "string"}, "then": {"what": "a cell config or its file name"}, "else": CELL},
    "boot": _list({"if": {"type": "string"}, "then": {"what": "a cell config or its file name"}, "else": CELL},
                  "a list of cells that start at boot: configs or their file names"),
}, ("system", "hypervisor"))


def _where(path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _place(root, path) -> At:
    """The line of the element at `path`."""
    at, here = root.at(), root
    for part in path:
        at, here = here.at(part), here[part]
    return at


def _suggestion(word: str, known) -> str:
    close = difflib.get_close_matches(str(word), list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(known)}"


def _report(error, root, problems: Problems) -> None:
    path, where = list(error.absolute_path), _where(error.absolute_path)
    place = _place(root, path)
    if error.validator == "additionalProperties":
        for key in [key for key in error.instance if key not in error.schema["properties"]]:
            problems.error(_place(root, [*path, key]), f"unknown key '{key}'{f' in {where}' if where else ''}"
                           + _suggestion(key, error.schema["properties"]))
        return
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            problems.error(place, f"{where + ': ' if where else ''}the key '{key}' is missing")
        return
    what = error.schema.get("what")
    shown = f"'{error.instance}'" if isinstance(error.instance, str) else (
        "this" if isinstance(error.instance, (dict, list)) else str(error.instance))
    if error.instance is None:
        shown = "nothing"
    sentence = f"{shown} is not {what}" if what else error.message
    if error.validator == "minItems":
        sentence = "the list is empty, but at least one entry is needed"
    if error.validator == "maxItems":
        sentence = f"has {len(error.instance)} entries, at most {error.validator_value} are possible"
    problems.error(place, f"{where}: {sentence}" if where else sentence)


def _prune(root, error) -> bool:
    """Takes out what was wrong, so that the rest can be checked still. False when nothing would be left."""
    path = list(error.absolute_path)
    here = root
    for part in path:
        if part not in here if isinstance(here, dict) else part >= len(here):
            return True
        parent, here = here, here[part]
    if error.validator == "additionalProperties":
        for key in [key for key in here if key not in error.schema["properties"]]:
            del here[key]
        return True
    if not path:
        return False
    if isinstance(parent, Seq):
        parent.drop(path[-1])
    else:
        del parent[path[-1]]
    return True


def check(data, schema: dict, file: str, problems: Problems) -> bool:
    """Reports what has not the form it should have, and takes it out of `data`. False when that leaves nothing."""
    if not isinstance(data, Map):
        problems.error(At(file), f"is not {schema['what']}")
        return False
    validator = jsonschema.Draft202012Validator(schema)
    errors = list(validator.iter_errors(data))
    for error in errors:
        _report(error, data, problems)
    while errors:
        errors.sort(key=lambda error: [(isinstance(part, int), str(part).zfill(4)) for part in error.absolute_path],
                    reverse=True)
        if not all([_prune(data, error) for error in errors]):
            return False
        errors = list(validator.iter_errors(data))  # what is incomplete now was reported already
    return True
