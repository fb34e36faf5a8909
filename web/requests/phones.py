"""Telephone numbers as people write them, in Korea or with a country code."""

from __future__ import annotations

import re

import phonenumbers

LONGEST = 32
"""Characters that are looked at."""
_MOBILE = re.compile(r"(?:0|\+82[ -]?)10[ -]?([0-9]{4})[ -]?([0-9]{4})")
"""A Korean mobile number. The library is slow to say so of most, and denies those from 010-597 to 010-599."""


def e164(text: str) -> str:
    """``"02-123-4567"`` -> ``"+8221234567"``; ``""``: no number that anybody could have."""
    if found := _MOBILE.fullmatch(text):
        return f"+8210{found[1]}{found[2]}"
    try:
        number = phonenumbers.parse(text[:LONGEST], "KR")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or number.extension:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
