"""A session's life on the running stack: opened, refreshed by its cookie, stolen, signed out; its token counts until just then."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.local.stack import Stack
from models.accounts.common_messages import Person as Who
from models.accounts.secrets import hashed, row_key
from models.accounts.session_messages import SignIn
from models.settings import read
from tests.chaos.public import Answer, Public
from tests.e2e.shop import eventually
from topics.client import Client
from web.cookies import Cookies, Refresh, following, fresh
from web.keys import Signer


class Browser(NamedTuple):
    """Somebody who has signed in. ``token``: of the session, without asking for a refresh first."""

    public: Public
    held: Refresh
    token: str
    cookies: Cookies

    async def ask(self, method: str, path: str, token: str = "", **headers: str) -> Answer:
        """A request with the access token."""
        said = {"Authorization": f"Bearer {token or self.token}", "Idempotency-Key": str(uuid.uuid4()), **headers}
        return await sent(self.public, method, path, said)

    async def by_cookie(self, path: str, held: Refresh | None = None, **headers: str) -> Answer:
        """A request as a page of our own site sends it."""
        cookie = f"{self.cookies.name}={self.cookies.text(held or self.held)}"
        said = {"Cookie": cookie, "Origin": self.public.url, "X-CSRF": "1", "Idempotency-Key": str(uuid.uuid4())}
        return await sent(self.public, "POST", path, {**said, **{name.replace("_", "-"): one for name, one in headers.items()}})


async def sent(public: Public, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    async with public.session.request(method, f"{public.url}/api/v1{path}", headers=headers) as answer:
        return Answer(answer.status, answer.headers, await answer.json(content_type=None))


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    settings = read(stack.env())
    made = Client(settings.kafka, settings.prefix, settings.partitions, settings.redis_url, uuid.uuid4().hex, timeout=30)
    await made.start()
    await made.listening.wait()

    async def reached() -> bool:
        return made.connected

    await eventually(reached, True)
    yield made
    await made.stop()


@pytest.fixture
async def browser(stack: Stack, public: Public, client: Client, word: str) -> Browser:
    """A buyer who has come by way of an identity provider, as ``web/routes/auth.py`` lets them in."""
    settings = read(stack.env())
    row, secret, session = row_key(settings.account_secret, "kakao", word), fresh(), str(uuid.uuid4())
    message = SignIn(
        once=session, row=row, provider="kakao", subject=word, person=Who(name="꽃님"), session=session, secret_hash=hashed(secret)
    )
    answer = await client.ask("accounts", row, message, id=session, wait=60)
    assert answer is not None
    assert (answer.status, answer.body["account"], answer.body["role"]) == (200, f"{row}-1", "buyer")
    signer = Signer(Path(stack.env()["BB_TOKEN_KEY"]))
    token, _ = signer.access(f"{row}-1", "buyer", (), session)
    return Browser(public, Refresh(f"{row}-1", session, secret), token, Cookies(web_secret(stack), secure=False))


def web_secret(stack: Stack) -> bytes:
    """The key of cookies and of what follows from them."""
    return Path(stack.env()["BB_WEB_SECRET"]).read_bytes().strip()


def secret_of(answer: Answer, held: Refresh) -> Refresh:
    """What the cookie of the answer holds."""
    text = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    return held._replace(secret=text.split(".")[2])


@pytest.mark.spec("auth 2", "auth 14", "auth 15", "frontend D-01")
async def test_a_refresh_gives_a_token_that_counts_and_the_old_secret_ends_the_session_once_the_grace_is_over(
    browser: Browser, stack: Stack
) -> None:
    first = await browser.by_cookie("/auth/refresh")
    assert first.status == 200, first.body
    held, token = secret_of(first, browser.held), first.body["token"]
    assert held.secret == following(web_secret(stack), browser.held)
    assert (await browser.ask("GET", "/orders", token)).status == 200
    # A second tab did the same at once.
    second = await browser.by_cookie("/auth/refresh")
    assert (second.status, secret_of(second, held)) == (200, held)
    third = await browser.by_cookie("/auth/refresh", held)
    assert third.status == 200
    # The first secret is two exchanges old: whoever comes with it has stolen it, or was stolen from.
    stolen = await browser.by_cookie("/auth/refresh")
    assert (stolen.status, stolen.body["code"]) == (401, "session_reused")
    assert "Max-Age=0" in stolen.headers["Set-Cookie"]
    newest = await browser.by_cookie("/auth/refresh", secret_of(third, held))
    assert newest.status == 401

    async def codes() -> list[Any]:
        return [(await browser.ask("GET", "/orders", one)).body.get("code") for one in (token, third.body["token"])]

    await eventually(codes, ["session_ended"] * 2)


@pytest.mark.spec("auth 14", "auth 16")
async def test_who_signs_out_is_out_at_once_everywhere(browser: Browser) -> None:
    assert (await browser.ask("GET", "/orders")).status == 200
    out = await browser.by_cookie("/auth/sign-out")
    assert (out.status, "Max-Age=0" in out.headers["Set-Cookie"]) == (200, True)

    async def codes() -> set[Any]:
        # nginx deals requests out to all processes in turn.
        return {(await browser.ask("GET", "/orders")).body.get("code") for _ in range(6)}

    await eventually(codes, {"session_ended"}, 5)
    assert (await browser.by_cookie("/auth/refresh")).status == 401


@pytest.mark.spec("auth 14", "frontend D-04")
async def test_no_other_site_refreshes_and_no_stranger_ends_a_session(browser: Browser) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"X_CSRF": ""}, {"Sec_Fetch_Site": "cross-site"}):
        for path in ("/auth/refresh", "/auth/sign-out"):
            assert (await browser.by_cookie(path, None, **headers)).body["code"] == "cross_site"
    guessed = browser.held._replace(secret="S" * 43)
    assert (await browser.by_cookie("/auth/sign-out", guessed)).status in (200, 401)
    assert (await browser.ask("GET", "/orders")).status == 200, "a session is ended by who holds its secret"
