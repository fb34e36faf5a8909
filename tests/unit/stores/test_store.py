"""A store's life: registered once, changed field by field, suspended and restored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.stores import STORES
from models.actor import Event, Refusal, Send
from models.catalog.image_messages import EraseImage, KeepImage
from models.inventory.messages import SetLowStockThreshold
from models.stores.hours import Hours
from models.stores.messages import (
    ChangeStore,
    MarkQuestionRead,
    PostNotice,
    RegisterStore,
    RestoreOwner,
    RestoreStore,
    SaveStore,
    StoreProfile,
    StoreRestored,
    StoreSaved,
    StoreSuspended,
    SuspendOwner,
    SuspendStore,
    SuspensionLifted,
)
from models.stores.store import REQUIRED, Store
from tests.unit.history import Actor
from tests.unit.shop import NOW
from tests.unit.stores.given import ADMIN, HOURS, PROFILE, SELLER, TEXT

with_ = msgspec.structs.replace
REGISTER = RegisterStore(owner=SELLER, profile=PROFILE)
SAVED = StoreSaved(
    owner=SELLER, delivery_fee=3_000, free_from=50_000, cut_off="17:30", threshold=30, sido="41", gugun="41111", lat=37.25,
    lon=127.05, hours=HOURS, slot_capacity=2, minutes_per_day=600, registered_at=NOW,
)  # fmt: skip


def opened() -> Actor:
    """A registered store."""
    actor = Actor(STORES, "store", NOW)
    actor.take(REGISTER)
    return actor


def change(by: str = SELLER, **said: Any) -> ChangeStore:
    return ChangeStore(by=by, profile=StoreProfile(**said))


def test_a_seller_registers_his_store_and_only_codes_ids_and_amounts_are_public() -> None:
    actor = Actor(STORES, "store", NOW)
    (saved,) = actor.take(REGISTER)
    assert saved == with_(SAVED, new_images=("image-1",))
    assert actor.sends == [
        Send("inventory", "store", SetLowStockThreshold(threshold=30)),
        Send("catalog", "image-1", KeepImage(holder="store")),
    ]
    assert STORES.private("store", actor.states, saved) == TEXT
    assert STORES.answer("store", actor.states, None) == {"store_id": "store"}
    public = msgspec.json.encode(saved).decode()
    assert [text for text in msgspec.structs.astuple(TEXT) if text and text in public] == [TEXT.thumbnail]


@pytest.mark.spec("store V3")
def test_a_seller_has_one_store() -> None:
    actor = opened()
    assert actor.decide(REGISTER) == Refusal("store_exists")
    assert actor.decide(with_(REGISTER, owner="seller-2")) == Refusal("store_exists")


def test_what_has_usual_values_may_be_left_out() -> None:
    usual = StoreProfile(**{name: getattr(PROFILE, name) for name in REQUIRED})
    (saved,) = Actor(STORES, "store", NOW).take(RegisterStore(owner=SELLER, profile=usual))
    assert saved == with_(
        SAVED, hours={}, slot_capacity=0, cut_off="18:00", minutes_per_day=480, threshold=50, new_images=("image-1",)
    )


@pytest.mark.spec("store V3")
@pytest.mark.parametrize("name", REQUIRED)
def test_a_registration_that_leaves_something_out(name: str) -> None:
    refusal = Actor(STORES, "store", NOW).decide(with_(REGISTER, profile=with_(PROFILE, **{name: None})))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.status) == ("store_invalid", 422)
    assert name in refusal.details["fields"]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": ""}, ["name"]),
    ({"name": " 꽃집"}, ["name"]),
    ({"name": "x" * 81}, ["name"]),
    ({"detail": "x" * 1_001, "thumbnail": "x" * 201}, ["detail", "thumbnail"]),
    ({"phone": "02-123-4567", "bank": "003"}, ["phone", "bank"]),
    ({"account_number": "12"}, ["account_number"]),
    ({"account_number": "110 234 567890"}, ["account_number"]),
    ({"sido": "11"}, ["gugun"]),
    ({"sido": "11", "gugun": "26110"}, ["gugun"]),
    ({"gugun": "11110"}, ["gugun"]),
    ({"zipcode": "1649"}, ["zipcode"]),
    ({"lat": 37.0}, ["lat"]),
    ({"lon": 127.0}, ["lat"]),
    ({"lat": 40.1, "lon": 127.0}, ["lat"]),
    ({"lat": float("nan"), "lon": 127.0}, ["lat"]),
    ({"delivery_fee": -1, "free_from": 100_000_001}, ["delivery_fee", "free_from"]),
    ({"hours": {"mon": Hours(opens="19:00", closes="09:00")}}, ["hours"]),
    ({"slot_capacity": -1, "cut_off": "24:00"}, ["slot_capacity", "cut_off"]),
    ({"minutes_per_day": -1, "threshold": -1}, ["minutes_per_day", "threshold"]),
]


@pytest.mark.spec("store V3", "store V4")
@pytest.mark.parametrize(("said", "fields"), WRONG, ids=lambda value: ",".join(value))
def test_what_a_store_cannot_be_is_named_and_changes_nothing(said: dict[str, Any], fields: list[str]) -> None:
    actor = opened()
    before = actor.state
    assert actor.decide(change(**said)) == Refusal("store_invalid", 422, {"fields": fields})
    assert actor.state == before


@pytest.mark.spec("store V4")
@pytest.mark.parametrize(
    ("said", "event", "text"),
    [
        ({"delivery_fee": 0}, {"delivery_fee": 0}, {}),
        ({"name": "새 이름"}, {}, {"name": "새 이름"}),
        ({"phone": "+821012345678", "bank": "004"}, {}, {"phone": "+821012345678", "bank": "004"}),
        ({"sido": "11", "gugun": "11680"}, {"sido": "11", "gugun": "11680"}, {}),
        ({"lat": 37.5, "lon": 127.0}, {"lat": 37.5, "lon": 127.0}, {}),
        ({"hours": {}}, {"hours": {}}, {}),
        ({"thumbnail": "image-2"}, {"new_images": ("image-2",), "dropped_images": ("image-1",)}, {"thumbnail": "image-2"}),
        ({"thumbnail": "image-1", "hours": {}}, {"hours": {}}, {}),
        ({"thumbnail": ""}, {"dropped_images": ("image-1",)}, {"thumbnail": ""}),
        ({"minutes_per_day": 60, "threshold": 0}, {"minutes_per_day": 60, "threshold": 0}, {}),
    ],
)
def test_a_change_leaves_the_rest_alone(said: dict[str, Any], event: dict[str, Any], text: dict[str, Any]) -> None:
    actor = opened()
    actor.now += 5
    (saved,) = actor.take(change(**said))
    assert saved == with_(SAVED, **event)
    assert STORES.private("store", actor.states, saved) == with_(TEXT, **text)


def test_a_picture_that_a_store_shows_no_more_is_let_go_of() -> None:
    """Whoever uploaded it: an admin may have."""
    actor = opened()
    actor.take(change(thumbnail="image-2"))
    assert actor.sends[1:] == [
        Send("catalog", "image-1", EraseImage(owner="", holder="store")),
        Send("catalog", "image-2", KeepImage(holder="store")),
    ]


def test_a_change_that_changes_nothing_is_no_event() -> None:
    actor = opened()
    assert actor.take(change(name=TEXT.name, lat=37.25, lon=127.05, hours=HOURS)) == []
    assert actor.take(change()) == []


@pytest.mark.spec("store A1")
@pytest.mark.parametrize("who", ["seller-2", "", ADMIN])
def test_only_its_seller_changes_a_store(who: str) -> None:
    actor = opened()
    before = actor.state
    assert actor.refuses(change(by=who, delivery_fee=0)) == ("not_your_store", 403)
    assert actor.state == before


def test_an_operators_save_replaces_the_policy_and_keeps_the_rest() -> None:
    actor = opened()
    save = SaveStore(owner=SELLER, name="꽃집", delivery_fee=1, free_from=2, profile=StoreProfile(slot_capacity=9))
    (saved,) = actor.take(save)
    assert saved == with_(SAVED, delivery_fee=1, free_from=2, cut_off="18:00", threshold=50, slot_capacity=9)
    assert actor.state.text == with_(TEXT, name="꽃집")
    assert actor.refuses(with_(save, owner="seller-2")) == ("not_your_store", 403)


def test_an_admin_suspends_and_restores_with_a_reason_that_stays_private() -> None:
    actor = opened()
    actor.now = NOW + 7
    (suspended,) = actor.take(SuspendStore(by=ADMIN, reason="신고가 많습니다"))
    assert suspended == StoreSuspended(by=ADMIN, at=NOW + 7, act=1)
    assert "신고" not in msgspec.json.encode(suspended).decode()
    assert STORES.private("store", actor.states, suspended) == with_(TEXT, reason="신고가 많습니다", notes={"1": "신고가 많습니다"})
    assert actor.state.suspended
    assert actor.refuses(SuspendStore(by=ADMIN, reason="다시")) == ("store_suspended", 409)
    # Its seller may mend it meanwhile, which does not open it.
    (saved,) = actor.take(change(detail="고쳤습니다"))
    assert actor.state.suspended
    assert STORES.private("store", actor.states, saved) == with_(
        TEXT, detail="고쳤습니다", reason="신고가 많습니다", notes={"1": "신고가 많습니다"}
    )
    (restored,) = actor.take(RestoreStore(by=ADMIN))
    assert restored == StoreRestored(by=ADMIN, at=NOW + 7)
    assert STORES.private("store", actor.states, restored) == with_(TEXT, detail="고쳤습니다", notes={"1": "신고가 많습니다"})
    assert not actor.state.suspended
    assert actor.refuses(RestoreStore(by=ADMIN)) == ("store_not_suspended", 409)
    assert actor.sends == []


def test_a_store_is_closed_while_its_seller_is_suspended() -> None:
    actor = opened()
    actor.now = NOW + 7
    before = actor.state
    suspended = StoreSuspended(by=ADMIN, at=NOW + 7, of_owner=True)
    assert actor.take(SuspendOwner(by=ADMIN)) == [suspended]
    assert actor.state == with_(before, owner_suspended=True)
    assert STORES.private("store", actor.states, suspended) == TEXT
    assert actor.take(SuspendOwner(by=ADMIN)) == []
    # A change that an order of his still brings leaves it closed.
    actor.take(change(detail="고쳤습니다"))
    assert actor.state.owner_suspended
    assert actor.refuses(RestoreStore(by=ADMIN)) == ("store_not_suspended", 409)
    assert actor.take(RestoreOwner(by=ADMIN)) == [StoreRestored(by=ADMIN, at=NOW + 7, of_owner=True)]
    assert not actor.state.owner_suspended
    assert actor.take(RestoreOwner(by=ADMIN)) == []


@pytest.mark.parametrize("first", ["store", "owner"])
def test_a_store_is_open_again_when_both_suspensions_are_over(first: str) -> None:
    actor = opened()
    wishes = [(SuspendStore(by=ADMIN, reason="x"), RestoreStore(by=ADMIN)), (SuspendOwner(by=ADMIN), RestoreOwner(by=ADMIN))]
    (one, over), (other, done) = wishes if first == "store" else reversed(wishes)
    owner = first == "owner"
    assert actor.take(one) == [StoreSuspended(by=ADMIN, at=NOW, of_owner=owner, act=not owner)]
    assert actor.take(other) == [StoreSuspended(by=ADMIN, at=NOW, of_owner=not owner, act=owner)]
    assert actor.take(over) == [SuspensionLifted(by=ADMIN, at=NOW, of_owner=owner)]
    assert (actor.state.suspended, actor.state.owner_suspended) == (owner, not owner)
    assert actor.take(done) == [StoreRestored(by=ADMIN, at=NOW, of_owner=not owner)]
    assert (actor.state.suspended, actor.state.owner_suspended) == (False, False)


def test_a_row_keeps_the_reasons_of_the_newest_suspensions() -> None:
    actor = opened()
    for number in range(1, 23):
        actor.take(SuspendStore(by=ADMIN, reason=f"reason {number}"))
        actor.take(RestoreStore(by=ADMIN))
    assert actor.state.text.notes == {str(act): f"reason {act}" for act in range(3, 23)}


def test_a_seller_without_a_store_has_nothing_to_close() -> None:
    actor = Actor(STORES, "store", NOW)
    for message in (SuspendOwner(by=ADMIN), RestoreOwner(by=ADMIN)):
        assert actor.take(message) == []
    assert actor.state is None


@pytest.mark.spec("auth 46")
def test_an_admins_save_says_who_did_it() -> None:
    actor = opened()
    save = SaveStore(owner=SELLER, name="꽃집", delivery_fee=1, free_from=2, by=ADMIN)
    (saved,) = actor.take(save)
    assert saved == with_(SAVED, delivery_fee=1, free_from=2, cut_off="18:00", threshold=50, by=ADMIN)
    assert actor.take(save) == []
    (by_seller,) = actor.take(change(delivery_fee=2))
    assert by_seller.by == ""


@pytest.mark.parametrize("reason", ["", "x" * 501])
def test_a_suspension_needs_a_reason(reason: str) -> None:
    actor = opened()
    assert actor.decide(SuspendStore(by=ADMIN, reason=reason)) == Refusal("store_invalid", 422, {"fields": ["reason"]})
    assert not actor.state.suspended


@pytest.mark.parametrize("message", [change(), SuspendStore(by=ADMIN, reason="x"), RestoreStore(by=ADMIN)], ids=str)
def test_a_store_that_is_not_there(message: Any) -> None:
    assert Actor(STORES, "store", NOW).refuses(message) == ("store_unknown", 404)


def test_under_a_stores_key_there_is_no_question_nor_notice() -> None:
    actor = opened()
    before = actor.state
    for message in (MarkQuestionRead(store_id="store"), PostNotice(store_id="store", title="t", content="c")):
        assert actor.refuses(message) == ("not_found", 404)
    assert actor.state == before


def test_a_row_of_before_still_opens() -> None:
    """Written when a store was a policy with a name; its next private record has the name."""
    old = msgspec.msgpack.encode(("Store", SELLER, "옛 꽃집", 3_000, 50_000, "18:00", 50))
    store = msgspec.msgpack.decode(old, type=Store)
    actor = Actor(STORES, "store", NOW)
    actor.states[""] = store
    (saved,) = actor.take(change(threshold=10))
    assert saved == StoreSaved(owner=SELLER, delivery_fee=3_000, free_from=50_000, cut_off="18:00", threshold=10)
    record = STORES.private("store", actor.states, saved)
    assert record is not None
    assert record.name == "옛 꽃집"  # type: ignore[attr-defined]


def test_every_event_that_an_admin_causes_says_so() -> None:
    for kind in (StoreSaved, StoreSuspended, StoreRestored, SuspensionLifted):
        assert issubclass(kind, Event)
        assert "by" in kind.__struct_fields__
