"""Bodies about stores, questions to them and their notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from models.stores import regions
from models.stores.banks import BANKS
from models.stores.hours import MIDNIGHT, Hours
from models.stores.messages import StoreProfile
from models.stores.near import LAT, LON
from models.stores.notices import MAX_CONTENT as MAX_NOTICE
from models.stores.questions import MAX_ANSWER, MAX_CONTENT, MAX_TITLE
from models.stores.store import MAX_ADDRESS, MAX_AMOUNT, MAX_DETAIL, MAX_MINUTES, MAX_NAME, MAX_PLACES, MAX_REASON
from web.requests.fields import END, Clock, Picture, Zipcode
from web.requests.phones import LONGEST, e164
from web.validation import Body, FieldError

SOMETHING, BLANK = r"\S", {"code": "blank"}
NAME = r"^\S(.*\S)?" + END

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=NAME, extra=BLANK)]
Detail = Annotated[str, Meta(min_length=1, max_length=MAX_DETAIL, pattern=SOMETHING, extra=BLANK)]
Telephone = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Bank = Annotated[str, Meta(pattern=f"^({'|'.join(BANKS)}){END}", max_length=3, extra={"code": "bank"})]
AccountNumber = Annotated[str, Meta(pattern=r"^[0-9][0-9-]{6,28}[0-9]" + END, max_length=30, extra={"code": "account_number"})]
Address = Annotated[str, Meta(min_length=1, max_length=MAX_ADDRESS, pattern=NAME, extra=BLANK)]
Lat = Annotated[float, Meta(ge=LAT[0], le=LAT[1])]
Lon = Annotated[float, Meta(ge=LON[0], le=LON[1])]
Fee = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
HalfHour = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):(00|30)" + END, max_length=5, extra={"code": "half_hour"})]
Closing = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):(00|30)|24:00)" + END, max_length=5, extra={"code": "half_hour"})]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE, pattern=NAME, extra=BLANK)]
Content = Annotated[str, Meta(min_length=1, max_length=MAX_CONTENT, pattern=SOMETHING, extra=BLANK)]
NoticeContent = Annotated[str, Meta(min_length=1, max_length=MAX_NOTICE, pattern=SOMETHING, extra=BLANK)]


class DayHours(Body, frozen=True):
    """From ``opens`` until ``closes``, both on a half hour; ``24:00``: the end of the day."""

    opens: HalfHour
    closes: Closing = MIDNIGHT

    def conflicts(self) -> Iterator[FieldError]:
        if self.closes <= self.opens:
            yield FieldError("/closes", "not_before", "opens")


class StoreChange(Body, frozen=True):
    """Only what is given changes. Fees in KRW, degrees, times in KST.

    ``sido`` and ``gugun`` come together: codes, or what a postcode service calls them ("경기", "수원시 영통구"); so do ``lat`` and
    ``lon``. ``bank``: a code of ``GET /banks``. ``hours`` replaces the whole week: days that are missing are closed.
    ``slot_capacity``: pickups of a half hour. ``minutes_per_day``: making minutes that all orders of a day share. ``cut_off``: an
    order after it is made the next day. ``threshold``: low stock, in stems.
    """

    name: Name | None = None
    detail: Detail | None = None
    thumbnail: Picture | None = None
    phone: Telephone | None = None
    bank: Bank | None = None
    account_number: AccountNumber | None = None
    sido: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    gugun: Annotated[str, Meta(max_length=30)] | None = None
    address: Address | None = None
    address_detail: Annotated[str, Meta(max_length=MAX_ADDRESS)] | None = None
    zipcode: Zipcode | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    delivery_fee: Fee | None = None
    free_from: Fee | None = None
    hours: dict[Day, DayHours] | None = None
    slot_capacity: Annotated[int, Meta(ge=0, le=MAX_PLACES)] | None = None
    cut_off: Clock | None = None
    minutes_per_day: Annotated[int, Meta(ge=0, le=MAX_MINUTES)] | None = None
    threshold: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None

    def conflicts(self) -> Iterator[FieldError]:
        for one, other in (("sido", "gugun"), ("lat", "lon")):
            given, missing = getattr(self, one) is not None, getattr(self, other) is None
            if given == missing:
                yield FieldError(f"/{other if given else one}", "required")
        if self.sido is not None and self.gugun is not None:
            try:
                regions.resolve(self.sido, self.gugun)
            except LookupError as unknown:
                yield FieldError(f"/{unknown}", "region")
        if self.phone is not None and not e164(self.phone):
            yield FieldError("/phone", "telephone")

    def profile(self) -> StoreProfile:
        """As the store's actor takes it: with codes, and the telephone number in E.164."""
        said = {name: value for name in StoreProfile.__struct_fields__ if (value := getattr(self, name)) is not None}
        if self.sido is not None and self.gugun is not None:
            said["sido"], said["gugun"] = regions.resolve(self.sido, self.gugun)
        if self.phone is not None:
            said["phone"] = e164(self.phone)
        if self.hours is not None:
            said["hours"] = {day: Hours(opens=one.opens, closes=one.closes) for day, one in self.hours.items()}
        return StoreProfile(**said)


class StoreRegistration(StoreChange, frozen=True, kw_only=True):
    """A new store: everything but ``address_detail``, ``hours`` and what has a usual value."""

    name: Name
    detail: Detail
    thumbnail: Picture
    phone: Telephone
    bank: Bank
    account_number: AccountNumber
    sido: Annotated[str, Meta(min_length=1, max_length=20)]
    gugun: Annotated[str, Meta(max_length=30)]
    address: Address
    zipcode: Zipcode
    lat: Lat
    lon: Lon
    delivery_fee: Fee
    free_from: Fee


class StoreSave(StoreChange, frozen=True, kw_only=True):
    """Replace a store's policy; what else is given changes.

    ``owner``: the account that runs it, named by an admin, who may create a store like this too.
    """

    name: Name
    delivery_fee: Fee
    free_from: Fee
    cut_off: Clock = "18:00"
    threshold: Annotated[int, Meta(ge=0, le=1_000_000)] = 50
    owner: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Reason(Body, frozen=True):
    """Why; the seller reads it too."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON, pattern=SOMETHING, extra=BLANK)]


class QuestionRequest(Body, frozen=True):
    """``secret``: only asker and seller read it and its answer."""

    title: Title
    content: Content
    secret: bool = False


class QuestionChange(Body, frozen=True):
    """Only what is given changes."""

    title: Title | None = None
    content: Content | None = None
    secret: bool | None = None


class AnswerRequest(Body, frozen=True):
    """What the store says to a question."""

    content: Annotated[str, Meta(min_length=1, max_length=MAX_ANSWER, pattern=SOMETHING, extra=BLANK)]


class NoticeRequest(Body, frozen=True):
    """An announcement on the store's page."""

    title: Title
    content: NoticeContent


class NoticeChange(Body, frozen=True):
    """Only what is given changes."""

    title: Title | None = None
    content: NoticeContent | None = None
