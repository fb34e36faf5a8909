"""Telephone numbers as people write them, in Korea or with a country code."""

from __future__ import annotations

import phonenumbers

LONGEST = 32
"""Characters that are looked at."""


def e164(text: str) -> str:
    """``"02-123-4567"`` -> ``"+8221234567"``; ``""``: no number that anybody could have."""
    try:
        number = phonenumbers.parse(text[:LONGEST], "KR")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or number.extension:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
