"""Sessions at the web: whom a refresh asks, what it gives and takes away, and that nobody ends a stranger's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
import pytest_asyncio

from models.accounts.messages import EndSession, EndSessions, RefreshSession
from models.accounts.secrets import hashed
from models.actor import Command
from tests.unit.web.known import Desk
from tests.unit.web.serving import Said, Served, serving
from topics.answers import Answer
from web import idempotency
from web.cookies import Refresh, following
from web.keys import ACCESS

URL = "https://shop.example"
ROW = "a" * 32
ACCOUNT, SESSION = f"{ROW}-1", "5f0c1c5e-0000-5000-8000-000000000001"
HELD = Refresh(ACCOUNT, SESSION, "S" * 43)
NAME = "__Secure-bb-refresh"
ANSWER = {"account": ACCOUNT, "role": "seller", "stores": ["store-1"], "status": "ACTIVE", "session": SESSION, "until": 1_700_000}
GOOD = {"Origin": URL, "X-CSRF": "1", "Idempotency-Key": "refresh-1"}
Rule = Callable[[Command], "Answer | None"]


class Desked:
    """A served web whose accounts answer by a rule of the test; ``asked``: (row key, message, fingerprint)."""

    def __init__(self, served: Served) -> None:
        self.served, self.desk = served, served.desk
        self.asked: list[tuple[str, Any, str]] = []
        self.rule: Rule = lambda message: Answer("c", "accounts", ROW, 1, 200, "", ANSWER)

    async def ask(self, domain: str, key: str, message: Command, **more: Any) -> Answer | None:
        assert domain == "accounts"
        self.asked.append((key, message, more["fingerprint"]))
        return self.rule(message)

    async def refresh(self, held: Refresh | None = HELD, body: Any = None, **headers: str) -> Said:
        """``POST /auth/refresh`` as the browser of whoever holds ``held`` sends it."""
        cookie = {"Cookie": f"other=1; {NAME}={'.'.join(held)}"} if held else {}
        said = {**GOOD, **cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.served.ask("POST", "/auth/refresh", {name: value for name, value in said.items() if value}, body)

    async def signed(self, method: str, path: str, body: Any = None, session: str = SESSION, **headers: str) -> Said:
        """A request with a token of ``ACCOUNT``."""
        token = {"Authorization": f"Bearer {self.desk.token(ACCOUNT, 'seller', (), 600, session)}"}
        return await self.served.ask(method, path, {**GOOD, **token, **headers}, body)


@pytest_asyncio.fixture
async def desked(tmp_path: Path) -> AsyncIterator[Desked]:
    async with serving(Desk(tmp_path), public_url=URL) as served:
        one = Desked(served)
        served.client.ask = one.ask  # type: ignore[method-assign]
        served.client.projected = _told  # type: ignore[method-assign]
        yield one


async def _told(model: str, key: str, seq: int, wait: float) -> bool:
    return True


def cookie_of(said: Said) -> Mapping[str, str]:
    """The cookie that an answer sets: its parts."""
    head, *rest = said.headers["Set-Cookie"].split("; ")
    name, _, value = head.partition("=")
    assert (name, [part for part in rest if not part.startswith("Max-Age")]) == (
        NAME, ["Path=/api/v1/auth", "HttpOnly", "SameSite=Strict", "Secure"],
    )  # fmt: skip
    return {"value": value, "age": next(part for part in rest if part.startswith("Max-Age")).partition("=")[2]}


# -- refresh --------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 2", "auth 14", "auth 15", "auth 25", "frontend D-01")
async def test_a_refresh_gives_a_token_and_the_next_secret(desked: Desked) -> None:
    said = await desked.refresh()
    following_one = following(desked.desk.secret.read_bytes(), HELD)
    command = idempotency.command_id(ACCOUNT, "POST", "/api/v1/auth/refresh", "refresh-1")
    message = RefreshSession(once=command, session=SESSION, presented=hashed("S" * 43), next=hashed(following_one))
    assert [(row, message) for row, message, _ in desked.asked] == [(ROW, message)]
    assert said.status == 200
    token = said.body.pop("access_token")
    assert said.body == {
        "token_type": "Bearer", "expires_in": ACCESS, "account_id": ACCOUNT, "role": "seller", "stores": ["store-1"],
        "session_id": SESSION, "until": 1_700_000,
    }  # fmt: skip
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["role"], claims["stores"], claims["sid"]) == (ACCOUNT, "seller", ["store-1"], SESSION)
    assert cookie_of(said) == {"value": ".".join((ACCOUNT, SESSION, following_one)), "age": "2592000"}
    assert said.headers["Cache-Control"] == "no-store"
    # The token is good at once.
    assert desked.served.shared.tokens.caller(token).account == ACCOUNT


async def test_a_refresh_whose_answer_was_lost_is_the_same_command_and_gets_the_same_secret(desked: Desked) -> None:
    first, second = await desked.refresh(), await desked.refresh()
    assert cookie_of(first) == cookie_of(second)
    assert desked.asked[0] == desked.asked[1]
    # Another secret under the same key is another wish, which the row refuses by its fingerprint.
    await desked.refresh(HELD._replace(secret="T" * 43))
    assert desked.asked[2][1].once == desked.asked[0][1].once
    assert desked.asked[2][2] != desked.asked[0][2]


@pytest.mark.spec("auth 2", "auth 14")
async def test_neither_a_token_nor_a_body_refreshes(desked: Desked) -> None:
    token = desked.desk.token(ACCOUNT, "admin", (), 600, SESSION)
    assert (await desked.refresh(None)).code == "unauthenticated"
    assert (await desked.refresh(None, Authorization=f"Bearer {token}")).code == "unauthenticated"
    said = await desked.refresh(HELD, {"role": "admin", "id": "1", "expiredAccessToken": token})
    assert (said.status, sorted(error["pointer"] for error in said.body["errors"])) == (
        422, ["/expiredAccessToken", "/id", "/role"],
    )  # fmt: skip
    assert desked.asked == []
    # One that has run out is no hindrance: it is why the client refreshes.
    assert (await desked.refresh(HELD, Authorization=f"Bearer {token[:-4]}")).status == 200


@pytest.mark.parametrize(
    "held",
    [
        HELD._replace(secret="S" * 42),
        HELD._replace(account="b"),
        HELD._replace(account=f"{ROW}-1/../x"),
        HELD._replace(session="s/t"),
        HELD._replace(session=""),
    ],
)
async def test_a_cookie_that_is_none_asks_nobody(desked: Desked, held: Refresh) -> None:
    assert (await desked.refresh(held)).status == 401
    assert desked.asked == []


@pytest.mark.spec("auth 14", "frontend D-04")
@pytest.mark.parametrize(
    "headers", [{"Origin": ""}, {"X_CSRF": ""}, {"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}]
)
async def test_no_other_site_refreshes_or_signs_out(desked: Desked, headers: dict[str, str]) -> None:
    assert (await desked.refresh(HELD, **headers)).code == "cross_site"
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    assert (await desked.signed("POST", "/auth/sign-out", **said)).code == "cross_site"
    assert desked.asked == []


@pytest.mark.spec("auth 14")
@pytest.mark.parametrize("code", ["session_reused", "session_ended"])
async def test_a_session_that_is_gone_takes_its_cookie_with_it(desked: Desked, code: str) -> None:
    desked.rule = lambda message: Answer("c", "accounts", ROW, 1, 401, code)
    said = await desked.refresh()
    assert (said.status, said.code, cookie_of(said)) == (401, code, {"value": "", "age": "0"})
    assert "access_token" not in msgspec.json.encode(said.body).decode()


async def test_without_an_answer_there_is_no_token_and_the_cookie_stays(desked: Desked) -> None:
    desked.rule = lambda message: None
    said = await desked.refresh()
    assert (said.status, said.code, said.headers["Retry-After"]) == (503, "unavailable", "1")
    assert "Set-Cookie" not in said.headers


async def test_a_refresh_needs_a_key(desked: Desked) -> None:
    assert (await desked.refresh(HELD, Idempotency_Key="")).code == "idempotency_key_required"
    assert desked.asked == []


# -- the end --------------------------------------------------------------------------------------------------------------


async def test_signing_out_ends_the_tokens_own_session_and_takes_the_cookie_away(desked: Desked) -> None:
    desked.rule = lambda message: Answer("c", "accounts", ROW, 2, 200, "", {})
    said = await desked.signed("POST", "/auth/sign-out", Cookie=f"{NAME}={ROW}-1.another-session.{'S' * 43}")
    assert (said.status, said.body, cookie_of(said)["age"]) == (200, {"session_id": SESSION}, "0")
    ((row, message, _),) = desked.asked
    assert (row, message) == (ROW, EndSession(once=message.once, account=ACCOUNT, session=SESSION, own=True))


@pytest.mark.parametrize(("session", "own"), [(SESSION, True), ("another-session", False)])
async def test_a_session_is_ended_in_the_callers_own_account(desked: Desked, session: str, own: bool) -> None:
    desked.rule = lambda message: Answer("c", "accounts", ROW, 2, 200, "", {})
    said = await desked.signed("DELETE", f"/sessions/{session}")
    assert (said.status, said.body) == (200, {"session_id": session})
    ((row, message, _),) = desked.asked
    assert (row, message) == (ROW, EndSession(once=message.once, account=ACCOUNT, session=session, own=own))


async def test_all_others_are_ended_and_this_one_stays(desked: Desked) -> None:
    desked.rule = lambda message: Answer("c", "accounts", ROW, 2, 200, "", {})
    assert (await desked.signed("DELETE", "/sessions")).status == 200
    ((row, message, _),) = desked.asked
    assert (row, message) == (ROW, EndSessions(once=message.once, account=ACCOUNT, keep=SESSION))
