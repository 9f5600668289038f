# SPDX-License-Identifier: GPL-2.0-only
"""The command line of `cloister`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from . import abi, alloc, board, emit, hypcheck, pack, plan, rules, yamldoc
from .diag import At, Fatal, Problems
from .emit import Start
from .image import find
from .model import Cell, System
from .resolve import Resolver

try:
    import argcomplete
except ImportError:  # completion is a convenience
    argcomplete = None


@dataclass
class Session:
    """All configs of one run, resolved and placed."""

    system: System
    cells: list[Cell]  # those given beside the system
    problems: Problems

    @property
    def all(self) -> list[Cell]:
        return self.system.cells + self.cells

    def cell(self, file: str) -> Cell:
        return next(cell for cell in self.cells if cell.file == file)


def _search(args, doc: yamldoc.Doc) -> list[Path]:
    """Where files that configs name are looked for: by default where make puts this system's, then all of build."""
    if args.search:
        return [Path(entry) for entry in args.search]
    build = abi.TREE / "build"
    name = doc.data.get("system") if isinstance(doc.data, yamldoc.Map) else None
    return [build / name, build] if isinstance(name, str) else [build]


def _board(doc: yamldoc.Doc, args) -> board.Board:
    if args.board:
        return board.load(args.board)
    name = doc.data.get("board") if isinstance(doc.data, yamldoc.Map) else None
    if not isinstance(name, str):
        raise Fatal(At(doc.file), "the key 'board' is missing, and --board is not given: which device tree is it?")
    path = find(name, doc.file, _search(args, doc))
    if path is None:
        raise Fatal(doc.data.at("board"), f"board: there is no file {name} (looked in {Path(doc.file).parent}, "
                    f"{', '.join(map(str, _search(args, doc)))})")
    return board.load(path)


def load(args, system_file: str, cell_files: list[str]) -> Session:
    """Reads and resolves; Stop when that cannot be done, with all problems found until then."""
    problems = Problems()
    doc = yamldoc.load(system_file, problems)
    if doc is None:
        raise Stop(problems)
    resolver = Resolver(_board(doc, args), problems)
    system = resolver.system(doc, _search(args, doc))
    docs = [yamldoc.load(file, problems) for file in cell_files]
    if system is None:
        raise Stop(problems)
    cells = [resolver.cell(entry, system) for entry in docs if entry]
    session = Session(system, [cell for cell in cells if cell], problems)
    alloc.memory(system, session.all, problems)
    alloc.bars(system, session.all, problems)
    rules.check(system, session.all, problems)
    return session


class Stop(Exception):
    """Nothing more can be done; the problems say why."""

    def __init__(self, problems: Problems):
        super().__init__()
        self.problems = problems


def _report(problems: Problems) -> int:
    for line in problems.lines():
        print(line, file=sys.stderr)
    return 1 if problems.errors else 0


def _confirm(session: Session, args, plans: list[plan.Plan]) -> None:
    """Runs the hypervisor's own checker on everything, without payloads."""
    if session.problems.errors:
        return
    starts = [_start_of(session, plans, cell) for cell in session.system.cells]
    blob = emit.system_blob(session.system, starts, [])
    cells = {cell.name: emit.cell_blob(session.system, cell, _start_of(session, plans, cell))
             for cell in session.cells}
    _confirm_blob(session, args, blob, cells)


def _confirm_blob(session: Session, args, system: bytes, cells: dict[str, bytes]) -> None:
    checker = hypcheck.program(args.config_check)
    for name, sentence in hypcheck.run(checker, system, cells) if checker else []:
        cell = next((cell for cell in session.cells if cell.name == name), None)
        session.problems.error(cell.at if cell else session.system.at, f"the hypervisor's check: {sentence}")


def _start_of(session: Session, plans: list[plan.Plan], cell: Cell) -> Start:
    """Where a cell starts, as far as its files are there."""
    for entry in plans:
        if entry.cell is cell:
            return entry.start
    try:
        return plan.make(session.system, cell, need_files=False).start
    except Fatal as problem:
        raise Stop(session.problems) from problem


def _loaded(args, cell_files: list[str]) -> Session:
    session = load(args, args.system, cell_files)
    if session.problems.errors:
        raise Stop(session.problems)
    return session


def _finish(session: Session, args, plans: list[plan.Plan]) -> None:
    _confirm(session, args, plans)
    if session.problems.errors:
        raise Stop(session.problems)


def cmd_check(args) -> int:
    session = load(args, args.system, args.cells)
    plans = []
    for cell in session.all if not session.problems.errors else []:
        try:
            plans.append(plan.make(session.system, cell, need_files=args.files))
        except Fatal as problem:
            session.problems.error(problem.at, problem.sentence)
    _confirm(session, args, plans)
    status = _report(session.problems)
    if status == 0 and not args.quiet:
        names = ", ".join(cell.name for cell in session.all) or "no cells"
        print(f"{session.system.name}: no problems ({names})")
    return status


def cmd_compile(args) -> int:
    """A system config, or with --cell a cell."""
    session = _loaded(args, [*args.cell, *args.given])
    if args.cell:
        cell = session.cell(args.cell[0])
        entry = plan.make(session.system, cell)
        _finish(session, args, [entry])
        data = pack.cell_file(session.system, cell, entry)
    else:
        plans = [plan.make(session.system, cell, need_files=False) for cell in session.system.cells]
        _finish(session, args, plans)
        data = emit.system_blob(session.system, [entry.start for entry in plans], [])
    _report(session.problems)
    pack.write(Path(args.output), data)
    return 0


def cmd_dtb(args) -> int:
    session = _loaded(args, [*args.cell, *args.given])
    cell = session.cell(args.cell[0]) if args.cell else session.system.root
    if cell is None:
        raise Fatal(session.system.at, "the system has no root cell; name a cell with --cell")
    entry = plan.make(session.system, cell)
    _finish(session, args, [entry])
    pack.write(Path(args.output), entry.dtb)
    return 0


def cmd_pack(args) -> int:
    session = _loaded(args, args.given)
    plans = [plan.make(session.system, cell) for cell in session.system.cells]
    _finish(session, args, plans)
    binary = pack.read(Path(args.hypervisor))
    image, config = pack.system_image(session.system, plans, binary, args.hypervisor)
    _confirm_blob(session, args, config, {})
    if session.problems.errors:
        raise Stop(session.problems)
    _report(session.problems)
    pack.write(Path(args.output), image)
    return 0


def cmd_show(args) -> int:
    from . import show  # tables take longer to load than all else together
    return show.main(pack.read(Path(args.file)), args.file, args.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloister", description="Checks, compiles, packs and shows the configs of a "
                                     "partitioned machine. Documentation/config-format.md describes them.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--board", metavar="FILE", help="the board's device tree (.dtb); default: as the system config says")
    common.add_argument("--search", metavar="DIR", action="append", default=[],
                        help="where to look for files that configs name (repeatable; default: build/SYSTEM, build)")
    common.add_argument("--config-check", metavar="FILE", help="the hypervisor's checker built for this machine "
                        "(default: build/tools/config_check, if it is there)")
    given = argparse.ArgumentParser(add_help=False)
    given.add_argument("--with", dest="given", metavar="FILE", action="append", default=[],
                       help="another cell config that shall fit beside this one (repeatable)")

    command = commands.add_parser("check", parents=[common], help="report every problem of a set of configs",
                                  description="Reports every problem of a system config and any number of cell configs "
                                  "that shall exist at the same time. Exit status 1 when there is one.")
    command.add_argument("system", help="the system config (YAML)")
    command.add_argument("cells", nargs="*", help="cell configs (YAML)")
    command.add_argument("--files", action="store_true", help="the images that configs name must be there too")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing when all is well")
    command.set_defaults(run=cmd_check)

    command = commands.add_parser("compile", parents=[common, given], help="make a system.cfg or a .cell file",
                                  description="Compiles a system config to the binary that the hypervisor reads, or "
                                  "with --cell a cell config to a .cell file for cloisterctl.")
    _system_and_cell(command)
    command.set_defaults(run=cmd_compile)

    command = commands.add_parser("dtb", parents=[common, given], help="make the device tree of a cell",
                                  description="Writes the root cell's device tree, or with --cell that of another.")
    _system_and_cell(command)
    command.set_defaults(run=cmd_dtb)

    command = commands.add_parser("pack", parents=[common, given], help="make system.img", description="Puts together "
                                  "the file that the machine boots: hypervisor, config, and what the cells start from.")
    command.add_argument("system", help="the system config (YAML)")
    command.add_argument("--hypervisor", metavar="FILE", default=str(abi.TREE / "build/hypervisor/cloister.bin"),
                         help="the hypervisor's binary (default: %(default)s)")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write")
    command.set_defaults(run=cmd_pack)

    command = commands.add_parser("show", help="print a binary file", description="Prints a system.cfg, a .cell file, "
                                  "a system.img or a cell config for people, or with --json for programs.")
    command.add_argument("file", help="the file")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(run=cmd_show)
    return parser


def _system_and_cell(command: argparse.ArgumentParser) -> None:
    command.add_argument("system", help="the system config (YAML)")
    command.add_argument("--cell", metavar="FILE", nargs=1, default=[], help="the cell config (YAML) that is meant")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write")


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    if argcomplete:
        argcomplete.autocomplete(parser)
    args = parser.parse_args(arguments)
    try:
        return args.run(args)
    except Stop as stop:
        if stop.__cause__:
            print(stop.__cause__, file=sys.stderr)
        return _report(stop.problems) or 1
    except Fatal as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
