"""No partition is left to nobody because a broker has just come back."""

from __future__ import annotations

import os
from typing import Any

import pytest

from agents.runtime.assignor import Assignor


class Cluster:
    """What a broker says of its topics."""

    def __init__(self, known: dict[str, set[int]]) -> None:
        self.known = known

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self.known.get(topic)


def groups(known: dict[str, set[int]], monkeypatch: pytest.MonkeyPatch) -> Any:
    def left(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", left)
    topics = {"bb.orders.inbox", "bb.orders.changelog", "bb-trade-__assignor-__leader"}
    return Assignor._get_copartitioned_groups(topics, Cluster(known), {"w0": sorted(topics)})


def test_a_leader_that_does_not_see_every_topic_assigns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        groups({"bb.orders.inbox": {0, 1}}, monkeypatch)
    assert ended.value.code == 70


def test_one_that_sees_them_assigns_them_together(monkeypatch: pytest.MonkeyPatch) -> None:
    found = groups({"bb.orders.inbox": {0, 1}, "bb.orders.changelog": {0, 1}}, monkeypatch)
    assert [(count, [set(group) for group in made]) for count, made in found.items()] == [
        (2, [{"bb.orders.inbox", "bb.orders.changelog"}])
    ]
