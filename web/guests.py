"""People who have not signed in, as far as they have a cart: a cookie of 256 random bits, signed with the web's secret.

The cart's row key is a digest of the bits, so that whoever reads the public events cannot make the cookie. A guest may use the
routes of ``Who.SHOPPER`` and read what became of the own commands, and nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
from http.cookies import SimpleCookie

from aiohttp import web

from models.actor import DAY, SECOND
from models.carts.decide import GUEST_FOR
from web.auth import GUEST, Caller
from web.call import Call
from web.idempotency import sign, signed

COOKIE = "bb_guest"
DAYS = GUEST_FOR // DAY


def caller_of(secret: bytes, request: web.BaseRequest) -> Caller | None:
    """The guest whose cookie came with the request; ``None``: there is none, or it is none of ours."""
    value = request.cookies.get(COOKIE, "")
    bits, _, signature = value.partition(".")
    if not bits or not signed(secret, signature, "guest", bits):
        return None
    return Caller(_key(bits), GUEST)


def _key(bits: str) -> str:
    return f"guest-{hashlib.sha256(bits.encode()).hexdigest()[:32]}"


class Shopper:
    """Whose cart a request is about: the buyer's, the guest's, or that of a guest who begins with it.

    The call speaks for that account from here on. ``keep`` lays the guest's cookie on an answer, for another 30 days.
    """

    def __init__(self, call: Call) -> None:
        """Raises ``Problem`` 429: too many guests have begun at this address."""
        self._call, self._cookie = call, ""
        if call.signed_in is None:
            call.count_guest()
            bits = secrets.token_urlsafe(32)
            call.speak_for(Caller(_key(bits), GUEST))
            self._cookie = f"{bits}.{sign(call.shared.secret, 'guest', bits)}"
        elif self.is_guest:
            self._cookie = call.request.cookies[COOKIE]

    @property
    def owner(self) -> str:
        """The cart's row key."""
        return self._call.caller.account

    @property
    def is_guest(self) -> bool:
        """True if nobody is signed in."""
        return self._call.caller.role == GUEST

    def keep(self, response: web.Response) -> web.Response:
        """``response``, with the cookie if this is a guest."""
        if self._cookie:
            set_cookie(response, self._cookie, DAYS * DAY // SECOND, secure=self._call.shared.settings.production)
        return response


def set_cookie(response: web.Response, value: str, seconds: int, *, secure: bool) -> None:
    """Lay the cookie on ``response``; ``seconds`` 0: the browser forgets it. Another site's page cannot send it with a write."""
    cookie = SimpleCookie({COOKIE: value})[COOKIE]
    cookie.update({"path": "/api/v1", "max-age": str(seconds), "samesite": "Lax"})
    cookie["httponly"] = True
    if secure:
        cookie["secure"] = True
    response.headers.add("Set-Cookie", cookie.OutputString())
