"""What handlers answer against the Structs that the OpenAPI document shows: nothing is sent that no Struct names.

Each read is asked for by whoever it is for, about things with an uploaded picture wherever there can be one. How the answers of
sign-ins look is in ``test_signing_in.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import inspect

from models.search.wire import Found, Main, Question, Row
from tests.unit.web.desk import Desk
from tests.unit.web.documents import ADMIN, BUYER, IMAGE, ORDER, PRODUCT_IMAGE, SELLER, STORE, STORE_IMAGE, store_document
from tests.unit.web.examples import target
from tests.unit.web.known import Known
from tests.unit.web.serving import Served, serving
from web.access import Who
from web.reads import Counted, Document, Page
from web.routes import ROUTES
from web.rule import Rule

PICTURES = ("thumbnail", "images", "picture")
"""Fields that hold pictures, in all answers."""
ELSEWHERE = {
    # The documents of both interfaces, a sign-in, and what any command may have answered.
    "/openapi.json", "/asyncapi.json", "/auth/{provider}/callback", "/commands/{domain}/{row}/{command}",
}  # fmt: skip
READS = [rule for rule in ROUTES if rule.method == "GET" and rule.answer is not None and rule.template not in ELSEWHERE]
PICTURED = msgspec.Raw(msgspec.json.encode({"product_id": "product-1", "thumbnail": PRODUCT_IMAGE}))
BUYING = (BUYER, "buyer", ())
ASKS: dict[Who, tuple[str, str, tuple[str, ...]]] = {
    Who.SELLER: (SELLER, "seller", (STORE,)), Who.KEEPER: (SELLER, "seller", (STORE,)), Who.ADMIN: (ADMIN, "admin", ()),
    Who.APPLICANT: ("applicant-1", "applicant", ()),
}  # fmt: skip
"""Who asks; for everything else ``BUYING``."""


class Pictured(Known):
    """What there is has pictures, and lists are not empty."""

    def __init__(self) -> None:
        super().__init__()
        for one, product in self.products_.items():
            self.details_[one] = {**self.details_.get(one, {}), "thumbnail": PRODUCT_IMAGE, "images": [PRODUCT_IMAGE]}
            self.products_[one] = msgspec.structs.replace(product, thumbnail=PRODUCT_IMAGE)
        self.accounts_[BUYER]["picture"] = IMAGE
        self.likes_ = {(BUYER, "product"): ["product-1"], (BUYER, "store"): [STORE]}
        self.carts_[BUYER] = [{"product_id": "product-1", "store_id": STORE, "quantity": 1, "price": 1000, "added_at": 1}]
        self.restock_ = {(BUYER, "product-1"): 1}
        self.lines = [{"line_id": "line-1", "product_id": "product-1", "thumbnail": PRODUCT_IMAGE}]
        self.orders_[ORDER]["stores"][0]["lines"] = self.lines
        for review in self.reviews_.values():
            review["images"] = [IMAGE]

    async def store(self, store_id: str) -> Document | None:
        return {**store_document(store_id), "thumbnail": STORE_IMAGE}

    async def stores(self, wanted: Any, limit: int, cursor: str) -> Counted:
        return [{**store_document(STORE), "thumbnail": STORE_IMAGE}], "", 1

    async def stores_near(self, lat: float, lon: float, metres: int) -> Sequence[Document]:
        return [{**store_document(STORE), "thumbnail": STORE_IMAGE, "distance": 12}]

    async def store_orders(self, store_id: str, status: str, limit: int, cursor: str) -> Page:
        return [{"order_id": ORDER, "lines": self.lines}], ""

    async def found(self, question: Question) -> Found:
        return Found([PICTURED], "", 1)

    async def main_page(self) -> Main:
        return Main([Row("best", [PICTURED])])

    async def all_products(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Counted:
        return await self.store_products(STORE, "", "", status, limit, cursor)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serving(Desk(tmp_path_factory.mktemp("keys")), Pictured()) as one:
        yield one


def structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """Every Struct that an answer of ``kind`` may hold."""
    match kind:
        case inspect.StructType():
            yield kind
            yield from (one for field in kind.fields for one in structs(field.type))
        case inspect.ListType():
            yield from structs(kind.item_type)
        case inspect.DictType():
            yield from structs(kind.value_type)
        case inspect.UnionType():
            yield from (one for part in kind.types for one in structs(part))


def unnamed(kind: inspect.Type, said: Any, at: str = "") -> Iterator[str]:
    """Pointers to all in ``said`` that ``kind`` does not name; ``-``: some item of a list, ``*``: some value."""
    match kind, said:
        case inspect.StructType(), dict():
            fields = {field.encode_name: field.type for field in kind.fields}
            yield from (f"{at}/{name}" for name in said if name not in fields)
            for name in fields.keys() & said.keys():
                yield from unnamed(fields[name], said[name], f"{at}/{name}")
        case inspect.ListType(), list():
            yield from (one for item in said for one in unnamed(kind.item_type, item, f"{at}/-"))
        case inspect.DictType(), dict():
            yield from (one for item in said.values() for one in unnamed(kind.value_type, item, f"{at}/*"))
        case inspect.UnionType(), _:
            # Our unions are of one type and null.
            yield from (one for part in kind.types for one in unnamed(part, said, at))


@pytest.mark.parametrize("rule", READS, ids=lambda rule: rule.template)
async def test_nothing_is_answered_that_the_document_does_not_name(served: Served, rule: Rule) -> None:
    token = served.desk.token(*ASKS.get(rule.who, BUYING))
    said = await served.ask("GET", target(rule, served.desk), {"Authorization": f"Bearer {token}"})
    answer = inspect.type_info(rule.answer)
    assert (said.status, sorted(set(unnamed(answer, said.body)))) == (200, [])
    # Where there can be a picture there was one, or this test has looked at nothing.
    can = any(field.name.endswith("urls") for one in structs(answer) for field in one.fields)
    assert (b'"1280":"/images/' in msgspec.json.encode(said.body)) is can


def test_whatever_shows_a_picture_names_its_sizes_too() -> None:
    answers = [inspect.type_info(rule.answer) for rule in ROUTES if rule.answer is not None]
    fields = {one.cls.__name__: {field.name for field in one.fields} for answer in answers for one in structs(answer)}
    shown = {f"{name}.{one}" for name, has in fields.items() for one in PICTURES if one in has}
    assert shown >= {"SignedIn.picture", "OrderedLine.thumbnail", "LikedStore.thumbnail", "ProductListed.images"}
    assert [one for one in sorted(shown) if f"{one.partition('.')[2]}_urls" not in fields[one.partition(".")[0]]] == []
