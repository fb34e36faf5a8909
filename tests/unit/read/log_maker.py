"""The log as the kernel writes it: the real deciders and turns in memory, their events and private records kept byte by byte."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import msgspec

from agents.carts import CARTS
from agents.catalog import CATALOG
from agents.deliveries import DELIVERIES
from agents.inventory import INVENTORY
from agents.orders import ORDERS
from agents.payments.domain import payments
from agents.runtime import rows
from agents.runtime.decider import Decider
from agents.runtime.rows import Ledger, split_key, unpack_row
from agents.runtime.turn import Input, Turn
from agents.stores import STORES
from models.actor import MINUTE, Message, id_of
from models.catalog.messages import SaveProduct
from models.inventory.messages import ChangeStock, ClaimCoupon, CreateCoupon
from models.orders import messages as orders
from models.orders.prices import priced
from models.stores.messages import SaveStore
from tests.unit.gateway_model import GatewayModel
from tests.unit.memory import run
from tests.unit.shop import ADDRESS, BASKET, BOUQUET, CALLBACK, COUPON, NOW, ORDERER, PLANT, ROSE, TULIP, line
from topics.envelope import encode, seal
from topics.partitions import partition_of


class Record(NamedTuple):
    """A record of an events or private topic. ``topic`` has the prefix."""

    topic: str
    partition: int
    key: str
    value: bytes | None


class LogMaker:
    """All domains; ``records`` is what they have said in public and in private, in the order in which they said it."""

    def __init__(self, prefix: str = "bb", partitions: int = 4) -> None:
        self.prefix, self.partitions, self.now = prefix, partitions, NOW
        self.gateway = GatewayModel(lambda: self.now)
        domains = (ORDERS, INVENTORY, DELIVERIES, STORES, CATALOG, CARTS, payments(self.gateway))
        self.domains = {domain.name: domain for domain in domains}
        self.rows: dict[tuple[str, int], dict[bytes, bytes]] = {}
        self.deciders: dict[tuple[str, int], Decider] = {}
        self.ledgers: dict[tuple[str, int], Ledger] = {}
        self.inboxes: dict[tuple[str, int], deque[Input]] = {}
        self.offsets: dict[tuple[str, int], int] = {}
        for domain in domains:
            for number in range(partitions):
                where = (domain.name, number)
                rows = self.rows[where] = {}
                self.deciders[where] = Decider(domain, number, prefix, rows.get)
                self.ledgers[where], self.inboxes[where], self.offsets[where] = Ledger(), deque(), 0
        self.records: list[Record] = []
        self.attempts: dict[str, int] = {}
        self.commands = 0

    # -- what people do -------------------------------------------------------------------------------------------------------

    def send(self, domain: str, key: str, message: Message) -> None:
        """A web command, decided with all that follows from it."""
        self.commands += 1
        self._append(domain, key, encode(seal(domain, key, message, id=f"command-{self.commands}", source="/test")))
        self.settle()

    def shop(self) -> None:
        """Two florists with products, stems and a coupon."""
        for store in (ROSE, TULIP):
            saved = SaveStore(
                owner=f"owner-of-{store.store_id}", name=store.name, delivery_fee=store.delivery_fee, free_from=store.free_from
            )
            self.send("stores", store.store_id, saved)
        for product in (BOUQUET, PLANT, BASKET):
            self.send(
                "catalog",
                product.product_id,
                SaveProduct(
                    store_id=product.store_id, name=product.name, price=product.price, flowers=product.flowers,
                    tax_free=product.tax_free, thumbnail=product.thumbnail,
                ),
            )  # fmt: skip
        for store_id, flower in (("store-rose", "rose"), ("store-rose", "fern"), ("store-tulip", "tulip")):
            self.send("inventory", store_id, ChangeStock(flower_id=flower, by="owner", delta=1_000_000))
        coupon = CreateCoupon(
            coupon_id=COUPON.coupon_id, limit=1_000_000, discount=COUPON.discount, min_amount=COUPON.min_amount,
            starts="2026-11-24", ends="2026-11-30", name="가을 할인",
        )  # fmt: skip
        self.send("inventory", "store-rose", coupon)

    def place(
        self, order_id: str, buyer: str, *, both: bool = False, coupon: bool = False, quantity: int = 1, method: str = "direct"
    ) -> None:
        """A checkout of two lines at the first florist, and one at the second."""
        if coupon:
            self.send("inventory", "store-rose", ClaimCoupon(coupon_id=COUPON.coupon_id, buyer=buyer))
        lines = (line(BOUQUET, quantity), line(PLANT))
        terms = msgspec.structs.replace(COUPON, starts="2026-11-24") if coupon else None
        stores = [orders.WantedStore(store=ROSE, lines=lines, coupon=terms)]
        if both:
            stores.append(orders.WantedStore(store=TULIP, lines=(line(BASKET),)))
        total = sum(store.total for store in priced(order_id, tuple(stores), self.now))
        command = orders.PlaceOrder(
            order_id=order_id, buyer=buyer, stores=tuple(stores), orderer=ORDERER, address=ADDRESS, expected_total=total,
            window=15 * MINUTE, callback=CALLBACK, nonce=f"nonce-{order_id}", method=method,
        )  # fmt: skip
        self.send("orders", order_id, command)

    def pay(self, order_id: str) -> None:
        """The gateway sends the buyer back with a token."""
        self.send("orders", order_id, orders.ApprovePayment(nonce=f"nonce-{order_id}", pg_token="token"))

    def cancel(self, order_id: str, buyer: str) -> None:
        """The buyer gives the order up."""
        self.send("orders", order_id, orders.CancelOrder(buyer=buyer))

    def cancel_store(self, order_id: str, store_id: str) -> None:
        """A confirmed florist's part is cancelled."""
        self.send("orders", order_id, orders.CancelStoreOrder(store_order_id=id_of(order_id, store_id)))

    # -- the kernel -------------------------------------------------------------------------------------------------------------

    def _append(self, domain: str, key: str, value: bytes) -> None:
        where = (domain, partition_of(key, self.partitions))
        self.now += 1
        self.inboxes[where].append(Input(self.offsets[where], self.now, key, value))
        self.offsets[where] += 1

    def settle(self) -> None:
        """Everything that is on its way arrives."""
        while any(self.inboxes.values()):
            for where, inbox in self.inboxes.items():
                if inbox:
                    self._turn(where, inbox)

    def _turn(self, where: tuple[str, int], inbox: deque[Input]) -> None:
        turn = Turn(self.ledgers[where])
        while inbox and self.deciders[where].take(turn, inbox[0]):
            inbox.popleft()
        for key, value in turn.rows.items():
            if value is None:
                self.rows[where].pop(key, None)
            else:
                self.rows[where][key] = value
        for out in turn.outputs:
            domain, kind = out.topic.removeprefix(f"{self.prefix}.").split(".")
            if kind == "inbox":
                assert out.value is not None
                self._append(domain, out.key, out.value)
            else:
                self.records.append(Record(out.topic, partition_of(out.home, self.partitions), out.key, out.value))
        for key in turn.rows:
            self._perform(where, key)

    def _perform(self, where: tuple[str, int], raw: bytes) -> None:
        """The gateway answers at once."""
        domain = self.domains[where[0]]
        key, part = split_key(raw)
        value = self.rows[where].get(raw)
        if domain.perform is None or part or value is None:
            return
        state: Any = self.deciders[where].decode_state(unpack_row(value).state or b"")
        effect = domain.pending(state)
        if effect is None or self.attempts.get(key, 0) >= effect.attempt:
            return
        self.attempts[key] = effect.attempt
        outcome = run(domain.perform(key, state, effect))
        self._append(domain.name, key, encode(seal(domain.name, key, outcome, id=id_of(key, str(effect.attempt)), source="/test")))

    def states(self) -> list[tuple[str, tuple[str, str], Any]]:
        """(domain, (key, part), state) of every row that has one."""
        found = []
        for where, kept in self.rows.items():
            for raw, value in kept.items():
                row = rows.unpack_row(value)
                if row.state != rows.NIL:
                    found.append((where[0], split_key(raw), self.deciders[where].decode_state(row.state)))
        return found
