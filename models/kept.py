"""Facts with a side that only the row may keep: persons, addresses, texts, tokens, URLs (design §4, §5).

``bb.<domain>.events`` is public and holds no personal data and no free text, yet ``evolve`` folds nothing but events. So
``decide`` lays what the row needs beside the event's fields: ``evolve``, ``route`` and ``private`` read it, no encoder writes it.
"""

from __future__ import annotations

from typing import Any, Self

import msgspec

from models.actor import Event


class Tombstone(msgspec.Struct, frozen=True):
    """Answer of a domain's ``private``: erase what the private topic holds of this aggregate."""


ERASE = Tombstone()


class Keeping(Event, frozen=True, dict=True):
    """An event that carries something for the row alone. An event read back from the log has lost it."""

    @property
    def kept(self) -> Any:
        """What ``keeping`` laid beside the fields. Raises ``KeyError`` for an event that comes from the log."""
        return self.__dict__["kept"]

    def keeping(self, kept: Any) -> Self:
        """This very event, with ``kept`` beside its fields; equality, ``repr`` and encoders do not see it."""
        self.__dict__["kept"] = kept
        return self
