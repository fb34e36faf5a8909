"""A review (part ``review`` of its key): allowed once, written once, answered by the store (spec product §2.1, W28). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from models.actor import DAY, Event, Refusal, Send, State
from models.catalog.image_messages import EraseImage, keep, owned
from models.catalog.messages import (
    REVIEW_EVENTS,
    REVIEW_INBOX,
    AllowReview,
    DeleteReview,
    EditReview,
    HideReview,
    RateProduct,
    ReplyToReview,
    ReviewAllowed,
    ReviewDeleted,
    ReviewEdited,
    ReviewHidden,
    ReviewPrivate,
    ReviewReplied,
    ReviewWritten,
    WriteReview,
)

ALLOWED, WRITTEN, HIDDEN, GONE = "allowed", "written", "hidden", "deleted"
"""Where a review stands."""
MAX_TEXT, MAX_REPLY, MAX_REASON, MAX_IMAGES, MAX_URL = 1_000, 1_000, 500, 4, 200
"""Characters, images, characters of an image's id."""
MAX_RATING = 10
"""Half stars."""
EDITABLE = 30 * DAY
"""How long after it was written its author may change a review (ms)."""


class Review(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A review. ``rating`` in half stars; ``written_at`` ms."""

    subject: str
    kind: str
    buyer: str
    store_id: str
    product_id: str
    status: str = ALLOWED
    rating: int = 0
    written_at: int = 0
    text: ReviewPrivate = ReviewPrivate()


def decide(state: State, message: REVIEW_INBOX, now: int) -> list[Event] | Refusal:
    """Refused: ``review_unknown`` (404: no such right, or somebody else's), ``review_exists``, ``review_not_written``,
    ``review_hidden``, ``review_final`` (409), ``review_invalid`` (422, every field at fault).
    """
    review: Review | None = state["review"]
    if isinstance(message, AllowReview):
        # Who may say so again says the same: a right is given once.
        return [] if review is not None else [_allowed(message, now)]
    if review is None:
        return Refusal("review_unknown", 404)
    match message:
        case WriteReview() | EditReview() | DeleteReview() if message.buyer != review.buyer:
            return Refusal("review_unknown", 404)
        case WriteReview():
            return _write(review, message, now)
        case EditReview():
            return _edit(review, message, now)
        case DeleteReview():
            return _delete(review, now)
        case ReplyToReview():
            return _reply(review, message, now)
        case HideReview():
            return _hide(review, message, now)


def _allowed(message: AllowReview, now: int) -> ReviewAllowed:
    return ReviewAllowed(
        subject=message.subject,
        kind=message.kind,
        buyer=message.buyer,
        store_id=message.store_id,
        product_id=message.product_id,
        at=now,
    )


def _wrong(message: WriteReview | EditReview) -> Refusal | None:
    images = message.images or ()
    sound = {
        "rating": 1 <= message.rating <= MAX_RATING,
        "text": len(message.text) <= MAX_TEXT and bool(message.text.strip()),
        "images": len(set(images)) == len(images) <= MAX_IMAGES and all(0 < len(image) <= MAX_URL for image in images),
    }
    wrong = [field for field, right in sound.items() if not right]
    return Refusal("review_invalid", 422, {"fields": wrong}) if wrong else None


def _write(review: Review, message: WriteReview, now: int) -> list[Event] | Refusal:
    if review.status != ALLOWED:
        return Refusal("review_exists", 409)
    if wrong := _wrong(message):
        return wrong
    written = ReviewWritten(
        buyer=review.buyer,
        store_id=review.store_id,
        product_id=review.product_id,
        rating=message.rating,
        at=now,
        new_images=owned(message.images),
    )
    return [written.keeping(ReviewPrivate(text=message.text, images=message.images))]


def _unwritten(review: Review) -> Refusal | None:
    """Why nothing can be done to it as a written one."""
    if review.status == HIDDEN:
        return Refusal("review_hidden", 409)
    return Refusal("review_not_written", 409) if review.status != WRITTEN else None


def _edit(review: Review, message: EditReview, now: int) -> list[Event] | Refusal:
    if refused := _unwritten(review) or _wrong(message):
        return refused
    if now > review.written_at + EDITABLE:
        return Refusal("review_final", 409, {"until": review.written_at + EDITABLE})
    before, after = review.text.images, review.text.images if message.images is None else message.images
    edited = ReviewEdited(
        product_id=review.product_id,
        rating=message.rating,
        at=now,
        dropped_images=owned(one for one in before if one not in after),
        new_images=owned(one for one in after if one not in before),
    )
    return [edited.keeping(msgspec.structs.replace(review.text, text=message.text, images=after))]


def _delete(review: Review, now: int) -> list[Event] | Refusal:
    if review.status == GONE:
        return []
    if review.status == ALLOWED:
        return Refusal("review_not_written", 409)
    return [ReviewDeleted(product_id=review.product_id, at=now, dropped_images=owned(review.text.images))]


def _reply(review: Review, message: ReplyToReview, now: int) -> list[Event] | Refusal:
    if message.store_id != review.store_id:
        return Refusal("review_unknown", 404)
    if refused := _unwritten(review):
        return refused
    if len(message.text) > MAX_REPLY or not message.text.strip():
        return Refusal("review_invalid", 422, {"fields": ["text"]})
    replied = ReviewReplied(store_id=review.store_id, at=now)
    return [replied.keeping(msgspec.structs.replace(review.text, reply=message.text))]


def _hide(review: Review, message: HideReview, now: int) -> list[Event] | Refusal:
    if review.status == HIDDEN:
        return []
    if refused := _unwritten(review):
        return refused
    if not message.by or not 0 < len(message.reason) <= MAX_REASON:
        return Refusal("review_invalid", 422, {"fields": ["reason"]})
    hidden = ReviewHidden(product_id=review.product_id, by=message.by, at=now, dropped_images=owned(review.text.images))
    return [hidden.keeping(msgspec.structs.replace(review.text, images=(), reason=message.reason))]


def evolve(state: State, event: REVIEW_EVENTS) -> Mapping[str, Review]:
    """The review after ``event``."""
    if isinstance(event, ReviewAllowed):
        return {"review": Review(event.subject, event.kind, event.buyer, event.store_id, event.product_id)}
    return {"review": _changed(state["review"], event)}


def _changed(review: Review, event: REVIEW_EVENTS) -> Review:
    replace = msgspec.structs.replace
    match event:
        case ReviewWritten():
            return replace(review, status=WRITTEN, rating=event.rating, written_at=event.at, text=event.kept)
        case ReviewEdited():
            return replace(review, rating=event.rating, text=event.kept)
        case ReviewDeleted():
            # Nothing that its author said stays; why an admin had hidden it does.
            return replace(review, status=GONE, rating=0, text=ReviewPrivate(reason=review.text.reason))
        case ReviewReplied():
            return replace(review, text=event.kept)
        case ReviewHidden():
            return replace(review, status=HIDDEN, text=event.kept)
        case ReviewAllowed():
            return review


def route(key: str, state: State, event: REVIEW_EVENTS) -> Iterable[Send]:
    """The product hears what the review gives it now; pictures that it shows are kept, those that it shows no more erased."""
    match event:
        case ReviewWritten() | ReviewEdited():
            yield Send("catalog", event.product_id, RateProduct(review_id=key, rating=event.rating))
        case ReviewDeleted() | ReviewHidden():
            yield Send("catalog", event.product_id, RateProduct(review_id=key, rating=0))
    if isinstance(event, ReviewEdited | ReviewDeleted | ReviewHidden):
        for image in event.dropped_images:
            yield Send("catalog", image, EraseImage(owner=state["review"].buyer, holder=key))
    if isinstance(event, ReviewWritten | ReviewEdited):
        yield from keep(event.new_images, key)


def private(state: State, event: REVIEW_EVENTS) -> ReviewPrivate | None:
    """The review's texts, when they have changed."""
    if isinstance(event, ReviewAllowed):
        return None
    text: ReviewPrivate = state["review"].text
    return text
