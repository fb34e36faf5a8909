"""People on the real stack: browser, web, actor, providers (the sandbox), read models and the door."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import aiomysql
import pytest

from deploy.local.stack import Stack
from models.actor import id_of
from models.settings import read
from tests.browser import Browser, kakao
from tests.integration.auditing import everything
from tests.people import admin_of, business_number, command
from tests.unit.web.examples import BODIES
from web.people import ACCOUNT

PROCESSES = ("shop", "read", "web", "sandbox")
PLAIN = "1234567891"
"""What the sandbox reads on a picture that shows no number."""


@pytest.fixture(scope="module")
def up(stack: Stack) -> Iterator[Stack]:
    """What people need of the stack."""
    # Uploads go through the proxy.
    stack.start_daemons(["s3", "nginx"])
    stack.run_steps("topics", "schemas")
    stack.start_processes(PROCESSES)
    yield stack
    stack.stop_programs(PROCESSES)


@pytest.mark.spec("auth 1", "auth 14", "auth 15", "auth 23")
async def test_a_buyer_joins_by_kakao_and_goes_on_by_the_cookie(new: Callable[[], Browser]) -> None:
    me, person = new(), kakao()
    joined = await me.by("kakao", person)
    assert joined.status == 200, joined.body
    assert ACCOUNT.fullmatch(joined.body["account"])
    assert (joined.body["role"], joined.body["name"], joined.body["phone_known"]) == ("buyer", person["nickname"], True)
    shown = await me.ask("GET", "/me")
    assert (shown.body["phone"], shown.body["email"], shown.body["coupon_count"]) == ("+821023456789", person["email"], 0)
    name = next(name for name in me.cookies if name.endswith("refresh"))
    first, old_token = me.cookies[name], me.token
    again = await me.ask("POST", "/auth/refresh")
    assert (again.status, again.body["account"]) == (200, joined.body["account"])
    second = me.cookies[name]
    assert second != first
    # The other tab, or one whose answer was lost, gets the same.
    me.cookies[name] = first
    assert (await me.ask("POST", "/auth/refresh")).cookies[name] == second
    # Used on, the first one is a stolen one: whoever comes with it ends the session for both.
    assert (await me.ask("POST", "/auth/refresh")).status == 200
    me.cookies[name] = first
    stolen = await me.ask("POST", "/auth/refresh")
    assert (stolen.status, stolen.body["code"]) == (401, "session_reused")
    async with asyncio.timeout(10):
        while (gone := await me.ask("GET", "/me")).status != 401:
            await asyncio.sleep(0.05)
    assert (old_token, gone.body["code"]) == (me.token, "session_ended")


@pytest.mark.spec("auth 1", "auth 23", "frontend D-03")
async def test_a_code_without_the_browser_that_began_is_worth_nothing(new: Callable[[], Browser]) -> None:
    me, thief = new(), new()
    begun = await me.ask("GET", "/auth/kakao/start")
    state = parse_qs(urlsplit(begun.location).query)["state"][0]
    for browser, query in ((thief, f"code=x&state={state}"), (me, "code=x&state=other"), (me, "code=x")):
        answer = await browser.ask("GET", f"/auth/kakao/callback?{query}")
        assert (answer.status, answer.body["code"]) == (400, "oauth_state")
    assert (await me.ask("GET", f"/auth/kakao/callback?code=wrong&state={state}")).body["code"] == "oauth_denied"
    assert (await me.ask("POST", "/auth/kakao", {"id": "1"})).status in (404, 405)


async def test_google_and_naver_come_through_the_same_door(new: Callable[[], Browser]) -> None:
    person = kakao()
    found = {(await new().by(provider, person)).body["account"] for provider in ("google", "naver", "kakao")}
    assert len(found) == 3


@pytest.mark.spec("auth 32")
async def test_phone_and_email_change_by_a_code_and_the_name_without(new: Callable[[], Browser]) -> None:
    me, phone = new(), f"010{uuid.uuid4().int % 10**8:08}"
    await me.by("kakao", kakao())
    renamed = await me.ask("PATCH", "/me", {"name": "봄날"})
    assert renamed.status == 200, renamed.body
    sent = await me.ask("POST", "/me/phone", {"phone": f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"})
    assert (sent.status, sent.body) == (200, {"sent": True, "valid_for": 600})
    code = await me.code(f"+82{phone[1:]}")
    wrong = await me.ask("POST", "/me/phone/confirm", {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert (wrong.status, wrong.body["code"], wrong.body["details"]) == (422, "code_wrong", {"left": 4})
    right = await me.ask("POST", "/me/phone/confirm", {"code": code})
    assert right.status == 200, right.body
    shown = await me.ask("GET", "/me")
    assert (shown.body["name"], shown.body["phone"]) == ("봄날", f"+82{phone[1:]}")
    bad = await me.ask("POST", "/me/phone", {"phone": "12"})
    assert [error["code"] for error in bad.body["errors"]] == ["phone_number"]


async def test_sessions_are_listed_and_ended(new: Callable[[], Browser]) -> None:
    here, there, person = new(), new(), kakao()
    await here.by("kakao", person)
    await there.by("kakao", person)
    listed = (await here.ask("GET", "/me/sessions")).body["items"]
    assert [one["device"] for one in listed] == ["chrome/mac"] * 2
    assert sum(one["current"] for one in listed) == 1
    other = next(one["session"] for one in listed if not one["current"])
    assert (await here.ask("DELETE", f"/me/sessions/{other}")).status == 200
    assert (await there.ask("GET", "/me")).status == 401
    assert (await there.ask("POST", "/auth/refresh")).body["code"] == "session_ended"
    assert [one["current"] for one in (await here.ask("GET", "/me/sessions")).body["items"]] == [True]
    assert (await here.ask("POST", "/auth/sign-out")).status == 200
    assert (await here.ask("POST", "/auth/refresh")).status == 401


@pytest.mark.spec("auth 16", "auth 28", "auth 33", "auth 45")
async def test_whoever_withdraws_is_gone_everywhere_even_after_a_rebuild(up: Stack, new: Callable[[], Browser]) -> None:
    me, person = new(), kakao()
    account = (await me.by("kakao", person)).body["account"]
    words = {person["nickname"], person["email"], person["id"]}
    assert leaks(await tables(up), words) == {person["nickname"], person["email"]}
    left = await me.ask("DELETE", "/me")
    assert left.status == 200, left.body
    assert (await me.ask("GET", "/me")).status == 401
    assert (await me.ask("POST", "/auth/refresh")).status == 401
    assert leaks(await tables(up), words) == set()
    async with asyncio.timeout(20):
        while f"kauth:{person['id']}" in await me.linked():
            await asyncio.sleep(0.1)
    await strike(me, "unlink", "busy", 2)
    again = await new().by("kakao", person)
    assert (again.status, again.body["code"]) == (409, "rejoin_too_soon")
    assert f"kauth:{person['id']}" in await me.linked(), "they came, so Kakao has linked them, and is busy"
    async with asyncio.timeout(60):
        while f"kauth:{person['id']}" in await me.linked():
            await asyncio.sleep(0.2)
    command(up, "agents.commands", "read", "rebuild", "accounts")
    assert leaks(await tables(up), words) == set()
    assert account in await tables(up), "that there was somebody stays"
    log = await everything(up.env()["BB_KAFKA"], "bb.accounts.private", int(up.env().get("BB_PARTITIONS", 4)))
    row = account.rpartition("-")[0].encode()
    assert [value for key, value in log if key == row][-1] is None
    said = await everything(up.env()["BB_KAFKA"], "bb.accounts.events", int(up.env().get("BB_PARTITIONS", 4)))
    assert leaks(" ".join(value.decode() for _, value in said if value), words) == set()


async def strike(me: Browser, call: str, fault: str, times: int) -> None:
    """The sandbox's next ``times`` such calls go wrong."""
    plan = {"rules": [{"call": call, "fault": fault, "times": times}]}
    async with me.http.put(f"{me.sandbox}/sandbox/faults", json=plan) as answer:
        assert answer.status < 300, await answer.text()


def leaks(text: str, words: set[str]) -> set[str]:
    return {word for word in words if word in text}


async def tables(up: Stack) -> str:
    """Every row of every table of MySQL, as text."""
    given = read(up.env())
    connection = await aiomysql.connect(
        host=given.mysql_host, port=given.mysql_port, user=given.mysql_user, password=given.mysql_password,
        db=given.mysql_database, charset="utf8mb4",
    )  # fmt: skip
    said = []
    async with connection.cursor() as cursor:
        await cursor.execute("SHOW TABLES")
        for (name,) in await cursor.fetchall():
            await cursor.execute(f"SELECT * FROM `{name}`")
            said += [str(row) for row in await cursor.fetchall()]
    connection.close()
    return "\n".join(said)


@pytest.mark.spec("auth 3", "auth 11", "auth 12", "auth 16", "auth 19", "auth 26", "auth 28", "auth 35", "auth 46")
async def test_a_florist_applies_is_denied_tries_again_and_is_permitted(up: Stack, new: Callable[[], Browser]) -> None:
    me, boss = new(), new()
    email, password = f"{uuid.uuid4().hex[:12]}@example.com", "꽃집의비밀번호1"
    name, secret, factor = await admin_of(up)
    sent = await me.ask("POST", "/auth/seller/registrations", {"email": email})
    assert (sent.status, sent.body) == (200, {"sent": True, "valid_for": 600})
    confirmed = await me.ask("POST", "/auth/seller/registrations/confirm", {"email": email, "code": await me.code(email)})
    assert confirmed.status == 200, confirmed.body
    ticket = confirmed.body["ticket"]
    document = await me.upload("/auth/seller/documents", {"email": email, "ticket": ticket})
    found = await me.ask("POST", "/auth/seller/licence", {"email": email, "ticket": ticket, "document": document})
    assert (found.status, found.body) == (200, {"business_number": PLAIN})
    form = {"email": email, "ticket": ticket, "password": password, "name": "이꽃집", "document": document}
    stolen = await me.ask("POST", "/auth/seller/applications", {**form, "ticket": "x.y", "business_number": PLAIN})
    assert (stolen.status, stolen.body["code"]) == (403, "ticket_invalid")
    number = business_number()
    foreign = await me.ask("POST", "/auth/seller/applications", {**form, "business_number": number, "document": id_of("x")})
    assert (foreign.status, foreign.body["code"]) == (422, "image_unusable")
    applied = await me.ask("POST", "/auth/seller/applications", {**form, "business_number": number})
    assert (applied.status, applied.body["role"], applied.body["status"]) == (201, "applicant", "PENDING"), applied.body
    account = applied.body["account"]

    for wrong in ({"email": email, "password": "wrong"}, {"email": "nobody@example.com", "password": password}):
        refused = await me.ask("POST", "/auth/seller", wrong)
        assert (refused.status, refused.body["code"]) == (401, "sign_in_failed")
    inside = await me.ask("POST", "/auth/seller", {"email": email, "password": password})
    assert (inside.status, inside.body["role"], inside.body["stores"]) == (200, "applicant", []), inside.body
    me.token = inside.body["token"]
    assert (await me.ask("PUT", f"/stores/{id_of('store', account)}", {})).status == 403

    step = {"name": name, "password": secret, "code": factor.now()}
    signed_in = await boss.ask("POST", "/auth/admin", step)
    assert (signed_in.status, signed_in.body["role"]) == (200, "admin"), signed_in.body
    assert (await boss.ask("POST", "/auth/admin", step)).body["code"] == "sign_in_failed", "a code counts once"
    boss.token = signed_in.body["token"]
    waiting = await boss.ask("GET", "/admin/sellers?status=PENDING&limit=100")
    (mine,) = [one for one in waiting.body["items"] if one["account"] == account]
    assert (mine["email"], mine["business_number"], mine["document"]) == (email, number, document)
    assert waiting.body["total"] >= 1
    async with me.http.get(mine["document_url"]) as shown_to_admin:
        assert (shown_to_admin.status, (await shown_to_admin.read())[:4]) == (200, b"\x89PNG")
    denied = await boss.ask("POST", f"/admin/sellers/{account}/deny", {"reason": "licence_unreadable", "note": "흐립니다"})
    assert denied.status == 200, denied.body
    assert (await me.ask("GET", "/me")).status == 401
    async with asyncio.timeout(20):
        while not any("흐립니다" in letter for letter in await me.letters(email)):
            await asyncio.sleep(0.1)

    # A token that counts no more is refused on every route, so a page forgets it first.
    me.token = ""
    me.token = (await me.ask("POST", "/auth/seller", {"email": email, "password": password})).body["token"]
    shown = await me.ask("GET", "/me")
    assert (shown.body["status"], shown.body["reason"], shown.body["note"]) == ("DENIED", "licence_unreadable", "흐립니다")
    clear = await me.upload("/me/application/documents", {})
    again = await me.ask("PUT", "/me/application", {"business_number": number, "document": clear})
    assert (again.status, again.body["status"]) == (200, "PENDING"), again.body
    # Denied again without a note: what was written of the first denial is not of this one.
    assert (await boss.ask("POST", f"/admin/sellers/{account}/deny", {"reason": "other"})).status == 200
    me.token = ""
    me.token = (await me.ask("POST", "/auth/seller", {"email": email, "password": password})).body["token"]
    shown = await me.ask("GET", "/me")
    assert (shown.body["status"], shown.body["reason"], shown.body["note"]) == ("DENIED", "other", "")
    again = await me.ask("PUT", "/me/application", {"business_number": number, "document": clear})
    assert (again.status, again.body["status"]) == (200, "PENDING"), again.body
    permitted = await boss.ask("POST", f"/admin/sellers/{account}/permit")
    assert permitted.status == 200, permitted.body
    seller = await me.ask("POST", "/auth/refresh")
    me.token = seller.body["token"]
    assert (seller.body["role"], seller.body["stores"]) == ("seller", [id_of("store", account)]), seller.body

    log = (await boss.ask("GET", f"/admin/audit?subject={account}")).body["items"]
    assert [(one["action"], one["note"]) for one in log] == [
        ("SellerPermitted", ""), ("SellerDenied", ""), ("SellerDenied", "흐립니다"),
    ]  # fmt: skip
    assert {one["by"] for one in log} == {signed_in.body["account"]}

    store, me.token = id_of("store", account), seller.body["token"]
    front = await me.upload("/images", {"purpose": "store"})
    opened = await me.ask("POST", "/stores", {**BODIES["StoreRegistration"], "name": f"꽃집 {store[:6]}", "thumbnail": front})
    assert opened.status == 201, opened.body

    async def listed() -> tuple[bool, str]:
        newest = (await new().ask("GET", "/stores?sort=DATE&limit=100")).body["items"]
        return store in [one["store_id"] for one in newest], (await new().ask("GET", f"/stores/{store}")).body["status"]

    assert await listed() == (True, "OPEN")
    suspended = await boss.ask("POST", f"/admin/accounts/{account}/suspend", {"reason": "abuse"})
    assert suspended.status == 200, suspended.body
    refused = await me.ask("GET", "/me")
    assert (refused.status, refused.body["code"]) == (401, "session_ended"), "at once, once it is answered"
    assert (await me.ask("POST", "/auth/refresh")).status == 401
    async with asyncio.timeout(10):
        while await listed() != (False, "SUSPENDED"):
            await asyncio.sleep(0.05)
    # Restoring the person does not undo the suspension of the store itself.
    closed = await boss.ask("POST", f"/admin/stores/{store}/suspend", {"reason": "신고가 많습니다"})
    assert closed.status == 200, closed.body
    assert (await boss.ask("POST", f"/admin/accounts/{account}/restore", {})).status == 200
    async with asyncio.timeout(10):
        while (await boss.ask("GET", f"/admin/audit?subject={store}&limit=1")).body["items"][0]["action"] != "SuspensionLifted":
            await asyncio.sleep(0.05)
    assert await listed() == (False, "SUSPENDED")
    assert (await boss.ask("POST", f"/admin/stores/{store}/restore")).status == 200
    assert await listed() == (True, "OPEN")
    acts = (await boss.ask("GET", f"/admin/audit?subject={store}")).body["items"]
    assert [(one["action"], one["note"]) for one in acts] == [
        ("StoreRestored", ""), ("SuspensionLifted", ""), ("StoreSuspended", "신고가 많습니다"), ("StoreSuspended", ""),
    ]  # fmt: skip
    again = await boss.ask("POST", f"/admin/accounts/{account}/suspend", {"reason": "abuse"})
    assert again.status == 200, again.body
    me.token = ""
    locked = await me.ask("POST", "/auth/seller", {"email": email, "password": password})
    assert (locked.status, locked.body["code"], locked.body["details"]) == (403, "account_suspended", {"reason": "abuse"})


async def test_a_business_number_is_one_sellers_and_an_unknown_address_gets_no_letter(new: Callable[[], Browser]) -> None:
    number, people = business_number(), []
    for expected in (201, 409):
        me, email = new(), f"{uuid.uuid4().hex[:12]}@example.com"
        await me.ask("POST", "/auth/seller/registrations", {"email": email})
        ticket = (await me.ask("POST", "/auth/seller/registrations/confirm", {"email": email, "code": await me.code(email)})).body[
            "ticket"
        ]
        document = await me.upload("/auth/seller/documents", {"email": email, "ticket": ticket})
        form = {"email": email, "ticket": ticket, "password": "password1", "name": "꽃집", "document": document}
        answer = await me.ask("POST", "/auth/seller/applications", {**form, "business_number": number})
        assert answer.status == expected, answer.body
        people.append((me, email, ticket))
    assert answer.body["code"] == "business_number_taken"
    me, email, ticket = people[1]
    form |= {"business_number": business_number()}
    assert (await me.ask("POST", "/auth/seller/applications", form)).status == 201
    assert (await new().ask("POST", "/auth/seller/password/forgotten", {"email": "nobody@example.com"})).status == 200
    assert await me.letters("nobody@example.com") == []
