"""Who sees what of a store, a question and a notice: the read models' documents, cut down to their reader. Pure.

Fields are named one by one, so that what a read model learns later is shown to nobody by itself (store A6, A7).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.catalog.messages import SALE
from models.stores import regions
from models.stores.banks import BANKS
from models.stores.hours import Hours, slots
from web.access import runs
from web.auth import Caller

Document = Mapping[str, Any]
CARD = (
    "store_id", "name", "detail", "thumbnail", "address", "address_detail", "sido", "gugun", "delivery_fee", "free_from", "cut_off",
    "reviews", "rating", "status",
)  # fmt: skip
PAGE = (*CARD, "phone", "zipcode", "hours", "slot_capacity", "registered_at")
OWN = (*PAGE, "bank", "account_number", "minutes_per_day", "threshold", "reason")
ADMIN = (*CARD, "owner", "phone", "bank", "account_number", "registered_at", "reason")


def _of(store: Document, fields: tuple[str, ...]) -> dict[str, Any]:
    """``fields`` with what follows from them: names of codes, the place on the map (``None``: no address yet)."""
    shown = {name: store[name] for name in fields}
    shown["sido_name"], shown["gugun_name"] = regions.names(store["sido"], store["gugun"])
    shown["position"] = {"lat": store["lat"], "lon": store["lon"]} if store["gugun"] else None
    if "bank" in shown:
        shown["bank_name"] = BANKS.get(store["bank"], "")
    if "hours" in shown:
        week = {day: Hours(**one) for day, one in store["hours"].items()}
        shown["slots"] = {day: slots(one) for day, one in week.items()} if store["slot_capacity"] else {}
    return shown


def card(store: Document) -> dict[str, Any]:
    """A store in a list, with its ``distance`` where one was asked for."""
    near = {"distance": store["distance"]} if "distance" in store else {}
    return {**_of(store, CARD), **near}


def page(store: Document, subscription: Document | None) -> dict[str, Any]:
    """A store's page. ``slots``: day -> when pickups can begin; ``subscription_product_id``: that of ``subscription`` if it is on
    sale, else ``None``: there is nothing to subscribe to."""
    sold = subscription["product_id"] if subscription and subscription["status"] == SALE else None
    return {**_of(store, PAGE), "subscription_product_id": sold}


def own(store: Document, subscription: Document | None) -> dict[str, Any]:
    """What its seller sees beside that: bank account, capacity, and why it is suspended."""
    return {**page(store, subscription), **_of(store, OWN)}


def listed(store: Document) -> dict[str, Any]:
    """A store in the admins' list."""
    return _of(store, ADMIN)


def question(found: Document, caller: Caller | None) -> dict[str, Any]:
    """A question as ``caller`` may see it: of a secret one strangers see that it is there, and neither its words nor its answer's.

    ``read_at`` is for whoever runs the store. Its asker's ``nickname`` comes with ``found`` (``web/authors.py``).
    """
    mine = caller is not None and caller.role == "buyer" and caller.account == found["buyer"]
    keeper = caller is not None and runs(caller, found["store_id"])
    hidden = found["secret"] and not mine and not keeper
    words = {name: "" if hidden else found[name] for name in ("title", "content", "answer")}
    told = ("question_id", "store_id", "product_id", "secret", "asked_at", "edited_at", "answered_at", "answer_edited_at")
    read = {"read_at": found["read_at"]} if keeper else {}
    answered = {"answered": bool(found["answered_at"]), "mine": mine, "hidden": hidden, "nickname": found.get("nickname", "")}
    return {**{name: found[name] for name in told}, **words, **answered, **read}
