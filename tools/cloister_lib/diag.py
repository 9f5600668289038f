# SPDX-License-Identifier: GPL-2.0-only
"""Problems: each is a sentence with the place in the file that it is about. All are collected before any is shown."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class At:
    """A place in a file; line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Fatal(Exception):
    """A problem after which nothing sensible can follow, such as a file that isn't there."""

    def __init__(self, at: At | str, sentence: str):
        super().__init__(f"{at}: {sentence}")
        self.at = at if isinstance(at, At) else At(at)
        self.sentence = sentence


@dataclass
class Problems:
    """What was found so far, in the order of finding; the same sentence about the same place is kept once."""

    errors: list[tuple[At, str]] = field(default_factory=list)
    warnings: list[tuple[At, str]] = field(default_factory=list)

    def error(self, at: At, sentence: str) -> None:
        if (at, sentence) not in self.errors:
            self.errors.append((at, sentence))

    def warn(self, at: At, sentence: str) -> None:
        if (at, sentence) not in self.warnings:
            self.warnings.append((at, sentence))

    def lines(self) -> list[str]:
        found = [(at, "", text) for at, text in self.errors]
        found += [(at, "warning: ", text) for at, text in self.warnings]
        found.sort(key=lambda entry: (entry[0].file, entry[0].line))
        return [f"{at}: {kind}{text}" for at, kind, text in found]
