"""Contract of the stores domain: stores (key = store id), questions (key = question id), notices (key = notice id),
and what a buyer has asked (parts of the buyer's account id, ``models/traces.py``).

Which kind a message is about follows from its class; one that finds another kind under its key is refused.
"""

from __future__ import annotations

import msgspec

from models.actor import Command, Event, Message
from models.kept import Keeping
from models.stores.hours import Hours
from models.traces import TRACE_EVENTS, TRACE_INBOX

MINUTES_PER_DAY = 480
"""Making minutes of a day in a store that has not said otherwise: one florist, eight hours."""


class StoreProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a store says of itself; ``None``: not said, so it stays as it is.

    ``thumbnail``: an image id; ``phone``: E.164; ``bank``: a code of ``banks.BANKS``; ``sido``, ``gugun``: codes, only together, as
    ``lat`` and ``lon`` (degrees). Fees in KRW. ``hours``: day (``hours.DAYS``) -> hours, closed where it is missing.
    ``slot_capacity``: pickups that a half hour takes, 0: none; ``minutes_per_day``: making minutes that orders, pickups and
    subscriptions of a day share; ``cut_off``: ``HH:MM`` KST, an order after it is made the next day; ``threshold``: stems.
    """

    name: str | None = None
    detail: str | None = None
    thumbnail: str | None = None
    phone: str | None = None
    bank: str | None = None
    account_number: str | None = None
    sido: str | None = None
    gugun: str | None = None
    address: str | None = None
    address_detail: str | None = None
    zipcode: str | None = None
    lat: float | None = None
    lon: float | None = None
    delivery_fee: int | None = None
    free_from: int | None = None
    hours: dict[str, Hours] | None = None
    slot_capacity: int | None = None
    cut_off: str | None = None
    minutes_per_day: int | None = None
    threshold: int | None = None


# -- stores: commands -----------------------------------------------------------------------------------------------------------


class RegisterStore(Command, frozen=True):
    """The one store of a permitted seller. Refused: ``store_exists``, ``store_invalid`` (every field at fault or missing)."""

    owner: str
    profile: StoreProfile


class ChangeStore(Command, frozen=True):
    """Change what ``profile`` say, and nothing else. Refused: ``store_unknown``, ``not_your_store``, ``store_invalid``."""

    by: str
    profile: StoreProfile


class SaveStore(Command, frozen=True):
    """Create or replace a store's policy, by an admin or a demo; ``profile`` for what else it has. Refused as the others are.

    ``by``: the admin's account, if it is an admin who saves.
    """

    owner: str
    name: str
    delivery_fee: int
    free_from: int
    cut_off: str = "18:00"
    threshold: int = 50
    profile: StoreProfile = StoreProfile()
    by: str = ""


class SuspendStore(Command, frozen=True):
    """The store takes no orders and is not shown; what is ordered is made. Refused: ``store_unknown``, ``store_suspended``."""

    by: str
    reason: str


class RestoreStore(Command, frozen=True):
    """Refused: ``store_unknown``, ``store_not_suspended``."""

    by: str


class SuspendOwner(Message, frozen=True):
    """The seller's account is suspended by admin ``by``: nobody sees to the store, so it is closed until he is back."""

    must_succeed = True

    by: str


class RestoreOwner(Message, frozen=True):
    """The seller is back. A suspension of the store itself stays as it is."""

    must_succeed = True

    by: str


# -- stores: events -------------------------------------------------------------------------------------------------------------


class StoreSaved(Keeping, frozen=True):
    """The store as it is now, whoever changed what. ``registered_at``: ms. ``gugun`` "": no address yet, no ``lat``, no ``lon``.

    ``by``: the admin who saved it, "": its seller or a demo. ``new_images``: ids of images that it shows and did not show before;
    ``dropped_images``: of those that it shows no more.
    """

    owner: str
    delivery_fee: int
    free_from: int
    cut_off: str
    threshold: int
    sido: str = ""
    gugun: str = ""
    lat: float = 0.0
    lon: float = 0.0
    hours: dict[str, Hours] = {}
    slot_capacity: int = 0
    minutes_per_day: int = MINUTES_PER_DAY
    registered_at: int = 0
    by: str = ""
    new_images: tuple[str, ...] = ()
    dropped_images: tuple[str, ...] = ()


class StoreSuspended(Keeping, frozen=True):
    """It is closed from now on, if it was not already. ``by``: the admin's account. Why stands in the private record.

    ``of_owner``: because its seller is suspended; false: the store itself is. ``act``: the number of the suspension, from 1, under
    which its reason stands in ``StorePrivate.notes``; 0: it gave none.
    """

    by: str
    at: int = 0
    of_owner: bool = False
    act: int = 0


class StoreRestored(Keeping, frozen=True):
    """It is open again. ``of_owner``: its seller was the last to be restored."""

    by: str
    at: int = 0
    of_owner: bool = False


class SuspensionLifted(Keeping, frozen=True):
    """One of two suspensions is over and the store stays closed by the other. ``of_owner``: its seller is back."""

    by: str
    at: int = 0
    of_owner: bool = False


class StorePrivate(msgspec.Struct, frozen=True, kw_only=True):
    """Texts, names and numbers of a store (``bb.stores.private``). ``reason``: why it is suspended, "" while it is not; ``notes``:
    why it ever was, by the number of the act, the newest 20.

    ``bank`` and ``account_number`` are for its seller and for admins only.
    """

    name: str
    detail: str = ""
    thumbnail: str = ""
    phone: str = ""
    bank: str = ""
    account_number: str = ""
    address: str = ""
    address_detail: str = ""
    zipcode: str = ""
    reason: str = ""
    notes: dict[str, str] = {}


# -- questions ------------------------------------------------------------------------------------------------------------------


class AskQuestion(Command, frozen=True):
    """About a product of the store. ``secret``: only asker, seller and admins read it and its answer."""

    buyer: str
    store_id: str
    product_id: str
    title: str
    content: str
    secret: bool = False


class EditQuestion(Command, frozen=True):
    """By its asker, until it is answered; ``None``: stays. Refused: ``question_unknown``, ``question_answered``."""

    buyer: str
    title: str | None = None
    content: str | None = None
    secret: bool | None = None


class DeleteQuestion(Command, frozen=True):
    """By its asker at any time, with its answer. Refused: ``question_unknown``."""

    buyer: str


class ForgetAsker(Message, frozen=True):
    """``buyer``, who asked, has left: their question goes with its answer."""

    must_succeed = True

    buyer: str


class AnswerQuestion(Command, frozen=True):
    """By the store's seller, once. Refused: ``question_unknown``, ``question_answered``."""

    store_id: str
    content: str


class EditAnswer(Command, frozen=True):
    """Refused: ``question_unknown``, ``question_not_answered``."""

    store_id: str
    content: str


class MarkQuestionRead(Command, frozen=True):
    """The seller has read it; said twice, nothing happens. Refused: ``question_unknown``."""

    store_id: str


class QuestionAsked(Keeping, frozen=True):
    """``buyer``: the asker's account; ``at``: ms, as everywhere here."""

    buyer: str
    store_id: str
    product_id: str
    secret: bool
    at: int


class QuestionEdited(Keeping, frozen=True):
    secret: bool
    at: int


class QuestionAnswered(Keeping, frozen=True):
    at: int


class AnswerEdited(Keeping, frozen=True):
    at: int


class QuestionRead(Event, frozen=True):
    at: int


class QuestionDeleted(Event, frozen=True):
    """By its asker, or because they have left. ``buyer``: the asker's account."""

    at: int
    buyer: str = ""


class QuestionPrivate(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and answered (``bb.stores.private``); erased with the question."""

    title: str
    content: str
    answer: str = ""


# -- notices --------------------------------------------------------------------------------------------------------------------


class PostNotice(Command, frozen=True):
    """A store's short announcement to its visitors (공지)."""

    store_id: str
    title: str
    content: str


class EditNotice(Command, frozen=True):
    """``None``: stays. Refused: ``notice_unknown``."""

    store_id: str
    title: str | None = None
    content: str | None = None


class DeleteNotice(Command, frozen=True):
    """Refused: ``notice_unknown``."""

    store_id: str


class NoticePosted(Keeping, frozen=True):
    store_id: str
    at: int


class NoticeEdited(Keeping, frozen=True):
    at: int


class NoticeDeleted(Event, frozen=True):
    at: int


class NoticePrivate(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice says (``bb.stores.private``); erased with it."""

    title: str
    content: str


STORE_INBOX = RegisterStore | ChangeStore | SaveStore | SuspendStore | RestoreStore | SuspendOwner | RestoreOwner
STORE_EVENTS = StoreSaved | StoreSuspended | StoreRestored | SuspensionLifted
QUESTION_INBOX = AskQuestion | EditQuestion | DeleteQuestion | ForgetAsker | AnswerQuestion | EditAnswer | MarkQuestionRead
QUESTION_EVENTS = QuestionAsked | QuestionEdited | QuestionAnswered | AnswerEdited | QuestionRead | QuestionDeleted
NOTICE_INBOX = PostNotice | EditNotice | DeleteNotice
NOTICE_EVENTS = NoticePosted | NoticeEdited | NoticeDeleted
STORES_INBOX = STORE_INBOX | QUESTION_INBOX | NOTICE_INBOX | TRACE_INBOX
STORES_EVENTS = STORE_EVENTS | QUESTION_EVENTS | NOTICE_EVENTS | TRACE_EVENTS
STORES_PRIVATE = StorePrivate | QuestionPrivate | NoticePrivate
