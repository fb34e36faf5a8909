"""Contract of the orders domain: one aggregate per order (key = order id), the saga of design §7.

Units: amounts are KRW as ``int``; instants are milliseconds since the epoch (UTC); days are KST dates ``YYYY-MM-DD``.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.actor import Command, Event, Message, Reminder
from models.kept import Keeping

MAX_LINES, MAX_QUANTITY = 50, 999
"""Lines of one order after merging, and pieces of one line (issue Foundation §3)."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value inside a message; compared by content."""


class Orderer(Value, frozen=True):
    """Who orders. Personal data: never in an event. ``phone``: E.164; Korean digits (``010…``) in orders before that."""

    name: str
    phone: str
    email: str


class Address(Value, frozen=True):
    """Where to and to whom. Personal data: never in an event. ``phone`` is the recipient's (order W-50), as the orderer's."""

    recipient: str
    phone: str
    zipcode: str
    road: str
    detail: str
    request: str = ""


class ProductTerms(Value, frozen=True):
    """What the web saw of a product when the order was placed (at most 5 s old). ``flowers``: flower id -> stems a piece."""

    product_id: str
    store_id: str
    name: str
    price: int
    flowers: dict[str, int]
    tax_free: bool = False
    on_sale: bool = True
    thumbnail: str = ""


class CouponTerms(Value, frozen=True):
    """What the web saw of a coupon: fixed ``discount`` from ``min_amount`` of goods on, ``starts`` to ``ends`` (KST, inclusive)."""

    coupon_id: str
    store_id: str
    discount: int
    min_amount: int
    starts: str
    ends: str


class StoreTerms(Value, frozen=True):
    """What the web saw of a store. Goods of ``free_from`` or more (before the coupon) are delivered free of ``delivery_fee``.

    ``cut_off``: ``HH:MM`` KST; an order after it is made the next day at the earliest.
    """

    store_id: str
    name: str
    delivery_fee: int
    free_from: int
    cut_off: str = "18:00"
    open: bool = True


class WantedLine(Value, frozen=True):
    product: ProductTerms
    quantity: int


class WantedStore(Value, frozen=True):
    """The part of a checkout that one florist makes. ``making_day`` "" = the earliest that the cut-off allows."""

    store: StoreTerms
    lines: tuple[WantedLine, ...]
    coupon: CouponTerms | None = None
    kind: str = "delivery"
    making_day: str = ""


class PlaceOrder(Command, frozen=True):
    """Reserve, then let the buyer pay. ``window``: milliseconds until an unpaid order is given up (15 min, one setting).

    ``expected_total`` is what the buyer saw; another total is refused as ``price_changed`` with the right one.
    ``callback`` is the public URL under which the gateway sends the buyer back; ``nonce`` makes it unguessable and one-shot.
    ``address_kept``: once the order is confirmed, its address stands in the buyer's book.
    """

    order_id: str
    buyer: str
    stores: tuple[WantedStore, ...]
    orderer: Orderer
    address: Address
    expected_total: int
    window: int
    callback: str
    nonce: str
    device: str = "pc"
    method: str = "direct"
    address_kept: bool = False

    def awaits(self) -> str:
        return "placed"


class ApprovePayment(Command, frozen=True):
    """The gateway sent the buyer back with a token: the first one counts."""

    nonce: str
    pg_token: str

    def awaits(self) -> str:
        return "paid"


class AbandonPayment(Command, frozen=True):
    """The gateway sent the buyer back without paying. ``outcome``: ``cancelled`` or ``failed``."""

    nonce: str
    outcome: str

    def awaits(self) -> str:
        return "cancelled"


class CancelOrder(Command, frozen=True):
    """The buyer gives the whole order up, before CONFIRMED."""

    buyer: str

    def awaits(self) -> str:
        return "cancelled"


class CancelStoreOrder(Command, frozen=True):
    """One florist's part is cancelled, after CONFIRMED and while its delivery is PENDING. ``by``: ``buyer`` or ``seller``."""

    store_order_id: str
    by: str = "buyer"

    def awaits(self) -> str:
        return f"cancel:{self.store_order_id}"


# -- what other domains tell an order ---------------------------------------------------------------------------------


class Held(Message, frozen=True):
    store_id: str


class HoldRefused(Message, frozen=True):
    """``code``: out_of_stock, coupon_unusable, ...; ``details`` name flower, product or coupon."""

    store_id: str
    code: str
    product_id: str = ""
    flower_id: str = ""
    coupon_id: str = ""


class PaymentReady(Message, frozen=True):
    """The gateway waits for the buyer. ``redirects``: device -> URL."""

    redirects: dict[str, str]


class PaymentRefused(Message, frozen=True):
    """Definitely no money moved. ``stage``: ready or capture."""

    stage: str
    code: str


class PaymentCaptured(Message, frozen=True):
    must_succeed: ClassVar[bool] = True
    amount: int
    method: str
    captured_at: int


class PaymentRefunded(Message, frozen=True):
    """``refund_id``: the store order id, or the order id for a whole order."""

    must_succeed: ClassVar[bool] = True
    refund_id: str
    amount: int


class DeliveryStopped(Message, frozen=True):
    must_succeed: ClassVar[bool] = True
    store_order_id: str


class DeliveryTooLate(Message, frozen=True):
    store_order_id: str
    status: str


# -- events -----------------------------------------------------------------------------------------------------------


class PricedLine(Value, frozen=True):
    """``amount`` = price x quantity; ``discount``: this line's share of the coupon, rounded down, the rest on a taxable line."""

    line_id: str
    product_id: str
    quantity: int
    price: int
    amount: int
    discount: int = 0
    tax_free: bool = False


class PricedStore(Value, frozen=True):
    """``total`` = goods - discount + delivery_fee; ``tax_free``: the part of it that the gateway books as tax-free."""

    store_id: str
    store_order_id: str
    kind: str
    making_day: str
    lines: tuple[PricedLine, ...]
    goods: int
    discount: int
    delivery_fee: int
    total: int
    tax_free: int
    coupon_id: str = ""


class OrderPlaced(Keeping, frozen=True):
    """``by_cart``: out of the buyer's cart, which it clears of what was bought; ``None``: from before that was said."""

    buyer: str
    stores: tuple[PricedStore, ...]
    total: int
    tax_free: int
    placed_at: int
    deadline: int
    by_cart: bool | None = None


class StoreHeld(Event, frozen=True):
    buyer: str
    store_id: str


class PaymentPrepared(Keeping, frozen=True):
    """The gateway is ready, some store is not yet."""

    buyer: str


class PaymentAwaited(Keeping, frozen=True):
    buyer: str
    deadline: int

    def answers(self) -> tuple[str, ...]:
        return ("placed",)


class CaptureRequested(Keeping, frozen=True):
    buyer: str
    requested_at: int


class CancelNoted(Event, frozen=True):
    """A cancel while the capture's outcome is open: kept until it is known."""

    buyer: str


class OrderConfirmed(Event, frozen=True):
    buyer: str
    captured: int
    method: str
    confirmed_at: int

    def answers(self) -> tuple[str, ...]:
        # An order of 0 KRW is confirmed without ever waiting for a payment: then this answers PlaceOrder.
        return ("placed", "paid", "cancelled")


class OrderCancelled(Event, frozen=True):
    """Final. ``refund``: what was captured and goes back (0: nothing was). ``reason``: expired, buyer, payment_cancelled,
    payment_failed, payment_unavailable (never readied), payment_refused (never captured), or the code of ``HoldRefused``; the
    ids name what stood in the way."""

    buyer: str
    reason: str
    cancelled_at: int
    refund: int = 0
    store_id: str = ""
    product_id: str = ""
    flower_id: str = ""
    coupon_id: str = ""

    def answers(self) -> tuple[str, ...]:
        return ("placed", "paid") if self.refund else ("placed", "paid", "cancelled")


class OrderRefunded(Event, frozen=True):
    """The whole amount of an order cancelled while it was being captured went back."""

    buyer: str
    amount: int

    def answers(self) -> tuple[str, ...]:
        return ("cancelled",)


class StoreCancelRequested(Event, frozen=True):
    buyer: str
    store_order_id: str
    store_id: str
    by: str


class StoreCancelRefused(Event, frozen=True):
    """Too late: the florist has begun. ``status``: that of the delivery."""

    buyer: str
    store_order_id: str
    status: str

    def answers(self) -> tuple[str, ...]:
        return (f"cancel:{self.store_order_id}",)


class StoreCancelled(Event, frozen=True):
    """The delivery is stopped, stems and coupon go back, the refund is on its way."""

    buyer: str
    store_order_id: str
    store_id: str
    refund: int


class StoreRefunded(Event, frozen=True):
    buyer: str
    store_order_id: str
    store_id: str
    amount: int

    def answers(self) -> tuple[str, ...]:
        return (f"cancel:{self.store_order_id}",)


class OrderPrivate(Value, frozen=True):
    """What ``bb.orders.private`` holds of an order: persons, addresses, texts, URLs (design §4). Read models join it."""

    orderer: Orderer
    address: Address
    names: dict[str, str]
    """Product and store ids -> their names when the order was placed."""
    thumbnails: dict[str, str] = {}
    redirects: dict[str, str] = {}


ORDERS_INBOX = (
    PlaceOrder | ApprovePayment | AbandonPayment | CancelOrder | CancelStoreOrder | Held | HoldRefused | PaymentReady
    | PaymentRefused | PaymentCaptured | PaymentRefunded | DeliveryStopped | DeliveryTooLate | Reminder
)  # fmt: skip
ORDERS_EVENTS = (
    OrderPlaced | StoreHeld | PaymentPrepared | PaymentAwaited | CaptureRequested | CancelNoted | OrderConfirmed | OrderCancelled
    | OrderRefunded | StoreCancelRequested | StoreCancelRefused | StoreCancelled | StoreRefunded
)  # fmt: skip
