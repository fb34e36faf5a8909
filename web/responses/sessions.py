"""What is answered about sessions."""

from __future__ import annotations

import msgspec


class SignedIn(msgspec.Struct):
    """A sign-in, or its refresh. ``expires_in``: seconds that the access token lives; ``until``: ms since the epoch, when the
    session ends unless it is used. The refresh secret is in a cookie that no script reads."""

    access_token: str
    token_type: str
    expires_in: int
    account_id: str
    role: str
    stores: list[str]
    session_id: str
    until: int


class SessionEnded(msgspec.Struct):
    session_id: str
