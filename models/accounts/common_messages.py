"""What the messages of accounts have in common: who somebody is, and commands that are remembered apart."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.actor import Command

Kind = Literal["buyer", "seller", "admin"]
Provider = Literal["kakao", "google", "naver", "password"]
Purpose = Literal["phone", "email", "registration", "known", "password"]
"""What a code of six digits is for. ``known``: somebody registers with the e-mail of a seller, who is told so instead."""
EndCause = Literal["signed_out", "ended", "reuse", "expired", "too_many"]
"""Why one session ended: its own sign-out, ended by its account elsewhere, a stolen secret, time, the oldest of too many."""
AllEndCause = Literal["withdrawn", "denied", "suspended", "password"]


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who somebody is, as far as it is known; ``""``: not known. ``phone`` in E.164; ``picture``: image id or URL."""

    name: str = ""
    email: str = ""
    phone: str = ""
    picture: str = ""


class Once(Command, frozen=True):
    """A command that strangers or several persons may send to one row. ``once``: unique to it; its answer is remembered in a row
    of that name, which goes after a day, so that nobody can fill the account's own row (64 commands a day)."""

    once: str

    def remembered_in(self) -> str:
        return f"once/{self.once}"
