"""The whole saga in memory, with its shop, its gateway, and what must hold of them (spec order §9; issue Foundation §6)."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from agents.auditor.books import Books
from agents.carts import CARTS
from agents.catalog import CATALOG
from agents.deliveries import DELIVERIES
from agents.inventory import INVENTORY
from agents.orders import ORDERS
from agents.payments.domain import payments
from models.actor import DAY, MINUTE, EffectUnknown, Message, id_of
from models.catalog.messages import SaveProduct
from models.inventory import messages as stock
from models.orders import messages as orders
from models.orders.prices import priced
from models.read.facts import Fact
from tests.unit.accounts.given import ACCOUNTS
from tests.unit.gateway_model import GatewayModel
from tests.unit.memory import Call, Memory, run
from tests.unit.shop import ADDRESS, BASKET, BOUQUET, CALLBACK, COUPON, NOW, ORDERER, PERSONAL, PLANT, ROSE, TULIP

BUYERS = ("ann", "bob", "cem")
FLOWERS = {ROSE.store_id: ("rose", "fern"), TULIP.store_id: ("tulip",)}
PRODUCTS = (BOUQUET, PLANT, BASKET)
WINDOW, REST = 15 * MINUTE, 2 * DAY
"""Ms until an unpaid order is given up, and how long the world is left alone before its books are compared."""


class World:
    """Actors, gateway and web. ``seed`` orders what happens at the same time."""

    def __init__(self) -> None:
        self.gateway = GatewayModel(lambda: self.memory.now)
        self.memory = Memory((ORDERS, INVENTORY, DELIVERIES, CATALOG, CARTS, ACCOUNTS, payments(self.gateway)), NOW)
        self.commands = 0
        self.placed: list[str] = []
        self.store_orders: list[tuple[str, str]] = []
        # The auditor hears the same log; one of the two may remember two orders at rest only.
        self.books = (Books(), Books(kept=2))
        self.heard: dict[tuple[str, str], int] = {}
        self.audited = 0
        for store, flowers in FLOWERS.items():
            for flower in flowers:
                self.send("inventory", store, stock.ChangeStock(flower_id=flower, by="owner", delta=150))
        coupon = stock.CreateCoupon(
            coupon_id="c5000", limit=2, discount=5_000, min_amount=20_000, starts="2026-11-24", ends="2026-11-30"
        )
        self.send("inventory", ROSE.store_id, coupon)
        for one in PRODUCTS:
            save = SaveProduct(store_id=one.store_id, name=one.name, price=one.price, flowers=one.flowers)
            self.send("catalog", one.product_id, save)
        self.settle()

    # -- what people do ---------------------------------------------------------------------------------------------------

    def send(self, domain: str, key: str, message: Message) -> str:
        """A web command; its id."""
        self.commands += 1
        self.memory.command(domain, key, message, f"command-{self.commands}")
        return f"command-{self.commands}"

    def place(
        self, buyer: str, kinds: tuple[str, ...], quantity: int, coupon: bool, off: int, method: str = "direct",
        address_kept: bool = False,
    ) -> str:  # fmt: skip
        """A checkout of some of the products, whose buyer believes a total that is ``off`` by so much; its order id."""
        order_id = f"order-{len(self.placed)}"
        shelf = {"bouquet": (ROSE, BOUQUET), "plant": (ROSE, PLANT), "basket": (TULIP, BASKET)}
        wanted: dict[str, list[orders.WantedLine]] = {}
        terms = {ROSE.store_id: ROSE, TULIP.store_id: TULIP}
        for kind in kinds:
            store, product = shelf[kind]
            wanted.setdefault(store.store_id, []).append(orders.WantedLine(product=product, quantity=quantity))
        stores = tuple(
            orders.WantedStore(store=terms[store], lines=tuple(lines), coupon=COUPON if coupon and store == ROSE.store_id else None)
            for store, lines in wanted.items()
        )
        total = sum(store.total for store in priced(order_id, stores, self.memory.now))
        command = orders.PlaceOrder(
            order_id=order_id, buyer=buyer, stores=stores, orderer=ORDERER, address=ADDRESS, expected_total=total + off,
            window=WINDOW, callback=CALLBACK, nonce=f"nonce-{order_id}", method=method,
            address_kept=address_kept,
        )  # fmt: skip
        self.placed.append(order_id)
        self.store_orders += [(order_id, id_of(order_id, store)) for store in wanted]
        self.send("orders", order_id, command)
        return order_id

    def in_status(self, status: str) -> list[str]:
        """The orders that stand there."""
        states = ((order, self.memory.state("orders", order)) for order in self.placed)
        return [order for order, state in states if state is not None and state.status == status]

    def begin(self, store_order: str) -> None:
        """The florist begins: a step that no message of this issue makes, so the row is changed by hand."""
        delivery = self.memory.state("deliveries", store_order)
        if delivery is not None and delivery.status == "PENDING":
            begun = msgspec.structs.replace(delivery, status="PROCESSING")
            self.memory.rows[("deliveries", store_order)][""] = msgspec.msgpack.encode(begun)

    # -- what happens by itself -------------------------------------------------------------------------------------------

    def deliver(self, count: int, chance: random.Random) -> None:
        """Up to ``count`` messages arrive, each the first of any channel; now and then one comes again."""
        memory = self.memory
        for _ in range(count):
            if not memory.channels:
                return
            memory.deliver(chance.choice(list(memory.channels)))
            if memory.delivered and chance.random() < 0.1:
                memory.repeat(chance.choice(memory.delivered[-40:]))

    def finish(self, call: Call, fault: str, twice: bool = False) -> None:
        """The outcome of a call arrives at its own inbox, perhaps twice."""
        message = self._perform(call, fault)
        for _ in range(2 if twice else 1):
            self.memory.tell(call.domain, call.key, message)

    def abandon(self, call: Call, happened: bool) -> None:
        """The worker dies in the call, whether it reached the gateway or not; its successor waits the lease out and says so."""
        self._perform(call, "after" if happened else "before")
        self.memory.now = max(self.memory.now, call.effect.until)
        unknown = EffectUnknown(effect=call.effect.name, attempt=call.effect.attempt, error="its worker ended")
        self.memory.tell(call.domain, call.key, unknown)

    def _perform(self, call: Call, fault: str) -> Message:
        self.memory.calls.pop((id_of(call.domain, call.key), str(call.effect.attempt)))
        perform = self.memory.domains[call.domain].perform
        assert perform is not None
        self.gateway.fault = fault
        message = run(perform(call.key, call.state, call.effect))
        self.gateway.fault = "ok"
        return message

    def settle(self) -> None:
        """Everything that is on its way arrives; the gateway answers."""
        memory, chance = self.memory, random.Random(len(self.memory.delivered))
        while memory.channels or memory.calls or self.gateway.late:
            while self.gateway.late:
                self.gateway.arrive(0)
            for call in list(memory.calls.values()):
                self.finish(call, "ok", twice=chance.random() < 0.3)
            while memory.channels:
                memory.deliver(chance.choice(list(memory.channels)))

    def rest(self) -> None:
        """Nobody does anything for ``REST``; reminders come when they are due."""
        memory, end = self.memory, self.memory.now + REST
        self.settle()
        for _ in range(5_000):
            due = memory.due(end)
            if not due:
                return
            at, domain, key = due[0]
            memory.now = max(memory.now, at)
            memory.remind(at, domain, key)
            self.settle()
        raise AssertionError(f"never at rest: {due[:3]}")

    # -- what must hold, always -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """At every moment, whatever is on its way."""
        self._audit()
        for store in FLOWERS:
            self._check_shelf(store)
        for record in self.gateway.books.values():
            assert record.captures <= 1
            assert 0 <= record.left.total <= record.captured
        coupon_rows = self.memory.parts("inventory", ROSE.store_id)
        holders = [state.buyer for part, state in coupon_rows.items() if part.startswith("hold/") and state.coupon_id]
        assert len(holders) == len(set(holders)), "a claim is held twice"
        assert coupon_rows["coupon/c5000"].issued == sum(part.startswith("issued/c5000/") for part in coupon_rows) <= 2

    def _audit(self) -> None:
        """The auditor folds what was said since, and finds nothing that could never be right again."""
        for said in self.memory.log[self.audited :]:
            where = (said.domain, said.key)
            seq = self.heard[where] = self.heard.get(where, 0) + 1
            for books in self.books:
                books.fold(Fact(said.domain, said.key, seq, seq, said.at, id_of(*where, str(seq)), said.event))
        self.audited = len(self.memory.log)
        for books in self.books:
            books.judge(self.memory.now)
            assert not books.faults

    def _check_shelf(self, store: str) -> None:
        rows = self.memory.parts("inventory", store)
        promised: dict[str, int] = {}
        for part, state in rows.items():
            if part.startswith("hold/"):
                for flower, stems in state.flowers.items():
                    promised[flower] = promised.get(flower, 0) + stems
        for flower, stems in rows[""].flowers.items():
            assert 0 <= stems.held <= stems.on_hand
            assert stems.held == promised.get(flower, 0)
            assert stems.on_hand == self._in_minus_out(store, flower)

    def _in_minus_out(self, store: str, flower: str) -> int:
        total = 0
        for said in self.memory.log:
            if said.domain != "inventory" or said.key != store:
                continue
            match said.event:
                case stock.StockChanged(flower_id=changed, delta=delta) if changed == flower:
                    total += delta
                case stock.HoldCommitted(flowers=flowers):
                    total -= flowers.get(flower, 0)
                case stock.StockReturned(flowers=flowers):
                    total += flowers.get(flower, 0)
        return total

    # -- what must hold at rest -------------------------------------------------------------------------------------------

    def check_at_rest(self) -> None:
        """Nothing is on its way any more."""
        memory = self.memory
        self.check()
        for books in self.books:
            assert books.judge(memory.now)[0] == [], "the auditor finds what is none"
        for text in PERSONAL:
            assert not any(text in line for line in memory.lines), f"{text} stands in the public log"
        assert not any(memory.waiting.values()), "a command was never answered"
        for order_id in self.placed:
            self._check_order(order_id)
        for store in FLOWERS:
            assert not [part for part in memory.parts("inventory", store) if part.startswith("hold/")], "a hold without order"
        self._check_coupons()
        self._check_sales()

    def _check_sales(self) -> None:
        """A product has sold what stands of confirmed orders, each counted once (product W39)."""
        sold = {product.product_id: 0 for product in PRODUCTS}
        for order_id in self.placed:
            order = self.memory.state("orders", order_id)
            if order is not None and order.status == "CONFIRMED":
                for part in order.parts:
                    for line in part.priced.lines if part.status == "PENDING" else ():
                        sold[line.product_id] += line.quantity
        assert {one: self.memory.state("catalog", one).sold for one in sold} == sold

    def _check_order(self, order_id: str) -> None:
        """One order or none for the money, and an end in time."""
        order: Any = self.memory.state("orders", order_id)
        captured = sum(record.captured for record in self.gateway.of(order_id))
        refunded = sum(record.refunded for record in self.gateway.of(order_id))
        assert sum(record.captures for record in self.gateway.of(order_id)) <= 1
        if order is None:
            assert captured == 0
            return
        standing = sum(part.priced.total for part in order.parts if part.status == "PENDING")
        assert order.status in ("CONFIRMED", "CANCELLED")
        assert captured - refunded == (standing if order.status == "CONFIRMED" else 0)
        assert {part.status for part in order.parts} <= ({"PENDING", "REFUNDED"} if order.status == "CONFIRMED" else {""})
        assert order.refunding == 0
        self._check_deliveries(order)
        payment = self.memory.state("payments", order_id)
        if payment is not None:
            assert (payment.captured, payment.refunded) == (captured, refunded)
            assert payment.status not in ("REQUESTED", "READY", "CAPTURING")
            assert payment.queue == ()
            assert payment.call is None
        self._check_deadline(order_id, order.deadline)
        if any(said.key == order_id for said in self.memory.events("orders", orders.CancelNoted)):
            assert order.status == "CANCELLED", "a cancel was accepted and forgotten"

    def _check_deliveries(self, order: Any) -> None:
        """A florist makes what stands, and nothing that was cancelled; what is not made was paid back (order W-27, W-28, W-33)."""
        for part in order.parts:
            delivery = self.memory.state("deliveries", part.priced.store_order_id)
            if order.status == "CANCELLED":
                assert delivery is None
            else:
                assert (delivery.status == "CANCELLED") == (part.status == "REFUNDED")

    def _check_deadline(self, order_id: str, deadline: int) -> None:
        """The buyer is asked for money only before the deadline; whatever was not being captured then ends with it."""
        for said in self.memory.log:
            if said.domain == "orders" and said.key == order_id and isinstance(said.event, orders.CaptureRequested):
                assert said.at < deadline

    def _check_coupons(self) -> None:
        """A claim pays for one standing store order at most, and is free again once nothing stands on it."""
        rows = self.memory.parts("inventory", ROSE.store_id)
        for buyer in BUYERS:
            users = []
            for order_id in self.placed:
                order = self.memory.state("orders", order_id)
                if order is not None and order.buyer == buyer and order.status == "CONFIRMED":
                    users += [order_id for part in order.parts if part.priced.coupon_id and part.status == "PENDING"]
            issued = rows.get(f"issued/c5000/{buyer}")
            assert users == ([] if issued is None or not issued.order_id else [issued.order_id])
            assert issued is None or issued.used == bool(users)
