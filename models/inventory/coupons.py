"""Coupons of a store: made, changed, closed, claimed, and whether one may be used. Pure; KRW; KST days, inclusive.

Rows: ``coupon/<coupon>``, ``issued/<coupon>/<buyer>``. Terms have editions: whoever has claimed a coupon keeps those of that
moment, whatever its owner changes afterwards (spec store C1 to C14).
"""

from __future__ import annotations

from typing import Any

import msgspec

from models import kst
from models.actor import Event, Refusal, State
from models.inventory.messages import (
    ClaimCoupon,
    ClaimCoupons,
    CloseCoupon,
    CouponClaimed,
    CouponClosed,
    CouponCreated,
    CouponEdited,
    CreateCoupon,
    EditCoupon,
    Hold,
)

MAX_EDITIONS, MAX_CLAIMS = 100, 50
"""Changes of a coupon's terms, which its row keeps, and coupons of one ``ClaimCoupons``."""


class Terms(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An edition: ``discount`` from ``min_amount`` of goods on, from ``starts`` to ``ends``."""

    discount: int
    min_amount: int
    starts: str
    ends: str


class Coupon(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``coupon/<coupon>``: ``issued`` of ``limit`` are claimed; the terms of now.

    ``past``: those of the editions before, by number; ``closed``: nobody can claim it any more.
    """

    limit: int
    discount: int
    min_amount: int
    starts: str
    ends: str
    issued: int = 0
    past: tuple[Terms, ...] = ()
    closed: bool = False

    @property
    def edition(self) -> int:
        """The number of the terms of now."""
        return len(self.past)

    def terms(self, edition: int) -> Terms:
        """Those of an edition; of now where it is not of the past."""
        if edition < len(self.past):
            return self.past[edition]
        return Terms(self.discount, self.min_amount, self.starts, self.ends)


class Issued(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``issued/<coupon>/<buyer>``: the order that holds or has used it, so that no other order's word can free it.

    ``edition``: of the terms under which it was claimed.
    """

    order_id: str = ""
    used: bool = False
    edition: int = 0


_replace = msgspec.structs.replace


def refusal(state: State, message: Hold, now: int) -> str:
    """Why the buyer's coupon may not be used, as a code, "": it may. The store's own rows decide, whatever the web has seen
    (store V1, V2, C10)."""
    coupon: Coupon | None = state[f"coupon/{message.coupon_id}"]
    issued: Issued | None = state[f"issued/{message.coupon_id}/{message.buyer}"]
    if coupon is None or issued is None:
        return "coupon_unknown"
    if issued.order_id:
        return "coupon_used"
    terms, today = coupon.terms(issued.edition), kst.day(now)
    if today < terms.starts:
        return "coupon_not_started"
    if today > terms.ends:
        return "coupon_expired"
    if message.goods < terms.min_amount:
        return "coupon_minimum"
    return "" if message.discount == min(terms.discount, message.goods) else "coupon_changed"


# -- the owner ------------------------------------------------------------------------------------------------------------


def create(state: State, command: CreateCoupon, now: int) -> list[Event] | Refusal:
    """A new coupon. Its name is kept beside the event."""
    if state[f"coupon/{command.coupon_id}"] is not None:
        return Refusal("coupon_exists", 409, {"coupon_id": command.coupon_id})
    wrong = _wrong(command.limit, Terms(command.discount, command.min_amount, command.starts, command.ends), None, now)
    if wrong:
        return Refusal("coupon_invalid", 422, {"fields": wrong})
    created = CouponCreated(
        coupon_id=command.coupon_id,
        limit=command.limit,
        discount=command.discount,
        min_amount=command.min_amount,
        starts=command.starts,
        ends=command.ends,
    )
    return [created.keeping(command.name)]


def _wrong(limit: int, terms: Terms, before: Terms | None, now: int) -> list[str]:
    """The fields at fault. A day that stays as it was may lie in the past; a new one may not (store C11)."""
    today = kst.day(now)
    sound = {
        "limit": limit >= 1,
        # A discount that reaches the minimum would make goods free; the original left that to the browser (store C12).
        "discount": 1 <= terms.discount < terms.min_amount,
        "starts": kst.is_day(terms.starts) and (terms.starts >= today or (before is not None and terms.starts == before.starts)),
        "ends": kst.is_day(terms.ends)
        and terms.ends >= terms.starts
        and (terms.ends >= today or (before is not None and terms.ends == before.ends)),
    }
    return [field for field, right in sound.items() if not right]


def edit(state: State, command: EditCoupon, now: int) -> list[Event] | Refusal:
    """Never below what is issued; other terms are another edition, which only later claims get."""
    coupon: Coupon | None = state[f"coupon/{command.coupon_id}"]
    about: dict[str, Any] = {"coupon_id": command.coupon_id}
    if coupon is None:
        return Refusal("coupon_unknown", 404, about)
    if coupon.closed:
        return Refusal("coupon_closed", 409, about)
    before = coupon.terms(coupon.edition)
    limit = coupon.limit if command.limit is None else command.limit
    terms = Terms(
        before.discount if command.discount is None else command.discount,
        before.min_amount if command.min_amount is None else command.min_amount,
        before.starts if command.starts is None else command.starts,
        before.ends if command.ends is None else command.ends,
    )
    if wrong := _wrong(limit, terms, before, now):
        return Refusal("coupon_invalid", 422, {"fields": wrong})
    if limit < coupon.issued:
        return Refusal("coupon_limit", 409, {**about, "issued": coupon.issued})
    if terms != before and coupon.edition >= MAX_EDITIONS:
        return Refusal("coupon_edits", 409, {**about, "most": MAX_EDITIONS})
    if terms == before and limit == coupon.limit and command.name is None:
        return []
    edited = CouponEdited(
        coupon_id=command.coupon_id,
        edition=coupon.edition + (terms != before),
        limit=limit,
        discount=terms.discount,
        min_amount=terms.min_amount,
        starts=terms.starts,
        ends=terms.ends,
        by=command.by,
        renamed=command.name is not None,
    )
    return [edited.keeping(command.name)]


def close(state: State, command: CloseCoupon) -> list[Event] | Refusal:
    """No more claims; a second time nothing."""
    coupon: Coupon | None = state[f"coupon/{command.coupon_id}"]
    if coupon is None:
        return Refusal("coupon_unknown", 404, {"coupon_id": command.coupon_id})
    return [] if coupon.closed else [CouponClosed(coupon_id=command.coupon_id, by=command.by)]


# -- buyers ---------------------------------------------------------------------------------------------------------------


def claim(state: State, command: ClaimCoupon, now: int) -> list[Event] | Refusal:
    """One for the buyer, under the terms of now."""
    claimed = _claimed(state, command.coupon_id, command.buyer, now)
    return claimed if isinstance(claimed, Refusal) else [claimed]


def claim_all(state: State, command: ClaimCoupons, now: int) -> list[Event] | Refusal:
    """Each that can be claimed; of none, none."""
    ids = dict.fromkeys(command.coupon_ids)
    if len(ids) > MAX_CLAIMS:
        return Refusal("coupon_invalid", 422, {"fields": ["coupon_ids"], "most": MAX_CLAIMS})
    decided = [_claimed(state, coupon_id, command.buyer, now) for coupon_id in ids]
    return [one for one in decided if not isinstance(one, Refusal)]


def _claimed(state: State, coupon_id: str, buyer: str, now: int) -> CouponClaimed | Refusal:
    coupon: Coupon | None = state[f"coupon/{coupon_id}"]
    about, today = {"coupon_id": coupon_id}, kst.day(now)
    if coupon is None:
        return Refusal("coupon_unknown", 404, about)
    if state[f"issued/{coupon_id}/{buyer}"] is not None:
        return Refusal("coupon_claimed", 409, about)
    if coupon.closed:
        return Refusal("coupon_closed", 409, about)
    if today < coupon.starts:
        return Refusal("coupon_not_started", 409, about)
    if today > coupon.ends:
        return Refusal("coupon_ended", 409, about)
    if coupon.issued >= coupon.limit:
        return Refusal("coupon_gone", 409, about)
    return CouponClaimed(coupon_id=coupon_id, buyer=buyer, issued=coupon.issued + 1, at=now, edition=coupon.edition)


# -- folding --------------------------------------------------------------------------------------------------------------


def after(state: State, event: CouponCreated | CouponEdited | CouponClosed | CouponClaimed) -> dict[str, Coupon | Issued]:
    """The rows that ``event`` changes."""
    part = f"coupon/{event.coupon_id}"
    coupon: Coupon | None = state[part]
    if isinstance(event, CouponCreated):
        return {part: Coupon(event.limit, event.discount, event.min_amount, event.starts, event.ends)}
    assert coupon is not None
    match event:
        case CouponEdited():
            past = coupon.past if event.edition == coupon.edition else (*coupon.past, coupon.terms(coupon.edition))
            terms = (event.discount, event.min_amount, event.starts, event.ends)
            return {part: Coupon(event.limit, *terms, coupon.issued, past, coupon.closed)}
        case CouponClosed():
            return {part: _replace(coupon, closed=True)}
        case CouponClaimed():
            issued = Issued(edition=event.edition)
            return {part: _replace(coupon, issued=event.issued), f"issued/{event.coupon_id}/{event.buyer}": issued}
