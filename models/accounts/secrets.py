"""What web and worker must derive alike: row keys, one-time codes, and what is kept of secrets. Pure; keys are arguments."""

from __future__ import annotations

import hashlib
import hmac

CODE_DIGITS = 6


def row_key(secret: str, kind: str, natural: str) -> str:
    """32 hex digits: the key of a row. ``kind``: kakao, google, naver, seller, admin, business; ``natural``: the id there.

    An e-mail or a name is taken in lower case by the caller, so that one person has one row (spec auth 27).
    """
    return _keyed(secret, f"{kind}:{natural}")[:32]


def row_of(account: str) -> str:
    """The row key in an account id (``<row key>-<generation>``)."""
    return account.rpartition("-")[0]


def digits(secret: str, row: str, salt: str) -> str:
    """The six digits that ``salt`` stands for in a row; nobody without ``secret`` can tell them."""
    return f"{int(_keyed(secret, f'code:{row}:{salt}')[:16], 16) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def check(secret: str, row: str, purpose: str, code: str) -> str:
    """The keyed hash by which digits are compared: without ``secret`` a million guesses tell nothing."""
    return _keyed(secret, f"check:{row}:{purpose}:{code}")


def hashed(secret: str) -> str:
    """What is kept of a refresh secret or ticket (SHA-256, hex); they are 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
