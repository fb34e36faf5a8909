"""People who have not signed in, as far as they have a cart: a cookie of 256 random bits, signed with the web's secret.

The cart's row key is a digest of the bits, so that whoever reads the public events cannot make the cookie. A guest may use the
routes of ``Who.SHOPPER`` and read what became of the own commands, and nothing else. Whoever signs in takes the cart along.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from http.cookies import SimpleCookie

import structlog
from aiohttp import web

from models.actor import DAY, SECOND, id_of
from models.carts.decide import GUEST_FOR
from models.carts.messages import MergeCart
from topics.client import Unavailable
from web import prefer
from web.auth import GUEST, Caller
from web.call import Call
from web.commands import shown
from web.idempotency import sign, signed

log = structlog.get_logger("web")

COOKIE = "bb_guest"
DAYS = GUEST_FOR // DAY
WAIT, GIVE_UP = 3.0, 5.0
"""Seconds that a sign-in waits for its cart at most, and after which it goes on without one that the broker has not taken."""


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


async def bring_cart(call: Call, response: web.Response, buyer: str, session: str) -> None:
    """After a buyer's sign-in: what the guest's cart held comes into the buyer's, and ``response`` takes the cookie away.

    ``buyer``: the account; ``session``: the one that was opened, of which the command's id is made: a callback that comes again
    merges once. Nothing of this fails a sign-in: with a cart that is away the cookie stays, and ``POST /cart/merge`` still can.
    """
    guest = caller_of(call.shared.secret, call.request)
    if guest is None:
        return
    wait = min(prefer.seconds(call.request.headers.get("Prefer", "")), WAIT)
    deadline = asyncio.get_running_loop().time() + wait
    message, command = MergeCart(guest=guest.account), id_of("merge", session, guest.account)
    try:
        async with asyncio.timeout(GIVE_UP):
            answer = await call.shared.client.ask("carts", buyer, message, id=command, wait=wait, traceparent=call.traceparent)
    except (Unavailable, TimeoutError) as error:
        log.warning("cart_left_behind", error=type(error).__name__, trace=call.traceparent[3:35])
        return
    if answer is not None and answer.status >= 400:
        return
    set_cookie(response, "", 0, secure=call.shared.settings.production)
    if answer is not None:
        await shown(call, "carts", buyer, answer.seq, "", deadline)


def set_cookie(response: web.Response, value: str, seconds: int, *, secure: bool) -> None:
    """Lay the cookie on ``response``; ``seconds`` 0: the browser forgets it. Another site's page cannot send it with a write."""
    cookie = SimpleCookie({COOKIE: value})[COOKIE]
    cookie.update({"path": "/api/v1", "max-age": str(seconds), "samesite": "Lax"})
    cookie["httponly"] = True
    if secure:
        cookie["secure"] = True
    response.headers.add("Set-Cookie", cookie.OutputString())
