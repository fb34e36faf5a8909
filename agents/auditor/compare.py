"""Read models held against the folded log, row by row. Pure.

What is given was read from the database first, and the log was folded to its end after that: so a row may be behind the books,
never ahead of them. A row that is behind is no finding as long as it moves (``Violation.token``).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from agents.auditor.books import Books
from agents.auditor.goods import OF_THE_CHANGE, Good
from agents.auditor.invariants import GATEWAY, Violation
from agents.auditor.orders import Dossier, Order, StoreOrder, happened
from agents.auditor.shelves import Claim, Coupon, Figures, Flower
from models.catalog.messages import ORDINARY
from models.read.orders import Stored
from models.read.orders_fold import Order as Shown
from models.read.orders_fold import StoreOrder as ShownPart
from models.search.documents import SHOWN, Card
from models.search.ranking import average
from models.stores.messages import StoreSaved

Found = Iterator[Violation]
Row = tuple[Any, ...]


def _differing(said: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """The fields that differ: "status: CONFIRMED is shown as PENDING"; "": none."""
    return "; ".join(f"{name}: {said[name]} is shown as {shown.get(name)}" for name in said if said[name] != shown.get(name))


# -- order history ---------------------------------------------------------------------------------------------------------------


class Orders:
    """Order history, page by page, so that never all of it is in memory."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def page(self, books: Books, items: Iterable[Stored]) -> Found:
        """What differs in a page, to which the log is folded."""
        for item in items:
            self._seen.add(item.id)
            order_id = item.sold.order_id if item.sold is not None else item.id
            if books.forgot(order_id):
                continue
            dossier = books.order(order_id)
            order = dossier.order if dossier is not None else None
            part = order.store(item.id) if order is not None and order.confirmed_at else None
            if order is not None and item.sold is None:
                yield from _order(order_id, order, item)
            elif order is not None and part is not None:
                yield from _part(order_id, order, part, item)
            else:
                yield Violation("read_orders", item.id, "shown, but the log knows of no such order")

    def end(self, books: Books) -> Found:
        """What no page had."""
        for order_id, dossier in books.orders():
            order = dossier.order
            if order is None:
                continue
            if order_id not in self._seen:
                yield Violation("read_orders", order_id, "not shown")
            for part in order.stores if order.confirmed_at else ():
                if (key := part.priced.store_order_id) not in self._seen:
                    yield Violation("read_orders", key, f"not shown to the florist of order {order_id}")


def _order(order_id: str, order: Order, item: Stored) -> Found:
    if item.order is None:
        yield Violation("read_orders", order_id, "its document cannot be read")
    elif item.order.seq < order.seq or item.seq < order.seq:
        yield Violation("read_orders", order_id, f"shown as of event {item.order.seq}, not {order.seq}", f"{item.order.seq}")
    else:
        sort = f"{order.placed_at:013d}#{order_id}"
        said = {**_fields(order), "index": (order.buyer, sort), "filter": order.status, "item": order.seq}
        shown = {**_shown_fields(item.order), "index": item.entry, "filter": item.status, "item": item.seq}
        if wrong := _differing({**said, "id": order_id}, {**shown, "id": item.order.order_id}):
            yield Violation("read_orders", order_id, wrong)


def _fields(order: Order) -> dict[str, Any]:
    names = (
        "buyer", "status", "total", "tax_free", "placed_at", "deadline", "seq", "captured", "method", "refunded", "confirmed_at",
        "cancelled_at", "reason", "reason_ids", "cancel_noted", "timeline",
    )  # fmt: skip
    return {**{name: getattr(order, name) for name in names}, "stores": [_part_fields(one) for one in order.stores]}


def _shown_fields(order: Shown) -> dict[str, Any]:
    names = (
        "buyer", "status", "total", "tax_free", "placed_at", "deadline", "seq", "captured", "method", "refunded", "confirmed_at",
        "cancelled_at", "reason", "reason_ids", "cancel_noted",
    )  # fmt: skip
    digest = 0
    for one in order.timeline:
        digest = zlib.crc32(happened(one.event, one.at, one.seq, one.ids, one.amount, one.reason), digest)
    fields = {name: getattr(order, name) for name in names}
    return {**fields, "timeline": digest, "stores": [_part_fields(one) for one in order.stores]}


def _part_fields(part: StoreOrder | ShownPart) -> Row:
    return (part.priced, part.status, part.refunded, part.by if isinstance(part, StoreOrder) else part.cancelled_by)


def _part(order_id: str, order: Order, part: StoreOrder, item: Stored) -> Found:
    """A store order's item is written only when it changes, so its ``seq`` tells nothing."""
    key = part.priced.store_order_id
    one = item.sold
    if one is None:
        yield Violation("read_orders", key, "its document cannot be read")
        return
    index = (f"{part.priced.store_id}#{part.status}", f"{order.placed_at:013d}#{key}")
    said = {"at": (order.placed_at, order.confirmed_at), "part": _part_fields(part), "index": index}
    shown = {"at": (one.placed_at, one.confirmed_at), "part": _part_fields(one.store), "index": item.entry}
    if wrong := _differing(said, shown):
        yield Violation("read_orders", key, wrong, one.store.status)


# -- stock -----------------------------------------------------------------------------------------------------------------------


def stock(books: Books, rows: Iterable[Row], history: Iterable[Row]) -> Found:
    """``rows``: (store, flower, on_hand, held, version, seq); ``history``: (store, flower, changes, sum of deltas, digest)."""
    flowers = {(store, name): flower for store, shelf in books.shelves.items() for name, flower in shelf.flowers.items()}
    shown = {(row[0], row[1]): row for row in rows}
    sums = {(row[0], row[1]): row for row in history}
    for key in {*flowers, *shown, *sums}:
        name, flower = "/".join(key), flowers.get(key)
        if flower is None:
            yield Violation("read_stock", name, "shown, but the log knows of no such flower")
            continue
        yield from _flower(name, flower, shown.get(key))
        yield from _history(name, flower, sums.get(key))


def _flower(name: str, flower: Flower, row: Row | None) -> Found:
    if row is None:
        yield Violation("read_stock", name, "not shown")
        return
    on_hand, held, version, seq = row[2:]
    then = _then(flower, lambda figures: figures.seq == seq)
    if then is None:
        behind = seq < flower.recent[0].seq
        why = f"shown as of event {seq}, not {flower.now.seq}" if behind else f"shown as of event {seq}, which did not change it"
        yield Violation("read_stock", name, why, f"{seq}")
        return
    said = {"on_hand": then.on_hand, "held": then.held, "version": then.version}
    if wrong := _differing(said, {"on_hand": on_hand, "held": held, "version": version}):
        # What differs by the same is the same, however busy the flower is.
        yield Violation("read_stock", name, f"event {seq}: {wrong}", f"{on_hand - then.on_hand} {held - then.held}")
    elif then.seq != flower.now.seq:
        yield Violation("read_stock", name, f"shown as of event {seq}, not {flower.now.seq}", f"{seq}")


def _history(name: str, flower: Flower, row: Row | None) -> Found:
    changes, total, digest = row[2:] if row is not None else (0, 0, 0)
    then = _then(flower, lambda figures: figures.version == changes) if changes else Figures(0, 0, 0, 0, 0)
    if then is None:
        yield Violation("read_stock", f"{name}/history", f"{changes} changes, not {flower.now.version}", f"{changes}")
    elif (total, digest) != (then.on_hand, then.digest):
        yield Violation("read_stock", f"{name}/history", f"{changes} changes add up to {total}, not {then.on_hand}, or differ")
    elif then.version != flower.now.version:
        yield Violation("read_stock", f"{name}/history", f"{changes} changes, not {flower.now.version}", f"{changes}")


def _then(flower: Flower, is_it: Any) -> Figures | None:
    """The figures at an earlier moment, newest first, as far as they are remembered."""
    return next((figures for figures in reversed(flower.recent) if is_it(figures)), None)


# -- coupons -----------------------------------------------------------------------------------------------------------------------


def coupons(books: Books, rows: Iterable[Mapping[str, Any]], issued: Iterable[Row]) -> Found:
    """``rows``: terms, ``store_id`` and ``issued`` by name; ``issued``: (coupon, buyer, status, order)."""
    known = {key: (store, one) for store, shelf in books.shelves.items() for key, one in shelf.coupons.items()}
    shown = {row["coupon_id"]: row for row in rows}
    for key in {*known, *shown}:
        if key not in known:
            yield Violation("read_coupons", key, "shown, but never created")
        elif key not in shown:
            yield Violation("read_coupons", key, "not shown")
        else:
            yield from _coupon(key, *known[key], shown[key])
    claims = {(key, buyer): claim for key, (_, one) in known.items() for buyer, claim in one.claims.items()}
    rows_of = {(row[0], row[1]): (row[2], row[3], row[4]) for row in issued}
    for pair in {*claims, *rows_of}:
        name = "/".join(pair)
        if pair not in claims:
            yield Violation("read_coupons", name, "shown, but never claimed")
        elif pair not in rows_of:
            yield Violation("read_coupons", name, "not shown")
        elif rows_of[pair] != (said := _claimed(claims[pair])):
            yield Violation("read_coupons", name, f"{said} is shown as {rows_of[pair]}", f"{rows_of[pair]}")


def _coupon(key: str, store: str, coupon: Coupon, row: Mapping[str, Any]) -> Found:
    names = ("limit", "discount", "min_amount", "starts", "ends")
    said = {"store_id": store, **{name: getattr(coupon.terms, name) for name in names}}
    said |= {"edition": coupon.edition, "closed": coupon.closed}
    if wrong := _differing(said, row):
        yield Violation("read_coupons", key, wrong)
    elif row["issued"] != len(coupon.claims):
        yield Violation("read_coupons", key, f"{len(coupon.claims)} claims are shown as {row['issued']}", f"{row['issued']}")


def _claimed(claim: Claim) -> tuple[str, str, int]:
    return ("used" if claim.used else "held" if claim.order_id else "claimed", claim.order_id, claim.edition)


# -- carts -------------------------------------------------------------------------------------------------------------------------


def carts(books: Books, rows: Iterable[Row], likes: Iterable[Row]) -> Found:
    """``rows``: (owner, product, store, quantity, price, added_at); ``likes``: (buyer, kind, id, at).

    A row may be behind the log, so what differs is told by what is shown: it moves, or it is wrong.
    """
    said = {(owner, one): line for owner, cart in books.carts.items() for one, line in cart.lines.items()}
    shown = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    for key in {*said, *shown}:
        if said.get(key) != shown.get(key):
            yield Violation("read_carts", "/".join(key), f"{said.get(key)} is shown as {shown.get(key)}", f"{shown.get(key)}")
    liked = {(owner, *one): at for owner, cart in books.carts.items() for one, at in cart.likes.items()}
    seen = {(row[0], row[1], row[2]): row[3] for row in likes}
    for name in {*liked, *seen}:
        if liked.get(name) != seen.get(name):
            yield Violation("read_carts", "/".join(name), f"{liked.get(name)} is shown as {seen.get(name)}", f"{seen.get(name)}")


# -- ledger, stores, products, gateway --------------------------------------------------------------------------------------------


def ledger(books: Books, sums: Iterable[tuple[str, int, int, int]], unbalanced: Iterable[str]) -> Found:
    """``sums``: (order, legs, their sum, digest of them); ``unbalanced``: ids of events whose legs do not add up to 0.

    Each order's legs are those of its own movements of money, so each account's balance is what the log folds to.
    """
    for event_id in unbalanced:
        yield Violation("read_ledger", event_id, "its legs are not two, or do not add up to 0")
    shown = {order_id: (legs, digest) for order_id, legs, _, digest in sums}
    for order_id, dossier in books.orders():
        said = _booked(dossier)
        found = shown.pop(order_id, (0, 0))
        if found != said:
            yield Violation("read_ledger", order_id, f"{found[0]} legs, not {said[0]}, or others", f"{found[0]}")
    for order_id in shown:
        if not books.forgot(order_id):
            yield Violation("read_ledger", order_id, "shown, but the log moved no money")


def _booked(dossier: Dossier) -> tuple[int, int]:
    payment = dossier.payment
    return (payment.legs, payment.booked) if payment is not None else (0, 0)


def stores(books: Books, rows: Iterable[Mapping[str, Any]]) -> Found:
    """``rows``: fields of ``StoreSaved`` by name, ``store_id`` and ``seq``."""
    known = {key: {**_told(saved.event), "seq": saved.seq} for key, saved in books.stores.items()}
    yield from _shown("read_stores", known, {row["store_id"]: row for row in rows})


def _told(event: StoreSaved) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__ if name not in OF_THE_CHANGE}


def products(books: Books, rows: Iterable[Mapping[str, Any]]) -> Found:
    """``rows``: fields of ``ProductSaved`` by name, counts, ``product_id`` and ``seq``."""
    known = {key: good.shown() for key, good in books.products.items()}
    yield from _shown("read_products", known, {row["product_id"]: row for row in rows})


def reviews(books: Books, rows: Iterable[Mapping[str, Any]]) -> Found:
    """``rows``: fields of ``Review`` by name, with ``review_id``."""
    known = {key: msgspec.structs.asdict(review) for key, review in books.counts.reviews.items()}
    yield from _shown("read_reviews", known, {row["review_id"]: row for row in rows})


def restock(books: Books, rows: Iterable[Row]) -> Found:
    """``rows``: (product, buyer, since when)."""
    said = {(key, buyer): at for key, good in books.products.items() for buyer, at in good.waiting.items()}
    shown = {(row[0], row[1]): row[2] for row in rows}
    for name in {*said, *shown}:
        if said.get(name) != shown.get(name):
            yield Violation("read_restock", "/".join(name), f"{said.get(name)} is shown as {shown.get(name)}", f"{shown.get(name)}")


def search(books: Books, cards: Iterable[Card]) -> Found:
    """``cards``: of all lists. They lag by a second, so what differs is told by what is shown: it moves, or it is wrong."""
    known = {
        key: _listed(good)
        for key, good in books.products.items()
        if good.saved.kind == ORDINARY and good.status in SHOWN and good.saved.store_id not in books.suspended
    }
    shown = {card.product_id: _listed(card) for card in cards}
    for key in {*known, *shown}:
        if known.get(key) != shown.get(key):
            yield Violation("read_search", key, f"{known.get(key)} is listed as {shown.get(key)}", f"{shown.get(key)}")


def _listed(one: Good | Card) -> Row:
    """Store, KRW, status, pieces sold, reviews, stars."""
    if isinstance(one, Card):
        return (one.store_id, one.price, one.status, one.sold, one.reviews, one.average)
    total = sum(one.ratings.values())
    return (one.saved.store_id, one.saved.price, one.status, one.sold, len(one.ratings), average(len(one.ratings), total))


def _shown(invariant: str, known: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]) -> Found:
    """``known``: what each has to be shown as, with ``seq``."""
    for key in {*known, *shown}:
        if key not in known:
            yield Violation(invariant, key, "shown, but never saved")
        elif key not in shown:
            yield Violation(invariant, key, "not shown")
        elif (seq := shown[key].get("seq", 0)) < known[key]["seq"]:
            yield Violation(invariant, key, f"shown as of event {seq}, not {known[key]['seq']}", f"{seq}")
        elif wrong := _differing(known[key], shown[key]):
            yield Violation(invariant, key, wrong)


def gateway(books: Books, payments: Iterable[Mapping[str, Any]]) -> Found:
    """``payments``: the gateway's own (``partner_order_id``, ``captured``, ``refunded``; KRW). An order may have several."""
    theirs: dict[str, tuple[int, int]] = {}
    for one in payments:
        captured, refunded = theirs.get(one["partner_order_id"], (0, 0))
        theirs[one["partner_order_id"]] = (captured + one["captured"], refunded + one["refunded"])
    for order_id, dossier in books.orders():
        payment = dossier.payment
        ours = (payment.captured, payment.refunded) if payment is not None else (0, 0)
        found = theirs.pop(order_id, (0, 0))
        if found != ours:
            yield Violation(GATEWAY, order_id, f"captured and refunded {ours} here, {found} there", f"{ours}")
    for order_id, sums in theirs.items():
        if any(sums) and not books.forgot(order_id):
            yield Violation(GATEWAY, order_id, f"captured and refunded {sums} there, and no such payment here")
