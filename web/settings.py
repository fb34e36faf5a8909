"""What only the web takes from its environment; everything else is in ``models/settings.py``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from models import settings as common
from models.actor import MINUTE

SHORTEST = 32
"""Characters of the web's secret."""
FILES = ("token_key", "web_secret")


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``BB_*`` variables by the names of the fields. Durations are in seconds, ``payment_window`` in milliseconds.

    ``token_key``: file of the Ed25519 key that signs tokens; the public keys that are taken lie beside it in the folder ``…s``
    (``web/keys.py``). ``web_secret``: file of the secret behind callbacks' nonces and commands' addresses, one for all processes.
    ``shop_url``: where a buyer is sent after paying, ``{order_id}`` in it is replaced; "" = the order's own address.
    ``sign_in_url``: where a buyer is sent after signing in, with ``?error=<code>`` if that failed; "" = the answer is JSON.
    ``terms_age``: how old a coupon in a command may be, and a price of whose changes nothing can be heard (``web/terms.py``).
    ``slow``: a request that takes longer is logged. ``request_timeout``: what an answer may take in all, longer than ``Prefer``
    allows.

    ``access_seconds``: life of a sign-in's token, at most 600. ``deaf_after``: see ``web/ended.py``.
    ``limits``: changes to ``web/limits.py``, as ``read.account=100/60,*.address=5000/60``; ``limit_shares``: processes among which
    those that are counted in each are divided. ``cors``: origins of front ends on other hosts, by commas. ``proxies``: addresses of
    our own proxies, whose ``X-Forwarded-For`` counts.
    """

    token_key: Path
    web_secret: Path
    shop_url: str = ""
    sign_in_url: str = ""
    payment_window: int = 15 * MINUTE
    sse_streams: int = 5
    sse_heartbeat: float = 15.0
    terms_age: float = 5.0
    broker_timeout: float = 5.0
    body_timeout: float = 10.0
    slow: float = 3.0
    drain: float = 0.5
    request_timeout: float = 30.0
    access_seconds: Annotated[int, Meta(ge=1, le=600)] = 600
    deaf_after: float = 30.0
    limits: str = ""
    limit_shares: Annotated[int, Meta(ge=1)] = 1
    cors: str = ""
    proxies: str = common.LOOPBACK
    env: str = ""

    @property
    def production(self) -> bool:
        """True where tokens come from sign-in only."""
        return self.env == "production"

    def unfit(self) -> list[str]:
        """What keeps these settings from being used in production (``models.settings.check_production``)."""
        files = {"BB_TOKEN_KEY": self.token_key, "BB_WEB_SECRET": self.web_secret}
        found = [f"{name} names no file" for name, file in files.items() if not file.is_file()]
        if "BB_WEB_SECRET names no file" not in found and len(self.web_secret.read_bytes().strip()) < SHORTEST:
            found.append(f"BB_WEB_SECRET is shorter than {SHORTEST} characters")
        if bad := [origin for origin in filter(None, self.cors.split(",")) if not origin.startswith("https://")]:
            found.append(f"BB_CORS is not https: {', '.join(bad)}")
        return found


def read(environ: Mapping[str, str] = os.environ) -> WebSettings:
    """The settings. Raises ``msgspec.ValidationError``, naming the field, if a value is not of its type."""
    shared = common.read(environ)
    secrets = Path(".local") / shared.stack / "secrets"
    values: dict[str, object] = {"token_key": secrets / "token-key", "web_secret": secrets / "web-secret"}
    values["limit_shares"] = shared.web_processes
    for name in WebSettings.__struct_fields__:
        given = environ.get(f"BB_{name.upper()}")
        if given:
            values[name] = Path(given) if name in FILES else given
    return msgspec.convert(values, WebSettings, strict=False)
