# SPDX-License-Identifier: GPL-2.0-only
"""YAML files with the line of everything in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .diag import At, Problems


class Map(dict):
    """A mapping that knows where it and its keys are."""

    file = ""
    line = 0
    lines: dict

    def at(self, key=None) -> At:
        return At(self.file, self.lines.get(key, self.line))


class Seq(list):
    """A sequence that knows where it and its items are."""

    file = ""
    line = 0
    lines: list

    def at(self, index: int | None = None) -> At:
        known = index is not None and index < len(self.lines)
        return At(self.file, self.lines[index] if known else self.line)

    def drop(self, index: int) -> None:
        del self[index]
        del self.lines[index]


def _plain(value, file: str, line: int):
    """ruamel's round-trip objects as Map, Seq and plain scalars."""
    if isinstance(value, CommentedMap):
        found = Map()
        found.lines = {key: value.lc.key(key)[0] + 1 for key in value}
        found.update((key, _plain(item, file, found.lines[key])) for key, item in value.items())
    elif isinstance(value, CommentedSeq):
        found = Seq()
        found.lines = [value.lc.item(index)[0] + 1 for index in range(len(value))]
        found.extend(_plain(item, file, found.lines[index]) for index, item in enumerate(value))
    elif isinstance(value, bool) or value is None:
        return value
    elif isinstance(value, int):
        return int(value)
    elif isinstance(value, str):
        return str(value)
    else:
        return value
    found.file, found.line = file, line
    return found


@dataclass
class Doc:
    """One file; `data` is a Map once the schema has accepted it."""

    file: str
    data: object

    @property
    def directory(self) -> Path:
        return Path(self.file).parent


def load(path: str | Path, problems: Problems) -> Doc | None:
    """Reads a file; what keeps it from being read becomes a problem and None."""
    file = str(path)
    try:
        with open(path, encoding="utf-8") as stream:
            data = YAML(typ="rt").load(stream)
    except OSError as error:
        problems.error(At(file), f"cannot read it: {error.strerror}")
    except UnicodeDecodeError:
        problems.error(At(file), "is not a text file in UTF-8")
    except DuplicateKeyError as error:
        key = error.problem.split('"')[1] if error.problem and '"' in error.problem else "?"
        problems.error(At(file, error.problem_mark.line + 1), f"the key '{key}' is given twice")
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        problems.error(At(file, line), f"is not valid YAML: {error.problem or error.context}")
    except (YAMLError, ValueError) as error:
        problems.error(At(file), f"is not valid YAML: {' '.join(str(error).split())}")
    else:
        return Doc(file, _plain(data, file, 1))
    return None
