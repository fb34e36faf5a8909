"""The read model of images: what its fold makes of events, pure."""

from __future__ import annotations

import pytest

from models.actor import Event
from models.catalog.image_messages import (
    ImageCallPutOff,
    ImageCallStarted,
    ImageErased,
    ImageExpired,
    ImageForgotten,
    ImageKept,
    ImageReady,
    ImageRejected,
    ImageRequested,
    ImageUnclaimed,
    OriginalDeleted,
    UploadMissing,
)
from models.catalog.messages import ProductSaved
from models.read import images, products
from models.read.facts import Fact

REQUESTED = ImageRequested(owner="o", purpose="review", content_type="image/png", size=5, at=7)
ENCODING = ImageCallStarted(call="encode", attempt=1, until=9)
PRODUCT = ProductSaved(store_id="s", price=1, flowers={}, status="SALE", tax_free=False, category="")


def facts(*events: Event) -> list[Fact]:
    return [Fact("catalog", "i", seq, seq, 0, f"e{seq}", event) for seq, event in enumerate(events, 1)]


@pytest.mark.parametrize(
    ("events", "moved", "seen"),
    [
        ((REQUESTED,), [], []),
        ((REQUESTED, ENCODING), [("i", "encoding", "", 0, 0, "", 2)], []),
        ((REQUESTED, ENCODING, UploadMissing()), [("i", "requested", "", 0, 0, "", 3)], []),
        (
            (REQUESTED, ENCODING, ImageReady(digest="d", width=4, height=3), ImageCallStarted(call="discard", attempt=2, until=9)),
            [("i", "ready", "d", 4, 3, "", 3)],
            [("i", 4)],
        ),
        ((REQUESTED, ENCODING, ImageRejected(code="c"), OriginalDeleted()), [("i", "rejected", "", 0, 0, "c", 3)], [("i", 4)]),
        (
            (ImageCallStarted(call="discard", attempt=1, until=9), ImageCallPutOff(call="discard", attempt=1, again_at=9)),
            [],
            [("i", 2)],
        ),
        ((REQUESTED, ImageExpired()), [("i", "expired", "", 0, 0, "", 2)], []),
        ((ImageReady(digest="d", width=4, height=3), ImageErased()), [("i", "erased", "", 0, 0, "", 2)], []),
    ],
)
def test_where_an_image_stands(events: tuple[Event, ...], moved: list[tuple[object, ...]], seen: list[tuple[object, ...]]) -> None:
    """Its row has the number of its last event, whatever it was: a client may wait for it."""
    forgotten, requests, moves, stands, others = images.project(facts(*events))
    assert forgotten.rows == []
    new = [("i", "o", "review", "image/png", 5, 7, "requested", 1)] if events[0] is REQUESTED else []
    assert (requests.rows, moves.rows, stands.rows, others.rows) == (new, moved, [], seen)


READY = ImageReady(digest="d", width=4, height=3, at=8)


@pytest.mark.parametrize(
    ("events", "moved", "stands"),
    [
        ((READY, ImageKept()), [("i", "ready", "d", 4, 3, "", 1)], [("i", "ready", 2)]),
        ((ImageKept(),), [], [("i", "ready", 1)]),
        ((ImageUnclaimed(),), [], [("i", "unclaimed", 1)]),
        ((ImageUnclaimed(), ImageKept()), [], [("i", "ready", 2)]),
        ((ImageUnclaimed(), ImageExpired()), [("i", "expired", "", 0, 0, "", 2)], []),
        ((ImageKept(), ImageErased()), [("i", "erased", "", 0, 0, "", 2)], []),
    ],
)
def test_an_image_that_is_put_to_use_or_is_not_keeps_its_pictures(
    events: tuple[Event, ...], moved: list[tuple[object, ...]], stands: list[tuple[object, ...]]
) -> None:
    assert [write.rows for write in images.project(facts(*events))] == [[], [], moved, stands, []]


@pytest.mark.parametrize(
    ("events", "rows"),
    [
        ((ImageForgotten(),), [[("i",)], [], [], [], []]),
        (
            (REQUESTED, ENCODING, READY, ImageKept(), ImageErased(), OriginalDeleted(at=9), ImageForgotten()),
            [[("i",)], [], [], [], []],
        ),
        (
            (ImageUnclaimed(), ImageForgotten(), REQUESTED),
            [[("i",)], [("i", "o", "review", "image/png", 5, 7, "requested", 3)], [], [], []],
        ),
    ],
)
def test_of_an_image_that_is_forgotten_no_row_is_left(events: tuple[Event, ...], rows: list[list[tuple[object, ...]]]) -> None:
    """Unless it begins anew."""
    assert [write.rows for write in images.project(facts(*events))] == rows


def test_products_and_images_do_not_see_each_other() -> None:
    assert [write.rows for write in images.project(facts(PRODUCT))] == [[], [], [], [], []]
    assert products.project(facts(REQUESTED, ENCODING, ImageReady(digest="d", width=4, height=3)), {}) == {}
