"""Which weaknesses of the original system are closed, and by which test: ``make spec``, or ``python -m tests.spec_marks [folder]``.

The weaknesses stand in the tables of ``../shared/spec/*.md``; a test that closes one carries ``@pytest.mark.spec("order W-7")``:
the first word of the file's name, then the id as it is printed there. Without that folder only the marks are listed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPECS = ROOT.parent / "shared" / "spec"
_HEADING = re.compile(r"^(#+) .*", re.MULTILINE)
_ID = re.compile(r"[A-Z]{0,3}-?\d+[a-z]?\Z")


def spec_ids(text: str) -> list[str]:
    """The ids in the first column of the tables below a ``## `` heading that speaks of weaknesses or defects, in order."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            if len(heading[1]) <= 2:
                inside = any(word in line.lower() for word in ("weakness", "defect"))
        elif inside and line.startswith("|"):
            first = line.split("|")[1].strip().strip("*")
            if _ID.match(first):
                found.append(first)
    return found


def weaknesses(folder: Path) -> dict[str, list[str]]:
    """Spec (first word of its file's name) -> its ids; specs without numbered weaknesses are left out."""
    found = {file.name.partition("-")[0].removesuffix(".md"): spec_ids(file.read_text()) for file in sorted(folder.glob("*.md"))}
    return {name: ids for name, ids in found.items() if ids}


def marks_of(source: str) -> Iterator[tuple[str, str]]:
    """(mark, test) for every ``pytest.mark.spec`` of a module, without importing it; a class's marks are its tests' too."""
    yield from _marks(ast.parse(source).body, ())


def _marks(body: Iterable[ast.stmt], above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            mine = above + tuple(text for decorator in node.decorator_list for text in _said(decorator))
            if isinstance(node, ast.ClassDef):
                yield from _marks(node.body, mine)
            elif node.name.startswith("test"):
                yield from ((mark, node.name) for mark in dict.fromkeys(mine))


def _said(decorator: ast.expr) -> Iterator[str]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.spec":
        yield from (one.value for one in decorator.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


def marked(folder: Path) -> dict[str, list[str]]:
    """Mark -> the tests below ``folder`` that carry it, as ``path::name``."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        for mark, test in marks_of(file.read_text()):
            found.setdefault(mark, []).append(f"{file.relative_to(folder.parent)}::{test}")
    return found


def unknown(marks: Iterable[str], specs: Mapping[str, Iterable[str]]) -> list[str]:
    """The marks that name no weakness of ``specs``."""
    known = {f"{name} {ident}" for name, ids in specs.items() for ident in ids}
    return sorted(set(marks) - known)


def report(specs: Mapping[str, list[str]], marks: Mapping[str, list[str]]) -> Iterator[str]:
    """The lines to print."""
    for name, ids in specs.items():
        closed = [ident for ident in ids if f"{name} {ident}" in marks]
        yield f"{name}: {len(closed)} of {len(ids)} closed"
        yield from (f"  {ident:<6} {', '.join(marks[f'{name} {ident}'])}" for ident in closed)
        if left := [ident for ident in ids if f"{name} {ident}" not in marks]:
            yield f"  open   {', '.join(left)}"
    if specs and (strays := unknown(marks, specs)):
        yield f"marks that name no weakness: {', '.join(strays)}"


def main(folder: Path) -> int:
    """Print the report; 1 if a mark names no weakness."""
    marks = marked(ROOT / "tests")
    if not folder.is_dir():
        print(f"{folder.name} is not here ({folder.parent.name}/ lies beside this repository where it is): only the marks")
        for mark, tests in sorted(marks.items()):
            print(f"{mark}: {', '.join(tests)}")
        return 0
    specs = weaknesses(folder)
    print("\n".join(report(specs, marks)))
    return 1 if unknown(marks, specs) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SPECS))
