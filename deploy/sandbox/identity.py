"""Kakao, Google and Naver as identity providers: a page to click, a code for a token once, who it is, and Kakao's unlink.

Contracts: Kakao Login REST (PKCE and client secret), Google OpenID Connect (PKCE), Naver Login. Whoever types an id on the page
is that person; people live in memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from deploy.sandbox.faults import Call, Faults
from deploy.sandbox.kakaopay.page import CSP
from deploy.sandbox.striking import struck

CODE_SECONDS, TOKEN_SECONDS = 300, 21_599
NAMES = {"kauth": "카카오", "google": "Google", "naver": "네이버"}


class Person(msgspec.Struct, frozen=True):
    """Who was typed on the page."""

    id: str
    nickname: str
    email: str
    phone: str


class _Grant(msgspec.Struct, frozen=True):
    provider: str
    client: str
    redirect: str
    challenge: str
    person: Person
    until: float


class Identity:
    """All three. ``linked``: who has given consent, as ``<provider>:<id>``."""

    roots = ("kauth", "kapi", "google", "naver")

    def __init__(self, faults: Faults, secret: str) -> None:
        self._faults, self._secret = faults, secret
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, _Grant] = {}
        self.linked: set[str] = set()

    async def handle(self, request: web.BaseRequest, parts: list[str]) -> web.Response:
        """One call of a browser or a server."""
        match request.method, parts:
            case "GET", ["kauth" | "naver" as root, "oauth" | "oauth2.0", "authorize"]:
                return self._page(root, request.query)
            case "GET", ["google", "o", "oauth2", "v2", "auth"]:
                return self._page("google", request.query)
            case "POST", ["kauth" | "google" | "naver" as root, "login"]:
                return await self._login(root, request)
            case "POST", ["kauth" | "naver" as root, "oauth" | "oauth2.0", "token"]:
                return await self._token(root, request)
            case "POST", ["google", "token"]:
                return await self._token("google", request)
            case "GET" | "POST", ["kapi", "v2", "user", "me"]:
                return await self._me("kauth", request, kakao)
            case "GET", ["google", "v1", "userinfo"]:
                return await self._me("google", request, google)
            case "GET", ["naver", "v1", "nid", "me"]:
                return await self._me("naver", request, naver)
            case "POST", ["kapi", "v1", "user", "unlink"]:
                return await self._unlink(request)
        return web.Response(status=404)

    def _page(self, root: str, query: Mapping[str, str]) -> web.Response:
        if query.get("response_type") != "code" or not query.get("client_id") or not query.get("redirect_uri"):
            return web.Response(status=400, text="KOE101: response_type, client_id and redirect_uri are needed")
        names = ("client_id", "redirect_uri", "state", "code_challenge")
        hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(query.get(name, ""))}">' for name in names)
        text = PAGE.format(name=NAMES[root], action=f"/{root}/login", hidden=hidden)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": CSP})

    async def _login(self, root: str, request: web.BaseRequest) -> web.Response:
        """The page's button: back to the shop, with a code or, if the person said no, an error."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        back: dict[str, str] = {"state": form.get("state", "")}
        if form.get("deny"):
            back |= {"error": "access_denied", "error_description": "User denied access"}
        else:
            code = secrets.token_urlsafe(24)
            person = Person(form.get("id", "1"), form.get("nickname", ""), form.get("email", ""), form.get("phone", ""))
            self._codes[code] = _Grant(
                root, form.get("client_id", ""), form.get("redirect_uri", ""), form.get("code_challenge", ""), person,
                time.monotonic() + CODE_SECONDS,
            )  # fmt: skip
            back["code"] = code
        target = form.get("redirect_uri", "")
        joined = f"{target}{'&' if '?' in target else '?'}{urlencode(back)}"
        return web.Response(status=302, headers={"Location": joined})

    async def _token(self, root: str, request: web.BaseRequest) -> web.Response:
        """A code for a token, once, and only for who began (client, redirect, verifier)."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        grant = self._codes.pop(form.get("code", ""), None)
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self._secret.encode()):
            return _error("invalid_client", "KOE010", 401)
        if form.get("grant_type") != "authorization_code" or grant is None or grant.until < time.monotonic():
            return _error("invalid_grant", "KOE320")
        fits = (grant.provider, grant.client) == (root, form.get("client_id"))
        if not fits or (root != "naver" and grant.redirect != form.get("redirect_uri")):
            return _error("invalid_grant", "KOE303")
        if grant.challenge and grant.challenge != challenge_of(form.get("code_verifier", "")):
            return _error("invalid_grant", "KOE322")

        def act() -> web.Response:
            token = secrets.token_urlsafe(32)
            self._tokens[token] = grant
            self.linked.add(f"{root}:{grant.person.id}")
            said = {"token_type": "bearer", "access_token": token, "expires_in": TOKEN_SECONDS, "scope": "profile account_email"}
            return _json(said)

        return await struck(request, self._faults, Call.TOKEN, grant.person.id, act)

    async def _me(self, root: str, request: web.BaseRequest, shape: Any) -> web.Response:
        grant = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if grant is None or grant.provider != root:
            return _json({"msg": "this access token does not exist", "code": -401}, 401)
        return await struck(request, self._faults, Call.ME, grant.person.id, lambda: _json(shape(grant.person)))

    async def _unlink(self, request: web.BaseRequest) -> web.Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"KakaoAK {self._secret}".encode()):
            return _json({"msg": "wrong appKey format", "code": -401}, 401)
        form = {name: str(value) for name, value in (await request.post()).items()}
        who = form.get("target_id", "")

        def act() -> web.Response:
            if f"kauth:{who}" not in self.linked:
                return _json({"msg": "NotRegisteredUserException", "code": -101}, 400)
            self.linked.discard(f"kauth:{who}")
            self._tokens = {token: grant for token, grant in self._tokens.items() if grant.person.id != who}
            return _json({"id": int(who)})

        return await struck(request, self._faults, Call.UNLINK, who, act)


def challenge_of(verifier: str) -> str:
    """PKCE S256 of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def kakao(person: Person) -> dict[str, Any]:
    """``GET /v2/user/me``; the id is a number, the phone ``+82 10-1234-5678``."""
    account: dict[str, Any] = {"profile": {"nickname": person.nickname, "profile_image_url": "", "is_default_image": True}}
    if person.email:
        account |= {"email": person.email, "is_email_valid": True, "is_email_verified": True}
    if person.phone:
        account["phone_number"] = person.phone
    return {"id": int(person.id), "connected_at": "2026-01-01T00:00:00Z", "kakao_account": account}


def google(person: Person) -> dict[str, Any]:
    """``GET /v1/userinfo``."""
    return {"sub": person.id, "name": person.nickname, "email": person.email, "email_verified": bool(person.email)}


def naver(person: Person) -> dict[str, Any]:
    """``GET /v1/nid/me``."""
    response = {"id": person.id, "nickname": person.nickname, "email": person.email, "mobile": person.phone}
    return {"resultcode": "00", "message": "success", "response": response}


def _error(error: str, code: str, status: int = 400) -> web.Response:
    return _json({"error": error, "error_description": error, "error_code": code}, status)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{name} 로그인 (샌드박스)</title><style>
body{{margin:0;background:#f4f4f4;font:16px/1.5 system-ui,"Noto Sans KR",sans-serif}}
main{{max-width:420px;margin:6vh auto;background:#fff;border-radius:16px;padding:28px}}
label{{display:block;margin:0 0 12px;color:#666}}input{{display:block;width:100%;box-sizing:border-box;padding:10px;font:inherit}}
button{{width:100%;padding:14px;border:0;border-radius:12px;font:inherit;font-weight:700;background:#fee500;margin-top:8px}}
</style></head><body><main><h1>{name} 로그인</h1><p>연습용 화면입니다. 입력한 사람으로 로그인합니다.</p>
<form method="post" action="{action}">{hidden}
<label>아이디 (숫자)<input name="id" value="1001" inputmode="numeric" pattern="[0-9]+" required></label>
<label>닉네임<input name="nickname" value="꽃님"></label>
<label>이메일<input name="email" type="email" value="flower@example.com"></label>
<label>전화번호<input name="phone" value="+82 10-1234-5678"></label>
<button type="submit">동의하고 계속하기</button><button type="submit" name="deny" value="1">취소</button>
</form></main></body></html>
"""
