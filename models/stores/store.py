"""A store: registered by its seller, changed by him, suspended and restored by admins. Pure (spec store §4, V3, V4, A1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from models import kst
from models.actor import Event, Refusal, Send
from models.catalog.image_messages import EraseImage, keep, owned
from models.inventory.messages import SetLowStockThreshold
from models.stores import regions
from models.stores.banks import BANKS
from models.stores.hours import Hours, sound
from models.stores.messages import (
    MINUTES_PER_DAY,
    STORE_EVENTS,
    STORE_INBOX,
    ChangeStore,
    RegisterStore,
    RestoreOwner,
    RestoreStore,
    SaveStore,
    StorePrivate,
    StoreProfile,
    StoreRestored,
    StoreSaved,
    StoreSuspended,
    SuspendOwner,
    SuspendStore,
    SuspensionLifted,
)
from models.stores.near import in_korea

MAX_NAME, MAX_DETAIL, MAX_IMAGE, MAX_ADDRESS, MAX_REASON = 80, 1_000, 200, 100, 500
"""Characters; every order's row carries a store's name."""
NOTES = 20
"""Reasons of suspensions that a row keeps, the newest: 30 KB at most."""
MAX_AMOUNT, MAX_MINUTES, MAX_PLACES, MAX_STEMS = 100_000_000, 100_000, 1_000, 1_000_000
"""KRW; making minutes of a day; pickups of a half hour; stems."""
REQUIRED = (
    "name", "detail", "thumbnail", "phone", "bank", "account_number", "sido", "gugun", "address", "zipcode", "lat", "lon",
    "delivery_fee", "free_from",
)  # fmt: skip
"""What a registration must say; the rest has defaults (spec frontend §6.3)."""
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_ACCOUNT = re.compile(r"[0-9][0-9-]{6,28}[0-9]\Z")
_ZIPCODE = re.compile(r"[0-9]{5}\Z")


class Store(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A store, see ``messages.StoreSaved``. ``name`` stands in ``text`` too, which rows of before do not have.

    ``suspended``: the store itself; ``owner_suspended``: its seller. Either closes it.
    """

    owner: str
    name: str
    delivery_fee: int
    free_from: int
    cut_off: str
    threshold: int
    registered_at: int = 0
    suspended: bool = False
    sido: str = ""
    gugun: str = ""
    lat: float = 0.0
    lon: float = 0.0
    hours: dict[str, Hours] = {}
    slot_capacity: int = 0
    minutes_per_day: int = MINUTES_PER_DAY
    text: StorePrivate = StorePrivate(name="")
    owner_suspended: bool = False


OF_THE_CHANGE = ("by", "new_images", "dropped_images")
"""Fields of the event that tell of the change, not of the store."""
TEXTS = ("detail", "thumbnail", "phone", "bank", "account_number", "address", "address_detail", "zipcode")
_replace = msgspec.structs.replace


def decide(store: Store | None, message: STORE_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about; see the commands for what is refused and why."""
    match message:
        case RegisterStore(owner=owner, profile=profile):
            if store is not None:
                return Refusal("store_exists")
            missing = [name for name in REQUIRED if getattr(profile, name) is None]
            return _save(Store(owner, "", 0, 0, "18:00", 50, now), profile, missing, None)
        case SuspendOwner() | RestoreOwner():
            return _owner(store, message, now)
        case SaveStore(owner=owner):
            if store is not None and store.owner != owner:
                return Refusal("not_your_store", 403)
            policy = {name: getattr(message, name) for name in ("name", "delivery_fee", "free_from", "cut_off", "threshold")}
            new = Store(owner, "", 0, 0, "18:00", 50, now)
            return _save(store or new, _replace(message.profile, **policy), [] if owner else ["owner"], store, message.by)
        case ChangeStore(by=by, profile=profile):
            if store is None:
                return Refusal("store_unknown", 404)
            return _save(store, profile, [], store) if by == store.owner else Refusal("not_your_store", 403)
        case SuspendStore(by=by, reason=reason):
            if store is None:
                return Refusal("store_unknown", 404)
            if not 0 < len(reason) <= MAX_REASON:
                return Refusal("store_invalid", 422, {"fields": ["reason"]})
            return Refusal("store_suspended") if store.suspended else [_suspended(store, by, reason, now)]
        case RestoreStore(by=by):
            if store is None:
                return Refusal("store_unknown", 404)
            restored = (SuspensionLifted if store.owner_suspended else StoreRestored)(by=by, at=now)
            return [restored.keeping(_replace(_text(store), reason=""))] if store.suspended else Refusal("store_not_suspended")


def _suspended(store: Store, by: str, reason: str, now: int) -> StoreSuspended:
    notes = store.text.notes
    act = max(map(int, notes), default=0) + 1
    kept = dict([*notes.items(), (str(act), reason)][-NOTES:])
    return StoreSuspended(by=by, at=now, act=act).keeping(_replace(_text(store), reason=reason, notes=kept))


def _owner(store: Store | None, message: SuspendOwner | RestoreOwner, now: int) -> list[Event]:
    """A seller who has no store yet cannot open one while he is suspended: no session of his is left."""
    suspends = isinstance(message, SuspendOwner)
    if store is None or store.owner_suspended == suspends:
        return []
    if suspends:
        return [StoreSuspended(by=message.by, at=now, of_owner=True).keeping(_text(store))]
    return [(SuspensionLifted if store.suspended else StoreRestored)(by=message.by, at=now, of_owner=True).keeping(_text(store))]


def _save(base: Store, profile: StoreProfile, missing: list[str], before: Store | None, by: str = "") -> list[Event] | Refusal:
    """``base`` with what ``profile`` say, unless something is wrong with them or nothing differs from ``before``."""
    wrong = [*missing, *faults(profile)]
    if wrong:
        return Refusal("store_invalid", 422, {"fields": wrong})
    said = {name: value for name in profile.__struct_fields__ if (value := getattr(profile, name)) is not None}
    text = _replace(_text(base), **{name: said.pop(name) for name in TEXTS if name in said})
    after = _replace(base, **said)
    after = _replace(after, text=_replace(text, name=after.name))
    if after == before:
        return []
    shown, shows = owned((_text(base).thumbnail,)), owned((text.thumbnail,))
    images: dict[str, Any] = {"new_images": shows, "dropped_images": shown} if shown != shows else {}
    return [StoreSaved(**_public(after), by=by, **images).keeping(after.text)]


def _public(saved: Store | StoreSaved) -> dict[str, Any]:
    """What a store and the event that tells of it have in common."""
    return {name: getattr(saved, name) for name in StoreSaved.__struct_fields__ if name not in OF_THE_CHANGE}


def _text(store: Store) -> StorePrivate:
    return _replace(store.text, name=store.name)


def faults(profile: StoreProfile) -> list[str]:
    """The names of what was said and cannot be: each by itself, and pairs of which only one half came."""
    wrong = {*_wrong_texts(profile), *_wrong_amounts(profile)}
    if (profile.sido, profile.gugun) != (None, None) and not regions.known(profile.sido or "", profile.gugun or ""):
        wrong.add("gugun")
    if (profile.lat, profile.lon) != (None, None) and not in_korea(profile.lat or 0.0, profile.lon or 0.0):
        wrong.add("lat")
    if profile.hours is not None and not sound(profile.hours):
        wrong.add("hours")
    if profile.cut_off is not None and not kst.is_time(profile.cut_off):
        wrong.add("cut_off")
    return [name for name in profile.__struct_fields__ if name in wrong]


def _wrong_texts(profile: StoreProfile) -> Iterator[str]:
    for name, most in (("detail", MAX_DETAIL), ("thumbnail", MAX_IMAGE), ("address_detail", MAX_ADDRESS)):
        if len(getattr(profile, name) or "") > most:
            yield name
    for name, most in (("name", MAX_NAME), ("address", MAX_ADDRESS)):
        text = getattr(profile, name)
        if text is not None and not (0 < len(text) <= most and text.strip() == text):
            yield name
    for name, pattern in (("phone", _PHONE), ("account_number", _ACCOUNT), ("zipcode", _ZIPCODE)):
        text = getattr(profile, name)
        if text is not None and not pattern.match(text):
            yield name
    if profile.bank is not None and profile.bank not in BANKS:
        yield "bank"


def _wrong_amounts(profile: StoreProfile) -> Iterator[str]:
    most = {
        "delivery_fee": MAX_AMOUNT, "free_from": MAX_AMOUNT, "slot_capacity": MAX_PLACES, "minutes_per_day": MAX_MINUTES,
        "threshold": MAX_STEMS,
    }  # fmt: skip
    yield from (name for name, bound in most.items() if not 0 <= (getattr(profile, name) or 0) <= bound)


def evolve(store: Store | None, event: STORE_EVENTS) -> Store:
    """The store after ``event``; a change leaves a suspension as it is."""
    match event:
        case StoreSaved(kept=text):
            closed: dict[str, Any] = {name: store is not None and getattr(store, name) for name in ("suspended", "owner_suspended")}
            return Store(**_public(event), **closed, name=text.name, text=text)
        case (
            StoreSuspended(of_owner=owner, kept=text)
            | StoreRestored(of_owner=owner, kept=text)
            | SuspensionLifted(of_owner=owner, kept=text)
        ):
            assert store is not None
            closes = isinstance(event, StoreSuspended)
            return _replace(store, text=text, **{"owner_suspended" if owner else "suspended": closes})


def route(key: str, event: StoreSaved) -> Iterator[Send]:
    """The store's inventory takes the threshold over; images that the store shows are kept, those that it shows no more erased."""
    yield Send("inventory", key, SetLowStockThreshold(threshold=event.threshold))
    for image in event.dropped_images:
        # An admin may have uploaded it, so its owner is not known here.
        yield Send("catalog", image, EraseImage(owner="", holder=key))
    yield from keep(event.new_images, key)


def private(store: Store) -> StorePrivate:
    """The store's texts for ``bb.stores.private``."""
    return _text(store)
