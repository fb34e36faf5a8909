"""An image's life, decided: announced, looked at, shown or refused; every end deletes what was uploaded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, EffectUnknown, Message, Refusal, Reminder
from models.catalog.image_messages import (
    EraseImage,
    FinishImage,
    ImageCallPutOff,
    ImageCallStarted,
    ImageEncoded,
    ImageErased,
    ImageExpired,
    ImageForgotten,
    ImageKept,
    ImageLetGo,
    ImageReady,
    ImageRejected,
    ImageRequested,
    ImageUnclaimed,
    ImageUnfit,
    KeepImage,
    OriginalDeleted,
    OriginalGone,
    OriginalMissing,
    RequestImage,
    UploadMissing,
)
from models.catalog.images import HOLDERS, MAX_SIZE
from models.catalog.messages import SaveProduct
from tests.unit.history import Actor
from tests.unit.shop import NOW

ID, DIGEST = "00000000-0000-5000-8000-0000000000aa", "ab" * 16
ASK = RequestImage(owner="buyer-1", purpose="review", content_type="image/png", size=1234)
FINISH = FinishImage(owner="buyer-1")
KEEP, LET_GO = KeepImage(holder="review-1"), EraseImage(owner="buyer-1", holder="review-1")
with_ = msgspec.structs.replace


def started(call: str, attempt: int, now: int = NOW) -> ImageCallStarted:
    return ImageCallStarted(call=call, attempt=attempt, until=now + (65 if call == "encode" else 20) * SECOND)


def image(*messages: Message) -> Actor:
    """The image after ``messages``, all at ``NOW``."""
    actor = Actor(CATALOG, ID, NOW)
    for message in messages:
        actor.take(message)
    return actor


ENCODING = (ASK, FINISH)
READY = (*ENCODING, ImageEncoded(attempt=1, digest=DIGEST, width=2000, height=1500))
DONE = (*READY, OriginalGone(attempt=2))


def test_an_upload_is_announced() -> None:
    actor = image()
    assert actor.take(ASK) == [ImageRequested(owner="buyer-1", purpose="review", content_type="image/png", size=1234, at=NOW)]
    assert (actor.state.status, CATALOG.pending(actor.state), actor.wake()) == ("requested", None, NOW + HOUR)
    assert CATALOG.answer(ID, actor.states, None) == {"image_id": ID, "status": "requested"}
    assert actor.refuses(ASK) == ("image_exists", 409)


@pytest.mark.spec("product W31", "auth 18")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"content_type": "image/svg+xml"}, ["content_type"]),
        ({"content_type": "text/html", "size": 0}, ["content_type", "size"]),
        ({"content_type": "application/pdf"}, ["content_type"]),
        ({"purpose": "licence", "content_type": "image/gif"}, ["content_type"]),
        ({"size": MAX_SIZE + 1, "owner": ""}, ["owner", "size"]),
        ({"purpose": "../documents"}, ["purpose"]),
    ],
)
def test_what_may_not_be_uploaded(changes: dict[str, Any], fields: list[str]) -> None:
    assert image().decide(with_(ASK, **changes)) == Refusal("image_invalid", 422, {"fields": fields})


@pytest.mark.parametrize("changes", [{"size": MAX_SIZE}, {"purpose": "licence", "content_type": "application/pdf"}])
def test_what_may_be(changes: dict[str, Any]) -> None:
    assert len(image().take(with_(ASK, **changes))) == 1


def test_a_finished_upload_is_looked_at_and_its_original_deleted() -> None:
    actor = image(ASK)
    assert actor.take(FINISH) == [started("encode", 1)]
    assert CATALOG.pending(actor.state) == Effect("encode", 1, NOW + 65 * SECOND)
    assert (actor.wake(), CATALOG.answer(ID, actor.states, None)) == (0, {"image_id": ID, "status": "encoding"})
    ready = ImageReady(digest=DIGEST, width=2000, height=1500, at=NOW)
    assert actor.take(ImageEncoded(attempt=1, digest=DIGEST, width=2000, height=1500)) == [ready, started("discard", 2)]
    assert ready.answers() == (FINISH.awaits(),) == ("encoded",)
    urls = {width: f"/images/{ID}/{DIGEST}-{width}.webp" for width in ("320", "640", "1280")}
    said = {"image_id": ID, "status": "ready", "width": 2000, "height": 1500, "urls": urls}
    assert CATALOG.answer(ID, actor.states, ready) == said
    assert CATALOG.pending(actor.state) == Effect("discard", 2, NOW + 20 * SECOND)
    assert actor.take(OriginalGone(attempt=2)) == [OriginalDeleted(at=NOW)]
    assert (CATALOG.pending(actor.state), actor.wake(), actor.take(FINISH)) == (None, NOW + DAY, [])
    assert CATALOG.answer(ID, actor.states, None) == said


def test_what_something_shows_stays() -> None:
    actor = image(*DONE)
    assert actor.take(KEEP) == [ImageKept(holder="review-1")]
    assert (actor.state.status, actor.wake()) == ("ready", 0)
    assert actor.take(KEEP) == []
    actor.now = NOW + 2 * DAY
    assert actor.take(Reminder(due=NOW + DAY)) == []


@pytest.mark.parametrize("word", [LET_GO, EraseImage(owner="", holder="review-1")])
def test_what_two_show_goes_with_the_last_of_them(word: EraseImage) -> None:
    actor = image(*DONE, KEEP)
    assert actor.take(KeepImage(holder="review-2")) == [ImageKept(holder="review-2")]
    assert actor.take(word) == [ImageLetGo(holder="review-1")]
    assert actor.take(word) == []
    assert (actor.state.status, actor.state.holders, CATALOG.pending(actor.state)) == ("ready", ("review-2",), None)
    assert actor.take(EraseImage(owner="", holder="review-2")) == [ImageErased(), started("discard", 3)]
    assert actor.take(KEEP) == []


def test_what_its_owner_takes_away_goes_whoever_shows_it() -> None:
    assert image(*DONE, KEEP, KeepImage(holder="review-2")).take(EraseImage(owner="buyer-1"))[0] == ImageErased()


@pytest.mark.parametrize(
    "word", [EraseImage(owner=""), EraseImage(owner="", holder="review-9"), EraseImage(owner="ann", holder="")]
)
def test_a_stranger_takes_nothing_away(word: EraseImage) -> None:
    assert image(*DONE, KEEP).take(word) == []


def test_what_very_many_show_is_never_taken_away_by_one_of_them() -> None:
    actor = image(*DONE, *(KeepImage(holder=f"review-{number}") for number in range(HOLDERS + 3)))
    assert actor.state.holders == (*(f"review-{number}" for number in range(HOLDERS)), "")
    for number in range(HOLDERS + 3):
        actor.take(EraseImage(owner="buyer-1", holder=f"review-{number}"))
    assert (actor.state.status, actor.state.holders) == ("ready", ("",))


def test_what_nobody_shows_within_a_day_may_not_be_used_and_is_deleted_an_hour_later() -> None:
    actor = image(*DONE)
    actor.now = NOW + DAY - 1
    assert actor.take(Reminder(due=NOW + DAY)) == []
    actor.now = NOW + DAY
    assert actor.take(Reminder(due=NOW + DAY)) == [ImageUnclaimed()]
    assert (actor.state.status, actor.state.digest, actor.wake()) == ("unclaimed", DIGEST, NOW + DAY + HOUR)
    assert actor.refuses(FINISH) == ("image_expired", 409)
    assert actor.take(Reminder(due=NOW + DAY)) == []
    actor.now = NOW + DAY + HOUR
    assert actor.take(Reminder(due=actor.wake())) == [ImageExpired(), started("discard", 3, actor.now)]
    assert actor.take(KEEP) == []
    actor.take(OriginalGone(attempt=3))
    assert (actor.state.status, CATALOG.pending(actor.state), actor.wake()) == ("expired", None, actor.now + 7 * DAY)


def test_what_was_under_way_when_the_day_ended_still_keeps_it() -> None:
    actor = image(*DONE)
    actor.now = NOW + DAY
    actor.take(Reminder(due=NOW + DAY))
    actor.now += HOUR - 1
    assert actor.take(KEEP) == [ImageKept(holder="review-1")]
    assert (actor.state.status, actor.wake()) == ("ready", 0)


def test_an_image_that_was_ready_before_this_was_asked_for_stays() -> None:
    actor = image(*ENCODING)
    actor.states |= CATALOG.evolve(actor.states, ImageReady(digest=DIGEST, width=4, height=3))
    assert (actor.state.status, actor.wake()) == ("ready", 0)
    assert actor.take(LET_GO) == [ImageErased(), started("discard", 2)]


@pytest.mark.parametrize("messages", [(), (ASK,), ENCODING, (*DONE, EraseImage(owner="buyer-1"))])
def test_what_is_not_there_is_not_kept(messages: tuple[Message, ...]) -> None:
    assert image(*messages).take(KEEP) == []


def test_a_licence_has_no_address() -> None:
    actor = image(with_(ASK, purpose="licence"), FINISH, ImageEncoded(attempt=1, digest=DIGEST))
    assert CATALOG.answer(ID, actor.states, None) == {"image_id": ID, "status": "ready"}


@pytest.mark.spec("product W31")
def test_what_is_no_image_is_refused_and_deleted() -> None:
    actor = image(*ENCODING)
    rejected = ImageRejected(code="image_unreadable")
    assert actor.take(ImageUnfit(attempt=1, code="image_unreadable")) == [rejected, started("discard", 2)]
    assert CATALOG.answer(ID, actor.states, rejected) == Refusal("image_unreadable", 422)
    assert rejected.answers() == ("encoded",)
    actor.take(OriginalGone(attempt=2))
    assert actor.refuses(FINISH) == ("image_unreadable", 422)


def test_finished_before_anything_was_uploaded_it_may_be_finished_again() -> None:
    actor = image(*ENCODING)
    (missing,) = actor.take(OriginalMissing(attempt=1))
    assert missing == UploadMissing()
    assert missing.answers() == ("encoded",)
    assert CATALOG.answer(ID, actor.states, missing) == Refusal("image_not_uploaded", 409)
    assert (actor.state.status, actor.wake()) == ("requested", NOW + HOUR)
    assert actor.take(FINISH) == [started("encode", 2)]


def test_an_upload_that_nobody_finishes_ends_after_an_hour() -> None:
    actor = image(ASK)
    actor.now = NOW + HOUR - 1
    assert actor.take(Reminder(due=actor.wake())) == []
    actor.now = NOW + HOUR
    assert actor.take(Reminder(due=actor.wake())) == [ImageExpired(), started("discard", 1, actor.now)]
    assert actor.refuses(FINISH) == ("image_expired", 409)
    assert actor.take(Reminder(due=NOW + HOUR)) == []
    actor.take(OriginalGone(attempt=1))
    assert (actor.state.status, CATALOG.pending(actor.state), actor.wake()) == ("expired", None, actor.now + 7 * DAY)


def test_a_call_without_outcome_is_made_again_later_each_time() -> None:
    actor, pauses = image(*ENCODING), []
    for attempt in range(1, 21):
        (put_off,) = actor.take(EffectUnknown(effect="encode", attempt=attempt, error="away"))
        assert put_off == ImageCallPutOff(call="encode", attempt=attempt, again_at=put_off.again_at)
        pauses.append((put_off.again_at - actor.now) // SECOND)
        assert (CATALOG.pending(actor.state), actor.state.status) == (None, "encoding")
        actor.now = actor.wake()
        assert actor.take(Reminder(due=actor.now)) == [started("encode", attempt + 1, actor.now)]
    assert pauses == [1, 2, 4, 8, 16, 32, *[60] * 14]
    given_up = actor.take(EffectUnknown(effect="encode", attempt=21, error="away"))
    assert given_up == [ImageRejected(code="image_not_stored"), started("discard", 22, actor.now)]


def test_a_deletion_is_never_given_up() -> None:
    actor = image(*READY)
    for attempt in range(2, 40):
        actor.take(EffectUnknown(effect="discard", attempt=attempt))
        actor.now = actor.wake()
        actor.take(Reminder(due=actor.now))
    assert (actor.state.status, actor.state.call.name, actor.state.tries) == ("ready", "discard", 38)
    actor.take(EffectUnknown(effect="discard", attempt=40))
    assert actor.wake() - actor.now == 60 * MINUTE


@pytest.mark.parametrize(
    "late",
    [
        ImageEncoded(attempt=2, digest="x"), ImageUnfit(attempt=2, code="x"), OriginalMissing(attempt=3), OriginalGone(attempt=1),
        EffectUnknown(effect="discard", attempt=1), EffectUnknown(effect="encode", attempt=9), Reminder(due=NOW),
    ],
    ids=lambda message: type(message).__name__,
)  # fmt: skip
def test_what_nobody_waits_for_changes_nothing(late: Message) -> None:
    actor = image(*ENCODING)
    before = actor.state
    assert actor.take(late) == []
    assert actor.state == before


@pytest.mark.spec("product W31")
@pytest.mark.parametrize("history", [(ASK,), ENCODING, DONE])
def test_a_stranger_s_image_does_not_exist(history: tuple[Message, ...]) -> None:
    actor = image(*history)
    assert actor.refuses(FinishImage(owner="buyer-2")) == ("image_unknown", 404)
    assert actor.take(EraseImage(owner="buyer-2")) == []


def test_nothing_of_an_erased_image_stays() -> None:
    actor = image(*DONE)
    assert actor.take(EraseImage(owner="buyer-1")) == [ImageErased(), started("discard", 3)]
    assert CATALOG.answer(ID, actor.states, None) == {"image_id": ID, "status": "erased"}
    assert actor.take(EraseImage(owner="buyer-1")) == []
    actor.take(OriginalGone(attempt=3))
    assert (CATALOG.pending(actor.state), actor.wake(), actor.refuses(FINISH)) == (None, NOW + 7 * DAY, ("image_expired", 409))


def test_pictures_that_come_after_the_erasure_are_deleted_again() -> None:
    actor = image(*ENCODING, EraseImage(owner="buyer-1"), OriginalGone(attempt=2))
    assert actor.take(ImageEncoded(attempt=1, digest=DIGEST)) == [started("discard", 3)]
    assert actor.state.status == "erased"


EXPIRED = (ASK, Reminder(due=NOW + HOUR), OriginalGone(attempt=1))
REJECTED = (*ENCODING, ImageUnfit(attempt=1, code="image_unreadable"), OriginalGone(attempt=2))
ERASED = (*DONE, EraseImage(owner="buyer-1"), OriginalGone(attempt=3))


def past(history: tuple[Message, ...]) -> Actor:
    """An image that came to its end at ``NOW + HOUR``."""
    actor = Actor(CATALOG, ID, NOW)
    for message in history:
        actor.now = NOW if message is ASK else NOW + HOUR
        actor.take(message)
    return actor


@pytest.mark.parametrize("history", [EXPIRED, REJECTED, ERASED], ids=["expired", "rejected", "erased"])
def test_a_week_after_its_end_nothing_is_known_of_an_image(history: tuple[Message, ...]) -> None:
    actor = past(history)
    actor.now = actor.wake() - 1
    assert actor.now == NOW + HOUR + 7 * DAY - 1
    assert actor.take(Reminder(due=actor.wake())) == []
    actor.now += 1
    assert actor.take(Reminder(due=actor.wake())) == [ImageForgotten()]
    assert actor.states == {"": None}
    # What comes later finds nobody, and makes nobody.
    for late in (KEEP, LET_GO, EraseImage(owner="buyer-1"), ImageEncoded(attempt=1, digest=DIGEST), Reminder(due=1)):
        assert actor.take(late) == []
    assert actor.refuses(FINISH) == ("image_unknown", 404)
    # The very command that announced it, again after a week, is taken at its word.
    assert actor.take(ASK)[0].at == actor.now
    assert (actor.state.status, actor.state.attempt, actor.wake()) == ("requested", 0, actor.now + HOUR)


@pytest.mark.parametrize("history", [EXPIRED, REJECTED], ids=["expired", "rejected"])
def test_what_is_erased_after_its_end_is_known_for_a_week_more(history: tuple[Message, ...]) -> None:
    actor = past(history)
    attempt = actor.state.attempt + 1
    actor.now += DAY
    assert actor.take(EraseImage(owner="buyer-1")) == [ImageErased(), started("discard", attempt, actor.now)]
    assert actor.wake() == 0
    actor.take(EffectUnknown(effect="discard", attempt=attempt))
    assert actor.wake() == actor.now + SECOND
    actor.now = actor.wake()
    actor.take(Reminder(due=actor.now))
    actor.take(OriginalGone(attempt=attempt + 1))
    assert actor.wake() == actor.now + 7 * DAY


def test_what_comes_out_after_the_erasure_is_deleted_before_the_image_is_forgotten() -> None:
    actor = past((*ENCODING, EraseImage(owner="buyer-1"), OriginalGone(attempt=2)))
    actor.now += 6 * DAY
    actor.take(ImageEncoded(attempt=1, digest=DIGEST))
    actor.now += 7 * DAY
    assert (actor.wake(), actor.take(Reminder(due=actor.now))) == (0, [])
    actor.take(OriginalGone(attempt=3))
    assert actor.wake() == actor.now + 7 * DAY


def test_what_is_shown_is_never_forgotten() -> None:
    """Its original was deleted when it was ready; that is no end."""
    actor = image(*READY)
    actor.take(KEEP)
    actor.take(OriginalGone(attempt=2))
    assert (actor.state.status, actor.wake()) == ("ready", 0)


def test_an_image_that_ended_before_this_was_so_stays_known() -> None:
    actor = past((ASK, Reminder(due=NOW + HOUR)))
    actor.states |= CATALOG.evolve(actor.states, OriginalDeleted())
    assert (actor.state.status, actor.wake()) == ("expired", 0)


def test_an_image_is_no_product_and_a_product_no_image() -> None:
    product = SaveProduct(store_id="s", name="n", price=1, flowers={"1": 1})
    picture, sold = image(*DONE), image(product)
    assert picture.refuses(product) == ("other_kind", 404)
    for message in (ASK, FINISH, EraseImage(owner="buyer-1"), ImageEncoded(attempt=1, digest=DIGEST)):
        assert sold.refuses(message) == ("other_kind", 404)
    assert sold.take(Reminder(due=1)) == []
    assert (CATALOG.pending(sold.state), CATALOG.wake(sold.state)) == (None, 0)
    assert image().refuses(FINISH) == ("image_unknown", 404)
    assert image().take(OriginalGone(attempt=1)) == []
