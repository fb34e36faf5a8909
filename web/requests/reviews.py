"""Bodies about reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from models.catalog.reviews import MAX_IMAGES, MAX_RATING, MAX_REPLY, MAX_TEXT
from web.requests.fields import Id, Picture
from web.validation import Body, FieldError

Rating = Annotated[int, Meta(ge=1, le=MAX_RATING)]
"""Half stars: 1 to 10 for 0.5 to 5 stars."""
Words = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=r"\S", extra={"code": "blank"})]
Images = Annotated[tuple[Picture, ...], Meta(max_length=MAX_IMAGES)]


class ReviewText(Body, frozen=True, kw_only=True):
    """What a review says. ``rating``: half stars, 1 to 10; ``images``: ids, or paths as they are shown. Those that it has stay if
    they are left out; an empty list takes them away.
    """

    rating: Rating
    text: Words
    images: Images | None = None

    def conflicts(self) -> Iterable[FieldError]:
        images = self.images or ()
        for index, image in enumerate(images):
            if image in images[:index]:
                yield FieldError(f"/images/{index}", "duplicate")


class ReviewForm(ReviewText, frozen=True, kw_only=True):
    """A new review. ``subject``: the order line, or the subscription, that gives the right to it."""

    subject: Id
    images: Images = ()


class ReplyForm(Body, frozen=True):
    """The store's answer to a review."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_REPLY, pattern=r"\S", extra={"code": "blank"})]
