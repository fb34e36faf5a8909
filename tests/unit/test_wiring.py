"""The domains in the kernel's own turn: what comes in as bytes goes out as bytes, and no person with it in public."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from agents.deliveries import DELIVERIES
from agents.inventory import INVENTORY
from agents.orders import ORDERS
from agents.payments.domain import payments
from agents.runtime.decider import Decider
from agents.runtime.domain import Domain
from agents.runtime.rows import Ledger
from agents.runtime.turn import Input, Turn
from agents.stores import STORES
from models.actor import Message, Reminder
from models.catalog.messages import SaveProduct
from models.inventory.messages import CreateCoupon
from models.orders.messages import Held, PaymentReady
from models.stores.messages import SaveStore
from tests.unit.deliveries.test_deliveries import CREATE
from tests.unit.gateway_model import GatewayModel
from tests.unit.orders.given import BOTH, DEADLINE
from tests.unit.payments.given import ASK
from tests.unit.shop import NOW, ORDER, PERSONAL, TODAY, TOMORROW
from topics.envelope import encode, seal

PAYMENTS = payments(GatewayModel(lambda: NOW))
COUPON = CreateCoupon(coupon_id="c", limit=1, discount=1, min_amount=2, starts=TODAY, ends=TOMORROW, name="이철수")


def turn(domain: Domain, *messages: tuple[Message, int]) -> Turn:
    """One turn over ``messages`` with their times, under one key."""
    taken, decider = Turn(Ledger()), Decider(domain, 0, "bb", lambda key: None)
    for offset, (message, now) in enumerate(messages):
        sealed = seal(domain.name, ORDER, message, id=f"m{offset}", source="/test", replyto="web")
        assert decider.take(taken, Input(offset, now, ORDER, encode(sealed)))
    return taken


@pytest.mark.spec("order W-44")
@pytest.mark.parametrize(
    ("domain", "message", "outputs"),
    [
        (ORDERS, BOTH, ["bb.inventory.inbox", "bb.inventory.inbox", "bb.payments.inbox", "bb.orders.events", "bb.orders.private"]),
        (PAYMENTS, ASK, ["bb.payments.events"]),
        (DELIVERIES, CREATE, ["bb.deliveries.events", "bb.deliveries.private"]),
        (INVENTORY, COUPON, ["bb.inventory.events", "bb.inventory.private"]),
        (STORES, SaveStore(owner="o", name="이철수", delivery_fee=0, free_from=0),
         ["bb.inventory.inbox", "bb.stores.events", "bb.stores.private"]),
        (CATALOG, SaveProduct(store_id="s", name="이철수", price=1, flowers={}), ["bb.catalog.events", "bb.catalog.private"]),
    ],
    ids=lambda value: value.name if isinstance(value, Domain) else "",
)  # fmt: skip
def test_each_domain_in_a_turn(domain: Domain, message: Message, outputs: list[str]) -> None:
    done = turn(domain, (message, NOW))
    assert [out.topic for out in done.outputs] == outputs
    assert done.outcomes == {"handled": 1}
    public = [out.value.decode() for out in done.outputs if out.value and out.topic.endswith(".events")]
    assert not [text for text in PERSONAL if any(text in value for value in public)]


def answers(done: Turn) -> list[Any]:
    return [(reply.answer.status, reply.answer.code, reply.answer.body.get("status")) for reply in done.replies]


def test_a_buyer_is_answered_once_the_order_awaits_its_payment() -> None:
    ready = PaymentReady(redirects={"pc": "https://pay"})
    done = turn(ORDERS, (BOTH, NOW), (Held(store_id="store-rose"), NOW), (ready, NOW), (Held(store_id="store-tulip"), NOW))
    assert answers(done) == [(200, "", "AWAITING_PAYMENT")]


def test_an_orders_reminder_reaches_it() -> None:
    done = turn(ORDERS, (BOTH, NOW), (Reminder(due=DEADLINE), DEADLINE))
    assert answers(done) == [(409, "expired", None)]
    assert done.outcomes == {"handled": 2}


def test_what_a_buyer_is_told_is_json() -> None:
    done = turn(ORDERS, (msgspec.structs.replace(BOTH, expected_total=1), NOW))
    assert answers(done) == [(409, "price_changed", None)]
    assert b'"total":62500' in msgspec.json.encode(done.replies[0].answer.body)
