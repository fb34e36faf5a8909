"""``make spec``: ids as the specs print them, marks without importing tests, strays told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec_marks import ROOT, main, marked, marks_of, report, spec_ids, unknown, weaknesses

SPEC = """# A service
## 1. Other tables
| Id | Fact |
|---|---|
| X-1 | no weakness |
## 8. Weaknesses the rebuild must fix
### 8.1 Money
| Id | Sev | Weakness |
|---|---|---|
| W-1 | C | one |
| **W-2a** | H | two |
### 8.2 More
| 7 | M | seven |
| W12 | L | twelve |
## 9. Checklist
| W-9 | M | not one of them |
"""
TESTS = """
import pytest

@pytest.mark.spec("shop W-1", "shop 7")
def test_one(): ...

@pytest.mark.spec("shop W12")
class TestMany:
    @pytest.mark.spec("shop W-1")
    async def test_two(self): ...

@pytest.mark.spec("shop W-2a")
def helper(): ...

def test_three(): "pytest.mark.spec('shop W-99')"
"""


def test_ids_are_those_of_the_weaknesses_as_printed() -> None:
    assert spec_ids(SPEC) == ["W-1", "W-2a", "7", "W12"]


def test_a_register_of_defects_is_one_of_weaknesses_too() -> None:
    text = SPEC.replace("8. Weaknesses the rebuild must fix", "11. Defect register (behaviour that must not survive)")
    assert spec_ids(text.replace("| W-1 |", "| D-01 |")) == ["D-01", "W-2a", "7", "W12"]
    assert spec_ids(text.replace("Defect", "Fault")) == []


def test_marks_are_read_without_importing() -> None:
    assert list(marks_of(TESTS)) == [
        ("shop W-1", "test_one"), ("shop 7", "test_one"), ("shop W12", "test_two"), ("shop W-1", "test_two"),
    ]  # fmt: skip


def test_the_report(tmp_path: Path) -> None:
    (tmp_path / "shop-and-more.md").write_text(SPEC)
    (tmp_path / "empty.md").write_text("# nothing\n")
    specs = weaknesses(tmp_path)
    assert specs == {"shop": ["W-1", "W-2a", "7", "W12"]}
    marks = {"shop W-1": ["tests/a.py::test_one", "tests/a.py::test_two"], "shop W-99": ["tests/a.py::test_x"]}
    assert list(report(specs, marks)) == [
        "shop: 1 of 4 closed",
        "  W-1    tests/a.py::test_one, tests/a.py::test_two",
        "  open   W-2a, 7, W12",
        "marks that name no weakness: shop W-99",
    ]
    assert unknown(marks, specs) == ["shop W-99"]


def test_without_the_specs_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path / "spec") == 0
    first, *marks = capsys.readouterr().out.splitlines()
    assert first.startswith("spec is not here")
    assert [line for line in marks if line.startswith("order W-43: ")]


def test_the_marks_of_this_repository_are_found() -> None:
    assert "tests/unit/contract/test_evolution.py::test_what_was_written_still_opens" in marked(ROOT / "tests")["order W-25"]
