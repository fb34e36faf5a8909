"""The buyers of the day: what each of them does, and how it must end. A story that ends otherwise raises Unexpected."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from deploy.demo.board import Board, Row
from deploy.demo.client import Person, Shop, Told, Unexpected
from deploy.demo.shop import FLORISTS, SCARCE

END = 60.0
"""Seconds that a move of the saga may take before the story counts as gone astray."""
NAMES = (
    "서연", "민준", "지우", "하은", "도윤", "수아", "시우", "예린", "주원", "다은", "건우", "채원", "현우", "유나", "지호", "소율",
    "준서", "하린", "은우", "가온", "태오", "나윤", "이안", "보라", "해솔", "라온", "승민", "지안", "예준", "윤슬",
)  # fmt: skip
SCARCE_PRODUCT = next(one for florist in FLORISTS for one in florist.products if one.word == SCARCE)
Basket = list[dict[str, Any]]


class Buyer:
    """One buyer with a browser: a live stream, a basket, an order. ``draw`` decides what is liked."""

    def __init__(self, shop: Shop, board: Board, row: Row, who: Person, draw: random.Random) -> None:
        self.shop, self.board, self.row, self.who, self.draw = shop, board, row, who, draw
        self.order: dict[str, Any] = {}
        self.total = 0
        self._names: dict[str, str] = {}
        self._stores: dict[str, str] = {}
        self._told: list[Told] = []
        self._more = asyncio.Condition()
        self._open = asyncio.Event()
        self._placed_at = 0

    # -- the live stream -----------------------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Follow the live stream, for ever."""
        async for told in self.shop.live(self.who):
            if told is None:
                self._open.set()
                continue
            async with self._more:
                self._told.append(told)
                self._show(told)
                self._more.notify_all()

    def _show(self, told: Told) -> None:
        data = told.data
        if data["domain"] != "orders":
            return
        if told.kind == "OrderPlaced":
            self._placed_at = data["at"]
            self._stores = {one["store_order_id"]: one["store_id"] for one in data["stores"]}
        store = data.get("store_id") or self._stores.get(data.get("store_order_id", ""), "")
        stores = self._names.get(store, "") if store else self.row.stores
        amount = next((data[name] for name in ("total", "captured", "amount", "refund") if data.get(name)), self.total)
        self.board.move(self.row, told.kind, stores, amount, data["at"] - self._placed_at, data.get("reason", ""))

    async def told(self, kind: str, seconds: float = END) -> dict[str, Any]:
        """What the stream says when the order's event ``kind`` comes. Raises Unexpected if it does not."""

        def found() -> list[Told]:
            return [one for one in self._told if one.kind == kind and one.data["domain"] == "orders"]

        try:
            async with asyncio.timeout(seconds), self._more:
                await self._more.wait_for(lambda: bool(found()))
        except TimeoutError:
            kinds = ", ".join(one.kind for one in self._told) or "nothing"
            raise Unexpected(f"the live stream told no {kind} in {seconds:.0f} s, but {kinds}") from None
        return found()[0].data

    # -- browsing, ordering, paying ---------------------------------------------------------------------------------------------

    async def browse(self, florists: int = 2) -> Basket:
        """Look at some florists, take one or two things of each; what is scarce is left to whoever wants that."""
        async with asyncio.timeout(END):
            await self._open.wait()
        stores = {one["store_id"]: one for one in await self.shop.every(None, "/stores")}
        ours = [florist.store_id for florist in FLORISTS if florist.store_id in stores]
        basket: Basket = []
        for store_id in self.draw.sample(ours, florists):
            self._names[store_id] = stores[store_id]["name"]
            products = await self.shop.every(None, f"/products?store={store_id}&status=SALE")
            liked = [one for one in products if one["product_id"] != SCARCE_PRODUCT.product_id and one["price"] < 100_000]
            lines = [
                {"product_id": one["product_id"], "quantity": self.draw.choice((1, 1, 2))}
                for one in self.draw.sample(liked, self.draw.choice((1, 2)))
            ]
            basket.append({"store_id": store_id, "lines": lines})
        self.row.stores = " + ".join(self._names.values())
        return basket

    async def with_coupons(self, basket: Basket) -> Basket:
        """The basket with the best coupon that each florist has for it, claimed."""
        quote = (await self.shop.call(None, "POST", "/orders/quote", {"stores": basket})).expect(200).body
        chosen: Basket = []
        for store, quoted in zip(basket, quote["stores"], strict=True):
            path = f"/stores/{store['store_id']}/coupons"
            offers = (await self.shop.call(None, "GET", path)).expect(200).body["items"]
            fit = [one for one in offers if one["min_amount"] <= quoted["goods"]]
            best = max(fit, key=lambda one: (one["discount"], one["coupon_id"]), default=None)
            if best is None:
                chosen.append(store)
                continue
            (await self.shop.call(self.who, "POST", f"{path}/{best['coupon_id']}/claim")).expect(201)
            chosen.append({**store, "coupon_id": best["coupon_id"]})
        return chosen

    async def checkout(self, basket: Basket) -> Mapping[str, Any]:
        """The body of the order, with the total that the shop quotes."""
        quote = (await self.shop.call(None, "POST", "/orders/quote", {"stores": basket})).expect(200).body
        self.total = self.row.amount = quote["total"]
        phone = f"010{self.draw.randrange(10**8):08}"
        return {
            "stores": basket,
            "orderer": {"name": self.row.who, "phone": phone, "email": "buyer@example.com"},
            "address": {"recipient": self.row.who, "phone": phone, "zipcode": "04524", "road": "서울특별시 중구 세종대로 110"},
            "expected_total": self.total,
        }

    async def place(self, basket: Basket) -> None:
        """Order; then the gateway waits for the buyer."""
        body = await self.checkout(basket)
        self.order = (await self.shop.call(self.who, "POST", "/orders", body)).expect(200, 201).body
        same("status", self.order["status"], "AWAITING_PAYMENT")
        same("total", self.order["total"], self.total)
        await self.told("PaymentAwaited")

    async def press(self, button: str) -> None:
        """Press a button of the gateway's page."""
        await asyncio.sleep(self.draw.uniform(0.2, 1.0))
        await self.shop.press(self.order["redirects"]["pc"], button)

    async def pay(self) -> None:
        """Pay, and see the order confirmed, on the stream and in the history."""
        await self.press("pay")
        same("captured", (await self.told("OrderConfirmed"))["captured"], self.total)
        await self.shows("CONFIRMED")

    async def coupons_used(self) -> int:
        """The number of the buyer's coupons, all used. The florists hear of the payment after the buyer does, so it may take a
        moment. Raises Unexpected if one is not used in ``END`` seconds."""
        deadline = asyncio.get_running_loop().time() + END
        while True:
            items = (await self.shop.call(self.who, "GET", "/coupons")).expect(200).body["items"]
            if all(one["status"] == "used" for one in items):
                return len(items)
            if asyncio.get_running_loop().time() > deadline:
                raise Unexpected(f"the coupons are {', '.join(one['status'] for one in items)}")
            await asyncio.sleep(0.2)

    async def shows(self, status: str, **fields: Any) -> dict[str, Any]:
        """The order as the history has it. Raises Unexpected unless it has that status and these fields."""
        shown = (await self.shop.call(self.who, "GET", f"/orders/{self.order['order_id']}")).expect(200).body
        for name, value in {"status": status, **fields}.items():
            same(name, shown.get(name), value)
        return dict(shown)


def same(what: str, found: Any, wanted: Any) -> None:
    """Raises Unexpected if two values differ."""
    if found != wanted:
        raise Unexpected(f"{what} is {found!r}, not {wanted!r}")


# -- the stories: each answers how it ended ------------------------------------------------------------------------------------


async def pays(buyer: Buyer) -> str:
    """Two florists, their coupons, one payment."""
    await buyer.place(await buyer.with_coupons(await buyer.browse()))
    await buyer.pay()
    coupons = await buyer.coupons_used()
    return f"{buyer.total:,}원 paid" + (f" with {coupons} coupons" if coupons else "")


async def is_refused(buyer: Buyer) -> str:
    """Wants more of a rare bouquet than there are stems for: told which one, and everything else is let go."""
    basket = await buyer.browse(1)
    florist = next(one for one in FLORISTS if SCARCE_PRODUCT in one.products)
    buyer._names[florist.store_id] = florist.name
    rare = {"product_id": SCARCE_PRODUCT.product_id, "quantity": 3}
    basket = [one for one in basket if one["store_id"] != florist.store_id] + [{"store_id": florist.store_id, "lines": [rare]}]
    buyer.row.stores = " + ".join(buyer._names.values())
    answer = (await buyer.shop.call(buyer.who, "POST", "/orders", await buyer.checkout(basket))).expect(409)
    same("code", answer.body["code"], "out_of_stock")
    same("product", answer.body["details"]["product_id"], SCARCE_PRODUCT.product_id)
    same("reason", (await buyer.told("OrderCancelled"))["reason"], "out_of_stock")
    found = (await buyer.shop.call(None, "GET", f"/products/{answer.body['details']['product_id']}")).expect(200)
    return f"out of stock: {found.body['name']}"


async def walks_away(buyer: Buyer) -> str:
    """Orders and never pays: the order is given up at its deadline, and the stems are free again."""
    await buyer.place(await buyer.browse())
    placed = await buyer.told("OrderPlaced")
    seconds = (placed["deadline"] - placed["placed_at"]) / 1000
    same("reason", (await buyer.told("OrderCancelled", seconds + END))["reason"], "expired")
    await buyer.shows("CANCELLED", reason="expired", refunded=0)
    return f"not paid within {seconds:.0f} s: cancelled, stems released"


async def cancels_one_florist(buyer: Buyer) -> str:
    """Pays two florists, then cancels one of them: its part comes back, the other is made."""
    await buyer.place(await buyer.with_coupons(await buyer.browse()))
    await buyer.pay()
    part, kept = buyer.order["stores"]
    path = f"/orders/{buyer.order['order_id']}/stores/{part['store_order_id']}/cancel"
    (await buyer.shop.call(buyer.who, "POST", path)).expect(200)
    same("refund", (await buyer.told("StoreRefunded"))["amount"], part["total"])
    shown = await buyer.shows("CONFIRMED", refunded=part["total"])
    states = {one["store_order_id"]: one["status"] for one in shown["stores"]}
    same("store orders", states, {part["store_order_id"]: "REFUNDED", kept["store_order_id"]: "PENDING"})
    return f"{part['total']:,}원 of {buyer.total:,}원 back"


async def fails_to_pay(buyer: Buyer) -> str:
    """The gateway's "fail": no money moved, so there is no order."""
    await buyer.place(await buyer.browse())
    await buyer.press("fail")
    same("reason", (await buyer.told("OrderCancelled"))["reason"], "payment_failed")
    await buyer.shows("CANCELLED", reason="payment_failed", captured=0)
    return "the payment failed: cancelled, nothing was taken"


async def changes_mind(buyer: Buyer) -> str:
    """Cancels the whole order before paying."""
    await buyer.place(await buyer.browse())
    (await buyer.shop.call(buyer.who, "POST", f"/orders/{buyer.order['order_id']}/cancel")).expect(200)
    same("reason", (await buyer.told("OrderCancelled"))["reason"], "buyer")
    await buyer.shows("CANCELLED", reason="buyer", captured=0)
    return "cancelled before paying"


async def clicks_thrice(buyer: Buyer) -> str:
    """The same order, three times at once under one key: one order, three equal answers, one payment."""
    basket = await buyer.browse()
    body, key = await buyer.checkout(basket), str(uuid.uuid4())
    answers = await asyncio.gather(*(buyer.shop.call(buyer.who, "POST", "/orders", body, key=key) for _ in range(3)))
    buyer.order = answers[0].expect(200, 201).body
    same("answers", [one.body for one in answers], [buyer.order] * 3)
    await buyer.pay()
    orders = (await buyer.shop.call(buyer.who, "GET", "/orders")).expect(200).body["items"]
    same("orders", [one["order_id"] for one in orders], [buyer.order["order_id"]])
    return "clicked three times: one order"


Story = Callable[[Buyer], Awaitable[str]]
SPECIAL: tuple[tuple[str, Story], ...] = (
    ("walks away", walks_away),
    ("pays", pays),
    ("wants what is rare", is_refused),
    ("cancels a florist", cancels_one_florist),
    ("payment fails", fails_to_pay),
    ("clicks three times", clicks_thrice),
    ("changes her mind", changes_mind),
)
"""The stories that every day has, in the order in which they begin; everybody else pays."""
