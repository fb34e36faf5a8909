"""The address book: written down once, the last used first, at most ten, and gone with its buyer."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.accounts import addresses
from models.accounts.address_messages import (
    MAX_ADDRESSES,
    AddAddress,
    AddressChanged,
    AddressKept,
    AddressRemoved,
    AddressUsed,
    ChangeAddress,
    KeepAddress,
    Place,
    RemoveAddress,
    SavedAddress,
)
from models.accounts.messages import AccountPrivate, WithdrawAccount
from models.actor import Refusal
from models.kept import ERASE
from tests.unit.accounts.given import ACCOUNTS, BUYER, buyer, sign_in
from tests.unit.history import Actor
from tests.unit.shop import NOW

ME = f"{BUYER}-1"
HOME = Place(recipient="이봄", phone="+821098765432", zipcode="04780", road="서울 성동구 연무장길 33", detail="2층")
WORK = msgspec.structs.replace(HOME, road="서울 중구 세종대로 110", detail="")


def add(place: Place = HOME, address_id: str = "a", account: str = ME) -> AddAddress:
    return AddAddress(once=address_id, account=account, address_id=address_id, place=place)


def keep(place: Place = HOME, order_id: str = "order-1", account: str = ME) -> KeepAddress:
    return KeepAddress(account=account, order_id=order_id, place=place)


def book(actor: Actor) -> tuple[SavedAddress, ...]:
    return addresses.listed(actor.state.addresses)


def numbered(number: int) -> Place:
    return msgspec.structs.replace(HOME, detail=f"{number}호")


def test_an_address_is_written_down_and_no_event_says_whose() -> None:
    actor = buyer()
    (kept,) = actor.take(add())
    assert kept == AddressKept(account=ME, address_id="a", at=NOW)
    assert msgspec.json.decode(msgspec.json.encode(kept)) == {"type": "AddressKept", "account": ME, "address_id": "a", "at": NOW}
    saved = SavedAddress(address_id="a", place=HOME, used_at=NOW)
    assert book(actor) == (saved,)
    record = ACCOUNTS.private(BUYER, actor.states, kept)
    assert isinstance(record, AccountPrivate)
    assert record.addresses == (saved,)
    assert add().awaits() in kept.answers()
    assert ACCOUNTS.answer(BUYER, actor.states, kept) == {"address_id": "a"}


@pytest.mark.spec("order W-54", "auth 41")
def test_what_is_in_the_book_already_only_moves_to_its_top() -> None:
    """However it comes there, by hand or by an order: an address is known by what it says."""
    actor = buyer()
    actor.take(add())
    actor.now += 1
    actor.take(add(WORK, "b"))
    actor.now += 1
    (used,) = actor.take(add(address_id="c"))
    assert used == AddressUsed(account=ME, address_id="a", at=actor.now)
    assert add().awaits() in used.answers()
    assert ACCOUNTS.answer(BUYER, actor.states, used) == {"address_id": "a"}
    assert [one.address_id for one in book(actor)] == ["a", "b"]
    actor.now += 1
    assert actor.take(keep(WORK)) == [AddressUsed(account=ME, address_id="b", at=actor.now)]
    assert [(one.address_id, one.used_at) for one in book(actor)] == [("b", actor.now), ("a", actor.now - 1)]


def test_blanks_and_the_parts_of_hangul_make_no_other_address() -> None:
    actor = buyer()
    actor.take(add())
    apart = unicodedata.normalize("NFD", HOME.road)
    assert apart != HOME.road
    for place in (
        msgspec.structs.replace(HOME, detail="2층 "),
        msgspec.structs.replace(HOME, road=apart),
        msgspec.structs.replace(HOME, road=HOME.road.replace(" ", "  ")),
    ):
        assert actor.take(add(place, "other")) == [AddressUsed(account=ME, address_id="a", at=NOW)]
    # Whoever wants it written otherwise says so.
    change = ChangeAddress(once="c", account=ME, address_id="a", detail="2층 ")
    assert actor.take(change) == [AddressChanged(account=ME, address_id="a")]
    assert actor.state.addresses["a"].place.detail == "2층 "
    assert actor.take(add(msgspec.structs.replace(HOME, detail="2 층"), "b"))[0] == AddressKept(account=ME, address_id="b", at=NOW)


@pytest.mark.spec("order W-54")
def test_a_full_book_takes_none_by_hand_and_an_order_replaces_the_longest_unused() -> None:
    actor = buyer()
    for number in range(MAX_ADDRESSES):
        actor.take(add(numbered(number), f"a{number}"))
        actor.now += 1
    assert actor.refuses(add(numbered(10), "a10")) == ("address_book_full", 409)
    # One that is there is no new one, full or not.
    actor.take(keep(numbered(0), "order-0"))
    actor.now += 1
    assert actor.take(keep(numbered(10))) == [AddressKept(account=ME, address_id="order-1", at=actor.now, gave_way="a1")]
    assert [one.address_id for one in book(actor)] == ["order-1", "a0", *(f"a{number}" for number in range(9, 1, -1))]


def test_a_change_leaves_the_rest_and_its_place_in_the_list() -> None:
    actor = buyer()
    actor.take(add())
    actor.take(add(WORK, "b"))
    change = ChangeAddress(once="c", account=ME, address_id="a", recipient="김하루", detail="")
    assert actor.take(change) == [AddressChanged(account=ME, address_id="a")]
    changed = msgspec.structs.replace(HOME, recipient="김하루", detail="")
    assert actor.state.addresses["a"] == SavedAddress(address_id="a", place=changed, used_at=NOW)
    assert actor.take(change) == []
    into_the_other = ChangeAddress(once="d", account=ME, address_id="a", recipient="이봄", road=WORK.road)
    assert actor.refuses(into_the_other) == ("address_exists", 409)
    assert actor.take(RemoveAddress(once="r", account=ME, address_id="a")) == [AddressRemoved(account=ME, address_id="a")]
    assert [one.address_id for one in book(actor)] == ["b"]


def test_a_wish_that_comes_again_does_not_undo_what_its_buyer_changed_since() -> None:
    """A command is remembered for a day, and the letter of an order may be replayed long after."""
    actor = buyer()
    for number in range(MAX_ADDRESSES - 2):
        actor.take(add(numbered(number), f"a{number}"))
    actor.take(add(numbered(8), "b"))
    actor.take(keep(numbered(9)))
    actor.take(ChangeAddress(once="c", account=ME, address_id="b", road="새 길 1"))
    actor.take(ChangeAddress(once="d", account=ME, address_id="order-1", road="새 길 2"))
    before = actor.state.addresses
    actor.now += 1
    assert actor.take(keep(numbered(9))) == []
    assert actor.state.addresses == before
    assert actor.take(add(numbered(8), "b")) == [AddressUsed(account=ME, address_id="b", at=actor.now)]
    assert actor.state.addresses == {**before, "b": msgspec.structs.replace(before["b"], used_at=actor.now)}


def test_each_change_of_the_book_comes_with_a_private_record_that_shows_it() -> None:
    """Readers know of a book what its record says: without one, what was removed is shown for ever."""
    actor = buyer()
    for message in (
        add(),
        keep(),
        ChangeAddress(once="c", account=ME, address_id="a", detail="3층"),
        RemoveAddress(once="r", account=ME, address_id="a"),
    ):
        (event,) = actor.take(message)
        record = ACCOUNTS.private(BUYER, actor.states, event)
        assert isinstance(record, AccountPrivate), event
        assert record.addresses == book(actor)


def test_those_used_in_one_instant_have_an_order_too() -> None:
    actor = buyer()
    actor.take(add(WORK, "b"))
    actor.take(add())
    assert [one.address_id for one in book(actor)] == ["a", "b"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (ChangeAddress(once="c", account=ME, address_id="x", detail="1층"), ("address_unknown", 404)),
        (RemoveAddress(once="r", account=ME, address_id="x"), ("address_unknown", 404)),
        (add(account=f"{BUYER}-2"), ("account_gone", 404)),
        (RemoveAddress(once="r", account=f"{BUYER}-2", address_id="a"), ("account_gone", 404)),
        (ChangeAddress(once="c", account=ME, address_id="a", zipcode="123"), ("address_invalid", 422)),
    ],
)
def test_what_is_refused(message: Any, code: tuple[str, int]) -> None:
    actor = buyer()
    actor.take(add())
    before = actor.state
    assert actor.refuses(message) == code
    assert actor.state == before


def test_every_bad_field_is_named() -> None:
    bad = Place(recipient="", phone="010-1234-5678", zipcode="1234", road="", detail="x" * 101)
    assert addresses.decide({}, add(bad), NOW) == Refusal(
        "address_invalid", 422, {"fields": ["recipient", "phone", "zipcode", "road", "detail"]}
    )


def test_the_longest_that_is_allowed_is_taken() -> None:
    longest = Place(recipient="꽃" * 20, phone=f"+{'1' * 15}", zipcode="04780", road="길" * 100, detail="층" * 100)
    assert addresses.decide({}, add(longest), NOW) == [AddressKept(account=ME, address_id="a", at=NOW)]
    for field in ("recipient", "phone", "road", "detail"):
        longer = msgspec.structs.replace(longest, **{field: getattr(longest, field) + "1"})
        assert addresses.decide({}, add(longer), NOW) == Refusal("address_invalid", 422, {"fields": [field]})


def test_refusals_say_how_many_and_which_other_one_it_is() -> None:
    full = {f"a{n}": SavedAddress(address_id=f"a{n}", place=numbered(n), used_at=n) for n in range(MAX_ADDRESSES)}
    assert addresses.decide(full, add(numbered(10), "a10"), NOW) == Refusal("address_book_full", 409, {"most": 10})
    into = ChangeAddress(once="c", account=ME, address_id="a1", detail=numbered(7).detail)
    assert addresses.decide(full, into, NOW) == Refusal("address_exists", 409, {"address_id": "a7"})


def test_with_its_buyer_the_book_is_gone_and_an_order_on_its_way_writes_nothing_down() -> None:
    actor = buyer()
    actor.take(add())
    gone, *_ = actor.take(WithdrawAccount(once="w", account=ME))
    assert ACCOUNTS.private(BUYER, actor.states, gone) is ERASE
    assert actor.state.addresses == {}
    assert actor.take(keep()) == []
    assert b"0978" not in msgspec.msgpack.encode(actor.state)
    # Nor does whoever comes back get it.
    actor.now += 25 * 3_600_000
    actor.take(sign_in())
    assert actor.take(keep()) == []
    assert actor.state.addresses == {}


WISHES = st.one_of(
    st.builds(lambda n: ("add", n), st.integers(0, 14)),
    st.builds(lambda n: ("keep", n), st.integers(0, 14)),
    st.builds(lambda n: ("remove", n), st.integers(0, 14)),
    st.builds(lambda n, m: ("change", n, m), st.integers(0, 14), st.integers(0, 14)),
)


@given(st.lists(WISHES, max_size=60))
def test_whatever_is_wished_a_book_holds_each_place_once_and_never_more_than_ten(wishes: list[tuple[Any, ...]]) -> None:
    actor = buyer()
    for step, (what, number, *other) in enumerate(wishes):
        actor.now += 1
        match what:
            case "add":
                message: Any = add(numbered(number), f"s{step}")
            case "keep":
                message = keep(numbered(number), f"s{step}")
            case _:
                there = next((one.address_id for one in book(actor) if one.place == numbered(number)), "x")
                message = RemoveAddress(once=f"s{step}", account=ME, address_id=there)
                if other:
                    message = ChangeAddress(once=f"s{step}", account=ME, address_id=there, detail=f"{other[0]}호")
        before = {one.place for one in book(actor)}
        said = addresses.decide(actor.state.addresses, message, actor.now)
        if isinstance(said, Refusal):
            actor.refuses(message)
            assert {one.place for one in book(actor)} == before
            continue
        actor.take(message)
        places = [one.place for one in book(actor)]
        assert len(places) == len(set(places)) <= MAX_ADDRESSES
        if what in ("add", "keep"):
            assert places[0] == numbered(number)
