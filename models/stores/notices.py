"""A store's notices (공지): short announcements on its page, written by its seller alone. Pure."""

from __future__ import annotations

import msgspec

from models.actor import Event, Refusal
from models.kept import ERASE
from models.stores.messages import (
    NOTICE_EVENTS,
    NOTICE_INBOX,
    DeleteNotice,
    EditNotice,
    NoticeDeleted,
    NoticeEdited,
    NoticePosted,
    NoticePrivate,
    PostNotice,
)

MAX_TITLE, MAX_CONTENT = 50, 1_000
"""Characters."""


class Notice(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A notice and its texts."""

    store_id: str
    text: NoticePrivate


def decide(notice: Notice | None, message: NOTICE_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about. To another store than its own a notice is unknown."""
    if isinstance(message, PostNotice):
        if notice is not None:
            return Refusal("notice_exists")
        text = NoticePrivate(title=message.title, content=message.content)
        return _refused(text) or [NoticePosted(store_id=message.store_id, at=now).keeping(text)]
    if notice is None or notice.store_id != message.store_id:
        return Refusal("notice_unknown", 404)
    match message:
        case EditNotice():
            said = {name: value for name in ("title", "content") if (value := getattr(message, name)) is not None}
            text = msgspec.structs.replace(notice.text, **said)
            if text == notice.text:
                return []
            return _refused(text) or [NoticeEdited(at=now).keeping(text)]
        case DeleteNotice():
            return [NoticeDeleted(at=now)]


def _refused(text: NoticePrivate) -> Refusal | None:
    sound = {"title": 0 < len(text.title) <= MAX_TITLE, "content": 0 < len(text.content) <= MAX_CONTENT}
    wrong = [name for name, right in sound.items() if not right]
    return Refusal("notice_invalid", 422, {"fields": wrong}) if wrong else None


def evolve(notice: Notice | None, event: NOTICE_EVENTS) -> Notice | None:
    """The notice after ``event``; deleted, it is gone."""
    match event:
        case NoticePosted(store_id=store_id, kept=text):
            return Notice(store_id, text)
        case NoticeEdited(kept=text):
            assert notice is not None
            return msgspec.structs.replace(notice, text=text)
        case NoticeDeleted():
            return None


def private(notice: Notice | None) -> msgspec.Struct:
    """What it says for ``bb.stores.private``; of a deleted one nothing is left."""
    return ERASE if notice is None else notice.text
