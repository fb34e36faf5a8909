"""How a waiting HTTP request hears of what it waits for: Redis pub/sub, best effort, never needed for correctness (design §5)."""

from __future__ import annotations

from typing import Any

import msgspec

PROJECTED = "bb:projected"
"""Channel on which projectors say what they have stored: one ``Projected`` a batch."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a command. ``status`` 200 with ``body``, or the status of a refusal with ``code`` and details in ``body``.

    ``key``/``seq``: the aggregate and the number of its last event then: a read model that has folded ``seq`` shows it.
    ``status`` 0: still undecided (answer to ``Inquire``); 404: the row does not know the command.
    """

    command: str
    domain: str
    key: str
    seq: int
    status: int = 200
    code: str = ""
    body: dict[str, Any] = {}


class Projected(msgspec.Struct, frozen=True):
    """Read model ``model`` has stored all events of each aggregate up to its ``seq``."""

    model: str
    seen: dict[str, int]


encode = msgspec.json.Encoder().encode
decode_answers = msgspec.json.Decoder(list[Answer]).decode
decode_projected = msgspec.json.Decoder(Projected).decode


def channel(process: str) -> str:
    """The channel of one web process; ``process`` is unique to its life."""
    return f"bb:answers:{process}"
