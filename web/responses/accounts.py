"""What is answered about accounts."""

from __future__ import annotations

from typing import Any

import msgspec


class SignedIn(msgspec.Struct, omit_defaults=True, kw_only=True):
    """``token``: for ``Authorization: Bearer``, for ``expires_in`` seconds. The refresh secret is in a cookie only.

    ``picture_urls``: width -> path, where the picture is an uploaded image.
    """

    token: str
    expires_in: int
    account: str
    role: str
    status: str
    stores: list[str]
    name: str
    picture: str
    picture_urls: dict[str, str] = {}
    phone_known: bool


class AccountAnswer(msgspec.Struct):
    account: str
    role: str
    status: str
    stores: list[str]


class AddressAnswer(msgspec.Struct):
    address_id: str


class AddressShown(msgspec.Struct):
    """An address of the buyer's book; ``used_at``: when it was written down or last ordered to (ms)."""

    address_id: str
    recipient: str
    phone: str
    zipcode: str
    road: str
    detail: str
    used_at: int


class CodeSent(msgspec.Struct):
    """The same whatever is known of the address. ``valid_for``: seconds that the code counts."""

    sent: bool
    valid_for: int


class TicketAnswer(msgspec.Struct):
    """``ticket``: what an applicant goes on with, for ``valid_for`` seconds."""

    ticket: str
    valid_for: int


class LicenceAnswer(msgspec.Struct):
    """``business_number``: ten digits, "" if none could be read."""

    business_number: str


class LikesAnswer(msgspec.Struct):
    product: int
    store: int


class ProfileAnswer(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The caller's own account. ``coupon_count``: coupons that can be used today; ``like_count``: liked products and stores.

    ``picture_urls``: width -> path, where the picture is an uploaded image; ``note``: what an admin wrote to a denied applicant.
    """

    account: str
    role: str
    kind: str
    status: str
    provider: str
    name: str
    email: str
    phone: str
    picture: str
    picture_urls: dict[str, str] = {}
    joined_at: int
    business_number: str
    reason: str
    note: str
    coupon_count: int
    like_count: int


class SessionShown(msgspec.Struct):
    """``until``: it ends then, if nobody uses it before (ms)."""

    session: str
    device: str
    opened_at: int
    used_at: int
    until: int
    current: bool


class SessionsAnswer(msgspec.Struct):
    """``current`` of an item: the session that asks."""

    items: list[SessionShown]


class BuyerListed(msgspec.Struct, kw_only=True):
    """A buyer as admins see them. ``suspended``: the reason, "" if not; ``notes``: act -> what an admin wrote with it."""

    account: str
    provider: str
    status: str
    suspended: str
    joined_at: int
    since: int
    name: str
    email: str
    phone: str
    notes: dict[str, str]


class SellerListed(BuyerListed, omit_defaults=True, kw_only=True):
    """An applicant or seller. ``document``: the licence's image id; ``document_url``: where it can be read for five minutes."""

    reason: str
    business_number: str
    document: str
    document_url: str = ""


class ActShown(msgspec.Struct):
    """What an admin or an operator did: ``action`` to ``subject``, with ``details`` of it."""

    at: int
    id: str
    by: str
    action: str
    subject: str
    details: dict[str, Any]
    note: str


class Done(msgspec.Struct):
    done: bool
