"""Which topics the projectors' second consumer reads (docs/adr/0005)."""

from __future__ import annotations

from agents.projectors import QUIET, group_of
from models.read.models import MODELS
from tests.e2e.test_budget import RECORDS


def test_what_read_models_read_and_no_order_writes_is_quiet() -> None:
    """An order out of a cart writes one event more, once."""
    written = {(domain, kind) for domain, _, kind in (name.partition(".") for name in RECORDS)}
    read = {source for model in MODELS for source in model.sources}
    assert read - written == QUIET


def test_a_release_that_reads_other_topics_has_another_group() -> None:
    assert group_of("bb-read", ["b", "a"]) == group_of("bb-read", ["a", "b"])
    assert len({group_of(name, topics) for name in ("bb-read", "x-read") for topics in (["a"], ["a", "b"], ["b"], [])}) == 8
