"""Every topic: its key, retention, owner, and which event makes which message for which inbox (design §4).

The one list from which topics are created, workers check the broker, AsyncAPI is generated and tests know what to expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from models import traces
from models.accounts import address_messages as addresses
from models.accounts import messages as accounts
from models.accounts import seller_messages as sellers
from models.actor import DAY, Message
from models.carts import messages as carts
from models.catalog import image_messages as images
from models.catalog import messages as catalog
from models.deliveries import messages as deliveries
from models.inventory import messages as inventory
from models.orders import messages as orders
from models.payments import messages as payments
from models.stores import messages as stores

Routes = Mapping[type[Message], tuple[tuple[str, type[Message]], ...]]
"""Event -> the messages it may cause: (domain, message)."""


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain takes, says in public and keeps in private (a Struct, a union of them or None), and whom its events address.

    ``private_key``: of its private records, in words.
    """

    domain: str
    inbox: Any
    events: Any
    private: Any = None
    private_key: str = "row key"
    routes: Routes = {}


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic and its broker settings; every one has ``BB_PARTITIONS`` partitions."""

    name: str
    owner: str
    key: str
    purpose: str
    config: Mapping[str, str]


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        domain="orders",
        inbox=orders.ORDERS_INBOX,
        events=orders.ORDERS_EVENTS,
        private=orders.OrderPrivate,
        routes={
            orders.OrderPlaced: (("inventory", inventory.Hold), ("payments", payments.ReadyPayment)),
            orders.CaptureRequested: (("payments", payments.CapturePayment),),
            orders.OrderConfirmed: (
                ("inventory", inventory.Commit),
                ("deliveries", deliveries.CreateDelivery),
                ("catalog", catalog.CountSale),
                ("carts", carts.ClearBought),
                ("accounts", addresses.KeepAddress),
            ),
            orders.OrderCancelled: (
                ("inventory", inventory.Release),
                ("payments", payments.DropPayment),
                ("payments", payments.RefundPayment),
            ),
            orders.StoreCancelRequested: (("deliveries", deliveries.StopDelivery),),
            orders.StoreCancelled: (
                ("payments", payments.RefundPayment),
                ("inventory", inventory.Return),
                ("catalog", catalog.UncountSale),
            ),
        },
    ),
    Contract(
        domain="inventory",
        inbox=inventory.INVENTORY_INBOX,
        events=inventory.INVENTORY_EVENTS,
        private=inventory.CouponPrivate,
        private_key="coupon id",
        routes={
            inventory.HoldPlaced: (("orders", orders.Held),),
            inventory.HoldDenied: (("orders", orders.HoldRefused),),
        },
    ),
    Contract(
        domain="payments",
        inbox=payments.PAYMENTS_INBOX,
        events=payments.PAYMENTS_EVENTS,
        routes={
            payments.PaymentReadied: (("orders", orders.PaymentReady),),
            payments.PaymentFailed: (("orders", orders.PaymentRefused),),
            payments.Captured: (("orders", orders.PaymentCaptured),),
            payments.Refunded: (("orders", orders.PaymentRefunded),),
        },
    ),
    Contract(
        domain="deliveries",
        inbox=deliveries.DELIVERIES_INBOX,
        events=deliveries.DELIVERIES_EVENTS,
        private=deliveries.DeliveryPrivate,
        routes={
            deliveries.DeliveryCancelled: (("orders", orders.DeliveryStopped),),
            deliveries.StopRefused: (("orders", orders.DeliveryTooLate),),
        },
    ),
    Contract(
        domain="stores",
        inbox=stores.STORES_INBOX,
        events=stores.STORES_EVENTS,
        private=stores.STORES_PRIVATE,
        routes={
            stores.StoreSaved: (
                ("inventory", inventory.SetLowStockThreshold),
                ("catalog", images.KeepImage),
                ("catalog", images.EraseImage),
            ),
            stores.QuestionAsked: (("stores", traces.KeepTrace),),
            stores.QuestionDeleted: (("stores", traces.DropTrace),),
            traces.TracesForgotten: (("stores", stores.ForgetAsker), ("stores", traces.ForgetTraces)),
            traces.TracesCrowdedOut: (("stores", stores.ForgetAsker),),
        },
    ),
    Contract(
        domain="catalog",
        inbox=catalog.CATALOG_INBOX,
        events=catalog.CATALOG_EVENTS,
        private=catalog.CATALOG_PRIVATE,
        routes={
            catalog.RestockAwaited: (("catalog", traces.KeepTrace),),
            catalog.RestockDropped: (("catalog", traces.DropTrace),),
            traces.TracesForgotten: (("catalog", catalog.CancelRestock), ("catalog", traces.ForgetTraces)),
            traces.TracesCrowdedOut: (("catalog", catalog.CancelRestock),),
            catalog.ProductSaved: (("catalog", images.KeepImage),),
            catalog.ReviewWritten: (("catalog", catalog.RateProduct), ("catalog", images.KeepImage)),
            catalog.ReviewEdited: (("catalog", catalog.RateProduct), ("catalog", images.EraseImage), ("catalog", images.KeepImage)),
            catalog.ReviewDeleted: (("catalog", catalog.RateProduct), ("catalog", images.EraseImage)),
            catalog.ReviewHidden: (("catalog", catalog.RateProduct), ("catalog", images.EraseImage)),
        },
    ),
    Contract(
        domain="carts",
        inbox=carts.CARTS_INBOX,
        events=carts.CARTS_EVENTS,
        routes={
            carts.CartWanted: (("carts", carts.GiveCart),),
            carts.CartHandedOver: (("carts", carts.TakeOver),),
        },
    ),
    Contract(
        domain="accounts",
        inbox=accounts.ACCOUNTS_INBOX,
        events=accounts.ACCOUNTS_EVENTS,
        private=accounts.AccountPrivate,
        routes={
            accounts.AccountSuspended: (("stores", stores.SuspendOwner),),
            accounts.AccountRestored: (("stores", stores.RestoreOwner),),
            accounts.AccountWithdrawn: (
                ("carts", carts.ForgetBuyer),
                ("catalog", images.EraseImage),
                ("catalog", traces.ForgetTraces),
                ("stores", traces.ForgetTraces),
            ),
            accounts.ProfileChanged: (("catalog", images.EraseImage), ("catalog", images.KeepImage)),
            sellers.RegistrationLapsed: (("catalog", images.EraseImage),),
            sellers.LicenceErased: (("catalog", images.EraseImage),),
            sellers.SellerApplied: (
                ("accounts", sellers.ClaimBusinessNumber),
                ("catalog", images.EraseImage),
                ("catalog", images.KeepImage),
            ),
            sellers.SellerDenied: (("accounts", sellers.ReleaseBusinessNumber),),
            sellers.BusinessNumberClaimed: (("accounts", sellers.BusinessNumberGranted),),
            sellers.BusinessNumberRefused: (("accounts", sellers.BusinessNumberTaken),),
        },
    ),
)
DOMAINS: Mapping[str, Contract] = {contract.domain: contract for contract in CONTRACTS}

WORKERS: Mapping[str, tuple[str, ...]] = {
    "trade": ("orders", "inventory", "payments", "deliveries"),
    "shop": ("stores", "catalog", "carts", "accounts"),
}
"""Worker -> the domains that it runs (``agents/apps/<worker>.py``)."""

DEAD = "dead"
INBOX_BYTES = 128 * 1024
FOREVER = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
COMPACTED = {
    "cleanup.policy": "compact",
    # Within this time a row that a zombie wrote late still stands in the log beside the newer one (design §5.10).
    "min.compaction.lag.ms": str(DAY),
    # What was written over or erased may not wait until its segment is full, which can take years: the broker rolls the segment
    # at this age with the next record of its partition, and cleans it then whatever the dirty ratio.
    "max.compaction.lag.ms": str(2 * DAY),
    "delete.retention.ms": str(DAY),
    "min.cleanable.dirty.ratio": "0.1",
}


def topic(prefix: str, domain: str, kind: str) -> str:
    """``bb.orders.inbox``; ``kind``: inbox, events, private, changelog."""
    return f"{prefix}.{domain}.{kind}"


def topics(prefix: str) -> Iterator[Topic]:
    """All topics of an installation. Inboxes are never compacted nor transactional: their offsets have no holes."""
    for contract in CONTRACTS:
        name = contract.domain
        yield Topic(
            name=topic(prefix, name, "inbox"),
            owner=name,
            key="row key",
            purpose=f"messages addressed to one aggregate of {name}",
            config={
                "retention.ms": str(14 * DAY),
                "message.timestamp.type": "LogAppendTime",
                # A letter to bb.dead holds the whole message, and a turn's batch the letter.
                "max.message.bytes": str(INBOX_BYTES),
            },
        )
        yield Topic(
            name=topic(prefix, name, "events"),
            owner=name,
            key="row key",
            purpose=f"facts of {name}, the public contract; no personal data, no free text",
            config=FOREVER,
        )
        if contract.private is not None:
            yield Topic(
                name=topic(prefix, name, "private"),
                owner=name,
                key=contract.private_key,
                purpose=f"personal data and texts of {name}; a tombstone erases",
                config={**COMPACTED, "message.timestamp.type": "LogAppendTime"},
            )
        yield Topic(
            name=topic(prefix, name, "changelog"),
            owner=name,
            key="row key, part",
            purpose=f"the rows of {name}; only its actors write",
            config=COMPACTED,
        )
    yield Topic(
        name=f"{prefix}.{DEAD}",
        owner="agents/runtime",
        key="row key",
        purpose="what could not be handled, with cause and stack",
        config={"retention.ms": str(30 * DAY), "message.timestamp.type": "LogAppendTime"},
    )
