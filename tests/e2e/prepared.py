"""A world in which every route finds what it names: a store with everything that a store has, and real accounts of every role.

People get tokens made by hand, which count for a day; their accounts are real, so that whatever is about accounts finds them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from deploy.local.stack import Stack
from models.actor import id_of
from models.catalog.messages import AllowReview
from models.settings import read
from tests.browser import Browser, kakao, noise
from tests.chaos.checkout import ADDRESS, ORDERER
from tests.chaos.florists import ROSE, Florist
from tests.chaos.public import ADMIN, Person, Public
from tests.e2e.shop import DONE, LONG, ask, eventually, paid, picture, rosary
from topics.client import Client

PASSWORD = "꽃집의비밀번호1"


class World:
    """Use as ``async with``. ``ids``: what stands in the paths of routes, by the name there; ``people``: by role, ``""`` is nobody.

    ``more``: what else a step left for a later one: codes, tickets, addresses.
    """

    def __init__(self, stack: Stack, public: Public, word: str) -> None:
        self.stack, self.public, self.word = stack, public, word
        self.settings = read(stack.env())
        given = self.settings
        self.client = Client(given.kafka, given.prefix, given.partitions, given.redis_url, uuid.uuid4().hex, timeout=LONG)
        self.ids: dict[str, str] = {}
        self.people: dict[str, Person | None] = {"": None, "admin": ADMIN}
        self.more: dict[str, Any] = {}
        self.florist: Florist

    async def __aenter__(self) -> Self:
        """A florist with products, stems and coupons, and a buyer by way of Kakao."""
        await self.client.start()
        self.florist = await rosary(self.public, self.word, coupons=2)
        self.people["seller"] = self.florist.owner
        first, second = self.florist.products
        coupon, other = self.florist.coupons
        self.ids |= {
            "store_id": self.florist.store_id, "product_id": first.product_id, "pot": second.product_id, "coupon_id": coupon,
            "other_coupon": other, "flower_id": ROSE, "entry": "90", "tag_id": "90", "category_id": "90", "sido": "11",
            "provider": "kakao", "outcome": "approve",
        }  # fmt: skip
        self.more["picture"] = await picture(self.public, self.florist.owner, "product")
        self.people["buyer"] = await self.joined()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.client.stop()

    def browser(self) -> Browser:
        """A new one."""
        return Browser(self.public.session, self.settings)

    async def joined(self) -> Person:
        """A buyer who has just come by way of Kakao."""
        person = kakao()
        said = await self.browser().by("kakao", person)
        assert said.status == 200, said.body
        return Person(said.body["account"])

    def person(self, name: str) -> Person:
        """Somebody of ``people`` who is somebody."""
        found = self.people[name]
        assert found is not None
        return found

    # -- orders and what follows from them -------------------------------------------------------------------------------------

    def order_of(self, **changes: Any) -> dict[str, Any]:
        """The body of a checkout over one bouquet."""
        line = {"product_id": self.ids["product_id"], "quantity": 1}
        store = {"store_id": self.ids["store_id"], "lines": [line]}
        return {"stores": [store], "orderer": ORDERER, "address": ADDRESS, "expected_total": 33_000, **changes}

    async def ordered(self) -> dict[str, Any]:
        """An order that is paid, of the world's buyer."""
        who = self.person("buyer")
        answer = await ask(self.public, who, "POST", "/orders", self.order_of())
        assert answer.status in DONE, answer.body
        return await paid(self.public, who, answer.body)

    async def allowed(self, subject: str) -> str:
        """The right to review ``subject``, as deliveries will give it one day: the review's id, once its buyer sees it."""
        buyer, review = self.person("buyer"), id_of("review", subject)
        message = AllowReview(
            subject=subject, kind="delivery", buyer=buyer.account, store_id=self.ids["store_id"], product_id=self.ids["product_id"]
        )
        await self.client.send("catalog", review, message, id=id_of("test", review))

        async def seen() -> bool:
            found = await self.public.all_items(buyer, "/reviews?status=allowed")
            return review in [one["review_id"] for one in found]

        await eventually(seen, True)
        return review

    # -- uploads, letters, accounts --------------------------------------------------------------------------------------------

    async def put(self, upload: Mapping[str, Any]) -> None:
        """Send the bytes of ``PICTURE`` where a link says."""
        async with self.public.session.request(upload["method"], upload["url"], data=PICTURE, headers=upload["headers"]) as answer:
            assert answer.status == 200, await answer.text()

    async def code(self, to: str, before: int = 0) -> str:
        """The digits in the newest letter to a phone or an e-mail, once there are more than ``before`` letters."""
        return await self.browser().code(to, before)


PICTURE = noise()
