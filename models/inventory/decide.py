"""What a store can promise (key = store id): stems and coupons, promised all or nothing and never twice. Pure.

Rows: ``""`` the shelf, ``hold/<order>``, ``coupon/<coupon>``, ``issued/<coupon>/<buyer>``. A hold has no clock of its own: only
its order's word ends it (design §7). Rules: issue Foundation §3; spec store S1 to S9, C1 to C14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models.actor import Event, Refusal, Send, State
from models.inventory import coupons
from models.inventory.coupons import Coupon, Issued
from models.inventory.messages import (
    INVENTORY_EVENTS,
    INVENTORY_INBOX,
    ChangeStock,
    ClaimCoupon,
    ClaimCoupons,
    CloseCoupon,
    Commit,
    CouponClaimed,
    CouponClosed,
    CouponCreated,
    CouponEdited,
    CouponPrivate,
    CreateCoupon,
    EditCoupon,
    Hold,
    HoldCommitted,
    HoldDenied,
    HoldPlaced,
    HoldReleased,
    Release,
    Return,
    SetLowStockThreshold,
    StockChanged,
    StockLow,
    StockReturned,
    ThresholdSet,
)
from models.orders.messages import Held, HoldRefused

THRESHOLD = 50
"""Stems below which the owner is told, until the store says otherwise (issue Foundation §3)."""
MAX_FLOWERS, MAX_STEMS = 500, 1_000_000_000
"""Flowers of a store and stems of a flower: they bound the row."""


class Flower(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Stems. ``held``: promised to orders; ``version`` counts the changes of ``on_hand``."""

    on_hand: int = 0
    held: int = 0
    version: int = 0

    @property
    def available(self) -> int:
        """What can still be promised; never negative."""
        return self.on_hand - self.held


class Shelf(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The aggregate: flower id -> stems."""

    flowers: dict[str, Flower] = {}
    threshold: int = THRESHOLD


class Promise(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``hold/<order>``: stems promised (flower id -> stems), and the coupon."""

    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


INVENTORY_STATE = Shelf | Promise | Coupon | Issued
_replace = msgspec.structs.replace


def parts(message: INVENTORY_INBOX) -> Iterable[str]:
    """The part rows that ``message`` needs."""
    match message:
        case Hold() | Commit() | Release():
            yield f"hold/{message.order_id}"
            if message.coupon_id:
                yield f"coupon/{message.coupon_id}"
                yield f"issued/{message.coupon_id}/{message.buyer}"
        case Return(coupon_id=coupon_id, buyer=buyer) if coupon_id:
            yield f"issued/{coupon_id}/{buyer}"
        case CreateCoupon(coupon_id=coupon_id) | EditCoupon(coupon_id=coupon_id) | CloseCoupon(coupon_id=coupon_id):
            yield f"coupon/{coupon_id}"
        case ClaimCoupon(coupon_id=coupon_id, buyer=buyer):
            yield f"coupon/{coupon_id}"
            yield f"issued/{coupon_id}/{buyer}"
        case ClaimCoupons(coupon_ids=ids, buyer=buyer):
            for coupon_id in ids:
                yield f"coupon/{coupon_id}"
                yield f"issued/{coupon_id}/{buyer}"


def decide(state: State, message: INVENTORY_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message``, appended at ``now`` (ms), brings about. A Hold, Release or Return that was heard before: nothing."""
    shelf: Shelf = state[""] or Shelf()
    match message:
        case Hold():
            return _hold(shelf, state, message, now)
        case Commit():
            return _commit(state, message)
        case Release():
            promise: Promise | None = state[f"hold/{message.order_id}"]
            if promise is None:
                return []
            return [HoldReleased(order_id=message.order_id, **_of(promise))]
        case Return():
            return [
                StockReturned(order_id=message.order_id, buyer=message.buyer, flowers=message.flowers, coupon_id=message.coupon_id)
            ]
        case ChangeStock():
            return _change(shelf, message, now)
        case SetLowStockThreshold(threshold=threshold):
            if threshold < 0:
                return Refusal("threshold_invalid", 422, {"threshold": threshold})
            return [] if threshold == shelf.threshold else [ThresholdSet(threshold=threshold)]
        case CreateCoupon():
            return coupons.create(state, message, now)
        case EditCoupon():
            return coupons.edit(state, message, now)
        case CloseCoupon():
            return coupons.close(state, message)
        case ClaimCoupon():
            return coupons.claim(state, message, now)
        case ClaimCoupons():
            return coupons.claim_all(state, message, now)


def _of(promise: Promise) -> dict[str, Any]:
    return {"buyer": promise.buyer, "flowers": promise.flowers, "coupon_id": promise.coupon_id}


# -- stems for orders -----------------------------------------------------------------------------------------------------


def _hold(shelf: Shelf, state: State, message: Hold, now: int) -> list[Event]:
    """All of it or nothing; the first product that cannot be made is named."""
    if state[f"hold/{message.order_id}"] is not None:
        return []
    needed: dict[str, int] = {}
    for line in message.lines:
        for flower_id, stems in line.flowers.items():
            needed[flower_id] = needed.get(flower_id, 0) + stems * line.quantity
            if stems < 1 or line.quantity < 1 or needed[flower_id] > shelf.flowers.get(flower_id, Flower()).available:
                return [HoldDenied(order_id=message.order_id, code="out_of_stock", product_id=line.product_id, flower_id=flower_id)]
    code = coupons.refusal(state, message, now) if message.coupon_id else ""
    if code:
        return [HoldDenied(order_id=message.order_id, code=code, coupon_id=message.coupon_id)]
    placed = HoldPlaced(order_id=message.order_id, buyer=message.buyer, flowers=needed, coupon_id=message.coupon_id)
    low = [_low(flower, shelf.flowers[flower].available, stems, shelf.threshold) for flower, stems in needed.items()]
    return [placed, *(event for event in low if event is not None)]


def _low(flower_id: str, before: int, taken: int, threshold: int) -> StockLow | None:
    """Only the step across the threshold is news."""
    after = before - taken
    return StockLow(flower_id=flower_id, available=after, threshold=threshold) if after < threshold <= before else None


def _commit(state: State, message: Commit) -> list[Event] | Refusal:
    promise: Promise | None = state[f"hold/{message.order_id}"]
    if promise is None:
        # A paid order without its hold is a broken book, not a wish to refuse: the kernel parks the store for a person.
        return Refusal("hold_unknown", 409, {"order_id": message.order_id})
    return [HoldCommitted(order_id=message.order_id, **_of(promise))]


# -- the owner ------------------------------------------------------------------------------------------------------------


def _change(shelf: Shelf, command: ChangeStock, now: int) -> list[Event] | Refusal:
    flower = shelf.flowers.get(command.flower_id, Flower())
    figures = {"flower_id": command.flower_id, "on_hand": flower.on_hand, "held": flower.held, "version": flower.version}
    if (command.delta is None) == (command.on_hand is None):
        return Refusal("stock_invalid", 422, figures)
    if command.on_hand is not None and command.version is None:
        return Refusal("stock_invalid", 422, figures)
    if command.version is not None and command.version != flower.version:
        return Refusal("stock_version", 409, figures)
    on_hand = command.on_hand if command.on_hand is not None else flower.on_hand + (command.delta or 0)
    if on_hand < 0:
        return Refusal("stock_negative", 409, figures)
    if on_hand < flower.held:
        return Refusal("stock_held", 409, figures)
    if on_hand > MAX_STEMS or (command.flower_id not in shelf.flowers and len(shelf.flowers) >= MAX_FLOWERS):
        return Refusal("stock_invalid", 422, figures)
    changed = StockChanged(
        flower_id=command.flower_id,
        delta=on_hand - flower.on_hand,
        on_hand=on_hand,
        held=flower.held,
        version=flower.version + 1,
        cause=command.cause,
        by=command.by,
        at=now,
    )
    low = _low(command.flower_id, flower.available, flower.on_hand - on_hand, shelf.threshold)
    return [changed] if low is None else [changed, low]


# -- folding --------------------------------------------------------------------------------------------------------------


def evolve(state: State, event: INVENTORY_EVENTS) -> Mapping[str, Any]:
    """The rows that ``event`` changes; a hold's row ends with the hold."""
    shelf: Shelf = state[""] or Shelf()
    match event:
        case StockChanged():
            flower = Flower(event.on_hand, event.held, event.version)
            return {"": _replace(shelf, flowers={**shelf.flowers, event.flower_id: flower})}
        case ThresholdSet(threshold=threshold):
            return {"": _replace(shelf, threshold=threshold)}
        case HoldPlaced():
            promise = Promise(event.buyer, event.flowers, event.coupon_id)
            coupon = _coupon_row(state, event)
            return {"": _moved(shelf, event.flowers, held=1), f"hold/{event.order_id}": promise, **coupon}
        case HoldCommitted():
            coupon = _coupon_row(state, event, used=True)
            return {"": _moved(shelf, event.flowers, held=-1, on_hand=-1), f"hold/{event.order_id}": None, **coupon}
        case HoldReleased():
            return {"": _moved(shelf, event.flowers, held=-1), f"hold/{event.order_id}": None, **_coupon_back(state, event)}
        case StockReturned():
            return {"": _moved(shelf, event.flowers, on_hand=1), **_coupon_back(state, event)}
        case CouponCreated() | CouponEdited() | CouponClosed() | CouponClaimed():
            return coupons.after(state, event)
        case StockLow() | HoldDenied():
            return {}


def _moved(shelf: Shelf, flowers: Mapping[str, int], held: int = 0, on_hand: int = 0) -> Shelf:
    """``held`` and ``on_hand``: by which multiple of ``flowers`` (id -> stems) each figure moves."""
    moved = dict(shelf.flowers)
    for flower_id, stems in flowers.items():
        old = moved.get(flower_id, Flower())
        # What the owner saw of the shelf is out of date only if stems came or went, not if they were promised.
        version = old.version + (1 if on_hand else 0)
        moved[flower_id] = Flower(old.on_hand + on_hand * stems, old.held + held * stems, version)
    return _replace(shelf, flowers=moved)


def _coupon_row(state: State, event: HoldPlaced | HoldCommitted, used: bool = False) -> dict[str, Issued]:
    if not event.coupon_id:
        return {}
    part = f"issued/{event.coupon_id}/{event.buyer}"
    return {part: _replace(state[part], order_id=event.order_id, used=used)}


def _coupon_back(state: State, event: HoldReleased | StockReturned) -> dict[str, Issued]:
    """The buyer has it again, unless another order has taken it meanwhile (store C7)."""
    if not event.coupon_id:
        return {}
    part = f"issued/{event.coupon_id}/{event.buyer}"
    issued: Issued | None = state[part]
    return {part: Issued(edition=issued.edition)} if issued is not None and issued.order_id == event.order_id else {}


# -- routes, answers, private record --------------------------------------------------------------------------------------


def route(key: str, state: State, event: INVENTORY_EVENTS) -> Iterable[Send]:
    """The order hears what became of its Hold; ``key`` is the store id."""
    match event:
        case HoldPlaced(order_id=order_id):
            yield Send("orders", order_id, Held(store_id=key))
        case HoldDenied():
            refused = HoldRefused(
                store_id=key,
                code=event.code,
                product_id=event.product_id,
                flower_id=event.flower_id,
                coupon_id=event.coupon_id,
            )
            yield Send("orders", event.order_id, refused)


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets beside its number: the store it changed, and which of the coupons that it named the buyer has."""
    had = [part.split("/")[1] for part, kept in state.items() if part.startswith("issued/") and kept is not None]
    # Whoever asked for all is told of none, too.
    named = had or any(part.startswith("claims/") for part in state)
    return {"store_id": key, **({"coupon_ids": had} if named else {})}


def record(key: str, event: INVENTORY_EVENTS) -> str:
    """Each coupon's name has a record of its own: a store has many, and of a key only the last record remains."""
    return event.coupon_id if isinstance(event, CouponCreated | CouponEdited) else key


def private(key: str, state: State, event: INVENTORY_EVENTS) -> CouponPrivate | None:
    """The coupon's name for ``bb.inventory.private``."""
    if isinstance(event, CouponCreated | CouponEdited) and event.kept is not None:
        return CouponPrivate(coupon_id=event.coupon_id, name=event.kept)
    return None
