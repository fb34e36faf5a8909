"""What a store's events add up to: stems and coupons (key = store id). Folds in place, without I/O.

Figures of a flower are remembered for its last ``RECENT`` changes, so that a row of a read model that lags a little can be held
against exactly what the log said when the row was written.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from agents.auditor.invariants import Violation
from models.inventory.messages import (
    CouponClaimed,
    CouponClosed,
    CouponCreated,
    CouponEdited,
    HoldCommitted,
    HoldPlaced,
    HoldReleased,
    StockChanged,
    StockReturned,
)
from models.read.facts import Fact
from models.read.stock import COMMITTED, RETURNED

RECENT = 1_000
"""Changes of a flower that are remembered: some seconds of a very busy store."""


class Figures(NamedTuple):
    """A flower after the event ``seq``: stems, and the digest of its history so far (``version`` rows)."""

    seq: int
    on_hand: int
    held: int
    version: int
    digest: int


Stems = dict[str, int]
"""Flower id -> stems."""


class Flower(msgspec.Struct):
    """``now``: after the last change, which is also the last of ``recent``."""

    now: Figures = Figures(0, 0, 0, 0, 0)
    recent: deque[Figures] = msgspec.field(default_factory=lambda: deque(maxlen=RECENT))


class Claim(msgspec.Struct):
    """What a buyer has of a coupon; ``order_id``: of the order that holds or has used it. ``edition``: of the terms."""

    order_id: str = ""
    used: bool = False
    edition: int = 0


class Coupon(msgspec.Struct):
    """Terms as they were said last; KRW, KST days. ``claims``: buyer -> claim. ``edition``: of the terms."""

    terms: CouponCreated | CouponEdited
    claims: dict[str, Claim] = {}
    edition: int = 0
    closed: bool = False


class Shelf(msgspec.Struct):
    """A store. ``holds``: order id -> flower id -> stems, of holds that are open; ``promised``: flower id -> their sum."""

    flowers: dict[str, Flower] = {}
    holds: dict[str, Stems] = {}
    promised: Stems = {}
    coupons: dict[str, Coupon] = {}

    def hold(self, order_id: str, flowers: Stems) -> None:
        """The order's hold is now ``flowers``, none if that is empty."""
        for sign, stems in ((-1, self.holds.pop(order_id, {})), (1, flowers)):
            for flower_id, count in stems.items():
                self.promised[flower_id] = self.promised.get(flower_id, 0) + sign * count
        if flowers:
            self.holds[order_id] = dict(flowers)


def row_digest(seq: int, delta: int, cause: str, who: str, at: int) -> int:
    """A row of the stock history as ``models/read/stock.py`` makes MySQL count it."""
    return zlib.crc32(f"{seq}|{delta}|{cause}|{who}|{at}".encode())


def fold(shelf: Shelf, fact: Fact) -> Iterator[Violation]:
    """Take ``fact`` into ``shelf``; what cannot be."""
    event, store = fact.body, fact.key
    match event:
        case StockChanged(flower_id=flower_id, delta=delta):
            row = row_digest(fact.seq, delta, event.cause, event.by, event.at)
            now = _move(shelf, fact.seq, flower_id, delta, 0, row)
            if (now.on_hand, now.held, now.version) != (event.on_hand, event.held, event.version):
                said = f"said {event.on_hand} held {event.held} version {event.version}"
                folded = f"folded {now.on_hand} held {now.held} version {now.version}"
                yield Violation("stock_in_out", f"{store}/{flower_id}", f"seq {fact.seq}: {said}, {folded}")
            yield from _sound(shelf, store, fact.seq, {flower_id: delta})
        case HoldPlaced(order_id=order_id, flowers=flowers):
            for flower_id, stems in flowers.items():
                _move(shelf, fact.seq, flower_id, 0, stems, None)
            shelf.hold(order_id, flowers)
            yield from _sound(shelf, store, fact.seq, flowers)
        case HoldCommitted(order_id=order_id, flowers=flowers) | HoldReleased(order_id=order_id, flowers=flowers):
            gone = isinstance(event, HoldCommitted)
            for flower_id, stems in flowers.items():
                left = row_digest(fact.seq, -stems, COMMITTED, order_id, fact.at) if gone else None
                _move(shelf, fact.seq, flower_id, -stems if gone else 0, -stems, left)
            shelf.hold(order_id, {})
            yield from _sound(shelf, store, fact.seq, flowers)
        case StockReturned(order_id=order_id, flowers=flowers):
            for flower_id, stems in flowers.items():
                _move(shelf, fact.seq, flower_id, stems, 0, row_digest(fact.seq, stems, RETURNED, order_id, fact.at))
        case CouponCreated(coupon_id=coupon_id):
            shelf.coupons[coupon_id] = Coupon(event)
        case CouponEdited():
            yield from _edited(shelf, event)
        case CouponClosed(coupon_id=coupon_id):
            yield from _closed(shelf, coupon_id)
        case CouponClaimed():
            yield from _claimed(shelf, event)
    if isinstance(event, HoldPlaced | HoldCommitted | HoldReleased | StockReturned) and event.coupon_id:
        yield from _coupon_moved(shelf, event)


def _move(shelf: Shelf, seq: int, flower_id: str, on_hand: int, held: int, row: int | None) -> Figures:
    """``row``: digest of the row that the change leaves in the history, if any."""
    flower = shelf.flowers.setdefault(flower_id, Flower())
    old = flower.now
    version = old.version + (row is not None)
    flower.now = Figures(seq, old.on_hand + on_hand, old.held + held, version, old.digest ^ (row or 0))
    flower.recent.append(flower.now)
    return flower.now


def _sound(shelf: Shelf, store: str, seq: int, flowers: Stems) -> Iterator[Violation]:
    for flower_id in flowers:
        now, promised = shelf.flowers[flower_id].now, shelf.promised.get(flower_id, 0)
        if now.held != promised:
            yield Violation("held_equals_holds", f"{store}/{flower_id}", f"seq {seq}: held {now.held}, open holds {promised}")
        if not 0 <= now.held <= now.on_hand:
            yield Violation("stock_never_negative", f"{store}/{flower_id}", f"seq {seq}: on hand {now.on_hand}, held {now.held}")


def _edited(shelf: Shelf, event: CouponEdited) -> Iterator[Violation]:
    coupon = shelf.coupons.get(event.coupon_id)
    if coupon is None:
        yield Violation("coupon_limit", event.coupon_id, "changed, but never created")
        return
    said = (event.discount, event.min_amount, event.starts, event.ends)
    before = (coupon.terms.discount, coupon.terms.min_amount, coupon.terms.starts, coupon.terms.ends)
    edition = coupon.edition + (said != before)
    if event.edition != edition:
        yield Violation("coupon_terms_kept", event.coupon_id, f"edition {event.edition} after {coupon.edition}: {before}, {said}")
    if coupon.closed:
        yield Violation("coupon_terms_kept", event.coupon_id, "changed, but closed before")
    if event.limit < len(coupon.claims):
        yield Violation("coupon_limit", event.coupon_id, f"limit {event.limit} below {len(coupon.claims)} claims")
    coupon.terms, coupon.edition = event, edition


def _closed(shelf: Shelf, coupon_id: str) -> Iterator[Violation]:
    if coupon_id not in shelf.coupons:
        yield Violation("coupon_limit", coupon_id, "closed, but never created")
        return
    shelf.coupons[coupon_id].closed = True


def _claimed(shelf: Shelf, event: CouponClaimed) -> Iterator[Violation]:
    coupon = shelf.coupons.get(event.coupon_id)
    if coupon is None:
        yield Violation("coupon_limit", event.coupon_id, "claimed, but never created")
        return
    if event.buyer in coupon.claims:
        yield Violation("coupon_claimed_once", f"{event.coupon_id}/{event.buyer}", "claimed again")
        return
    coupon.claims[event.buyer] = Claim(edition=event.edition)
    if coupon.closed or event.edition != coupon.edition:
        told = f"edition {event.edition}, while the coupon is {'closed' if coupon.closed else f'of edition {coupon.edition}'}"
        yield Violation("coupon_terms_kept", f"{event.coupon_id}/{event.buyer}", told)
    issued, limit = len(coupon.claims), coupon.terms.limit
    if issued != event.issued or issued > limit:
        yield Violation("coupon_limit", event.coupon_id, f"claim {issued} of {limit}, said to be {event.issued}")


def _coupon_moved(shelf: Shelf, event: HoldPlaced | HoldCommitted | HoldReleased | StockReturned) -> Iterator[Violation]:
    coupon = shelf.coupons.get(event.coupon_id)
    claim = coupon.claims.get(event.buyer) if coupon is not None else None
    name = f"{event.coupon_id}/{event.buyer}"
    match event:
        case HoldPlaced():
            if claim is None:
                yield Violation("coupon_used_once", name, f"held by {event.order_id}, but never claimed")
            elif claim.order_id:
                yield Violation("coupon_used_once", name, f"held by {event.order_id}, while {claim.order_id} has it")
            else:
                claim.order_id = event.order_id
        case HoldCommitted():
            if claim is None or claim.order_id != event.order_id or claim.used:
                yield Violation("coupon_used_once", name, f"used by {event.order_id}, which does not hold it")
            else:
                claim.used = True
        case HoldReleased() | StockReturned():
            if claim is not None and claim.order_id == event.order_id:
                claim.order_id, claim.used = "", False
