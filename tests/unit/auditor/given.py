"""A day of a small shop as the public logs tell it, and ways to tell it wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from agents.auditor.books import Books
from agents.auditor.invariants import Violation
from agents.facts import decode
from models.actor import MINUTE, Reminder, id_of
from models.carts.messages import AddToCart, Like, MergeCart
from models.catalog.messages import AllowReview, WriteReview
from models.inventory.messages import ClaimCoupon, CloseCoupon, CreateCoupon, EditCoupon
from models.read.facts import EVENTS, Fact, Spot
from tests.unit.read.log_maker import LogMaker
from tests.unit.shop import TODAY

STANDS, HALF, GIVEN_UP, WAITS, REGRETTED, GONE = "stands", "half", "given-up", "waits", "regretted", "gone"
"""Orders: confirmed at both florists with Ann's coupon; confirmed at both, the tulips cancelled; cancelled before payment; waits
for payment; cancelled while being captured, so refunded as a whole; the only florist's part cancelled."""

GUEST, SECOND, REVIEW = "guest-1", "c1000", "r1"
"""A visitor who turns out to be Ann; a coupon of the tulips that Bob claimed before its terms changed and Dan afterwards; Ann's
review of the bouquet."""


@functools.cache
def log() -> LogMaker:
    """What happened."""
    log = LogMaker()
    log.shop()
    log.send("carts", GUEST, AddToCart(product_id="bouquet", store_id="store-rose", quantity=2, price=20_000, by_guest=True))
    log.send("carts", "ann", AddToCart(product_id="bouquet", store_id="store-rose", quantity=1, price=20_000))
    log.send("carts", "ann", MergeCart(guest=GUEST))
    log.send("carts", "ann", Like(kind="store", id="store-rose"))
    log.place(STANDS, "ann", both=True, coupon=True, method="cart")
    log.pay(STANDS)
    log.place(HALF, "bob", both=True)
    log.pay(HALF)
    log.cancel_store(HALF, "store-tulip")
    log.place(GIVEN_UP, "bob")
    log.cancel(GIVEN_UP, "bob")
    log.place(REGRETTED, "cem")
    log.gateway.fault = "before"
    log.pay(REGRETTED)
    log.cancel(REGRETTED, "cem")
    log.gateway.fault = "ok"
    log.now += MINUTE
    log.send("payments", REGRETTED, Reminder(due=log.now))
    log.place(GONE, "dan")
    log.pay(GONE)
    log.cancel_store(GONE, "store-rose")
    log.place(WAITS, "cem", both=True)
    allowed = AllowReview(subject="line", kind="delivery", buyer="ann", store_id="store-rose", product_id="bouquet")
    log.send("catalog", REVIEW, allowed)
    log.send("catalog", REVIEW, WriteReview(buyer="ann", rating=9, text="예뻐요"))
    second = CreateCoupon(coupon_id=SECOND, limit=5, discount=1_000, min_amount=9_000, starts=TODAY, ends=TODAY)
    log.send("inventory", "store-tulip", second)
    log.send("inventory", "store-tulip", ClaimCoupon(coupon_id=SECOND, buyer="bob"))
    log.send("inventory", "store-tulip", EditCoupon(coupon_id=SECOND, by="owner", discount=2_000, limit=4))
    log.send("inventory", "store-tulip", ClaimCoupon(coupon_id=SECOND, buyer="dan"))
    log.send("inventory", "store-tulip", CloseCoupon(coupon_id=SECOND, by="owner"))
    return log


@functools.cache
def facts() -> tuple[Fact, ...]:
    """The events of the day, in the order in which they were said."""
    found: list[Fact] = []
    for record in log().records:
        _, domain, kind = record.topic.split(".")
        if kind == EVENTS:
            # The broker's time is not in a record; here it is the number of the event.
            found += decode(Spot(domain, kind, record.partition), record.key.encode(), record.value, len(found)).facts
    return tuple(found)


Telling = Callable[[list[Fact]], list[Fact]]
"""The day told in another way."""


def is_(kind: type[Any], key: str = "", **fields: Any) -> Callable[[Fact], bool]:
    """Is a fact such an event, of the aggregate ``key``?"""
    return lambda fact: (
        isinstance(fact.body, kind)
        and key in ("", fact.key)
        and all(getattr(fact.body, name) == value for name, value in fields.items())
    )


def without(which: Callable[[Fact], bool]) -> Telling:
    """The events that ``which`` finds were never said."""

    def tell(told: list[Fact]) -> list[Fact]:
        left = [fact for fact in told if not which(fact)]
        assert len(left) < len(told)
        return left

    return tell


def changed(which: Callable[[Fact], bool], **fields: Any) -> Telling:
    """The last event that ``which`` finds says something else."""
    return replaced(which, lambda body: msgspec.structs.replace(body, **fields))


def replaced(which: Callable[[Fact], bool], by: Callable[[Any], Any]) -> Telling:
    """The last event that ``which`` finds is another one."""

    def tell(told: list[Fact]) -> list[Fact]:
        place = max(number for number, fact in enumerate(told) if which(fact))
        other = msgspec.structs.replace(told[place], body=by(told[place].body))
        return [*told[:place], other, *told[place + 1 :]]

    return tell


def also(domain: str, key: str, event: Any) -> Telling:
    """In the end one more event is said."""
    return lambda told: [*told, Fact(domain, key, 0, 0, len(told), "", event)]


def numbered(told: Iterable[Fact]) -> list[Fact]:
    """The events with the ``seq`` and id that their actor would give them."""
    last: dict[tuple[str, str], int] = {}
    found = []
    for fact in told:
        seq = last[fact.domain, fact.key] = last.get((fact.domain, fact.key), 0) + 1
        found.append(msgspec.structs.replace(fact, seq=seq, last=seq, id=id_of(fact.domain, fact.key, str(seq))))
    return found


def audited(told: Iterable[Fact], now: int | None = None, kept: int = 1 << 62) -> list[Violation]:
    """What the auditor finds at ``now``, by default before any deadline."""
    books = Books(kept)
    for fact in told:
        books.fold(fact)
    return books.judge(log().now if now is None else now)[0]


def told(*ways: Telling) -> Sequence[Fact]:
    """The day, told in these ways."""
    so_far = list(facts())
    for way in ways:
        so_far = list(way(so_far))
    return numbered(so_far)
