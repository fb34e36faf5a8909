"""What is answered to whoever changes stores, questions and notices."""

from __future__ import annotations

import msgspec


class StoreAnswer(msgspec.Struct):
    store_id: str


class QuestionAnswer(msgspec.Struct):
    question_id: str


class NoticeAnswer(msgspec.Struct):
    notice_id: str


class Position(msgspec.Struct):
    """Degrees."""

    lat: float
    lon: float


class OpenHours(msgspec.Struct):
    opens: str
    closes: str


class StoreListed(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A store in a list. Fees in KRW; ``rating`` in stars, null without reviews; ``position`` null without an address.

    ``distance``: metres, where a place was asked for.
    """

    store_id: str
    name: str
    detail: str
    thumbnail: str
    thumbnail_urls: dict[str, str] = {}
    address: str
    address_detail: str
    sido: str
    sido_name: str
    gugun: str
    gugun_name: str
    position: Position | None
    delivery_fee: int
    free_from: int
    cut_off: str
    reviews: int
    rating: float | None
    status: str
    distance: int = 0


class LikedStore(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A liked store with the fields of a store in a list; of one that is gone only ``store_id``, ``liked_at`` and ``status``."""

    store_id: str
    liked_at: int
    status: str
    name: str = ""
    detail: str = ""
    thumbnail: str = ""
    thumbnail_urls: dict[str, str] = {}
    address: str = ""
    address_detail: str = ""
    sido: str = ""
    sido_name: str = ""
    gugun: str = ""
    gugun_name: str = ""
    position: Position | None = None
    delivery_fee: int = 0
    free_from: int = 0
    cut_off: str = ""
    reviews: int = 0
    rating: float | None = None


class StoreShown(StoreListed, omit_defaults=True, kw_only=True):
    """A store's page. ``slots``: day -> when pickups can begin; ``slot_capacity``: pickups of a half hour.

    ``subscription_product_id``: of its subscription product, null unless that is on sale.
    """

    phone: str
    zipcode: str
    hours: dict[str, OpenHours]
    slots: dict[str, list[str]]
    slot_capacity: int
    registered_at: int
    subscription_product_id: str | None


class StoreSettings(StoreShown, omit_defaults=True, kw_only=True):
    """What its seller sees beside that. ``reason``: why it is suspended."""

    bank: str
    bank_name: str
    account_number: str
    minutes_per_day: int
    threshold: int
    reason: str


class StoreForAdmin(StoreListed, omit_defaults=True, kw_only=True):
    """A store in the admins' list."""

    owner: str
    phone: str
    bank: str
    bank_name: str
    account_number: str
    registered_at: int
    reason: str


class RegionAnswer(msgspec.Struct):
    """A sido."""

    code: str
    name: str
    short: str


class CodeAnswer(msgspec.Struct):
    """A gugun, a bank."""

    code: str
    name: str


class QuestionShown(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A question. ``hidden``: it is secret and the caller's neither to ask nor to answer, so its words are "".

    ``read_at`` is told to whoever runs the store; ``product_name`` where questions about several products stand.
    """

    question_id: str
    store_id: str
    product_id: str
    product_name: str = ""
    secret: bool
    asked_at: int
    edited_at: int
    answered_at: int
    answer_edited_at: int
    title: str
    content: str
    answer: str
    answered: bool
    mine: bool
    hidden: bool
    nickname: str
    read_at: int = 0


class NoticeShown(msgspec.Struct):
    notice_id: str
    store_id: str
    posted_at: int
    edited_at: int
    title: str
    content: str
