"""What deploy/monitoring asks for is there: every metric in the code, every label in its metric, every port in the settings."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.settings import HEALTH, PORT_BASE, port

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
FILES = ("alerts.yml", "dashboard.json")
BY_PROMETHEUS = {"process", "job", "instance", "le"}
"""Labels that Prometheus or the scrape config adds."""
SUFFIXES = ("_bucket", "_sum", "_count")


def metrics() -> dict[str, set[str]]:
    """Name -> labels of every metric that the product's code makes."""
    found = {}
    for package in ("agents", "topics", "web", "scheduling"):
        for file in ROOT.joinpath(package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Counter", "Gauge", "Histogram") and node.args:
                    said = ast.literal_eval(node.args[0])
                    labels = ast.literal_eval(node.args[2]) if len(node.args) > 2 else []
                    found[said] = set(labels)
    return found


def expressions(file: str) -> Iterator[str]:
    """The PromQL expressions of a file."""
    text = (FOLDER / file).read_text()
    if file.endswith(".json"):
        for panel in json.loads(text)["panels"]:
            yield from (target["expr"] for target in panel.get("targets", ()))
    else:
        yield from re.findall(r"^\s+expr: (.+)$", text, re.MULTILINE)


def name_of(word: str, known: dict[str, set[str]]) -> str:
    """The metric of which ``word`` is a series."""
    if word in known:
        return word
    return next((word.removesuffix(end) for end in SUFFIXES if word.endswith(end)), word)


@pytest.mark.parametrize("file", FILES)
def test_every_metric_that_is_asked_for_exists(file: str) -> None:
    known, asked = metrics(), list(expressions(file))
    assert len(asked) > 15
    for expression in asked:
        words = re.findall(r"\bbb_\w+", expression)
        assert words or re.search(r"\bup\b|process_\w+", expression), expression
        labels: set[str] = set(BY_PROMETHEUS)
        for word in words:
            name = name_of(word, known)
            assert name in known, f"{file}: {word} is nowhere in the code"
            labels |= known[name]
        used = {name for said in re.findall(r"\bby \(([^)]*)\)", expression) for name in said.replace(" ", "").split(",")}
        used |= set(re.findall(r"[{,](\w+)(?:=|!=)", expression))
        assert used <= labels, f"{file}: {expression}"


def test_every_metric_is_on_the_dashboard() -> None:
    known = metrics()
    shown = {name_of(word, known) for expression in expressions("dashboard.json") for word in re.findall(r"\bbb_\w+", expression)}
    assert set(known) - shown == set()


@pytest.mark.spec("product W15")
def test_what_must_wake_somebody_does() -> None:
    text = (FOLDER / "alerts.yml").read_text()
    for metric in (
        "bb_parked_aggregates", "bb_invariant_violations", "bb_inbox_lag", "bb_projector_lag", "bb_reminder_overdue_seconds",
        "bb_projector_away", "bb_web_hears_answers", "bb_answers_away", "bb_auditor_unseen",
        'bb_calls_in_vain_total{call="unlink"}',
        "bb_auditor_alarms", "bb_ready", "bb_web_ready", 'outcome="dead"', 'phase="CAPTURING"} ) > 600',
    ):  # fmt: skip
        assert metric.replace("} )", "})") in text, metric
    alerts, actions = text.count("- alert: "), text.count("          action: ")
    assert alerts == actions == text.count("labels: {severity: ")


def test_it_looks_where_the_processes_are() -> None:
    text = (FOLDER / "prometheus.yml").read_text()
    found = dict(re.findall(r'targets: \["127\.0\.0\.1:(\d+)"\]\n\s+labels: \{process: ([\w-]+)\}', text))
    processes = re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)
    wanted = {str(port(name)): name for name in processes if name in HEALTH}
    wanted |= {str(PORT_BASE + 10 + number): f"web-{number}" for number in range(2)}
    assert found == wanted
