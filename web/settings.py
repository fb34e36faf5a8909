"""What only the web takes from its environment; everything else is in ``models/settings.py``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from models import settings as common
from models.actor import MINUTE


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``BB_*`` variables by the names of the fields. Durations are in seconds, ``payment_window`` in milliseconds.

    ``token_key``: file of the Ed25519 key that signs tokens; its public half lies beside it as ``….pub`` and is all that the web
    reads. ``web_secret``: file of the secret behind callbacks' nonces and commands' addresses, one for all processes.
    ``shop_url``: where a buyer is sent after paying, ``{order_id}`` in it is replaced; "" = the order's own address.
    ``terms_age``: how old a price in a command may be. ``slow``: a request that takes longer is logged.
    """

    token_key: Path
    web_secret: Path
    shop_url: str = ""
    payment_window: int = 15 * MINUTE
    sse_streams: int = 5
    sse_heartbeat: float = 15.0
    terms_age: float = 5.0
    broker_timeout: float = 5.0
    body_timeout: float = 10.0
    slow: float = 3.0
    drain: float = 0.5
    env: str = ""

    @property
    def production(self) -> bool:
        """True where tokens come from sign-in only."""
        return self.env == "production"


def read(environ: Mapping[str, str] = os.environ) -> WebSettings:
    """The settings. Raises ``msgspec.ValidationError``, naming the field, if a value is not of its type."""
    secrets = Path(".local") / common.read(environ).stack / "secrets"
    values: dict[str, object] = {"token_key": secrets / "token-key", "web_secret": secrets / "web-secret"}
    for name in WebSettings.__struct_fields__:
        given = environ.get(f"BB_{name.upper()}")
        if given:
            values[name] = Path(given) if name in values else given
    return msgspec.convert(values, WebSettings, strict=False)
