"""Bring the whole marketplace of ``deploy/demo/data`` into a running stack: by public HTTP where there is a route that a person
would use, straight to the inbox where the right would first have to be bought (a review belongs to an order).

Every write has a fixed key or id, and what is there already is left alone, so a run that was cut short is simply made again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import aiohttp
import msgspec

from deploy.demo.client import Person, Shop, Unexpected, listed, person, seen, tell
from deploy.demo.data.drawing import picture, shop_front
from deploy.demo.data.florists import FLORISTS, store_body
from deploy.demo.data.products import Piece, everything
from deploy.demo.data.talk import Question, Review, account, questions, reviews
from deploy.demo.seed import Wish, content_key, coupons_of, seller, write
from deploy.demo.shop import STEMS, Florist
from models import kst
from models.actor import id_of
from models.catalog.messages import AllowReview, ReplyToReview, SaveProduct, WriteReview
from models.catalog.reference import FLOWERS
from topics.client import Client
from web import idempotency

AT_ONCE, DRAWN_AT_ONCE = 16, 3
"""Requests in flight, and pictures: each takes a core for a third of a second here and as long again in the worker."""
Say = Callable[[str], None]
T = TypeVar("T")


class Loader:
    """Loads into ``shop``; ``client`` reaches the inboxes. ``say``: a line of progress."""

    def __init__(self, shop: Shop, client: Client, say: Say) -> None:
        self._shop, self._client, self._say = shop, client, say
        self._began = time.monotonic()

    async def load(self, *, pictures: bool = True) -> None:
        """Everything. Raises ``Unexpected``: the marketplace refused something, or nobody answers."""
        found = everything()
        # Pictures of an earlier run stay where they are.
        fronts = await self._each(FLORISTS, self._front_there, AT_ONCE)
        shown = await self._each(found, self._picture_there, AT_ONCE)
        await self._stores(fronts)
        await write(self._shop, [wish for florist in FLORISTS for wish in _shelf(florist)])
        self._said(f"stems of {len(FLOWERS)} flowers and coupons in each store")
        await self._products(found, shown)
        if pictures and not all((*fronts.values(), *shown.values())):
            # What has no picture yet can be bought already.
            fronts.update(await self._each(FLORISTS, self._front, DRAWN_AT_ONCE))
            shown.update(await self._each(found, self._picture, DRAWN_AT_ONCE))
            self._said(f"{len(fronts) + len(shown)} pictures drawn, uploaded and encoded")
            await self._stores(fronts)
            await self._products(found, shown)
        said = [review for piece in found for review in reviews(piece)]
        await self._each(said, self._review, AT_ONCE)
        self._said(f"{len(said)} reviews")
        asked = [question for piece in found for question in questions(piece)]
        await self._each(asked, self._question, AT_ONCE)
        self._said(f"{len(asked)} questions")

    async def _stores(self, fronts: Mapping[str, str]) -> None:
        bodies = [(florist, store_body(florist, fronts.get(florist.store_id, ""))) for florist in FLORISTS]
        wishes = [
            Wish(("store",), seller(florist), "PUT", f"/stores/{florist.store_id}", body, content_key(body))
            for florist, body in bodies
        ]
        await write(self._shop, wishes)
        self._said(f"{len(wishes)} stores")

    async def _products(self, found: Collection[Piece], shown: Mapping[str, str]) -> None:
        async def save(piece: Piece) -> tuple[str, str]:
            body = piece.body(shown.get(piece.product_id, ""))
            await tell(self._client, "catalog", piece.product_id, msgspec.convert(body, SaveProduct), content_key(body))
            await seen(self._shop, f"/products/{piece.product_id}")
            return piece.product_id, piece.name

        saved = await self._each(found, save, AT_ONCE)
        for florist in FLORISTS:
            await listed(self._shop, florist.store_id, {one.product_id for one in found if one.store_id == florist.store_id})
        self._said(f"{len(saved)} products")

    # -- pictures -----------------------------------------------------------------------------------------------------------

    async def _front_there(self, florist: Florist) -> tuple[str, str]:
        return florist.store_id, await self._there(seller(florist), florist.store_id)

    async def _picture_there(self, piece: Piece) -> tuple[str, str]:
        return piece.product_id, await self._there(_seller_of(piece), piece.product_id)

    async def _front(self, florist: Florist) -> tuple[str, str]:
        return florist.store_id, await self._uploaded(seller(florist), "store", florist.store_id, lambda: shop_front(florist))

    async def _picture(self, piece: Piece) -> tuple[str, str]:
        return piece.product_id, await self._uploaded(_seller_of(piece), "product", piece.product_id, lambda: picture(piece))

    async def _there(self, who: Person, word: str) -> str:
        """The id of the image, if it is ready; else ``""``."""
        image_id = _image_id(who, word)
        known = await self._shop.call(who, "GET", f"/images/{image_id}")
        return image_id if known.status == 200 and known.body["status"] == "ready" else ""

    async def _uploaded(self, who: Person, purpose: str, word: str, draw: Callable[[], bytes]) -> str:
        """The id of the image, drawn and sent if it is not there yet."""
        key, image_id = _picture_key(word), _image_id(who, word)
        known = await self._shop.call(who, "GET", f"/images/{image_id}")
        if known.status == 200 and known.body["status"] == "ready":
            return image_id
        data = await asyncio.to_thread(draw)
        if known.status == 404:
            wish = {"purpose": purpose, "content_type": "image/jpeg", "size": len(data)}
            (await self._shop.call(who, "POST", "/images", wish, key=key)).expect(200, 201, 409)
            known = (await self._shop.call(who, "GET", f"/images/{image_id}")).expect(200)
        if upload := known.body.get("upload"):
            await _send(upload, data)
        done = await self._shop.call(who, "POST", f"/images/{image_id}/finish", key=f"{key}-{time.time_ns()}")
        if done.expect(200).body["status"] != "ready":
            raise Unexpected(f"has an image that is {done.body['status']}")
        return image_id

    # -- what buyers say ----------------------------------------------------------------------------------------------------

    async def _review(self, review: Review) -> tuple[str, str]:
        piece, key = review.piece, id_of("review", review.subject)
        allowed = AllowReview(
            subject=review.subject,
            kind="delivery",
            buyer=account(review.buyer),
            store_id=piece.store_id,
            product_id=piece.product_id,
        )
        await self._client.send("catalog", key, allowed, id=id_of("demo", "allow", key))
        words = WriteReview(buyer=account(review.buyer), rating=review.rating, text=review.text)
        await tell(self._client, "catalog", key, words, "write")
        if review.reply:
            await tell(self._client, "catalog", key, ReplyToReview(store_id=piece.store_id, text=review.reply), "reply")
        return key, review.buyer

    async def _question(self, question: Question) -> tuple[str, str]:
        piece, who, key = question.piece, person(question.buyer), f"demo-question-{question.word}"
        path = f"/products/{piece.product_id}/questions"
        body = {"title": question.title, "content": question.content, "secret": question.secret}
        (await self._shop.call(who, "POST", path, body, key=key)).expect(200, 201, 409)
        command = idempotency.command_id(who.account, "POST", f"/api/v1{path}", key)
        question_id = idempotency.created_id(command, "question")
        if question.answer:
            at = f"/stores/{piece.store_id}/questions/{question_id}/answer"
            (await self._shop.call(_seller_of(piece), "POST", at, {"content": question.answer}, key=key)).expect(200, 201, 409)
        return question_id, question.buyer

    # -- how ------------------------------------------------------------------------------------------------------------------

    async def _each(self, some: Iterable[T], do: Callable[[T], Awaitable[tuple[str, str]]], at_once: int) -> dict[str, str]:
        """``do`` for each, so many at once; what they answer."""
        gate = asyncio.Semaphore(at_once)

        async def one(item: T) -> tuple[str, str]:
            async with gate:
                return await do(item)

        return dict(await asyncio.gather(*map(one, some)))

    def _said(self, text: str) -> None:
        self._say(f"[{time.monotonic() - self._began:5.1f} s] {text}")


def _seller_of(piece: Piece) -> Person:
    return Person(piece.owner, "seller", (piece.store_id,))


def _picture_key(word: str) -> str:
    return f"demo-picture-{word}"


def _image_id(who: Person, word: str) -> str:
    """The id that the marketplace gives to an image announced with the loader's key."""
    return idempotency.created_id(idempotency.command_id(who.account, "POST", "/api/v1/images", _picture_key(word)), "image")


def _shelf(florist: Florist) -> list[Wish]:
    """Stems of every flower, where nobody has put any yet, and the store's coupons."""
    who, at = seller(florist), f"/stores/{florist.store_id}/stock"
    made = []
    for flower in FLOWERS:
        body: Mapping[str, Any] = {"on_hand": florist.stems.get(flower, STEMS), "version": 0}
        made.append(Wish(("stock",), who, "PATCH", f"{at}/{flower}", body, f"demo-stock-{flower}"))
    return made + coupons_of(florist, kst.day(int(time.time() * 1000)))


async def _send(upload: Mapping[str, Any], data: bytes) -> None:
    """Put the bytes where the link says. Raises ``Unexpected``."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(upload["method"], upload["url"], data=data, headers=upload["headers"]) as answer,
    ):
        if answer.status != 200:
            raise Unexpected(f"answered {answer.status} to an upload")
