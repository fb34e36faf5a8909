"""A person's browser, as tests and the bench drive it: cookies, a token, the providers' pages of the sandbox, mail and SMS."""

from __future__ import annotations

import asyncio
import io
import re
import uuid
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from PIL import Image

from models.settings import Settings


class Answer(msgspec.Struct):
    """``cookies``: those that came with it, by name."""

    status: int
    body: Any
    cookies: dict[str, str]
    location: str


class Browser:
    """Somebody's browser: it keeps cookies and the token, and says the header that our own pages say."""

    def __init__(self, http: aiohttp.ClientSession, settings: Settings) -> None:
        self.http, self.settings = http, settings
        self.web, self.sandbox = f"http://127.0.0.1:{settings.web_port}", settings.sandbox_url
        self.cookies: dict[str, str] = {}
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "", wait: int = 8) -> Answer:
        """Ask the API."""
        headers = {
            "Idempotency-Key": key or str(uuid.uuid4()), "Origin": self.settings.public_url, "X-CSRF": "1",
            "Prefer": f"wait={wait}", "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X) Chrome/130.0",
        }  # fmt: skip
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("http") else f"{self.web}/api/v1{path}"
        async with self.http.request(method, url, json=body, headers=headers, allow_redirects=False) as answer:
            raw = await answer.read()
            set_ = {name: morsel.value for name, morsel in answer.cookies.items()}
            self.cookies |= {name: value for name, value in set_.items() if value}
            said = msgspec.json.decode(raw) if "json" in answer.headers.get("Content-Type", "") else raw.decode()
            return Answer(answer.status, said, set_, answer.headers.get("Location", ""))

    async def by(self, provider: str, person: dict[str, str]) -> Answer:
        """Sign in by way of a provider's page."""
        answer = await self.ask("GET", await self.consent(provider, person))
        self.token = answer.body.get("token", "") if isinstance(answer.body, dict) else ""
        return answer

    async def consent(self, provider: str, person: dict[str, str]) -> str:
        """Begin, say who one is on the provider's page, and agree: the address of ours to which that page sends back."""
        begun = await self.ask("GET", f"/auth/{provider}/start")
        assert begun.status == 303, begun.body
        page = await self.ask("GET", begun.location)
        form = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.body)}
        form.pop("deny", None)
        action = re.findall(r'action="([^"]+)"', page.body)[0]
        async with self.http.post(self.sandbox + action, data={**form, **person}, allow_redirects=False) as clicked:
            back = urlsplit(clicked.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == self.settings.public_url
        return f"{self.web}{back.path}?{back.query}"

    async def upload(self, path: str, who: Mapping[str, str]) -> str:
        """The id of a picture, sent as a page does it and ready: announced at ``path``, to the object store, looked at.

        ``who``: what announcing it says more; an applicant's ticket is said again in the end.
        """
        data = noise()
        announced = await self.ask("POST", path, {**who, "content_type": "image/png", "size": len(data)})
        assert announced.status == 201, announced.body
        link, image_id = announced.body["upload"], str(announced.body["image_id"])
        async with self.http.request(link["method"], link["url"], data=data, headers=link["headers"]) as sent:
            assert sent.status == 200, await sent.text()
        ready = await self.ask("POST", f"{path}/{image_id}/finish", who if "ticket" in who else {}, wait=10)
        assert (ready.status, ready.body["status"]) == (200, "ready"), ready.body
        return image_id

    async def linked(self) -> list[str]:
        """Who is linked at the sandbox's providers."""
        async with self.http.get(f"{self.sandbox}/sandbox/identities") as answer:
            found: list[str] = (await answer.json())["linked"]
            return found

    async def letters(self, to: str) -> list[str]:
        """What mail and SMS have brought."""
        async with self.http.get(f"{self.sandbox}/sandbox/letters", params={"to": to}) as answer:
            return [letter["text"] for letter in (await answer.json())["letters"]]

    async def code(self, to: str, before: int = 0) -> str:
        """The digits in the newest letter, once there are more than ``before``."""
        letters: list[str] = []
        async with asyncio.timeout(30):
            while len(letters := await self.letters(to)) <= before:
                await asyncio.sleep(0.05)
        return str(re.findall(r"\d{6}", letters[-1])[0])


def noise() -> bytes:
    """A PNG that no other is like."""
    drawn = io.BytesIO()
    Image.effect_noise((400, 300), 50).save(drawn, "PNG")
    return drawn.getvalue()


def kakao(**more: str) -> dict[str, str]:
    """Somebody new at Kakao."""
    number = str(uuid.uuid4().int % 10**12)
    other = uuid.uuid4().hex[:10]
    return {"id": number, "nickname": f"꽃{other}", "email": f"{other}@example.com", "phone": "+82 10-2345-6789", **more}
