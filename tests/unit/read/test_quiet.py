"""Which topics the projectors' second consumer reads (docs/adr/0005)."""

from __future__ import annotations

from agents.projectors import QUIET
from models.read.models import MODELS
from tests.e2e.test_budget import RECORDS


def test_what_read_models_read_and_no_order_writes_is_quiet() -> None:
    """An order out of a cart writes one event more, once."""
    written = {(domain, kind) for domain, _, kind in (name.partition(".") for name in RECORDS)}
    read = {source for model in MODELS for source in model.sources}
    assert read - written == QUIET
