"""Signing in, going on, signing out. Buyers come by way of an identity provider; its code is exchanged here only (auth 1, 23)."""

from __future__ import annotations

import time
import uuid
from urllib.parse import urlencode

import pyotp
from aiohttp import web

from models.accounts.session_messages import EndSession, OpenSession, RefreshSession, SignIn
from models.actor import id_of
from web import cookies, guests
from web.call import Call
from web.devices import device
from web.oauth.flow import Flow
from web.oauth.port import Away, Denied, Identity, IdentityProvider
from web.people import row_of
from web.problems import Problem
from web.requests.accounts import AdminSignIn, PasswordSignIn
from web.requests.fields import NoBody
from web.signing_in import answered, begin, go_on, told
from web.validation import Parser

_seller, _admin, _nothing = Parser(PasswordSignIn), Parser(AdminSignIn), Parser(NoBody)
STEP = 30
"""Seconds that a code of the second factor lasts; the one before and the one after count too."""


def _provider(call: Call) -> IdentityProvider:
    found = call.shared.people.providers.get(call.params["provider"])
    if found is None:
        raise Problem(404, "provider_unknown")
    return found


def _flow(call: Call, provider: IdentityProvider) -> Flow:
    return Flow(provider.name, call.shared.secret, secure=call.shared.cookies.secure)


def _redirect(call: Call, provider: IdentityProvider) -> str:
    return f"{call.shared.public_url}/api/v1/auth/{provider.name}/callback"


async def start(call: Call) -> web.Response:
    """``GET /auth/{provider}/start``: to the page of kakao, google or naver."""
    provider = _provider(call)
    response = web.Response(status=303, headers=call.headers())
    state, challenge = _flow(call, provider).begin(response)
    response.headers["Location"] = provider.page(state, challenge, _redirect(call, provider))
    return response


async def callback(call: Call) -> web.Response:
    """``GET /auth/{provider}/callback``: back from the provider, with a session, and the guest's cart, or a reason why not."""
    provider = _provider(call)
    flow, page = _flow(call, provider), call.shared.settings.sign_in_url
    try:
        said, refresh = await _arrived(call, provider, flow)
        response = web.Response(status=303, headers={**call.headers(), "Location": page}) if page else call.answer(said)
        call.shared.cookies.give(response, refresh)
        await guests.bring_cart(call, response, refresh.account, refresh.session)
    except Problem as problem:
        if not page:
            problem.headers = {**problem.headers, "Set-Cookie": flow.none}
            raise
        query = urlencode({"error": problem.code})
        response = web.Response(status=303, headers={**call.headers(), "Location": f"{page}?{query}"})
    flow.end(response)
    return response


async def _arrived(call: Call, provider: IdentityProvider, flow: Flow) -> tuple[dict[str, object], cookies.Refresh]:
    state, code = call.query("state"), call.query("code", 1000)
    verifier = flow.verifier(call.request, state)
    if not verifier:
        raise Problem(400, "oauth_state")
    if not code:
        raise Problem(401, "oauth_denied")
    try:
        who = await provider.identity(code, verifier, state, _redirect(call, provider))
    except Denied:
        raise Problem(401, "oauth_denied") from None
    except Away:
        raise Problem(503, "oauth_away", headers={"Retry-After": "1"}) from None
    return await _sign_in(call, provider, who, id_of("sign-in", provider.name, state))


async def _sign_in(
    call: Call, provider: IdentityProvider, who: Identity, command: str
) -> tuple[dict[str, object], cookies.Refresh]:
    row, secret = call.shared.people.row(provider.name, who.subject), cookies.fresh()
    message = SignIn(
        once=command,
        row=row,
        provider=provider.name,
        subject=who.subject,
        person=who.person,
        session=str(uuid.uuid4()),
        secret_hash=cookies.hash_of(secret),
        device=_device(call),
    )
    return await begin(call, row, message, command, secret)


def _device(call: Call) -> str:
    return device(call.request.headers.get("User-Agent", ""))


async def seller(call: Call) -> web.Response:
    """``POST /auth/seller``: e-mail and password. Unknown and wrong are answered alike, and as slowly (auth 26)."""
    wish = await call.parsed(_seller)
    row = call.shared.people.row("seller", wish.email)
    await call.throttle(row)
    credential = await _verified(call, row, "seller", wish.password)
    return await _open(call, row, credential, 0)


async def admin(call: Call) -> web.Response:
    """``POST /auth/admin``: name, password and a code of the second factor, which counts once."""
    wish = await call.parsed(_admin)
    row = call.shared.people.row("admin", wish.name)
    await call.throttle(row)
    known = await call.shared.reads.account_of_row(row)
    credential = await _verified(call, row, "admin", wish.password)
    step = _step(call, row, str(known["totp"]) if known is not None else "", wish.code)
    if not step:
        raise Problem(401, "sign_in_failed")
    return await _open(call, row, credential, step)


async def _verified(call: Call, row: str, kind: str, password: str) -> int:
    """The version of the password that fits. Raises ``Problem`` 401 as late for an unknown account as for a wrong password."""
    known = await call.shared.reads.account_of_row(row)
    of_kind = known is not None and known["kind"] == kind
    fits = await call.shared.people.passwords.fits(str(known["password_hash"]) if of_kind and known else "", password)
    if known is None or not fits:
        raise Problem(401, "sign_in_failed")
    return int(known["credential"])


def _step(call: Call, row: str, totp: str, code: str) -> int:
    """The 30 s period of which ``code`` is, one before or after now included; 0: of none."""
    if not totp:
        return 0
    factor = pyotp.TOTP(call.shared.people.vault.open(totp, row))
    now = int(time.time())
    found = [now // STEP + by for by in (0, -1, 1) if factor.verify(code, for_time=now + by * STEP)]
    return found[0] if found else 0


async def _open(call: Call, row: str, credential: int, step: int) -> web.Response:
    command, secret = str(uuid.uuid4()), cookies.fresh()
    message = OpenSession(
        once=command,
        session=str(uuid.uuid4()),
        secret_hash=cookies.hash_of(secret),
        credential=credential,
        device=_device(call),
        step=step,
    )
    begun = await begin(call, row, message, command, secret)
    await call.shared.limiter.remember(row, call.address)
    return answered(call, *begun)


async def refresh(call: Call) -> web.Response:
    """``POST /auth/refresh``: a new token and the next secret, for the one in the cookie. One that comes twice ends the session.

    The next secret is made of the presented one, so two tabs, or one whose answer was lost, get the same within 90 seconds.
    """
    await call.parsed(_nothing)
    held = call.shared.cookies.read(call.request)
    if held is None:
        raise Problem(401, "session_ended", headers={"Set-Cookie": call.shared.cookies.none})
    await call.throttle(held.row)
    command, following = str(uuid.uuid4()), cookies.following(call.shared.secret, held)
    message = RefreshSession(once=command, session=held.session, presented=held.hash, next=cookies.hash_of(following))
    try:
        return answered(call, *await go_on(call, held.row, message, command, following))
    except Problem as problem:
        if problem.status != 401:
            raise
        # The browser need not ask with it again.
        raise Problem(401, problem.code, headers={"Set-Cookie": call.shared.cookies.none}) from None


async def sign_out(call: Call) -> web.Response:
    """``POST /auth/sign-out``: end this browser's session; without one nothing happens."""
    await call.parsed(_nothing)
    held = call.shared.cookies.read(call.request)
    if held is not None and row_of(held.account):
        command = id_of("sign-out", held.account, held.session, held.hash)
        message = EndSession(once=command, account=held.account, session=held.session, presented=held.hash)
        await told(call, held.row, message, command, ("sessions", "ended"))
    response = call.answer({"done": True})
    call.shared.cookies.take_away(response)
    return response
