"""Providers of accounts that are away: what clients hear meanwhile, and that what was accepted is done once they are back.

They are away as the sandbox plays it: the connection is refused (its process is stopped) or reset, 500, or no answer at all.
How long they may be away follows from ``models/accounts/calls.py``: an unlinking and what tells of an admin's act are tried without
end, a code for the ten minutes in which it counts (``tests/unit/accounts/test_calls.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import msgspec
import pytest

from deploy.local.stack import Stack
from models.settings import port, read
from tests.browser import Answer, Browser, kakao
from tests.integration.auditing import everything
from tests.people import admin_of, business_number, command
from topics.catalogue import topic
from topics.envelope import events_of
from web.people import People

PROCESSES = ("shop", "read", "web", "sandbox")
PLAIN = "1234567891"
"""What the sandbox reads on a picture that shows no number."""
RESET, BROKEN = ({"fault": "reset"},), ({"fault": "error_before"},)
HANGING = ({"fault": "delay", "delay_ms": 600_000}, {"fault": "reset"})
"""Nobody waits that long, and nothing happens in the end."""
AWAY = [RESET, BROKEN, HANGING]


@pytest.fixture(scope="module")
def up(stack: Stack) -> Iterator[Stack]:
    """What people need of the stack."""
    # Uploads go through the proxy.
    stack.start_daemons(["s3", "nginx"])
    stack.run_steps("topics", "schemas")
    stack.start_processes(PROCESSES)
    yield stack
    stack.stop_programs(PROCESSES)


@contextlib.asynccontextmanager
async def away(me: Browser, how: tuple[dict[str, Any], ...], *calls: str) -> AsyncIterator[None]:
    """Inside the block each of ``calls`` to the sandbox goes wrong."""
    await _plan(me, [{"call": call, **fault} for call in calls for fault in how])
    try:
        yield
    finally:
        await _plan(me, [])


async def _plan(me: Browser, rules: list[dict[str, Any]]) -> None:
    async with me.http.put(f"{me.sandbox}/sandbox/faults", json={"rules": rules}) as answer:
        assert answer.status == 200, await answer.text()


class Log:
    """The public events of one row of accounts."""

    def __init__(self, up: Stack, row: str) -> None:
        self._settings, self._row = read(up.env()), row

    async def calls(self) -> list[tuple[str, str, int]]:
        """What became of calls, the oldest first: (event, outcome of a finished one or which call it is, attempt)."""
        settings, found = self._settings, {}
        for _, value in await everything(settings.kafka, topic(settings.prefix, "accounts", "events"), settings.partitions):
            for event in events_of(value or b"[]"):
                said = msgspec.json.decode(event.data)
                if event.subject == self._row and said["type"] in ("CallStarted", "CallPostponed", "CallFinished"):
                    # A worker that takes over publishes again what its predecessor may not have: whoever reads goes by ``seq``.
                    found[event.seq] = said["type"].removeprefix("Call"), said.get("outcome", said["effect"]), said["attempt"]
        return [found[seq] for seq in sorted(found)]

    async def until(self, most: float, *, postponed: int = 0, finished: int = 0) -> list[tuple[str, str, int]]:
        """All, once so many have had no outcome, and so many have come to an end."""
        async with asyncio.timeout(most):
            while True:
                found = await self.calls()
                kinds = [kind for kind, _, _ in found]
                if kinds.count("Postponed") >= postponed and kinds.count("Finished") >= finished:
                    return found
                await asyncio.sleep(0.3)


def row_of(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.body["account"]).rpartition("-")[0]


def number() -> str:
    """A mobile number of nobody's."""
    return f"010{uuid.uuid4().int % 10**8:08}"


async def come_by(stack: Stack, *names: str) -> None:
    await asyncio.to_thread(stack.start_processes, names)


# -- codes ------------------------------------------------------------------------------------------------------------------------


async def test_a_code_by_sms_comes_once_when_the_provider_does(up: Stack, new: Callable[[], Browser]) -> None:
    me, phone = new(), number()
    log = Log(up, row_of(await me.by("kakao", kakao())))
    await asyncio.to_thread(up.stop_programs, ["sandbox"])
    try:
        sent = await me.ask("POST", "/me/phone", {"phone": phone})
        assert (sent.status, sent.body) == (200, {"sent": True, "valid_for": 600}), "it is accepted, and will come"
        again = await me.ask("POST", "/me/phone", {"phone": phone})
        assert (again.status, again.body["code"]) == (429, "code_too_soon")
        await log.until(60, postponed=2)
    finally:
        await come_by(up, "sandbox")
    to = f"+82{phone[1:]}"
    code = await me.code(to)
    confirmed = await me.ask("POST", "/me/phone/confirm", {"code": code})
    assert confirmed.status == 200, confirmed.body
    assert (await me.ask("GET", "/me")).body["phone"] == to
    told = await log.until(30, finished=1)
    assert [(kind, said) for kind, said, _ in told[-2:]] == [("Started", "sms"), ("Finished", "done")]
    assert len(await me.letters(to)) == 1


@pytest.mark.parametrize("how", AWAY, ids=["reset", "broken", "hanging"])
async def test_a_code_by_mail_comes_once_and_nobody_waits_for_a_mail_who_wants_an_sms(
    up: Stack, new: Callable[[], Browser], how: tuple[dict[str, Any], ...]
) -> None:
    me, phone, email = new(), number(), f"{uuid.uuid4().hex[:12]}@example.com"
    log = Log(up, row_of(await me.by("kakao", kakao())))
    async with away(me, how, "mail"):
        sent = await me.ask("POST", "/me/email", {"email": email})
        assert (sent.status, sent.body) == (200, {"sent": True, "valid_for": 600})
        assert (await me.ask("POST", "/me/phone", {"phone": phone})).status == 200
        by_sms = await me.ask("POST", "/me/phone/confirm", {"code": await me.code(f"+82{phone[1:]}")})
        assert by_sms.status == 200, by_sms.body
        assert (await log.until(30, postponed=1, finished=1))[-1][0] != "Started"
        assert await me.letters(email) == []
    by_mail = await me.ask("POST", "/me/email/confirm", {"code": await me.code(email)})
    assert by_mail.status == 200, by_mail.body
    shown = (await me.ask("GET", "/me")).body
    assert (shown["email"], shown["phone"]) == (email, f"+82{phone[1:]}")
    told = await log.until(30, finished=2)
    assert [said for kind, said, _ in told if kind == "Finished"] == ["done", "done"]
    assert (len(await me.letters(email)), len(await me.letters(f"+82{phone[1:]}"))) == (1, 1)


async def test_a_seller_registers_while_the_mail_is_away_and_is_told_later_what_an_admin_did(
    up: Stack, new: Callable[[], Browser]
) -> None:
    me, boss, email = new(), new(), f"{uuid.uuid4().hex[:12]}@example.com"
    log = Log(up, People(read(up.env())).row("seller", email))
    async with away(me, BROKEN, "mail"):
        sent = await me.ask("POST", "/auth/seller/registrations", {"email": email})
        assert (sent.status, sent.body) == (200, {"sent": True, "valid_for": 600})
        assert await log.until(30, postponed=1) == [("Postponed", "mail", 1)]
    mine, document = await licensed(me, email)
    applied = await apply(me, mine, document)
    name, password, factor = await admin_of(up)
    boss.token = (await boss.ask("POST", "/auth/admin", {"name": name, "password": password, "code": factor.now()})).body["token"]
    account = applied.body["account"]
    async with away(me, RESET, "mail"):
        # The answer does not wait for the letter, and a worker that is killed meanwhile does not forget it.
        assert (await boss.ask("POST", f"/admin/sellers/{account}/deny", {"reason": "other", "note": "흐립니다"})).status == 200
        await asyncio.to_thread(up.kill, "shop", signal.SIGKILL)
        await asyncio.to_thread(up.wait_ready, ["shop"])
        await log.until(60, postponed=3)
        assert len(await me.letters(email)) == 1
    async with asyncio.timeout(60):
        while len(letters := await me.letters(email)) < 2:
            await asyncio.sleep(0.2)
    assert "흐립니다" in letters[1]
    told = await log.until(30, finished=2)
    assert [said for kind, said, _ in told if kind == "Finished"] == ["done", "done"]
    assert len(await me.letters(email)) == 2


# -- the licence ------------------------------------------------------------------------------------------------------------------


async def licensed(me: Browser, email: str) -> tuple[dict[str, str], str]:
    """Confirm the e-mail by its code and upload a licence: (what says who it is, the licence's id)."""
    confirmed = await me.ask("POST", "/auth/seller/registrations/confirm", {"email": email, "code": await me.code(email)})
    assert confirmed.status == 200, confirmed.body
    mine = {"email": email, "ticket": confirmed.body["ticket"]}
    return mine, await me.upload("/auth/seller/documents", mine)


async def apply(me: Browser, mine: dict[str, str], document: str) -> Answer:
    """Apply, with a number that is typed."""
    form = {**mine, "password": "꽃집의비밀번호1", "name": "이꽃집", "document": document, "business_number": business_number()}
    applied = await me.ask("POST", "/auth/seller/applications", form)
    assert (applied.status, applied.body["status"]) == (201, "PENDING"), applied.body
    return applied


@pytest.mark.spec("auth 19")
@pytest.mark.parametrize("how", AWAY, ids=["reset", "broken", "hanging"])
async def test_without_the_ocr_an_applicant_types_the_number(new: Callable[[], Browser], how: tuple[dict[str, Any], ...]) -> None:
    me, email = new(), f"{uuid.uuid4().hex[:12]}@example.com"
    assert (await me.ask("POST", "/auth/seller/registrations", {"email": email})).status == 200
    mine, document = await licensed(me, email)
    body, first = {**mine, "document": document}, str(uuid.uuid4())

    async def read_with(key: str) -> Answer:
        """The answer, asked for with the same key until there is one."""
        async with asyncio.timeout(60):
            while (said := await me.ask("POST", "/auth/seller/licence", body, key=key)).status == 503:
                assert said.body["code"] == "unavailable"
        return said

    async with away(me, how, "ocr"):
        if how is HANGING:
            said = await me.ask("POST", "/auth/seller/licence", body, key=first)
            assert (said.status, said.body["code"]) == (503, "unavailable")
            other = await me.ask("POST", "/auth/seller/licence", body)
            assert (other.status, other.body["code"]) == (409, "licence_busy")
        said = await read_with(first)
        assert (said.status, said.body) == (200, {"business_number": ""}), "nothing was found: the applicant types it"
    said = await read_with(str(uuid.uuid4()))
    assert (said.status, said.body) == (200, {"business_number": PLAIN})
    async with away(me, how, "ocr"):
        if how is HANGING:
            # While it is being read, too.
            assert (await me.ask("POST", "/auth/seller/licence", body)).status == 503
        await apply(me, mine, document)


# -- signing in -------------------------------------------------------------------------------------------------------------------


async def nobody(me: Browser, answer: Answer) -> None:
    """Nobody has signed in by ``answer``, and nothing is left of the try."""
    assert (answer.status, answer.body["code"]) == (503, "oauth_away"), answer.body
    assert all(value == "" for value in answer.cookies.values()), answer.cookies
    assert [name for name in me.cookies if name.endswith("refresh")] == []
    assert (await me.ask("GET", "/me")).status == 401
    assert (await me.ask("POST", "/auth/refresh")).status == 401


@pytest.mark.spec("auth 1", "auth 23")
@pytest.mark.parametrize("how", AWAY, ids=["reset", "broken", "hanging"])
@pytest.mark.parametrize("call", ["token", "me"])
async def test_whose_provider_does_not_answer_is_told_so_and_begins_anew(
    up: Stack, new: Callable[[], Browser], call: str, how: tuple[dict[str, Any], ...]
) -> None:
    async def come(provider: str) -> None:
        me, person = new(), kakao()
        back = await me.consent(provider, person)
        await nobody(me, await me.ask("GET", back))
        # The state counted once, and so did the code.
        me.cookies.clear()
        assert (await me.ask("GET", back)).body["code"] == "oauth_state"
        tried.append((me, provider, person))

    tried: list[tuple[Browser, str, dict[str, str]]] = []
    async with away(new(), how, call):
        await asyncio.gather(*map(come, ("kakao", "google", "naver")))
    for me, provider, person in tried:
        joined = await me.by(provider, person)
        assert joined.status == 200, joined.body
        assert joined.body["account"].endswith("-1")
        assert (await me.ask("GET", "/me")).body["name"] == person["nickname"]
        assert [one["current"] for one in (await me.ask("GET", "/me/sessions")).body["items"]] == [True]


async def test_a_provider_that_takes_no_connection_is_away_too(up: Stack, new: Callable[[], Browser]) -> None:
    me, person = new(), kakao()
    back = await me.consent("kakao", person)
    await asyncio.to_thread(up.stop_programs, ["sandbox"])
    try:
        await nobody(me, await me.ask("GET", back))
    finally:
        await come_by(up, "sandbox")
    assert (await me.by("kakao", person)).status == 200


# -- unlinking --------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 45")
async def test_whoever_leaves_is_unlinked_once_kakao_is_back_whatever_is_killed_meanwhile(
    up: Stack, new: Callable[[], Browser]
) -> None:
    me, person = new(), kakao()
    joined = await me.by("kakao", person)
    log, link = Log(up, row_of(joined)), f"kauth:{person['id']}"
    async with away(me, HANGING, "unlink"):
        left = await me.ask("DELETE", "/me")
        assert left.status == 200, left.body
        assert (await me.ask("GET", "/me")).status == 401
        # Killed while the call is under way: it has no outcome yet.
        assert await log.calls() == []
        await asyncio.to_thread(up.kill, "shop", signal.SIGKILL)
        await asyncio.to_thread(up.wait_ready, ["shop"])
        await log.until(60, postponed=1)
    async with away(me, BROKEN, "unlink"):
        # Killed while the next one waits for its time.
        await asyncio.to_thread(up.kill, "shop", signal.SIGKILL)
        await asyncio.to_thread(up.wait_ready, ["shop"])
        told = await log.until(60, postponed=2)
        assert told[:3] == [("Postponed", "unlink", 1), ("Started", "unlink", 2), ("Postponed", "unlink", 2)]
        assert link in await me.linked()
    told = await log.until(90, finished=1)
    assert link not in await me.linked()
    assert told[3] == ("Started", "unlink", 3)
    assert told[-1] == ("Finished", "done", told[-2][2])


@pytest.mark.spec("auth 45")
async def test_an_unlinking_that_kakao_refuses_for_good_is_told_to_somebody(up: Stack, new: Callable[[], Browser]) -> None:
    async def in_vain() -> float:
        """What the alert UnlinkInVain looks at."""
        url = f"http://127.0.0.1:{port('shop', read(up.env()).port_base)}/metrics"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            found = re.findall(r'^bb_calls_in_vain_total\{call="unlink",why="refused"\} (\S+)$', await answer.text(), re.MULTILINE)
        (count,) = found
        return float(count)

    me, person = new(), kakao()
    row = row_of(await me.by("kakao", person))
    before = await in_vain()
    async with away(me, ({"fault": "refused"},), "unlink"):
        assert (await me.ask("DELETE", "/me")).status == 200
        assert await Log(up, row).until(30, finished=1) == [("Finished", "refused", 1)]
    assert await in_vain() == before + 1
    assert f"kauth:{person['id']}" in await me.linked()
    said = [line for line in (up.where.logs / "shop.log").read_text().splitlines() if "call_refused" in line and row in line]
    assert [("unlink" in line, "-2" in line) for line in said] == [(True, True)]
    assert person["id"] not in said[0]
    # What a hand needs: the row that the log names, and the id that it keeps.
    assert command(up, "agents.commands", "account", "show", row) == f"buyer\tWITHDRAWN\tkakao\t{person['id']}\n"
