"""What the providers' answers are taken for: a no for ever, or a word that says nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from prometheus_client import REGISTRY

from agents.accounts.http import Http
from agents.accounts.kakao import KakaoAdmin
from agents.accounts.ports import Refused, Unknown
from models.accounts.account import Account
from models.accounts.messages import WithdrawAccount
from tests.unit.accounts.given import ACCOUNTS, BUYER, PLAYED, buyer


@contextlib.asynccontextmanager
async def kakao(status: int, body: str) -> AsyncIterator[KakaoAdmin]:
    """Kakao's admin API with one answer to everything."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/user/unlink", handle)
    async with TestServer(app) as server, Http() as http:
        yield KakaoAdmin(http, str(server.make_url("")).rstrip("/"), "key")


@pytest.mark.spec("auth 45")
@pytest.mark.parametrize("code", [-2, -8, -9])
async def test_kakao_says_no_for_ever(code: int) -> None:
    async with kakao(400, f'{{"msg": "", "code": {code}}}') as admin:
        with pytest.raises(Refused, match=str(code)):
            await admin.unlink("4242")


@pytest.mark.spec("auth 45")
@pytest.mark.parametrize(
    ("status", "body"),
    [*((400, f'{{"msg": "", "code": {code}}}') for code in (-1, -7, -10, -5, -999)), (403, "{}"), (400, "<html>"), (503, "")],
)
async def test_kakao_says_nothing(status: int, body: str) -> None:
    async with kakao(status, body) as admin:
        with pytest.raises(Unknown):
            await admin.unlink("4242")


@pytest.mark.parametrize(
    ("status", "body"), [(200, '{"id": 4242}'), (400, '{"msg": "", "code": -101}'), (400, '{"msg": "", "code": -103}')]
)
async def test_who_is_not_linked_any_more_or_has_left_kakao_is_unlinked(status: int, body: str) -> None:
    async with kakao(status, body) as admin:
        await admin.unlink("4242")


def in_vain(why: str) -> float:
    found = REGISTRY.get_sample_value("bb_calls_in_vain_total", {"call": "unlink", "why": why})
    assert found is not None, "an increase, by which somebody is woken, is seen only of what was there before"
    return found


@pytest.mark.parametrize(
    ("fails", "tries", "refused", "unknown"),
    [(Unknown("-1"), 38, 0, 0), (Unknown("-1"), 39, 0, 1), (Unknown("-1"), 50, 0, 1), (Refused("-2"), 0, 1, 0)],
)
async def test_what_is_in_vain_is_counted(fails: Refused | Unknown, tries: int, refused: int, unknown: int) -> None:
    actor = buyer()
    actor.take(WithdrawAccount(once="w", account=f"{BUYER}-1"))
    effect, state = ACCOUNTS.pending(actor.state), tried(actor.state, tries)
    assert effect is not None
    assert ACCOUNTS.perform is not None
    before = in_vain("refused"), in_vain("unknown")
    PLAYED.fails.append(fails)
    with contextlib.suppress(Unknown):
        await ACCOUNTS.perform(BUYER, state, effect)
    assert (in_vain("refused") - before[0], in_vain("unknown") - before[1]) == (refused, unknown)


def tried(account: Account, tries: int) -> Account:
    """``account`` whose first call has been made in vain ``tries`` times."""
    return replace(account, tasks=(replace(account.tasks[0], tries=tries),))
