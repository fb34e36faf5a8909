"""What the end-to-end tests have in common: florists, a buyer's steps, and looks at every book."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from models.read.databases import Databases
from models.read.ledger import Queries as Ledger
from models.read.registry import Registry
from models.settings import read
from tests.browser import noise
from tests.chaos.checkout import Wish, body_of
from tests.chaos.florists import MARKER, ORCHID, ROSE, TULIP, Florist, Product, on_shelf, open_store
from tests.chaos.public import Answer, Person, Public

LONG = 30.0
"""Seconds that a test waits for something that must come; only a machine that is much too busy needs them."""
WAIT = 10.0
"""``Prefer: wait`` of every step, as long as the web allows."""
DONE = (200, 201)
"""201 at once, 200 where what came of it was asked for after a 202: a busy machine may need longer than ``WAIT``."""


async def ask(public: Public, who: Person | None, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
    """The request as a patient client makes it: what came of it in the end."""
    return await public.patiently(who, method, path, body, key=key, wait=WAIT, patience=4 * LONG)


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Any, seconds: float = LONG) -> None:
    """Look until ``wanted`` is seen; what was seen last is asserted to be it."""
    deadline = time.monotonic() + seconds
    while (seen := await look()) != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert seen == wanted


async def rosary(public: Public, word: str, name: str = "장미집", *, coupons: int = 1, roses: int = 1_000) -> Florist:
    """A florist with a taxable bouquet of 10 roses at 30,000 KRW and a tax-free pot at 12,000, fee 3,000, coupon of 5,000."""
    return await open_store(
        public,
        word,
        name,
        name=name,
        products=[
            Product("bouquet", "장미 다발", 30_000, {ROSE: 10}),
            Product("pot", "난 화분", 12_000, {ORCHID: 1}, tax_free=True),
        ],
        stock={ROSE: roses, ORCHID: 100},
        coupons=[{"limit": 10, "discount": 5_000, "min_amount": 20_000} for _ in range(coupons)],
    )


async def tulip_house(public: Public, word: str, *, tulips: int = 1_000) -> Florist:
    """A florist with a bouquet of 5 tulips at 20,000 KRW, fee 2,500, coupon of 2,000."""
    return await open_store(
        public,
        word,
        "튤립집",
        name="튤립집",
        delivery_fee=2_500,
        products=[Product("bunch", "튤립 다발", 20_000, {TULIP: 5})],
        stock={TULIP: tulips},
        coupons=[{"limit": 10, "discount": 2_000, "min_amount": 10_000}],
    )


async def picture(public: Public, who: Person, purpose: str) -> str:
    """The id of a picture of theirs, uploaded the way a page does it and ready."""
    data = noise()
    announced = await ask(public, who, "POST", "/images", {"purpose": purpose, "content_type": "image/png", "size": len(data)})
    assert announced.status in DONE, announced.body
    link, image_id = announced.body["upload"], str(announced.body["image_id"])
    async with public.session.request(link["method"], link["url"], data=data, headers=link["headers"]) as sent:
        assert sent.status == 200, await sent.text()
    ready = await ask(public, who, "POST", f"/images/{image_id}/finish")
    assert (ready.status, ready.body["status"]) == (200, "ready"), ready.body
    return image_id


async def placed(public: Public, who: Person, *wishes: Wish, **changes: Any) -> dict[str, Any]:
    """Place the order: what the shop answers."""
    answer = await ask(public, who, "POST", "/orders", body_of(*wishes, **changes))
    assert answer.status in DONE, answer.body
    order: dict[str, Any] = answer.body
    return order


async def paid(public: Public, who: Person, order: dict[str, Any]) -> dict[str, Any]:
    """Press pay, follow the redirects as a browser does: the order as it is shown then."""
    back = await public.press(order["redirects"]["pc"])
    address = await returned(public, back)
    assert address == f"/api/v1/orders/{order['order_id']}"
    shown = await one_order(public, who, order["order_id"])
    deadline = time.monotonic() + LONG
    while shown["status"] in ("AWAITING_PAYMENT", "CAPTURING") and time.monotonic() < deadline:
        # The redirect waits for the outcome only as long as a browser would.
        await asyncio.sleep(0.1)
        shown = await one_order(public, who, order["order_id"])
    return shown


async def returned(public: Public, back: str) -> str:
    """The browser comes back from the gateway, again if the shop is too busy: where the shop sends it."""
    answer = await ask(public, None, "GET", back)
    assert answer.status == 303, answer.body
    return str(answer.headers["Location"])


async def one_order(public: Public, who: Person, order_id: str) -> dict[str, Any]:
    """The order as its buyer is shown it."""
    answer = await ask(public, who, "GET", f"/orders/{order_id}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


async def bought(public: Public, who: Person, *wishes: Wish) -> dict[str, Any]:
    """Place and pay: the order as it is shown, which is CONFIRMED."""
    order = await paid(public, who, await placed(public, who, *wishes))
    assert order["status"] == "CONFIRMED"
    return order


async def coupons_of(public: Public, who: Person) -> dict[str, tuple[str, str]]:
    """Coupon id -> (status, order id), of what a buyer has claimed."""
    answer = await ask(public, who, "GET", "/coupons")
    return {one["coupon_id"]: (one["status"], one["order_id"]) for one in answer.body["items"]}


async def orders_of(public: Public, who: Person) -> dict[str, str]:
    """Order id -> status, of a buyer's orders."""
    return {one["order_id"]: one["status"] for one in await public.all_items(who, "/orders")}


async def money(public: Public, order_id: str) -> list[tuple[str, int, int]]:
    """(status, captured, refunded) of each payment that the gateway has booked for an order; KRW."""
    return [(one["status"], one["captured"], one["refunded"]) for one in await public.books(order_id)]


async def statement(public: Public, env: dict[str, str], order_id: str) -> dict[str, Any]:
    """What the gateway tells a merchant of the one payment of an order: with the tax-free shares, which its books leave out."""
    (payment,) = await public.books(order_id)
    async with public.session.post(
        f"{public.gateway}/online/v1/payment/order",
        data=msgspec.json.encode({"cid": "TC0ONETIME", "tid": payment["tid"]}),
        headers={"Authorization": f"SECRET_KEY {env['BB_KAKAOPAY_SECRET']}", "Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 200
        told: dict[str, Any] = await answer.json()
        return told


async def ledger(env: dict[str, str], order_id: str) -> list[tuple[str, int, str]]:
    """(account, KRW, cause) of each leg that our own ledger has booked for an order."""
    databases = Databases(read(env))
    try:
        entries = await Ledger(databases, Registry(databases)).entries(order_id)
    finally:
        await databases.close()
    return [(entry["account"], entry["amount"], entry["cause"]) for entry in entries]


async def settled(public: Public, florist: Florist) -> dict[str, tuple[int, int]]:
    """The shelf once the florist has done all that came before now: a stem comes and goes, and the shelf is shown after it."""
    for delta in (1, -1):
        change = {"delta": delta, "cause": "correction"}
        answer = await ask(public, florist.owner, "PATCH", f"/stores/{florist.store_id}/stock/{MARKER}", change)
        assert answer.status == 200, answer.body
    shelf = await on_shelf(public, florist)
    del shelf[MARKER]
    return shelf


def codes(answer: Answer) -> list[str]:
    """The codes of every problem that a refusal names; its own if it names none."""
    problems = answer.body.get("details", {}).get("problems") or answer.body.get("errors")
    return [one["code"] for one in problems] if problems else [answer.body["code"]]
