# SPDX-License-Identifier: GPL-2.0-only
"""Python's view of the binary formats, measured by the C compiler: every struct of the headers in
hypervisor/include/abi and tools/include/abi with the offset, size and type of each member, and every numeric constant, as JSON.

The preprocessor lists what there is; a generated C program, compiled against the same headers, prints the numbers.
Nothing about a format is written down here.
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

HEADERS = ("config.h", "image.h", "cellfile.h", "hypercall.h")
CONSTANT = re.compile(r"^#define ((?:CFG|IMG|CELLFILE|HC|CL)_[A-Z0-9_]+) (.+)$", re.M)
STRUCT = re.compile(r"\bstruct\s+(\w+)\s*\{([^{}]*)\}\s*;")
MEMBER = re.compile(r"^\s*((?:struct\s+)?\w+)\s+([^;]+)$")
DECLARATOR = re.compile(r"^(\w+)((?:\[[^\]]+\])*)$")


TOOLS_INCLUDE = Path(__file__).resolve().parents[1] / "include"


def default_include() -> Path:
    return Path(__file__).resolve().parents[2] / "hypervisor" / "include"


def _preprocess(include: Path, cc: str, *options: str) -> str:
    text = "".join(f"#include <abi/{name}>\n" for name in HEADERS)
    command = [cc, "-E", "-x", "c", f"-I{include}", f"-I{TOOLS_INCLUDE}", *options, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _members(body: str) -> list[tuple[str, str]]:
    """(type, name) of each member in a struct's text; one declaration may name several."""
    members = []
    for declaration in filter(str.strip, body.split(";")):
        match = MEMBER.match(" ".join(declaration.split()))
        if not match:
            raise ValueError(f"cannot read the member '{declaration.strip()}'")
        for declarator in match[2].split(","):
            name = DECLARATOR.match(declarator.strip())
            if not name:
                raise ValueError(f"cannot read the member '{declaration.strip()}'")
            members.append((match[1], name[1]))
    return members


def _program(structs: dict[str, list[tuple[str, str]]], constants: list[str]) -> str:
    """C that prints one line for each struct, member and constant."""
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += [f"#include <abi/{name}>" for name in HEADERS]
    lines.append("int main(void)\n{")
    for struct, members in structs.items():
        lines.append(f'printf("S {struct} %zu\\n", sizeof(struct {struct}));')
        for kind, name in members:
            lines.append(f'printf("M {struct} {name} %zu %zu %zu {kind}\\n", offsetof(struct {struct}, {name}), '
                         f"sizeof(((struct {struct} *)0)->{name}), sizeof({kind}));")
    for name in constants:
        lines.append(f'printf("C {name} %llu\\n", (unsigned long long)({name}));')
    return "\n".join([*lines, "return 0;\n}\n"])


def _run(source: str, include: Path, cc: str) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch)
        (path / "abi.c").write_text(source)
        subprocess.run([cc, f"-I{include}", f"-I{TOOLS_INCLUDE}", "-o", path / "abi", path / "abi.c"], check=True,
                       capture_output=True,
                       text=True)
        return subprocess.run([path / "abi"], check=True, capture_output=True, text=True).stdout


def _parse(output: str) -> dict:
    abi: dict = {"constants": {}, "structs": {}}
    for line in output.splitlines():
        what, name, *rest = line.split(" ", 6)
        if what == "C":
            abi["constants"][name] = int(rest[0])
        elif what == "S":
            abi["structs"][name] = {"size": int(rest[0]), "members": []}
        else:
            member, offset, size, element, kind = rest
            abi["structs"][name]["members"].append({
                "name": member, "offset": int(offset), "size": int(size), "element": int(element), "type": kind})
    return abi


def generate(include: Path, cc: str = "gcc") -> dict:
    """The ABI as a dictionary. Raises CalledProcessError with the compiler's words when a header is broken."""
    constants = CONSTANT.findall(_preprocess(include, cc, "-dM"))
    names = sorted(name for name, value in constants if not name.endswith("_H") and not value.startswith('"'))
    text = _preprocess(include, cc, "-P")
    structs = {name: _members(body) for name, body in STRUCT.findall(text) if name.split("_")[0] in
               ("cfg", "cloister", "cellfile", "hc")}
    return _parse(_run(_program(structs, names), include, cc))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--include", type=Path, default=default_include(), help="directory that holds abi/")
    parser.add_argument("--cc", default="gcc", help="the host's C compiler")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the JSON file to write")
    args = parser.parse_args()
    try:
        abi = generate(args.include, args.cc)
    except subprocess.CalledProcessError as error:
        print(f"{args.include}/abi: the compiler does not accept the headers:\n{error.stderr}")
        return 1
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(abi, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
