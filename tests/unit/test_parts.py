"""``python -m tests`` leaves no test out, and runs none twice."""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from deploy.local.layout import ROOT
from models.settings import HEALTH, PORTS
from tests import __main__ as parts
from tests.__main__ import PARTS, Part, main, run

PATHS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]


def test_every_file_of_tests_is_in_exactly_one_part() -> None:
    every = [str(file.relative_to(ROOT)) for path in PATHS for file in (ROOT / path).rglob("test_*.py")]
    assert sorted(file for part in PARTS for file in part.files()) == sorted(every)


def test_no_two_parts_meet_on_a_port_or_in_a_folder() -> None:
    furthest = max(*PORTS.values(), *HEALTH.values())
    stacks = {part.name: part.base for part in PARTS if part.base}
    assert all(abs(one - other) > furthest for one, other in combinations(stacks.values(), 2))
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_a_part_has_its_own_stack_whatever_the_environment_names() -> None:
    ours = {"PATH": "/bin", "BB_TEST_STACK": "mine:20000", "BB_PREFIX": "x"}
    part = Part("kernel", ("tests/integration/kernel",), ("tests/integration/kernel/test_kills.py",), base=27_100)
    assert part.environment(ours, -100) == {"PATH": "/bin", "BB_TEST_STACK": "kernel:27000", "BB_TEST_STOP": "1"}
    assert Part("unit", ("tests/unit",)).environment(ours) == {"PATH": "/bin"}
    assert part.arguments() == ["tests/integration/kernel", "--ignore=tests/integration/kernel/test_kills.py"]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest that is started here needs no plugins, whose imports take seconds."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_one_part_that_fails_fails_the_whole_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_good.py").write_text("def test_it(): pass\n")
    (tmp_path / "test_bad.py").write_text("def test_it(): assert 'the reason' == ''\n")
    good, bad = (Part(name, (str(tmp_path / f"test_{name}.py"),)) for name in ("good", "bad"))
    assert run([bad, good], 1, logs=tmp_path) == ["bad"]
    said = capsys.readouterr().out
    assert "1 passed" in said
    assert "the reason" in said
    assert said.strip().endswith("failed: bad")


def test_whoever_needs_a_quiet_machine_begins_when_all_others_have_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    paths = (str(tmp_path / "test_it.py"),)
    assert run([Part("one", paths), Part("two", paths), Part("quiet", paths, alone=True)], 3, logs=tmp_path) == []
    moves = [line.split()[1:4] for line in capsys.readouterr().out.splitlines() if line.startswith("== ")]
    assert [name for name, *_ in moves[:2]] == ["one", "two"]
    assert moves.index(["quiet", "begins:", str(tmp_path / "quiet.log")]) == 4
    assert [part.name for part in PARTS if part.alone] == [PARTS[-1].name]


def test_a_part_without_any_test_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_none.py").write_text("")
    assert run([Part("none", (str(tmp_path),))], 1, logs=tmp_path) == ["none"]


def test_the_command_ends_with_what_its_parts_end_with(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def the_second_time_all_fail(chosen: Sequence[Part], *rest: object) -> list[str]:
        asked.append([part.name for part in chosen])
        return asked[1] if len(asked) == 2 else []

    monkeypatch.setattr(parts, "run", the_second_time_all_fail)
    monkeypatch.setattr(signal, "signal", lambda *given: None)
    assert (main([]), main(["unit", "kernel"])) == (0, 1)
    assert asked == [[part.name for part in PARTS], ["kernel", "unit"]]
    with pytest.raises(SystemExit):
        main(["nothing"])
