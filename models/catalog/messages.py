"""Contract of the catalog domain: products and who waits for them, reviews, and the reference data that products name.

Keys and parts of the rows: a product is part ``""`` of its id, its reviews' values ``rated/<review>``, its waiting buyers
``waiting/<buyer>``, which each buyer's own rows know (``models/traces.py``); a review is part ``review`` of its id; flowers, tags
and categories are part ``reference`` of ``"reference"``.

Units: KRW and stems as ``int``; instants are ms since the epoch (UTC); ratings are half stars from 1 to 10 (0.5 to 5 stars).
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.actor import Command, EffectUnknown, Event, Message, Reminder
from models.catalog.image_messages import IMAGE_EVENTS, IMAGE_INBOX
from models.kept import Keeping
from models.traces import TRACE_EVENTS, TRACE_INBOX

REFERENCE = "reference"
"""The key of the one aggregate that holds flowers, tags and categories."""
ORDINARY, SUBSCRIPTION = "ordinary", "subscription"
"""Kinds of products. The id of a store's subscription product is ``id_of("subscription", store_id)``."""
SALE, DISCONTINUED, DELETED = "SALE", "DISCONTINUED", "DELETED"

# -- products -------------------------------------------------------------------------------------------------------------


class SaveProduct(Command, frozen=True):
    """Create or replace a product. ``flowers``: flower id -> stems a piece; ``status``: SALE, DISCONTINUED, DELETED.

    ``representative`` "": the first of ``flowers``. ``minutes``: to make one piece. ``thumbnail``, ``images``: ids of images, in
    old data paths. ``by``: the admin's account, if it is an admin who saves.
    """

    store_id: str
    name: str
    price: int
    flowers: dict[str, int]
    status: str = "SALE"
    tax_free: bool = False
    category: str = ""
    thumbnail: str = ""
    description: str = ""
    kind: str = ORDINARY
    tags: tuple[str, ...] = ()
    representative: str = ""
    minutes: int = 30
    summary: str = ""
    images: tuple[str, ...] = ()
    by: str = ""


class EditProduct(Command, frozen=True):
    """Change what is not ``None`` of the product that the seller saw as ``version``; another one is refused (409)."""

    store_id: str
    version: int
    name: str | None = None
    price: int | None = None
    flowers: dict[str, int] | None = None
    status: str | None = None
    tax_free: bool | None = None
    category: str | None = None
    thumbnail: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    representative: str | None = None
    minutes: int | None = None
    summary: str | None = None
    images: tuple[str, ...] | None = None
    by: str = ""


class RemoveProduct(Command, frozen=True):
    """An admin takes a product off the marketplace, for good. ``reason``: for its seller."""

    by: str
    reason: str


class CountSale(Message, frozen=True):
    """An order of ``quantity`` pieces is confirmed. Heard once: the kernel drops repeats."""

    order_id: str
    quantity: int


class UncountSale(Message, frozen=True):
    """Those ``quantity`` pieces are cancelled, all that the order had of the product."""

    order_id: str
    quantity: int


class RateProduct(Message, frozen=True):
    """What a review gives its product now: ``rating`` half stars, 0: it does not count. Absolute, so it may be repeated."""

    review_id: str
    rating: int


class ProductSaved(Keeping, frozen=True):
    """The whole product, without its texts. ``version`` counts these events from 1; ``created``: when the first was made (ms).

    ``new_images``: ids of images that it shows and did not show before.
    """

    store_id: str
    price: int
    flowers: dict[str, int]
    status: str
    tax_free: bool
    category: str
    kind: str = ORDINARY
    tags: tuple[str, ...] = ()
    representative: str = ""
    minutes: int = 30
    version: int = 0
    created: int = 0
    by: str = ""
    new_images: tuple[str, ...] = ()


class ProductRemoved(Keeping, frozen=True):
    """The admin ``by`` has removed it: its status is DELETED, and no seller changes it any more."""

    store_id: str
    by: str


class ProductSold(Event, frozen=True):
    """``sold``: pieces of all confirmed orders, less those cancelled."""

    store_id: str
    sold: int


class ProductRated(Event, frozen=True):
    """``reviews`` that count, and the sum of their half stars: the average is ``rating_sum / reviews / 2`` stars.

    ``rating``: what ``review_id`` gives since, 0: nothing any more.
    """

    store_id: str
    reviews: int
    rating_sum: int
    review_id: str
    rating: int


class ProductPrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Free text of a product (``bb.catalog.private``). ``removal``: why an admin removed it."""

    name: str
    description: str = ""
    thumbnail: str = ""
    summary: str = ""
    images: tuple[str, ...] = ()
    removal: str = ""


# -- waiting for a product to be sold again -----------------------------------------------------------------------------------


class RegisterRestock(Command, frozen=True):
    """Tell ``buyer`` when the product, which is DISCONTINUED, is on sale again."""

    buyer: str

    def remembered_in(self) -> str:
        return f"waiting/{self.buyer}"


class CancelRestock(Command, frozen=True):
    """``buyer`` does not wait any more."""

    buyer: str

    def remembered_in(self) -> str:
        return f"waiting/{self.buyer}"


class RestockAwaited(Event, frozen=True):
    buyer: str
    at: int


class RestockDropped(Event, frozen=True):
    buyer: str


# -- reviews --------------------------------------------------------------------------------------------------------------


class AllowReview(Message, frozen=True):
    """``buyer`` has got what he ordered and may review it, once. Key: ``id_of("review", subject)``.

    ``subject``: the order line's id (``kind`` delivery or pickup) or the subscription's (``kind`` subscription).
    """

    must_succeed: ClassVar[bool] = True
    subject: str
    kind: str
    buyer: str
    store_id: str
    product_id: str


class _ReviewCommand(Command, frozen=True):
    def remembered_in(self) -> str:
        return "review"


class WriteReview(_ReviewCommand, frozen=True):
    """``rating``: half stars, 1 to 10; ``images``: ids, at most 4."""

    buyer: str
    rating: int
    text: str
    images: tuple[str, ...] = ()


class EditReview(_ReviewCommand, frozen=True):
    """Replace one's own review, within 30 days. ``images`` None: those that it has stay."""

    buyer: str
    rating: int
    text: str
    images: tuple[str, ...] | None = None


class DeleteReview(_ReviewCommand, frozen=True):
    """Take one's own review back, for good: the right to it is used up."""

    buyer: str


class ReplyToReview(_ReviewCommand, frozen=True):
    """The store's answer, or another one in its place."""

    store_id: str
    text: str


class HideReview(_ReviewCommand, frozen=True):
    """An admin takes a review off the marketplace; it does not count any more."""

    by: str
    reason: str


class ReviewAllowed(Event, frozen=True):
    subject: str
    kind: str
    buyer: str
    store_id: str
    product_id: str
    at: int


class ReviewWritten(Keeping, frozen=True):
    """``new_images``: ids of the images that it shows."""

    buyer: str
    store_id: str
    product_id: str
    rating: int
    at: int
    new_images: tuple[str, ...] = ()


class ReviewEdited(Keeping, frozen=True):
    """``dropped_images``, ``new_images``: ids of images that it has no more, and that it did not have before."""

    product_id: str
    rating: int
    at: int
    dropped_images: tuple[str, ...] = ()
    new_images: tuple[str, ...] = ()


class ReviewDeleted(Event, frozen=True):
    """``dropped_images``: ids of the images that it had."""

    product_id: str
    at: int
    dropped_images: tuple[str, ...] = ()


class ReviewReplied(Keeping, frozen=True):
    store_id: str
    at: int


class ReviewHidden(Keeping, frozen=True):
    """``dropped_images``: ids of the images that it had; its words stay for admins."""

    product_id: str
    by: str
    at: int
    dropped_images: tuple[str, ...] = ()


class ReviewPrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts of a review (``bb.catalog.private``): the author's, the store's, and why an admin has hidden it."""

    text: str = ""
    images: tuple[str, ...] = ()
    reply: str = ""
    reason: str = ""


# -- reference data ---------------------------------------------------------------------------------------------------------


class Flower(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names and what the flower says (꽃말), in Korean and English."""

    name_ko: str
    name_en: str
    language_ko: str = ""
    language_en: str = ""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names of a tag or a category."""

    name_ko: str
    name_en: str


class _ReferenceCommand(Command, frozen=True):
    def remembered_in(self) -> str:
        return "reference"


class SaveFlower(_ReferenceCommand, frozen=True):
    """Add or rename a flower."""

    flower_id: str
    flower: Flower
    by: str


class SaveTag(_ReferenceCommand, frozen=True):
    """Add or rename a tag."""

    tag_id: str
    label: Label
    by: str


class SaveCategory(_ReferenceCommand, frozen=True):
    """Add or rename a category."""

    category_id: str
    label: Label
    by: str


class FlowerSaved(Keeping, frozen=True):
    flower_id: str
    by: str


class TagSaved(Keeping, frozen=True):
    tag_id: str
    by: str


class CategorySaved(Keeping, frozen=True):
    category_id: str
    by: str


class ReferencePrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that admins have said about flowers, tags and categories; it lies over ``models/catalog/reference.py``."""

    flowers: dict[str, Flower] = {}
    tags: dict[str, Label] = {}
    categories: dict[str, Label] = {}


PRODUCT_INBOX = SaveProduct | EditProduct | RemoveProduct | CountSale | UncountSale | RateProduct
RESTOCK_INBOX = RegisterRestock | CancelRestock
REVIEW_INBOX = AllowReview | WriteReview | EditReview | DeleteReview | ReplyToReview | HideReview
REFERENCE_INBOX = SaveFlower | SaveTag | SaveCategory
CATALOG_INBOX = (
    PRODUCT_INBOX | RESTOCK_INBOX | REVIEW_INBOX | REFERENCE_INBOX | IMAGE_INBOX | TRACE_INBOX | EffectUnknown | Reminder
)

PRODUCT_EVENTS = ProductSaved | ProductRemoved | ProductSold | ProductRated
RESTOCK_EVENTS = RestockAwaited | RestockDropped
REVIEW_EVENTS = ReviewAllowed | ReviewWritten | ReviewEdited | ReviewDeleted | ReviewReplied | ReviewHidden
REFERENCE_EVENTS = FlowerSaved | TagSaved | CategorySaved
CATALOG_EVENTS = PRODUCT_EVENTS | RESTOCK_EVENTS | REVIEW_EVENTS | REFERENCE_EVENTS | IMAGE_EVENTS | TRACE_EVENTS
CATALOG_PRIVATE = ProductPrivate | ReviewPrivate | ReferencePrivate
