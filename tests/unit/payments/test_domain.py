"""The gateway's words become the domain's: what each answer and each exception of the port means."""

from __future__ import annotations

from typing import Any

import pytest

from agents.payments.domain import payments
from agents.payments.gateway import AlreadyCaptured, ConditionFailed, Refused, Unavailable, Unknown
from models.actor import Effect, EffectUnknown
from models.effects import PortKind
from models.payments import messages as m
from models.payments.state import Payment, after
from tests.unit.gateway_model import GatewayModel
from tests.unit.history import Actor
from tests.unit.memory import run
from tests.unit.payments.given import ASK, CAPTURE, PART, READY, REST
from tests.unit.shop import NOW, ORDER


class Played:
    """A payment that calls the gateway's model for real."""

    def __init__(self) -> None:
        self.gateway = GatewayModel(lambda: NOW)
        self.domain = payments(self.gateway)
        self.actor = Actor(self.domain, ORDER, NOW)

    def call(self) -> Any:
        """The outcome of the call that is pending."""
        effect = self.domain.pending(self.actor.state)
        assert effect is not None
        assert self.domain.perform is not None
        return run(self.domain.perform(ORDER, self.actor.state, effect))

    def take(self, *messages: Any) -> None:
        for message in messages:
            self.actor.take(message)


def test_the_whole_way_to_the_last_won() -> None:
    played = Played()
    played.take(ASK)
    urls = {"pc": "https://pay/T0/pc", "mobile": "https://pay/T0/mobile", "app": "https://pay/T0/app"}
    ready = played.call()
    assert ready == m.ReadyDone(attempt=1, tid="T0", redirects=urls)
    played.take(ready, CAPTURE)
    taken = played.call()
    assert taken == m.CaptureDone(attempt=2, aid="AT0", method="CARD", amount=10_000, approved_at=NOW)
    played.take(taken, PART, REST)
    part = played.call()
    assert part == m.RefundDone(attempt=3, aid="RT04000", refunded_total=4_000, left=6_000)
    played.take(part)
    rest = played.call()
    assert rest == m.RefundDone(attempt=4, aid="RT010000", refunded_total=10_000, left=0)
    played.take(rest)
    record = played.gateway.books["T0"]
    # The VAT of the parts adds up to the VAT of the whole, so that nothing is left at the gateway.
    assert (record.left.total, record.left.tax_free, record.left.vat) == (0, 0, 0)
    assert played.actor.state.status == "REFUNDED"


def test_a_question() -> None:
    played = Played()
    played.take(ASK)
    played.take(played.call(), CAPTURE, EffectUnknown(effect="capture", attempt=2))
    state = after(played.actor.state, m.EffectStarted(effect="query", attempt=3, until=NOW + 15_000))
    assert played.domain.perform is not None
    said = run(played.domain.perform(ORDER, state, Effect("query", 3, NOW)))
    assert said == m.QueryDone(attempt=3, status="ready", captured=0, refunded=0, left=0, approved_at=0)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Refused("-780", "no"), m.EffectRefused(effect="capture", attempt=2, code="-780", message="no")),
        (AlreadyCaptured("-702"), EffectUnknown(effect="capture", attempt=2, error="AlreadyCaptured")),
        (ConditionFailed("-712"), EffectUnknown(effect="capture", attempt=2, error="ConditionFailed")),
        (Unavailable("no_connection"), EffectUnknown(effect="capture", attempt=2, error="Unavailable: no_connection")),
        (Unknown("no_answer"), EffectUnknown(effect="capture", attempt=2, error="Unknown: no_answer")),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.spec("order W-56")
def test_what_went_wrong(error: Exception, message: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()

    async def capture(*_: object) -> None:
        raise error

    monkeypatch.setattr(played.gateway, "capture", capture)
    played.take(ASK, READY, CAPTURE)
    assert played.call() == message


def test_kinds_and_names() -> None:
    domain = Played().domain
    assert domain.kinds == {
        "ready": PortKind.REPEATABLE,
        "capture": PortKind.ASKABLE,
        "query": PortKind.REPEATABLE,
        "refund": PortKind.CONDITIONAL,
    }
    assert domain.state is Payment
