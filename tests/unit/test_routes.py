"""What the domains route is what the catalogue says, neither more nor less; and nobody is sent what they do not take."""

from __future__ import annotations

import random
from typing import get_args
from unittest.mock import patch

import pytest

from agents.carts import CARTS
from agents.catalog import CATALOG
from agents.deliveries import DELIVERIES
from agents.inventory import INVENTORY
from agents.orders import ORDERS
from agents.payments.domain import payments
from agents.runtime.domain import Domain
from agents.stores import STORES
from models import traces
from models.accounts.messages import CallDone, ChangeProfile, RestoreAccount, SuspendAccount, WithdrawAccount
from models.accounts.secrets import hashed
from models.accounts.seller_messages import ConfirmRegistration, DenySeller, PermitSeller
from models.actor import DAY, Reminder
from models.carts.messages import AddToCart, MergeCart
from models.catalog import messages as catalog
from models.orders import messages as orders
from models.stores.messages import AskQuestion, ChangeStore, DeleteQuestion, SaveStore, StoreProfile
from models.traces import AT_ONCE, ForgetTraces
from tests.unit.accounts.given import ACCOUNTS, BUYER, CLAIM, EMAIL, SELLER, application, code, right, sign_in
from tests.unit.gateway_model import GatewayModel
from tests.unit.memory import Memory
from tests.unit.saga_world import World
from tests.unit.shop import NOW, ROSE
from topics.catalogue import DOMAINS

ALL: tuple[Domain, ...] = (
    ORDERS, INVENTORY, DELIVERIES, STORES, CATALOG, CARTS, ACCOUNTS, payments(GatewayModel(lambda: NOW)),
)  # fmt: skip
LISTED = {
    (contract.domain, event.__name__, domain, message.__name__)
    for contract in DOMAINS.values()
    for event, sends in contract.routes.items()
    for domain, message in sends
}


def approve(world: World, order: str) -> None:
    """The buyer of ``order`` comes back from the gateway with a token."""
    world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token="t"))


def arrive(world: World) -> None:
    """All messages that are on their way; calls of the gateway stay open."""
    while world.memory.channels:
        world.deliver(1, random.Random(0))


def walk() -> set[tuple[str, str, str, str]]:
    """Every route that a walk through each corner of the saga produced."""
    world = World()
    # Two florists, paid; one part is stopped, the other is too late.
    world.send("accounts", BUYER, sign_in())
    both = world.place(f"{BUYER}-1", ("bouquet", "basket"), 1, coupon=False, off=0, method="cart", address_kept=True)
    world.settle()
    approve(world, both)
    world.settle()
    assert list(world.memory.state("accounts", BUYER).addresses) == [both]
    world.begin(world.store_orders[0][1])
    for order, part in world.store_orders:
        world.send("orders", order, orders.CancelStoreOrder(store_order_id=part))
    world.settle()
    # A coupon that nobody claimed.
    world.place("bob", ("bouquet",), 2, coupon=True, off=0)
    world.settle()
    # Cancelled while the capture is open.
    noted = world.place("bob", ("plant",), 1, coupon=False, off=0)
    world.settle()
    approve(world, noted)
    arrive(world)
    world.send("orders", noted, orders.CancelOrder(buyer="bob"))
    arrive(world)
    world.settle()
    # The gateway refuses to be readied.
    world.place("cem", ("plant",), 1, coupon=False, off=0)
    arrive(world)
    (call,) = world.memory.calls.values()
    world.finish(call, "refused")
    world.rest()
    world.check_at_rest()
    assert [world.memory.state("orders", order).status for order in world.placed] == ["CONFIRMED"] + ["CANCELLED"] * 3
    shop = Memory((STORES, INVENTORY, CATALOG), NOW)
    save = SaveStore(owner="o", name="n", delivery_fee=0, free_from=0, threshold=30, profile=StoreProfile(thumbnail="image-4"))
    shop.command("stores", ROSE.store_id, save, "c1")
    shop.command("stores", ROSE.store_id, ChangeStore(by="o", profile=StoreProfile(thumbnail="")), "c2")
    arrived(shop)
    assert shop.state("inventory", ROSE.store_id).threshold == 30
    carts = Memory((CARTS,), NOW)
    carts.command("carts", "guest", AddToCart(product_id="p", store_id="s", quantity=1, price=1, by_guest=True), "c1")
    arrived(carts)
    carts.command("carts", "ann", MergeCart(guest="guest"), "c2")
    arrived(carts)
    assert carts.state("carts", "ann").lines["p"].quantity == 1
    return world.memory.routed | shop.routed | carts.routed | reviewed() | people() | traced() | crowded()


def traced() -> set[tuple[str, str, str, str]]:
    """A buyer takes a question and an alert back, and leaves with more of both than one message reaches."""
    shop = Memory((STORES, CATALOG), NOW)
    count = AT_ONCE + 2
    for number in range(count):
        question = AskQuestion(buyer="ann", store_id="s", product_id=f"p-{number}", title="t", content="c")
        shop.command("stores", f"q-{number}", question, f"q{number}")
        save = catalog.SaveProduct(store_id="s", name="n", price=1, flowers={"rose": 1}, status="DISCONTINUED", thumbnail="image-5")
        shop.command("catalog", f"p-{number}", save, f"p{number}")
    arrived(shop)
    for number in range(count):
        shop.command("catalog", f"p-{number}", catalog.RegisterRestock(buyer="ann"), f"r{number}")
    arrived(shop)
    shop.command("stores", "q-0", DeleteQuestion(buyer="ann"), "d")
    shop.command("catalog", "p-0", catalog.CancelRestock(buyer="ann"), "c")
    arrived(shop)
    for domain in ("stores", "catalog"):
        shop.tell(domain, "ann", ForgetTraces())
    arrived(shop)
    assert [shop.state("stores", f"q-{number}") for number in range(count)] == [None] * count
    waiting = [said for said in shop.log if isinstance(said.event, catalog.RestockDropped)]
    assert len(waiting) == count
    return shop.routed


@patch.object(traces, "MOST", 1)
def crowded() -> set[tuple[str, str, str, str]]:
    """A buyer asks and waits for more than is kept of them: what is not is nobody's before they leave, and nothing is after."""
    shop = Memory((STORES, CATALOG), NOW)
    count = 2 * traces.BUCKETS
    for number in range(count):
        question = AskQuestion(buyer="ann", store_id="s", product_id="p", title="t", content="c")
        shop.command("stores", f"q-{number}", question, f"q{number}")
        save = catalog.SaveProduct(store_id="s", name="n", price=1, flowers={"rose": 1}, status="DISCONTINUED")
        shop.command("catalog", f"p-{number}", save, f"p{number}")
        arrived(shop)
        shop.command("catalog", f"p-{number}", catalog.RegisterRestock(buyer="ann"), f"r{number}")
        arrived(shop)
    for domain, there in (
        ("stores", [f"q-{number}" for number in range(count) if shop.state("stores", f"q-{number}")]),
        ("catalog", [f"p-{number}" for number in range(count) if shop.state("catalog", f"p-{number}", "waiting/ann")]),
    ):
        known = [item for kept in shop.parts(domain, "ann").values() for item in kept.items]
        assert sorted(known) == sorted(there)
        assert len(there) <= traces.BUCKETS
        shop.tell(domain, "ann", ForgetTraces())
    arrived(shop)
    assert [shop.state("stores", f"q-{number}") for number in range(count)] == [None] * count
    assert [shop.state("catalog", f"p-{number}", "waiting/ann") for number in range(count)] == [None] * count
    return shop.routed


def reviewed() -> set[tuple[str, str, str, str]]:
    """The routes of a review with pictures: written, edited, hidden by an admin; another one deleted by its author."""
    shop = Memory((CATALOG,), NOW)
    allow = catalog.AllowReview(subject="line", kind="delivery", buyer="ann", store_id="s", product_id="p")
    for number, message in enumerate((
        catalog.WriteReview(buyer="ann", rating=8, text="좋아요", images=("image-1",)),
        catalog.EditReview(buyer="ann", rating=9, text="아주 좋아요", images=("image-2",)),
        catalog.HideReview(by="admin", reason="광고"),
    )):  # fmt: skip
        shop.tell("catalog", "review-1", allow)
        shop.command("catalog", "review-1", message, f"c{number}")
    shop.tell("catalog", "review-2", allow)
    shop.command("catalog", "review-2", catalog.WriteReview(buyer="ann", rating=8, text="좋아요", images=("image-3",)), "d1")
    shop.command("catalog", "review-2", catalog.DeleteReview(buyer="ann"), "d2")
    arrived(shop)
    return shop.routed


def arrived(memory: Memory) -> None:
    """All messages that are on their way."""
    while memory.channels:
        memory.deliver(next(iter(memory.channels)))


def people() -> set[tuple[str, str, str, str]]:
    """A florist is denied; of two who then claim one business number, the second is refused it; a third one is permitted, suspended
    and restored; those who do not try again are forgotten; a buyer with a picture goes."""
    world = Memory((ACCOUNTS, CARTS, CATALOG, STORES), NOW)
    for number, row in enumerate((SELLER, f"{SELLER}x", f"{SELLER}y")):
        claim = "claim-y" if row.endswith("y") else CLAIM
        salt = f"salt-{number}"
        ticket = hashed(f"ticket-{number}")
        world.command("accounts", row, code("registration", EMAIL, row=row, salt=salt), f"1{number}")
        confirm = ConfirmRegistration(once=salt, check=right("registration", row, salt), ticket_hash=ticket)
        world.command("accounts", row, confirm, f"2{number}")
        world.command("accounts", row, application(row=row, ticket_hash=ticket, claim=claim), f"3{number}")
        arrived(world)
    assert [world.state("accounts", row).status for row in (SELLER, f"{SELLER}x")] == ["PENDING", "FAILED"]
    again = application(row=f"{SELLER}x", ticket_hash=hashed("ticket-1"), document="documents/2")
    world.command("accounts", f"{SELLER}x", again, "again")
    arrived(world)
    world.command("accounts", SELLER, DenySeller(once="d", account=f"{SELLER}-1", by="admin", reason="unreadable"), "4")
    arrived(world)
    assert world.state("accounts", CLAIM) is None
    third: dict[str, str] = {"account": f"{SELLER}y-1", "by": "admin"}
    for act in (
        PermitSeller(once="p", **third),
        SuspendAccount(once="s", reason="spam", **third),
        RestoreAccount(once="r", **third),
    ):
        world.command("accounts", f"{SELLER}y", act, f"4{act.once}")
        arrived(world)
    world.now += 31 * DAY
    for row in (SELLER, f"{SELLER}x"):
        while (effect := ACCOUNTS.pending(world.state("accounts", row))) is not None:
            world.tell("accounts", row, CallDone(effect=effect.name, attempt=effect.attempt))
            arrived(world)
        world.tell("accounts", row, Reminder(due=world.now))
        arrived(world)
    world.command("accounts", BUYER, sign_in(), "5")
    world.command("accounts", BUYER, ChangeProfile(account=f"{BUYER}-1", picture="image-1"), "p")
    world.command("accounts", BUYER, ChangeProfile(account=f"{BUYER}-1", picture="image-2"), "p2")
    world.command("accounts", BUYER, WithdrawAccount(once="w", account=f"{BUYER}-1"), "6")
    arrived(world)
    return world.routed


def test_routes_are_those_of_the_catalogue() -> None:
    assert walk() == LISTED


@pytest.mark.parametrize("domain", ALL, ids=lambda domain: domain.name)
def test_a_domain_takes_and_says_what_the_catalogue_lists(domain: Domain) -> None:
    contract = DOMAINS[domain.name]
    assert (domain.inbox, domain.events) == (contract.inbox, contract.events)


@pytest.mark.parametrize(("source", "event", "target", "message"), sorted(LISTED))
def test_whoever_is_sent_a_message_takes_it(source: str, event: str, target: str, message: str) -> None:
    assert message in {kind.__name__ for kind in get_args(DOMAINS[target].inbox)}
    assert event in {kind.__name__ for kind in get_args(DOMAINS[source].events) or (DOMAINS[source].events,)}


def test_who_wants_to_be_woken_takes_reminders() -> None:
    for domain in (ORDERS, ALL[-1]):
        assert Reminder in get_args(domain.inbox)


def test_every_domain_of_the_catalogue_is_wired() -> None:
    assert {domain.name for domain in ALL} == set(DOMAINS)
