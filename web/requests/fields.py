"""What the fields of several bodies have in common: their types with their rules (front end §9).

Amounts are KRW, days KST dates ``YYYY-MM-DD``.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from models.orders.checkout import MAX_URL
from web.validation import Body

KRW_MOST = 1_000_000_000
"""No amount of ours comes near it; it keeps every sum inside 64 bits."""
END = r"$(?!\n)"
"""The end of the text: a bare ``$`` also matches before a last line break, in Python and in msgspec."""
ID_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}" + END

Id = Annotated[str, Meta(pattern=ID_PATTERN, max_length=64, extra={"code": "id"})]
Amount = Annotated[int, Meta(ge=0, le=KRW_MOST)]
Price = Annotated[int, Meta(ge=1, le=KRW_MOST)]
# Not only blanks, none around them; as long as a profile's, where the original stopped at six characters (front end D-32).
PersonName = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^\S(.*\S)?" + END, extra={"code": "blank"})]
# As people write one, in Korea or with a country code: whether there is such a number ``phones.e164`` says.
Phone = Annotated[str, Meta(pattern=r"^\+?[0-9]([ -]?[0-9]){7,14}" + END, max_length=32, extra={"code": "phone"})]
# Parts joined by single -, _ or . as the forms want it, and +, which many use to sort their mail.
Email = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z]+([-_.+][0-9A-Za-z]+)*@[0-9A-Za-z]+(-+[0-9A-Za-z]+)*(\.[0-9A-Za-z]+(-+[0-9A-Za-z]+)*)+" + END,
        max_length=254,
        extra={"code": "email"},
    ),
]
Zipcode = Annotated[str, Meta(pattern=r"^[0-9]{5}" + END, max_length=16, extra={"code": "zipcode"})]
Text100 = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?" + END, extra={"code": "blank"})]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]" + END, max_length=5, extra={"code": "time"})]
Picture = Annotated[str, Meta(min_length=1, max_length=MAX_URL, pattern=r"\S", extra={"code": "blank"})]
"""An image's id, or the path by which it is shown, of any width; an address of old data only where it stands already."""


class NoBody(Body, frozen=True):
    """A route that needs no words; an empty body or ``{}``."""
