"""The operators' page names what there is: every setting, command and metric."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import click
import pytest
from prometheus_client import REGISTRY

from agents import commands as operators
from deploy.local.layout import ROOT
from models.read.models import MODELS
from models.settings import HEALTH, PORTS, Settings
from web import admins, tokens
from web.settings import WebSettings

PAGE = (ROOT / "docs" / "operations.md").read_text()
SOURCES = ("agents", "deploy", "models", "topics", "web")
OURS = (
    "agents.auditor.watch", "agents.pump", "agents.runtime.metrics", "agents.search.feed", "agents.search.serve", "web.app",
)  # fmt: skip
"""Modules that count something."""
TESTS_OWN = {"BB_TEST_STACK", "BB_UP_STACK", "BB_TEST_STOP"}


def settings() -> set[str]:
    """Every variable: the fields of both structs, and what any file of the product names outright."""
    found = {f"BB_{name.upper()}" for struct in (Settings, WebSettings) for name in struct.__struct_fields__}
    for folder in SOURCES:
        for file in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"\"(BB_[A-Z0-9_]+[A-Z])\"", file.read_text()))
    return found


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from commands(one, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_setting_is_listed() -> None:
    listed = set(re.findall(r"`(BB_[A-Z0-9_]+)`", PAGE))
    assert settings() - listed == set()
    assert listed - settings() - TESTS_OWN == set()


@pytest.mark.parametrize(
    "command",
    [
        f"{module.__name__} {command}"
        for module in (operators, admins, tokens)
        for command in commands(module.main)
        # It stands in the line of its counterpart.
        if command != "resume"
    ],
)
def test_every_command_is_listed(command: str) -> None:
    assert f"| `bb python -m {command}" in PAGE


def test_every_command_that_is_listed_there_is() -> None:
    there = {f"{module.__name__} {command}" for module in (operators, admins, tokens) for command in commands(module.main)}
    listed = re.findall(r"python -m ((?:agents\.commands|web\.admins|web\.tokens)[a-z ]*)", PAGE)
    assert [said for said in listed if not any(said.strip().startswith(one) for one in there)] == []
    assert "agents.commands resume" in there
    assert "`resume trade`" in PAGE


def test_every_read_model_that_can_be_rebuilt_is_listed() -> None:
    """``live`` and ``ended`` have no versions: what they hold is forgotten by itself."""
    chapter = PAGE.partition("Read models to rebuild: ")[2].partition(". ")[0]
    assert re.findall(r"`([a-z_]+)`", chapter) == [model.name for model in MODELS if model.versioned]
    assert [model.name for model in MODELS if not model.versioned] == ["live", "ended"]


def test_every_metric_is_listed() -> None:
    for module in OURS:
        importlib.import_module(module)
    metrics = [metric for metric in REGISTRY.collect() if metric.name.startswith("bb_")]
    counted = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in metrics}
    assert len(counted) >= 18
    assert counted - set(re.findall(r"`(bb_[a-z_]+)`", PAGE)) == set()


def test_every_port_is_listed() -> None:
    chapter = PAGE.partition("Ports, as distances")[2].partition("\n\n")[0].lower()
    names = {"mongo": "ferretdb", "dynamo": "dynamodb", "kafka-controller": "controller"}
    for name, distance in {**PORTS, **HEALTH}.items():
        assert re.search(rf"\b{names.get(name, name)}\)? {distance}\b", chapter), name
