"""What buyers do beside their checkouts: look around in lists, fill a cart, write a review with a picture."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from PIL import Image

from deploy.local.stack import Stack
from models.actor import id_of
from models.catalog.messages import AllowReview
from models.settings import read
from tests.chaos.checkout import Wish
from tests.chaos.public import PAUSE, GaveUp, Person, Public
from topics.client import Client, Unavailable

PATIENCE = 150.0
"""Seconds after which a buyer gives up; longer than any outage that is played."""
LISTS = ("/main", "/products?sort=NEW", "/products?text=장미", "/products?flower=1&facets=1")
SENTENCE = "친구 생일 선물 5만원 이하 분홍색으로"
Allow = Callable[[AllowReview], Awaitable[None]]


async def look_around(public: Public, wish: Wish, chance: random.Random) -> None:
    """A list, a sentence now and then, the florist's shelf and a product's page. Raises GaveUp, for a wrong answer too."""
    product = next(iter(wish.pieces))
    asked: list[tuple[str, str, Any]] = [
        ("GET", chance.choice(LISTS), None),
        ("GET", f"/products?store={wish.florist.store_id}", None),
    ]
    if chance.random() < 0.3:
        asked.append(("POST", "/search", {"sentence": SENTENCE}))
    for method, path, body in (*asked, ("GET", f"/products/{product}", None)):
        answer = await public.patiently(None, method, path, body, patience=PATIENCE)
        if answer.status != 200:
            raise GaveUp(f"{method} {path} was answered {answer.status} {answer.body!r:.200}")
    if answer.body["product_id"] != product:
        raise GaveUp(f"{path} shows {answer.body['product_id']}")


async def fill_cart(public: Public, who: Person, wishes: tuple[Wish, ...]) -> None:
    """All that is wanted comes into the cart. Raises GaveUp."""
    for wish in wishes:
        for product_id, quantity in wish.pieces.items():
            body = {"product_id": product_id, "quantity": quantity}
            answer = await public.patiently(who, "POST", "/cart/items", body, key=f"cart-{product_id}", patience=PATIENCE)
            if answer.status != 200:
                raise GaveUp(f"the cart answered {answer.status} {answer.body}")


async def review(public: Public, allow: Allow, who: Person, order: dict[str, Any], rating: int) -> str:
    """Review the first line of an order that has come, with a picture: the review's id. Raises GaveUp."""
    part = order["stores"][0]
    line = part["lines"][0]
    right = AllowReview(
        subject=line["line_id"], kind="delivery", buyer=who.account, store_id=part["store_id"], product_id=line["product_id"]
    )
    await allow(right)
    said = {"subject": right.subject, "rating": rating, "text": "예뻐요", "images": await _picture(public, who)}
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = await public.patiently(
            who, "POST", "/reviews", said, key=f"review-{right.subject}-{time.time_ns()}", patience=PATIENCE
        )
        # The right is on its way; a try that was answered by nobody may have been heard.
        if answer.status in (200, 201) or answer.body.get("code") == "review_exists":
            return id_of("review", right.subject)
        if answer.status != 404 or time.monotonic() > deadline:
            raise GaveUp(f"a review was answered {answer.status} {answer.body}")
        await asyncio.sleep(PAUSE)


async def _picture(public: Public, who: Person) -> list[str]:
    """The id of an uploaded picture."""
    wish = {"purpose": "review", "content_type": "image/png", "size": len(PICTURE)}
    announced = await public.patiently(who, "POST", "/images", wish, key="picture-1", patience=PATIENCE)
    if announced.status not in (200, 201):
        raise GaveUp(f"an upload was answered {announced.status} {announced.body}")
    image_id = announced.body["image_id"]
    link = (await public.patiently(who, "GET", f"/images/{image_id}", patience=PATIENCE)).body["upload"]
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            async with public.session.request(link["method"], link["url"], data=PICTURE, headers=link["headers"]) as sent:
                if sent.status == 200:
                    break
        except (aiohttp.ClientError, TimeoutError):
            pass
        if time.monotonic() > deadline:
            raise GaveUp("an upload was not taken")
        await asyncio.sleep(PAUSE)
    done = await public.patiently(who, "POST", f"/images/{image_id}/finish", key="picture-2", patience=PATIENCE)
    if done.status != 200 or done.body["status"] != "ready":
        raise GaveUp(f"an upload ended as {done.status} {done.body}")
    return [image_id]


class Deliveries:
    """What deliveries will say one day once somebody has got what was ordered. Use as ``async with``; it is an ``Allow``."""

    def __init__(self, stack: Stack) -> None:
        given = read(stack.env())
        self._client = Client(given.kafka, given.prefix, given.partitions, given.redis_url, f"chaos-{time.time_ns()}", timeout=5)

    async def __aenter__(self) -> Deliveries:
        await self._client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def __call__(self, right: AllowReview) -> None:
        """Say it until the broker has it. Raises GaveUp."""
        key, deadline = id_of("review", right.subject), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                return await self._client.send("catalog", key, right, id=id_of("chaos", key))
            except Unavailable:
                await asyncio.sleep(PAUSE)
        raise GaveUp("the broker took no right to review")


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((640, 480), 40).save(out, "PNG")
    return out.getvalue()


PICTURE = _drawn()
