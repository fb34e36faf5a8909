"""A cart and the likes of its owner (key = a buyer's account id or ``guest-<hash>``). Pure.

Rows: ``""`` the cart, ``likes/<kind>/<bucket>`` the likes. Rules: issue Shelves; spec auth 36 to 39.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models.actor import DAY, Event, Refusal, Reminder, Send, State
from models.carts.messages import (
    BUCKETS,
    CARTS_EVENTS,
    CARTS_INBOX,
    MAX_LINES,
    MAX_QUANTITY,
    PRODUCT,
    STORE,
    AddToCart,
    BuyerForgotten,
    CartCleared,
    CartExpired,
    CartHandedOver,
    CartLine,
    CartLineSet,
    CartLinesRemoved,
    CartTakenOver,
    CartWanted,
    ClearBought,
    ForgetBuyer,
    GiveCart,
    Like,
    Liked,
    MergeCart,
    RemoveFromCart,
    SetQuantity,
    TakeOver,
    Unlike,
    Unliked,
    bucket,
)

GUEST_FOR = 30 * DAY
"""Ms without a change after which a guest's cart is forgotten."""
HANDED_FOR = DAY
"""Ms for which an empty cart is kept after it was handed over: by far longer than clocks of brokers differ, since what comes into
a new one and is handed over must have a later number."""
REMEMBERED = 20
"""Orders and guests' carts of which a cart knows that it has heard: more than are ever on their way at once."""
MOST_LIKES = 500
"""Likes of a bucket: they bound its row. 16 of them make some 7,000 products, and as many stores."""


class Line(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """See ``CartLine``."""

    store_id: str
    quantity: int
    price: int
    added_at: int


class Cart(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``lines``: by product id. ``until``: when a guest's cart is forgotten (ms), 0: never.

    ``handed``: the number under which it was given away last, 0: it was not.
    ``taken``: guest -> number of what came from there last; ``cleared``: the last orders that took off what was bought.
    ``forgotten``: the account is withdrawn.
    """

    lines: dict[str, Line] = {}
    until: int = 0
    handed: int = 0
    taken: dict[str, int] = {}
    cleared: tuple[str, ...] = ()
    forgotten: bool = False


class Likes(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A bucket: id -> since when it is liked (ms)."""

    since: dict[str, int] = {}


CARTS_STATE = Cart | Likes
_replace = msgspec.structs.replace
EMPTY = Cart()


def parts(message: CARTS_INBOX) -> Iterable[str]:
    """The part rows that ``message`` needs."""
    match message:
        case Like() | Unlike():
            yield bucket(message.kind, message.id)
        case ForgetBuyer():
            yield from (f"likes/{kind}/{number}" for kind in (PRODUCT, STORE) for number in range(BUCKETS))


def decide(state: State, message: CARTS_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message``, appended at ``now`` (ms), brings about. A message that was heard before: nothing.

    Of a withdrawn account every command is refused: ``account_withdrawn`` (403).
    """
    cart: Cart = state[""] or EMPTY
    match message:
        case ForgetBuyer():
            return [] if cart.forgotten else [BuyerForgotten()]
        case TakeOver() | ClearBought() | GiveCart() | Reminder():
            return [] if cart.forgotten else _told(cart, message, now)
    if cart.forgotten:
        return Refusal("account_withdrawn", 403)
    match message:
        case AddToCart():
            return _add(cart, message, now)
        case SetQuantity():
            return _set(cart, message, now)
        case RemoveFromCart(product_ids=ids):
            there = tuple(one for one in dict.fromkeys(ids) if one in cart.lines)
            return [CartLinesRemoved(product_ids=there)] if there else []
        case MergeCart(guest=guest):
            return [CartWanted(guest=guest)]
        case Like() | Unlike():
            return _like(state[bucket(message.kind, message.id)] or Likes(), message, now)


# -- the cart ---------------------------------------------------------------------------------------------------------------


def _add(cart: Cart, command: AddToCart, now: int) -> list[Event] | Refusal:
    about: dict[str, Any] = {"product_id": command.product_id}
    if not (0 < command.quantity <= MAX_QUANTITY and command.price >= 0 and command.product_id and command.store_id):
        return Refusal("cart_invalid", 422, {**about, "quantity": command.quantity, "most": MAX_QUANTITY})
    old = cart.lines.get(command.product_id)
    if old is None and len(cart.lines) >= MAX_LINES:
        return Refusal("cart_full", 409, {**about, "most": MAX_LINES})
    quantity = command.quantity + (old.quantity if old else 0)
    if quantity > MAX_QUANTITY:
        return Refusal("cart_quantity", 409, {**about, "quantity": old.quantity if old else 0, "most": MAX_QUANTITY})
    line = Line(command.store_id, quantity, command.price, old.added_at if old else now)
    return [_line_set(command.product_id, line, now + GUEST_FOR if command.by_guest else 0)]


def _set(cart: Cart, command: SetQuantity, now: int) -> list[Event] | Refusal:
    about: dict[str, Any] = {"product_id": command.product_id}
    if not 0 < command.quantity <= MAX_QUANTITY or (command.price or 0) < 0:
        return Refusal("cart_invalid", 422, {**about, "quantity": command.quantity, "most": MAX_QUANTITY})
    old = cart.lines.get(command.product_id)
    if old is None:
        return Refusal("not_in_cart", 404, about)
    new = _replace(old, quantity=command.quantity, price=old.price if command.price is None else command.price)
    return [] if new == old else [_line_set(command.product_id, new, now + GUEST_FOR if cart.until else 0)]


def _line_set(product_id: str, line: Line, until: int) -> CartLineSet:
    return CartLineSet(
        product_id=product_id,
        store_id=line.store_id,
        quantity=line.quantity,
        price=line.price,
        added_at=line.added_at,
        until=until,
    )


def _told(cart: Cart, message: TakeOver | ClearBought | GiveCart | Reminder, now: int) -> list[Event]:
    match message:
        case GiveCart(to=to):
            # Also of an empty cart: the buyer waits for it.
            lines = tuple(_said(product_id, line) for product_id, line in cart.lines.items())
            # An instant, and no count, since the row that counted is forgotten some day.
            return [CartHandedOver(to=to, number=max(cart.handed + 1, now), lines=lines)]
        case TakeOver():
            return _take_over(cart, message)
        case ClearBought():
            return _clear(cart, message)
        case Reminder():
            return [CartExpired()] if cart.until and now >= cart.until else []


def _take_over(cart: Cart, message: TakeOver) -> list[Event]:
    """Quantities add up to at most 999, the oldest lines of the guest's come first, and beyond 50 products nothing comes."""
    if message.number <= cart.taken.get(message.guest, 0):
        return []
    lines: list[CartLine] = []
    left_out: list[str] = []
    room = MAX_LINES - len(cart.lines)
    for theirs in message.lines:
        ours = cart.lines.get(theirs.product_id)
        if ours is not None:
            quantity = min(MAX_QUANTITY, ours.quantity + theirs.quantity)
            lines.append(msgspec.structs.replace(theirs, quantity=quantity, added_at=ours.added_at))
        elif room > 0:
            room -= 1
            lines.append(theirs)
        else:
            left_out.append(theirs.product_id)
    return [CartTakenOver(guest=message.guest, number=message.number, lines=tuple(lines), left_out_ids=tuple(left_out))]


def _clear(cart: Cart, message: ClearBought) -> list[Event]:
    """Exactly what was bought: what was added meanwhile stays, and so does what was never in the order (auth 37)."""
    if message.order_id in cart.cleared:
        return []
    bought = {one: min(pieces, cart.lines[one].quantity) for one, pieces in message.products.items() if one in cart.lines}
    if not bought:
        return []
    left = tuple(
        _said(one, _replace(line, quantity=line.quantity - pieces))
        for one, pieces in bought.items()
        if (line := cart.lines[one]).quantity > pieces
    )
    return [CartCleared(order_id=message.order_id, pieces=bought, left_lines=left)]


def _said(product_id: str, line: Line) -> CartLine:
    return CartLine(product_id=product_id, store_id=line.store_id, quantity=line.quantity, price=line.price, added_at=line.added_at)


# -- likes ------------------------------------------------------------------------------------------------------------------


def _like(likes: Likes, command: Like | Unlike, now: int) -> list[Event] | Refusal:
    about = {"kind": command.kind, "id": command.id}
    if command.kind not in (PRODUCT, STORE) or not command.id:
        return Refusal("like_invalid", 422, about)
    there = command.id in likes.since
    if isinstance(command, Unlike):
        return [Unliked(kind=command.kind, id=command.id)] if there else []
    if there:
        return []
    if len(likes.since) >= MOST_LIKES:
        return Refusal("likes_full", 409, about)
    return [Liked(kind=command.kind, id=command.id, at=now)]


# -- folding, routes, answers -------------------------------------------------------------------------------------------------


def evolve(state: State, event: CARTS_EVENTS) -> Mapping[str, Cart | Likes | None]:
    """The rows that ``event`` changes."""
    match event:
        case CartExpired():
            return {"": None}
        case Liked(kind=kind, id=liked, at=at):
            likes: Likes = state[bucket(kind, liked)] or Likes()
            return {bucket(kind, liked): Likes({**likes.since, liked: at})}
        case Unliked(kind=kind, id=liked):
            kept = {one: at for one, at in state[bucket(kind, liked)].since.items() if one != liked}
            return {bucket(kind, liked): Likes(kept) if kept else None}
        case BuyerForgotten():
            return {"": Cart(forgotten=True), **{part: None for part, kept in state.items() if part and kept is not None}}
    return {"": _cart(state[""] or EMPTY, event)}


def _cart(cart: Cart, event: Any) -> Cart:
    match event:
        case CartLineSet(product_id=product_id):
            line = Line(event.store_id, event.quantity, event.price, event.added_at)
            return _replace(cart, lines={**cart.lines, product_id: line}, until=event.until)
        case CartLinesRemoved(product_ids=gone):
            return _replace(cart, lines=_without(cart, gone))
        case CartHandedOver(number=number):
            # The number stays for a while when all else is forgotten: the buyer tells by it what is new.
            return Cart(handed=number, until=number + HANDED_FOR)
        case CartTakenOver(guest=guest, number=number):
            others = {one: last for one, last in cart.taken.items() if one != guest}
            taken = dict([*others.items(), (guest, number)][-REMEMBERED:])
            return _replace(cart, lines={**cart.lines, **_lines(event.lines)}, taken=taken)
        case CartCleared():
            lines = {**_without(cart, event.pieces), **_lines(event.left_lines)}
            return _replace(cart, lines=lines, cleared=(*cart.cleared, event.order_id)[-REMEMBERED:])
        case CartWanted():
            return cart
    raise TypeError(f"a cart knows no {type(event).__name__}")


def _without(cart: Cart, gone: Iterable[str]) -> dict[str, Line]:
    out = set(gone)
    return {one: line for one, line in cart.lines.items() if one not in out}


def _lines(said: Iterable[CartLine]) -> dict[str, Line]:
    return {one.product_id: Line(one.store_id, one.quantity, one.price, one.added_at) for one in said}


def route(key: str, state: State, event: CARTS_EVENTS) -> Iterable[Send]:
    """A guest's cart comes to its buyer; ``key`` is the cart's owner."""
    match event:
        case CartWanted(guest=guest):
            yield Send("carts", guest, GiveCart(to=key))
        case CartHandedOver():
            yield Send("carts", event.to, TakeOver(guest=key, number=event.number, lines=event.lines))


def wake(state: Cart) -> int:
    """When a guest's cart is forgotten (ms); 0: never."""
    return state.until


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: how many products the cart holds now, and what a merge left out."""
    cart: Cart = state[""] or EMPTY
    said: dict[str, Any] = {"count": len(cart.lines)}
    if isinstance(event, CartTakenOver):
        said["left_out_ids"] = list(event.left_out_ids)
    return said
