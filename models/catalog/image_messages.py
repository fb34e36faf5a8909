"""Contract of uploaded images (key = image id, in the catalog domain). Ids, codes, sizes and digests: nothing here is personal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models.actor import Command, Event, Message, Send

ENCODED = "encoded"
"""The wish of whoever finishes an upload: to hear what the picture turned out to be."""


class RequestImage(Command, frozen=True):
    """Announce an upload of ``size`` bytes of ``content_type``. ``owner``: the account, or the registration of a seller to be;
    ``purpose``: product, store, review, profile, or licence (a document that only admins see)."""

    owner: str
    purpose: str
    content_type: str
    size: int


class FinishImage(Command, frozen=True):
    """The bytes are there: look at them. Answered when that is done."""

    owner: str

    def awaits(self) -> str:
        return ENCODED


class KeepImage(Message, frozen=True):
    """``holder`` (its key) shows it, or is proved by it: it does not expire any more."""

    holder: str = ""


class EraseImage(Message, frozen=True):
    """Its owner is gone: nothing of it may stay; or ``holder`` shows it no more: nothing may stay if nothing else shows it.

    Obeyed when it comes from the image's owner or from one of its holders; ``owner`` "": he is not known where it is sent.
    """

    owner: str
    holder: str = ""


# -- outcomes of effects, to the own inbox --------------------------------------------------------------------------------


class ImageEncoded(Message, frozen=True):
    """The upload is what it says, and its pictures (or the document) lie in their bucket. ``digest``: hex, of what lies there."""

    attempt: int
    digest: str
    width: int = 0
    height: int = 0


class ImageUnfit(Message, frozen=True):
    """The upload is not what it says; ``code`` says why."""

    attempt: int
    code: str


class OriginalMissing(Message, frozen=True):
    """Nothing has been uploaded yet."""

    attempt: int


class OriginalGone(Message, frozen=True):
    """What was uploaded is deleted."""

    attempt: int


# -- events ---------------------------------------------------------------------------------------------------------------


class ImageRequested(Event, frozen=True):
    """``at``: ms; the upload must be finished within an hour."""

    owner: str
    purpose: str
    content_type: str
    size: int
    at: int


class ImageCallStarted(Event, frozen=True):
    """``call``: encode or discard; nobody can be at it after ``until`` (ms)."""

    call: str
    attempt: int
    until: int


class ImageCallPutOff(Event, frozen=True):
    """What came of the call is not known: again at ``again_at`` (ms)."""

    call: str
    attempt: int
    again_at: int


class UploadMissing(Event, frozen=True):
    """Finished before anything was uploaded."""

    def answers(self) -> tuple[str, ...]:
        return (ENCODED,)


class ImageReady(Event, frozen=True):
    """May be shown, by names that ``digest`` is part of. ``width``, ``height``: pixels of the upright original, 0 of a document.

    ``at``: ms; it must be put to use within a day. 0: it need not, since it was said before that was asked for.
    """

    digest: str
    width: int
    height: int
    at: int = 0

    def answers(self) -> tuple[str, ...]:
        return (ENCODED,)


class ImageRejected(Event, frozen=True):
    """Is not what was announced."""

    code: str

    def answers(self) -> tuple[str, ...]:
        return (ENCODED,)


class ImageKept(Event, frozen=True):
    """``holder`` shows it."""

    holder: str = ""


class ImageLetGo(Event, frozen=True):
    """``holder`` shows it no more, but others do."""

    holder: str


class ImageUnclaimed(Event, frozen=True):
    """Was not put to use within a day, and may not be any more. What is under way by then may still keep it."""


class ImageExpired(Event, frozen=True):
    """Was not finished, or not put to use, in time."""


class ImageErased(Event, frozen=True):
    """Is shown no more."""


class OriginalDeleted(Event, frozen=True):
    """Nothing is left of what was uploaded but what was made of it.

    ``at``: ms; of an image that came to its end nothing is known a week later. 0: it was said before that was so.
    """

    at: int = 0


class ImageForgotten(Event, frozen=True):
    """It came to its end a week ago: nobody knows of it any more."""


def owned(images: Iterable[str]) -> tuple[str, ...]:
    """Those of ``images`` that are ids: older data has addresses, whose pictures are not ours."""
    return tuple(one for one in images if one and "/" not in one)


def keep(images: Iterable[str], holder: str) -> Iterator[Send]:
    """Tells the images with these ids that ``holder`` shows them."""
    for image in images:
        yield Send("catalog", image, KeepImage(holder=holder))


IMAGE_INBOX = RequestImage | FinishImage | KeepImage | EraseImage | ImageEncoded | ImageUnfit | OriginalMissing | OriginalGone
IMAGE_EVENTS = (
    ImageRequested
    | ImageCallStarted
    | ImageCallPutOff
    | UploadMissing
    | ImageReady
    | ImageRejected
    | ImageKept
    | ImageLetGo
    | ImageUnclaimed
    | ImageExpired
    | ImageErased
    | OriginalDeleted
    | ImageForgotten
)
