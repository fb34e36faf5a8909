"""What people do at the door, with every secret and every word of theirs written down: for whoever looks where those have gone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from deploy.local.stack import Stack
from models.actor import id_of
from models.settings import Settings, read
from tests.browser import Answer, Browser, kakao
from tests.e2e.shop import DONE
from tests.people import admin_of, business_number
from tests.unit.web.examples import BODIES


class Diary(Browser):
    """A browser, through nginx, that keeps what it is given and what it types. ``secrets``, ``words``: text -> what it is."""

    def __init__(self, http: aiohttp.ClientSession, settings: Settings) -> None:
        super().__init__(http, settings)
        self.web = settings.public_url
        self.secrets: dict[str, str] = {}
        self.words: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "", wait: int = 8) -> Answer:
        answer = await super().ask(method, path, body, key=key, wait=wait)
        for name, value in answer.cookies.items():
            self._keep(value, f"cookie {name}")
        if isinstance(answer.body, dict):
            for name in ("token", "ticket"):
                self._keep(str(answer.body.get(name, "")), name)
        return answer

    async def consent(self, provider: str, person: dict[str, str]) -> str:
        back = await super().consent(provider, person)
        for name, value in parse_qsl(urlsplit(back).query):
            self.secrets[value] = f"{provider}'s {name}"
        return back

    async def code(self, to: str, before: int = 0) -> str:
        digits = await super().code(to, before)
        self.secrets[digits] = "a code"
        return digits

    def _keep(self, value: str, what: str) -> None:
        """The whole, and each part of it that nobody could guess: what lies in a store may be only that."""
        for part in {value, *re.split(r"[.|:]", value)}:
            if len(part) >= 40:
                self.secrets[part] = what


def phone() -> str:
    """A mobile number of nobody's, as it is typed."""
    return f"010{uuid.uuid4().int % 10**8:08}"


async def done(browser: Browser, method: str, path: str, body: Any = None, *statuses: int) -> Any:
    """The body of an answer that must be good, or one of ``statuses``."""
    answer = await browser.ask(method, path, body)
    assert answer.status in (statuses or DONE), (path, answer.body)
    return answer.body


async def a_buyer(me: Diary, what: str) -> str:
    """Joins by Kakao, changes phone or e-mail by a code that is mistyped once, goes on by the cookie, leaves. The account."""
    first, second, email = phone(), phone(), f"{uuid.uuid4().hex[:12]}@example.com"
    person = kakao(phone=f"+82 {first[1:3]}-{first[3:7]}-{first[7:]}")
    me.words |= {first[1:]: "a phone", person["email"].split("@")[0]: "a name"}
    me.words |= {second[1:]: "a phone"} if what == "phone" else {email.split("@")[0]: "a mail"}
    joined = await me.by("kakao", person)
    assert joined.status == 200, joined.body
    await done(me, "POST", f"/me/{what}", {what: second if what == "phone" else email})
    to = f"+82{second[1:]}" if what == "phone" else email
    code = await me.code(to)
    await done(me, "POST", f"/me/{what}/confirm", {"code": f"{(int(code) + 1) % 10**6:06}"}, 422)
    await done(me, "POST", f"/me/{what}/confirm", {"code": code})
    assert (await done(me, "GET", "/me"))[what] == to
    me.token = (await done(me, "POST", "/auth/refresh"))["token"]
    await done(me, "POST", "/auth/sign-out")
    await done(me, "POST", "/auth/refresh", None, 401)
    return str(joined.body["account"])


async def an_admin(stack: Stack, me: Diary) -> str:
    """Is made by the command, mistypes the second factor, signs in. The account."""
    name, password, factor = await admin_of(stack)
    me.secrets |= {password: "a password", factor.secret: "a second factor", factor.now(): "a code"}
    await done(me, "POST", "/auth/admin", {"name": name, "password": password, "code": "000000"}, 401)
    signed_in = await done(me, "POST", "/auth/admin", {"name": name, "password": password, "code": factor.now()})
    me.token = signed_in["token"]
    return str(signed_in["account"])


async def a_seller(me: Diary, boss: Browser) -> str:
    """Applies with a licence, mistypes the password, is permitted, opens a store, changes the password. The account."""
    email, number, own = f"{uuid.uuid4().hex[:12]}@example.com", business_number(), phone()
    password, other, wrong = (f"꽃집의비밀번호{uuid.uuid4().hex[:8]}" for _ in range(3))
    bank = f"110-{uuid.uuid4().int % 10**3:03}-{uuid.uuid4().int % 10**6:06}"
    me.secrets |= {password: "a password", other: "a password", wrong: "a password"}
    me.words |= {email.split("@")[0]: "a mail", number: "a business number", own[1:]: "a phone", bank: "a bank account"}
    await done(me, "POST", "/auth/seller/registrations", {"email": email})
    confirmed = await done(me, "POST", "/auth/seller/registrations/confirm", {"email": email, "code": await me.code(email)})
    mine = {"email": email, "ticket": confirmed["ticket"]}
    document = await me.upload("/auth/seller/documents", mine)
    await done(me, "POST", "/auth/seller/licence", {**mine, "document": document})
    form = {**mine, "password": password, "name": "이꽃집", "business_number": number, "document": document}
    account = str((await done(me, "POST", "/auth/seller/applications", form))["account"])
    await done(me, "POST", "/auth/seller", {"email": email, "password": wrong}, 401)
    me.token = (await done(me, "POST", "/auth/seller", {"email": email, "password": password}))["token"]
    await done(boss, "POST", f"/admin/sellers/{account}/permit")
    me.token = ""
    me.token = (await done(me, "POST", "/auth/refresh"))["token"]
    store_id = id_of("store", account)
    picture = await me.upload("/images", {"purpose": "store"})
    store: Mapping[str, Any] = {**BODIES["StoreRegistration"], "phone": own, "account_number": bank, "thumbnail": picture}
    await done(me, "POST", "/stores", store)
    await done(me, "PATCH", f"/stores/{store_id}", {"delivery_fee": 1_000})
    await done(me, "POST", "/me/password", {"current": password, "password": other})
    me.token = ""
    me.token = (await done(me, "POST", "/auth/seller", {"email": email, "password": other}))["token"]
    await done(me, "POST", "/auth/sign-out")
    return account


async def everybody(stack: Stack, http: aiohttp.ClientSession) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """All of them, one after another: accounts, every secret that was on its way, and every word of theirs."""
    settings = read(stack.env())
    one, two, boss, seller = diaries = [Diary(http, settings) for _ in range(4)]
    accounts = [await a_buyer(one, "phone"), await a_buyer(two, "email"), await an_admin(stack, boss), await a_seller(seller, boss)]
    await done(boss, "POST", "/auth/sign-out")
    secrets = {word: what for diary in diaries for word, what in diary.secrets.items()}
    return accounts, secrets, {word: what for diary in diaries for word, what in diary.words.items()}
