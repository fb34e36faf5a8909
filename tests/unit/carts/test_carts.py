"""Carts: quantities that add up and never more than they may, a guest's cart that comes once, an order that clears once."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from agents.carts import CARTS
from models.actor import DAY, Refusal, Reminder, Send
from models.carts import messages as m
from models.carts.decide import Cart, Line
from tests.unit.history import Actor
from tests.unit.memory import Memory
from tests.unit.shop import BUYER, NOW, ORDER

GUEST = "guest-1"
ADD = m.AddToCart(product_id="bouquet", store_id="store-rose", quantity=2, price=20_000)
with_ = msgspec.structs.replace


def add(product: str, quantity: int = 1, **changes: Any) -> m.AddToCart:
    return with_(ADD, product_id=product, quantity=quantity, **changes)


def line(product: str, quantity: int, price: int = 20_000, added_at: int = NOW) -> m.CartLine:
    return m.CartLine(product_id=product, store_id="store-rose", quantity=quantity, price=price, added_at=added_at)


def cart(*messages: Any, key: str = BUYER) -> Actor:
    """A cart after ``messages``."""
    actor = Actor(CARTS, key, NOW)
    for message in messages:
        actor.take(message)
    return actor


def pieces(actor: Actor) -> dict[str, int]:
    return {one: line.quantity for one, line in actor.state.lines.items()}


# -- lines --------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 36")
def test_what_is_added_twice_adds_up_and_shows_the_price_seen_last() -> None:
    actor = cart(ADD)
    actor.now = NOW + 5
    (event,) = actor.take(with_(ADD, quantity=3, price=21_000))
    assert event == m.CartLineSet(product_id="bouquet", store_id="store-rose", quantity=5, price=21_000, added_at=NOW)
    assert actor.state == Cart({"bouquet": Line("store-rose", 5, 21_000, NOW)})
    assert CARTS.answer(BUYER, actor.states, None) == {"count": 1}


@pytest.mark.spec("auth 36")
@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (add("plant", 0), Refusal("cart_invalid", 422, {"product_id": "plant", "quantity": 0, "most": 999})),
        (add("plant", -1), Refusal("cart_invalid", 422, {"product_id": "plant", "quantity": -1, "most": 999})),
        (add("plant", 1000), Refusal("cart_invalid", 422, {"product_id": "plant", "quantity": 1000, "most": 999})),
        (add("plant", 1, price=-1), Refusal("cart_invalid", 422, {"product_id": "plant", "quantity": 1, "most": 999})),
        (add("bouquet", 998), Refusal("cart_quantity", 409, {"product_id": "bouquet", "quantity": 2, "most": 999})),
        (m.SetQuantity(product_id="bouquet", quantity=0),
         Refusal("cart_invalid", 422, {"product_id": "bouquet", "quantity": 0, "most": 999})),
        (m.SetQuantity(product_id="bouquet", quantity=1000),
         Refusal("cart_invalid", 422, {"product_id": "bouquet", "quantity": 1000, "most": 999})),
        (m.SetQuantity(product_id="plant", quantity=1), Refusal("not_in_cart", 404, {"product_id": "plant"})),
    ],
)  # fmt: skip
def test_a_quantity_refused(message: Any, refusal: Refusal) -> None:
    actor = cart(ADD)
    assert actor.decide(message) == refusal
    assert pieces(actor) == {"bouquet": 2}


def test_a_cart_has_room_for_50_products_and_its_row_for_all_of_them() -> None:
    actor = cart(*(add(f"00000000-0000-0000-0000-0000000000{at:02}", 999) for at in range(50)))
    assert actor.decide(add("one-more")) == Refusal("cart_full", 409, {"product_id": "one-more", "most": 50})
    assert actor.refuses(add("00000000-0000-0000-0000-000000000007")) == ("cart_quantity", 409)
    assert len(msgspec.msgpack.encode(actor.state)) < 8 * 1024


def test_a_quantity_is_set_with_the_price_that_was_seen() -> None:
    actor = cart(ADD)
    assert actor.take(m.SetQuantity(product_id="bouquet", quantity=2)) == []
    (event,) = actor.take(m.SetQuantity(product_id="bouquet", quantity=7, price=19_000))
    assert event == m.CartLineSet(product_id="bouquet", store_id="store-rose", quantity=7, price=19_000, added_at=NOW)


@pytest.mark.spec("auth 37")
def test_what_is_not_there_is_removed_already() -> None:
    actor = cart(ADD, add("plant"))
    assert actor.take(m.RemoveFromCart(product_ids=("plant", "none", "plant"))) == [m.CartLinesRemoved(product_ids=("plant",))]
    assert actor.take(m.RemoveFromCart(product_ids=("plant", "none"))) == []
    assert pieces(actor) == {"bouquet": 2}


def test_commands_are_remembered_by_product() -> None:
    assert ADD.remembered_in() == "product/bouquet"
    assert m.SetQuantity(product_id="bouquet", quantity=1).remembered_in() == "product/bouquet"
    assert m.RemoveFromCart(product_ids=("plant",)).remembered_in() == "product/plant"
    assert m.RemoveFromCart(product_ids=("plant", "bouquet")).remembered_in() == "removals"


# -- guests -------------------------------------------------------------------------------------------------------------------


def test_a_guests_cart_that_nobody_changes_is_forgotten() -> None:
    actor = cart(add("plant", by_guest=True), key=GUEST)
    assert actor.wake() == NOW + 30 * DAY
    actor.now = NOW + DAY
    actor.take(m.SetQuantity(product_id="plant", quantity=2))
    assert actor.wake() == NOW + 31 * DAY
    assert actor.take(Reminder(due=NOW + 30 * DAY)) == []
    actor.now = NOW + 31 * DAY
    assert actor.take(Reminder(due=actor.now)) == [m.CartExpired()]
    assert actor.states == {"": None}
    assert actor.take(Reminder(due=actor.now)) == []


def test_a_buyers_cart_is_kept() -> None:
    actor = cart(ADD)
    assert actor.wake() == 0
    actor.now = NOW + 400 * DAY
    assert actor.take(Reminder(due=actor.now)) == []


def test_a_guests_cart_is_given_away_whole() -> None:
    actor = cart(add("plant", 3, by_guest=True), key=GUEST)
    handed = m.CartHandedOver(to=BUYER, number=NOW, lines=(line("plant", 3),))
    assert actor.take(m.GiveCart(to=BUYER)) == [handed]
    assert actor.sends == [Send("carts", BUYER, m.TakeOver(guest=GUEST, number=NOW, lines=handed.lines))]
    assert (actor.state, actor.wake()) == (Cart(handed=NOW, until=NOW + DAY), NOW + DAY)
    # Of an empty one the buyer hears too.
    assert actor.take(m.GiveCart(to=BUYER)) == [m.CartHandedOver(to=BUYER, number=NOW + 1, lines=())]


def test_of_a_guests_cart_that_was_given_away_nothing_is_left_after_a_day() -> None:
    actor = cart(add("plant", 3, by_guest=True), m.GiveCart(to=BUYER), key=GUEST)
    actor.now = NOW + DAY - 1
    assert actor.take(Reminder(due=NOW + DAY)) == []
    actor.now = NOW + DAY
    assert actor.take(Reminder(due=NOW + DAY)) == [m.CartExpired()]
    assert actor.states == {"": None}
    # Whoever goes on with the same cookie begins anew, and what is given away then has a later number.
    actor.take(add("plant", by_guest=True))
    assert (actor.state.handed, actor.wake()) == (0, NOW + 31 * DAY)
    (handed,) = actor.take(m.GiveCart(to=BUYER))
    assert (handed.number, handed.lines) == (NOW + DAY, (line("plant", 1, added_at=NOW + DAY),))


def test_a_guest_who_goes_on_at_once_is_known_for_30_days_more() -> None:
    actor = cart(m.GiveCart(to=BUYER), add("plant", by_guest=True), key=GUEST)
    assert (actor.state.handed, actor.wake()) == (NOW, NOW + 30 * DAY)
    actor.now = NOW + DAY
    assert actor.take(Reminder(due=NOW + DAY)) == []


@pytest.mark.parametrize(("handed", "now", "number"), [(0, NOW, NOW), (7, NOW, NOW), (NOW, NOW, NOW + 1), (NOW, NOW - 5, NOW + 1)])
def test_the_number_of_what_is_given_away_rises_whatever_the_clock_does(handed: int, now: int, number: int) -> None:
    """Also over a number that was counted before numbers were instants: a buyer's cart may have taken what had it."""
    actor = cart(key=GUEST)
    actor.states[""] = Cart(handed=handed)
    actor.now = now
    assert actor.take(m.GiveCart(to=BUYER)) == [m.CartHandedOver(to=BUYER, number=number, lines=())]
    buyer = cart(m.TakeOver(guest=GUEST, number=handed, lines=()))
    assert buyer.take(m.TakeOver(guest=GUEST, number=number, lines=())) == [m.CartTakenOver(guest=GUEST, number=number, lines=())]


def test_a_merge_asks_the_guests_cart_and_waits_for_it() -> None:
    actor = cart(ADD)
    assert actor.take(m.MergeCart(guest=GUEST)) == [m.CartWanted(guest=GUEST)]
    assert actor.sends == [Send("carts", GUEST, m.GiveCart(to=BUYER))]
    (taken,) = actor.take(m.TakeOver(guest=GUEST, number=1, lines=(line("plant", 1),)))
    assert m.MergeCart(guest=GUEST).awaits() in taken.answers()


@pytest.mark.spec("auth 36")
def test_a_merge_adds_up_within_the_bounds_and_comes_once() -> None:
    actor = cart(add("a", 998), *(add(f"p{at}") for at in range(48)))
    actor.now = NOW + 9
    take = m.TakeOver(
        guest=GUEST, number=1, lines=(line("a", 5, 30_000, NOW + 4), line("new", 1, added_at=NOW + 4), line("late", 1))
    )
    merged = m.CartTakenOver(
        guest=GUEST, number=1, lines=(line("a", 999, 30_000), line("new", 1, added_at=NOW + 4)), left_out_ids=("late",)
    )
    assert actor.take(take) == [merged]
    assert CARTS.answer(BUYER, actor.states, merged) == {"count": 50, "left_out_ids": ["late"]}
    before = actor.state
    assert actor.take(take) == []
    assert actor.state == before
    assert pieces(actor)["a"] == 999


# -- orders -------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 37")
def test_an_order_takes_off_exactly_what_was_bought_and_once() -> None:
    actor = cart(add("a", 5), add("b", 2), add("c", 1))
    bought = m.ClearBought(order_id=ORDER, products={"a": 3, "b": 7, "gone": 1})
    cleared = m.CartCleared(order_id=ORDER, pieces={"a": 3, "b": 2}, left_lines=(line("a", 2),))
    assert actor.take(bought) == [cleared]
    assert pieces(actor) == {"c": 1, "a": 2}
    assert actor.take(bought) == []
    assert actor.take(m.ClearBought(order_id="order-2", products={"gone": 1})) == []
    assert pieces(actor) == {"c": 1, "a": 2}


def test_of_a_cart_that_never_was_an_order_takes_nothing() -> None:
    actor = cart(m.ClearBought(order_id=ORDER, products={"a": 1}))
    assert actor.states == {"": None}


def test_what_a_cart_remembers_of_orders_and_guests_is_bounded() -> None:
    actor = cart()
    for at in range(40):
        actor.take(add("a"))
        actor.take(m.ClearBought(order_id=f"order-{at}", products={"a": 1}))
        actor.take(m.TakeOver(guest=f"guest-{at}", number=1, lines=()))
    assert actor.state.cleared == tuple(f"order-{at}" for at in range(20, 40))
    assert list(actor.state.taken) == [f"guest-{at}" for at in range(20, 40)]


# -- likes --------------------------------------------------------------------------------------------------------------------


def likes(actor: Actor) -> set[tuple[str, str]]:
    return {(part.split("/")[1], one) for part, kept in actor.states.items() if part and kept for one in kept.since}


@pytest.mark.spec("auth 38", "frontend D-15")
def test_to_like_is_no_toggle() -> None:
    like, unlike = m.Like(kind="product", id="bouquet"), m.Unlike(kind="product", id="bouquet")
    actor = cart()
    assert actor.take(like) == [m.Liked(kind="product", id="bouquet", at=NOW)]
    assert actor.take(like) == []
    assert likes(actor) == {("product", "bouquet")}
    assert actor.take(m.Like(kind="store", id="bouquet")) == [m.Liked(kind="store", id="bouquet", at=NOW)]
    assert actor.take(unlike) == [m.Unliked(kind="product", id="bouquet")]
    assert actor.take(unlike) == []
    assert likes(actor) == {("store", "bouquet")}
    assert like.remembered_in() == unlike.remembered_in() == m.bucket("product", "bouquet")


@pytest.mark.parametrize("message", [m.Like(kind="seller", id="a"), m.Unlike(kind="product", id="")])
def test_a_like_of_nothing(message: Any) -> None:
    assert cart().decide(message) == Refusal("like_invalid", 422, {"kind": message.kind, "id": message.id})


def test_likes_are_bounded_by_bucket() -> None:
    actor = cart()
    ids = [f"00000000-0000-0000-0000-{at:012}" for at in range(20_000)]
    mine = [one for one in ids if m.bucket("product", one) == "likes/product/0"]
    for one in mine[:500]:
        actor.take(m.Like(kind="product", id=one))
    assert actor.refuses(m.Like(kind="product", id=mine[500])) == ("likes_full", 409)
    assert actor.take(m.Like(kind="product", id=mine[0])) == []
    assert len(msgspec.msgpack.encode(actor.states["likes/product/0"])) < 32 * 1024


# -- withdrawal ---------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 33")
def test_of_a_withdrawn_account_nothing_is_left_and_nothing_comes_again() -> None:
    actor = cart(ADD, m.Like(kind="product", id="a"), m.Like(kind="store", id="b"))
    assert actor.take(m.ForgetBuyer(buyer=BUYER)) == [m.BuyerForgotten()]
    assert {part: kept for part, kept in actor.states.items() if kept is not None} == {"": Cart(forgotten=True)}
    for message in (ADD, m.Like(kind="product", id="a"), m.MergeCart(guest=GUEST), m.RemoveFromCart(product_ids=("a",))):
        assert actor.refuses(message) == ("account_withdrawn", 403)
    for told in (m.ForgetBuyer(buyer=BUYER), m.TakeOver(guest=GUEST, number=1, lines=(line("a", 1),)),
                 m.ClearBought(order_id=ORDER, products={"bouquet": 1})):  # fmt: skip
        assert actor.take(told) == []


# -- all of it, in any order --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_lost_or_doubled_on_the_way_from_a_guest_to_a_buyer(seed: int) -> None:
    """Pieces that were added are in a cart or were bought, whatever overtakes what, whatever comes again and is forgotten."""
    chance = random.Random(seed)
    memory = Memory((CARTS,), NOW)
    added, orders = {"a": 0, "b": 0}, 0
    for number in range(90):
        product, owner = chance.choice("ab"), chance.choice((BUYER, GUEST))
        match chance.choice(("add", "add", "merge", "order", "deliver", "days")):
            case "add":
                memory.command("carts", owner, add(product, 1, by_guest=owner == GUEST), f"c{number}")
                added[product] += 1
            case "merge":
                memory.command("carts", BUYER, m.MergeCart(guest=GUEST), f"c{number}")
            case "order":
                orders += 1
                memory.tell("carts", BUYER, m.ClearBought(order_id=f"o{orders}", products={product: 2}))
            case "days" if len(memory.events("carts", m.CartExpired)) < 9:
                # A cart that was given away is forgotten; one that holds something would be after 30 days.
                memory.now += 3 * DAY
                for at, domain, key in memory.due(memory.now):
                    memory.remind(at, domain, key)
            case _ if memory.delivered:
                memory.repeat(chance.choice(memory.delivered))
        if memory.channels and chance.random() < 0.7:
            memory.deliver(chance.choice(list(memory.channels)))
    memory.command("carts", BUYER, m.MergeCart(guest=GUEST), "last")
    while memory.channels:
        memory.deliver(chance.choice(list(memory.channels)))
    bought = {"a": 0, "b": 0}
    cleared: list[str] = []
    for said in memory.events("carts", m.CartCleared):
        cleared.append(said.event.order_id)
        for product, count in said.event.pieces.items():
            bought[product] += count
    left = {one: line.quantity for one, line in memory.state("carts", BUYER).lines.items()}
    if guest := memory.state("carts", GUEST):
        left |= {one: left.get(one, 0) + line.quantity for one, line in guest.lines.items()}
    assert {one: left.get(one, 0) + bought[one] for one in "ab"} == added
    assert len(cleared) == len(set(cleared))
    memory.now += 31 * DAY
    for at, domain, key in memory.due(memory.now):
        memory.remind(at, domain, key)
        memory.deliver(next(iter(memory.channels)))
    assert memory.rows["carts", GUEST] == {}
